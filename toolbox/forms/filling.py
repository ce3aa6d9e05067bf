"""The form that asks what goes in the blanks of a model agreement: one field a blank, gathered by theme.

Names of fields are names of variables. What comes out is as ``toolbox.composing`` reads it; what goes in may be that
(``values``) or what an address says (``typed_in``). It asks nothing of where blanks come from: a whole edition, or only
what one party still has to say.
"""

from __future__ import annotations

import datetime
from collections.abc import Container, Iterable, Mapping
from decimal import Decimal
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from directory.forms.fields import AmountField, ClockField, DayField, LinesField
from directory.forms.organisation import dress
from toolbox.composing import Blank
from toolbox.conditions import is_filled
from toolbox.models import Clause

LONGEST, LONGEST_TEXT, MOST_ITEMS = 500, 5_000, 40
YES, NO = "oui", "non"
CHOSEN = "clauses-retenues"  # no variable has a hyphen

# The themes, in the order of an agreement: prefixes of the catalogue, then who is asked.
_THEMES: tuple[tuple[str, Any], ...] = (
    ("preteur.", gettext_lazy("Le prêteur")),
    ("emprunteur.", gettext_lazy("L’emprunteur")),
    ("ressource.", gettext_lazy("Ce qui est partagé")),
    ("local.", gettext_lazy("Le local")),
    ("expertise.", gettext_lazy("L’expertise")),
    ("personne.", gettext_lazy("La personne prêtée")),
    ("periode.", gettext_lazy("Quand")),
    ("pret.", gettext_lazy("Comment")),
    ("cout.", gettext_lazy("Contrepartie")),
    ("exigences.", gettext_lazy("Ce qui est exigé")),
    ("preteur", gettext_lazy("Ce que le prêteur sait")),
    ("emprunteur", gettext_lazy("Ce que l’emprunteur sait")),
    ("personne", gettext_lazy("Ce que la personne sait")),
    ("partenaire", gettext_lazy("Ce que chaque partenaire sait")),
    ("", gettext_lazy("Ce dont vous convenez")),
    (".", gettext_lazy("Le texte lui-même")),
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


class FillingForm(forms.Form):
    """What goes in some blanks. Made by ``form_for``."""

    def __init__(self, *args: Any, blanks: list[Blank], optional: list[Clause], demanded: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.blanks = {blank.name: blank for blank in blanks}
        for blank in blanks:
            self.fields[blank.name] = _field(blank, demanded=demanded)
        if optional:
            self.fields[CHOSEN] = forms.MultipleChoiceField(
                label=_("Clauses facultatives à garder"), required=False, choices=[(c.key, c.title) for c in optional],
                widget=forms.CheckboxSelectMultiple,
                error_messages={"invalid_choice": _("Choisissez parmi les clauses offertes.")},
            )  # fmt: skip
        dress(self)

    def values(self) -> dict[str, Any]:
        """Once valid: each answer as agreements keep it, None where nothing was said."""
        return {name: _kept(blank, self.cleaned_data.get(name)) for name, blank in self.blanks.items()}

    def answers(self) -> dict[str, Any]:
        """Valid or not: the answers that hold, those alone."""
        self.is_valid()
        return {name: value for name, value in self.values().items() if is_filled(value)}

    def chosen(self) -> list[str]:
        """The keys of the optional clauses that are kept."""
        found: list[str] = self.cleaned_data.get(CHOSEN) or []
        return found

    def choice(self) -> forms.BoundField | None:
        """The field of optional clauses, when there are some."""
        return self[CHOSEN] if CHOSEN in self.fields else None

    def groups(self, only: Container[str] | None = None) -> list[tuple[str, list[forms.BoundField]]]:
        """The fields by theme, in the order of an agreement; ``only`` those of these names."""
        found: dict[str, list[forms.BoundField]] = {}
        for blank in self.blanks.values():
            if only is not None and blank.name not in only:
                continue
            found.setdefault(_theme(blank), []).append(self[blank.name])
        return [(str(title), found[key]) for key, title in _THEMES if key in found]


def form_for(
    blanks: Iterable[Blank],
    data: Mapping[str, Any] | None = None,
    *,
    values: Mapping[str, Any] | None = None,
    optional: Iterable[Clause] = (),
    chosen: Iterable[str] = (),
    demanded: bool = False,
    prefix: str | None = None,
) -> FillingForm:
    """A form over these blanks. ``values``: what is known already; ``demanded``: nothing may be left out.

    ``optional``: the clauses that may be kept or not, ``chosen`` the keys of those that are.
    """
    rows = list(blanks)
    known = {b.name: _shown(b, (values or {})[b.name]) for b in rows if is_filled((values or {}).get(b.name))}
    known[CHOSEN] = list(chosen)
    return FillingForm(data, initial=known, prefix=prefix, blanks=rows, optional=list(optional), demanded=demanded)


def typed_in(query: QueryDict, blanks: Iterable[Blank]) -> dict[str, Any]:
    """What an address says of these blanks, as if it had been typed; the form says later what it cannot read."""
    found: dict[str, Any] = {}
    for blank in blanks:
        if texts := [text.strip() for text in query.getlist(blank.name) if text.strip()]:
            found[blank.name] = "\n".join(texts)[:LONGEST_TEXT] if blank.type == "list" else texts[-1][:LONGEST_TEXT]
    return found


def _field(blank: Blank, *, demanded: bool) -> forms.Field:
    said: dict[str, Any] = {"label": blank.label, "help_text": blank.help, "required": demanded}
    if error := _REQUIRED.get(blank.type, gettext_lazy("Écrivez quelque chose, même «\u00a0aucun\u00a0».")):
        said["error_messages"] = {"required": error}
    match blank.type:
        case "long":
            return forms.CharField(max_length=LONGEST_TEXT, widget=forms.Textarea(attrs={"rows": 4}), **said)
        case "date":
            return DayField(**said)
        case "time":
            return ClockField(**said)
        case "number":
            return AmountField(**said)
        case "money":
            return AmountField(**{**said, "label": f"{blank.label} ($)"})
        case "bool":
            return _among([(YES, _("Oui")), (NO, _("Non"))], said)
        case "choice":
            return _among(blank.choices, said)
        case "list":
            said["help_text"] = (
                f"{blank.help} {_('Un élément par ligne.')}" if "ligne" not in blank.help else blank.help
            )
            return LinesField(longest=LONGEST, most=MOST_ITEMS, **{**said, "help_text": said["help_text"].strip()})
    return forms.CharField(max_length=LONGEST, **said)


def _among(choices: Iterable[tuple[str, str]], said: dict[str, Any]) -> forms.ChoiceField:
    errors = {**said["error_messages"], "invalid_choice": _("Choisissez une des réponses offertes.")}
    return forms.ChoiceField(choices=[("", _("Choisissez…")), *choices], **{**said, "error_messages": errors})


def _kept(blank: Blank, value: Any) -> Any:
    """An answer of the form, as JSON keeps it."""
    if not is_filled(value):
        return None
    if isinstance(value, datetime.time):
        return value.strftime("%H:%M")
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, Decimal):
        if blank.type == "money":
            return f"{value:.2f}"
        return int(value) if value == value.to_integral_value() else float(value)
    if blank.type == "bool":
        return value == YES
    return value.replace("\r\n", "\n") if isinstance(value, str) else value


def _shown(blank: Blank, value: Any) -> Any:
    """A kept answer (or what an address says), as the form shows it."""
    if isinstance(value, bool):
        return YES if value else NO
    if blank.type in ("number", "money"):
        return str(value).removesuffix(".00").replace(".", ",")
    return list(value) if isinstance(value, tuple) else value


def _theme(blank: Blank) -> str:
    if "." in blank.name:
        prefix = blank.name.split(".")[0] + "."
        return prefix if any(prefix == key for key, _title in _THEMES) else "."
    return blank.asked_of if any(blank.asked_of == key for key, _title in _THEMES) else ""
