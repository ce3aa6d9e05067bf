"""The form to tell a story: its author’s questions, and what a curator adds to publish it."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.db.models import Q, QuerySet
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from directory.forms.need import date_field
from directory.forms.organisation import dress
from directory.forms.rows import FigureRow, LinkRow, PartnerRow, RowsField, label_of, suggestions
from directory.forms.versions import VersionedForm
from directory.forms.written import one_line
from directory.models import (
    Continuum,
    Kind,
    Organisation,
    Practice,
    PracticeFigure,
    PracticeForm,
    PracticeLink,
    PracticePartner,
    Sector,
    Territory,
)
from directory.taxonomies import portal_territories
from mutualisation.kernel.publication import Status

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

    partners = RowsField(
        row=PartnerRow,
        most=20,
        label=_("Avec quels organismes?"),
        help_text=_("Un par ligne, parmi ceux du portail. Videz une ligne pour la retirer."),
    )
    figures = RowsField(
        row=FigureRow,
        most=6,
        label=_("Quels chiffres le disent le mieux?"),
        help_text=_("« 12 » et « familles aidées chaque semaine ». Ils se liront en grand."),
    )
    links = RowsField(
        row=LinkRow,
        most=12,
        label=_("Quoi lire de plus?"),
        help_text=_("Des pages ou des documents publiés ailleurs."),
    )

    # the questions, one section each: anchor, words, fields
    sections: ClassVar[tuple[tuple[str, Any, tuple[str, ...]], ...]] = (
        ("histoire", _("1. L’histoire en deux phrases"), ("title", "standfirst")),
        ("commun", _("2. Ce que vous mettez en commun"), ("pooled", "kinds", "stage", "legal_form")),
        (
            "lieu",
            _("3. Où, quand et avec qui"),
            ("place", "territories", "sectors", "partners", "period_text", "funders"),
        ),
        ("recit", _("4. Comment cela se passe"), ("origin", "governance", "results", "figures", "difficulties")),
        (
            "refaire",
            _("5. Pour qui voudrait le refaire"),
            ("success_factors", "lessons", "source_title", "source_url", "links"),
        ),
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
        self._stored_rows()
        dress(self)

    def known(self) -> QuerySet[Organisation]:
        """The organisations that may be named here."""
        return Organisation.objects.published()

    def _stored_rows(self) -> None:
        """The lines that the database holds; an organisation that may not be named here is neither shown nor lost."""
        known = self.known()
        partners: Any = self.fields["partners"]
        partners.given = {"among": known}
        self.initial.update(partners=[], figures=[], links=[])
        if self.instance.pk:
            held = self.instance.partners.filter(organisation__in=known).select_related("organisation__territory")
            held = held.defer("organisation__search", "organisation__territory__outline").order_by("id")
            self.initial["partners"] = [(label_of(p.organisation, known), p.role) for p in held]
            self.initial["figures"] = [(one_line(f.value), one_line(f.label)) for f in self.instance.figures.all()]
            self.initial["links"] = [(one_line(link.title), link.url) for link in self.instance.links.all()]

    def rows(self, *, more: str = "") -> dict[str, Any]:
        """The inputs of each list of lines; ``more`` names the one that needs blank ones."""
        fields: dict[str, Any] = {n: f for n, f in self.fields.items() if isinstance(f, RowsField)}
        return {n: f.drawn(n, self[n].value(), more=n == more) for n, f in fields.items()}

    def names(self) -> list[str]:
        """What is offered while typing the name of an organisation."""
        return suggestions(self.known())

    def _save_m2m(self) -> None:
        super()._save_m2m()  # type: ignore[misc]
        story = self.instance
        if "partners" in self.changed_data:
            rows: Any = self.fields["partners"]
            story.partners.filter(organisation__in=self.known()).delete()
            PracticePartner.objects.bulk_create(PracticePartner(practice=story, **row) for row in rows.understood)
        made: tuple[tuple[str, Any], ...] = (("figures", PracticeFigure), ("links", PracticeLink))
        for name, model in made:
            if name in self.changed_data:
                rows = self.fields[name]
                getattr(story, name).all().delete()
                model.objects.bulk_create(
                    model(practice=story, position=n, **row) for n, row in enumerate(rows.understood)
                )

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

    def known(self) -> QuerySet[Organisation]:
        """Also those already named, public or not."""
        named = PracticePartner.objects.filter(practice=self.instance.pk or 0).values("organisation")
        return Organisation.objects.filter(Q(status=Status.PUBLISHED) | Q(pk__in=named))

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
