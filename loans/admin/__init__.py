"""Loans in the admin: only what curators edit. A loan itself is changed by its two sides, through the verbs."""

from loans.admin.loan import LoanAdmin

__all__ = ["LoanAdmin"]
