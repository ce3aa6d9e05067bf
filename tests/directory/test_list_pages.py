"""List pages: a constant number of queries, pages that follow, a map beside the list, and bad input that is told."""

from __future__ import annotations

import datetime
import re
from html import unescape
from typing import Any

import pytest
from django.core.cache import caches
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from directory.models import PracticeFigure, PracticeLink, PracticePartner
from tests.factories import OrganisationFactory, PracticeFactory, ResourceFactory, SectorFactory, TerritoryFactory

LISTS = ("/ressources/", "/organismes/", "/pratiques/")


def entries(base: str, many: int, **fields: Any) -> list[Any]:
    """Entries of a list, with all that their cards show."""
    if base == "/ressources/":
        return [ResourceFactory(**fields) for _ in range(many)]
    if base == "/organismes/":
        made = [OrganisationFactory(**fields) for _ in range(many)]
        for one in made:
            ResourceFactory(organisation=one)
            one.sectors.set([SectorFactory()])
        return made
    return [PracticeFactory(sectors=[SectorFactory()], **fields) for _ in range(many)]


def queries(client: Client, address: str) -> int:
    """How many queries a page takes once the trees are known, nothing else being remembered."""
    assert client.get(address).status_code == 200
    caches["memory"].clear()
    with CaptureQueriesContext(connection) as seen:
        assert client.get(address).status_code == 200
    return len(seen)


# Literal counts: the version, the counts, the ids, the rows… A change here is a change of cost: look at it.
@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("/ressources/", 7),
        ("/organismes/", 4),
        ("/pratiques/", 4),
        ("/ressources/?q=essai", 6),
        ("/ressources/?vue=carte", 7),
        ("/ressources/?sorte=materiel&pres=J6S&km=100", 7),
        ("/organismes/?q=organisme&tri=nom", 3),
        ("/pratiques/?etape=mutualisation", 4),
        ("/ressources/atom/", 5),
        ("/ressources/?du={soon}&au={soon}&de=10:00&a=12:00&q=essai", 6),
        ("/ressources/?quantite=1&sorte=materiel&tri=nom", 7),
        ("/ressources/carte.geojson", 5),
    ],
)
def test_lists_cost_the_same_at_one_and_at_three(
    client: Client, places: dict[str, Any], address: str, expected: int
) -> None:
    base = re.match(r"/\w+/", address)[0]  # type: ignore[index]
    address = address.format(soon=timezone.localdate() + datetime.timedelta(days=9))
    at = {"territories": [places["beauharnois"]]} if base == "/pratiques/" else {}
    entries(base, 1, **at)
    one = queries(client, address)
    entries(base, 2, **at)
    assert (one, queries(client, address)) == (expected, expected)
    assert expected <= 8


# The home page quotes the portrait: four of its questions are asked every ten minutes, not at each reading.
@pytest.mark.parametrize(("address", "expected"), [("/", 13), ("/recherche/?q=essai", 12), ("/recherche/", 1)])
def test_pages_that_gather_cost_the_same(client: Client, places: dict[str, Any], address: str, expected: int) -> None:
    for base in LISTS:
        entries(base, 1)
    one = queries(client, address)
    for base in LISTS:
        entries(base, 3)
    assert (one, queries(client, address)) == (expected, expected)


def test_details_cost_the_same_at_one_and_at_three(client: Client, places: dict[str, Any]) -> None:
    hall = ResourceFactory(slug="salle", kind="locaux")
    story = PracticeFactory(slug="recit", kinds=["locaux"])
    addresses = {"/ressources/salle/": 10, f"/organismes/{hall.organisation.slug}/": 10, "/pratiques/recit/": 10}

    def surround() -> None:
        """One more of everything that a detail lists."""
        ResourceFactory(kind="locaux", organisation=hall.organisation, part_of=hall)
        ResourceFactory(kind="locaux", category=hall.category)
        hall.opening_hours.create(weekday=hall.opening_hours.count() + 1, opens_at="09:00", closes_at="17:00")
        hall.organisation.sectors.add(SectorFactory())
        hall.organisation.served_territories.add(OrganisationFactory().territory)
        other = PracticeFactory(kinds=["locaux"])
        for practice in (story, other):
            practice.sectors.add(SectorFactory())
            PracticePartner.objects.create(practice=practice, organisation=OrganisationFactory())
            PracticePartner.objects.create(practice=practice, organisation=hall.organisation)
            PracticeFigure.objects.create(practice=practice, value="3", label="camions")
            PracticeLink.objects.create(practice=practice, title="Guide", url="https://guide.example/")
            hall.organisation.practice_roles.filter(practice=story).delete()

    surround()
    one = {address: queries(client, address) for address in addresses}
    surround()
    surround()
    assert one == {address: queries(client, address) for address in addresses} == addresses
    assert max(one.values()) <= 10


