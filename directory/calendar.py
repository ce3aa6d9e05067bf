"""The one answer to « is it free? », and the one hand that occupies and frees time.

Every path asks here: search, request, acceptance, counter-proposal, extension, closure, repair, admin. The rules are
written once, as conditions on resources: the list filter applies them to all resources at once, ``refusals`` to one.
Underneath, the database refuses that two occupations of one unit overlap (``occupation_never_twice``).
Periods are half-open UTC ranges; hours and days are those of the wall (``TIME_ZONE``).
"""

from __future__ import annotations

import datetime
import itertools
import math
import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import reduce
from operator import or_
from typing import Any

from django.db import IntegrityError, OperationalError, connection, models, transaction
from django.db.models import Case, Q, Value, When
from django.db.models.expressions import RawSQL
from django.utils import timezone
from psycopg.errors import DeadlockDetected, ExclusionViolation

from directory.models import Closure, Occupation, Reason, Resource
from directory.opening import Opening, closed
from directory.refusing import Refusal, refusal, taken_words
from mutualisation.kernel.moments import Period, span, wall_minutes

LONGEST_BUFFER = datetime.timedelta(minutes=1440)
# What every taking asks, as it is sent: composing it each time took longer than answering it.
LOCK = """SELECT id, quantity, buffer_minutes FROM directory_resource
    WHERE id = ANY(%s::bigint[]) OR part_of_id = ANY(%s::bigint[]) ORDER BY id FOR NO KEY UPDATE"""
# One resource at a time (OFFSET 0): far ahead, where little is taken, PostgreSQL would read what everybody holds.
HELD = """SELECT o.* FROM unnest(%s::bigint[]) r(id), LATERAL (SELECT resource_id, unit, period
    FROM directory_occupation WHERE resource_id = r.id AND period && %s::tstzrange OFFSET 0) o"""
# Resources that have fewer than so many units free, by what is taken then; wholes of which a part has too few: taking
# the whole takes its parts, in proportion; and what is taken of a resource and of its parts.
BUSY = """SELECT o.resource_id FROM directory_occupation o JOIN directory_resource r ON r.id = o.resource_id
    WHERE {} AND {} GROUP BY o.resource_id, r.quantity HAVING count(DISTINCT o.unit) > r.quantity - %s"""
BUSY_PARTS = """SELECT w.id FROM directory_occupation o JOIN directory_resource r ON r.id = o.resource_id
    JOIN directory_resource w ON w.id = r.part_of_id
    WHERE {} AND {} GROUP BY w.id, o.resource_id, r.quantity, w.quantity
    HAVING count(DISTINCT o.unit) > r.quantity - (r.quantity * %s + w.quantity - 1) / w.quantity"""
COUNTED = """SELECT o.resource_id, r.quantity, count(DISTINCT o.unit)
    FROM directory_occupation o JOIN directory_resource r ON r.id = o.resource_id
    WHERE r.id IN (SELECT id FROM directory_resource WHERE id = %s OR part_of_id = %s) AND {} GROUP BY 1, 2"""
AT_ONCE = 14  # periods in one question: beyond, planning it takes longer than asking twice


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
    conditions = _conditions(period, quantity, ignoring=ignoring, days_only=days_only, of=resource)
    asked = {code: condition for code, condition in conditions.items() if code in rules}
    if not asked:
        return []
    (codes,) = _broken(resource, [asked])
    return _said(resource, period, quantity, codes, ignoring=ignoring)


def refusals_each(
    resource: Resource, periods: Iterable[Period], quantity: int
) -> Iterator[tuple[Period, list[Refusal]]]:
    """Those of many periods that can't be had, with why: one question for some of them at a time."""
    left, opening = iter(periods), Opening.of([resource])
    while some := list(itertools.islice(left, AT_ONCE)):
        asked = [_conditions(period, quantity, of=resource) for period in some]
        for period, codes in zip(some, _broken(resource, asked), strict=True):
            if codes:
                yield period, _said(resource, period, quantity, codes, opening=opening)


