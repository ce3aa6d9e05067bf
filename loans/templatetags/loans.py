"""What pages of other apps say of loans: how an organisation keeps its word, in counts."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from typing import Any

from django import template
from django.utils import timezone

from directory.memberships import memberships_of
from directory.models import Closure, Membership, Organisation, Resource
from loans import amendments, gate, holding, lateness, rivals, rules
from loans.models import Agreement, AgreementStatus, Loan, LoanStatus, Proposal, Side
from loans.notifications.agreeing import until_amended
from loans.permissions import seats
from loans.standing import Standing

register = template.Library()
DRAWN_WITHIN = datetime.timedelta(minutes=5)  # of an acceptance: the worker draws up what it calls for


@register.inclusion_tag("loans/_record.html")
def loan_record(organisation: Organisation) -> dict[str, Any]:
    """« 12 prêts tenus, 9 empruntés, dont 8 rendus à temps »; nothing before the first one."""
    return {"record": lateness.record(organisation)}


@register.inclusion_tag("loans/_left_out.html", takes_context=True)
def left_out_by(context: Any, resource: Resource, closures: Iterable[Closure]) -> dict[str, Any]:
    """Where an owner blocks time: who asked for it already, and still awaits an answer."""
    periods = [closure.period for closure in closures]
    return {"rivals": rivals.left_out(resource, periods, user=context["request"].user)}


@register.inclusion_tag("loans/loan/_rivals.html")
def rivals_of(loan: Loan, waiting: Proposal | None, side: str, reader: Any) -> dict[str, Any]:
    """Where an answer is awaited: whether it is gone meanwhile.

    To who lends, who else awaits the same thing, when there is not enough for everyone.
    """
    asked, lends = waiting or loan, side == Side.LENDER
    periods = waiting.periods if waiting else [d.period for d in loan.dates.all() if d.cancelled_at is None]
    gone = rivals.gone(asked.resource, periods, asked.quantity) if loan.is_open else None
    others = []
    if lends and not gone:
        others = rivals.of_loan(loan, asked.resource, periods, asked.quantity, user=reader)
    mine = waiting is not None and waiting.side == side
    answers = lends if waiting is None else not mine
    return {"rivals": others, "gone": gone, "lends": lends, "mine": mine, "answers": answers, "loan": loan}


@register.inclusion_tag("loans/agreement/_rule.html")
def agreement_that_applies(resource: Resource, owner: bool = False) -> dict[str, Any]:
    """On a resource's page: the model that will apply, and when it is signed."""
    return {"rule": rules.announced(resource), "resource": resource, "owner": owner}


@register.inclusion_tag("loans/agreement/_block.html", takes_context=True)
def agreement_block(context: Any, loan: Loan, rows: list[Agreement]) -> dict[str, Any]:
    """On a loan's page: its agreement, where it stands, one clear action; or a button to have one drawn up."""
    root = gate.root_of(rows)
    sides = seats(memberships_of(context["request"]), loan)
    writable = loan.status in (LoanStatus.ACCEPTED, LoanStatus.HANDED_OVER)
    ended = root is None or root.status not in (*gate.agreements.OPEN, AgreementStatus.IN_FORCE)
    to_sign = [row for row in rows if row.status == AgreementStatus.TO_SIGN]
    waits = [row for row in to_sign if root and row.amends_id == root.pk]
    unsigned = [gate.who_signs(row, side) for row in to_sign for side, seat in sides.items() if not seat.is_signatory]
    demanded = ended and (writable or loan.is_open) and rules.is_demanded(loan)
    rule = rules.applying(loan.resource) if ended and (writable or loan.is_open) else None
    just_accepted = loan.accepted_at is not None and timezone.now() - loan.accepted_at < DRAWN_WITHIN
    # put in service since the acceptance: what the worker did of it found no model
    coming = just_accepted and rule is not None and rule.model is not None and rule.model.updated_at < loan.accepted_at
    return {
        "loan": loan,
        "agreement": root,
        "standing": _standing(root, sides) if root else None,
        "amendments": [(row, _standing(row, sides), amendments.in_words(row)) for row in waits],
        "amended_by": gate.amended_by([row for row in rows if root and row.amends_id == root.pk]),
        "change": holding.pending(loan) if waits else None,
        "until_amended": until_amended(loan),
        "rule": rule,
        "reason": rule.reason_for(loan.quantity) if rule else "",
        "demanded": demanded,
        "coming": demanded and root is None and coming,
        "renewable": root is not None and bool(sides) and gate.renewable(root),
        "withdrawn": rules.withdrawn_since(root) if root else None,
        "may_draw_up": ended and writable and bool(sides),
        "sides": sides,
        "refuses": gate.may_refuse(sides.values()),
        "link": next((row for row in to_sign if Side.LENDER in sides and gate.sends_link(row)), None),
        "who_signs": next(filter(None, unsigned), ""),
        "csrf_token": context.get("csrf_token"),
    }


def _standing(agreement: Agreement, sides: dict[str, Membership]) -> Standing:
    """For the side that must act, else the first one; as the lender reads it, for who acts for none."""
    said = [gate.standing(agreement, side, mandated=seat.is_signatory) for side, seat in sides.items()]
    return next((told for told in said if told.mine), said[0] if said else gate.standing(agreement, Side.LENDER))
