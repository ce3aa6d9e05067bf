"""What was typed over a text that someone else changed meanwhile: nothing lost, what differs side by side."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _

from directory.forms.written import put
from toolbox.comparing import said
from toolbox.composing import Blank
from toolbox.forms.filling import FillingForm, form_for


@dataclass(frozen=True)
class Merged:
    """The form to show, the blanks that were typed in it, and the answers that differ: theirs, mine."""

    form: FillingForm
    typed: list[Blank]
    rows: list[dict[str, Any]]


def merged(sent: FillingForm, wanted: Iterable[Blank], *, before: Mapping[str, Any], now: Mapping[str, Any]) -> Merged:
    """What was typed stays; what was left as the page showed it (``before``) takes the answer of ``now``.

    ``wanted``: what the page asks now; what was typed is added to it.
    """
    asked = {blank.name: blank for blank in wanted}
    standing = form_for(asked.values(), values=now)
    sent.is_valid()
    values = sent.values()
    data = QueryDict(mutable=True)
    shown: list[Blank] = []
    typed: list[Blank] = []
    rows: list[dict[str, Any]] = []
    for name, blank in (asked | sent.blanks).items():
        mine, then, theirs = said(blank, values), said(blank, before), said(blank, now)
        kept = name in sent.blanks and name in sent.data and (name in sent.errors or mine != then)
        if name in sent.errors:
            mine = str(sent.data.get(name, ""))
        if kept:
            data[name] = sent.data.get(name, "")
        elif name in asked:
            put(data, standing, name)
        if kept or name in asked:
            shown.append(blank)
        if kept or not theirs:
            typed.append(blank)
        words = mine if kept else then
        if words and theirs not in (then, words):  # where nothing was said, nothing is in conflict
            rows.append({
                "label": blank.label, "field": name if blank in shown else "", "kept": kept,
                "theirs": theirs or _("rien"), "mine": words,
            })  # fmt: skip
    return Merged(form_for(shown, data, beside=now), typed, rows)


def merged_choice(mine: Collection[str], *, before: Collection[str], now: Collection[str]) -> list[str]:
    """The clauses that are in now, with those that one ticked, without those that one unticked."""
    stayed = [key for key in now if key in mine or key not in before]
    return [*stayed, *(key for key in mine if key not in before and key not in stayed)]
