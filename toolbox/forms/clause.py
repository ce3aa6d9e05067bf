"""The form of a clause: its words, its note, and when it applies, chosen and never typed as logic."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from directory.forms.fields import WrittenField
from directory.forms.organisation import dress
from directory.forms.versions import VersionedForm
from directory.forms.written import one_line
from toolbox.checking import LONGEST, spelled
from toolbox.composing import Blank
from toolbox.conditions import ALWAYS, COMPARISONS, FITTING, WITHOUT_VALUE
from toolbox.forms.values import to_field, to_json, value_field
from toolbox.models import Clause

CONDITION = "condition"
GROUPS = {
    "preteur": _("Prêteur"), "emprunteur": _("Emprunteur"), "ressource": _("Ressource"), "local": _("Local"),
    "expertise": _("Expertise"), "personne": _("Personne prêtée"), "periode": _("Quand"), "pret": _("Comment"),
    "cout": _("Argent"), "exigences": _("Ce qui est demandé"), "portail": _("Portail"), "territoire": _("Territoire"),
    "cdc": _("CDC"), "district": _("District judiciaire"), "entente": _("Entente"),
}  # fmt: skip


def grouped(blanks: Mapping[str, Blank]) -> list[tuple[str, list[tuple[str, str]]]]:
    """The variables as a list one chooses from: those that the model declares first, then by subject."""
    groups: dict[str, list[tuple[str, str]]] = {gettext("Propres à ce modèle"): []}
    for name, blank in blanks.items():
        first = name.split(".")[0]
        group = str(GROUPS.get(first, first)) if blank.from_portal else gettext("Propres à ce modèle")
        groups.setdefault(group, []).append((name, blank.label))
    return [(group, rows) for group, rows in groups.items() if rows]


class ClauseForm(VersionedForm):
    """Title, text and note; always there, left to choice, or when what is said of one variable holds."""

    presence = forms.ChoiceField(
        label=_("Quand cette clause s’applique"),
        choices=[
            ("always", _("Toujours")),
            ("optional", _("Facultative : les parties la retiennent ou non")),
            (CONDITION, _("Selon une condition")),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choisissez une des trois réponses.")},
    )
    field = forms.ChoiceField(label=_("Si cette variable"), required=False)
    comparison = forms.ChoiceField(label=_("se compare ainsi"), required=False)
    value = WrittenField(label=_("à cette valeur"), required=False)

    class Meta:
        model = Clause
        fields = ("title", "body", "guidance")
        labels = {"title": _("Titre"), "body": _("Texte"), "guidance": _("Note pour qui remplit")}
        help_texts = {
            "body": _("Une ligne vide entre deux paragraphes, « - » pour une liste, **deux étoiles** pour du gras."),
            "guidance": _("Elle aide à remplir; elle ne fait pas partie de l’entente."),
        }
        error_messages = {
            "title": {"required": _("Donnez un titre à la clause.")},
            "body": {"required": _("Écrivez le texte de la clause.")},
        }
        widgets = {"body": forms.Textarea(attrs={"rows": 14}), "guidance": forms.Textarea(attrs={"rows": 4})}
        field_classes = dict.fromkeys(fields, WrittenField)

    def __init__(self, *args: Any, blanks: Mapping[str, Blank], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.blanks = blanks
        when: Any = self.instance.when
        condition = when if isinstance(when, dict) else {}
        self.initial["presence"] = CONDITION if condition else when
        self.initial["field"] = condition.get("field", "")
        self.initial["comparison"] = condition.get("comparison", "")
        asked = (self.data.get("field") if self.is_bound else "") or self.initial["field"]
        self.about = blanks.get(str(asked))
        kind = self.about.type if self.about else "text"
        there = condition.get("value") if self.initial["field"] == asked else None
        self.initial["value"] = to_field(kind, there)
        own = blanks.get(self.initial["field"])
        self.compared_to = to_field(own.type if own else "text", condition.get("value"))
        self.fields["field"].choices = [("", gettext("Choisissez une variable…")), *grouped(blanks)]  # type: ignore[attr-defined]
        fitting = FITTING[kind] if self.about else tuple(COMPARISONS)
        self.fields["comparison"].choices = [  # type: ignore[attr-defined]
            ("", gettext("Choisissez…")),
            *((name, label) for name, label in COMPARISONS.items() if name in fitting),
        ]
        known = self.about.choices if self.about else ()
        self.fields["value"] = value_field(
            "text" if kind in ("list", "long") else kind, known, label=self.fields["value"].label, required=False
        )
        dress(self)

    def stood(self, name: str) -> Any:
        """What the database holds, even when another variable is being chosen."""
        return self.compared_to if name == "value" else super().stood(name)

    def clean_title(self) -> str:
        return one_line(self.cleaned_data["title"])

    def clean_body(self) -> str:
        body = self.cleaned_data["body"].replace("\r\n", "\n")
        if len(body) > LONGEST:
            raise forms.ValidationError(
                gettext("Ce texte a %(n)s caractères; une clause en a 20 000 au plus. Rien n’est perdu : coupez-le, "
                        "ou partagez-le en plusieurs clauses.") % {"n": len(body)}
            )  # fmt: skip
        return spelled(body, self.blanks)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if data.get("presence") == CONDITION:
            if not self.about:
                self.add_error("field", gettext("Choisissez la variable dont dépend cette clause."))
            elif not data.get("comparison"):
                self._say("comparison", gettext("Choisissez comment comparer."))
            elif data["comparison"] not in WITHOUT_VALUE and not data.get("value") and data.get("value") != 0:
                self._say("value", gettext("Dites à quelle valeur comparer."))
        elif "value" in self.errors:
            del self.errors["value"]
        return data

    def _say(self, name: str, what: str) -> None:
        if name not in self.errors:
            self.add_error(name, what)

    def as_chosen(self) -> Any:
        """When the clause applies as the page says now; always, as long as what is chosen is not complete."""
        if not self.is_bound:
            return self.instance.when
        self.is_valid()
        data = self.cleaned_data
        chosen = data.get("presence") != CONDITION or (self.about and data.get("comparison") and "value" in data)
        return self.when() if chosen and "presence" in data else ALWAYS

    def when(self) -> Any:
        """When the clause applies, as the database keeps it."""
        data = self.cleaned_data
        if data["presence"] != CONDITION:
            return data["presence"]
        assert self.about is not None
        without = data["comparison"] in WITHOUT_VALUE
        value = "" if without else to_json(self.about.type, data["value"])
        return {"field": data["field"], "comparison": data["comparison"], "value": value}
