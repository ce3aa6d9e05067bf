"""What happened, read from the tables in four questions, as cubes; kept until the data moves.

Dimensions: MRC (0 elsewhere), kind, sector (0 none), year. A loan stands where its resource is, in the sectors of who
lends; its hours are those of its dates gone by, its value what the resource's page says of replacing it.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db import connection
from django.http import HttpRequest
from django.utils import timezone

from directory.models import Kind
from directory.models.territory import TerritoryKind
from directory.taxonomies import portal_territories, territories
from mutualisation.kernel.facets import data_version
from mutualisation.kernel.memo import Versioned, memo
from mutualisation.kernel.moments import moment
from mutualisation.pages.portrait.cube import ALL, KNOWN, Cube, Key, Shown

TABLES = (
    "directory_resource", "directory_organisation", "directory_practice", "directory_need", "loans_loan",
    "projects_project",
)  # fmt: skip
ELSEWHERE = 0
NO_SECTOR = 0
WHOLE = -1  # the rows of every sector together
IDLE_DAYS = 90  # before that, a resource had no time to be lent
UNANSWERED_DAYS = 30
QUOTED_SECONDS = 600

Figures = dict[Key, Shown]

PLACE = """place AS (SELECT * FROM unnest(%(places)s::bigint[], %(mrcs)s::bigint[]) AS p(territory_id, mrc))"""
# Each organisation once for the whole (-1), then once a sector (0: none).
REACH = """reach AS (
    SELECT id AS organisation_id, -1 AS sector FROM directory_organisation
    UNION ALL
    SELECT o.id, coalesce(s.sector_id, 0) FROM directory_organisation o
      LEFT JOIN directory_organisation_sectors s ON s.organisation_id = o.id)"""


def _who(ids: str, when: str = "") -> str:
    """How many organisations there are in this array, then the first of them: a cell asks no more."""
    asked = f"(SELECT count(*) || (array_agg(id))[:%(known)s] FROM (SELECT DISTINCT unnest({ids})) d(id))"
    return f"CASE WHEN {when} THEN {asked} END" if when else asked


# One scan of the loans, without words nor intermediate tables, so that several processors may share it.
# A cell is one number (``_cell`` reads it back): numbers are grouped three times faster than words.
LOANS = f"""
WITH {PLACE}, {REACH},
spent AS (
    SELECT loan_id, sum(date_part('epoch', upper(period) - lower(period))) / 3600 AS hours
      FROM loans_loandate WHERE cancelled_at IS NULL AND upper(period) <= %(until)s GROUP BY loan_id),
loan AS (
    SELECT ((coalesce(p.mrc, 0) * 8 + array_position(%(kinds)s, r.kind::text)) * 10000
             + date_part('year', l.requested_at AT TIME ZONE %(zone)s)::int) * 10000
             + coalesce(date_part('year', l.handed_over_at AT TIME ZONE %(zone)s)::int, 0) AS cell,
           l.lender_id AS giver, l.borrower_id AS taker,
           CASE WHEN l.handed_over_at IS NULL THEN 0 ELSE coalesce(s.hours, 0) END AS hours,
           CASE WHEN l.handed_over_at IS NULL THEN 0 ELSE coalesce(r.replacement_value::float * l.quantity, 0) END
             AS value
      FROM loans_loan l
      JOIN directory_resource r ON r.id = l.resource_id
      LEFT JOIN place p ON p.territory_id = r.territory_id
      LEFT JOIN spent s ON s.loan_id = l.id
    OFFSET 0),
gathered AS (
    SELECT cell, sector, count(*) AS n, sum(hours) AS hours, sum(value) AS value,
           count(*) FILTER (WHERE hours > 0) AS timed, count(*) FILTER (WHERE value > 0) AS priced,
           array_agg(giver) AS givers, array_agg(taker) AS takers,
           array_agg(giver) FILTER (WHERE hours > 0) AS of_hours,
           array_agg(taker) FILTER (WHERE hours > 0) AS to_hours,
           array_agg(giver) FILTER (WHERE value > 0) AS of_value,
           array_agg(taker) FILTER (WHERE value > 0) AS to_value
      FROM loan JOIN reach ON reach.organisation_id = loan.giver GROUP BY cell, sector)
SELECT cell, sector, n, {_who("givers")}, {_who("takers")},
       timed, hours, {_who("of_hours", "timed < n")}, {_who("to_hours", "timed < n")},
       priced, value, {_who("of_value", "priced < n")}, {_who("to_value", "priced < n")}
  FROM gathered
"""

# Only what anyone may read. Those shared long enough are told apart, lent or not, with their organisations.
RESOURCES = f"""
WITH {PLACE}, {REACH},
owned AS MATERIALIZED (
    SELECT coalesce(p.mrc, 0) AS mrc, r.kind, r.category_id, r.organisation_id,
           extract(year FROM r.published_at AT TIME ZONE %(zone)s)::int AS year,
           r.published_at <= %(until)s - make_interval(days => %(idle)s) AS old,
           EXISTS (SELECT FROM loans_loan l WHERE l.resource_id = r.id AND l.handed_over_at IS NOT NULL) AS used,
           count(*) AS n
      FROM directory_resource r
      LEFT JOIN place p ON p.territory_id = r.territory_id
     WHERE r.is_live AND r.visibility = 'everyone' AND r.freshness <> 'hidden'
     GROUP BY 1, 2, 3, 4, 5, 6, 7),
