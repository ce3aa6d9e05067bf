"""What a person agrees to, purpose by purpose: give, withdraw, read (P-39.1, art. 14)."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.models import Consent, User
from accounts.models.consent import Purpose

REQUIRED = (Purpose.TERMS,)  # without it there is no account: closing the account withdraws it


@dataclass(frozen=True)
class Standing:
    """Where a person stands on one purpose."""

    purpose: Purpose
    given: Consent | None
    past: list[Consent]

    @property
    def is_required(self) -> bool:
        return self.purpose in REQUIRED

    @property
    def is_outdated(self) -> bool:
        """Given, but on an older text."""
        return self.given is not None and self.given.version != settings.CONSENT_VERSION


def has_given(user: User, purpose: Purpose) -> bool:
    return Consent.objects.filter(user=user, purpose=purpose, withdrawn_at__isnull=True).exists()


def is_up_to_date(user: User, purpose: Purpose) -> bool:
    """Agreed, and to the text in force."""
    given = Consent.objects.filter(user=user, purpose=purpose, withdrawn_at__isnull=True)
    return given.filter(version=settings.CONSENT_VERSION).exists()


@transaction.atomic
def give(*, by: User, purpose: Purpose) -> Consent:
    """Record an agreement to the text in force; an agreement to an older text is replaced, and stays in the record."""
    known = Consent.objects.select_for_update().filter(user=by, purpose=purpose, withdrawn_at__isnull=True).first()
    if known:
        if known.version == settings.CONSENT_VERSION:
            return known
        withdraw(by=by, purpose=purpose)
    return Consent.objects.create(user=by, purpose=purpose, version=settings.CONSENT_VERSION)


@transaction.atomic
def withdraw(*, by: User, purpose: Purpose) -> None:
    """Withdraw an agreement: what it allowed to keep is erased at once."""
    Consent.objects.filter(user=by, purpose=purpose, withdrawn_at__isnull=True).update(withdrawn_at=timezone.now())
    if purpose == Purpose.PHONE:
        User.objects.filter(pk=by.pk).update(phone="")
        by.phone = ""


def standings(user: User) -> list[Standing]:
    """Every purpose, with what this person agreed to, now and before."""
    known = list(Consent.objects.filter(user=user))
    return [
        Standing(
            purpose,
            next((c for c in known if c.purpose == purpose and c.withdrawn_at is None), None),
            [c for c in known if c.purpose == purpose and c.withdrawn_at is not None],
        )
        for purpose in Purpose
    ]
