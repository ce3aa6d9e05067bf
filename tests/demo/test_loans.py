"""The demonstration has loans in every state, past and to come, and something to answer for each account."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from directory.models import Closure, ExceptionalHours, Occupation
from loans.models import Incident, Loan, LoanDate, LoanStatus, Proposal
from loans.permissions import other, sides_of
from mutualisation.management.demo_loans import lend_and_borrow

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("demonstration")]


def test_loans_in_every_state_once_and_what_holds_time_holds_it(capsys: Any) -> None:
    now = timezone.now()
    assert set(Loan.objects.values_list("status", flat=True)) == set(LoanStatus.values)
    assert Loan.objects.filter(ends_at__lt=now - datetime.timedelta(days=180)).exists()
    assert Loan.objects.overdue().exists()
    assert Loan.objects.filter(held_at__isnull=False, status="requested").exists()
    assert Incident.objects.filter(closed_at__isnull=True).exists()
    assert set(Closure.objects.values_list("reason", flat=True)) == {"closure", "repair"}
    assert ExceptionalHours.objects.count() == 2

    for email in ("gestion@portail.example", "membre@portail.example"):
        person = User.objects.get(email=email)
        waiting = [p for p in Proposal.objects.filter(status="waiting") if other(p.side) in sides_of(person, p.loan)]
        assert any(p.loan.status == LoanStatus.COUNTERED for p in waiting), email
        asked = Loan.objects.visible_to(person).filter(status=LoanStatus.REQUESTED)
        assert any("lender" in sides_of(person, loan) for loan in asked), email

    series = Loan.objects.get(resource__slug="salle-du-canal", recurrence__isnull=False)
    assert series.dates.filter(cancelled_at__isnull=False).count() == 1
    assert {timezone.localtime(d.period.lower).strftime("%a %H") for d in series.dates.all()} == {"Tue 18"}
    chairs = Loan.objects.get(status="handed_over", resource__slug="cinquante-chaises-pliantes")
    assert (chairs.quantity, chairs.returned_quantity) == (20, 15)
    held = Occupation.objects.filter(act__in=chairs.dates.values("act"))
    assert held.filter(period__contains=now).count() == 5
    for date in LoanDate.objects.filter(loan__status__in=["accepted", "handed_over"], cancelled_at__isnull=True):
        assert Occupation.objects.filter(act=date.act).exists(), date.loan

    count = Loan.objects.count()
    lend_and_borrow()
    assert Loan.objects.count() == count
