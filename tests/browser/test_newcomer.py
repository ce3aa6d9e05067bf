"""From nothing to a published hall, on a phone: an account, an organisation, two photos, the curator’s yes."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Mail
from directory.models import Organisation, Resource
from tests.directory.pictures import picture
from tests.factories import CategoryFactory, CuratorshipFactory, a_small_country

pytestmark = pytest.mark.django_db(transaction=True)
EMAIL = "ines@atelier.example"


def test_someone_new_shares_a_hall_and_a_curator_says_yes(
    phone_of: Callable[..., Any], fits: Callable[[Any], None]
) -> None:
    places = a_small_country()
    CategoryFactory(kind="locaux", name="Salle de réunion")
    curator = CuratorshipFactory(territory=places["mrc-beauharnois-salaberry"]).user
    phone = phone_of()

    # She wants to offer something: an account first, and back to what she wanted.
    phone.goto(reverse("resource_offer"))
    phone.get_by_role("link", name="Ouvrir un compte").click()
    phone.get_by_label("Votre nom").fill("Inès Roy")
    phone.get_by_role("textbox", name="Courriel").fill(EMAIL)
    phone.get_by_label("Mot de passe").fill("une-phrase-bien-longue-42")
    phone.get_by_label("J’accepte").check()
    phone.get_by_role("button", name="Ouvrir mon compte").click()
    phone.get_by_role("heading", name="Regardez vos courriels").wait_for()
    code = re.search(r"^\s*([A-Z0-9]{3,5}-[A-Z0-9]{3,5})\s*$", Mail.objects.get(to=EMAIL).text, re.MULTILINE)
    assert code
    phone.get_by_label("Code").fill(code[1])
    phone.get_by_role("button", name="Vérifier mon adresse").click()
    phone.wait_for_url("**" + reverse("resource_offer"))
    fits(phone)

    # One offers in the name of an organisation: hers is new here.
    phone.get_by_role("main").get_by_role("link", name="Inscrire").first.click()
    phone.fill("[name=name]", "Atelier vélo du Canal")
    phone.fill("[name=territory]", "Salaberry-de-Valleyfield")
    phone.fill("[name=mission]", "Réparer son vélo soi-même.")
    phone.get_by_role("button", name="Inscrire l’organisme").click()
    phone.wait_for_url("**/equipe/")

    phone.goto(reverse("resource_offer"))
    phone.click("a[data-kind=locaux]")
    phone.fill("[name=name]", "Salle du marché")
    phone.fill("[name=summary]", "Pour vos assemblées.")
    phone.select_option("[name=category]", index=1)
    phone.get_by_role("button", name="Enregistrer et ajouter des photos").click()
    phone.wait_for_url("**/photos/")
    files = [picture("scene.jpg", size=(900, 600)), picture("IMG_1.heic", form="HEIF", size=(900, 600))]
    phone.set_input_files("#photos", [{"name": f.name, "mimeType": "image/jpeg", "buffer": f.read()} for f in files])
    phone.get_by_role("button", name="Téléverser").click()
    phone.get_by_text("2 photos ajoutées.").wait_for()
    phone.get_by_text("attend sa validation").wait_for()
    assert phone.get_by_role("button", name="Publier").count() == 0
    fits(phone)
    hall = Resource.objects.get()
    assert hall.status == "draft"
    assert Client().get(hall.get_absolute_url()).status_code == 404

    # The curator has it in her queue, and says yes.
    desk = phone_of(curator)
    desk.goto("/moderation/")
    assert "Atelier vélo du Canal" in desk.locator("#h-f").inner_text()
    desk.get_by_role("button", name="Publier").click()
    desk.get_by_text("Tout est fait").wait_for()
    assert Organisation.objects.get().status == "published"
    assert Mail.objects.filter(to=EMAIL, event__startswith="decided").exists()

    phone.reload()
    phone.get_by_role("button", name="Publier la fiche").click()
    phone.get_by_text("C’est publié.").wait_for()
    fits(phone)
    assert Client().get(hall.get_absolute_url()).status_code == 200
    assert "Salle du marché" in Client().get(reverse("resource_list")).content.decode()
