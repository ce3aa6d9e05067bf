"""Communities: open one, join it, leave it, animate it, its pivots, its library, its idea box."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

from django.core import signing
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Mail, User
from directory.memberships import NotPossible
from directory.models import Organisation, Sector, Territory
from directory.permissions import is_member, require
from directory.writing import first_sending, free_address, insert, made_by, remember, rewrite
from projects import announcing
from projects.contributions import touch
from projects.linking import tell_taken_up
from projects.models import Community, CommunityMember, Idea, IdeaSupport, LibraryItem, Pivot, Project
from projects.permissions import can_facilitate, can_join, can_withdraw, member_of
from toolbox.models import Tool

RESERVED = {"nouvelle", "atom", "export", "agenda", "courriels"}
QUESTIONS_A_DAY = 10


def address_of(community: Community) -> str:
    return free_address(Community, community.name, fallback="communaute", reserved=RESERVED, own=community.slug)


@transaction.atomic
def found(*, form_for: Callable[[Community], Any], blank: Community, by: Any, once: str) -> Any:
    """Open a community in the name of an organisation, which hosts it; its founder facilitates it.

    Gives the form, valid and saved (a draft), or with its errors. The same form sent twice opens one.
    """
    require(is_member(by, blank.organisation))
    form = form_for(blank)
    if not form.is_valid():
        return form
    mark = first_sending(once, by=by)
    if mark is None and (made := made_by(once, Community, by=by)):
        return rewrite(made, form_for=form_for, by=by, address=address_of)
    community = form.save(commit=False)
    community.created_by = by
    community.is_demo = community.organisation.is_demo
    insert(community, lambda: address_of(community))
    form.save_m2m()
    CommunityMember.objects.create(
        community=community, organisation=community.organisation, user=by, is_facilitator=True
    )
    remember(mark, community)
    return form


@transaction.atomic
def change(community: Community, *, form_for: Callable[[Community], Any], by: Any) -> Any:
    """Save what a form says, unless a colleague changed the same fields (``OutdatedError``)."""
    return rewrite(community, form_for=form_for, by=by, address=address_of)


@transaction.atomic
def join(community: Community, *, by: Any, organisation: Organisation) -> CommunityMember:
    """Belong to it from now on; joining twice is belonging once. Who changed organisations joins for the new one."""
    require(can_join(by, community, organisation))
    if member_of(by, community) is None:
        leave(community, by=by)
    member, fresh = CommunityMember.objects.get_or_create(
        community=community, user=by, defaults={"organisation": organisation}
    )
    if fresh:
        announcing.joined(community, by=by, organisation=organisation)
    return member


@transaction.atomic
def leave(community: Community, *, by: Any) -> None:
    """Belong to it no longer. What one wrote stays, in the name of one's organisation; one's pivots go."""
    CommunityMember.objects.filter(community=community, user=by).delete()
    Pivot.objects.filter(community=community, user=by).delete()


@transaction.atomic
def tell(community: Community, *, by: Any, told: bool) -> None:
    """Whether announcements come by e-mail."""
    CommunityMember.objects.filter(community=community, user=by).update(tells=told)


def read_stop(token: str) -> tuple[Community, User] | None:
    """Whose announcements of which community a link stops; None for a link cut or made elsewhere."""
    try:
        said = signing.loads(token, salt=announcing.SALT)
    except signing.BadSignature:
        return None
    community = Community.objects.defer("search").filter(pk=said["c"]).first()
    person = User.objects.filter(pk=said["u"]).first()
    return (community, person) if community and person else None


@transaction.atomic
def entrust(member: CommunityMember, *, by: Any, facilitates: bool) -> CommunityMember:
    """Make a member a facilitator, or no longer; a community keeps at least one, unless its host looks after it."""
    require(can_facilitate(by, member.community))
    Community.objects.select_for_update(no_key=True).defer("search").get(pk=member.community_id)
    others = CommunityMember.objects.standing().filter(community=member.community_id, is_facilitator=True)
    others = others.exclude(pk=member.pk)
    if not facilitates and not others.exists():
        raise NotPossible(_("Il faut au moins une personne qui anime : nommez-en une autre d’abord."))
    CommunityMember.objects.filter(pk=member.pk).update(is_facilitator=facilitates)
    member.is_facilitator = facilitates
    return member


# ---- pivots


@transaction.atomic
def be_pivot(
    community: Community,
    *,
    by: Any,
    function: str,
    sector: Sector | None = None,
    territory: Territory | None = None,
) -> Pivot:
    """Say that one answers, for one's organisation, those who look for that."""
    member = member_of(by, community)
    require(member is not None)
    assert member is not None
    if not function.strip():
        raise ValidationError({"function": _("Dites ce qu’on peut vous demander.")})
    Community.objects.filter(pk=community.pk).update(updated_at=timezone.now())  # lists name the pivots
    return Pivot.objects.create(
        community=community, organisation=member.organisation, user=by, function=" ".join(function.split())[:200],
        sector=sector, territory=territory,
    )  # fmt: skip


