"""What one proposes one accepts, even when it asks its author something more; a party is not the other one."""

from __future__ import annotations

import html
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Mail
from directory.models import Organisation
from loans import agreements, gate, signing
from loans.models import Agreement, Loan, Side
from tests.factories import ResourceFactory
from tests.loans.lending import accepted, borrower_of, frozen, lender_of, member, models_in_force
from tests.loans.test_agreement_pages import typed
from tests.loans.test_agreements import complete

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def toolbox() -> None:
    models_in_force()


@pytest.fixture
def agreement() -> Agreement:
    """Whole, nobody accepted it yet; a clause « bilan » would ask both sides one thing more."""
    loan = accepted(ResourceFactory(kind="locaux", name="Salle du Canal"))
    found = agreements.current(loan)
    assert found is not None
    return complete(found)


def of(person: Any) -> Client:
    client = Client()
    client.force_login(person)
    return client


def page(response: Any) -> str:
    return html.unescape(response.content.decode()).replace("\u00a0", " ")


def sent(agreement: Agreement, **more: Any) -> dict[str, Any]:
    """The form of a change as it opens, all answers as they are."""
    data: dict[str, Any] = {"version": agreement.version}
    for blank in agreements.changeable(agreement):
        value = agreement.values.get(blank.name)
        data[blank.name] = {True: "oui", False: "non"}[value] if isinstance(value, bool) else value or ""
        if isinstance(value, list):
            data[blank.name] = "\n".join(value)
    return data | more


def answers(agreement: Agreement, side: str) -> dict[str, Any]:
    return {"version": agreement.version} | {b.name: b.sample for b in agreements.lacks_of(agreement, side)}


def test_to_answer_what_ones_proposal_asks_is_to_accept_it(agreement: Agreement) -> None:
    borrower, lender = of(borrower_of(agreement.loan)), of(lender_of(agreement.loan))
    there = reverse("agreement_change", args=[agreement.number])
    asked = borrower.post(there, sent(agreement, clauses=["bilan"]), follow=True)
    said = page(asked)
    assert "en la donnant, vous acceptez le texte" in said
    assert "Ce que demande votre proposition" in said
    assert "Répondre et accepter le texte" in said
    agreement = Agreement.objects.get(pk=agreement.pk)
    assert (agreement.lender_agreed, agreement.borrower_agreed) == (None, None)
    done = borrower.post(reverse("agreement_answer", args=[agreement.number]), answers(agreement, Side.BORROWER),
                         follow=True)  # fmt: skip
    assert "Votre proposition est complète, et vous l’acceptez" in page(done)
    assert "J’accepte ce texte" not in page(done)
    agreement = Agreement.objects.get(pk=agreement.pk)
    assert (agreement.lender_agreed, agreement.borrower_agreed) == (None, agreement.version)
    last = agreement.journal.order_by("-n")[0]
    assert (last.kind, last.party, last.data["version"]) == ("agreed", "emprunteur", agreement.version)
    accept = {"geste": "accepter", "version": agreement.version}
    assert lender.post(agreement.get_absolute_url(), accept).status_code == 302
    assert Agreement.objects.get(pk=agreement.pk).status == "to_sign"
    told = Mail.objects.filter(to=lender_of(agreement.loan).email, subject__contains="propose un changement").first()
    assert told is not None
    assert "doit encore y répondre" in told.text


def test_who_proposes_a_whole_text_accepts_it_in_the_journal_and_it_is_news(agreement: Agreement) -> None:
    loan = agreement.loan
    agreements.change(agreement, by=borrower_of(loan), side=Side.BORROWER, values={"regles_maison": "Pieds nus."})
    assert list(agreement.journal.values_list("kind", "party"))[-2:] == [
        ("changed", "emprunteur"), ("agreed", "emprunteur"),
    ]  # fmt: skip
    row = gate.with_news(Agreement.objects.filter(pk=agreement.pk).for_list()).get()
    assert gate.standing(row, Side.LENDER).expected.split(" propose un autre texte. ")[1].startswith("Voyez")


def test_to_answer_what_the_other_proposes_accepts_nothing(agreement: Agreement) -> None:
    loan = agreement.loan
    agreements.change(agreement, by=lender_of(loan), side=Side.LENDER, chosen=["bilan"])
    assert not agreements.completes(agreement, Side.BORROWER)
    values = {b.name: b.sample for b in agreements.lacks_of(agreement, Side.BORROWER)}
    agreements.answer(agreement, by=borrower_of(loan), side=Side.BORROWER, values=values)
    assert agreements.lacks(agreement) == []
    assert (agreement.lender_agreed, agreement.borrower_agreed) == (None, None)


def test_to_complete_a_draft_is_not_to_accept_it() -> None:
    """Nobody read it whole yet: a change proposed meanwhile does not make it hers."""
    loan = accepted(ResourceFactory(kind="locaux"))
    agreement = agreements.current(loan)
    assert agreement is not None
    lender, values = lender_of(loan), {b.name: b.sample for b in agreements.lacks_of(agreement, Side.BORROWER)}
    agreements.answer(agreement, by=borrower_of(loan), side=Side.BORROWER, values=values)
    agreements.change(agreement, by=lender, side=Side.LENDER, chosen=["bilan"])
    assert not agreements.completes(agreement, Side.LENDER)
    while asked := agreements.lacks_of(agreement, Side.LENDER):
        agreements.answer(agreement, by=lender, side=Side.LENDER, values={b.name: b.sample for b in asked})
    assert agreements.lacks(agreement) == []
    assert agreement.lender_agreed is None


def test_two_parties_are_not_one_enterprise() -> None:
    loan = accepted(ResourceFactory(kind="locaux"))
    Organisation.objects.filter(pk=loan.borrower_id).update(neq="")
    Organisation.objects.filter(pk=loan.lender_id).update(neq="1145678903")
    agreement = agreements.current(loan)
    assert agreement is not None
    there, borrower = reverse("agreement_answer", args=[agreement.number]), of(borrower_of(loan))
    data = typed(agreement, Side.BORROWER)
    assert "emprunteur.neq" in data
    same = borrower.post(there, {**data, "emprunteur.neq": "11 4567 8903"})
    assert same.status_code == 422
    assert "Une autre partie a déjà ce numéro : deux parties ne peuvent pas être la même entreprise." in page(same)
    assert "11 4567 8903" in page(same)
    assert borrower.post(there, {**data, "emprunteur.neq": "aucun"}).status_code == 302


def test_one_taken_up_again_offers_to_correct_what_it_keeps() -> None:
    loan: Loan = accepted(ResourceFactory(kind="locaux"))
    refused = frozen(loan)
    signing.refuse(refused, by=member(loan.lender), reason="Le ménage n’est pas à nous.")
    again = signing.renew(refused, by=member(loan.lender))
    told = Mail.objects.filter(subject__contains=f"({again.number})", to=borrower_of(loan).email).get()
    assert "Entente reprise, à relire" in told.subject
    assert "Corrigez ce qui bloquait" in told.text
    for person in (lender_of(loan), borrower_of(loan)):
        client = of(person)
        shown = page(client.get(again.get_absolute_url()))
        assert "Corriger mes réponses" in shown
        kept = page(client.get(reverse("agreement_answer", args=[again.number])))
        assert "Enregistrer mes corrections" in kept
