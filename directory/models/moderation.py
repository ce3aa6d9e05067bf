"""The curators' work: errors reported by visitors, and decisions, which can be undone for a while."""

from __future__ import annotations

import datetime
from typing import ClassVar

from django.conf import settings
from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

UNDO_WITHIN = datetime.timedelta(hours=24)


class Report(models.Model):
    """« Signaler une erreur » on an entry: no account needed, the address optional and never shown."""

    content_type = models.ForeignKey(ContentType, models.CASCADE)
    object_id = models.PositiveBigIntegerField()
    entry = GenericForeignKey()
    message = models.TextField(_("ce qui est inexact"), max_length=2000)
    email = models.EmailField(_("courriel pour une réponse"), blank=True)
    created_at = models.DateTimeField(_("signalé le"), default=timezone.now)
    handled_at = models.DateTimeField(_("traité le"), null=True, blank=True)
    handled_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        verbose_name = _("signalement")
        verbose_name_plural = _("signalements")
        ordering = ("created_at", "id")
        indexes: ClassVar = [models.Index(fields=["content_type", "object_id"], name="report_entry")]

    def __str__(self) -> str:
        return self.message[:60]


class Decision(models.Model):
    """What a curator decided about an entry or a request, with what stood before, so that it can be undone."""

    content_type = models.ForeignKey(ContentType, models.CASCADE)
    object_id = models.PositiveBigIntegerField()
    entry = GenericForeignKey()
    verb = models.CharField(_("geste"), max_length=20)
    note = models.TextField(_("note à l’auteur"), blank=True)
    before = models.JSONField(_("avant"), default=dict)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="decisions")
    decided_at = models.DateTimeField(_("décidé le"), default=timezone.now)
    undone_at = models.DateTimeField(_("annulé le"), null=True, blank=True)

    class Meta:
        verbose_name = _("décision")
        verbose_name_plural = _("décisions")
        ordering = ("-decided_at", "-id")
        indexes: ClassVar = [models.Index(fields=["content_type", "object_id"], name="decision_entry")]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="decision_undone_after",
                condition=Q(undone_at__isnull=True) | Q(undone_at__gte=models.F("decided_at")),
                violation_error_message=_("Une décision s’annule après avoir été prise."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.verb} {self.content_type} {self.object_id}"

    @property
    def can_be_undone(self) -> bool:
        return self.undone_at is None and timezone.now() - self.decided_at < UNDO_WITHIN
