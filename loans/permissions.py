"""Who may do what with a loan: its two organisations, each for its own side. Plain functions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Q, QuerySet, Subquery

from accounts.models import User
from directory.models import Membership, Organisation, Resource, Role
from directory.permissions import managers_of
from loans.models import Agreement, Loan, Side
from mutualisation.kernel.publication import Status
from toolbox.models import Party

SIDE_OF: dict[str, str] = {Party.LENDER: Side.LENDER, Party.BORROWER: Side.BORROWER}
PARTY_OF: dict[str, str] = {side: party for party, side in SIDE_OF.items()}


def sides_of(user: Any, loan: Loan) -> set[str]:
    """The sides of a loan that this person acts for; a role in one organisation gives nothing in another."""
    if not user.is_authenticated or not user.is_active:
        return set()
    own = set(Membership.objects.filter(user=user).order_by().values_list("organisation_id", flat=True))
    pairs = ((Side.LENDER, loan.lender_id), (Side.BORROWER, loan.borrower_id))
    return {str(side) for side, organisation in pairs if organisation in own}


def seats(memberships: Iterable[Membership], loan: Loan) -> dict[str, Membership]:
    """The same, from the memberships of someone that a page has read already, with which one."""
    mine = {membership.organisation_id: membership for membership in memberships}
    pairs = ((Side.LENDER, loan.lender_id), (Side.BORROWER, loan.borrower_id))
    return {str(side): mine[organisation] for side, organisation in pairs if organisation in mine}


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


# ---- agreements


def signatories_of(organisation: Organisation) -> QuerySet[User]:
    """Who holds the mandate to sign for an organisation."""
    return User.objects.filter(
        is_active=True, memberships__organisation=organisation, memberships__is_signatory=True
    ).order_by("pk")


def mandates_of(user: Any, agreement: Agreement) -> dict[str, Membership]:
    """The parties that this person may sign for, and by which mandate. One query."""
    if not user.is_authenticated or not user.is_active:
        return {}
    loan = agreement.loan
    rows = Membership.objects.filter(user=user, organisation__in=[loan.lender_id, loan.borrower_id], is_signatory=True)
    held = {row.organisation_id: row for row in rows}
    pairs = ((Party.LENDER, loan.lender_id), (Party.BORROWER, loan.borrower_id))
    return {str(p): held[o] for p, o in pairs if p in agreement.parties and o in held}


def answers_for(user: Any, loan: Loan) -> set[str]:
    """The sides for which this person may refuse, or say that a paper is right: mandate to sign, or manager."""
    if not user.is_authenticated or not user.is_active:
        return set()
    rows = user.memberships.filter(Q(is_signatory=True) | Q(role=Role.MANAGER))
    own = set(rows.values_list("organisation_id", flat=True))
    pairs = ((Side.LENDER, loan.lender_id), (Side.BORROWER, loan.borrower_id))
    return {str(side) for side, organisation in pairs if organisation in own}
