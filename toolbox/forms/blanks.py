"""The field that asks for what goes in one blank: of its type, within what is plausible, said in a sentence."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django import forms
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from directory.forms.fields import AmountField, ClockField, DayField, LinesField, WrittenField, read_neq
from toolbox.composing import Blank
from toolbox.variables import NONE

LONGEST, LONGEST_TEXT, MOST_ITEMS = 500, 5_000, 40
YES, NO = "oui", "non"
_NEAR_ENOUGH = Fraction(1, 1000)  # thirds are written 33,3, 33,3 and 33,3
# « l’organisme gérant : 50 % », « la Marmite : 1/3 »
_SHARE = re.compile(
    r"(?P<who>.*?)(?:(?P<up>\d{1,6})\s*/\s*(?P<down>[1-9]\d{0,5})|(?P<n>[-−]?\d{1,9}(?:[.,]\d{1,9})?)\s*%?)\s*"
)

_REQUIRED = {
    "date": gettext_lazy("Écrivez une date, comme 2026-12-05."),
    "time": gettext_lazy("Écrivez une heure, comme 18 h."),
    "number": gettext_lazy("Écrivez un nombre."),
    "money": gettext_lazy("Écrivez un montant, comme 40 ou 40,50."),
    "choice": gettext_lazy("Choisissez une des réponses."),
    "bool": gettext_lazy("Répondez par oui ou par non."),
    "list": gettext_lazy("Écrivez au moins une ligne."),
}


class DatedField(DayField):
    """A day of an agreement: a year alone is not one, nor is a day of another century."""

    def to_python(self, value: Any) -> Any:
        year = re.fullmatch(r"\s*(\d{4})\s*", value) if isinstance(value, str) else None
        if year:
            said = _("« %(year)s » est une année : écrivez aussi le mois et le jour, comme %(year)s-06-30.")
            raise forms.ValidationError(said % {"year": year[1]}, code="invalid")
        return super().to_python(value)


class NeqField(WrittenField):
    """A number of the register of enterprises, or « aucun » for who has none."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"max_length": 40, **kwargs})
        self.widget.attrs |= {"autocomplete": "off"}

    def clean(self, value: Any) -> Any:
        typed = super().clean(value)
        if not typed or typed.strip(" .").casefold() == NONE:
            return NONE if typed else typed
        try:
            return read_neq(typed)
        except forms.ValidationError:
            said = _("Le NEQ compte dix chiffres et commence par 11, 22, 33 ou 88 : vérifiez-le, ou écrivez « aucun ».")
            raise forms.ValidationError(said, code="neq") from None


class SharesField(LinesField):
    """Shares of a whole, one a line, each of someone: their sum is 100 %."""

    def clean(self, value: Any) -> Any:
        lines = super().clean(value)
        if not lines:
            return lines
        total = Fraction(0)
        for line in lines:
            found = _SHARE.fullmatch(line)
            if found is None or not re.search(r"[^\W\d_]", found["who"]):
                said = _("« %(line)s » : écrivez qui, puis sa part, comme « l’organisme gérant : 50 %% ».")
                raise forms.ValidationError(said % {"line": line[:60]})
            if found["n"] is not None:
                share = Fraction(found["n"].replace(",", ".").replace("−", "-")) / 100
            else:
                share = Fraction(int(found["up"]), int(found["down"]))
            if not 0 <= share <= 1:
                raise forms.ValidationError(_("« %(line)s » : une part va de 0 à 100 %%.") % {"line": line[:60]})
            total += share
        if abs(total - 1) > _NEAR_ENOUGH:
            said = _("Les parts font %(total)s %% en tout : corrigez-les pour que leur total fasse 100 %%.")
            raise forms.ValidationError(said % {"total": percent(total)})
        return lines


def sharer(line: str) -> str:
    """Of whom a share is: « la Marmite : 1/3 » → « la Marmite »."""
    found = _SHARE.fullmatch(line)
    return found["who"].strip(" \u00a0\u202f:,;–—-\t") if found else line


