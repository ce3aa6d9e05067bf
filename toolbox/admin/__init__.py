"""What curators keep of the toolbox: tools and the lexicon; published editions are only read."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from directory.admin.choosing import PortalAdmin
from toolbox.composing import blanks_of
from toolbox.models import Clause, Edition, ModelAgreement, Term, Tool
from toolbox.reading import case_of


@admin.register(Tool)
class ToolAdmin(PortalAdmin):
    list_display = ("title", "kind", "publisher", "year", "status")
    list_filter = ("kind", "status")
    search_fields = ("title", "publisher")
    prepopulated_fields = {"slug": ("title",)}
    fields = ("title", "slug", "kind", "why", "url", "publisher", "year", "licence", "stages", "kinds", "topics",
              "status", "published_at", "verified_at")  # fmt: skip


@admin.register(Term)
class TermAdmin(PortalAdmin):
    list_display = ("term", "english")
    search_fields = ("term", "definition")
    prepopulated_fields = {"slug": ("term",)}


class ReadOnly:
    """Nothing is written from here."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ClauseInline(ReadOnly, admin.StackedInline):
    model = Clause
    fields = ("position", "title", "case", "body", "guidance")
    readonly_fields = ("case",)
    extra = 0

    @admin.display(description=_("présente"))
    def case(self, obj: Clause) -> str:
        return case_of(obj, blanks_of(obj.edition)) or _("Toujours")


@admin.register(Edition)
class EditionAdmin(ReadOnly, PortalAdmin):
    list_display = ("model", "number", "published_at")
    list_select_related = ("model",)
    fields = ("model", "number", "title", "summary", "warning", "changes", "asked", "published_at")
    readonly_fields = ("asked",)
    inlines = (ClauseInline,)

    @admin.display(description=_("ce qui se demande"))
    def asked(self, obj: Edition) -> str:
        return ", ".join(variable["label"] for variable in obj.variables)


@admin.register(ModelAgreement)
class ModelAgreementAdmin(ReadOnly, PortalAdmin):
    list_display = ("title", "kind", "position", "withdrawn_at")
    fields = ("title", "kind", "summary", "warning", "position", "withdrawn_at")
