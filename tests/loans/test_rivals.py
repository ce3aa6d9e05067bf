"""What else awaits an answer for the same thing at the same time, told to who answers and to who blocks time."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from directory import closing
from directory.models import Reason, Resource
from loans import proposals, requests, rivals
from loans.models import Loan, Side
from tests.factories import OrganisationFactory, ResourceFactory, lend, some_day
from tests.loans.lending import borrower_of, lender_of, member

pytestmark = pytest.mark.django_db
ALONE, SHORT = "Une autre demande attend au même moment", "pas assez pour tout le monde"


def owned(**fields: Any) -> Resource:
    resource = ResourceFactory(**fields)
    member(resource.organisation)
    return resource


def asked(resource: Resource, when: Any = None, quantity: int = 1) -> Loan:
    return lend(resource, OrganisationFactory(), when or some_day(), quantity=quantity)


def page(loan: Loan, user: Any) -> str:
    client = Client()
    client.force_login(user)
    return client.get(loan.get_absolute_url()).content.decode().replace("\u00a0", " ")


def rivals_of(loan: Loan, user: Any) -> list[Loan]:
    periods = [date.period for date in loan.dates.all()]
    return [one.loan for one in rivals.of_loan(loan, loan.resource, periods, loan.quantity, user=user)]


def test_who_answers_reads_who_else_waits_and_nobody_else_does() -> None:
    hall = owned(kind="locaux")
    first, second, later = (
        asked(hall),
        asked(hall, some_day(first=11, last=14)),
        asked(hall, some_day(first=12, last=14)),
    )
    told = page(first, lender_of(first))
    assert ALONE in told
    assert SHORT in told
    assert second.borrower.name in told
    assert later.borrower.name not in told  # it begins when this one ends
    read_by_borrower = page(first, borrower_of(first))
    assert ALONE not in read_by_borrower
    assert second.borrower.name not in read_by_borrower
    assert rivals_of(first, borrower_of(first)) == []  # even asked for: it is not hers to read
    requests.accept(second, by=lender_of(second))
    assert rivals_of(first, lender_of(first)) == []
    told, read_by_borrower = page(first, lender_of(first)), page(first, borrower_of(first))
    assert "refusez, ou proposez autre chose" in told
    assert "attendez sa réponse, ou proposez autre chose" in read_by_borrower
    apart = asked(hall, some_day(days=11))
    pages = (told, read_by_borrower, page(later, lender_of(later)), page(apart, lender_of(apart)))
    assert [text.count("Ce n’est plus libre") for text in pages] == [1, 1, 1, 0]
    assert second.borrower.name not in read_by_borrower


def test_enough_for_everyone_is_nobodys_rival() -> None:
    chairs = owned(quantity=10)
    first, second = asked(chairs, quantity=4), asked(chairs, quantity=4)
    by = lender_of(first)
    assert rivals_of(first, by) == []
    third = asked(chairs, quantity=3)
    assert rivals_of(first, by) == [second, third]
    requests.decline(third, by=by, reason="Trop")
    assert rivals_of(first, by) == []
    elsewhere = asked(chairs, some_day(days=11), quantity=10)
    assert rivals_of(elsewhere, by) == []


def test_a_proposal_asks_for_its_own_dates_and_no_longer_for_the_first_ones() -> None:
    hall = owned(kind="locaux")
    first, second = asked(hall), asked(hall, some_day(days=12))
    by = lender_of(first)
    assert rivals_of(first, by) == []
    proposals.propose(second, by=by, side=Side.LENDER, periods=[some_day()], quantity=1)
    assert rivals_of(first, by) == [second]
    third = asked(hall, some_day(days=12))
    assert rivals_of(third, by) == []


def test_a_whole_and_its_part_are_rivals() -> None:
    whole = owned(kind="locaux")
    half = ResourceFactory(kind="locaux", organisation=whole.organisation, part_of=whole)
    of_whole, of_half = asked(whole), asked(half)
    by = lender_of(of_whole)
    assert (rivals_of(of_whole, by), rivals_of(of_half, by)) == ([of_half], [of_whole])


@pytest.mark.parametrize("rivals_there", [1, 3])
def test_however_many_wait_it_is_as_many_questions(rivals_there: int, django_assert_num_queries: Any) -> None:
    hall = owned(kind="locaux")
    first = asked(hall)
    others = [asked(hall, some_day(first=9 + n, last=14)) for n in range(rivals_there)]
    by, periods = lender_of(first), [date.period for date in first.dates.all()]
    first.refresh_from_db()
    with django_assert_num_queries(5):  # what is asked, the loans, the resources, their own dates, what is left
        assert [one.loan for one in rivals.of_loan(first, hall, periods, 1, user=by)] == others
    closing.block(resource=hall, period=periods[0], quantity=1, reason=Reason.CLOSURE, note="", by=by)
    with django_assert_num_queries(5):
        assert [one.loan for one in rivals.left_out(hall, periods, user=by)] == sorted(
            [first, *others], key=lambda loan: (loan.starts_at, loan.pk)
        )


@pytest.mark.parametrize(("blocked", "left"), [(2, False), (7, True)])
def test_who_blocks_time_reads_who_asked_for_it_already(blocked: int, left: bool) -> None:
    chairs = owned(quantity=10)
    loan = asked(chairs, quantity=4)
    by = lender_of(loan)
    proposals.propose(loan, by=by, side=Side.LENDER, periods=[some_day(days=20)], quantity=4)
    period = some_day(days=20, first=8, last=20)
    closing.block(resource=chairs, period=period, quantity=blocked, reason=Reason.CLOSURE, note="", by=by)
    client = Client()
    client.force_login(by)
    told = client.get(reverse("resource_closing", args=[chairs.slug])).content.decode().replace("\u00a0", " ")
    assert ("Une demande attend une réponse à un moment bloqué" in told) is left
    assert (f'<a href="{loan.get_absolute_url()}">{loan.borrower.name}</a>, 4 unités' in told) is left
