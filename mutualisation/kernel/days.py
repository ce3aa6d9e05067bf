"""A day in a form: typed as people write it, or chosen in the browser’s own calendar. The one field for days."""

from __future__ import annotations

import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.templatetags.static import static
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from mutualisation.kernel.moments import MONTHS, day_as_typed, day_in_words

EARLIEST = 1900
AHEAD = 30  # years from today: further, a slip of the finger


def read_day(text: str) -> datetime.date:
    """A day as typed. Raises ValidationError, of code ``invalid`` when it can’t even be read as one."""
    typed = day_as_typed(text)
    if typed is None or not (1 <= typed.month <= 12 and 1 <= typed.day <= 31):
        raise ValidationError(
            gettext("« %(value)s » n’est pas une date : écrivez-la comme 2026-12-04, 04/12/2026 ou 4 décembre 2026.")
            % {"value": text},
            code="invalid",
        )
    try:
        found = datetime.date(typed.year, typed.month, typed.day)
    except ValueError:
        said = gettext("Le %(day)d %(month)s %(year)d n’existe pas : choisissez un autre jour.")
        names = {"day": typed.day, "month": gettext(MONTHS[typed.month - 1]), "year": typed.year}
        raise ValidationError(said % names, code="no_such_day") from None
    if typed.weekday not in (None, found.weekday()):
        said = gettext("Le %(day)s est un %(weekday)s : vérifiez la date.")
        names = {"day": day_in_words(found, "j F Y"), "weekday": date_format(found, "l")}
        raise ValidationError(said % names, code="weekday")
    return found


class DayInput(forms.DateInput):
    """The day as text; beside it, where there is JavaScript, a button that opens the browser’s calendar."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        said = {"placeholder": _("AAAA-MM-JJ"), "autocomplete": "off", "class": "form-control", "maxlength": 40}
        super().__init__(format="%Y-%m-%d", attrs={**said, **(attrs or {})})

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        field = super().render(name, value, attrs, renderer)
        own = (attrs or {}).get("id") or self.attrs.get("id")
        if not own:
            return field
        return format_html(
            '<div class="typed">{}<button class="btn js-only" type="button" data-pick="{}"><svg class="i" '
            'aria-hidden="true"><use href="{}#i-cal"/></svg><span class="vh">{}</span></button></div>',
            field, own, static("img/icons.svg"), gettext("Choisir le jour dans un calendrier"),
        )  # fmt: skip


class DayField(forms.DateField):
    """A day: « 2026-12-17 », « 17/12/2026 », « 17 décembre 2026 »; one that no calendar has is named in the error."""

    widget = DayInput
    default_error_messages = {
        "invalid": _("Écrivez la date ainsi : 2026-12-17, 17/12/2026 ou 17 décembre 2026."),
        "required": _("Écrivez une date, comme 2026-12-17 ou 17 décembre 2026."),
    }

    def __init__(self, *, help_text: Any = "", **kwargs: Any) -> None:
        hint = _("AAAA-MM-JJ, 17/12/2026 ou 17 décembre 2026.")
        super().__init__(input_formats=["%Y-%m-%d"], help_text=help_text or hint, **kwargs)

    def to_python(self, value: Any) -> Any:
        if not isinstance(value, str):
            return super().to_python(value)
        if not value.strip():
            return None
        try:
            found = read_day(value)
        except ValidationError as error:
            said = self.error_messages["invalid"] if error.code == "invalid" else error.message
            raise ValidationError(said, code=error.code) from None
        latest = timezone.localdate().year + AHEAD
        if not EARLIEST <= found.year <= latest:
            said = gettext("L’année %(year)04d est hors du calendrier : écrivez une date entre %(first)d et %(last)d.")
            raise ValidationError(said % {"year": found.year, "first": EARLIEST, "last": latest})
        return found
