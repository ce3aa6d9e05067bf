"""The hours that a person who is lent did, date by date: either side notes them, both read them and their sum.

Each noting is an event of the story, which nothing changes: the last one of a date holds, who corrected whom stays.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from directory.models import Kind
from directory.permissions import require
from loans.lifecycle import tell
from loans.models import Loan, LoanDate, LoanEvent, LoanStatus, Side
from loans.permissions import sides_of
from mutualisation.kernel.lifecycle import AlreadyMoved
from mutualisation.kernel.moments import wall

NOTED = "note_hours"
AGREED = (LoanStatus.ACCEPTED, LoanStatus.HANDED_OVER, LoanStatus.RETURNED, LoanStatus.CLOSED)


def are_noted(loan: Loan) -> bool:
    """Whether hours are counted at all: a person's, once her loan is agreed on."""
    return loan.resource.kind == Kind.HUMAIN and loan.status in AGREED


def is_past(date: LoanDate) -> bool:
    return date.cancelled_at is None and date.period.upper <= timezone.now()


def most(date: LoanDate) -> int:
    """The minutes of the days that a date touches: nobody did more."""
    return 1440 * ((wall(date.period.upper).date() - wall(date.period.lower).date()).days + 1)


def notings(events: Iterable[LoanEvent]) -> dict[int, list[LoanEvent]]:
    """By date, what was noted, of events in their order: the last one holds."""
    found: dict[int, list[LoanEvent]] = {}
    for event in events:
        if event.verb == NOTED:
            found.setdefault(event.data["date"], []).append(event)
    return found


def worked(loan: Loan) -> str:
    """« 14 h 30 », all the hours noted of the dates that stand; nothing before the first ones. Two queries."""
    stand = set(loan.dates.filter(cancelled_at__isnull=True).values_list("pk", flat=True))
    last = {pk: rows[-1].data["minutes"] for pk, rows in notings(loan.events.filter(verb=NOTED)).items()}
    done = [minutes for pk, minutes in last.items() if pk in stand]
    return in_words(sum(done)) if done else ""


def last_noting(loan: Loan, date: LoanDate) -> LoanEvent | None:
    """What holds of a date."""
    return loan.events.filter(verb=NOTED, data__date=date.pk).last()


@transaction.atomic
def note_hours(date: LoanDate, *, by: Any, minutes: int, note: str = "", seen: int = 0) -> LoanEvent:
    """Either side says how long was done on a date that is past; ``seen`` is the noting that the page showed, 0: none.

    Raises PermissionDenied, AlreadyMoved (someone noted otherwise meanwhile).
    """
    loan = Loan.objects.select_for_update(no_key=True, of=("self",)).select_related("resource").get(pk=date.loan_id)
    sides = sides_of(by, loan)
    require(bool(sides) and are_noted(loan) and is_past(date) and 0 <= minutes <= most(date))
    before = last_noting(loan, date)
    require(minutes > 0 or before is not None)  # none at all is said only to correct what was noted
    if before and (before.data["minutes"], before.note) == (minutes, note):
        return before
    if (before.pk if before else 0) != seen:
        raise AlreadyMoved
    about = {"date": date.pk, "day": date.period.lower.isoformat(), "minutes": minutes}
    side = Side.LENDER if Side.LENDER in sides else Side.BORROWER
    return tell(loan, "note_hours", by=by, side=side, note=note, data=about)


def in_words(minutes: int) -> str:
    """« 7 h 30 », « 112 h », « 0 h 45 »."""
    hours, rest = divmod(minutes, 60)
    if rest:
        return _("%(hours)d h %(minutes)02d") % {"hours": hours, "minutes": rest}
    return _("%(hours)d h") % {"hours": hours}
