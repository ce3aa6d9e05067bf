"""Asking to borrow, and the answer: asked, accepted, declined, withdrawn, cancelled, expired."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from directory import calendar
from directory.calendar import Taken
from directory.models import Kind, Organisation, Resource
from directory.permissions import require
from directory.writing import first_sending, made_by, remember
from loans import amendments, ending, notifications
from loans.lateness import late_loans
from loans.lifecycle import change, move, side_for, tell
from loans.models import AgreementStatus, Loan, LoanDate, LoanMessage, LoanStatus, Side
from loans.models.proposal import cost_of
from loans.permissions import can_request, other, sides_of
from mutualisation.kernel.lifecycle import AlreadyMoved
from mutualisation.kernel.moments import Period

ANSWER_WITHIN = datetime.timedelta(days=7)
REMIND_AFTER = datetime.timedelta(days=3)
MANY_PEOPLE_LOANS = 3  # in a year: from there on it starts to look like staff placement (reference, 3.5)


class Refused(Exception):  # noqa: N818 - it is an answer, not a fault
    """These dates can't be asked for. ``refusals`` are by date: (period, list of Refusal)."""

    def __init__(self, refusals: list[tuple[Period, list[calendar.Refusal]]]) -> None:
        super().__init__("; ".join(r.sentence for _p, some in refusals for r in some))
        self.refusals = refusals


class Begun(Exception):  # noqa: N818 - it is an answer, not a fault
    """This date has begun: what happened can't be called off."""


class Held(Exception):  # noqa: N818 - it is an answer, not a fault
    """The borrower has things to give back first: the lender may let the request through, which is written down."""


def check(resource: Resource, periods: Sequence[Period], quantity: int) -> list[tuple[Period, list[calendar.Refusal]]]:
    """The dates that can't be asked for, with why; empty when all can."""
    if len(periods) > 1:
        return list(calendar.refusals_each(resource, periods, quantity))
    found = [(period, calendar.refusals(resource, period, quantity)) for period in periods]
    return [(period, some) for period, some in found if some]


@transaction.atomic
def ask(
    resource: Resource,
    *,
    by: Any,
    borrower: Organisation,
    periods: Sequence[Period],
    quantity: int = 1,
    purpose: str,
    handling: str = "",
    message: str = "",
    recurrence: dict[str, Any] | None = None,
    once: str = "",
    **people: Any,
) -> Loan:
    """Ask to borrow, in the name of an organisation; ``people`` are the fields of a person lent.

    ``once`` names the form: sent twice alike, it asks once and gives the same loan.
    Raises PermissionDenied, or ``Refused`` with the reasons by date. Accepted at once where the owner chose so,
    unless the borrower is late elsewhere: then the request is held back, and the lender says.
    """
    require(can_request(by, resource, borrower))
    mark = first_sending(once, by=by) if once else None
    made = made_by(once, Loan, by=by) if once and mark is None else None
    if made and _alike(made, resource, borrower, periods, quantity):
        return made
    if resource.organisation_id == borrower.pk:
        own = _("C’est déjà à vous : bloquez plutôt la période dans l’agenda.")
        raise Refused([(periods[0], [calendar.Refusal("own", own)])])
    if refused := check(resource, periods, quantity):
        raise Refused(refused)
    now = timezone.now()
    late = late_loans(borrower)
    first = min(p.lower for p in periods)
    loan = Loan.objects.create(
        resource=resource, lender=resource.organisation, borrower=borrower, quantity=quantity, purpose=purpose,
        handling=handling, recurrence=recurrence, starts_at=first, ends_at=max(p.upper for p in periods),
        **cost_of(resource),
        conditions=resource.conditions,  # what was read when asking: the text of an agreement says them
        requested_by=by, requested_at=now, answer_by=answer_by(now, first),
        held_at=now if late else None, **people,
    )  # fmt: skip
    LoanDate.objects.bulk_create([LoanDate(loan=loan, period=period) for period in sorted(periods, key=_lower)])
    remember(mark, loan)
    tell(loan, "ask", by=by, side=Side.BORROWER, data={"held": len(late)} if late else None)
    if message.strip():
        LoanMessage.objects.create(loan=loan, organisation=borrower, by=by, text=message.strip())
    if late or not _accepted_by_itself(loan):
        notifications.asked(loan)
    return loan


