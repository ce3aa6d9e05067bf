"""The one answer to « is it free? », and the one hand that occupies and frees time.

Every path asks here: search, request, acceptance, counter-proposal, extension, closure, repair, admin. The rules are
written once, as conditions on resources: the list filter applies them to all resources at once, ``refusals`` to one.
Underneath, the database refuses that two occupations of one unit overlap (``occupation_never_twice``).
Periods are half-open UTC ranges; hours and days are those of the wall (``TIME_ZONE``).
"""

from __future__ import annotations

import datetime
import math
import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import IntegrityError, OperationalError, models, transaction
from django.db.models import Case, Count, F, Q, Value, When
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from psycopg.errors import DeadlockDetected, ExclusionViolation

from directory.models import Occupation, Reason, Resource
from directory.opening import CLOSED, Opening, clock, closed, day_words, duration
from directory.taxonomies import family_of
from mutualisation.kernel.moments import Period, moment, span, wall, wall_minutes

LONGEST_BUFFER = datetime.timedelta(minutes=1440)


@dataclass(frozen=True)
class Refusal:
    """One reason why not. ``code`` is one of RULES; the sentence is for whoever asked."""

    code: str
    sentence: str


class Taken(Exception):  # noqa: N818 - it is an answer, not a fault
    """Not enough units are free then; nothing was changed. ``period`` is the first one refused."""

    def __init__(self, period: Period, free: int = 0) -> None:
        super().__init__(f"{period}")
        self.period, self.free = period, free


# ---- is it free?

RULES = (
    "paused", "past", "too_soon", "too_far", "too_short", "too_long", "too_many", "closed_start", "closed_end",
    "closed_between", "taken",
)  # fmt: skip


def free_between(
    resources: models.QuerySet[Resource], period: Period, quantity: int = 1, *, days_only: bool = False
) -> models.QuerySet[Resource]:
    """Those of these resources that may be asked for this period, by every rule, in SQL, whatever their number.

    ``days_only``: whole days were asked, without hours; then opening counts by day and durations don't.
    """
    refused = Q()
    for condition in _conditions(period, quantity, days_only=days_only).values():
        refused |= condition
    return resources.exclude(refused) if refused else resources


def refusals(
    resource: Resource,
    period: Period,
    quantity: int = 1,
    *,
    ignoring: Collection[uuid.UUID] = (),
    days_only: bool = False,
    rules: Collection[str] = RULES,
) -> list[Refusal]:
    """Why this can't be had, in sentences; empty when it can. ``ignoring`` are acts that would be moved or freed."""
    conditions = _conditions(period, quantity, ignoring=ignoring, days_only=days_only)
    asked = {code: condition for code, condition in conditions.items() if code in rules}
    if not asked:
        return []
    flags = {
        f"no_{code}": Case(When(condition, then=Value(True)), default=Value(False)) for code, condition in asked.items()
    }
    found = Resource.objects.filter(pk=resource.pk).annotate(**flags).values(*flags).get()
    return [
        Refusal(code, _sentence(code, resource, period, quantity, ignoring)) for code in asked if found[f"no_{code}"]
    ]


def _conditions(
    period: Period, quantity: int, *, ignoring: Collection[uuid.UUID] = (), days_only: bool = False
) -> dict[str, Any]:
    """What refuses a resource, rule by rule: conditions on rows of Resource."""
    now = timezone.now()
    minutes = wall_minutes(period)
    found: dict[str, Any] = {"paused": Q(is_paused=True)}
    if period.lower < now and not (days_only and period.upper > now):
        found["past"] = Q(pk__isnull=False)
    found["too_soon"] = Q(notice_hours__gt=max(0, math.floor((period.lower - now).total_seconds() / 3600)))
    found["too_far"] = Q(horizon_days__lt=math.ceil((period.lower - now).total_seconds() / 86400))
    if not days_only:
        found["too_short"] = Q(min_minutes__gt=minutes)
        found["too_long"] = Q(max_minutes__lt=minutes)
    found["too_many"] = Q(quantity__lt=quantity)
    found |= closed(period, days_only)
    found["taken"] = Q(pk__in=_busy(period, quantity, ignoring)) | Q(pk__in=_busy_parts(period, quantity, ignoring))
    return found


