"""On a phone: post a hall with two photos from draft to published; and find again what one was typing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from directory.models import Resource
from tests.browser.conftest import windows
from tests.directory.pictures import picture
from tests.factories import CategoryFactory, MembershipFactory, OrganisationFactory, a_small_country

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def membership(db: None) -> Any:
    here = a_small_country()["beauharnois"]
    OrganisationFactory(name="La Maisonnée", territory=here)
    CategoryFactory(kind="locaux", name="Salle de réunion")
    return MembershipFactory(organisation__name="Le Carrefour", organisation__territory=here)


@pytest.fixture
def phone(engine: Any, live_server: Any, membership: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """A page of 360 px, signed in, that fails on an error of the console."""
    monkeypatch.setattr(settings, "MEDIA_ROOT", tmp_path)
    with windows(engine, live_server.url, width=360, is_mobile=True, has_touch=True) as window:
        yield window(membership.user)


def test_a_hall_with_two_photos_from_draft_to_published(phone: Any, fits: Any, membership: Any) -> None:
    phone.goto(reverse("resource_offer"))
    fits(phone)
    phone.click("a[data-kind=locaux]")
    fits(phone)
    phone.fill("[name=name]", "Salle du marché")
    phone.fill("[name=summary]", "Pour vos assemblées.")
    phone.get_by_role("button", name="Enregistrer et ajouter des photos").click()
    assert phone.get_by_role("alert").inner_text().startswith("Rien n’est encore enregistré.")
    assert phone.input_value("[name=name]") == "Salle du marché"
    fits(phone)
    phone.select_option("[name=category]", index=1)
    phone.fill("[name=capacity_seated]", "120")
    assert not phone.is_visible("[name=price]")
    phone.check("[name=cost_mode][value=prix]")
    phone.fill("[name=price]", "25")
    phone.fill("[name=price_unit]", "la demi-journée")
    assert not phone.is_visible("#organismes")
    phone.check("[name=visibility][value=organisations]")
    assert phone.is_visible("#organismes")
    phone.check("[name=visibility][value=everyone]")
    for summary in phone.locator("details.more > summary").all():
        if summary.is_visible():
            summary.click()
    phone.fill("[name=h1_0_o]", "09:00")
    phone.fill("[name=h1_0_f]", "17:00")
    fits(phone)
    phone.get_by_role("button", name="Enregistrer et ajouter des photos").click()

    phone.wait_for_url("**/photos/")
    files = [picture("scene.jpg", size=(900, 600)), picture("IMG_1.heic", form="HEIF", size=(900, 600))]
    phone.set_input_files("#photos", [{"name": f.name, "mimeType": "image/jpeg", "buffer": f.read()} for f in files])
    phone.get_by_role("button", name="Téléverser").click()
    phone.get_by_text("2 photos ajoutées.").wait_for()
    phone.get_by_label("Ce que montre la photo 1").fill("La salle vide")
    phone.get_by_label("Ce que montre la photo 2").fill("La scène")
    phone.get_by_role("button", name="Enregistrer les descriptions").click()
    phone.get_by_text("Les descriptions sont enregistrées.").wait_for()
    fits(phone)
    phone.get_by_role("button", name="Publier la fiche").click()

    phone.get_by_text("C’est publié.").wait_for()
    fits(phone)
    assert phone.get_by_alt_text("La salle vide").evaluate("image => image.naturalWidth") > 0
    hall = Resource.objects.get()
    assert (hall.status, hall.organisation, hall.photos.count()) == ("published", membership.organisation, 2)
    anonymous = Client().get(hall.get_absolute_url()).content.decode()
    assert "25\u00a0$ la demi-journée" in anonymous
    phone.goto(reverse("my_resources"))
    fits(phone)


def test_what_was_typed_survives_a_closed_tab(phone: Any) -> None:
    address = reverse("resource_create", args=["materiel"])
    phone.goto(address)
    with phone.expect_response("**/brouillons/"):
        phone.fill("[name=name]", "Chapiteau blanc")
    phone.get_by_text("Ce que vous tapez est gardé.").wait_for()
    phone.goto("about:blank")
    phone.goto(address)
    phone.get_by_role("link", name="Reprendre ce que vous aviez tapé").click()
    assert phone.input_value("[name=name]") == "Chapiteau blanc"
    phone.goto(address)
    phone.get_by_role("button", name="L’effacer").click()
    phone.get_by_role("button", name="L’effacer").wait_for(state="detached")
    assert phone.get_by_text("Vous aviez commencé").count() == 0


def test_the_form_works_without_a_script(engine: Any, live_server: Any, membership: Any) -> None:
    with windows(engine, live_server.url, width=1280, java_script_enabled=False) as window:
        page = window(membership.user)
        page.goto(reverse("resource_create", args=["locaux"]))
        page.fill("[name=name]", "Bureau partagé")
        page.fill("[name=summary]", "Deux places.")
        page.get_by_role("button", name="Enregistrer et ajouter des photos").click()
        assert page.input_value("[name=summary]") == "Deux places."
        page.select_option("[name=category]", index=1)
        page.get_by_role("button", name="Enregistrer et ajouter des photos").click()
        assert page.url.endswith("/ressources/bureau-partage/photos/")
