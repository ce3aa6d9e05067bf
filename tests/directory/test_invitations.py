"""Invitations: one link, once, for whoever holds it; every other use gets a sentence."""

from __future__ import annotations

import datetime
import hashlib
import re
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pghistory.models import Context

from accounts.models import Mail
from directory.invitations import invitations_for, invite, revoke_invitation
from directory.memberships import NotPossible
from directory.models import Invitation, Membership
from tests.factories import JoinRequestFactory, MembershipFactory, OrganisationFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def manager(db: None) -> Membership:
    return MembershipFactory(role="gestionnaire", organisation=OrganisationFactory(name="La Marmite solidaire"))


def sent(manager: Membership, email: str = "odile@marmite.example", role: str = "membre") -> tuple[Invitation, str]:
    """An invitation, and the path of the link that the e-mail holds."""
    invitation = invite(organisation=manager.organisation, email=email, by=manager.user, role=role)
    text = Mail.objects.get(event=f"invited:{invitation.pk}").text
    found = re.search(r"(/invitations/[\w-]+/)", text)
    assert found
    return invitation, found[1]


def test_the_database_holds_no_token(manager: Membership) -> None:
    invitation, path = sent(manager)
    token = path.split("/")[2]
    assert invitation.token_hash == hashlib.sha256(token.encode()).hexdigest()
    assert token not in str(Invitation.objects.values().get())
    assert invitation.expires_at - invitation.created_at == datetime.timedelta(days=14)


def test_the_mail_says_who_what_and_has_its_twin(manager: Membership) -> None:
    invitation, path = sent(manager)
    mail = Mail.objects.get(event=f"invited:{invitation.pk}")
    assert mail.to == "odile@marmite.example"
    assert mail.subject == f"{manager.user.name} vous invite à agir pour La Marmite solidaire"
    assert mail.text.startswith("Ouvrez le lien")
    assert path in mail.html
    assert "&#x27;" not in mail.text


def test_opening_a_link_accepts_nothing(client: Client, manager: Membership) -> None:
    _invitation, path = sent(manager)
    page = client.get(path)
    assert page.status_code == 200
    assert "La Marmite solidaire" in page.content.decode()
    assert client.post(path).status_code == 200  # signed out: nothing but the way in
    client.force_login(UserFactory())
    assert client.get(path).status_code == 200
    assert Membership.objects.count() == 1


def test_accepting_makes_one_member_once(client: Client, manager: Membership) -> None:
    _invitation, path = sent(manager, role="gestionnaire")
    person = UserFactory()
    client.force_login(person)
    assert "o•••@marmite.example" in client.get(path).content.decode()  # someone else's address, not told whole
    assert "odile@" not in client.get(path).content.decode()
    assert client.post(path).url == reverse("my_space")
    assert Membership.objects.get(user=person).role == "gestionnaire"
    again = client.post(path)
    assert again.status_code == 410
    assert Membership.objects.filter(user=person).count() == 1
    client.force_login(UserFactory())
    replayed = client.post(path)
    assert replayed.status_code == 410
    assert "déjà été acceptée" in replayed.content.decode()
    assert Membership.objects.count() == 2


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"expires_at": timezone.now() - datetime.timedelta(seconds=1)}, "a expiré"),
        ({"revoked_at": timezone.now()}, "a été retirée"),
    ],
)
def test_a_link_that_no_longer_serves(
    client: Client, manager: Membership, change: dict[str, Any], sentence: str
) -> None:
    _invitation, path = sent(manager)
    Invitation.objects.update(**change)
    client.force_login(UserFactory())
    for response in (client.get(path), client.post(path)):
        assert response.status_code == 410
        assert sentence in response.content.decode()
    assert Membership.objects.count() == 1


def test_a_link_cut_by_a_mail_reader(client: Client, manager: Membership) -> None:
    _invitation, path = sent(manager)
    for wrong in (path[:-4] + "/", "/invitations/x/", "/invitations/%00/"):
        response = client.get(wrong)
        assert response.status_code == 404
        assert "La Marmite" not in response.content.decode()


def test_after_signing_up_it_awaits_in_my_space(client: Client, manager: Membership) -> None:
    invitation, _path = sent(manager)
    person = UserFactory(email="odile@marmite.example")
    address = EmailAddress.objects.create(user=person, email=person.email, primary=True, verified=False)
    assert invitations_for(person) == []  # not proved hers
    client.force_login(person)
    accept = reverse("invitation_accept", args=[invitation.pk])
    assert client.post(accept).status_code == 404
    address.verified = True
    address.save()
    assert "La Marmite solidaire" in client.get(reverse("my_space")).content.decode()
    client.post(accept)
    assert Membership.objects.filter(user=person, organisation=manager.organisation).exists()
    client.force_login(UserFactory())
    assert client.post(accept).status_code == 404


