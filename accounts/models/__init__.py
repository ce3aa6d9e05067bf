"""The nouns of accounts, one file each."""

from accounts.models.consent import Consent
from accounts.models.draft import Draft
from accounts.models.mail import Mail
from accounts.models.user import User

__all__ = ["Consent", "Draft", "Mail", "User"]