# ---- pages


@pytest.mark.parametrize("base", LISTS)
def test_pages_follow_and_hold_everything_once(client: Client, db: None, base: str) -> None:
    same = timezone.now()
    slugs = {e.slug for e in entries(base, 47, published_at=same)}
    found: list[str] = []
    for number in (1, 2, 3):
        page = client.get(f"{base}?page={number}").content.decode()
        found += re.findall(rf'<h3><a href="{base}([-\w]+)/">', page)
        assert f'<span aria-current="page"><span class="vh">Page </span>{number}</span>' in page
        assert ('rel="prev"' in page, 'rel="next"' in page) == (number > 1, number < 3)
        assert f"<strong>{len(slugs)} " in page
    assert len(found) == len(slugs)
    assert set(found) == slugs


def test_the_pager_keeps_the_filters(client: Client, db: None) -> None:
    entries("/ressources/", 21)
    page = client.get("/ressources/?sorte=materiel&tri=nom").content.decode()
    following = unescape(re.search(r'<a href="([^"]+)" rel="next"', page)[1])  # type: ignore[index]
    assert following == "?tri=nom&sorte=materiel&page=2"
    assert client.get("/ressources/" + following).content.decode().count("<article") == 1


def test_no_pager_for_one_page(client: Client, db: None) -> None:
    entries("/ressources/", 20)
    assert 'class="pager"' not in client.get("/ressources/").content.decode()


# ---- chips


def test_each_chip_removes_just_its_filter(client: Client, places: dict[str, Any]) -> None:
    asked = {"q=essai", "pres=J6S", "km=20", "sorte=materiel", "sorte=locaux", "contrepartie=gratuit", "tri=nom"}
    ResourceFactory(organisation__territory=places["beauharnois"])
    page = client.get("/ressources/?" + "&".join(sorted(asked))).content.decode()
    chips = re.search(r'<ul class="chips" aria-label="Filtres actifs">(.*?)</ul>', page, re.DOTALL)
    removed = [
        frozenset(asked - set(unescape(address).removeprefix("?").split("&")))
        for address in re.findall(r'class="chip chip-on" href="([^"]*)"', chips[1])  # type: ignore[index]
    ]
    assert sorted(map(sorted, removed)) == sorted([
        ["q=essai"], ["km=20", "pres=J6S"], ["sorte=materiel"], ["sorte=locaux"], ["contrepartie=gratuit"],
    ])  # fmt: skip


def test_chips_speak_french(client: Client, places: dict[str, Any]) -> None:
    page = client.get("/ressources/?territoire=mrc-beauharnois-salaberry&contrepartie=frais&pres=J6S&km=20")
    chips = re.findall(r'class="chip chip-on" href="[^"]*">([^<]*)', page.content.decode())
    assert {"Beauharnois-Salaberry", "Participation aux frais", "À moins de 20 km de J6S"} <= set(chips)


# ---- bad input


def told(page: str) -> str:
    """What the page says it did not understand."""
    found = re.search(r'<div class="alert alert-warning" role="status">(.*?)</div>', page, re.DOTALL)
    return unescape(found[1]) if found else ""