def _broken(resource: Resource, asked: Sequence[dict[str, Any]]) -> list[list[str]]:
    """Which of these rules refuse this resource, period by period; in one question."""
    flags = {
        f"no_{n}_{code}": Case(When(condition, then=Value(True)), default=Value(False))
        for n, rules in enumerate(asked)
        for code, condition in rules.items()
    }
    found = Resource.objects.filter(pk=resource.pk).annotate(**flags).values(*flags).get()
    return [[code for code in rules if found[f"no_{n}_{code}"]] for n, rules in enumerate(asked)]


def _said(
    resource: Resource,
    period: Period,
    quantity: int,
    codes: Sequence[str],
    *,
    ignoring: Collection[uuid.UUID] = (),
    opening: Opening | None = None,
) -> list[Refusal]:
    free = 0
    if "taken" in codes and resource.quantity > 1:
        free = free_count(resource, period, ignoring=ignoring)
    said = [
        Refusal(code, taken_words(free)) if code == "taken" else refusal(code, resource, period, quantity, opening)
        for code in codes
        if code != "too_many" or not free  # « il n’en reste que 45 » says more than « il y en a 50 en tout »
    ]
    if gone := [one for one in said if one.code == "past"]:
        return gone  # nothing else would help
    closed = any(one.all_day for one in said)  # the day is to change: who holds it then says nothing more
    return [one for one in said if one.code != "taken" or not closed]


def free_among(resource: Resource, periods: Iterable[Period], quantity: int) -> Iterator[Period]:
    """Those of these periods when this can be had, in their order: one question for some of them at a time."""
    left = iter(periods)
    while some := list(itertools.islice(left, AT_ONCE)):
        asked = [{"any": reduce(or_, _conditions(p, quantity, of=resource).values())} for p in some]
        yield from (p for p, broken in zip(some, _broken(resource, asked), strict=True) if not broken)


def _conditions(
    period: Period, quantity: int, *, ignoring: Any = (), days_only: bool = False, of: Resource | None = None
) -> dict[str, Any]:
    """What refuses a resource, rule by rule: conditions on rows of Resource. ``of``: only that one is asked about."""
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
    then, params = _then(period, ignoring, everywhere=of is None)
    own, parts = ("o.resource_id = %s", "r.part_of_id = %s") if of else ("TRUE", "r.part_of_id IS NOT NULL")
    asked = [of.pk] if of else []
    found["taken"] = Q(pk__in=RawSQL(BUSY.format(own, then), (*asked, *params, quantity))) | Q(  # noqa: S611
        pk__in=RawSQL(BUSY_PARTS.format(parts, then), (*asked, *params, quantity))  # noqa: S611 - our own text
    )
    return found


def _then(period: Period, ignoring: Collection[uuid.UUID], *, everywhere: bool = False) -> tuple[str, list[Any]]:
    """What is taken (``o``) during a period, the minutes that each resource (``r``) keeps after a use included.

    ``everywhere``: asked of the index of moments, for all resources at once, rather than of each resource's own.
    """
    moment = "tstzrange(lower(o.period), upper(o.period))" if everywhere else "o.period"
    text = f"{moment} && %s::tstzrange AND (lower(o.period) < %s::timestamptz OR r.buffer_minutes > 0"
    text += " AND lower(o.period) < %s::timestamptz + r.buffer_minutes * interval '1 minute')"
    params: list[Any] = [span(period.lower, period.upper + LONGEST_BUFFER), period.upper, period.upper]
    if ignoring:
        text, params = f"{text} AND o.act <> ALL(%s::uuid[])", [*params, list(ignoring)]
    return text, params


def free_count(resource: Resource, period: Period, *, ignoring: Collection[uuid.UUID] = ()) -> int:
    """How many units are free for the whole of a period, parts taken into account."""
    return free_counts([(resource, period, ignoring)])[0]


