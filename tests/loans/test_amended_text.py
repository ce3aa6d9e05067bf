"""What is signed, as the pages tell it: the amendment that changes the text today, and who is a party."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from loans import proposals, signing
from loans.models import Agreement, Loan, Side
from tests.factories import MembershipFactory, ResourceFactory
from tests.loans.lending import accepted, borrower_of, in_days, lender_of, models_in_force, sign_all, signed
from tests.loans.signing import THREE, frozen, mandated, sign, signatory, signed_in
from tests.loans.test_agreement_pages import clients, page, the_agreement
from tests.loans.test_personal_link import sent, signed_by_link

pytestmark = pytest.mark.django_db


@pytest.fixture
def loan() -> Loan:
    models_in_force()
    return signed(accepted(ResourceFactory(kind="locaux", name="Salle du Canal")))


def moved(loan: Loan, days: float) -> Agreement:
    """Another day agreed on: the amendment to sign."""
    loan.refresh_from_db()
    proposal = proposals.propose(loan, by=lender_of(loan), side=Side.LENDER, periods=[in_days(days)], quantity=1)
    proposals.agree(proposal, by=borrower_of(loan))
    return the_agreement(loan).amendments.get(status="to_sign")


def seen(client: Client, address: str) -> str:
    return page(client.get(address)).replace("\u00a0", " ")


def test_pages_name_the_amendment_in_force_and_lead_to_it(loan: Loan) -> None:
    root, said = the_agreement(loan), "Un avenant signé le modifie :"
    pages = (loan.get_absolute_url(), root.get_absolute_url())
    no = moved(loan, 6)
    signing.refuse(no, by=lender_of(loan), reason="Trop tôt")
    second = moved(loan, 8)
    for client in clients(loan):
        assert all(said not in seen(client, there) for there in pages)
    sign_all(second)
    for client in clients(loan):
        for there in pages:
            text = seen(client, there)
            assert f'{said} <a href="{second.get_absolute_url()}">{second.title}</a>, en vigueur depuis le' in text
            assert f'<a href="{no.get_absolute_url()}">{no.title}</a>, en vigueur' not in text
        assert "Période : « " in seen(client, pages[1])
        assert said not in seen(client, second.get_absolute_url())


def test_an_amendment_to_sign_says_that_nothing_begins_until_then(loan: Loan) -> None:
    waiting = moved(loan, 6)
    lender, _borrower = clients(loan)
    text = seen(lender, loan.get_absolute_url())
    assert "D’ici là, pas de remise : signez-le, ou refusez-le, et ce qui est signé tient." in text
    assert "le prêt reste comme" not in text
    root = seen(lender, the_agreement(loan).get_absolute_url())
    assert "Période : « " in root
    assert f'href="{waiting.get_absolute_url()}"><svg' in root
    assert "Lire l’avenant</a>" in root  # who reads it has no mandate
    for there in (root, seen(lender, waiting.get_absolute_url())):
        assert there.count("D’ici là, pas de remise : signez-le, ou refusez-le, et ce qui est signé tient.") == 1
    handover = reverse("loan_handover", args=[loan.pk])
    assert f"L’avenant {waiting.number} n’est pas signé par" in seen(lender, handover)
    signing.refuse(waiting, by=lender_of(loan), reason="Non")
    assert "n’est pas signé par" not in seen(lender, handover)


def test_the_person_lent_is_named_once_in_the_list_of_parties() -> None:
    agreement = frozen(THREE)
    lender = signed_in(signatory(agreement))
    there, signatures = agreement.get_absolute_url(), reverse("agreement_sign", args=[agreement.number])
    assert "La personne prêtée, Alix Exemple" in seen(lender, there)
    signed_by_link(agreement, sent(agreement))
    parties = seen(lender, there).split(">Parties</h2>")[1].split("</ul>")[0]
    assert parties.count("Alix Exemple") == 1
    box = seen(lender, signatures).split(">Signatures</h2>")[1].split("</ul>")[0]
    assert box.count("Alix Exemple") == 1
    assert "la personne prêtée" in box


def test_the_list_and_the_pages_say_that_an_amendment_waits_then_that_it_changes_the_text(loan: Loan) -> None:
    in_force = f"{reverse('agreement_list')}?etat=vigueur"
    pages = (in_force, loan.get_absolute_url(), the_agreement(loan).get_absolute_url())
    still, waits = "le texte ne change plus", "Un avenant attend des signatures."
    changed = "Un avenant signé depuis en change une partie."

    def told() -> list[list[bool]]:
        return [[said in seen(client, there) for said in (still, waits, changed)]
                for client in clients(loan) for there in pages]  # fmt: skip

    assert told() == [[True, False, False]] * 6
    first = moved(loan, 6)
    assert told() == [[False, True, False]] * 6
    sign_all(first)
    assert told()[1:3] == [[False, False, True]] * 2
    moved(loan, 8)
    assert told()[:3] == [[True, True, False], *[[False, True, False]] * 2]  # the list has the first amendment too


def test_who_may_refuse_an_amendment_is_led_there_from_every_page_that_says_so(loan: Loan) -> None:
    waiting = moved(loan, 6)
    root = the_agreement(loan)
    refusing = f'href="{reverse("agreement_refuse", args=[waiting.number])}"'
    pages = [page_of.get_absolute_url() for page_of in (loan, root, waiting)]
    manager, member = signed_in(lender_of(loan)), signed_in(MembershipFactory(organisation=loan.lender).user)
    signs = signed_in(mandated(loan.lender))
    for client, may in ((manager, 1), (signs, 1), (member, 0)):
        assert [seen(client, there).count(refusing) for there in pages] == [may] * 3
    sign(waiting)
    assert [seen(signs, there).count(refusing) for there in pages] == [1] * 3
    assert "Arrêter la signature" in seen(signs, pages[2])