def _overlapping(period: Period, ignoring: Collection[uuid.UUID]) -> models.QuerySet[Occupation]:
    """What is taken during a period, the minutes that each resource keeps after a use included."""
    kept = Value(period.upper) + F("resource__buffer_minutes") * Value(datetime.timedelta(minutes=1))
    rows = Occupation.objects.filter(period__overlap=span(period.lower, period.upper + LONGEST_BUFFER))
    rows = rows.alias(begins=Lower("period")).filter(
        Q(begins__lt=period.upper) | Q(resource__buffer_minutes__gt=0, begins__lt=kept)
    )
    return rows.exclude(act__in=list(ignoring)) if ignoring else rows


def _busy(period: Period, quantity: int, ignoring: Collection[uuid.UUID]) -> Any:
    """Resources that have fewer than ``quantity`` units free."""
    taken = _overlapping(period, ignoring).order_by().values("resource").annotate(n=Count("unit", distinct=True))
    return taken.filter(n__gt=F("resource__quantity") - quantity).values("resource")


def _busy_parts(period: Period, quantity: int, ignoring: Collection[uuid.UUID]) -> Any:
    """Wholes of which a part has too few units free: taking the whole takes its parts, in proportion."""
    parts = _overlapping(period, ignoring).filter(resource__part_of__isnull=False)
    share = (F("resource__quantity") * quantity + F("resource__part_of__quantity") - 1) / F(
        "resource__part_of__quantity"
    )
    taken = parts.order_by().values("resource", "resource__part_of").annotate(n=Count("unit", distinct=True))
    return taken.filter(n__gt=F("resource__quantity") - share).values("resource__part_of")


# ---- why not, and what else


def _sentence(
    code: str, resource: Resource, period: Period, quantity: int, ignoring: Collection[uuid.UUID] = ()
) -> str:
    start, end = wall(period.lower), wall(period.upper)
    if code == "taken":
        free = free_count(resource, period, ignoring=ignoring)
        if free:
            return ngettext(
                "Il n’en reste que %(n)d libre à ce moment-là.", "Il n’en reste que %(n)d libres à ce moment-là.", free
            ) % {"n": free}
        return _("C’est déjà pris à ce moment-là.")
    if code == "too_soon":
        return _("Il faut demander au moins %(time)s d’avance.") % {"time": duration(resource.notice_hours * 60)}
    if code == "too_far":
        return _("On ne demande pas plus de %(days)d jours d’avance.") % {"days": resource.horizon_days}
    if code == "too_short":
        return _("C’est trop court\u00a0: au moins %(time)s.") % {"time": duration(resource.min_minutes or 0)}
    if code == "too_long":
        return _("C’est trop long\u00a0: au plus %(time)s.") % {"time": duration(resource.max_minutes or 0)}
    if code == "too_many":
        return ngettext(
            "Il y en a %(n)d en tout, pas %(asked)d.", "Il y en a %(n)d en tout, pas %(asked)d.", resource.quantity
        ) % {"n": resource.quantity, "asked": quantity}
    if code in CLOSED:
        when = start if code == "closed_start" else end
        return _closed_sentence(resource, when.date(), code)
    return {
        "paused": _("Cette ressource est en pause\u00a0: elle ne se demande pas en ce moment."),
        "past": _("Ce moment est déjà passé."),
    }[code]


def _closed_sentence(resource: Resource, day: datetime.date, code: str) -> str:
    shown = [
        _("de %(a)s à %(b)s") % {"a": clock(a), "b": clock(b)} for a, b in Opening.of([resource]).hours(resource, day)
    ]
    named = day_words(day)
    if not shown:
        why = Opening.of([resource]).why_closed(resource, day)
        return _("C’est fermé %(day)s%(why)s.") % {"day": named, "why": f" ({why})" if why else ""}
    said = _(" et ").join(shown)
    if code == "closed_between":
        return _("Cela doit tenir dans les heures d’ouverture\u00a0: %(day)s, c’est ouvert %(hours)s.") % {
            "day": named, "hours": said,
        }  # fmt: skip
    return _("À cette heure-là, c’est fermé\u00a0: %(day)s, c’est ouvert %(hours)s.") % {"day": named, "hours": said}


