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

from loans.models.status import ENDED, HOLDS_TIME, LoanStatus
from mutualisation.kernel.moments import whole_days


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


LOAN = "loans_loan"


def _is(*statuses: LoanStatus) -> str:
    return f"{LOAN}.status IN ({', '.join(repr(each.value) for each in statuses)})"


GIVEN = f"{LOAN}.lender_id = ANY(%(ours)s::bigint[])"
RECEIVED = f"{LOAN}.borrower_id = ANY(%(ours)s::bigint[])"
OURS = f"({GIVEN} OR {RECEIVED})"
ALIVE, HELD, OUT = f"NOT {_is(*ENDED)}", _is(*HOLDS_TIME), _is(LoanStatus.HANDED_OVER)
AGREE = f"""EXISTS (SELECT FROM loans_incident i WHERE i.loan_id = {LOAN}.id
    AND ({GIVEN} AND i.payer_side = 'borrower' OR {RECEIVED} AND i.payer_side = 'lender'))"""
# When each is true; the first that is true is said.
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
}
SAID = "CASE " + " ".join(f"WHEN {when} THEN '{wait.value}'" for wait, when in WHEN.items()) + " ELSE '' END"
ANY_OF = " OR ".join(f"({when})" for when in WHEN.values())
# Even ended, a loan may await who pays for an incident.
ANY = f"({ALIVE} OR {_is(LoanStatus.CLOSED)} AND {AGREE}) AND ({ANY_OF})"


def wait_from(organisations: Collection[Any]) -> RawSQL:
    """Of a row of Loan: what it awaits from these organisations (ids or rows), a ``Wait`` or nothing."""
    return _raw(SAID, organisations, models.CharField())


def awaits(organisations: Collection[Any]) -> RawSQL:
    """Of a row of Loan: whether it awaits something from these organisations."""
    return _raw(ANY, organisations, models.BooleanField())


def _raw(text: str, organisations: Collection[Any], field: models.Field) -> RawSQL:
    values = {
        "ours": [getattr(each, "pk", each) for each in organisations],
        "now": timezone.now(),
        "tomorrow": whole_days(timezone.localdate(), timezone.localdate()).upper,
    }
    named = re.compile(r"%\((\w+)\)s")
    return RawSQL(named.sub("%s", text), [values[name] for name in named.findall(text)], field)  # noqa: S611 - our own
