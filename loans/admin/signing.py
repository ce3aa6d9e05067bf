"""Signatures and journals of agreements, in the admin: read and found; written by nobody."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from directory.admin.choosing import PortalAdmin
from loans.models import JournalEntry, Signature


class ReadOnly(PortalAdmin):
    """Administrators only, reading: what was signed is touched by nobody."""

    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request)
        return rows.select_related("agreement").defer("agreement__text", "agreement__clauses", "agreement__values")

    @admin.display(description=_("entente"), ordering="agreement__number")
    def number(self, row: Any) -> str:
        return row.agreement.number


@admin.register(Signature)
class SignatureAdmin(ReadOnly):
    """Who signed what; never the text itself, which is between its parties."""

    list_display = ("number", "party", "how", "name", "function", "at")
    list_filter = ("how", "party", "at")
    search_fields = ("agreement__number", "name")
    search_help_text = _("Un numéro d’entente ou un nom.")
    date_hierarchy = "at"
    ordering = ("-at", "-id")
    fields = ("number", "party", "how", "name", "function", "mandate_on", "statement", "sha256", "at")
    readonly_fields = fields


@admin.register(JournalEntry)
class JournalEntryAdmin(ReadOnly):
    """What happened to each agreement, line by line, and the chain that holds them."""

    list_display = ("number", "n", "kind", "party", "who", "at")
    list_filter = ("kind", "at")
    search_fields = ("agreement__number", "who")
    search_help_text = _("Un numéro d’entente ou un nom.")
    date_hierarchy = "at"
    ordering = ("-at", "-id")
    fields = ("number", "n", "kind", "party", "who", "at", "data", "previous", "hash")
    readonly_fields = fields
