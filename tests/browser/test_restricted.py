"""A thing shared with some: a member of another organisation tries every address of it, and gets nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.urls import reverse

from directory.models import Membership
from directory.photos import add
from tests.directory.pictures import picture
from tests.factories import MembershipFactory, OrganisationFactory, ResourceFactory, a_small_country

pytestmark = pytest.mark.django_db(transaction=True)
NAME = "Zwieback géant"  # found nowhere else


@pytest.fixture
def thing(phone_of: Callable[..., Any]) -> Any:
    """A hall that one organisation shares with another one by name, beside one that everyone may see.

    After ``phone_of``, which says where photos are kept.
    """
    here = a_small_country()["beauharnois"]
    owner = MembershipFactory(organisation__name="Le Carrefour", organisation__territory=here).organisation
    named = MembershipFactory(organisation__name="La Maisonnée", organisation__territory=here).organisation
    hall = ResourceFactory(
        organisation=owner, name=NAME, slug="zwieback-geant", kind="locaux", visibility="organisations"
    )
    hall.visible_organisations.add(named)
    add(hall, [picture(size=(60, 40))], by=None)
    ResourceFactory(organisation=owner, name="Salle ouverte", slug="salle-ouverte", kind="locaux")
    return hall


def seen_at(page: Any, thing: Any) -> dict[str, bool]:
    """Each address of it, opened in the browser or asked for with its cookies: whether it is there."""
    photo = reverse("photo", args=[thing.photos.get().uid, "480"])

    def status(path: str) -> int:
        return page.request.get(path, max_redirects=0).status

    def asked(path: str) -> bool:
        """In a file; the open one is in it for everyone."""
        answer = page.request.get(path)
        text = answer.body().decode()
        assert answer.ok
        assert "Salle ouverte" in text or "salle-ouverte" in text, path
        return NAME in text or thing.slug in text

    def shown(path: str) -> bool:
        page.goto(path)
        whole = page.content()
        assert "Salle ouverte" in whole or "/recherche/" in path, path
        return NAME in whole or photo in whole

    places = page.request.get(reverse("resource_places")).json()["features"]
    count = sum(f["properties"].get("count", 0) for f in places)
    assert count in (1, 2)

    page.goto("/")
    page.get_by_label("Que cherchez-vous").fill("zwieback")
    page.keyboard.press("Enter")
    page.wait_for_url("**/recherche/**")
    searched = page.get_by_role("link", name=NAME).count() > 0
    return {
        "page": status(thing.get_absolute_url()) == 200,
        "photo": status(photo) == 200,
        "change it": status(reverse("resource_edit", args=[thing.slug])) == 200,
        "its photos": status(reverse("resource_photos", args=[thing.slug])) == 200,
        "report an error": status(reverse("report", args=["ressource", thing.slug])) == 200,
        "history": status(reverse("history", args=["ressource", thing.slug])) == 200,
        "search": searched,
        "list": shown(reverse("resource_list")),
        "list, as a map": shown(reverse("resource_list") + "?vue=carte"),
        "map data": count == 2,
        "page of the organisation": shown(thing.organisation.get_absolute_url()),
        "home": shown("/"),
        "feed": asked(reverse("resource_feed")),
        "export, CSV": asked(reverse("resource_export", args=["csv"])),
        "sitemap": asked(reverse("sitemap_section", args=["ressources"])),
    }


ITS_OWN = {"change it", "its photos", "history"}  # for those who manage it
NOBODY = {"sitemap"}  # machines read what everyone may read


def test_a_member_of_another_organisation_gets_nothing_where_the_owner_sees_it(
    phone_of: Callable[..., Any], thing: Any
) -> None:
    owner = phone_of(Membership.objects.get(organisation=thing.organisation).user)
    named = phone_of(Membership.objects.get(organisation__name="La Maisonnée").user)
    other = phone_of(MembershipFactory(organisation=OrganisationFactory(name="Un autre")).user)
    nobody = phone_of()

    # The owner looks first: what she was served must not be served again to the others.
    assert {k for k, seen in seen_at(owner, thing).items() if not seen} == NOBODY
    assert {k for k, seen in seen_at(named, thing).items() if not seen} == NOBODY | ITS_OWN
    assert {k for k, seen in seen_at(other, thing).items() if seen} == set()
    assert {k for k, seen in seen_at(nobody, thing).items() if seen} == set()

    # What she reads where it stands says nothing of it, not even its name.
    answer = other.goto(thing.get_absolute_url())
    assert answer.status == 404
    assert NAME not in other.content()
