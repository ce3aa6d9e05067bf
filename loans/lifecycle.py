"""The moves of a loan, as one table: it gives the page its buttons, the view its guard, the update its condition.

A move is one conditional UPDATE on the status and the version that the page showed: a stale page is refused
(``AlreadyMoved``), never applied twice. The database refuses any move outside of the table (trigger).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from directory.permissions import require
from loans.models import Loan, LoanEvent, LoanStatus, Side
from loans.permissions import sides_of
from mutualisation.kernel.lifecycle import change_row

S = LoanStatus
BOTH = (Side.LENDER, Side.BORROWER)


@dataclass(frozen=True)
class Transition:
    """One move: from which states, to which, by which sides (none: the portal itself), in which words."""

    name: str
    sources: tuple[str, ...]
    target: str
    may: tuple[str, ...]
    label: Promise | str


TRANSITIONS = (
    Transition("accept", (S.REQUESTED,), S.ACCEPTED, (Side.LENDER,), _("Accepter la demande")),
    Transition("decline", (S.REQUESTED,), S.DECLINED, (Side.LENDER,), _("Refuser")),
    Transition("counter", (S.REQUESTED,), S.COUNTERED, (Side.LENDER,), _("Proposer autre chose")),
    Transition("take_back", (S.COUNTERED,), S.REQUESTED, (Side.LENDER,), _("Retirer ma proposition")),
    Transition("agree", (S.COUNTERED,), S.ACCEPTED, (Side.BORROWER,), _("Accepter la proposition")),
    Transition("refuse", (S.COUNTERED,), S.DECLINED, (Side.BORROWER,), _("Refuser la proposition")),
    Transition("answer_back", (S.COUNTERED,), S.REQUESTED, (Side.BORROWER,), _("Proposer autre chose")),
    Transition("withdraw", (S.REQUESTED, S.COUNTERED), S.CANCELLED, (Side.BORROWER,), _("Retirer la demande")),
    Transition("expire", (S.REQUESTED, S.COUNTERED), S.EXPIRED, (), _("Sans réponse")),
    Transition("cancel", (S.ACCEPTED,), S.CANCELLED, BOTH, _("Annuler le prêt")),
    Transition("hand_over", (S.ACCEPTED,), S.HANDED_OVER, BOTH, _("Inscrire la remise")),
    Transition("bring_back", (S.HANDED_OVER,), S.RETURNED, BOTH, _("Inscrire le retour")),
    Transition("reopen", (S.RETURNED,), S.HANDED_OVER, (Side.LENDER,), _("Tout n’est pas revenu")),
    Transition("close", (S.RETURNED,), S.CLOSED, (Side.LENDER,), _("Terminer le prêt")),
)
BY_NAME = {t.name: t for t in TRANSITIONS}


def moves(user: Any, loan: Loan) -> list[Transition]:
    """What this person may do with the loan as it stands, for the sides she acts for."""
    sides = sides_of(user, loan)
    return [t for t in TRANSITIONS if loan.status in t.sources and sides & set(t.may)]


def may(user: Any, loan: Loan, name: str) -> bool:
    return any(t.name == name for t in moves(user, loan))


def side_for(user: Any, loan: Loan, name: str) -> str:
    """For which side this person makes a move; the lender's when she acts for both. Empty for the portal itself."""
    if user is None:
        return ""
    mine = sides_of(user, loan) & set(BY_NAME[name].may)
    return next((str(side) for side in BOTH if side in mine), "")


@transaction.atomic(savepoint=False)  # of the verb that moves: it goes on or it is undone
def move(
    loan: Loan, name: str, *, by: Any, version: int | None = None, note: str = "", data: Any = None, **changes: Any
) -> LoanEvent:
    """Make one move and write it in the story. ``by`` is None for what the portal does by itself.

    ``changes`` are fields that move with it. Raises PermissionDenied, or AlreadyMoved when the loan no longer stands
    where the page said.
    """
    transition = BY_NAME[name]
    side = side_for(by, loan, name)
    require(bool(side) if transition.may else by is None)
    change(loan, version=version, standing=transition.sources, status=transition.target, **changes)
    return tell(loan, name, by=by, side=side, note=note, data=data)


def change(loan: Loan, *, version: int | None = None, standing: Collection[str] = (), **changes: Any) -> None:
    """Change what a loan says, in the state where it is (or in one of those ``standing``). Raises AlreadyMoved."""
    rows = Loan.objects.filter(status__in=standing or [loan.status])
    if version is not None:
        rows = rows.filter(version=version)
    change_row(loan, rows, version=F("version") + 1, **changes)


def tell(loan: Loan, verb: str, *, by: Any, side: str = "", note: str = "", data: Any = None) -> LoanEvent:
    """Write one event in the story, which nothing changes afterwards."""
    return LoanEvent.objects.create(
        loan=loan, verb=verb, side=side, by=by, note=note, data=data or {}, at=timezone.now()
    )
