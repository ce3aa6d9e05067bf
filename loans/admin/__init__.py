"""Loans in the admin: only what curators edit. A loan itself is changed by its two sides, through the verbs."""

from loans.admin.checklist import ChecklistAdmin
from loans.admin.loan import LoanAdmin
from loans.admin.signing import JournalEntryAdmin, SignatureAdmin

__all__ = ["ChecklistAdmin", "JournalEntryAdmin", "LoanAdmin", "SignatureAdmin"]
