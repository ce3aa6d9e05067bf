"""Fields that speak as people do: lines, durations, days, times of day, amounts."""

from __future__ import annotations

import datetime
import re
from decimal import Decimal
from typing import Any

from django import forms
from django.db import models
from django.utils.translation import gettext_lazy as _

from directory.forms.written import one_line
from mutualisation.kernel.days import DayField
from mutualisation.kernel.paper import printable

Choices = list[tuple[Any, Any]]
__all__ = ["AmongField", "AmountField", "ClockField", "DayField", "HourField", "LinesField", "WrittenField", "settled"]

MINUTES: Choices = [
    (15, _("15 minutes")), (30, _("30 minutes")), (60, _("1 heure")), (120, _("2 heures")), (180, _("3 heures")),
    (240, _("une demi-journée (4 h)")), (480, _("8 heures")), (1440, _("1 jour")), (2880, _("2 jours")),
    (4320, _("3 jours")), (10080, _("1 semaine")), (20160, _("2 semaines")), (43200, _("30 jours")),
]  # fmt: skip
NOTICE: Choices = [
    (0, _("aucun")), (2, _("2 heures")), (12, _("12 heures")), (24, _("1 jour")), (48, _("2 jours")),
    (72, _("3 jours")), (120, _("5 jours")), (168, _("1 semaine")), (336, _("2 semaines")), (720, _("1 mois")),
]  # fmt: skip
HORIZON: Choices = [
    (30, _("1 mois à l’avance")), (90, _("3 mois à l’avance")), (180, _("6 mois à l’avance")),
    (365, _("1 an à l’avance")), (730, _("2 ans à l’avance")),
]  # fmt: skip
BUFFER: Choices = [
    (0, _("aucune")), (15, _("15 minutes")), (30, _("30 minutes")), (60, _("1 heure")), (120, _("2 heures")),
    (1440, _("1 jour")),
]  # fmt: skip


class WrittenField(forms.CharField):
    """A text that others will read: what is kept is what any page or document of it shows.

    A long one is never cut while it is typed or pasted: the limit is said, and all of it is kept.
    """

    default_error_messages = {
        "max_length": _(
            "Écrivez au plus %(limit_value)d caractères : ce texte en a %(show_value)d. Il est gardé, raccourcissez-le."
        )
    }

    def to_python(self, value: Any) -> Any:
        if isinstance(value, str):
            parts = re.sub(r"\r\n?", "\n", value).split("\0")  # a null stays: it is refused
            value = "\0".join(printable(part) for part in parts)
        return super().to_python(value)

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        attrs: dict[str, Any] = super().widget_attrs(widget)
        if isinstance(widget, forms.Textarea):
            attrs.pop("maxlength", None)
        return attrs


