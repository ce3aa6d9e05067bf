"""Who may do what with a loan: its two organisations, each for its own side. Plain functions."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet, Subquery

from accounts.models import User
from directory.models import Organisation, Resource
from directory.permissions import managers_of
from loans.models import Loan, Side
from mutualisation.kernel.publication import Status


def sides_of(user: Any, loan: Loan) -> set[str]:
    """The sides of a loan that this person acts for; a role in one organisation gives nothing in another."""
    if not user.is_authenticated or not user.is_active:
        return set()
    own = set(user.memberships.values_list("organisation_id", flat=True))
    pairs = ((Side.LENDER, loan.lender_id), (Side.BORROWER, loan.borrower_id))
    return {str(side) for side, organisation in pairs if organisation in own}


def can_request(user: Any, resource: Resource, borrower: Organisation) -> bool:
    """Members of a validated organisation ask for what they may see and is not theirs."""
    if not user.is_authenticated or borrower.status != Status.PUBLISHED:
        return False
    if not user.memberships.filter(organisation=borrower).exists():
        return False
    return Resource.objects.visible_to(user).filter(pk=resource.pk, is_live=True).exists()


def organisation_of(loan: Loan, side: str) -> Organisation:
    return loan.lender if side == Side.LENDER else loan.borrower


def other(side: str) -> str:
    return Side.BORROWER if side == Side.LENDER else Side.LENDER


def members_of(organisation: Organisation) -> QuerySet[User]:
    return User.objects.filter(is_active=True, memberships__organisation=organisation).distinct().order_by("pk")


def people_of(loan: Loan, side: str) -> list[User]:
    """Whom to write to: who last acted for that side, if still there; else its managers; else all its members."""
    organisation = organisation_of(loan, side)
    present = members_of(organisation)
    last = loan.events.filter(side=side, by__isnull=False).order_by("-at", "-id").values("by")[:1]
    if person := present.filter(pk=Subquery(last)).first():
        return [person]
    return list(managers_of(organisation).order_by("pk")) or list(present)
