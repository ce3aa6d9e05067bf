"""The curators' queue: what is in it, who decides what, second decisions refused, decisions undone."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Mail, User
from directory.models import Curatorship, Decision, JoinRequest, Membership, Organisation, Report, Resource
from directory.moderation import AlreadyDecided, NoteNeeded, decide, undo
from directory.queue import REASONS, queue
from tests.factories import OrganisationFactory, PracticeFactory, ResourceFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def here(places: dict[str, Any]) -> Any:
    return places["salaberry-de-valleyfield"]


@pytest.fixture
def curator(places: dict[str, Any]) -> User:
    """Curates Beauharnois-Salaberry."""
    user = UserFactory(is_staff=True, name="Curatrice d’ici")
    Curatorship.objects.create(user=user, territory=places["mrc-beauharnois-salaberry"])
    return user


@pytest.fixture
def neighbour(places: dict[str, Any]) -> User:
    """Curates Roussillon."""
    user = UserFactory(is_staff=True, name="Curateur d’à côté")
    Curatorship.objects.create(user=user, territory=places["mrc-roussillon"])
    return user


def keys(user: User) -> set[str]:
    return {item.key for item in queue(user)}


def a_queue_of_everything(here: Any) -> dict[str, str]:
    """One item a reason, in one place; the key of each."""
    managed = OrganisationFactory(territory=here, name="Entraide du Pont")
    Membership.objects.create(user=UserFactory(), organisation=managed, role="gestionnaire")
    new = OrganisationFactory(territory=here, status="submitted", published_at=None)
    changed = ResourceFactory(organisation=managed, review_since=timezone.now())
    stale = ResourceFactory(organisation=managed, freshness="second")
    orphan = OrganisationFactory(territory=here, orphan_since=timezone.now(), name="Zinnia")
    twin = OrganisationFactory(territory=here, name="Entraide du Ponts")
    report = Report.objects.create(entry=changed, message="Le numéro ne répond plus.")
    asked = JoinRequest.objects.create(
        user=UserFactory(), organisation=managed, created_at=timezone.now() - datetime.timedelta(days=6)
    )
    return {
        "new": f"new.organisation.{new.pk}",
        "read": f"read.resource.{changed.pk}",
        "stale": f"stale.resource.{stale.pk}",
        "orphan": f"orphan.organisation.{orphan.pk}",
        "twin": f"twin.organisation.{twin.pk}.{managed.pk}",
        "report": f"report.report.{report.pk}",
        "join": f"join.joinrequest.{asked.pk}",
    }


def test_the_queue_holds_one_of_each_for_the_curator_of_the_place_only(
    here: Any, curator: User, neighbour: User
) -> None:
    expected = a_queue_of_everything(here)
    assert set(expected) == set(REASONS)
    assert keys(curator) == set(expected.values())
    assert keys(UserFactory(admin=True)) == set(expected.values())
    assert keys(neighbour) == set()
    assert keys(UserFactory()) == set()
    assert keys(UserFactory(is_staff=True)) == set()


def test_a_join_request_waits_five_days_for_its_managers_first(here: Any, curator: User) -> None:
    organisation = OrganisationFactory(territory=here)
    Membership.objects.create(user=UserFactory(), organisation=organisation, role="gestionnaire")
    request = JoinRequest.objects.create(user=UserFactory(), organisation=organisation)
    assert keys(curator) == set()
    JoinRequest.objects.filter(pk=request.pk).update(created_at=timezone.now() - datetime.timedelta(days=5, hours=1))
    assert keys(curator) == {f"join.joinrequest.{request.pk}"}


@pytest.mark.parametrize("reason", list(REASONS))
def test_each_main_decision_empties_its_item_once(here: Any, curator: User, reason: str) -> None:
    key = a_queue_of_everything(here)[reason]
    main = next(v for v in REASONS[reason][1] if v.main)
    decide(key=key, verb=main.name, by=curator)
    assert key not in keys(curator)
    second = UserFactory(admin=True)
    with pytest.raises(AlreadyDecided):
        decide(key=key, verb=main.name, by=second)


@pytest.mark.parametrize("reason", list(REASONS))
def test_no_decision_outside_ones_territories(here: Any, neighbour: User, reason: str) -> None:
    key = a_queue_of_everything(here)[reason]
    main = next(v for v in REASONS[reason][1] if v.main)
    client = Client()
    client.force_login(neighbour)
    assert client.post("/moderation/decider/", {"key": key, "verb": main.name}).status_code == 403
    assert not Decision.objects.exists()


def test_the_second_curator_is_told_who_decided(here: Any, curator: User) -> None:
    organisation = OrganisationFactory(territory=here, status="submitted", published_at=None)
    key = f"new.organisation.{organisation.pk}"
    decide(key=key, verb="publish", by=curator)
    client = Client()
    client.force_login(UserFactory(admin=True))
    page = client.post("/moderation/decider/", {"key": key, "verb": "archive"}, follow=True)
    assert "Curatrice d’ici vient de décider" in page.content.decode()
    organisation.refresh_from_db()
    assert organisation.status == "published"


def test_returning_needs_a_note_and_keeps_what_was_typed(here: Any, curator: User) -> None:
    organisation = OrganisationFactory(territory=here, status="submitted", published_at=None)
    Membership.objects.create(
        user=UserFactory(email="gestion@essai.example"), organisation=organisation, role="gestionnaire"
    )
    key = f"new.organisation.{organisation.pk}"
    with pytest.raises(NoteNeeded):
        decide(key=key, verb="return", by=curator, note="   ")
    client = Client()
    client.force_login(curator)
    page = client.post("/moderation/decider/", {"key": key, "verb": "return", "note": ""})
    assert page.status_code == 422
    assert "Écrivez une note" in page.content.decode()
    client.post("/moderation/decider/", {"key": key, "verb": "return", "note": "Ajoutez la mission <b>."})
    organisation.refresh_from_db()
    assert (organisation.status, organisation.returned_note) == ("returned", "Ajoutez la mission <b>.")
    mail = Mail.objects.get(to="gestion@essai.example")
    assert "à corriger" in mail.subject
    assert "Ajoutez la mission <b>." in mail.text
    assert "Ajoutez la mission &lt;b&gt;." in mail.html


def test_a_story_without_its_author_is_decided_too(here: Any, curator: User) -> None:
    story = PracticeFactory(status="submitted", published_at=None, proposed_by=None, territories=[here])
    decide(key=f"new.practice.{story.pk}", verb="publish", by=curator)
    story.refresh_from_db()
    assert story.is_published
    assert not Mail.objects.filter(event__startswith="decided").exists()


def test_a_decision_is_undone_for_a_day_and_not_after(here: Any, curator: User) -> None:
    organisation = OrganisationFactory(territory=here, status="submitted", published_at=None)
    key = f"new.organisation.{organisation.pk}"
    decision = decide(key=key, verb="publish", by=curator)
    assert Organisation.objects.get(pk=organisation.pk).is_published
    undo(decision=decision, by=curator)
    organisation.refresh_from_db()
    assert (organisation.status, organisation.published_at) == ("submitted", None)
    assert key in keys(curator)
    with pytest.raises(AlreadyDecided):
        undo(decision=decision, by=curator)
    late = decide(key=key, verb="publish", by=curator)
    Decision.objects.filter(pk=late.pk).update(decided_at=timezone.now() - datetime.timedelta(hours=25))
    with pytest.raises(AlreadyDecided):
        undo(decision=late, by=curator)


def test_several_are_read_at_once_but_never_published_at_once(here: Any, curator: User) -> None:
    owner = OrganisationFactory(territory=here)
    changed = [ResourceFactory(organisation=owner, review_since=timezone.now()) for _n in range(3)]
    fresh = [OrganisationFactory(territory=here, status="submitted", published_at=None) for _n in range(2)]
    client = Client()
    client.force_login(curator)
    client.post("/moderation/decider/", {"keys": [f"read.resource.{r.pk}" for r in changed], "verb": "read"})
    assert not Resource.objects.filter(review_since__isnull=False).exists()
    client.post("/moderation/decider/", {"keys": [f"new.organisation.{o.pk}" for o in fresh], "verb": "publish"})
    assert Organisation.objects.filter(status="submitted").count() == 2


def test_before_and_after_show_what_a_member_changed(here: Any, curator: User) -> None:
    owner = OrganisationFactory(territory=here)
    resource = ResourceFactory(
        organisation=owner,
        summary="Soixante places assises",
        published_at=timezone.now() - datetime.timedelta(days=30),
    )
    # A test is one transaction, and events carry its time: what came before is put an hour before.
    resource.events.update(pgh_created_at=timezone.now() - datetime.timedelta(hours=1))
    Resource.objects.filter(pk=resource.pk).update(
        review_since=timezone.now(), summary="Quatre-vingts places <i>assises"
    )
    client = Client()
    client.force_login(curator)
    page = client.get(f"/moderation/?fiche=read.resource.{resource.pk}").content.decode()
    assert "<del>Soixante</del>" in page
    assert "<ins>Quatre-vingts</ins>" in page
    assert "&lt;i&gt;assises" in page


def test_the_history_is_for_its_people_and_curators(here: Any, curator: User, neighbour: User) -> None:
    owner = OrganisationFactory(territory=here)
    member = UserFactory()
    Membership.objects.create(user=member, organisation=owner, role="membre")
    resource = ResourceFactory(organisation=owner, summary="Secret de fabrication")
    Resource.objects.filter(pk=resource.pk).update(summary="Autre chose")
    address = f"/historique/ressource/{resource.slug}/"
    for user, status in ((member, 200), (curator, 200), (neighbour, 403), (UserFactory(), 403)):
        client = Client()
        client.force_login(user)
        response = client.get(address)
        assert response.status_code == status
        assert ("Secret" in response.content.decode()) == (status == 200)
    assert Client().get(address).status_code == 302


def test_anyone_reports_an_error_but_not_a_robot(here: Any, curator: User, monkeypatch: pytest.MonkeyPatch) -> None:
    resource = ResourceFactory(organisation=OrganisationFactory(territory=here))
    address = f"/signaler/ressource/{resource.slug}/"
    client = Client()
    opened = client.get(address).context["form"]["opened"].value()
    too_fast = client.post(address, {"message": "Mauvais numéro", "opened": opened})
    assert too_fast.status_code == 422
    assert "Mauvais numéro" in too_fast.content.decode()
    monkeypatch.setattr("directory.forms.report.FASTEST", -1)
    trapped = client.post(address, {"message": "Achetez", "opened": opened, "website": "http://spam.example"})
    assert trapped.status_code == 422
    assert not Report.objects.exists()
    assert client.post(address, {"message": "Mauvais numéro", "opened": opened}).status_code == 302
    assert len([k for k in keys(curator) if k.startswith("report.")]) == 1
    hidden = ResourceFactory(organisation=OrganisationFactory(territory=here), status="draft", published_at=None)
    assert client.get(f"/signaler/ressource/{hidden.slug}/").status_code == 404


@pytest.mark.parametrize(
    "key",
    ["", "new", "new.organisation", "new.organisation.x", "new.user.1", "zzz.resource.1", "new.organisation.9" * 9],
)
def test_a_forged_key_changes_nothing(here: Any, curator: User, key: str) -> None:
    client = Client()
    client.force_login(curator)
    response = client.post("/moderation/decider/", {"key": key, "verb": "publish"}, follow=True)
    assert response.status_code == 200
    assert not Decision.objects.exists()


def test_a_practice_without_place_belongs_to_every_curator(here: Any, curator: User, neighbour: User) -> None:
    practice = PracticeFactory(status="submitted", published_at=None)
    assert keys(curator) == keys(neighbour) == {f"new.practice.{practice.pk}"}
