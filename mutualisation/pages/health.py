"""Is the portal well? For the machine that watches it."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, InterfaceError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe


@login_not_required
@require_safe
@never_cache
def health(request: HttpRequest) -> JsonResponse:
    """200 when the database answers and every migration is applied, 503 otherwise."""
    database = migrations = False
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            database = cursor.fetchone() == (1,)
        executor = MigrationExecutor(connection)
        migrations = not executor.migration_plan(executor.loader.graph.leaf_nodes())
    except (DatabaseError, InterfaceError, OSError):
        pass
    except Exception as error:  # the pool has its own exceptions
        if "pool" not in type(error).__module__:
            raise
    well = database and migrations
    return JsonResponse(
        {
            "status": "ok" if well else "error",
            "database": database,
            "migrations": migrations,
            "version": settings.VERSION,
        },
        status=200 if well else 503,
    )
