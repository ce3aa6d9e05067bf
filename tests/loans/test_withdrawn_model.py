"""A model that is withdrawn: what is drawn from it goes on and says so; what waits for one is told the truth."""

from __future__ import annotations

import datetime
import html
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from loans import agreements, requests, rules
from loans.models import Agreement, AgreementRule, Loan
from tests.factories import OrganisationFactory, ResourceFactory, lend
from tests.loans.lending import accepted, borrower_of, frozen, in_days, lender_of, member, models_in_force, sign_all
from toolbox.models import ModelAgreement

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def toolbox() -> None:
    models_in_force()


@pytest.fixture
def loan() -> Loan:
    return accepted(ResourceFactory(kind="locaux", name="Salle du Canal", slug="salle-du-canal"))


def login(person: Any) -> Client:
    client = Client()
    client.force_login(person)
    return client


def page(response: Any) -> str:
    return html.unescape(response.content.decode()).replace("\u00a0", " ")


WITHDRAWN: dict[str, Any] = {"withdrawn_at": "2026-01-15T17:00:00Z", "withdrawn_reason": "La loi a changé."}


def test_an_agreement_under_way_says_that_its_model_was_withdrawn_since(loan: Loan) -> None:
    lender, borrower = login(lender_of(loan)), login(borrower_of(loan))
    agreement = agreements.current(loan)
    said = "a été retiré le 15 janvier 2026 (« La loi a changé. »), mais cette entente"
    assert agreement
    pages = [agreement.get_absolute_url(), loan.get_absolute_url()]
    assert all("a été retiré" not in page(lender.get(address)) for address in pages)
    ModelAgreement.objects.update(**WITHDRAWN)
    for address in pages:
        assert said in page(lender.get(address)), address
        assert said in page(borrower.get(address)), address
    sign_all(frozen(loan))
    assert all(said in page(lender.get(address)) for address in pages)
    Agreement.objects.filter(pk=agreement.pk).update(status="ended")
    assert said not in page(lender.get(pages[0]))


def test_a_model_put_back_after_the_acceptance_promises_nothing() -> None:
    ModelAgreement.objects.update(**WITHDRAWN)
    loan = lend(ResourceFactory(kind="locaux"), OrganisationFactory(), in_days(2))
    requests.accept(loan, by=member(loan.lender))
    Loan.objects.filter(pk=loan.pk).update(accepted_at=timezone.now() - datetime.timedelta(minutes=1))
    ModelAgreement.objects.update(withdrawn_at=None, withdrawn_reason="")
    ModelAgreement.objects.update(updated_at=timezone.now())  # as in another transaction
    shown = page(login(lender_of(loan)).get(loan.get_absolute_url()))
    assert "en train de la dresser" not in shown
    assert "Elle n’est pas encore dressée" in shown
    assert "Dresser une entente" in shown


def test_the_model_of_a_network_serves_only_where_a_rule_names_it() -> None:
    ModelAgreement.objects.filter(kind="locaux").update(owner=OrganisationFactory(is_network=True))
    hall = ResourceFactory(kind="locaux")
    assert rules.applying(hall).model is None
    theirs = ModelAgreement.objects.get(kind="locaux")
    AgreementRule.objects.create(resource=hall, model=theirs, demand="always")
    assert rules.applying(hall).model == theirs


def test_a_loan_without_any_model_says_which_was_withdrawn_and_why() -> None:
    ModelAgreement.objects.update(**WITHDRAWN)
    loan = accepted(ResourceFactory(kind="locaux"))
    shown = page(login(lender_of(loan)).get(loan.get_absolute_url()))
    assert "Aucune entente-type n’est en vigueur" in shown
    assert "a été retiré le 15 janvier 2026 : La loi a changé." in shown
