"""Incidents: what broke or got lost, who pays, and its units in repair until it is settled.

Loans to come keep their dates: those that hold these units are moved to other free units, else their borrowers are
told. What is set aside follows ``back_on``; when that day passes unsettled, it stays aside without a known end.
A whole (a hall that divides, a kit) takes its parts aside with it, in the proportion in which it was lent.
"""

from __future__ import annotations

import datetime
import uuid
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from directory import calendar
from directory.models import Closure, Occupation, Reason, Resource
from directory.permissions import require
from loans import notifications
from loans.lifecycle import tell
from loans.models import ConditionReport, Incident, Loan, LoanDate, LoanStatus, Moment, Side
from loans.permissions import other, sides_of
from mutualisation.kernel.lifecycle import AlreadyMoved
from mutualisation.kernel.moments import DAY, Period, moment, span

AFTER = (LoanStatus.HANDED_OVER, LoanStatus.RETURNED, LoanStatus.CLOSED)
Payer = Incident.Payer


def can_open(user: Any, loan: Loan) -> bool:
    """Either side, at any time once handed over."""
    return loan.status in AFTER and bool(sides_of(user, loan))


def _side(user: Any, loan: Loan) -> str:
    mine = sides_of(user, loan)
    return next((str(side) for side in (Side.LENDER, Side.BORROWER) if side in mine), "")


@transaction.atomic
def open_incident(
    loan: Loan,
    *,
    by: Any,
    description: str,
    units: int = 0,
    estimate: Decimal | None = None,
    payer: str = "",
    back_on: datetime.date | None = None,
    report: ConditionReport | None = None,
) -> Incident:
    """Say what happened; the units affected are in repair from now on. Raises ValidationError by field.

    Told of no sheet, it is that of the last return which says that something is spoilt and has no incident yet.
    """
    require(can_open(by, loan))
    loan.refresh_from_db(from_queryset=Loan.objects.whole().select_for_update(no_key=True, of=("self",)))
    side, report = _side(by, loan), report or _spoilt(loan)
    _check_day(back_on)
    incident = Incident(
        loan=loan, report=report, description=description.strip(), units=units, estimate=estimate, back_on=back_on,
        opened_by=by, **_proposal(payer, side),
    )  # fmt: skip
    if units:
        back = report is not None or loan.status != LoanStatus.HANDED_OVER
        incident.set_aside = _choose(loan, units, back=back)
        incident.parts_aside = _choose_parts(loan, units, back=back)
    incident.save()
    staying = _put_aside(incident, by=by) if units else []
    tell(loan, "open_incident", by=by, side=side, note=incident.description, data=_told(incident))
    notifications.incident_opened(incident, side=side)
    _warn(incident, staying)
    return incident


def _spoilt(loan: Loan) -> ConditionReport | None:
    rows = loan.reports.filter(moment=Moment.RETURN, state__in=ConditionReport.SPOILT, incidents=None)
    return rows.order_by("happened_at", "pk").last()


def _proposal(payer: str, side: str) -> dict[str, str]:
    proposed = payer if payer and payer != Payer.UNDECIDED else ""
    return {"payer_proposed": proposed, "payer_side": side if proposed else ""}


def _told(incident: Incident) -> dict[str, Any]:
    return {
        "incident": incident.pk,
        "units": incident.units,
        "estimate": str(incident.estimate) if incident.estimate is not None else None,
        "payer": incident.payer_proposed or incident.payer,
        "back_on": incident.back_on.isoformat() if incident.back_on else None,
    }


def _check_day(back_on: datetime.date | None) -> None:
    if back_on and back_on < timezone.localdate():
        raise ValidationError({"back_on": _("Ce jour est passé : dites quand ce sera de retour.")})


# ---- the units


@dataclass(frozen=True)
class Aside:
    """Units of one resource, the one lent or a part of it, that an incident keeps in repair under an act."""

    resource: Resource
    units: list[int]
    act: uuid.UUID


def _asides(incident: Incident) -> list[Aside]:
    """What an incident sets aside: of what was lent first, then of its parts."""
    if not incident.set_aside:
        return []
    asides = incident.parts_aside or {}
    parts = list(Resource.objects.filter(pk__in=list(asides)).order_by("pk")) if asides else []
    of_parts = [Aside(p, asides[str(p.pk)], uuid.uuid5(incident.act, str(p.pk))) for p in parts]
    return [Aside(incident.loan.resource, incident.set_aside, incident.act), *of_parts]


