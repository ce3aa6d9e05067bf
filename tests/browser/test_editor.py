"""CDC staff publish edition 2 of the premises model, by keyboard; a visitor reads what changes; on a phone too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.urls import reverse

from tests.factories import CuratorshipFactory, a_small_country
from toolbox import content, editions
from toolbox.models import Edition, ModelAgreement

pytestmark = pytest.mark.django_db(transaction=True)
SLUG = "pret-de-local"


@pytest.fixture
def draft() -> Edition:
    """Edition 2 of the premises model, begun by the member of staff who goes on with it."""
    places = a_small_country()
    content.load_agreements(settings.FIXTURE_DIRS[0])
    staff = CuratorshipFactory(territory=places["mrc-beauharnois-salaberry"]).user
    draft = editions.prepare(model=ModelAgreement.objects.get(slug=SLUG), by=staff)
    draft.staff = staff  # type: ignore[attr-defined]
    return draft


def at(name: str, *arguments: Any) -> str:
    return reverse(name, args=[SLUG, *arguments])


def test_staff_publish_the_second_edition(draft: Any, wide_of: Callable[..., Any], fits: Callable[[Any], None]) -> None:
    page = wide_of(draft.staff)
    press, focus = page.keyboard.press, "document.activeElement.textContent"

    def send(target: Any, key: str = "Enter") -> None:
        target.focus()
        with page.expect_navigation():
            press(key)

    page.goto(at("edition_desk"))
    assert page.get_by_text("il n’y a rien à publier").count() == 1
    fits(page)

    # up twice: the button that was pressed keeps the focus
    third = page.locator(".clauses h3").nth(2).inner_text()
    send(page.get_by_role("button", name=f"Monter\u00a0: {third}"))
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
    page.keyboard.insert_text("Le dépôt est de. ")
    for _letter in ". ":
        press("ArrowLeft")
    page.locator("#variable").focus()
    page.keyboard.insert_text("cout.depot")
    press("Enter")
    assert text.input_value().startswith("Le dépôt est de [[cout.depot]]. ")
    assert page.evaluate("document.activeElement.id") == "id_body"
    page.locator("#cas").select_option("prix")
    page.locator("#apercu").get_by_text("Le dépôt est de 100\u00a0$.").wait_for()
    page.locator("[name=presence][value=condition]").focus()
    press("Space")
    page.locator("#id_field").select_option("cout.depot")
    page.locator("#id_comparison option[value=contains]").wait_for(state="detached")
    page.locator("#id_comparison").select_option("greater")
    page.locator("#id_value").fill("50,00")

    # a name that nobody knows: told while one types, kept when one saves, mended by choosing what was meant
    text.focus()
    press("Control+End")
    page.keyboard.insert_text(" Selon [[nom_du_preteur]].")
    points = page.locator("#points")
    points.get_by_text("que personne ne connaît").wait_for()
    send(page.get_by_role("button", name="Enregistrer la clause"))
    assert page.get_by_text("mais l’édition ne peut pas être publiée").count() == 1
    fits(page)
    send(points.get_by_role("button", name="Nom légal du prêteur"))
    assert page.evaluate("document.activeElement.id") == "id_body"
    assert text.input_value().endswith("Selon [[preteur.nom]].")
    send(page.get_by_role("button", name="Enregistrer la clause"))
    assert "deplacee" in page.url, page.locator(".alert, .invalid-feedback").all_inner_texts()
    assert title in page.evaluate(focus)
    assert page.get_by_text("Seulement si\u00a0: Dépôt de garantie dépasse 50\u00a0$").count() == 1

    # a variable that serves no clause stands in the way: named, taken away, gone
    send(page.get_by_role("link", name="Déclarer une variable"))
    page.locator("#id_label").fill("Couleur des murs")
    page.locator("#id_type").select_option("choice")
    page.locator("#id_choices").fill("Blanc\nBleu")
    send(page.get_by_role("button", name="Enregistrer la variable"))
    send(page.get_by_role("link", name="Publier l’édition 2"))
    assert page.get_by_text("est déclarée mais aucune clause ne s’en sert").count() == 1
    assert page.get_by_role("button", name="Publier l’édition 2").count() == 0
    send(page.get_by_role("link", name="Revenir à l’édition"))
    send(page.get_by_role("button", name="Retirer\u00a0: Couleur des murs"))

    send(page.get_by_role("link", name="Publier l’édition 2"))
    page.locator("#id_text").fill("Le dépôt se dit dans la clause qui l’explique.")
    fits(page)
    send(page.get_by_role("button", name="Publier l’édition 2"))
    assert ModelAgreement.objects.get(slug=SLUG).current.number == 2

    page.context.clear_cookies()  # a visitor, from the model's page
    page.goto("/boite-a-outils/ententes/pret-de-local/")
    send(page.get_by_role("link", name="Ce qui change dans l’édition 2"))
    assert "Le dépôt est de [Dépôt de garantie]." in page.locator("ins").all_inner_texts()[0]
    assert page.get_by_text("Clause déplacée").count() == 1
    fits(page)


def test_the_editor_holds_in_a_phone(draft: Any, phone_of: Callable[..., Any], fits: Callable[[Any], None]) -> None:
    clause = draft.clauses.all()[3]
    Edition.objects.filter(pk=draft.pk).update(title="Prêt de salle")
    type(clause).objects.filter(pk=clause.pk).update(body=f"{clause.body} [[preteur.nim]]")
    page = phone_of(draft.staff)
    page.emulate_media(color_scheme="dark")
    for address in (
        at("edition_desk"), at("clause_edit", clause.pk), at("edition_publish"), at("model_presentation"),
        at("variable_add"), "/moderation/ententes/",
    ):  # fmt: skip
        page.goto(address)
        fits(page)
