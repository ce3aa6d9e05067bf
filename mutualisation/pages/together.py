"""What one builds with others, for « Mon espace »: what awaits in projects and gatherings, where one takes part."""

from __future__ import annotations

import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from directory.models import Membership
from mutualisation.kernel.moments import in_words
from mutualisation.kernel.publication import Status
from mutualisation.pages.todo import Todo
from projects.models import (
    CommunityMember,
    Contribution,
    Follower,
    Gathering,
    GatheringStatus,
    Participation,
    Project,
    Stage,
)

SHOWN = 12
SOON = datetime.timedelta(days=2)  # a gathering that near is among what awaits
LATE = datetime.timedelta(days=60)  # nobody is asked for the minutes of an older one


def awaiting(user: Any, mine: list[Membership], coming: list[Gathering]) -> list[Todo]:
    """What others expect: to come, to announce, to tell, to answer."""
    return [*_near(coming), *_offers(mine), *_held(user)]


def belonging(user: Any, acting: Membership | None) -> dict[str, Any]:
    """The communities and projects one is in, and those one follows."""
    members = CommunityMember.objects.standing().filter(user=user).exclude(community__status=Status.ARCHIVED)
    ours, followed = _projects(acting, user)
    return {
        "communities": list(
            members.select_related("community")
            .only("is_facilitator", "community__slug", "community__name")
            .order_by("community__sort_key", "id")[:SHOWN]
        ),
        "our_projects": ours,
        "followed": followed,
    }


def _near(coming: list[Gathering]) -> list[Todo]:
    """Gatherings of today and tomorrow where one has a place."""
    soon = [g for g in coming if g.registered_as and g.starts_at < timezone.now() + SOON]  # type: ignore[attr-defined]
    return [
        Todo(
            title=g.title,
            address=g.get_absolute_url(),
            about=in_words(g.period),
            state=_("En liste d’attente") if g.registered_as == "waiting" else _("Bientôt"),  # type: ignore[attr-defined]
            tone="info",
            action=_("Voir la rencontre"),
            icon="cal",
            kind_label=str(g.get_kind_display()),
        )
        for g in soon
    ]


def _held(user: Any) -> list[Todo]:
    """Gatherings that one facilitates: to announce, or held and not told yet."""
    now = timezone.now()
    facilitated = CommunityMember.objects.standing().filter(user=user, is_facilitator=True).values("community")
    held = Q(status=GatheringStatus.ANNOUNCED, ends_at__lt=now, ends_at__gt=now - LATE, minutes_at__isnull=True)
    rows = Gathering.objects.filter(community__in=facilitated).filter(held | Q(status=GatheringStatus.DRAFT)).for_list()
    return [
        Todo(
            title=g.title,
            address=g.get_absolute_url(),
            about=f"{g.community.name}, {in_words(g.period)}",
            state=_("En préparation") if g.status == GatheringStatus.DRAFT else _("Compte rendu attendu"),
            tone="warn",
            action=_("Relire et annoncer") if g.status == GatheringStatus.DRAFT else _("Écrire le compte rendu"),
            icon="cal",
            kind_label=str(g.get_kind_display()),
        )
        for g in rows.order_by("starts_at", "id")[:SHOWN]
    ]


def _offers(mine: list[Membership]) -> list[Todo]:
    """Who offers to take part in a project that one’s organisation leads, or something more."""
    ids = [m.organisation_id for m in mine]
    if not ids:
        return []
    carried = Participation.objects.carrying().filter(organisation__in=ids).values("project")
    led = Q(project__in=carried) | Q(project__organisation__in=ids)
    more = Contribution.objects.filter(participation=OuterRef("pk"), status=Contribution.Status.OFFERED)
    rows = Participation.objects.filter(led).filter(
        Q(status=Participation.Status.OFFERED) | Q(status=Participation.Status.WELCOMED) & Exists(more)
    )
    found = (
        rows.exclude(project__stage=Stage.ENDED)
        .select_related("project", "organisation")
        .defer("project__search", "project__description", "organisation__search", "organisation__description")
    )
    return [
        Todo(
            title=_("%(who)s offre sa contribution") % {"who": p.organisation.name},
            address=p.get_absolute_url(),
            about=p.project.title,
            state=_("À accueillir"),
            tone="act",
            action=_("Répondre"),
            icon="seed",
            kind_label=_("Projet"),
        )
        for p in found.order_by("offered_at", "id")[:SHOWN]
    ]


def _projects(acting: Membership | None, user: Any) -> tuple[list[Any], list[Any]]:
    """Those one may open: where one’s organisation takes part, the newest first; the others that one follows."""
    organisation = acting.organisation_id if acting else None
    inside = Participation.objects.welcomed().filter(organisation=organisation, project=OuterRef("pk"))
    followed = Follower.objects.filter(user=user, project=OuterRef("pk"))
    rows: Any = Project.objects.visible_to(user).exclude(status=Status.ARCHIVED)
    rows = rows.annotate(is_ours=Exists(inside) | Q(organisation=organisation), is_followed=Exists(followed))
    shown = rows.filter(Q(is_ours=True) | Q(is_followed=True, status=Status.PUBLISHED))
    shown = shown.only("slug", "title", "stage", "sort_key").order_by("-is_ours", "-updated_at", "-id")
    found: list[Any] = list(shown[: SHOWN * 4])
    ours = [project for project in found if project.is_ours]
    others = sorted((project for project in found if not project.is_ours), key=lambda p: (p.sort_key, p.pk))
    return ours[:SHOWN], others[:SHOWN]
