"""Fills a database with 20,000 resources of 5,000 organisations and 100,000 loans over four years, the same each time.

    DATABASE_URL=… SECRET_KEY=… python -m bench.portrait_seed

Four loans out of five were handed over; one in ten is a series of eight dates. Written by the database itself.
"""

from __future__ import annotations

import json
import os
import sys
import time

ENTRIES = 25_000  # one fifth are organisations
LOANS = 100_000
FIRST, DAYS = "2023-01-05", 1400

WRITE = """
INSERT INTO loans_loan (resource_id, lender_id, borrower_id, status, version, quantity, returned_quantity, to_come,
       purpose,
       handling, conditions, starts_at, ends_at, cost_mode, price_unit, worker, supervisor, time_share, requested_at,
       answer_by, accepted_at, handed_over_at, returned_at, updated_at)
SELECT r.id, r.organisation_id, o.id, CASE WHEN n %% 5 > 0 THEN 'closed' ELSE 'declined' END, 5, 1 + n %% 3,
       CASE WHEN n %% 5 > 0 THEN 1 + n %% 3 ELSE 0 END, 0, 'mesure', '', '', t.day,
       t.day + interval '3 hours' * (1 + n %% 9), 'free', '', '', '', '', t.day - interval '9 days', t.day,
       t.day - interval '8 days', CASE WHEN n %% 5 > 0 THEN t.day END,
       CASE WHEN n %% 5 > 0 THEN t.day + interval '3 hours' * (1 + n %% 9) END, now()
  FROM generate_series(1, %(loans)s) n
  JOIN (SELECT *, row_number() OVER (ORDER BY id) - 1 AS rank, count(*) OVER () AS many FROM directory_resource
         WHERE is_live) r ON r.rank = (n * 7919::bigint) %% r.many
  JOIN (SELECT id, row_number() OVER (ORDER BY id) - 1 AS rank, count(*) OVER () AS many FROM directory_organisation
         WHERE status = 'published') o ON o.rank = (n * 104729::bigint) %% o.many AND o.id <> r.organisation_id,
       LATERAL (SELECT %(first)s::timestamptz + interval '9 hours' + ((n * 31) %% %(days)s) * interval '1 day' AS day) t
"""
DATES = """
INSERT INTO loans_loandate (loan_id, period, act)
SELECT l.id, tstzrange(l.starts_at + week * interval '7 days', l.ends_at + week * interval '7 days', '[)'),
       gen_random_uuid()
  FROM loans_loan l, generate_series(0, CASE WHEN l.id %% 10 = 0 THEN 7 ELSE 0 END) week WHERE l.purpose = 'mesure'
"""


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
    lend()
    filled = time.monotonic()
    tidy()
    report = {"entries": ENTRIES, "loans": LOANS, "filled_s": round(filled - started, 1), **seeded}
    print(json.dumps(report, ensure_ascii=False))
    return 0


def lend() -> None:
    """The loans and their dates, triggers asleep, then what the planner needs to know of them."""
    from django.db import connection

    with connection.cursor() as cursor:
        for table in ("loans_loan", "loans_loandate"):
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(WRITE, {"loans": LOANS, "first": FIRST, "days": DAYS})
        cursor.execute(DATES, {})
        # a loan of everything is declared a value: what the portrait adds up
        cursor.execute("ALTER TABLE directory_resource DISABLE TRIGGER USER")
        cursor.execute("UPDATE directory_resource SET replacement_value = 100 + id %% 900 WHERE kind = 'materiel'", {})
        for table in ("loans_loan", "loans_loandate", "directory_resource"):
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
        cursor.execute("ANALYZE loans_loan, loans_loandate, directory_resource")


if __name__ == "__main__":
    sys.exit(main())
