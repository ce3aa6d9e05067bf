"""An agreement that was refused or left too long: taken up again in one way, wherever one does it from."""

from __future__ import annotations

import html
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from directory.models import Organisation
from loans import agreements, handover, signing
from loans.models import Agreement, Loan
from tests.factories import ResourceFactory
from tests.loans.lending import accepted, borrower_of, lender_of, models_in_force
from tests.loans.lending import frozen as real
from tests.loans.signing import mandated
from tests.loans.test_agreement_pages import clients

pytestmark = pytest.mark.django_db
NEQ = "1167890125"


@pytest.fixture
def refused() -> Agreement:
    """Of a hall, whose borrower gave its number of enterprise by hand."""
    models_in_force()
    loan = accepted(ResourceFactory(kind="locaux", name="Salle du Canal"))
    Organisation.objects.filter(pk=loan.borrower_id).update(neq="")
    draft = agreements.current(loan)
    assert draft is not None
    draft.values = {**draft.values, "emprunteur.neq": NEQ}
    draft.save(update_fields=["values"])
    agreement = real(loan)
    signing.refuse(agreement, by=lender_of(loan), reason="Trop cher")
    return Agreement.objects.get(pk=agreement.pk)


def seen(client: Client, there: str) -> str:
    return html.unescape(client.get(there).content.decode()).replace("\u00a0", " ")


def kept(agreement: Agreement) -> dict[str, Any]:
    """Its answers, but for those that each text has of its own."""
    return {name: said for name, said in agreement.values.items() if not name.startswith("entente.")}


def test_the_loan_offers_the_same_gesture_as_the_agreement(refused: Agreement) -> None:
    renewing = f'action="{reverse("agreement_renew", args=[refused.number])}"'
    for client in clients(refused.loan):
        for there in (refused.get_absolute_url(), refused.loan.get_absolute_url()):
            text = seen(client, there)
            assert text.count(renewing) == 1
            assert "Dresser une autre entente" not in text
    assert handover.obstacles(refused.loan) == [
        f"L’entente {refused.number} est refusée\u00a0: reprenez-la depuis la page du prêt."
    ]


@pytest.mark.parametrize("way", ["renewed", "drawn up"])
def test_either_way_every_answer_is_kept(refused: Agreement, way: str) -> None:
    by = borrower_of(refused.loan)
    if way == "renewed":
        again = signing.renew(refused, by=by)
    else:
        again = agreements.draw_up(Loan.objects.get(pk=refused.loan_id), by=by)
    assert again.values["emprunteur.neq"] == NEQ
    assert kept(again) == kept(refused)
    assert again.chosen == refused.chosen
    assert again.lacking == []


def test_the_page_of_the_old_one_leads_to_the_one_that_took_its_place(refused: Agreement) -> None:
    old = refused.get_absolute_url()
    lender, borrower = clients(refused.loan)
    assert "Reprenez-la : ce prêt demande une entente signée." in seen(lender, old)
    first = signing.renew(refused, by=mandated(refused.loan.lender))
    for client in (lender, borrower):
        text = seen(client, old)
        assert f"L’entente {first.number} a pris sa place." in text
        assert f'href="{first.get_absolute_url()}"' in text
        assert "reprendre" not in text
    assert "a pris sa place" not in seen(lender, first.get_absolute_url())
    real(refused.loan)
    signing.refuse(first, by=lender_of(refused.loan), reason="Encore trop cher")
    assert not signing.can_renew(lender_of(refused.loan), refused)
    assert signing.can_renew(lender_of(refused.loan), Agreement.objects.get(pk=first.pk))


def test_both_read_that_it_is_to_take_up_again_until_it_is(refused: Agreement) -> None:
    number, there = refused.number, refused.get_absolute_url()
    pages = [reverse(name) for name in ("agreement_list", "my_space", "loan_list")]
    for client in clients(refused.loan):
        for page in pages:
            text = seen(client, page)
            assert "reprendre</span>" in text, page  # « À reprendre », « Entente à reprendre »
            assert f'href="{there}"' in text, page
            assert "Reprendre l’entente" in text, page
        assert "Une entente vous attend." in seen(client, pages[0])
        assert number not in seen(client, f"{pages[0]}?etat=passees")
        loan = seen(client, refused.loan.get_absolute_url())
        assert "Entente : à reprendre." in loan
        assert "Reprenez-la : ce prêt demande une entente signée." in loan
    signing.renew(refused, by=borrower_of(refused.loan))
    for client in clients(refused.loan):
        assert all("reprendre</span>" not in seen(client, page) for page in pages)
        assert number in seen(client, f"{pages[0]}?etat=passees")


def test_where_none_is_demanded_nobody_is_awaited() -> None:
    models_in_force()
    loan = accepted(ResourceFactory())
    agreement = real(loan)
    signing.refuse(agreement, by=lender_of(loan), reason="Inutile")
    for client in clients(loan):
        assert agreement.number not in seen(client, reverse("agreement_list"))
        assert "On peut la reprendre." in seen(client, f"{reverse('agreement_list')}?etat=passees")
        assert "À reprendre" not in seen(client, agreement.get_absolute_url())
