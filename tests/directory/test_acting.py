"""« J’agis pour » : always visible, always one's own; and « Mon espace », what awaits first."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from directory.models import Membership
from tests.factories import (
    JoinRequestFactory,
    MembershipFactory,
    OrganisationFactory,
    PracticeFactory,
    ResourceFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def person(client: Client) -> User:
    """Manages one organisation, member of another."""
    user = UserFactory(name="Odile Roy")
    MembershipFactory(user=user, role="gestionnaire", organisation=OrganisationFactory(name="Abri du Fleuve"))
    MembershipFactory(user=user, organisation=OrganisationFactory(name="Zone Jeunesse"))
    client.force_login(user)
    return user


def acting(client: Client, page: str = "/") -> str:
    membership = client.get(page).context["acting"]
    return membership.organisation.name if membership else ""


def of(person: User, name: str) -> Membership:
    return Membership.objects.get(user=person, organisation__name=name)


def test_the_switch_is_on_every_page(client: Client, person: User) -> None:
    for page in ("/", "/organismes/", "/ressources/", "/mon-espace/", "/organismes/inscrire/", "/pas-la/"):
        text = client.get(page).content.decode()
        assert "J’agis pour" in text, page
        assert "Zone Jeunesse" in text, page
    assert "J’agis pour" not in Client().get("/").content.decode()


def test_choosing_lasts_and_comes_back_to_the_page(client: Client, person: User) -> None:
    assert acting(client) == "Abri du Fleuve"
    other = of(person, "Zone Jeunesse")
    response = client.post("/agir-pour/", {"organisation": other.organisation_id, "next": "/ressources/?q=salle"})
    assert response.url == "/ressources/?q=salle"
    assert acting(client, "/ressources/") == "Zone Jeunesse"
    other.delete()
    assert acting(client) == "Abri du Fleuve"


@pytest.mark.parametrize("next_", ["https://voleur.example/", "//voleur.example", "javascript:alert(1)", ""])
def test_it_sends_nobody_elsewhere(client: Client, person: User, next_: str) -> None:
    chosen = of(person, "Zone Jeunesse").organisation_id
    assert client.post("/agir-pour/", {"organisation": chosen, "next": next_}).url == "/mon-espace/"


def test_one_acts_only_for_ones_own(client: Client, person: User) -> None:
    stranger = MembershipFactory(role="gestionnaire", organisation=OrganisationFactory(name="Chez les autres"))
    for forged in (stranger.organisation_id, "x", "", "-1", 10**30):
        client.post("/agir-pour/", {"organisation": forged})
        assert acting(client) == "Abri du Fleuve"
    assert client.get("/agir-pour/").status_code == 405
    assert Client().post("/agir-pour/", {"organisation": stranger.organisation_id}).status_code == 302


def test_a_role_here_is_no_role_there(client: Client, person: User) -> None:
    """Acting for the organisation she manages gives nothing on the one where she is only a member."""
    member_of = of(person, "Zone Jeunesse").organisation
    client.post("/agir-pour/", {"organisation": of(person, "Abri du Fleuve").organisation_id})
    assert client.get(reverse("organisation_edit", args=[member_of.slug])).status_code == 403
    invite = reverse("team_invite", args=[member_of.slug])
    assert client.post(invite, {"email": "a@b.example", "role": "gestionnaire"}).status_code == 403


# ---- Mon espace


def titles(client: Client) -> list[str]:
    return [t.title for t in client.get("/mon-espace/").context["todos"]]


def test_what_awaits_me_is_mine_only(client: Client, person: User) -> None:
    managed, member_of = of(person, "Abri du Fleuve").organisation, of(person, "Zone Jeunesse").organisation
    elsewhere = MembershipFactory(role="gestionnaire").organisation
    for where in (managed, member_of, elsewhere):
        JoinRequestFactory(organisation=where, user=UserFactory(name=f"Demande à {where.name}"))
        ResourceFactory(organisation=where, status="returned", returned_note="Précisez.", name=f"Retour {where.name}")
        ResourceFactory(organisation=where, freshness="reminded", name=f"Vieux {where.name}")
    PracticeFactory(proposed_by=person, status="returned", title="Mon histoire")
    PracticeFactory(proposed_by=UserFactory(), status="returned", title="Histoire d’une autre")
    assert sorted(titles(client)) == [
        "Demande à Abri du Fleuve demande à se joindre à vous",
        "Mon histoire",
        "Retour Abri du Fleuve",
        "Retour Zone Jeunesse",
        "Vieux Abri du Fleuve",
        "Vieux Zone Jeunesse",
    ]
    text = client.get("/mon-espace/").content.decode()
    assert "Note de la CDC : Précisez." in text.replace("\xa0", " ")
    assert elsewhere.name not in text


def test_entries_are_those_of_the_organisation_one_acts_for(client: Client, person: User) -> None:
    ResourceFactory(organisation=of(person, "Abri du Fleuve").organisation, name="Chaloupe", status="draft")
    ResourceFactory(organisation=of(person, "Zone Jeunesse").organisation, name="Baby-foot")
    text = client.get("/mon-espace/").content.decode()
    assert "Chaloupe" in text
    assert "Baby-foot" not in text


def test_someone_alone_is_led_to_an_organisation(client: Client) -> None:
    client.force_login(UserFactory())
    text = client.get("/mon-espace/").content.decode()
    assert reverse("organisation_create") in text
    assert "Trouver mon organisme" in text
    assert "J’agis pour" not in text


def test_the_same_number_of_queries_for_one_and_three(client: Client, person: User) -> None:
    managed = of(person, "Abri du Fleuve").organisation
    counts = []
    for more in (1, 2):
        for _n in range(more):
            JoinRequestFactory(organisation=managed)
            ResourceFactory(organisation=managed, status="returned")
            ResourceFactory(organisation=managed, freshness="second")
        client.get("/mon-espace/")
        with CaptureQueriesContext(connection) as seen:
            client.get("/mon-espace/")
        counts.append(len(seen))
    assert counts[0] == counts[1]
