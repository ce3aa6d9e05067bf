"""A sheet whose points nobody ticked says so to both sides: it never passes for checked."""

from __future__ import annotations

import pytest

from accounts.models import Mail
from directory.models import Resource
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
    assert "Tout est revenu, mais 1 point n’est pas coché" in seen
    assert "en ordre\u00a0: terminez" not in seen
    assert "1 point non coché (Rincées)" in Mail.objects.filter(event__startswith="returned-").latest("pk").text
