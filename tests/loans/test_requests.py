"""From the request to the answer: who may, what is taken, what is written, what a stale page gets."""

from __future__ import annotations

import datetime
import re
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Mail, User
from directory import calendar
from directory.models import Membership, Occupation, Organisation, Resource
from loans import lifecycle, notifications, proposals, requests
from loans.models import Loan, LoanEvent, LoanStatus
from mutualisation.kernel.lifecycle import AlreadyMoved
from mutualisation.kernel.moments import span
from tests.factories import OrganisationFactory, ResourceFactory, UserFactory, lend
from tests.loans.lending import work

pytestmark = pytest.mark.django_db


def hours(first: int, last: int, *, days: int = 10) -> Any:
    """A period in some days, from an hour to another (UTC)."""
    noon = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0) + datetime.timedelta(days=days)
    return span(noon + datetime.timedelta(hours=first), noon + datetime.timedelta(hours=last))


def member(organisation: Organisation, role: str = "gestionnaire") -> User:
    person = UserFactory()
    Membership.objects.create(user=person, organisation=organisation, role=role)
    return person


@pytest.fixture
def chairs() -> Resource:
    return ResourceFactory(kind="materiel", quantity=5)


@pytest.fixture
def lender(chairs: Resource) -> User:
    return member(chairs.organisation)


@pytest.fixture
def borrower() -> Organisation:
    return OrganisationFactory()


def test_a_request_takes_no_time_and_an_acceptance_does(chairs: Any, lender: Any, borrower: Any) -> None:
    loan = lend(chairs, borrower, hours(10, 12), quantity=4)
    assert loan.status == LoanStatus.REQUESTED
    assert not Occupation.objects.exists()
    requests.accept(loan, by=lender, version=loan.version)
    assert Occupation.objects.filter(resource=chairs, reason="loan").count() == 4
    other = lend(chairs, OrganisationFactory(), hours(12, 14), quantity=5)
    requests.accept(other, by=lender)
    assert list(loan.events.values_list("verb", "side")) == [("ask", "borrower"), ("accept", "lender")]


def test_what_is_taken_meanwhile_refuses_the_acceptance_and_changes_nothing(
    chairs: Any, lender: Any, borrower: Any
) -> None:
    first, second = lend(chairs, borrower, hours(10, 12), quantity=3), lend(chairs, borrower, hours(11, 13), quantity=3)
    requests.accept(first, by=lender)
    with pytest.raises(calendar.Taken) as refused, transaction.atomic():
        requests.accept(second, by=lender)
    assert refused.value.free == 2
    assert Loan.objects.get(pk=second.pk).status == LoanStatus.REQUESTED
    assert not Mail.objects.filter(event__startswith=f"accepted:{second.pk}").exists()


def test_a_stale_page_is_refused(chairs: Any, lender: Any, borrower: Any) -> None:
    loan = lend(chairs, borrower, hours(10, 12))
    seen = loan.version
    requests.decline(loan, by=lender, reason="Déjà promis")
    with pytest.raises(AlreadyMoved):
        requests.accept(loan, by=lender, version=seen)


def test_each_side_acts_for_its_own(chairs: Any, lender: Any, borrower: Any) -> None:
    loan = lend(chairs, borrower, hours(10, 12))
    with pytest.raises(PermissionDenied):
        requests.accept(loan, by=loan.requested_by)
    with pytest.raises(PermissionDenied):
        requests.accept(loan, by=member(OrganisationFactory()))
    with pytest.raises(PermissionDenied):
        requests.withdraw(loan, by=lender)
    assert Loan.objects.visible_to(member(OrganisationFactory())).count() == 0
    assert Loan.objects.visible_to(lender).count() == Loan.objects.visible_to(loan.requested_by).count() == 1


def test_the_database_refuses_a_move_outside_of_the_table(chairs: Any, borrower: Any) -> None:
    loan = lend(chairs, borrower, hours(10, 12))
    with pytest.raises(DatabaseError), transaction.atomic():
        Loan.objects.filter(pk=loan.pk).update(
            status="closed", handed_over_at=timezone.now(), returned_at=timezone.now()
        )
    with pytest.raises(DatabaseError), transaction.atomic():
        LoanEvent.objects.filter(loan=loan).update(note="réécrit")
    with pytest.raises(DatabaseError), transaction.atomic():
        LoanEvent.objects.filter(loan=loan).delete()


