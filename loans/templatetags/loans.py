"""What pages of other apps say of loans: how an organisation keeps its word, in counts."""

from __future__ import annotations

import datetime
from typing import Any

from django import template
from django.utils import timezone

from directory.models import Organisation, Resource
from loans import amendments, gate, holding, lateness, rules
from loans.models import AgreementStatus, Loan, LoanStatus, Side
from loans.permissions import sides_of

register = template.Library()
DRAWN_WITHIN = datetime.timedelta(minutes=5)  # of an acceptance: the worker draws up what it calls for


@register.inclusion_tag("loans/_record.html")
def loan_record(organisation: Organisation) -> dict[str, Any]:
    """« 12 prêts tenus, 9 empruntés, dont 8 rendus à temps »; nothing before the first one."""
    return {"record": lateness.record(organisation)}


@register.inclusion_tag("loans/agreement/_rule.html")
def agreement_that_applies(resource: Resource, owner: bool = False) -> dict[str, Any]:
    """On a resource's page: the model that will apply, and when it is signed."""
    return {"rule": rules.announced(resource), "resource": resource, "owner": owner}


@register.inclusion_tag("loans/agreement/_block.html", takes_context=True)
def agreement_block(context: Any, loan: Loan, user: Any) -> dict[str, Any]:
    """On a loan's page: its agreement, where it stands, one clear action; or a button to have one drawn up."""
    rows = gate.of_loan(loan)
    root = gate.root_of(rows)
    sides = sides_of(user, loan)
    seats = [side for side in (Side.LENDER, Side.BORROWER) if side in sides] or [Side.LENDER]
    said = [gate.standing(root, side) for side in seats] if root else []
    writable = loan.status in (LoanStatus.ACCEPTED, LoanStatus.HANDED_OVER)
    ended = root is None or root.status not in (*gate.agreements.OPEN, AgreementStatus.IN_FORCE)
    to_sign = [row for row in rows if row.status == AgreementStatus.TO_SIGN]
    waits = [row for row in to_sign if root and row.amends_id == root.pk]
    demanded = ended and (writable or loan.is_open) and rules.is_demanded(loan)
    rule = rules.applying(loan.resource) if ended and (writable or loan.is_open) else None
    just_accepted = loan.accepted_at is not None and timezone.now() - loan.accepted_at < DRAWN_WITHIN
    return {
        "loan": loan,
        "agreement": root,
        "standing": next((stands for stands in said if stands.mine), said[0] if said else None),
        "amendments": [(row, gate.standing(row, seats[0]), amendments.in_words(row)) for row in waits],
        "amended_by": gate.amended_by([row for row in rows if root and row.amends_id == root.pk]),
        "change": holding.pending(loan) if waits else None,
        "rule": rule,
        "reason": rule.reason_for(loan.quantity) if rule else "",
        "demanded": demanded,
        "coming": demanded and root is None and just_accepted,
        "may_draw_up": ended and writable and bool(sides),
        "sides": sides,
        "link": next((row for row in to_sign if Side.LENDER in sides and gate.sends_link(row)), None),
        "csrf_token": context.get("csrf_token"),
    }
