"""A loan: who lends what to whom, when, and where it stands. Its dates are in ``LoanDate``.

A loan of one date has one; a series (every Tuesday) has one a meeting. Periods are half-open UTC ranges.
"""

from __future__ import annotations

import uuid
from typing import Any, ClassVar, Self

import pgtrigger
from django.apps import apps
from django.conf import settings
from django.contrib.postgres.fields import DateTimeRangeField
from django.contrib.postgres.indexes import GistIndex
from django.db import models
from django.db.models import F, OuterRef, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from directory.models import Kind, Organisation, Resource
from directory.models.resource import CostMode
from loans.models.status import MOVES, OPEN, LoanStatus
from loans.models.wait import awaits, organisations_of, wait_from
from mutualisation.kernel.triggers import touch


class Side(models.TextChoices):
    LENDER = "lender", _("prêteur")
    BORROWER = "borrower", _("emprunteur")


class LoanHandling(models.TextChoices):
    """How what is lent gets from one to the other."""

    PICKUP = "retrait", _("on vient chercher")
    DELIVERY = "livraison", _("on livre")
    ON_SITE = "sur_place", _("sur place")
    REMOTE = "a_distance", _("à distance")


# What is said of a resource once it is lent.
WHAT = (
    "name", "slug", "kind", "quantity", "address", "territory", "organisation", "part_of", "buffer_minutes",
    "accepts_by_itself", "cost_mode", "price", "price_unit", "deposit", "replacement_value", "is_live", "status",
    "visibility",
)  # fmt: skip


