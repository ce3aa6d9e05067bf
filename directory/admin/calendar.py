"""What takes time, in the admin: read, never written. Time is taken and freed from calendars and loans only."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from directory.admin.choosing import PortalAdmin
from directory.models import Closure, ExceptionalHours, Occupation
from mutualisation.kernel.moments import in_words


class ReadOnly(PortalAdmin):
    """Rows that only their verbs write."""

    list_select_related: Any = ("resource",)
    ordering = ("-pk",)
    show_full_result_count = False
    private = True  # reasons and notes are the organisation’s: curators don’t read them

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_view_permission(request, obj) and (not self.private or request.user.is_superuser)

    @admin.display(description=_("période"), ordering="period")
    def when(self, obj: Any) -> str:
        return in_words(obj.period)


@admin.register(Occupation)
class OccupationAdmin(ReadOnly):
    list_display = ("resource", "unit", "when", "reason")
    list_filter = ("reason",)
    search_fields = ("resource__name",)


@admin.register(Closure)
class ClosureAdmin(ReadOnly):
    list_display = ("resource", "when", "quantity", "reason")
    list_filter = ("reason",)
    search_fields = ("resource__name",)


@admin.register(ExceptionalHours)
class ExceptionalHoursAdmin(ReadOnly):
    private = False
    list_display = ("owner", "starts_on", "ends_on", "opens_at", "closes_at", "label")
    list_select_related = ("resource", "organisation")
    search_fields = ("resource__name", "organisation__name", "label")

    def get_queryset(self, request: HttpRequest) -> QuerySet[ExceptionalHours]:
        return super().get_queryset(request).select_related("resource", "organisation")

    @admin.display(description=_("de"))
    def owner(self, obj: ExceptionalHours) -> str:
        return str(obj.resource or obj.organisation)
