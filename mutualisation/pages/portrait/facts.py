"""What happened, read from the tables in four questions, as cubes; kept until the data moves.

Dimensions: MRC (0 elsewhere), kind, sector (0 none), year. A loan stands where its resource is, in the sectors of who
lends; its hours are those of its dates gone by, its value what the resource's page says of replacing it.
"""

from __future__ import annotations

import datetime
import gc
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import reduce
from operator import or_
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
from mutualisation.pages.portrait.cube import ALL, NOBODY, Bits, Cell, Cube, Key, Shown, Some

TABLES = (
    "directory_resource", "directory_organisation", "directory_practice", "directory_need", "loans_loan",
    "projects_project",
)  # fmt: skip
ELSEWHERE = 0
NO_SECTOR = 0
WHOLE = -1  # the rows of every sector together
FIRST = 2000  # year; nothing was lent here before
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

# One scan of the loans; then the whole, and each sector of who lends. A cell is one number (``_cell`` reads it back):
# numbers are grouped three times faster than words, and a year is found among twenty sooner than a moment is taken
# apart. Organisations come as they are: read once by Python, they cost a third of what making them distinct costs here.
# Told once: who is of a sector (cell 0), who lends in all, who borrows in each sector; the rest follows from these.
LOANS = f"""
WITH {PLACE},
spent AS (
    SELECT loan_id, sum(date_part('epoch', upper(period) - lower(period))) / 3600 AS hours
      FROM loans_loandate WHERE cancelled_at IS NULL AND upper(period) <= %(until)s GROUP BY loan_id),
thing AS MATERIALIZED (
    SELECT r.id, (coalesce(p.mrc, 0) * 8 + array_position(%(kinds)s, r.kind::text)) * 1000000 AS cell,
           coalesce(r.replacement_value::float, 0) AS value
      FROM directory_resource r LEFT JOIN place p ON p.territory_id = r.territory_id),
done AS (
    SELECT r.cell + width_bucket(l.requested_at, %(years)s::timestamptz[]) * 1000
             + coalesce(width_bucket(l.handed_over_at, %(years)s::timestamptz[]), 0) AS cell,
           l.lender_id, l.borrower_id,
           CASE WHEN l.handed_over_at IS NULL THEN 0 ELSE coalesce(s.hours, 0) END AS hours,
           CASE WHEN l.handed_over_at IS NULL THEN 0 ELSE r.value * l.quantity END AS value
      FROM loans_loan l JOIN thing r ON r.id = l.resource_id LEFT JOIN spent s ON s.loan_id = l.id
    OFFSET 0),
loan AS MATERIALIZED (
    SELECT cell * 4 + (hours > 0)::int * 2 + (value > 0)::int AS cell, lender_id, borrower_id, hours, value FROM done)
SELECT 0 AS cell, coalesce(s.sector_id, 0), 0, 0, 0, array_agg(o.id) FROM directory_organisation o
  LEFT JOIN directory_organisation_sectors s ON s.organisation_id = o.id GROUP BY s.sector_id
UNION ALL
SELECT cell, -1, count(*), sum(hours), sum(value), array_agg(lender_id) FROM loan GROUP BY cell
UNION ALL
SELECT cell, coalesce(s.sector_id, 0), count(*), sum(hours), sum(value), array_agg(borrower_id)
  FROM loan LEFT JOIN directory_organisation_sectors s ON s.organisation_id = loan.lender_id GROUP BY cell, s.sector_id
"""

