"""After kill -9 of who answers, of the worker or of PostgreSQL, in the middle of a step: all of it, or none.

A lock held by the test stops the step where we want it: once the loan has moved, once its time is taken, when its
notice is queued, when its e-mails are written, when they leave. Nothing is mocked: true processes, on a PostgreSQL of
their own.
"""

from __future__ import annotations

import contextlib
import email.policy
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from pytest_django import DjangoDbBlocker

from mutualisation.launcher import postgres
from tests.launcher.places import is_linux, kill, linux_only, living_under, open_folder, pid_of
from tests.migrated import restore

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.skipif(not is_linux, reason=linux_only)


class Portal:
    """The portal of this test: its database, what its processes do, what left by e-mail."""

    def __init__(self, folder: Path) -> None:
        self.cluster = postgres.find_cluster(var=folder)
        postgres.start(self.cluster)
        self.mails = folder / "courriels"
        self.mails.mkdir()
        kept = {k: v for k, v in os.environ.items() if not k.startswith("DJANGO_") and k != "PYTEST_CURRENT_TEST"}
        self.environment = {
            **kept, "DATABASE_URL": self.cluster.url, "SECRET_KEY": "x" * 60,
            "DEBUG": "0", "DEMO": "0", "EMAIL_URL": f"filemail:///{self.mails}", "VAR_DIR": str(folder),
            "DJANGO_SETTINGS_MODULE": "mutualisation.settings",
        }  # fmt: skip

    def start(self, *words: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, *words], cwd=ROOT, env=self.environment, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip

    def run(self, *words: str) -> str:
        process = self.start(*words)
        said, _ = process.communicate(timeout=120)
        assert process.returncode == 0, said
        return said

    def act(self, *words: str) -> str:
        return self.run("-m", "tests.loans.recovering", *words)

    def work(self) -> None:
        self.run(*WORKER)

    def dies_at_work(self, table: str) -> None:
        """A worker is killed where it writes to this table; time passes, and its job goes back to the queue."""
        with self.stopped_at(table, *WORKER) as process:
            kill(process.pid)
            process.communicate()
        self.quiet()
        assert self.ask("SELECT count(*) FROM procrastinate_jobs WHERE status = 'doing'") == [(1,)]
        self.ask("UPDATE procrastinate_workers SET last_heartbeat = now() - interval '1 hour'")
        self.act("recover")

    def quiet(self) -> None:
        """Wait until what a dead client had asked is rolled back."""
        limit = time.monotonic() + 60
        busy = (
            "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            " AND backend_type = 'client backend'"
        )
        while self.ask(busy):
            assert time.monotonic() < limit
            time.sleep(0.02)

    def ask(self, query: str, *values: object) -> list[tuple]:
        with psycopg.connect(self.cluster.url, autocommit=True) as connection:
            found = connection.execute(query, values)
            return found.fetchall() if found.description else []

    @contextlib.contextmanager
    def stopped_at(self, table: str, *words: str) -> Iterator[subprocess.Popen[str]]:
        """A process started, and held where it writes to this table."""
        with psycopg.connect(self.cluster.url) as connection:
            connection.execute(f"LOCK TABLE {table} IN EXCLUSIVE MODE")
            process = self.start(*words)
            limit = time.monotonic() + 60
            held = "SELECT 1 FROM pg_locks WHERE NOT granted AND relation = %s::regclass"
            while not connection.execute(held, (table,)).fetchone():
                assert process.poll() is None, process.communicate()[0]
                assert time.monotonic() < limit
                time.sleep(0.02)
            yield process
            with contextlib.suppress(psycopg.OperationalError):  # PostgreSQL may be what was killed
                connection.rollback()

    def standing(self, loan: str) -> tuple:
        """Of a loan: its state, what it holds, its events of acceptance, and the jobs that write its e-mails."""
        return self.ask(
            """SELECT status, (SELECT count(*) FROM directory_occupation o JOIN loans_loandate d USING (act)
                                WHERE d.loan_id = l.id),
                      (SELECT count(*) FROM loans_loanevent e WHERE e.loan_id = l.id AND verb = 'accept'),
                      (SELECT count(*) FROM procrastinate_jobs j JOIN loans_loanevent e
                         ON e.id = (j.args->>'event_id')::int WHERE e.loan_id = l.id AND e.verb = 'accept'
                        AND j.task_name = 'write_of_acceptance')
                 FROM loans_loan l WHERE id = %s""", int(loan),
        )[0]  # fmt: skip

    def told(self, loan: str) -> list[tuple]:
        """The e-mails of an acceptance: how many were written, and how many left."""
        query = "SELECT count(*), count(sent_at) FROM accounts_mail WHERE event ~ ('^accepted(-ours)?:' || %s || ':')"
        return self.ask(query, loan)

    def sent(self) -> list[str]:
        """To whom and about what each e-mail left. Files are named by the second: one may hold several e-mails."""
        seen = []
        for path in self.mails.iterdir():
            for text in path.read_bytes().split(b"\n" + b"-" * 79 + b"\n")[:-1]:
                said = email.message_from_bytes(text, policy=email.policy.default)
                seen.append(f"{said['To']} {said['Subject']}")
        return sorted(seen)


