"""Ties between a project and the rest of the portal: real loans that serve it, needs that say what it lacks."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from directory import asking
from directory.models import Kind, Need
from directory.permissions import is_member, require
from directory.writing import made_by
from loans.models import Loan
from projects.contributions import NotPossible
from projects.models import Project, ProjectLoan, ProjectNeed
from projects.permissions import can_lead, can_link, leading


@transaction.atomic
def link_loan(
    *, project: Project, loan: Loan, by: Any, rate: Decimal | int = 0, per: str = ProjectLoan.Per.HOUR, role: str = "",
    method: str = "",
) -> ProjectLoan:  # fmt: skip
    """Say that a real loan serves a project: it counts in the ledger by itself. Raises NotPossible."""
    require(can_link(by, project, loan))
    try:
        with transaction.atomic():
            return ProjectLoan.objects.create(
                project=project, loan=loan, rate=rate, per=per, role=role, method=method[:200], linked_by=by
            )
    except IntegrityError as error:
        raise NotPossible(_("Ce prêt sert déjà un projet : rien n’a changé.")) from error


@transaction.atomic
def unlink_loan(link: ProjectLoan, *, by: Any) -> None:
    """The loan goes on; it counts here no more. By its two sides, or by who leads."""
    loan = link.loan
    require(can_lead(by, link.project) or is_member(by, loan.lender) or is_member(by, loan.borrower))
    link.delete()


def usual_rate(project: Project, loan: Loan) -> tuple[Decimal, str]:
    """What is offered first as the value of a loan: its price when it is by the hour or the day, people by the hour."""
    if loan.resource.kind in (Kind.HUMAIN, Kind.EXPERTISE):
        return Decimal(project.value_of_an_hour), ProjectLoan.Per.HOUR
    unit = loan.price_unit.lower()
    if loan.price and "heure" in unit:
        return loan.price, ProjectLoan.Per.HOUR
    if loan.price and unit in ("jour", "le jour", "la journée", "par jour"):
        return loan.price, ProjectLoan.Per.DAY
    return (loan.price or Decimal(0)), ProjectLoan.Per.LOAN if loan.price else ProjectLoan.Per.HOUR


@transaction.atomic
def ask_for(*, project: Project, form_for: Callable[[Need], Any], blank: Need, by: Any, once: str) -> Any:
    """Post a need of the project in the name of an organisation that leads it; gives the form as ``asking.ask``."""
    require(can_lead(by, project) and leading(project).filter(pk=blank.organisation_id).exists())
    form = asking.ask(form_for=form_for, blank=blank, by=by, once=once, publish=True)
    if not form.errors:
        need = made_by(once, Need, by=by) or form.instance
        ProjectNeed.objects.get_or_create(need=need, defaults={"project": project})
    return form


@transaction.atomic
def link_need(*, project: Project, need: Need, by: Any) -> ProjectNeed:
    """Say that a need already posted by an organisation that leads is one of the project. Raises NotPossible."""
    require(can_lead(by, project) and is_member(by, need.organisation))
    require(leading(project).filter(pk=need.organisation_id).exists())
    link, fresh = ProjectNeed.objects.get_or_create(need=need, defaults={"project": project})
    if not fresh and link.project_id != project.pk:
        raise NotPossible(_("Ce besoin est déjà celui d’un autre projet : rien n’a changé."))
    return link


@transaction.atomic
def unlink_need(link: ProjectNeed, *, by: Any) -> None:
    require(can_lead(by, link.project))
    link.delete()
