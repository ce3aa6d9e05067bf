"""A hand-over before its day: a few days ahead at most, and then the time is really taken; never what others have."""

from __future__ import annotations

import datetime

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from directory import calendar
from directory.models import Occupation, Resource
from loans import counting, handover, proposals, requests
from loans.counting import Sheet
from loans.models import Loan, Moment
from loans.standing import moment_words
from mutualisation.kernel.lifecycle import AlreadyMoved
from mutualisation.kernel.moments import span, wall
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
)  # fmt: skip

pytestmark = pytest.mark.django_db


@pytest.fixture
def chairs() -> Resource:
    return ResourceFactory(name="Chaises", quantity=3)


def free(resource: Resource, days: float) -> int:
    return calendar.free_count(resource, in_days(days, 1))


def periods(loan: Loan) -> list[tuple[int, datetime.datetime, datetime.datetime]]:
    rows = Occupation.objects.filter(act__in=loan.dates.values("act")).order_by("unit", "period")
    return [(row.unit, row.period.lower, row.period.upper) for row in rows]


@pytest.mark.parametrize("days", [30, 4.1])
def test_nobody_hands_over_long_before_the_start(days: float) -> None:
    loan = accepted(ResourceFactory(), in_days(days))
    before = periods(loan)
    with pytest.raises(ValidationError, match="au plus 4 jours d’avance"):
        handed(loan)
    loan.refresh_from_db()
    assert (loan.status, loan.reports.count(), periods(loan)) == ("accepted", 0, before)


def test_the_pages_say_from_when_before_anybody_counts() -> None:
    soon, far = accepted(ResourceFactory(), in_days(3.9)), accepted(ResourceFactory(), in_days(30))
    for loan, early in ((soon, False), (far, True)):
        client = Client()
        client.force_login(lender_of(loan))
        page = client.get(loan.get_absolute_url()).content.decode()
        sheet = client.get(reverse("loan_handover", args=[loan.pk])).content.decode()
        for text in (page, sheet):
            assert ("La remise s’inscrira à partir du" in text) is early
        assert ("Inscrire la remise" in page) is not early
        assert ('name="hour"' in sheet) is not early
        assert ("Proposer d’autres dates" in sheet) is early


def test_an_old_page_sent_too_early_is_told_once_and_keeps_what_was_typed() -> None:
    loan, client = accepted(ResourceFactory(), in_days(30)), Client()
    client.force_login(lender_of(loan))
    day = timezone.localdate() - datetime.timedelta(days=1)
    sent = {"etat": loan.version, "vue": "", "state": "good", "day": day, "hour": "18 h", "note": "Un fil usé"}
    answer = client.post(reverse("loan_handover", args=[loan.pk]), sent)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert [page.count(words) for words in ("La remise s’inscrira", "tapé est resté", "Un fil usé")] == [1, 1, 1]
    assert not loan.reports.exists()


def test_what_leaves_early_holds_its_time_from_then_on(chairs: Resource) -> None:
    loan = accepted(chairs, in_days(3.9), quantity=2)
    assert free(chairs, 1) == 3
    now = handed(loan).happened_at
    assert [free(chairs, n) for n in (0.1, 1, 3.9)] == [1, 1, 1]
    assert [(unit, lower) for unit, lower, _upper in periods(loan)] == [(1, now), (2, now)]
    brought(loan, 2)
    assert [free(chairs, n) for n in (0.1, 1, 3.9)] == [3, 3, 3]


def test_what_another_has_until_then_does_not_leave_early(chairs: Resource) -> None:
    begun(accepted(chairs, in_days(1, 24), quantity=2))
    loan = accepted(chairs, in_days(3), quantity=2)
    before = periods(loan)
    with pytest.raises(ValidationError, match="réservé à quelqu’un d’autre"):
        handed(loan)
    loan.refresh_from_db()
    assert (loan.status, loan.reports.count(), periods(loan)) == ("accepted", 0, before)
    client = Client()
    client.force_login(lender_of(loan))
    assert "réservé à quelqu’un d’autre" not in client.get(loan.get_absolute_url()).content.decode()  # one can leave
    one = accepted(chairs, in_days(3), quantity=1)
    handed(one)  # another chair is there
    assert free(chairs, 0.1) == 0


