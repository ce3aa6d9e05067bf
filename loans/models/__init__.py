"""The nouns of a loan, one file each."""

from loans.models.condition import Checklist, ConditionReport, Incident, LoanPhoto, Moment
from loans.models.feed import CalendarFeed
from loans.models.loan import Loan, LoanDate, LoanHandling, LoanStatus, Side, Wait
from loans.models.proposal import Proposal
from loans.models.story import LoanEvent, LoanMessage

__all__ = [
    "CalendarFeed",
    "Checklist",
    "ConditionReport",
    "Incident",
    "Loan",
    "LoanDate",
    "LoanEvent",
    "LoanHandling",
    "LoanMessage",
    "LoanPhoto",
    "LoanStatus",
    "Moment",
    "Proposal",
    "Side",
    "Wait",
]
