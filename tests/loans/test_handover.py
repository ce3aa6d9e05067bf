"""Hand-over and return: who may, what is free again and when, two people who count at once, what is written late."""

from __future__ import annotations

import datetime
import threading
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from accounts.models import Mail
from directory import calendar
from directory.models import Category, Occupation, Resource
from loans import checklists, handover, lifecycle, requests
from loans.handover import Sheet
from loans.lateness import lateness, record
from loans.models import Checklist, ConditionReport, Loan, LoanStatus, Moment
from mutualisation.kernel.lifecycle import AlreadyMoved
from mutualisation.kernel.moments import span
from tests.factories import CategoryFactory, OrganisationFactory, ResourceFactory
from tests.loans.lending import HOUR, accepted, begun, borrower_of, brought, handed, in_days, lender_of, member, signed

pytestmark = pytest.mark.django_db


@pytest.fixture
def chairs() -> Resource:
    return ResourceFactory(name="Chaises", quantity=50)


def held(resource: Resource, at: datetime.datetime) -> int:
    return Occupation.objects.filter(resource=resource, period__contains=at).count()


# ---- who may, from where

ROLES = ("lender", "borrower", "other", "nobody")


def standing(chairs: Resource, status: str) -> Loan:
    loan = accepted(chairs, quantity=2)
    if status != LoanStatus.ACCEPTED:
        handed(loan)
    if status in (LoanStatus.RETURNED, LoanStatus.CLOSED):
        brought(loan, 2)
    if status == LoanStatus.CLOSED:
        handover.close(loan, by=lender_of(loan))
    return loan


def outcome(act: Any) -> str:
    try:
        with transaction.atomic():
            act()
    except PermissionDenied:
        return "403"
    except AlreadyMoved:
        return "moved"
    return "ok"


TABLE = {
    # status: (hand over, bring back, close, reopen), each for lender, borrower, other
    "accepted": ("ok ok 403", "moved moved 403", "moved 403 403", "moved 403 403"),
    "handed_over": ("moved moved 403", "ok ok 403", "moved 403 403", "moved 403 403"),
    "returned": ("moved moved 403", "moved moved 403", "ok 403 403", "ok 403 403"),
    "closed": ("moved moved 403", "moved moved 403", "moved 403 403", "moved 403 403"),
}


@pytest.mark.parametrize("status", TABLE)
def test_who_may_do_what_from_where(chairs: Resource, status: str) -> None:
    loan = standing(chairs, status)
    people = (lender_of(loan), borrower_of(loan), member(OrganisationFactory()))
    verbs: list[Any] = [
        lambda who: handover.fill(Loan.objects.get(pk=loan.pk), Moment.HANDOVER, by=who, sheet=Sheet(counted=1)),
        lambda who: handover.fill(Loan.objects.get(pk=loan.pk), Moment.RETURN, by=who, sheet=Sheet(counted=1)),
        lambda who: handover.close(Loan.objects.get(pk=loan.pk), by=who),
        lambda who: handover.reopen(Loan.objects.get(pk=loan.pk), by=who, missing=1, reason="Il en manque"),
    ]
    found = []
    for verb in verbs:
        row = []
        for who in people:
            with transaction.atomic():
                row.append(outcome(lambda verb=verb, who=who: verb(who)))
                transaction.set_rollback(True)
        found.append(" ".join(row))
    assert tuple(found) == TABLE[status]


# ---- the hand-over


def test_the_loan_moves_when_the_sheet_is_filled_at_the_hour_it_happened(chairs: Resource) -> None:
    loan = begun(accepted(chairs, quantity=20))
    when = timezone.now() - datetime.timedelta(minutes=40)
    report = handover.fill(
        loan, Moment.HANDOVER, by=lender_of(loan), sheet=Sheet(counted=20, happened_at=when), version=loan.version
    )
    loan.refresh_from_db()
    assert (loan.status, loan.handed_over_at) == (LoanStatus.HANDED_OVER, when)
    assert report.lender_at
    assert report.borrower_at is None
    assert not report.is_confirmed
    mail = Mail.objects.get(event=f"to-confirm-{report.pk}-1:{loan.pk}:{loan.version}")
    assert mail.to == borrower_of(loan).email
    assert f"/prets/{loan.pk}/remise/" in mail.text
    handover.confirm(report, by=borrower_of(loan), version=1)
    assert report.is_confirmed
    assert Mail.objects.filter(event__startswith="confirmed-", to=lender_of(loan).email).exists()
    verbs = list(loan.events.values_list("verb", "side"))
    assert verbs[-2:] == [("hand_over", "lender"), ("confirm_sheet", "borrower")]


