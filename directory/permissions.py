"""Who may act on what. Plain functions; reading is decided by ``visible_to``."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied

from directory.models import Membership, Need, Organisation, Practice, Resource, Role, Territory
from directory.taxonomies import territories

Entry = Organisation | Resource | Need | Practice


def require(allowed: bool) -> None:
    """Refuse (403) what is not allowed; to hide (404), fetch through ``visible_to``."""
    if not allowed:
        raise PermissionDenied


def membership_of(user: Any, organisation: Organisation) -> Membership | None:
    """How this person belongs to that organisation, if she does."""
    if not user.is_authenticated:
        return None
    return Membership.objects.filter(user=user, organisation=organisation).first()


def is_member(user: Any, organisation: Organisation) -> bool:
    return membership_of(user, organisation) is not None


def can_manage(user: Any, organisation: Organisation) -> bool:
    """Managers change the organisation and its people; administrators everything."""
    if not user.is_authenticated:
        return False
    return user.is_superuser or Membership.objects.filter(
        user=user, organisation=organisation, role=Role.MANAGER
    ).exists()


def curated_territories(user: Any) -> list[int] | None:
    """The ids of every territory this person curates, what they hold included; None for everywhere."""
    if not user.is_authenticated or not user.is_active:
        return []
    if user.is_superuser:
        return None
    if not user.is_staff:
        return []
    slugs = Territory.objects.filter(curatorships__user=user).values_list("slug", flat=True)
    return territories().within(slugs)


def territories_of(entry: Entry) -> set[int]:
    """Where an entry stands: its own place and, for what an organisation shares, the organisation's."""
    if isinstance(entry, Practice):
        return set(entry.territories.values_list("pk", flat=True))
    found = {entry.territory_id}
    if not isinstance(entry, Organisation):
        found.add(entry.organisation.territory_id)
    return found


def can_curate(user: Any, entry: Entry) -> bool:
    """Curators act within their territories; a story without a place belongs to every curator."""
    own = curated_territories(user)
    if own is None:
        return True
    places = territories_of(entry)
    return bool(own) and (not places or bool(places & set(own)))


def can_edit(user: Any, entry: Entry) -> bool:
    """Members edit what their organisation posts, managers the organisation itself, authors their own drafts."""
    if not user.is_authenticated:
        return False
    if can_curate(user, entry):
        return True
    if isinstance(entry, Organisation):
        return can_manage(user, entry)
    if isinstance(entry, Practice):
        return entry.proposed_by_id == user.pk and not entry.is_published
    return is_member(user, entry.organisation)
