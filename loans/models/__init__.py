"""The nouns of a loan, one file each."""

from loans.models.agreement import Agreement, AgreementStatus, AgreementVersion
from loans.models.agreement_rule import AgreementRule, Demand
from loans.models.condition import Checklist, ConditionReport, Incident, LoanPhoto, Moment
from loans.models.feed import CalendarFeed
from loans.models.loan import Loan, LoanDate, LoanHandling, Side
from loans.models.proposal import Proposal
from loans.models.signature import IssuedDocument, JournalEntry, PaperScan, Signature, SignedHow, SigningLink
from loans.models.status import LoanStatus
from loans.models.story import LoanEvent, LoanMessage
from loans.models.wait import Wait

__all__ = [
    "Agreement",
    "AgreementRule",
    "AgreementStatus",
    "AgreementVersion",
    "CalendarFeed",
    "Checklist",
    "ConditionReport",
    "Demand",
    "Incident",
    "IssuedDocument",
    "JournalEntry",
    "Loan",
    "LoanDate",
    "LoanEvent",
    "LoanHandling",
    "LoanMessage",
    "LoanPhoto",
    "LoanStatus",
    "Moment",
    "PaperScan",
    "Proposal",
    "Side",
    "Signature",
    "SignedHow",
    "SigningLink",
    "Wait",
]
