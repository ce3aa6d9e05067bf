"""What the portal does by itself about agreements to sign: reminders 7 and 2 days before the end, then the end.

Each agreement is a transaction of its own; done twice, or by two workers at once, it does nothing more.
"""

from __future__ import annotations

import datetime
import logging
from collections.abc import Callable

from django.db import models, transaction
from django.db.models import F, Q
from django.utils import timezone

from loans import personal, signing
from loans.models import Agreement, AgreementStatus
from loans.notifications import signing as telling
from toolbox.models import Party

logger = logging.getLogger(__name__)
FIRST, LAST = datetime.timedelta(days=7), datetime.timedelta(days=2)
JUST_TOLD = datetime.timedelta(hours=24)  # who has just been asked to sign needs no reminder yet
When = datetime.datetime
Agreements = models.QuerySet[Agreement]


def run(now: When | None = None) -> dict[str, int]:
    """Do all that is due. Gives how many agreements each gesture concerned; those that failed are logged."""
    now = now or timezone.now()
    return {"expired": _run(_over, _expire, now), "reminded": _run(_unsigned, _remind, now)}


def _run(due: Callable[[When], Agreements], act: Callable[[Agreement, When], None], now: When) -> int:
    done = 0
    for pk in due(now).order_by("pk").values_list("pk", flat=True):
        try:
            done += _run_one(due, act, pk, now)
        except Exception:
            logger.exception("agreement %s", pk)
    return done


@transaction.atomic
def _run_one(due: Callable[[When], Agreements], act: Callable[[Agreement, When], None], pk: int, now: When) -> bool:
    """Once more under lock: whoever else is at this agreement, or signed it meanwhile, goes first."""
    rows = due(now).filter(pk=pk).select_for_update(of=("self",), no_key=True, skip_locked=True)
    agreement = rows.select_related("loan__lender", "loan__borrower", "loan__resource").first()
    if agreement is None:
        return False
    act(agreement, now)
    return True


def _over(now: When) -> Agreements:
    return Agreement.objects.filter(status=AgreementStatus.TO_SIGN, sign_by__lte=now)


def _expire(agreement: Agreement, now: When) -> None:
    signing.expire(agreement)


def _unsigned(now: When) -> Agreements:
    """Within 7 days of the end, or 2, and not reminded since then."""
    rows = Agreement.objects.filter(
        status=AgreementStatus.TO_SIGN, sign_by__gt=now, sign_by__lte=now + FIRST, frozen_at__lte=now - JUST_TOLD
    )
    first = Q(reminded_at__isnull=True) | Q(reminded_at__lt=F("sign_by") - FIRST)
    last = Q(sign_by__lte=now + LAST, reminded_at__lt=F("sign_by") - LAST)
    return rows.filter(first | last)


def _remind(agreement: Agreement, now: When) -> None:
    Agreement.objects.filter(pk=agreement.pk).update(reminded_at=now)
    days = LAST.days if agreement.sign_by and agreement.sign_by <= now + LAST else FIRST.days
    no_link = Party.PERSON in telling.unsigned(agreement) and not personal.send_again(agreement)
    telling.remind(agreement, days=days, last=days == LAST.days, person=no_link)
