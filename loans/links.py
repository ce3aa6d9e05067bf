"""Links of e-mails that answer for someone: signed, for one person, one loan as it stood, one gesture.

They work once because any answer changes the loan's version; they say what they will do before doing it.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

from django.core import signing
from django.urls import reverse

from accounts.models import User
from loans.models import Loan

SALT = "loans.links"
LASTS = datetime.timedelta(days=14)


class LinkUnusable(Exception):  # noqa: N818 - it is an answer, not a fault
    """Forged, expired, of someone who left, or of a loan that changed since. ``loan`` is set when it only changed."""

    def __init__(self, loan: Loan | None = None) -> None:
        super().__init__()
        self.loan = loan


@dataclass(frozen=True)
class Link:
    """What a link will do: ``action`` (accept or decline) on this loan, in this person's name."""

    loan: Loan
    person: User
    action: str


def path(loan: Loan, person: Any, action: str) -> str:
    token = signing.dumps({"l": loan.pk, "v": loan.version, "u": person.pk, "a": action}, salt=SALT, compress=True)
    return reverse("loan_answer", args=[token])


def read(token: str) -> Link:
    """What a link says. Raises ``LinkUnusable``."""
    try:
        said = signing.loads(token, salt=SALT, max_age=LASTS)
    except signing.BadSignature as error:
        raise LinkUnusable from error
    person = User.objects.filter(pk=said["u"], is_active=True).first()
    loan = Loan.objects.visible_to(person).for_list().filter(pk=said["l"]).first() if person else None
    if person is None or loan is None:
        raise LinkUnusable
    if loan.version != said["v"] or not (loan.is_open or loan.proposals.filter(status="waiting").exists()):
        raise LinkUnusable(loan)
    return Link(loan, person, said["a"])
