"""What the address of the toolbox asks: text and facets. A tool is nowhere: no place, no distance."""

from __future__ import annotations

from django.db.models import F, Func, Q
from django.utils.translation import gettext_lazy as _

from directory.filters.fields import FacetFilter
from directory.filters.listing import EntryFilterSet, Option, simple_options
from directory.filters.practice import kinds_filter
from directory.filters.resource import kind_options
from directory.models import Continuum
from mutualisation.kernel.search import normalise
from toolbox.models import Tool, ToolKind

TOPICS = 12  # the most frequent: the others are found by their words


def known_topics() -> set[str]:
    """Every topic that a published tool has."""
    each = Tool.objects.published().order_by().annotate(topic=Func(F("topics"), function="unnest"))
    return set(each.values_list("topic", flat=True).distinct())


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
    sujet = FacetFilter(
        label=_("Sujet"),
        field_name="sujet",
        known=known_topics,
        column="topics",
        array=True,
        condition=lambda topics: Q(topics__overlap=topics),
    )
    tables = ("toolbox_tool",)

    class Meta:
        model = Tool
        fields: tuple[str, ...] = ()

    options_sorte = staticmethod(kind_options)

    def options_genre(self, counts: dict[str, int], chosen: list[str]) -> list[Option]:
        return simple_options(ToolKind.choices, counts, chosen)

    def options_etape(self, counts: dict[str, int], chosen: list[str]) -> list[Option]:
        return simple_options(Continuum.choices, counts, chosen)

    def options_sujet(self, counts: dict[str, int], chosen: list[str]) -> list[Option]:
        often = sorted(counts, key=lambda topic: (-counts[topic], topic))[:TOPICS]
        shown = sorted({*often, *chosen}, key=normalise)
        return simple_options([(topic, topic) for topic in shown], counts, chosen)
