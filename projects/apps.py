"""The projects app."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ProjectsConfig(AppConfig):
    name = "projects"
    verbose_name = _("Projets et communautés")

    def ready(self) -> None:
        from projects import privacy

        privacy.declare()
