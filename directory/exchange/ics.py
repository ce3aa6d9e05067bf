"""When a resource is taken, as a calendar that others follow: « Occupé », never by whom nor why."""

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
from mutualisation.kernel.moments import span

KEPT = datetime.timedelta(days=366)  # what is past stays in other people’s calendars
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
