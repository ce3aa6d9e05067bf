"""A hand-over in two goes: what leaves later stays promised, what won't leave is free, returns count what left."""

from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import Mail
from directory import calendar
from directory.models import Resource
from loans import handover, proposals
from loans.handover import Sheet
from loans.models import ConditionReport, Loan
from mutualisation.kernel.lifecycle import AlreadyMoved
from mutualisation.kernel.moments import span
from tests.factories import OrganisationFactory, ResourceFactory
from tests.loans.lending import HOUR, accepted, begun, borrower_of, brought, handed, lender_of, member
from tests.loans.test_handover import held

pytestmark = pytest.mark.django_db


@pytest.fixture
def chairs() -> Resource:
    return ResourceFactory(name="Chaises", quantity=50)


def counts(loan: Loan) -> tuple[str, int, int, int]:
    loan.refresh_from_db()
    return loan.status, loan.out, loan.to_come, loan.returned_quantity


def test_what_leaves_later_stays_promised_and_returns_count_what_left(chairs: Resource) -> None:
    loan = begun(accepted(chairs, quantity=50))
    soon = timezone.now() + HOUR
    handed(loan, counted=20, rest_later=True)
    assert counts(loan) == ("handed_over", 20, 30, 0)
    assert (held(chairs, soon), calendar.free_count(chairs, span(soon, soon + HOUR))) == (50, 0)
    assert "partira 30 plus tard" in Mail.objects.filter(event__startswith="to-confirm-").latest("pk").text
    with pytest.raises(ValidationError, match="reste que 20"), transaction.atomic():
        brought(loan, 21)  # the others never left
    brought(loan, 5)
    assert counts(loan) == ("handed_over", 15, 30, 5)
    handed(loan, counted=10, rest_later=True)
    assert counts(loan) == ("handed_over", 25, 20, 5)
    with pytest.raises(ValidationError, match="reste que 20"), transaction.atomic():
        handed(loan, counted=21)
    handed(loan, counted=18)  # two don't leave at all
    assert counts(loan) == ("handed_over", 43, 0, 7)
    assert held(chairs, timezone.now() + HOUR) == 43
    with pytest.raises(AlreadyMoved), transaction.atomic():
        handed(loan, counted=1)
    brought(loan, 43)
    assert counts(loan) == ("returned", 0, 0, 50)
    assert held(chairs, timezone.now() + HOUR) == 0
    assert [v for v in loan.events.values_list("verb", flat=True) if v.startswith("hand_over")] == [
        "hand_over", "hand_over_rest", "hand_over_rest"
    ]  # fmt: skip
    with pytest.raises(ValidationError, match="Il en est parti 48"), transaction.atomic():
        handover.reopen(loan, by=lender_of(loan), missing=49, reason="")


@pytest.mark.parametrize("came_back", [5, 20])
def test_the_rest_that_stays_is_free_and_ends_a_loan_that_is_back(chairs: Resource, came_back: int) -> None:
    loan = begun(accepted(chairs, quantity=50))
    handed(loan, counted=20, rest_later=True)
    brought(loan, came_back)
    assert counts(loan)[0] == "handed_over"  # even when all that left is back
    handover.keep_rest(loan, by=borrower_of(loan), version=loan.version)
    assert counts(loan) == ("returned" if came_back == 20 else "handed_over", 20 - came_back, 0, 30 + came_back)
    assert held(chairs, timezone.now() + HOUR) == 20 - came_back
    assert Mail.objects.filter(event__startswith="rest-kept", to=lender_of(loan).email).exists()
    with pytest.raises(AlreadyMoved):
        handover.keep_rest(loan, by=borrower_of(loan))
    with pytest.raises(PermissionDenied):
        handover.keep_rest(loan, by=member(OrganisationFactory()))


def test_a_first_sheet_corrected_changes_what_leaves_later(chairs: Resource) -> None:
    loan = begun(accepted(chairs, quantity=50))
    report = handed(loan, counted=20, rest_later=True)
    for counted, expected in ((22, (22, 28)), (18, (18, 32)), (50, (50, 0))):
        handover.correct(report, by=borrower_of(loan), sheet=Sheet(counted=counted, happened_at=report.happened_at))
        report.refresh_from_db()
        assert counts(loan) == ("handed_over", *expected, 0)
        assert held(chairs, timezone.now() + HOUR) == 50


def test_what_is_added_to_a_loan_that_is_out_leaves_later_and_what_left_stays_counted(chairs: Resource) -> None:
    loan = begun(accepted(chairs, quantity=10))
    handed(loan)
    dates = [d.period for d in loan.dates.all()]
    with pytest.raises(AlreadyMoved), transaction.atomic():
        proposals.propose(loan, by=lender_of(loan), side="lender", periods=dates, quantity=9)
    more = proposals.propose(loan, by=borrower_of(loan), side="borrower", periods=dates, quantity=15)
    proposals.agree(more, by=lender_of(loan))
    assert counts(loan) == ("handed_over", 10, 5, 0)
    handed(loan)
    assert counts(loan) == ("handed_over", 15, 0, 0)


def test_the_database_knows_what_is_still_to_hand_over(chairs: Resource) -> None:
    loan = begun(accepted(chairs, quantity=50))
    rows = Loan.objects.filter(pk=loan.pk)
    with pytest.raises(IntegrityError, match="loan_to_come_while_out"), transaction.atomic():
        rows.update(to_come=3)
    handed(loan, counted=20, rest_later=True)
    with pytest.raises(IntegrityError, match="loan_to_come_at_most"), transaction.atomic():
        rows.update(returned_quantity=21)
    sheet = {"loan": loan, "moment": "handover", "filled_side": "lender"}
    with pytest.raises(IntegrityError, match="still to hand over"), transaction.atomic():
        ConditionReport.objects.create(**sheet, counted=31)
    handed(loan)
    with pytest.raises(IntegrityError, match="still to hand over"), transaction.atomic():
        ConditionReport.objects.create(**sheet, counted=1)