class LoanQuerySet(models.QuerySet["Loan"]):
    """Sets of loans."""

    def visible_to(self, user: Any) -> Self:
        """Both sides of a loan always see it, whoever may still see the resource; administrators see everything."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        if user.is_superuser:
            return self
        mine = user.memberships.values("organisation")
        return self.filter(Q(lender__in=mine) | Q(borrower__in=mine))

    def of(self, *organisations: Any) -> Self:
        return self.filter(Q(lender__in=organisations) | Q(borrower__in=organisations))

    def open(self) -> Self:
        """Those that await an answer."""
        return self.filter(status__in=OPEN)

    def out(self) -> Self:
        """Those that are with the borrower."""
        return self.filter(status=LoanStatus.HANDED_OVER)

    def overdue(self) -> Self:
        """Those that should have come back."""
        return self.out().filter(ends_at__lt=timezone.now())

    def whole(self) -> Self:
        """With what its e-mails and its calendar say of it: the resource and its place, the two organisations."""
        own = [field.name for field in self.model._meta.concrete_fields]
        named = [f"{side}__{name}" for side in ("lender", "borrower") for name in ("name", "slug", "status")]
        what = [f"resource__{name}" for name in WHAT]
        rows = self.select_related("resource__territory", "lender", "borrower")
        return rows.only(*own, *named, *what, "resource__territory__name")

    def with_wait(self, *seats: Any) -> Self:
        """``wait``: what each awaits from these memberships, or organisations (ids), as a ``Wait``; else nothing."""
        return self.annotate(wait=wait_from(seats))

    def awaiting(self, *seats: Any) -> Self:
        """Those that await something from these memberships, or organisations (ids): even ended, who pays may be to
        agree."""
        return self.of(*organisations_of(seats)).filter(awaits(seats))

    def with_target(self, *seats: Any) -> Self:
        """What a waiting loan is about: ``sheet`` (the moment of its first one to confirm, else to correct),
        ``incident`` (the number of its first one whose payer is to agree on, else to settle), ``agreement`` (the
        number of the one to write or to sign, else to take up again)."""
        organisations = organisations_of(seats)
        reports = apps.get_model("loans", "ConditionReport")._default_manager.filter(loan=OuterRef("pk"))
        mine = Q(lender_at__isnull=True, loan__lender__in=organisations)
        mine |= Q(borrower_at__isnull=True, loan__borrower__in=organisations)
        to_confirm = models.Case(models.When(contest="", then=0), default=1)
        first = reports.filter(mine | ~Q(contest="")).order_by(to_confirm, "pk")
        incidents = apps.get_model("loans", "Incident")._default_manager.filter(loan=OuterRef("pk"))
        papers = apps.get_model("loans", "Agreement")._default_manager.filter(loan=OuterRef("pk"))
        papers = papers.filter(Q(status__in=["draft", "to_sign"]) | Q(status__in=["refused", "expired"], amends=None))
        is_open = models.Case(models.When(status__in=["draft", "to_sign"], then=0), default=1)
        agree = Q(payer_side=Side.BORROWER, loan__lender__in=organisations)
        agree |= Q(payer_side=Side.LENDER, loan__borrower__in=organisations)
        to_agree = models.Case(models.When(agree, then=0), default=1)
        open_ones = incidents.filter(agree | Q(closed_at__isnull=True)).order_by(to_agree, "pk")
        return self.annotate(
            sheet=models.Subquery(first.values("moment")[:1]),
            incident=models.Subquery(open_ones.values("pk")[:1]),
            agreement=models.Subquery(papers.order_by(is_open, "-pk").values("number")[:1]),
        )

    def for_list(self) -> Self:
        return self.select_related("resource", "lender", "borrower").defer(
            "resource__search", "resource__description", "lender__search", "lender__description",
            "borrower__search", "borrower__description",
        )  # fmt: skip


class Loan(models.Model):
    """One loan between two organisations.

    ``starts_at`` and ``ends_at`` bound its dates; ``version`` counts every change, so that a stale page is refused.
    """

    resource = models.ForeignKey(Resource, models.PROTECT, related_name="loans", verbose_name=_("ressource"))
    lender = models.ForeignKey(Organisation, models.PROTECT, related_name="loans_given", verbose_name=_("prêteur"))
    borrower = models.ForeignKey(
        Organisation, models.PROTECT, related_name="loans_received", verbose_name=_("emprunteur")
    )
    status = models.CharField(_("état"), max_length=12, choices=LoanStatus.choices, default=LoanStatus.REQUESTED)
    version = models.PositiveIntegerField(default=1, editable=False)
    quantity = models.PositiveIntegerField(_("quantité"), default=1)
    returned_quantity = models.PositiveIntegerField(_("déjà rendu"), default=0, editable=False)
    to_come = models.PositiveIntegerField(
        _("à remettre encore"), default=0, editable=False, help_text=_("Ce qui partira plus tard que le reste.")
    )
    purpose = models.CharField(_("pour quoi faire"), max_length=300)
    handling = models.CharField(_("remise"), max_length=10, choices=LoanHandling.choices, blank=True)
    conditions = models.TextField(_("conditions convenues"), blank=True)
    recurrence = models.JSONField(_("répétition"), null=True, blank=True, help_text=_("Telle que demandée."))
    starts_at = models.DateTimeField(_("du"))
    ends_at = models.DateTimeField(_("au"))

    # what it costs, as it was when asked
    cost_mode = models.CharField(
        _("contrepartie"), max_length=10, choices=CostMode.choices, default=CostMode.FREE, editable=False
    )
    price = models.DecimalField(_("montant ($)"), max_digits=9, decimal_places=2, null=True, blank=True)
    price_unit = models.CharField(_("par"), max_length=40, blank=True)
    deposit = models.DecimalField(_("dépôt ($)"), max_digits=9, decimal_places=2, null=True, blank=True)

    # a person lent: named between the two organisations only
    worker = models.CharField(_("personne prêtée"), max_length=120, blank=True)
    supervisor = models.CharField(_("qui encadre sur place"), max_length=120, blank=True)
    time_share = models.CharField(_("part de temps"), max_length=80, blank=True)
    trial_ends_on = models.DateField(_("fin de l’essai"), null=True, blank=True)
    consent_on = models.DateField(_("la personne a dit oui le"), null=True, blank=True)
    consent_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")

    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="loans_requested"
    )
    requested_at = models.DateTimeField(_("demandé le"), default=timezone.now)
    answer_by = models.DateTimeField(_("à répondre avant"), help_text=_("Ensuite, la demande expire."))
    held_at = models.DateTimeField(
        _("retenue le"), null=True, blank=True, help_text=_("L’emprunteur doit rendre autre chose d’abord.")
    )
    reminded_at = models.DateTimeField(_("relancé le"), null=True, blank=True)
    accepted_at = models.DateTimeField(_("accepté le"), null=True, blank=True)
    handed_over_at = models.DateTimeField(_("remis le"), null=True, blank=True)
    returned_at = models.DateTimeField(_("rendu le"), null=True, blank=True)
    late_reminded_at = models.DateTimeField(_("retard rappelé le"), null=True, blank=True)
    start_told_for = models.DateTimeField(_("début rappelé"), null=True, blank=True, editable=False)
    end_told_for = models.DateTimeField(_("fin rappelée"), null=True, blank=True, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = LoanQuerySet.as_manager()

    class Meta:
        verbose_name = _("prêt")
        verbose_name_plural = _("prêts")
        ordering = ("-starts_at", "-id")
        indexes: ClassVar = [
            models.Index(fields=["lender", "status", "starts_at"], name="loan_lender"),
            models.Index(fields=["borrower", "status", "starts_at"], name="loan_borrower"),
            models.Index(fields=["resource", "starts_at"], name="loan_resource"),
            models.Index(fields=["-updated_at"], name="loan_updated"),
            models.Index(fields=["answer_by"], condition=Q(status__in=OPEN), name="loan_to_answer"),
            models.Index(fields=["ends_at"], condition=Q(status="handed_over"), name="loan_out"),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="loan_quantity",
                condition=Q(quantity__gte=1),
                violation_error_message=_("On emprunte au moins une unité."),
            ),
            models.CheckConstraint(
                name="loan_returned_at_most",
                condition=Q(returned_quantity__lte=F("quantity")),
                violation_error_message=_("Il en revient plus qu’il n’en est parti."),
            ),
            models.CheckConstraint(
                name="loan_to_come_at_most",
                condition=Q(to_come__lte=F("quantity") - F("returned_quantity")),
                violation_error_message=_("Il reste à remettre plus que ce qui est promis."),
            ),
            models.CheckConstraint(
                name="loan_to_come_while_out",
                condition=Q(to_come=0) | Q(status="handed_over"),
                violation_error_message=_("Ce qui part plus tard suit une première remise."),
            ),
            models.CheckConstraint(
                name="loan_between_two",
                condition=~Q(lender=F("borrower")),
                violation_error_message=_("C’est déjà à vous : bloquez plutôt la période dans l’agenda."),
            ),
            models.CheckConstraint(
                name="loan_forward",
                condition=Q(ends_at__gt=F("starts_at")),
                violation_error_message=_("La fin suit le début."),
            ),
            models.CheckConstraint(
                name="loan_returned_after_handover",
                condition=~Q(status__in=["returned", "closed"])
                | Q(handed_over_at__isnull=False, returned_at__isnull=False),
                violation_error_message=_("Un prêt rendu a été remis."),
            ),
            models.CheckConstraint(
                name="loan_status_known",
                condition=Q(status__in=LoanStatus.values),
                violation_error_message=_("Cet état n’existe pas."),
            ),
        ]
        triggers: ClassVar = [
            pgtrigger.FSM(
                name="moves_of_the_table",
                field="status",
                transitions=[(source, target) for source, targets in MOVES.items() for target in targets],
            ),
            touch(),
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.pk}"

    def get_absolute_url(self) -> str:
        return reverse("loan_detail", args=[self.pk])

    @property
    def is_late(self) -> bool:
        return self.status == LoanStatus.HANDED_OVER and self.ends_at < timezone.now()

    @property
    def outstanding(self) -> int:
        """How many units are still promised or out."""
        return self.quantity - self.returned_quantity

    @property
    def out(self) -> int:
        """How many units are with the borrower, once some were handed over."""
        return self.outstanding - self.to_come

    @property
    def is_open(self) -> bool:
        return self.status in OPEN

    @property
    def has_state(self) -> bool:
        """Whether what is lent can be worn or damaged: a person or what she knows can’t."""
        return self.resource.kind in (Kind.MATERIEL, Kind.LOCAUX)

    @property
    def is_of_place(self) -> bool:
        """Whether it is of a place: whoever has its keys ahead takes nothing from those who are in it meanwhile."""
        return self.resource.kind == Kind.LOCAUX


class LoanDate(models.Model):
    """One date of a loan. ``act`` is what its units are occupied under, once the loan is accepted."""

    loan = models.ForeignKey(Loan, models.CASCADE, related_name="dates")
    period = DateTimeRangeField(_("période"))
    act = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    cancelled_at = models.DateTimeField(_("annulée le"), null=True, blank=True)

    class Meta:
        verbose_name = _("date d’un prêt")
        verbose_name_plural = _("dates d’un prêt")
        ordering = ("loan_id", "period", "id")
        indexes: ClassVar = [GistIndex(fields=["period"], name="loan_date_period")]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="loan_date_half_open",
                condition=Q(
                    period__isempty=False,
                    period__lower_inc=True,
                    period__upper_inc=False,
                    period__lower_inf=False,
                    period__upper_inf=False,
                ),
                violation_error_message=_("Une date va d’un début compris à une fin non comprise."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.loan_id}, {self.period}"

    @property
    def has_begun(self) -> bool:
        """Its hour came; or, the first one, what is lent left before it."""
        early = self.loan.status == LoanStatus.HANDED_OVER and self.period.lower == self.loan.starts_at
        return early or self.period.lower <= timezone.now()
