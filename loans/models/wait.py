"""What a loan awaits from its organisations: one rule, as the database reads it.

Written as SQL: every page of someone signed in asks it, and composing it took longer than answering it.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

from django.db import models
from django.db.models.expressions import RawSQL
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from directory.models import Kind
from loans.models.agreement_rule import BY_LAW, default_of
from loans.models.status import ENDED, HOLDS_TIME, LoanStatus
from mutualisation.kernel.moments import whole_days
from toolbox.models import Party


class Wait(models.TextChoices):
    """What a loan awaits from one of its organisations."""

    CONFIRM = "confirm", _("à confirmer")
    CORRECT = "correct", _("contesté")
    AGREE = "agree", _("à convenir")
    ANSWER = "answer", _("à répondre")
    LATE = "late", _("en retard")
    DUE = "due", _("à rendre aujourd’hui")
    NAME = "name", _("personne à nommer")
    HAND_OVER = "hand_over", _("à remettre")
    SETTLE = "settle", _("incident à régler")
    CLOSE = "close", _("à terminer")
    FILL = "fill", _("entente à compléter")
    ACCEPT = "accept", _("entente à accepter")
    SIGN = "sign", _("entente à signer")
    CHECK = "check", _("entente à vérifier")
    LINK = "link", _("entente à faire signer")
    AGAIN = "again", _("entente à reprendre")


LOAN = "loans_loan"


def _is(*statuses: LoanStatus) -> str:
    return f"{LOAN}.status IN ({', '.join(repr(each.value) for each in statuses)})"


def _side(side: str, may: str = "ours") -> str:
    """Whether who reads is of that side; or may ``sign``, or ``confirm`` a paper, for it."""
    return f"{LOAN}.{side}_id = ANY(%({may})s::bigint[])"


GIVEN, RECEIVED = _side("lender"), _side("borrower")
OURS = f"({GIVEN} OR {RECEIVED})"
ALIVE, HELD, OUT = f"NOT {_is(*ENDED)}", _is(*HOLDS_TIME), _is(LoanStatus.HANDED_OVER)
AGREE = f"""EXISTS (SELECT FROM loans_incident i WHERE i.loan_id = {LOAN}.id
    AND ({GIVEN} AND i.payer_side = 'borrower' OR {RECEIVED} AND i.payer_side = 'lender'))"""


def _agreement(status: str, *of: str) -> str:
    """Whether an agreement of the loan is at that status, and all this is true of it."""
    rest = " AND ".join((f"a.loan_id = {LOAN}.id", f"a.status = '{status}'", *of))
    return f"{ALIVE} AND EXISTS (SELECT FROM loans_agreement a WHERE {rest})"


def _signed(party: Party) -> str:
    return f"EXISTS (SELECT FROM loans_signature s WHERE s.agreement_id = a.id AND s.party = '{party.value}')"


def _usual(kind: str) -> str:
    """What applies to a kind that nobody ruled, as a row."""
    rule = default_of(kind)
    return f"('{kind}', '{rule.demand}', {'NULL' if rule.threshold is None else rule.threshold}::numeric)"


# Whether the loan is handed over only once an agreement is signed, as rules.py says it: what the owner asks, else what
# applies to the kind; nobody lowers what the law demands.
DEMANDED = f"""EXISTS (SELECT FROM directory_resource d
    JOIN (VALUES {", ".join(map(_usual, Kind.values))}) u (kind, demand, threshold) ON u.kind = d.kind
    LEFT JOIN LATERAL (SELECT r.demand, r.threshold FROM loans_agreementrule r
        WHERE r.resource_id = d.id OR r.kind = d.kind ORDER BY r.resource_id NULLS LAST LIMIT 1) r ON true
    WHERE d.id = {LOAN}.resource_id AND (d.kind IN ({", ".join(repr(kind.value) for kind in BY_LAW)})
        OR COALESCE(r.demand, u.demand) = 'always'
        OR COALESCE(r.demand, u.demand) = 'above'
            AND d.replacement_value * {LOAN}.quantity > COALESCE(r.threshold, u.threshold)))"""  # noqa: S608 - our own
LATER = "EXISTS (SELECT FROM loans_agreement l WHERE l.loan_id = a.loan_id AND l.amends_id IS NULL AND l.id > a.id)"
IN_TIME = "a.sign_by > %(now)s"
PAPER = "EXISTS (SELECT FROM loans_paperscan p WHERE p.agreement_id = a.id AND p.answered_at IS NULL)"
LINK = """EXISTS (SELECT FROM loans_signinglink k WHERE k.agreement_id = a.id
    AND k.used_at IS NULL AND k.revoked_at IS NULL)"""
# When each is true; the first that is true is said. An agreement last: until it is in force, what it keeps from being
# handed over says so by itself.
WHEN = {
    Wait.CONFIRM: f"""{ALIVE} AND EXISTS (SELECT FROM loans_conditionreport r WHERE r.loan_id = {LOAN}.id
        AND r.contest = '' AND ({GIVEN} AND r.lender_at IS NULL OR {RECEIVED} AND r.borrower_at IS NULL))""",
    Wait.CORRECT: f"""{OURS} AND {ALIVE} AND EXISTS (SELECT FROM loans_conditionreport r WHERE r.loan_id = {LOAN}.id
        AND r.contest <> '')""",
    Wait.AGREE: AGREE,
    Wait.ANSWER: f"""({GIVEN} AND {_is(LoanStatus.REQUESTED)} OR {RECEIVED} AND {_is(LoanStatus.COUNTERED)}
        OR {HELD} AND EXISTS (SELECT FROM loans_proposal p WHERE p.loan_id = {LOAN}.id AND p.status = 'waiting'
            AND ({GIVEN} AND p.side = 'borrower' OR {RECEIVED} AND p.side = 'lender')))""",
    Wait.LATE: f"{OURS} AND {OUT} AND {LOAN}.ends_at < %(now)s",
    Wait.DUE: f"{OURS} AND {OUT} AND {LOAN}.ends_at <= %(tomorrow)s",
    Wait.NAME: f"""{GIVEN} AND {HELD} AND {LOAN}.consent_on IS NULL
        AND EXISTS (SELECT FROM directory_resource d WHERE d.id = {LOAN}.resource_id AND d.kind = 'humain')""",
    Wait.SETTLE: f"""{GIVEN} AND {_is(LoanStatus.RETURNED)}
        AND EXISTS (SELECT FROM loans_incident i WHERE i.loan_id = {LOAN}.id AND i.closed_at IS NULL)""",
    Wait.CLOSE: f"{GIVEN} AND {_is(LoanStatus.RETURNED)}",
    Wait.HAND_OVER: f"""{OURS} AND ({_is(LoanStatus.ACCEPTED)} AND {LOAN}.starts_at < %(tomorrow)s
        OR {LOAN}.to_come > 0)""",
    Wait.FILL: _agreement(
        "draft", f"({GIVEN} AND 'lender' = ANY(a.lacking) OR {RECEIVED} AND 'borrower' = ANY(a.lacking))"
    ),
    Wait.ACCEPT: _agreement(
        "draft", "a.lacking = '{}'",
        f"({GIVEN} AND a.lender_agreed IS DISTINCT FROM a.version"
        f" OR {RECEIVED} AND a.borrower_agreed IS DISTINCT FROM a.version)",
    ),
    Wait.SIGN: _agreement(
        "to_sign", IN_TIME, f"NOT {PAPER}",
        f"({_side('lender', 'sign')} AND NOT {_signed(Party.LENDER)}"
        f" OR {_side('borrower', 'sign')} AND NOT {_signed(Party.BORROWER)})",
    ),
    Wait.CHECK: _agreement(
        "to_sign", f"""{PAPER[:-1]} AND ({_side('lender', 'confirm')} AND p.side = 'borrower'
            OR {_side('borrower', 'confirm')} AND p.side = 'lender'))""",
    ),
    Wait.LINK: _agreement(
        "to_sign", IN_TIME, f"NOT {PAPER}", GIVEN, f"'{Party.PERSON.value}' = ANY(a.parties)", _signed(Party.LENDER),
        f"NOT {_signed(Party.PERSON)}", f"NOT {LINK}",
    ),
    Wait.AGAIN: f"""{OURS} AND {_is(LoanStatus.ACCEPTED)} AND {LOAN}.ends_at > %(now)s
        AND EXISTS (SELECT FROM loans_agreement a WHERE a.loan_id = {LOAN}.id AND a.amends_id IS NULL
            AND a.status IN ('refused', 'expired') AND NOT {LATER}) AND {DEMANDED}""",
}  # fmt: skip
AGREEMENT = (Wait.FILL, Wait.ACCEPT, Wait.SIGN, Wait.CHECK, Wait.LINK, Wait.AGAIN)
SAID = "CASE " + " ".join(f"WHEN {when} THEN '{wait.value}'" for wait, when in WHEN.items()) + " ELSE '' END"
ANY_OF = " OR ".join(f"({when})" for when in WHEN.values())
# Even ended, a loan may await who pays for an incident.
ANY = f"({ALIVE} OR {_is(LoanStatus.CLOSED)} AND {AGREE}) AND ({ANY_OF})"


def organisations_of(seats: Collection[Any]) -> list[int]:
    """The organisations (ids) of these memberships; organisations stand for themselves."""
    return [getattr(each, "organisation_id", each) for each in seats]


def wait_from(seats: Collection[Any]) -> RawSQL:
    """Of a row of Loan: what it awaits from these, a ``Wait`` or nothing.

    ``seats``: someone’s memberships; or organisations (ids), as whoever may do everything there.
    """
    return _raw(SAID, seats, models.CharField())


def awaits(seats: Collection[Any]) -> RawSQL:
    """Of a row of Loan: whether it awaits something from these, as above."""
    return _raw(ANY, seats, models.BooleanField())


def _raw(text: str, seats: Collection[Any], field: models.Field) -> RawSQL:
    signing = [each for each in seats if getattr(each, "is_signatory", True)]
    confirming = [each for each in seats if each in signing or each.is_manager]
    values = {
        "ours": organisations_of(seats),
        "sign": organisations_of(signing),
        "confirm": organisations_of(confirming),
        "now": timezone.now(),
        "tomorrow": whole_days(timezone.localdate(), timezone.localdate()).upper,
    }
    named = re.compile(r"%\((\w+)\)s")
    return RawSQL(named.sub("%s", text), [values[name] for name in named.findall(text)], field)  # noqa: S611 - our own
