"""Filters of the admin's lists, from the trees that the portal already remembers: no query of their own."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.contrib.admin import SimpleListFilter
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from directory.models import Kind, Resource
from directory.taxonomies import categories, portal_territories, sectors, territories

ELSEWHERE = "ailleurs"
Lookups = Iterable[tuple[str, Any]]


def _linked(model: type[Model], link: str, target: str, ids: list[int]) -> Q:
    """Rows linked to some of ``ids`` through a table, without joining it: a row is never listed twice."""
    through = getattr(model, link).through
    rows = through.objects.filter(**{f"{target}_id__in": ids})
    return Q(pk__in=rows.values(f"{model._meta.model_name}_id"))


class MrcFilter(SimpleListFilter):
    """An MRC of the portal with the municipalities that it holds, or everywhere else."""

    title = _("MRC")
    parameter_name = "mrc"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Lookups:
        return [*((node.slug, node.name) for node in portal_territories()), (ELSEWHERE, _("Ailleurs"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        value = self.value()
        if not value:
            return queryset
        ours = [node.slug for node in portal_territories()]
        ids = territories().within(ours if value == ELSEWHERE else [value])
        found = self.inside(queryset.model, ids)
        return queryset.exclude(found) if value == ELSEWHERE else queryset.filter(found)

    def inside(self, model: type[Model], ids: list[int]) -> Q:
        several = hasattr(model, "territories")
        return _linked(model, "territories", "territory", ids) if several else Q(territory_id__in=ids)


class TerritoryMrcFilter(MrcFilter):
    """The same, over the places themselves."""

    def inside(self, model: type[Model], ids: list[int]) -> Q:
        return Q(pk__in=ids)


class SectorFilter(SimpleListFilter):
    """The entry's sector; for a resource, that of its organisation."""

    title = _("secteur")
    parameter_name = "secteur"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Lookups:
        return [(node.slug, node.name) for node in sectors().by_id.values()]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        value = self.value()
        if not value:
            return queryset
        ids = sectors().within([value])
        if queryset.model is Resource:
            from directory.models import Organisation

            rows = Organisation.sectors.through.objects.filter(sector_id__in=ids)
            return queryset.filter(organisation_id__in=rows.values("organisation_id"))
        return queryset.filter(_linked(queryset.model, "sectors", "sector", ids))


class CategoryFilter(SimpleListFilter):
    """A main category with its sub-categories; offered once the kind is chosen, so that the choice stays short."""

    title = _("catégorie")
    parameter_name = "categorie"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Lookups:
        tree = categories()
        chosen = tree.by_slug.get(request.GET.get(self.parameter_name, ""))
        kind = chosen.kind if chosen else request.GET.get("kind__exact")
        return [(node.slug, node.name) for node in tree.children.get(None, ()) if node.kind == kind]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        value = self.value()
        return queryset.filter(category_id__in=categories().within([value])) if value else queryset


class SharedKindFilter(SimpleListFilter):
    """What a practice shares: one of the several kinds that it names."""

    title = _("ce qui est partagé")
    parameter_name = "sorte"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Lookups:
        return Kind.choices

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        return queryset.filter(kinds__contains=[self.value()]) if self.value() else queryset


class FreshnessFilter(SimpleListFilter):
    """How long ago someone confirmed that all is exact."""

    title = _("dernière vérification")
    parameter_name = "verifiee"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Lookups:
        return [
            ("6mois", _("Depuis moins de six mois")),
            ("1an", _("Il y a plus d’un an")),
            ("jamais", _("Jamais")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        now = timezone.now()
        match self.value():
            case "6mois":
                return queryset.filter(verified_at__gte=now - timedelta(days=183))
            case "1an":
                return queryset.filter(verified_at__lt=now - timedelta(days=365))
            case "jamais":
                return queryset.filter(verified_at__isnull=True)
        return queryset


class ParentFilter(SimpleListFilter):
    """Main categories, or those inside them."""

    title = _("niveau")
    parameter_name = "niveau"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Lookups:
        return [("1", _("Catégories")), ("2", _("Sous-catégories"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        value = self.value()
        return queryset.filter(parent__isnull=value == "1") if value in ("1", "2") else queryset
