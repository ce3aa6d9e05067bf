"""What curators keep: how each model is called, where its entries stand, who makes them public.

An app above the directory adds its own by ``curate``, beside its model: the queue, decisions, histories, reported
errors and exported data then follow by themselves.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet

from directory.models.need import Need
from directory.models.organisation import Organisation
from directory.models.practice import Practice
from directory.models.resource import Resource

Entry = Any  # a row of a curated model


@dataclass(frozen=True)
class Curated:
    """One model. ``posted``: an organisation posts it, and once validated makes it public; else a curator does.

    ``lead`` is the field that says it in a sentence, ``author`` the one that holds who wrote it, ``within`` narrows
    rows to some territories, ``places`` gives those of one row (none: it belongs to every curator). ``look`` gives what
    to open to judge a row (words, address), ``alike`` those that may be the same one, ``merging`` the name of the
    address where a row and one of those are made one.
    """

    model: type[Any]
    noun: str
    lead: str
    author: str
    within: Callable[[QuerySet[Any], list[int]], QuerySet[Any]]
    places: Callable[[Any], set[int]]
    posted: bool = False
    fresh_days: int = (
        0  # after how many days someone is asked whether it is still exact; 0: freshness.py says otherwise
    )
    alive: Callable[[QuerySet[Any]], QuerySet[Any]] = lambda rows: rows  # those still worth asking about
    edits: Callable[[Any, Any], bool] | None = None  # who besides curators, when being a member does not say it
    look: Callable[[Any], list[tuple[str, str]]] = lambda row: []
    alike: Callable[[Any], list[Any]] = lambda row: []
    merging: str = ""

    @property
    def name(self) -> str:
        return str(self.model._meta.model_name)


_known: dict[str, Curated] = {}


def curate(one: Curated) -> None:
    """Declare a model: called once, when its module is read."""
    _known[one.name] = one


def curated() -> list[Curated]:
    """Everything that curators keep."""
    return list(_known.values())


def curated_as(name: str) -> Curated | None:
    """By the name of the model (« practice »)."""
    return _known.get(name)


def noun(word: str) -> Curated | None:
    """By its word in addresses (« pratique »)."""
    return next((one for one in _known.values() if one.noun == word), None)


def kept_as(entry: Entry) -> Curated:
    """How this row is curated."""
    return _known[entry._meta.model_name]


def posted_places(entry: Any) -> set[int]:
    """Its own place and that of the organisation that posts it."""
    return {entry.territory_id, entry.organisation.territory_id}


def posted_within(rows: QuerySet[Any], places: list[int]) -> QuerySet[Any]:
    """Rows that an organisation posts, where it is or where they are."""
    return rows.filter(Q(territory__in=places) | Q(organisation__territory__in=places))


def _told_within(rows: QuerySet[Any], places: list[int]) -> QuerySet[Any]:
    return rows.filter(Q(territories__in=places) | Q(territories__isnull=True)).distinct()


curate(
    Curated(
        Organisation, "organisme", "mission", "created_by",
        within=lambda rows, places: rows.filter(territory__in=places), places=lambda o: {o.territory_id},
    )
)  # fmt: skip
curate(
    Curated(
        Practice, "pratique", "standfirst", "proposed_by",
        within=_told_within, places=lambda p: set(p.territories.values_list("pk", flat=True)),
    )
)  # fmt: skip
curate(Curated(Resource, "ressource", "summary", "created_by", posted_within, posted_places, posted=True))
curate(Curated(Need, "besoin", "reason", "created_by", posted_within, posted_places, posted=True))
