"""Who is late: shown on a loan, flagged on an organisation, and what new requests wait for."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Count, F, Q
from django.utils import timezone

from directory.models import Organisation
from directory.opening import duration
from loans.models import Loan, LoanStatus, Side


def late_loans(borrower: Organisation) -> list[Loan]:
    """What an organisation should have given back, oldest first."""
    return list(Loan.objects.overdue().filter(borrower=borrower).for_list().order_by("ends_at", "id"))


def holding_back(loan: Loan, sides: Collection[str]) -> dict[str, list[Loan]]:
    """What the borrower of a held request gives back first (``late``), and what of it a reader of these sides may see
    (``late_seen``)."""
    late = late_loans(loan.borrower) if loan.held_at and loan.is_open and sides else []
    ours = Side.BORROWER in sides
    return {"late": late, "late_seen": [one for one in late if ours or one.lender_id == loan.lender_id]}


def minutes_late(loan: Loan) -> int:
    """How late a loan is, or came back; 0 when it isn't."""
    until = timezone.now() if loan.status == LoanStatus.HANDED_OVER else loan.returned_at
    return max(0, int((until - loan.ends_at).total_seconds() // 60)) if until else 0


def lateness(loan: Loan) -> str:
    """« 2 jours », « 3 heures », « 20 minutes », rounded down; empty when on time."""
    minutes = minutes_late(loan)
    for unit in (1440, 60):
        if minutes >= unit:
            return duration(minutes - minutes % unit)
    return duration(minutes) if minutes else ""


@dataclass(frozen=True)
class Record:
    """How an organisation keeps its word, in counts; no stars."""

    lent: int
    borrowed: int
    on_time: int
    late_now: int


def record(organisation: Organisation) -> Record:
    """Loans kept (returned or ended), and among those borrowed, how many came back on time. One query."""
    kept = Q(status__in=[LoanStatus.RETURNED, LoanStatus.CLOSED])
    mine = Q(borrower=organisation)
    found = Loan.objects.of(organisation).aggregate(
        lent=Count("pk", filter=kept & Q(lender=organisation)),
        borrowed=Count("pk", filter=kept & mine),
        on_time=Count("pk", filter=kept & mine & Q(returned_at__lte=F("ends_at"))),
        late_now=Count("pk", filter=mine & Q(status=LoanStatus.HANDED_OVER, ends_at__lt=timezone.now())),
    )
    return Record(**found)