BAD: list[tuple[str, str]] = [
    ("page=abc", "La page demandée n’existe pas"),
    ("page=0", "La page demandée n’existe pas"),
    ("page=-1", "La page demandée n’existe pas"),
    ("page=1e3", "La page demandée n’existe pas"),
    ("page=²", "La page demandée n’existe pas"),
    ("page=999999", "Il n’y a pas de page 999999"),
    ("page=99999999999999999999", "La page demandée n’existe pas"),
    ("territoire=atlantide", "« atlantide »"),
    ("secteur=licornes", "« licornes »"),
    ("sorte=materiel%00", ""),
    ("sorte=%00", "ne connaît pas"),
    ("km=beaucoup", "« beaucoup »"),
    ("km=-5&pres=J6S", "« -5 »"),
    ("km=7&pres=J6S", "« 7 »"),
    ("km=20", "distance"),
    ("tri=hasard", "« hasard »"),
    ("pres=Xanadu", "« Xanadu »"),
    ("pres=J9Z", "« J9Z »"),
    ("pres=%00", ""),
    ("q=" + "mot+" * 2500, "seuls les premiers mots"),
    ("q=" + "a" * 10_000, "seuls les premiers mots"),
    ("q=%00", ""),
    ("q=re%00sume", ""),
    ("q=%ff%fe", "tout est affiché"),
    ("q=%ED%A0%80", "tout est affiché"),
    ("q=de+la", "tout est affiché"),
    ("q=%27%3B+DROP+TABLE--", ""),
    ("q=essai+%26+%7C+%21+%3A*+%28", ""),
    ("territoire=%ff", "« \ufffd »"),
    ("territoire=" + "x" * 5000, "«"),
    ("&".join(f"territoire=t{i}" for i in range(300)), "« t0 »"),
    ("vue=spirale", ""),
    ("inconnu=1", ""),
    ("%00=%00", ""),
    ("q[]=essai", ""),
]  # fmt: skip


@pytest.mark.parametrize("base", LISTS)
@pytest.mark.parametrize(("query", "sentence"), BAD, ids=[b[0][:24] for b in BAD])
def test_bad_input_is_told_and_the_rest_is_shown(
    client: Client, places: dict[str, Any], base: str, query: str, sentence: str
) -> None:
    entries(base, 1)
    response = client.get(f"{base}?{query}")
    page = response.content.decode()
    assert response.status_code == 200
    if sentence:
        assert sentence in told(page)
    if not query.startswith(("q=mot", "q=aaa", "q=re", "q=%27", "q=essai", "sorte=materiel")):
        assert "<h3><a" in page  # what was understood is applied, and the entries are there
    assert len(page) < 40_000  # nothing endless is repeated in its links
    for end in ("atom/", "carte.geojson"):
        assert client.get(f"{base}{end}?{query}").status_code == 200


def test_what_was_understood_still_counts(client: Client, places: dict[str, Any]) -> None:
    ResourceFactory(slug="tente")
    ResourceFactory(slug="salle", kind="locaux")
    page = client.get("/ressources/?sorte=locaux&sorte=licorne&territoire=atlantide").content.decode()
    assert "« licorne »" in told(page)
    assert "« atlantide »" in told(page)
    assert re.findall(r"<h3><a href=\"/ressources/(\w+)/", page) == ["salle"]
    assert "licorne" not in "".join(re.findall(r'href="([^"]*)"', page.partition("<main")[2]))


def test_markup_in_a_request_stays_text(client: Client, db: None) -> None:
    attack = "%22%3E%3Cscript%3Ealert(1)%3C/script%3E"
    addresses = [f"{b}?{n}={attack}" for b in LISTS for n in ("q", "pres", "territoire", "tri", "km", "page")]
    for address in [*addresses, f"/recherche/?q={attack}"]:
        assert "<script>alert" not in client.get(address).content.decode(), address


@pytest.mark.parametrize(
    "query", ["q=" + "mot+" * 2500, "q=%00", "q=%ff%fe", "q=", "q=de", "page=abc", "q=" + "é" * 9999]
)
def test_search_page_takes_anything(client: Client, db: None, query: str) -> None:
    entries("/ressources/", 1)
    response = client.get(f"/recherche/?{query}")
    assert response.status_code == 200
    assert len(response.content) < 60_000


