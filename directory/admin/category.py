"""Categories, in the admin."""

from __future__ import annotations

from django import forms
from django.contrib import admin
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from directory.admin.choosing import OnlyAdministrators, PortalAdmin, refuse_loop
from directory.admin.filters import ParentFilter
from directory.models import Category, Kind, Resource


class CategoryForm(forms.ModelForm):
    """Two levels, of one kind."""

    def clean(self) -> None:
        super().clean()
        refuse_loop(self, "parent")
        parent, kind = self.cleaned_data.get("parent"), self.cleaned_data.get("kind")
        if parent and parent.parent_id:
            self.add_error("parent", _("Choisissez une catégorie, pas une sous-catégorie : il y a deux niveaux."))
        if parent and kind and parent.kind != kind:
            self.add_error("parent", _("La catégorie mère est d’une autre sorte."))
        if not self.instance.pk:
            return
        if parent and self.instance.children.exists():
            self.add_error("parent", _("Celle-ci a des sous-catégories : elle ne peut pas en devenir une."))
        if "kind" in self.changed_data and (self.instance.resources.exists() or self.instance.children.exists()):
            self.add_error("kind", _("Des ressources ou des sous-catégories s’en servent : la sorte ne change plus."))


@admin.register(Category)
class CategoryAdmin(OnlyAdministrators, PortalAdmin):
    form = CategoryForm
    list_display = ("name", "kind_tag", "parent_name", "position", "resource_count")
    list_filter = ("kind", ParentFilter)
    search_fields = ("name", "parent__name")
    search_help_text = _("Des mots du nom, avec ou sans accents.")
    prepopulated_fields = {"slug": ("kind", "name")}
    fields = ("kind", "parent", "name", "slug", "drawing", "position")
    forget = True

    def light(self, queryset: QuerySet[Category]) -> QuerySet[Category]:
        return queryset.select_related("parent")

    def choices(self, request: HttpRequest) -> QuerySet[Category]:
        """Those of the kind that the form asks about."""
        choices = super().choices(request)
        kind = request.GET.get("kind")
        return choices.filter(kind=kind) if kind in Kind.values else choices

    def choice_label(self, obj: Category) -> str:
        return f"{obj.parent.name} › {obj.name}" if obj.parent else obj.name

    def get_queryset(self, request: HttpRequest) -> QuerySet[Category]:
        inside = Resource.objects.filter(category=OuterRef("pk")).order_by().values("category")
        counted = Subquery(inside.annotate(n=Count("*")).values("n"))
        return super().get_queryset(request).annotate(resource_count=Coalesce(counted, 0))

    @admin.display(description=_("sorte"), ordering="kind")
    def kind_tag(self, obj: Category) -> SafeString:
        return kind_tag(obj.kind)

    @admin.display(description=_("catégorie mère"), ordering="parent__name", empty_value="—")
    def parent_name(self, obj: Category) -> str | None:
        return obj.parent.name if obj.parent else None

    @admin.display(description=_("ressources"), ordering="resource_count")
    def resource_count(self, obj: Category) -> int:
        return obj.resource_count  # type: ignore[attr-defined]


def kind_tag(kind: str) -> SafeString:
    """A kind in its colour and in words."""
    return format_html('<span class="kind" data-kind="{}">{}</span>', kind, Kind(kind).label)