reached AS MATERIALIZED (SELECT * FROM owned JOIN reach USING (organisation_id))
SELECT 'year', mrc, kind, sector, year, sum(n), NULL::bigint[] FROM reached GROUP BY mrc, kind, sector, year
UNION ALL
SELECT CASE WHEN used THEN 'used' ELSE 'idle' END, mrc, kind, sector, NULL, sum(n), {_who("array_agg(organisation_id)")}
  FROM reached WHERE old GROUP BY mrc, kind, sector, used
UNION ALL
SELECT 'category', mrc, kind, -1, category_id, sum(n), NULL FROM owned GROUP BY mrc, kind, category_id
"""

NEEDS = f"""
WITH {PLACE},
need AS MATERIALIZED (
    SELECT coalesce(p.mrc, 0) AS mrc, n.kind, n.category_id, n.organisation_id,
           extract(year FROM n.published_at AT TIME ZONE %(zone)s)::int AS year,
           n.state = 'open' AND (n.ends_on IS NULL OR n.ends_on >= %(today)s) AS open, n.published_at
      FROM directory_need n
      JOIN directory_organisation o ON o.id = n.organisation_id AND o.status = 'published'
      LEFT JOIN place p ON p.territory_id = n.territory_id
     WHERE n.status = 'published' AND n.freshness <> 'hidden')
SELECT mrc, kind, sector, year, category_id, count(*), count(*) FILTER (WHERE open),
       count(*) FILTER (WHERE open AND published_at <= %(until)s - make_interval(days => %(unanswered)s))
  FROM (SELECT *, -1 AS sector FROM need UNION ALL
        SELECT n.*, coalesce(s.sector_id, 0) FROM need n
          LEFT JOIN directory_organisation_sectors s ON s.organisation_id = n.organisation_id) n
 GROUP BY mrc, kind, sector, year, category_id
"""

ORGANISATIONS = f"""
WITH {PLACE},
gives AS MATERIALIZED (SELECT DISTINCT lender_id AS id FROM loans_loan WHERE handed_over_at IS NOT NULL),
takes AS MATERIALIZED (SELECT DISTINCT borrower_id AS id FROM loans_loan WHERE handed_over_at IS NOT NULL)
SELECT coalesce(p.mrc, 0), g.id IS NOT NULL, t.id IS NOT NULL, count(*), (array_agg(o.id))[:%(least)s]
  FROM directory_organisation o
  LEFT JOIN place p ON p.territory_id = o.territory_id
  LEFT JOIN gives g ON g.id = o.id
  LEFT JOIN takes t ON t.id = o.id
 WHERE o.status = 'published' GROUP BY 1, 2, 3
