"""What a calendar shows: day by day, how free some resources are; and when each is taken, without saying by whom."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from django.db import connection, models
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from directory.models import Resource
from directory.opening import LAST_MINUTE, MIDNIGHT, Hours, Opening, clock, holiday
from mutualisation.kernel import moments
from mutualisation.kernel.moments import wall, whole_days

# Which resources first, by their ids: asked across the join, PostgreSQL read the month of them all.
HELD = """
    SELECT o.resource_id, r.quantity, r.part_of_id, lower(o.period), upper(o.period), array_agg(o.unit)
      FROM directory_occupation o JOIN directory_resource r ON r.id = o.resource_id
     WHERE r.id IN (SELECT id FROM directory_resource
                     WHERE id = ANY(%s::bigint[]) OR part_of_id = ANY(%s::bigint[]))
       AND o.period && %s
     GROUP BY 1, 2, 3, 4, 5"""
NEVER = datetime.datetime(9999, 1, 1)  # noqa: DTZ001 - wall-clock time, as all that is compared here


class DayState(models.TextChoices):
    FREE = "free", _("libre")
    PART = "part", _("libre en partie")
    TAKEN = "taken", _("pris")
    CLOSED = "closed", _("fermé")
    PAST = "past", _("passé")


@dataclass(slots=True)
class Day:
    """One day of one resource: ``free`` units are so all day; ``busy`` are the periods when none is.

    ``hours`` are those when it opens; ``name`` is what the day is called: a holiday, or what its owner said of it.
    """

    day: datetime.date
    state: DayState
    free: int
    busy: list[tuple[datetime.datetime, datetime.datetime]] = field(default_factory=list)
    hours: Hours = field(default_factory=list)
    name: str = ""

    @property
    def weekend(self) -> bool:
        return self.day.isoweekday() > 5


Held = tuple[list[int], datetime.datetime, datetime.datetime]  # units, from, until: wall-clock


def days(
    resources: Collection[Resource], first: datetime.date, count: int, *, opening: Opening | None = None
) -> dict[int, list[Day]]:
    """Day by day, how free each of these resources is, in two queries whatever their number. By resource id."""
    period = whole_days(first, first + datetime.timedelta(days=count - 1))
    opening = opening or Opening.of(resources)
    parts: dict[int, dict[int, int]] = defaultdict(dict)  # of a whole: its parts that something holds, their quantity
    held: dict[tuple[int, int], list[Held]] = defaultdict(list)
    ids = [r.pk for r in resources]
    with connection.cursor() as cursor:
        cursor.execute(HELD, [ids, ids, period])
        rows = cursor.fetchall()
    for pk, quantity, whole, begins, ends, units in rows:
        start, end = wall(begins), wall(ends) if ends else NEVER
        if whole:
            parts[whole][pk] = quantity
        last = min((end.date() - first).days, count - 1)
        for number in range(max((start.date() - first).days, 0), last + 1):
            held[pk, number].append((units, start, end))
    now = wall(timezone.now())
    calendar = [
        (n, day, holiday(day)) for n, day in enumerate(first + datetime.timedelta(days=n) for n in range(count))
    ]

    def days_of(resource: Resource) -> list[Day]:
        those = list(parts[resource.pk].items())
        return [
            _day(resource, day, n, held, those, now, *opening.on(resource, day, feast)) for n, day, feast in calendar
        ]

    return {r.pk: days_of(r) for r in resources}


def _day(
    resource: Resource,
    day: datetime.date,
    number: int,
    held: dict[tuple[int, int], list[Held]],
    parts: list[tuple[int, int]],
    now: datetime.datetime,
    name: str,
    hours: Hours,
) -> Day:
    if not hours:
        return Day(day, DayState.CLOSED, 0, name=name)
    own = held.get((resource.pk, number), [])
    over = _is_over(day, hours, now)
    if not own and not any((pk, number) in held for pk, _quantity in parts):
        return Day(day, DayState.PAST if over else DayState.FREE, resource.quantity, hours=hours, name=name)
    begins = [datetime.datetime.combine(day, a) for a, _b in hours]
    ends = [
        datetime.datetime.combine(day, b)
        + (datetime.timedelta(minutes=1) if b == LAST_MINUTE else datetime.timedelta())
        for _a, b in hours
    ]
    mine = _during(own, begins[0], ends[-1])
    free = resource.quantity - _units(mine)
    for pk, quantity in parts:
        theirs = _during(held.get((pk, number), []), begins[0], ends[-1])
        free = min(free, (quantity - _units(theirs)) * resource.quantity // quantity)
        if quantity == 1:
            mine = mine + [([-pk], a, b) for _u, a, b in theirs]
    if free > 0:
        return Day(day, DayState.PAST if over else DayState.FREE, free, hours=hours, name=name)
    busy = _none_free(mine, resource.quantity)
    gaps = _gaps(list(zip(begins, ends, strict=True)), busy)
    least = datetime.timedelta(minutes=resource.min_minutes or 30)
    state = DayState.TAKEN
    if over and any(b - a >= least for a, b in gaps):
        state = DayState.PAST
    elif any(b - max(a, now) >= least for a, b in gaps):
        state = DayState.PART
    return Day(day, state, 0, busy, hours, name)


def _is_over(day: datetime.date, hours: Hours, now: datetime.datetime) -> bool:
    """Whether its last hour of opening is behind: nobody can have it any more."""
    closes = hours[-1][1]
    return day < now.date() or (day == now.date() and closes != LAST_MINUTE and closes <= now.time())


def _units(rows: list[Held]) -> int:
    return len({unit for units, _a, _b in rows for unit in units})


def _during(rows: list[Held], start: datetime.datetime, end: datetime.datetime) -> list[Held]:
    return [(units, max(a, start), min(b, end)) for units, a, b in rows if a < end and b > start]


def _none_free(rows: list[Held], needed: int) -> list[tuple[datetime.datetime, datetime.datetime]]:
    """When no unit is free: as many are held at once as there are."""
    edges: list[tuple[datetime.datetime, int]] = []
    for units, a, b in rows:
        edges += [(a, len(units)), (b, -len(units))]
    found: list[tuple[datetime.datetime, datetime.datetime]] = []
    depth, since = 0, None
    for when, step in sorted(edges):
        depth += step
        if depth >= needed and since is None:
            since = when
        elif depth < needed and since is not None:
            if found and found[-1][1] == since:
                found[-1] = (found[-1][0], when)
            elif when > since:
                found.append((since, when))
            since = None
    return found


def _gaps(
    windows: list[tuple[datetime.datetime, datetime.datetime]], busy: list[tuple[datetime.datetime, datetime.datetime]]
) -> list[tuple[datetime.datetime, datetime.datetime]]:
    """What is left of the opening once the busy periods are out."""
    left = []
    for start, end in windows:
        for a, b in busy:
            if b <= start or a >= end:
                continue
            if a > start:
                left.append((start, a))
            start = max(start, b)
        if start < end:
            left.append((start, end))
    return left


# ---- in words

MARKS = {DayState.FREE: "l", DayState.PART: "p", DayState.TAKEN: "x", DayState.CLOSED: "f", DayState.PAST: "f"}


def marks(shown: Sequence[Day]) -> str:
    """A letter a day: what a card draws."""
    return "".join(MARKS[day.state] for day in shown)


def short(day: Day, quantity: int) -> str:
    """« libre », « 12 libres », « en partie », « pris », « fermé », « passé »."""
    if day.state == DayState.FREE and quantity > 1:
        return ngettext("%(n)d libre", "%(n)d libres", day.free) % {"n": day.free}
    return gettext("en partie") if day.state == DayState.PART else str(day.state.label)


def words(day: Day, quantity: int) -> str:
    """« libre », « 12 libres sur 50 », « libre en partie : pris de 9 h à 12 h », « fermé (Noël) »."""
    said = str(day.state.label)
    if day.state == DayState.FREE and quantity > 1:
        said = gettext("%(free)s sur %(n)d") % {"free": short(day, quantity), "n": quantity}
    if day.state == DayState.PART or (day.state == DayState.PAST and day.busy):
        said = gettext("%(state)s : pris %(hours)s") % {"state": said, "hours": spans(day)}
    return f"{said} ({day.name})" if day.name else said


def spans(day: Day) -> str:
    """When it is taken, in hours of that day."""
    midnight = datetime.datetime.combine(day.day, MIDNIGHT)
    pairs = [(a, clock(LAST_MINUTE) if b - midnight >= moments.DAY else clock(b.time())) for a, b in day.busy]
    return ", ".join(gettext("de %(a)s à %(b)s") % {"a": clock(a.time()), "b": b} for a, b in pairs)
