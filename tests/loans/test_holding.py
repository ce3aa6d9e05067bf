"""A change agreed on after the signature: both are held, the loan moves once all have signed, else it never moved."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Mail
from directory import calendar
from directory.models import Occupation, Resource
from loans import agreements, deadlines, handover, holding, proposals, requests, signing
from loans.models import Agreement, Loan, LoanDate, Side
from mutualisation.kernel.moments import in_words, span
from tests.factories import ResourceFactory
from tests.loans.lending import (
    HOUR,
    accepted,
    begun,
    borrower_of,
    brought,
    handed,
    in_days,
    lender_of,
    models_in_force,
    signed,
)
from tests.loans.signing import mandated, sign

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def toolbox() -> None:
    models_in_force()


@pytest.fixture
def hall() -> Resource:
    return ResourceFactory(kind="locaux", name="Salle du Canal", quantity=1)


def fresh(loan: Loan) -> Loan:
    return Loan.objects.get(pk=loan.pk)


def reach(loan: Loan, *periods: Any, quantity: int = 1, **terms: Any) -> Agreement:
    """The lender proposes, the borrower accepts: the amendment to sign."""
    proposal = proposals.propose(
        fresh(loan), by=lender_of(loan), side=Side.LENDER, periods=periods, quantity=quantity, **terms
    )
    proposals.agree(proposal, by=borrower_of(loan))
    amendment = Agreement.objects.filter(loan=loan, amends__isnull=False).latest("pk")
    return amendment


def sign_both(amendment: Agreement) -> None:
    sign(amendment, "preteur", by=mandated(amendment.loan.lender))
    sign(amendment, "emprunteur", by=mandated(amendment.loan.borrower))


def free(resource: Resource, period: Any) -> int:
    return calendar.free_count(resource, period)


def when(loan: Loan) -> list[Any]:
    rows = LoanDate.objects.filter(loan=loan, cancelled_at__isnull=True).order_by("period")
    return [(d.period.lower, d.period.upper) for d in rows]


def test_until_all_have_signed_the_loan_is_as_signed_and_both_are_held(hall: Resource) -> None:
    first, second = in_days(2), in_days(6)
    loan = signed(accepted(hall, first))
    amendment = reach(loan, second)
    assert amendment.status == "to_sign"
    assert when(loan) == [(first.lower, first.upper)]
    assert fresh(loan).starts_at == first.lower
    assert (free(hall, first), free(hall, second)) == (0, 0)
    sign(amendment, "preteur", by=mandated(loan.lender))
    assert when(loan) == [(first.lower, first.upper)]
    act = loan.dates.get().act
    sign(amendment, "emprunteur", by=mandated(loan.borrower))
    assert when(loan) == [(second.lower, second.upper)]
    assert (fresh(loan).starts_at, fresh(loan).ends_at) == (second.lower, second.upper)
    assert (free(hall, first), free(hall, second)) == (1, 0)
    assert loan.dates.get().act == act  # the same event in people’s calendars
    assert set(Occupation.objects.filter(resource=hall).values_list("act", flat=True)) == {act}
    told = Mail.objects.filter(event__startswith="took-effect")
    assert told.count() == 2
    assert "SEQUENCE" in told.first().calendar
    assert handover.obstacles(fresh(loan)) == []
    assert list(loan.events.values_list("verb", flat=True))[-1] == "take_effect"


def test_refused_nothing_has_moved_and_what_was_held_is_free(hall: Resource) -> None:
    first, second = in_days(2), in_days(6)
    loan = signed(accepted(hall, first))
    amendment = reach(loan, second)
    sign(amendment, "preteur", by=mandated(loan.lender))
    signing.refuse(amendment, by=mandated(loan.borrower), reason="Pas libres ce jour-là")
    assert when(loan) == [(first.lower, first.upper)]
    assert (free(hall, first), free(hall, second)) == (0, 1)
    assert list(loan.events.values_list("verb", flat=True))[-1] == "let_go"
    assert handover.obstacles(fresh(loan)) == []  # what is signed still holds: it can be handed over
    assert "ce qui est signé tient" in Mail.objects.filter(event=f"refused:{amendment.pk}").first().text
    handed(fresh(loan))


def test_left_unsigned_too_long_it_is_the_same(hall: Resource) -> None:
    first, second = in_days(3), in_days(6)
    loan = signed(accepted(hall, first))
    amendment = reach(loan, second)
    Agreement.objects.filter(pk=amendment.pk).update(sign_by=timezone.now() - HOUR)
    assert deadlines.run()["expired"] == 1
    assert when(loan) == [(first.lower, first.upper)]
    assert (free(hall, first), free(hall, second)) == (0, 1)
    assert handover.obstacles(fresh(loan)) == []
    assert deadlines.run()["expired"] == 0


def test_nobody_else_gets_what_is_held(hall: Resource) -> None:
    loan = signed(accepted(hall, in_days(2)))
    reach(loan, in_days(6))
    with pytest.raises(requests.Refused):
        requests.ask(hall, by=borrower_of(loan), borrower=loan.borrower, periods=[in_days(6)], purpose="Fête")


def test_what_others_have_cannot_be_agreed_on(hall: Resource) -> None:
    loan = signed(accepted(hall, in_days(2)))
    proposal = proposals.propose(loan, by=lender_of(loan), side=Side.LENDER, periods=[in_days(6)], quantity=1)
    accepted(hall, in_days(6))
    with pytest.raises(calendar.Taken):
        proposals.agree(proposal, by=borrower_of(loan))
    proposal.refresh_from_db()
    assert (proposal.status, proposal.amendment) == ("waiting", None)
    assert not Agreement.objects.filter(amends__isnull=False).exists()


def test_an_extension_holds_only_what_is_more_and_ends_with_the_return() -> None:
    chairs = ResourceFactory(kind="locaux", quantity=3)
    first = in_days(2)
    loan = begun(signed(accepted(chairs, first, quantity=2)))
    handed(loan)
    loan = fresh(loan)
    longer = span(loan.starts_at, loan.ends_at + 24 * HOUR)
    amendment = reach(loan, longer, quantity=2)
    after = span(loan.ends_at + HOUR, loan.ends_at + 2 * HOUR)
    assert (free(chairs, after), fresh(loan).ends_at) == (1, loan.ends_at)
    held = Occupation.objects.filter(act=amendment.proposal.act)
    assert {row.period.lower for row in held} == {loan.ends_at}
    brought(fresh(loan), 2)
    amendment.refresh_from_db()
    assert (amendment.status, free(chairs, after)) == ("cancelled", 3)


def test_an_extension_signed_while_out(hall: Resource) -> None:
    loan = begun(signed(accepted(hall, in_days(2))))
    handed(loan)
    end = fresh(loan).ends_at
    amendment = reach(loan, span(fresh(loan).starts_at, end + 24 * HOUR))
    sign_both(amendment)
    assert fresh(loan).ends_at == end + 24 * HOUR
    assert free(hall, span(end + HOUR, end + 2 * HOUR)) == 0
    brought(fresh(loan), 1)
    assert free(hall, span(end + HOUR, end + 2 * HOUR)) == 1


def test_another_change_takes_the_place_of_the_first(hall: Resource) -> None:
    loan = signed(accepted(hall, in_days(2)))
    first = reach(loan, in_days(6))
    second = reach(loan, in_days(9))
    first.refresh_from_db()
    assert (first.status, second.status) == ("cancelled", "to_sign")
    assert [free(hall, in_days(n)) for n in (2, 6, 9)] == [0, 1, 0]
    change = holding.pending(loan)
    assert change is not None
    assert change.amendment == second


def test_a_date_called_off_meanwhile_drops_the_change(hall: Resource) -> None:
    loan = signed(accepted(hall, in_days(2), in_days(4)))
    amendment = reach(loan, in_days(2), in_days(7))
    assert free(hall, in_days(7)) == 0
    requests.cancel_date(loan.dates.earliest("period"), by=borrower_of(loan), reason="Congé")
    amendment.refresh_from_db()
    assert (amendment.status, free(hall, in_days(7)), free(hall, in_days(4))) == ("cancelled", 1, 0)
    assert "proposez de nouveau" in amendment.ended_note


def test_a_loan_called_off_frees_all_it_held(hall: Resource) -> None:
    loan = signed(accepted(hall, in_days(2)))
    amendment = reach(loan, in_days(6))
    requests.cancel(fresh(loan), by=lender_of(loan), reason="Dégât d’eau")
    amendment.refresh_from_db()
    root = agreements.current(loan)
    assert root is not None
    assert (amendment.status, root.status) == ("cancelled", "ended")
    assert not Occupation.objects.filter(resource=hall).exists()


def test_another_resource_of_the_lender(hall: Resource) -> None:
    small = ResourceFactory(kind="locaux", name="Petite salle", organisation=hall.organisation)
    period = in_days(3)
    loan = signed(accepted(hall, period))
    amendment = reach(loan, period, resource=small)
    assert (free(hall, period), free(small, period), fresh(loan).resource) == (0, 0, hall)
    sign_both(amendment)
    assert (free(hall, period), free(small, period), fresh(loan).resource) == (1, 0, small)


def test_its_page_says_what_is_signed_and_what_waits(hall: Resource) -> None:
    first, second = in_days(2), in_days(6)
    loan = signed(accepted(hall, first))
    client = Client()
    client.force_login(borrower_of(loan))
    amendment = reach(loan, second)
    page = client.get(loan.get_absolute_url()).content.decode()
    assert f"{in_words(first).capitalize()}." in page
    assert in_words(second).capitalize() in page
    assert "Il prend effet quand toutes les parties ont signé" in page
    sign_both(amendment)
    page = client.get(loan.get_absolute_url()).content.decode()
    assert f"{in_words(second).capitalize()}." in page
    assert "Il prend effet" not in page
