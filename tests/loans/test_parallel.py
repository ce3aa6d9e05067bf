"""Many at once for the last unit, each on a connection of its own: one gets it, the others are told; nobody waits long.

Each worker is a thread that opens its own connection to PostgreSQL: the database sees as many clients.
"""

from __future__ import annotations

import random
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import IntegrityError, OperationalError, connection, connections, transaction
from psycopg.errors import DeadlockDetected, ExclusionViolation

from accounts.models import Mail
from directory import calendar
from directory.models import Occupation, Reason, Resource
from loans import proposals, requests
from loans.models import Loan, LoanDate, LoanStatus, Proposal
from tests.accounts.people import empty_queue
from tests.factories import OrganisationFactory, ResourceFactory, UserFactory, lend, some_day
from tests.loans.lending import work
from tests.loans.test_requests import member

pytestmark = pytest.mark.django_db(transaction=True)
MANY, AT_ONCE = 50, 25  # the database of the tests has 60 places, shared by two processes
SLOWEST = 10.0  # seconds, on a busy machine; a deadlock would be told by itself


@pytest.fixture(autouse=True)
def emptied() -> Iterator[None]:
    empty_queue()  # of what the tests of another file left: a flush forgets it
    yield
    empty_queue()


class RefusedByTheDatabase(Exception):  # noqa: N818 - it is an answer, not a fault
    """A bare insert met the constraint."""


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

    with ThreadPoolExecutor(gate.parties) as pool:
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


def states(*loans: Loan) -> Counter[str]:
    return Counter(Loan.objects.filter(pk__in=[x.pk for x in loans]).values_list("status", flat=True))


def requests_for(resource: Resource, count: int, *, quantity: int = 1) -> list[Loan]:
    """Requests of as many organisations for the same hours, all by one person: their answers are what matters."""
    person = UserFactory()
    return [lend(resource, OrganisationFactory(), some_day(), by=person, quantity=quantity) for _n in range(count)]


def accepting(loans: list[Loan], lender: Any) -> list[Callable[[], Any]]:
    return [lambda pk=loan.pk: requests.accept(Loan.objects.get(pk=pk), by=lender) for loan in loans]


def test_fifty_acceptances_for_the_last_unit() -> None:
    chairs = ResourceFactory(quantity=3)
    lender = member(chairs.organisation)
    calendar.occupy(chairs, [(some_day(), uuid.uuid4())], 2, reason=Reason.CLOSURE)
    loans = requests_for(chairs, MANY)
    answers, slowest = at_once(accepting(loans, lender))
    assert answers == {"done": 1, "Taken": MANY - 1}
    assert states(*loans) == {"accepted": 1, "requested": MANY - 1}
    assert taken(chairs) == 3
    winner = Loan.objects.get(status=LoanStatus.ACCEPTED)
    assert winner.events.filter(verb="accept").count() == 1
    assert work() == 1
    assert Mail.objects.filter(event__startswith="accepted").count() == 2
    assert slowest < SLOWEST


def test_one_request_accepted_by_many_is_accepted_once() -> None:
    chairs = ResourceFactory(quantity=9)
    lender = member(chairs.organisation)
    (loan,) = requests_for(chairs, 1)
    answers, _slowest = at_once(accepting([loan] * 20, lender))
    assert answers == {"done": 1, "AlreadyMoved": 19}
    assert taken(chairs) == 1


