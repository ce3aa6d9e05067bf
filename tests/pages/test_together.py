"""Home and « Mon espace » gather what is built together: each sees what awaits her, at the same cost for 3 as for 1."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from projects import gatherings
from projects.models import Follower, Gathering, Project
from tests.factories import (
    CategoryFactory,
    CuratorshipFactory,
    MembershipFactory,
    NeedFactory,
    OrganisationFactory,
    ResourceFactory,
    UserFactory,
)
from tests.projects.building import build
from tests.projects.meeting import a_community, a_gathering, joined

pytestmark = pytest.mark.django_db


def todos(client: Client) -> dict[str, str]:
    return {t.title: t.state for t in client.get("/mon-espace/").context["todos"]}


def a_busy_person(n: int = 1) -> Any:
    """A manager with, of each thing that awaits, ``n``."""
    manager = MembershipFactory(role="gestionnaire")
    community, host = a_community()
    for k in range(n):
        build(slug=f"retourne-{k}", title=f"Projet retourné {k}", organisation=manager.organisation, status="returned",
              returned_note="Dites qui le porte.")  # fmt: skip
        build(slug=f"vieux-{k}", title=f"Projet vieux {k}", organisation=manager.organisation, freshness="reminded")
        Follower.objects.create(project=build(slug=f"suivi-{k}", title=f"Projet suivi {k}"), user=manager.user)
        soon = a_gathering(community, days=1, title=f"Demain {k}")
        gatherings.register(soon, by=manager.user, organisation=manager.organisation)
        own, _other = a_community(slug=f"la-mienne-{k}", name=f"La mienne {k}")
        joined_as = own.members.create(user=manager.user, organisation=manager.organisation, is_facilitator=True)
        a_gathering(joined_as.community, status="draft", title=f"À annoncer {k}")
        a_gathering(joined_as.community, days=-5, title=f"À raconter {k}")
        a_gathering(joined_as.community, days=-90, title=f"Trop vieille {k}")
    return manager, host


def test_what_awaits_in_projects_and_gatherings(client: Client) -> None:
    manager, host = a_busy_person()
    client.force_login(manager.user)
    assert todos(client) == {
        "Demain 0": "Bientôt",
        "À raconter 0": "Compte rendu attendu",
        "À annoncer 0": "En préparation",
        "Projet retourné 0": "À corriger",
        "Projet vieux 0": "À confirmer",
    }
    page = client.get("/mon-espace/").content.decode()
    for shown in ("La mienne 0", "Projet suivi 0", "vous l’animez"):
        assert shown in page.partition("Mes communautés")[2], shown
    client.force_login(host)
    assert todos(client) == {}
    # the gathering that she facilitates is among hers, though she did not register
    assert [g.title for g in client.get("/mon-espace/").context["gatherings"]] == ["Demain 0"]
    assert "que vous animez" in client.get("/mon-espace/").content.decode()
    acting = host.memberships.get().organisation
    gatherings.register(Gathering.objects.get(title="Demain 0"), by=host, organisation=acting)
    assert "que vous animez" in client.get("/mon-espace/").content.decode()  # though she has a place as well


@pytest.mark.parametrize("n", [1, 3])
def test_my_space_costs_the_same_for_three_as_for_one(client: Client, n: int, django_assert_num_queries: Any) -> None:
    manager, _host = a_busy_person(n)
    client.force_login(manager.user)
    client.get("/mon-espace/")  # the session is known from then on
    with django_assert_num_queries(25):
        client.get("/mon-espace/")


def test_what_one_posted_last_is_listed_whatever_awaits(client: Client) -> None:
    manager = MembershipFactory(role="gestionnaire")
    other = MembershipFactory(user=manager.user, organisation__name="Zoé et compagnie")
    ResourceFactory.create_batch(40, organisation=manager.organisation, freshness="reminded",
                                 freshness_at=timezone.now())  # fmt: skip
    ResourceFactory(organisation=other.organisation, status="returned", name="Rendue par la curation")
    newest = ResourceFactory(organisation=manager.organisation, name="La dernière")
    client.force_login(manager.user)
    shown = client.get("/mon-espace/").context
    assert [shown["resources"][0].pk, len(shown["resources"]), shown["resource_count"]] == [newest.pk, 12, 41]
    told = {t.title: t.state for t in shown["todos"]}
    assert told.pop("Rendue par la curation") == "À corriger"
    (title,) = told
    assert title.endswith("fiches à confirmer")


def test_a_curator_is_led_to_her_desk(client: Client, places: dict[str, Any]) -> None:
    curator = CuratorshipFactory(territory=places["mrc-beauharnois-salaberry"]).user
    client.force_login(curator)
    assert todos(client) == {}
    ours = OrganisationFactory(territory=places["beauharnois"])
    ResourceFactory(organisation=ours, name="Grande salle", review_since=timezone.now())
    ResourceFactory(organisation=OrganisationFactory(territory=places["chateauguay"]), review_since=timezone.now())
    assert todos(client) == {"1 fiche attend une décision": "À relire"}
    page = client.get("/mon-espace/")
    assert page.context["todos"][0].address == "/moderation/"
    assert "Trouver mon organisme" not in page.content.decode()
    client.force_login(UserFactory())
    assert todos(client) == {}


@pytest.mark.parametrize("n", [1, 3])
def test_home_gathers_all_at_the_same_cost(
    client: Client, places: dict[str, Any], n: int, django_assert_num_queries: Any
) -> None:
    for k in range(n):
        community, _host = a_community()
        a_gathering(community, title=f"Atelier {k}")
        a_gathering(community, title=f"Secret {k}", status="draft")
        a_gathering(community, title=f"Fini {k}", days=-3)
        category = CategoryFactory(slug=f"materiel-c{k}", name=f"Chose {k}")
        for where in ("beauharnois", "chateauguay"):
            NeedFactory(category=category, organisation__territory=places[where])
        build(slug=f"projet-{k}", title=f"Projet {k}")
        ResourceFactory()
    client.get("/")  # places and categories are known from then on
    Project.objects.filter(slug="projet-0").update(place="Ailleurs")  # what is cached is no longer true
    with django_assert_num_queries(14):
        page = client.get("/").content.decode().replace("\u00a0", " ")
    assert page.count("2 organismes cherchent :") == page.count("Atelier ") == n
    assert "Secret" not in page
    assert "Fini" not in page
    assert "/ressources/offrir/" in page


def test_a_gathering_is_near_two_days_ahead_only(client: Client) -> None:
    community, _host = a_community()
    member, organisation = joined(community)
    for days in (1, 3):
        gatherings.register(a_gathering(community, days=days, title=f"Dans {days} j"), by=member,
                            organisation=organisation)  # fmt: skip
    client.force_login(member)
    assert todos(client) == {"Dans 1 j": "Bientôt"}
    page = client.get("/mon-espace/")
    assert [g.title for g in page.context["gatherings"]] == ["Dans 1 j", "Dans 3 j"]
    assert page.context["gatherings"][0].starts_at - timezone.now() < datetime.timedelta(days=2)
