"""What projects do by themselves: every night, files that a sending cut half-way left."""

from __future__ import annotations

from procrastinate.contrib.django import app

from directory.photos import sweep
from mutualisation.kernel import documents
from projects.models import Document, NewsPhoto


def _named(paths: list[str]) -> set[str]:
    return set(Document.objects.filter(file__in=paths).values_list("file", flat=True))


@app.periodic(cron="37 4 * * *")
@app.task(name="sweep_projects", queueing_lock="sweep_projects")
def sweep_projects(timestamp: int) -> None:
    """Every night: photos that no news names, documents that no project does."""
    sweep(NewsPhoto)
    documents.sweep("documents-projets", _named)
