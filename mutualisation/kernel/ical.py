"""Calendar files (RFC 5545): right across both clock changes, one UID for life.

An invitation (REQUEST), its update (same UID, higher sequence) and its end (CANCEL) are the same event told again.
A series is one event that recurs, by a rule with exceptions that every program reads (docs/decisions/0021).
"""

from __future__ import annotations

import datetime
from calendar import monthrange, weekday
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from math import gcd
from typing import Any

from django.utils import timezone
from icalendar import Calendar, FreeBusy, Timezone, TimezoneDaylight, TimezoneStandard, vPeriod
from icalendar import Event as Component

from mutualisation.kernel.moments import DAY, Period

PRODUCT = "-//Mutualisation//Portail//FR"
WEEKDAYS = "MO TU WE TH FR SA SU".split()


@dataclass(frozen=True)
class Event:
    """One moment: ``uid`` never changes, ``sequence`` grows with each change, ``stamp`` says when it last did.

    ``others``: the other dates of a series, all told under its UID.
    """

    uid: str
    period: Period
    summary: str
    stamp: datetime.datetime
    sequence: int = 0
    description: str = ""
    location: str = ""
    url: str = ""
    cancelled: bool = False
    tentative: bool = False
    others: tuple[Period, ...] = ()


def calendar(
    events: Iterable[Event], *, name: str = "", method: str = "PUBLISH", organizer: str = "", attendee: str = ""
) -> str:
    """The text of a calendar file. ``organizer`` and ``attendee`` are addresses, that invitations need."""
    found = Calendar()
    found.add("prodid", PRODUCT)
    found.add("version", "2.0")
    found.add("calscale", "GREGORIAN")
    found.add("method", method)
    if name:
        found.add("name", name)
        found.add("x-wr-calname", name)
        found.add("refresh-interval", datetime.timedelta(hours=6), parameters={"VALUE": "DURATION"})
        found.add("x-published-ttl", "PT6H")
    told = list(events)
    if any(event.others for event in told):
        found.add_component(_zone())
    for event in told:
        for component in _components(event, organizer, attendee):
            found.add_component(component)
    return found.to_ical().decode()


def free_busy(taken: Iterable[Period], *, uid: str, within: Period, url: str, stamp: datetime.datetime) -> str:
    """The text of a free/busy file: when something is taken between two instants, and nothing more."""
    found = Calendar()
    found.add("prodid", PRODUCT)
    found.add("version", "2.0")
    found.add("method", "PUBLISH")
    one = FreeBusy()
    one.add("uid", uid)
    one.add("dtstamp", stamp.astimezone(datetime.UTC))
    one.add("dtstart", within.lower.astimezone(datetime.UTC))
    one.add("dtend", within.upper.astimezone(datetime.UTC))
    one.add("url", url)
    for period in taken:
        bounds = (period.lower.astimezone(datetime.UTC), period.upper.astimezone(datetime.UTC))
        one.add("freebusy", vPeriod(bounds), parameters={"FBTYPE": "BUSY"})
    found.add_component(one)
    return found.to_ical().decode()


def _components(event: Event, organizer: str, attendee: str) -> list[Component]:
    """An event; a series as one that recurs every so many days, then those of its dates that differ from it.

    The days of the rule that no date takes are left out (EXDATE); a second date of a day is added (RDATE).
    """
    zone = timezone.get_default_timezone()
    if not event.others:
        return [_component(event, event.period, organizer, attendee, datetime.UTC)]
    first, *others = sorted((event.period, *event.others), key=lambda period: period.lower)
    whole = _component(event, first, organizer, attendee, zone)
    start = first.lower.astimezone(zone)
    days = [(period.lower.astimezone(zone).date() - start.date()).days for period in others]
    step = gcd(*days) or 1
    rule = {"freq": "weekly", "interval": step // 7} if step % 7 == 0 else {"freq": "daily", "interval": step}
    whole.add("rrule", {**rule, "count": days[-1] // step + 1})
    slots = {n: start + n * DAY for n in range(step, days[-1] + 1, step)}  # at its hour on the wall
    added, differing = [], []
    for period in sorted(others, key=lambda period: period.lower.astimezone(zone).time() != start.time()):
        own = period.lower.astimezone(zone)
        slot = slots.pop((own.date() - start.date()).days, None)
        if slot is None:
            added.append(own)
        if (slot or own, period.upper - period.lower) != (own, first.upper - first.lower):
            differing.append((slot or own, period))
    if slots:
        whole.add("exdate", list(slots.values()))
    if added:
        whole.add("rdate", added)
    if event.cancelled:  # all of it, which its UID says
        return [whole]
    return [whole, *(_component(event, period, organizer, attendee, zone, slot) for slot, period in differing)]


def _zone() -> Timezone:
    """What the hours of a series are counted in: when its clocks change, year after year, as they do this year."""
    zone, year = timezone.get_default_timezone(), timezone.localdate().year
    found, hour = Timezone(), datetime.timedelta(hours=1)
    found.add("tzid", str(zone))
    hours = [datetime.datetime(year, 1, 1, tzinfo=datetime.UTC) + n * hour for n in range(365 * 24)]
    shown = [instant.astimezone(zone) for instant in hours]
    changes = [(a, b) for a, b in pairwise(shown) if a.utcoffset() != b.utcoffset()]
    for before, after in changes or [(shown[0], shown[0])]:
        wall = (before + hour).replace(tzinfo=None)  # as the clock showed it until then
        rank = -1 if (wall + 7 * DAY).month != wall.month else (wall.day - 1) // 7 + 1
        weekdays = [
            n for n in range(1, monthrange(1970, wall.month)[1] + 1) if weekday(1970, wall.month, n) == wall.weekday()
        ]
        one = TimezoneDaylight() if after.dst() else TimezoneStandard()
        one.add("dtstart", wall.replace(year=1970, day=weekdays[rank if rank < 0 else rank - 1]))
        one.add("tzoffsetfrom", before.utcoffset())
        one.add("tzoffsetto", after.utcoffset())
        one.add("tzname", after.tzname())
        if changes:
            one.add("rrule", {"freq": "yearly", "bymonth": wall.month, "byday": f"{rank}{WEEKDAYS[wall.weekday()]}"})
        found.add_component(one)
    return found


def _component(
    event: Event, period: Period, organizer: str, attendee: str, zone: datetime.tzinfo, instead_of: Any = None
) -> Component:
    one = Component()
    one.add("uid", event.uid)
    one.add("dtstamp", event.stamp.astimezone(datetime.UTC))
    one.add("last-modified", event.stamp.astimezone(datetime.UTC))
    one.add("dtstart", period.lower.astimezone(zone))
    one.add("dtend", period.upper.astimezone(zone))
    if instead_of:
        one.add("recurrence-id", instead_of)
    one.add("summary", event.summary)
    one.add("sequence", event.sequence)
    one.add("status", "CANCELLED" if event.cancelled else "TENTATIVE" if event.tentative else "CONFIRMED")
    one.add("transp", "OPAQUE")
    one.add("class", "PRIVATE")
    if event.description:
        one.add("description", event.description)
    if event.location:
        one.add("location", event.location)
    if event.url:
        one.add("url", event.url)
    if organizer:
        one.add("organizer", f"mailto:{organizer}")
    if attendee:
        one.add("attendee", f"mailto:{attendee}", parameters={"PARTSTAT": "ACCEPTED", "ROLE": "REQ-PARTICIPANT"})
    return one
