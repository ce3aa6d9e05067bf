"""Projects for the tests: one that someone carries, with partners, promises, a loan."""

from __future__ import annotations

import datetime
from typing import Any

from django.utils import timezone

from accounts.models import User
from directory.models import Organisation
from loans.models import Loan
from mutualisation.kernel.moments import moment
from projects.contributions import answer, offer
from projects.models import Part, Participation, Project
from tests.factories import MembershipFactory, OrganisationFactory

IDEA = {
    "title": "Épicerie qui prend la route", "standfirst": "Un camion pour les villages sans commerce.",
    "description": "Le territoire est grand.", "continuum": "mutualisation", "carries": "oui",
}  # fmt: skip


def someone_of(organisation: Organisation, **kwargs: Any) -> User:
    return MembershipFactory(organisation=organisation, role="gestionnaire", **kwargs).user


def build(*, slug: str = "epicerie", organisation: Organisation | None = None, **fields: Any) -> Project:
    """A published project, carried by the organisation that proposed it."""
    organisation = organisation or OrganisationFactory()
    now = timezone.now()
    values = {
        "title": "Épicerie communautaire", "standfirst": "Un camion pour les villages.", "status": "published",
        "published_at": now, "created_at": now - datetime.timedelta(days=30), **fields,
    }  # fmt: skip
    project = Project.objects.create(organisation=organisation, slug=slug, **values)
    Participation.objects.create(
        project=project, organisation=organisation, part=Part.CARRIES, status="welcomed", answered_at=now
    )
    return project


def join(project: Project, organisation: Organisation | None = None, **said: Any) -> Participation:
    """A partner whom the bearers welcomed."""
    organisation = organisation or OrganisationFactory()
    partner = someone_of(organisation)
    bearer = someone_of(project.organisation)
    made = offer(project=project, organisation=organisation, part=Part.PARTNERS, by=partner, **said)
    return answer(made, welcome=True, by=bearer)


def happened(loan: Loan, *, hours: int = 4, days_ago: int = 3, until: str = "closed") -> Loan:
    """The loan as if it had been handed over at ten, some days ago, and returned; or as far as ``until``."""
    start = moment(timezone.localdate() - datetime.timedelta(days=days_ago), datetime.time(10))
    end = start + datetime.timedelta(hours=hours)
    loan.dates.update(period=(start, end))
    road = ("accepted", "handed_over", "returned", "closed")
    for status in road[: road.index(until) + 1]:
        Loan.objects.filter(pk=loan.pk).update(
            status=status, starts_at=start, ends_at=end, handed_over_at=start,
            returned_at=end if status in ("returned", "closed") else None,
        )  # fmt: skip
    loan.refresh_from_db()
    return loan
