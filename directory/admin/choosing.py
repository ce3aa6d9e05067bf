"""What every page of this admin shares: fields that complete what is typed, search without accents, French lists."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.contrib.admin.views.autocomplete import AutocompleteJsonView
from django.contrib.admin.widgets import AutocompleteSelect, AutocompleteSelectMultiple, RelatedFieldWidgetWrapper
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Func, Q, TextField
from django.db.models.lookups import Regex
from django.forms import DateInput, Field, ModelForm, Select, TimeInput
from django.http import HttpRequest, JsonResponse
from django.urls import URLPattern, path, reverse
from django.utils.text import capfirst, format_lazy
from django.utils.translation import gettext_lazy as _

from directory.admin.fields import Boxes, Lines, drawings
from mutualisation.kernel.memo import forget_all
from mutualisation.kernel.requests import ForgivingList
from mutualisation.kernel.search import words_of


class ChoiceView(AutocompleteJsonView):
    """What a completing field proposes, each choice said so that homonyms are told apart."""

    def get_queryset(self) -> models.QuerySet:
        choices = self.model_admin.choices(self.request).complex_filter(self.source_field.get_limit_choices_to())
        return self.model_admin.get_search_results(self.request, choices, self.term)[0]

    def serialize_result(self, obj: models.Model, to_field_name: str) -> dict[str, str]:
        return {"id": str(getattr(obj, to_field_name)), "text": self.model_admin.choice_label(obj)}


class _Choose:
    """Asks the choices of the model it points to. ``query`` narrows them; ``known`` spares a query by row."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.query: dict[str, str] = {}
        self.known: dict[str, str] = {}

    def get_url(self) -> str:
        meta = self.field.remote_field.model._meta
        url = reverse(f"{self.admin_site.name}:{meta.app_label}_{meta.model_name}_choose")
        return f"{url}?{urlencode(self.query)}" if self.query else url

    def optgroups(self, name: str, value: list[str], attr: Any = None) -> list[Any]:
        chosen = [str(v) for v in value if str(v).isascii() and str(v).isdecimal()]
        options = []
        if not self.is_required and not self.allow_multiple_selected:
            options.append(self.create_option(name, "", "", False, 0))
        if any(v not in self.known for v in chosen):
            label, found = self.choices.field.label_from_instance, self.choices.queryset.filter(pk__in=chosen)
            pairs = [(str(one.pk), label(one)) for one in found]
        else:
            pairs = [(v, self.known[v]) for v in chosen]
        options += [self.create_option(name, pk, text, True, i) for i, (pk, text) in enumerate(pairs, 1)]
        return [(None, options, 0)]


class Choose(_Choose, AutocompleteSelect):
    """One among many."""


class ChooseSeveral(_Choose, AutocompleteSelectMultiple):
    """Several among many."""


class Comfortable:
    """Fields that people can fill: relations complete what is typed, lists are lines or boxes, drawings have a name."""

    addable: tuple[str, ...] = ()  # relations with a « + » beside them
    formfield_overrides = {
        models.DateField: {"widget": DateInput(format="%Y-%m-%d", attrs={"type": "date"})},
        models.TimeField: {"widget": TimeInput(format="%H:%M", attrs={"type": "time"})},
    }

    def formfield_for_dbfield(self, db_field: models.Field, request: HttpRequest, **kwargs: Any) -> Field | None:
        if isinstance(db_field, ArrayField):
            common = {"label": capfirst(db_field.verbose_name), "required": not db_field.blank}
            base = db_field.base_field
            if base.choices:
                return Boxes(choices=base.choices, help_text=db_field.help_text, **common)
            return Lines(longest=base.max_length or 80, help_text=_("Un par ligne."), **common)
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field and db_field.name == "drawing":
            field.widget = Select(choices=[*([("", "—")] if db_field.blank else []), *drawings()])
        if field and isinstance(field.widget, RelatedFieldWidgetWrapper):
            wrapper = field.widget
            wrapper.can_change_related = wrapper.can_delete_related = wrapper.can_view_related = False
            wrapper.can_add_related = wrapper.can_add_related and db_field.name in self.addable
        return field

    def formfield_for_foreignkey(self, db_field: models.ForeignKey, request: HttpRequest, **kwargs: Any) -> Any:
        return self._choosing(Choose, super().formfield_for_foreignkey, db_field, request, kwargs)

    def formfield_for_manytomany(self, db_field: models.ManyToManyField, request: HttpRequest, **kwargs: Any) -> Any:
        return self._choosing(ChooseSeveral, super().formfield_for_manytomany, db_field, request, kwargs)

    def _choosing(self, widget: type, build: Any, db_field: Any, request: HttpRequest, kwargs: dict[str, Any]) -> Any:
        if not self.admin_site.is_registered(db_field.remote_field.model):
            return build(db_field, request, **kwargs)
        related = self.admin_site.get_model_admin(db_field.remote_field.model)
        if not isinstance(related, PortalAdmin):
            return build(db_field, request, **kwargs)
        kwargs.update(widget=widget(db_field, self.admin_site), queryset=related.model._default_manager.all())
        field = build(db_field, request, **kwargs)
        if field:
            field.queryset = related.light(field.queryset)
            field.label_from_instance = related.choice_label
        return field


