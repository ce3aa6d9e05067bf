"""A restricted resource: for each visibility, each reader, each channel, shown or hidden, and never half of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from directory.models import Need, NetworkMember, Resource, Visibility
from directory.photos import add
from tests.directory.pictures import picture
from tests.factories import MembershipFactory, OrganisationFactory, ResourceFactory, UserFactory

pytestmark = pytest.mark.django_db

READERS = ("anonymous", "stranger", "unvalidated", "other", "network_member", "network", "named", "own")
SEEN_BY: dict[str, tuple[str, ...]] = {
    Visibility.EVERYONE: READERS,
    Visibility.MEMBERS: ("other", "network_member", "network", "named", "own"),
    Visibility.NETWORKS: ("network_member", "network", "own"),
    Visibility.ORGANISATIONS: ("named", "own"),
}
NAME = "Zwieback géant"  # found nowhere else


@pytest.fixture
def scene(places: Any, settings: Any, tmp_path: Path) -> dict[str, Any]:
    """An organisation that shares one thing, another that shares one like it with everyone, and a network."""
    settings.MEDIA_ROOT = tmp_path
    here = places["beauharnois"]
    owner = OrganisationFactory(name="Le Carrefour", territory=here)
    cdc = OrganisationFactory(name="CDC du Suroît", is_network=True, territory=here)
    named = OrganisationFactory(name="La Maisonnée", territory=here)
    inside = OrganisationFactory(name="Membre de la CDC", territory=here)
    NetworkMember.objects.create(network=cdc, organisation=inside)
    waiting = OrganisationFactory(name="En attente", status="submitted", published_at=None, territory=here)
    NetworkMember.objects.create(network=cdc, organisation=waiting)
    thing = ResourceFactory(organisation=owner, name=NAME, kind="locaux", summary="Une salle.")
    thing.visible_networks.add(cdc)
    thing.visible_organisations.add(named, waiting)
    add(thing, [picture(size=(60, 40))], by=None)
    # One of the same category whose page compares it, a part and a whole that name each other.
    alike = ResourceFactory(organisation=named, name="Salle ordinaire", kind="locaux", category=thing.category)
    part = ResourceFactory(organisation=owner, name="Partie publique", kind="locaux", part_of=thing)
    need = Need.objects.create(
        organisation=OrganisationFactory(name="Qui cherche", territory=here), name="Une salle", slug="une-salle",
        kind="locaux", category=thing.category, territory=here, status="published", published_at=timezone.now(),
    )  # fmt: skip
    organisations = {
        "unvalidated": waiting,
        "other": OrganisationFactory(name="Un autre", territory=here),
        "network_member": inside,
        "network": cdc,
        "named": named,
        "own": owner,
    }
    clients: dict[str, Client] = {"anonymous": Client(), "stranger": Client()}
    clients["stranger"].force_login(UserFactory())
    for reader, organisation in organisations.items():
        clients[reader] = Client()
        clients[reader].force_login(MembershipFactory(organisation=organisation).user)
    return {
        "thing": thing,
        "alike": alike,
        "part": part,
        "need": need,
        "owner": owner,
        "place": here,
        "clients": clients,
    }


def text(response: Any) -> str:
    """The page, the words that a search highlights put back together."""
    assert response.status_code == 200
    return re.sub(r"</?mark>", "", response.content.decode())


def in_page(address: Callable[[dict[str, Any]], str]) -> Callable[[Client, dict[str, Any]], bool]:
    """Whether the page at this address names the thing."""
    return lambda client, scene: NAME in text(client.get(address(scene)))


def found(address: Callable[[dict[str, Any]], str]) -> Callable[[Client, dict[str, Any]], bool]:
    """Whether this address answers; 404 hides."""

    def look(client: Client, scene: dict[str, Any]) -> bool:
        status = client.get(address(scene)).status_code
        assert status in (200, 404)
        return status == 200

    return look


def exported(client: Client, scene: dict[str, Any]) -> bool:
    """Whether the list as a spreadsheet holds the thing."""
    response = client.get(reverse("resource_export", args=["csv"]))
    assert response.status_code == 200
    data = response.getvalue().decode("utf-8-sig")
    assert "Salle ordinaire" in data
    return NAME in data


def total(client: Client, address: str) -> int:
    return client.get(address).context["listing"].total


def facet(name: str, value: str, address: str = "resource_list") -> Callable[[Client, dict[str, Any]], bool]:
    """Whether the count of a facet is two (the thing and the one like it, the part aside) or one more."""

    def look(client: Client, scene: dict[str, Any]) -> bool:
        context = client.get(reverse(address)).context
        options = {o.value: o.count for f in context["facets"] if f.name == name for o in f.options}
        assert options[value] in (2, 3)
        return options[value] == 3

    return look


def on_map(client: Client, scene: dict[str, Any]) -> bool:
    data = client.get(reverse("resource_places")).json()
    counted = sum(f["properties"].get("count", 0) for f in data["features"])
    assert counted in (2, 3)
    return counted == 3


def in_home_count(client: Client, scene: dict[str, Any]) -> bool:
    count = client.get(reverse("home")).context["resource_count"]
    assert count in (2, 3)
    return count == 3


def in_search_total(client: Client, scene: dict[str, Any]) -> bool:
    return client.get(reverse("search"), {"q": "zwieback"}).context["total"] > 0


def photo_address(scene: dict[str, Any]) -> str:
    return reverse("photo", args=[scene["thing"].photos.get().uid, "480"])


CHANNELS: dict[str, Callable[[Client, dict[str, Any]], bool]] = {
    "page": found(lambda s: s["thing"].get_absolute_url()),
    "photo": found(photo_address),
    "report of an error": found(lambda s: reverse("report", args=["ressource", s["thing"].slug])),
    "list": in_page(lambda s: reverse("resource_list")),
    "list, as a map": in_page(lambda s: reverse("resource_list") + "?vue=carte"),
    "list, filtered": in_page(lambda s: reverse("resource_list") + "?sorte=locaux&territoire=beauharnois"),
    "list, searched": in_page(lambda s: reverse("resource_list") + "?q=geant"),
    "count of the list": lambda c, s: total(c, reverse("resource_list")) == 3,
    "facet of kinds": facet("sorte", "locaux"),
    "facet of places": facet("territoire", "mrc-beauharnois-salaberry"),
    "map data": on_map,
    "search": in_page(lambda s: reverse("search") + "?q=géant"),
    "count of the search": in_search_total,
    "feed": in_page(lambda s: reverse("resource_feed")),
    "feed, searched": in_page(lambda s: reverse("resource_feed") + "?q=zwieback"),
    "page of the organisation": in_page(lambda s: s["owner"].get_absolute_url()),
    "comparable ones": in_page(lambda s: s["alike"].get_absolute_url()),
    "what a part belongs to": in_page(lambda s: s["part"].get_absolute_url()),
    "export": exported,
    "what fits a need": in_page(lambda s: s["need"].get_absolute_url()),
    "home, newest": in_page(lambda s: reverse("home")),
    "home, counts": in_home_count,
}


@pytest.mark.parametrize("visibility", Visibility.values)
@pytest.mark.parametrize("reader", READERS)
def test_each_channel_shows_it_to_whom_it_is_for(scene: dict[str, Any], reader: str, visibility: str) -> None:
    Resource.objects.filter(pk=scene["thing"].pk).update(visibility=visibility)
    scene["clients"]["own"].get(reverse("home"))  # what a member saw first must not be served to others
    scene["clients"]["own"].get(reverse("resource_list"))
    client = scene["clients"][reader]
    expected = reader in SEEN_BY[visibility]
    wrong = [name for name, look in CHANNELS.items() if look(client, scene) is not expected]
    assert not wrong, f"{reader}, {visibility}: {'caché' if expected else 'montré'} par {wrong}"


@pytest.mark.parametrize("visibility", Visibility.values)
def test_what_everyone_reads_alike_counts_only_what_everyone_may_see(scene: dict[str, Any], visibility: str) -> None:
    """Organisations are the same page for all readers: their counts and their facet never tell of the rest."""
    Resource.objects.exclude(pk=scene["thing"].pk).filter(organisation=scene["owner"]).delete()
    Resource.objects.filter(pk=scene["thing"].pk).update(visibility=visibility)
    public = visibility == Visibility.EVERYONE
    for reader in ("anonymous", "own", "named"):
        context = scene["clients"][reader].get(reverse("organisation_list")).context
        counts = {o.name: o.resource_count for o in context["listing"].rows}
        assert counts["Le Carrefour"] == (1 if public else 0)
        kinds = {o.value: o.count for f in context["facets"] if f.name == "sorte" for o in f.options}
        assert kinds == {"locaux": 2 if public else 1}
        page = text(scene["clients"][reader].get(reverse("organisation_list") + "?sorte=locaux"))
        assert ("Le Carrefour</a>" in page) is public


@pytest.mark.parametrize("visibility", Visibility.values)
def test_robots_and_machines_learn_of_public_ones_only(scene: dict[str, Any], visibility: str) -> None:
    thing = scene["thing"]
    Resource.objects.filter(pk=thing.pk).update(visibility=visibility)
    public = visibility == Visibility.EVERYONE
    own = scene["clients"]["own"]
    for reader in ("anonymous", "own"):
        sitemap = text(scene["clients"][reader].get(reverse("sitemap_section", args=["ressources"])))
        assert (thing.get_absolute_url() + "<" in sitemap) is public
        assert scene["alike"].get_absolute_url() in sitemap
    response = own.get(thing.get_absolute_url())
    page = text(response)
    assert ('"@type": "Offer"' in page) is public
    assert ('<meta name="robots" content="noindex">' in page) is not public
    assert (response.headers.get("X-Robots-Tag") == "noindex") is not public
    assert ("public" in response.headers.get("Cache-Control", "")) is False


def test_an_anonymous_page_kept_by_a_browser_is_not_served_again_once_restricted(scene: dict[str, Any]) -> None:
    thing, anonymous = scene["thing"], scene["clients"]["anonymous"]
    etag = anonymous.get(thing.get_absolute_url()).headers["ETag"]
    kept = anonymous.get(thing.get_absolute_url(), headers={"If-None-Match": etag})
    assert kept.status_code == 304
    Resource.objects.filter(pk=thing.pk).update(visibility="members")
    gone = anonymous.get(thing.get_absolute_url(), headers={"If-None-Match": etag})
    assert gone.status_code == 404


def test_leaving_an_organisation_closes_what_it_opened(scene: dict[str, Any]) -> None:
    thing, client = scene["thing"], scene["clients"]["named"]
    Resource.objects.filter(pk=thing.pk).update(visibility="organisations")
    assert all(look(client, scene) for look in CHANNELS.values())
    scene["alike"].organisation.memberships.all().delete()
    shown = [name for name, look in CHANNELS.items() if look(client, scene)]
    assert shown == []


@pytest.mark.parametrize("status", ["draft", "submitted", "returned", "archived"])
def test_what_is_not_published_shows_to_its_own_only(scene: dict[str, Any], status: str) -> None:
    thing = scene["thing"]
    Resource.objects.filter(pk=thing.pk).update(status=status)
    for reader in READERS:
        client = scene["clients"][reader]
        assert (client.get(thing.get_absolute_url()).status_code == 200) is (reader == "own")
        assert (client.get(photo_address(scene)).status_code == 200) is (reader == "own")
        assert NAME not in text(client.get(reverse("resource_list")))
        assert NAME not in text(client.get(reverse("search") + "?q=zwieback"))


def test_a_word_of_a_restricted_resource_is_never_suggested(scene: dict[str, Any]) -> None:
    secret = ResourceFactory(organisation=scene["owner"], name="Quokkariums", visibility="members")
    page = text(scene["clients"]["anonymous"].get(reverse("search") + "?q=quokkarium"))
    assert "uokkariums" not in page
    Resource.objects.filter(pk=secret.pk).update(visibility="everyone")
    assert "Quokkariums" in text(scene["clients"]["anonymous"].get(reverse("search") + "?q=quokkarium"))
