"""A sheet whose points nobody ticked says so to both sides: it never passes for checked."""

from __future__ import annotations

import pytest
from django.urls import reverse

from accounts.models import Mail
from directory.models import Resource
from loans import handover
from loans.incidents import open_incident
from loans.models import Checklist, Loan
from tests.factories import ResourceFactory
from tests.loans.lending import accepted, begun, borrower_of, brought, handed, lender_of
from tests.loans.test_condition import address, signed, typed

pytestmark = pytest.mark.django_db


@pytest.fixture
def chairs() -> Resource:
    Checklist.objects.create(kind="materiel", moment="handover", items=["Comptées ensemble", "Propres"])
    return ResourceFactory(name="Chaises pliantes", quantity=50)


@pytest.fixture
def loan(chairs: Resource) -> Loan:
    return begun(accepted(chairs, quantity=20))


def test_what_nobody_ticked_is_said_to_be_checked(loan: Loan) -> None:
    lender, borrower = signed(lender_of(loan)), signed(borrower_of(loan))
    ticked = {"item_0": "Comptées ensemble", "item_1": "Propres"}
    done = lender.post(address(loan), typed(loan, **ticked, note_1="Une tache"), follow=True).content.decode()
    assert "2 points ne sont pas cochés." in done
    seen = borrower.get(address(loan)).content.decode()
    assert "À vérifier\u00a0: 2 points non cochés" in seen
    alert = seen[seen.index("Rien ne dit que ces points sont en ordre") :][:400]
    for words in ("Comptées ensemble", "Propres", "Une tache"):
        assert words in alert
    assert "à vérifier\u00a0: 2 points non cochés" in borrower.get(loan.get_absolute_url()).content.decode()
    mail = Mail.objects.filter(event__startswith="to-confirm-").latest("pk")
    assert "À vérifier\u00a0: 2 points non cochés (Comptées ensemble; Propres)." in mail.text
    report = loan.reports.get()
    sheet = {"geste": "corriger", "fiche": report.pk, "version": report.version, **ticked, "ok_0": "on", "ok_1": "on"}
    lender.post(address(loan), typed(loan, **sheet))
    for page in (borrower.get(address(loan)), borrower.get(loan.get_absolute_url())):
        assert "non coché" not in page.content.decode()


def test_a_return_with_points_left_is_not_said_in_order(loan: Loan) -> None:
    handed(loan)
    brought(loan, 20, checks=[{"item": "Rincées", "ok": False, "note": ""}])
    seen = signed(lender_of(loan)).get(address(loan, "return")).content.decode()
    assert "Avant de terminer le prêt" in seen
    assert "1 point n’est pas coché\u00a0: vérifiez-le." in seen
    assert "en ordre\u00a0: terminez" not in seen
    assert "1 point non coché (Rincées)" in Mail.objects.filter(event__startswith="returned-").latest("pk").text


def test_a_damaged_return_without_incident_is_told_before_the_loan_ends(loan: Loan) -> None:
    handed(loan)
    brought(loan, 20, state="damaged")
    page = signed(lender_of(loan)).get(address(loan, "return")).content.decode()
    assert "«\u00a0abîmé\u00a0», et aucun incident n’est ouvert" in page
    assert "L’autre organisme n’a pas encore confirmé." in page
    assert "en ordre\u00a0: terminez" not in page
    report = loan.reports.get(moment="return")
    handover.confirm(report, by=borrower_of(loan))
    open_incident(loan, by=lender_of(loan), description="Deux pattes cassées", report=report)
    page = signed(lender_of(loan)).get(address(loan, "return")).content.decode()
    assert "aucun incident n’est ouvert" not in page
    assert "pas encore confirmé" not in page


def test_what_comes_back_within_its_minute_can_still_be_set_aside(loan: Loan) -> None:
    handed(loan)
    brought(loan, 20, happened_at=loan.reports.get(moment="handover").happened_at)
    assert open_incident(loan, by=lender_of(loan), description="Brisées", units=2).set_aside == [19, 20]


def test_who_must_say_who_pays_reads_it_on_the_page_of_the_loan(loan: Loan) -> None:
    handed(loan)
    open_incident(loan, by=lender_of(loan), description="Fendu", payer="borrower")
    asked = "On vous propose qui paie"
    assert asked in signed(borrower_of(loan)).get(loan.get_absolute_url()).content.decode()
    assert asked not in signed(lender_of(loan)).get(loan.get_absolute_url()).content.decode()


def test_the_loan_ends_once_two_counts_are_one(loan: Loan) -> None:
    """While the choice between two counts is open, nothing offers to end the loan as if all were in order."""
    handed(loan)
    lender, borrower = signed(lender_of(loan)), signed(borrower_of(loan))
    mine = typed(loan, counted=15, vue="")
    borrower.post(address(loan, "return"), typed(loan, counted=20))
    conflict = lender.post(address(loan, "return"), mine)
    assert conflict.status_code == 409
    seen = conflict.content.decode()
    assert "<ins>20</ins>" in seen
    assert "Terminer le prêt" not in seen
    assert "Terminer le prêt" in lender.get(address(loan, "return")).content.decode()


def test_a_damaged_return_offers_one_way_to_report_it(loan: Loan) -> None:
    handed(loan)
    brought(loan, 20, state="damaged")
    lender = signed(lender_of(loan))
    seen = lender.get(address(loan, "return")).content.decode()
    assert seen.count("Signaler un incident") == 1
    assert f"fiche={loan.reports.get(moment='return').pk}" in seen
    assert "Signaler un incident" in lender.get(address(loan)).content.decode()  # where no sheet calls for it


def test_the_side_that_has_not_confirmed_is_told_it_is_she(loan: Loan) -> None:
    handed(loan)
    brought(loan, 20, by=borrower_of(loan))
    lender = signed(lender_of(loan))
    page = lender.get(address(loan, "return")).content.decode()
    assert "Vous n’avez pas encore confirmé la fiche." in page
    assert "L’autre organisme n’a pas encore confirmé." not in page
    handover.contest(loan.reports.get(moment="return"), by=lender_of(loan), remark="Il en manque deux")
    page = lender.get(address(loan, "return")).content.decode()
    assert "La fiche est contestée\u00a0: corrigez-la" in page


def test_an_incident_told_from_the_loan_is_that_of_its_damaged_return(loan: Loan) -> None:
    handed(loan)
    brought(loan, 8, state="good")
    brought(loan, 6, state="damaged")
    report = brought(loan, 6, state="missing")
    lender = signed(lender_of(loan))
    lender.post(
        reverse("incident_create", args=[loan.pk]), {"description": "Deux manquent", "units": "2", "payer": "undecided"}
    )
    assert loan.incidents.get().report == report
    open_incident(loan, by=lender_of(loan), description="Une patte cassée")
    open_incident(loan, by=lender_of(loan), description="Et la housse")
    assert [i.report and i.report.state for i in loan.incidents.order_by("pk")] == ["missing", "damaged", None]
    page = lender.get(address(loan, "return")).content.decode()
    assert "aucun incident n’est ouvert" not in page
