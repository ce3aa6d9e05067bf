"""What a reader chose to look at: one MRC, kind, sector, year, as the address says it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from directory.models import Kind
from directory.taxonomies import portal_territories, sectors
from mutualisation.pages.portrait.cube import ALL, Key
from mutualisation.pages.portrait.facts import ELSEWHERE, NO_SECTOR


def mrc_names() -> dict[int, str]:
    """Our MRCs in the portal’s order, then everywhere else."""
    return {**{node.id: node.name for node in portal_territories()}, ELSEWHERE: _("Ailleurs")}


def sector_names() -> dict[int, str]:
    return {**{pk: node.name for pk, node in sectors().by_id.items()}, NO_SECTOR: _("Sans secteur")}


@dataclass(frozen=True)
class Choice:
    """Each filter’s value, ALL when it is left open; ``misread`` are the names of those that make no sense."""

    mrc: int | None = ALL
    kind: str | None = ALL
    sector: int | None = ALL
    year: int | None = ALL
    misread: tuple[str, ...] = ()

    @property
    def key(self) -> Key:
        return (self.mrc, self.kind, self.sector, self.year)

    def with_(self, **values: Any) -> Choice:
        return replace(self, **values)

    @property
    def query(self) -> str:
        """The query string of this choice, empty when nothing is chosen."""
        asked = {
            "mrc": _slug(portal_territories(), self.mrc),
            "sorte": self.kind or "",
            "secteur": _slug(list(sectors().by_id.values()), self.sector),
            "annee": str(self.year or ""),
        }
        said = urlencode({name: value for name, value in asked.items() if value})
        return f"?{said}" if said else ""

    @property
    def address(self) -> str:
        return reverse("portrait") + self.query

    def chips(self) -> list[tuple[str, str]]:
        """What is chosen, in words, each with the address without it."""
        said = {
            "mrc": mrc_names().get(self.mrc, "") if self.mrc is not ALL else "",
            "kind": str(Kind(self.kind).label) if self.kind else "",
            "sector": sector_names().get(self.sector, "") if self.sector is not ALL else "",
            "year": str(self.year or ""),
        }
        return [(words, self.with_(**{name: ALL}).address) for name, words in said.items() if words]

    def in_words(self) -> str:
        return ", ".join(words for words, _address in self.chips())


def _slug(nodes: list[Any], pk: int | None) -> str:
    return next((node.slug for node in nodes if node.id == pk), "")


@dataclass(frozen=True)
class Option:
    value: str
    label: str
    chosen: bool


@dataclass(frozen=True)
class Field:
    """One filter as a list to choose from."""

    name: str
    label: str | Promise
    options: list[Option]


def read(asked: QueryDict, years: list[int]) -> Choice:
    """The choice that an address says; what makes no sense is left out, and named."""
    mrcs = {node.slug: node.id for node in portal_territories()}
    known = {slug: node.id for slug, node in sectors().by_slug.items()}
    values: dict[str, Any] = {}
    misread = []
    for name, label, allowed in (
        ("mrc", _("MRC"), mrcs),
        ("sorte", _("sorte"), {kind.value: kind.value for kind in Kind}),
        ("secteur", _("secteur"), known),
        ("annee", _("année"), {str(year): year for year in years}),
    ):
        typed = asked.get(name, "").strip()
        values[name] = allowed.get(typed, ALL)
        if typed and typed not in allowed:
            misread.append(label)
    return Choice(values["mrc"], values["sorte"], values["secteur"], values["annee"], tuple(misread))


def fields(choice: Choice, years: list[int]) -> list[Field]:
    """The filters, as the form draws them."""
    every = gettext_lazy("Tout le territoire"), gettext_lazy("Toutes"), gettext_lazy("Tous"), gettext_lazy("Toutes")
    lists: tuple[tuple[str, str, list[tuple[str, str, bool]]], ...] = (
        ("mrc", _("MRC"), [(n.slug, n.name, n.id == choice.mrc) for n in portal_territories()]),
        ("sorte", _("Sorte"), [(k.value, str(k.label), k.value == choice.kind) for k in Kind]),
        ("secteur", _("Secteur"), [(n.slug, n.name, n.id == choice.sector) for n in sectors().by_id.values()]),
        ("annee", _("Année"), [(str(y), str(y), y == choice.year) for y in reversed(years)]),
    )
    return [
        Field(name, label, [Option("", str(first), False), *(Option(*option) for option in options)])
        for (name, label, options), first in zip(lists, every, strict=True)
    ]
