"""What loans do by themselves: every hour, what awaits an answer, begins, is due or late; every night, names erased."""

from __future__ import annotations

from procrastinate.contrib.django import app

from loans import privacy, reminders


@app.periodic(cron="7 * * * *")
@app.task(name="remind_of_loans", queueing_lock="remind_of_loans")
def remind_of_loans(timestamp: int) -> None:
    """Every hour: reminders, expiries, requests let through."""
    reminders.run()


@app.periodic(cron="27 4 * * *")
@app.task(name="purge_loans", queueing_lock="purge_loans")
def purge_loans(timestamp: int) -> None:
    """Every night: the names of people lent, two years after."""
    privacy.purge()
