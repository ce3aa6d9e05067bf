"""The story of a loan: what happened (never changed once written), and what was said."""

from __future__ import annotations

from typing import ClassVar

import pgtrigger
from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from directory.models import Organisation
from loans.models.loan import Loan, Side


class LoanEvent(models.Model):
    """One thing that happened: append-only. Only a closed account may take its name off (``by`` to NULL)."""

    loan = models.ForeignKey(Loan, models.CASCADE, related_name="events")
    verb = models.CharField(_("ce qui s’est passé"), max_length=24)
    side = models.CharField(_("par le"), max_length=10, choices=Side.choices, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    at = models.DateTimeField(_("le"), default=timezone.now)
    note = models.TextField(_("note"), blank=True)
    data = models.JSONField(_("détails"), default=dict, blank=True)

    class Meta:
        verbose_name = _("événement d’un prêt")
        verbose_name_plural = _("événements des prêts")
        ordering = ("loan_id", "at", "id")
        indexes: ClassVar = [models.Index(fields=["at"], name="loan_event_at")]
        triggers: ClassVar = [
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="never_changed", operation=pgtrigger.Update, condition=pgtrigger.AnyChange(exclude=["by"])
            ),
            pgtrigger.Protect(
                name="name_only_taken_off", operation=pgtrigger.Update, condition=pgtrigger.Q(new__by__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.loan_id} {self.verb}"


class LoanMessage(models.Model):
    """What someone of one side wrote to the other."""

    loan = models.ForeignKey(Loan, models.CASCADE, related_name="messages")
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(_("le"), default=timezone.now)
    text = models.TextField(_("message"), max_length=4000)

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        ordering = ("loan_id", "at", "id")

    def __str__(self) -> str:
        return self.text[:60]
