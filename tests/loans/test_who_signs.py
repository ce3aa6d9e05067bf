"""Each side is told its own gesture by its name; who has no mandate reads, and learns who signs."""

from __future__ import annotations

import html
from typing import Any

import pytest
from django.urls import reverse

from accounts.models import Mail
from loans import gate
from loans.models import Agreement, Side
from tests.factories import MembershipFactory, ResourceFactory
from tests.loans.lending import accepted, borrower_of, lender_of, models_in_force
from tests.loans.lending import frozen as real
from tests.loans.signing import frozen, mandated, sign, signatory, signed_in

pytestmark = pytest.mark.django_db


def seen(user: Any, page: str) -> str:
    return html.unescape(signed_in(user).get(page).content.decode()).replace("\u00a0", " ")


def pages(agreement: Agreement) -> list[str]:
    return [agreement.get_absolute_url(), agreement.loan.get_absolute_url(), reverse("agreement_list")]


def test_who_may_sign_is_offered_to(agreement: Agreement) -> None:
    for page in pages(agreement):
        assert "Lire et signer" in seen(signatory(agreement), page)


def test_who_may_not_reads_and_learns_who_does(agreement: Agreement) -> None:
    colleague = MembershipFactory(organisation=agreement.loan.lender, role="gestionnaire").user
    for page in pages(agreement):
        text = seen(colleague, page)
        assert "Lire et signer" not in text
        assert "Lire l’entente" in text
    who = f"Peut signer pour « {agreement.loan.lender.name} » : {signatory(agreement)}."
    assert [who in seen(colleague, page) for page in pages(agreement)] == [True, True, False]
    sign(agreement)
    assert who not in seen(colleague, agreement.get_absolute_url())


def test_my_space_offers_to_sign_to_who_may(agreement: Agreement) -> None:
    colleague = MembershipFactory(organisation=agreement.loan.lender, role="gestionnaire").user
    seen_by = [seen(user, reverse("my_space")) for user in (signatory(agreement), colleague)]
    assert ["Lire et signer" in text for text in seen_by] == [True, False]


def test_the_list_names_the_gesture() -> None:
    models_in_force()
    loan = accepted(ResourceFactory(kind="locaux"))
    for page in ("agreement_list", "my_space"):
        text = seen(borrower_of(loan), reverse(page))
        assert ">Répondre<" in text
        assert ">Agir<" not in text


def test_letters_offer_to_sign_to_who_may() -> None:
    models_in_force()
    agreement = real(accepted(ResourceFactory(kind="locaux")))
    person = lender_of(agreement.loan)
    letters = Mail.objects.filter(to=person.email, event__contains="frozen")
    assert "Lire l’entente" in letters.get().html
    assert "Lire et signer" not in letters.get().html
    mandated(agreement.loan.lender)
    again = real(accepted(ResourceFactory(kind="locaux", organisation=agreement.loan.lender)))
    letter = Mail.objects.get(to=signatory(again).email, event__contains="frozen")
    assert "Lire et signer" in letter.html


def test_an_amendment_is_called_so(agreement: Agreement) -> None:
    agreement.amends = Agreement(number="2026-0001")
    agreement.amends_id = 1
    assert gate.standing(agreement, Side.LENDER, mandated=False).action == "Lire l’avenant"


@pytest.fixture
def agreement() -> Agreement:
    return frozen()
