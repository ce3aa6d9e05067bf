"""A story in a real browser, on a phone: an account opened, used, taken away and closed; a passkey; the keyboard."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.core.cache import cache
from django.db import connection

from accounts.models import User
from tests.accounts.people import PASSWORD, alone, empty_queue, someone

pytestmark = pytest.mark.django_db(transaction=True)
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]


@pytest.fixture
def page(chromium: str, monkeypatch: pytest.MonkeyPatch, live_server: Any) -> Iterator[Any]:
    """A phone, 360 px wide, at the portal’s door."""
    from playwright.sync_api import sync_playwright

    monkeypatch.setenv(
        "DJANGO_ALLOW_ASYNC_UNSAFE", "true"
    )  # the browser’s loop runs in this thread; we query beside it
    cache.clear()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        context = browser.new_context(
            viewport={"width": 360, "height": 800}, reduced_motion="reduce", base_url=live_server.url
        )
        yield context.new_page()
        browser.close()
        connection.close()  # the one that this loop opened beside the test’s own
    empty_queue()
    cache.clear()
    alone()


def look(page: Any) -> None:
    """The page fits, and axe finds nothing, in both themes."""
    page.wait_for_load_state()
    # a locator waits: a page that is being left has no width
    assert page.locator("html").evaluate("html => html.scrollWidth") <= page.viewport_size["width"], page.url
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
        assert [(v["id"], v["nodes"][0]["html"]) for v in found] == [], f"{page.url} ({theme})"
    page.emulate_media(color_scheme="light")


def code_read_in_the_outbox(page: Any, email: str) -> str:
    reader = page.context.new_page()
    reader.goto(f"/courriels/?a={email}")
    look(reader)
    reader.locator("ul.rows a").first.click()
    look(reader)
    text = reader.locator(".mail-text").inner_text()
    reader.close()
    found = re.search(r"^\s*([A-Z0-9]{3,5}-[A-Z0-9]{3,5})\s*$", text, re.M)
    assert found, text
    return found.group(1)


def test_an_account_from_its_opening_to_its_closing(page: Any, settings: Any) -> None:
    settings.DEMO = True
    email = "ana.silva@ici.example"

    page.goto("/")
    page.get_by_role("button", name="Menu").click()
    page.get_by_role("link", name="Me connecter").first.click()
    look(page)
    page.get_by_role("link", name="Ouvrir un compte").click()
    look(page)
    page.get_by_role("button", name="Ouvrir mon compte").click()
    look(page)  # with its errors
    page.locator(".alert-danger a").first.click()  # the summary leads to the field
    assert page.evaluate("document.activeElement.id") == "id_name"
    page.keyboard.type("Ana Silva")
    page.keyboard.press("Tab")
    page.keyboard.type(email)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.get_by_label("J’accepte").check()
    page.keyboard.press("Enter")

    page.get_by_role("heading", name="Regardez vos courriels").wait_for()
    look(page)
    page.get_by_label("Code").fill(code_read_in_the_outbox(page, email).lower())
    page.keyboard.press("Enter")
    page.wait_for_url("**/mon-espace/")

    for path in ("profil", "securite", "accords", "mes-donnees", "double-verification", "sessions", "courriel"):
        page.goto(f"/compte/{path}/")
        look(page)
    page.goto("/compte/profil/")
    page.get_by_label("Votre fonction").fill("coordination")
    page.get_by_label("Votre téléphone").fill("450 555-0199")
    page.get_by_role("button", name="Enregistrer").click()
    page.get_by_text("cochez la case, ou effacez le numéro").first.wait_for()
    assert page.get_by_label("Votre téléphone").input_value() == "450 555-0199"
    page.get_by_label("J’accepte que le portail garde").check()
    page.get_by_role("button", name="Enregistrer").click()
    page.get_by_text("Votre profil est enregistré").wait_for()

    page.goto("/compte/mes-donnees/")
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Télécharger mes données").click()
    with zipfile.ZipFile(io.BytesIO(waiting.value.path().read_bytes())) as archive:
        assert json.loads(archive.read("compte.json"))[0]["telephone"] == "450 555-0199"

    page.get_by_role("link", name="Fermer mon compte").click()
    look(page)
    page.get_by_label("Mot de passe").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Fermer mon compte").wait_for()
    look(page)
    page.get_by_label("Je comprends").check()
    page.get_by_role("button", name="Fermer mon compte pour de bon").click()
    page.get_by_role("heading", name="Votre compte est fermé").wait_for()
    look(page)
    closed = User.objects.get()
    assert (closed.name, closed.phone, closed.is_active) == ("", "", False)
    page.goto("/compte/profil/")
    assert "/compte/connexion/" in page.url


def test_a_passkey_is_added_then_opens_the_account_alone(page: Any) -> None:
    """A virtual authenticator of the browser stands for the finger on the phone."""
    someone("ana@ici.example")
    devices = page.context.new_cdp_session(page)
    devices.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
        "isUserVerified": True, "automaticPresenceSimulation": True,
    }  # fmt: skip
    devices.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    page.goto("/compte/connexion/")
    page.get_by_label("Courriel").fill("ana@ici.example")
    page.get_by_label("Mot de passe").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/mon-espace/")
    page.goto("/compte/double-verification/cles/ajouter/")
    page.get_by_label("Mot de passe").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Ajouter cette clé").wait_for()
    look(page)
    page.get_by_label("Nom de la clé").fill("Téléphone")
    page.get_by_role("button", name="Ajouter cette clé").click()
    page.get_by_text("La clé est ajoutée").wait_for()
    look(page)
    page.goto("/compte/double-verification/cles/")
    page.get_by_text("Téléphone").wait_for()
    look(page)

    page.goto("/compte/deconnexion/")
    look(page)
    page.get_by_role("main").get_by_role("button", name="Me déconnecter").click()
    page.goto("/compte/connexion/")
    page.get_by_role("button", name="Utiliser une clé d’accès").click()
    page.wait_for_url("**/mon-espace/")


def test_a_curator_sets_up_an_application_of_codes(page: Any, settings: Any) -> None:
    from tests.accounts.test_sign_in import totp_code

    settings.REQUIRE_STAFF_MFA = True
    someone("curation@ici.example", admin=True)
    page.goto("/admin/")
    page.get_by_label("Courriel").fill("curation@ici.example")
    page.get_by_label("Mot de passe").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_text("Votre rôle demande une double vérification").wait_for()
    page.get_by_role("link", name="Ajouter une application").click()
    page.get_by_label("Mot de passe").fill(PASSWORD)
    page.keyboard.press("Enter")
    secret = page.locator("dd code").inner_text()
    look(page)
    page.get_by_label("Code").fill(totp_code(secret))
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Codes de secours").wait_for()
    look(page)
    assert page.locator(".codes li").count() == 10
    page.goto("/admin/")
    assert page.title().startswith("Site") or "admin" in page.url
    assert page.url.endswith("/admin/")
