"""The filters of the list of organisations."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from directory.filters.fields import FacetFilter
from directory.filters.listing import EntryFilterSet, Option, simple_options, territory_filter
from directory.filters.resource import kind_options, sector_options
from directory.models import Kind, LegalForm, Organisation, Resource
from directory.taxonomies import sectors


def sharing(kinds: list[str]) -> Exists:
    """Organisations that share something of these kinds, as anyone may see it."""
    return Exists(Resource.objects.shown_to_anyone().filter(organisation=OuterRef("pk"), kind__in=kinds))


def of_sectors(slugs: list[str]) -> Exists:
    links = Organisation.sectors.through.objects.filter(
        organisation_id=OuterRef("pk"), sector_id__in=sectors().within(slugs)
    )
    return Exists(links)


class OrganisationFilterSet(EntryFilterSet):
    secteur = FacetFilter(
        label=_("Secteur"),
        field_name="secteur",
        known=lambda: sectors().by_slug,
        through=("directory_organisation_sectors", "organisation_id", "id", "sector_id"),
        condition=of_sectors,
    )
    territoire = territory_filter(column="territory_id")
    sorte = FacetFilter(
        label=_("Ce qui est partagé"),
        field_name="sorte",
        known=lambda: Kind.values,
        through=(
            # the same resources as ``sharing``: the facet never counts what some may not see
            "(SELECT DISTINCT organisation_id, kind FROM directory_resource WHERE status = 'published'"
            " AND visibility = 'everyone' AND freshness <> 'hidden' AND organisation_id IN (SELECT id FROM {rows}))",
            "organisation_id",
            "id",
            "kind",
        ),
        condition=sharing,
    )
    forme = FacetFilter(
        label=_("Forme"),
        field_name="forme",
        known=lambda: LegalForm.values,
        column="legal_form",
        condition=lambda forms: Q(legal_form__in=forms),
    )
    tables = ("directory_organisation", "directory_resource")

    class Meta:
        model = Organisation
        fields: tuple[str, ...] = ()

    options_sorte = staticmethod(kind_options)
    options_secteur = staticmethod(sector_options)

    def options_territoire(self, counts: dict[str, int], chosen: list[str]) -> list[Option]:
        return self.territory_options(counts, chosen)

    def options_forme(self, counts: dict[str, int], chosen: list[str]) -> list[Option]:
        return simple_options(LegalForm.choices, counts, chosen)
