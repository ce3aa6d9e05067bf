"""What the portal says by itself about loans: to answer, tomorrow, due, late; and what it does when nobody answers.

Each gesture is a set of loans to which it applies now, told apart by what the loans themselves say: done twice, or by
two workers at once, it does nothing more. Each loan is a transaction of its own: one that fails leaves the others be.
"""

from __future__ import annotations

import datetime
import logging
from collections.abc import Callable
from dataclasses import dataclass

from django.db import models, transaction
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Greatest
from django.utils import timezone

from loans import notifications, requests
from loans.models import Loan, LoanStatus, Proposal

logger = logging.getLogger(__name__)
DAY = datetime.timedelta(days=1)
JUST_TOLD = datetime.timedelta(hours=12)  # who has just been told the dates needs no reminder of them yet
LATE_AGAIN = datetime.timedelta(days=3)
When = datetime.datetime
Loans = models.QuerySet[Loan]


@dataclass(frozen=True)
class Gesture:
    """One thing to do: with which loans at a moment, and what."""

    name: str
    due: Callable[[When], Loans]
    act: Callable[[Loan, When], object]


def run(now: When | None = None) -> dict[str, int]:
    """Do all that is due. Gives how many loans each gesture concerned; those that failed are logged and tried again."""
    now = now or timezone.now()
    return {gesture.name: _run(gesture, now) for gesture in GESTURES}


def _run(gesture: Gesture, now: When) -> int:
    done = 0
    for pk in gesture.due(now).order_by("pk").values_list("pk", flat=True):
        try:
            done += _run_one(gesture, pk, now)
        except Exception:
            logger.exception("%s: loan %s", gesture.name, pk)
    return done


@transaction.atomic
def _run_one(gesture: Gesture, pk: int, now: When) -> bool:
    """Once more under lock: whoever else is at this loan, or changed it meanwhile, goes first."""
    rows = gesture.due(now).filter(pk=pk).select_for_update(of=("self",), no_key=True, skip_locked=True)
    loan = rows.first()
    if loan is None:
        return False
    loan = Loan.objects.for_list().get(pk=pk)
    gesture.act(loan, now)
    return True


def _mark(loan: Loan, **said: When) -> None:
    """What was told, without a new version: the links of the e-mails already sent still answer."""
    Loan.objects.filter(pk=loan.pk).update(**said)


# ---- to answer


def _expired(now: When) -> Loans:
    return Loan.objects.open().filter(answer_by__lte=now)


def _unanswered(now: When) -> Loans:
    """Asked, or proposed, three days ago, and not reminded since."""
    waiting = Proposal.objects.filter(loan=OuterRef("pk"), status=Proposal.Status.WAITING)
    asked = Greatest("requested_at", models.Subquery(waiting.values("made_at")[:1]))  # NULL counts for nothing
    proposed = Q(Exists(waiting), status__in=[LoanStatus.ACCEPTED, LoanStatus.HANDED_OVER])
    open_ones = Q(status__in=[LoanStatus.REQUESTED, LoanStatus.COUNTERED])
    rows = Loan.objects.filter(open_ones | proposed).alias(asked=asked)
    rows = rows.filter(asked__lte=now - requests.REMIND_AFTER)
    return rows.filter(Q(reminded_at__isnull=True) | Q(reminded_at__lt=F("asked")))


def _remind(loan: Loan, now: When) -> None:
    _mark(loan, reminded_at=now)
    notifications.remind(loan)


def _no_longer_held(now: When) -> Loans:
    """Held requests of borrowers who owe nothing any more."""
    owed = Loan.objects.out().filter(borrower=OuterRef("borrower"), ends_at__lt=now)
    return Loan.objects.open().filter(~Exists(owed), held_at__isnull=False)


# ---- tomorrow, and late


def _starting(now: When) -> Loans:
    rows = Loan.objects.filter(status=LoanStatus.ACCEPTED, starts_at__gt=now, starts_at__lte=now + DAY)
    rows = rows.filter(Q(accepted_at__isnull=True) | Q(accepted_at__lte=now - JUST_TOLD))
    return rows.filter(Q(start_told_for__isnull=True) | ~Q(start_told_for=F("starts_at")))


def _tell_start(loan: Loan, now: When) -> None:
    _mark(loan, start_told_for=loan.starts_at)
    notifications.starts_soon(loan)


def _ending(now: When) -> Loans:
    """Out for more than a day: what is used for an evening is not due « tomorrow »."""
    rows = Loan.objects.out().filter(ends_at__gt=now, ends_at__lte=now + DAY)
    rows = rows.filter(handed_over_at__lte=F("ends_at") - DAY)
    return rows.filter(Q(end_told_for__isnull=True) | ~Q(end_told_for=F("ends_at")))


def _tell_end(loan: Loan, now: When) -> None:
    _mark(loan, end_told_for=loan.ends_at)
    notifications.ends_soon(loan)


def _late(now: When) -> Loans:
    """Late by a day, and not told in the last three."""
    told = Q(late_reminded_at__isnull=True) | Q(late_reminded_at__lte=now - LATE_AGAIN)
    return Loan.objects.out().filter(told, ends_at__lte=now - DAY)


def _tell_late(loan: Loan, now: When) -> None:
    again = loan.late_reminded_at is not None
    _mark(loan, late_reminded_at=now)
    notifications.late(loan, again=again, when=now)


GESTURES = (
    Gesture("expired", _expired, lambda loan, now: requests.expire(loan)),
    Gesture("unanswered", _unanswered, _remind),
    Gesture("released", _no_longer_held, lambda loan, now: requests.release(loan)),
    Gesture("starting", _starting, _tell_start),
    Gesture("ending", _ending, _tell_end),
    Gesture("late", _late, _tell_late),
)