def test_the_owner_may_let_the_portal_accept(chairs: Any, lender: Any, borrower: Any) -> None:
    Resource.objects.filter(pk=chairs.pk).update(accepts_by_itself=True)
    chairs.refresh_from_db()
    assert lend(chairs, borrower, hours(10, 12), quantity=3).status == LoanStatus.ACCEPTED
    with pytest.raises(requests.Refused) as refused:
        lend(chairs, borrower, hours(10, 12), quantity=3)
    assert [r.code for _p, some in refused.value.refusals for r in some] == ["taken"]


def test_one_does_not_borrow_from_oneself(chairs: Any) -> None:
    with pytest.raises(requests.Refused, match="bloquez plutôt"):
        lend(chairs, chairs.organisation, hours(10, 12))


def held(resource: Any, borrower: Any, lender: Any) -> Loan:
    """What a borrower asks for who has something to give back since two days."""
    late = lend(resource, borrower, hours(10, 12))
    requests.accept(late, by=lender)
    lifecycle.move(late, "hand_over", by=lender, handed_over_at=timezone.now())
    past = timezone.now() - datetime.timedelta(days=2)
    Loan.objects.filter(pk=late.pk).update(starts_at=past - datetime.timedelta(days=1), ends_at=past)
    return lend(resource, borrower, hours(14, 16))


def test_a_late_borrower_waits_until_the_lender_lets_her_through(chairs: Any, lender: Any, borrower: Any) -> None:
    asked = held(chairs, borrower, lender)
    assert asked.held_at is not None
    assert "Examinez-la quand même" in Mail.objects.filter(event__startswith=f"asked:{asked.pk}").get().text
    with pytest.raises(requests.Held):
        requests.accept(asked, by=lender)
    requests.let_through(asked, by=lender)
    requests.accept(asked, by=lender)
    assert "let_through" in asked.events.values_list("verb", flat=True)


def test_to_propose_other_dates_is_to_let_her_through(chairs: Any, lender: Any, borrower: Any) -> None:
    asked = held(chairs, borrower, lender)
    version = asked.version
    proposal = proposals.propose(asked, by=lender, side="lender", periods=[hours(16, 18)], quantity=1, version=version)
    assert proposals.agree(proposal, by=asked.requested_by).status == LoanStatus.ACCEPTED
    assert "let_through" in asked.events.values_list("verb", flat=True)


def test_both_read_what_is_to_give_back_first(client: Client, chairs: Any, lender: Any, borrower: Any) -> None:
    asked = held(chairs, borrower, lender)
    late = Loan.objects.exclude(pk=asked.pk).get()
    for person in (lender, asked.requested_by):
        client.force_login(person)
        page = client.get(asked.get_absolute_url()).content.decode()
        assert "la demande est retenue" in page
        assert f'href="{late.get_absolute_url()}"' in page
    Loan.objects.filter(pk=late.pk).update(lender=OrganisationFactory())  # late elsewhere: nothing of it is told
    client.force_login(lender)
    page = client.get(asked.get_absolute_url()).content.decode()
    assert "la demande est retenue" in page
    assert f'href="{late.get_absolute_url()}"' not in page


def test_other_dates_are_proposed_then_agreed(chairs: Any, lender: Any, borrower: Any) -> None:
    loan = lend(chairs, borrower, hours(10, 12), quantity=2)
    proposal = proposals.propose(loan, by=lender, side="lender", periods=[hours(14, 16)], quantity=1)
    assert loan.status == LoanStatus.COUNTERED
    assert not Occupation.objects.exists()
    with pytest.raises(PermissionDenied):
        proposals.agree(proposal, by=lender)
    proposals.agree(proposal, by=loan.requested_by)
    loan.refresh_from_db()
    assert (loan.status, loan.quantity, loan.starts_at) == (LoanStatus.ACCEPTED, 1, hours(14, 16).lower)
    assert Occupation.objects.get().period == hours(14, 16)


def test_an_extension_needs_both_and_the_same_check(chairs: Any, lender: Any, borrower: Any) -> None:
    loan = lend(chairs, borrower, hours(10, 12), quantity=5)
    requests.accept(loan, by=lender)
    next_one = lend(chairs, OrganisationFactory(), hours(13, 14), quantity=1)
    requests.accept(next_one, by=lender)
    person = loan.requested_by
    with pytest.raises(calendar.Taken), transaction.atomic():
        proposals.propose(loan, by=person, side="borrower", periods=[hours(10, 14)], quantity=5)
    proposal = proposals.propose(loan, by=person, side="borrower", periods=[hours(10, 13)], quantity=5)
    assert proposal.kind == "extension"
    assert Occupation.objects.filter(period=hours(10, 12)).count() == 5
    proposals.agree(proposal, by=lender)
    assert Occupation.objects.filter(period=hours(10, 13)).count() == 5
    assert loan.dates.count() == 1


