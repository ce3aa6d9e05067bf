"""CDC staff publish edition 2 of the premises model, by keyboard and on a phone; a visitor reads what changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings

from tests.factories import CuratorshipFactory, a_small_country
from toolbox import content
from toolbox.models import ModelAgreement

pytestmark = pytest.mark.django_db(transaction=True)
DESK = "/moderation/ententes/pret-de-local/"


def test_staff_publish_the_second_edition(window_of: Callable[..., Any], fits: Callable[[Any], None]) -> None:
    places = a_small_country()
    content.load(settings.FIXTURE_DIRS[0])
    page = window_of(CuratorshipFactory(territory=places["mrc-beauharnois-salaberry"]).user)
    press, focus = page.keyboard.press, "document.activeElement.textContent"

    def send(target: Any, key: str = "Enter") -> None:
        target.focus()
        with page.expect_navigation():
            press(key)

    page.goto("/moderation/ententes/")
    fits(page)
    send(page.get_by_role("link", name="Prêt ou location de local"))
    send(page.get_by_role("button", name="Préparer l’édition 2"))
    fits(page)

    # up twice: the button that was pressed keeps the focus
    third = page.locator(".clauses h3").nth(2).inner_text()
    send(page.get_by_role("button", name=f"Monter : {third}"))
    assert third in page.evaluate(focus)
    with page.expect_navigation():
        press("Enter")
    assert page.locator(".clauses h3").first.inner_text() == third

    # a variable at the caret, a condition, the preview, all without leaving the page
    send(page.locator(".clauses h3 a").nth(3))
    title = page.locator("#id_title").input_value()
    text = page.locator("#id_body")
    text.focus()
    press("Control+Home")
    page.keyboard.insert_text("Le dépôt est de . ")
    for _letter in ". ":
        press("ArrowLeft")
    page.locator("#variable").focus()
    page.keyboard.insert_text("cout.depot")
    press("Enter")
    assert text.input_value().startswith("Le dépôt est de [[cout.depot]]. ")
    assert page.evaluate("document.activeElement.id") == "id_body"
    page.locator("#cas").select_option("prix")
    page.locator("#apercu").get_by_text("Le dépôt est de 100 $.").wait_for()
    page.locator("[name=presence][value=condition]").focus()
    press("Space")
    page.locator("#id_field").select_option("cout.depot")
    page.locator("#id_comparison option[value=contains]").wait_for(state="detached")
    page.locator("#id_comparison").select_option("greater")
    page.locator("#id_value").fill("50,00")
    fits(page)
    send(page.get_by_role("button", name="Enregistrer la clause"))
    assert "deplacee" in page.url, page.locator(".alert, .invalid-feedback").all_inner_texts()
    assert title in page.evaluate(focus)
    assert page.get_by_text("Seulement si : Dépôt de garantie dépasse 50 $").count() == 1

    # a point stands in the way: named, mended, gone
    send(page.get_by_role("link", name="Déclarer une variable"))
    page.locator("#id_label").fill("Couleur des murs")
    page.locator("#id_type").select_option("choice")
    page.locator("#id_choices").fill("Blanc\nBleu")
    fits(page)
    send(page.get_by_role("button", name="Enregistrer la variable"))
    send(page.get_by_role("link", name="Publier l’édition 2"))
    assert page.get_by_text("est déclarée mais aucune clause ne s’en sert").count() == 1
    assert page.get_by_role("button", name="Publier l’édition 2").count() == 0
    send(page.get_by_role("link", name="Revenir à l’édition"))
    send(page.get_by_role("button", name="Retirer : Couleur des murs"))

    send(page.get_by_role("link", name="Publier l’édition 2"))
    page.locator("#id_text").fill("Le dépôt se dit dans la clause qui l’explique.")
    fits(page)
    send(page.get_by_role("button", name="Publier l’édition 2"))
    assert ModelAgreement.objects.get(slug="pret-de-local").current.number == 2

    page.context.clear_cookies()  # a visitor, from the model's page
    page.goto("/boite-a-outils/ententes/pret-de-local/")
    send(page.get_by_role("link", name="Ce qui change dans l’édition 2"))
    assert "Le dépôt est de [Dépôt de garantie]." in page.locator("ins").all_inner_texts()[0]
    assert page.get_by_text("Clause déplacée").count() == 1
    fits(page)
