"""Who may do what with a project: its bearers lead it, its partners answer for what they bring. Plain functions."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet

from accounts.models import User
from directory.models import Organisation
from directory.permissions import can_edit, is_member, managers_of
from loans.models import Loan, LoanStatus
from mutualisation.kernel.publication import Status
from projects.models import Participation, Project

COUNTS = (LoanStatus.ACCEPTED, LoanStatus.HANDED_OVER, LoanStatus.RETURNED, LoanStatus.CLOSED)


def can_lead(user: Any, project: Project) -> bool:
    """Bearers, the organisation that proposed it, and its curators: the sheet, the journal, who is welcomed."""
    return can_edit(user, project)


def leads_as_member(user: Any, project: Project) -> bool:
    """Whether she leads it for an organisation, rather than as its curator."""
    return user.is_authenticated and bool(leading(project).filter(memberships__user=user).exists())


def leading(project: Project) -> QuerySet[Organisation]:
    """The organisations that lead: the bearers, and who answers for the sheet."""
    carrying = Participation.objects.carrying().filter(project=project).values("organisation")
    rows = Organisation.objects.exclude(status=Status.ARCHIVED)
    return rows.filter(Q(pk__in=carrying) | Q(pk=project.organisation_id))


def people_leading(project: Project) -> list[User]:
    """Whom to write to: the managers of the organisations that lead; else all their members."""
    organisations = list(leading(project).only("pk").order_by("pk"))
    found = {person.pk: person for o in organisations for person in managers_of(o)}
    if not found:
        people = User.objects.filter(is_active=True, memberships__organisation__in=organisations).distinct()
        found = {person.pk: person for person in people}
    return [found[pk] for pk in sorted(found)]


def people_of(participation: Participation) -> list[User]:
    """Who offered, if still there; else the managers of the organisation; else its members."""
    organisation = participation.organisation
    present = User.objects.filter(is_active=True, memberships__organisation=organisation).distinct().order_by("pk")
    if person := present.filter(pk=participation.offered_by_id or 0).first():
        return [person]
    return list(managers_of(organisation).order_by("pk")) or list(present)


def can_offer(user: Any, project: Project, organisation: Organisation) -> bool:
    """Members of a validated organisation offer to take part in a public project."""
    return organisation.status == Status.PUBLISHED and project.is_public and is_member(user, organisation)


def can_follow_up(user: Any, participation: Participation) -> bool:
    """Both sides read a participation and record what came: the partner, and who leads."""
    return is_member(user, participation.organisation) or can_lead(user, participation.project)


def loans_to_link(user: Any, project: Project) -> QuerySet[Loan]:
    """The loans that this person sees by her organisations, that serve no project, between people of this one."""
    taking_part = Participation.objects.welcomed().filter(project=project).values("organisation")
    rows = Loan.objects.visible_to(user).filter(status__in=COUNTS, project_link__isnull=True)
    return rows.filter(Q(lender__in=taking_part) | Q(borrower__in=taking_part))


def can_link(user: Any, project: Project, loan: Loan) -> bool:
    """Who lends or borrows, when she also leads the project or takes part in it."""
    if not user.is_authenticated or not Project.objects.visible_to(user).filter(pk=project.pk).exists():
        return False
    return loans_to_link(user, project).filter(pk=loan.pk).exists()