def free_count(resource: Resource, period: Period, *, ignoring: Collection[uuid.UUID] = ()) -> int:
    """How many units are free for the whole of a period, parts taken into account."""
    rows = _overlapping(period, ignoring).filter(Q(resource=resource) | Q(resource__part_of=resource))
    taken = dict(rows.order_by().values_list("resource").annotate(n=Count("unit", distinct=True)))
    free = resource.quantity - taken.pop(resource.pk, 0)
    for part, quantity in Resource.objects.filter(pk__in=taken).values_list("pk", "quantity"):
        free = min(free, (quantity - taken[part]) * resource.quantity // quantity)
    return max(0, free)


@dataclass(frozen=True)
class Alternatives:
    """What one can have instead: fewer units at the same time, other times, comparable resources."""

    fewer: int = 0
    periods: list[Period] = field(default_factory=list)
    resources: list[Resource] = field(default_factory=list)


def alternatives(
    resource: Resource, period: Period, quantity: int, *, among: models.QuerySet[Resource], most: int = 3
) -> Alternatives:
    """The nearest ways to say yes. ``among`` is what the reader may see, comparable ones are chosen there."""
    same = set(refusals(resource, period, 1))
    fewer = 0
    if quantity > 1 and not same:
        fewer = min(free_count(resource, period), quantity - 1)
    periods: list[Period] = []
    for shifted in _neighbours(period):
        if len(periods) == most:
            break
        if not refusals(resource, shifted, quantity):
            periods.append(shifted)
    alike = among.comparable_to(resource, 20, family=family_of(resource.category_id))  # type: ignore[attr-defined]
    nearby = free_between(among.filter(pk__in=alike), period, quantity)
    return Alternatives(fewer, sorted(periods, key=lambda p: p.lower), list(nearby.for_list()[:most]))  # type: ignore[attr-defined]


def _neighbours(period: Period) -> Iterable[Period]:
    """The same hours on other days, nearest first: after and before, within four weeks; then right after."""
    start, end = wall(period.lower), wall(period.upper)
    for days in range(1, 29):
        for step in (days, -days):
            shift = datetime.timedelta(days=step)
            try:
                yield span(moment((start + shift).date(), start.time()), moment((end + shift).date(), end.time()))
            except ValueError:  # an hour that the clock skips or repeats
                continue


# ---- occupy and free


@transaction.atomic
def occupy(
    resource: Resource, periods: Sequence[tuple[Period, uuid.UUID]], quantity: int, *, reason: Reason = Reason.LOAN
) -> list[Occupation]:
    """Take the lowest units free for each whole period, of the resource and, in proportion, of its parts.

    Each period goes with its act. All or nothing: raises ``Taken`` when one of them lacks units.
    """
    locked = _lock(resource)
    whole = next(each for each in locked if each.pk == resource.pk)
    after = {each.pk: datetime.timedelta(minutes=each.buffer_minutes) for each in locked}
    if reason != Reason.LOAN:
        after = dict.fromkeys(after, datetime.timedelta())
    earliest = min(p.lower for p, _act in periods)
    latest = max(p.upper for p, _act in periods) if all(p.upper for p, _act in periods) else None
    horizon = span(earliest, latest + LONGEST_BUFFER) if latest else span(earliest, None)  # type: ignore[arg-type]
    held: dict[tuple[int, int], list[Any]] = defaultdict(list)
    for pk, unit, period in Occupation.objects.filter(
        resource__in=[each.pk for each in locked], period__overlap=horizon
    ).order_by().values_list("resource_id", "unit", "period"):  # fmt: skip
        held[pk, unit].append(period)
    rows = []
    for period, act in periods:
        for each in locked:
            wanted = quantity if each is whole else -(-each.quantity * quantity // whole.quantity)
            taken = span(period.lower, period.upper + after[each.pk] if period.upper else None)  # type: ignore[arg-type]
            units = [
                unit
                for unit in range(1, each.quantity + 1)
                if not any(_overlap(taken, other) for other in held[each.pk, unit])
            ]
            if len(units) < wanted:
                raise Taken(period, len(units) if each is whole else 0)
            for unit in units[:wanted]:
                held[each.pk, unit].append(taken)
                rows.append(Occupation(resource_id=each.pk, unit=unit, period=taken, reason=reason, act=act))
    return _insert(rows, periods[0][0])


@transaction.atomic
def occupy_units(resource: Resource, units: Collection[int], period: Period, act: uuid.UUID, reason: Reason) -> None:
    """Take exactly these units, wherever nothing else holds them during the period (a repair around loans to come)."""
    _lock(resource)
    rows = []
    for unit in units:
        start = period.lower
        held = Occupation.objects.filter(resource=resource, unit=unit, period__overlap=period).order_by("period")
        for other in held.values_list("period", flat=True):
            if other.lower > start:
                rows.append(Occupation(resource=resource, unit=unit, period=span(start, other.lower),
                                       reason=reason, act=act))  # fmt: skip
            start = max(start, other.upper) if other.upper else None
            if start is None:
                break
        if start is not None and (period.upper is None or start < period.upper):
            rows.append(Occupation(resource=resource, unit=unit, period=span(start, period.upper), reason=reason,
                                   act=act))  # fmt: skip
    if rows:
        _insert(rows, period)


@transaction.atomic
def release(*acts: uuid.UUID) -> int:
    """Free everything that these acts took; gives how many rows went."""
    return Occupation.objects.filter(act__in=acts).delete()[0]


@transaction.atomic
def release_units(resource: Resource, acts: Collection[uuid.UUID], count: int, *, at: datetime.datetime) -> int:
    """Free that many units of these acts from an instant on, the highest first; what came before stays taken.

    Units of parts go when no unit of the whole is left. Gives how many units were freed.
    """
    _lock(resource)
    rows = Occupation.objects.filter(act__in=list(acts)).filter(Q(period__contains=at) | Q(period__startswith__gte=at))
    mine = rows.filter(resource=resource).order_by("-unit").values_list("unit", flat=True)
    units = list(dict.fromkeys(mine))
    freed = units[:count]
    going = rows.filter(resource=resource, unit__in=freed)
    if len(freed) == len(units):
        going = rows
    started = [(row.pk, row.period.lower) for row in going if row.period.lower < at]
    going.exclude(pk__in=[pk for pk, _lower in started]).delete()
    for pk, lower in started:
        Occupation.objects.filter(pk=pk).update(period=span(lower, at))
    return len(freed)


@transaction.atomic
def move(
    old: tuple[Resource, Collection[uuid.UUID]],
    new: tuple[Resource, Sequence[tuple[Period, uuid.UUID]], int],
) -> list[Occupation]:
    """Give back what some acts hold and take something else, at once: either all of it, or ``Taken`` and nothing."""
    before, acts = old
    resource, periods, quantity = new
    _lock(before, resource)
    release(*acts)
    return occupy(resource, periods, quantity)


def units_of(resource: Resource, acts: Collection[uuid.UUID]) -> list[int]:
    """The units of a resource that these acts hold."""
    rows = Occupation.objects.filter(resource=resource, act__in=list(acts)).order_by("unit")
    return list(dict.fromkeys(rows.values_list("unit", flat=True)))


def _lock(*resources: Resource) -> list[Resource]:
    """Lock these resources and their parts, in the order of their ids: parallel takers wait instead of deadlocking."""
    pks = [each.pk for each in resources]
    rows = Resource.objects.filter(Q(pk__in=pks) | Q(part_of__in=pks)).order_by("pk")
    return list(rows.select_for_update(no_key=True).only("pk", "quantity", "buffer_minutes", "part_of"))


def _insert(rows: list[Occupation], period: Period) -> list[Occupation]:
    try:
        with transaction.atomic():
            return Occupation.objects.bulk_create(rows)
    except IntegrityError as error:
        if isinstance(error.__cause__, ExclusionViolation):
            raise Taken(period) from error
        raise
    except OperationalError as error:
        if isinstance(error.__cause__, DeadlockDetected):
            raise Taken(period) from error
        raise


def _overlap(one: Any, other: Any) -> bool:
    return (other.upper is None or one.lower < other.upper) and (one.upper is None or other.lower < one.upper)
