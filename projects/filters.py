"""What the address of the list of communities asks."""

from __future__ import annotations

from django.db.models import Exists, OuterRef
from django.utils.translation import gettext_lazy as _

from directory.filters.fields import FacetFilter
from directory.filters.listing import EntryFilterSet, Option, territory_filter
from directory.filters.resource import sector_options
from directory.taxonomies import sectors
from projects.models import Community


def of_sectors(slugs: list[str]) -> Exists:
    links = Community.sectors.through.objects.filter(community_id=OuterRef("pk"), sector_id__in=sectors().within(slugs))
    return Exists(links)


class CommunityFilterSet(EntryFilterSet):
    secteur = FacetFilter(
        label=_("Secteur"),
        field_name="secteur",
        known=lambda: sectors().by_slug,
        through=("projects_community_sectors", "community_id", "id", "sector_id"),
        condition=of_sectors,
    )
    territoire = territory_filter(column="territory_id")
    tables = ("projects_community", "directory_organisation")

    class Meta:
        model = Community
        fields: tuple[str, ...] = ()

    options_secteur = staticmethod(sector_options)

    def options_territoire(self, counts: dict[str, int], chosen: list[str]) -> list[Option]:
        return self.territory_options(counts, chosen)