def strangers(who: Iterable[str], parties: Iterable[tuple[str, str]]) -> list[str]:
    """Those of ``who`` that are no party (a name, a role), or one that was said already.

    A party that has no name yet may be called anything, once.
    """
    rows = [(_plain(name), _plain(role)) for name, role in parties]
    left, unknown = list(rows), []
    for one in who:
        said = _plain(one)
        match = next((row for row in left if said and said in row), None)
        if match:
            left.remove(match)
        else:
            unknown.append(one)
    free = sum(not name for name, _role in left)
    taken = {word for row in rows for word in row if word}
    twice = [one for one in unknown if _plain(one) in taken]
    return twice or unknown[free:]


def meant(who: str, parties: Iterable[tuple[str, str]]) -> str:
    """The one party (a name, a role) whose name or role has all the words of ``who``: « C » → « Maison C »."""
    words = set(_plain(who).split())
    found = [said for row in parties if (said := next((s for s in row if words <= set(_plain(s).split())), ""))]
    return found[0] if words and len(found) == 1 else ""


def _plain(name: str) -> str:
    """A name as it is compared: neither capitals, nor an article, nor spaces of any sort."""
    words = " ".join(name.replace("'", "’").casefold().split())
    return re.sub(r"^(?:l’|les |la |le )", "", words)


def percent(share: Fraction) -> str:
    """« 150 », « 99,5 »."""
    value = round(Decimal(share.numerator * 100) / Decimal(share.denominator), 1)
    return number_format(value.normalize() if value % 1 else int(value), use_l10n=True)


def field_of(blank: Blank, *, demanded: bool) -> forms.Field:
    """The field of one blank."""
    said: dict[str, Any] = {"label": blank.label, "help_text": blank.help, "required": demanded}
    if error := _REQUIRED.get(blank.type, gettext_lazy("Écrivez quelque chose, même « aucun ».")):
        said["error_messages"] = {"required": error}
    match blank.type:
        case "long":
            return WrittenField(max_length=LONGEST_TEXT, widget=forms.Textarea(attrs={"rows": 4}), **said)
        case "date":
            return DatedField(**said)
        case "time":
            return ClockField(**said)
        case "number":
            return _amount(blank, {**said, "validators": [_Whole(blank)]})
        case "money":
            return _amount(blank, {**said, "label": f"{blank.label} ($)"})
        case "bool":
            return _among([(YES, _("Oui")), (NO, _("Non"))], said)
        case "choice":
            return _among(blank.choices, said)
        case "list":
            said["help_text"] = (
                f"{blank.help} {_('Un élément par ligne.')}" if "ligne" not in blank.help else blank.help
            ).strip()
            lines = SharesField if blank.check == "shares" else LinesField
            return lines(longest=LONGEST, most=MOST_ITEMS, **said)
    if blank.check == "neq":
        return NeqField(**{**said, "help_text": blank.help or _("Dix chiffres, ou « aucun ».")})
    return WrittenField(max_length=LONGEST, **said)


@dataclass(frozen=True)
class _Whole:
    """The validator of what is counted one by one."""

    blank: Blank

    def __call__(self, number: Decimal) -> None:
        if wrong := self.blank.miscounted(number):
            raise forms.ValidationError(wrong)


def _amount(blank: Blank, said: dict[str, Any]) -> forms.Field:
    if blank.least is not None:  # said once: counted one by one
        said = {**said, "min_value": None}
    if blank.type == "money" and blank.most is None:  # as much as the field holds
        return AmountField(**said)
    most = number_format(blank.largest, use_l10n=True, force_grouping=True)
    wrong = _("C’est plus que %(most)s : vérifiez le nombre et ce qu’il compte.") % {"most": most}
    errors = {**said["error_messages"], "max_value": wrong}
    return AmountField(**{**said, "max_value": blank.largest, "max_digits": None, "error_messages": errors})


def _among(choices: Iterable[tuple[str, str]], said: dict[str, Any]) -> forms.ChoiceField:
    errors = {**said["error_messages"], "invalid_choice": _("Choisissez une des réponses offertes.")}
    return forms.ChoiceField(choices=[("", _("Choisissez…")), *choices], **{**said, "error_messages": errors})
