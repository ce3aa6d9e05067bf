"""What a calendar shows: day by day, how free some resources are; and when each is taken, without saying by whom."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from django.db import models
from django.db.models.functions import Lower, Upper
from django.utils.translation import gettext_lazy as _

from directory.models import Occupation, Resource
from directory.opening import LAST_MINUTE, Opening
from mutualisation.kernel.moments import wall, whole_days

NEVER = datetime.datetime(9999, 1, 1)  # noqa: DTZ001 - wall-clock time, as all that is compared here


class DayState(models.TextChoices):
    FREE = "free", _("libre")
    PART = "part", _("libre en partie")
    TAKEN = "taken", _("pris")
    CLOSED = "closed", _("fermé")


@dataclass(frozen=True)
class Day:
    """One day of one resource: ``free`` units are so all day; ``busy`` are the periods when none is."""

    day: datetime.date
    state: DayState
    free: int
    busy: list[tuple[datetime.datetime, datetime.datetime]] = field(default_factory=list)


def days(resources: Collection[Resource], first: datetime.date, count: int) -> dict[int, list[Day]]:
    """Day by day, how free each of these resources is, in four queries whatever their number. By resource id."""
    period = whole_days(first, first + datetime.timedelta(days=count - 1))
    parts: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for pk, whole, quantity in Resource.objects.filter(part_of__in=resources).values_list("pk", "part_of", "quantity"):
        parts[whole or 0].append((pk, quantity))
    ids = [r.pk for r in resources] + [pk for those in parts.values() for pk, _q in those]
    held: dict[int, list[tuple[int, datetime.datetime, datetime.datetime]]] = defaultdict(list)
    rows = Occupation.objects.filter(resource__in=ids, period__overlap=period).order_by()
    rows = rows.annotate(begins=Lower("period"), ends=Upper("period"))
    for pk, unit, begins, ends in rows.values_list("resource_id", "unit", "begins", "ends"):
        held[pk].append((unit, wall(begins), wall(ends) if ends else NEVER))
    opening = Opening.of(resources)
    calendar = [first + datetime.timedelta(days=n) for n in range(count)]
    return {r.pk: [_day(r, day, held, parts.get(r.pk, []), opening) for day in calendar] for r in resources}


def _day(
    resource: Resource, day: datetime.date, held: dict[int, Any], parts: list[tuple[int, int]], opening: Opening
) -> Day:
    """``held`` is in wall-clock time."""
    hours = opening.hours(resource, day)
    if not hours:
        return Day(day, DayState.CLOSED, 0)
    begins = [datetime.datetime.combine(day, a) for a, _b in hours]
    ends = [
        datetime.datetime.combine(day, b)
        + (datetime.timedelta(minutes=1) if b == LAST_MINUTE else datetime.timedelta())
        for _a, b in hours
    ]
    mine = _during(held.get(resource.pk, ()), begins[0], ends[-1])
    free = resource.quantity - len({unit for unit, _a, _b in mine})
    for pk, quantity in parts:
        theirs = _during(held.get(pk, ()), begins[0], ends[-1])
        free = min(free, (quantity - len({u for u, _a, _b in theirs})) * resource.quantity // quantity)
        mine = mine + [(-pk * 100_000 - u, a, b) for u, a, b in theirs] if quantity == 1 else mine
    if free > 0:
        return Day(day, DayState.FREE, free)
    busy = _none_free(mine, resource.quantity, bool(parts))
    gaps = _gaps(list(zip(begins, ends, strict=True)), busy)
    least = datetime.timedelta(minutes=resource.min_minutes or 30)
    partly = any(b - a >= least for a, b in gaps)
    return Day(day, DayState.PART if partly else DayState.TAKEN, 0, busy)


def _during(rows: Any, start: datetime.datetime, end: datetime.datetime) -> list[Any]:
    return [(unit, max(a, start), min(b, end)) for unit, a, b in rows if a < end and b > start]


def _none_free(rows: list[Any], quantity: int, has_parts: bool) -> list[tuple[datetime.datetime, datetime.datetime]]:
    """When no unit is free: as many hold at once as there are units (one is enough where a part is taken)."""
    edges: list[tuple[datetime.datetime, int]] = []
    needed = 1 if has_parts and quantity == 1 else quantity
    for _unit, a, b in rows:
        edges += [(a, 1), (b, -1)]
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