# Only what anyone may read. Those shared long enough are told apart, lent or not, with their organisations.
RESOURCES = f"""
WITH {PLACE}, {REACH},
lent AS MATERIALIZED (SELECT DISTINCT resource_id FROM loans_loan WHERE handed_over_at IS NOT NULL),
owned AS MATERIALIZED (
    SELECT coalesce(p.mrc, 0) AS mrc, r.kind, r.category_id, r.organisation_id,
           width_bucket(r.published_at, %(years)s::timestamptz[]) + %(before)s AS year,
           r.published_at <= %(until)s - make_interval(days => %(idle)s) AS old,
           l.resource_id IS NOT NULL AS used, count(*) AS n
      FROM directory_resource r
      LEFT JOIN place p ON p.territory_id = r.territory_id
      LEFT JOIN lent l ON l.resource_id = r.id
     WHERE r.is_live AND r.visibility = 'everyone' AND r.freshness <> 'hidden'
     GROUP BY 1, 2, 3, 4, 5, 6, 7),
reached AS MATERIALIZED (SELECT * FROM owned JOIN reach USING (organisation_id))
SELECT 'year', mrc, kind, sector, year, sum(n), NULL::bigint[] FROM reached GROUP BY mrc, kind, sector, year
UNION ALL
SELECT CASE WHEN used THEN 'used' ELSE 'idle' END, mrc, kind, sector, NULL, sum(n), array_agg(organisation_id)
  FROM reached WHERE old GROUP BY mrc, kind, sector, used
UNION ALL
SELECT 'category', mrc, kind, -1, category_id, sum(n), NULL FROM owned GROUP BY mrc, kind, category_id
"""

NEEDS = f"""
WITH {PLACE},
need AS MATERIALIZED (
    SELECT coalesce(p.mrc, 0) AS mrc, n.kind, n.category_id, n.organisation_id,
           width_bucket(n.published_at, %(years)s::timestamptz[]) + %(before)s AS year,
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
WITH {PLACE}
SELECT coalesce(p.mrc, 0), array_agg(o.id) FROM directory_organisation o
  LEFT JOIN place p ON p.territory_id = o.territory_id WHERE o.status = 'published' GROUP BY 1
"""

