"""Who looks for the same thing: open needs gathered by category and by words, and those who ask invited together.

A need goes with the others of its category; one without a precise category, with those whose words are nearest.
Only needs that anyone may read are gathered. An organisation is invited once for a need, and those who asked not to
be are left in peace.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.core import signing
from django.db import connection, transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from directory import notifications
from directory.models import JointInvitation, JointRefusal, Membership, Need, Organisation, Role
from directory.models.territory import TerritoryKind
from directory.permissions import curated_territories, require
from directory.taxonomies import categories, territories

ALIKE = 0.3  # trigrams in common: « camion réfrigéré » and « un camion réfrigéré pour l’été » have 0.6
TOGETHER = 2  # organisations, at least
SALT = "directory.grouping"

GROUPS = """
WITH place AS MATERIALIZED (SELECT * FROM unnest(%(places)s::bigint[], %(mrcs)s::bigint[]) AS p(territory_id, mrc)),
asked AS MATERIALIZED (
    SELECT n.id, n.kind, n.organisation_id, n.territory_id, o.territory_id AS home, coalesce(p.mrc, 0) AS mrc,
           n.sort_key, n.published_at, coalesce(c.parent_id, c.id) AS main,
           CASE WHEN c.parent_id IS NOT NULL THEN c.id END AS precise
      FROM directory_need n
      JOIN directory_organisation o ON o.id = n.organisation_id AND o.status = 'published'
      LEFT JOIN directory_category c ON c.id = n.category_id
      LEFT JOIN place p ON p.territory_id = n.territory_id
     WHERE n.status = 'published' AND n.freshness <> 'hidden' AND n.state = 'open'
       AND (n.ends_on IS NULL OR n.ends_on >= %(today)s)),
gathered AS (
    SELECT a.*, coalesce(a.precise, near.precise, a.main) AS category,
           CASE WHEN coalesce(a.precise, near.precise, a.main) IS NULL THEN first.id END AS alike
      FROM asked a
      LEFT JOIN LATERAL (
        SELECT b.precise FROM asked b
         WHERE a.precise IS NULL AND b.precise IS NOT NULL AND b.kind = a.kind AND (a.main IS NULL OR b.main = a.main)
           AND similarity(a.sort_key, b.sort_key) >= %(alike)s
         ORDER BY similarity(a.sort_key, b.sort_key) DESC, b.id LIMIT 1) near ON true
      LEFT JOIN LATERAL (
        SELECT b.id FROM asked b
         WHERE a.main IS NULL AND b.main IS NULL AND b.kind = a.kind AND b.id <= a.id
           AND similarity(a.sort_key, b.sort_key) >= %(alike)s
         ORDER BY b.id LIMIT 1) first ON true)
SELECT category, alike, min(kind), array_agg(id ORDER BY published_at, id), array_agg(DISTINCT organisation_id),
       array_agg(DISTINCT mrc), array_agg(DISTINCT territory_id) || array_agg(DISTINCT home), min(published_at)
  FROM gathered GROUP BY category, alike
HAVING count(DISTINCT organisation_id) >= %(together)s
 ORDER BY count(DISTINCT organisation_id) DESC, min(published_at), min(id)