"""

BOTH, GIVES, TAKES, NEITHER = "both", "gives", "takes", "neither"
CLASSES = {(True, True): BOTH, (True, False): GIVES, (False, True): TAKES, (False, False): NEITHER}


@dataclass
class Facts:
    """Every figure of the portrait, before any filter. Keys are (MRC, kind, sector, year) unless said otherwise."""

    asked: Figures = field(default_factory=dict)
    lent: Figures = field(default_factory=dict)
    hours: Figures = field(default_factory=dict)
    value: Figures = field(default_factory=dict)
    shared: Figures = field(default_factory=dict)
    idle: Figures = field(default_factory=dict)  # (MRC, kind, sector): n never lent, amount lent
    needed: Figures = field(default_factory=dict)
    open: Figures = field(default_factory=dict)
    roles: Figures = field(default_factory=dict)  # (MRC, who gives and takes)
    # (MRC, kind, sector, year, category): open, unanswered for long
    wanted: dict[Key, tuple[int, int]] = field(default_factory=dict)
    categories: dict[Key, int] = field(default_factory=dict)  # (MRC, kind, category): shared
    years: list[int] = field(default_factory=list)


def facts(request: HttpRequest) -> Facts:
    """The figures of today’s data, computed once for all readers until something moves, or the hour does."""
    now = timezone.localtime()
    return kept(f"{now:%Y-%m-%d %H}:{settings.PORTRAIT_LEAST}:{data_version(request, *TABLES)}")


def read() -> Facts:
    """The figures, from the tables."""
    today, least, tree = timezone.localdate(), settings.PORTRAIT_LEAST, territories()
    ours = {node.id for node in portal_territories()}
    places = [(pk, mrc.id) for pk in tree.by_id if (mrc := tree.up_to(pk, (TerritoryKind.MRC,))) and mrc.id in ours]
    asked = {
        "places": [pk for pk, _mrc in places],
        "mrcs": [mrc for _pk, mrc in places],
        "zone": settings.TIME_ZONE,
        "today": today,
        "until": moment(today, datetime.time()),
        "least": least,
        "known": KNOWN,
        "kinds": Kind.values,
        "idle": IDLE_DAYS,
        "unanswered": UNANSWERED_DAYS,
    }
    found = Facts()
    _loans(found, _rows(LOANS, asked), least)
    _resources(found, _rows(RESOURCES, asked), least)
    _needs(found, _rows(NEEDS, asked))
    roles = Cube((True, True), least)
    for mrc, gives, takes, n, some in _rows(ORGANISATIONS, asked):
        roles.add((mrc, CLASSES[gives, takes]), n, givers=some)
    found.roles = roles.published()
    years = {key[3] for figures in (found.asked, found.lent, found.shared, found.needed) for key in figures}
    found.years = sorted(year for year in years if year is not ALL)
    return found


def _rows(sql: str, asked: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, asked)
        return cursor.fetchall()


# Kept as they are, in this process: copied out of a cache, so many figures would take longer than to draw the page.
kept = Versioned(read, keep=2)
lately = memo(QUOTED_SECONDS)(read)  # for pages that only quote some: a loan that moves costs them nothing

BY_SECTOR = (True, True, False, True)
Told = list[int]  # how many organisations, then the first of them
Fact = tuple[int, float, Told, Told]  # how many, how much, who gives, who takes
NOBODY: Fact = (0, 0, [0], [0])


def _loans(found: Facts, rows: list[tuple[Any, ...]], least: int) -> None:
    cubes = [Cube(BY_SECTOR, least) for _each in range(4)]
    cells: dict[int, dict[int, list[Fact]]] = defaultdict(dict)
    for cell, sector, n, g, t, timed, spent, gh, th, priced, worth, gv, tv in rows:
        # those of every loan are not named again
        of_hours, of_value = (timed, spent, gh or g, th or t), (priced, worth, gv or g, tv or t)
        cells[cell][sector] = [(n, 0, g, t), (n, 0, g, t), of_hours, of_value]
    sectors = {sector for parts in cells.values() for sector in parts}
    for cell, parts in cells.items():
        mrc, kind, asked, lent = _cell(cell)
        for place, cube in enumerate(cubes):
            if year := lent if place else asked:
                facts_of = {sector: known[place] for sector, known in parts.items() if known[place][0]}
                _cut(cube, (mrc, kind, ALL, year), facts_of, sectors)
    found.asked, found.lent, found.hours, found.value = (cube.published() for cube in cubes)


def _cut(cube: Cube, key: Key, parts: dict[int, Fact], sectors: set[int]) -> None:
    """Count a cell, whole (-1) and by sector, and say who is outside each sector."""
    if not parts:
        return
    whole = parts[WHOLE]
    for sector in sectors:
        at = (*key[:2], _sector(sector), *key[3:])
        if part := parts.get(sector):
            n, amount, givers, takers = part
            cube.add(at, n, amount, givers[1:], takers[1:])
        if sector != WHOLE:
            _n, _amount, givers, takers = part or NOBODY
            cube.leave(at, _beside(whole[2], givers, cube.least), _beside(whole[3], takers, cube.least))


def _beside(whole: Told, part: Told, least: int) -> Iterable[int]:
    """Who is surely in the whole and not in the part: in doubt, nobody."""
    if whole[0] - part[0] >= least:
        return range(-least, 0)  # enough of them, whoever they are
    return set(whole[1:]) - set(part[1:]) if whole[0] < len(whole) else ()


def _resources(found: Facts, rows: list[tuple[Any, ...]], least: int) -> None:
    shared, idle = Cube(BY_SECTOR, 0), Cube((True, True, False), least, paired=False)
    cells: dict[Key, dict[int, Fact]] = defaultdict(dict)
    for what, mrc, kind, sector, value, many, owners in rows:
        n = int(many)
        if what == "year":
            shared.add((mrc, kind, _sector(sector), value), n)
        elif what == "category":
            for key in ((mrc, kind, value), (ALL, kind, value)):
                found.categories[key] = found.categories.get(key, 0) + n
        else:
            cells[mrc, kind, what][sector] = (0, n, [0], owners) if what == "used" else (n, 0, owners, [0])
    sectors = {sector for parts in cells.values() for sector in parts}
    for (mrc, kind, _what), parts in cells.items():
        _cut(idle, (mrc, kind, ALL), parts, sectors)
    found.shared, found.idle = shared.published(), idle.published()


def _needs(found: Facts, rows: list[tuple[Any, ...]]) -> None:
    needed, still = Cube(BY_SECTOR, 0), Cube(BY_SECTOR, 0)
    for mrc, kind, sector, year, category, n, opened, unanswered in rows:
        key = (mrc, kind, _sector(sector), year)
        needed.add(key, n)
        still.add(key, opened)
        found.wanted[(*key, category)] = (opened, unanswered)
    found.needed, found.open = needed.published(), still.published()


def _cell(number: int) -> tuple[int, str, int, int]:
    """What the number of a cell stands for: MRC, kind, year asked, year lent (0: never)."""
    rest, lent = divmod(number, 10_000)
    place, asked = divmod(rest, 10_000)
    mrc, kind = divmod(place, 8)
    return mrc, Kind.values[kind - 1], asked, lent


def _sector(value: int) -> int | None:
    return ALL if value == WHOLE else value
