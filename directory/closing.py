"""What an owner takes out of the calendar (closed, in repair), and the days that are not ordinary."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Collection
from typing import Any

from django.db import models, transaction
from django.db.models import Max, Min, Q
from django.db.models.functions import Lower, Upper
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from directory import calendar
from directory.models import Closure, ExceptionalHours, Occupation, Organisation, Reason, Resource
from directory.permissions import can_block, can_edit, require
from mutualisation.kernel.moments import Period, day_in_words, in_words, span, wall, whole_days

TOLD = 3


class Held(Exception):  # noqa: N818 - it is an answer, not a fault
    """Something holds the units that were to be blocked; nothing was changed. The sentence says how many and when."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


@transaction.atomic
def block(
    *, resource: Resource, period: Period, quantity: int, reason: str = Reason.CLOSURE, note: str = "", by: Any
) -> Closure:
    """Take units out of the calendar. Raises ``Held``, and changes nothing, when loans hold too many of them."""
    require(can_block(by, resource) and reason in (Reason.CLOSURE, Reason.REPAIR))
    closure = Closure.objects.create(
        resource=resource, act=uuid.uuid4(), reason=reason, period=period, quantity=quantity, note=note, created_by=by
    )
    try:
        with transaction.atomic():
            calendar.occupy(resource, [(period, closure.act)], quantity, reason=Reason(reason))
    except calendar.Taken as taken:
        raise Held(_held(resource, period, quantity)) from taken
    return closure


@transaction.atomic
def unblock(closure: Closure, *, by: Any) -> bool:
    """Give the time back: all of it, or what is left of it when it has begun. Gives whether there was some."""
    require(can_block(by, closure.resource))
    held = Closure.objects.select_for_update().filter(pk=closure.pk).first()
    now = timezone.now()
    if held is None or (held.period.upper and held.period.upper <= now):
        return False
    if held.period.lower >= now:
        calendar.release(held.act)
        held.delete()
    else:
        calendar.release_units(closure.resource, [held.act], held.quantity, at=now)
        held.period = span(held.period.lower, now)
        held.save(update_fields=["period"])
    return True


def repair_during(resource: Resource, period: Period) -> Closure | None:
    """What is in repair then, of it or of its parts, the longest; None when it is taken by something else."""
    rows = Closure.objects.filter(Q(resource=resource) | Q(resource__part_of=resource), period__overlap=period)
    return rows.filter(reason=Reason.REPAIR).order_by(Upper("period").desc(nulls_first=True), "-quantity").first()


def repair_words(repair: Closure, resource: Resource) -> str:
    """« c’est en réparation jusqu’au 20 décembre », « 3 sont en réparation, on ne sait pas jusqu’à quand »."""
    until = _("on ne sait pas encore jusqu’à quand")
    if repair.period.upper:
        last = wall(repair.period.upper - datetime.timedelta(seconds=1))
        until = _("jusqu’au %(day)s") % {"day": day_in_words(last, "j F")}
    if repair.resource_id != resource.pk:
        said = _("une de ses parties est en réparation, %(until)s")
    elif resource.quantity == 1:
        said = _("c’est en réparation, %(until)s")
    else:
        said = ngettext("%(n)d est en réparation, %(until)s", "%(n)d sont en réparation, %(until)s", repair.quantity)
    return said % {"n": repair.quantity, "until": until}


@transaction.atomic
def set_hours(
    *,
    owner: Resource | Organisation,
    days: tuple[datetime.date, datetime.date],
    hours: tuple[datetime.time, datetime.time] | None,
    label: str = "",
    by: Any,
) -> ExceptionalHours:
    """Say that some days are not ordinary: closed (no hours), or open from one time to another."""
    require(can_edit(by, owner))
    opens_at, closes_at = hours or (None, None)
    row = ExceptionalHours(
        starts_on=days[0], ends_on=days[1], opens_at=opens_at, closes_at=closes_at, label=label, **_whose(owner)
    )
    row.full_clean()
    row.save()
    return row


@transaction.atomic
def remove_hours(row: ExceptionalHours, *, by: Any) -> None:
    """These days are ordinary again."""
    owner = row.resource or row.organisation
    assert owner is not None
    require(can_edit(by, owner))
    row.delete()


def _whose(owner: Resource | Organisation) -> dict[str, Any]:
    return {"resource": owner} if isinstance(owner, Resource) else {"organisation": owner}


def hours_of(owner: Resource | Organisation) -> models.QuerySet[ExceptionalHours]:
    """The exceptional days of one owner, those that are not over."""
    return ExceptionalHours.objects.filter(ends_on__gte=timezone.localdate(), **_whose(owner))


def closures_of(resource: Resource) -> models.QuerySet[Closure]:
    """What its owner blocks, now and to come."""
    still = Q(period__endswith__gt=timezone.now()) | Q(period__upper_inf=True)
    return Closure.objects.filter(still, resource=resource).select_related("created_by")


# ---- who is in the way


def loans_during(resources: Collection[Resource], period: Period) -> int:
    """How many loans hold something of these resources then."""
    rows = Occupation.objects.filter(resource__in=resources, period__overlap=period, reason=Reason.LOAN)
    return rows.order_by().values("act").distinct().count()


def loans_on(resources: Collection[Resource], first: datetime.date, last: datetime.date) -> int:
    return loans_during(resources, whole_days(first, last))


def _held(resource: Resource, period: Period, quantity: int) -> str:
    """How many loans, or blocked times, are in the way, and when."""
    rows = Occupation.objects.filter(
        Q(resource=resource) | Q(resource__part_of=resource), period__overlap=period
    ).order_by()
    loans = rows.filter(reason=Reason.LOAN)
    told = loans if loans.exists() else rows
    acts = told.values("act").annotate(begins=Min(Lower("period")), ends=Max(Upper("period"))).order_by("begins", "act")
    when = [in_words(span(act["begins"], act["ends"])) for act in acts]
    shown = "; ".join(when[:TOLD]) + ("; …" if len(when) > TOLD else "")
    if told is loans:
        said = ngettext(
            "Un prêt tient à ce moment-là : %(when)s.",
            "%(n)d prêts tiennent à ce moment-là : %(when)s.",
            len(when),
        ) % {"n": len(when), "when": shown}
    else:
        said = _("C’est déjà bloqué à ce moment-là : %(when)s.") % {"when": shown}
    free = calendar.free_count(resource, period) if period.upper else 0
    if quantity > 1 and free:
        said += " " + ngettext(
            "On peut encore en bloquer %(n)d.", "On peut encore en bloquer %(n)d.", free
        ) % {"n": free}  # fmt: skip
    return said
