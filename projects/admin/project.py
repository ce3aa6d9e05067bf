"""Collective projects, in the admin: the sheet. Stages, participations and contributions move by the verbs alone."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from directory.admin.choosing import Comfortable
from directory.admin.entry import PUBLICATION, EntryAdmin, EntryForm, lead, reading
from directory.admin.filters import FreshnessFilter, MrcFilter
from mutualisation.kernel.markdown import render
from projects.models import Effect, Funding, Milestone, Part, Participation, Project

TEXTS = ("description", "actors", "inclusion", "conditions")


class ProjectForm(EntryForm):
    title_field = "title"


class MilestoneInline(Comfortable, admin.TabularInline):
    model = Milestone
    extra = 0


class FundingInline(Comfortable, admin.TabularInline):
    model = Funding
    extra = 0


class EffectInline(Comfortable, admin.TabularInline):
    model = Effect
    extra = 0


class ParticipationInline(admin.TabularInline):
    """Read only: offered, welcomed and ended on the site, where both sides are told."""

    model = Participation
    fields = readonly_fields = ("organisation_name", "part", "roles_held", "status")
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Participation]:
        rows = super().get_queryset(request).select_related("organisation", "project")
        return rows.defer("organisation__search", "organisation__description", "project__search")

    @admin.display(description=_("organisme"))
    def organisation_name(self, obj: Participation) -> str:
        return obj.organisation.name

    @admin.display(description=_("rôles"))
    def roles_held(self, obj: Participation) -> str:
        return ", ".join(obj.role_labels)


@admin.register(Project)
class ProjectAdmin(EntryAdmin):
    form = ProjectForm
    inlines = (MilestoneInline, FundingInline, EffectInline, ParticipationInline)
    list_display = ("heading", "organisation_name", "stage", "state", "published_on", "verified_on", "page")
    list_display_links = ("heading",)
    list_filter = ("status", "stage", "continuum", MrcFilter, FreshnessFilter, "is_demo")
    search_fields = ("title",)
    readonly_fields = (*EntryAdmin.readonly_fields, "stage", "stood_at", "stage_since", "preview")
    fieldsets = (
        (_("L’essentiel"), {"fields": ("title", "slug", "organisation", "standfirst", "continuum", "drawing")}),
        (_("Étape"), {"fields": (("stage", "stood_at", "stage_since"),),
                      "description": _("Elle se change sur la page du projet, par ceux qui le mènent.")}),
        (_("Où et avec qui"), {"fields": ("place", "territories", "determinants")}),
        (
            _("Le récit"),
            {
                "fields": TEXTS,
                "description": _("En Markdown : une ligne vide sépare deux paragraphes, « - » ouvre une puce."),
            },
        ),
        (_("Argent"), {"fields": (("budget", "hourly_rate", "year_starts"),)}),
        (_("D’où viennent ces faits"), {"fields": ("source_title",)}),
        (_("Aperçu"), {"fields": ("preview",)}),
        PUBLICATION,
    )  # fmt: skip

    def light(self, queryset: QuerySet[Project]) -> QuerySet[Project]:
        rows = queryset.select_related("organisation")
        return rows.defer("search", "organisation__search", "organisation__description")

    def is_public(self, obj: Any) -> bool:
        return obj.pk is not None and obj.is_public

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if not change:  # as when it is proposed on the site: its organisation carries it
            Participation.objects.create(
                project=obj, organisation=obj.organisation, part=Part.CARRIES, offered_by=request.user,
                status=Participation.Status.WELCOMED, answered_by=request.user, answered_at=timezone.now(),
            )  # fmt: skip

    @admin.display(description=_("titre"), ordering="sort_key")
    def heading(self, obj: Project) -> str:
        return obj.title

    @admin.display(description=_("proposé par"), ordering="organisation__name")
    def organisation_name(self, obj: Project) -> str:
        return obj.organisation.name

    @admin.display(description=_("aperçu"))
    def preview(self, obj: Project) -> SafeString | str:
        titles = {name: self.model._meta.get_field(name).verbose_name.capitalize() for name in TEXTS}
        texts = ((titles[name], render(getattr(obj, name), addresses=True)) for name in TEXTS)
        return reading(("", lead(obj.standfirst)), *texts)
