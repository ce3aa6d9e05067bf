"""What awaits who reads comes first on the page of a loan, and the list of loans says it as the menu counts it."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from django.urls import reverse

from loans import handover, incidents
from loans.models import Loan, LoanDate
from tests.factories import ResourceFactory
from tests.loans import lending
from tests.loans.lending import accepted, begun, borrower_of, brought, handed, in_days, lender_of, member
from tests.loans.test_condition import signed

pytestmark = pytest.mark.django_db


@pytest.fixture
def loan() -> Loan:
    return begun(accepted(ResourceFactory(name="Chaises", quantity=50), in_days(2, 72), quantity=2))


def first_of(user: Any, loan: Loan) -> tuple[str, str]:
    """The first state and the primary gesture of the top card of the loan's page."""
    page = html.unescape(signed(user).get(loan.get_absolute_url()).content.decode())
    card = page[page.index('aria-labelledby="h-next"') : page.index('aria-labelledby="h-dates"')]
    gestures = re.findall(r'class="btn btn-primary[^"]*" href="([^"]*)"', card)
    assert len(gestures) <= 1
    return re.search(r"<b>(.*?)\.</b>", card)[1], "".join(gestures)  # type: ignore[index]


def test_a_sheet_to_confirm_then_who_pays_come_before_where_the_loan_stands(loan: Loan) -> None:
    lender, borrower = lender_of(loan), borrower_of(loan)
    sheet = handed(loan, by=lender)
    assert first_of(borrower, loan) == ("À confirmer", reverse("loan_handover", args=[loan.pk]))
    assert first_of(lender, loan)[0] == "En cours"
    handover.contest(sheet, by=borrower, remark="Il en manque une")
    assert first_of(lender, loan) == ("Contesté", reverse("loan_handover", args=[loan.pk]))
    handover.correct(sheet, by=lender, sheet=handover.Sheet(counted=2, happened_at=sheet.happened_at))
    handover.confirm(sheet, by=borrower)
    handover.confirm(brought(loan, 2, by=lender), by=borrower)
    incident = incidents.open_incident(loan, by=lender, description="Fendue", payer="borrower")
    assert first_of(borrower, loan) == ("À convenir", incident.get_absolute_url())
    assert first_of(lender, loan) == ("Incident à régler", incident.get_absolute_url())
    incident.refresh_from_db()
    incidents.agree_payer(incident, by=borrower, payer="borrower", estimate=None)
    incidents.close(incident, by=lender, outcome="Payé")
    assert first_of(lender, loan)[0] == "Rendu"


def test_an_agreement_to_complete_comes_first_then_the_first_day() -> None:
    lending.models_in_force()
    person = ResourceFactory(kind="humain", name="Comptable")
    member(person.organisation)
    loan = accepted(person, in_days(3, 6))
    assert first_of(lender_of(loan), loan)[0] == "Personne à nommer"
    Loan.objects.filter(pk=loan.pk).update(consent_on=loan.requested_at.date())
    number = loan.agreements.get().number
    assert first_of(lender_of(loan), loan) == ("Entente\u00a0: à compléter", reverse("agreement", args=[number]))
    lending.signed(loan)
    assert first_of(lender_of(loan), loan)[0] == "Accepté"
    begun(Loan.objects.get(pk=loan.pk))
    todo = html.unescape(signed(lender_of(loan)).get("/mon-espace/").content.decode())
    assert "Première journée\u00a0: Comptable" in todo
    assert "Début à inscrire" in todo
    assert "Remise de" not in todo
    handed(Loan.objects.get(pk=loan.pk), by=lender_of(loan))
    todo = html.unescape(signed(borrower_of(loan)).get("/mon-espace/").content.decode())
    assert "Début à confirmer\u00a0: Comptable" in todo
    assert "État des lieux" not in todo


def test_what_begins_today_is_said_before_its_hour(loan: Loan) -> None:
    today = lending.timezone.localtime().replace(hour=23, minute=59)
    Loan.objects.filter(pk=loan.pk).update(starts_at=today)
    LoanDate.objects.filter(loan=loan).update(period=lending.span(today, loan.ends_at))
    assert first_of(lender_of(loan), loan) == ("À remettre", reverse("loan_handover", args=[loan.pk]))


def test_the_list_says_and_counts_what_the_menu_counts(loan: Loan) -> None:
    borrower = borrower_of(loan)
    handed(loan, by=lender_of(loan))
    other = begun(accepted(loan.resource, in_days(2, 72), borrower=loan.borrower))
    handover.confirm(handed(other), by=borrower)
    page = html.unescape(signed(borrower).get(reverse("loan_list") + "?etat=attend").content.decode())
    assert re.search(r'class="count">1<span', page)
    assert re.search(r'aria-current="page">Attendent quelque chose de moi <span class="num">1<', page)
    assert page.count('class="todo"') == 1
    there = reverse("loan_handover", args=[loan.pk])
    assert re.search(rf'href="{there}">Relire et confirmer', page)
    assert '">À confirmer</span>' in page
