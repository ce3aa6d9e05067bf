"""The filters of the list of practices."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from directory.filters.fields import FacetFilter
from directory.filters.listing import EntryFilterSet, Option, simple_options, territory_filter
from directory.filters.resource import kind_options, sector_options
from directory.models import Continuum, Kind, Practice, PracticeForm
from directory.taxonomies import sectors, territories

# Where each story takes place, then (below zero) every place that holds it: a story told in three municipalities
# of an MRC is one story of that MRC.
PLACES = """(
    WITH RECURSIVE held AS (
        SELECT practice_id, territory_id FROM directory_practice_territories
         WHERE practice_id IN (SELECT id FROM {rows})
        UNION
        SELECT h.practice_id, t.parent_id FROM held h
          JOIN directory_territory t ON t.id = h.territory_id WHERE t.parent_id IS NOT NULL)
    SELECT practice_id, territory_id FROM directory_practice_territories
    UNION ALL SELECT practice_id, -territory_id FROM held)"""


def in_territories(slugs: list[str]) -> Exists:
    links = Practice.territories.through.objects.filter(
        practice_id=OuterRef("pk"), territory_id__in=territories().within(slugs)
    )
    return Exists(links)


def of_sectors(slugs: list[str]) -> Exists:
    links = Practice.sectors.through.objects.filter(practice_id=OuterRef("pk"), sector_id__in=sectors().within(slugs))
    return Exists(links)


def kinds_filter() -> FacetFilter:
    """What is shared, for what is about several kinds."""
    return FacetFilter(
        label=_("Ce qui est partagé"),
        field_name="sorte",
        known=lambda: Kind.values,
        column="kinds",
        array=True,
        condition=lambda kinds: Q(kinds__overlap=kinds),
    )


class PracticeFilterSet(EntryFilterSet):
    etape = FacetFilter(
        label=_("Place sur le continuum"),
        field_name="etape",
        known=lambda: Continuum.values,
        column="stage",
        condition=lambda stages: Q(stage__in=stages),
    )
    forme = FacetFilter(
        label=_("Forme"),
        field_name="forme",
        known=lambda: PracticeForm.values,
        column="legal_form",
        condition=lambda forms: Q(legal_form__in=forms),
    )
    sorte = kinds_filter()
    secteur = FacetFilter(
        label=_("Secteur"),
        field_name="secteur",
        known=lambda: sectors().by_slug,
        through=("directory_practice_sectors", "practice_id", "id", "sector_id"),
        condition=of_sectors,
    )
    territoire = territory_filter(condition=in_territories, through=(PLACES, "practice_id", "id", "territory_id"))
    tables = ("directory_practice",)

    class Meta:
        model = Practice
        fields: tuple[str, ...] = ()

    options_sorte = staticmethod(kind_options)
    options_secteur = staticmethod(sector_options)

    def options_etape(self, counts: dict[str, int], chosen: list[str]) -> list[Option]:
        return simple_options(Continuum.choices, counts, chosen)

    def options_forme(self, counts: dict[str, int], chosen: list[str]) -> list[Option]:
        return simple_options(PracticeForm.choices, counts, chosen)

    def options_territoire(self, counts: dict[str, int], chosen: list[str]) -> list[Option]:
        return self.territory_options(counts, chosen)