def test_pressed_twice_sends_one_and_a_newer_one_replaces(manager: Membership) -> None:
    first, _path = sent(manager)
    again = invite(organisation=manager.organisation, email="ODILE@marmite.example ", by=manager.user)
    assert again == first
    assert Mail.objects.count() == 1
    Invitation.objects.update(created_at=timezone.now() - datetime.timedelta(hours=1))
    second = invite(organisation=manager.organisation, email="odile@marmite.example", by=manager.user)
    first.refresh_from_db()
    assert first.revoked_at
    assert list(Invitation.objects.open()) == [second]


def test_a_member_isnt_invited_and_an_upgrade_is(client: Client, manager: Membership) -> None:
    member = MembershipFactory(organisation=manager.organisation)
    with pytest.raises(NotPossible, match="fait déjà partie"):
        invite(organisation=manager.organisation, email=member.user.email.upper(), by=manager.user)
    _invitation, path = sent(manager, role="gestionnaire")
    client.force_login(member.user)
    client.post(path)
    member.refresh_from_db()
    assert member.role == "gestionnaire"


def test_accepting_answers_a_waiting_request(client: Client, manager: Membership) -> None:
    asked = JoinRequestFactory(organisation=manager.organisation)
    _invitation, path = sent(manager)
    client.force_login(asked.user)
    client.post(path)
    asked.refresh_from_db()
    assert asked.status == "accepted"


def test_a_new_organisation_writes_to_few_addresses(manager: Membership) -> None:
    manager.organisation.status = "submitted"
    manager.organisation.save()
    for n in range(5):
        invite(organisation=manager.organisation, email=f"x{n}@essai.example", by=manager.user)
    with pytest.raises(NotPossible, match="5 invitations"):
        invite(organisation=manager.organisation, email="x9@essai.example", by=manager.user)
    assert Mail.objects.filter(event__startswith="invited:").count() == 5


@pytest.mark.parametrize("role", ["membre", None, "ailleurs"])
def test_only_managers_invite_and_revoke(client: Client, manager: Membership, role: str | None) -> None:
    if role == "ailleurs":
        person = MembershipFactory(role="gestionnaire").user
    else:
        person = MembershipFactory(organisation=manager.organisation).user if role else UserFactory()
    invitation, _path = sent(manager)
    with pytest.raises(PermissionDenied):
        invite(organisation=manager.organisation, email="a@b.example", by=person)
    with pytest.raises(PermissionDenied):
        revoke_invitation(invitation=invitation, by=person)
    client.force_login(person)
    slug = manager.organisation.slug
    assert (
        client.post(reverse("team_invite", args=[slug]), {"email": "a@b.example", "role": "membre"}).status_code == 403
    )
    assert client.post(reverse("team_revoke", args=[slug, invitation.pk])).status_code == 403
    if role == "ailleurs":
        own = Membership.objects.get(user=person).organisation.slug
        assert client.post(reverse("team_revoke", args=[own, invitation.pk])).status_code == 404
    assert Invitation.objects.open().count() == 1


def test_inviting_by_the_page(client: Client, manager: Membership) -> None:
    client.force_login(manager.user)
    page = reverse("team_invite", args=[manager.organisation.slug])
    wrong = client.post(page, {"email": "odile@", "role": "membre"})
    assert wrong.status_code == 422
    assert 'value="odile@"' in wrong.content.decode()
    assert client.post(page, {"email": "a@b.example", "role": "reine"}).status_code == 422
    assert client.post(page, {"email": "a@b.example", "role": "membre"}).status_code == 302
    invitation = Invitation.objects.get()
    team = reverse("organisation_team", args=[manager.organisation.slug])
    assert "a@b.example" in client.get(team).content.decode()
    for _twice in range(2):
        client.post(reverse("team_revoke", args=[manager.organisation.slug, invitation.pk]))
    assert "déjà été acceptée ou retirée" in client.get(team).content.decode()


def test_who_invited_is_told_once_that_it_is_accepted(client: Client, manager: Membership) -> None:
    invitation, path = sent(manager)
    nadia = UserFactory(name="Nadia")
    client.force_login(nadia)
    for _press in range(2):
        client.post(path)
    told = Mail.objects.get(event=f"invitation-accepted:{invitation.pk}")
    assert (told.to, told.subject) == (manager.user.email, "Nadia a rejoint La Marmite solidaire")
    assert reverse("organisation_team", args=[manager.organisation.slug]) in told.html


def test_who_invited_and_left_since_is_not_told(client: Client, manager: Membership) -> None:
    _invitation, path = sent(manager)
    MembershipFactory(organisation=manager.organisation, role="gestionnaire")
    manager.delete()
    client.force_login(UserFactory())
    assert client.post(path).status_code == 302
    assert not Mail.objects.filter(event__startswith="invitation-accepted").exists()


def test_the_history_says_who_came_but_never_by_which_link(client: Client, manager: Membership) -> None:
    _invitation, path = sent(manager)
    client.force_login(UserFactory())
    client.post(path)
    addresses = [context.metadata.get("url", "") for context in Context.objects.all()]
    assert "/invitations/" in addresses
    assert not any(path.split("/")[2] in address for address in addresses)