"""


@dataclass(frozen=True)
class Group:
    """Organisations that look for the same thing."""

    key: str
    title: str
    kind: str
    needs: list[int]
    organisations: list[int]
    mrcs: list[int]  # 0 for what is outside of any
    places: list[int]
    since: datetime.datetime
    category: str = ""  # its slug

    @property
    def sentence(self) -> str:
        """« 7 organismes cherchent : Camion réfrigéré »."""
        return _("%(n)d organismes cherchent : %(what)s") % {"n": len(self.organisations), "what": self.title}

    def get_absolute_url(self) -> str:
        return reverse("need_group", args=[self.key])


@dataclass(frozen=True)
class Asking:
    """An organisation of a group: its needs there, and whoever may be written to for it."""

    organisation: Organisation
    needs: list[Need]
    people: list[Any]


@dataclass
class Audience:
    """Whom an invitation reaches, and why the others are not written to."""

    reached: list[Asking] = field(default_factory=list)
    silent: list[Asking] = field(default_factory=list)  # nobody acts for it, or whoever does asked to be left in peace
    done: list[Organisation] = field(default_factory=list)  # invited already
    own: list[Organisation] = field(default_factory=list)  # of who invites

    @property
    def people(self) -> int:
        return sum(len(asking.people) for asking in self.reached)


def groups(*, mrc: int | None = None, kind: str = "") -> list[Group]:
    """What several organisations look for, the most asked first; of one kind, and where one MRC is among them."""
    tree = territories()
    places = [(pk, node.id) for pk in tree.by_id if (node := tree.up_to(pk, (TerritoryKind.MRC,)))]
    asked: dict[str, Any] = {
        "places": [pk for pk, _mrc in places], "mrcs": [found for _pk, found in places],
        "today": timezone.localdate(), "alike": ALIKE, "together": TOGETHER,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(GROUPS, asked)
        rows = cursor.fetchall()
    named = _names([row[1] for row in rows if row[1]])
    found = [_group(row, named) for row in rows]
    return [g for g in found if kind in ("", g.kind) and (mrc is None or mrc in g.mrcs)]


def _names(needs: list[int]) -> dict[int, tuple[str, str]]:
    """What the first need of each group without category is called."""
    if not needs:
        return {}
    return {pk: (slug, name) for pk, slug, name in Need.objects.filter(pk__in=needs).values_list("pk", "slug", "name")}


def _group(row: tuple[Any, ...], named: dict[int, tuple[str, str]]) -> Group:
    category, alike, kind, needs, organisations, mrcs, places, since = row
    if category:
        node = categories().by_id[category]
        return Group(node.slug, node.name, kind, needs, organisations, mrcs, places, since, node.slug)
    slug, name = named[alike]
    return Group(f"comme-{slug}", name, kind, needs, organisations, mrcs, places, since)


def group_called(key: str) -> Group | None:
    """The group of that address, as long as several still look for it."""
    return next((group for group in groups() if group.key == key), None)


def may_invite(user: Any, some: Iterable[Group]) -> set[str]:
    """Which of these groups this person may call together: one of those who ask, or a curator of one of the places."""
    if not user.is_authenticated or not user.is_active:
        return set()
    curated = curated_territories(user)
    own = set(user.memberships.values_list("organisation", flat=True))
    return {g.key for g in some if curated is None or own & set(g.organisations) or set(curated) & set(g.places)}


def audience(group: Group, *, by: Any) -> Audience:
    """Whom an invitation of this person would reach now. The same answer is shown before, and used to send."""
    done = set(JointInvitation.objects.filter(group=group.key).values_list("need", flat=True))
    own = set(by.memberships.values_list("organisation", flat=True))
    refused = set(JointRefusal.objects.values_list("user", flat=True))
    rows = Need.objects.filter(pk__in=group.needs).select_related("organisation")
    rows = rows.defer("search", "organisation__search", "organisation__description")
    members: dict[int, list[Membership]] = {}
    acting = Membership.objects.filter(organisation__in=group.organisations, user__is_active=True)
    for membership in acting.select_related("user").order_by("user"):
        members.setdefault(membership.organisation_id, []).append(membership)
    found = Audience()
    asking: dict[Organisation, list[Need]] = {}
    for need in rows.order_by("organisation__sort_key", "organisation", "pk"):
        asking.setdefault(need.organisation, []).append(need)
    for organisation, needs in asking.items():
        left = [need for need in needs if need.pk not in done]
        people = [p for p in _answering(members.get(organisation.pk, []), left) if p.pk not in refused]
        if organisation.pk in own:
            found.own.append(organisation)
        elif not left:
            found.done.append(organisation)
        else:
            (found.reached if people else found.silent).append(Asking(organisation, left, people))
    return found


def _answering(members: list[Membership], needs: list[Need]) -> list[Any]:
    """The managers of an organisation; else who wrote these needs; else whoever acts for it."""
    wrote = {need.created_by_id for need in needs}
    managing = [m.user for m in members if m.role == Role.MANAGER]
    return managing or [m.user for m in members if m.user_id in wrote] or [m.user for m in members]


@transaction.atomic
def invite(group: Group, *, by: Any, way: str, message: str) -> Audience:
    """Invite whoever asks, but the inviter’s own organisations and needs already invited around this, to act together.

    Raises PermissionDenied for who is none of them and curates none of their places.
    """
    require(group.key in may_invite(by, [group]))
    list(Need.objects.select_for_update(no_key=True).filter(pk__in=group.needs).order_by("pk").values("pk"))
    sent = audience(group, by=by)
    names = {a.organisation.pk: a.organisation.name for a in (*sent.reached, *sent.silent)}
    names |= {organisation.pk: organisation.name for organisation in (*sent.done, *sent.own)}
    for asking in sent.reached:
        for person in asking.people:
            notifications.joined(
                asking.organisation,
                group=group,
                others=sorted(name for pk, name in names.items() if pk != asking.organisation.pk),
                needs=asking.needs,
                way=way,
                message=message,
                to=person,
                by=by,
                stop=stop_path(person),
            )
    told = [need for asking in sent.reached for need in asking.needs]
    JointInvitation.objects.bulk_create(
        JointInvitation(group=group.key, need=need, way=way, message=message, by=by) for need in told
    )
    return sent


def left_to_invite(some: Iterable[tuple[Group, Iterable[Need]]], *, by: Any) -> set[str]:
    """Which of these groups still have an organisation, other than one’s own, that was not invited around them."""
    if not by.is_authenticated:
        return set()
    rows = list(some)
    asked = JointInvitation.objects.filter(group__in=[group.key for group, _needs in rows])
    done = set(asked.values_list("group", "need"))
    own = set(by.memberships.values_list("organisation", flat=True))
    return {
        group.key
        for group, needs in rows
        if any((group.key, need.pk) not in done and need.organisation_id not in own for need in needs)
    }


# ---- not wanting them any more


def stop_path(person: Any) -> str:
    """Where this person says that she does not want these invitations, without signing in."""
    return reverse("need_group_stop", args=[signing.dumps(person.pk, salt=SALT)])


def person_of(token: str) -> int | None:
    """Whose link it is; None when it is none of ours."""
    try:
        return int(signing.loads(token, salt=SALT))
    except (signing.BadSignature, ValueError):
        return None


def refuses(person: int) -> bool:
    return JointRefusal.objects.filter(user=person).exists()


@transaction.atomic
def refuse(person: int, *, wants: bool) -> None:
    """Stop these invitations for a person, or let them come again."""
    if wants:
        JointRefusal.objects.filter(user=person).delete()
    else:
        JointRefusal.objects.get_or_create(user_id=person)