def test_the_pages_say_when_what_another_has_until_then_may_leave() -> None:
    hall, client = ResourceFactory(), Client()
    other = begun(accepted(hall, in_days(1, 24)))
    loan = accepted(hall, in_days(3))
    client.force_login(lender_of(loan))
    for address in (loan.get_absolute_url(), reverse("loan_handover", args=[loan.pk])):
        page = client.get(address).content.decode()
        assert "avant, c’est réservé à quelqu’un d’autre" in page
        assert moment_words(other.ends_at).removeprefix("le\u00a0") in page
        assert ("Inscrire la remise" in page, 'name="hour"' in page) == (False, False)


def test_keys_handed_ahead_take_no_time_from_who_is_in_the_place_meanwhile() -> None:
    models_in_force()
    hall = ResourceFactory(kind="locaux")
    begun(accepted(hall, in_days(1, 24)))
    loan = signed(accepted(hall, in_days(3)))
    before = periods(loan)
    handed(loan)
    loan.refresh_from_db()
    assert (loan.status, periods(loan)) == ("handed_over", before)
    assert free(hall, 2) == 1


def test_what_stays_behind_is_held_from_its_start_only_or_is_free(chairs: Resource) -> None:
    loan = accepted(chairs, in_days(2), quantity=3)
    handed(loan, counted=1, rest_later=True)
    assert (free(chairs, 1), free(chairs, 2)) == (2, 0)
    other = accepted(ResourceFactory(quantity=3), in_days(2), quantity=3)
    handed(other, counted=1)
    assert (free(other.resource, 1), free(other.resource, 2)) == (2, 2)


def test_a_sheet_corrected_to_an_earlier_hour_covers_it_too(chairs: Resource) -> None:
    loan = accepted(chairs, in_days(1), quantity=3)
    Loan.objects.filter(pk=loan.pk).update(requested_at=timezone.now() - 48 * HOUR)
    report = handed(loan)
    at = report.happened_at - HOUR
    report.loan.refresh_from_db()
    handover.correct(report, by=lender_of(loan), sheet=Sheet(counted=3, happened_at=at))
    assert {lower for _unit, lower, _upper in periods(loan)} == {at}


def test_a_hand_over_does_not_follow_the_return(chairs: Resource) -> None:
    loan = begun(accepted(chairs, quantity=2))
    report = handed(loan)
    brought(loan, 1)
    wrong = Sheet(counted=2, happened_at=timezone.now() + datetime.timedelta(minutes=2))
    report.loan.refresh_from_db()
    with pytest.raises(ValidationError, match="après un retour"):
        handover.correct(report, by=lender_of(loan), sheet=wrong)


def test_a_return_is_written_after_a_hand_over_only(chairs: Resource) -> None:
    loan = begun(accepted(chairs, quantity=2))
    with pytest.raises(handover.AlreadyMoved):
        handover.fill(loan, Moment.RETURN, by=lender_of(loan), sheet=Sheet(counted=2))
    handed(loan)
    sheet = Sheet(counted=2, happened_at=timezone.now() - 2 * HOUR, late_reason="Oublié")
    with pytest.raises(ValidationError, match="avant la remise"):
        handover.fill(loan, Moment.RETURN, by=lender_of(loan), sheet=sheet)
    assert calendar.free_count(chairs, span(timezone.now() + HOUR / 2, timezone.now() + HOUR)) == 1


def test_a_person_begins_on_the_day_agreed_and_not_before() -> None:
    loan = accepted(ResourceFactory(kind="expertise", quantity=1), in_days(2))
    assert "le jour convenu" in counting.not_before(loan)
    with pytest.raises(ValidationError, match="le début s’inscrit ce jour-là"):
        handed(loan)
    begin = loan.starts_at
    moved = begun(loan)
    assert moved.starts_at < begin
    assert counting.not_before(moved) == ""
    handed(moved)