def test_what_does_not_leave_is_free_for_others(chairs: Resource) -> None:
    loan = begun(accepted(chairs, quantity=20))
    handed(loan, counted=18)
    assert held(chairs, timezone.now() + HOUR) == 18
    loan.refresh_from_db()
    assert loan.outstanding == 18


def test_nothing_is_handed_over_while_something_is_to_do_first(
    chairs: Resource, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The gate that agreements to sign will use: the page and the verb ask the same function."""
    loan = accepted(chairs, quantity=1)
    monkeypatch.setattr(handover, "obstacles", lambda loan: ["L’entente n’est pas signée."])
    with pytest.raises(handover.Obstructed, match="pas signée"):
        handed(loan)
    assert Loan.objects.get(pk=loan.pk).status == LoanStatus.ACCEPTED


def test_nobody_is_lent_before_she_said_yes() -> None:
    loan = begun(accepted(ResourceFactory(kind="humain", name="Comptable")))
    lender = lender_of(loan)
    client = Client()
    client.force_login(lender)
    page = client.get(f"/prets/{loan.pk}/remise/").content.decode()
    assert "L’accord de la personne n’est pas inscrit" in page
    assert "Inscrire le début" not in page
    answer = client.post(f"/prets/{loan.pk}/remise/", {"geste": "inscrire", "etat": loan.version, "vue": "",
                                                       "day": "2026-01-01", "hour": "10:00"})  # fmt: skip
    assert answer.status_code == 422
    for person in (lender, borrower_of(loan)):
        with pytest.raises(handover.Obstructed, match="pas inscrit"), transaction.atomic():
            handed(loan, by=person)
    loan.refresh_from_db()
    assert loan.status == LoanStatus.ACCEPTED
    requests.record_person(loan, by=lender, worker="Mei Tran", consent_on=timezone.localdate())
    handed(signed(loan))
    assert loan.status == LoanStatus.HANDED_OVER


def test_the_most_particular_list_applies(chairs: Resource) -> None:
    parent = CategoryFactory(slug="cuisine", kind="materiel")
    child = CategoryFactory(slug="four", kind="materiel", parent=parent)
    Category.objects.filter(pk=chairs.category_id).update(parent=None)
    oven = ResourceFactory(category=child)
    assert checklists.checklist(oven, Moment.HANDOVER) == []
    for category, word in ((None, "sorte"), (parent, "mère"), (child, "fille")):
        Checklist.objects.create(kind="materiel", category=category, moment="handover", items=[word])
        assert checklists.checklist(oven, Moment.HANDOVER) == [word]
    assert checklists.checklist(chairs, Moment.HANDOVER) == ["sorte"]
    assert checklists.checklist(oven, Moment.RETURN) == []


# ---- what comes back


def test_a_partial_return_frees_exactly_what_came_back_at_that_instant(chairs: Resource) -> None:
    loan = begun(accepted(chairs, quantity=20))
    handed(loan)
    when = timezone.now()
    brought(loan, 15, happened_at=when)
    loan.refresh_from_db()
    assert (loan.status, loan.returned_quantity, loan.outstanding) == (LoanStatus.HANDED_OVER, 15, 5)
    just_before, after = when - datetime.timedelta(seconds=1), when + datetime.timedelta(seconds=1)
    assert (held(chairs, just_before), held(chairs, when), held(chairs, after)) == (20, 5, 5)
    assert calendar.free_count(chairs, span(after, after + HOUR)) == 45
    mail = Mail.objects.get(event__startswith="partly-returned-")
    assert "15 sur 20" in mail.subject
    assert "reste 5" in mail.text
    brought(loan, 5)
    loan.refresh_from_db()
    assert (loan.status, loan.outstanding) == (LoanStatus.RETURNED, 0)
    assert held(chairs, timezone.now() + HOUR) == 0


def test_the_minutes_kept_after_a_use_are_kept_after_an_early_return() -> None:
    hall = ResourceFactory(kind="locaux", buffer_minutes=30)
    loan = signed(begun(accepted(hall)))
    handed(loan)
    when = timezone.now()
    brought(loan, 1, happened_at=when)
    assert held(hall, when + datetime.timedelta(minutes=29)) == 1
    assert held(hall, when + datetime.timedelta(minutes=31)) == 0


def test_no_more_comes_back_than_left(chairs: Resource) -> None:
    loan = begun(accepted(chairs, quantity=20))
    handed(loan)
    brought(loan, 15)
    with pytest.raises(ValidationError, match="reste que 5"), transaction.atomic():
        brought(loan, 6)
    with pytest.raises(ValidationError), transaction.atomic():
        brought(loan, 0)
    assert Loan.objects.get(pk=loan.pk).returned_quantity == 15


def test_a_return_forgotten_is_written_after_the_next_loan_began(chairs: Resource) -> None:
    """What other systems refuse: the fact is older than the next loan, only its writing is not."""
    chairs.quantity = 1
    Resource.objects.filter(pk=chairs.pk).update(quantity=1)
    first = begun(accepted(chairs, in_days(2), quantity=1), ago=30 * HOUR)
    handed_at = first.starts_at + datetime.timedelta(minutes=5)
    handover.fill(
        first, Moment.HANDOVER, by=lender_of(first),
        sheet=Sheet(counted=1, happened_at=handed_at, late_reason="Pas de réseau"),
    )  # fmt: skip
    following = begun(accepted(chairs, in_days(5), quantity=1), ago=HOUR)
    handed(following)
    with pytest.raises(ValidationError, match="pourquoi"), transaction.atomic():
        brought(first, 1, happened_at=first.ends_at)
    brought(first, 1, happened_at=first.ends_at, late_reason="Oublié de l’inscrire")
    first.refresh_from_db()
    assert (first.status, first.returned_at) == (LoanStatus.RETURNED, first.ends_at)
    assert held(chairs, timezone.now()) == 1
    assert lateness(first) == ""


@pytest.mark.parametrize(
    ("minutes", "words"), [(+20, "pas encore arrivé"), (-60 * 24 * 40, "avant la demande"), (-180, "après coup")]
)
def test_a_moment_that_cannot_be_is_refused_in_a_sentence(chairs: Resource, minutes: int, words: str) -> None:
    loan = begun(accepted(chairs, quantity=1), ago=5 * HOUR)
    when = timezone.now() + datetime.timedelta(minutes=minutes)
    with pytest.raises(ValidationError, match=words), transaction.atomic():
        handover.fill(loan, Moment.HANDOVER, by=lender_of(loan), sheet=Sheet(counted=1, happened_at=when))
    assert not ConditionReport.objects.exists()


def test_a_return_is_not_before_its_hand_over(chairs: Resource) -> None:
    loan = begun(accepted(chairs, quantity=1))
    handed(loan)
    with pytest.raises(ValidationError, match="avant la remise"), transaction.atomic():
        brought(loan, 1, happened_at=timezone.now() - HOUR)


def test_a_late_return_is_said_and_counted(chairs: Resource) -> None:
    loan = begun(accepted(chairs, in_days(2, hours=1)), ago=50 * HOUR)
    when = loan.starts_at
    handover.fill(loan, Moment.HANDOVER, by=lender_of(loan), sheet=Sheet(happened_at=when, late_reason="Oublié"))
    assert lateness(loan) == "2 jours"
    brought(loan, 1)
    loan.refresh_from_db()
    assert lateness(loan) == "2 jours"
    assert loan.events.get(verb="bring_back").data["late_minutes"] > 2 * 1440
    assert record(loan.borrower).on_time == 0
    assert record(loan.borrower).borrowed == 1


# ---- two people at once


def test_the_second_count_of_a_stale_page_is_refused(chairs: Resource) -> None:
    loan = begun(accepted(chairs, quantity=20))
    handed(loan)
    seen = loan.version
    handover.fill(loan, Moment.RETURN, by=lender_of(loan), sheet=Sheet(counted=15), version=seen)
    with pytest.raises(AlreadyMoved):
        handover.fill(
            Loan.objects.get(pk=loan.pk), Moment.RETURN, by=borrower_of(loan), sheet=Sheet(counted=15), version=seen
        )
    assert Loan.objects.get(pk=loan.pk).returned_quantity == 15


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("moment", [Moment.HANDOVER, Moment.RETURN])
def test_of_two_who_count_at_the_same_instant_one_is_written(chairs: Resource, moment: str) -> None:
    """Two connections, held back until both are ready."""
    loan = begun(accepted(chairs, quantity=20))
    if moment == Moment.RETURN:
        handed(loan)
    people = [lender_of(loan), borrower_of(loan)]
    gate, seen, found = threading.Barrier(2), loan.version, []

    def count(person: Any, n: int) -> None:
        try:
            mine = Loan.objects.get(pk=loan.pk)
            gate.wait(10)
            handover.fill(mine, moment, by=person, sheet=Sheet(counted=n), version=seen)
            found.append("ok")
        except AlreadyMoved:
            found.append("moved")
        finally:
            connection.close()

    threads = [threading.Thread(target=count, args=(person, 12)) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(found) == ["moved", "ok"]
    assert ConditionReport.objects.filter(moment=moment).count() == 1
    assert Loan.objects.get(pk=loan.pk).outstanding == (12 if moment == Moment.HANDOVER else 8)


# ---- confirm, contest, correct


def test_a_contested_sheet_is_open_again_and_its_correction_corrects_the_calendar(chairs: Resource) -> None:
    loan = begun(accepted(chairs, quantity=20))
    handed(loan)
    report = brought(loan, 15, by=borrower_of(loan))
    with pytest.raises(PermissionDenied):
        handover.contest(report, by=borrower_of(loan), remark="Non")
    with pytest.raises(ValidationError):
        handover.contest(report, by=lender_of(loan), remark="  ")
    handover.contest(report, by=lender_of(loan), remark="Il y en avait 14", version=1)
    assert report.awaits == []
    assert report.lender_at is report.borrower_at is None
    with pytest.raises(PermissionDenied):
        handover.confirm(report, by=lender_of(loan))
    handover.correct(report, by=lender_of(loan), sheet=Sheet(counted=14, happened_at=report.happened_at), version=2)
    loan.refresh_from_db()
    assert (report.counted, report.contest, loan.outstanding) == (14, "", 6)
    assert held(chairs, timezone.now() + HOUR) == 6
    assert handover.to_confirm(borrower_of(loan), report) == "borrower"
    handover.confirm(report, by=borrower_of(loan), version=report.version)
    assert not handover.can_correct(lender_of(loan), report)
    assert Mail.objects.filter(event__startswith="contested-", to=borrower_of(loan).email).exists()


def test_a_correction_of_a_stale_page_is_refused(chairs: Resource) -> None:
    loan = begun(accepted(chairs, quantity=20))
    report = handed(loan)
    handover.correct(report, by=borrower_of(loan), sheet=Sheet(counted=19), version=1)
    with pytest.raises(AlreadyMoved):
        handover.correct(ConditionReport.objects.get(), by=lender_of(loan), sheet=Sheet(counted=20), version=1)
    with pytest.raises(AlreadyMoved):
        handover.confirm(ConditionReport.objects.get(), by=lender_of(loan), version=1)
    loan.refresh_from_db()
    assert (loan.outstanding, held(chairs, timezone.now() + HOUR)) == (19, 19)


def test_a_correction_that_finds_everything_back_ends_the_loan_and_the_reverse_reopens_it(chairs: Resource) -> None:
    loan = begun(accepted(chairs, quantity=3))
    handed(loan)
    report = brought(loan, 2)
    handover.correct(report, by=borrower_of(loan), sheet=Sheet(counted=3, happened_at=report.happened_at))
    loan.refresh_from_db()
    assert (loan.status, loan.returned_at) == (LoanStatus.RETURNED, report.happened_at)
    with pytest.raises(ValidationError, match="Seul le prêteur"), transaction.atomic():
        handover.correct(report, by=borrower_of(loan), sheet=Sheet(counted=2, happened_at=report.happened_at))
    handover.correct(report, by=lender_of(loan), sheet=Sheet(counted=2, happened_at=report.happened_at))
    loan.refresh_from_db()
    assert (loan.status, loan.returned_at, loan.outstanding) == (LoanStatus.HANDED_OVER, None, 1)
    assert held(chairs, timezone.now() + HOUR) == 1


def test_what_was_missing_is_out_again_or_not_held_when_others_have_it(chairs: Resource) -> None:
    Resource.objects.filter(pk=chairs.pk).update(quantity=4)
    chairs.refresh_from_db()
    loan = begun(accepted(chairs, quantity=4))
    handed(loan)
    brought(loan, 4)
    now = timezone.now()
    rival = accepted(chairs, span(now + datetime.timedelta(minutes=10), now + HOUR), quantity=3)
    handover.reopen(loan, by=lender_of(loan), missing=1, reason="Une chaise manque", version=loan.version)
    assert held(chairs, now + datetime.timedelta(minutes=20)) == 4
    brought(loan, 1)
    handover.reopen(loan, by=lender_of(loan), missing=2, reason="Deux", version=loan.version)
    assert loan.outstanding == 2
    assert held(chairs, now + datetime.timedelta(minutes=20)) == 3
    assert rival.status == LoanStatus.ACCEPTED
    assert Mail.objects.filter(event__startswith="reopened", to=borrower_of(loan).email).count() == 2


def test_both_sides_of_one_person_confirm_in_turn(chairs: Resource) -> None:
    loan = begun(accepted(chairs, quantity=1))
    both = lender_of(loan)
    from directory.models import Membership

    Membership.objects.create(user=both, organisation=loan.borrower)
    report = handed(loan, by=both)
    assert handover.to_confirm(both, report) == "borrower"
    handover.confirm(report, by=both)
    assert report.is_confirmed
    assert lifecycle.may(both, loan, "bring_back")
