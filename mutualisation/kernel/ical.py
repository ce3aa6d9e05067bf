"""Calendar files (RFC 5545): events in UTC, right across both clock changes, one UID for life.

An invitation (REQUEST), its update (same UID, higher sequence) and its end (CANCEL) are the same event told again.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass

from icalendar import Calendar, FreeBusy, vPeriod
from icalendar import Event as Component

from mutualisation.kernel.moments import Period

PRODUCT = "-//Mutualisation//Portail//FR"


@dataclass(frozen=True)
class Event:
    """One moment: ``uid`` never changes, ``sequence`` grows with each change, ``stamp`` says when it last did."""

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
    for event in events:
        found.add_component(_component(event, organizer, attendee))
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


def _component(event: Event, organizer: str, attendee: str) -> Component:
    one = Component()
    one.add("uid", event.uid)
    one.add("dtstamp", event.stamp.astimezone(datetime.UTC))
    one.add("last-modified", event.stamp.astimezone(datetime.UTC))
    one.add("dtstart", event.period.lower.astimezone(datetime.UTC))
    one.add("dtend", event.period.upper.astimezone(datetime.UTC))
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
