"""When a clause is in: always, by choice, or when what is said of one variable holds. Data, never logic that is typed.

``when`` is "always", "optional" or {"field": a variable's name, "comparison": one of COMPARISONS, "value": …}.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils.translation import gettext_lazy as _

ALWAYS, OPTIONAL = "always", "optional"
COMPARISONS = {
    "equal": _("est"),
    "different": _("n’est pas"),
    "greater": _("dépasse"),
    "less": _("est sous"),
    "filled": _("est indiqué"),
    "empty": _("n’est pas indiqué"),
    "contains": _("comprend"),
}
WITHOUT_VALUE = ("filled", "empty")
# Which comparisons mean something, by type of variable.
_SAID, _ORDERED = ("equal", "different", *WITHOUT_VALUE), ("equal", "different", "greater", "less", *WITHOUT_VALUE)
FITTING = {
    "text": ("equal", "different", "contains", *WITHOUT_VALUE),
    "long": ("contains", *WITHOUT_VALUE),
    "list": ("contains", *WITHOUT_VALUE),
    "date": _ORDERED,
    "time": _ORDERED,
    "number": _ORDERED,
    "money": _ORDERED,
    "choice": _SAID,
    "bool": _SAID,
}


def is_filled(value: Any) -> bool:
    """Whether something was answered: « non » and 0 are answers."""
    if isinstance(value, list | tuple):
        return any(is_filled(item) for item in value)
    return value is not None and not (isinstance(value, str) and not value.strip())


def holds(when: Any, key: str, values: Mapping[str, Any], chosen: Collection[str]) -> bool:
    """Whether a clause of this ``key`` is in, with these values and these optional clauses chosen."""
    if when == ALWAYS:
        return True
    if when == OPTIONAL:
        return key in chosen
    return compare(when["comparison"], values.get(when["field"]), when.get("value"))


def compare(comparison: str, value: Any, wanted: Any) -> bool:
    """One comparison; what isn't answered only meets « n’est pas » and « n’est pas indiqué »."""
    if comparison == "filled":
        return is_filled(value)
    if comparison == "empty":
        return not is_filled(value)
    if comparison == "different":
        return not is_filled(value) or not _same(value, wanted)
    if not is_filled(value):
        return False
    if comparison == "equal":
        return _same(value, wanted)
    if comparison == "contains":
        members = value if isinstance(value, list | tuple) else [str(value)]
        return any(str(wanted).casefold() in str(member).casefold() for member in members)
    one, other = as_number(value), as_number(wanted)
    if one is None or other is None:
        # a date or an hour, both written as ISO 8601 does
        return str(value) > str(wanted) if comparison == "greater" else str(value) < str(wanted)
    return one > other if comparison == "greater" else one < other


def _same(value: Any, wanted: Any) -> bool:
    if isinstance(value, bool) or isinstance(wanted, bool):
        return value is wanted
    one, other = as_number(value), as_number(wanted)
    return one == other if one is not None and other is not None else str(value) == str(wanted)


def as_number(value: Any) -> Decimal | None:
    """A kept value as a number; None when it is not one."""
    try:
        number = None if isinstance(value, bool) else Decimal(str(value))
    except InvalidOperation:
        return None
    # « NaN » and « Infinity » are words that someone typed
    return number if number is not None and number.is_finite() else None