class PortalAdmin(ForgivingList, Comfortable, admin.ModelAdmin):
    """A noun of the portal. ``search_fields`` are short columns, searched by words whatever their accents."""

    list_per_page = 50
    list_max_show_all = 500
    show_facets = admin.ShowFacets.NEVER  # one query a filter
    forget = False  # whether pages remember these rows for a while

    def light(self, queryset: models.QuerySet) -> models.QuerySet:
        """The rows with what names them, without what is heavy."""
        return queryset

    def choices(self, request: HttpRequest) -> models.QuerySet:
        """What a completing field may propose, in its order."""
        return self.light(self.model._default_manager.all())

    def choice_label(self, obj: models.Model) -> str:
        return str(obj)

    def get_queryset(self, request: HttpRequest) -> models.QuerySet:
        return self.light(super().get_queryset(request))

    def get_urls(self) -> list[URLPattern]:
        meta = self.model._meta
        return [
            path(
                "choisir/",
                self.admin_site.admin_view(self.choose_view),
                name=f"{meta.app_label}_{meta.model_name}_choose",
            ),
            *super().get_urls(),
        ]

    def choose_view(self, request: HttpRequest) -> JsonResponse:
        return ChoiceView.as_view(admin_site=self.admin_site)(request)

    def get_search_results(
        self, request: HttpRequest, queryset: models.QuerySet, search_term: str
    ) -> tuple[models.QuerySet, bool]:
        return queryset.filter(self.words_in(search_term)), False

    def words_in(self, text: str) -> Q:
        """Rows where one short column has a word that begins by each one typed; none when only punctuation was."""
        words = words_of(text)[:12]
        if not words:
            return Q(pk__in=[]) if text.strip("\x00 ") else Q()
        found = Q()
        for column in self.search_fields:
            key = Func(self.as_text(column), function="fr_key", output_field=TextField())
            found |= Q(*(Regex(key, rf"\m{word}") for word in words))
        return found

    def as_text(self, column: str) -> Any:
        return models.F(column)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        title = capfirst(self.opts.verbose_name_plural)
        return super().changelist_view(request, {"title": title, **(extra_context or {})})

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        name = self.opts.verbose_name
        title = capfirst(name) if object_id else format_lazy(_("Ajouter : {name}"), name=name)
        return super().changeform_view(request, object_id, form_url, {"title": title, **(extra_context or {})})

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        self._forget()

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        super().delete_model(request, obj)
        self._forget()

    def delete_queryset(self, request: HttpRequest, queryset: models.QuerySet) -> None:
        super().delete_queryset(request, queryset)
        self._forget()

    def _forget(self) -> None:
        if self.forget:
            forget_all()


class OnlyAdministrators:
    """Others may look, since they choose among these; only administrators change them."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_superuser)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.is_superuser)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.is_superuser)


def refuse_loop(form: ModelForm, name: str) -> None:
    """Adds an error when what is chosen in ``name`` is the row itself or something that it holds."""
    above, seen = form.cleaned_data.get(name), set()
    while above is not None and above.pk not in seen:
        if above.pk == form.instance.pk:
            form.add_error(name, ValidationError(_("On tournerait en rond : ce choix contient déjà cette entrée.")))
            return
        seen.add(above.pk)
        above = getattr(above, name)
