"""The form of a variable that a model declares: what it is called, its type, who is asked for it."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.utils.formats import number_format
from django.utils.text import slugify
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from directory.forms.fields import AmountField, LinesField, WrittenField
from directory.forms.organisation import dress
from directory.forms.versions import VersionedForm
from directory.forms.written import one_line
from toolbox.composing import LARGEST, Blank
from toolbox.forms.blanks import field_of
from toolbox.forms.values import to_field, to_json, value_field
from toolbox.models import Edition

TYPE_CHOICES = [
    ("text", _("Texte court, sur une ligne")),
    ("long", _("Texte long, en paragraphes")),
    ("list", _("Liste, un élément par ligne")),
    ("choice", _("Choix dans une liste")),
    ("bool", _("Oui ou non")),
    ("number", _("Nombre")),
    ("money", _("Somme d’argent")),
    ("date", _("Date")),
    ("time", _("Heure")),
]
CHECKED = ("check", "after")  # as the files of models declare them
BOUNDS = {"number": ("least", "most"), "money": ("most",)}  # what is asked of the numbers of each type
COUNTED = [("", _("Toute quantité : 2,5 se peut")), ("1", _("Un à un, au moins 1")), ("0", _("Un à un, ou aucun"))]
ASKED_OF = [
    ("preteur", _("Le prêteur")),
    ("emprunteur", _("L’emprunteur")),
    ("personne", _("La personne prêtée")),
    ("both", _("Les deux parties")),
]


class VariableForm(VersionedForm):
    """Nine questions, and the bounds of a number; the name that clauses write is made from the label, for good."""

    label = WrittenField(
        label=_("Comment elle s’appelle"), max_length=120,
        help_text=_("Ce que lit la personne qui remplit : « Lieu de la remise »."),
        error_messages={"required": _("Donnez-lui un nom.")},
    )  # fmt: skip
    type = forms.ChoiceField(
        label=_("Ce qu’on y écrit"), choices=TYPE_CHOICES, error_messages={"required": _("Choisissez une sorte.")}
    )
    help = WrittenField(
        label=_("Aide"), required=False, max_length=400, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Une phrase : ce que l’on attend, dans quelle unité."),
    )  # fmt: skip
    required = forms.BooleanField(label=_("Une réponse est nécessaire pour signer"), required=False)
    choices = LinesField(
        label=_("Choix"), required=False, longest=160, most=20,
        help_text=_("Pour un choix seulement : un par ligne, tels qu’ils se liront dans la phrase."),
    )  # fmt: skip
    asked_of = forms.ChoiceField(label=_("À qui on la demande"), choices=ASKED_OF)

    class Meta:
        model = Edition
        fields: tuple[str, ...] = ()

    def __init__(self, *args: Any, variable: dict[str, Any] | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.variable = there = variable or {}
        self.initial = {
            **self.initial,
            "label": there.get("label", ""), "type": there.get("type", "text"), "help": there.get("help") or "",
            "required": bool(there.get("required", not there)), "asked_of": there.get("asked_of") or "both",
            "choices": [c["label"] for c in there.get("choices") or ()],
        }  # fmt: skip
        kind = (self.data.get("type") if self.is_bound else None) or self.initial["type"]
        self.kind = kind if kind in dict(TYPE_CHOICES) else "text"
        typed = self.data.get("choices", "") if self.is_bound else "\n".join(self.initial["choices"])
        labels = [line for line in (one_line(line) for line in str(typed).splitlines()) if line]
        self._bounds()
        self._value("sample", labels, _("Exemple, pour les aperçus"))
        self._value("usual", labels, _("Réponse proposée d’avance"))
        self.fields["usual"].help_text = _("Un délai d’usage, par exemple. Qui répond la garde ou la change.")
        dress(self)

    def _bounds(self) -> None:
        """How the numbers of this type are counted, and how large they may be."""
        if "least" in BOUNDS.get(self.kind, ()):
            self.fields["least"] = forms.ChoiceField(label=_("Comment on le compte"), choices=COUNTED, required=False)
        if "most" in BOUNDS.get(self.kind, ()):
            usual = number_format(LARGEST[self.kind], use_l10n=True, force_grouping=True)
            self.fields["most"] = AmountField(
                label=_("Le plus grand nombre plausible"), decimal_places=0, min_value=1, required=False,
                help_text=gettext("Un nombre plus grand est refusé à qui répond. Sans maximum, c’est %(most)s.")
                % {"most": usual},
            )  # fmt: skip
        for key in BOUNDS.get(self.kind, ()):
            there = self.variable.get(key) if self.variable.get("type") == self.kind else None
            self.initial[key] = "" if there is None else str(there)

    def _value(self, name: str, labels: list[str], label: Any) -> None:
        """A field of the type of the variable: its choices are those that are written above."""
        there, choices = self.variable, [(one, one) for one in labels]
        if self.kind in ("choice", "bool"):
            self.fields[name] = value_field(self.kind, choices, label=label, required=False)
        else:  # under the rules of the answers that it will stand for
            self.fields[name] = field_of(self._blank(label), demanded=False)
        value = there.get(name)
        if self.kind == "choice":
            value = {c["value"]: c["label"] for c in there.get("choices") or ()}.get(value, "")
        self.initial[name] = to_field(self.kind, value) if there.get("type") == self.kind else ""

    def _blank(self, label: Any) -> Blank:
        """What will be asked, as far as it is written."""
        there = self.variable
        named = there.get("name") or new_name(str(self.data.get("label", "")), set())
        kept: dict[str, Any] = {key: there[key] for key in self._kept(self.kind)}
        for key in BOUNDS.get(self.kind, ()):
            said = str(self.data.get(key, "") if self.is_bound else self.initial[key])
            kept[key] = int(said) if re.fullmatch(r"[0-9]{1,9}", said) else None
        return Blank(named, label, self.kind, **kept)

    def _kept(self, kind: str) -> list[str]:
        """What is checked of an answer stays, as long as it is an answer of the same sort."""
        return [key for key in CHECKED if key in self.variable and self.variable.get("type") == kind]

    def clean_label(self) -> str:
        return one_line(self.cleaned_data["label"])

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if data.get("type") == "choice" and "choices" not in self.errors and len(data.get("choices") or []) < 2:
            self.add_error("choices", gettext("Écrivez au moins deux choix, un par ligne."))
        return data

    def as_declared(self, taken: set[str]) -> dict[str, Any]:
        """The variable as the edition keeps it, under its name or under a new one."""
        data = self.cleaned_data
        choices = self._choices(data["choices"]) if data["type"] == "choice" else []
        values = {name: to_json(data["type"], data[name]) for name in ("sample", "usual")}
        if data["type"] == "choice":
            named = {c["label"]: c["value"] for c in choices}
            values = {name: named.get(label) for name, label in values.items()}
        if values["usual"] is None:
            del values["usual"]
        bounds = {key: int(data[key]) for key in BOUNDS.get(data["type"], ()) if data.get(key) not in (None, "")}
        return {
            "name": self.variable.get("name") or new_name(data["label"], taken), "label": data["label"],
            "type": data["type"], "help": data["help"], "required": data["required"], "choices": choices,
            "asked_of": data["asked_of"], **values, **bounds,
            **{key: self.variable[key] for key in self._kept(data["type"])},
        }  # fmt: skip

    def _choices(self, labels: list[str]) -> list[dict[str, str]]:
        """Each choice under the value it had: conditions and answers hold when its words change."""
        there = self.variable.get("choices") or []
        values = {c["label"]: c["value"] for c in there}
        found: list[dict[str, str]] = []
        for n, label in enumerate(labels):
            value = values.get(label)
            if value is None and len(there) == len(labels) and there[n]["label"] not in labels:
                value = there[n]["value"]  # the same place, said otherwise
            taken = {c["value"] for c in found} | {c["value"] for c in there}
            found.append({"value": value or new_name(label, taken), "label": label})
        return found


def new_name(label: str, taken: set[str]) -> str:
    """A name made of a label: letters, figures, « _ », none at its ends."""
    base = re.sub(r"[^a-z0-9]+", "_", slugify(label.replace("’", " ")))[:40].strip("_") or "variable"
    return next(name for n in range(1, len(taken) + 2) if (name := base if n == 1 else f"{base}_{n}") not in taken)
