"""Days and hours as people type them, made into periods; each fault in one sentence, beside its field."""

from __future__ import annotations

import datetime
import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from directory.forms.fields import HourField
from mutualisation.kernel.moments import DAY, Period, moment, span

MONTHS = "janvier février mars avril mai juin juillet août septembre octobre novembre décembre".split()
MIDNIGHT = datetime.time()
FURTHEST = 9000


class DayField(forms.DateField):
    """A day, AAAA-MM-JJ; one that no calendar has is named in the error."""

    default_error_messages = {
        "invalid": gettext_lazy("Écrivez la date ainsi : 2026-12-05 (année, mois, jour)."),
        "required": gettext_lazy("Choisissez une date."),
    }

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.DateInput(format="%Y-%m-%d", attrs={"inputmode": "numeric", "placeholder": "AAAA-MM-JJ",
                                                           "autocomplete": "off", "class": "form-control"})  # fmt: skip
        super().__init__(input_formats=["%Y-%m-%d"], **{"widget": widget, **kwargs})

    def to_python(self, value: Any) -> Any:
        if not isinstance(value, str):
            return super().to_python(value)
        typed = re.fullmatch(r"\s*(\d{4})[-/. ](\d{1,2})[-/. ](\d{1,2})\s*", value)
        if not typed:
            return super().to_python(value)
        year, month, day = (int(part) for part in typed.groups())
        try:
            found = datetime.date(year, month, day)
        except ValueError:
            if 1 <= month <= 12 and 1 <= day <= 31:
                said = _("Le %(day)d %(month)s %(year)d n’existe pas : choisissez un autre jour.")
                raise ValidationError(said % {"day": day, "month": _(MONTHS[month - 1]), "year": year}) from None
            raise ValidationError(self.error_messages["invalid"], code="invalid") from None
        if not 1000 < year < FURTHEST:
            raise ValidationError(_("Cette année-là est hors du calendrier : choisissez une autre date."))
        return found


class ClockField(HourField):
    """A time of day: « 18:00 », « 18 h », « 18h30 », « minuit »."""

    default_error_messages = {
        "invalid": gettext_lazy("Écrivez une heure comme 18:00 ou 18 h."),
        "required": gettext_lazy("Écrivez une heure, comme 18 h."),
    }

    def __init__(self, **kwargs: Any) -> None:
        attrs = {"placeholder": "18:00", "autocomplete": "off", "class": "form-control"}
        super().__init__(**{"required": True, "widget": forms.TimeInput(format="%H:%M", attrs=attrs), **kwargs})

    def to_python(self, value: Any) -> Any:
        if isinstance(value, str):
            text = value.strip().lower()
            if text in ("minuit", "24", "24:00", "24 h", "24h"):
                return MIDNIGHT
            if text == "midi":
                return datetime.time(12)
            if re.fullmatch(r"\d{1,2}", text):
                value = f"{text}:00"
        return super().to_python(value)


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
