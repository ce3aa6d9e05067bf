"""The portal itself, as Django starts it."""

from __future__ import annotations

from django.apps import AppConfig
from django.conf import settings


class PortalConfig(AppConfig):
    name = "mutualisation"

    def ready(self) -> None:
        from mutualisation.kernel.plurals import count_as_french_does

        count_as_french_does(settings.LANGUAGE_CODE)