WORKER = ("manage.py", "procrastinate", "worker", "--one-shot")
NOTHING, ALL = ("requested", 0, 0, 0), ("accepted", 1, 1, 1)


@pytest.fixture(scope="module")
def portal(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Portal]:
    with open_folder() as folder:
        found = Portal(folder)
        with django_db_blocker.unblock():
            restore(found.cluster.home.binaries, found.cluster.url)
        try:
            yield found
        finally:
            postgres.stop(found.cluster)


def kill_postgres(portal: Portal) -> None:
    for pid in [pid_of(portal.cluster), *living_under(portal.cluster.home.data)]:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def test_after_kill_9_there_is_no_half_step_and_no_notice_is_lost_or_doubled(portal: Portal) -> None:
    lender, *loans = portal.act("seed").split()

    # the process that answers: the loan has moved, then its time is taken, then its notice is queued
    for table, loan in zip(("directory_occupation", "procrastinate_jobs"), loans, strict=False):
        with portal.stopped_at(table, "-m", "tests.loans.recovering", "accept", lender, loan) as process:
            kill(process.pid)
            process.communicate()
        portal.quiet()
        assert portal.standing(loan) == NOTHING, table
    portal.act("accept", lender, *loans[:2])
    assert [portal.standing(loan) for loan in loans[:2]] == [ALL, ALL]

    # PostgreSQL itself, in the middle of an acceptance
    accept = ("-m", "tests.loans.recovering", "accept", lender, loans[3])
    with portal.stopped_at("procrastinate_jobs", *accept) as process:
        kill_postgres(portal)
        assert "OperationalError" in process.communicate(timeout=60)[0]
    postgres.start(portal.cluster)
    assert portal.standing(loans[3]) == NOTHING
    portal.act("accept", lender, loans[3])
    # and right after one: what was said to be done is done
    kill_postgres(portal)
    postgres.start(portal.cluster)
    assert portal.standing(loans[3]) == ALL

    # the worker, while it reminds the lender of the request left
    with portal.stopped_at("procrastinate_jobs", "-m", "tests.loans.recovering", "remind") as process:
        kill(process.pid)
        process.communicate()
    portal.quiet()
    assert portal.ask("SELECT count(*) FROM accounts_mail WHERE event LIKE 'asked-again%%'") == [(0,)]
    portal.act("remind")
    assert portal.ask("SELECT count(*) FROM accounts_mail WHERE event LIKE 'asked-again%%'") == [(2,)]

    # the worker, while it sends: what waits first is the e-mail of the first request
    portal.dies_at_work("accounts_mail")
    assert portal.sent() == []
    portal.work()
    # while it writes to both sides, alone in the queue; then once more what it had written already
    portal.act("accept", lender, loans[2])
    portal.dies_at_work("accounts_mail")
    assert portal.told(loans[2]) == [(0, 0)]
    portal.work()
    portal.ask("UPDATE procrastinate_jobs SET status = 'todo' WHERE task_name = 'write_of_acceptance'")
    portal.work()
    assert [portal.told(loan) for loan in loans[:4]] == [[(2, 2)]] * 4

    written = portal.ask("SELECT count(*), count(sent_at) FROM accounts_mail")
    sent = portal.sent()
    assert written == [(len(sent), len(sent))]
    assert len(sent) == 5 + 2 * 4 + 2  # asked, accepted on both sides, asked again
    assert len(set(sent)) == len(sent), sent
