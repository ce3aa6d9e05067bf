"""The form to tell a story: its author’s questions, and what a curator adds to publish it."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from directory.forms.need import date_field
from directory.forms.organisation import dress, one_line
from directory.forms.versions import VersionedForm
from directory.models import Continuum, Kind, Practice, PracticeForm, Sector, Territory
from directory.taxonomies import portal_territories

STAGE_HELP = {
    Continuum.LOAN: _("on prête, on rend"),
    Continuum.COLLABORATION: _("on planifie ou on fait ensemble"),
    Continuum.POOLING: _("on partage la dépense, le risque et les décisions"),
    Continuum.MERGER: _("plusieurs organismes n’en font plus qu’un"),
}
STORY = ("pooled", "origin", "governance", "results", "difficulties", "success_factors", "lessons")
DRAWINGS = [
    ("d-equipe", _("une équipe")), ("d-duo", _("deux personnes")), ("d-conseil", _("un conseil")),
    ("d-salle", _("une salle")), ("d-bureau", _("un bureau")), ("d-cuisine", _("une cuisine")),
    ("d-entrepot", _("un entrepôt")), ("d-maison", _("une maison")), ("d-ecole", _("une école")),
    ("d-ferme", _("une ferme")), ("d-recolte", _("une récolte")), ("d-chaudrons", _("des chaudrons")),
    ("d-fourgonnette", _("une fourgonnette")), ("d-congelateur", _("un congélateur")),
    ("d-froid", _("une chambre froide")), ("d-tente", _("une tente")), ("d-projecteur", _("un projecteur")),
    ("d-sono", _("une sono")), ("d-comptable", _("des comptes")), ("d-formation", _("une formation")),
    ("d-ecriture", _("un texte")),
]  # fmt: skip


class ProposedPracticeForm(VersionedForm):
    """What the person who lived it can tell."""

    kinds = forms.MultipleChoiceField(
        label=_("Qu’est-ce qui est partagé?"),
        choices=Kind.choices,
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    stage = forms.ChoiceField(
        label=_("Où en êtes-vous sur le continuum du partage?"),
        choices=Continuum.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choisissez une des quatre étapes : la plus proche suffit.")},
    )
    legal_form = forms.ChoiceField(
        label=_("Quelle forme cela prend-il?"),
        choices=PracticeForm.choices,
        widget=forms.RadioSelect,
        initial=PracticeForm.INFORMAL,
    )
    territories = forms.ModelMultipleChoiceField(
        label=_("Dans quelles MRC?"),
        queryset=Territory.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text=_("Aucune si cela se passe ailleurs."),
    )
    sectors = forms.ModelMultipleChoiceField(
        label=_("Quels secteurs?"),
        queryset=Sector.objects.all(),
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )

    # the questions, one section each: anchor, words, fields
    sections: ClassVar[tuple[tuple[str, Any, tuple[str, ...]], ...]] = (
        ("histoire", _("1. L’histoire en deux phrases"), ("title", "standfirst")),
        ("commun", _("2. Ce que vous mettez en commun"), ("pooled", "kinds", "stage", "legal_form")),
        ("lieu", _("3. Où, quand et avec qui"), ("place", "territories", "sectors", "period_text", "funders")),
        ("recit", _("4. Comment cela se passe"), ("origin", "governance", "results", "difficulties")),
        ("refaire", _("5. Pour qui voudrait le refaire"), ("success_factors", "lessons", "source_title", "source_url")),
    )

    class Meta:
        model = Practice
        fields: tuple[str, ...] = (
            "title", "standfirst", "pooled", "kinds", "stage", "legal_form", "place", "territories", "sectors",
            "period_text", "funders", "origin", "governance", "results", "difficulties", "success_factors", "lessons",
            "source_title", "source_url",
        )  # fmt: skip
        labels = {
            "title": _("Quel titre lui donner?"),
            "standfirst": _("Que s’est-il passé, en deux phrases?"),
            "pooled": _("Que mettez-vous en commun, et comment?"),
            "place": _("Où cela se passe-t-il?"),
            "period_text": _("Depuis quand?"),
            "funders": _("Qui l’a financé?"),
            "origin": _("D’où est-ce parti?"),
            "governance": _("Comment les décisions se prennent-elles?"),
            "results": _("Qu’est-ce que cela demande et donne?"),
            "difficulties": _("Qu’est-ce qui reste difficile?"),
            "success_factors": _("Qu’est-ce qui a aidé?"),
            "lessons": _("Que conseillez-vous à qui voudrait le refaire?"),
            "source_title": _("Un document à lire : son titre"),
            "source_url": _("Son adresse Web"),
        }
        help_texts = {
            "title": _("« Deux organismes, une seule comptable »."),
            "standfirst": _("Qui a mis quoi en commun, et ce que cela a changé."),
            "pooled": _("Un objet, un lieu, un poste, un savoir; qui s’en sert et selon quelles règles."),
            "place": _("Une municipalité, une MRC, un quartier."),
            "period_text": _("« Depuis 2019 », « de 2021 à 2024 »."),
            "funders": _("Un par ligne."),
            "results": _("Du temps, de l’argent, des personnes rejointes : des chiffres si vous en avez."),
            "source_title": _("Rapport, article, page Web."),
        }
        error_messages = {
            "title": {"required": _("Donnez un titre à cette histoire.")},
            "standfirst": {"required": _("Dites en deux phrases ce qui s’est passé.")},
            "pooled": {"required": _("Dites ce qui est mis en commun.")},
            "source_url": {"invalid": _("Cette adresse Web n’est pas complète : exemple.org, par exemple.")},
        }
        widgets = {
            "standfirst": forms.Textarea(attrs={"rows": 3, "maxlength": 500}),
            "source_url": forms.TextInput(attrs={"inputmode": "url"}),
            "funders": forms.Textarea(attrs={"rows": 3}),
            **{name: forms.Textarea(attrs={"rows": 5}) for name in STORY},
        }

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


class CuratedPracticeForm(ProposedPracticeForm):
    """The same, and what makes it read like the other stories."""

    started_on = date_field(_("Début"))
    ended_on = date_field(_("Fin"))
    drawing = forms.ChoiceField(label=_("Dessin"), choices=DRAWINGS)
    sections = (
        *ProposedPracticeForm.sections,
        (
            "edition",
            _("6. Pour l’édition"),
            ("form_text", "started_on", "ended_on", "quote", "quote_source", "drawing"),
        ),
    )

    class Meta(ProposedPracticeForm.Meta):
        fields = (
            *ProposedPracticeForm.Meta.fields,
            "form_text", "started_on", "ended_on", "quote", "quote_source", "drawing",
        )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["drawing"]
        if self.instance.drawing not in dict(DRAWINGS):
            field.choices = [(self.instance.drawing, gettext("celui d’aujourd’hui")), *DRAWINGS]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        start, end = data.get("started_on"), data.get("ended_on")
        if end and (not start or end < start):
            self.add_error("ended_on", gettext("La fin suit le début : écrivez les deux dates."))
        return data
