"""What the tests of accounts share: people who can sign in, the codes they receive, a hasher that counts."""

from __future__ import annotations

import re
import time
from typing import Any

from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import MD5PasswordHasher
from django.db import connection
from django.test import Client

from accounts import consents
from accounts.models import Mail, User
from accounts.models.consent import Purpose
from tests.factories import UserFactory

PASSWORD = "une phrase bien longue"


class CountingHasher(MD5PasswordHasher):
    """Hashing is what takes time: as many of them, the same class of time."""

    algorithm = "md5"
    count = 0

    def encode(self, password: str, salt: str) -> str:
        CountingHasher.count += 1
        return super().encode(password, salt)


def empty_queue() -> None:
    """Procrastinate’s tables are not Django’s to flush after a test without a transaction."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_periodic_defers; DELETE FROM procrastinate_jobs")


def alone() -> None:
    """Wait until nobody else is in the test database: the threads of a live server end after its browser."""
    for _n in range(100):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            if cursor.fetchone() == (0,):
                return
        time.sleep(0.05)


def someone(email: str = "ana@ici.example", **more: Any) -> User:
    """A person whose address is verified, and who agreed to the terms."""
    user = UserFactory(email=email, password=PASSWORD, **more)
    EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    consents.give(by=user, purpose=Purpose.TERMS)
    return user


def code_for(email: str) -> str:
    """The code of the last e-mail to this address."""
    text = Mail.objects.filter(to=email).first().text
    found = re.search(r"^\s{2,}(\S+)\s*$", "\n" + text, re.MULTILINE) or re.search(r"^([A-Z0-9-]{6,})$", text, re.M)
    assert found, text
    return found.group(1)


def sign_up(client: Client, email: str = "ana@ici.example", **more: Any) -> Any:
    data = {"name": "Ana Silva", "email": email, "password1": PASSWORD, "terms": "on", **more}
    return client.post("/compte/inscription/", {k: v for k, v in data.items() if v is not None})


def sign_in(client: Client, email: str = "ana@ici.example", password: str = PASSWORD, **more: Any) -> Any:
    return client.post("/compte/connexion/", {"login": email, "password": password, **more})


def confirm(client: Client) -> None:
    """Say again who one is, as sensitive pages ask."""
    client.post("/compte/confirmer/", {"password": PASSWORD})


def is_in(client: Client) -> bool:
    return "_auth_user_id" in client.session
