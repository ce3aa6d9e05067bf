"""A hall is lent: two people complete its agreement, one negotiates a clause, both accept the same text, it freezes.

The journey on a phone; on a wide screen, its pages in the states that it leaves them in.
"""

from __future__ import annotations

from typing import Any

import pytest

from loans import agreements, amendments, requests
from loans.models import Agreement, Side
from tests.factories import MembershipFactory, ResourceFactory, a_small_country, lend
from tests.loans.lending import in_days, models_in_force, told
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


@pytest.fixture
def agreement(two: tuple[Any, Any]) -> Agreement:
    """Just drawn up, when the lender accepted."""
    lender, borrower = two
    hall = ResourceFactory(name="Grande salle", kind="locaux", organisation=lender.organisation)
    loan = lend(hall, borrower.organisation, in_days(12), by=borrower.user)
    requests.accept(loan, by=lender.user)
    found = amendments.follow_acceptance(loan, by=lender.user)
    assert found is not None
    return found


def answered(agreement: Agreement, *sides: str) -> Agreement:
    """These sides answer all that is asked of them."""
    for side in sides:
        while agreements.lacks_of(agreement, side):  # an answer may bring a clause that asks more
            told(agreement, side)
    return agreement


def press(page: Any, name: str) -> None:
    page.get_by_role("main").get_by_role("button", name=name, exact=True).click()


def fill_in(page: Any, agreement: Agreement, *, button: str = "Enregistrer mes réponses") -> None:
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
    press(page, button)


@pytest.mark.parametrize("window_of", [(360, "dark")], indirect=True, ids=["téléphone"])
def test_answered_negotiated_accepted_by_both_it_freezes(
    window_of: Any, two: Any, agreement: Agreement, fits: Any
) -> None:
    lender, borrower = two
    odile, karim = window_of(lender.user), window_of(borrower.user)
    answered(agreement, Side.LENDER)

    karim.goto("/mon-espace/")
    karim.get_by_role("link", name="Répondre").first.click()
    karim.get_by_text("Vous devez encore répondre").wait_for()
    karim.get_by_role("link", name="Répondre", exact=True).click()
    fits(karim)
    for _turn in range(4):  # an answer may bring a clause that asks more
        fill_in(karim, agreement)
        karim.wait_for_load_state("networkidle")
        if not karim.url.endswith("/repondre/"):
            break
    karim.get_by_role("button", name="J’accepte ce texte").wait_for()
    karim.get_by_role("link", name="Proposer un changement", exact=True).first.focus()  # by keyboard
    karim.keyboard.press("Enter")
    karim.get_by_label("Bilan", exact=False).first.check()
    karim.get_by_label("Pourquoi ce changement").fill("C’est notre premier prêt : parlons-en après.")
    press(karim, "Proposer ce changement")
    karim.wait_for_url("**/repondre/")
    karim.get_by_role("heading", name="Ce que demande votre proposition").wait_for()
    fits(karim)
    fill_in(karim, agreement, button="Répondre et accepter le texte")
    karim.get_by_text("Votre proposition est complète, et vous l’acceptez.").wait_for()

    odile.goto(agreement.get_absolute_url())
    odile.get_by_text("C’est notre premier prêt : parlons-en après.").wait_for()
    odile.locator("ins").first.wait_for()
    fits(odile)
    odile.locator(".toc-fold > summary").click()
    odile.locator(".toc-fold a").last.click()
    odile.get_by_role("link", name="Revenir en haut").click()  # within reach wherever one reads
    odile.wait_for_function("scrollY === 0 || document.activeElement.id === 'contenu'")
    press(odile, "J’accepte ce texte")
    odile.get_by_text("il est figé").first.wait_for()  # Karim accepted what he proposed by answering it

    karim.goto(agreement.get_absolute_url())
    karim.get_by_text("Personne n’a le mandat de signer").wait_for()  # he reads, and learns who gives it
    karim.get_by_role("link", name="Lire l’entente", exact=True).wait_for()
    fits(karim)
    agreement.refresh_from_db()
    assert (agreement.status, agreement.chosen) == ("to_sign", ["bilan"])
    odile.goto(f"{agreement.loan.get_absolute_url()}remise/")
    odile.get_by_text("n’est pas signée par l’organisme occupant, La Marmite").wait_for()


@pytest.mark.parametrize("window_of", [(1280, "light")], indirect=True, ids=["bureau"])
def test_its_pages_on_a_wide_screen(window_of: Any, two: Any, agreement: Agreement, fits: Any) -> None:
    lender, borrower = two
    karim = window_of(borrower.user)
    karim.goto(f"{agreement.get_absolute_url()}repondre/")
    field = karim.locator("main form.form [name=emprunteur_liaison]")
    field.fill("Sam Essai")
    karim.locator("#propositions > summary").click()
    karim.locator("main form.form [name=delai_annulation_heures]").fill("71")
    answered(agreement, Side.LENDER)  # meanwhile, that question among others
    press(karim, "Enregistrer mes réponses")
    karim.get_by_role("heading", name="Rien n’est enregistré").wait_for()
    assert field.input_value() == "Sam Essai"
    fits(karim)
    press(karim, "Enregistrer mes réponses")
    karim.get_by_text("C’est enregistré.").wait_for()

    agreement.refresh_from_db()
    answered(agreement, Side.BORROWER)
    agreements.change(
        agreement, by=lender.user, side=Side.LENDER, values={"regles_maison": "En pantoufles"}, note="Plancher neuf"
    )
    karim.goto("/ententes/")
    karim.get_by_text("Le Carrefour propose un autre texte.").wait_for()
    fits(karim)
    karim.goto(agreement.get_absolute_url())
    karim.locator("ins", has_text="En pantoufles").first.wait_for()
    fits(karim)
    karim.get_by_role("link", name="Corriger mes réponses").click()
    karim.locator("main form.form [name=emprunteur_liaison]").fill("Alex Essai")
    press(karim, "Enregistrer mes corrections")
    karim.get_by_text("C’est corrigé dans le texte.").wait_for()
    karim.goto(f"{agreement.get_absolute_url()}changer/")
    fits(karim)
