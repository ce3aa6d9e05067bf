"""Checklists of hand-overs and returns, in the admin: one item a line."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from directory.admin.choosing import PortalAdmin
from loans.models import Checklist


class ChecklistForm(forms.ModelForm):
    """The category is one of the kind; the whole kind has one list for each moment too."""

    def clean(self) -> dict[str, Any] | None:
        data = super().clean()
        category = self.cleaned_data.get("category")
        if category and category.kind != self.cleaned_data.get("kind"):
            self.add_error("category", _("Cette catégorie est d’une autre sorte."))
        return data


@admin.register(Checklist)
class ChecklistAdmin(PortalAdmin):
    form = ChecklistForm
    fields = ("kind", "category", "moment", "items")
    list_display = ("for_what", "moment", "how_many")
    list_filter = ("kind", "moment")

    def light(self, queryset: QuerySet[Checklist]) -> QuerySet[Checklist]:
        return queryset.select_related("category__parent")

    @admin.display(description=_("pour"), ordering="category__name")
    def for_what(self, obj: Checklist) -> str:
        return str(obj.category or obj.get_kind_display())

    @admin.display(description=_("points"))
    def how_many(self, obj: Checklist) -> int:
        return len(obj.items)
