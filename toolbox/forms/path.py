"""The forms of the guided path: a question, a rule, in plain words; conditions are chosen, never written."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.utils.text import slugify
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from directory.forms.fields import LinesField, WrittenField
from directory.forms.organisation import dress
from directory.forms.rows import RowForm, RowsField
from directory.forms.written import one_line
from directory.models import Continuum
from toolbox.models import ModelAgreement, Tool
from toolbox.paths import Condition, Guide

COMPARISONS = [("equal", _("la réponse est")), ("different", _("la réponse n’est pas"))]
ANSWERS_AT_MOST = 12


class ConditionRow(RowForm):
    """One condition: a comparison, and an answer under its question."""

    silent: ClassVar[tuple[str, ...]] = ("comparison",)
    comparison = forms.ChoiceField(label=_("Quand"), choices=COMPARISONS)
    answer = forms.ChoiceField(
        label=_("Réponse, et sa question"),
        error_messages={
            "required": _("choisissez une réponse."),
            "invalid_choice": _("cette réponse n’existe plus : choisissez-en une autre."),
        },
    )

    def __init__(self, *args: Any, among: Any = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["answer"]
        field.choices = [("", _("Choisissez")), *among]


class AnswerRow(RowForm):
    """One more answer."""

    label = WrittenField(label=_("Nouvelle réponse"), max_length=120)


class PieceForm(forms.Form):
    """What questions and rules share: when, and their place in the list."""

    kind = ""
    conditions = RowsField(row=ConditionRow, most=8, label=_("Seulement si"))
    after = forms.ChoiceField(label=_("Place dans la liste"), required=False)

    def __init__(self, *args: Any, guide: Guide, key: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        asked = [q for q in guide.questions if self.kind == "rules" or q.key != key]
        conditions: Any = self.fields["conditions"]
        conditions.given = {
            "among": [
                (q.question, [(f"{q.key}={v}", f"{words} · {q.question}") for v, words in q.answers]) for q in asked
            ]
        }
        named = [(r["key"], r["name"]) for r in guide.rules]
        if self.kind == "questions":
            named = [(q.key, q.question) for q in guide.questions]
        after: Any = self.fields["after"]
        after.choices = [("", _("En premier")), *((k, gettext("Après : %s") % n) for k, n in named if k != key)]
        if not self.is_bound and "after" not in self.initial:
            keys = [k for k, _name in named]
            place = keys.index(key) if key in keys else len(keys)
            self.initial["after"] = keys[place - 1] if place else ""
        dress(self)

    def rows(self, *, more: str = "") -> dict[str, Any]:
        """The inputs of each list of lines; ``more`` names the one that needs blank ones."""
        fields: dict[str, Any] = {n: f for n, f in self.fields.items() if isinstance(f, RowsField)}
        return {n: f.drawn(n, self[n].value(), more=n == more) for n, f in fields.items()}

    def when(self) -> list[Condition]:
        return [
            {"field": answer.partition("=")[0], "comparison": comparison, "value": answer.partition("=")[2]}
            for comparison, answer in self.cleaned_data["conditions"] or ()
        ]


def rows_of(when: list[Condition]) -> list[tuple[str, str]]:
    """Conditions as the lines of a form."""
    return [(c["comparison"], f"{c['field']}={c['value']}") for c in when]


class RuleForm(PieceForm):
    """When a rule holds, and what it advises."""

    kind = "rules"
    name = WrittenField(
        label=_("Nom de la règle"), max_length=80, help_text=_("Pour s’y retrouver ici; il ne paraît nulle part.")
    )
    stage = forms.ChoiceField(
        label=_("Par où commencer"),
        required=False,
        choices=[("", _("Ne dit rien de l’étape")), *Continuum.choices],
    )
    because = WrittenField(
        label=_("Pourquoi"),
        required=False,
        max_length=400,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Une ou deux phrases, lues seulement si l’étape est retenue."),
    )
    watch = LinesField(label=_("À surveiller"), longest=300, most=8, required=False, help_text=_("Un point par ligne."))
    roles = LinesField(label=_("Qui fait quoi"), longest=200, most=8, required=False, help_text=_("Un rôle par ligne."))
    model = forms.ChoiceField(label=_("L’entente-type qui convient"), required=False)
    tools = forms.MultipleChoiceField(
        label=_("Les outils qui aident"), required=False, widget=forms.CheckboxSelectMultiple
    )
    field_order = ("name", "conditions", "stage", "because", "watch", "roles", "model", "tools", "after")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        models: Any = self.fields["model"]
        models.choices = [("", _("Aucune")), *ModelAgreement.objects.in_force().values_list("slug", "title")]
        tools: Any = self.fields["tools"]
        tools.choices = list(Tool.objects.published().order_by("sort_key", "id").values_list("slug", "title"))

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if not self.errors and not any(data[n] for n in ("stage", "because", "watch", "roles", "model", "tools")):
            self.add_error(None, gettext("Cette règle ne conseille rien : dites au moins une chose."))
        return data

    def piece(self) -> dict[str, Any]:
        """The rule as an edition keeps it."""
        data = self.cleaned_data
        then: dict[str, Any] = {n: data[n] for n in ("stage", "because", "watch", "roles", "model", "tools") if data[n]}
        if "because" in then:
            then["because"] = one_line(then["because"])
        return {"name": one_line(data["name"]), "when": self.when(), "then": then}

    @staticmethod
    def first(rule: dict[str, Any]) -> dict[str, Any]:
        """What the form says first of a rule."""
        return {"name": rule["name"], "conditions": rows_of(rule["when"]), **rule["then"]}


class QuestionForm(PieceForm):
    """A question, its answers, and when it is asked. An answer left empty is withdrawn."""

    kind = "questions"
    question = WrittenField(label=_("Question"), max_length=160)
    help = WrittenField(label=_("Précision"), required=False, max_length=300, widget=forms.Textarea(attrs={"rows": 2}))
    more = RowsField(row=AnswerRow, most=6, label=_("Autres réponses"))

    def __init__(self, *args: Any, standing: dict[str, Any] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.answers = [(a["value"], a["label"]) for a in (standing or {}).get("answers", ())]
        for n, (value, label) in enumerate(self.answers, 1):
            self.fields[f"answer-{value}"] = WrittenField(
                label=gettext("Réponse %(n)d") % {"n": n}, max_length=120, required=False, initial=label
            )
        self.order_fields(
            ["question", "help", *(f"answer-{value}" for value, _label in self.answers), "more", "conditions", "after"]
        )
        dress(self)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if "more" in data and not 2 <= len(self.kept()) <= ANSWERS_AT_MOST:
            said = gettext("Une question a de deux à %(n)d réponses.") % {"n": ANSWERS_AT_MOST}
            self.add_error("more", said)
        return data

    def kept(self) -> list[dict[str, str]]:
        """The answers that stay, reworded or not, then the new ones."""
        labels = [(v, one_line(self.cleaned_data.get(f"answer-{v}") or "")) for v, _label in self.answers]
        kept = [{"value": value, "label": label} for value, label in labels if label]
        taken = {value for value, _label in self.answers}
        for (label,) in self.cleaned_data["more"] or ():
            stem = slugify(label)[:40].replace("-", "_") or "reponse"
            value = next(v for n in range(1, len(taken) + 2) if (v := stem if n == 1 else f"{stem}_{n}") not in taken)
            taken.add(value)
            kept.append({"value": value, "label": label})
        return kept

    def piece(self) -> dict[str, Any]:
        """The question as an edition keeps it."""
        data = self.cleaned_data
        return {
            "question": one_line(data["question"]),
            "help": one_line(data["help"]),
            "answers": self.kept(),
            "when": self.when(),
        }

    @staticmethod
    def first(question: dict[str, Any]) -> dict[str, Any]:
        """What the form says first of a question."""
        return {"question": question["question"], "help": question["help"], "conditions": rows_of(question["when"])}
