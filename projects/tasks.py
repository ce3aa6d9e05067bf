"""What projects do by themselves, every night: files that a sending cut half-way left; needs taken up, told."""

from __future__ import annotations

import datetime

from django.db.models import Q
from django.utils import timezone
from procrastinate.contrib.django import app

from directory.photos import sweep
from mutualisation.kernel import documents
from projects.linking import tell_taken_up
from projects.models import Document, NewsPhoto, Project


def _named(paths: list[str]) -> set[str]:
    return set(Document.objects.filter(file__in=paths).values_list("file", flat=True))


@app.periodic(cron="37 4 * * *")
@app.task(name="sweep_projects", queueing_lock="sweep_projects")
def sweep_projects(timestamp: int) -> None:
    """Every night: photos that no news names, documents that no project does."""
    sweep(NewsPhoto)
    documents.sweep("documents-projets", _named)


@app.periodic(cron="7 7 * * *")
@app.task(name="tell_needs_taken_up", queueing_lock="tell_needs_taken_up")
def tell_needs_taken_up(timestamp: int) -> None:
    """Every morning: organisations whose need or idea is that of a project made public since, each told once."""
    lately = timezone.now() - datetime.timedelta(days=7)
    rows = Project.objects.published().filter(
        Q(linked_needs__isnull=False) | Q(ideas__isnull=False), updated_at__gte=lately
    )
    for project in rows.select_related("organisation").distinct():
        tell_taken_up(project)
