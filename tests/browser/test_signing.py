"""Two telephones and a person without an account: an employee is lent, three parties sign, the hand-over opens."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from loans import handover, requests
from loans.models import Agreement, AgreementStatus
from tests.factories import OrganisationFactory, ResourceFactory, lend
from tests.loans.lending import borrower_of, frozen, in_days, lender_of, member, models_in_force
from tests.loans.signing import BOARD, fresh, mailed

pytestmark = pytest.mark.django_db(transaction=True)
PASSWORD, ALIX = "mot-de-passe", "alix@essai.example"


def agreement_of_three() -> Agreement:
    """A person is lent; both sides agreed to the text, and someone signs on each."""
    models_in_force()
    person = ResourceFactory(
        kind="humain", name="Agente de paie", tasks="Paie", schedule="les jeudis", time_share="un jour par semaine"
    )
    today = timezone.localdate()
    loan = lend(person, OrganisationFactory(), in_days(3))
    requests.accept(
        loan, by=member(loan.lender), worker="Alix Exemple", consent_on=today, supervisor="Alex Exemple",
        trial_ends_on=today,
    )  # fmt: skip
    for by in (lender_of(loan), borrower_of(loan)):
        by.memberships.update(is_signatory=True, resolution_on=BOARD)
    return frozen(loan)


def sign(page: Any, agreement: Agreement) -> None:
    """Read, tick the sentence, say again who one is: it is signed on the way back."""
    page.goto(reverse("agreement_sign", args=[agreement.number]))
    page.get_by_text(agreement.sha256).first.wait_for()
    page.get_by_role("link", name="Aller à la signature").click()
    page.get_by_label("À quel titre").fill("direction")
    page.get_by_label("Je signe l’entente").check()
    page.get_by_role("button", name="Signer l’entente").press("Enter")
    page.get_by_label("Mot de passe").fill(PASSWORD)
    page.get_by_role("button", name="Continuer").click()
    page.get_by_text("C’est signé").first.wait_for()


def test_three_sign_and_the_hand_over_opens(phone_of: Callable[..., Any], fits: Callable[[Any], None]) -> None:
    agreement = agreement_of_three()
    loan = agreement.loan
    lender, borrower, alix = phone_of(lender_of(loan)), phone_of(borrower_of(loan)), phone_of()
    assert any("n’est pas signée" in reason for reason in handover.obstacles(loan))
    lender.goto(reverse("agreement_sign", args=[agreement.number]))
    fits(lender)
    sign(lender, agreement)
    lender.get_by_role("link", name="Lien de la personne prêtée").click()
    fits(lender)
    lender.get_by_label("Nom de la personne").fill("Alix Exemple")
    lender.get_by_label("Son adresse courriel").fill(ALIX)
    lender.get_by_role("button", name="Envoyer le lien").click()
    lender.get_by_text("Le lien est parti").wait_for()

    alix.goto(mailed(ALIX, r"(/signature/[\w-]+/)"))
    alix.get_by_role("textbox", name="Votre nom").fill("Alix Exemple")
    alix.get_by_label("Je signe l’entente").check()
    alix.get_by_role("button", name="Recevoir mon code").click()
    alix.get_by_text("Un code vient de partir").wait_for()
    fits(alix)
    alix.get_by_label("Je signe l’entente").check()
    alix.get_by_label("Code reçu").fill(mailed(ALIX, r"(\d{6})"))
    alix.get_by_role("button", name="Signer l’entente").click()
    alix.get_by_text("C’est signé, merci.").wait_for()

    assert fresh(agreement).status == AgreementStatus.TO_SIGN
    sign(borrower, agreement)
    assert fresh(agreement).status == AgreementStatus.IN_FORCE
    borrower.get_by_text("Toutes les parties ont signé").first.wait_for()
    fits(borrower)
    assert handover.obstacles(loan) == []
    lender.goto(reverse("agreement_paper", args=[agreement.number]))
    lender.get_by_text("n’attend plus de signature").wait_for()
