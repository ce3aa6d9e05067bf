"""The filters of the list of resources."""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, OuterRef, Q
from django.utils.functional import cached_property
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from directory.calendar import free_between
from directory.filters.availability import Wanted, wanted
from directory.filters.fields import FacetFilter, TextFilter
from directory.filters.listing import PAGE_SIZE, Chip, EntryFilterSet, Option, Results, simple_options, territory_filter
from directory.models import Kind, Organisation, Resource
from directory.models.kinds import Accessibility
from directory.models.resource import CostMode
from directory.taxonomies import categories, sectors


def in_sectors(slugs: list[str]) -> Exists:
    """Resources of organisations of these sectors."""
    links = Organisation.sectors.through.objects.filter(
        organisation_id=OuterRef("organisation_id"), sector_id__in=sectors().within(slugs)
    )
    return Exists(links)


def kind_options(counts: dict[str, int], chosen: list[str]) -> list[Option]:
    """The four kinds, each with its icon."""
    return [
        Option(kind.value, str(kind.label), counts.get(kind.value, 0), kind.value in chosen, icon=kind.value)
        for kind in Kind
        if counts.get(kind.value) or kind.value in chosen
    ]


def sector_options(counts: dict[str, int], chosen: list[str]) -> list[Option]:
    """Sectors that hold something, by name."""
    return [
        Option(node.slug, node.name, counts.get(str(node.id), 0), node.slug in chosen)
        for node in sectors().by_id.values()
        if counts.get(str(node.id)) or node.slug in chosen
    ]


def category_options(counts: dict[str, int], chosen: list[str], kinds: list[str]) -> list[Option]:
    """Main categories of the kinds in view; inside a chosen one, its sub-categories."""
    tree = categories()
    rolled = tree.roll_up({int(k): n for k, n in counts.items()})
    options = []
    for node in tree.children.get(None, []):
        inside = tree.children.get(node.id, [])
        picked = node.slug in chosen or any(n.slug in chosen for n in inside)
        if not picked and (node.kind not in kinds or not rolled.get(node.id)):
            continue
        options.append(Option(node.slug, node.name, rolled.get(node.id, 0), node.slug in chosen))
        if picked:
            options += [
                Option(n.slug, n.name, rolled.get(n.id, 0), n.slug in chosen, level=1)
                for n in inside
                if rolled.get(n.id) or n.slug in chosen
            ]
    return options


class ResourceFilterSet(EntryFilterSet):
    sorte = FacetFilter(
        label=_("Sorte"),
        field_name="sorte",
        known=lambda: Kind.values,
        column="kind",
        condition=lambda kinds: Q(kind__in=kinds),
    )
    territoire = territory_filter(column="territory_id")
    contrepartie = FacetFilter(
        label=_("Contrepartie"),
        field_name="contrepartie",
        known=lambda: CostMode.values,
        column="cost_mode",
        condition=lambda modes: Q(cost_mode__in=modes),
    )
    categorie = FacetFilter(
        label=_("Catégorie"),
        field_name="categorie",
        known=lambda: categories().by_slug,
        column="category_id",
        condition=lambda slugs: Q(category_id__in=categories().within(slugs)),
    )
    secteur = FacetFilter(
        label=_("Secteur de l’organisme"),
        field_name="secteur",
        known=lambda: sectors().by_slug,
        through=("directory_organisation_sectors", "organisation_id", "organisation_id", "sector_id"),
        condition=in_sectors,
    )
    acces = FacetFilter(
        label=_("Accessibilité"),
        field_name="acces",
        known=lambda: Accessibility.values,
        column="accessibility",
        array=True,
        every=True,
        condition=lambda values: Q(accessibility__contains=values),
    )
    du = TextFilter(label=_("Libre du"))
    au = TextFilter(label=_("Au"))
    de = TextFilter(label=_("De"))
    a = TextFilter(label=_("À"))
    quantite = TextFilter(label=_("Combien"))
    tables = ("directory_resource", "directory_organisation")

    class Meta:
        model = Resource
        fields: tuple[str, ...] = ()

    @cached_property
    def wanted(self) -> Wanted:
        return wanted(self.cleaned)

    def misunderstood(self) -> list[str]:
        return [*super().misunderstood(), *self.wanted.notices]

    def filter_queryset(self, queryset: Any) -> Any:
        """Only what may be asked for then: before anything is counted, so that every count says so."""
        found, asked = super().filter_queryset(queryset), self.wanted
        if asked.period:
            return free_between(found, asked.period, asked.quantity, days_only=asked.days_only)
        return found.filter(quantity__gte=asked.quantity) if asked.quantity > 1 else found

    def results(self, *, page: int, version: str, size: int = PAGE_SIZE) -> Results:
        """What is free changes without a row of these tables changing, and with the hour: it is never remembered."""
        return super().results(page=page, version="" if self.wanted.period else version, size=size)

    def chips(self) -> list[Chip]:
        asked, chips = self.wanted, super().chips()
        if asked.period:
            label = gettext("Libre %(when)s") % {"when": asked.words}
            chips.append(Chip(label, self.address(du="", au="", de="", a="")))
        if asked.quantity > 1:
            chips.append(Chip(gettext("Au moins %(n)d") % {"n": asked.quantity}, self.address(quantite="")))
        return chips

    options_sorte = staticmethod(kind_options)
    options_secteur = staticmethod(sector_options)

    def options_territoire(self, counts: dict[str, int], chosen: list[str]) -> list[Option]:
        return self.territory_options(counts, chosen)

    def options_contrepartie(self, counts: dict[str, int], chosen: list[str]) -> list[Option]:
        return simple_options(CostMode.choices, counts, chosen)

    def options_acces(self, counts: dict[str, int], chosen: list[str]) -> list[Option]:
        return simple_options(Accessibility.choices, counts, chosen)

    def options_categorie(self, counts: dict[str, int], chosen: list[str]) -> list[Option]:
        return category_options(counts, chosen, self.cleaned.get("sorte") or Kind.values)
