"""The dates of a series: what happened to each, month by month, and those that can still be called off."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from loans import checklists
from loans.models import Loan, LoanDate, LoanStatus, Side
from loans.permissions import sides_of
from loans.recurrence import series_in_words
from loans.views.loan import CANCELLABLE, seen
from mutualisation.kernel.moments import wall

LOST = (LoanStatus.DECLINED, LoanStatus.EXPIRED, LoanStatus.CANCELLED)


@dataclass
class Line:
    """One date: where it stands, and what happened then, in sentences that may lead to a page."""

    date: LoanDate
    state: str
    tone: str = "info"
    told: list[tuple[str, str]] = field(default_factory=list)


@never_cache
@require_safe
def loan_dates(request: HttpRequest, pk: int) -> HttpResponse:
    """All the dates of a loan, for its two organisations."""
    loan = seen(request, pk)
    now = timezone.now()
    lines = _lines(loan, now)
    live = [line.date for line in lines if line.date.cancelled_at is None]
    past = [line for line in lines if line.date.period.upper <= now]
    context = {
        "loan": loan,
        "words": series_in_words([date.period for date in live], loan.recurrence) if len(live) > 1 else "",
        "count": len(lines),
        "cancelled": len(lines) - len(live),
        "past": _by_month(past),
        "past_count": len(past),
        "coming": _by_month([line for line in lines if line.date.period.upper > now]),
        "may_cancel": len(live) > 1 and bool(sides_of(request.user, loan)) and loan.status in CANCELLABLE,
    }
    return render(request, "loans/loan/series.html", context)


def _lines(loan: Loan, now: Any) -> list[Line]:
    dates = list(loan.dates.order_by("period", "id"))
    coming = [d for d in dates if d.cancelled_at is None and d.period.upper > now]
    lines = [_line(loan, date, now, coming[:1] == [date]) for date in dates]
    sides = {Side.LENDER.value: loan.lender.name, Side.BORROWER.value: loan.borrower.name}
    for event in loan.events.filter(verb="cancel_date"):
        for line in lines:
            if line.date.cancelled_at and line.date.period.lower.isoformat() == event.data.get("date"):
                said = _("Annulée par %(who)s") % {"who": sides.get(event.side, "")}
                line.told.append((f"{said} : {event.note}" if event.note else said, ""))
    for report in loan.reports.order_by("happened_at", "pk"):
        name = checklists.title(loan, report.moment)
        said = f"{name} : {report.counted}" if loan.quantity > 1 else name
        page = "remise" if report.moment == "handover" else "retour"
        _nearest(lines, report.happened_at).told.append((said, f"{loan.get_absolute_url()}{page}/#fiche-{report.pk}"))
    for incident in loan.incidents.order_by("opened_at", "pk"):
        said = _("Incident : %(what)s") % {"what": incident.description[:80]}
        _nearest(lines, incident.opened_at).told.append((said, incident.get_absolute_url()))
    return lines


def _line(loan: Loan, date: LoanDate, now: Any, is_next: bool) -> Line:
    if date.cancelled_at:
        return Line(date, _("Annulée"), "danger")
    if loan.status in LOST:
        return Line(date, str(loan.get_status_display()).capitalize())
    if loan.is_open:
        return Line(date, _("Demandée"))
    if date.period.upper <= now:
        return Line(date, _("Passée"), "ok")
    if date.period.lower <= now:
        return Line(date, _("En cours"), "act")
    return Line(date, _("La prochaine") if is_next else _("À venir"), "act" if is_next else "info")


def _nearest(lines: list[Line], instant: Any) -> Line:
    """The date that something of that instant is about; a sheet is filled around it, not always during it."""
    held = [line for line in lines if line.date.cancelled_at is None] or lines

    def away(line: Line) -> Any:
        begins, ends = line.date.period.lower, line.date.period.upper
        return max(begins - instant, instant - ends, begins - begins)

    return min(held, key=away)


def _by_month(lines: list[Line]) -> list[tuple[str, list[Line]]]:
    found: dict[str, list[Line]] = {}
    for line in lines:
        found.setdefault(date_format(wall(line.date.period.lower), "F Y").capitalize(), []).append(line)
    return list(found.items())