BOTH, GIVES, TAKES, NEITHER = "both", "gives", "takes", "neither"


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
    """The figures, from the tables. Python’s collector waits: of all that is made here, nothing goes in circles."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        return _read()
    finally:
        if collecting:
            gc.enable()


def _read() -> Facts:
    today, least, tree = timezone.localdate(), settings.PORTRAIT_LEAST, territories()
    ours = {node.id for node in portal_territories()}
    places = [(pk, mrc.id) for pk in tree.by_id if (mrc := tree.up_to(pk, (TerritoryKind.MRC,))) and mrc.id in ours]
    asked = {
        "places": [pk for pk, _mrc in places],
        "mrcs": [mrc for _pk, mrc in places],
        "today": today,
        "until": moment(today, datetime.time()),
        "years": [moment(datetime.date(year, 1, 1), datetime.time()) for year in range(FIRST, today.year + 2)],
        "before": FIRST - 1,  # the years are numbered from 1
        "kinds": Kind.values,
        "idle": IDLE_DAYS,
        "unanswered": UNANSWERED_DAYS,
    }
    found = Facts()
    bits = Bits()
    gives, takes = _loans(found, _rows(LOANS, asked), least, bits)
    _resources(found, _rows(RESOURCES, asked), least, bits)
    _needs(found, _rows(NEEDS, asked))
    roles = Cube((True, True), least, heads=True)
    for mrc, ids in _rows(ORGANISATIONS, asked):
        here = bits.of(ids)
        for role, some in (
            (BOTH, here & gives & takes), (GIVES, here & gives & ~takes), (TAKES, here & takes & ~gives),
            (NEITHER, here & ~gives & ~takes),
        ):  # fmt: skip
            if some:
                roles.add((mrc, role), some.bit_count(), givers=some)
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


def _loans(found: Facts, rows: list[tuple[Any, ...]], least: int, bits: Bits) -> tuple[Some, Some]:
    """Gives all who lent, and all who borrowed."""
    asked, lent, hours, value = (Cube(BY_SECTOR, least) for _each in range(4))
    cells: dict[int, dict[int, tuple[Any, ...]]] = defaultdict(dict)
    members: dict[int, Some] = {}
    for cell, sector, n, spent, worth, some in rows:
        if cell:
            cells[cell][sector] = n, spent, worth, bits.of(some)
        else:
            members[sector] = bits.of(some)
    gives = takes = NOBODY
    for cell, told in cells.items():
        mrc, kind, year_asked, year_lent, timed, priced = _cell(cell)
        cubes = [(asked, year_asked, -1)]
        if year_lent:
            cubes += [(lent, year_lent, -1), *([(hours, year_lent, 1)] if timed else [])]
            cubes += [(value, year_lent, 2)] if priced else []
        *figures, givers = told.pop(WHOLE)
        who = {sector: (givers & members[sector], part[3]) for sector, part in told.items()}
        who[WHOLE] = givers, reduce(or_, (takers for _givers, takers in who.values()))
        if year_lent:
            gives |= who[WHOLE][0]
            takes |= who[WHOLE][1]
        for sector, part in ((WHOLE, figures), *told.items()):
            for cube, year, place in cubes:
                cube.add((mrc, kind, _sector(sector), year), part[0], part[place] if place > 0 else 0, *who[sector])
        for sector, beside in _outside(who, members):
            many = beside.is_many(least)
            for cube, year, _place in cubes:
                cube.leave((mrc, kind, sector, year), beside, many=many)
    found.asked, found.lent = asked.published(), lent.published()
    found.hours, found.value = hours.published(), value.published()
    return gives, takes


def _outside(who: dict[int, tuple[Some, Some]], sectors: Iterable[int]) -> Iterator[tuple[int, Cell]]:
    """Who, of a whole, is outside each sector."""
    givers, takers = who[WHOLE]
    for sector in sectors:
        if sector != WHOLE:
            inside = who.get(sector, (NOBODY, NOBODY))
            yield sector, Cell(0, 0, givers & ~inside[0], takers & ~inside[1])


def _resources(found: Facts, rows: list[tuple[Any, ...]], least: int, bits: Bits) -> None:
    shared, idle = Cube(BY_SECTOR, 0), Cube((True, True, False), least, paired=False)
    cells: dict[Key, dict[int, tuple[Some, Some]]] = defaultdict(dict)
    for what, mrc, kind, sector, value, many, owners in rows:
        n = int(many)
        if what == "year":
            shared.add((mrc, kind, _sector(sector), value), n)
        elif what == "category":
            for key in ((mrc, kind, value), (ALL, kind, value)):
                found.categories[key] = found.categories.get(key, 0) + n
        else:
            used = what == "used"
            some = bits.of(owners)
            who = (NOBODY, some) if used else (some, NOBODY)
            idle.add((mrc, kind, _sector(sector)), 0 if used else n, n if used else 0, *who)
            cells[mrc, kind, used][sector] = who
    sectors = {sector for parts in cells.values() for sector in parts}
    for (mrc, kind, _used), parts in cells.items():
        for sector, beside in _outside(parts, sectors):
            idle.leave((mrc, kind, sector), beside, many=beside.is_many(least))
    found.shared, found.idle = shared.published(), idle.published()


def _needs(found: Facts, rows: list[tuple[Any, ...]]) -> None:
    needed, still = Cube(BY_SECTOR, 0), Cube(BY_SECTOR, 0)
    for mrc, kind, sector, year, category, n, opened, unanswered in rows:
        key = (mrc, kind, _sector(sector), year)
        needed.add(key, n)
        still.add(key, opened)
        found.wanted[(*key, category)] = (opened, unanswered)
    found.needed, found.open = needed.published(), still.published()


def _cell(number: int) -> tuple[int, str, int, int, bool, bool]:
    """What a cell stands for: MRC, kind, year asked, year lent (0: never), whether it has hours, and a value."""
    rest, told = divmod(number, 4)
    rest, lent = divmod(rest, 1000)
    place, asked = divmod(rest, 1000)
    mrc, kind = divmod(place, 8)
    return mrc, Kind.values[kind - 1], _year(asked), lent and _year(lent), told >= 2, told % 2 == 1


def _year(bucket: int) -> int:
    """Of the years as PostgreSQL numbers them, from 1."""
    return FIRST - 1 + bucket


def _sector(value: int) -> int | None:
    return ALL if value == WHOLE else value
