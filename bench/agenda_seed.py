"""Fills a database with 20,000 resources and a million occupations, the same ones every time.

    DATABASE_URL=… SECRET_KEY=… python -m bench.agenda_seed

Fifty occupations a resource over two years, of two hours to four days, every unit by turns; three out of four resources
have opening hours, premises keep half an hour after each use. Copied without their constraint, which is then built.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import random
import sys
import time
import uuid
from collections.abc import Iterator

ENTRIES = 25_000  # one fifth are organisations
OCCUPATIONS = 1_000_000
FIRST = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)
DAYS = 730
LENGTHS = (2, 2, 3, 3, 4, 8, 8, 24, 48, 96)  # hours


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bench.settings")
    import django

    django.setup()
    from django.core.management import call_command

    from bench.seed import Seeder, tidy

    started = time.monotonic()
    call_command("migrate", interactive=False, verbosity=0)
    call_command("demo", verbosity=0)
    seeded = Seeder(ENTRIES).run()
    entries = time.monotonic()
    hours()
    occupations()
    filled = time.monotonic()
    tidy()
    report = {
        "entries": ENTRIES,
        "occupations": OCCUPATIONS,
        "filled_s": round(filled - started, 1),
        "occupied_s": round(filled - entries, 1),
        **seeded,
    }
    print(json.dumps(report, ensure_ascii=False))
    return 0


def hours() -> None:
    """Opening hours of three resources out of four, and half an hour kept after a use by premises."""
    from django.db import connection

    tables = ("directory_openinghours", "directory_resource")
    with connection.cursor() as cursor:
        for table in tables:  # each row would index its resource again
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute("""
            INSERT INTO directory_openinghours (resource_id, weekday, opens_at, closes_at)
            SELECT r.id, d, time '08:00', CASE WHEN r.id % 2 = 0 THEN time '17:00' ELSE time '22:00' END
              FROM directory_resource r, generate_series(1, 5 + (r.id % 3)::int) d
             WHERE r.id % 4 <> 0 AND NOT EXISTS (SELECT 1 FROM directory_openinghours h WHERE h.resource_id = r.id)
        """)
        cursor.execute("UPDATE directory_resource SET buffer_minutes = 30 WHERE kind = 'locaux'")
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


def occupations() -> None:
    """A million rows by COPY; the constraint that they hold to is built after them, which checks them all."""
    from django.db import connection

    from bench.seed import _copy_rows
    from directory.models import Occupation, Resource

    constraint = next(c for c in Occupation._meta.constraints if c.name == "occupation_never_twice")
    with connection.schema_editor() as editor:
        editor.remove_constraint(Occupation, constraint)
        editor.execute("ALTER TABLE directory_occupation DISABLE TRIGGER USER")
        editor.execute("TRUNCATE directory_occupation, loans_loan CASCADE")
    known = list(Resource.objects.order_by("id").values_list("id", "quantity"))
    _copy_rows("directory_occupation", ("resource_id", "unit", "period", "reason", "act"), _rows(known))
    with connection.schema_editor() as editor:
        editor.execute("ALTER TABLE directory_occupation ENABLE TRIGGER USER")
        editor.add_constraint(Occupation, constraint)


def _rows(known: list[tuple[int, int]]) -> Iterator[tuple]:
    chance = random.Random(OCCUPATIONS)
    each = OCCUPATIONS // len(known)
    extra = OCCUPATIONS - each * len(known)
    for rank, (pk, quantity) in enumerate(known):
        units = min(quantity, 5)
        count = each + (rank < extra)
        step = DAYS * 24 / -(-count // units)  # hours between two uses of one unit
        for n in range(count):
            turn, unit = divmod(n, units)
            length = min(chance.choice(LENGTHS), step - 1)
            begins = FIRST + dt.timedelta(hours=int(turn * step + chance.random() * (step - length)))
            ends = begins + dt.timedelta(hours=int(length))
            act = uuid.UUID(int=chance.getrandbits(128))
            yield pk, unit + 1, f"[{begins.isoformat()},{ends.isoformat()})", "loan", act


if __name__ == "__main__":
    sys.exit(main())
