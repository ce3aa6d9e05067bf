"""Places and postal areas, in the admin."""

from __future__ import annotations

from django import forms
from django.contrib import admin
from django.db.models import Case, Count, IntegerField, OuterRef, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from directory.admin.choosing import OnlyAdministrators, PortalAdmin, refuse_loop
from directory.admin.filters import TerritoryMrcFilter
from directory.models import Organisation, PostalArea, Territory
from directory.taxonomies import portal_territories, territories


class TerritoryForm(forms.ModelForm):
    def clean(self) -> None:
        super().clean()
        refuse_loop(self, "parent")


@admin.register(Territory)
class TerritoryAdmin(OnlyAdministrators, PortalAdmin):
    form = TerritoryForm
    list_display = ("name", "kind", "designation", "parent", "code", "population", "organisation_count")
    list_filter = ("kind", TerritoryMrcFilter)
    search_fields = ("name", "code")
    search_help_text = _("Des mots du nom, avec ou sans accents, ou un code géographique.")
    prepopulated_fields = {"slug": ("name",)}
    forget = True
    fieldsets = (
        (None, {"fields": ("name", "slug", "kind", "designation", "code", "parent")}),
        (_("Sur la carte"), {"fields": (("latitude", "longitude"), "population")}),
        (_("Curation"), {"fields": ("reads_first",)}),
    )

    def light(self, queryset: QuerySet[Territory]) -> QuerySet[Territory]:
        return queryset.select_related("parent").defer("outline", "parent__outline")

    def choices(self, request: HttpRequest) -> QuerySet[Territory]:
        """Places of this portal first, then the most populous."""
        ours = territories().within(node.slug for node in portal_territories())
        near = Case(When(pk__in=ours, then=0), default=1, output_field=IntegerField())
        return super().choices(request).order_by(near, Coalesce("population", Value(0)).desc(), "name", "id")

    def choice_label(self, obj: Territory) -> str:
        what = obj.designation.lower() if obj.designation else obj.get_kind_display()
        return f"{obj.name} ({what}, {obj.parent.name})" if obj.parent else f"{obj.name} ({what})"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Territory]:
        there = Organisation.objects.filter(territory=OuterRef("pk")).order_by().values("territory")
        counted = Subquery(there.annotate(n=Count("*")).values("n"))
        return super().get_queryset(request).annotate(organisation_count=Coalesce(counted, 0))

    @admin.display(description=_("organismes"), ordering="organisation_count")
    def organisation_count(self, obj: Territory) -> int:
        return obj.organisation_count  # type: ignore[attr-defined]


@admin.register(PostalArea)
class PostalAreaAdmin(OnlyAdministrators, PortalAdmin):
    list_display = ("code", "place", "latitude", "longitude")
    search_fields = ("code", "place")
    search_help_text = _("Les trois premiers caractères d’un code postal, ou un lieu.")
