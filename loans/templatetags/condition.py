"""What the pages of a loan say of its hand-over, its return and its incidents."""

from __future__ import annotations

import datetime
from typing import Any

from django import template
from django.utils import timezone
from django.utils.formats import date_format

from loans import checklists, counting, handover, incidents
from loans.lateness import lateness
from loans.models import Loan, LoanStatus, Moment, Side
from loans.permissions import sides_of
from loans.standing import standing
from mutualisation.kernel.moments import clock, wall

register = template.Library()


@register.filter
def at_clock(value: datetime.datetime | None) -> str:
    """« le 21 novembre 2026, 18 h 30 »."""
    if value is None:
        return ""
    shown = wall(value)
    day = date_format(shown, "j F Y")
    return f"le {'1er' + day[1:] if shown.day == 1 else day}, {clock(shown.time())}"


@register.simple_tag
def condition_of(loan: Loan, user: Any, obstacles: list[str], first: Any = None) -> dict[str, Any]:
    """The sheets and incidents of a loan, and what this person may do about them; ``obstacles`` to its hand-over.

    ``first``: what the page says before where the loan stands, whose gesture it then leaves to this part.
    """
    reports = list(loan.reports.order_by("filled_at", "pk"))
    for report in reports:
        report.loan = loan
    found = list(loan.incidents.all())
    for incident in found:
        incident.loan = loan
    sides = sides_of(user, loan)
    begun = loan.starts_at <= timezone.now()
    awaited = bool(sides) and not first and standing(loan, Side.LENDER if Side.LENDER in sides else Side.BORROWER).mine
    not_before = counting.not_before(loan) if sides else ""
    return {
        "lends": Side.LENDER in sides,
        "late": lateness(loan),
        "in_the_way": [(one, one.aside_words(loan.resource)) for one in incidents.in_the_way(loan)],
        "reports": [
            {
                "report": r,
                "title": checklists.title(loan, r.moment),
                "state": r.get_state_display() if loan.has_state else "",
                "to_confirm": handover.to_confirm(user, r),
            }
            for r in reports
        ],
        "incidents": [{"incident": i, "to_agree": incidents.to_agree(user, i)} for i in found],
        # when it is due, the page already says so at its head
        "not_before": not_before,
        "hand_over": handover.can_fill(user, loan, Moment.HANDOVER)
        and not obstacles
        and not not_before
        and not (awaited and begun and loan.status == LoanStatus.ACCEPTED),
        "bring_back": handover.can_fill(user, loan, Moment.RETURN) and not awaited,
        "thing": loan.has_state,
        "report": incidents.can_open(user, loan),
    }
