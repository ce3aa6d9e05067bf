"""The directory app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DirectoryConfig(AppConfig):
    name = "directory"
    verbose_name = _("Répertoire")

    def ready(self) -> None:
        from directory import privacy

        privacy.declare()
