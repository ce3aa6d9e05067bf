"""What one was typing is kept: by the script, across an expired session, until it is saved; and only for oneself."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.drafts import KEPT_AT_MOST, MAX_BYTES
from accounts.models import Draft
from directory.models import Resource
from tests.directory.typed import filled
from tests.factories import MembershipFactory, ResourceFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def lucie(client: Client, places: Any) -> Any:
    membership = MembershipFactory(organisation__territory=places["beauharnois"])
    client.force_login(membership.user)
    return membership


def key_for(membership: Any, kind: str = "locaux") -> str:
    return f"ressource:nouvelle:{kind}:{membership.organisation_id}"


def keep(client: Client, key: str, **fields: Any) -> Any:
    data = {name: value if isinstance(value, list) else [value] for name, value in fields.items()}
    return client.post(reverse("draft_keep"), json.dumps({"key": key, "data": data}), content_type="application/json")


def test_what_was_typed_is_offered_put_back_and_gone_once_saved(client: Client, lucie: Any) -> None:
    address = reverse("resource_create", args=["locaux"])
    assert "Vous aviez commencé" not in client.get(address).content.decode()
    fields = {"name": "Salle du haut", "equipment": "Piano\nÉcran", "h3_0_o": "10:00", "accessibility": ["ascenseur"],
              "cost_mode": "prix", "price": "12,5", "csrfmiddlewaretoken": "secret", "category": "pas un"}  # fmt: skip
    assert keep(client, key_for(lucie), **fields).json() == {"kept": True}
    assert "csrfmiddlewaretoken" not in Draft.objects.get().data
    page = client.get(address).content.decode()
    assert "Reprendre ce que vous aviez tapé" in page
    assert "Salle du haut" not in page
    page = client.get(address + "?reprendre=1").content.decode()
    for words in ('value="Salle du haut"', "Piano\nÉcran", 'value="10:00"', 'value="12,5"'):
        assert words in page
    assert page.count(" checked") == 3  # the lift, the price, everyone
    assert client.post(address, filled("locaux", lucie)).status_code == 302
    assert not Draft.objects.exclude(key__startswith="fait:").exists()


def test_a_draft_can_be_thrown_away(client: Client, lucie: Any) -> None:
    keep(client, key_for(lucie), name="Salle")
    address = reverse("resource_create", args=["locaux"])
    response = client.post(reverse("draft_forget"), {"key": key_for(lucie), "next": address})
    assert response.headers["Location"] == address
    assert not Draft.objects.exists()
    away = client.post(reverse("draft_forget"), {"key": "x", "next": "https://ailleurs.example/"})
    assert away.headers["Location"] == reverse("my_space")


def test_a_form_sent_after_the_session_expired_is_there_after_signing_in(client: Client, lucie: Any) -> None:
    address = reverse("resource_create", args=["locaux"])
    late = Client()
    response = late.post(address, filled("locaux", lucie, name="Salle tardive"))
    assert response.status_code == 302
    assert response.headers["Location"].startswith(reverse("account_login") + "?next=")
    assert not Resource.objects.exists()
    # Signing in keeps what the anonymous session held.
    from django.contrib.auth import login
    from django.http import HttpRequest

    request = HttpRequest()
    request.session = late.session
    request.META["REMOTE_ADDR"] = "127.0.0.1"
    login(request, lucie.user, backend="allauth.account.auth_backends.AuthenticationBackend")
    request.session.save()
    late.cookies["sessionid"] = request.session.session_key
    page = late.get(address).content.decode()
    assert "Reprendre ce que vous aviez tapé" in page
    assert "Salle tardive" in late.get(address + "?reprendre=1").content.decode()


def test_an_expired_edit_tells_nothing_about_the_entry(client: Client, db: None) -> None:
    hidden = ResourceFactory(status="draft", published_at=None)
    answers = [client.post(reverse("resource_edit", args=[slug]), {"name": "x"}) for slug in (hidden.slug, "rien")]
    assert [a.status_code for a in answers] == [302, 302]
    assert hidden.name not in answers[0].content.decode()


def test_the_draft_of_an_edit_knows_when_it_is_outdated(client: Client, lucie: Any) -> None:
    resource = ResourceFactory(organisation=lucie.organisation, kind="humain")
    address = reverse("resource_edit", args=[resource.slug])
    versions = client.get(address).context["versions"]
    keep(client, f"ressource:{resource.pk}", name="Nom tapé hier", versions=versions)
    Resource.objects.filter(pk=resource.pk).update(name="Nom d’un autre")
    page = client.get(address + "?reprendre=1")
    assert page.context["versions"] == versions
    assert "Nom tapé hier" in page.content.decode()
    fresh = client.get(address).context["versions"]
    assert fresh != versions


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"[]", 400),
        (b'{"key": "a"}', 400),
        (b'{"key": 3, "data": {}}', 400),
        (b'{"key": "a", "data": []}', 400),
        (b'{"key": "fait:1", "data": {"a": ["b"]}}', 400),
        (b'{"key": "../x", "data": {"a": ["b"]}}', 400),
        (b'{"key": "a", "data": {"a": ["nul\\u0000"]}}', 400),
        (b"\xff\xfe", 400),
        (b'{"key": "a", "data": {"a": ["' + b"x" * (MAX_BYTES + 5000) + b'"]}}', 413),
        (b'{"key": "a", "data": {"a": ["' + "é".encode() * (MAX_BYTES // 2 - 200) + b'"]}}', 413),
    ],
)
def test_what_can_not_be_kept_is_refused_without_a_fault(client: Client, lucie: Any, body: bytes, status: int) -> None:
    response = client.post(reverse("draft_keep"), body, content_type="application/json")
    assert response.status_code == status
    assert response.json()["error"]
    assert not Draft.objects.exists()


def test_drafts_belong_to_their_author(client: Client, lucie: Any) -> None:
    keep(client, key_for(lucie), name="Le secret de Lucie")
    marc = MembershipFactory(organisation=lucie.organisation).user
    client.force_login(marc)
    page = client.get(reverse("resource_create", args=["locaux"]) + "?reprendre=1").content.decode()
    assert "Le secret de Lucie" not in page
    keep(client, key_for(lucie), name="Celui de Marc")
    assert Draft.objects.count() == 2
    client.post(reverse("draft_forget"), {"key": key_for(lucie)})
    assert Draft.objects.get().user == lucie.user


def test_nobody_anonymous_keeps_anything_and_the_page_is_told(client: Client, db: None) -> None:
    response = keep(client, "a", name="x")
    assert (response.status_code, response.json()["error"]) == (401, "Votre session est terminée.")
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(UserFactory())
    assert keep(strict, "a", name="x").status_code == 403


def test_only_the_latest_drafts_stay(client: Client, lucie: Any) -> None:
    for n in range(KEPT_AT_MOST + 3):
        keep(client, f"cle-{n}", name="x")
    assert Draft.objects.count() == KEPT_AT_MOST
    assert not Draft.objects.filter(key="cle-0").exists()
