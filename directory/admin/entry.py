"""What curators do with any entry: find it, publish it, archive it, confirm that it is exact, see how it reads."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from directory.admin.choosing import PortalAdmin
from directory.models.queries import EntryQuerySet
from directory.searching import understand
from mutualisation.kernel.publication import Status
from mutualisation.kernel.search import normalise

PUBLICATION = (
    _("Publication"),
    {
        "fields": (
            "status",
            "verified_today",
            "is_demo",
            ("published_on", "verified_on"),
            ("created_on", "updated_on"),
        )
    },
)


class EntryForm(forms.ModelForm):
    """An entry of the directory; its address is made from its name when it is left empty."""

    title_field = "name"
    slug = forms.SlugField(
        label=_("Adresse de la page"),
        max_length=120,
        required=False,
        help_text=_("La fin de l’adresse de sa page. Vide : le portail en choisit une, libre, d’après le nom."),
    )
    verified_today = forms.BooleanField(
        label=_("Tout est exact aujourd’hui"),
        required=False,
        help_text=_("Cochez après avoir tout relu : la date de vérification devient celle d’aujourd’hui."),
    )

    def clean_slug(self) -> str:
        """What was typed, or the first free address made from the name."""
        slug = self.cleaned_data["slug"]
        if slug or "slug" not in self.fields:
            return slug
        stem = slugify(self.data.get(self.add_prefix(self.title_field), ""))[:110].strip("-") or "entree"
        taken = set(
            self._meta.model.objects.filter(slug__startswith=stem)
            .exclude(pk=self.instance.pk)
            .values_list("slug", flat=True)
        )
        return next(s for s in (stem, *(f"{stem}-{n}" for n in range(2, len(taken) + 3))) if s not in taken)


class EntryAdmin(PortalAdmin):
    """The list and the page of an organisation, a resource or a practice."""

    form = EntryForm
    actions = ("publish", "archive", "verify")
    actions_on_bottom = True
    search_help_text = _("Des mots, avec ou sans accents; les synonymes comptent aussi.")
    readonly_fields = ("published_on", "verified_on", "created_on", "updated_on")
    save_on_top = True

    # Finding

    def get_search_results(self, request: HttpRequest, queryset: QuerySet, search_term: str) -> tuple[QuerySet, bool]:
        """Entries whose text answers, or whose name holds what was typed; each half reads its own index."""
        key = " ".join(normalise(search_term.replace("\x00", " ")).split())
        if not key:
            return queryset, False
        found = Q(sort_key__contains=key)
        query = understand(search_term)
        if query:
            found |= Q(pk__in=self.model._default_manager.matching(query).order_by().values("pk"))
        return queryset.filter(found), False

    # Columns

    @admin.display(description=_("état"), ordering="status")
    def state(self, obj: Any) -> SafeString:
        tag = format_html('<span class="state state-{}">{}</span>', obj.status, obj.get_status_display())
        return format_html('{} <span class="state">{}</span>', tag, _("démonstration")) if obj.is_demo else tag

    @admin.display(description=_("publiée"), ordering="published_at")
    def published_on(self, obj: Any) -> str:
        return _day(obj.published_at)

    @admin.display(description=_("vérifiée"), ordering="verified_at")
    def verified_on(self, obj: Any) -> str:
        return _day(obj.verified_at)

    @admin.display(description=_("créée"), ordering="created_at")
    def created_on(self, obj: Any) -> str:
        return _day(obj.created_at)

    @admin.display(description=_("modifiée"), ordering="updated_at")
    def updated_on(self, obj: Any) -> str:
        return _day(obj.updated_at)

    @admin.display(description=_("page"))
    def page(self, obj: Any) -> SafeString | str:
        """The public page, while there is one."""
        address = self.view_on_site(obj)
        if not address:
            return "—"
        return format_html('<a href="{}">{}<span class="visually-hidden"> : {}</span></a>', address, _("Voir"), obj)

    def view_on_site(self, obj: Any) -> str | None:
        return obj.get_absolute_url() if self.is_public(obj) else None

    def is_public(self, obj: Any) -> bool:
        return obj.pk is not None and obj.is_published

    # The page

    def get_prepopulated_fields(self, request: HttpRequest, obj: Model | None = None) -> dict[str, Any]:
        """The address follows the name while an entry is new; later it would break the links to its page."""
        return {"slug": (self.form.title_field,)} if obj is None else {}

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if obj.is_published and obj.published_at is None:
            obj.published_at = timezone.now()
        if form.cleaned_data.get("verified_today"):
            obj.verified_at = timezone.now()
        super().save_model(request, obj, form, change)

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None) -> Any:
        """Says what one mostly wants instead, above Django's list of what would go or stands in the way."""
        said = _("Pour retirer une entrée du site sans rien perdre, archivez-la plutôt.")
        return super().delete_view(request, object_id, {"subtitle": said, **(extra_context or {})})

    # Actions

    @admin.action(description=_("Publier"), permissions=["change"])
    def publish(self, request: HttpRequest, queryset: QuerySet) -> None:
        n = self._apply(request, queryset.exclude(status=Status.PUBLISHED), EntryQuerySet.publish, _("Publiée."))
        self._tell(request, n, ngettext("%d entrée publiée.", "%d entrées publiées.", n), _("Tout était déjà publié."))

    @admin.action(description=_("Archiver (retirer du site)"), permissions=["change"])
    def archive(self, request: HttpRequest, queryset: QuerySet) -> None:
        n = self._apply(request, queryset.exclude(status=Status.ARCHIVED), EntryQuerySet.archive, _("Archivée."))
        self._tell(
            request, n, ngettext("%d entrée archivée.", "%d entrées archivées.", n), _("Tout était déjà archivé.")
        )

    @admin.action(description=_("Marquer comme vérifiées aujourd’hui"), permissions=["change"])
    def verify(self, request: HttpRequest, queryset: QuerySet) -> None:
        n = self._apply(request, queryset, EntryQuerySet.verify, _("Vérifiée."))
        self._tell(request, n, ngettext("%d entrée vérifiée.", "%d entrées vérifiées.", n), "")

    def _apply(self, request: HttpRequest, queryset: QuerySet, verb: Callable[[Any], int], said: Any) -> int:
        """One verb of the entries, and one line of history for each of them."""
        chosen = list(queryset)
        if chosen:
            verb(self.model._default_manager.filter(pk__in=[one.pk for one in chosen]))
            LogEntry.objects.log_actions(request.user.pk, chosen, CHANGE, str(said))
        return len(chosen)

    def _tell(self, request: HttpRequest, n: int, done: str, nothing: Any) -> None:
        self.message_user(request, done % n if n else nothing, messages.SUCCESS if n else messages.INFO)


def _day(moment: datetime | None) -> str:
    return date_format(timezone.localtime(moment), "SHORT_DATE_FORMAT") if moment else "—"


def reading(*parts: tuple[Any, SafeString]) -> SafeString | str:
    """How texts read on the site: a title and clean HTML for each that is not empty."""
    shown = [
        format_html("<h3>{}</h3>{}", title, html) if title else format_html("{}", html) for title, html in parts if html
    ]
    if not shown:
        return _("Rien à montrer encore : enregistrez d’abord.")
    return format_html('<div class="reading">' + "{}" * len(shown) + "</div>", *shown)


def lead(text: str) -> SafeString | str:
    """The sentence that opens an entry."""
    return format_html('<p class="lead">{}</p>', text) if text else ""
