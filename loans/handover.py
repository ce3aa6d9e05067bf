"""Hand-over and return: the sheet that one side fills and the other confirms, and what comes back a part at a time.

The loan moves when the sheet is filled, not when it is confirmed: what left has left, and what came back is free at
once (docs/decisions/0011). Contesting reopens the sheet, correcting it corrects the calendar too.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, Max, Q, Sum
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from directory import calendar
from directory.models import Kind, Resource
from directory.permissions import require
from loans import gate, notifications
from loans.lifecycle import change, move, side_for, tell
from loans.models import Checklist, ConditionReport, Loan, LoanStatus, Moment, Side
from loans.permissions import sides_of
from mutualisation.kernel.lifecycle import AlreadyMoved
from mutualisation.kernel.moments import span

AFTERWARDS = datetime.timedelta(hours=2)  # what is written later than that says why
AHEAD = datetime.timedelta(minutes=5)  # clocks of telephones
OUT = (LoanStatus.HANDED_OVER, LoanStatus.RETURNED)
MOVE = {Moment.HANDOVER: "hand_over", Moment.RETURN: "bring_back"}


class Obstructed(Exception):  # noqa: N818 - it is an answer, not a fault
    """Something must be done before handing over; ``reasons`` are sentences."""

    def __init__(self, reasons: list[str]) -> None:
        super().__init__(" ".join(reasons))
        self.reasons = reasons


class StillOpen(Exception):  # noqa: N818 - it is an answer, not a fault
    """An incident is not settled: the loan can't end yet."""


@dataclass(frozen=True)
class Sheet:
    """What someone counted and saw. ``checks`` are {"item", "ok", "note"}."""

    counted: int = 1
    state: str = ConditionReport.State.GOOD
    checks: list[dict[str, Any]] = field(default_factory=list)
    note: str = ""
    happened_at: datetime.datetime = field(default_factory=timezone.now)
    late_reason: str = ""


def title(loan: Loan, moment: str) -> str:
    """What the moment is called: one hands a thing over, a person begins."""
    begins = moment == Moment.HANDOVER
    if loan.resource.kind == Kind.HUMAIN:
        return _("Première journée") if begins else _("Dernière journée")
    if loan.resource.kind == Kind.EXPERTISE:
        return _("Début du mandat") if begins else _("Fin du mandat")
    return _("Remise") if begins else _("Retour")


def has_state(loan: Loan) -> bool:
    """Whether what is lent can be worn or damaged: a person or what she knows can't."""
    return loan.resource.kind in (Kind.MATERIEL, Kind.LOCAUX)


def checklist(resource: Resource, moment: str) -> list[str]:
    """What to check, from the most particular list there is: of its category, of its parent, of its kind."""
    category = resource.category
    rank = {category.pk: 0, None: 2} | ({category.parent_id: 1} if category.parent_id else {})
    rows = Checklist.objects.filter(kind=resource.kind, moment=moment)
    rows = rows.filter(Q(category__isnull=True) | Q(category__in=[pk for pk in rank if pk]))
    best = min(rows, key=lambda row: rank[row.category_id], default=None)
    return list(best.items) if best else []


def obstacles(loan: Loan) -> list[str]:
    """What must be done before the hand-over, in sentences: the page shows them, the verb refuses."""
    return gate.missing(loan)


def bounds(loan: Loan, moment: str, report: ConditionReport | None = None) -> tuple[int, int]:
    """The least and the most that may be counted: what remains, and what a corrected sheet already counts."""
    if report is None:
        return 1, max(1, loan.outstanding)
    if moment == Moment.RETURN:
        return 1, report.counted + loan.outstanding
    came_back = loan.reports.filter(moment=Moment.RETURN).aggregate(n=Sum("counted"))["n"] or 0
    never_left = max(0, loan.returned_quantity - came_back)
    return max(1, report.counted - loan.outstanding), report.counted + never_left


def check(loan: Loan, moment: str, sheet: Sheet, report: ConditionReport | None = None) -> None:
    """Raises ValidationError, by field of the sheet, when it can't be so."""
    wrong: dict[str, str] = {}
    now = timezone.now()
    least, most = bounds(loan, moment, report)
    if sheet.counted > most:
        said = ngettext(
            "Il n’en reste que %(n)d : comptez de nouveau.",
            "Il n’en reste que %(n)d : comptez de nouveau.",
            most,
        )
        wrong["counted"] = said % {"n": most}
    elif sheet.counted < least:
        wrong["counted"] = _("Il y en a au moins %(n)d.") % {"n": least}
    if sheet.happened_at > now + AHEAD:
        wrong["hour"] = _("Ce moment n’est pas encore arrivé. Inscrivez-le quand ce sera fait.")
    elif moment == Moment.RETURN and loan.handed_over_at and sheet.happened_at < _minute(loan.handed_over_at):
        wrong["hour"] = _("C’est avant la remise : vérifiez le jour et l’heure.")
    elif moment == Moment.HANDOVER and sheet.happened_at < _minute(loan.requested_at):
        wrong["hour"] = _("C’est avant la demande elle-même : vérifiez le jour et l’heure.")
    elif sheet.happened_at < now - AFTERWARDS and not sheet.late_reason.strip():
        wrong["late_reason"] = _("C’était il y a plus de deux heures : dites pourquoi c’est inscrit après coup.")
    if wrong:
        raise ValidationError(wrong)


