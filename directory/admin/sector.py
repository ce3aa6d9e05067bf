"""Sectors, in the admin."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from directory.admin.choosing import OnlyAdministrators, PortalAdmin
from directory.models import Sector


@admin.register(Sector)
class SectorAdmin(OnlyAdministrators, PortalAdmin):
    list_display = ("name", "examples", "organisation_count")
    search_fields = ("name", "examples")
    search_help_text = _("Des mots du nom ou des exemples.")
    prepopulated_fields = {"slug": ("name",)}
    fields = ("name", "slug", "examples")
    forget = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[Sector]:
        return super().get_queryset(request).annotate(organisation_count=Count("organisations"))

    @admin.display(description=_("organismes"), ordering="organisation_count")
    def organisation_count(self, obj: Sector) -> int:
        return obj.organisation_count  # type: ignore[attr-defined]
