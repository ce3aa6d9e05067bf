"""Hand-over and return: the sheet that one side fills and the other confirms, and what comes back a part at a time.

The loan moves when the sheet is filled, not when it is confirmed: what left has left, and what came back is free at
once (docs/decisions/0011). Contesting reopens the sheet, correcting it corrects the calendar too.
What does not leave at first is free again, unless it leaves later (``to_come``): then it stays promised.
"""

from __future__ import annotations

import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from directory import calendar
from directory.models import Kind
from directory.permissions import require
from loans import ending, gate, holding, notifications
from loans.counting import Sheet, check, counted, first, last
from loans.lifecycle import change, move, side_for, tell
from loans.models import ConditionReport, Loan, LoanStatus, Moment, Side
from loans.permissions import sides_of
from loans.standing import moment_words
from mutualisation.kernel.lifecycle import AlreadyMoved
from mutualisation.kernel.moments import span

OUT = (LoanStatus.HANDED_OVER, LoanStatus.RETURNED)
MINUTE = datetime.timedelta(minutes=1)  # as finely as people say when
MOVE = {Moment.HANDOVER: "hand_over", Moment.RETURN: "bring_back"}


class Obstructed(Exception):  # noqa: N818 - it is an answer, not a fault
    """Something must be done before handing over; ``reasons`` are sentences."""

    def __init__(self, reasons: list[str]) -> None:
        super().__init__(" ".join(reasons))
        self.reasons = reasons


class StillOpen(Exception):  # noqa: N818 - it is an answer, not a fault
    """An incident is not settled: the loan can't end yet."""


def obstacles(loan: Loan) -> list[str]:
    """What must be done between the acceptance and the hand-over, in sentences: the page shows them, the verb refuses.

    The one gate: agreements to sign say theirs here too.
    """
    found = []
    if loan.resource.kind == Kind.HUMAIN and loan.consent_on is None:
        found.append(
            _("L’accord de la personne n’est pas inscrit : son employeur la nomme et dit quand elle a dit oui.")
        )
    return found + gate.missing(loan)


def awaits(loan: Loan, moment: str) -> bool:
    """Whether something is left to hand over, or to give back."""
    if moment == Moment.HANDOVER:
        return loan.status == LoanStatus.ACCEPTED or loan.to_come > 0
    return loan.status == LoanStatus.HANDED_OVER and loan.out > 0


def can_fill(user: Any, loan: Loan, moment: str) -> bool:
    """Whether this person may write a hand-over or a return now."""
    return awaits(loan, moment) and bool(side_for(user, loan, MOVE[Moment(moment)]))


@transaction.atomic
def fill(
    loan: Loan, moment: str, *, by: Any, sheet: Sheet, version: int | None = None, rest_later: bool = False
) -> ConditionReport:
    """Write a hand-over or a return: the loan moves, what came back is free from then on, the other side is told.

    ``rest_later``: what does not leave now stays promised, else it is free. Whoever fills confirms for her side.
    Raises PermissionDenied, AlreadyMoved (someone was quicker), ValidationError by field, ``Obstructed``.
    """
    name = MOVE[Moment(moment)]
    side = side_for(by, loan, name)
    require(bool(side))
    _lock(loan, version)
    if not awaits(loan, moment):
        raise AlreadyMoved
    if moment == Moment.HANDOVER and (reasons := obstacles(loan)):
        raise Obstructed(reasons)
    check(loan, moment, sheet)
    now = timezone.now()
    report = ConditionReport.objects.create(
        loan=loan, moment=moment, filled_by=by, filled_side=side, filled_at=now,
        **{f"{side}_by": by, f"{side}_at": now}, **vars(sheet),
    )  # fmt: skip
    told = {"report": report.pk, "counted": sheet.counted, "state": sheet.state}
    if sheet.late_reason:
        told["late_reason"] = sheet.late_reason
    if moment == Moment.HANDOVER:
        rest = (loan.to_come or loan.outstanding) - sheet.counted
        counts: dict[str, Any] = {"to_come": rest if rest_later else 0}
        if rest and not rest_later:
            _free(loan, rest, sheet.happened_at)
            counts["returned_quantity"] = loan.returned_quantity + rest
        if loan.status == LoanStatus.ACCEPTED:
            move(loan, name, by=by, data=told, handed_over_at=sheet.happened_at, **counts)
        else:
            change(loan, **counts)
            tell(loan, "hand_over_rest", by=by, side=side, data=told)
        _cover_early(loan, sheet.happened_at)
        notifications.to_confirm(report)
        return report
    back = sheet.happened_at
    if loan.handed_over_at and back <= loan.handed_over_at:  # written in its minute: what was out leaves a trace
        back = loan.handed_over_at + MINUTE
    _free(loan, sheet.counted, back)
    if sheet.happened_at > loan.ends_at:
        told["late_minutes"] = round((sheet.happened_at - loan.ends_at).total_seconds() / 60)
    if sheet.counted == loan.outstanding:
        move(loan, name, by=by, data=told, returned_at=sheet.happened_at, returned_quantity=loan.quantity)
        _all_back(loan, by)
        notifications.returned(report)
    else:
        change(loan, returned_quantity=loan.returned_quantity + sheet.counted)
        tell(loan, "bring_back_part", by=by, side=side, data={**told, "left": loan.out})
        notifications.partly_returned(report)
    return report


