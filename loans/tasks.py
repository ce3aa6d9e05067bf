"""What loans do by themselves: every hour what awaits, begins, is due or late; every night names and repairs."""

from __future__ import annotations

from procrastinate.contrib.django import app

from directory.photos import sweep
from loans import incidents, privacy, reminders
from loans.models import LoanPhoto


@app.periodic(cron="7 * * * *")
@app.task(name="remind_of_loans", queueing_lock="remind_of_loans")
def remind_of_loans(timestamp: int) -> None:
    """Every hour: reminders, expiries, requests let through."""
    reminders.run()


@app.periodic(cron="27 4 * * *")
@app.task(name="purge_loans", queueing_lock="purge_loans")
def purge_loans(timestamp: int) -> None:
    """Every night: the names of people lent, two years after; files that a sending cut half-way left."""
    privacy.purge()
    sweep(LoanPhoto)


@app.periodic(cron="17 5 * * *")
@app.task(name="keep_repairs_aside", queueing_lock="keep_repairs_aside")
def keep_repairs_aside(timestamp: int) -> None:
    """Every night: what was expected back from repair and is not settled stays aside."""
    incidents.keep_aside()
