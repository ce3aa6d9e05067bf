"""Lists answer exactly what their filters ask, and every count they show is true: checked against plain Python."""

from __future__ import annotations

import datetime
import math
import random
import re
from dataclasses import dataclass, field
from html import unescape
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.utils import timezone

from directory.models import Continuum, Kind, LegalForm, PracticeForm, Territory
from directory.models.kinds import Accessibility
from directory.models.resource import CostMode
from tests.factories import CategoryFactory, OrganisationFactory, PracticeFactory, ResourceFactory, SectorFactory

WORDS = ("chaudron", "violon", "brouette")
J6S = (45.2548, -74.1311)
OPTION = re.compile(
    r'type="checkbox" name="(\w+)" value="([^"]+)"[^>]*?( checked)?><span>.*?</span><span class="num">(\d+)<', re.DOTALL
)
TITLE = re.compile(r'<h3><a href="/\w+/([-\w]+)/">')
TOTAL = re.compile(r"<p data-count>\s*<strong>(\d+|Aucune?) ")


@dataclass
class Row:
    """An entry as plain Python knows it: facet → values, and where it is."""

    slug: str
    words: set[str]
    facets: dict[str, set[str]] = field(default_factory=dict)
    points: list[tuple[float, float]] = field(default_factory=list)


@dataclass
class Shown:
    """A list page as its reader sees it."""

    total: int
    counts: dict[str, dict[str, int]]
    slugs: list[str]
    text: str


def look(client: Client, address: str) -> Shown:
    """Read a whole list, page after page."""
    first, slugs, page, base = None, [], 1, address
    while True:
        response = client.get(base)
        assert response.status_code == 200
        text = response.content.decode()
        first = first or text
        slugs += TITLE.findall(text)
        following = re.search(r'<a href="([^"]+)" rel="next"', text)
        if not following:
            break
        page += 1
        base = address.partition("?")[0] + unescape(following[1])
    counts: dict[str, dict[str, int]] = {}
    for name, value, _checked, n in OPTION.findall(first):
        counts.setdefault(name, {})[value] = int(n)
    found = TOTAL.search(first)
    assert found, first
    return Shown(int(found[1]) if found[1].isdigit() else 0, counts, slugs, first)


def above(territory: Territory | None) -> set[str]:
    """A place and all that hold it."""
    found = set()
    while territory:
        found.add(territory.slug)
        territory = territory.parent
    return found


