"""From the advice of the guided path to a model already filled, on a phone and on a wide screen."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from django.conf import settings
from django.core.cache import cache
from django.urls import reverse
from playwright.sync_api import expect

from tests.factories import MembershipFactory, OrganisationFactory, a_small_country
from tests.kernel.documents import pdf_pages, squeezed
from tests.toolbox.test_paths import TRUCK
from toolbox import content

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_truck_for_three_opens_a_model_that_says_what_is_left(
    window_of: Callable[..., Any], fits: Callable[[Any], None], tmp_path: Path
) -> None:
    cache.clear()
    places = a_small_country()
    content.load(settings.FIXTURE_DIRS[0])
    ours = OrganisationFactory(
        name="Le Carrefour", neq="1143567890", address="120, rue du Moulin",
        territory=places["mrc-beauharnois-salaberry"],
    )  # fmt: skip
    page = window_of(MembershipFactory(organisation=ours, is_signatory=True, resolution_on="2026-03-12").user)

    page.goto(f"/parcours/?{urlencode(TRUCK)}")
    page.get_by_role("link", name="L’ouvrir prérempli").click()
    expect(page.get_by_role("heading", name="réponses sur")).to_be_visible()
    expect(page.get_by_label("Nom légal de l’organisme gérant")).to_have_value("Le Carrefour")
    expect(page.get_by_label("Forme de l’achat")).to_have_value("copropriete")
    fits(page)
    page.get_by_text("Aller à ce qui reste").click()
    page.get_by_role("link", name="Parts et durée de l’indivision").first.click()
    shares = page.get_by_label("Parts de chaque organisme")
    expect(shares).to_be_in_viewport()
    shares.fill("l’organisme gérant : 75 %\nl’organisme participant : 75 %")
    third = page.get_by_role("group", name="Organisme n° 3")
    third.get_by_label("Nom légal").fill("Le Centre")
    third.get_by_label("NEQ").fill("123")
    page.get_by_role("button", name="Ajouter un organisme").click()
    expect(page.get_by_role("group", name="Organisme n° 4")).to_be_visible()

    expect(page.get_by_role("alert")).to_contain_text("150\u00a0% en tout")
    fits(page)
    page.get_by_role("alert").get_by_role("link", name="NEQ").click()
    neq = page.get_by_role("group", name="Organisme n° 3").get_by_label("NEQ")
    expect(neq).to_be_focused()
    neq.fill("3343567890")
    page.get_by_label("Parts de chaque organisme").fill(
        "l’organisme gérant : 50 %\nl’organisme participant : 25 %\nle Centre : 25 %"
    )
    page.get_by_role("button", name="Voir l’aperçu").last.click()
    expect(page.get_by_role("heading", name="Aperçu")).to_be_visible()
    expect(page.locator(".draft-paper")).to_contain_text("Le Centre (numéro d’entreprise du Québec\u00a0: 3343567890)")
    fits(page)
    with page.expect_download() as taken:
        page.get_by_role("button", name="Télécharger en PDF").click()
    taken.value.save_as(tmp_path / "projet.pdf")
    text = squeezed("".join(pdf_pages((tmp_path / "projet.pdf").read_bytes())))
    assert squeezed("Pour l’organisme participant, Le Centre") in text

    page.goto(reverse("model_agreement", args=["pret-de-local"]))
    expect(page.get_by_role("link", name="Le remplir ici")).to_be_in_viewport()
    fits(page)
