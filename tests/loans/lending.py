"""Loans as the tests of hand-overs need them: accepted, under way, handed over."""

from __future__ import annotations

import datetime
import json
from typing import Any

from django.db import connection
from django.utils import timezone

from accounts.models import User
from directory import calendar
from directory.models import Membership, Organisation, Resource
from loans import handover, incidents, photos, requests, tasks
from loans.handover import Sheet
from loans.models import ConditionReport, Loan, LoanDate, Moment
from mutualisation.kernel.moments import span
from tests.directory.pictures import picture
from tests.factories import OrganisationFactory, UserFactory, lend

HOUR = datetime.timedelta(hours=1)


def work() -> int:
    """Do the jobs that loans left, as the worker would; gives how many. Sending is not theirs."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM procrastinate_jobs WHERE task_name = 'write_of_acceptance' RETURNING id, args::text"
        )
        jobs = sorted(cursor.fetchall())
    for _pk, arguments in jobs:
        tasks.write_of_acceptance.func(**json.loads(arguments))
    return len(jobs)


def in_days(days: float, hours: float = 3) -> Any:
    """A period that begins in some days, to the minute."""
    start = timezone.now().replace(second=0, microsecond=0) + datetime.timedelta(days=days)
    return span(start, start + datetime.timedelta(hours=hours))


def member(organisation: Organisation, role: str = "gestionnaire") -> User:
    person = UserFactory()
    Membership.objects.create(user=person, organisation=organisation, role=role)
    return person


def accepted(resource: Resource, *periods: Any, quantity: int = 1, **fields: Any) -> Loan:
    """A loan that the owner accepted."""
    borrower = fields.pop("borrower", None) or OrganisationFactory()
    loan = lend(resource, borrower, *(periods or (in_days(2),)), quantity=quantity, **fields)
    manager = Membership.objects.filter(organisation=resource.organisation).first()
    return requests.accept(loan, by=manager.user if manager else member(resource.organisation))


def begun(loan: Loan, *, ago: datetime.timedelta = HOUR) -> Loan:
    """The same loan, as if its dates had come: the first one began some time ago."""
    back = loan.starts_at - (timezone.now() - ago)
    for date in loan.dates.all():
        period = span(date.period.lower - back, date.period.upper - back)
        LoanDate.objects.filter(pk=date.pk).update(period=period)
        calendar.move((loan.resource, [date.act]), (loan.resource, [(period, date.act)], loan.outstanding))
    Loan.objects.filter(pk=loan.pk).update(
        starts_at=loan.starts_at - back, ends_at=loan.ends_at - back, requested_at=loan.requested_at - back - 24 * HOUR
    )
    loan.refresh_from_db()
    return loan


def lender_of(loan: Loan) -> User:
    return User.objects.filter(memberships__organisation=loan.lender).order_by("pk").first()


def borrower_of(loan: Loan) -> User:
    return User.objects.filter(memberships__organisation=loan.borrower).order_by("pk").first()


def handed(loan: Loan, *, counted: int | None = None, by: Any = None, rest_later: bool = False) -> ConditionReport:
    """Hand a loan over, now."""
    sheet = Sheet(counted=counted or loan.to_come or loan.outstanding)
    return handover.fill(loan, Moment.HANDOVER, by=by or lender_of(loan), sheet=sheet, rest_later=rest_later)


def brought(loan: Loan, counted: int = 1, *, by: Any = None, **fields: Any) -> ConditionReport:
    """Bring some back, now."""
    return handover.fill(loan, Moment.RETURN, by=by or lender_of(loan), sheet=Sheet(counted=counted, **fields))


def lent_out(resource: Resource, manager: User) -> dict[str, Any]:
    """For the access tables: a loan to hand over, one that is out with its sheet, an incident and a photo."""
    kept = accepted(resource, in_days(20))
    out = begun(accepted(resource, in_days(2)))
    handed(out, by=manager)
    incident = incidents.open_incident(out, by=manager, description="Une tache", units=0)
    photos.add(incident, [picture(size=(60, 40))], by=manager)
    return {
        "loan_kept": kept.pk,
        "loan_out": out.pk,
        "incident": incident.pk,
        "loan_photo": incident.photos.get().uid,
    }
