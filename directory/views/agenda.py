"""When is it free? The month and the week of a resource, and of what an organisation shares; pages and a feed."""

from __future__ import annotations

import calendar
import datetime
import re
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import groupby

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.dates import MONTHS, WEEKDAYS
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from directory import agenda
from directory.agenda import Day, DayState
from directory.exchange.ics import busy_feed, free_busy
from directory.models import Closure, Occupation, Organisation, Reason, Resource
from directory.opening import LAST_MINUTE, MIDNIGHT, clock, day_words
from directory.permissions import can_block, can_edit, is_member, readable
from directory.views.listing import conditional
from directory.views.resource import renamed
from mutualisation.kernel.days import read_day
from mutualisation.kernel.facets import AGENDA
from mutualisation.kernel.moments import DAY, day_in_words, wall, whole_days
from mutualisation.kernel.pagination import asked_page, pager

TABLES = ("directory_resource", "directory_organisation", AGENDA)
SHOWN = (
    "slug", "name", "kind", "quantity", "min_minutes", "closed_on_holidays", "is_paused", "is_live", "horizon_days",
    "notice_hours", "visibility", "status", "territory", "organisation__slug", "organisation__name",
    "organisation__status", "organisation__territory",
)  # fmt: skip
BEHIND, AHEAD = 366, 5 * 366  # days that can be looked at, before and after today
ROWS = 20
SUNDAY_FIRST = calendar.Calendar(firstweekday=6)


@dataclass
class Span:
    """What a page shows: a month or a week, and where the links around it lead."""

    first: datetime.date
    count: int
    week: bool
    title: str
    previous: str = ""
    following: str = ""
    other: str = ""  # the same moment, as a month or as a week
    here: str = ""
    notices: list[str] = field(default_factory=list)

    @property
    def last(self) -> datetime.date:
        return self.first + datetime.timedelta(days=self.count - 1)


@dataclass
class Cell:
    """A day as drawn. ``href`` leads to what can be done that day; ``reasons`` are for the owner’s members only."""

    day: datetime.date
    state: str = ""
    short: str = ""
    weekday: str = ""
    month: str = ""
    href: str = ""
    act: str = ""
    outside: bool = False
    today: bool = False
    reasons: list[str] = field(default_factory=list)
    loans: bool = False
    shown: Day | None = None
    quantity: int = 1

    @property
    def number(self) -> str:
        return str(self.day.day)

    @property
    def words(self) -> str:
        return agenda.words(self.shown, self.quantity) if self.shown else ""

    @property
    def hours(self) -> str:
        """« ouvert de 9 h à 17 h »; nothing when it is all day."""
        spans = self.shown.hours if self.shown else []
        if spans == [(MIDNIGHT, LAST_MINUTE)] or not spans:
            return ""
        return _("ouvert %(hours)s") % {
            "hours": ", ".join(_("de %(a)s à %(b)s") % {"a": clock(a), "b": clock(b)} for a, b in spans)
        }

    @property
    def named(self) -> str:
        """« le vendredi 4 décembre »."""
        return day_words(self.day)


def asked_span(request: HttpRequest) -> Span:
    """The month or the week that the address asks for; today’s when it makes no sense, and it says so."""
    today, notices = timezone.localdate(), []
    week = "semaine" in request.GET
    text = " ".join((request.GET.get("semaine") or request.GET.get("mois") or "").split())[:40]
    try:
        day = read_day(f"{text}-01" if re.fullmatch(r"\d{4}-\d{1,2}", text) else text) if text else today
    except ValidationError as error:
        day, notices = None, error.messages
    if day is not None and not -BEHIND <= (day - today).days <= AHEAD:
        notices.append(_("On regarde d’un an en arrière à cinq ans en avant : voici aujourd’hui."))
        day = None
    day = day or today
    if week:
        first = day - datetime.timedelta(days=day.isoweekday() % 7)
        last = first + 6 * DAY
        shown = Span(first, 7, True, _("Semaine du %(a)s au %(b)s") % {
            "a": day_in_words(first, "j F"), "b": day_in_words(last, "j F Y"),
        }, notices=notices)  # fmt: skip
        around = [(f"semaine={d.isoformat()}", d) for d in (first - 7 * DAY, last + DAY)]
        shown.here, shown.other = f"semaine={first.isoformat()}", f"mois={day:%Y-%m}"
    else:
        first = day.replace(day=1)
        length = calendar.monthrange(first.year, first.month)[1]
        shown = Span(first, length, False, date_format(first, "F Y").capitalize(), notices=notices)
        around = [(f"mois={d:%Y-%m}", d) for d in (first - DAY, shown.last + DAY)]
        start = today if first <= today <= shown.last else first
        shown.here, shown.other = f"mois={first:%Y-%m}", f"semaine={start.isoformat()}"
    before, after = around
    shown.previous = before[0] if (before[1] - today).days >= -BEHIND else ""
    shown.following = after[0] if (after[1] - today).days <= AHEAD else ""
    return shown


