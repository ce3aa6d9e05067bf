"""When a resource is open: its week, its exceptional days, its organisation's, public holidays. In wall-clock time.

``closed`` says it as conditions on rows of Resource, for all of them in SQL; ``Opening`` reads it to show it.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, NamedTuple

import holidays
from django.conf import settings
from django.db import connection
from django.db.models import BooleanField, F, Func, Q
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from directory.models import Kind, Resource
from mutualisation.kernel import moments
from mutualisation.kernel.moments import Period, wall

MIDNIGHT = datetime.time()
LAST_MINUTE = datetime.time(23, 59)  # what an opening that lasts until midnight ends at
CLOSED = ("closed_start", "closed_end", "closed_between")
CLOSED_THEN = """CASE
    WHEN EXISTS (SELECT FROM directory_exceptionalhours WHERE resource_id = {own}
        AND starts_on <= %s AND ends_on >= %s)
    THEN NOT EXISTS (SELECT FROM directory_exceptionalhours WHERE resource_id = {own}
        AND starts_on <= %s AND ends_on >= %s AND opens_at IS NOT NULL AND {hours})
    WHEN EXISTS (SELECT FROM directory_exceptionalhours WHERE organisation_id = {house}
        AND starts_on <= %s AND ends_on >= %s)
    THEN NOT EXISTS (SELECT FROM directory_exceptionalhours WHERE organisation_id = {house}
        AND starts_on <= %s AND ends_on >= %s AND opens_at IS NOT NULL AND {hours})
    WHEN EXISTS (SELECT FROM directory_openinghours WHERE resource_id = {own})
    THEN %s AND {on_holidays} OR NOT EXISTS (SELECT FROM directory_openinghours WHERE resource_id = {own}
        AND weekday = %s AND {hours})
    ELSE FALSE END"""


# The ordinary weeks, and the days that are not ordinary, in one question.
HOURS = """
    SELECT resource_id, NULL, weekday, opens_at, closes_at, NULL, NULL, '' FROM directory_openinghours
     WHERE resource_id = ANY(%s::bigint[])
    UNION ALL
    SELECT resource_id, organisation_id, 0, opens_at, closes_at, starts_on, ends_on, label
      FROM directory_exceptionalhours WHERE resource_id = ANY(%s::bigint[]) OR organisation_id = ANY(%s::bigint[])"""
Hours = list[tuple[datetime.time, datetime.time]]
_known_holidays: dict[tuple[str, str, int], dict[datetime.date, str]] = {}


def holiday(day: datetime.date) -> str:
    """The name of the public holiday that a day is here, or nothing."""
    country, _dash, region = settings.PORTAL_HOLIDAYS.partition("-")
    if not country:
        return ""
    return _holidays(country, region, day.year).get(day, "")


def _holidays(country: str, region: str, year: int) -> dict[datetime.date, str]:
    key = (country, region, year)
    if key not in _known_holidays:
        language = "fr" if country == "CA" else None
        found = holidays.country_holidays(country, subdiv=region or None, years=year, language=language)
        _known_holidays[key] = dict(found.items())
    return _known_holidays[key]


def closed(period: Period, days_only: bool) -> dict[str, Any]:
    """Opening hours and exceptional days, as conditions: what begins or ends must do so when it is open.

    What is used on the spot for part of one day (premises, people, expertise) must fit in one opening; a thing may
    be kept over closed hours and days.
    """
    start, end = wall(period.lower), wall(period.upper)
    if end.time() == MIDNIGHT:
        end -= datetime.timedelta(minutes=1)
    if days_only:
        found: dict[str, Any] = {"closed_start": Closed(start.date())}
        if end.date() != start.date():
            found["closed_end"] = Closed(end.date())
        return found
    begins = Closed(start.date(), "opens_at <= %s AND closes_at > %s", start.time(), start.time())
    ends = Closed(end.date(), "opens_at < %s AND closes_at >= %s", end.time(), end.time())
    found = {"closed_start": begins, "closed_end": ends}
    if start.date() == end.date():
        within = Closed(start.date(), "opens_at <= %s AND closes_at >= %s", start.time(), end.time())
        found["closed_between"] = ~Q(kind=Kind.MATERIEL) & ~(Q(begins) | Q(ends)) & Q(within)
    return found


class Closed(Func):
    """Whether a resource is closed that day at those hours: by its own exceptions, else by its organisation's, else
    by its week. ``hours`` is what an opening must answer, in SQL, and ``times`` its parameters; any, when not given.

    One text, for what composing it from querysets took longer than answering it.
    """

    output_field = BooleanField()

    def __init__(self, day: datetime.date, hours: str = "TRUE", *times: datetime.time) -> None:
        super().__init__(F("pk"), F("organisation"), F("closed_on_holidays"))
        self.day, self.hours, self.times = day, hours, times

    def as_sql(self, compiler: Any, connection: Any, *_how: Any, **_extra: Any) -> tuple[str, tuple[Any, ...]]:
        own, house, on_holidays = (compiler.compile(each)[0] for each in self.get_source_expressions())
        text = CLOSED_THEN.format(own=own, house=house, on_holidays=on_holidays, hours=self.hours)
        that_day = [self.day, self.day]
        special = [*that_day, *that_day, *self.times]
        return text, (*special, *special, bool(holiday(self.day)), self.day.isoweekday(), *self.times)


class Special(NamedTuple):
    """Days that are not ordinary; closed when no hours are said."""

    starts_on: datetime.date
    ends_on: datetime.date
    label: str
    opens_at: datetime.time | None
    closes_at: datetime.time | None


@dataclass
class Opening:
    """The opening hours of some resources, read in one query: their week, their exceptions, their organisations'."""

    week: dict[int, dict[int, Hours]]  # by resource and weekday, Monday is 1
    own: dict[int, list[Special]]
    house: dict[int, list[Special]]

    @classmethod
    def of(cls, resources: Collection[Resource]) -> Opening:
        week: dict[int, dict[int, Hours]] = defaultdict(lambda: defaultdict(list))
        own: dict[int, list[Special]] = defaultdict(list)
        house: dict[int, list[Special]] = defaultdict(list)
        ids = [r.pk for r in resources]
        with connection.cursor() as cursor:
            cursor.execute(HOURS, [ids, ids, list({r.organisation_id for r in resources})])
            rows = cursor.fetchall()
        for resource, organisation, weekday, opens_at, closes_at, starts_on, ends_on, label in rows:
            if weekday:
                week[resource][weekday].append((opens_at, closes_at))
                continue
            day = Special(starts_on, ends_on, label, opens_at, closes_at)
            (own[resource] if resource else house[organisation]).append(day)
        for hours in (hours for days in week.values() for hours in days.values()):
            hours.sort()
        for those in (*own.values(), *house.values()):
            those.sort(key=lambda day: day.starts_on)
        return cls(week, own, house)

    def week_of(self, resource: Resource) -> list[tuple[str, Hours]]:
        """The ordinary week of a resource, day by day: how the day is called, when it is open."""
        days = self.week.get(resource.pk, {})
        return [(str(WEEKDAYS[number - 1]), days[number]) for number in sorted(days)]

    def _special(self, resource: Resource, day: datetime.date) -> list[Special]:
        for rows in (self.own.get(resource.pk, ()), self.house.get(resource.organisation_id, ())):
            if found := [row for row in rows if row.starts_on <= day <= row.ends_on]:
                return found
        return []

    def on(self, resource: Resource, day: datetime.date, feast: str) -> tuple[str, Hours]:
        """What a day is called, and when it is open then; ``feast`` is the public holiday that the day is."""
        if special := self._special(resource, day):
            return special[0].label, sorted((s.opens_at, s.closes_at) for s in special if s.opens_at and s.closes_at)
        week = self.week.get(resource.pk)
        if not week:
            return feast, [(MIDNIGHT, LAST_MINUTE)]
        if feast and resource.closed_on_holidays:
            return feast, []
        return feast, week.get(day.isoweekday(), [])

    def hours(self, resource: Resource, day: datetime.date) -> Hours:
        """When it is open that day; from midnight to midnight when nothing says."""
        return self.on(resource, day, holiday(day))[1]

    def why_closed(self, resource: Resource, day: datetime.date) -> str:
        return self.on(resource, day, holiday(day))[0]


