"""What the directory does by itself: every night, entries that nobody confirmed move by one step."""

from __future__ import annotations

from procrastinate.contrib.django import app

from directory import freshness


@app.periodic(cron="43 9 * * *")  # UTC: before the morning’s mail is read here
@app.task(name="keep_fresh", queueing_lock="keep_fresh")
def keep_fresh(timestamp: int) -> None:
    """Once a day: reminders, second contacts, out of the lists, archived."""
    freshness.advance()
