"""The filters of the lists of projects and of communities."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from directory.filters.fields import FacetFilter
from directory.filters.listing import EntryFilterSet, Option, simple_options, territory_filter
from directory.filters.resource import sector_options
from directory.models import Continuum
from directory.taxonomies import sectors, territories
from projects.models import Community, Determinant, Project, Stage

# Where each project is, then (below zero) every place that holds it: several municipalities of an MRC are one there.
PLACES = """(
    WITH RECURSIVE held AS (
        SELECT project_id, territory_id FROM projects_project_territories
         WHERE project_id IN (SELECT id FROM {rows})
        UNION
        SELECT h.project_id, t.parent_id FROM held h
          JOIN directory_territory t ON t.id = h.territory_id WHERE t.parent_id IS NOT NULL)
    SELECT project_id, territory_id FROM projects_project_territories
    UNION ALL SELECT project_id, -territory_id FROM held)"""


def in_territories(slugs: list[str]) -> Exists:
    links = Project.territories.through.objects.filter(
        project_id=OuterRef("pk"), territory_id__in=territories().within(slugs)
    )
    return Exists(links)


class ProjectFilterSet(EntryFilterSet):
    etape = FacetFilter(
        label=_("Étape"),
        field_name="etape",
        known=lambda: Stage.values,
        column="stage",
        condition=lambda stages: Q(stage__in=stages),
    )
    determinant = FacetFilter(
        label=_("Ce que le projet change"),
        field_name="determinant",
        known=lambda: Determinant.values,
        column="determinants",
        array=True,
        condition=lambda values: Q(determinants__overlap=values),
    )
    forme = FacetFilter(
        label=_("Forme de partage visée"),
        field_name="forme",
        known=lambda: Continuum.values,
        column="continuum",
        condition=lambda values: Q(continuum__in=values),
    )
    territoire = territory_filter(condition=in_territories, through=(PLACES, "project_id", "id", "territory_id"))
    tables = ("projects_project", "directory_organisation")

    class Meta:
        model = Project
        fields: tuple[str, ...] = ()

    def options_etape(self, counts: dict[str, int], chosen: list[str]) -> list[Option]:
        return simple_options(Stage.choices, counts, chosen)

    def options_determinant(self, counts: dict[str, int], chosen: list[str]) -> list[Option]:
        return simple_options(Determinant.choices, counts, chosen)

    def options_forme(self, counts: dict[str, int], chosen: list[str]) -> list[Option]:
        return simple_options(Continuum.choices, counts, chosen)

    def options_territoire(self, counts: dict[str, int], chosen: list[str]) -> list[Option]:
        return self.territory_options(counts, chosen)


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
