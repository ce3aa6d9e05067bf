"""Communities of practice, in the admin: what they say of themselves. Who belongs is theirs."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from directory.admin.entry import PUBLICATION, EntryAdmin, lead, reading
from directory.admin.filters import FreshnessFilter, MrcFilter, SectorFilter
from directory.admin.organisation import place
from mutualisation.kernel.markdown import render
from projects.models import Community


@admin.register(Community)
class CommunityAdmin(EntryAdmin):
    list_display = ("name_shown", "organisation_name", "where", "state", "published_on", "verified_on", "page")
    list_display_links = ("name_shown",)
    list_filter = ("status", MrcFilter, SectorFilter, FreshnessFilter, "is_demo")
    search_fields = ("name",)
    readonly_fields = (*EntryAdmin.readonly_fields, "preview")
    fieldsets = (
        (_("L’essentiel"), {"fields": ("name", "slug", "organisation", "purpose")}),
        (_("Où et pour qui"), {"fields": ("territory", "sectors")}),
        (_("Présentation"), {"fields": ("description", "preview")}),
        PUBLICATION,
    )

    def light(self, queryset: QuerySet[Community]) -> QuerySet[Community]:
        return queryset.select_related("organisation", "territory__parent").defer(
            "search", "organisation__search", "organisation__description", "territory__outline",
            "territory__parent__outline",
        )  # fmt: skip

    def is_public(self, obj: Any) -> bool:
        return obj.pk is not None and obj.is_public

    @admin.display(description=_("nom"), ordering="sort_key")
    def name_shown(self, obj: Community) -> str:
        return obj.name

    @admin.display(description=_("accueillie par"), ordering="organisation__name")
    def organisation_name(self, obj: Community) -> str:
        return obj.organisation.name

    @admin.display(description=_("lieu"), ordering="territory__name")
    def where(self, obj: Community) -> str:
        return place(obj.territory)

    @admin.display(description=_("aperçu"))
    def preview(self, obj: Community) -> SafeString | str:
        return reading(("", lead(obj.purpose)), ("", render(obj.description, addresses=True)))
