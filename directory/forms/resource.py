"""The form to post a resource, as every kind has it; ``kinds.py`` adds what belongs to each."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from directory.forms.cost import settle_cost
from directory.forms.fields import HORIZON, NOTICE, AmongField
from directory.forms.organisation import dress
from directory.forms.versions import VersionedForm
from directory.models import Category, Organisation, Resource, Territory, Visibility
from directory.models.resource import CostMode
from directory.taxonomies import portal_territories, territories, told_apart

Section = tuple[str, str | Promise, tuple[str, ...]]

VISIBILITY_HELP = {
    Visibility.EVERYONE: _("La fiche est publique; les moteurs de recherche la trouvent."),
    Visibility.MEMBERS: _("Les personnes d’un organisme validé, une fois connectées."),
    Visibility.NETWORKS: _("Les organismes membres des réseaux que vous cochez."),
    Visibility.ORGANISATIONS: _("Seulement les organismes que vous cochez."),
}


def places_for(organisation: Organisation, current: int | None) -> list[tuple[str, list[tuple[int, str]]]]:
    """Where a resource can be: our municipalities by MRC, and wherever the organisation or the entry already is."""
    tree = territories()
    groups: list[tuple[str, list[tuple[int, str]]]] = []
    shown: set[int] = set()
    for mrc in portal_territories():
        inside = [(n.id, told_apart(n)) for n in tree.children.get(mrc.id, [])]
        groups.append((mrc.name, [*inside, (mrc.id, gettext("Toute la MRC %s") % mrc.name)]))
        shown |= {pk for pk, _name in groups[-1][1]}
    others = dict.fromkeys(i for i in (organisation.territory_id, current) if i and i not in shown and i in tree.by_id)
    if others:
        groups.insert(0, (gettext("Ailleurs"), [(i, told_apart(tree.by_id[i])) for i in others]))
    return groups


class ResourceForm(VersionedForm):
    """What every kind has. Subclasses say their fields, the essential ones and the sections that stay folded."""

    kind: ClassVar[str]
    essential: ClassVar[tuple[str, ...]]
    sections: ClassVar[tuple[Section, ...]]

    price = forms.DecimalField(
        label=_("Montant ($)"), required=False, min_value=0, max_digits=9, decimal_places=2, localize=True
    )
    cost_mode = forms.ChoiceField(label=_("Contrepartie"), choices=CostMode.choices, widget=forms.RadioSelect)
    visibility = forms.ChoiceField(
        label=_("Qui peut voir et demander"), choices=Visibility.choices, widget=forms.RadioSelect
    )
    notice_hours = AmongField(label=_("Préavis"), usual=NOTICE, required=False)
    horizon_days = AmongField(label=_("Se demande jusqu’à"), usual=HORIZON, required=False)

    class Meta:
        model = Resource
        fields: tuple[str, ...] = ()
        localized_fields = ("deposit", "replacement_value", "days_per_week")
        labels = {
            "name": _("Nom"),
            "summary": _("En une ligne"),
            "category": _("Catégorie"),
            "territory": _("Lieu"),
            "description": _("Description"),
            "price_unit": _("Par"),
            "part_of": _("Fait partie de"),
            "quantity": _("Combien en avez-vous?"),
            "insurance_required": _("Une preuve d’assurance est demandée"),
            "training_required": _("Une courte formation est demandée avant l’usage"),
            "recurring_allowed": _("Les réservations répétées sont possibles"),
            "closed_on_holidays": _("C’est fermé les jours fériés"),
            "accepts_by_itself": _("Accepter aussitôt les demandes qui respectent l’horaire et les règles"),
        }
        help_texts = {
            "name": _("Comme vous le diriez au téléphone : « Salle communautaire, 120 places »."),
            "summary": _("Ce qu’on lit dans les listes : ce que c’est, à quoi cela sert."),
            "description": _("Une ligne vide sépare les paragraphes; un tiret commence une liste."),
            "price_unit": _("« la demi-journée », « du km », « l’heure »…"),
            "pickup_instructions": _("Privé : clé, code, porte. Montré seulement à vos membres et, plus tard, "
                                     "à qui emprunte."),
            "part_of": _("La trousse ou la salle plus grande dont ceci est une partie."),
            "conditions": _("En mots simples : ménage, bris, retour."),
            "deposit": _("Remis au retour."),
            "replacement_value": _("Aide à convenir de l’assurance."),
            "license_required": _("« permis de classe 5 », « MAPAQ »…"),
        }  # fmt: skip
        widgets = {
            "description": forms.Textarea(attrs={"rows": 6}),
            "conditions": forms.Textarea(attrs={"rows": 4}),
            "pickup_instructions": forms.Textarea(attrs={"rows": 3}),
            "accessories": forms.Textarea(attrs={"rows": 3}),
            "tasks": forms.Textarea(attrs={"rows": 4}),
            "supervision": forms.Textarea(attrs={"rows": 3}),
        }
        error_messages = {
            "name": {"required": _("Donnez un nom à ce que vous offrez.")},
            "summary": {"required": _("Dites en une ligne ce que c’est.")},
            "category": {"required": _("Choisissez une catégorie.")},
            "territory": {"required": _("Choisissez un lieu.")},
        }

    def __init__(self, *args: Any, organisation: Organisation, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.organisation = organisation
        self.instance.kind = self.kind
        if not self.instance.pk:
            self.instance.organisation = organisation
            self.initial["territory"] = self.initial.get("territory") or organisation.territory_id
        self._offer_choices()
        for name, unit in (("min_minutes", _("minutes")), ("max_minutes", _("minutes")), ("notice_hours", _("heures")),
                           ("horizon_days", _("jours")), ("buffer_minutes", _("minutes"))):  # fmt: skip
            if name in self.fields:
                self.fields[name].include(getattr(self.instance, name), unit)  # type: ignore[attr-defined]
        dress(self)
        for field in self.fields.values():
            if isinstance(field, forms.DecimalField):
                field.widget.attrs["inputmode"] = "decimal"

    def _offer_choices(self) -> None:
        places = places_for(self.organisation, self.instance.territory_id)
        field = self.fields["territory"]
        field.queryset = Territory.objects.filter(pk__in=[pk for _g, rows in places for pk, _n in rows])  # type: ignore[attr-defined]
        field.widget.choices = [("", gettext("Choisissez…")), *places]
        field = self.fields["category"]
        field.queryset = Category.objects.filter(kind=self.kind)  # type: ignore[attr-defined]
        rows = list(Category.objects.filter(kind=self.kind).order_by("position", "name", "id"))
        groups = [
            (root.name, [*((c.pk, c.name) for c in rows if c.parent_id == root.pk), (root.pk, _general(root))])
            for root in rows
            if root.parent_id is None
        ]
        field.widget.choices = [("", gettext("Choisissez…")), *groups]
        validated = Organisation.objects.published().only("name").order_by("sort_key", "id")
        for name, queryset in (
            ("visible_networks", validated.filter(is_network=True)),  # itself too: a CDC shares with its members
            ("visible_organisations", validated.exclude(pk=self.organisation.pk)),
        ):
            self.fields[name] = forms.ModelMultipleChoiceField(
                queryset=queryset,
                required=False,
                label=_("Réseaux") if name == "visible_networks" else _("Organismes"),
                widget=forms.CheckboxSelectMultiple,
                initial=list(getattr(self.instance, name).all()) if self.instance.pk else [],
            )
            self.initial.pop(name, None)
        if "part_of" in self.fields:
            whole = Q(organisation=self.organisation, kind=self.kind, part_of__isnull=True) & ~Q(status="archived")
            mine = Resource.objects.filter(whole | Q(pk=self.instance.part_of_id or 0))
            mine = mine.exclude(pk=self.instance.pk or 0).only("name").order_by("sort_key", "id")
            if self.instance.pk and self.instance.parts.exists():
                mine = mine.none()
            self.fields["part_of"].queryset = mine  # type: ignore[attr-defined]
            self.fields["part_of"].empty_label = _("rien de plus grand")  # type: ignore[attr-defined]

    # ---- reading

    def clean_notice_hours(self) -> int:
        return self.cleaned_data["notice_hours"] or 0

    def clean_horizon_days(self) -> int:
        return self.cleaned_data["horizon_days"] or 365

    def clean_quantity(self) -> int:
        return self.cleaned_data.get("quantity") or 1

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        settle_cost(self, data)
        low, high = data.get("min_minutes"), data.get("max_minutes")
        if low and high and low > high:
            self.add_error("max_minutes", gettext("La durée maximale est plus courte que la durée minimale."))
        for name, mode, sentence in (
            ("visible_networks", Visibility.NETWORKS, gettext("Cochez au moins un réseau.")),
            ("visible_organisations", Visibility.ORGANISATIONS, gettext("Cochez au moins un organisme.")),
        ):
            if data.get("visibility") != mode:
                data[name] = Organisation.objects.none()
                self.errors.pop(name, None)
            elif name not in self.errors and not data.get(name):
                self.add_error(name, sentence)
        return data

    # ---- writing

    def save(self, commit: bool = True) -> Resource:
        resource: Resource = super().save(commit=commit)
        self.save_links()
        return resource

    def save_links(self) -> None:
        """What hangs from the row: who may see it."""
        self.instance.visible_networks.set(self.cleaned_data["visible_networks"])
        self.instance.visible_organisations.set(self.cleaned_data["visible_organisations"])


def _general(root: Category) -> str:
    return gettext("%s, autre") % root.name
