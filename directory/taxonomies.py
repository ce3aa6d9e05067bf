"""The trees that every list needs (places, categories, sectors, synonyms), read once a minute."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.conf import settings

from directory.models import Category, PostalArea, Sector, Synonym, Territory
from directory.models.territory import TerritoryKind
from mutualisation.kernel.memo import memo
from mutualisation.kernel.search import singular, words_of


@dataclass(frozen=True)
class Node:
    """A node of a tree: a territory, a category or a sector."""

    id: int
    slug: str
    name: str
    parent_id: int | None = None
    kind: str = ""
    latitude: float | None = None
    longitude: float | None = None
    population: int = 0
    drawing: str = ""
    designation: str = ""


@dataclass
class Tree:
    """Nodes by id and by slug, with who holds whom."""

    by_id: dict[int, Node] = field(default_factory=dict)
    by_slug: dict[str, Node] = field(default_factory=dict)
    children: dict[int | None, list[Node]] = field(default_factory=lambda: defaultdict(list))

    def add(self, node: Node) -> None:
        self.by_id[node.id] = self.by_slug[node.slug] = node
        self.children[node.parent_id].append(node)

    def within(self, slugs: Iterable[str]) -> list[int]:
        """The ids of these nodes and of all they hold."""
        todo = [self.by_slug[s].id for s in slugs if s in self.by_slug]
        found: set[int] = set()
        while todo:
            one = todo.pop()
            if one not in found:
                found.add(one)
                todo += [n.id for n in self.children.get(one, ())]
        return sorted(found)

    def above(self, node_id: int) -> list[Node]:
        """The node itself, then what holds it, from the nearest. A loop (A in B in A) ends rather than turns."""
        chain: list[Node] = []
        node = self.by_id.get(node_id)
        while node and node not in chain:
            chain.append(node)
            node = self.by_id.get(node.parent_id) if node.parent_id else None
        return chain

    def up_to(self, node_id: int, kinds: tuple[str, ...]) -> Node | None:
        """The node itself or the nearest one above it of one of these kinds."""
        return next((node for node in self.above(node_id) if node.kind in kinds), None)

    def roll_up(self, counts: dict[int, int]) -> dict[int, int]:
        """Counts by node, each including what its descendants count."""
        total: dict[int, int] = defaultdict(int)
        for node_id, n in counts.items():
            for node in self.above(node_id):
                total[node.id] += n
        return total


@memo()
def territories() -> Tree:
    """Every place, without its outline."""
    tree = Tree()
    fields = ("id", "slug", "name", "parent_id", "kind", "latitude", "longitude", "population", "designation")
    rows = Territory.objects.order_by("name", "id").values_list(*fields)
    for pk, slug, name, parent, kind, latitude, longitude, population, designation in rows:
        tree.add(Node(pk, slug, name, parent, kind, latitude, longitude, population or 0, designation=designation))
    return tree


def told_apart(node: Node) -> str:
    """The name of a place; « Hemmingford (canton) » when another one beside it, in the same MRC, bears it too."""
    beside = [n for n in territories().children.get(node.parent_id, ()) if n.name == node.name]
    return f"{node.name} ({node.designation.lower()})" if len(beside) > 1 and node.designation else node.name


@memo()
def categories() -> Tree:
    tree = Tree()
    fields = ("id", "slug", "name", "parent_id", "kind", "drawing")
    for node_id, slug, name, parent, kind, drawing in Category.objects.values_list(*fields):
        tree.add(Node(node_id, slug, name, parent, kind, drawing=drawing))
    return tree


def family_of(category_id: int) -> list[int]:
    """The ids of a category's main category and of all that holds, itself included."""
    tree = categories()
    main = tree.above(category_id)[-1:]
    return tree.within(node.slug for node in main) or [category_id]


@memo()
def sectors() -> Tree:
    tree = Tree()
    for node_id, slug, name in Sector.objects.values_list("id", "slug", "name"):
        tree.add(Node(node_id, slug, name))
    return tree


@memo()
def synonyms() -> dict[str, tuple[str, ...]]:
    """For each phrase, normalised and singular, all that may be said instead."""
    groups: dict[str, tuple[str, ...]] = {}
    for terms in Synonym.objects.values_list("terms", flat=True):
        said = tuple(" ".join(words_of(t)) for t in terms)
        for phrase in said:
            key = " ".join(singular(w) for w in phrase.split())
            groups[key] = tuple(dict.fromkeys(groups.get(key, ()) + said))
    return groups


@memo()
def portal_territories() -> list[Node]:
    """The MRCs of this portal, in the order of the settings."""
    tree = territories()
    return [tree.by_slug[s] for s in settings.PORTAL_TERRITORIES if s in tree.by_slug]


@dataclass(frozen=True)
class Place:
    """Somewhere to measure from. WGS 84 degrees."""

    name: str
    latitude: float
    longitude: float


def find_place(text: str) -> Place | None:
    """A municipality by its name or slug (part of the name will do), or a postal code by its first three characters.

    Among several, one of this portal first, then the most populous. None when nothing answers.
    """
    text = " ".join(text.replace("\x00", " ").split())[:120]
    code = re.sub(r"[\s-]", "", text).upper()
    if len(code) in (3, 6) and code[0].isalpha() and code[1].isdigit() and code[2].isalpha():
        area = PostalArea.objects.filter(code=code[:3]).first()
        if area:
            return Place(area.code, area.latitude, area.longitude)
    wanted = " ".join(words_of(text))
    if not wanted:
        return None
    tree = territories()
    ours = {n.id for n in portal_territories()}

    def order(node: Node) -> tuple[int, int, int]:
        name = " ".join(words_of(node.name))
        exact = 0 if name == wanted or node.slug == text else 1 if name.startswith(wanted) else 2
        return exact, 0 if node.parent_id in ours else 1, -node.population

    local = (TerritoryKind.MUNICIPALITY, TerritoryKind.BOROUGH)
    found = [
        n
        for n in tree.by_id.values()
        if n.kind in local and (n.slug == text or f" {wanted}" in f" {' '.join(words_of(n.name))}")
    ]
    best = min(found, key=order, default=None)
    if best is None:
        return None
    # A few places have no point of their own: the centre of what holds them is nearer than a namesake elsewhere.
    point = next(((n.latitude, n.longitude) for n in tree.above(best.id) if n.latitude and n.longitude), None)
    return Place(best.name, *point) if point else None