@transaction.atomic
def keep_rest(loan: Loan, *, by: Any, version: int | None = None) -> Loan:
    """What was to leave later will not: it is free from now on. Raises as ``fill`` does."""
    side = side_for(by, loan, "hand_over")
    require(bool(side))
    _lock(loan, version)
    if not loan.to_come:
        raise AlreadyMoved
    now, rest = timezone.now(), loan.to_come
    _free(loan, rest, now)
    change(loan, to_come=0, returned_quantity=loan.returned_quantity + rest)
    tell(loan, "keep_rest", by=by, side=side, data={"rest": rest})
    if not loan.outstanding:
        move(loan, "bring_back", by=by, returned_at=last(loan, Moment.RETURN) or now)
        _all_back(loan, by)
    notifications.rest_kept(loan, rest, side=side)
    return loan


def _all_back(loan: Loan, by: Any) -> None:
    """A change that waited for signatures, an extension, has no object any more: what it held is free."""
    ending.drop_change(loan, by=by, reason=_("Tout est rendu : ce changement n’a plus d’objet."))


def _lock(loan: Loan, version: int | None) -> None:
    """From here on this loan is ours; refuse a page that is no longer true."""
    loan.refresh_from_db(from_queryset=Loan.objects.whole().select_for_update(no_key=True, of=("self",)))
    if version is not None and loan.version != version:
        raise AlreadyMoved


def _free(loan: Loan, count: int, at: datetime.datetime) -> None:
    """Free that many units from a moment on, once the minutes kept after each use have passed."""
    if count:
        kept = datetime.timedelta(minutes=loan.resource.buffer_minutes)
        calendar.release_units(loan.resource, _acts(loan), count, at=at + kept)


def _cover_early(loan: Loan, at: datetime.datetime) -> None:
    """Raises ValidationError when somebody else has the time before the first day."""
    try:
        holding.cover_early(loan, at)
    except calendar.Taken:
        said = _(
            "Ce prêt commence %(when)s, et avant, c’est réservé à quelqu’un d’autre : rien n’est inscrit. Corrigez "
            "l’heure, ou attendez que ce soit libre."
        )
        raise ValidationError({"hour": said % {"when": moment_words(loan.starts_at)}}) from None


def _acts(loan: Loan) -> list[Any]:
    return list(loan.dates.values_list("act", flat=True))


def _retake(loan: Loan, count: int) -> bool:
    """Hold units again for what is left of the dates; False where others have them meanwhile: facts prevail."""
    now, whole = timezone.now(), True
    for date in loan.dates.filter(cancelled_at__isnull=True, period__endswith__gt=now):
        try:
            with transaction.atomic():
                period = span(max(date.period.lower, now), date.period.upper)
                calendar.occupy(loan.resource, [(period, date.act)], count)
        except calendar.Taken:
            whole = False
    return whole


# ---- the other side


def to_confirm(user: Any, report: ConditionReport) -> str:
    """The side for which this person may confirm or contest a sheet; empty when none."""
    if report.loan.status not in (*OUT, LoanStatus.CLOSED):
        return ""
    mine = sides_of(user, report.loan)
    return next((str(side) for side in report.awaits if side in mine), "")


def can_correct(user: Any, report: ConditionReport) -> bool:
    """Either side corrects a sheet until both have confirmed it."""
    return not report.is_confirmed and report.loan.status in OUT and bool(sides_of(user, report.loan))


@transaction.atomic
def confirm(report: ConditionReport, *, by: Any, version: int | None = None) -> ConditionReport:
    """The other side counted the same. Raises AlreadyMoved when the sheet changed since the page was read."""
    side = to_confirm(by, report)
    require(bool(side))
    standing = ConditionReport.objects.filter(
        pk=report.pk, version=report.version if version is None else version, contest="", **{f"{side}_at": None}
    )
    if not standing.update(**{f"{side}_by": by, f"{side}_at": timezone.now()}):
        raise AlreadyMoved
    report.refresh_from_db()
    tell(report.loan, "confirm_sheet", by=by, side=side, data={"report": report.pk, "moment": report.moment})
    notifications.confirmed(report, side=side)
    return report


