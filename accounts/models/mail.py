"""The outbox: an e-mail is written in the transaction that causes it, and sent once that one is committed."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Mail(models.Model):
    """One e-mail to one person. ``event`` makes it unique: the same event never writes twice to the same address."""

    event = models.CharField(_("événement"), max_length=160)
    to = models.EmailField(_("à"))
    subject = models.CharField(_("objet"), max_length=200)
    text = models.TextField(_("texte"))
    html = models.TextField(_("HTML"))
    calendar = models.TextField(_("agenda"), blank=True, help_text=_("Un fichier iCalendar, joint."))
    created_at = models.DateTimeField(_("écrit le"), default=timezone.now)
    sent_at = models.DateTimeField(_("envoyé le"), null=True, blank=True)
    failure = models.TextField(_("échec"), blank=True)

    class Meta:
        verbose_name = _("courriel")
        verbose_name_plural = _("courriels")
        ordering = ("-created_at", "-id")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["event", "to"], name="mail_once_an_event"),
        ]

    def __str__(self) -> str:
        return f"{self.subject} → {self.to}"
