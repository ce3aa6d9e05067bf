"""A hall is lent: two people complete its agreement, one negotiates a clause, both accept the same text, it freezes."""

from __future__ import annotations

from typing import Any

import pytest

from loans import agreements
from loans.models import Agreement
from tests.factories import MembershipFactory, ResourceFactory, a_small_country, lend
from tests.loans.lending import in_days, models_in_force
from toolbox.composing import blanks_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def two(db: None) -> tuple[Any, Any]:
    """Someone who lends and someone who borrows, each for her organisation."""
    models_in_force()
    here = a_small_country()["beauharnois"]
    return tuple(
        MembershipFactory(user__name=person, organisation__name=name, organisation__territory=here)
        for person, name in (("Odile Roy", "Le Carrefour"), ("Karim Benali", "La Marmite"))
    )  # type: ignore[return-value]


def press(page: Any, name: str) -> None:
    page.get_by_role("main").get_by_role("button", name=name, exact=True).click()


def fill_in(page: Any, agreement: Agreement) -> None:
    """Type in every field of the short form what the model gives as an example."""
    samples = blanks_of(agreement.edition)
    for field in page.locator("main form.form [name]").all():
        blank = samples.get(field.get_attribute("name") or "")
        if blank is None or field.input_value():
            continue
        if blank.type in ("bool", "choice"):
            field.select_option(str(blank.sample) if blank.type == "choice" else "oui" if blank.sample else "non")
        else:
            field.fill("\n".join(blank.sample) if isinstance(blank.sample, list) else str(blank.sample))
    press(page, "Enregistrer mes réponses")


def complete(page: Any, agreement: Agreement, fits: Any) -> None:
    """Answer until nothing more is asked: an answer may bring a clause that asks more."""
    page.get_by_role("link", name="Répondre", exact=True).click()
    fits(page)
    for _turn in range(4):
        fill_in(page, agreement)
        page.wait_for_load_state("networkidle")
        if not page.url.endswith("/repondre/"):
            return
    raise AssertionError("La fiche demande toujours autre chose.")


def test_a_hall_lent_with_a_clause_negotiated_until_the_text_freezes(window_of: Any, two: Any, fits: Any) -> None:
    lender, borrower = two
    hall = ResourceFactory(name="Grande salle", kind="locaux", organisation=lender.organisation)
    loan = lend(hall, borrower.organisation, in_days(12), by=borrower.user)
    odile, karim = window_of(lender.user), window_of(borrower.user)

    odile.goto(loan.get_absolute_url())
    press(odile, "Accepter la demande")
    odile.get_by_role("link", name="Compléter et accepter l’entente").click()
    odile.get_by_text("Il manque, de Le Carrefour").wait_for()
    fits(odile)
    agreement = agreements.current(loan)
    assert agreement is not None
    complete(odile, agreement, fits)

    karim.goto("/mon-espace/")
    karim.get_by_role("link", name="Ouvrir l’entente").first.click()
    complete(karim, agreement, fits)
    karim.get_by_role("button", name="J’accepte ce texte").wait_for()
    karim.get_by_role("link", name="Proposer un changement", exact=True).first.focus()  # by keyboard
    karim.keyboard.press("Enter")
    karim.get_by_label("Bilan", exact=False).first.check()
    karim.get_by_label("Pourquoi ce changement").fill("C’est notre premier prêt : parlons-en après.")
    fits(karim)
    press(karim, "Proposer ce changement")
    karim.wait_for_url("**/repondre/")
    fill_in(karim, agreement)
    karim.get_by_role("button", name="J’accepte ce texte").wait_for()

    odile.goto(agreement.get_absolute_url())
    odile.get_by_text("C’est notre premier prêt : parlons-en après.").wait_for()
    odile.locator("ins").first.wait_for()
    fits(odile)
    press(odile, "J’accepte ce texte")
    odile.get_by_text("Vous acceptez ce texte.").first.wait_for()

    karim.reload()
    press(karim, "J’accepte ce texte")
    karim.get_by_text("il est figé").first.wait_for()
    fits(karim)
    agreement.refresh_from_db()
    assert (agreement.status, agreement.chosen) == ("to_sign", ["bilan"])
    odile.goto("/ententes/")
    odile.get_by_text("À signer").first.wait_for()
    fits(odile)
    odile.goto(f"{loan.get_absolute_url()}remise/")
    odile.get_by_text("n’est pas signée par l’emprunteur, La Marmite").wait_for()
