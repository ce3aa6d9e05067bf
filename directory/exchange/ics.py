"""When a resource is taken, as a calendar that others follow, and as free/busy time: never by whom nor why."""

from __future__ import annotations

import datetime
import uuid
from collections import defaultdict
from collections.abc import Callable

from django.db.models import Q
from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from directory.models import Occupation, Resource
from mutualisation.kernel import ical
from mutualisation.kernel.moments import Period, span

KEPT = datetime.timedelta(days=366)  # what is past stays in other people’s calendars
AHEAD = datetime.timedelta(days=366)
UID = uuid.UUID("6f1d4c0e-6f0a-4b0e-9d6a-0c8a2f1e7b55")  # ours: the numbers of free/busy files come from it
LONGEST = datetime.timedelta(days=366)  # what has no known end is shown a year ahead


def busy_feed(resource: Resource, absolute: Callable[[str], str]) -> HttpResponse:
    """One event for each time taken: a UID that lasts as long as what took it, whatever changes of it."""
    now = timezone.now()
    held = Q(resource=resource) | Q(resource__part_of=resource) if resource.quantity == 1 else Q(resource=resource)
    rows = Occupation.objects.filter(held, period__overlap=span(now - KEPT, None))  # type: ignore[arg-type]
    whole = {act for act, pk in rows.order_by().values_list("act", "resource_id") if pk == resource.pk}
    taken: dict[uuid.UUID, dict[tuple[datetime.datetime, datetime.datetime | None], int]] = defaultdict(dict)
    for act, pk, period in rows.order_by("act", "unit", "period").values_list("act", "resource_id", "period"):
        if act in whole and pk != resource.pk:
            continue  # the parts went with the whole
        key = (period.lower, period.upper)
        taken[act][key] = taken[act].get(key, 0) + 1
    events = []
    for act, periods in taken.items():
        for number, ((begins, ends), units) in enumerate(periods.items()):
            said = _("Occupé")
            if resource.quantity > 1:
                said = _("Occupé : %(n)d sur %(all)d") % {"n": units, "all": resource.quantity}
            events.append(
                ical.Event(
                    uid=f"{uuid.uuid5(act, f'{resource.pk}-{number}')}@mutualisation",
                    period=span(begins, ends or timezone.localtime(now).replace(
                        hour=0, minute=0, second=0, microsecond=0) + LONGEST),
                    summary=said,
                    stamp=resource.updated_at,
                )
            )  # fmt: skip
    events.sort(key=lambda event: (event.period.lower, event.uid))
    text = ical.calendar(events, name=_("%(name)s : libre ou pris") % {"name": resource.name})
    response = HttpResponse(text, content_type="text/calendar; charset=utf-8")
    response["Content-Disposition"] = f'inline; filename="{resource.slug}.ics"'
    return response


def free_busy(resource: Resource, absolute: Callable[[str], str]) -> HttpResponse:
    """When none is left to ask for, a month back and a year ahead: what programs that plan a meeting read."""
    now = timezone.now().replace(second=0, microsecond=0)
    within = span(now - datetime.timedelta(days=31), now + AHEAD)
    text = ical.free_busy(
        _none_left(resource, within), within=within, stamp=now, uid=f"{uuid.uuid5(UID, resource.slug)}@mutualisation",
        url=absolute(resource.get_absolute_url()),
    )  # fmt: skip
    response = HttpResponse(text, content_type="text/calendar; charset=utf-8; component=VFREEBUSY")
    response["Content-Disposition"] = f'inline; filename="{resource.slug}.ifb"'
    return response


def _none_left(resource: Resource, within: Period) -> list[Period]:
    """The periods when no unit can be had, one after the other: all are taken, or a part lacks its share."""
    rows = Occupation.objects.filter(Q(resource=resource) | Q(resource__part_of=resource), period__overlap=within)
    steps = []
    for pk, quantity, period in rows.order_by().values_list("resource_id", "resource__quantity", "period"):
        enough = quantity if pk == resource.pk else quantity + 1 + -quantity // resource.quantity
        begins, ends = max(period.lower, within.lower), min(period.upper or within.upper, within.upper)
        steps += [(begins, 1, pk, enough), (ends, -1, pk, enough)]
    taken: dict[int, int] = defaultdict(int)
    full: set[int] = set()
    found, since = [], within.lower
    for at, more, pk, enough in sorted(steps, key=lambda step: (step[0], -step[1])):  # what follows at once joins
        was_full = bool(full)
        taken[pk] += more
        (full.add if taken[pk] >= enough else full.discard)(pk)
        if full and not was_full:
            since = at
        elif was_full and not full and at > since:
            found.append(span(since, at))
    return found
