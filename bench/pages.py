"""What is measured: addresses that vary, so that a cache isn't the only thing measured."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

MRCS = (
    "vaudreuil-soulanges",
    "beauharnois-salaberry",
    "le-haut-saint-laurent",
    "les-jardins-de-napierville",
    "roussillon",
)
KINDS = ("materiel", "locaux", "humain", "expertise")
SECTORS = ("famille", "aines", "jeunesse", "securite-alimentaire")
STAGES = ("pret", "collaboration", "mutualisation", "fusion")


@dataclass(frozen=True)
class Measure:
    """One line of the table. ``fresh`` empties the cache before each request; ``kind`` says which targets hold."""

    label: str
    addresses: tuple[str, ...]
    fresh: bool = True
    kind: str = "page"  # page, recherche (text and two filters), fiche, données (no template)

    @property
    def bench(self) -> str:
        return "frais" if self.fresh else ""


def pairs(name: str, values: Sequence[str]) -> list[str]:
    """A value and an MRC, every way."""
    return [f"{name}={v}&territoire=mrc-{m}" for m, v in itertools.product(MRCS, values)]


def measures(words: dict[str, list[str]], details: dict[str, list[str]]) -> list[Measure]:
    """Every line, for one database: its words by frequency, its pages by noun."""

    def lists(base: str, queries: Sequence[str]) -> tuple[str, ...]:
        return tuple(f"{base}?{q}" if q else base for q in queries)

    def texts(base: str, name: str, filters: Sequence[str] = ("",)) -> tuple[str, ...]:
        count = max(len(filters), len(words[name]))
        turns = zip(itertools.cycle(words[name]), itertools.cycle(filters), range(count), strict=False)
        return tuple(f"{base}?q={quote(word)}" + (f"&{some}" if some else "") for word, some, _n in turns)

    shared, who, stories = "/ressources/", "/organismes/", "/pratiques/"
    two = pairs("sorte", KINDS)
    lines = [
        Measure("Accueil, comptes en cache", ("/",), fresh=False),
        Measure("Accueil, comptes frais", ("/",)),
        Measure("Ressources, en cache", (shared,), fresh=False),
        Measure("Ressources, frais", (shared,)),
        Measure("Ressources, sorte + MRC, en cache", lists(shared, two), fresh=False),
        Measure("Ressources, sorte + MRC, frais", lists(shared, two)),
        Measure("Ressources, tri par nom, frais", lists(shared, [f"tri=nom&{q}" for q in two])),
        Measure("Ressources, page 50", lists(shared, ["page=50"]), fresh=False),
        Measure(
            "Ressources, 20 km autour, frais", lists(shared, ["pres=J6S&km=20", "pres=J7V&km=20", "pres=J5R&km=20"])
        ),
        Measure("Ressources, mot rare + 2 filtres", texts(shared, "rare", two), kind="recherche"),
        Measure("Ressources, mot moyen + 2 filtres", texts(shared, "moyen", two), kind="recherche"),
        Measure("Ressources, mot courant + 2 filtres", texts(shared, "courant", two), kind="recherche"),
        Measure("Ressources, mot courant seul", texts(shared, "courant")),
        Measure("Organismes, en cache", (who,), fresh=False),
        Measure("Organismes, frais", (who,)),
        Measure("Organismes, secteur + MRC, frais", lists(who, pairs("secteur", SECTORS))),
        Measure("Organismes, mot moyen + 2 filtres", texts(who, "moyen", pairs("secteur", SECTORS)), kind="recherche"),
        Measure("Pratiques, frais", (stories,)),
        Measure("Pratiques, mot moyen + 2 filtres", texts(stories, "moyen", pairs("etape", STAGES)), kind="recherche"),
        Measure("Recherche partout, mot rare", texts("/recherche/", "rare")),
        Measure("Recherche partout, mot moyen", texts("/recherche/", "moyen")),
        Measure("Recherche partout, mot courant", texts("/recherche/", "courant")),
        Measure("Carte et liste, sorte, frais", lists(shared, [f"vue=carte&sorte={k}" for k in KINDS])),
        Measure(
            "Données de la carte, sorte, frais",
            lists(shared + "carte.geojson", [f"sorte={k}" for k in KINDS]),
            kind="données",
        ),
    ]
    names = {"resource": "Fiche de ressource", "organisation": "Fiche d’organisme", "practice": "Fiche de pratique"}
    bases = {"resource": shared, "organisation": who, "practice": stories}
    lines += [
        Measure(label, tuple(f"{bases[noun]}{slug}/" for slug in details[noun]), kind="fiche")
        for noun, label in names.items()
    ]
    return lines
