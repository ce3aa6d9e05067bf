"""An answer that what the portal knows makes impossible is refused in a sentence, and nobody agrees to it."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from loans import agreements, possible
from loans.models import Agreement, Loan, Side
from tests.factories import ResourceFactory
from tests.loans.lending import accepted, borrower_of, in_days, lender_of, models_in_force
from tests.loans.test_agreement_pages import clients, complete, page, the_agreement

pytestmark = pytest.mark.django_db


@pytest.fixture
def hall() -> Loan:
    models_in_force()
    return accepted(ResourceFactory(kind="locaux", name="Salle du Canal", capacity_standing=110))


@pytest.fixture
def person() -> Loan:
    models_in_force()
    resource = ResourceFactory(kind="humain", tasks="Paie", schedule="les jeudis", time_share="un jour par semaine")
    return accepted(resource, in_days(10), consent_on=timezone.localdate(), worker="Alix Exemple")


def answered(client: Any, agreement: Agreement, word: str = "answer", **said: Any) -> Any:
    there = reverse(f"agreement_{word}", args=[agreement.number])
    return client.post(there, {"version": agreement.version, **said})


def test_no_more_people_than_the_room_holds(hall: Loan) -> None:
    _lender, borrower = clients(hall)
    agreement = the_agreement(hall)
    refused = answered(borrower, agreement, personnes_prevues="500", emprunteur_liaison="Sam Essai")
    assert refused.status_code == 422
    seen = page(refused).replace("\u00a0", " ")
    assert "Le local ne peut recevoir que 110 personnes, et la réponse en prévoit 500 : mettez au plus 110." in seen
    assert 'value="500"' in seen
    assert "Sam Essai" in seen
    agreement.refresh_from_db()
    assert "emprunteur_liaison" not in agreement.values
    assert answered(borrower, agreement, personnes_prevues="110").status_code == 302


def test_nor_by_a_change(hall: Loan) -> None:
    lender, _borrower = clients(hall)
    agreement = complete(hall)
    clause = next(c for c in agreement.edition.clauses.all() if "[[personnes_prevues]]" in c.body)
    there = reverse("agreement_change", args=[agreement.number]) + f"?clause={clause.key}"
    data = {"version": agreement.version, "personnes_prevues": "111", "exclusivite": agreement.values["exclusivite"]}
    refused = lender.post(there, data)
    assert refused.status_code == 422
    assert "mettez au plus 110" in page(refused)
    assert lender.post(there, {**data, "personnes_prevues": "109"}).status_code == 302


def test_what_was_kept_from_before_is_looked_at_before_anybody_agrees(hall: Loan) -> None:
    lender, _borrower = clients(hall)
    agreement = complete(hall)
    agreements.change(agreement, by=lender_of(hall), side=Side.LENDER, values={"personnes_prevues": 500})
    agreements.change(agreement, by=borrower_of(hall), side=Side.BORROWER, values={"regles_maison": "Rien."})
    said = {"geste": "accepter", "version": agreement.version}
    refused = lender.post(agreement.get_absolute_url(), said)
    assert refused.status_code == 409
    assert "À corriger d’abord, «\u00a0Nombre de personnes prévu\u00a0»" in page(refused)
    agreement.refresh_from_db()
    assert (agreement.lender_agreed, agreement.status) == (None, "draft")


def test_no_more_days_to_think_than_are_left_before_the_loan(person: Loan) -> None:
    lender, _borrower = clients(person)
    agreement = the_agreement(person)
    days = (timezone.localtime(person.starts_at).date() - timezone.localdate()).days
    refused = answered(lender, agreement, reflexion_jours=str(days + 1))
    assert refused.status_code == 422
    assert f"on ne peut pas en donner {days + 1} pour réfléchir. Mettez au plus {days}, ou" in page(refused)
    assert "reflexion_jours" not in the_agreement(person).values
    assert answered(lender, agreement, reflexion_jours=str(days)).status_code == 302


def test_where_the_portal_knows_nothing_it_refuses_nothing(hall: Loan) -> None:
    agreement = the_agreement(hall)
    assert possible.wrong(agreement, {"personnes_prevues": 500}) == {}
    assert possible.wrong(agreement, {"local.capacite": 5}) == {}
    agreement.loan.starts_at = agreement.created_at - datetime.timedelta(days=1)
    assert "Mettez au plus 0" in possible.wrong(agreement, {"reflexion_jours": 1})["reflexion_jours"]
    both = {"personnes_prevues": 9, "local.capacite": 5}
    assert list(possible.wrong(agreement, both, ["local.capacite"])) == ["local.capacite"]
