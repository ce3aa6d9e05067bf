"""What one can have instead of what is taken: fewer units, other days, something alike; in a few questions."""

from __future__ import annotations

import datetime
import itertools
import math
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Case, Q, Value, When
from django.utils import timezone

from directory import calendar
from directory.models import Kind, Occupation, Resource
from directory.opening import MIDNIGHT, Opening
from directory.taxonomies import categories, family_of
from mutualisation.kernel.moments import Period, moment, span, wall, wall_minutes
from mutualisation.kernel.search import STOP_WORDS, normalise, root, singular, words_of

SHIFTS = (1, -1, 2, -2, 3, -3, 4, -4, 5, -5, 6, -6)  # hours, the nearest first
_PARTS = re.compile(r"[,:;()\u00ab\u00bb]| et | ou | avec ")
# What a title says before or beside the thing itself: how many, how big, how long.
_MEASURES = frozenset(
    """deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize vingt trente quarante
    cinquante soixante cent mille demi petit petite grand grande ensemble lot jour journee semaine mois heure minute
    personne place piece pied pouce litre metre""".split()
)


@dataclass(frozen=True)
class Alternatives:
    """What one can have instead: fewer units at the same time, other times, comparable resources."""

    fewer: int = 0
    periods: list[Period] = field(default_factory=list)
    resources: list[Resource] = field(default_factory=list)


def find(
    resource: Resource, period: Period, quantity: int, *, among: models.QuerySet[Resource], most: int = 3
) -> Alternatives:
    """The nearest ways to say yes. ``among`` is what the reader may see, comparable ones are chosen there."""
    same = set(calendar.refusals(resource, period, 1))
    fewer = 0
    if quantity > 1 and not same:
        fewer = min(calendar.free_count(resource, period), quantity - 1)
    periods = list(itertools.islice(calendar.free_among(resource, _neighbours(period), quantity), most))
    nearby = comparable(resource, period, quantity, among=among, most=most)
    return Alternatives(fewer, sorted(periods, key=lambda p: p.lower), nearby)


def comparable(
    resource: Resource, period: Period, quantity: int, *, among: models.QuerySet[Resource], most: int = 3
) -> list[Resource]:
    """What serves the same use and is free then, the likest first: two questions."""
    nearby = calendar.free_between(_alike(resource, among), period, quantity)
    return list(nearby.for_list()[:most])  # type: ignore[attr-defined]


def _alike(resource: Resource, among: models.QuerySet[Resource]) -> models.QuerySet[Resource]:
    """What serves the same use: what its title names first, then the rest of its category, each nearest first.

    A family is broad, and so is a category that holds others: of these, only what the title names. Who lacks dishes
    has no use for a freezer.
    """
    family, named = family_of(resource.category_id), _naming(resource.name)
    use = named & Q(category__in=family)
    if not categories().children.get(resource.category_id):
        use |= Q(category=resource.category_id)
    ids = among.filter(use, kind=resource.kind).comparable_to(resource, 20, family=family)  # type: ignore[attr-defined]
    ranks = [When(pk=pk, then=Value(rank)) for rank, pk in enumerate(ids)]
    first = Case(When(named, then=Value(0)), default=Value(1))
    return among.filter(pk__in=ids).order_by(first, Case(*ranks, default=Value(len(ids))), "pk")


def _naming(title: str) -> Q:
    """Whose titles name one of the things that this one names."""
    roots = "|".join(things_of(title))
    return Q(sort_key__regex=rf"\m({roots})") if roots else Q(pk__in=[])


def things_of(title: str) -> list[str]:
    """The roots of the things that a title names: in French the first word that tells, of each of its parts.

    « Vaisselle réutilisable pour 120 personnes »: dishes; « Projecteur et écran portatif »: a projector, a screen.
    """
    found = []
    for part in _PARTS.split(normalise(title)):
        telling = (word for word in words_of(part) if word not in STOP_WORDS and not {word, singular(word)} & _MEASURES)
        if thing := next((word for word in telling if len(word) > 2 and not word[0].isdigit()), ""):
            found.append(root(thing))
    return list(dict.fromkeys(found))


@dataclass(frozen=True)
class SeriesWays:
    """Instead of a series: its first date at other hours, other resources; each with how many dates it would have."""

    hours: list[tuple[Period, int]]
    resources: list[tuple[Resource, int]]


