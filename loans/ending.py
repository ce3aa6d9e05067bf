"""How an agreement ends otherwise than by its own parties: replaced, or with the loan that it was for."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from loans import holding, notifications
from loans.agreements import LIVE, record
from loans.models import Agreement, AgreementStatus, Loan
from loans.permissions import PARTY_OF


def end(agreement: Agreement, *, by: Any, reason: str, say: bool = False) -> None:
    """What is not in force yet no longer awaits anybody; ``say``: the loan tells that its change is let go."""
    agreement.status, agreement.ended_note = AgreementStatus.CANCELLED, reason
    agreement.save(update_fields=["status", "ended_note"])
    record(agreement, "cancelled", by=by, data={"reason": reason})
    holding.let_go(agreement, say=say)


def _terminate(agreement: Agreement, *, by: Any, side: str, reason: str) -> None:
    """What is in force ends with the loan: for what is to come only, its text and its signatures stay as a proof."""
    agreement.status, agreement.ended_note = AgreementStatus.ENDED, reason
    agreement.save(update_fields=["status", "ended_note"])
    record(agreement, "ended", by=by, party=PARTY_OF[side] if side else "", data={"reason": reason})


@transaction.atomic
def cancel_with(loan: Loan, *, by: Any, side: str = "", reason: str = "") -> None:
    """The loan won't take place: what was to complete or to sign is cancelled, what is in force ends; signers know."""
    reason = reason or _("Le prêt est annulé.")
    rows = loan.agreements.filter(status__in=LIVE).order_by("id").select_for_update(no_key=True, of=("self",))
    for agreement in rows:
        agreement.loan, was = loan, agreement.status
        if was == AgreementStatus.IN_FORCE:
            _terminate(agreement, by=by, side=side, reason=reason)
        else:
            end(agreement, by=by, reason=reason)
        if was != AgreementStatus.DRAFT and agreement.amends_id is None:
            notifications.agreement_ended(agreement, was_in_force=was == AgreementStatus.IN_FORCE)


@transaction.atomic
def drop_change(loan: Loan, *, by: Any, reason: str) -> None:
    """The change that waited for signatures no longer has an object: its amendment awaits nobody."""
    rows = loan.agreements.filter(proposal__isnull=False, status=AgreementStatus.TO_SIGN)
    for amendment in rows.select_for_update(no_key=True, of=("self",)):
        amendment.loan = loan
        end(amendment, by=by, reason=reason, say=True)