@pytest.mark.parametrize("base", LISTS)
def test_unknown_slugs_and_verbs(client: Client, db: None, base: str) -> None:
    assert client.get(f"{base}nulle-part/").status_code == 404
    assert client.get(f"{base}{'x' * 3000}/").status_code == 404
    assert client.get(f"{base}%ff%fe/").status_code == 404
    assert client.get(f"{base}%00/").status_code == 404
    assert client.get(f"{base}Écluse/").status_code == 404
    assert client.post(base).status_code == 405
    assert client.put(base).status_code == client.delete(base).status_code == 405


def test_a_request_that_nothing_answers_helps(client: Client, db: None) -> None:
    ResourceFactory()
    page = client.get("/ressources/?q=zzzz&sorte=materiel").content.decode()
    assert "Rien ne répond à tout cela à la fois" in page
    assert page.count("chip chip-on") >= 2
    assert "/recherche/?q=zzzz" in page


# ---- the map


@pytest.mark.parametrize("base", LISTS)
def test_the_map_shows_shapes_and_pins_beside_the_whole_list(client: Client, places: dict[str, Any], base: str) -> None:
    def at(town: Any) -> dict[str, Any]:
        key = {"/ressources/": "organisation__territory", "/organismes/": "territory"}.get(base)
        return {key: town} if key else {"territories": [town]}

    entries(base, 2, **at(places["beauharnois"]))
    entries(base, 1, **at(TerritoryFactory(name="Léry", parent=places["mrc-roussillon"], longitude=-73.7)))
    plain, drawn = (client.get(f"{base}{query}").content.decode() for query in ("", "?vue=carte"))
    cards = [re.findall(rf'<h3><a href="{base}([-\w]+)/"', page) for page in (plain, drawn)]
    assert len(cards[0]) == 3
    assert cards[1] == cards[0]
    assert '<div class="map">' not in plain
    shapes = dict(re.findall(r'<a href="\?vue=carte&amp;territoire=[-\w]+" aria-label="([^"]+) : (\d+)"><use', drawn))
    pins = dict(re.findall(r'<a href="\?vue=carte&amp;territoire=[-\w]+" aria-label="([^"]+) : (\d+)"><circle', drawn))
    assert shapes == {"Beauharnois-Salaberry": "2", "Roussillon": "1"}
    assert pins == {"Beauharnois": "2", "Léry": "1"}
    outlines = dict(re.findall(r'<path id="(carte-[-\w]+)" d="(M[^"]+z)"', drawn))
    assert all(len(d) > 20 for d in outlines.values())
    # every shape is painted before the first link: what outlines a link is covered by no neighbour
    painted, linked = (re.findall(rf'<use class="{kind}" href="#([-\w]+)"', drawn) for kind in (r"mrc mrc-\d", "edge"))
    assert painted == linked == list(outlines)
    assert drawn.rindex('class="mrc mrc-') < drawn.index('class="edge"')


def test_a_story_of_two_towns_is_one_story_of_their_mrc(client: Client, places: dict[str, Any]) -> None:
    PracticeFactory(territories=[places["beauharnois"], places["salaberry-de-valleyfield"]])
    page = client.get("/pratiques/?vue=carte").content.decode()
    assert 'aria-label="Beauharnois-Salaberry : 1"' in page
    assert {'aria-label="Beauharnois : 1"', 'aria-label="Salaberry-de-Valleyfield : 1"'} <= set(
        re.findall(r'aria-label="[^"]+"', page)
    )


def test_the_map_keeps_the_filters(client: Client, places: dict[str, Any]) -> None:
    ResourceFactory(organisation__territory=places["beauharnois"], kind="locaux")
    page = client.get("/ressources/?sorte=locaux").content.decode()
    address = unescape(re.search(r'<a href="(\?[^"]*vue=carte[^"]*)"', page)[1])  # type: ignore[index]
    drawn = client.get("/ressources/" + address).content.decode()
    pin = unescape(re.search(r'<a href="([^"]*)" aria-label="Beauharnois : 1"', drawn)[1])  # type: ignore[index]
    assert "sorte=locaux" in pin
    assert "vue=carte" in pin
    assert 'rel="next"' not in drawn