def _choose(loan: Loan, count: int, *, back: bool) -> list[int]:
    """Which of the units that this loan had are set aside. Raises ValidationError when there aren't as many."""
    free = _ranked(loan, loan.resource, back=back)
    if count > len(free):
        said = ngettext(
            "Ce prêt compte %(n)d unité qui n’est pas déjà mise de côté.",
            "Ce prêt compte %(n)d unités qui ne sont pas déjà mises de côté.",
            len(free),
        ) % {"n": len(free)}
        raise ValidationError({"units": said})
    return sorted(free[:count])


def _choose_parts(loan: Loan, count: int, *, back: bool) -> dict[str, list[int]]:
    """Which units of each part go with that many of the whole, by number of the part."""
    whole, found = loan.resource, {}
    for part in Resource.objects.filter(part_of=whole).order_by("pk"):
        share = -(-part.quantity * count // whole.quantity)
        if units := sorted(_ranked(loan, part, back=back)[:share]):
            found[str(part.pk)] = units
    return found


def _ranked(loan: Loan, resource: Resource, *, back: bool) -> list[int]:
    """The units that this loan had and that no repair holds: those back first, and those that nobody waits for."""
    now = timezone.now()
    mine = calendar.units_of(resource, loan.dates.values_list("act", flat=True))
    rows = Occupation.objects.filter(resource=resource, unit__in=mine)
    coming = rows.filter(period__endswith__gt=now) | rows.filter(period__upper_inf=True)
    repaired = set(coming.filter(reason=Reason.REPAIR).values_list("unit", flat=True))
    held = set(coming.filter(act__in=loan.dates.values("act")).values_list("unit", flat=True))
    others = coming.filter(reason=Reason.LOAN).exclude(act__in=loan.dates.values("act"))
    awaited = set(others.values_list("unit", flat=True))
    free = [unit for unit in mine if unit not in repaired]
    return sorted(free, key=lambda unit: ((unit in held) == back, unit in awaited, -unit))


def _period(incident: Incident) -> Period:
    """From now until the end of the day it is expected back; without end when nobody knows."""
    now = timezone.now()
    if incident.back_on is None:
        return span(now, None)  # type: ignore[arg-type]
    return span(now, max(moment(incident.back_on + DAY, datetime.time()), now + datetime.timedelta(minutes=1)))


def _put_aside(incident: Incident, *, by: Any) -> list[Any]:
    """In repair, around loans to come; gives the acts of those that no other unit could take."""
    period = _period(incident)
    note = _("Incident du prêt n°\u00a0%(n)d") % {"n": incident.loan_id}
    for aside in _asides(incident):
        Closure.objects.create(
            resource=aside.resource, act=aside.act, reason=Reason.REPAIR, period=period, quantity=len(aside.units),
            note=note, created_by=by,
        )  # fmt: skip
    return _hold(incident, period)


def _hold(incident: Incident, period: Period) -> list[Any]:
    own = list(incident.loan.dates.values_list("act", flat=True))
    staying: list[Any] = []
    for aside in _asides(incident):  # the whole first: its lock is that of its parts too
        staying += calendar.shift_off(aside.resource, aside.units, period, keeping=own)
        calendar.occupy_units(aside.resource, aside.units, period, aside.act, Reason.REPAIR)
    return staying


def _warn(incident: Incident, acts: list[Any]) -> None:
    """Tell the borrowers of these dates, once each; their loans stay, their story keeps it."""
    dates = LoanDate.objects.filter(act__in=acts, loan__status=LoanStatus.ACCEPTED)
    for loan in Loan.objects.filter(dates__in=dates).select_related("resource", "lender", "borrower").distinct():
        if loan.events.filter(verb="warn", data__incident=incident.pk, data__back_on=_day(incident)).exists():
            continue
        tell(loan, "warn", by=None, data={"incident": incident.pk, "back_on": _day(incident)})
        notifications.next_warned(loan, incident)


def _day(incident: Incident) -> str | None:
    return incident.back_on.isoformat() if incident.back_on else None


def warned_loans(incident: Incident) -> list[Loan]:
    """Loans to come that were told of this incident, the first one first."""
    rows = Loan.objects.filter(events__verb="warn", events__data__incident=incident.pk, status=LoanStatus.ACCEPTED)
    return list(rows.for_list().distinct().order_by("starts_at", "id"))


def in_the_way(loan: Loan) -> list[Incident]:
    """The open incidents of other loans that this one was told of: what it is about to get is in repair."""
    if loan.status != LoanStatus.ACCEPTED:
        return []
    told = loan.events.filter(verb="warn").values_list("data__incident", flat=True)
    resource = loan.resource
    near = Q(loan__resource=resource) | Q(loan__resource__part_of=resource)
    if resource.part_of_id:
        near |= Q(loan__resource=resource.part_of_id)
    rows = Incident.objects.filter(near, pk__in=list(told), closed_at__isnull=True)
    return list(rows.select_related("loan").order_by("pk"))


@transaction.atomic
def reschedule(incident: Incident, *, by: Any, back_on: datetime.date | None) -> Incident:
    """The lender says when it should be back, or that nobody knows; the portal itself when that day has passed."""
    loan = incident.loan
    require(by is None or Side.LENDER in sides_of(by, loan))
    _check_day(back_on)
    if not Incident.objects.filter(pk=incident.pk, closed_at__isnull=True).update(back_on=back_on):
        raise AlreadyMoved
    incident.refresh_from_db()
    if incident.set_aside:
        period = _period(incident)
        for aside in _asides(incident):
            for closure in Closure.objects.select_for_update().filter(act=aside.act):
                closure.period = span(min(closure.period.lower, period.lower), period.upper)
                closure.save(update_fields=["period"])
            calendar.release_units(aside.resource, [aside.act], len(aside.units), at=period.lower)
        _warn(incident, _hold(incident, period))
    side = Side.LENDER if by else ""
    tell(loan, "reschedule_incident", by=by, side=side, data=_told(incident))
    return incident


def keep_aside() -> int:
    """Each day: what was expected back and is not settled stays in repair, without a known end. Gives how many."""
    late = Incident.objects.filter(closed_at__isnull=True, back_on__lt=timezone.localdate(), units__gt=0)
    rows = list(late.select_related("loan__resource"))
    for incident in rows:
        reschedule(incident, by=None, back_on=None)
    return len(rows)


# ---- who pays


@transaction.atomic
def propose_payer(incident: Incident, *, by: Any, payer: str, estimate: Decimal | None) -> Incident:
    """One side says who should pay, and how much it should cost; nothing is agreed until the other side says so."""
    side = _side(by, incident.loan)
    require(bool(side) and payer in Payer.values and payer != Payer.UNDECIDED)
    Incident.objects.filter(pk=incident.pk).update(payer=Payer.UNDECIDED, estimate=estimate, **_proposal(payer, side))
    incident.refresh_from_db()
    event = tell(incident.loan, "propose_payer", by=by, side=side, data=_told(incident))
    notifications.payer_proposed(incident, nth=event.pk)
    return incident


def to_agree(user: Any, incident: Incident) -> str:
    """The side for which this person may accept what the other proposed; empty when nothing awaits her."""
    side = other(incident.payer_side) if incident.payer_side else ""
    return side if side in sides_of(user, incident.loan) else ""


@transaction.atomic
def agree_payer(incident: Incident, *, by: Any, payer: str, estimate: Decimal | None) -> Incident:
    """The other side accepts what her page showed. Raises AlreadyMoved when it says something else by now."""
    side = to_agree(by, incident)
    require(bool(side))
    standing = Incident.objects.filter(pk=incident.pk, payer_proposed=payer, payer_side=other(side), estimate=estimate)
    if not standing.update(payer=payer, payer_proposed="", payer_side=""):
        raise AlreadyMoved
    incident.refresh_from_db()
    event = tell(incident.loan, "agree_payer", by=by, side=side, data=_told(incident))
    notifications.payer_agreed(incident, side=side, nth=event.pk)
    return incident


# ---- the end


@transaction.atomic
def close(incident: Incident, *, by: Any, outcome: str) -> Incident:
    """The lender says how it is settled: the units are free again, who was warned is told."""
    loan = incident.loan
    require(Side.LENDER in sides_of(by, loan))
    if not outcome.strip():
        raise ValidationError({"outcome": _("Dites comment c’est réglé.")})
    now = timezone.now()
    standing = Incident.objects.filter(pk=incident.pk, closed_at__isnull=True)
    if not standing.update(closed_at=now, closed_by=by, outcome=outcome.strip()):
        raise AlreadyMoved
    incident.refresh_from_db()
    warned = warned_loans(incident)
    for aside in _asides(incident):
        calendar.release_units(aside.resource, [aside.act], len(aside.units), at=now)
        for closure in Closure.objects.filter(act=aside.act):
            closure.period = span(closure.period.lower, max(now, closure.period.lower + datetime.timedelta(seconds=1)))
            closure.save(update_fields=["period"])
    tell(loan, "close_incident", by=by, side=Side.LENDER, note=incident.outcome, data=_told(incident))
    notifications.incident_closed(incident)
    for each in warned:
        tell(each, "repaired", by=None, data={"incident": incident.pk})
        notifications.next_reassured(each, incident)
    return incident