def _accepted_by_itself(loan: Loan) -> bool:
    """Accept at once where the owner chose so; False when it is the lender who answers."""
    if not loan.resource.accepts_by_itself or loan.resource.kind == Kind.HUMAIN:
        return False
    try:
        with transaction.atomic():
            _take(loan)
            event = tell(loan, "accept_by_itself", by=None, side=Side.LENDER)
    except Taken:
        return False  # someone was quicker: the lender answers
    change(loan, status=LoanStatus.ACCEPTED, accepted_at=timezone.now())
    notifications.accepted(event)
    return True


def _alike(loan: Loan, resource: Resource, borrower: Organisation, periods: Sequence[Period], quantity: int) -> bool:
    """Whether a loan is what is asked for again: the same form sent twice, not one changed after the Back button."""
    same = (loan.resource_id, loan.borrower_id, loan.quantity) == (resource.pk, borrower.pk, quantity)
    asked = sorted((p.lower, p.upper) for p in periods)
    return same and [(d.period.lower, d.period.upper) for d in loan.dates.all()] == asked


def answer_by(now: datetime.datetime, first: datetime.datetime) -> datetime.datetime:
    """A week, or until it begins; never less than an hour."""
    return max(now + datetime.timedelta(hours=1), min(now + ANSWER_WITHIN, first))


def _lower(period: Period) -> datetime.datetime:
    return period.lower


def _take(loan: Loan) -> None:
    dates = LoanDate.objects.filter(loan=loan, cancelled_at__isnull=True).order_by("period")
    calendar.occupy(loan.resource, list(dates.values_list("period", "act")), loan.quantity)


@transaction.atomic
def accept(loan: Loan, *, by: Any, version: int | None = None, note: str = "", **people: Any) -> Loan:
    """The lender says yes: the units are taken. Raises ``Taken``, ``Held``, AlreadyMoved or PermissionDenied.

    What follows comes after: the agreement that it calls for (``amendments.follow_acceptance``), the e-mails.
    ``people``: who is lent and when she said yes, as her employer records it.
    """
    if loan.held_at:
        require(bool(side_for(by, loan, "accept")))
        raise Held
    if people.get("consent_on"):
        people["consent_by"] = by
    event = move(loan, "accept", by=by, version=version, note=note, accepted_at=timezone.now(), **people)
    _take(loan)
    notifications.accepted(event)
    return loan


def is_person_settled(loan: Loan) -> bool:
    """Whether a text to sign, or signed, names who is lent: someone else is another loan, which she signs herself."""
    settled = (AgreementStatus.TO_SIGN, AgreementStatus.IN_FORCE)
    return bool(loan.worker) and loan.agreements.filter(amends__isnull=True, status__in=settled).exists()


@transaction.atomic
def record_person(loan: Loan, *, by: Any, version: int | None = None, **people: Any) -> Loan:
    """The employer names the person lent, and when she said yes; again when she changes, until a text names her."""
    holds = loan.status in (LoanStatus.ACCEPTED, LoanStatus.HANDED_OVER)
    require(Side.LENDER in sides_of(by, loan) and holds and loan.resource.kind == Kind.HUMAIN)
    require(not is_person_settled(loan))
    change(loan, version=version, consent_by=by, **people)
    tell(loan, "record_person", by=by, side=Side.LENDER)
    amendments.follow(loan, by=by)
    return loan


@transaction.atomic
def decline(loan: Loan, *, by: Any, reason: str, version: int | None = None) -> Loan:
    """The lender says no, and why."""
    move(loan, "decline", by=by, version=version, note=reason)
    _drop_proposal(loan, by)
    notifications.declined(loan, by=by, reason=reason)
    return loan


@transaction.atomic
def withdraw(loan: Loan, *, by: Any, reason: str = "", version: int | None = None) -> Loan:
    """The borrower no longer asks."""
    move(loan, "withdraw", by=by, version=version, note=reason)
    _drop_proposal(loan, by)
    notifications.withdrawn(loan, by=by, reason=reason)
    return loan


