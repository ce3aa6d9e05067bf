"""What loans do apart from requests: what an acceptance writes; reminders every hour; the rest every day or night."""

from __future__ import annotations

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from directory.photos import sweep
from loans import amendments, deadlines, incidents, notifications, privacy, reminders, scans
from loans.models import LoanEvent, LoanPhoto


@app.task(name="write_of_acceptance", queue="mail", retry=RetryStrategy(max_attempts=8, exponential_wait=4))
def write_of_acceptance(*, event_id: int, version: int) -> None:
    """What follows from one acceptance, once, whatever how many times this is done: its agreement, its e-mails."""
    event = LoanEvent.objects.select_related("loan", "by").filter(pk=event_id).first()
    if event:  # none in a base put back from a copy older than its queue
        amendments.follow_acceptance(event.loan, by=event.by)
    notifications.write_of_acceptance(event_id, version)


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
    scans.sweep()


@app.periodic(cron="37 12 * * *")
@app.task(name="watch_agreements", queueing_lock="watch_agreements")
def watch_agreements(timestamp: int) -> None:
    """Every day: agreements left to sign, 7 days and 2 days before the end; those whose time has passed."""
    deadlines.run()


@app.periodic(cron="17 5 * * *")
@app.task(name="keep_repairs_aside", queueing_lock="keep_repairs_aside")
def keep_repairs_aside(timestamp: int) -> None:
    """Every night: what was expected back from repair and is not settled stays aside."""
    incidents.keep_aside()
