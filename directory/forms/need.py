"""The form to ask for what one lacks."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from directory.forms.organisation import dress
from directory.forms.resource import places_for
from directory.forms.versions import VersionedForm
from directory.forms.written import one_line
from directory.models import Category, Kind, Need, Organisation, Territory
from mutualisation.kernel.days import DayField
from mutualisation.kernel.search import number_said

KIND_HELP = {
    Kind.MATERIEL: _("un objet qui se prête et se rend"),
    Kind.LOCAUX: _("une salle, un bureau, une cuisine"),
    Kind.HUMAIN: _("du temps d’une personne"),
    Kind.EXPERTISE: _("un savoir-faire, une formation"),
}


def date_field(label: Any) -> DayField:
    """A day that may be left empty."""
    return DayField(label=label, required=False)


class NeedForm(VersionedForm):
    """Eight questions; the first two and the place are all it takes."""

    kind = forms.ChoiceField(
        label=_("De quelle sorte?"),
        choices=Kind.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choisissez une des quatre sortes.")},
    )
    starts_on = date_field(_("À partir du"))
    ends_on = date_field(_("Jusqu’au"))

    class Meta:
        model = Need
        fields = ("kind", "name", "category", "quantity", "territory", "starts_on", "ends_on", "reason")
        labels = {
            "name": _("Ce qu’il vous faut"),
            "category": _("Catégorie"),
            "quantity": _("Combien?"),
            "territory": _("Où?"),
            "reason": _("Pourquoi?"),
        }
        help_texts = {
            "name": _("Comme vous le diriez au téléphone : « Congélateur coffre pour deux mois »."),
            "quantity": _("Vide : le nombre que dit ce qu’il vous faut, « Cinq glacières », sinon un."),
            "category": _("Elle aide à trouver qui l’a déjà. Dans le doute, laissez vide."),
            "reason": _("Deux phrases : à quoi cela servira, ce qui est important. N’y mettez le nom de personne."),
        }
        error_messages = {
            "name": {"required": _("Dites ce qu’il vous faut.")},
            "territory": {"required": _("Choisissez un lieu.")},
            "quantity": {"min_value": _("La quantité est d’au moins un."), "invalid": _("Écrivez un nombre.")},
        }
        widgets = {"reason": forms.Textarea(attrs={"rows": 5, "maxlength": 2000})}

    def __init__(self, *args: Any, organisation: Organisation, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.organisation = organisation
        if not self.instance.pk:
            self.initial["quantity"] = None
            self.initial["territory"] = self.initial.get("territory") or organisation.territory_id
        places = places_for(organisation, self.instance.territory_id)
        field = self.fields["territory"]
        field.queryset = Territory.objects.filter(pk__in=[pk for _g, rows in places for pk, _n in rows])  # type: ignore[attr-defined]
        field.widget.choices = [("", gettext("Choisissez…")), *places]
        rows = list(Category.objects.order_by("position", "name", "id"))
        groups = [
            (
                f"{Kind(root.kind).label}, {root.name}",
                [
                    *((c.pk, c.name) for c in rows if c.parent_id == root.pk),
                    (root.pk, gettext("%s, autre") % root.name),
                ],
            )
            for kind in Kind
            for root in rows
            if root.parent_id is None and root.kind == kind
        ]
        self.fields["category"].widget.choices = [("", gettext("Je ne sais pas")), *groups]
        self.fields["quantity"].required = False
        dress(self)

    def clean_name(self) -> str:
        return one_line(self.cleaned_data["name"])

    def clean_quantity(self) -> int:
        return self.cleaned_data.get("quantity") or number_said(self.cleaned_data.get("name", "")) or 1

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        kind, category = data.get("kind"), data.get("category")
        if kind and category and category.kind != kind:
            said = gettext("Cette catégorie est de la sorte « %(kind)s » : changez l’une des deux, ou laissez vide.")
            self.add_error("category", said % {"kind": category.get_kind_display()})
        start, end = data.get("starts_on"), data.get("ends_on")
        if start and end and end < start:
            self.add_error("ends_on", gettext("La fin ne peut pas précéder le début."))
        return data
