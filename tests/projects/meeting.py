"""Communities and gatherings as the tests need them."""

from __future__ import annotations

import datetime
from typing import Any

from django.utils import timezone

from accounts.models import User
from directory.models import Membership, Organisation
from projects import communities
from projects.announcing import stop_token
from projects.models import Community, CommunityMember, Gathering, LibraryItem
from tests.factories import OrganisationFactory, UserFactory
from toolbox.models import Tool

HOUR = datetime.timedelta(hours=1)


def person(organisation: Organisation | None = None) -> tuple[User, Organisation]:
    """Someone who acts for a validated organisation."""
    organisation = organisation or OrganisationFactory()
    user = UserFactory()
    Membership.objects.create(user=user, organisation=organisation, role="membre")
    return user, organisation


def a_community(organisation: Organisation | None = None, **fields: Any) -> tuple[Community, User]:
    """A published one, and who facilitates it: neither she nor her organisation hosts it."""
    host = organisation or OrganisationFactory()
    given = {"slug": f"communaute-{host.pk}", "name": f"Communauté {host.pk}", "purpose": "Se voir.",
             "territory": host.territory, "status": "published", "published_at": timezone.now(), **fields}  # fmt: skip
    community = Community.objects.create(organisation=host, **given)
    user, own = person()
    CommunityMember.objects.create(community=community, user=user, organisation=own, is_facilitator=True)
    return community, user


def a_gathering(community: Community, *, days: float = 10, **fields: Any) -> Gathering:
    start = timezone.now().replace(second=0, microsecond=0) + datetime.timedelta(days=days)
    given = {"title": "Atelier budget", "status": "announced", "starts_at": start, "ends_at": start + 2 * HOUR}
    return Gathering.objects.create(community=community, **{**given, **fields})


def joined(community: Community, organisation: Organisation | None = None) -> tuple[User, Organisation]:
    user, own = person(organisation)
    communities.join(community, by=user, organisation=own)
    return user, own


def a_meeting_of(host: Organisation, member: User) -> dict[str, Any]:
    """What the table of who may open what is about."""
    community, _facilitator = a_community(host, slug="entraide")
    a_community(host, slug="entraide-cachee", status="draft", published_at=None)
    communities.join(community, by=member, organisation=host)
    tool = Tool.objects.create(
        slug="guide-range", title="Guide rangé", kind="guide", why="Il aide.", status="published",
        published_at=timezone.now(),
    )  # fmt: skip
    return {
        "stop_announcements": stop_token(community, member),
        "belongs": CommunityMember.objects.get(community=community, user=member).pk,
        "pivot": communities.be_pivot(community, by=member, function="Budget").pk,
        "idea": communities.put_idea(community, by=member, title="Un camion").pk,
        "shelved": LibraryItem.objects.create(community=community, tool=tool, added_by=member).pk,
        "gathering": a_gathering(community, days=5).pk,
        "prepared": a_gathering(community, status="draft").pk,
    }
