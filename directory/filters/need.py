"""The filters of the list of needs."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from directory.filters.fields import FacetFilter
from directory.filters.listing import EntryFilterSet, Option, territory_filter
from directory.filters.resource import category_options, kind_options
from directory.models import Kind, Need, NeedState
from directory.taxonomies import categories

STATES = {"ouvert": NeedState.OPEN, "comble": NeedState.ANSWERED, "ferme": NeedState.CLOSED}  # in addresses


class NeedFilterSet(EntryFilterSet):
    sorte = FacetFilter(
        label=_("Sorte"),
        field_name="sorte",
        known=lambda: Kind.values,
        column="kind",
        condition=lambda kinds: Q(kind__in=kinds),
    )
    territoire = territory_filter(column="territory_id")
    categorie = FacetFilter(
        label=_("Catégorie"),
        field_name="categorie",
        known=lambda: categories().by_slug,
        column="category_id",
        condition=lambda slugs: Q(category_id__in=categories().within(slugs)),
    )
    etat = FacetFilter(
        label=_("Suite"),
        field_name="etat",
        known=lambda: STATES,
        column="state",
        condition=lambda names: Q(state__in=[STATES[n] for n in names]),
    )
    tables = ("directory_need", "directory_organisation")

    class Meta:
        model = Need
        fields: tuple[str, ...] = ()

    options_sorte = staticmethod(kind_options)

    def options_territoire(self, counts: dict[str, int], chosen: list[str]) -> list[Option]:
        return self.territory_options(counts, chosen)

    def options_categorie(self, counts: dict[str, int], chosen: list[str]) -> list[Option]:
        return category_options(counts, chosen, self.cleaned.get("sorte") or Kind.values)

    def options_etat(self, counts: dict[str, int], chosen: list[str]) -> list[Option]:
        """Shown once one looks past the open needs: until then the list holds nothing else."""
        if not chosen:
            return []
        return [
            Option(name, str(state.label).capitalize(), counts.get(state, 0), name in chosen)
            for name, state in STATES.items()
            if counts.get(state) or name in chosen
        ]


def asked_now(data: Any, needs: QuerySet[Need]) -> QuerySet[Need]:
    """What the list holds: what is still looked for, unless the address asks for what was answered or closed."""
    return needs if any(v in STATES for v in data.getlist("etat")) else needs.open()  # type: ignore[attr-defined]
