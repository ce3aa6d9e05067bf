"""Who may do what in communities and gatherings. Plain functions; reading is decided by ``visible_to``."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet

from accounts.models import User
from directory.models import Organisation
from directory.permissions import can_curate, can_edit, is_member
from mutualisation.kernel.publication import Status
from projects.models import Community, CommunityMember, Gathering, Idea


def member_of(user: Any, community: Community) -> CommunityMember | None:
    """How this person belongs to that community, if she does."""
    if not user.is_authenticated or not user.is_active:
        return None
    return CommunityMember.objects.filter(community=community, user=user).select_related("organisation").first()


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
    named = people.filter(communities__community=community, communities__is_facilitator=True).distinct()
    if named.exists():
        return named.order_by("pk")
    return people.filter(memberships__organisation=community.organisation_id).distinct().order_by("pk")


def told_of(community: Community) -> QuerySet[User]:
    """The members who asked to be told, and still act for an organisation."""
    mine = Q(communities__community=community, communities__tells=True)
    return User.objects.filter(mine, is_active=True).distinct().order_by("pk")


def is_curator(user: Any, community: Community) -> bool:
    return can_curate(user, community)
