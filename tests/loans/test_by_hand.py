"""Signed by hand: every page says so, leads to the copy, and says what is wrong with one that was not confirmed."""

from __future__ import annotations

import html
from typing import Any

import pytest
from django.urls import reverse

from loans import scans
from loans.models import Agreement
from tests.loans.signing import frozen, mandated, sign, signatory, signed_in
from tests.loans.test_scans import SIGNERS, page, send, typed

pytestmark = pytest.mark.django_db


@pytest.fixture
def agreement() -> Agreement:
    return frozen()


def seen(user: Any, page: str) -> str:
    return html.unescape(signed_in(user).get(page).content.decode()).replace("\u00a0", " ")


def both(agreement: Agreement) -> list[Any]:
    return [signatory(agreement, party) for party in SIGNERS]


def in_force(agreement: Agreement) -> str:
    """Confirmed by the other side; where the copy is."""
    signers = {party: SIGNERS[party] for party in SIGNERS if not agreement.signatures.filter(party=party).exists()}
    scan = send(agreement, signers=signers)
    scans.confirm(scan, by=signatory(agreement, "emprunteur"), checked=True)
    return reverse("agreement_scan", args=[agreement.number, scan.uid])


def test_in_force_on_paper_is_said_and_the_copy_can_be_opened(agreement: Agreement) -> None:
    copy, listed = in_force(agreement), f"{reverse('agreement_list')}?etat=vigueur"
    for user in both(agreement):
        for there in (agreement.get_absolute_url(), agreement.loan.get_absolute_url(), listed):
            assert "C’est signé sur papier." in seen(user, there)
        for there in (agreement.get_absolute_url(), reverse("agreement_sign", args=[agreement.number])):
            assert f'href="{copy}"' in seen(user, there)


def test_in_part_on_paper_is_said_too(agreement: Agreement) -> None:
    sign(agreement, "emprunteur")
    in_force(agreement)
    assert "C’est signé en partie sur papier." in seen(signatory(agreement), agreement.get_absolute_url())


def test_signed_here_nothing_speaks_of_paper(agreement: Agreement) -> None:
    sign(sign(agreement), "emprunteur")
    text = seen(signatory(agreement), agreement.get_absolute_url())
    assert "sur papier" not in text
    assert "signé à la main" not in text


def test_who_sent_a_copy_that_is_not_right_reads_why_and_what_to_do(agreement: Agreement) -> None:
    scans.contest(send(agreement), by=signatory(agreement, "emprunteur"), reason="La page 2 manque")
    said = (
        f"{agreement.loan.borrower.name} ne confirme pas la numérisation que vous avez envoyée : « La page 2 manque » "
        "Corrigez ce qui ne va pas et envoyez-en une autre, ou signez en ligne."
    )
    pages = (agreement.get_absolute_url(), agreement.loan.get_absolute_url(), reverse("agreement_list"))
    for user, told in zip(both(agreement), (True, False), strict=True):
        assert [said in seen(user, there) for there in pages] == [told] * 3
    send(agreement, by=mandated(agreement.loan.lender))
    assert said not in seen(signatory(agreement), pages[0])


def test_a_refused_form_asks_for_the_file_again(agreement: Agreement) -> None:
    answer = signed_in(signatory(agreement)).post(page(agreement), typed(agreement, preteur_name=""))
    assert "Choisissez de nouveau le fichier" in answer.content.decode()
