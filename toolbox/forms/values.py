"""A value of each type of variable: the field that asks for it, as JSON keeps it, as a field shows it."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from directory.forms.fields import HourField, LinesField, WrittenField
from directory.forms.need import date_field

NOT_A_NUMBER = {"invalid": _("Écrivez un nombre : 40 ou 40,50.")}


def value_field(kind: str, choices: Any, *, label: Any, required: bool) -> forms.Field:
    """The field that asks for a value of this type."""
    known: dict[str, Any] = {"label": label, "required": required}
    match kind:
        case "choice":
            missing = {"required": _("Choisissez une réponse."), "invalid_choice": _("Choisissez une des réponses.")}
            return forms.ChoiceField(choices=[("", _("Choisissez…")), *choices], error_messages=missing, **known)
        case "bool":
            answers = [("", _("Choisissez…")), ("true", _("oui")), ("false", _("non"))]
            missing = {"required": _("Choisissez oui ou non."), "invalid_choice": _("Choisissez oui ou non.")}
            return forms.ChoiceField(choices=answers, error_messages=missing, **known)
        case "number" | "money":
            widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})
            return forms.DecimalField(
                localize=True, max_digits=12, decimal_places=2 if kind == "money" else 4, widget=widget,
                error_messages=NOT_A_NUMBER | {"required": _("Écrivez un nombre.")}, **known,
            )  # fmt: skip
        case "date":
            field = date_field(label)
            field.required = required
            return field
        case "time":
            return HourField(help_text=_("18:30 ou 18 h 30."), **known)
        case "list":
            return LinesField(longest=300, help_text=_("Un élément par ligne."), **known)
        case "long":
            widget_ = forms.Textarea(attrs={"rows": 4})
            return WrittenField(max_length=2000, widget=widget_, **known)
    return WrittenField(max_length=300, **known)


def to_json(kind: str, value: Any) -> Any:
    """What a field gave, as JSON keeps it."""
    if value in (None, "", []):
        return None
    if kind == "bool":
        return value == "true"
    if isinstance(value, Decimal):
        return f"{value:.2f}" if kind == "money" else int(value) if value == value.to_integral_value() else str(value)
    if isinstance(value, datetime.time):
        return value.strftime("%H:%M")
    return value.isoformat() if isinstance(value, datetime.date) else value


def to_field(kind: str, value: Any) -> Any:
    """What JSON keeps, as a field shows it at first."""
    if value is None:
        return ""
    if kind == "bool":
        return str(value).lower()
    if kind in ("number", "money"):
        try:
            return Decimal(str(value))
        except ArithmeticError:
            return ""
    return value
