"""Who may do what with projects, communities and gatherings. Plain functions; ``visible_to`` decides reading."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from accounts.models import User
from directory.models import Organisation
from directory.permissions import can_curate, can_edit, is_member, managers_of
from loans.models import Loan
from mutualisation.kernel.publication import Status
from projects.models import (
    COUNTS,
    Community,
    CommunityMember,
    Contribution,
    Delivery,
    Gathering,
    Idea,
    Participation,
    Project,
    ProjectLoan,
)


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


def people_at(organisation: Organisation) -> list[User]:
    """Whom to write to at an organisation: its managers; else its members."""
    present = User.objects.filter(is_active=True, memberships__organisation=organisation).distinct()
    return list(managers_of(organisation).order_by("pk")) or list(present.order_by("pk"))


def people_of(participation: Participation) -> list[User]:
    """Who offered, if still there; else the managers of the organisation; else its members."""
    organisation = participation.organisation
    present = User.objects.filter(is_active=True, memberships__organisation=organisation).distinct().order_by("pk")
    if person := present.filter(pk=participation.offered_by_id or 0).first():
        return [person]
    return people_at(organisation)


def can_offer(user: Any, project: Project, organisation: Organisation) -> bool:
    """Members of a validated organisation offer to take part in a public project."""
    return organisation.status == Status.PUBLISHED and project.is_public and is_member(user, organisation)


def can_follow_up(user: Any, participation: Participation) -> bool:
    """Both sides read a participation and record what came: the partner, and who leads."""
    return is_member(user, participation.organisation) or can_lead(user, participation.project)


def can_end(user: Any, participation: Participation) -> bool:
    """Who offered takes an offer back: who leads welcomes or declines it. Once welcomed, either side ends it."""
    if participation.status == Participation.Status.OFFERED:
        return is_member(user, participation.organisation)
    return participation.status == Participation.Status.WELCOMED and can_follow_up(user, participation)


def can_take_back(user: Any, contribution: Contribution) -> bool:
    """The same of one promise."""
    participation = contribution.participation
    if contribution.status == Contribution.Status.OFFERED:
        return is_member(user, participation.organisation)
    return contribution.status == Contribution.Status.WELCOMED and can_follow_up(user, participation)


def name_of(user: Any, participation: Participation) -> str:
    """In whose name this person acts on a participation: the partner, who leads, or the curators."""
    if is_member(user, participation.organisation):
        return participation.organisation.name
    led = leading(participation.project).filter(memberships__user=user).only("name").order_by("pk").first()
    return led.name if led else _("La curation du portail")


def can_take_off(user: Any, delivery: Delivery) -> bool:
    """Who recorded that line, while she is still of either side; and who leads."""
    participation = delivery.contribution.participation
    hers = delivery.recorded_by_id is not None and delivery.recorded_by_id == user.pk
    return can_lead(user, participation.project) or (hers and can_follow_up(user, participation))


def loans_between(user: Any, project: Project) -> QuerySet[Loan]:
    """The loans that this person sees by her organisations, of those that take part in this project."""
    taking_part = Participation.objects.welcomed().filter(project=project).values("organisation")
    rows = Loan.objects.visible_to(user)
    return rows.filter(Q(lender__in=taking_part) | Q(borrower__in=taking_part))


def loans_to_link(user: Any, project: Project) -> QuerySet[Loan]:
    """Those of them that serve no project yet."""
    return loans_between(user, project).filter(status__in=COUNTS, project_link__isnull=True)


def can_link(user: Any, project: Project, loan: Loan) -> bool:
    """Who lends or borrows, when she also leads the project or takes part in it."""
    if not user.is_authenticated or not Project.objects.visible_to(user).filter(pk=project.pk).exists():
        return False
    return loans_to_link(user, project).filter(pk=loan.pk).exists()


def can_keep(user: Any, link: ProjectLoan) -> bool:
    """Who could have linked this loan says which promise it keeps."""
    if not user.is_authenticated or not Project.objects.visible_to(user).filter(pk=link.project_id).exists():
        return False
    return loans_between(user, link.project).filter(pk=link.loan_id).exists()


# ---- communities and gatherings


def member_of(user: Any, community: Community) -> CommunityMember | None:
    """How this person belongs to that community, as long as she acts for the organisation that she joined for."""
    if not user.is_authenticated or not user.is_active:
        return None
    mine = CommunityMember.objects.standing().filter(community=community, user=user)
    return mine.select_related("organisation").first()


def can_facilitate(user: Any, community: Community) -> bool:
    """Its facilitators, the people of the organisation that hosts it, the curators of its territory."""
    if not user.is_authenticated or not user.is_active:
        return False
    member = member_of(user, community)
    return (member is not None and member.is_facilitator) or can_edit(user, community)


def can_join(user: Any, community: Community, organisation: Organisation) -> bool:
    """Whoever acts for a validated organisation, once the community is public."""
    validated = organisation.status == Status.PUBLISHED
    return community.is_public and validated and is_member(user, organisation)


def can_withdraw(user: Any, idea: Idea) -> bool:
    """Who had it, and who facilitates."""
    return user.is_authenticated and (idea.by_id == user.pk or can_facilitate(user, idea.community))


def can_hold(user: Any, gathering: Gathering) -> bool:
    """Who announces, changes, counts who came, publishes the minutes."""
    return can_facilitate(user, gathering.community)


def facilitators_of(community: Community) -> QuerySet[User]:
    """Whom to write to: the facilitators; when there is none, the people of the organisation that hosts it."""
    people = User.objects.filter(is_active=True)
    facilitating = CommunityMember.objects.standing().filter(community=community, is_facilitator=True)
    named = people.filter(pk__in=facilitating.values("user"))
    if named.exists():
        return named.order_by("pk")
    return people.filter(memberships__organisation=community.organisation_id).distinct().order_by("pk")


def told_of(community: Community) -> QuerySet[User]:
    """The members who asked to be told, and still act for an organisation."""
    told = CommunityMember.objects.standing().filter(community=community, tells=True)
    return User.objects.filter(pk__in=told.values("user"), is_active=True).order_by("pk")


def is_curator(user: Any, community: Community) -> bool:
    return can_curate(user, community)
