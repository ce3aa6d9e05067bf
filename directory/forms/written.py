"""What a form holds: what was typed put back in it, what the database says written in its data, a value in words."""

from __future__ import annotations

import re
from typing import Any

from django.utils.translation import gettext as _


def one_line(text: str) -> str:
    """A text on one line; spaces that don’t break stay."""
    return re.sub(r"[ \t\r\n\f\v]+", " ", text).strip()


def put_back(form: Any, typed: Any) -> None:
    """Fill a form that nobody sent with what was typed in its page."""
    for name, field in form.fields.items():
        if name != "versions" and not field.widget.value_omitted_from_data(typed, {}, name):
            form.initial[name] = field.widget.value_from_datadict(typed, {}, name)


def put(data: Any, standing: Any, name: str) -> None:
    """Write in the data of a form what the database holds for a field."""
    value = standing[name].value()
    if hasattr(standing.fields[name].widget, "put"):
        standing.fields[name].widget.put(data, name, value or [])
    elif isinstance(value, bool):
        data.setlist(name, ["on"] if value else [])
    elif isinstance(value, list | tuple):
        data.setlist(name, [str(getattr(v, "pk", v)) for v in value])
    else:
        widget = standing.fields[name].widget
        text = widget.format_value(value) if value is not None else ""
        data[name] = ",".join(text) if isinstance(text, list) else text or ""


def shown(bound: Any, value: Any) -> str:
    """The value of a field in words."""
    field = bound.field
    if hasattr(field, "readable"):
        return field.readable(value) or _("rien")
    if isinstance(value, bool):
        return _("oui") if value else _("non")
    choices: dict[str, str] = {}
    for choice, label in getattr(field.widget, "choices", ()) or ():
        rows = label if isinstance(label, list | tuple) else [(choice, label)]
        choices |= {str(getattr(v, "value", v)): str(words) for v, words in rows}
    if isinstance(value, list | tuple):
        return ", ".join(choices.get(str(getattr(v, "pk", v)), str(v)) for v in value) or _("rien")
    if value in (None, ""):
        return _("rien")
    if choices:
        return choices.get(str(value), str(value))
    return str(bound.field.widget.format_value(value))
