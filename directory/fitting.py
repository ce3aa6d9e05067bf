"""What fits what: the resources that would answer a need, the needs that a resource would answer.

They fit when they are of one kind and one category, or of a category and the one that holds it; where a need says
no category, when all its words are there, or else when their names share one, how many aside. The same MRC first.
"""

from __future__ import annotations

from typing import Any

from django.db.models import Case, Count, F, Q, QuerySet, When

from directory.models import Category, Need, Resource
from directory.models.resource import Visibility
from directory.models.territory import TerritoryKind
from directory.searching import understand
from directory.taxonomies import categories, territories

SHOWN = 3


def offers_for(need: Need, user: Any) -> list[Resource]:
    """The resources, among those that this reader may see, that would answer a need; nearest first."""
    rows = Resource.objects.visible_to(user).listed().filter(kind=need.kind, is_paused=False)
    others = rows.exclude(organisation=need.organisation_id).exclude(answers=need)
    return _nearest(others.for_list(), need)


def answers_to(need: Need, user: Any) -> list[Resource]:
    """What was offered to answer this very need, as far as this reader may see it; the newest first."""
    rows = Resource.objects.visible_to(user).listed().filter(answers=need).for_list()
    return list(rows.order_by("-published_at", "-id")[: SHOWN * 2])


def needs_for(resource: Resource, user: Any) -> list[Need]:
    """The open needs that a resource would answer; nearest first."""
    rows = Need.objects.visible_to(user).listed().open().filter(kind=resource.kind)
    return _nearest(rows.exclude(organisation=resource.organisation_id).for_list(), resource)


def _nearest(rows: QuerySet[Any], to: Need | Resource) -> list[Any]:
    """Those of a category that fits, same MRC first, then same category, then by distance; without one, by words."""
    tree = categories()
    node = tree.by_id.get(to.category_id) if to.category_id else None
    whole, named = _worded(rows, to)
    if node is None:
        rows, unlike = rows.filter(whole | named), Case(When(whole, then=0), default=1)
    else:
        family = {node.id, *(n.id for n in tree.children.get(node.id, ()))} | {node.parent_id or node.id}
        fits = Q(category__in=family)
        if rows.model is Need:
            fits |= Q(category__isnull=True) & (whole | named)
        rows, unlike = rows.filter(fits), Case(When(category=to.category_id, then=0), default=1)
    places = territories()
    mrc = places.up_to(to.territory_id, (TerritoryKind.MRC,))
    here = places.within([mrc.slug]) if mrc else [to.territory_id]
    rows = rows.annotate(away=Case(When(territory__in=here, then=0), default=1), unlike=unlike)
    order: list[Any] = ["away", "unlike"] if node else ["unlike", "away"]
    if to.point:
        rows = rows.with_distance(*to.point)  # type: ignore[attr-defined]
        order.append(F("distance").asc(nulls_last=True))
    found = list(rows.order_by(*order, "-published_at", "-id")[:SHOWN])
    return found if node else [row for row in found if not row.unlike] or found


def _worded(rows: Any, to: Need | Resource) -> tuple[Q, Q]:
    """Of these rows, those that have all the words of its name, and those whose own name has one of them."""
    words = understand(to.name).uncounted()
    if not words:
        return Q(pk__in=[]), Q(pk__in=[])
    some = rows.named(words.relaxed() or words)
    return Q(pk__in=rows.matching(words).values("pk")), Q(pk__in=some.values("pk"))


def likely_category(kind: str, name: str) -> Category | None:
    """The category that a need without any may well have: the most common among what is shared under such a name."""
    words = understand(name).uncounted()
    if not words:
        return None
    shared = Resource.objects.listed().filter(kind=kind, visibility=Visibility.EVERYONE).named(words.relaxed() or words)
    found = shared.values("category").annotate(n=Count("pk")).order_by("-n", "category").first()
    return Category.objects.get(pk=found["category"]) if found else None
