"""Believable French in any quantity: the sentences of the fixtures recombined, a few frequent, most of them rare."""

from __future__ import annotations

import itertools
import random
import re
from collections.abc import Sequence
from typing import Any, Generic, TypeVar

T = TypeVar("T")

_SENTENCE = re.compile(r"(?<=[.!?])\s+")
_BEGINNINGS = "Val Mont Bel Rose Clair Grand Beau Haut Vieux Bois Champ Font Roche Pré Lac Croix Saule Orme Érable Pin"
_MIDDLES = "mi ré lo va né so li cha pi mar ten bri dou fer gau jar lam nor pel quin rou sol tré vil zan cour"
_ENDS = "court dieu val mont rive ville fort bec tin neau lière vier sin gny zac reux dal quet ran tel"
_COMPLEMENTS = (
    "", "", "", "", ", grand modèle", ", petit format", ", usage léger", ", fin de semaine", ", en semaine seulement",
    " avec mode d’emploi", " et accessoires", ", état neuf", ", récemment révisé", " (second exemplaire)",
    ", sur réservation", " pour événements", " pour petits groupes", ", livraison possible",
)  # fmt: skip
_GIFTS = (
    "Don de la famille {}.", "On y vient par le chemin {}.", "Acquis avec l’aide du fonds {}.", "Rangé au local {}.",
    "Pensé avec l’équipe du projet {}.", "Il remplace celui de l’ancienne salle {}.",
)  # fmt: skip
_ORGANISATIONS = (
    "Maison", "Carrefour", "Centre d’entraide", "Les Ateliers", "Coopérative", "Comité", "Table de concertation",
    "Maison des jeunes", "Centre de femmes", "Popote", "Entraide", "Ressourcerie", "Friperie", "Jardin collectif",
    "Cuisine collective", "Centre d’action bénévole", "Regroupement", "Halte", "Club des aînés", "Ludothèque",
)  # fmt: skip


class Zipf(Generic[T]):
    """Picks the first things often, the last ones rarely, as words go in a language."""

    def __init__(self, things: Sequence[T], chance: random.Random, offset: float = 3) -> None:
        self.things = list(things)
        chance.shuffle(self.things)
        self.reach = list(itertools.accumulate(1 / (rank + offset) for rank in range(len(self.things))))
        self.chance = chance

    def pick(self) -> T:
        return self.chance.choices(self.things, cum_weights=self.reach)[0]


def sentences(*texts: str) -> list[str]:
    """The sentences of these texts, without the marks of Markdown, each once."""
    found = []
    for text in texts:
        for line in text.replace("**", "").splitlines():
            found += [s.strip(" -*#0123456789.") + "." for s in _SENTENCE.split(line) if len(s) > 25]
    return list(dict.fromkeys(found))


class Writer:
    """Names, lines and descriptions for one kind of entry, from the fixtures' own."""

    def __init__(self, rows: Sequence[dict[str, Any]], others: Sequence[str], chance: random.Random) -> None:
        self.chance = chance
        self.names = Zipf([r["name"] for r in rows], chance, offset=8)
        self.lines = Zipf([r.get("summary") or r.get("mission") or "" for r in rows], chance)
        self.own = Zipf(sentences(*(r.get("description") or "" for r in rows)), chance)
        self.others = Zipf(others, chance)

    def proper_name(self) -> str:
        """« Valchamont », « Roselière »: thousands of them, so that rare words exist."""
        parts = [self.chance.choice(_BEGINNINGS.split())]
        parts += [self.chance.choice(_MIDDLES.split()) for _ in range(self.chance.choice((0, 1, 1, 2)))]
        return "".join(parts) + self.chance.choice(_ENDS.split())

    def name(self, longest: int) -> str:
        name = self.names.pick()
        numbered = f" no {self.chance.randint(2, 40)}" if self.chance.random() < 0.15 else ""
        return cut(name + self.chance.choice(_COMPLEMENTS) + numbered, longest)

    def organisation_name(self, place: str, longest: int) -> str:
        first, way = self.chance.choice(_ORGANISATIONS), self.chance.random()
        if way < 0.45:
            return cut(f"{first} {self.proper_name()}", longest)
        if way < 0.8:
            return cut(f"{first} {self.proper_name()} de {place}", longest)
        return cut(f"{self.names.pick()} – {self.proper_name()}", longest)

    def description(self) -> str:
        said = [self.own.pick() if self.chance.random() < 0.7 else self.others.pick()]
        said += [
            self.own.pick() if self.chance.random() < 0.7 else self.others.pick()
            for _ in range(self.chance.choice((0, 1, 1, 2, 2, 3, 4, 6)))
        ]
        if self.chance.random() < 0.3:
            said.append(self.chance.choice(_GIFTS).format(self.proper_name()))
        half = len(said) // 2
        return " ".join(said[:half]) + ("\n\n" if half else "") + " ".join(said[half:])


def cut(text: str, longest: int) -> str:
    """At most so many characters, between words."""
    return text if len(text) <= longest else text[: longest + 1].rsplit(" ", 1)[0]
