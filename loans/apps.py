"""The loans application."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LoansConfig(AppConfig):
    name = "loans"
    verbose_name = _("Prêts")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from loans import privacy

        privacy.declare()
