"""`manage.py curators`: the group « Équipe CDC » and what it may do in the admin."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Group, Permission
from django.core.management.base import BaseCommand

GROUP = "Équipe CDC"
CURATED = [
    "organisation", "resource", "openinghours", "practice", "practicepartner", "practicefigure", "practicelink",
    "synonym",
]  # fmt: skip
BUILT = ["project", "milestone", "funding", "effect", "community"]


class Command(BaseCommand):
    help = "Crée ou met à jour le groupe « Équipe CDC »."

    def handle(self, *args: Any, **options: Any) -> None:
        group, _created = Group.objects.get_or_create(name=GROUP)
        group.permissions.set(
            Permission.objects.filter(content_type__app_label="directory", content_type__model__in=CURATED)
            | Permission.objects.filter(content_type__app_label="directory", codename__startswith="view_")
            | Permission.objects.filter(content_type__app_label="loans", content_type__model="checklist")
            | Permission.objects.filter(content_type__app_label="projects", content_type__model__in=BUILT)
            | Permission.objects.filter(content_type__app_label="projects", codename="view_participation")
            | Permission.objects.filter(content_type__app_label="toolbox", content_type__model__in=["tool", "term"])
            | Permission.objects.filter(content_type__app_label="toolbox", codename__startswith="view_")
        )
