"""Resources, in the admin: the page shows the fields of its kind only."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from directory.admin.category import kind_tag
from directory.admin.choosing import Comfortable, refuse_loop
from directory.admin.entry import PUBLICATION, EntryAdmin, EntryForm, lead, reading
from directory.admin.filters import CategoryFilter, FreshnessFilter, MrcFilter, SectorFilter
from directory.admin.organisation import place
from directory.models import Kind, OpeningHours, Resource
from mutualisation.kernel.markdown import render
from mutualisation.kernel.publication import Status

# Each kind's own fields, in the order in which one describes such a thing; a test keeps them those of the model.
OWN_FIELDS: dict[str, tuple[Any, ...]] = {
    Kind.MATERIEL: (("brand_model", "condition"), "accessories", ("handling", "pickup_hours")),
    Kind.LOCAUX: (
        ("capacity_seated", "capacity_standing", "area_m2"), "equipment", "accessibility", "access_note", "parking",
        "recurring_allowed",
    ),
    Kind.HUMAIN: ("tasks", ("time_share", "days_per_week"), "schedule", "supervision", "trial_weeks"),
    Kind.EXPERTISE: (("format", "delivery"), "hours_offered", "languages", "audience"),
}  # fmt: skip
EXAMPLES = {
    Kind.MATERIEL: _("Chaises, projecteur, chapiteau, camion…"),
    Kind.LOCAUX: _("Salle, cuisine, bureau, entrepôt…"),
    Kind.HUMAIN: _("Une personne partagée entre organismes, du bénévolat…"),
    Kind.EXPERTISE: _("Conseil, formation, accompagnement, rédaction…"),
}


class ResourceForm(EntryForm):
    """A resource whose kind was chosen first."""

    kind = ""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.instance.pk and self.kind:
            self.instance.kind = self.kind

    def clean(self) -> None:
        super().clean()
        category = self.cleaned_data.get("category")
        if category and category.kind != self.instance.kind:
            self.add_error("category", ValidationError(_("Cette catégorie est celle d’une autre sorte de ressource.")))
        if self.instance.pk:
            refuse_loop(self, "part_of")


class OpeningHoursInline(Comfortable, admin.TabularInline):
    model = OpeningHours
    extra = 0


@admin.register(Resource)
class ResourceAdmin(EntryAdmin):
    form = ResourceForm
    list_display = (
        "name_shown", "what", "organisation_name", "place", "state", "published_on", "verified_on", "page",
    )  # fmt: skip
    list_display_links = ("name_shown",)
    list_filter = ("kind", CategoryFilter, "status", MrcFilter, SectorFilter, FreshnessFilter, "cost_mode", "is_demo")
    search_fields = ("name",)
    readonly_fields = (*EntryAdmin.readonly_fields, "kind_tag", "preview")
    addable = ("organisation",)

    # Queries

    def light(self, queryset: QuerySet[Resource]) -> QuerySet[Resource]:
        return queryset.select_related("organisation", "category__parent", "territory__parent").defer(
            "search", "organisation__search", "organisation__description", "territory__outline",
            "territory__parent__outline",
        )  # fmt: skip

    def choice_label(self, obj: Resource) -> str:
        return f"{obj.name} ({obj.organisation.name})"

    # Columns

    @admin.display(description=_("nom"), ordering="sort_key")
    def name_shown(self, obj: Resource) -> str:
        return obj.name

    @admin.display(description=_("sorte"), ordering="kind")
    def kind_tag(self, obj: Resource) -> SafeString | str:
        return kind_tag(obj.kind) if obj.kind else "—"

    @admin.display(description=_("sorte et catégorie"), ordering="category")
    def what(self, obj: Resource) -> SafeString:
        return format_html("{} {}", kind_tag(obj.kind), obj.category.name)

    @admin.display(description=_("organisme"), ordering="organisation__sort_key")
    def organisation_name(self, obj: Resource) -> str:
        return obj.organisation.name

    @admin.display(description=_("lieu"), ordering="territory__name")
    def place(self, obj: Resource) -> str:
        return place(obj.territory)

    @admin.display(description=_("aperçu"))
    def preview(self, obj: Resource) -> SafeString | str:
        return reading(("", lead(obj.summary)), ("", render(obj.description)))

    def is_public(self, obj: Resource) -> bool:
        return super().is_public(obj) and obj.organisation.is_published

    # The page of one kind

    def kind_of(self, request: HttpRequest, obj: Resource | None) -> str:
        """The kind of this resource, or the one chosen for a new one; empty before it is chosen."""
        kind = obj.kind if obj else request.GET.get("kind", "")
        return kind if kind in Kind.values else ""

    def get_fieldsets(self, request: HttpRequest, obj: Resource | None = None) -> Any:
        kind = self.kind_of(request, obj)
        own = [(Kind(kind).label, {"fields": OWN_FIELDS[kind], "classes": ("own-fields",)})] if kind else []
        return [
            (
                _("L’essentiel"),
                {
                    "fields": (
                        "kind_tag",
                        "name",
                        "slug",
                        "organisation",
                        "category",
                        "summary",
                        "description",
                        "preview",
                    )
                },
            ),
            *own,
            (_("Lieu"), {"fields": ("territory", "address", ("latitude", "longitude"))}),
            (_("Combien"), {"fields": ("quantity", "part_of")}),
            (
                _("Contrepartie"),
                {"fields": ("cost_mode", ("price", "price_unit"), ("deposit", "replacement_value"))},
            ),
            (
                _("Conditions"),
                {"fields": (("insurance_required", "training_required"), "license_required", "conditions")},
            ),
            (
                _("Quand"),
                {
                    "fields": (
                        ("min_minutes", "max_minutes", "buffer_minutes"),
                        ("notice_hours", "horizon_days"),
                        ("closed_on_holidays", "accepts_by_itself", "is_paused"),
                    ),
                    "classes": ("collapse",),
                },
            ),
            (_("Dessin"), {"fields": ("drawing",), "classes": ("collapse",)}),
            PUBLICATION,
        ]

    def get_inlines(self, request: HttpRequest, obj: Resource | None = None) -> list[type]:
        return [OpeningHoursInline] if self.kind_of(request, obj) == Kind.LOCAUX else []

    def get_form(self, request: HttpRequest, obj: Resource | None = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        form.kind = self.kind_of(request, obj)
        category = form.base_fields.get("category")
        if category and form.kind:
            category.widget.widget.query = {"kind": form.kind}
        return form

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """The kind first: it decides what is asked next."""
        if self.kind_of(request, None) or not self.has_add_permission(request):
            return super().add_view(request, form_url, extra_context)
        ways = []
        for kind in Kind:
            address = request.GET.copy()
            address["kind"] = kind.value
            ways.append(
                {"kind": kind.value, "name": kind.label, "example": EXAMPLES[kind], "query": address.urlencode()}
            )
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Quelle sorte de ressource?"),
            "is_popup": "_popup" in request.GET,
            "ways": ways,
        }
        return TemplateResponse(request, "admin/directory/resource/kind.html", context)

    def publish(self, request: HttpRequest, queryset: QuerySet[Resource]) -> None:
        hidden = queryset.exclude(organisation__status=Status.PUBLISHED).count()
        super().publish(request, queryset)
        if hidden:
            said = ngettext(
                "%d ressource ne se verra qu’une fois son organisme publié.",
                "%d ressources ne se verront qu’une fois leur organisme publié.",
                hidden,
            )
            self.message_user(request, said % hidden, messages.WARNING)

    publish.short_description = EntryAdmin.publish.short_description  # type: ignore[attr-defined]
    publish.allowed_permissions = EntryAdmin.publish.allowed_permissions  # type: ignore[attr-defined]
