"""What one side of a loan proposes to the other: a counter-proposal, a change, an extension."""

from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField, DateTimeRangeField
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from directory.models import Resource
from directory.models.resource import CostMode
from loans.models.agreement import Agreement
from loans.models.loan import Loan, Side

COST = ("cost_mode", "price", "price_unit", "deposit")


def cost_of(asked: Resource | Loan | Proposal) -> dict[str, Any]:
    """What is given in return for it: how, how much (CAD), for what, and what is left meanwhile."""
    return {name: getattr(asked, name) for name in COST}


class Proposal(models.Model):
    """Other dates, another quantity, another resource, other conditions or another price: what the other side accepts.

    Before acceptance it is a counter-proposal; after it, a change or an extension. One at a time awaits an answer.
    Agreed on after the signature, it waits for its ``amendment``: what it needs is held under ``act`` until then.
    """

    class Status(models.TextChoices):
        WAITING = "waiting", _("à répondre")
        ACCEPTED = "accepted", _("acceptée")
        DECLINED = "declined", _("refusée")
        WITHDRAWN = "withdrawn", _("retirée")

    class Kind(models.TextChoices):
        COUNTER = "counter", _("contre-proposition")
        CHANGE = "change", _("changement")
        EXTENSION = "extension", _("prolongation")

    loan = models.ForeignKey(Loan, models.CASCADE, related_name="proposals")
    kind = models.CharField(_("sorte"), max_length=10, choices=Kind.choices)
    side = models.CharField(_("de la part du"), max_length=10, choices=Side.choices)
    status = models.CharField(_("état"), max_length=10, choices=Status.choices, default=Status.WAITING)
    resource = models.ForeignKey(Resource, models.PROTECT, related_name="+", verbose_name=_("ressource"))
    periods = ArrayField(DateTimeRangeField(), verbose_name=_("périodes"))
    quantity = models.PositiveIntegerField(_("quantité"))
    conditions = models.TextField(_("conditions"), blank=True)
    cost_mode = models.CharField(
        _("contrepartie"), max_length=10, choices=CostMode.choices, default=CostMode.FREE, editable=False
    )
    price = models.DecimalField(_("montant ($)"), max_digits=9, decimal_places=2, null=True, blank=True)
    price_unit = models.CharField(_("par"), max_length=40, blank=True)
    deposit = models.DecimalField(_("dépôt ($)"), max_digits=9, decimal_places=2, null=True, blank=True)
    message = models.TextField(_("message"), blank=True)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    made_at = models.DateTimeField(_("proposé le"), default=timezone.now)
    answered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    answered_at = models.DateTimeField(_("répondu le"), null=True, blank=True)
    amendment = models.OneToOneField(
        Agreement, models.PROTECT, null=True, blank=True, related_name="proposal", verbose_name=_("avenant")
    )
    act = models.UUIDField(null=True, blank=True, unique=True, editable=False)

    class Meta:
        verbose_name = _("proposition")
        verbose_name_plural = _("propositions")
        ordering = ("-made_at", "-id")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["loan"],
                condition=Q(status="waiting"),
                name="proposal_one_waiting",
                violation_error_message=_("Une proposition attend déjà une réponse."),
            ),
            models.CheckConstraint(
                name="proposal_quantity",
                condition=Q(quantity__gte=1) & Q(periods__len__gte=1),
                violation_error_message=_("Proposez au moins une date et une unité."),
            ),
            models.CheckConstraint(
                name="proposal_price",
                condition=Q(cost_mode__in=["frais", "prix"], price__isnull=False, price__gt=0) & ~Q(price_unit="")
                | Q(cost_mode__in=["gratuit", "echange"], price__isnull=True),
                violation_error_message=_("Un prix ou des frais demandent un montant et une unité; le reste, aucun."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.loan_id}"

    def terms(self) -> dict[str, Any]:
        """What is proposed, dates aside, as fields of the loan."""
        return {
            "resource": self.resource, "quantity": self.quantity, "conditions": self.conditions,
            "starts_at": self.periods[0].lower, "ends_at": max(p.upper for p in self.periods), **cost_of(self),
        }  # fmt: skip