@login_not_required
@require_safe
@conditional(*TABLES)
def resource_agenda(request: HttpRequest, slug: str) -> HttpResponse:
    """The month, or the week, of a resource: free, in part, taken, closed. Its owner’s members also see why."""
    visible = Resource.objects.visible_to(request.user)
    resource = readable(Resource.objects.select_related("organisation").only(*SHOWN), request.user, slug)
    if resource is None:
        return renamed(visible, slug)
    span = asked_span(request)
    team = can_block(request.user, resource)
    shown = agenda.days([resource], span.first, span.count)[resource.pk]
    today = timezone.localdate()
    cells = _cells(resource, shown, today)
    closures = _why(resource, span, cells) if team else []
    _lead(cells, resource, today, team=team)
    response = render(
        request,
        "directory/resource/agenda.html",
        {
            "resource": resource,
            "organisation": resource.organisation,
            "span": span,
            "cells": cells,
            "weeks": [] if span.week else _weeks(cells),
            "weekdays": [str(WEEKDAYS[n]) for n in SUNDAY_FIRST.iterweekdays()],
            "bars": [(cell, _bar(cell.shown)) for cell in cells] if span.week else [],
            "named": [run.words for run in _runs(resource, shown, named=True)],
            "team": team,
            "closures": closures,
            "as_list": request.GET.get("vue") == "liste",
            "today": today,
        },
    )
    if not resource.is_public:
        response["X-Robots-Tag"] = "noindex"
    return response


def _cells(resource: Resource, days: list[Day], today: datetime.date) -> list[Cell]:
    """The days as cells; the words that they share are looked up once."""
    weekdays = [str(WEEKDAYS[n]) for n in range(7)]
    months = {number: str(MONTHS[number]) for number in {day.day.month for day in days}}
    alike = {(day.state, day.free): day for day in days}
    short = {key: agenda.short(day, resource.quantity) for key, day in alike.items()}
    return [
        Cell(
            day.day, day.state.value, short[day.state, day.free], weekdays[day.day.weekday()], months[day.day.month],
            today=day.day == today, shown=day, quantity=resource.quantity,
        )
        for day in days
    ]  # fmt: skip


def _weeks(cells: list[Cell]) -> list[list[Cell]]:
    """The cells in rows of seven, Sunday first, days of other months around them."""
    known = {cell.day: cell for cell in cells}
    first = cells[0].day
    return [
        [known.get(day) or Cell(day, outside=True) for day in week]
        for week in SUNDAY_FIRST.monthdatescalendar(first.year, first.month)
    ]


def _lead(cells: list[Cell], resource: Resource, today: datetime.date, *, team: bool) -> None:
    """Where days lead: to their loans or their blocking for the team, to a request for anyone else, or nowhere."""
    loans = f"{reverse('loan_list')}?ressource={resource.slug}"
    ours, theirs = (f"{reverse(name, args=[resource.slug])}?du=" for name in ("resource_closing", "loan_request"))
    asks = not team and resource.is_live and not resource.is_paused
    soonest = resource.notice_hours // 24  # a day that notice ends in may still do, by its evening
    see, block, ask = _("voir les prêts"), _("bloquer ou libérer"), _("demander ce jour")
    for cell in cells:
        ahead = (cell.day - today).days
        if cell.loans:
            cell.href, cell.act = loans, see
        elif team and ahead >= 0 and cell.state not in (DayState.CLOSED, DayState.PAST):
            cell.href, cell.act = ours + cell.day.isoformat(), block
        elif asks and cell.state in (DayState.FREE, DayState.PART) and soonest <= ahead <= resource.horizon_days:
            cell.href, cell.act = theirs + cell.day.isoformat(), ask


def _why(resource: Resource, span: Span, cells: list[Cell]) -> list[Closure]:
    """Tell the team what takes each day: the reasons, and the blocked times with their notes. Two queries."""
    period = whole_days(span.first, span.last)
    rows = Occupation.objects.filter(Q(resource=resource) | Q(resource__part_of=resource), period__overlap=period)
    reasons: dict[datetime.date, set[str]] = defaultdict(set)
    for reason, taken in rows.order_by().values_list("reason", "period").distinct():
        day = max(wall(taken.lower).date(), span.first)
        last = wall(taken.upper - datetime.timedelta(microseconds=1)).date() if taken.upper else span.last
        while day <= min(last, span.last):
            reasons[day].add(reason)
            day += DAY
    for cell in cells:
        found = reasons.get(cell.day, set())
        cell.reasons = [str(reason.label) for reason in Reason if reason.value in found]
        cell.loans = Reason.LOAN.value in found
    return list(Closure.objects.filter(resource=resource, period__overlap=period).select_related("created_by"))


