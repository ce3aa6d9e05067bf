"""What a loan awaits from each side, in every situation; what counts it and what names it agree."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

import pytest
from django.db.models import BooleanField
from django.db.models.expressions import RawSQL
from django.utils import timezone

from directory.models import Kind, Membership
from loans import agreements, gate, handover, incidents, personal, proposals, requests, rules
from loans import signing as verbs
from loans.models import Agreement, AgreementRule, Loan
from loans.models.agreement_rule import BY_LAW
from loans.models.wait import DEMANDED
from mutualisation.kernel.moments import Period
from tests.factories import OrganisationFactory, ResourceFactory, lend
from tests.loans import lending, signing
from tests.loans.lending import accepted, begun, borrower_of, brought, handed, in_days, lender_of, member
from tests.loans.test_scans import send

pytestmark = pytest.mark.django_db
LONG = 72  # hours: whatever the time now, it neither ends today nor begins another day


def asked() -> Loan:
    resource = ResourceFactory(quantity=50)
    member(resource.organisation)
    return lend(resource, OrganisationFactory(), in_days(5, LONG), quantity=2)


def countered() -> Loan:
    loan = asked()
    later: list[Period] = [in_days(9, LONG)]
    proposals.propose(loan, by=lender_of(loan), side="lender", periods=later, quantity=2)
    return loan


def agreed() -> Loan:
    loan = asked()
    requests.accept(loan, by=lender_of(loan))
    return loan


def changing(side: str) -> Loan:
    loan = agreed()
    by = lender_of(loan) if side == "lender" else borrower_of(loan)
    proposals.propose(loan, by=by, side=side, periods=[in_days(9, LONG)], quantity=2)
    return loan


def today() -> Loan:
    return begun(agreed())


def out() -> Loan:
    """Handed over, its sheet confirmed by both."""
    loan = today()
    handover.confirm(handed(loan, by=lender_of(loan)), by=borrower_of(loan))
    return loan


def sheet_of_the_borrower() -> Loan:
    loan = today()
    handed(loan, by=borrower_of(loan))
    return loan


def sheet_of_the_lender() -> Loan:
    loan = today()
    handed(loan, by=lender_of(loan))
    return loan


def contested() -> Loan:
    loan = today()
    handover.contest(handed(loan, by=lender_of(loan)), by=borrower_of(loan), remark="Il en manque une")
    return loan


def half() -> Loan:
    loan = today()
    handover.confirm(handed(loan, counted=1, by=lender_of(loan), rest_later=True), by=borrower_of(loan))
    return loan


def ends(in_hours: int) -> Callable[[], Loan]:
    def make() -> Loan:
        loan = out()
        end = loan.starts_at + datetime.timedelta(hours=1) if in_hours < 0 else _before_midnight()
        Loan.objects.filter(pk=loan.pk).update(ends_at=end)
        return loan

    return make


def _before_midnight() -> datetime.datetime:
    return timezone.localtime().replace(hour=23, minute=59, second=59, microsecond=999999)


def returned() -> Loan:
    loan = out()
    handover.confirm(brought(loan, 2, by=lender_of(loan)), by=borrower_of(loan))
    return loan


def closed() -> Loan:
    loan = returned()
    handover.close(loan, by=lender_of(loan))
    return loan


def who_pays(loan: Loan, payer: str) -> Loan:
    incidents.open_incident(loan, by=lender_of(loan), description="Fendue", payer="borrower", units=0)
    incident = loan.incidents.get()
    if payer != "borrower":
        incidents.propose_payer(incident, by=borrower_of(loan), payer=payer, estimate=None)
    return loan


def spoilt(loan: Loan) -> Loan:
    incidents.open_incident(loan, by=lender_of(loan), description="Fendue")
    return loan


def unnamed() -> Loan:
    person = ResourceFactory(kind="humain", quantity=1)
    member(person.organisation)
    return accepted(person, in_days(5, LONG))


def written(*sides: str, agreed: str = "") -> Loan:
    """A hall lent, its agreement answered by these sides; accepted by this one."""
    lending.models_in_force()
    loan = accepted(ResourceFactory(kind="locaux"), in_days(5, LONG))
    agreement = agreements.current(loan)
    assert agreement is not None
    for side in sides:
        while agreements.lacks_of(agreement, side):
            lending.told(agreement, side)
    if agreed:
        agreements.agree(agreement, by=lender_of(loan), side=agreed)
    return loan


def to_sign(*signed: str, parties: list[str] = signing.TWO) -> Loan:
    agreement = signing.frozen(parties)
    for party in signed:
        signing.sign(agreement, party)
    Loan.objects.filter(pk=agreement.loan_id).update(consent_on=timezone.localdate())
    return agreement.loan


def on_paper() -> Loan:
    """Signed by hand, sent by the lender."""
    agreement = signing.frozen()
    send(agreement)
    return agreement.loan


def with_link() -> Loan:
    loan = to_sign("preteur", "emprunteur", parties=signing.THREE)
    agreement = Agreement.objects.get(loan=loan)
    personal.send(agreement, by=signing.signatory(agreement), name="Alix Exemple", email="alix@ailleurs.example")
    return loan


def signed() -> Loan:
    loan = written()
    lending.sign_all(lending.frozen(loan))
    return loan


def not_signed(status: str = "refused", *, demand: str = "always") -> Loan:
    """Ended without all the signatures, where this is demanded."""
    loan = to_sign()
    AgreementRule.objects.create(resource=loan.resource, demand=demand)
    Agreement.objects.filter(loan=loan).update(status=status)
    return loan


def taken_up_again() -> Loan:
    loan = written()
    lending.frozen(loan)
    Agreement.objects.filter(loan=loan).update(status="refused")
    verbs.renew(agreements.current(loan), by=lender_of(loan))  # type: ignore[arg-type]
    return loan


SITUATIONS: dict[str, tuple[Callable[[], Loan], str, str]] = {
    "asked": (asked, "answer", ""),
    "countered": (countered, "", "answer"),
    "agreed, to come": (agreed, "", ""),
    "a change proposed by the borrower": (lambda: changing("borrower"), "answer", ""),
    "a change proposed by the lender": (lambda: changing("lender"), "", "answer"),
    "to hand over today": (today, "hand_over", "hand_over"),
    "sheet filled by the lender": (sheet_of_the_lender, "", "confirm"),
    "sheet filled by the borrower": (sheet_of_the_borrower, "confirm", ""),
    "sheet contested": (contested, "correct", "correct"),
    "half of it still to leave": (half, "hand_over", "hand_over"),
    "out": (out, "", ""),
    "due today": (ends(0), "due", "due"),
    "late": (ends(-1), "late", "late"),
    "returned": (returned, "close", ""),
    "returned, an incident open": (lambda: spoilt(returned()), "settle", ""),
    "closed": (closed, "", ""),
    "closed, the lender said who pays": (lambda: who_pays(closed(), "borrower"), "", "agree"),
    "closed, the borrower said who pays": (lambda: who_pays(closed(), "shared"), "agree", ""),
    "a person not named": (unnamed, "name", ""),
    "an agreement drawn up": (written, "fill", "fill"),
    "answered by the lender": (lambda: written("lender"), "", "fill"),
    "answered by both": (lambda: written("lender", "borrower"), "accept", "accept"),
    "accepted by the lender": (lambda: written("lender", "borrower", agreed="lender"), "", "accept"),
    "an agreement to sign": (to_sign, "sign", "sign"),
    "signed by the borrower": (lambda: to_sign("emprunteur"), "sign", ""),
    "signed by hand, sent by the lender": (on_paper, "", "check"),
    "the person lent has no link": (lambda: to_sign("preteur", "emprunteur", parties=signing.THREE), "link", ""),
    "the person lent has her link": (with_link, "", ""),
    "in force": (signed, "", ""),
    "refused": (not_signed, "again", "again"),
    "left too long": (lambda: not_signed("expired"), "again", "again"),
    "refused, where none is demanded": (lambda: not_signed(demand="never"), "", ""),
    "refused, then taken up again": (taken_up_again, "accept", "accept"),
}


@pytest.mark.parametrize("situation", SITUATIONS)
def test_what_each_side_is_awaited_for(situation: str) -> None:
    make, lender, borrower = SITUATIONS[situation]
    loan = make()
    sides = (loan.lender_id, loan.borrower_id, OrganisationFactory().pk)
    assert [Loan.objects.with_wait(side).get(pk=loan.pk).wait for side in sides] == [lender, borrower, ""]
    found = [Loan.objects.awaiting(side).filter(pk=loan.pk).exists() for side in sides]
    assert found == [bool(lender), bool(borrower), False]
    assert Loan.objects.awaiting(*sides).count() == bool(lender or borrower)


def test_of_two_sheets_the_one_to_confirm_is_told_before_the_one_to_correct() -> None:
    loan = contested()
    brought(loan, 2, by=borrower_of(loan))
    lender, borrower = loan.lender_id, loan.borrower_id
    told = [Loan.objects.with_wait(side).with_target(side).get(pk=loan.pk) for side in (lender, borrower)]
    assert [(one.wait, one.sheet) for one in told] == [("confirm", "return"), ("correct", "handover")]


def test_who_may_not_sign_is_not_awaited() -> None:
    loan = to_sign()
    Membership.objects.filter(organisation=loan.lender).update(is_signatory=False)
    seat = Membership.objects.filter(organisation=loan.lender)[0]
    assert not Loan.objects.awaiting(seat).exists()
    seat.is_signatory = True
    assert Loan.objects.awaiting(seat).get() == loan
    Agreement.objects.filter(loan=loan).update(sign_by=timezone.now())  # too late
    assert not Loan.objects.awaiting(seat).exists()


def test_the_target_is_the_agreement_that_is_open() -> None:
    loan = to_sign()
    told_ = Loan.objects.with_target(loan.lender_id).get(pk=loan.pk)
    assert told_.agreement == Agreement.objects.get(loan=loan).number


def test_to_take_up_again_is_awaited_until_the_loan_is_over() -> None:
    loan = not_signed()
    assert Loan.objects.with_wait(loan.lender_id).get(pk=loan.pk).wait == "again"
    assert [row.number for row, _side, _told in gate.awaiting(loan.borrower_id)] == [loan.agreements.get().number]
    later = begun(loan, ago=datetime.timedelta(days=9))
    assert Loan.objects.with_wait(later.lender_id).get(pk=later.pk).wait == "hand_over"
    assert gate.awaiting(loan.borrower_id) == []


RULES = (("always", None), ("above", 1500), ("never", None))


@pytest.mark.parametrize("own", [None, *RULES])
@pytest.mark.parametrize("general", [None, *RULES])
@pytest.mark.parametrize("kind", Kind.values)
def test_whether_one_is_demanded_is_told_alike(kind: str, general: Any, own: Any) -> None:
    """To the database and to the pages, of one unit and of two."""
    resource = ResourceFactory(kind=kind, quantity=5, replacement_value=None if kind == "expertise" else 800)
    for rule, of in ((general, {"kind": kind}), (own, {"resource": resource})):
        if rule and (kind not in BY_LAW or rule[0] == "always"):
            AgreementRule.objects.create(**of, demand=rule[0], threshold=rule[1])
    member(resource.organisation)
    loans = [lend(resource, OrganisationFactory(), in_days(5, LONG), quantity=n) for n in (1, 2)]
    asked = RawSQL(DEMANDED, [], BooleanField())  # noqa: S611 - our own
    told = [Loan.objects.annotate(demanded=asked).get(pk=loan.pk).demanded for loan in loans]
    assert told == [rules.applying(resource).demanded(n) for n in (1, 2)]
