"""« Mon espace » says which sheet to confirm, which to correct, which incident to agree on, and leads there."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from directory.models import Resource
from loans import handover, incidents
from loans.models import Loan
from tests.factories import OrganisationFactory, ResourceFactory
from tests.loans.lending import accepted, begun, borrower_of, brought, handed, lender_of, member

pytestmark = pytest.mark.django_db


@pytest.fixture
def chairs() -> Resource:
    resource = ResourceFactory(name="Chaises", quantity=50)
    member(resource.organisation)
    return resource


def todos(person: Any, loan: Loan) -> list[tuple[str, str]]:
    """What her space says of this loan: the state and where it leads."""
    client = Client()
    client.force_login(person)
    found = client.get("/mon-espace/").context["todos"]
    return [(t.state, t.address) for t in found if f"/prets/{loan.pk}/" in t.address]


def test_a_sheet_to_confirm_then_to_correct(chairs: Resource) -> None:
    loan = begun(accepted(chairs, quantity=2))
    lender, borrower = lender_of(loan), borrower_of(loan)
    sheet = handed(loan, by=lender)
    there = reverse("loan_handover", args=[loan.pk])
    assert todos(borrower, loan) == [("À confirmer", there)]
    assert ("À confirmer", there) not in todos(lender, loan)
    handover.contest(sheet, by=borrower, remark="Il en manque une")
    assert todos(borrower, loan) == todos(lender, loan) == [("Contesté", there)]
    handover.correct(sheet, by=lender, sheet=handover.Sheet(counted=2, happened_at=sheet.happened_at))
    handover.confirm(sheet, by=borrower)
    brought(loan, 2, by=lender)
    assert todos(borrower, loan) == [("À confirmer", reverse("loan_return", args=[loan.pk]))]


def test_who_pays_is_to_agree_by_the_other_side_even_once_the_loan_is_over(chairs: Resource) -> None:
    loan = begun(accepted(chairs, quantity=2))
    lender, borrower = lender_of(loan), borrower_of(loan)
    handover.confirm(handed(loan), by=borrower)
    handover.confirm(brought(loan, 2), by=borrower)
    handover.close(loan, by=lender)
    assert todos(borrower, loan) == todos(lender, loan) == []
    incident = incidents.open_incident(loan, by=lender, description="Fendue", payer="borrower", estimate=Decimal(20))
    assert todos(borrower, loan) == [("À convenir", incident.get_absolute_url())]
    assert todos(lender, loan) == []
    incidents.propose_payer(incident, by=borrower, payer="shared", estimate=Decimal(20))
    assert (todos(borrower, loan), todos(lender, loan)) == ([], [("À convenir", incident.get_absolute_url())])
    incidents.agree_payer(incident, by=lender, payer="shared", estimate=Decimal(20))
    assert todos(borrower, loan) == todos(lender, loan) == []


def test_the_same_number_of_queries_for_one_and_three(chairs: Resource) -> None:
    borrower = OrganisationFactory()
    person = member(borrower)
    client = Client()
    client.force_login(person)
    counts = []
    for wanted in (1, 3):
        while Loan.objects.filter(borrower=borrower).count() < wanted * 2:
            handed(begun(accepted(chairs, borrower=borrower, by=person)))
            loan = begun(accepted(chairs, borrower=borrower, by=person))
            handover.confirm(handed(loan), by=person)
            incidents.open_incident(loan, by=lender_of(loan), description="Fendue", payer="borrower")
        client.get("/mon-espace/")
        with CaptureQueriesContext(connection) as queries:
            page = client.get("/mon-espace/")
        states = [t.state for t in page.context["todos"]]
        assert (states.count("À confirmer"), states.count("À convenir")) == (wanted, wanted)
        counts.append(len(queries))
    assert counts[0] == counts[1]
