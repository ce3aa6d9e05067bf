"""A person signs in by e-mail, whatever its case, and no two people share one."""

from __future__ import annotations

import pytest
from django.contrib.auth import authenticate
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.test import Client

from accounts.models import User
from tests.accounts.people import PASSWORD, sign_in, someone
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db
SECRET = "phrase de passe bien longue"


@pytest.mark.parametrize("typed", ["ana@essai.example", "ANA@essai.example", "Ana@Essai.EXAMPLE"])
def test_sign_in_whatever_the_case(client: Client, typed: str) -> None:
    user = someone("ana@essai.example")
    someone("autre@essai.example")
    assert authenticate(username=typed, password=PASSWORD) == user
    assert sign_in(client, typed).url == "/mon-espace/"
    assert client.session["_auth_user_id"] == str(user.pk)


def test_an_address_kept_in_capitals_signs_in_too() -> None:
    user = User(email="Ana@Essai.example")  # as an import could have written it
    user.set_password(SECRET)
    user.save()
    assert authenticate(username="ana@essai.example", password=SECRET) == user


@pytest.mark.parametrize(
    ("typed", "password"),
    [
        ("ana@essai.example", "mauvaise phrase"),
        ("ana@essai.example", ""),
        ("inconnue@essai.example", SECRET),
        ("", SECRET),
        ("Ana", SECRET),  # her name is not her address
        ("ana_essai.example", SECRET),
        ("%", SECRET),
    ],
)
def test_nobody_else_gets_in(client: Client, typed: str, password: str) -> None:
    UserFactory(email="ana@essai.example", name="Ana", password=SECRET, staff=True)
    assert authenticate(username=typed, password=password) is None
    assert sign_in(client, typed, password).status_code == 200
    assert "_auth_user_id" not in client.session


def test_a_nul_in_the_address_is_refused_not_a_fault(client: Client) -> None:
    assert sign_in(client, "ana\x00@essai.example", SECRET).status_code == 200
    assert "_auth_user_id" not in client.session


def test_a_closed_account_stays_out() -> None:
    UserFactory(email="ana@essai.example", password=SECRET, is_active=False)
    assert authenticate(username="ana@essai.example", password=SECRET) is None


def test_an_account_without_a_password_cannot_sign_in() -> None:
    user = User.objects.create_user("ana@essai.example")
    assert not user.has_usable_password()
    assert authenticate(username="ana@essai.example", password="") is None


def test_the_manager_keeps_addresses_in_lower_case() -> None:
    assert User.objects.create_user(" Ana@Essai.EXAMPLE ", SECRET).email == "ana@essai.example"
    with pytest.raises(ValueError, match="courriel est requise"):
        User.objects.create_user("")
    admin = User.objects.create_superuser("admin@essai.example", SECRET)
    assert admin.is_staff
    assert admin.is_superuser


@pytest.mark.parametrize("again", ["ana@essai.example", "ANA@essai.example", "ana@Essai.Example"])
def test_an_address_belongs_to_one_person_whatever_the_case(again: str) -> None:
    UserFactory(email="ana@essai.example")
    other = UserFactory(email="autre@essai.example")
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.bulk_create([User(email=again)])
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.filter(pk=other.pk).update(email=again)
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.create_user(again, SECRET)
    other.email = again
    with pytest.raises(ValidationError) as caught:
        other.full_clean()
    assert "existe déjà" in " ".join(caught.value.messages)
    assert User.objects.count() == 2


def test_what_a_person_is_called() -> None:
    assert str(UserFactory(name="Ana", email="ana@essai.example")) == "Ana"
    assert str(UserFactory(name="", email="bea@essai.example")) == "bea@essai.example"
