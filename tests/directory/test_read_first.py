"""A territory may read before what its organisations post is public: who may do what then, and what they are told."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Mail, User
from directory.lifecycle import moves
from directory.models import Need, Resource, Territory
from directory.moderation import decide
from directory.queue import queue
from mutualisation.kernel.publication import Status
from tests.directory.test_needs import filled as a_need
from tests.factories import (
    CuratorshipFactory,
    MembershipFactory,
    NeedFactory,
    OrganisationFactory,
    ResourceFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db
MRC = "mrc-beauharnois-salaberry"


@pytest.fixture
def reads_first(places: Any) -> Territory:
    """Beauharnois-Salaberry reads before; Roussillon, as everywhere, after."""
    Territory.objects.filter(slug=MRC).update(reads_first=True)
    return places[MRC]


@pytest.fixture
def lucie(client: Client, places: Any) -> Any:
    """A member of a validated organisation of Beauharnois, signed in."""
    membership = MembershipFactory(organisation__territory=places["beauharnois"], organisation__name="Le Carrefour")
    client.force_login(membership.user)
    return membership


def curator_of(territory: Any) -> User:
    return CuratorshipFactory(territory=territory).user


# What a member, a stranger, the curator of the place and another one may do, by status, where one reads first.
FIRST = {
    Status.DRAFT: ("submit archive", "", "submit publish archive", ""),
    Status.SUBMITTED: ("archive", "", "publish return archive", ""),
    Status.RETURNED: ("submit archive", "", "submit publish archive", ""),
    Status.PUBLISHED: ("archive", "", "return archive", ""),
    Status.ARCHIVED: ("submit", "", "publish", ""),
}
AFTER = FIRST | {
    Status.DRAFT: ("submit publish archive", "", "submit publish archive", ""),
    Status.SUBMITTED: ("publish archive", "", "publish return archive", ""),
    Status.RETURNED: ("submit publish archive", "", "submit publish archive", ""),
    Status.ARCHIVED: ("publish", "", "publish", ""),
}


@pytest.mark.parametrize("factory", [ResourceFactory, NeedFactory])
@pytest.mark.parametrize("first", [True, False])
def test_who_may_move_what(places: Any, lucie: Any, factory: Any, first: bool) -> None:
    Territory.objects.filter(slug=MRC).update(reads_first=first)
    readers = (lucie.user, UserFactory(), curator_of(places[MRC]), curator_of(places["mrc-roussillon"]))
    found = {}
    for status in Status:
        entry = factory(organisation=lucie.organisation, status=status)
        found[status] = tuple(" ".join(t.name for t in moves(reader, entry)) for reader in readers)
    assert found == (FIRST if first else AFTER)


def test_an_unvalidated_organisation_still_publishes_nothing(reads_first: Any, places: Any) -> None:
    waiting = OrganisationFactory(territory=places["beauharnois"], status="submitted", published_at=None)
    member = MembershipFactory(organisation=waiting).user
    for status in Status:
        entry = ResourceFactory(organisation=waiting, status=status)
        assert "publish" not in {t.name for t in moves(member, entry)}


def test_a_new_resource_waits_then_a_curator_publishes_it(client: Client, reads_first: Any, lucie: Any) -> None:
    curator = curator_of(reads_first)
    draft = ResourceFactory(organisation=lucie.organisation, status="draft", published_at=None, name="Tente")
    page = client.get(draft.get_absolute_url()).content.decode()
    assert "la CDC lit les fiches avant de les publier" in page
    assert 'value="publish"' not in page
    assert "la CDC lit les fiches avant" in client.get(reverse("resource_edit", args=[draft.slug])).content.decode()
    photos = client.get(reverse("resource_photos", args=[draft.slug])).content.decode()
    assert 'value="submit"' in photos
    assert 'value="publish"' not in photos
    # The button that the page doesn’t have is refused too.
    assert client.post(reverse("resource_move", args=[draft.slug]), {"geste": "publish"}).status_code == 403
    said = client.post(reverse("resource_move", args=[draft.slug]), {"geste": "submit"}, follow=True)
    assert "un courriel vous dira quand la fiche paraît" in said.content.decode()
    draft.refresh_from_db()
    assert (draft.status, draft.review_since) == (Status.SUBMITTED, None)
    assert Client().get(draft.get_absolute_url()).status_code == 404
    assert [i.key for i in queue(curator)] == [f"new.resource.{draft.pk}"]
    told = Mail.objects.get(to=curator.email)
    assert "Tente" in told.subject
    assert f"new.resource.{draft.pk}" in told.text
    decide(key=f"new.resource.{draft.pk}", verb="publish", by=curator)
    assert Client().get(draft.get_absolute_url()).status_code == 200
    assert queue(curator) == []


def test_archiving_is_no_way_around(client: Client, reads_first: Any, lucie: Any) -> None:
    entry = ResourceFactory(organisation=lucie.organisation, status="returned", returned_note="Dites la taille.")
    address = reverse("resource_move", args=[entry.slug])
    client.post(address, {"geste": "archive"})
    assert client.post(address, {"geste": "publish"}).status_code == 403
    client.post(address, {"geste": "submit"})
    entry.refresh_from_db()
    assert entry.status == Status.SUBMITTED


def test_a_published_entry_still_changes_at_once(client: Client, reads_first: Any, lucie: Any) -> None:
    need = NeedFactory(organisation=lucie.organisation)
    edit = reverse("need_edit", args=[need.slug])
    assert "Vos changements paraissent tout de suite" in client.get(edit).content.decode()
    client.post(edit, a_need(lucie, name="Deux congélateurs"))
    need.refresh_from_db()
    assert (need.name, need.status) == ("Deux congélateurs", Status.PUBLISHED)
    assert need.review_since is not None


def test_a_need_is_sent_rather_than_published(client: Client, reads_first: Any, lucie: Any) -> None:
    page = client.get(reverse("need_create")).content.decode()
    assert "la CDC lit les fiches avant de les publier" in page
    assert "Envoyer à la curation" in page
    said = client.post(reverse("need_create"), a_need(lucie, publier="1"), follow=True).content.decode()
    assert "un courriel vous dira quand votre besoin paraît" in said
    assert Need.objects.get().status == Status.SUBMITTED


def test_elsewhere_one_is_told_that_it_shows_at_once(client: Client, places: Any, lucie: Any) -> None:
    Territory.objects.filter(slug="mrc-roussillon").update(reads_first=True)
    page = client.get(reverse("need_create")).content.decode()
    assert "paraît tout de suite" in page
    assert "Publier le besoin" in page
    client.post(reverse("need_create"), a_need(lucie, publier="1"))
    assert Need.objects.get().status == Status.PUBLISHED


def test_her_curator_chooses_for_her_territories_only(client: Client, places: Any) -> None:
    client.force_login(curator_of(places[MRC]))
    desk = client.get(reverse("moderation")).content.decode()
    assert re.findall(r"/moderation/territoires/([\w-]+)/", desk) == [MRC]
    for choice, expected in (("avant", True), ("apres", False)):
        client.post(reverse("moderation_territory", args=[MRC]), {"lire": choice})
        assert Territory.objects.get(slug=MRC).reads_first is expected
    assert client.post(reverse("moderation_territory", args=["mrc-roussillon"]), {"lire": "avant"}).status_code == 403
    assert not Territory.objects.get(slug="mrc-roussillon").reads_first
    assert Resource.objects.count() == 0