@transaction.atomic
def contest(report: ConditionReport, *, by: Any, remark: str, version: int | None = None) -> ConditionReport:
    """The other side does not agree, and says with what: the sheet is open again, confirmed by nobody."""
    side = to_confirm(by, report)
    require(bool(side))
    if not remark.strip():
        raise ValidationError({"remark": _("Dites ce qui n’est pas exact.")})
    standing = ConditionReport.objects.filter(
        pk=report.pk, version=report.version if version is None else version, contest=""
    )
    if not standing.update(
        contest=remark.strip()[:2000], version=F("version") + 1,
        lender_by=None, lender_at=None, borrower_by=None, borrower_at=None,
    ):  # fmt: skip
        raise AlreadyMoved
    report.refresh_from_db()
    told = {"report": report.pk, "moment": report.moment}
    tell(report.loan, "contest_sheet", by=by, side=side, note=report.contest, data=told)
    notifications.contested(report, side=side)
    return report


@transaction.atomic
def correct(report: ConditionReport, *, by: Any, sheet: Sheet, version: int | None = None) -> ConditionReport:
    """Correct a sheet that both have not confirmed; the calendar follows, the other side confirms anew.

    Raises AlreadyMoved when someone saved it meanwhile, ValidationError by field.
    """
    loan = report.loan
    require(can_correct(by, report))
    _lock(loan, None)
    report.refresh_from_db()
    if (version is not None and report.version != version) or report.is_confirmed or loan.status not in OUT:
        raise AlreadyMoved
    check(loan, report.moment, sheet, report)
    mine = sides_of(by, loan)
    side = next(str(s) for s in (Side.LENDER, Side.BORROWER) if s in mine)
    change_of_count = sheet.counted - report.counted
    now = timezone.now()
    nobody = {"lender_by": None, "lender_at": None, "borrower_by": None, "borrower_at": None}
    ConditionReport.objects.filter(pk=report.pk).update(
        **vars(sheet), version=F("version") + 1, contest="", filled_by=by, filled_side=side, filled_at=now,
        **{**nobody, f"{side}_by": by, f"{side}_at": now},
    )  # fmt: skip
    report.refresh_from_db()
    told = {"report": report.pk, "moment": report.moment, "counted": sheet.counted, "state": sheet.state}
    tell(loan, "correct_sheet", by=by, side=side, data=told)
    _recount(loan, report, change_of_count, by=by)
    if report.moment == Moment.HANDOVER:
        _cover_early(loan, report.happened_at)
    notifications.to_confirm(report, again=True)
    return report


def _recount(loan: Loan, report: ConditionReport, more: int, *, by: Any) -> None:
    """The loan and the calendar after a sheet counts ``more`` than it did."""
    returns = report.moment == Moment.RETURN
    back = more if returns else -more
    happened: dict[str, Any] = {} if returns else {"handed_over_at": first(loan, Moment.HANDOVER)}
    if not returns and loan.to_come:  # what was counted too many leaves later, too few had left already
        happened["to_come"] = max(0, loan.to_come + back)
        back -= happened["to_come"] - loan.to_come
    if back > 0:
        _free(loan, back, report.happened_at)
    total = loan.returned_quantity + back
    if returns and loan.returned_at:
        happened = {"returned_at": last(loan, Moment.RETURN) or report.happened_at}
    if loan.status == LoanStatus.HANDED_OVER and total == loan.quantity:
        at = last(loan, Moment.RETURN) or report.happened_at
        move(loan, "bring_back", by=by, returned_quantity=total, **{**happened, "returned_at": at})
        _all_back(loan, by)
    elif loan.status == LoanStatus.RETURNED and total < loan.quantity:
        if not side_for(by, loan, "reopen"):
            raise ValidationError({"counted": _("Seul le prêteur peut dire qu’il en manque, une fois tout rendu.")})
        move(loan, "reopen", by=by, returned_quantity=total, **{**happened, "returned_at": None})
    else:
        change(loan, returned_quantity=total, **happened)
    if back < 0:
        _retake(loan, -back)


# ---- the end


@transaction.atomic
def reopen(loan: Loan, *, by: Any, missing: int, reason: str, version: int | None = None) -> Loan:
    """The lender finds that some did not come back: the loan is out again for these. Raises as ``fill`` does."""
    require(bool(side_for(by, loan, "reopen")))
    _lock(loan, version)
    left = counted(loan, Moment.HANDOVER) or loan.quantity
    if not 1 <= missing <= left:
        wrong = _("Il en est parti %(n)d : comptez de nouveau.") % {"n": left}
        raise ValidationError({"missing": wrong})
    move(
        loan, "reopen", by=by, note=reason, data={"missing": missing},
        returned_at=None, returned_quantity=loan.returned_quantity - missing,
    )  # fmt: skip
    _retake(loan, missing)
    notifications.reopened(loan, missing=missing, reason=reason)
    return loan


@transaction.atomic
def close(loan: Loan, *, by: Any, version: int | None = None) -> Loan:
    """The lender ends a loan that came back. Raises ``StillOpen`` while an incident isn't settled."""
    require(bool(side_for(by, loan, "close")))
    if loan.incidents.filter(closed_at__isnull=True).exists():
        raise StillOpen
    move(loan, "close", by=by, version=version)
    return loan
