"""Days and hours as people type them, made into periods; each fault in one sentence, beside its field."""

from __future__ import annotations

import datetime

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from directory.forms.fields import ClockField, DayField
from mutualisation.kernel.moments import DAY, Period, moment, span

MIDNIGHT = datetime.time()
__all__ = ["ClockField", "DayField", "period_of"]


def period_of(form: forms.BaseForm, starts_on: str, starts_at: str, ends_on: str, ends_at: str) -> Period | None:
    """The period that four fields say, or None with what is wrong said beside the field.

    Without a last day, it ends the same day; midnight at its end is the one that ends that day.
    """
    clean = form.cleaned_data
    first, begin, finish = clean.get(starts_on), clean.get(starts_at), clean.get(ends_at)
    if first is None or begin is None or finish is None or ends_on in form.errors:
        return None
    last = clean.get(ends_on) or first
    if finish == MIDNIGHT and last == first:
        last += DAY
    bounds = []
    for name, day, hour in ((starts_at, first, begin), (ends_at, last, finish)):
        try:
            bounds.append(moment(day, hour))
        except ValidationError as error:
            form.add_error(name, error)
    if len(bounds) < 2:
        return None
    start, end = bounds
    if last < first:
        form.add_error(ends_on, _("La fin vient avant le début : choisissez un jour plus tard."))
        return None
    if end <= start:
        form.add_error(ends_at, _("La fin vient avant le début : choisissez une heure plus tard."))
        return None
    return span(start, end)