def free_counts(asked: Sequence[tuple[Resource, Period, Collection[uuid.UUID]]]) -> list[int]:
    """The same for many periods, each with what it ignores: one question for them all."""
    texts, values, free = [], [], [resource.quantity for resource, _period, _ignoring in asked]
    for n, (resource, period, ignoring) in enumerate(asked):
        then, params = _then(period, ignoring)
        texts.append(f"SELECT {n}, * FROM ({COUNTED.format(then)}) each")  # noqa: S608 - our own text
        values += [resource.pk, resource.pk, *params]
    for n, pk, quantity, taken in _asked(" UNION ALL ".join(texts), *values) if texts else ():
        of, left = asked[n][0], quantity - taken
        free[n] = max(0, min(free[n], left if pk == of.pk else left * of.quantity // quantity))
    return free


# ---- occupy and free


@transaction.atomic(savepoint=False)
def occupy(
    resource: Resource, periods: Sequence[tuple[Period, uuid.UUID]], quantity: int, *, reason: Reason = Reason.LOAN
) -> list[Occupation]:
    """Take the lowest units free for each whole period, of the resource and, in proportion, of its parts.

    Each period goes with its act. All or nothing: ``Taken``, when one of them lacks units, undoes the transaction too.
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
    for pk, unit, period in _asked(HELD, [each.pk for each in locked], horizon):
        held[pk, unit].append(period)
    rows = []
    for period, act in periods:
        for each in locked:
            wanted = quantity if each is whole else -(-each.quantity * quantity // whole.quantity)
            taken = span(period.lower, period.upper + after[each.pk] if period.upper else None)  # type: ignore[arg-type]
            units = [n for n in range(1, each.quantity + 1) if not any(_overlap(taken, o) for o in held[each.pk, n])]
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
def hold(
    resource: Resource, periods: Iterable[Period], quantity: int, act: uuid.UUID, *, beside: Collection[uuid.UUID]
) -> None:
    """Keep under an act what these periods need beyond what the acts ``beside`` hold, on their units where it can be.

    The two together can then become one by ``move``. Raises ``Taken`` as ``occupy`` does.
    """
    locked = _lock(resource)
    whole = next(each for each in locked if each.pk == resource.pk)
    for period, each in itertools.product(periods, locked):
        part = resource if each is whole else Resource(pk=each.pk)
        wanted = -(-each.quantity * quantity // whole.quantity)
        taken = span(period.lower, period.upper + datetime.timedelta(minutes=each.buffer_minutes))
        rows = Occupation.objects.filter(resource=each.pk, period__overlap=taken).exclude(act__in=[*beside, act])
        busy, own = set(rows.values_list("unit", flat=True)), units_of(part, beside)
        free = sorted(set(range(1, each.quantity + 1)) - busy, key=lambda unit: (unit not in own, unit))
        if len(free) < wanted:
            raise Taken(period, len(free) if each is whole else 0)
        occupy_units(part, free[:wanted], taken, act, Reason.LOAN)


@transaction.atomic
def release(*acts: uuid.UUID) -> int:
    """Free everything that these acts took, but units that are in repair; gives how many rows went."""
    rows = Occupation.objects.filter(act__in=acts)
    freed = list(rows.order_by().values_list("resource_id", "unit").distinct())
    gone = rows.delete()[0]
    _keep_in_repair(freed, acts)
    return gone


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
    going = rows if len(freed) == len(units) else rows.filter(resource=resource, unit__in=freed)
    gone = list(going)
    started = [(row.pk, row.period.lower) for row in gone if row.period.lower < at]
    going.exclude(pk__in=[pk for pk, _lower in started]).delete()
    for pk, lower in started:
        Occupation.objects.filter(pk=pk).update(period=span(lower, at))
    _keep_in_repair({(row.resource_id, row.unit) for row in gone}, acts)
    return len(freed)


@transaction.atomic
def shift_off(
    resource: Resource, units: Collection[int], period: Period, *, keeping: Collection[uuid.UUID] = ()
) -> list[uuid.UUID]:
    """Move what loans hold on these units during a period to units free for as long, but the acts of ``keeping``.

    Gives the acts that found no other unit, the earliest first.
    """
    _lock(resource)
    others = [unit for unit in range(1, resource.quantity + 1) if unit not in units]
    staying = []
    rows = Occupation.objects.filter(resource=resource, unit__in=units, period__overlap=period, reason=Reason.LOAN)
    for row in rows.exclude(act__in=list(keeping)).order_by("period", "unit"):
        held = Occupation.objects.filter(resource=resource, unit__in=others, period__overlap=row.period)
        if free := sorted(set(others) - set(held.values_list("unit", flat=True))):
            Occupation.objects.filter(pk=row.pk).update(unit=free[0])
        else:
            staying.append(row.act)
    return list(dict.fromkeys(staying))


def _keep_in_repair(freed: Collection[tuple[int, int]], acts: Collection[uuid.UUID]) -> None:
    """What comes free (resource, unit) while it is in repair stays in repair, around what still holds it."""
    going_on = Q(period__upper_inf=True) | Q(period__endswith__gt=timezone.now())
    repairs = Closure.objects.filter(going_on, resource__in={pk for pk, _unit in freed}, reason=Reason.REPAIR)
    for repair in repairs.exclude(act__in=list(acts)).select_related("resource").order_by("pk"):
        own = units_of(repair.resource, [repair.act])
        units = sorted(unit for pk, unit in freed if pk == repair.resource_id)
        # a loan may have covered the whole repair of a unit, which then held no time of its own
        covered = [unit for unit in units if unit not in own][: max(0, repair.quantity - len(own))]
        if back := [unit for unit in units if unit in own] + covered:
            occupy_units(repair.resource, back, repair.period, repair.act, Reason.REPAIR)


@transaction.atomic
def move(
    old: tuple[Resource, Collection[uuid.UUID]],
    new: tuple[Resource, Sequence[tuple[Period, uuid.UUID]], int],
) -> list[Occupation]:
    """Give back what some acts hold and take something else, at once: either all of it, or ``Taken`` and nothing."""
    before, acts = old
    resource, periods, quantity = new
    _lock(before, resource)
    rows = Occupation.objects.filter(act__in=list(acts))
    freed = list(rows.order_by().values_list("resource_id", "unit").distinct())
    rows.delete()
    taken = occupy(resource, periods, quantity)
    _keep_in_repair(freed, acts)
    return taken


def units_of(resource: Resource, acts: Collection[uuid.UUID]) -> list[int]:
    """The units of a resource that these acts hold."""
    return sorted(set(Occupation.objects.filter(resource=resource, act__in=acts).values_list("unit", flat=True)))


def _lock(*resources: Resource) -> list[Resource]:
    """Lock these resources and their parts, in the order of their ids: parallel takers wait instead of deadlocking."""
    pks, names = [each.pk for each in resources], ("id", "quantity", "buffer_minutes")
    return [Resource.from_db(connection.alias, names, row) for row in _asked(LOCK, pks, pks)]


def _asked(statement: str, *values: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall()


def _insert(rows: list[Occupation], period: Period) -> list[Occupation]:
    try:  # within the transaction of ``occupy``: a refusal undoes it all
        return Occupation.objects.bulk_create(rows)
    except (IntegrityError, OperationalError) as error:
        if isinstance(error.__cause__, (ExclusionViolation, DeadlockDetected)):
            raise Taken(period) from error
        raise


def _overlap(one: Any, other: Any) -> bool:
    return (other.upper is None or one.lower < other.upper) and (one.upper is None or other.lower < one.upper)
