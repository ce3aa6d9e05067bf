"""What the processes that test_recovery kills do: run as `python -m tests.loans.recovering <act> <loan>`."""

from __future__ import annotations

import asyncio
import datetime
import sys

import django

django.setup()


def seed() -> None:
    """A person who lends and five requests to her; prints her number and theirs."""
    from tests.factories import OrganisationFactory, ResourceFactory, lend, some_day
    from tests.loans.test_requests import member

    chairs = ResourceFactory(quantity=5)
    lender = member(chairs.organisation)
    print(lender.pk, *(lend(chairs, OrganisationFactory(), some_day()).pk for _n in range(5)))  # noqa: T201


def accept(person: str, *loans: str) -> None:
    from accounts.models import User
    from loans import requests
    from loans.models import Loan

    for loan in loans:
        requests.accept(Loan.objects.get(pk=loan), by=User.objects.get(pk=person))


def remind() -> None:
    """As the worker does every hour, four days later; twice."""
    from django.utils import timezone

    from loans import reminders

    for _time in range(2):
        reminders.run(timezone.now() + datetime.timedelta(days=4))


def recover() -> None:
    """What the worker does every five minutes: jobs of dead workers go back to the queue."""
    from procrastinate.contrib.django import app

    from accounts.tasks import retry_stalled

    async def again() -> None:
        with app.replace_connector(app.connector.get_worker_connector()) as working:
            async with working.open_async():
                await retry_stalled.func(None, timestamp=0)

    asyncio.run(again())


if __name__ == "__main__":
    {"seed": seed, "accept": accept, "remind": remind, "recover": recover}[sys.argv[1]](*sys.argv[2:])
