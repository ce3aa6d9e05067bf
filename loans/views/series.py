"""The dates of a series: what happened to each, month by month, and those that can still be called off."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from directory.permissions import require
from loans import checklists, hours
from loans.forms.hours import HoursForm
from loans.models import Loan, LoanDate, LoanEvent, LoanStatus, Side
from loans.permissions import sides_of
from loans.recurrence import series_in_words
from loans.views.loan import CANCELLABLE, seen
from mutualisation.kernel.lifecycle import AlreadyMoved
from mutualisation.kernel.moments import wall

LOST = (LoanStatus.DECLINED, LoanStatus.EXPIRED, LoanStatus.CANCELLED)


@dataclass
class Line:
    """One date: where it stands, and what happened then, in sentences that may lead to a page; the hours to note."""

    date: LoanDate
    state: str
    tone: str = "info"
    told: list[tuple[str, str]] = field(default_factory=list)
    noted: LoanEvent | None = None
    form: HoursForm | None = None


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def loan_dates(request: HttpRequest, pk: int) -> HttpResponse:
    """All the dates of a loan, for its two organisations; the hours of a person are noted there."""
    loan = seen(request, pk)
    if request.method == "POST":
        return _noted(request, loan)
    return _page(request, loan)


def _noted(request: HttpRequest, loan: Loan) -> HttpResponse:
    date = next((d for d in loan.dates.all() if str(d.pk) == request.POST.get("date")), None)
    if date is None or not hours.is_past(date) or not hours.are_noted(loan):
        raise Http404
    require(bool(sides_of(request.user, loan)))
    form = HoursForm(request.POST, date=date, before=hours.last_noting(loan, date))
    if not form.is_valid():
        return _page(request, loan, form, status=422)
    sent = request.POST.get("vu", "")
    shown = int(sent) if sent.isascii() and sent.isdigit() and len(sent) < 18 else 0
    try:
        hours.note_hours(date, by=request.user, seen=shown, **form.cleaned_data)
    except AlreadyMoved:
        said = _("Rien n’est enregistré : d’autres heures ont été notées pour cette date entre-temps. Comparez-les aux "
                 "vôtres, puis enregistrez celles qui sont justes.")  # fmt: skip
        form.add_error("minutes", said)
        return _page(request, loan, form, status=409)
    messages.success(request, _("C’est noté : les deux organismes le voient."))
    return redirect(f"{request.path}#date-{date.pk}")


def _page(request: HttpRequest, loan: Loan, sent: HoursForm | None = None, *, status: int = 200) -> HttpResponse:
    """The page; ``sent`` is the form of hours that was refused."""
    now, acts = timezone.now(), bool(sides_of(request.user, loan))
    lines = _lines(loan, now)
    live = [line.date for line in lines if line.date.cancelled_at is None]
    past = [line for line in lines if line.date.period.upper <= now]
    may_note = acts and hours.are_noted(loan)
    for line in past if may_note else ():
        if hours.is_past(line.date):
            line.form = HoursForm(date=line.date, before=line.noted)
            if sent and sent.date == line.date:
                sent.before, line.form = line.noted, sent
    done = [line.noted.data["minutes"] for line in lines if line.noted and line.date.cancelled_at is None]
    context = {
        "loan": loan,
        "words": series_in_words([date.period for date in live], loan.recurrence) if len(live) > 1 else "",
        "count": len(lines),
        "cancelled": len(lines) - len(live),
        "past": _by_month(past),
        "past_count": len(past),
        "coming": _by_month([line for line in lines if line.date.period.upper > now]),
        "may_cancel": len(live) > 1 and acts and loan.status in CANCELLABLE,
        "may_note": may_note,
        "worked": hours.in_words(sum(done)) if done else "",
        "worked_count": len(done),
        "form": sent,
    }
    return render(request, "loans/loan/series.html", context, status=status)


def _lines(loan: Loan, now: Any) -> list[Line]:
    dates = list(loan.dates.order_by("period", "id"))
    coming = [d for d in dates if d.cancelled_at is None and d.period.upper > now]
    lines = [_line(loan, date, now, coming[:1] == [date]) for date in dates]
    sides = {Side.LENDER.value: loan.lender.name, Side.BORROWER.value: loan.borrower.name}
    events = list(loan.events.filter(verb__in=("cancel_date", hours.NOTED)))
    noted = hours.notings(events)

    def in_words(event: LoanEvent) -> dict[str, str]:
        return {"n": hours.in_words(event.data["minutes"]), "who": sides.get(event.side, "")}

    for line in lines:
        if rows := noted.get(line.date.pk):
            line.noted = event = rows[-1]
            line.told.append((_("Heures faites : %(n)s, notées par %(who)s") % in_words(event), ""))
            line.told += [(event.note, "")] if event.note else []
            for replaced in rows[-2:-1]:
                line.told.append((_("En remplacement de %(n)s, notées par %(who)s") % in_words(replaced), ""))
    for event in (event for event in events if event.verb == "cancel_date"):
        for line in lines:
            if line.date.cancelled_at and line.date.period.lower.isoformat() == event.data.get("date"):
                said_so = _("Annulée par %(who)s") % {"who": sides.get(event.side, "")}
                line.told.append((f"{said_so} : {event.note}" if event.note else said_so, ""))
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
