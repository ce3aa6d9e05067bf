"""Hand-over and return: what was counted, in what state, with photos, confirmed by both; and what is to check."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from directory.models import Category, Kind, Resource
from directory.models.photo import Picture
from loans.models.loan import Loan, Side

PHOTOS_AT_MOST = 10


class Moment(models.TextChoices):
    HANDOVER = "handover", _("remise")
    RETURN = "return", _("retour")


class ChecklistManager(models.Manager["Checklist"]):
    def get_by_natural_key(self, kind: str, category: str | None, moment: str) -> Checklist:
        return self.get(kind=kind, category__slug=category, moment=moment)


class Checklist(models.Model):
    """What to check when something of a kind (or of one category) changes hands. Curators edit it."""

    NATURAL = ("kind", "category__slug", "moment")

    kind = models.CharField(_("sorte"), max_length=10, choices=Kind.choices)
    category = models.ForeignKey(
        Category, models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("catégorie"),
        help_text=_("Vide : toute la sorte."),
    )  # fmt: skip
    moment = models.CharField(_("moment"), max_length=10, choices=Moment.choices)
    items = ArrayField(models.CharField(max_length=160), verbose_name=_("à vérifier"), help_text=_("Un par ligne."))

    objects = ChecklistManager()

    class Meta:
        verbose_name = _("liste de vérification")
        verbose_name_plural = _("listes de vérification")
        ordering = ("kind", "category_id", "moment", "id")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["kind", "category", "moment"],
                nulls_distinct=False,
                name="checklist_unique",
                violation_error_message=_("Il y a déjà une liste pour ce moment."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.category or self.get_kind_display()}, {self.get_moment_display()}"

    def natural_key(self) -> tuple[str, str | None, str]:
        return (self.kind, self.category.slug if self.category else None, self.moment)


class ConditionReport(models.Model):
    """The sheet of one hand-over or one return (a loan may come back in several times).

    ``version`` counts each saving: of two people who count at once, the second is shown the first's count.
    ``checks`` is a list of {"item", "ok", "note"}; ``counted`` what changed hands this time. ``contest`` is what the
    other side does not agree with: the sheet is then open again, until someone corrects it.
    """

    class State(models.TextChoices):
        GOOD = "good", _("en bon état")
        WORN = "worn", _("usure normale")
        DAMAGED = "damaged", _("abîmé")
        MISSING = "missing", _("il manque quelque chose")

    SPOILT: ClassVar = (State.DAMAGED, State.MISSING)

    loan = models.ForeignKey(Loan, models.PROTECT, related_name="reports")
    moment = models.CharField(_("moment"), max_length=10, choices=Moment.choices)
    version = models.PositiveIntegerField(default=1, editable=False)
    counted = models.PositiveIntegerField(_("compté"), default=1)
    state = models.CharField(_("état"), max_length=10, choices=State.choices, default=State.GOOD)
    checks = models.JSONField(_("vérifié"), default=list, blank=True)
    note = models.TextField(_("remarques"), blank=True)
    happened_at = models.DateTimeField(_("fait le"), default=timezone.now)
    late_reason = models.CharField(_("pourquoi inscrit après coup"), max_length=200, blank=True)
    filled_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    filled_side = models.CharField(_("rempli par le"), max_length=10, choices=Side.choices)
    filled_at = models.DateTimeField(_("rempli le"), default=timezone.now)
    lender_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    lender_at = models.DateTimeField(_("confirmé par le prêteur le"), null=True, blank=True)
    borrower_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    borrower_at = models.DateTimeField(_("confirmé par l’emprunteur le"), null=True, blank=True)
    contest = models.TextField(_("contesté"), max_length=2000, blank=True)

    class Meta:
        verbose_name = _("état des lieux")
        verbose_name_plural = _("états des lieux")
        ordering = ("loan_id", "filled_at", "id")
        constraints: ClassVar = [
            models.CheckConstraint(
                name="condition_report_counts",
                condition=Q(counted__gte=1),
                violation_error_message=_("Comptez au moins une unité."),
            ),
        ]
        triggers: ClassVar = [
            # a second hand-over is only for what the first one said would leave later
            pgtrigger.Trigger(
                name="handed_over_once",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                condition=pgtrigger.Q(new__moment="handover"),
                declare=[("awaited", "integer")],
                func="""
                    SELECT to_come INTO awaited FROM loans_loan WHERE id = NEW.loan_id FOR NO KEY UPDATE;
                    IF NEW.counted > awaited AND EXISTS (
                        SELECT 1 FROM loans_conditionreport WHERE loan_id = NEW.loan_id AND moment = 'handover'
                    ) THEN
                        RAISE check_violation USING CONSTRAINT = 'condition_report_handed_over_once',
                            MESSAGE = format('loan %s: %s units are still to hand over', NEW.loan_id, awaited);
                    END IF;
                    RETURN NEW;
                """,
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_moment_display()}, {self.loan_id}"

    @property
    def is_confirmed(self) -> bool:
        return self.lender_at is not None and self.borrower_at is not None

    @property
    def is_spoilt(self) -> bool:
        """Whether it says that something is damaged, or missing."""
        return self.state in self.SPOILT

    @property
    def unchecked(self) -> list[dict[str, Any]]:
        """The points of its list that nobody ticked: nothing says that they are in order."""
        return [row for row in self.checks if not row.get("ok")]

    @property
    def unchecked_words(self) -> str:
        """« à vérifier : 3 points non cochés »; empty when all are."""
        n = len(self.unchecked)
        said = ngettext("à vérifier : %(n)d point non coché", "à vérifier : %(n)d points non cochés", n)
        return said % {"n": n} if n else ""

    @property
    def awaits(self) -> list[str]:
        """The sides that have not confirmed yet; none while the sheet is contested: it is to correct first."""
        if self.contest:
            return []
        return [side for side, at in ((Side.LENDER, self.lender_at), (Side.BORROWER, self.borrower_at)) if at is None]


class Incident(models.Model):
    """Something broke, got lost or went wrong. Its units (``set_aside``) are in repair under ``act`` until it closes.

    Of a whole, those of its parts that went with it (``parts_aside``) are too, each part under an act of its own.

    Who pays is proposed by one side (``payer_side``) and holds once the other confirms it (``payer``).
    """

    class Payer(models.TextChoices):
        UNDECIDED = "undecided", _("à convenir")
        LENDER = "lender", _("le prêteur")
        BORROWER = "borrower", _("l’emprunteur")
        SHARED = "shared", _("les deux")
        INSURANCE = "insurance", _("une assurance")
        NOBODY = "nobody", _("personne : sans frais")

    loan = models.ForeignKey(Loan, models.PROTECT, related_name="incidents")
    report = models.ForeignKey(ConditionReport, models.SET_NULL, null=True, blank=True, related_name="incidents")
    description = models.TextField(_("ce qui s’est passé"), max_length=4000)
    units = models.PositiveIntegerField(_("unités touchées"), default=0)
    estimate = models.DecimalField(_("coût estimé ($)"), max_digits=9, decimal_places=2, null=True, blank=True)
    payer = models.CharField(_("qui paie"), max_length=10, choices=Payer.choices, default=Payer.UNDECIDED)
    payer_proposed = models.CharField(_("proposé : qui paie"), max_length=10, choices=Payer.choices, blank=True)
    payer_side = models.CharField(_("proposé par le"), max_length=10, choices=Side.choices, blank=True)
    act = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    set_aside = ArrayField(models.IntegerField(), verbose_name=_("unités mises de côté"), default=list, blank=True)
    parts_aside = models.JSONField(
        _("unités des parties mises de côté"), default=dict, blank=True, help_text=_("Par numéro de ressource.")
    )
    back_on = models.DateField(_("de retour vers le"), null=True, blank=True)
    opened_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    opened_at = models.DateTimeField(_("ouvert le"), default=timezone.now)
    closed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    closed_at = models.DateTimeField(_("réglé le"), null=True, blank=True)
    outcome = models.TextField(_("comment c’est réglé"), blank=True)

    class Meta:
        verbose_name = _("incident")
        verbose_name_plural = _("incidents")
        ordering = ("-opened_at", "-id")
        constraints: ClassVar = [
            models.CheckConstraint(
                name="incident_payer_proposed_by_a_side",
                condition=Q(payer_proposed="", payer_side="") | (~Q(payer_proposed="") & ~Q(payer_side="")),
                violation_error_message=_("Une proposition vient d’un des deux côtés."),
            ),
            models.CheckConstraint(
                name="incident_estimate_positive",
                condition=Q(estimate__isnull=True) | Q(estimate__gte=0),
                violation_error_message=_("Un coût n’est pas négatif."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.loan_id} {self.description[:40]}"

    def get_absolute_url(self) -> str:
        return reverse("incident_detail", args=[self.loan_id, self.pk])

    @property
    def is_open(self) -> bool:
        return self.closed_at is None

    def aside_of(self, resource: Resource) -> int:
        """How many units of this resource, the one lent or a part of it, it sets aside."""
        lent = self.loan.resource_id == resource.pk
        return len(self.set_aside if lent else self.parts_aside.get(str(resource.pk), []))

    def aside_words(self, resource: Resource) -> str:
        """« 5 unités sur 50 sont en réparation. »; nothing of what there is only one of."""
        n = self.aside_of(resource)
        said = ngettext("%(n)d unité sur %(all)d est en réparation.", "%(n)d unités sur %(all)d sont en réparation.", n)
        return said % {"n": n, "all": resource.quantity} if n and resource.quantity > 1 else ""


class LoanPhoto(Picture):
    """A photo of a state or of an incident. Only the two sides see it."""

    FOLDER = "prets"

    loan = models.ForeignKey(Loan, models.PROTECT, related_name="photos")
    report = models.ForeignKey(ConditionReport, models.CASCADE, null=True, blank=True, related_name="photos")
    incident = models.ForeignKey(Incident, models.CASCADE, null=True, blank=True, related_name="photos")
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    added_at = models.DateTimeField(_("ajoutée le"), default=timezone.now)

    class Meta:
        verbose_name = _("photo d’un prêt")
        verbose_name_plural = _("photos des prêts")
        ordering = ("loan_id", "added_at", "id")
        constraints: ClassVar = [
            models.CheckConstraint(
                name="loan_photo_of_one",
                condition=Q(report__isnull=False, incident__isnull=True)
                | Q(report__isnull=True, incident__isnull=False),
                violation_error_message=_("Une photo est celle d’un état des lieux ou d’un incident."),
            )
        ]