@transaction.atomic
def cancel(loan: Loan, *, by: Any, reason: str, version: int | None = None) -> Loan:
    """Either side calls an accepted loan off: everything it held is free."""
    event = move(loan, "cancel", by=by, version=version, note=reason)
    calendar.release(*loan.dates.values_list("act", flat=True))
    _drop_proposal(loan, by)
    ending.cancel_with(loan, by=by, side=event.side, reason=reason)
    notifications.cancelled(loan, by=by, side=event.side, reason=reason)
    return loan


@transaction.atomic
def cancel_date(date: LoanDate, *, by: Any, reason: str = "", version: int | None = None) -> Loan:
    """Either side calls one date of a series off; the others stand. The last one left is cancelled with the loan.

    Raises ``Begun`` once it has: what took place, and what is due for it, stays.
    """
    loan = date.loan
    sides = sides_of(by, loan)
    require(bool(sides) and loan.status in (LoanStatus.REQUESTED, LoanStatus.ACCEPTED, LoanStatus.HANDED_OVER))
    kept = list(loan.dates.filter(cancelled_at__isnull=True).exclude(pk=date.pk))
    require(bool(kept))
    if date.has_begun:
        raise Begun
    if not LoanDate.objects.filter(pk=date.pk, cancelled_at__isnull=True).update(cancelled_at=timezone.now()):
        raise AlreadyMoved
    change(
        loan, version=version, starts_at=min(d.period.lower for d in kept), ends_at=max(d.period.upper for d in kept)
    )
    calendar.release(date.act)
    ending.drop_change(loan, by=by, reason=_("Une date est annulée : proposez de nouveau le changement."))
    side = Side.LENDER if Side.LENDER in sides else Side.BORROWER
    tell(loan, "cancel_date", by=by, side=side, note=reason, data={"date": date.period.lower.isoformat()})
    notifications.date_cancelled(loan, date, by=by, side=side, reason=reason)
    amendments.follow(loan, by=by)
    return loan


@transaction.atomic
def let_through(loan: Loan, *, by: Any, version: int | None = None) -> Loan:
    """The lender examines a held request all the same; the story keeps it."""
    require(bool(side_for(by, loan, "accept")) and loan.held_at is not None)
    change(loan, version=version, held_at=None)
    tell(loan, "let_through", by=by, side=Side.LENDER)
    return loan


@transaction.atomic
def release(loan: Loan) -> Loan:
    """The borrower owes nothing any more: the portal lets her held request through, as if it were just asked."""
    change(loan, held_at=None)
    tell(loan, "let_through", by=None)
    if not _accepted_by_itself(loan):
        notifications.released(loan)
    return loan


@transaction.atomic
def expire(loan: Loan) -> Loan:
    """Nobody answered in time: the portal says so to both."""
    waiting = loan.proposals.filter(status="waiting").first()
    move(loan, "expire", by=None)
    _drop_proposal(loan, None)
    notifications.expired(loan, silent=other(waiting.side) if waiting else Side.LENDER)
    return loan


def _drop_proposal(loan: Loan, by: Any) -> None:
    """What awaited an answer no longer does."""
    loan.proposals.filter(status="waiting").update(status="withdrawn", answered_by=by, answered_at=timezone.now())


@transaction.atomic
def write(loan: Loan, *, by: Any, text: str, once: str = "") -> LoanMessage:
    """A message from one side to the other; whoever belongs to both speaks for the lender. ``once`` as in ``ask``."""
    sides = sides_of(by, loan)
    require(bool(sides))
    mark = first_sending(once, by=by) if once else None
    said = made_by(once, LoanMessage, by=by) if once and mark is None else None
    if said and (said.loan_id, said.text) == (loan.pk, text.strip()):
        return said
    side = Side.LENDER if Side.LENDER in sides else Side.BORROWER
    organisation = loan.lender if side == Side.LENDER else loan.borrower
    message = LoanMessage.objects.create(loan=loan, organisation=organisation, by=by, text=text.strip())
    remember(mark, message)
    notifications.written(loan, message, side=side)
    return message


def looks_like_placement(lender: Organisation) -> int:
    """How many people-loans an organisation accepted in a year, from the number that deserves a notice; 0 below."""
    since = timezone.now() - datetime.timedelta(days=365)
    n = Loan.objects.filter(lender=lender, resource__kind=Kind.HUMAIN, accepted_at__gte=since).count()
    return n if n >= MANY_PEOPLE_LOANS else 0
