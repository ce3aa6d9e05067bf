"""The forms of a project: the idea, in two minutes; then the whole sheet."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.utils import dates
from django.utils.translation import gettext_lazy as _

from directory.forms.organisation import dress
from directory.forms.practice import DRAWINGS, STAGE_HELP
from directory.forms.rows import FigureRow, RowsField
from directory.forms.versions import VersionedForm
from directory.forms.written import one_line
from directory.models import Continuum, Territory
from directory.taxonomies import portal_territories
from projects.forms.fields import AmountField, FundingRow, MilestoneRow, written
from projects.models import Determinant, Effect, Funding, Milestone, Project

CARRIES = [
    ("oui", _("Notre organisme la porte")),
    ("non", _("Nous lançons l’idée : d’autres pourront la porter")),
]
CONTINUUM = [(c.value, c.label) for c in Continuum]
MONTHS = list(dates.MONTHS.items())


class SheetForm(VersionedForm):
    """What both forms share."""

    territories = forms.ModelMultipleChoiceField(
        label=_("Dans quelles MRC?"),
        queryset=Territory.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text=_("Aucune si c’est ailleurs, ou pas encore décidé."),
    )
    continuum = forms.ChoiceField(
        label=_("Quelle forme de partage visez-vous?"),
        choices=[("", _("Trop tôt pour le dire")), *CONTINUUM],
        widget=forms.RadioSelect,
        required=False,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        ours = [n.id for n in portal_territories()]
        own = list(self.instance.territories.values_list("pk", flat=True)) if self.instance.pk else []
        field: Any = self.fields["territories"]
        field.queryset = Territory.objects.filter(pk__in={*ours, *own}).order_by("name", "id")
        dress(self)

    def clean_title(self) -> str:
        return one_line(self.cleaned_data["title"])

    def clean_standfirst(self) -> str:
        return one_line(self.cleaned_data["standfirst"])

    def continuum_help(self) -> list[tuple[Any, Any]]:
        """The choices of the continuum, each with what it means."""
        known = {c.value: STAGE_HELP[c] for c in Continuum}
        return [(r, known.get(r.data["value"], _("on verra en chemin"))) for r in self["continuum"]]


TEXTS: dict[str, dict[str, Any]] = {
    "labels": {
        "title": _("Quel nom lui donner?"),
        "standfirst": _("Quelle est l’idée, en deux phrases?"),
        "description": _("Pourquoi, et comment?"),
        "place": _("Où, en mots"),
        "actors": _("Qui a bâti l’idée?"),
        "inclusion": _("Quelle place pour les personnes concernées?"),
        "conditions": _("À quelles conditions cela réussira-t-il?"),
        "source_title": _("Un document d’où viennent ces faits"),
    },
    "help_texts": {
        "title": _("« Une épicerie communautaire qui prend la route »."),
        "standfirst": _("Ce qui se ferait ensemble, et pour qui."),
        "description": _("Ce qui manque aujourd’hui, ce que vous imaginez. Quelques lignes suffisent."),
        "place": _("« Huntingdon et les villages voisins »."),
        "actors": _("Organismes, municipalités, écoles, entreprises. N’y mettez le nom de personne."),
        "inclusion": _(
            "Comment les personnes en situation de vulnérabilité y prennent part, pas seulement en profitent."
        ),
        "conditions": _("Ce qui doit être là : des partenaires, un lieu, un modèle qui tient."),
    },
    "error_messages": {
        "title": {"required": _("Donnez un nom à ce projet.")},
        "standfirst": {"required": _("Dites l’idée en deux phrases.")},
    },
    "widgets": {
        "standfirst": forms.Textarea(attrs={"rows": 3, "maxlength": 500}),
        "description": forms.Textarea(attrs={"rows": 6, "maxlength": 8000}),
        **{n: forms.Textarea(attrs={"rows": 4, "maxlength": 3000}) for n in ("actors", "inclusion", "conditions")},
    },
}


class IdeaForm(SheetForm):
    """Two minutes: a name, two sentences, where, and who carries it."""

    carries = forms.ChoiceField(
        label=_("Qui la porte?"), choices=CARRIES, widget=forms.RadioSelect, initial="oui",
        error_messages={"required": _("Dites si votre organisme porte l’idée.")},
    )  # fmt: skip

    class Meta:
        model = Project
        fields = ("title", "standfirst", "description", "territories", "continuum")
        labels, help_texts = TEXTS["labels"], TEXTS["help_texts"]
        error_messages, widgets = TEXTS["error_messages"], TEXTS["widgets"]


class ProjectForm(SheetForm):
    """The whole sheet, for those who lead."""

    determinants = forms.MultipleChoiceField(
        label=_("Sur quoi le projet agit-il?"),
        choices=Determinant.choices,
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    budget = AmountField(label=_("Combien faut-il réunir en tout ($)?"), help_text=_("Argent et apports compris."))
    hourly_rate = AmountField(
        label=_("Combien vaut une heure donnée au projet ($)?"),
        digits=6,
        max_value=999,
        help_text=_("Vide : la valeur habituelle du portail. Elle sert au bilan des apports."),
    )
    year_starts = forms.TypedChoiceField(
        label=_("En quel mois commence votre exercice?"), choices=MONTHS, coerce=int,
        help_text=_("Le bilan compte par exercice : janvier pour l’année civile, avril pour beaucoup de bailleurs."),
    )  # fmt: skip
    drawing = forms.ChoiceField(label=_("Dessin"), choices=DRAWINGS)
    milestones = RowsField(
        row=MilestoneRow, most=20, label=_("Quels sont les jalons?"),
        help_text=_("Un par ligne, dans l’ordre. Dites quand il est atteint; videz une ligne pour la retirer."),
    )  # fmt: skip
    fundings = RowsField(
        row=FundingRow, most=20, label=_("Quels bailleurs, quels programmes?"),
        help_text=_("Visés ou obtenus, avec le montant et la période si vous les savez."),
    )  # fmt: skip
    effects = RowsField(
        row=FigureRow, most=6, label=_("Quels chiffres disent l’effet?"),
        help_text=_("« 15 » et « points de vente près de chez soi ». Ils se liront en grand."),
    )  # fmt: skip

    # anchor, words, fields, folded until something is written there
    sections: ClassVar[tuple[tuple[str, Any, tuple[str, ...], bool], ...]] = (
        ("idee", _("1. L’idée"), ("title", "standfirst", "description", "continuum"), False),
        ("ou", _("2. Où et avec qui"), ("territories", "place", "actors", "inclusion"), False),
        ("effets", _("3. Ce que cela change"), ("determinants", "conditions", "effects"), False),
        ("calendrier", _("4. Calendrier"), ("milestones",), False),
        ("argent", _("5. Argent"), ("budget", "fundings", "hourly_rate", "year_starts"), False),
        ("reste", _("6. Pour finir"), ("drawing", "source_title"), True),
    )

    class Meta:
        model = Project
        fields = (
            "title", "standfirst", "description", "territories", "continuum", "place", "actors", "inclusion",
            "determinants", "conditions", "budget", "hourly_rate", "year_starts", "drawing", "source_title",
        )  # fmt: skip
        labels, help_texts = TEXTS["labels"], TEXTS["help_texts"]
        error_messages, widgets = TEXTS["error_messages"], TEXTS["widgets"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.update(milestones=[], fundings=[], effects=[])
        if self.instance.pk:
            for name, columns in self._columns().items():
                rows = getattr(self.instance, name).all()
                self.initial[name] = [tuple(written(getattr(row, c)) for c in columns) for row in rows]

    def _columns(self) -> dict[str, tuple[str, ...]]:
        fields: dict[str, Any] = {n: f for n, f in self.fields.items() if isinstance(f, RowsField)}
        return {n: f.widget.columns for n, f in fields.items()}

    def rows(self, *, more: str = "") -> dict[str, Any]:
        """The inputs of each list of lines; ``more`` names the one that needs blank ones."""
        fields: dict[str, Any] = {n: f for n, f in self.fields.items() if isinstance(f, RowsField)}
        return {n: f.drawn(n, self[n].value(), more=n == more) for n, f in fields.items()}

    def _save_m2m(self) -> None:
        super()._save_m2m()  # type: ignore[misc]
        made: tuple[tuple[str, Any], ...] = (("milestones", Milestone), ("fundings", Funding), ("effects", Effect))
        for name, model in made:
            if name in self.changed_data:
                rows: Any = self.fields[name]
                getattr(self.instance, name).all().delete()
                model.objects.bulk_create(
                    model(project=self.instance, position=n, **row) for n, row in enumerate(rows.understood)
                )
