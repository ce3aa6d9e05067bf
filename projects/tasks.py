"""What projects do by themselves: every night, files that a sending cut half-way left."""

from __future__ import annotations

from procrastinate.contrib.django import app

from directory.photos import sweep
from projects.models import NewsPhoto


@app.periodic(cron="37 4 * * *")
@app.task(name="sweep_projects", queueing_lock="sweep_projects")
def sweep_projects(timestamp: int) -> None:
    """Every night: photos that no news names."""
    sweep(NewsPhoto)
