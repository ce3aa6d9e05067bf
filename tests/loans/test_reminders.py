"""What the portal says by itself: to whom, when, once; and what it does when nobody answers."""

from __future__ import annotations

import datetime
import re
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import Mail, User
from directory.models import Membership, Occupation, Organisation, Resource
from loans import lifecycle, proposals, reminders, requests
from loans.models import Loan, LoanStatus
from tests.factories import OrganisationFactory, ResourceFactory, lend
from tests.loans.test_requests import hours, member

pytestmark = pytest.mark.django_db
DAY = datetime.timedelta(days=1)
HOUR = datetime.timedelta(hours=1)


@pytest.fixture
def projector() -> Resource:
    return ResourceFactory(kind="materiel", quantity=3)


@pytest.fixture
def lender(projector: Resource) -> User:
    return member(projector.organisation)


@pytest.fixture
def borrower() -> Organisation:
    return OrganisationFactory()


def said(prefix: str) -> list[str]:
    """To whom an event was written, in order."""
    return list(Mail.objects.filter(event__regex=f"^{prefix}").order_by("id").values_list("to", flat=True))


def run(now: datetime.datetime | None = None) -> dict[str, int]:
    """What was done; doing it again at the same moment does and writes nothing."""
    done = reminders.run(now)
    written = Mail.objects.count()
    assert set(reminders.run(now).values()) == {0}
    assert Mail.objects.count() == written
    return {name: n for name, n in done.items() if n}


def out(loan: Loan, by: User, *, since: datetime.timedelta = 2 * DAY) -> Loan:
    """Accepted, handed over some time ago."""
    requests.accept(loan, by=by)
    lifecycle.move(loan, "hand_over", by=by, handed_over_at=timezone.now() - since)
    return loan


def due(loan: Loan, delay: datetime.timedelta) -> None:
    """Bring its end to some time from now."""
    end = timezone.now() + delay
    Loan.objects.filter(pk=loan.pk).update(starts_at=end - 5 * DAY, ends_at=end)


def test_nobody_answers_someone_else_is_asked_then_both_are_told(projector: Any, lender: Any, borrower: Any) -> None:
    second = member(projector.organisation, "membre")
    loan = lend(projector, borrower, hours(10, 12, days=20))
    now = timezone.now()
    assert said("asked:") == [lender.email]
    assert run(now + 3 * DAY - HOUR) == {}
    assert run(now + 3 * DAY + HOUR) == {"unanswered": 1}
    assert said("asked-again") == [second.email]
    reminder = Mail.objects.get(event__startswith="asked-again")
    assert "/prets/repondre/" in reminder.text  # its links, and those of the first e-mail, still answer
    loan.refresh_from_db()
    assert loan.version == 1
    assert run(now + 6 * DAY) == {}
    assert run(now + 8 * DAY) == {"expired": 1}
    loan.refresh_from_db()
    assert loan.status == LoanStatus.EXPIRED
    assert len(said("expired")) == 2
    assert run(now + 20 * DAY) == {}


def test_alone_in_her_organisation_she_is_asked_again(projector: Any, lender: Any, borrower: Any) -> None:
    lend(projector, borrower, hours(10, 12, days=20))
    run(timezone.now() + 4 * DAY)
    assert said("asked-again") == [lender.email]


def test_a_proposal_awaits_the_other_side(projector: Any, lender: Any, borrower: Any) -> None:
    loan = lend(projector, borrower, hours(10, 12, days=20))
    now = timezone.now()
    run(now + 3 * DAY + HOUR)
    proposals.propose(loan, by=lender, side="lender", periods=[hours(14, 16, days=20)], quantity=1)
    loan.proposals.update(made_at=now + 3 * DAY + 2 * HOUR)
    assert run(now + 5 * DAY) == {}
    assert run(now + 6 * DAY + 3 * HOUR) == {"unanswered": 1}
    assert said("propose-again") == [loan.requested_by.email]


def test_a_change_asked_of_a_loan_under_way_is_reminded_too(projector: Any, lender: Any, borrower: Any) -> None:
    loan = lend(projector, borrower, hours(10, 12, days=20))
    requests.accept(loan, by=lender)
    proposals.propose(loan, by=loan.requested_by, side="borrower", periods=[hours(10, 13, days=20)], quantity=1)
    assert run(timezone.now() + 4 * DAY) == {"unanswered": 1}
    assert said("propose-again") == [lender.email]


