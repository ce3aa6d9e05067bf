"""Loans as the tests of hand-overs need them: accepted, under way, handed over."""

from __future__ import annotations

import datetime
import json
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils import timezone

from accounts.models import User
from directory import calendar
from directory.models import Membership, Organisation, Resource
from loans import agreements, amendments, handover, holding, incidents, photos, requests, tasks
from loans.handover import Sheet
from loans.models import Agreement, ConditionReport, Loan, LoanDate, Moment, Side, Signature, SignedHow
from mutualisation.kernel.moments import span
from tests.directory.pictures import picture
from tests.factories import OrganisationFactory, UserFactory, lend
from toolbox import content
from toolbox.models import ModelAgreement

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
    """A loan that the owner accepted; its agreement, if one is demanded, is drawn up as the page does next."""
    borrower = fields.pop("borrower", None) or OrganisationFactory()
    loan = lend(resource, borrower, *(periods or (in_days(2),)), quantity=quantity, **fields)
    manager = Membership.objects.filter(organisation=resource.organisation).first()
    by = manager.user if manager else member(resource.organisation)
    requests.accept(loan, by=by)
    amendments.follow_acceptance(loan, by=by)
    return loan


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


def models_in_force() -> None:
    """The model agreements, as every portal has them."""
    content.load_agreements(settings.FIXTURE_DIRS[0])


def told(agreement: Agreement, side: str, **values: Any) -> Agreement:
    """One side answers all that is asked of it, with the samples of the model."""
    said = {blank.name: blank.sample for blank in agreements.lacks_of(agreement, side)}
    if "reflexion_jours" in said:  # as many as are left to think
        left = (timezone.localtime(agreement.loan.starts_at).date() - agreement.drawn_on).days
        said["reflexion_jours"] = max(0, min(left, said["reflexion_jours"]))
    if "heures_semaine" in said:
        said["heures_semaine"] = 1
    said |= values
    by = lender_of(agreement.loan) if side == Side.LENDER else borrower_of(agreement.loan)
    return agreements.answer(agreement, by=by, side=side, values=said, version=agreement.version)


def frozen(loan: Loan) -> Agreement:
    """The agreement of an accepted loan, answered and agreed to by both."""
    agreement = agreements.current(loan) or agreements.draw_up(loan, by=lender_of(loan))
    if agreement.is_frozen:
        return agreement
    for side in (Side.LENDER, Side.BORROWER):
        while agreements.lacks_of(agreement, side):  # an answer may bring a clause that asks more
            told(agreement, side)
    agreements.agree(agreement, by=lender_of(loan), side=Side.LENDER)
    return agreements.agree(agreement, by=borrower_of(loan), side=Side.BORROWER)


def sign_all(agreement: Agreement) -> Agreement:
    """Every party signs: what is signed then is in force."""
    for party in agreement.parties:
        Signature.objects.create(
            agreement=agreement, party=party, how=SignedHow.ELECTRONIC, name="Camille Exemple",
            statement="Je signe.", sha256=agreement.sha256,
        )  # fmt: skip
    Agreement.objects.filter(pk=agreement.pk).update(status="in_force", in_force_at=timezone.now())
    agreement.refresh_from_db(fields=["status", "in_force_at"])
    holding.take_effect(agreement)
    return agreement


def signed(loan: Loan) -> Loan:
    """The same loan, its agreement signed by everyone: it may be handed over."""
    if not ModelAgreement.objects.exists():
        models_in_force()
    sign_all(frozen(loan))
    return loan


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