def test_every_path_at_once_for_one_slot() -> None:
    """Acceptance, extension, agreed counter-proposal, closure by the owner, a raw insert as an admin would."""
    hall = ResourceFactory(kind="locaux", quantity=1)
    lender, person = member(hall.organisation), UserFactory()
    slot = some_day(10, 14, 16)
    asked = [lend(hall, OrganisationFactory(), slot, by=person) for _n in range(10)]
    before = [lend(hall, OrganisationFactory(), some_day(10, hour, hour + 1), by=person) for hour in range(9, 14)]
    for loan in before:
        requests.accept(loan, by=lender)
    wanted = [*[slot] * 4, some_day(10, 13, 16)]  # four want to move there, the last to stay longer
    longer = [
        proposals.propose(loan, by=person, side="borrower", periods=[period], quantity=1)
        for loan, period in zip(before, wanted, strict=True)
    ]
    assert longer[-1].kind == Proposal.Kind.EXTENSION
    others = [lend(hall, OrganisationFactory(), some_day(20 + n), by=person) for n in range(10)]
    countered = [proposals.propose(loan, by=lender, side="lender", periods=[slot], quantity=1) for loan in others]

    def close() -> None:
        calendar.occupy(hall, [(slot, uuid.uuid4())], 1, reason=Reason.CLOSURE)

    def raw() -> None:
        """Without the lock that ours take, two may wait for each other: PostgreSQL then refuses one as a deadlock."""
        try:
            with transaction.atomic():
                Occupation.objects.create(resource=hall, unit=1, period=slot, reason=Reason.REPAIR, act=uuid.uuid4())
        except (IntegrityError, OperationalError) as error:
            if isinstance(error.__cause__, ExclusionViolation | DeadlockDetected):
                raise RefusedByTheDatabase from error
            raise

    acts: list[Callable[[], Any]] = [*accepting(asked, lender)]
    acts += [lambda pk=p.pk: proposals.agree(Proposal.objects.get(pk=pk), by=lender) for p in longer]
    acts += [lambda pk=p.pk: proposals.agree(Proposal.objects.get(pk=pk), by=person) for p in countered]
    acts += [close] * 15 + [raw] * 10
    random.Random(4).shuffle(acts)
    assert len(acts) == MANY
    answers, slowest = at_once(acts)
    assert answers["done"] == 1
    assert answers["Taken"] + answers["RefusedByTheDatabase"] == MANY - 1, answers
    assert Occupation.objects.filter(resource=hall, period__overlap=slot).count() == 1
    holding = Loan.objects.filter(status=LoanStatus.ACCEPTED, starts_at=slot.lower)
    assert Occupation.objects.filter(act__in=LoanDate.objects.filter(loan__in=holding).values("act")).count() == len(
        holding
    )
    # who asked for longer and lost still has the hour that was agreed before
    kept = Occupation.objects.filter(resource=hall, period__startswith__lt=slot.lower).count()
    assert kept == 5 - sum(1 for loan in before if Loan.objects.get(pk=loan.pk).starts_at == slot.lower)
    assert slowest < SLOWEST


def test_the_whole_and_its_parts_at_once_never_both() -> None:
    hall = ResourceFactory(kind="locaux", quantity=1)
    halves = [ResourceFactory(kind="locaux", organisation=hall.organisation, part_of=hall) for _n in range(2)]
    lender = member(hall.organisation)
    whole = requests_for(hall, 10)
    parts = [loan for half in halves for loan in requests_for(half, 10)]
    mixed = [loan for trio in zip(whole, parts[:10], parts[10:], strict=True) for loan in trio]
    answers, slowest = at_once(accepting(mixed, lender))
    assert set(answers) == {"done", "Taken"}
    got = states(*whole)["accepted"], states(*parts[:10])["accepted"], states(*parts[10:])["accepted"]
    assert got in {(1, 0, 0), (0, 1, 1)}
    assert slowest < SLOWEST


def test_a_whole_taken_while_it_is_freed() -> None:
    """Cancellations and acceptances cross: in the end what holds time is what is accepted."""
    chairs = ResourceFactory(quantity=5)
    lender = member(chairs.organisation)
    first, second = requests_for(chairs, 5), requests_for(chairs, 20)
    for loan in first:
        requests.accept(loan, by=lender)
    acts: list[Callable[[], Any]] = accepting(second, lender)
    acts += [lambda pk=x.pk: requests.cancel(Loan.objects.get(pk=pk), by=lender, reason="Non") for x in first]
    random.Random(4).shuffle(acts)
    answers, _slowest = at_once(acts)
    assert set(answers) <= {"done", "Taken"}
    assert states(*first) == {"cancelled": 5}
    assert taken(chairs) == states(*second)["accepted"] <= 5