def _bar(day: Day | None) -> list[tuple[str, int, int]]:
    """The day from midnight to midnight, in minutes: when it is open, and when all of it is taken."""
    if day is None:
        return []
    midnight = datetime.datetime.combine(day.day, datetime.time())

    def minute(moment: datetime.datetime) -> int:
        return round((moment - midnight).total_seconds() / 60)

    found = [("o", a.hour * 60 + a.minute, b.hour * 60 + b.minute) for a, b in day.hours]
    found += [("t", minute(a), minute(b)) for a, b in day.busy]
    return [(name, start, end - start) for name, start, end in found]


@login_not_required
@require_safe
@conditional(*TABLES)
def resource_ics(request: HttpRequest, slug: str) -> HttpResponse:
    """When a resource is taken, for a calendar program: no name, no reason."""
    return _read_by_programs(request, slug, busy_feed)


@login_not_required
@require_safe
@conditional(*TABLES)
def resource_ifb(request: HttpRequest, slug: str) -> HttpResponse:
    """When none is left, for a program that plans a meeting."""
    return _read_by_programs(request, slug, free_busy)


def _read_by_programs(request: HttpRequest, slug: str, write: Callable[..., HttpResponse]) -> HttpResponse:
    rows = Resource.objects.select_related("organisation").defer("search")
    resource = readable(rows, request.user, slug)
    if resource is None:
        raise Http404
    response = write(resource, request.build_absolute_uri)
    if not resource.is_public:
        response["X-Robots-Tag"] = "noindex"
    return response


# ---- of an organisation


@dataclass
class Run:
    """Days in a row that are alike."""

    state: str
    count: int
    words: str
    short: str


@login_not_required
@require_safe
@conditional(*TABLES)
def organisation_agenda(request: HttpRequest, slug: str) -> HttpResponse:
    """What an organisation shares, a row each: when it is free, for who may see it."""
    organisation = readable(Organisation.objects.defer("search"), request.user, slug)
    if organisation is None:
        raise Http404
    span = asked_span(request)
    mine = request.user.is_authenticated and is_member(request.user, organisation)
    shared = Resource.objects.visible_to(request.user).filter(organisation=organisation)
    shared = shared.published() if mine else shared.listed()
    total = shared.count()
    number = min(asked_page(request.GET.get("page")) or 1, max(1, -(-total // ROWS)))
    found = list(shared.defer("search").order_by("kind", "sort_key", "id")[(number - 1) * ROWS : number * ROWS])
    shown = agenda.days(found, span.first, span.count) if found else {}
    head = [span.first + n * DAY for n in range(span.count)]
    return render(
        request,
        "directory/organisation/agenda.html",
        {
            "organisation": organisation,
            "span": span,
            "head": head,
            "rows": [(r, _runs(r, shown[r.pk])) for r in found],
            "pager": pager(number, total, ROWS, lambda n: f"?{span.here}&page={n}"),
            "as_list": request.GET.get("vue") == "liste",
            "mine": mine,
            "editable": request.user.is_authenticated and can_edit(request.user, organisation),
            "today": timezone.localdate(),
        },
    )


def _runs(resource: Resource, days: list[Day], *, named: bool = False) -> list[Run]:
    """The days of a resource, those that are alike together: « du 3 au 7 : libre »; or only those with a name."""
    found = []

    def state_of(day: Day) -> DayState:  # of fifty chairs, five free is not « libre »
        return DayState.PART if day.state == DayState.FREE and day.free < resource.quantity else day.state

    for (state, name), some in groupby(days, key=lambda day: (state_of(day), day.name)):
        if named and not name:
            continue
        alike = list(some)
        first, last = alike[0].day, alike[-1].day
        when = day_words(first) if first == last else _("du %(a)s au %(b)s") % {
            "a": day_in_words(first, "j"), "b": day_in_words(last, "j F"),
        }  # fmt: skip
        said = str(state.label) + (f" ({name})" if name else "")
        found.append(Run(state.value, len(alike), _("%(when)s : %(state)s") % {"when": when, "state": said},
                         agenda.short(replace(alike[0], state=state), 1)))  # fmt: skip
    return found