def day_words(day: datetime.date) -> str:
    return "le\u00a0" + moments.day_in_words(day, "l j F")


def clock(hour: datetime.time) -> str:
    """« 18 h », « 9 h 30 », « minuit » for an opening that lasts all evening."""
    return _("minuit") if hour == LAST_MINUTE else moments.clock(hour)


def duration(minutes: int) -> str:
    """« 45 minutes », « 3 heures », « 2 jours »."""
    if minutes and minutes % 1440 == 0:
        return ngettext("%(n)d jour", "%(n)d jours", minutes // 1440) % {"n": minutes // 1440}
    if minutes and minutes % 60 == 0:
        return ngettext("%(n)d heure", "%(n)d heures", minutes // 60) % {"n": minutes // 60}
    return ngettext("%(n)d minute", "%(n)d minutes", minutes) % {"n": minutes}


def closed_sentence(resource: Resource, day: datetime.date, code: str, opening: Opening | None = None) -> str:
    """Why a moment of this day can’t be asked for: closed, or open at other hours."""
    opening = opening or Opening.of([resource])
    shown = [_("de %(a)s à %(b)s") % {"a": clock(a), "b": clock(b)} for a, b in opening.hours(resource, day)]
    named = day_words(day)
    if not shown:
        why = opening.why_closed(resource, day)
        return _("C’est fermé %(day)s%(why)s.") % {"day": named, "why": f" ({why})" if why else ""}
    said = _(" et ").join(shown)
    if code == "closed_between":
        return _("Cela doit tenir dans les heures d’ouverture : %(day)s, c’est ouvert %(hours)s.") % {
            "day": named, "hours": said,
        }  # fmt: skip
    return _("À cette heure-là, c’est fermé : %(day)s, c’est ouvert %(hours)s.") % {"day": named, "hours": said}
