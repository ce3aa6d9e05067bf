"""When a resource is open in an ordinary week."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from directory.models.resource import Resource
from mutualisation.kernel.moments import clock


class OpeningHours(models.Model):
    """When a place is open in an ordinary week, in wall-clock time (``TIME_ZONE``). Monday is 1, Sunday 7."""

    class Weekday(models.IntegerChoices):
        MONDAY = 1, _("lundi")
        TUESDAY = 2, _("mardi")
        WEDNESDAY = 3, _("mercredi")
        THURSDAY = 4, _("jeudi")
        FRIDAY = 5, _("vendredi")
        SATURDAY = 6, _("samedi")
        SUNDAY = 7, _("dimanche")

    resource = models.ForeignKey(Resource, models.CASCADE, related_name="opening_hours", verbose_name=_("ressource"))
    weekday = models.PositiveSmallIntegerField(_("jour"), choices=Weekday.choices)
    opens_at = models.TimeField(_("ouvre à"))
    closes_at = models.TimeField(_("ferme à"))

    class Meta:
        verbose_name = _("heures d’ouverture")
        verbose_name_plural = _("heures d’ouverture")
        ordering = ("resource_id", "weekday", "opens_at", "id")
        constraints: ClassVar = [
            models.CheckConstraint(
                name="opening_hours_forward",
                condition=Q(closes_at__gt=F("opens_at")),
                violation_error_message=_("L’heure de fermeture suit l’heure d’ouverture."),
            ),
            models.CheckConstraint(
                name="opening_hours_weekday",
                condition=Q(weekday__range=(1, 7)),
                violation_error_message=_("Le jour va de 1 (lundi) à 7 (dimanche)."),
            ),
            models.UniqueConstraint(
                fields=["resource", "weekday", "opens_at"],
                name="opening_hours_unique",
                violation_error_message=_("Ces heures sont déjà inscrites."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_weekday_display()} {clock(self.opens_at)}–{clock(self.closes_at)}"