class LinesField(WrittenField):
    """A list, one item a line."""

    widget = forms.Textarea

    def __init__(self, *, longest: int = 80, most: int = 40, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.longest, self.most = longest, most
        self.widget.attrs["rows"] = 4

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> Any:
        lines = [one_line(line) for line in (super().clean(value) or "").splitlines()]
        lines = list(dict.fromkeys(line for line in lines if line))
        long = next((line for line in lines if len(line) > self.longest), None)
        if long:
            raise forms.ValidationError(
                _("« %(line)s… » est trop long : %(n)d caractères au plus par ligne."),
                params={"line": long[:30], "n": self.longest},
            )
        if len(lines) > self.most:
            raise forms.ValidationError(_("Au plus %(n)d lignes."), params={"n": self.most})
        return lines


class AmongField(forms.TypedChoiceField):
    """A number among usual ones; one that came from elsewhere (an import) stays possible."""

    def __init__(self, *, usual: Choices, empty: Any = None, **kwargs: Any) -> None:
        self.usual = usual
        self.nothing: Choices = [("", empty)] if empty is not None else []
        nothing: Any = None if empty is not None else 0
        super().__init__(choices=[*self.nothing, *usual], coerce=int, empty_value=nothing, **kwargs)

    def include(self, value: int | None, unit: Any) -> None:
        """Offer this value too."""
        if value is not None and value not in [v for v, _label in self.usual]:
            more = sorted([*self.usual, (value, f"{value} {unit}")])
            self.choices = [*self.nothing, *more]


class HourField(forms.TimeField):
    """A time of day as people type it: « 18 h », « 18h30 », « 18:30 »."""

    default_error_messages = {"invalid": _("Écrivez une heure comme 18:30 ou 18 h 30.")}

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.TimeInput(format="%H:%M", attrs={"type": "time"})
        super().__init__(input_formats=["%H:%M", "%H:%M:%S"], **{"required": False, "widget": widget, **kwargs})

    def to_python(self, value: Any) -> Any:
        if isinstance(value, str):
            found = re.fullmatch(r"\s*(\d{1,2})\s*[hH:]\s*(\d{2})?\s*", value)
            if found:
                value = f"{int(found[1]):02}:{found[2] or '00'}"
        return super().to_python(value)


class ClockField(HourField):
    """A time of day: « 18:00 », « 18 h », « 18h30 », « minuit »."""

    default_error_messages = {
        "invalid": _("Écrivez une heure comme 18:00 ou 18 h."),
        "required": _("Écrivez une heure, comme 18 h."),
    }

    def __init__(self, **kwargs: Any) -> None:
        attrs = {"placeholder": "18:00", "autocomplete": "off", "class": "form-control"}
        super().__init__(**{"required": True, "widget": forms.TimeInput(format="%H:%M", attrs=attrs), **kwargs})

    def to_python(self, value: Any) -> Any:
        if isinstance(value, str):
            text = value.strip().lower()
            if text in ("minuit", "24", "24:00", "24 h", "24h"):
                return datetime.time()
            if text == "midi":
                return datetime.time(12)
            if re.fullmatch(r"\d{1,2}", text):
                value = f"{text}:00"
        return super().to_python(value)


class AmountField(forms.DecimalField):
    """A number as people type it: « 1 234,50 », « 1234.5 », « 25 $ », « 50 % »; kept exact."""

    default_error_messages = {
        "invalid": _("Écrivez un nombre, comme 120 ou 120,50."),
        "max_digits": _("Ce nombre est trop long : vérifiez les zéros."),
        "max_whole_digits": _("Ce nombre est trop grand : vérifiez les zéros."),
        "max_decimal_places": _("Deux décimales au plus, comme 120,50."),
        "min_value": _("Écrivez un nombre à partir de 0."),
    }
    widget = forms.TextInput

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"max_digits": 11, "decimal_places": 2, "min_value": 0, **kwargs})
        self.widget.attrs.setdefault("inputmode", "decimal")

    def to_python(self, value: Any) -> Any:
        if isinstance(value, str):
            value = re.sub(r"[\s\u00a0\u202f]|[$%]\s*$", "", value.strip()).replace(",", ".")
        return super().to_python(value)

    def prepare_value(self, value: Any) -> Any:
        return str(value).removesuffix(".00").replace(".", ",") if isinstance(value, Decimal) else value


def settled(value: Any) -> str:
    """A value as text, the same whether it comes from the database or from a form: to compare, never to show."""
    if value in (None, "", [], ()):
        return ""
    if isinstance(value, models.Model):
        return str(value.pk)
    if isinstance(value, Decimal):
        return f"{value:.2f}"
    if isinstance(value, models.QuerySet | list | tuple | set):
        items = [settled(v) for v in value]
        return "\n".join(sorted(items) if isinstance(value, models.QuerySet) or _rows(value) else items)
    if isinstance(value, str):
        return value.replace("\r\n", "\n").strip()
    return str(value)


def _rows(value: Any) -> bool:
    return any(isinstance(v, models.Model) for v in value)


def read_neq(text: str) -> str:
    """A number of Québec's register of enterprises as people type it: ten digits. Raises ValidationError."""
    typed = re.sub(r"[\s\u00a0\u202f.-]", "", text)
    if typed and not re.fullmatch(r"(?:11|22|33|88)[0-9]{8}", typed):
        raise forms.ValidationError(
            _("Le NEQ compte dix chiffres et commence par 11, 22, 33 ou 88 : vérifiez-le."), code="neq"
        )
    return typed