def test_a_date_that_has_begun_is_not_called_off(chairs: Resource) -> None:
    loan = begun(accepted(chairs, in_days(2), in_days(9)))
    first, second = loan.dates.order_by("period")
    with pytest.raises(requests.Begun):
        requests.cancel_date(first, by=lender_of(loan))
    page = Client()
    page.force_login(lender_of(loan))
    sent = {"geste": f"date-{first.pk}", "version": loan.version}
    answer = page.post(loan.get_absolute_url(), sent)
    assert (answer.status_code, "a déjà commencé" in answer.content.decode()) == (409, True)
    shown = page.get(loan.get_absolute_url()).content.decode()
    assert (f'value="date-{first.pk}"' in shown, f'value="date-{second.pk}"' in shown) == (False, True)


def test_what_left_keeps_its_start_and_its_resource(chairs: Resource) -> None:
    other = ResourceFactory(organisation=chairs.organisation, quantity=3)
    loan = begun(accepted(chairs, in_days(2, 30)))
    handed(loan)
    start, end = loan.starts_at, loan.ends_at
    by = borrower_of(loan)
    for terms in (
        {"periods": [span(start + HOUR, end + HOUR)], "resource": chairs},
        {"periods": [span(start, end)], "resource": other},
    ):
        with pytest.raises(requests.Refused, match="déjà remis"), transaction.atomic():
            proposals.propose(loan, by=by, side="borrower", quantity=loan.quantity, **terms)
    longer = proposals.propose(loan, by=by, side="borrower", periods=[span(start, end + HOUR)], quantity=loan.quantity)
    proposals.agree(longer, by=lender_of(loan))
    loan.refresh_from_db()
    assert (loan.starts_at, loan.ends_at) == (start, end + HOUR)


def test_other_dates_proposed_before_it_left_are_not_agreed_to_after(chairs: Resource) -> None:
    loan = accepted(chairs, in_days(2))
    later = proposals.propose(loan, by=borrower_of(loan), side="borrower", periods=[in_days(5)], quantity=loan.quantity)
    handed(loan)
    held = calendar.free_count(chairs, span(timezone.now() + HOUR, timezone.now() + 2 * HOUR))
    with pytest.raises(AlreadyMoved), transaction.atomic():
        proposals.agree(later, by=lender_of(loan))
    assert calendar.free_count(chairs, span(timezone.now() + HOUR, timezone.now() + 2 * HOUR)) == held


def test_longer_what_left_early_still_holds_its_time_until_its_first_day(chairs: Resource) -> None:
    loan = accepted(chairs, in_days(2))
    handed(loan)
    before = span(timezone.now() + HOUR, timezone.now() + 2 * HOUR)
    held = calendar.free_count(chairs, before)
    assert held < chairs.quantity
    period = span(loan.starts_at, loan.ends_at + HOUR)
    longer = proposals.propose(loan, by=borrower_of(loan), side="borrower", periods=[period], quantity=loan.quantity)
    proposals.agree(longer, by=lender_of(loan))
    assert calendar.free_count(chairs, before) == held


def test_the_first_date_left_early_is_not_called_off(chairs: Resource) -> None:
    loan = accepted(chairs, in_days(2), in_days(9))
    handed(loan)
    first, second = loan.dates.order_by("period")
    with pytest.raises(requests.Begun):
        requests.cancel_date(first, by=lender_of(loan))
    requests.cancel_date(second, by=lender_of(loan))


def test_the_page_of_other_dates_leaves_the_start_of_what_left(chairs: Resource) -> None:
    loan = begun(accepted(chairs, in_days(2, 30)))
    handed(loan)
    page, address = Client(), reverse("loan_propose", args=[loan.pk])
    page.force_login(borrower_of(loan))
    form = page.get(address).context["form"]
    loan.refresh_from_db()
    sent = {name: form[name].value() or "" for name in form.fields}
    later = wall(loan.ends_at + HOUR)
    sent |= {
        "starts_on": "2031-01-01",
        "starts_at": "08:00",
        "ends_on": f"{later:%Y-%m-%d}",
        "ends_at": f"{later:%H:%M}",
    }
    answer = page.post(address, {**sent, "version": loan.version})
    assert answer.status_code == 302, answer.context["form"].errors
    (period,) = loan.proposals.get().periods
    assert (period.lower, wall(period.upper)) == (loan.starts_at, later.replace(second=0, microsecond=0))
