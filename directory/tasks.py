"""What the directory does by itself, every night: entries that nobody confirmed move on, what is too old is erased."""

from __future__ import annotations

from procrastinate.contrib.django import app

from directory import freshness, photos, privacy


@app.periodic(cron="43 9 * * *")  # UTC: before the morning’s mail is read here
@app.task(name="keep_fresh", queueing_lock="keep_fresh")
def keep_fresh(timestamp: int) -> None:
    """Once a day: reminders, second contacts, out of the lists, archived."""
    freshness.advance()


@app.periodic(cron="37 4 * * *")
@app.task(name="purge_directory", queueing_lock="purge_directory")
def purge_directory(timestamp: int) -> None:
    """Once a day: invitations and reports kept long enough, files of photos that no row names."""
    privacy.purge()
    photos.sweep()
