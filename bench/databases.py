"""The databases measured: in the PostgreSQL of DATABASE_URL, else in one of our own under var/bench; seeded once."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

from mutualisation.launcher import postgres
from mutualisation.launcher.places import PROJECT, make_folder, var_folder
from mutualisation.launcher.speech import say

SIZES = {10_000: "bench_10k", 100_000: "bench_100k"}
SOURCES = ("bench/seed.py", "bench/text.py", "directory/migrations/*.py", "fixtures/*.yaml", "fixtures/*.json")


@contextlib.contextmanager
def cluster() -> Iterator[str]:
    """The address of a PostgreSQL where we may create databases."""
    if os.environ.get("DATABASE_URL"):
        postgres.check_given(os.environ["DATABASE_URL"])
        yield os.environ["DATABASE_URL"]
        return
    ours = postgres.find_cluster(test=True, var=make_folder(var_folder() / "bench"))
    started = postgres.start(ours, attached=True)
    try:
        yield ours.url
    finally:
        if started:
            postgres.stop(ours)


def seeded(base: str, size: int) -> tuple[str, dict[str, Any]]:
    """The address of the database of this size and what its seeding said."""
    return _filled(base, SIZES[size], f"{size} entrées", _mark(*SOURCES), "bench.seed", str(size))


def agenda(base: str) -> tuple[str, dict[str, Any]]:
    """The address of the database of the calendar: 20,000 resources and a million occupations."""
    mark = _mark(*SOURCES, "bench/agenda_seed.py", "loans/migrations/*.py")
    return _filled(base, "bench_agenda", "un million de plages", mark, "bench.agenda_seed")


def portrait(base: str) -> tuple[str, dict[str, Any]]:
    """The address of the database of the portrait: 20,000 resources and 100,000 loans."""
    mark = _mark(*SOURCES, "bench/portrait_seed.py", "loans/migrations/*.py")
    return _filled(base, "bench_portrait", "100 000 prêts", mark, "bench.portrait_seed")


def _filled(base: str, name: str, what: str, mark: str, *module: str) -> tuple[str, dict[str, Any]]:
    """Filled now if it isn't as the code says."""
    url = urlunsplit(urlsplit(base)._replace(path=f"/{name}"))
    with psycopg.connect(base, autocommit=True) as connection:
        known = connection.execute(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s", [name]
        ).fetchone()
        report = json.loads(known[0]) if known and known[0] else {}
        if report.get("mark") == mark:
            say(f"Base {name} : {what}, déjà là (semée en {report['filled_s']} s).")
            return url, report
        say(f"Base {name} : {what} à semer…")
        database = sql.Identifier(name)
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(database))
        connection.execute(sql.SQL("CREATE DATABASE {}").format(database))
        done = subprocess.run(
            [sys.executable, "-m", *module],
            cwd=PROJECT,
            env={**os.environ, "DATABASE_URL": url, "SECRET_KEY": secrets.token_urlsafe(50), "DEBUG": "0"},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        report = json.loads(done.stdout.strip().splitlines()[-1]) | {"mark": mark}
        connection.execute(sql.SQL("COMMENT ON DATABASE {} IS {}").format(database, json.dumps(report)))
    say(f"  semée en {report['filled_s']} s ({report['rows_made'] / report['filled_s']:.0f} entrées/s, index compris).")
    return url, report


def _mark(*sources: str) -> str:
    """Changes with what the rows are made of."""
    digest = hashlib.sha256()
    for pattern in sources:
        for path in sorted(PROJECT.glob(pattern)):
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
