"""The calendar measured: a list « libre du … au … », a month, acceptances by eight writers; 20 at once for one slot.

    python -m bench.agenda        (with the other measures: python -m bench)

In one run: pages beside their SQL and their template alone, acceptances beside raw inserts under the same constraint.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import gc
import multiprocessing
import os
import sys
import tempfile
import threading
import time
import uuid
from pathlib import Path
from typing import Any

import psycopg

from bench import report
from bench.databases import agenda, cluster
from bench.load import quantile
from bench.measure import Portal
from bench.pages import MRCS, Measure
from bench.serve import collect_static, serving
from mutualisation.launcher.speech import say, speaking

WRITERS, EACH = 8, 60
ROUNDS, AT_ONCE = 50, 20
CORES = os.cpu_count() or 1
PROCESSES = 4  # of the rounds: each opens five connections
YEAR = 2031  # where nothing else is: what is measured is removed after
SPEED, SHARE, SLOWEST, QUERIES = 150.0, 0.1, 1.0, 12
MONTH_MS, MONTH_QUERIES, MONTH_BYTES = 10.0, 8, 30_000
LOCK = "SELECT id FROM directory_resource WHERE id = %s OR part_of_id = %s ORDER BY id FOR NO KEY UPDATE"
INSERT = (
    "INSERT INTO directory_occupation (resource_id, unit, period, reason, act)"
    " VALUES (%s::bigint, 1, tstzrange(%s, %s, '[)'), 'loan', %s)"
)


def main() -> int:
    asked = argparse.ArgumentParser(prog="python -m bench.agenda", description="Les mesures de l’agenda.")
    asked.add_argument("--tours", type=int, default=5)
    asked.add_argument("--requetes", type=int, default=40)
    asked.add_argument("--sans-pages", action="store_true", help="seulement les écritures")
    chosen = asked.parse_args()
    with cluster() as base, tempfile.TemporaryDirectory(prefix="bench-") as folder:
        url, seed = agenda(base)
        measure(url, seed, Path(folder), tours=chosen.tours, count=chosen.requetes, pages=not chosen.sans_pages)
    return 0


def measure(url: str, seed: dict[str, Any], var: Path, *, tours: int, count: int, pages: bool = True) -> int:
    """Everything, printed; gives how many targets were missed."""
    said: list[tuple[bool, str]] = []
    say(f"\nAgenda : {seed['occupations']} plages, charge {os.getloadavg()[0]:.2f} au départ.")
    if pages:
        said += _pages(url, seed, var, tours, count)
    said += _writers(url)
    said += _rounds(url)
    say("\nCibles de l’agenda")
    for good, sentence in said:
        say(f"  {'✓' if good else '✗'} {sentence}")
    return sum(not good for good, _sentence in said)


# ---- pages


def _pages(url: str, seed: dict[str, Any], var: Path, tours: int, count: int) -> list[tuple[bool, str]]:
    var.chmod(0o755)
    collect_static(url, var)
    with serving(url, var) as port, contextlib.closing(Portal(port, url)) as portal:
        lines = [portal.prepare(one) for one in _measures(portal, seed)]
        for _tour in range(tours):
            for line in lines:
                portal.round(line, count=count, burst=False)
        say(report.table("Agenda, 20 000 ressources", lines))
    said = []
    for line in lines:
        name, row = line.measure.label, line.as_row()
        if line.measure.kind == "recherche":
            said.append((line.ratio <= report.RATIO, f"{name} : {line.ratio:.2f} × (SQL + gabarit) ≤ {report.RATIO} ×"))
        elif line.measure.kind == "mois":
            said += [
                (row["p50"] <= MONTH_MS, f"{name} : {row['p50']:.1f} ms ≤ {MONTH_MS:.0f} ms"),
                (row["queries"] <= MONTH_QUERIES, f"{name} : {row['queries']} requêtes ≤ {MONTH_QUERIES}"),
                (row["bytes"] <= MONTH_BYTES, f"{name} : {row['bytes']} octets ≤ {MONTH_BYTES}"),
            ]
    return said


def _measures(portal: Portal, seed: dict[str, Any]) -> list[Measure]:
    first = dt.date.today() + dt.timedelta(days=20)  # noqa: DTZ011 - the day where this runs
    days = [(first + dt.timedelta(days=n), first + dt.timedelta(days=n + n % 3)) for n in range(8)]
    words = seed["words"]["moyen"]
    places = [
        f"/ressources/?q={words[n % len(words)]}&territoire=mrc-{MRCS[n % len(MRCS)]}&du={a}&au={b}"
        for n, (a, b) in enumerate(days)
    ]
    alone = [f"/ressources/?du={a}&au={b}" for a, b in days]
    hours = [f"/ressources/?sorte=locaux&du={a}&au={a}&de=18:00&a=21:00" for a, _b in days]
    slugs = [row[0] for row in portal.raw.execute(
        "SELECT slug FROM directory_resource WHERE is_live AND visibility = 'everyone' ORDER BY md5(slug) LIMIT 12"
    )]  # fmt: skip
    months = [f"/ressources/{slug}/agenda/?mois={first:%Y-%m}" for slug in slugs]
    return [
        Measure("Libre du … au … + mot + MRC", tuple(places), kind="recherche"),
        Measure("Libre du … au …, seul", tuple(alone), kind="recherche"),
        Measure("Libre le … de 18 h à 21 h, locaux", tuple(hours), kind="recherche"),
        Measure("Un mois d’une ressource", tuple(months), kind="mois"),
    ]


# ---- writers


def _writers(url: str) -> list[tuple[bool, str]]:
    """Acceptances by eight processes, then raw inserts by as many, on the same resources."""
    raw = _run(url, "raw")
    accepted = _run(url, "accept")
    speed, floor = accepted["speed"], raw["speed"]
    say(f"  {WRITERS} écrivains : {speed:.0f} acceptations/s ; insertions brutes avec verrou {floor:.0f}/s")
    for name, one in (("acceptation", accepted), ("insertion brute", raw)):
        work = f"{one['python']:.2f} ms de processeur en Python, {one['database']:.2f} dans la base"
        say(f"  une {name} : {work} ({1000 * CORES / (one['python'] + one['database']):.0f}/s à {CORES} cœurs pleins)")
    say(f"  requêtes d’une acceptation, par sorte : {accepted['by_kind']}")
    return [
        (speed >= SPEED, f"acceptations : {speed:.0f}/s ≥ {SPEED:.0f}/s"),
        (speed >= SHARE * floor, f"acceptations : {speed / floor:.2f} × insertions brutes ≥ {SHARE} ×"),
        (
            accepted["queries"] <= QUERIES,
            f"une acceptation : {accepted['queries']} requêtes ≤ {QUERIES}, dont {accepted['mail']} pour ses courriels"
            f" (et {accepted['marks']} points de reprise)",
        ),
    ]


def _run(url: str, what: str) -> dict[str, Any]:
    """One kind of writing by every writer at once; removed after."""
    _prepare(url, what)
    context = multiprocessing.get_context("spawn")
    gate, answers = context.Barrier(WRITERS + 1), context.Queue()
    some = [context.Process(target=_write, args=(url, what, n, gate, answers)) for n in range(WRITERS)]
    for each in some:
        each.start()
    gate.wait(120)
    started = time.perf_counter()
    found = [answers.get(timeout=300) for _each in some]
    took = time.perf_counter() - started
    for each in some:
        each.join()
    _forget(url)
    done = sum(f["done"] for f in found)
    each_one = {name: 1000 * sum(f[name] for f in found) / done for name in ("python", "database")}
    return {k: v for f in found for k, v in f.items()} | {"speed": done / took} | each_one


def _write(url: str, what: str, number: int, gate: Any, answers: Any) -> None:
    """In a process of its own."""
    if what == "raw":
        with psycopg.connect(url, autocommit=True) as connection:
            slots = _slots(connection, number)
            gate.wait(120)
            python, database = time.process_time(), _worked(connection.info.backend_pid)
            for resource, start, end in slots:
                with connection.transaction():
                    connection.execute(LOCK, (resource, resource))
                    connection.execute(INSERT, (resource, start, end, uuid.uuid4()))
            database = _worked(connection.info.backend_pid) - database
        answers.put({"done": len(slots), "python": time.process_time() - python, "database": database})
        return
    _django(url)
    from django.db import connection as ours
    from django.test.utils import CaptureQueriesContext

    from accounts.models import User
    from loans import requests
    from loans.models import Loan

    mine = Loan.objects.filter(purpose=f"mesure {number}").order_by("resource")
    pks = dict(mine.values_list("pk", "resource__kind"))
    lender = User.objects.get(email=f"mesure-{number}@essai.example")
    counted = {kind: pk for pk, kind in pks.items()}  # one of each kind is kept, to count its queries
    # each loan is read before, as its page has read it; raw inserts know where they go too
    first, *others = Loan.objects.whole().filter(pk__in=pks).exclude(pk__in=counted.values()).order_by("pk")
    requests.accept(first, by=lender)  # what a process loads once is loaded
    backend = ours.connection.info.backend_pid
    gate.wait(120)
    python, database = time.process_time(), _worked(backend)
    for loan in others:
        requests.accept(loan, by=lender)
    said: dict[str, Any] = {
        "done": len(others), "python": time.process_time() - python, "database": _worked(backend) - database,
    }  # fmt: skip
    answers.put(said if number else said | _counted(lambda: CaptureQueriesContext(ours), counted, lender))


def _worked(pid: int) -> float:
    """Seconds of processor of a process of this machine, where the system says them."""
    try:
        return int(Path(f"/proc/{pid}/schedstat").read_text("ascii").split()[0]) / 1e9
    except (OSError, ValueError):
        return 0.0


def _counted(capture: Any, some: dict[str, int], lender: Any) -> dict[str, Any]:
    """The queries of one acceptance of each kind; in full, those of the kind that asks most."""
    from loans import requests
    from loans.models import Loan

    found = {}
    for kind, pk in some.items():
        loan = Loan.objects.whole().get(pk=pk)
        with capture() as captured:
            requests.accept(loan, by=lender)
        texts = [q["sql"] for q in captured.captured_queries]
        marks = [t for t in texts if t.startswith(("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT"))]
        mail = [t for t in texts if "accounts_mail" in t or "procrastinate" in t or "accounts_user" in t]
        found[kind] = {"queries": len(texts) - len(marks), "marks": len(marks), "mail": len(mail)}
    return max(found.values(), key=lambda f: f["queries"]) | {"by_kind": {k: f["queries"] for k, f in found.items()}}


# ---- twenty for one slot


def _rounds(url: str) -> list[tuple[bool, str]]:
    """Twenty requests of one slot accepted at once, fifty times: how many got it, and how long the slowest waited."""
    _prepare(url, "rounds")
    context = multiprocessing.get_context("spawn")
    gate, answers = context.Barrier(AT_ONCE), context.Queue()
    some = [context.Process(target=_race, args=(url, n, gate, answers)) for n in range(PROCESSES)]
    for each in some:
        each.start()
    found = [answers.get(timeout=600) for _each in range(AT_ONCE)]
    for each in some:
        each.join()
    _forget(url)
    won = [sum(f["won"][n] for f in found) for n in range(ROUNDS)]
    slowest = max(max(f["took"]) for f in found)
    middle = quantile([t for f in found for t in f["took"]], 0.5)
    say(f"  {AT_ONCE} à la fois × {ROUNDS} : gagnants par tour {sorted(set(won))}, médiane {1000 * middle:.0f} ms")
    return [
        (won == [1] * ROUNDS, f"{AT_ONCE} à la fois pour une plage, {ROUNDS} tours : exactement un chaque fois"),
        (slowest < SLOWEST, f"la réponse la plus lente : {slowest:.2f} s < {SLOWEST:.0f} s"),
    ]


def _race(url: str, process: int, gate: Any, answers: Any) -> None:
    _django(url)
    from django.db import connections

    from accounts.models import User
    from directory.calendar import Taken
    from loans import requests
    from loans.models import Loan

    lender = User.objects.get(email="mesure-0@essai.example")

    def one(number: int) -> None:
        mine = list(Loan.objects.filter(purpose=f"mesure {number}").order_by("starts_at").values_list("pk", flat=True))
        won, took = [], []
        for pk in mine:
            loan = Loan.objects.get(pk=pk)
            gate.wait(300)
            started = time.perf_counter()
            try:
                requests.accept(loan, by=lender)
                won.append(1)
            except Taken:
                won.append(0)
            took.append(time.perf_counter() - started)
        answers.put({"won": won, "took": took})
        connections.close_all()

    share = AT_ONCE // PROCESSES
    threads = [threading.Thread(target=one, args=(process * share + n,)) for n in range(share)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


# ---- what is written to be measured


def _django(url: str) -> None:
    os.environ |= {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "bench.settings", "DEBUG": "0"}
    os.environ.setdefault("SECRET_KEY", "x" * 60)
    import django

    django.setup()
    gc.collect()
    gc.freeze()  # as a process that answers does (wsgi.py)


def _slots(connection: psycopg.Connection, number: int) -> list[tuple[int, dt.datetime, dt.datetime]]:
    """Where a writer writes: resources of its own, one hour each."""
    ids = [row[0] for row in connection.execute(
        "SELECT id FROM directory_resource WHERE part_of_id IS NULL AND is_live AND id %% %s = %s ORDER BY id LIMIT %s",
        (WRITERS, number, EACH),
    )]  # fmt: skip
    start = dt.datetime(YEAR, 1, 6, 15, tzinfo=dt.UTC)
    return [(pk, start, start + dt.timedelta(hours=1)) for pk in ids]


def _prepare(url: str, what: str) -> None:
    """Requests as their verb leaves them, copied in by one statement each."""
    _forget(url)
    if what == "raw":
        return
    with psycopg.connect(url, autocommit=True) as connection:
        if what == "rounds":
            (resource,) = connection.execute(
                "SELECT min(id) FROM directory_resource WHERE quantity = 1 AND part_of_id IS NULL AND is_live"
            ).fetchone()  # type: ignore[misc]
            start = dt.datetime(YEAR, 1, 6, 15, tzinfo=dt.UTC)
            slots = [(resource, start + dt.timedelta(days=n), start + dt.timedelta(days=n, hours=1), number)
                     for n in range(ROUNDS) for number in range(AT_ONCE)]  # fmt: skip
        else:
            slots = [(*slot, number) for number in range(WRITERS) for slot in _slots(connection, number)]
        _requests(connection, slots)


def _requests(connection: psycopg.Connection, slots: list[tuple]) -> None:
    """A person answers for the lenders of each writer; another asks for them all."""
    numbers = {number for *_slot, number in slots}
    with connection.transaction():
        for name in (*(f"mesure-{number}" for number in numbers), "mesure-qui-demande"):
            connection.execute(
                "INSERT INTO accounts_user (password, is_superuser, email, name, language, function, phone, is_active,"
                " is_staff, created_at) VALUES ('', false, %s, %s, 'fr', '', '', true, false, now())"
                " ON CONFLICT DO NOTHING",
                (f"{name}@essai.example", name),
            )
        for number in numbers:
            connection.execute(
                "INSERT INTO directory_membership (user_id, organisation_id, role, is_signatory, created_at)"
                " SELECT u.id, o, 'gestionnaire', false, now() FROM accounts_user u,"
                " (SELECT DISTINCT organisation_id FROM directory_resource WHERE id = ANY(%s)) x(o)"
                " WHERE u.email = %s ON CONFLICT DO NOTHING",
                ([pk for pk, *_when, whose in slots if whose == number], f"mesure-{number}@essai.example"),
            )
        connection.execute(
            "INSERT INTO directory_membership (user_id, organisation_id, role, is_signatory, created_at)"
            " SELECT u.id, o.id, 'membre', false, now() FROM accounts_user u,"
            " (SELECT id FROM directory_organisation ORDER BY id LIMIT 2) o"
            " WHERE u.email = 'mesure-qui-demande@essai.example' ON CONFLICT DO NOTHING"
        )
        with connection.cursor() as cursor:
            cursor.executemany(
                """WITH one AS (
                     INSERT INTO loans_loan (resource_id, lender_id, borrower_id, status, version, quantity,
                            returned_quantity, to_come, purpose, handling, conditions, starts_at, ends_at, cost_mode,
                            price_unit, worker, supervisor, time_share, requested_by_id, requested_at, answer_by,
                            updated_at)
                     SELECT r.id, r.organisation_id,
                            (SELECT min(o.id) FROM directory_organisation o WHERE o.id <> r.organisation_id),
                            'requested', 1, 1, 0, 0, %(purpose)s, '', '', %(start)s, %(end)s, 'free', '', '', '', '',
                            (SELECT id FROM accounts_user WHERE email = 'mesure-qui-demande@essai.example'),
                            now(), now(), now()
                       FROM directory_resource r WHERE r.id = %(resource)s RETURNING id, requested_by_id),
                   two AS (
                     INSERT INTO loans_loanevent (loan_id, verb, side, by_id, at, note, data)
                     SELECT id, 'ask', 'borrower', requested_by_id, now(), '', '{}' FROM one)
                   INSERT INTO loans_loandate (loan_id, period, act)
                   SELECT id, tstzrange(%(start)s, %(end)s, '[)'), gen_random_uuid() FROM one""",
                [{"resource": r, "start": a, "end": b, "purpose": f"mesure {n}"} for r, a, b, n in slots],
            )


def _forget(url: str) -> None:
    """Loans are never deleted one by one: the tables of this database are emptied."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("TRUNCATE loans_loan, accounts_mail CASCADE")
        connection.execute("DELETE FROM procrastinate_jobs")
        connection.execute("DELETE FROM directory_occupation WHERE period && tstzrange(%s, NULL)", (f"{YEAR}-01-01",))


if __name__ == "__main__":
    sys.exit(speaking(main))