def test_both_are_told_the_day_before_and_again_when_the_day_changes(
    projector: Any, lender: Any, borrower: Any
) -> None:
    loan = lend(projector, borrower, hours(10, 12, days=5))
    requests.accept(loan, by=lender)
    start = loan.starts_at
    assert run(start - 2 * DAY) == {}
    assert run(start - DAY + HOUR) == {"starting": 1}
    assert set(said("starts-")) == {lender.email, loan.requested_by.email}
    proposal = proposals.propose(loan, by=lender, side="lender", periods=[hours(10, 12, days=6)], quantity=1)
    proposals.agree(proposal, by=loan.requested_by)
    assert run(start + HOUR) == {"starting": 1}
    assert len(said("starts-")) == 4


def test_who_was_just_told_the_dates_is_not_told_them_again(projector: Any, lender: Any, borrower: Any) -> None:
    soon = hours(0, 2, days=0)
    start = timezone.now() + 20 * HOUR
    loan = lend(projector, borrower, type(soon)(start, start + 2 * HOUR, "[)"))
    requests.accept(loan, by=lender)
    assert run() == {}
    assert run(timezone.now() + 13 * HOUR) == {"starting": 1}


def test_what_is_due_tomorrow_is_told_to_both(projector: Any, lender: Any, borrower: Any) -> None:
    loan = out(lend(projector, borrower, hours(10, 12)), lender)
    due(loan, 20 * HOUR)
    assert run() == {"ending": 1}
    assert set(said("ends-")) == {lender.email, loan.requested_by.email}


def test_an_evening_is_not_due_tomorrow(projector: Any, lender: Any, borrower: Any) -> None:
    loan = out(lend(projector, borrower, hours(10, 12)), lender, since=HOUR)
    due(loan, 3 * HOUR)
    assert run() == {}


def test_late_after_a_day_then_every_three_and_the_lender_once(projector: Any, lender: Any, borrower: Any) -> None:
    loan = out(lend(projector, borrower, hours(10, 12)), lender)
    due(loan, -20 * HOUR)
    now = timezone.now()
    assert run(now) == {}
    assert [run(now + n * DAY) for n in (1, 2, 3, 4, 5, 7)] == [{"late": 1}, {}, {}, {"late": 1}, {}, {"late": 1}]
    assert said("late-[0-9]") == [loan.requested_by.email] * 3
    assert said("late-ours") == [lender.email]


def test_a_held_request_goes_through_once_all_is_back(projector: Any, lender: Any, borrower: Any) -> None:
    late = out(lend(projector, borrower, hours(10, 12)), lender)
    due(late, -2 * HOUR)
    held = lend(projector, borrower, hours(14, 16, days=20))
    assert held.held_at
    assert run() == {}
    lifecycle.move(late, "bring_back", by=lender, returned_at=timezone.now())
    assert run() == {"released": 1}
    held.refresh_from_db()
    assert held.held_at is None
    assert held.events.filter(verb="let_through", by=None).count() == 1
    requests.accept(held, by=lender)


def test_a_held_request_is_accepted_by_itself_where_the_owner_chose_so(
    projector: Any, lender: Any, borrower: Any
) -> None:
    late = out(lend(projector, borrower, hours(10, 12)), lender)
    due(late, -2 * HOUR)
    Resource.objects.update(accepts_by_itself=True)
    held = lend(Resource.objects.get(pk=projector.pk), borrower, hours(14, 16, days=20))
    assert held.status == LoanStatus.REQUESTED
    lifecycle.move(late, "bring_back", by=lender, returned_at=timezone.now())
    run()
    held.refresh_from_db()
    assert held.status == LoanStatus.ACCEPTED
    assert Occupation.objects.filter(act__in=held.dates.values("act")).count() == 1


def test_a_loan_that_fails_leaves_the_others_be(projector: Any, lender: Any, borrower: Any, caplog: Any) -> None:
    one, two, three = (lend(projector, borrower, hours(10, 12, days=20 + n)) for n in range(3))
    with connection.cursor() as cursor:
        cursor.execute(
            f"CREATE FUNCTION break() RETURNS trigger AS $$ BEGIN IF NEW.id = {two.pk} THEN "
            "RAISE 'panne'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql;"
            "CREATE TRIGGER aa_break BEFORE UPDATE ON loans_loan FOR EACH ROW EXECUTE FUNCTION break()"
        )
    assert reminders.run(timezone.now() + 8 * DAY)["expired"] == 2
    states = dict(Loan.objects.values_list("pk", "status"))
    assert states == {one.pk: "expired", two.pk: "requested", three.pk: "expired"}
    assert re.search(f"expired: loan {two.pk}", caplog.text)
    assert Membership.objects.exists()
