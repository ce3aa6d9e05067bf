"""Signing in by password or by code, forgetting one’s password, the team’s second factor, sessions."""

from __future__ import annotations

import time

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from allauth.usersessions.models import UserSession
from django.test import Client

from accounts.models import Mail
from tests.accounts.people import PASSWORD, CountingHasher, code_for, confirm, is_in, sign_in, someone

pytestmark = pytest.mark.django_db


def totp_code(secret: str) -> str:
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))


def test_by_password(client: Client) -> None:
    someone()
    assert sign_in(client).url == "/mon-espace/"
    assert is_in(client)


def test_staying_signed_in_is_asked(client: Client) -> None:
    someone()
    sign_in(client)
    assert client.session.get_expire_at_browser_close()
    other = Client()
    sign_in(other, remember="on")
    assert not other.session.get_expire_at_browser_close()


def test_one_goes_where_one_was_going_and_nowhere_else(client: Client) -> None:
    someone()
    assert sign_in(client, next="/compte/profil/").url == "/compte/profil/"
    other = Client()
    assert sign_in(other, next="https://ailleurs.example/").url == "/mon-espace/"


def test_a_wrong_password_tells_nothing_more_than_an_unknown_address(settings) -> None:
    settings.PASSWORD_HASHERS = ["tests.accounts.people.CountingHasher"]
    someone("connue@ici.example")
    pages, hashed = [], []
    for email in ("connue@ici.example", "inconnue@ici.example"):
        CountingHasher.count = 0
        answer = sign_in(Client(), email, "mauvais mot de passe")
        hashed.append(CountingHasher.count)
        pages.append(
            [
                line
                for line in answer.content.decode().replace(email, "…").splitlines()
                if "csrfmiddlewaretoken" not in line
            ]
        )
    assert pages[0] == pages[1]
    assert any("ne vont pas ensemble" in line for line in pages[0])
    assert hashed[0] == hashed[1] == 1


def test_new_terms_are_asked_at_the_next_sign_in_and_once(client: Client, settings) -> None:
    someone()
    settings.CONSENT_VERSION = "2031-01"
    assert sign_in(client).url == "/compte/accords/"
    client.post("/compte/accords/", {"purpose": "conditions", "action": "give"})
    assert sign_in(Client()).url == "/mon-espace/"


def test_guessing_is_stopped(client: Client) -> None:
    someone()
    for _n in range(5):
        sign_in(client, password="au hasard")
    page = sign_in(client).content.decode()
    assert "Trop d’essais" in page
    assert not is_in(client)


def test_by_a_code_received_by_mail(client: Client) -> None:
    someone()
    answer = client.post("/compte/connexion/code/", {"email": "ana@ici.example"})
    assert answer.url == "/compte/connexion/code/confirmer/"
    wrong = client.post(answer.url, {"code": "XXXX-XXXX"})
    assert "pas le bon code" in wrong.content.decode()
    assert client.post(answer.url, {"code": code_for("ana@ici.example")}).url == "/mon-espace/"
    assert is_in(client)


def test_a_code_serves_once(client: Client) -> None:
    someone()
    client.post("/compte/connexion/code/", {"email": "ana@ici.example"})
    code = code_for("ana@ici.example")
    client.post("/compte/connexion/code/confirmer/", {"code": code})
    other = Client()
    other.post("/compte/connexion/code/confirmer/", {"code": code})
    assert not is_in(other)


def test_an_unknown_address_gets_the_same_answer_for_a_code() -> None:
    someone("connue@ici.example")
    urls = [
        Client().post("/compte/connexion/code/", {"email": e}).url
        for e in ("connue@ici.example", "inconnue@ici.example")
    ]
    assert urls[0] == urls[1]
    assert "Aucun compte" in Mail.objects.get(to="inconnue@ici.example").subject


def test_a_forgotten_password_is_changed_by_a_code(client: Client) -> None:
    user = someone()
    answer = client.post("/compte/mot-de-passe/oublie/", {"email": "ana@ici.example"})
    answer = client.post(answer.url, {"code": code_for("ana@ici.example")})
    new = "une autre phrase bien longue"
    client.post(answer.url, {"password1": new, "password2": new})
    user.refresh_from_db()
    assert user.check_password(new)
    assert "a été changé" in Mail.objects.filter(to=user.email).first().subject


def test_forgetting_tells_nothing_of_who_has_an_account() -> None:
    someone("connue@ici.example")
    answers = []
    for email in ("connue@ici.example", "inconnue@ici.example"):
        visitor = Client()
        answer = visitor.post("/compte/mot-de-passe/oublie/", {"email": email})
        page = visitor.get(answer.url).content.decode().replace(email, "…")
        answers.append((answer.url, [line for line in page.splitlines() if "csrfmiddlewaretoken" not in line]))
    assert answers[0] == answers[1]


@pytest.mark.parametrize("path", ["/moderation/", "/admin/", "/admin/accounts/user/"])
def test_the_team_sets_up_a_second_factor_before_anything_else(client: Client, settings, path: str) -> None:
    settings.REQUIRE_STAFF_MFA = True
    client.force_login(someone(staff=True))
    assert client.get(path).url == "/compte/double-verification/"
    assert "Votre rôle demande une double vérification" in client.get("/compte/double-verification/").content.decode()


