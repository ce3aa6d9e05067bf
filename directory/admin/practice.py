"""Inspiring practices, in the admin."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy as _

from directory.admin.category import kind_tag
from directory.admin.choosing import Comfortable
from directory.admin.entry import PUBLICATION, EntryAdmin, EntryForm, lead, reading
from directory.admin.filters import FreshnessFilter, MrcFilter, SectorFilter, SharedKindFilter
from directory.models import Organisation, Practice, PracticeFigure, PracticeLink, PracticePartner
from mutualisation.kernel.markdown import render

STORY = ("origin", "pooled", "governance", "results", "success_factors", "difficulties", "lessons")


class PracticeForm(EntryForm):
    title_field = "title"


class PartnerInline(Comfortable, admin.TabularInline):
    model = PracticePartner
    extra = 0
    addable = ("organisation",)

    def get_formset(self, request: HttpRequest, obj: Practice | None = None, **kwargs: Any) -> Any:
        """The names of those already there are read once, not once a row."""
        formset = super().get_formset(request, obj, **kwargs)
        field = formset.form.base_fields.get("organisation")
        if obj and field:
            label = self.admin_site.get_model_admin(Organisation).choice_label
            those = field.queryset.filter(practice_roles__practice=obj)
            field.widget.widget.known = {str(one.pk): label(one) for one in those}
        return formset

    def get_queryset(self, request: HttpRequest) -> QuerySet[PracticePartner]:
        return super().get_queryset(request).select_related("organisation").defer("organisation__search")


class FigureInline(Comfortable, admin.TabularInline):
    model = PracticeFigure
    extra = 0


class LinkInline(Comfortable, admin.TabularInline):
    model = PracticeLink
    extra = 0


@admin.register(Practice)
class PracticeAdmin(EntryAdmin):
    form = PracticeForm
    inlines = (PartnerInline, FigureInline, LinkInline)
    list_display = ("heading", "what", "place", "stage", "state", "published_on", "verified_on", "page")
    list_display_links = ("heading",)
    list_filter = (
        "status",
        SharedKindFilter,
        "stage",
        "legal_form",
        MrcFilter,
        SectorFilter,
        FreshnessFilter,
        "is_demo",
    )
    search_fields = ("title",)
    readonly_fields = (*EntryAdmin.readonly_fields, "preview")
    fieldsets = (
        (_("L’essentiel"), {"fields": ("title", "slug", "standfirst", "kinds", "stage", "drawing")}),
        (_("Où et quand"), {"fields": ("place", "territories", "sectors", ("started_on", "ended_on"), "period_text")}),
        (_("La forme que cela prend"), {"fields": ("legal_form", "form_text", "funders")}),
        (
            _("Le récit"),
            {
                "fields": STORY,
                "description": _("En Markdown : une ligne vide sépare deux paragraphes, « - » ouvre une puce."),
            },
        ),
        (_("Citation et source"), {"fields": ("quote", "quote_source", "source_title", "source_url")}),
        (_("Aperçu"), {"fields": ("preview",)}),
        PUBLICATION,
    )

    def light(self, queryset: QuerySet[Practice]) -> QuerySet[Practice]:
        return queryset.defer("search")

    @admin.display(description=_("titre"), ordering="sort_key")
    def heading(self, obj: Practice) -> str:
        return obj.title

    @admin.display(description=_("partage"))
    def what(self, obj: Practice) -> SafeString | str:
        return mark_safe(" ".join(kind_tag(kind) for kind in obj.kinds)) or "—"  # noqa: S308 - each is escaped

    @admin.display(description=_("aperçu"))
    def preview(self, obj: Practice) -> SafeString | str:
        titles = {name: self.model._meta.get_field(name).verbose_name.capitalize() for name in STORY}
        return reading(("", lead(obj.standfirst)), *((titles[name], render(getattr(obj, name))) for name in STORY))
