"""A resource once posted: two people at once, its moves, its copy, the list of mine."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from directory.models import OpeningHours, Organisation, Resource
from tests.directory.typed import filled, page_of, posted
from tests.factories import (
    CategoryFactory,
    MembershipFactory,
    OrganisationFactory,
    ResourceFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def lucie(client: Client, places: Any) -> Any:
    """A member of a validated organisation, signed in."""
    membership = MembershipFactory(organisation__territory=places["beauharnois"], organisation__name="Le Carrefour")
    client.force_login(membership.user)
    return membership


# ---- two people at once


@pytest.fixture
def hall(lucie: Any) -> Resource:
    hall = ResourceFactory(organisation=lucie.organisation, kind="locaux", name="Salle", capacity_seated=80,
                           equipment=["Projecteur"])  # fmt: skip
    OpeningHours.objects.create(resource=hall, weekday=1, opens_at="09:00", closes_at="12:00")
    return hall


def test_the_second_of_two_managers_is_shown_the_difference(client: Client, lucie: Any, hall: Resource) -> None:
    marc = Client()
    marc.force_login(MembershipFactory(organisation=lucie.organisation).user)
    address = reverse("resource_edit", args=[hall.slug])
    _page, hers = page_of(client, hall)
    _page, his = page_of(marc, hall)
    his |= {"name": "Salle Marcel", "capacity_seated": "90", "h1_0_f": "13:00"}
    assert marc.post(address, his).status_code == 302
    hers |= {"name": "Salle Lucie", "summary": "Son résumé à elle."}
    response = client.post(address, hers)
    assert response.status_code == 409
    page = response.content.decode()
    assert "Quelqu’un d’autre a modifié cette fiche" in page
    differences = {str(d["label"]): (d["theirs"], d["mine"], d["kept"]) for d in response.context["differences"]}
    assert differences == {
        "Nom": ("Salle Marcel", "Salle Lucie", True),
        "Places assises": ("90", "80", False),
        "lundi, ferme à": ("13:00", "12:00", False),
    }
    hall.refresh_from_db()
    assert (hall.name, hall.capacity_seated) == ("Salle Marcel", 90)
    # What she typed is in the form, with his change where she typed nothing: sent again, both are kept.
    form = response.context["form"]
    assert (form["name"].value(), form["summary"].value()) == ("Salle Lucie", "Son résumé à elle.")
    again = {name: form.data.getlist(name) for name in form.data}
    again["versions"] = [response.context["versions"]]
    assert client.post(address, again).status_code == 302
    hall.refresh_from_db()
    assert (hall.name, hall.summary, hall.capacity_seated) == ("Salle Lucie", "Son résumé à elle.", 90)
    assert f"{hall.opening_hours.get().closes_at:%H:%M}" == "13:00"


def test_what_only_the_portal_changed_is_no_conflict(client: Client, hall: Resource) -> None:
    _page, data = page_of(client, hall)
    Resource.objects.filter(pk=hall.pk).update(freshness="reminded", search=None)
    assert client.post(reverse("resource_edit", args=[hall.slug]), data | {"name": "Salle 2"}).status_code == 302


def test_saving_a_page_as_it_stands_changes_nothing(client: Client, lucie: Any, hall: Resource) -> None:
    hall.visible_organisations.add(OrganisationFactory())
    Resource.objects.filter(pk=hall.pk).update(visibility="organisations", min_minutes=95, price=None)
    before = Resource.objects.filter(pk=hall.pk).values().get()
    _page, data = page_of(client, hall)
    assert client.post(reverse("resource_edit", args=[hall.slug]), data).status_code == 302
    after = Resource.objects.filter(pk=hall.pk).values().get()
    changed = {k for k in before if before[k] != after[k]}
    assert changed <= {"updated_at", "review_since"}
    assert hall.visible_organisations.count() == hall.opening_hours.count() == 1


def test_new_hours_move_the_date_by_which_pages_are_cached(client: Client, hall: Resource) -> None:
    before = Resource.objects.get(pk=hall.pk).updated_at
    _page, data = page_of(client, hall)
    client.post(reverse("resource_edit", args=[hall.slug]), data | {"h5_0_o": "18:00", "h5_0_f": "22:00"})
    assert hall.opening_hours.count() == 2
    assert Resource.objects.get(pk=hall.pk).updated_at > before


# ---- moves


def test_from_draft_to_published_paused_archived_and_back(client: Client, lucie: Any) -> None:
    draft = ResourceFactory(organisation=lucie.organisation, status="draft", published_at=None)
    stranger = Client()
    address = draft.get_absolute_url()
    assert stranger.get(address).status_code == 404
    client.post(reverse("resource_move", args=[draft.slug]), {"geste": "publish"})
    assert stranger.get(address).status_code == 200
    client.post(reverse("resource_pause", args=[draft.slug]), {"pause": "1"})
    assert "En pause" in stranger.get(address).content.decode()
    client.post(reverse("resource_pause", args=[draft.slug]), {"pause": "0"})
    assert "En pause" not in stranger.get(address).content.decode()
    client.post(reverse("resource_move", args=[draft.slug]), {"geste": "archive"})
    assert stranger.get(address).status_code == 404
    late = client.post(reverse("resource_move", args=[draft.slug]), {"geste": "archive"}, follow=True)
    assert "Rien n’a changé : cette fiche est déjà « archivée »" in late.content.decode()
    assert client.post(reverse("resource_move", args=[draft.slug]), {"geste": "return"}).status_code == 404


def test_nothing_goes_public_before_the_organisation_is_validated(client: Client, lucie: Any) -> None:
    Organisation.objects.filter(pk=lucie.organisation_id).update(status="submitted", published_at=None)
    assert posted(client, "locaux", filled("locaux", lucie)).status_code == 302
    draft = Resource.objects.get()
    photos = client.get(reverse("resource_photos", args=[draft.slug])).content.decode()
    assert "attend sa validation" in photos
    assert 'value="publish"' not in photos
    assert client.post(reverse("resource_move", args=[draft.slug]), {"geste": "publish"}).status_code == 403
    draft.refresh_from_db()
    assert draft.status == "draft"


def test_a_copy_says_the_same_as_a_draft_of_its_own(client: Client, hall: Resource) -> None:
    Resource.objects.filter(pk=hall.pk).update(pickup_instructions="Code 1234", is_paused=True)
    page = client.get(hall.get_absolute_url()).content.decode()
    once = re.search(r'name="once" value="([^"]+)"', page)
    assert once
    for _press in range(2):
        response = client.post(reverse("resource_duplicate", args=[hall.slug]), {"once": once[1]})
    copy = Resource.objects.exclude(pk=hall.pk).get()
    assert response.headers["Location"] == reverse("resource_edit", args=[copy.slug])
    assert (copy.name, copy.status, copy.published_at, copy.is_paused) == ("Salle (copie)", "draft", None, False)
    assert (copy.capacity_seated, copy.equipment, copy.pickup_instructions) == (80, ["Projecteur"], "Code 1234")
    assert copy.opening_hours.count() == 1


def test_private_instructions_show_to_the_organisation_only(client: Client, hall: Resource) -> None:
    Resource.objects.filter(pk=hall.pk).update(pickup_instructions="Clé sous le pot de basilic")
    assert "basilic" in client.get(hall.get_absolute_url()).content.decode()
    stranger = Client()
    assert "basilic" not in stranger.get(hall.get_absolute_url()).content.decode()
    stranger.force_login(MembershipFactory().user)
    assert "basilic" not in stranger.get(hall.get_absolute_url()).content.decode()


# ---- the list of mine


def test_my_list_says_state_freshness_and_what_to_add(client: Client, lucie: Any) -> None:
    ResourceFactory(organisation=lucie.organisation, name="Tente", freshness="reminded")
    ResourceFactory(organisation=lucie.organisation, name="Vieux projecteur", status="archived")
    ResourceFactory(name="La chose d’un autre")
    page = client.get(reverse("my_resources")).content.decode()
    assert "Tente" in page
    assert "À confirmer" in page
    assert "Ajoutez une photo" in page
    assert "Vieux projecteur" not in page
    assert "La chose d’un autre" not in page
    assert "Vieux projecteur" in client.get(reverse("my_resources") + "?etat=archived").content.decode()
    assert client.get(reverse("my_resources") + "?etat=x&page=zz").status_code == 200


def test_my_list_costs_the_same_whatever_its_length(client: Client, lucie: Any) -> None:
    category = CategoryFactory()
    costs = []
    for wanted in (1, 3):
        while Resource.objects.count() < wanted:
            ResourceFactory(organisation=lucie.organisation, category=category)
        client.get(reverse("my_resources"))  # the session’s own rows are written once
        with CaptureQueriesContext(connection) as queries:
            client.get(reverse("my_resources"))
        costs.append(sum("directory_" in q["sql"] for q in queries))
    assert costs == [6, 6]
