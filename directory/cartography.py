"""Draws the territory: MRC shapes as SVG paths, counts where they are. No tile server, nothing fetched."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from directory.models import Territory
from directory.models.territory import TerritoryKind
from directory.taxonomies import Node, portal_territories, territories, told_apart
from mutualisation.kernel.memo import memo

WIDTH = 760
MARGIN = 20
LETTER = 12  # a neighbour’s name is written small
OURS_STEP, AROUND_STEP = 2, 4  # what only surrounds the region is drawn more coarsely: the page stays light


@dataclass(frozen=True)
class Shape:
    """An MRC as drawn: its path, and where its label goes."""

    id: int
    slug: str
    name: str
    path: str
    x: int
    y: int
    lines: tuple[str, ...] = ()

    @property
    def label_y(self) -> int:
        """Where the name goes under a pin."""
        return self.y + 18


@dataclass
class Canvas:
    """The projection of a region on a drawing of ``width`` × ``height``, and the shapes in it."""

    width: int
    height: int
    west: float
    north: float
    scale: float
    squeeze: float
    ours: list[Shape] = field(default_factory=list)
    around: list[Shape] = field(default_factory=list)

    def at(self, latitude: float, longitude: float) -> tuple[int, int]:
        """Where a point (WGS 84 degrees) falls on the drawing."""
        return (
            round((longitude - self.west) * self.squeeze * self.scale),
            round((self.north - latitude) * self.scale),
        )


@dataclass(frozen=True)
class Pin:
    """A place and how many entries it holds."""

    slug: str
    name: str
    count: int
    x: int
    y: int
    radius: int


@memo(600)
def canvas() -> Canvas:
    """The portal's region, framed by its MRCs, with what surrounds it."""
    ours = [n.slug for n in portal_territories()]
    rows = list(Territory.objects.filter(kind=TerritoryKind.MRC, outline__isnull=False))
    points = [p for t in rows if t.slug in ours for ring in _rings(t) for p in ring]
    if not points:
        return Canvas(WIDTH, WIDTH // 2, -80, 62, 8, 0.5)
    west, east = min(p[0] for p in points), max(p[0] for p in points)
    south, north = min(p[1] for p in points), max(p[1] for p in points)
    squeeze = math.cos(math.radians((south + north) / 2))
    scale = (WIDTH - 2 * MARGIN) / ((east - west) * squeeze)
    pad = MARGIN / scale
    frame = Canvas(
        WIDTH, round((north - south) * scale) + 2 * MARGIN, west - pad / squeeze, north + pad, scale, squeeze
    )
    for territory in rows:
        shape = _shape(frame, territory, step=OURS_STEP if territory.slug in ours else AROUND_STEP)
        if territory.slug in ours:
            frame.ours.append(shape)
        elif shape.path:
            frame.around.append(shape)
    frame.ours.sort(key=lambda s: ours.index(s.slug))
    return frame


def _rings(territory: Territory) -> list[list[tuple[float, float]]]:
    return [ring for polygon in territory.outline or [] for ring in polygon]


def _shape(frame: Canvas, territory: Territory, step: int) -> Shape:
    """The path of an MRC, no two points nearer than ``step``; empty when none of it shows."""
    parts, rings = [], []
    best: tuple[float, float, float] = (0, 0, 0)
    for ring in _rings(territory):
        points: list[tuple[int, int]] = []
        for longitude, latitude in ring:
            point = frame.at(latitude, longitude)
            if not points or abs(point[0] - points[-1][0]) + abs(point[1] - points[-1][1]) > step:
                points.append(point)
        if len(points) < 3:
            continue
        best = max(best, _centre(points))
        if any(-40 < x < frame.width + 40 and -40 < y < frame.height + 40 for x, y in points):
            rings.append(points)
            parts.append("M" + "L".join(f"{x} {y}" for x, y in points) + "z")
    x, y, lines = round(best[1]), round(best[2]), _lines(territory.name)
    if step == AROUND_STEP:
        x, y, lines = _beside(frame, rings, lines)
    return Shape(territory.pk, territory.slug, territory.name, "".join(parts), x, y, lines)


def _beside(
    frame: Canvas, rings: list[list[tuple[int, int]]], lines: tuple[str, ...]
) -> tuple[int, int, tuple[str, ...]]:
    """Where a neighbour's name goes: the widest place in what shows of it; without its name when it has no room."""
    best = (0.0, 0, 0)
    tall = range(-LETTER, LETTER * (len(lines) + 1), LETTER)
    for ring in rings:
        for y in range(2 * LETTER, frame.height - LETTER * (len(lines) + 1), LETTER):
            spans = [_widest(ring, y + dy + 0.5, frame.width) for dy in tall]
            left, right = max(s[0] for s in spans), min(s[1] for s in spans)
            best = max(best, (right - left, round((left + right) / 2), y))
    fits = best[0] > max(len(line) for line in lines) * LETTER * 0.6 + LETTER
    return best[1], best[2], lines if fits else ()


def _widest(ring: list[tuple[int, int]], y: float, width: int) -> tuple[float, float]:
    """The widest part of a horizontal line that is inside a ring and on the drawing."""
    sides = zip(ring, ring[1:] + ring[:1], strict=True)
    cuts = sorted(x0 + (y - y0) * (x1 - x0) / (y1 - y0) for (x0, y0), (x1, y1) in sides if (y0 > y) != (y1 > y))
    inside = [(max(a, 0.0), min(b, width)) for a, b in zip(cuts[::2], cuts[1::2], strict=True)]
    return max(inside, key=lambda s: s[1] - s[0], default=(0.0, 0.0))


def _centre(points: list[tuple[int, int]]) -> tuple[float, float, float]:
    """Area and centre of a ring."""
    area = x = y = 0.0
    for (x0, y0), (x1, y1) in zip(points, points[1:] + points[:1], strict=True):
        cross = x0 * y1 - x1 * y0
        area, x, y = area + cross, x + (x0 + x1) * cross, y + (y0 + y1) * cross
    return (abs(area) / 2, x / (3 * area), y / (3 * area)) if area else (0, 0, 0)


def _lines(name: str) -> tuple[str, ...]:
    """A long name on two lines, cut at a hyphen near its middle."""
    if len(name) < 13:
        return (name,)
    cuts = [i + 1 for i, c in enumerate(name) if c in "- "]
    if not cuts:
        return (name,)
    cut = min(cuts, key=lambda i: abs(i - len(name) / 2))
    return (name[:cut].rstrip(), name[cut:])


@dataclass(frozen=True)
class CountedShape:
    """An MRC with how many entries it holds; ``shade`` 1 to 3 says how many beside the others."""

    shape: Shape
    count: int
    shade: int


def shaded(counts: dict[int, int]) -> list[CountedShape]:
    """Our MRCs with their counts, from counts by territory id (descendants included)."""
    rolled = territories().roll_up(counts)
    most = max((rolled.get(s.id, 0) for s in canvas().ours), default=0) or 1
    return [CountedShape(s, n := rolled.get(s.id, 0), 1 + (3 * n > most) + (3 * n > 2 * most)) for s in canvas().ours]


def pins(counts: dict[int, int], within: list[str] | None = None) -> list[Pin]:
    """One pin a place that holds something and shows on the map, the largest first (so that small ones stay on top)."""
    tree, frame = territories(), canvas()
    allowed = set(tree.within(within)) if within else None
    placed: list[Pin] = []
    for territory_id, n in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        node: Node | None = tree.by_id.get(territory_id)
        if not node or node.latitude is None or node.longitude is None or (allowed and territory_id not in allowed):
            continue
        x, y = frame.at(node.latitude, node.longitude)
        if 0 <= x <= frame.width and 0 <= y <= frame.height:
            placed.append(Pin(node.slug, told_apart(node), n, x, y, min(24, 11 + round(math.sqrt(n) * 2))))
    return placed
