"""The states of a loan, and the one table of moves between them."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class LoanStatus(models.TextChoices):
    """Where a loan stands. Lateness and incidents are conditions shown beside, not states."""

    REQUESTED = "requested", _("demandé")
    COUNTERED = "countered", _("contre-proposé")
    ACCEPTED = "accepted", _("accepté")
    HANDED_OVER = "handed_over", _("remis")
    RETURNED = "returned", _("rendu")
    CLOSED = "closed", _("terminé")
    DECLINED = "declined", _("refusé")
    CANCELLED = "cancelled", _("annulé")
    EXPIRED = "expired", _("sans réponse")


# The one table of moves: lifecycle.py gives each its words and who may; the database refuses any other.
MOVES: dict[str, tuple[str, ...]] = {
    LoanStatus.REQUESTED: ("countered", "accepted", "declined", "cancelled", "expired"),
    LoanStatus.COUNTERED: ("requested", "accepted", "declined", "cancelled", "expired"),
    LoanStatus.ACCEPTED: ("handed_over", "cancelled"),
    LoanStatus.HANDED_OVER: ("returned",),
    LoanStatus.RETURNED: ("closed", "handed_over"),
    LoanStatus.CLOSED: (),
    LoanStatus.DECLINED: (),
    LoanStatus.CANCELLED: (),
    LoanStatus.EXPIRED: (),
}
OPEN = (LoanStatus.REQUESTED, LoanStatus.COUNTERED)
HOLDS_TIME = (LoanStatus.ACCEPTED, LoanStatus.HANDED_OVER)
ENDED = (LoanStatus.CLOSED, LoanStatus.DECLINED, LoanStatus.CANCELLED, LoanStatus.EXPIRED)
