"""What every life cycle says when a page is stale, and the one conditional UPDATE that finds it out."""

from __future__ import annotations

from typing import Any, TypeVar

from django.db import connections
from django.db.models import Model, QuerySet
from django.db.models.sql import UpdateQuery

M = TypeVar("M", bound=Model)


class AlreadyMoved(Exception):  # noqa: N818 - it is an answer, not a fault
    """Someone moved this since the page was read; nothing was changed."""


def change_row(row: M, standing: QuerySet[M], **changes: Any) -> None:
    """Change this row if it still stands so, and have it say what it says now: one question, where two would ask.

    Raises AlreadyMoved when it doesn't. Related rows that it holds stay, unless it leads to others now.
    """
    query: Any = standing.filter(pk=row.pk).query.chain(UpdateQuery)
    query.add_update_values(changes)
    statement, values = query.get_compiler(standing.db).as_sql()
    connection = connections[standing.db]
    with connection.cursor() as cursor:
        cursor.execute(f"{statement} RETURNING *", values)
        found = cursor.fetchone()
        names = [column.name for column in cursor.description]
    if found is None:
        raise AlreadyMoved
    for name, value in changes.items():
        if isinstance(value, Model):
            setattr(row, name, value)
    said = dict(zip(names, found, strict=True))
    for field in row._meta.concrete_fields:
        value = said[field.column]
        for convert in field.get_db_converters(connection):
            value = convert(value, field.cached_col, connection)
        setattr(row, field.attname, value)
    row._prefetched_objects_cache = {}  # type: ignore[attr-defined]
