"""An organisation that leaves the portal, or is sent back, leaves every public page of projects and communities."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from directory.models import Organisation
from projects import communities, gatherings
from projects.models import Gathering, IdeaSupport, Part, Participation
from projects.permissions import told_of
from tests.factories import OrganisationFactory
from tests.projects.building import build, join
from tests.projects.meeting import a_community, a_gathering, joined, person

pytestmark = pytest.mark.django_db
NAME = "Atelier du Disparu"


def everything() -> dict[str, Any]:
    """An organisation that is everywhere it can be: member, pivot, idea, registered, present, partner."""
    gone = OrganisationFactory(name=NAME, acronym="ADDI")
    community, facilitator = a_community(slug="cuisines")
    user, _own = joined(community, gone)
    pivot = communities.be_pivot(community, by=user, function="Budget")
    idea = communities.put_idea(community, by=user, title="Un camion")
    coming, past = a_gathering(community), a_gathering(community, title="Bilan", days=5)
    for gathering in (coming, past):
        gatherings.register(gathering, by=user, organisation=gone)
    past.registrations.update(attended=True)
    start = timezone.now() - (coming.starts_at - timezone.now())
    Gathering.objects.filter(pk=past.pk).update(
        starts_at=start, ends_at=start + (coming.ends_at - coming.starts_at), minutes="Dit.", minutes_at=timezone.now()
    )
    project = build()
    join(project, gone, roles=["connecteur"], brings=[{"nature": "argent", "label": "Don", "amount": 500}])
    leads = build(slug="porte-ailleurs")
    Participation.objects.create(
        project=leads, organisation=gone, part=Part.CARRIES, status="welcomed", answered_at=timezone.now()
    )
    return {
        "gone": gone, "community": community, "facilitator": facilitator, "user": user, "pivot": pivot, "idea": idea,
        "naming": [
            reverse("community_list"), community.get_absolute_url(), coming.get_absolute_url(),
            past.get_absolute_url(), project.get_absolute_url(), leads.get_absolute_url(),
        ],
        "silent": [
            reverse("community_calendar", args=[community.slug]), reverse("gathering_calendar"),
            reverse("gathering_file", args=[coming.pk]), reverse("project_list"), reverse("project_feed"),
            reverse("project_export", args=["csv"]), reverse("project_places"), reverse("home"),
            reverse("search") + "?q=camion", reverse("search") + "?q=budget",
        ],
    }  # fmt: skip


def shown(client: Client, address: str) -> bool:
    answer = client.get(address)
    assert answer.status_code == 200, address
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content  # type: ignore[attr-defined]
    text = content.decode().replace("\r\n ", "")
    return NAME in text or "ADDI" in text


@pytest.mark.parametrize("status", ["archived", "returned", "submitted"])
def test_every_public_channel_forgets_its_name(status: str) -> None:
    at = everything()
    for address in at["naming"]:
        assert shown(Client(), address), f"nothing to leak on {address}"
    Organisation.objects.filter(pk=at["gone"].pk).update(status=status)
    stranger = Client()
    stranger.force_login(person()[0])
    for client in (Client(), stranger):
        for address in at["naming"]:
            assert not shown(client, address), address
    for address in at["silent"]:
        assert not shown(Client(), address), address
    page = Client().get(at["community"].get_absolute_url())
    assert [o.name for o in page.context["organisations"]] == [at["facilitator"].memberships.get().organisation.name]
    assert "Un organisme qui n’est plus au portail" in page.content.decode()
    assert "Un camion" in page.content.decode()  # the box keeps the idea


def test_it_answers_no_more_supports_no_more_and_is_written_to_no_more() -> None:
    at = everything()
    community, user = at["community"], at["user"]
    asks = reverse("pivot_ask", args=[community.slug, at["pivot"].pk])
    stranger = Client()
    stranger.force_login(person()[0])
    assert stranger.get(asks).status_code == 200
    other, organisation = joined(community)
    communities.support(at["idea"], by=other)
    assert IdeaSupport.objects.filter(idea=at["idea"], organisation=organisation).exists()
    assert Client().get(community.get_absolute_url()).context["ideas"][0].supports_n == 2
    assert user in told_of(community)
    Organisation.objects.filter(pk=at["gone"].pk).update(status="archived")
    assert stranger.get(asks).status_code == 404
    assert Client().get(community.get_absolute_url()).context["ideas"][0].supports_n == 1
    assert user not in told_of(community)
    # back on the portal, it is in its place again
    Organisation.objects.filter(pk=at["gone"].pk).update(status="published")
    assert all(shown(Client(), address) for address in at["naming"])


def test_who_holds_the_gathering_still_knows_who_comes() -> None:
    at = everything()
    Organisation.objects.filter(pk=at["gone"].pk).update(status="archived")
    holder = Client()
    holder.force_login(at["facilitator"])
    assert shown(holder, at["naming"][2])
    assert shown(holder, at["naming"][3])
