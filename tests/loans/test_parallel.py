"""Many at once for the last unit, each on a connection of its own: one gets it, the others are told; nobody waits long.

Each worker is a thread that opens its own connection to PostgreSQL: the database sees as many clients.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
from django.db import connection, connections, transaction
from django.utils import timezone

from directory import calendar
from directory.models import Occupation, Reason, Resource
from loans import proposals, requests
from loans.lifecycle import AlreadyMoved
from loans.models import Loan, LoanStatus
from tests.accounts.people import empty_queue
from tests.factories import OrganisationFactory, ResourceFactory, UserFactory, lend, some_day
from tests.loans.test_requests import member

pytestmark = pytest.mark.django_db(transaction=True)
MANY, AT_ONCE = 50, 25  # the database of the tests has 60 places, shared by two processes
SLOWEST = 10.0  # seconds, on a busy machine; a deadlock would be told by itself


@pytest.fixture(autouse=True)
def emptied() -> Iterator[None]:
    yield
    empty_queue()


def at_once(acts: list[Callable[[], Any]]) -> tuple[Counter[str], float]:
    """Do all of these, as many at once as the server bears, from connections of their own; what each answered."""
    gate = threading.Barrier(min(AT_ONCE, len(acts)))
    pids: set[int] = set()
    slowest = 0.0
    first = threading.local()

    def one(act: Callable[[], Any]) -> str:
        nonlocal slowest
        if not hasattr(first, "here"):
            first.here = True
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_backend_pid()")
                pids.add(cursor.fetchone()[0])
            gate.wait(30)
        started = time.perf_counter()
        try:
            act()
            return "done"
        except Exception as error:
            return type(error).__name__
        finally:
            slowest = max(slowest, time.perf_counter() - started)

    with ThreadPoolExecutor(gate.parties, initializer=None) as pool:
        answers = Counter(pool.map(one, acts))
        list(pool.map(lambda _n: _leave(gate), range(gate.parties)))
    assert len(pids) == gate.parties  # true connections, all different
    return answers, slowest


def _leave(gate: threading.Barrier) -> None:
    """Each thread closes its connection before it ends."""
    gate.wait(30)
    connections.close_all()


def taken(resource: Resource) -> int:
    return Occupation.objects.filter(resource=resource).count()
