"""Loans, in the admin: read, counted and found; never written. What moves them are their two sides, by the verbs."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from directory.admin.choosing import PortalAdmin
from directory.models import Kind
from loans.models import Incident, Loan, LoanDate, LoanStatus


class ConditionFilter(admin.SimpleListFilter):
    """What is shown beside the state: late, held, with an incident."""

    title = _("à remarquer")
    parameter_name = "a"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("retard", _("en retard")), ("retenue", _("retenus")), ("incident", _("avec un incident ouvert"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Loan]) -> QuerySet[Loan]:
        if self.value() == "retard":
            return queryset.filter(status=LoanStatus.HANDED_OVER, ends_at__lt=timezone.now())
        if self.value() == "retenue":
            return queryset.filter(status=LoanStatus.REQUESTED, held_at__isnull=False)
        if self.value() == "incident":
            return queryset.filter(pk__in=Incident.objects.filter(closed_at__isnull=True).values("loan"))
        return queryset


class KindFilter(admin.SimpleListFilter):
    """The kind of what is lent."""

    title = _("sorte")
    parameter_name = "sorte"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(Kind.choices)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Loan]) -> QuerySet[Loan]:
        return queryset.filter(resource__kind=self.value()) if self.value() in Kind.values else queryset


@admin.register(Loan)
class LoanAdmin(PortalAdmin):
    """Administrators only. No name of a person lent, no message: those are between the two organisations."""

    list_display = ("id", "resource_name", "lender_name", "borrower_name", "status", "starts_at", "ends_at", "n_dates",
                    "late")  # fmt: skip
    list_filter = ("status", ConditionFilter, KindFilter, "starts_at")
    search_fields = ("resource__name", "lender__name", "borrower__name")
    search_help_text = _("Des mots de la ressource ou d’un des deux organismes.")
    date_hierarchy = "starts_at"
    ordering = ("-starts_at", "-id")
    show_full_result_count = False
    fields = (
        "resource", "lender", "borrower", "status", "version", "quantity", "returned_quantity", "starts_at", "ends_at",
        "handling", "requested_at", "answer_by", "held_at", "reminded_at", "accepted_at", "handed_over_at",
        "returned_at", "late_reminded_at",
    )  # fmt: skip

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Loan | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Loan | None = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Loan]:
        dates = LoanDate.objects.filter(loan=OuterRef("pk"), cancelled_at__isnull=True).order_by().values("loan")
        counted = Subquery(dates.annotate(n=Count("*")).values("n"))
        late = Q(status=LoanStatus.HANDED_OVER, ends_at__lt=timezone.now())
        rows: QuerySet[Loan] = super().get_queryset(request).select_related("resource", "lender", "borrower")
        return rows.annotate(n_dates=Coalesce(counted, 0), is_late_now=late).only(
            "status", "starts_at", "ends_at", "resource__name", "lender__name", "borrower__name",
            *(name for name in self.fields),
        )  # fmt: skip

    @admin.display(description=_("ressource"), ordering=F("resource__name"))
    def resource_name(self, loan: Loan) -> str:
        return loan.resource.name

    @admin.display(description=_("prêteur"), ordering=F("lender__name"))
    def lender_name(self, loan: Loan) -> str:
        return loan.lender.name

    @admin.display(description=_("emprunteur"), ordering=F("borrower__name"))
    def borrower_name(self, loan: Loan) -> str:
        return loan.borrower.name

    @admin.display(description=_("dates"), ordering="n_dates")
    def n_dates(self, loan: Loan) -> int:
        return loan.n_dates  # type: ignore[attr-defined]

    @admin.display(description=_("en retard"), boolean=True)
    def late(self, loan: Loan) -> bool:
        return loan.is_late_now  # type: ignore[attr-defined]
