"""The week in which the time of a person is offered: what her schedule says, what dates ask beyond it.

Said to who asks and to who answers; nothing is refused for it.
"""

from __future__ import annotations

import datetime
import math
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from directory.models import Kind, Resource
from loans.models import Loan, LoanDate, LoanStatus
from mutualisation.kernel.moments import DAY, Period, day_in_words, read_hour, span, wall
from mutualisation.kernel.search import normalise

_NAMES = "lundi mardi mercredi jeudi vendredi samedi dimanche".split()
_DAY = rf"(?:{'|'.join(_NAMES)})s?"
_HOUR = r"\d{1,2} ?[h:] ?(?:\d{2})?"
# « Le jeudi, de 8 h 30 à 16 h 30 », « mardi au vendredi », « les lundis et mercredis, 9 h à 17 h », nothing more
_WEEK = re.compile(
    rf"(?:les? |tous les |chaque )?(?:du )?(?P<days>{_DAY}(?:(?:,? et |, | au ){_DAY})*)"
    rf"(?:,? (?:de )?(?P<opens>{_HOUR}) ?a (?P<closes>{_HOUR}))?\.?"
)
LENT = (LoanStatus.ACCEPTED, LoanStatus.HANDED_OVER)


@dataclass(frozen=True)
class Week:
    """The days of the week that are offered (1 is Monday), and the hours of each, when it says."""

    days: tuple[int, ...]
    hours: tuple[datetime.time, datetime.time] | None

    def holds(self, period: Period) -> bool:
        start, end = _ends(period)
        if not {day.isoweekday() for day in _days(period)} <= {*self.days}:
            return False
        return self.hours is None or (self.hours[0] <= start.time() and end.time() <= self.hours[1])


def week_of(resource: Resource) -> Week | None:
    """The week that a schedule says; None when it says something else, or more than days and hours."""
    plain = " ".join(normalise(resource.schedule).split())
    found = _WEEK.fullmatch(plain) if resource.kind == Kind.HUMAIN else None
    if found is None:
        return None
    days: set[int] = set()
    for first, last in re.findall(rf"({_DAY})(?: au ({_DAY}))?", found["days"]):
        days |= {*range(_number(first), _number(last or first) + 1)}
    opens, closes = (read_hour(found[name] or "") for name in ("opens", "closes"))
    return Week(tuple(sorted(days)), (opens, closes) if opens and closes and opens < closes else None) if days else None


def first_values(resource: Resource, *, day_said: bool) -> dict[str, Any]:
    """What the form that asks for a person opens with; a day said already has its own weekday."""
    week = week_of(resource)
    found: dict[str, Any] = {}
    if week and not day_said:
        found["weekdays"] = list(week.days)
    if week and week.hours:
        found |= {"starts_at": week.hours[0], "ends_at": week.hours[1]}
    return found


def remarks(resource: Resource, periods: Sequence[Period], *, loan: Loan | None = None) -> list[str]:
    """What these dates ask of a person beyond what is offered, in sentences; ``loan`` is the one they are of."""
    if resource.kind != Kind.HUMAIN or not periods:
        return []
    return [*_outside(resource, periods), *_too_often(resource, periods, loan)]


def _outside(resource: Resource, periods: Sequence[Period]) -> list[str]:
    week = week_of(resource)
    out = [period for period in periods if week and not week.holds(period)]
    if not out:
        return []
    said = ngettext(
        "L’horaire offert est « %(schedule)s » : %(day)s n’y est pas.",
        "L’horaire offert est « %(schedule)s » : %(n)d dates n’y sont pas, à commencer par %(day)s.", len(out),
    )  # fmt: skip
    return [said % {"schedule": resource.schedule, "n": len(out), "day": _the(wall(out[0].lower).date())}]


def _too_often(resource: Resource, periods: Sequence[Period], loan: Loan | None) -> list[str]:
    """The weeks that would hold more days than are offered, those lent already counted."""
    most = math.ceil(resource.days_per_week or 0)
    asked = _by_week(periods)
    if not most or not asked:
        return []
    whole = span(min(p.lower for p in periods) - 7 * DAY, max(p.upper for p in periods) + 7 * DAY)
    others = LoanDate.objects.filter(
        loan__resource=resource, loan__status__in=LENT, cancelled_at__isnull=True, period__overlap=whole
    )
    lent = _by_week(others.exclude(loan=loan).values_list("period", flat=True))
    over = [monday for monday in sorted(asked) if len(asked[monday] | lent[monday]) > most]
    if not over:
        return []
    first = over[0]
    n, already = len(asked[first] | lent[first]), len(lent[first])
    days = ngettext("%(n)d jour", "%(n)d jours", n) % {"n": n}
    if already:
        days = ngettext("%(days)s, dont %(n)d déjà prêté", "%(days)s, dont %(n)d déjà prêtés", already) % {
            "days": days, "n": already,
        }  # fmt: skip
    said = ngettext(
        "Part de temps offerte : « %(share)s ». La semaine du %(day)s compterait %(days)s.",
        "Part de temps offerte : « %(share)s ». %(weeks)d semaines en compteraient plus; celle du %(day)s, %(days)s.",
        len(over),
    )  # fmt: skip
    share = resource.time_share or _("%(n)s jours par semaine") % {"n": f"{resource.days_per_week:g}"}
    return [said % {"share": share, "weeks": len(over), "day": day_in_words(first, "j F Y"), "days": days}]


def _by_week(periods: Any) -> defaultdict[datetime.date, set[datetime.date]]:
    """The days of these periods, by the Monday of their week."""
    found: defaultdict[datetime.date, set[datetime.date]] = defaultdict(set)
    for day in (day for period in periods for day in _days(period)):
        found[day - DAY * day.weekday()].add(day)
    return found


def _days(period: Period) -> list[datetime.date]:
    start, end = _ends(period)
    return [start.date() + DAY * n for n in range((end.date() - start.date()).days + 1)]


def _ends(period: Period) -> tuple[datetime.datetime, datetime.datetime]:
    """On the wall; what ends at midnight ends the day before."""
    end = wall(period.upper)
    return wall(period.lower), end - datetime.timedelta(minutes=1) if end.time() == datetime.time() else end


def _number(name: str) -> int:
    return _NAMES.index(name.removesuffix("s")) + 1


def _the(day: datetime.date) -> str:
    return _("le %(day)s") % {"day": day_in_words(day)}