def test_an_administrator_without_the_flag_of_the_team_is_no_exception(client: Client, settings) -> None:
    settings.REQUIRE_STAFF_MFA = True
    client.force_login(someone(admin=True))
    assert client.get("/admin/").url == "/compte/double-verification/"


def test_recovery_codes_alone_are_no_second_factor(client: Client, settings) -> None:
    settings.REQUIRE_STAFF_MFA = True
    user = someone(admin=True)
    Authenticator.objects.create(user=user, type=Authenticator.Type.RECOVERY_CODES, data={})
    client.force_login(user)
    assert client.get("/admin/").status_code == 302


def test_the_demonstration_and_the_others_are_not_asked(client: Client, settings) -> None:
    settings.REQUIRE_STAFF_MFA = False
    client.force_login(someone(admin=True))
    assert client.get("/admin/").status_code == 200


def test_with_a_second_factor_the_administration_opens_and_the_password_alone_does_not(settings) -> None:
    settings.REQUIRE_STAFF_MFA = True
    user = someone(admin=True)
    secret = generate_totp_secret()
    TOTP.activate(user, secret)
    client = Client()
    answer = sign_in(client)
    assert answer.url == "/compte/double-verification/connexion/"
    assert not is_in(client)
    assert client.get("/admin/").status_code == 302
    client.post(answer.url, {"code": "000000" if totp_code(secret) != "000000" else "111111"})
    assert not is_in(client)
    client.post(answer.url, {"code": totp_code(secret)})
    assert is_in(client)
    assert client.get("/admin/").status_code == 200


def test_a_code_by_mail_does_not_replace_the_second_factor(settings) -> None:
    user = someone(admin=True)
    TOTP.activate(user, generate_totp_secret())
    client = Client()
    answer = client.post("/compte/connexion/code/", {"email": user.email})
    answer = client.post(answer.url, {"code": code_for(user.email)})
    assert answer.url == "/compte/double-verification/connexion/"
    assert not is_in(client)


def test_the_administration_has_no_door_of_its_own(client: Client) -> None:
    someone(admin=True)
    assert client.get("/admin/login/").url.startswith("/compte/connexion/")
    client.post("/admin/login/", {"username": "ana@ici.example", "password": PASSWORD})
    assert not is_in(client)


def test_the_team_keeps_a_second_factor(settings) -> None:
    settings.REQUIRE_STAFF_MFA = True
    user = someone(admin=True)
    secret = generate_totp_secret()
    TOTP.activate(user, secret)
    client = Client()
    client.post(sign_in(client).url, {"code": totp_code(secret)})
    confirm(client)
    page = client.post("/compte/double-verification/application/retirer/").content.decode()
    assert "ajoutez un autre moyen" in page
    assert Authenticator.objects.filter(user=user, type="totp").exists()


def test_setting_up_an_application_gives_recovery_codes_and_says_so_by_mail(
    client: Client, django_capture_on_commit_callbacks
) -> None:
    user = someone()
    sign_in(client)
    confirm(client)
    address = "/compte/double-verification/application/"
    secret = client.get(address).context["form"].secret
    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post(address, {"code": totp_code(secret)})
    assert answer.status_code == 302
    page = client.get("/compte/double-verification/secours/").content.decode()
    codes = Authenticator.objects.get(user=user, type="recovery_codes").wrap().get_unused_codes()
    assert len(codes) == 10
    assert all(code in page for code in codes)
    assert Mail.objects.filter(to=user.email, subject="Une application de codes protège votre compte").exists()
    assert client.get("/compte/double-verification/secours/codes.txt").content.decode().count("\n") >= 10


def test_one_sees_one_s_sessions_and_closes_the_others() -> None:
    user = someone()
    here, there = Client(HTTP_USER_AGENT="Mozilla Firefox/130 Android"), Client()
    sign_in(here)
    sign_in(there)
    page = here.get("/compte/sessions/").content.decode()
    assert "Firefox, Android" in page
    assert UserSession.objects.filter(user=user).count() == 2
    here.post("/compte/sessions/")
    assert there.get("/compte/profil/").status_code == 302
    assert here.get("/compte/profil/").status_code == 200


def test_a_new_address_serves_only_once_its_code_is_typed(client: Client) -> None:
    user = someone()
    sign_in(client)
    answer = client.post("/compte/courriel/", {"email": "neuve@ici.example", "action_add": ""})
    user.refresh_from_db()
    assert user.email == "ana@ici.example"
    client.post(answer.url, {"code": code_for("neuve@ici.example")})
    user.refresh_from_db()
    assert user.email == "neuve@ici.example"
    assert Mail.objects.filter(to="ana@ici.example", subject="L’adresse de votre compte a changé").exists()


@pytest.mark.parametrize("path", ["/compte/", "/compte/profil/", "/compte/mes-donnees/", "/compte/fermer/"])
def test_a_visitor_is_sent_to_sign_in(client: Client, path: str) -> None:
    assert client.get(path).url.startswith("/compte/connexion/")
