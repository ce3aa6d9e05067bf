"""What takes a resource's time, and the days when it opens otherwise than in an ordinary week.

Periods are half-open UTC ranges, ``[from, until)``: what ends at noon leaves noon free. The database itself refuses
that two occupations of one unit overlap; ``directory/calendar.py`` alone writes them.
"""

from __future__ import annotations

from typing import ClassVar

import pgtrigger
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.contrib.postgres.indexes import GistIndex
from django.db import models
from django.db.models import F, Func, Q
from django.db.models.functions import Lower, Upper
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from directory.models.organisation import Organisation
from directory.models.resource import Resource


class Reason(models.TextChoices):
    """Why a unit is not free."""

    LOAN = "loan", _("prêt")
    CLOSURE = "closure", _("fermeture")
    REPAIR = "repair", _("réparation")


# A period, told so that only the index of moments answers when all resources are asked about: where the index of the
# constraint is the smaller one, PostgreSQL would take it, and read it whole.
MOMENT = Func(Lower("period"), Upper("period"), function="tstzrange", output_field=DateTimeRangeField())


class Occupation(models.Model):
    """One unit of a resource, taken for a period (the minutes kept after a use included).

    ``act`` is shared by all that one act took: every unit of a loan's date, the parts of a hall, a closure.
    """

    resource = models.ForeignKey(Resource, models.CASCADE, related_name="occupations", verbose_name=_("ressource"))
    unit = models.IntegerField(_("unité"), help_text=_("De 1 à la quantité."))
    period = DateTimeRangeField(_("période"))
    reason = models.CharField(_("motif"), max_length=8, choices=Reason.choices)
    act = models.UUIDField(_("acte"), db_index=True)

    class Meta:
        verbose_name = _("plage occupée")
        verbose_name_plural = _("plages occupées")
        ordering = ("resource_id", "period", "unit", "id")
        indexes: ClassVar = [
            # all resources at one moment, read from the index alone
            GistIndex(MOMENT, include=["resource", "unit", "period"], name="occupation_moment")
        ]
        constraints: ClassVar = [
            ExclusionConstraint(
                name="occupation_never_twice",
                expressions=[
                    ("resource", RangeOperators.EQUAL),
                    ("unit", RangeOperators.EQUAL),
                    ("period", RangeOperators.OVERLAPS),
                ],
                violation_error_message=_("C’est déjà pris à ce moment-là."),
            ),
            models.CheckConstraint(
                name="occupation_half_open",
                condition=Q(period__isempty=False, period__lower_inc=True, period__lower_inf=False)
                & Q(period__upper_inc=False),
                violation_error_message=_("Une période va d’un début compris à une fin non comprise."),
            ),
        ]
        triggers: ClassVar = [
            pgtrigger.Trigger(
                name="unit_exists",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.UpdateOf("unit", "resource_id"),
                func="""
                    IF NEW.unit < 1 OR NEW.unit > (SELECT r.quantity FROM directory_resource r
                                                    WHERE r.id = NEW.resource_id) THEN
                        RAISE check_violation USING CONSTRAINT = 'occupation_unit_exists',
                            MESSAGE = format('unit %s of resource %s does not exist', NEW.unit, NEW.resource_id);
                    END IF;
                    RETURN NEW;
                """,
            )
        ]

    def __str__(self) -> str:
        return f"{self.resource_id} n° {self.unit}, {self.get_reason_display()}"


class Closure(models.Model):
    """Time that an owner blocks from the calendar: closed, or in repair. Its units are occupied under ``act``.

    A repair opened by an incident has no known end until someone says one.
    """

    resource = models.ForeignKey(Resource, models.CASCADE, related_name="closures", verbose_name=_("ressource"))
    act = models.UUIDField(unique=True, editable=False)
    reason = models.CharField(
        _("motif"), max_length=8, choices=[c for c in Reason.choices if c[0] != Reason.LOAN], default=Reason.CLOSURE
    )
    period = DateTimeRangeField(_("période"))
    quantity = models.IntegerField(_("unités"), default=1)
    note = models.CharField(_("note"), max_length=200, blank=True, help_text=_("Pour votre équipe seulement."))
    created_at = models.DateTimeField(_("inscrite le"), default=timezone.now)
    created_by = models.ForeignKey(
        "accounts.User", models.SET_NULL, null=True, blank=True, editable=False, related_name="+"
    )

    class Meta:
        verbose_name = _("période bloquée")
        verbose_name_plural = _("périodes bloquées")
        ordering = ("period", "id")
        indexes: ClassVar = [GistIndex(fields=["period"], name="closure_period")]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="closure_quantity",
                condition=Q(quantity__gte=1),
                violation_error_message=_("Bloquez au moins une unité."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.resource_id}, {self.get_reason_display()}"


class ExceptionalHours(models.Model):
    """Days that are not ordinary: closed all day, or open from one time to another (wall-clock, ``TIME_ZONE``).

    Of one resource, or of all that an organisation shares. What a resource says prevails on its organisation.
    """

    resource = models.ForeignKey(
        Resource, models.CASCADE, null=True, blank=True, related_name="exceptional_hours", verbose_name=_("ressource")
    )
    organisation = models.ForeignKey(
        Organisation,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="exceptional_hours",
        verbose_name=_("organisme"),
    )
    starts_on = models.DateField(_("du"))
    ends_on = models.DateField(_("au"), help_text=_("Ce jour compris."))
    opens_at = models.TimeField(_("ouvre à"), null=True, blank=True, help_text=_("Vide : fermé ces jours-là."))
    closes_at = models.TimeField(_("ferme à"), null=True, blank=True)
    label = models.CharField(_("ce que c’est"), max_length=80, blank=True)

    class Meta:
        verbose_name = _("horaire d’exception")
        verbose_name_plural = _("horaires d’exception")
        ordering = ("starts_on", "id")
        indexes: ClassVar = [models.Index(fields=["starts_on", "ends_on"], name="exceptional_hours_days")]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="exceptional_hours_of_one",
                condition=Q(resource__isnull=False, organisation__isnull=True)
                | Q(resource__isnull=True, organisation__isnull=False),
                violation_error_message=_("Un horaire d’exception est celui d’une ressource ou d’un organisme."),
            ),
            models.CheckConstraint(
                name="exceptional_hours_days_forward",
                condition=Q(ends_on__gte=F("starts_on")),
                violation_error_message=_("Le dernier jour ne précède pas le premier."),
            ),
            models.CheckConstraint(
                name="exceptional_hours_whole",
                condition=Q(opens_at__isnull=True, closes_at__isnull=True)
                | Q(opens_at__isnull=False, closes_at__isnull=False, closes_at__gt=F("opens_at")),
                violation_error_message=_("L’heure de fermeture suit l’heure d’ouverture; les deux vont ensemble."),
            ),
        ]

    def __str__(self) -> str:
        return self.label or f"{self.starts_on} – {self.ends_on}"

    @property
    def is_closed(self) -> bool:
        return self.opens_at is None
