"""A change agreed on after the signature: what it needs is held, it takes effect once its amendment is signed.

Until then the loan stays as it was signed: what is signed binds, what is not yet does not (docs/decisions/0019).
Refused or left too long, there is nothing to put back: what was held is free again.
"""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from directory import calendar
from directory.models import Resource
from loans import notifications
from loans.lifecycle import change, tell
from loans.models import Agreement, AgreementStatus, Loan, LoanDate, LoanStatus, Proposal
from loans.standing import moment_words
from mutualisation.kernel.moments import Period, span, wall


class TooLate(Exception):  # noqa: N818 - it is an answer, not a fault
    """What left meanwhile is more than the change would lend, or other: it can no longer take effect."""


def pending(loan: Loan) -> Proposal | None:
    """The change that both agreed on and that its amendment, to sign, keeps from taking effect."""
    rows = loan.proposals.filter(amendment__status=AgreementStatus.TO_SIGN)
    return rows.select_related("resource", "amendment").first()


def acts(loan: Loan) -> list[uuid.UUID]:
    """All that a loan holds time under: its dates, and the change that waits for signatures."""
    waiting = loan.proposals.filter(amendment__status=AgreementStatus.TO_SIGN).values_list("act", flat=True)
    return [*loan.dates.values_list("act", flat=True), *(act for act in waiting if act)]


def least_quantity(loan: Loan) -> int:
    """Fewer than this can't be lent: they left already."""
    return loan.quantity - loan.to_come if loan.status == LoanStatus.HANDED_OVER else 1


def forgets(loan: Loan, resource: Resource, periods: Sequence[Period]) -> str:
    """Why such terms can't be: they would forget what left already, whose time would be free while it is out."""
    if loan.status != LoanStatus.HANDED_OVER:
        return ""
    if resource.pk != loan.resource_id:
        return _("C’est déjà remis : ce qui est prêté ne change plus. Inscrivez son retour, puis demandez autre chose.")
    starts = {period.lower for period in periods}
    for date in loan.dates.filter(cancelled_at__isnull=True).order_by("period"):
        if date.has_begun and date.period.lower not in starts:
            said = _("C’est déjà remis : ce qui a commencé garde son début, %(when)s. Changez la fin, ou ce qui suit.")
            return said % {"when": moment_words(date.period.lower)}
    return ""


def cover_early(loan: Loan, at: datetime.datetime) -> None:
    """What left before its first day holds its time from then on. Raises ``calendar.Taken``: somebody else has it.

    A place does not leave: only its keys do.
    """
    if loan.is_of_place:
        return
    date = loan.dates.filter(cancelled_at__isnull=True).order_by("period", "id").first()
    if date is None or at >= date.period.lower or loan.status != LoanStatus.HANDED_OVER:
        return
    early = span(at, date.period.upper)
    calendar.move((loan.resource, [date.act]), (loan.resource, [(early, date.act)], loan.out))
    if loan.to_come:
        calendar.occupy(loan.resource, [(date.period, date.act)], loan.to_come)


@transaction.atomic
def hold(proposal: Proposal, amendment: Agreement) -> None:
    """Keep what this change needs beside what the loan holds. Raises ``calendar.Taken``: nothing is kept then."""
    loan = proposal.loan
    proposal.amendment, proposal.act = amendment, uuid.uuid4()
    proposal.save(update_fields=["amendment", "act"])
    own = list(loan.dates.values_list("act", flat=True))
    count = max(1, proposal.quantity - loan.returned_quantity)
    calendar.hold(proposal.resource, proposal.periods, count, proposal.act, beside=own)


@transaction.atomic
def take_effect(amendment: Agreement) -> None:
    """Everyone signed: the loan becomes what the amendment says. Raises ``calendar.Taken`` or ``TooLate``.

    Nothing to do for an amendment that follows what the loan already is.
    """
    proposal = Proposal.objects.filter(amendment=amendment).select_related("resource").first()
    if proposal is None:
        return
    loan = Loan.objects.select_for_update(no_key=True).get(pk=amendment.loan_id)
    held = [proposal.act] if proposal.act else []
    if loan.status not in (LoanStatus.ACCEPTED, LoanStatus.HANDED_OVER):
        calendar.release(*held)
        return
    if proposal.quantity < least_quantity(loan) or forgets(loan, proposal.resource, proposal.periods):
        raise TooLate
    terms = proposal.terms()
    if loan.status == LoanStatus.HANDED_OVER:  # what is added leaves later
        terms["to_come"] = loan.to_come + proposal.quantity - loan.quantity
    before, own = loan.resource, list(loan.dates.values_list("act", flat=True))
    change(loan, late_reminded_at=None, **terms)
    dates = replace_dates(loan, proposal.periods)
    calendar.move((before, [*own, *held]), (loan.resource, [(d.period, d.act) for d in dates], loan.outstanding))
    cover_early(loan, timezone.now())
    tell(loan, "take_effect", by=None, data={"proposal": proposal.pk, "amendment": amendment.number})
    proposal.loan = loan
    notifications.took_effect(proposal)


@transaction.atomic
def let_go(amendment: Agreement, *, say: bool = True) -> None:
    """It won't be signed: what was held is free, the loan stays as it was signed; ``say``: the story tells it."""
    proposal = Proposal.objects.filter(amendment=amendment, act__isnull=False).select_related("loan").first()
    if proposal is None or proposal.act is None:
        return
    calendar.release(proposal.act)
    if say:
        tell(proposal.loan, "let_go", by=None, data={"proposal": proposal.pk, "amendment": amendment.number})


def replace_dates(loan: Loan, periods: Sequence[Period]) -> list[LoanDate]:
    """The dates in force: those of a day that stays keep their act (so their place in people's calendars).

    Others take the acts that are left, in order; what is left then is called off.
    """
    left = list(loan.dates.filter(cancelled_at__isnull=True).order_by("period", "id"))
    found: dict[int, LoanDate] = {}
    for index, period in enumerate(periods):
        same = next((d for d in left if wall(d.period.lower).date() == wall(period.lower).date()), None)
        if same:
            left.remove(same)
            found[index] = same
    for index, period in enumerate(periods):
        if index not in found:
            found[index] = left.pop(0) if left else LoanDate(loan=loan)
        date = found[index]
        date.period = period
        date.save()
    LoanDate.objects.filter(pk__in=[d.pk for d in left]).update(cancelled_at=timezone.now())
    return [found[index] for index in range(len(periods))]
