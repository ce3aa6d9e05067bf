"""Opening an account: verified address, consents, nobody learns who has one, too many are refused politely."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import Consent, Mail, User
from tests.accounts.people import CountingHasher, code_for, is_in, sign_in, sign_up, someone

pytestmark = pytest.mark.django_db


def test_the_code_received_opens_the_account(client: Client) -> None:
    answer = sign_up(client)
    assert answer.status_code == 302
    assert answer.url == "/compte/inscription/verifier/"
    assert not is_in(client)
    answer = client.post("/compte/inscription/verifier/", {"code": code_for("ana@ici.example")})
    assert answer.url == "/mon-espace/"
    assert is_in(client)
    user = User.objects.get(email="ana@ici.example")
    assert user.name == "Ana Silva"
    assert user.emailaddress_set.get().verified


def test_an_account_not_verified_does_not_open(client: Client) -> None:
    sign_up(client)
    other = Client()
    sign_in(other)
    assert not is_in(other)
    assert other.get("/compte/profil/").status_code == 302


def test_what_one_agrees_to_is_recorded_purpose_by_purpose(client: Client, settings) -> None:
    settings.CONSENT_VERSION = "2031-02"
    sign_up(client, news=None)
    sign_up(Client(), "luc@ici.example", news="on")
    given = set(Consent.objects.values_list("user__email", "purpose", "version"))
    assert given == {
        ("ana@ici.example", "conditions", "2031-02"),
        ("luc@ici.example", "conditions", "2031-02"),
        ("luc@ici.example", "nouvelles", "2031-02"),
    }


def test_without_the_terms_there_is_no_account_and_nothing_typed_is_lost(client: Client) -> None:
    answer = sign_up(client, terms=None)
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "cochez la case pour continuer" in page
    assert 'href="#id_terms"' in page
    assert 'value="ana@ici.example"' in page
    assert 'value="Ana Silva"' in page
    assert not User.objects.exists()
    assert not Mail.objects.exists()


@pytest.mark.parametrize(
    ("field", "value"),
    [("email", "pas une adresse"), ("email", ""), ("password1", "court"), ("password1", "12345678901"), ("name", "")],
)
def test_what_is_missing_is_said_in_french(client: Client, field: str, value: str) -> None:
    page = sign_up(client, **{field: value}).content.decode()
    assert f'id="id_{field}_error"' in page
    assert "This " not in page
    assert "Enter " not in page
    assert not User.objects.exists()


def test_an_address_that_has_an_account_gets_the_same_answer_in_the_same_time(client: Client, settings) -> None:
    settings.PASSWORD_HASHERS = ["tests.accounts.people.CountingHasher"]
    someone("deja@ici.example")
    answers, hashed, pages = [], [], []
    for email in ("deja@ici.example", "neuve@ici.example"):
        visitor = Client()
        CountingHasher.count = 0
        answer = sign_up(visitor, email)
        hashed.append(CountingHasher.count)
        answers.append((answer.status_code, answer.url))
        pages.append(visitor.get(answer.url).content.decode().replace(email, "…"))
        wrong = visitor.post(answer.url, {"code": "XXXX-XXXX"})
        answers.append((wrong.status_code, "pas le bon code" in wrong.content.decode()))
    assert answers[:2] == answers[2:]
    assert hashed[0] == hashed[1] >= 1
    assert _without_tokens(pages[0]) == _without_tokens(pages[1])
    told = Mail.objects.get(to="deja@ici.example")
    assert "déjà un compte" in told.subject
    assert User.objects.filter(email="deja@ici.example").count() == 1


def _without_tokens(page: str) -> list[str]:
    return [line for line in page.splitlines() if "csrfmiddlewaretoken" not in line]


def test_a_hundred_sign_ups_a_minute_are_refused_politely() -> None:
    answers = [sign_up(Client(), f"robot{n}@ici.example", password1="x") for n in range(100)]
    kinds = [a.status_code for a in answers]
    assert kinds.count(429) == 80
    page = answers[-1].content.decode()
    assert "Attendez une minute" in page
    assert "ce que vous avez tapé y est encore" in page


def test_the_address_is_matched_whatever_its_case(client: Client) -> None:
    someone("ana@ici.example")
    sign_up(client, "Ana@ICI.example")
    assert User.objects.count() == 1