@transaction.atomic
def be_pivot_no_more(pivot: Pivot, *, by: Any) -> None:
    """By the person herself or by who facilitates."""
    require(pivot.user_id == by.pk or can_facilitate(by, pivot.community))
    pivot.delete()
    Community.objects.filter(pk=pivot.community_id).update(updated_at=timezone.now())


@transaction.atomic
def ask_pivot(pivot: Pivot, *, by: Any, organisation: Organisation | None, message: str, once: str) -> None:
    """Write to a pivot through the portal: she gets the message and the address of who asks, who never sees hers."""
    require(by.is_authenticated and pivot.community.is_public)
    if not message.strip():
        raise ValidationError({"message": _("Écrivez votre question.")})
    since = timezone.now() - datetime.timedelta(days=1)
    asked = Mail.objects.filter(event__startswith="pivot:", event__contains=f":{by.pk}:", created_at__gte=since)
    if asked.count() >= QUESTIONS_A_DAY:
        raise NotPossible(
            _("Vous avez posé %(n)d questions aujourd’hui : celle-ci n’est pas partie. Revenez demain.")
            % {"n": QUESTIONS_A_DAY}
        )
    announcing.asked_of_pivot(pivot, by=by, organisation=organisation, message=message.strip()[:4000], once=once)


# ---- library


@transaction.atomic
def shelve(community: Community, tool: Tool, *, by: Any, why: str = "") -> LibraryItem:
    """Keep a tool at hand; twice is once, and what it is kept for is what was said last."""
    require(member_of(by, community) is not None or can_facilitate(by, community))
    said = {"why": " ".join(why.split())[:300]} if why.strip() else {}
    item, _fresh = LibraryItem.objects.update_or_create(
        said, create_defaults={"added_by": by, **said}, community=community, tool=tool
    )
    return item


@transaction.atomic
def unshelve(item: LibraryItem, *, by: Any) -> None:
    """By who added it or who facilitates."""
    require(item.added_by_id == by.pk or can_facilitate(by, item.community))
    item.delete()


# ---- idea box


@transaction.atomic
def put_idea(community: Community, *, by: Any, title: str, text: str = "") -> Idea:
    """Put an idea in the box, for one's organisation, which supports it; the same words sent twice are one idea."""
    member = member_of(by, community)
    require(member is not None)
    assert member is not None
    title = " ".join(title.split())
    if not title:
        raise ValidationError({"title": _("Dites l’idée en une ligne.")})
    same = Idea.objects.filter(community=community, by=by, title=title[:140], withdrawn_at__isnull=True).first()
    if same:
        return same
    idea = Idea.objects.create(
        community=community, organisation=member.organisation, by=by, title=title[:140], text=text.strip()[:2000]
    )
    IdeaSupport.objects.create(idea=idea, organisation=member.organisation, by=by)
    return idea


@transaction.atomic
def support(idea: Idea, *, by: Any, wanted: bool = True) -> None:
    """One's organisation would take part, or no longer would."""
    member = member_of(by, idea.community)
    require(member is not None and idea.withdrawn_at is None)
    assert member is not None
    mine = IdeaSupport.objects.filter(idea=idea, organisation=member.organisation)
    if not wanted:
        mine.delete()
        return
    try:
        with transaction.atomic():
            IdeaSupport.objects.create(idea=idea, organisation=member.organisation, by=by)
    except IntegrityError:
        return


@transaction.atomic
def become(idea: Idea, project: Project, *, by: Any) -> None:
    """An idea of the box became a project, once: the first one stays. Who had it or supported it is told."""
    require(member_of(by, idea.community) is not None)
    if Idea.objects.filter(pk=idea.pk, project__isnull=True).update(project=project):
        touch(project)  # its page names the community
        tell_taken_up(project)


@transaction.atomic
def withdraw(idea: Idea, *, by: Any) -> None:
    """Take an idea out of the box."""
    require(can_withdraw(by, idea))
    Idea.objects.filter(pk=idea.pk, withdrawn_at__isnull=True).update(withdrawn_at=timezone.now())
