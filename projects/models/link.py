"""The ties of a project to the rest of the portal: real loans that serve it, needs that say what it lacks."""

from __future__ import annotations

from typing import ClassVar

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from directory.models import Need
from loans.models import Loan, LoanStatus
from projects.models.participation import HERE, Contribution, ContributionRole
from projects.models.project import Project

COUNTS = (LoanStatus.ACCEPTED, LoanStatus.HANDED_OVER, LoanStatus.RETURNED, LoanStatus.CLOSED)


def lent(which: str) -> str:
    """SQL: each date of loans that serve projects, its hours, those already past, what they are worth by their owner.

    The ledger counts by it, and the page of a promise. ``which`` is a condition on k, the tie. A loan given back
    before its first date took place: it is what passed from its hand-over to its return, at most what was lent.
    One that has a ``price`` is worth only what was said to be offered beyond it; ``in_all`` is the whole of its hours
    so far, when they are what its price counts.
    """
    return f"""
    SELECT id, contribution_id, lender_id, kind, rate, per, method, why, name, role, begins, ends, is_there, n, whole,
           price, price_unit, price IS NOT NULL AS paid,
           CASE WHEN quantity = 1
                THEN round(sum(CASE WHEN is_there THEN so_far ELSE 0 END) OVER (PARTITION BY id), 2) END AS in_all,
           CASE WHEN is_over THEN CASE WHEN is_there THEN so_far ELSE 0 END ELSE whole END AS foreseen,
           CASE per WHEN 'heure' THEN rate * whole WHEN 'jour' THEN rate * ceil(whole / 24)
                    ELSE CASE WHEN n = 1 THEN rate ELSE 0 END END AS worth,
           CASE WHEN is_there THEN so_far ELSE 0 END AS so_far,
           CASE WHEN NOT is_there THEN 0 WHEN per = 'heure' THEN rate * so_far
                WHEN per = 'jour' THEN rate * ceil(so_far / 24) ELSE CASE WHEN n = 1 THEN rate ELSE 0 END
                END AS worth_so_far
      FROM (SELECT *, begun OR early AS is_there,
                   CASE WHEN early THEN handed_over_at ELSE lower END AS begins,
                   CASE WHEN early THEN returned_at ELSE upper END AS ends,
                   CASE WHEN early THEN least(whole, greatest(used, 1.0 / 60)) ELSE within END AS so_far
              FROM (SELECT *, n = 1 AND coalesce(returned_at <= lower, FALSE) AS early FROM (
            SELECT l.id, k.contribution_id, l.lender_id, r.kind, k.rate, k.per, k.method, k.why, r.name,
                   d.lower, d.upper, l.handed_over_at, l.returned_at, l.quantity, l.price_unit,
                   nullif(l.price, 0) AS price,
                   l.status IN ('returned', 'closed') AS is_over,
                   l.status IN ('handed_over', 'returned', 'closed') AND d.lower < now() AS begun,
                   extract(epoch FROM d.upper - d.lower) / 3600 AS whole,
                   extract(epoch FROM greatest(least(d.upper, now(), coalesce(l.returned_at, d.upper)), d.lower)
                     - d.lower) / 3600 AS within,
                   extract(epoch FROM l.returned_at - l.handed_over_at) / 3600 AS used,
                   row_number() OVER (PARTITION BY l.id ORDER BY d.lower) AS n,
                   CASE WHEN k.role <> '' THEN k.role
                        ELSE (SELECT coalesce(string_agg(DISTINCT held, ',' ORDER BY held), '')
                                FROM projects_participation pp, unnest(pp.roles) held
                               WHERE pp.project_id = k.project_id AND pp.organisation_id = l.lender_id
                                 AND pp.status = 'welcomed') END AS role
              FROM projects_projectloan k JOIN loans_loan l ON l.id = k.loan_id
              JOIN directory_resource r ON r.id = l.resource_id
              JOIN (SELECT loan_id, lower(period) AS lower, upper(period) AS upper FROM loans_loandate
                     WHERE cancelled_at IS NULL) d ON d.loan_id = l.id
             WHERE l.status IN ({", ".join(f"'{status}'" for status in COUNTS)}) AND {which}) dated) told) dates"""  # noqa: S608


class ProjectLoan(models.Model):
    """A real loan that serves a project: it counts by itself, by what its owner says that it is worth.

    One that keeps a promise (``contribution``) counts as what came of it, and adds nothing to what is promised; ``why``
    says that it is meant, when it goes beyond that promise, takes place at another time, or is older than the project.
    """

    class Per(models.TextChoices):
        HOUR = "heure", _("par heure")
        DAY = "jour", _("par jour")
        LOAN = "pret", _("pour tout le prêt")

    project = models.ForeignKey(Project, models.CASCADE, related_name="linked_loans", verbose_name=_("projet"))
    loan = models.OneToOneField(Loan, models.CASCADE, related_name="project_link", verbose_name=_("prêt"))
    contribution = models.ForeignKey(
        Contribution, models.SET_NULL, null=True, blank=True, related_name="loans", verbose_name=_("promesse tenue")
    )
    role = models.CharField(_("rôle"), max_length=16, choices=ContributionRole.choices, blank=True)
    rate = models.DecimalField(_("valeur ($)"), **HERE)  # type: ignore[arg-type]
    per = models.CharField(_("comptée"), max_length=5, choices=Per.choices, default=Per.HOUR)
    method = models.CharField(_("comment la valeur est estimée"), max_length=200, blank=True)
    why = models.CharField(_("pourquoi il tient quand même cette promesse"), max_length=200, blank=True)
    linked_at = models.DateTimeField(_("lié le"), default=timezone.now)
    linked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        verbose_name = _("prêt lié à un projet")
        verbose_name_plural = _("prêts liés à des projets")
        ordering = ("project_id", "linked_at", "id")
        constraints: ClassVar = [
            models.CheckConstraint(
                name="project_loan_rate",
                condition=Q(rate__gte=0),
                violation_error_message=_("Un montant est positif."),
            )
        ]
        triggers: ClassVar = [
            pgtrigger.Trigger(
                name="keeps_a_promise_of_its_own",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.UpdateOf("project_id", "loan_id", "contribution_id"),
                condition=pgtrigger.Q(new__contribution_id__isnull=False),
                func="""IF NOT EXISTS (
                    SELECT FROM projects_contribution c JOIN projects_participation pp ON pp.id = c.participation_id
                      JOIN loans_loan l ON l.id = NEW.loan_id JOIN directory_resource r ON r.id = l.resource_id
                     WHERE c.id = NEW.contribution_id AND pp.project_id = NEW.project_id
                       AND pp.organisation_id IN (l.lender_id, l.borrower_id)
                       AND c.status IN ('welcomed', 'cancelled') AND c.nature <> 'argent'
                       AND (c.nature IN ('materiel', 'locaux')) = (r.kind IN ('materiel', 'locaux'))) THEN
                    RAISE EXCEPTION 'Cette promesse n’est pas celle d’un des deux organismes de ce prêt'
                        USING ERRCODE = 'check_violation';
                END IF;
                RETURN NEW;""",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.loan_id}"


class ProjectNeed(models.Model):
    """What a project lacks, asked for by one of its bearers."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="linked_needs", verbose_name=_("projet"))
    need = models.OneToOneField(Need, models.CASCADE, related_name="project_link", verbose_name=_("besoin"))

    class Meta:
        verbose_name = _("besoin d’un projet")
        verbose_name_plural = _("besoins de projets")
        ordering = ("project_id", "id")

    def __str__(self) -> str:
        return str(self.need)
