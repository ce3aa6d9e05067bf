"""The subject of every e-mail of a loan says who and what: read in a list, on a phone, it is enough."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import Mail
from directory.models import Resource
from loans import handover, incidents, notifications, proposals, requests
from loans.handover import Sheet
from loans.models import Agreement, Loan, Side
from loans.notifications import signing as of_signing
from loans.views.thread import thread
from tests.factories import OrganisationFactory, ResourceFactory, lend
from tests.loans.lending import (
    accepted,
    begun,
    borrower_of,
    brought,
    frozen,
    handed,
    in_days,
    lender_of,
    member,
    models_in_force,
    sign_all,
    work,
)

pytestmark = pytest.mark.django_db
OURS, THEIRS, WHAT = "Carrefour du Canal", "La Marmite", "Cinquante chaises"


@pytest.fixture
def chairs() -> Resource:
    found = ResourceFactory(name=WHAT, quantity=20, organisation=OrganisationFactory(name=OURS))
    member(found.organisation)
    return found


@pytest.fixture
def asked(chairs: Resource) -> Loan:
    return lend(chairs, borrowing(), in_days(4), quantity=20)


def borrowing() -> Any:
    return OrganisationFactory(name=THEIRS)


def out(resource: Resource) -> Loan:
    loan = begun(accepted(resource, quantity=20, borrower=borrowing()))
    handed(loan)
    return loan


def proposal_of(loan: Loan, side: str) -> Any:
    by = lender_of(loan) if side == Side.LENDER else borrower_of(loan)
    return proposals.propose(loan, by=by, side=side, periods=[in_days(5)], quantity=10)


def _cancel_date(loan: Loan) -> None:
    series = lend(loan.resource, loan.borrower, in_days(6), in_days(13))
    requests.accept(series, by=lender_of(series))
    work()
    requests.cancel_date(series.dates.first(), by=borrower_of(series))


def _silent_borrower(loan: Loan) -> None:
    proposal_of(loan, Side.LENDER)
    requests.expire(loan)


def _taken_back(loan: Loan) -> None:
    proposals.take_back(proposal_of(loan, Side.LENDER), by=lender_of(loan))


def _refused(loan: Loan) -> None:
    proposals.refuse(proposal_of(loan, Side.LENDER), by=borrower_of(loan), reason="Non")


def _agreed(loan: Loan) -> None:
    proposals.agree(proposal_of(loan, Side.LENDER), by=borrower_of(loan))


@pytest.mark.parametrize(
    ("do", "to_borrower", "to_lender"),
    [
        (lambda x: None, "", "La Marmite demande Cinquante chaises × 20"),
        (lambda x: notifications.remind(x), "", "Rappel : La Marmite attend votre réponse (Cinquante chaises × 20)"),
        (lambda x: requests.accept(x, by=lender_of(x)), "Accepté par Carrefour du Canal : Cinquante chaises × 20",
         "Vous prêtez Cinquante chaises × 20 à La Marmite"),
        (lambda x: requests.decline(x, by=lender_of(x), reason="Pris"),
         "Refusé par Carrefour du Canal : Cinquante chaises × 20", ""),
        (lambda x: requests.withdraw(x, by=borrower_of(x)), "",
         "La Marmite retire sa demande (Cinquante chaises × 20)"),
        (lambda x: requests.expire(x), "Carrefour du Canal n’a pas répondu à temps : Cinquante chaises × 20",
         "Vous n’avez pas répondu à temps à La Marmite : Cinquante chaises × 20"),
        (_silent_borrower, "Vous n’avez pas répondu à temps à Carrefour du Canal : Cinquante chaises × 20",
         "La Marmite n’a pas répondu à temps : Cinquante chaises × 20"),
        (_taken_back, "Carrefour du Canal retire sa proposition : Cinquante chaises × 20", ""),
        (_refused, "", "La Marmite refuse votre proposition : Cinquante chaises × 20"),
        (_agreed, "Entendu avec Carrefour du Canal : Cinquante chaises × 10",
         "Entendu avec La Marmite : Cinquante chaises × 10"),
        (_cancel_date, "", "La Marmite annule une date : Cinquante chaises"),
        (notifications.starts_soon, "Bientôt, avec Carrefour du Canal : Cinquante chaises × 20",
         "Bientôt, avec La Marmite : Cinquante chaises × 20"),
        (notifications.ends_soon, "À rendre bientôt à Carrefour du Canal : Cinquante chaises × 20",
         "La Marmite doit bientôt rendre : Cinquante chaises × 20"),
        (lambda x: notifications.late(x, again=False, when=timezone.now()),
         "En retard, à rendre à Carrefour du Canal : Cinquante chaises × 20",
         "La Marmite n’a pas encore rendu : Cinquante chaises × 20"),
    ],
)  # fmt: skip
def test_of_a_request_and_its_dates(asked: Loan, do: Callable[[Loan], Any], to_borrower: str, to_lender: str) -> None:
    """The last one each side got; none where nothing new is written to it."""
    do(asked)
    work()
    if to_borrower:
        assert last(borrower_of(asked)) == to_borrower
    if to_lender:
        assert last(lender_of(asked)) == to_lender


def test_of_a_loan_called_off(asked: Loan) -> None:
    requests.accept(asked, by=lender_of(asked))
    requests.cancel(asked, by=lender_of(asked), reason="Dégât d’eau")
    assert last(borrower_of(asked)) == "Annulé par Carrefour du Canal : Cinquante chaises × 20"


def last(person: Any) -> str:
    """The newest subject someone received, with plain spaces."""
    found = Mail.objects.filter(to=person.email).order_by("-pk").values_list("subject", flat=True).first()
    return (found or "").replace("\u00a0", " ")


def test_of_what_leaves_and_comes_back(chairs: Resource) -> None:
    loan = begun(accepted(chairs, quantity=20, borrower=borrowing()))
    ours, theirs = lender_of(loan), borrower_of(loan)
    sheet = handed(loan, counted=15, rest_later=True)
    assert last(theirs) == "Carrefour du Canal a inscrit la remise : Cinquante chaises × 20"
    handover.keep_rest(loan, by=ours)
    assert last(theirs) == "Carrefour du Canal libère ce qui devait partir plus tard : Cinquante chaises × 20"
    handover.contest(sheet, by=theirs, remark="Seize")
    assert last(ours) == "La Marmite conteste la fiche : Cinquante chaises × 20"
    handover.correct(sheet, by=ours, sheet=Sheet(counted=15))
    assert last(theirs) == "Carrefour du Canal a corrigé la fiche : Cinquante chaises × 20"
    handover.confirm(sheet, by=theirs)
    assert last(ours) == "La Marmite confirme la fiche : Cinquante chaises × 20"
    loan.refresh_from_db()
    brought(loan, 10)
    assert last(theirs) == "Carrefour du Canal a inscrit un retour, 10 sur 20 : Cinquante chaises"
    brought(loan, 5)
    assert last(theirs) == "Carrefour du Canal a inscrit le retour : Cinquante chaises × 20"
    handover.reopen(loan, by=ours, missing=2, reason="Il en manque")
    assert last(theirs) == "Carrefour du Canal dit qu’il en manque 2 : Cinquante chaises × 20"


def test_of_a_person_who_begins_and_ends() -> None:
    models_in_force()
    person = ResourceFactory(
        kind="humain", name="Comptable", tasks="Paie", schedule="les jeudis", time_share="un jour par semaine",
        organisation=OrganisationFactory(name=OURS),
    )  # fmt: skip
    loan = begun(accepted(person, borrower=borrowing(), consent_on=datetime.date(2026, 1, 5), worker="Alix Exemple"))
    assert work() == 1
    told = Mail.objects.filter(to=borrower_of(loan).email, event__startswith="accepted:").get()
    assert "remise" not in told.text
    agreement = frozen(loan)
    of_signing.in_force(sign_all(agreement))
    assert "la remise" not in Mail.objects.filter(event=f"in-force:{agreement.pk}").first().text
    loan.refresh_from_db()
    handed(loan)
    assert last(borrower_of(loan)) == "Carrefour du Canal a inscrit le début : Comptable"
    brought(loan)
    assert last(borrower_of(loan)) == "Carrefour du Canal a inscrit la fin : Comptable"
    said = [entry.what for entry in thread(loan)]
    assert ("a inscrit le début" in said, "a inscrit la fin" in said) == (True, True)


def test_of_an_incident_and_of_who_awaited_the_same(chairs: Resource) -> None:
    loan = out(chairs)
    following = accepted(chairs, in_days(2), quantity=20, borrower=OrganisationFactory(name="Le Recto"))
    ours, theirs = lender_of(loan), borrower_of(loan)
    back = (timezone.now() + datetime.timedelta(days=9)).date()
    incident = incidents.open_incident(loan, by=ours, description="Tordues", units=2, back_on=back)
    assert last(theirs) == "Carrefour du Canal signale un incident : Cinquante chaises × 20"
    assert last(borrower_of(following)) == "En réparation chez Carrefour du Canal : Cinquante chaises, 2 sur 20"
    incidents.propose_payer(incident, by=ours, payer="shared", estimate=None)
    assert last(theirs) == "Carrefour du Canal propose qui paie : Cinquante chaises × 20"
    incidents.agree_payer(incident, by=theirs, payer="shared", estimate=None)
    assert last(ours) == "La Marmite est d’accord sur qui paie : Cinquante chaises × 20"
    incidents.close(incident, by=ours, outcome="Redressées")
    assert last(theirs) == "Carrefour du Canal a réglé l’incident : Cinquante chaises × 20"
    assert last(borrower_of(following)) == "Réparé par Carrefour du Canal : Cinquante chaises × 20"


def test_of_an_agreement() -> None:
    models_in_force()
    hall = ResourceFactory(kind="locaux", name="Salle du Canal", organisation=OrganisationFactory(name=OURS))
    loan = accepted(hall, in_days(9), borrower=borrowing())
    agreement: Agreement = loan.agreements.get()
    number, ours, theirs = agreement.number, lender_of(loan), borrower_of(loan)
    assert last(theirs) == f"Entente à compléter avec Carrefour du Canal : Salle du Canal ({number})"
    agreement = frozen(loan)
    assert last(ours) == f"À signer avec La Marmite : {agreement.title} ({number})"
    of_signing.remind(agreement, days=7, last=False, person=False)
    assert last(theirs).startswith(f"Rappel : entente {number} avec Carrefour du Canal à signer avant le ")
    of_signing.expired(agreement)
    assert last(theirs) == f"Échue entre Carrefour du Canal et La Marmite : entente {number}"
    of_signing.in_force(sign_all(agreement))
    assert last(theirs) == f"En vigueur entre Carrefour du Canal et La Marmite : entente {number}"
    requests.cancel(loan, by=ours, reason="Dégât d’eau")
    ended = Mail.objects.get(to=theirs.email, event__startswith="ended:").subject.replace("\u00a0", " ")
    assert ended == f"Résiliée entre Carrefour du Canal et La Marmite : entente {number}"
