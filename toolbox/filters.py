"""What the address of the toolbox asks: text and facets. A tool is nowhere: no place, no distance."""

from __future__ import annotations

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from directory.filters.fields import FacetFilter
from directory.filters.listing import EntryFilterSet, Option, simple_options
from directory.filters.practice import kinds_filter
from directory.filters.resource import kind_options
from directory.models import Continuum
from toolbox.models import Tool, ToolKind


class ToolFilterSet(EntryFilterSet):
    pres = None  # type: ignore[assignment]
    km = None  # type: ignore[assignment]
    genre = FacetFilter(
        label=_("Sorte d’outil"),
        field_name="genre",
        known=lambda: ToolKind.values,
        column="kind",
        condition=lambda kinds: Q(kind__in=kinds),
    )
    etape = FacetFilter(
        label=_("Étape du continuum"),
        field_name="etape",
        known=lambda: Continuum.values,
        column="stages",
        array=True,
        condition=lambda stages: Q(stages__overlap=stages),
    )
    sorte = kinds_filter()
    tables = ("toolbox_tool",)

    class Meta:
        model = Tool
        fields: tuple[str, ...] = ()

    options_sorte = staticmethod(kind_options)

    def options_genre(self, counts: dict[str, int], chosen: list[str]) -> list[Option]:
        return simple_options(ToolKind.choices, counts, chosen)

    def options_etape(self, counts: dict[str, int], chosen: list[str]) -> list[Option]:
        return simple_options(Continuum.choices, counts, chosen)
