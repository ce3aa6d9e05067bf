"""Loans gone by, as the portrait's tests need them: many, quickly, each with its dates."""

from __future__ import annotations

import datetime
import random
from typing import Any

from django.utils import timezone

from directory.models import Kind, Resource
from loans.models import Loan, LoanDate
from mutualisation.kernel.moments import moment, span
from tests.factories import OrganisationFactory, ResourceFactory, SectorFactory


def ago(days: int) -> datetime.date:
    return timezone.localdate() - datetime.timedelta(days=days)


def past_loan(resource: Resource, borrower: Any, day: datetime.date, *, hours: int = 3, **fields: Any) -> Loan:
    """A loan that went well, on one day."""
    start = moment(day, datetime.time(9))
    period = span(start, start + datetime.timedelta(hours=hours))
    done = {"status": "closed", "handed_over_at": period.lower, "returned_at": period.upper, "returned_quantity": 1}
    loan = Loan.objects.create(
        resource=resource, lender=resource.organisation, borrower=borrower, purpose="Fête", starts_at=period.lower,
        ends_at=period.upper, requested_at=period.lower, answer_by=period.lower, **{**done, **fields},
    )  # fmt: skip
    LoanDate.objects.create(loan=loan, period=period)
    return loan


def territory_that_lends(places: dict[str, Any], *, loans: int = 160, seed: int = 7) -> list[Loan]:
    """Organisations of several places and sectors that lend to one another; some lend what nobody else shares."""
    chance = random.Random(seed)
    sectors = [SectorFactory(slug=f"s{n}", name=f"Secteur {n}") for n in range(3)]
    where = [places[slug] for slug in ("beauharnois", "chateauguay", "salaberry-de-valleyfield", "longueuil")]
    organisations = [
        OrganisationFactory(territory=where[n % len(where)], sectors=chance.sample(sectors, n % 3)) for n in range(24)
    ]
    resources = [
        ResourceFactory(
            organisation=organisation, kind=kind, quantity=4, replacement_value=chance.choice((None, 100, 250)),
            visibility=chance.choice(("everyone", "everyone", "members")),
            published_at=timezone.now() - datetime.timedelta(days=chance.choice((10, 200, 500))),
        )
        for organisation in organisations[:13]
        for kind in chance.sample(list(Kind), 2)
    ]  # fmt: skip
    made = []
    for _n in range(loans):
        resource = chance.choice(resources)
        borrower = chance.choice([o for o in organisations if o != resource.organisation])
        day = ago(chance.randrange(5, 900))
        if chance.random() < 0.15:
            made.append(past_loan(resource, borrower, day, status="declined", handed_over_at=None, returned_at=None,
                                  returned_quantity=0))  # fmt: skip
        else:
            made.append(
                past_loan(resource, borrower, day, hours=chance.choice((2, 3, 30)), quantity=chance.randint(1, 3))
            )
    return made
