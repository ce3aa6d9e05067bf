"""What accounts write by e-mail beyond what allauth asks for: one function an event."""

from __future__ import annotations

from django.urls import reverse

from accounts import mail
from accounts.models import User


def account_closed(*, user: User, address: str) -> None:
    """The last e-mail, to the address that is being forgotten."""
    mail.write(
        event=f"account:closed:{user.pk}",
        to=address,
        template="account_closed",
        privacy_url=mail.absolute(reverse("privacy")),
    )
