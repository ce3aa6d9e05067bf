"""What else awaits an answer for the same thing at the same time: one accepted, the others can no longer all be."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import prefetch_related_objects
from psycopg.types.multirange import Multirange

from directory import calendar
from directory.models import Resource
from loans.models import Loan
from mutualisation.kernel.moments import Period

# What is asked, then what is proposed in its place; of a whole, its parts too, and of a part, its whole.
ASKED = """
WITH family AS (
    SELECT id FROM directory_resource WHERE id IN (%(resource)s, %(whole)s) OR part_of_id = %(resource)s)
SELECT DISTINCT ON (loan_id) loan_id, resource_id, period, quantity FROM (
    SELECT l.id AS loan_id, l.resource_id, d.period, l.quantity FROM loans_loan l
      JOIN loans_loandate d ON d.loan_id = l.id AND d.cancelled_at IS NULL
     WHERE l.status = 'requested' AND l.resource_id IN (SELECT id FROM family) AND d.period && %(then)s
    UNION ALL
    SELECT p.loan_id, p.resource_id, asked.period, p.quantity FROM loans_proposal p, unnest(p.periods) AS asked (period)
     WHERE p.status = 'waiting' AND p.resource_id IN (SELECT id FROM family) AND asked.period && %(then)s
) each WHERE loan_id <> ALL(%(but)s::bigint[]) ORDER BY loan_id, period
"""


@dataclass(frozen=True)
class Rival:
    """A loan that awaits an answer: what it asks, the first of its periods that is also asked here, how many units."""

    loan: Loan
    resource: Resource
    period: Period
    quantity: int


def asked_during(resource: Resource, periods: Sequence[Period], *, user: Any, but: Collection[int] = ()) -> list[Rival]:
    """Those that this reader may see, the first to come first. Three queries at most."""
    if not periods:
        return []
    then: Any = Multirange(periods)
    values = {"resource": resource.pk, "whole": resource.part_of_id, "but": list(but), "then": then}
    with connection.cursor() as cursor:
        cursor.execute(ASKED, values)
        found = {row[0]: row[1:] for row in cursor.fetchall()}
    if not found:
        return []
    loans = Loan.objects.visible_to(user).filter(pk__in=found).select_related("borrower").defer("borrower__search")
    things = Resource.objects.defer("search").in_bulk({pk for pk, *_rest in found.values()})
    rows = [Rival(loan, things[pk], *rest) for loan in loans for pk, *rest in [found[loan.pk]]]
    return sorted(rows, key=lambda one: (one.period.lower, one.loan.pk))


def of_loan(loan: Loan, resource: Resource, periods: Sequence[Period], quantity: int, *, user: Any) -> list[Rival]:
    """Those that can't all be accepted with what this loan asks: there is not enough for everyone."""
    found = asked_during(resource, periods, user=user, but=[loan.pk])
    own = [date.act for date in loan.dates.all()]

    def wanted(then: Period) -> int:
        with_it = [one for one in found if one.period.lower < then.upper and then.lower < one.period.upper]
        return quantity + sum(one.quantity for one in with_it)

    free = calendar.free_counts([(resource, one.period, own) for one in found])
    return [one for one, left in zip(found, free, strict=True) if wanted(one.period) > left]


def gone(resource: Resource, periods: Sequence[Period], quantity: int) -> Period | None:
    """The first of these periods that was asked for and is no longer free."""
    refused = calendar.refusals_each(resource, periods, quantity)
    return next((period for period, why in refused if any(one.code == "taken" for one in why)), None)


def left_out(resource: Resource, periods: Sequence[Period], *, user: Any) -> list[Rival]:
    """Those that can no longer be accepted as they are, during these periods: too little is left, what they hold
    themselves aside."""
    found = asked_during(resource, periods, user=user)
    prefetch_related_objects([one.loan for one in found], "dates")
    asked = [(one.resource, one.period, [date.act for date in one.loan.dates.all()]) for one in found]
    return [one for one, left in zip(found, calendar.free_counts(asked), strict=True) if one.quantity > left]
