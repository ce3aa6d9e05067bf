"""Who may act on what. Plain functions; reading is decided by ``visible_to``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet

from accounts.models import User
from directory.models import JoinRequest, Membership, Need, Organisation, Resource, Role, Territory
from directory.models.curated import Entry, kept_as
from directory.taxonomies import territories
from mutualisation.kernel.publication import Status


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
    return (
        user.is_superuser or Membership.objects.filter(user=user, organisation=organisation, role=Role.MANAGER).exists()
    )


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
    """Where an entry stands: its own place and, for what an organisation shares, the organisation's; or nowhere."""
    return kept_as(entry).places(entry)


def can_curate(user: Any, entry: Entry) -> bool:
    """Curators act within their territories; what has no place belongs to every curator."""
    own = curated_territories(user)
    if own is None:
        return True
    places = territories_of(entry)
    return bool(own) and (not places or bool(places & set(own)))


def can_read(user: Any, entry: Entry) -> bool:
    """Whoever ``visible_to`` shows it to; and, entry by entry, the curators of its territory, public or not."""
    model: Any = type(entry)
    return model.objects.visible_to(user).filter(pk=entry.pk).exists() or can_curate(user, entry)


def readable(rows: QuerySet[Any], user: Any, slug: str) -> Any:
    """The entry at this address, for who may read it; None otherwise. Readers of what is public cost one query."""
    found = rows.visible_to(user).filter(slug=slug).first()  # type: ignore[attr-defined]
    if found is None and curated_territories(user) != []:
        hidden = rows.filter(slug=slug).first()
        return hidden if hidden is not None and can_curate(user, hidden) else None
    return found


def can_edit(user: Any, entry: Entry) -> bool:
    """Members edit what their organisation posts, managers the organisation itself, authors their own drafts."""
    if not user.is_authenticated:
        return False
    if can_curate(user, entry):
        return True
    if isinstance(entry, Organisation):
        return can_manage(user, entry)
    kept = kept_as(entry)
    if kept.edits is not None:
        return kept.edits(user, entry)
    if not kept.posted:
        return entry.proposed_by_id == user.pk and not entry.is_published
    return is_member(user, entry.organisation)


def can_block(user: Any, resource: Resource) -> bool:
    """The organisation’s own people take its resources out of the calendar, and read why they are."""
    return user.is_authenticated and (user.is_superuser or is_member(user, resource.organisation))


def curators_of(entry: Entry) -> QuerySet[User]:
    """Who curates the places of an entry, anywhere for what has none; where nobody does, the administrators."""
    people = User.objects.filter(is_active=True)
    curators = people.filter(is_staff=True, curatorships__isnull=False).distinct()
    if places := territories_of(entry):
        curators = curators.filter(curatorships__territory__in=_around(places))
    return curators if curators.exists() else people.filter(is_superuser=True)


def _around(places: Iterable[int]) -> set[int]:
    """These places, and what holds them."""
    return {node.id for place in places for node in territories().above(place)}


def reads_first(organisation: Organisation) -> bool:
    """Whether the territory of an organisation chose to read what it posts before anyone else does."""
    return Territory.objects.filter(pk__in=_around([organisation.territory_id]), reads_first=True).exists()


def awaits_reading(user: Any, entry: Entry) -> bool:
    """Whether what this person posts waits for a curator before it is public; once it is, changes show at once."""
    if not kept_as(entry).posted or entry.status == Status.PUBLISHED:
        return False
    return reads_first(entry.organisation) and not can_curate(user, entry)


def managers_of(organisation: Organisation) -> QuerySet[User]:
    """Who answers for an organisation."""
    return User.objects.filter(
        is_active=True, memberships__organisation=organisation, memberships__role=Role.MANAGER
    ).distinct()


def people_for(need: Need) -> list[User]:
    """Whom to write to about a need: the managers; else who wrote it, if still there; else the members."""
    if managers := list(managers_of(need.organisation).order_by("pk")):
        return managers
    present = User.objects.filter(is_active=True, memberships__organisation=need.organisation_id).distinct()
    return list(present.filter(pk=need.created_by_id or 0)) or list(present.order_by("pk"))


def can_see_team(user: Any, organisation: Organisation) -> bool:
    """The members of an organisation know one another; its curators see them too."""
    return is_member(user, organisation) or can_curate(user, organisation)


def can_answer(user: Any, request: JoinRequest) -> bool:
    """Managers answer who asks to join; once overdue, or when nobody manages, the curator of the place too."""
    if not user.is_authenticated or request.user_id == user.pk:
        return False
    if can_manage(user, request.organisation):
        return True
    return can_curate(user, request.organisation) and JoinRequest.objects.overdue().filter(pk=request.pk).exists()