def distance(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Kilometres on the sphere: another formula than the portal's."""
    la1, lo1, la2, lo2 = map(math.radians, (*one, *other))
    half = math.sin((la2 - la1) / 2) ** 2 + math.cos(la1) * math.cos(la2) * math.sin((lo2 - lo1) / 2) ** 2
    return 2 * 6371.0 * math.asin(math.sqrt(half))


@dataclass
class Asked:
    """A random request."""

    chosen: dict[str, list[str]]
    word: str = ""
    km: int = 0

    def address(self, base: str) -> str:
        pairs = [(name, v) for name, values in self.chosen.items() for v in values]
        pairs += [("q", self.word)] if self.word else []
        pairs += [("pres", "J6S"), ("km", str(self.km))] if self.km else []
        return f"{base}?{urlencode(pairs)}"


def holds(row: Row, name: str, values: list[str], every: tuple[str, ...]) -> bool:
    """Whether a row passes one facet: all the values for what one needs, any of them elsewhere."""
    wanted = set(values)
    return wanted <= row.facets[name] if name in every else bool(wanted & row.facets[name])


def naive(rows: list[Row], asked: Asked, every: tuple[str, ...]) -> tuple[set[str], dict[str, dict[str, int]]]:
    """The slugs that answer, and for each facet how many rows each value would show."""
    kept = [
        r
        for r in rows
        if (not asked.word or asked.word in r.words)
        and (not asked.km or any(distance(J6S, p) <= asked.km for p in r.points))
    ]
    counts: dict[str, dict[str, int]] = {}
    for name in rows[0].facets:
        counts[name] = {}
        for r in kept:
            others = {n: v for n, v in asked.chosen.items() if n != name or n in every}
            if all(holds(r, n, v, every) for n, v in others.items()):
                for value in r.facets[name]:
                    counts[name][value] = counts[name].get(value, 0) + 1
    return {r.slug for r in kept if all(holds(r, n, v, every) for n, v in asked.chosen.items())}, counts


def check(client: Client, base: str, rows: list[Row], asked: Asked, every: tuple[str, ...] = ()) -> None:
    """One request: the total, the rows and every count shown are the naive ones; no value with answers is left out."""
    shown = look(client, asked.address(base))
    expected, counts = naive(rows, asked, every)
    said = f"{asked.address(base)}"
    assert sorted(shown.slugs) == sorted(expected), said
    assert shown.total == len(expected), said
    for name, values in shown.counts.items():
        assert {v: counts[name].get(v, 0) for v in values} == values, f"{said} : {name}"
    for name, values in counts.items():
        if name not in ("territoire", "categorie"):  # trees show their lower level once the upper is chosen
            assert set(values) <= set(shown.counts.get(name, {})), f"{said} : {name}"
        else:
            upper = {v for v in values if v.startswith(("mrc-", "cat-"))}
            assert upper <= set(shown.counts.get(name, {})), f"{said} : {name}"
        assert set(asked.chosen.get(name, [])) <= set(shown.counts.get(name, {})), f"{said} : {name}"


def requests(rows: list[Row], chance: random.Random, many: int) -> list[Asked]:
    """Random requests about values that exist."""
    known = {name: sorted({v for r in rows for v in r.facets[name]}) for name in rows[0].facets}
    made = []
    for i in range(many):
        names = chance.sample(sorted(known), chance.choice((0, 1, 1, 2, 2, 3)))
        chosen = {n: chance.sample(known[n], min(len(known[n]), chance.choice((1, 1, 2)))) for n in names}
        made.append(Asked(chosen, WORDS[i % 3] if i % 4 == 0 else "", chance.choice((5, 20, 50)) if i % 5 == 0 else 0))
    return made


@pytest.fixture
def chance() -> random.Random:
    return random.Random(20261121)


@pytest.fixture
def towns(places: dict[str, Any]) -> list[Territory]:
    quarter = Territory.objects.create(
        kind="arrondissement", slug="saint-timothee", name="Saint-Timothée", code="A1",
        parent=places["salaberry-de-valleyfield"], latitude=45.29, longitude=-74.04,
    )  # fmt: skip
    return [quarter, *(t for t in places.values() if t.kind == "municipalite")]


@pytest.fixture
def sectors(db: None) -> list[Any]:
    return [SectorFactory(slug=s, name=s.capitalize()) for s in ("aines", "culture", "logement")]


def point(territory: Territory) -> tuple[float, float]:
    return territory.latitude, territory.longitude  # type: ignore[return-value]


def organisations(
    chance: random.Random, towns: list[Territory], sectors: list[Any], many: int
) -> list[tuple[Any, Row]]:
    made = []
    for i in range(many):
        town, own = chance.choice(towns), chance.sample(sectors, chance.randrange(3))
        word, form = chance.choice(WORDS), chance.choice(LegalForm.values)
        one = OrganisationFactory(
            slug=f"org-{i}", name=f"Le {word} {i}", territory=town, sectors=own, legal_form=form,
            status="published" if i % 6 else "draft",
        )  # fmt: skip
        facets = {
            "secteur": {s.slug for s in own}, "territoire": above(town), "forme": {str(form)}, "sorte": set(),
        }  # fmt: skip
        made.append((one, Row(one.slug, {word}, facets, [point(town)])))
    return made


def test_resources(client: Client, chance: random.Random, towns: list[Territory], sectors: list[Any]) -> None:
    owners = organisations(chance, towns, sectors, 12)
    trees = {
        kind: [
            parent := CategoryFactory(kind=kind, slug=f"cat-{kind}", name=f"Cat {kind}"),
            CategoryFactory(kind=kind, slug=f"sous-{kind}-1", name="Une", parent=parent),
            CategoryFactory(kind=kind, slug=f"sous-{kind}-2", name="Deux", parent=parent),
        ]
        for kind in Kind.values
    }
    rows = []
    for i in range(60):
        owner, about = chance.choice(owners)
        kind, town, word = chance.choice(Kind.values), chance.choice(towns), chance.choice(WORDS)
        category, mode = chance.choice(trees[kind]), chance.choice(CostMode.values)
        access = chance.sample(Accessibility.values, chance.randrange(5)) if kind == "locaux" else []
        priced = {"price": 5, "price_unit": "l’heure"} if mode in ("frais", "prix") else {}
        status = chance.choice(["published"] * 6 + ["draft", "archived"])
        one = ResourceFactory(
            slug=f"res-{i}", organisation=owner, kind=kind, category=category, territory=town, cost_mode=mode,
            accessibility=access, name=f"Objet {word} {i}", status=status, **priced,
        )  # fmt: skip
        if status == "published" and owner.status == "published":
            facets = {
                "sorte": {kind}, "territoire": above(town), "contrepartie": {mode}, "acces": set(access),
                "secteur": about.facets["secteur"],
                "categorie": {category.slug} | ({category.parent.slug} if category.parent else set()),
            }  # fmt: skip
            rows.append(Row(one.slug, {word} | about.words, facets, [point(town)]))  # the owner's name is found too
    assert len(rows) > 20
    for asked in requests(rows, chance, 60):
        check(client, "/ressources/", rows, asked, every=("acces",))


def test_organisations(client: Client, chance: random.Random, towns: list[Territory], sectors: list[Any]) -> None:
    made = organisations(chance, towns, sectors, 50)
    for one, row in made[:30]:
        for _ in range(chance.randrange(4)):
            kind, status = chance.choice(Kind.values), chance.choice(["published", "published", "draft"])
            ResourceFactory(organisation=one, kind=kind, status=status)
            row.facets["sorte"] |= {kind} if status == "published" else set()
    rows = [row for one, row in made if one.status == "published"]
    for asked in requests(rows, chance, 50):
        check(client, "/organismes/", rows, asked)


def test_practices(client: Client, chance: random.Random, towns: list[Territory], sectors: list[Any]) -> None:
    rows = []
    for i in range(45):
        here, own = chance.sample(towns, chance.randrange(4)), chance.sample(sectors, chance.randrange(3))
        kinds, word = chance.sample(Kind.values, chance.randrange(4)), chance.choice(WORDS)
        stage, form = chance.choice(Continuum.values), chance.choice(PracticeForm.values)
        status = "published" if i % 7 else "returned"
        one = PracticeFactory(
            slug=f"prat-{i}", title=f"Le {word} commun {i}", kinds=kinds, stage=stage, legal_form=form, sectors=own,
            territories=here, status=status,
        )  # fmt: skip
        facets = {
            "etape": {stage}, "forme": {form}, "sorte": set(kinds), "secteur": {s.slug for s in own},
            "territoire": set().union(*(above(t) for t in here)),
        }  # fmt: skip
        if status == "published":
            rows.append(Row(one.slug, {word}, facets, [point(t) for t in here]))
    for asked in requests(rows, chance, 50):
        check(client, "/pratiques/", rows, asked)


# ---- one filter at a time, told


@pytest.mark.parametrize(
    ("query", "answers"),
    [
        ("territoire=mrc-beauharnois-salaberry", {"valleyfield", "beauharnois"}),
        ("territoire=region-monteregie", {"valleyfield", "beauharnois", "chateauguay", "longueuil"}),
        ("territoire=beauharnois&territoire=chateauguay", {"beauharnois", "chateauguay"}),
        ("pres=J6S&km=5", {"valleyfield"}),
        ("pres=J6S+1A1&km=50", {"valleyfield", "beauharnois", "chateauguay"}),
        ("pres=j6s&km=5", {"valleyfield"}),
        ("pres=Salaberry-de-Valleyfield&km=50", {"valleyfield", "beauharnois", "chateauguay"}),
        ("pres=chateauguay&km=20", {"chateauguay", "beauharnois"}),
        ("pres=Châteauguay&km=5", {"chateauguay"}),
    ],
)
def test_where(client: Client, places: dict[str, Any], query: str, answers: set[str]) -> None:
    for slug, town in (("valleyfield", "salaberry-de-valleyfield"), *((s, s) for s in
                       ("beauharnois", "chateauguay", "longueuil"))):  # fmt: skip
        ResourceFactory(slug=slug, organisation__territory=places[town])
    assert set(look(client, f"/ressources/?{query}").slugs) == answers


def test_a_precise_point_counts_before_the_place(client: Client, places: dict[str, Any]) -> None:
    here = {"organisation__territory": places["salaberry-de-valleyfield"]}
    ResourceFactory(slug="pres", **here)
    ResourceFactory(slug="loin", latitude=45.53, longitude=-73.51, **here)
    assert look(client, "/ressources/?pres=J6S&km=10").slugs == ["pres"]
    assert look(client, "/ressources/?pres=J6S").slugs == ["pres", "loin"]


# ---- orders


def orders_of(model: str, places: dict[str, Any]) -> None:
    """Five entries whose orders all differ, two of them alike in everything but their id."""
    long_ago = timezone.now() - datetime.timedelta(days=10)
    for i, (slug, name, town) in enumerate([
        ("e", "Écluse", "longueuil"), ("a", "arche", "beauharnois"), ("z", "Zinc", "salaberry-de-valleyfield"),
        ("j1", "Jumeau", "chateauguay"), ("j2", "Jumeau", "chateauguay"),
    ]):  # fmt: skip
        day = long_ago + datetime.timedelta(days=min(i, 3))
        if model == "ressources":
            ResourceFactory(slug=slug, name=name, organisation__territory=places[town], published_at=day)
        elif model == "organismes":
            OrganisationFactory(slug=slug, name=name, territory=places[town], published_at=day)
        else:
            PracticeFactory(slug=slug, title=name, territories=[places[town]], published_at=day)


@pytest.mark.parametrize("model", ["ressources", "organismes", "pratiques"])
def test_orders_are_total_and_right(client: Client, places: dict[str, Any], model: str) -> None:
    orders_of(model, places)
    assert look(client, f"/{model}/?tri=nom").slugs == ["a", "e", "j1", "j2", "z"]
    assert look(client, f"/{model}/?tri=recent").slugs == ["j2", "j1", "z", "a", "e"]
    assert look(client, f"/{model}/").slugs == ["j2", "j1", "z", "a", "e"]
    assert look(client, f"/{model}/?pres=J6S").slugs == ["z", "a", "j1", "j2", "e"]
    assert look(client, f"/{model}/?pres=J6S&tri=nom").slugs == ["a", "e", "j1", "j2", "z"]


def test_relevance_puts_titles_first(client: Client, places: dict[str, Any]) -> None:
    ResourceFactory(slug="corps", name="Remorque", description="Elle porte un violon.", published_at=timezone.now())
    ResourceFactory(slug="titre", name="Violon", published_at=timezone.now() - datetime.timedelta(days=90))
    assert look(client, "/ressources/?q=violon").slugs == ["titre", "corps"]
    assert look(client, "/ressources/?q=violon&tri=recent").slugs == ["corps", "titre"]