def test_everything_is_free_again_after_a_cancellation(chairs: Any, lender: Any, borrower: Any) -> None:
    loan = lend(chairs, borrower, hours(10, 12), hours(10, 12, days=17), quantity=2)
    requests.accept(loan, by=lender)
    assert Occupation.objects.count() == 4
    requests.cancel_date(loan.dates.first(), by=loan.requested_by)
    assert Occupation.objects.count() == 2
    requests.cancel(loan, by=lender, reason="Dégât d’eau")
    assert Occupation.objects.count() == 0
    assert Mail.objects.filter(event__startswith="cancelled", calendar__contains="METHOD:CANCEL").count() == 2


def test_an_acceptance_leaves_one_job_and_its_e_mails_are_written_once(chairs: Any, lender: Any, borrower: Any) -> None:
    """What it costs whoever accepts; the worker writes to both sides, whatever how many times the job is done."""
    loan = lend(chairs, borrower, hours(10, 12), quantity=4)
    with CaptureQueriesContext(connection) as queries:
        requests.accept(loan, by=lender, note="Passez par la cour")
    asked = [q["sql"] for q in queries if not q["sql"].startswith(("SAVEPOINT", "RELEASE"))]
    assert len(asked) == 8, asked
    written = Mail.objects.filter(event__startswith="accepted")
    assert not written.exists()
    event, version = loan.events.get(verb="accept"), loan.version
    assert work() == 1
    assert {m.to for m in written} == {lender.email, loan.requested_by.email}
    assert "Passez par la cour" in written.get(to=loan.requested_by.email).text
    proposals.propose(loan, by=lender, side="lender", periods=[hours(14, 16)], quantity=4)
    assert not notifications.write_of_acceptance(event.pk, version)
    assert written.count() == 2


def test_what_is_called_off_before_its_acceptance_is_written_is_no_longer_announced(
    chairs: Any, lender: Any, borrower: Any
) -> None:
    loan = lend(chairs, borrower, hours(10, 12))
    requests.accept(loan, by=lender)
    requests.cancel(loan, by=lender, reason="Dégât d’eau")
    assert work() == 1
    assert list(Mail.objects.filter(to=loan.requested_by.email).values_list("subject", flat=True)) == [
        f"Annulé par {loan.lender.name}\u00a0: {chairs.name}"
    ]


def test_what_changed_before_its_acceptance_is_written_prevails_in_calendars(
    chairs: Any, lender: Any, borrower: Any
) -> None:
    loan = lend(chairs, borrower, hours(10, 12))
    requests.accept(loan, by=lender)
    accepted = loan.version
    proposal = proposals.propose(loan, by=lender, side="lender", periods=[hours(14, 16)], quantity=1)
    proposals.agree(proposal, by=loan.requested_by)
    assert work() == 1
    files = Mail.objects.filter(to=loan.requested_by.email).exclude(calendar="").order_by("-id")
    assert [re.search(r"SEQUENCE:(\d+)", m.calendar)[1] for m in files] == [str(accepted), str(loan.version)]  # type: ignore[index]


def test_who_is_proposed_something_else_has_the_whole_delay_to_answer(chairs: Any, lender: Any, borrower: Any) -> None:
    loan = lend(chairs, borrower, hours(10, 12, days=30))
    almost = timezone.now() + datetime.timedelta(hours=2)

    def late() -> None:
        Loan.objects.filter(pk=loan.pk).update(answer_by=almost)
        loan.refresh_from_db()

    def days() -> int:
        loan.refresh_from_db()
        return round((loan.answer_by - timezone.now()).total_seconds() / 86400)

    late()
    offer = proposals.propose(loan, by=lender, side="lender", periods=[hours(14, 16, days=30)], quantity=1)
    assert days() == 7
    late()
    proposals.take_back(offer, by=lender)
    assert days() == 7
    proposals.propose(loan, by=lender, side="lender", periods=[hours(14, 16, days=3)], quantity=1)
    assert days() in (2, 3, 4)  # never beyond what is proposed
    late()
    back = proposals.propose(loan, by=loan.requested_by, side="borrower", periods=[hours(9, 11, days=30)], quantity=1)
    assert days() == 7
    proposals.agree(back, by=lender)
    late()
    proposals.propose(loan, by=lender, side="lender", periods=[hours(14, 16, days=30)], quantity=1)
    assert loan.answer_by == almost  # accepted: a change does not expire