def _minute(instant: datetime.datetime) -> datetime.datetime:
    """Its minute: people write hours without seconds."""
    return instant.replace(second=0, microsecond=0)


@transaction.atomic
def fill(loan: Loan, moment: str, *, by: Any, sheet: Sheet, version: int | None = None) -> ConditionReport:
    """Write a hand-over or a return: the loan moves, what came back is free from then on, the other side is told.

    Whoever fills confirms for her side. Raises PermissionDenied, AlreadyMoved (someone was quicker: nothing is
    written over), ValidationError by field, ``Obstructed``.
    """
    name = MOVE[Moment(moment)]
    side = side_for(by, loan, name)
    require(bool(side))
    _lock(loan, version)
    if loan.status not in (LoanStatus.ACCEPTED if moment == Moment.HANDOVER else LoanStatus.HANDED_OVER,):
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
        never_left = loan.outstanding - sheet.counted
        _free(loan, never_left, sheet.happened_at)
        move(loan, name, by=by, data=told, handed_over_at=sheet.happened_at,
             returned_quantity=loan.returned_quantity + never_left)  # fmt: skip
        notifications.to_confirm(report)
        return report
    _free(loan, sheet.counted, sheet.happened_at)
    if sheet.happened_at > loan.ends_at:
        told["late_minutes"] = round((sheet.happened_at - loan.ends_at).total_seconds() / 60)
    if sheet.counted == loan.outstanding:
        move(loan, name, by=by, data=told, returned_at=sheet.happened_at, returned_quantity=loan.quantity)
        notifications.returned(report)
    else:
        change(loan, returned_quantity=loan.returned_quantity + sheet.counted)
        tell(loan, "bring_back_part", by=by, side=side, data={**told, "left": loan.outstanding})
        notifications.partly_returned(report)
    return report


def _lock(loan: Loan, version: int | None) -> None:
    """From here on this loan is ours; refuse a page that is no longer true."""
    loan.refresh_from_db(from_queryset=Loan.objects.select_for_update(no_key=True))
    if version is not None and loan.version != version:
        raise AlreadyMoved


def _free(loan: Loan, count: int, at: datetime.datetime) -> None:
    """Free that many units from a moment on, once the minutes kept after each use have passed."""
    if count:
        kept = datetime.timedelta(minutes=loan.resource.buffer_minutes)
        calendar.release_units(loan.resource, _acts(loan), count, at=at + kept)


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
    notifications.to_confirm(report, again=True)
    return report


def _recount(loan: Loan, report: ConditionReport, more: int, *, by: Any) -> None:
    """The loan and the calendar after a sheet counts ``more`` than it did."""
    returns = report.moment == Moment.RETURN
    back = more if returns else -more
    if back > 0:
        _free(loan, back, report.happened_at)
    total = loan.returned_quantity + back
    happened: dict[str, Any] = {} if returns else {"handed_over_at": report.happened_at}
    if returns and loan.returned_at:
        happened = {"returned_at": _last_return(loan, report.happened_at)}
    if loan.status == LoanStatus.HANDED_OVER and total == loan.quantity:
        at = _last_return(loan, report.happened_at)
        move(loan, "bring_back", by=by, returned_quantity=total, **{**happened, "returned_at": at})
    elif loan.status == LoanStatus.RETURNED and total < loan.quantity:
        if not side_for(by, loan, "reopen"):
            raise ValidationError({"counted": _("Seul le prêteur peut dire qu’il en manque, une fois tout rendu.")})
        move(loan, "reopen", by=by, returned_quantity=total, **{**happened, "returned_at": None})
    else:
        change(loan, returned_quantity=total, **happened)
    if back < 0:
        _retake(loan, -back)


def _last_return(loan: Loan, otherwise: datetime.datetime) -> datetime.datetime:
    return loan.reports.filter(moment=Moment.RETURN).aggregate(at=Max("happened_at"))["at"] or otherwise


# ---- the end


@transaction.atomic
def reopen(loan: Loan, *, by: Any, missing: int, reason: str, version: int | None = None) -> Loan:
    """The lender finds that some did not come back: the loan is out again for these. Raises as ``fill`` does."""
    require(bool(side_for(by, loan, "reopen")))
    _lock(loan, version)
    if not 1 <= missing <= loan.quantity:
        wrong = _("Il en est parti %(n)d : comptez de nouveau.") % {"n": loan.quantity}
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
