"""The same lists for other programs: Atom feeds and map data, with the same filters, whatever the entries hold."""

from __future__ import annotations

import datetime
from typing import Any
from xml.etree import ElementTree

import pytest
from django.test import Client
from django.utils import timezone

from tests.factories import OrganisationFactory, PracticeFactory, ResourceFactory

ATOM = {"a": "http://www.w3.org/2005/Atom"}


def feed(client: Client, address: str) -> ElementTree.Element:
    response = client.get(address)
    assert response.status_code == 200
    assert response["Content-Type"] == "application/atom+xml; charset=utf-8"
    return ElementTree.fromstring(response.content)  # noqa: S314 - our own XML


def titles(tree: ElementTree.Element) -> list[str | None]:
    return [e.findtext("a:title", namespaces=ATOM) for e in tree.findall("a:entry", ATOM)]


@pytest.mark.parametrize(
    ("base", "factory", "field"),
    [
        ("/ressources/", ResourceFactory, "name"),
        ("/organismes/", OrganisationFactory, "name"),
        ("/pratiques/", PracticeFactory, "title"),
    ],
)
def test_the_newest_of_each_list(client: Client, db: None, base: str, factory: Any, field: str) -> None:
    now = timezone.now()
    for day in range(23):
        factory(**{field: f"Entrée {day}", "published_at": now - datetime.timedelta(days=day)})
    tree = feed(client, f"{base}atom/?tri=nom")
    assert titles(tree) == [f"Entrée {day}" for day in range(20)]
    assert tree.attrib["{http://www.w3.org/XML/1998/namespace}lang"] == "fr-ca"
    links = {link.attrib["rel"]: link.attrib["href"] for link in tree.findall("a:link", ATOM)}
    assert links == {"alternate": f"http://testserver{base}", "self": f"http://testserver{base}atom/?tri=nom"}
    for entry in tree.findall("a:entry", ATOM):
        address = entry.find("a:link", ATOM).attrib["href"]  # type: ignore[union-attr]
        assert entry.findtext("a:id", namespaces=ATOM) == address
        assert client.get(address).status_code == 200
        assert entry.findtext("a:author/a:name", namespaces=ATOM)
        for name in ("published", "updated"):
            datetime.datetime.fromisoformat(entry.findtext(f"a:{name}", namespaces=ATOM) or "")


def test_feeds_keep_the_filters(client: Client, places: dict[str, Any]) -> None:
    ResourceFactory(name="Camion", organisation__territory=places["beauharnois"])
    ResourceFactory(name="Salle", kind="locaux", organisation__territory=places["beauharnois"])
    ResourceFactory(name="Local", kind="locaux", organisation__territory=places["chateauguay"])
    assert titles(feed(client, "/ressources/atom/?sorte=locaux&territoire=mrc-beauharnois-salaberry")) == ["Salle"]
    assert titles(feed(client, "/ressources/atom/?q=camion")) == ["Camion"]
    assert sorted(map(str, titles(feed(client, "/ressources/atom/?pres=J6S&km=50&sorte=locaux")))) == ["Local", "Salle"]
    page = feed(client, "/ressources/atom/?sorte=locaux").find("a:link[@rel='alternate']", ATOM)
    assert page is not None
    assert page.attrib["href"] == "http://testserver/ressources/?sorte=locaux"


def test_an_empty_feed_is_a_feed(client: Client, db: None) -> None:
    assert titles(feed(client, "/ressources/atom/?q=zzzz")) == []


@pytest.mark.parametrize(
    "hostile", ["<script>&amp;</entry>]]>", "page\x0bcopiée\x1f de \x02 loin", "\ufffe fin", "😀 & « oui »"]
)
def test_feeds_are_well_formed_whatever_the_text(client: Client, db: None, hostile: str) -> None:
    organisation = OrganisationFactory(name=hostile, mission=hostile)
    ResourceFactory(name=hostile, summary=hostile, organisation=organisation)
    PracticeFactory(title=hostile, standfirst=hostile)
    for base in ("/ressources/", "/organismes/", "/pratiques/"):
        (title,) = titles(feed(client, f"{base}atom/"))
        kept = "".join(c for c in hostile if c.isprintable())
        assert "".join((title or "").split()) == "".join(kept.split())


# ---- map data


def test_map_data_count_by_place(client: Client, places: dict[str, Any]) -> None:
    precise = {"address": "12, rue du Secret", "latitude": 45.111111, "longitude": -74.222222}
    for _ in range(2):
        ResourceFactory(organisation__territory=places["beauharnois"], **precise)
    ResourceFactory(organisation__territory=places["chateauguay"], kind="locaux")
    response = client.get("/ressources/carte.geojson")
    assert response["Content-Type"] == "application/geo+json"
    data = response.json()
    assert data["type"] == "FeatureCollection"
    assert "CC BY" in data["attribution"]
    assert {f["properties"]["slug"]: f["properties"]["count"] for f in data["features"]} == {
        "beauharnois": 2, "chateauguay": 1,
    }  # fmt: skip
    beauharnois = places["beauharnois"]
    assert data["features"][0]["geometry"] == {
        "type": "Point", "coordinates": [beauharnois.longitude, beauharnois.latitude],
    }  # fmt: skip
    assert "Secret" not in response.content.decode()
    assert "45.111111" not in response.content.decode()
    only = client.get("/ressources/carte.geojson?sorte=locaux").json()["features"]
    assert [f["properties"]["slug"] for f in only] == ["chateauguay"]


def test_a_story_is_counted_once_in_each_of_its_places(client: Client, places: dict[str, Any]) -> None:
    PracticeFactory(territories=[places["beauharnois"], places["salaberry-de-valleyfield"]])
    data = client.get("/pratiques/carte.geojson").json()
    assert {f["properties"]["slug"]: f["properties"]["count"] for f in data["features"]} == {
        "beauharnois": 1, "salaberry-de-valleyfield": 1,
    }  # fmt: skip
