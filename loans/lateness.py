"""Who is late: shown on a loan, flagged on an organisation, and what new requests wait for."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, F, Q

from directory.models import Organisation
from loans.models import Loan, LoanStatus


def late_loans(borrower: Organisation) -> list[Loan]:
    """What an organisation should have given back, oldest first."""
    return list(Loan.objects.overdue().filter(borrower=borrower).for_list().order_by("ends_at", "id"))


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
    )
    return Record(**found, late_now=Loan.objects.overdue().filter(borrower=organisation).count())
