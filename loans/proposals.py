"""Other terms: a counter-proposal before acceptance, a change or an extension after. Both sides must agree.

A proposal holds no time: what it asks for is taken when the other side accepts it, or it is refused then. Where an
agreement is signed, it is held at that moment, and taken once the amendment is signed too (holding.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone

from directory import calendar
from directory.models import Resource
from directory.permissions import require
from loans import amendments, holding, notifications
from loans.holding import least_quantity
from loans.lifecycle import change, move, tell
from loans.models import AgreementStatus, Loan, LoanStatus, Proposal, Side
from loans.models.proposal import cost_of
from loans.permissions import other, sides_of
from loans.requests import Held, Refused, answer_by, let_through
from mutualisation.kernel.lifecycle import AlreadyMoved
from mutualisation.kernel.moments import Period

CHANGEABLE = (LoanStatus.REQUESTED, LoanStatus.COUNTERED, LoanStatus.ACCEPTED, LoanStatus.HANDED_OVER)
FREE = ("too_many", "taken")
HOURS = ("too_short", "too_long", "closed_start", "closed_end", "closed_between")  # what the lender said of its hours


def can_propose(user: Any, loan: Loan) -> bool:
    """Whether this person may propose other terms now: nothing else awaits an answer, unless she answers it so."""
    waiting = waiting_proposal(loan)
    sides = sides_of(user, loan)
    if loan.status not in CHANGEABLE or not sides:
        return False
    return waiting is None or bool(sides - {waiting.side})


def waiting_proposal(loan: Loan) -> Proposal | None:
    return loan.proposals.filter(status=Proposal.Status.WAITING).select_related("resource").first()


def check(
    loan: Loan, *, side: str, resource: Resource, periods: Sequence[Period], quantity: int
) -> list[tuple[Period, list[calendar.Refusal]]]:
    """The dates that can't be proposed, with why; what the loan itself holds aside. Empty when all can.

    A date that stays as it was is only asked whether it is free. The borrower is asked of the lender's hours as in a
    request; the lender opens them as he likes.
    """
    if said := holding.forgets(loan, resource, periods):
        return [(periods[0], [calendar.Refusal("begun", said)])]
    dates = loan.dates.filter(cancelled_at__isnull=True)
    before = {(date.period.lower, date.period.upper) for date in dates} if resource.pk == loan.resource_id else set()
    acts, found = holding.acts(loan), []
    for period in periods:
        rules = [*FREE]
        if (period.lower, period.upper) not in before:
            rules += ["too_far"] if loan.status == LoanStatus.HANDED_OVER else ["too_far", "past"]
            if side == Side.BORROWER:
                rules += [rule for rule in HOURS if rule != "closed_start" or period.lower != loan.starts_at]
        if some := calendar.refusals(resource, period, quantity, ignoring=acts, rules=rules):
            found.append((period, some))
    return found


def outside_hours(proposal: Proposal) -> list[str]:
    """Which of its own hours the lender makes an exception to by proposing these dates, in sentences."""
    if proposal.side != Side.LENDER:
        return []
    found = calendar.refusals_each(proposal.resource, proposal.periods, proposal.quantity)
    return list(dict.fromkeys(refusal.sentence for _p, some in found for refusal in some if refusal.code in HOURS))


@transaction.atomic
def propose(
    loan: Loan,
    *,
    by: Any,
    side: str,
    periods: Sequence[Period],
    quantity: int,
    resource: Resource | None = None,
    conditions: str = "",
    cost: Mapping[str, Any] | None = None,
    message: str = "",
    version: int | None = None,
) -> Proposal:
    """Propose other dates, quantity, resource, conditions or ``cost``; answering a proposal by another replaces it.

    Without ``cost``, another resource is lent at its own; what is signed keeps the cost that it says.
    Raises ``calendar.Taken`` when this can't be had now, ``Refused`` when ``check`` says no otherwise, AlreadyMoved.
    """
    require(side in sides_of(by, loan) and loan.status in CHANGEABLE)
    resource = resource or loan.resource
    require(resource.organisation_id == loan.lender_id)
    waiting = waiting_proposal(loan)
    if waiting and waiting.side == side:
        raise AlreadyMoved
    if quantity < least_quantity(loan):
        raise AlreadyMoved
    if wrong := check(loan, side=side, resource=resource, periods=periods, quantity=quantity):
        for period, some in wrong:
            if any(refusal.code in FREE for refusal in some):
                raise calendar.Taken(period, calendar.free_count(resource, period, ignoring=holding.acts(loan)))
        raise Refused(wrong)
    if loan.held_at and side == Side.LENDER:  # to propose is to examine it all the same
        let_through(loan, by=by, version=version)
        version = None
    if waiting:
        _answer(waiting, Proposal.Status.DECLINED, by=by)
    delay: dict[str, Any] = {}
    if loan.is_open:  # the other side has as long to answer as if it were just asked
        delay["answer_by"] = answer_by(timezone.now(), min(p.lower for p in periods))
    if loan.status == LoanStatus.REQUESTED and side == Side.LENDER:
        move(loan, "counter", by=by, version=version, **delay)
    elif loan.status == LoanStatus.COUNTERED and side == Side.BORROWER:
        move(loan, "answer_back", by=by, version=version, **delay)
    else:
        change(loan, version=version, **delay)
    proposal = Proposal.objects.create(
        loan=loan, kind=_kind(loan, resource, periods, quantity), side=side, resource=resource,
        periods=sorted(periods, key=lambda p: p.lower), quantity=quantity, conditions=conditions, message=message,
        made_by=by, **_cost(loan, resource, cost),
    )  # fmt: skip
    tell(loan, "propose", by=by, side=side, note=message, data={"proposal": proposal.pk, "kind": proposal.kind})
    notifications.proposed(proposal)
    return proposal


def keeps_cost(loan: Loan) -> bool:
    """Whether an agreement in force says what the loan costs."""
    return loan.agreements.filter(amends__isnull=True, status=AgreementStatus.IN_FORCE).exists()


def _cost(loan: Loan, resource: Resource, asked: Mapping[str, Any] | None) -> Mapping[str, Any]:
    if keeps_cost(loan):
        return cost_of(loan)
    return asked or cost_of(loan if resource.pk == loan.resource_id else resource)


def _kind(loan: Loan, resource: Resource, periods: Sequence[Period], quantity: int) -> str:
    if loan.status in (LoanStatus.REQUESTED, LoanStatus.COUNTERED):
        return Proposal.Kind.COUNTER
    same = resource.pk == loan.resource_id and quantity == loan.quantity and len(periods) == 1
    later = same and periods[0].lower == loan.starts_at and periods[0].upper > loan.ends_at
    return Proposal.Kind.EXTENSION if later else Proposal.Kind.CHANGE


@transaction.atomic
def agree(proposal: Proposal, *, by: Any, note: str = "", version: int | None = None) -> Loan:
    """The other side accepts: the loan takes these terms, and its time if it holds any; or waits for an amendment.

    Raises ``calendar.Taken`` when someone else got it meanwhile (nothing changes), AlreadyMoved, ``Held``.
    """
    loan = proposal.loan
    side = other(proposal.side)
    require(side in sides_of(by, loan))
    if loan.held_at:
        raise Held
    _answer(proposal, Proposal.Status.ACCEPTED, by=by)
    proposal.loan = loan  # one and the same from here on: what is written of it is what it has become
    old_resource = loan.resource
    old_acts = list(loan.dates.values_list("act", flat=True))
    terms = proposal.terms()
    if loan.status == LoanStatus.COUNTERED:
        move(loan, "agree", by=by, version=version, note=note, accepted_at=timezone.now(), **terms)
    elif loan.status == LoanStatus.REQUESTED:
        move(loan, "accept", by=by, version=version, note=note, accepted_at=timezone.now(), **terms)
    else:
        if proposal.quantity < least_quantity(loan) or holding.forgets(loan, proposal.resource, proposal.periods):
            raise AlreadyMoved
        if amendment := amendments.ahead(proposal, by=by):
            change(loan, version=version)
            tell(loan, "agree", by=by, side=side, note=note, data={"proposal": proposal.pk, "kind": proposal.kind})
            holding.hold(proposal, amendment)
            notifications.to_amend(proposal, by=by, note=note)
            return loan
        if loan.status == LoanStatus.HANDED_OVER:  # what is added leaves later
            terms["to_come"] = loan.to_come + proposal.quantity - loan.quantity
        change(loan, version=version, late_reminded_at=None, **terms)
        tell(loan, "agree", by=by, side=side, note=note, data={"proposal": proposal.pk, "kind": proposal.kind})
    dates = holding.replace_dates(loan, proposal.periods)
    calendar.move((old_resource, old_acts), (loan.resource, [(d.period, d.act) for d in dates], loan.outstanding))
    holding.cover_early(loan, timezone.now())
    notifications.agreed(proposal, by=by, note=note)
    amendments.follow(loan, by=by, another=old_resource.pk != loan.resource_id)
    return loan


@transaction.atomic
def refuse(proposal: Proposal, *, by: Any, reason: str = "", version: int | None = None) -> Loan:
    """The other side says no: a refused counter-proposal ends the request, a refused change leaves the loan as is."""
    loan = proposal.loan
    side = other(proposal.side)
    require(side in sides_of(by, loan))
    _answer(proposal, Proposal.Status.DECLINED, by=by)
    if loan.status == LoanStatus.COUNTERED:
        move(loan, "refuse", by=by, version=version, note=reason)
    elif loan.status == LoanStatus.REQUESTED:
        move(loan, "decline", by=by, version=version, note=reason)
    else:
        change(loan, version=version)
        tell(loan, "refuse_change", by=by, side=side, note=reason, data={"proposal": proposal.pk})
    notifications.refused(proposal, by=by, reason=reason)
    return loan


@transaction.atomic
def take_back(proposal: Proposal, *, by: Any, version: int | None = None) -> Loan:
    """Whoever proposed thinks better of it: the loan stands as before."""
    loan = proposal.loan
    require(proposal.side in sides_of(by, loan))
    _answer(proposal, Proposal.Status.WITHDRAWN, by=by)
    delay: dict[str, Any] = {"answer_by": answer_by(timezone.now(), loan.starts_at)} if loan.is_open else {}
    if loan.status == LoanStatus.COUNTERED:
        move(loan, "take_back", by=by, version=version, **delay)
    else:
        change(loan, version=version, **delay)
        tell(loan, "take_back", by=by, side=proposal.side, data={"proposal": proposal.pk})
    notifications.taken_back(proposal, by=by)
    return loan


def _answer(proposal: Proposal, status: str, *, by: Any) -> None:
    standing = Proposal.objects.filter(pk=proposal.pk, status=Proposal.Status.WAITING)
    if not standing.update(status=status, answered_by=by, answered_at=timezone.now()):
        raise AlreadyMoved
    loan = proposal.loan
    proposal.refresh_from_db()
    proposal.loan = loan  # the one that changes next, not another reading of it
