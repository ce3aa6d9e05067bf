"""Organisations, in the admin."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from directory.admin.entry import PUBLICATION, EntryAdmin, lead, reading
from directory.admin.filters import FreshnessFilter, MrcFilter, SectorFilter
from directory.models import Organisation
from mutualisation.kernel.markdown import render


@admin.register(Organisation)
class OrganisationAdmin(EntryAdmin):
    list_display = (
        "full_name", "legal_form", "place", "state", "published_on", "verified_on", "resource_count", "page",
    )  # fmt: skip
    list_display_links = ("full_name",)
    list_filter = ("status", MrcFilter, "legal_form", SectorFilter, FreshnessFilter, "is_demo")
    search_fields = ("name",)
    readonly_fields = (*EntryAdmin.readonly_fields, "preview", "shared")
    fieldsets = (
        (_("L’essentiel"), {"fields": (("name", "acronym"), "slug", ("legal_form", "neq"), "mission", "sectors")}),
        (_("Présentation"), {"fields": ("description", "preview")}),
        (
            _("Lieu et territoire"),
            {"fields": ("territory", ("address", "postal_code"), ("latitude", "longitude"), "served_territories")},
        ),
        (_("Joindre l’organisme"), {"fields": ("website", ("email", "phone"))}),
        (_("Ce qu’il partage"), {"fields": ("shared",)}),
        (_("D’où viennent ces faits"), {"fields": ("year_founded", "source")}),
        PUBLICATION,
    )

    def light(self, queryset: QuerySet[Organisation]) -> QuerySet[Organisation]:
        return queryset.select_related("territory__parent").defer(
            "search", "territory__outline", "territory__parent__outline"
        )

    def choices(self, request: HttpRequest) -> QuerySet[Organisation]:
        return super().choices(request).defer("search", "description")

    def choice_label(self, obj: Organisation) -> str:
        return f"{obj.name} ({obj.territory.name})"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Organisation]:
        return super().get_queryset(request).with_resource_count()

    @admin.display(description=_("nom"), ordering="sort_key")
    def full_name(self, obj: Organisation) -> str:
        return f"{obj.name} ({obj.acronym})" if obj.acronym else obj.name

    @admin.display(description=_("lieu"), ordering="territory__name")
    def place(self, obj: Organisation) -> str:
        return place(obj.territory)

    @admin.display(description=_("ressources publiées"), ordering="resource_count")
    def resource_count(self, obj: Organisation) -> int:
        return obj.resource_count  # type: ignore[attr-defined]

    @admin.display(description=_("aperçu"))
    def preview(self, obj: Organisation) -> SafeString | str:
        return reading(("", lead(obj.mission)), ("", render(obj.description)))

    @admin.display(description=_("ressources"))
    def shared(self, obj: Organisation) -> SafeString | str:
        """What it shares, and the way to add to it."""
        if obj.pk is None:
            return _("Enregistrez d’abord l’organisme.")
        n = obj.resources.count()
        return format_html(
            '<a href="{}?organisation__id__exact={}">{}</a> · <a href="{}?organisation={}">{}</a>',
            reverse("admin:directory_resource_changelist"),
            obj.pk,
            ngettext("Voir sa %d ressource", "Voir ses %d ressources", n) % n if n else _("Aucune ressource encore"),
            reverse("admin:directory_resource_add"),
            obj.pk,
            _("Ajouter une ressource"),
        )


def place(territory: object) -> str:
    """A municipality with its MRC."""
    parent = territory.parent  # type: ignore[attr-defined]
    return f"{territory.name}, {parent.name}" if parent else territory.name  # type: ignore[attr-defined]
