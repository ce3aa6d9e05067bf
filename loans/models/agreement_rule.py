"""When a loan needs an agreement, and from which model: by kind of resource, or for one resource as its owner says."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from directory.models import Kind, Resource
from toolbox.models import ModelAgreement


class Demand(models.TextChoices):
    """When an agreement is demanded before what is lent is handed over."""

    ALWAYS = "always", _("toujours")
    ABOVE = "above", _("au-dessus d’une valeur")
    NEVER = "never", _("jamais")


# Premises that are occupied without writing are presumed leased, for good and at their rental value (C.c.Q. 1853);
# a person is lent with her own signature (reference, 3.5). Neither an owner nor a curator lowers these.
BY_LAW = (Kind.LOCAUX, Kind.HUMAIN)
# What a movable lent out of kindness risks is its value: under this one, the trouble costs more than the thing.
THRESHOLD = Decimal(1000)


class AgreementRule(models.Model):
    """The rule of a kind (``kind``, no resource) or of one resource, which prevails. Without a row: ``default_of``.

    ``model`` empty: the first model in force of the kind.
    """

    kind = models.CharField(_("sorte"), max_length=10, choices=Kind.choices, blank=True)
    resource = models.OneToOneField(
        Resource, models.CASCADE, null=True, blank=True, related_name="agreement_rule", verbose_name=_("ressource")
    )
    model = models.ForeignKey(
        ModelAgreement, models.PROTECT, null=True, blank=True, related_name="rules", verbose_name=_("entente-type"),
        help_text=_("Aucune : la première en vigueur de la sorte."),
    )  # fmt: skip
    demand = models.CharField(
        _("entente exigée avant la remise"), max_length=6, choices=Demand.choices, default=Demand.ALWAYS
    )
    threshold = models.DecimalField(
        _("valeur ($)"), max_digits=11, decimal_places=2, null=True, blank=True,
        help_text=_("Valeur de remplacement de ce qui est prêté, quantité comprise, au-delà de laquelle on signe."),
    )  # fmt: skip
    updated_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, editable=False, related_name="+"
    )

    class Meta:
        verbose_name = _("règle d’entente")
        verbose_name_plural = _("règles d’entente")
        ordering = ("kind", "resource_id", "id")
        constraints: ClassVar = [
            models.CheckConstraint(
                name="agreement_rule_of_one",
                condition=Q(kind="", resource__isnull=False) | Q(kind__in=Kind.values, resource__isnull=True),
                violation_error_message=_("Une règle est celle d’une sorte, ou celle d’une ressource."),
            ),
            models.UniqueConstraint(
                fields=["kind"],
                condition=Q(resource__isnull=True),
                name="agreement_rule_one_a_kind",
                violation_error_message=_("Cette sorte a déjà sa règle."),
            ),
            models.CheckConstraint(
                name="agreement_rule_threshold",
                condition=Q(demand="above", threshold__isnull=False, threshold__gte=0)
                | Q(demand__in=["always", "never"], threshold__isnull=True),
                violation_error_message=_("« Au-dessus d’une valeur » demande une valeur; le reste, aucune."),
            ),
            models.CheckConstraint(
                name="agreement_rule_by_law",
                condition=~Q(kind__in=[str(kind) for kind in BY_LAW]) | Q(demand="always"),
                violation_error_message=_("Un local ou une personne se prête toujours avec une entente signée."),
            ),
        ]
        triggers: ClassVar = [
            pgtrigger.Trigger(
                name="owner_never_lowers_the_law",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update,
                condition=pgtrigger.Q(new__resource_id__isnull=False) & ~pgtrigger.Q(new__demand="always"),
                func="""
                    IF EXISTS (SELECT FROM directory_resource r
                        WHERE r.id = NEW.resource_id AND r.kind IN ('locaux', 'humain')) THEN
                        RAISE EXCEPTION 'pgtrigger: premises and people are never lent without a signed agreement';
                    END IF;
                    RETURN NEW;
                """,
            )
        ]

    def __str__(self) -> str:
        return self.get_kind_display() if self.kind else f"{self.resource_id}"


def default_of(kind: str) -> AgreementRule:
    """The rule of a kind that nobody changed."""
    if kind in BY_LAW:
        return AgreementRule(kind=kind, demand=Demand.ALWAYS)
    if kind == Kind.MATERIEL:
        return AgreementRule(kind=kind, demand=Demand.ABOVE, threshold=THRESHOLD)
    return AgreementRule(kind=kind, demand=Demand.NEVER)
