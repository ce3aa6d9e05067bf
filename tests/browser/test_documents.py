"""A model filled without an account, taken as a PDF, on a phone; a signed one verified, on a wide screen."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache
from django.urls import reverse

from loans import papers
from tests.factories import UserFactory, a_small_country
from tests.kernel.documents import pdf_pages, squeezed
from tests.loans.signed import draft_of, freeze, in_force
from toolbox import content

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def models() -> None:
    cache.clear()
    a_small_country()
    content.load_agreements(settings.FIXTURE_DIRS[0])


@pytest.mark.parametrize("window_of", [(360, "dark")], indirect=True, ids=["téléphone"])
def test_a_model_is_filled_and_taken_away(
    window_of: Callable[..., Any], fits: Callable[[Any], None], tmp_path: Path
) -> None:
    page = window_of(UserFactory())
    page.goto(reverse("model_agreement", args=["pret-de-materiel"]))
    page.get_by_role("link", name="Le remplir ici").click()
    page.get_by_label("Nom légal du prêteur").fill("Le Carrefour #import")
    page.get_by_label("Montant ($)").fill("beaucoup")
    page.get_by_role("button", name="Voir l’aperçu").click()
    page.get_by_role("link", name="Montant ($)").wait_for()
    page.get_by_label("Montant ($)").fill("40")
    page.get_by_role("button", name="Voir l’aperçu").click()
    page.get_by_role("heading", name="Aperçu").wait_for()
    fits(page)
    with page.expect_download() as taken:
        page.get_by_role("button", name="Télécharger en PDF").click()
    taken.value.save_as(tmp_path / "projet.pdf")
    assert squeezed("Le Carrefour #import") in squeezed("".join(pdf_pages((tmp_path / "projet.pdf").read_bytes())))


@pytest.mark.parametrize("window_of", [(1280, "light")], indirect=True, ids=["bureau"])
def test_a_signed_one_is_verified_and_one_byte_changed_refused(
    window_of: Callable[..., Any], fits: Callable[[Any], None]
) -> None:
    page = window_of(UserFactory())
    file = papers.issue(in_force(freeze(draft_of("pret-de-materiel"))))
    touched = bytearray(file)
    touched[len(file) // 2] ^= 1
    for name, sent, said in (("tel-quel.pdf", file, "Authentique"), ("touche.pdf", bytes(touched), "Modifié")):
        page.goto(reverse("verify"))
        page.get_by_label("Le fichier PDF").set_input_files(
            {"name": name, "mimeType": "application/pdf", "buffer": sent}
        )
        page.get_by_role("button", name="Vérifier").click()
        page.get_by_role("heading", name=said).wait_for()
        fits(page)