def for_series(
    resource: Resource, periods: Sequence[Period], quantity: int, free: int, *, among: models.QuerySet[Resource]
) -> SeriesWays:
    """Other hours of the same days, and what serves alike, that give more dates than the ``free`` ones.

    Five questions, whatever the number of dates: what is held and open is read once and looked at here. It is a
    guide; the calendar itself answers when one asks.
    """
    minutes = max(wall_minutes(p) for p in periods)
    ahead = math.ceil((max(p.upper for p in periods) - timezone.now()) / datetime.timedelta(days=1))
    askable = among.filter(is_paused=False, quantity__gte=quantity)
    askable = askable.exclude(min_minutes__gt=minutes).exclude(max_minutes__lt=minutes).exclude(horizon_days__lt=ahead)
    askable = askable.exclude(kind=Kind.LOCAUX, recurring_allowed=False)
    others = list(_alike(resource, askable).for_list())  # type: ignore[attr-defined]
    looks = _Look([resource, *others], periods, quantity)
    hours = []
    for hour in SHIFTS:
        shifted = [moved for period in periods if (moved := _shifted(period, hour))]
        n = sum(looks.free(resource, period) for period in shifted)
        if n > free:
            hours.append((shifted[0], n))
    resources = [(each, sum(looks.free(each, period) for period in periods)) for each in others]
    better = [(each, n) for each, n in resources if n > free]
    return SeriesWays(sorted(hours, key=lambda way: -way[1])[:2], sorted(better, key=lambda way: -way[1])[:3])


class _Look:
    """What is open and what is held of some resources over all these periods: two questions."""

    def __init__(self, resources: list[Resource], periods: Sequence[Period], quantity: int) -> None:
        self.quantity, self.opening = quantity, Opening.of(resources)
        self.held: dict[int, list[tuple[Period, datetime.timedelta, int | None]]] = defaultdict(list)
        day = datetime.timedelta(days=1)
        around = span(min(p.lower for p in periods) - day, max(p.upper for p in periods) + 2 * day)
        ids = [each.pk for each in resources]
        rows = Occupation.objects.filter(Q(resource__in=ids) | Q(resource__part_of__in=ids), period__overlap=around)
        shown = rows.values_list("resource", "resource__part_of", "resource__buffer_minutes", "unit", "period")
        for own, whole, kept, unit, period in shown:
            self.held[own].append((period, datetime.timedelta(minutes=kept), unit))
            if whole:
                self.held[whole].append((period, datetime.timedelta(minutes=kept), None))

    def free(self, resource: Resource, period: Period) -> bool:
        return self._open(resource, period) and self._left(resource, period)

    def _left(self, resource: Resource, period: Period) -> bool:
        units = {
            unit
            for held, kept, unit in self.held[resource.pk]
            if held.lower < period.upper + kept and (held.upper is None or period.lower < held.upper)
        }
        return None not in units and len(units) <= resource.quantity - self.quantity

    def _open(self, resource: Resource, period: Period) -> bool:
        start, end = wall(period.lower), wall(period.upper)
        if end.time() == MIDNIGHT:
            end -= datetime.timedelta(minutes=1)
        first, last = self.opening.hours(resource, start.date()), self.opening.hours(resource, end.date())
        if start.date() == end.date() and resource.kind != Kind.MATERIEL:
            return any(a <= start.time() and end.time() <= b for a, b in first)
        return any(a <= start.time() < b for a, b in first) and any(a < end.time() <= b for a, b in last)


def _shifted(period: Period, hours: int) -> Period | None:
    """The same day, some hours later or earlier; None when that is another day, or an hour that no clock shows."""
    start, end = wall(period.lower), wall(period.upper)
    by = datetime.timedelta(hours=hours)
    if (start + by).date() != start.date() or (end + by).date() != end.date():
        return None
    try:
        return span(moment(start.date(), (start + by).time()), moment(end.date(), (end + by).time()))
    except ValidationError:
        return None


def _neighbours(period: Period) -> Iterable[Period]:
    """The same hours on other days to come, nearest first: after and before, within four weeks."""
    start, end, now = wall(period.lower), wall(period.upper), wall(timezone.now())
    for step in (datetime.timedelta(days=sign * days) for days in range(1, 29) for sign in (1, -1)):
        try:
            if start + step > now:
                yield span(moment((start + step).date(), start.time()), moment((end + step).date(), end.time()))
        except ValidationError:  # an hour that the clock skips or repeats
            continue
