"""What one can have instead of what is taken: fewer units, other days, something alike; in a few questions."""

from __future__ import annotations

import datetime
import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Case, Value, When
from django.utils import timezone

from directory import calendar
from directory.models import Resource
from directory.taxonomies import family_of
from mutualisation.kernel.moments import Period, moment, span, wall


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
    """What serves the same use and is free then, nearest first: two questions.

    Of the same category; of its family only when none of the category is free. Never of another family: who lacks
    a projector has no use for chairs.
    """
    family = family_of(resource.category_id)
    among = among.filter(category__in=family, kind=resource.kind)
    alike = among.comparable_to(resource, 20, family=family)  # type: ignore[attr-defined]
    ranks = [When(pk=pk, then=Value(rank)) for rank, pk in enumerate(alike)]
    nearby = calendar.free_between(among.filter(pk__in=alike), period, quantity)
    found = list(nearby.order_by(Case(*ranks, default=Value(len(alike))), "pk").for_list()[:most])  # type: ignore[attr-defined]
    same = [each for each in found if each.category_id == resource.category_id]
    return same or found


def _neighbours(period: Period) -> Iterable[Period]:
    """The same hours on other days to come, nearest first: after and before, within four weeks."""
    start, end, now = wall(period.lower), wall(period.upper), wall(timezone.now())
    for step in (datetime.timedelta(days=sign * days) for days in range(1, 29) for sign in (1, -1)):
        try:
            if start + step > now:
                yield span(moment((start + step).date(), start.time()), moment((end + step).date(), end.time()))
        except ValidationError:  # an hour that the clock skips or repeats
            continue
