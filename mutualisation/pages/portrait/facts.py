"""What happened, read from the tables in four questions, as cubes; kept until the data moves.

Dimensions: MRC (0 elsewhere), kind, sector (0 none), year. A loan stands where its resource is, in the sectors of who
lends; its hours are those of its dates gone by, its value what the resource's page says of replacing it.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.core.cache import caches
from django.db import connection
from django.http import HttpRequest
from django.utils import timezone

from directory.models import Kind
from directory.models.territory import TerritoryKind
from directory.taxonomies import portal_territories, territories
from mutualisation.kernel.facets import data_version
from mutualisation.kernel.moments import moment
from mutualisation.pages.portrait.cube import ALL, Cube, Key, Shown

TABLES = (
    "directory_resource", "directory_organisation", "directory_practice", "directory_need", "loans_loan",
    "projects_project",
)  # fmt: skip
ELSEWHERE = 0
NO_SECTOR = 0
IDLE_DAYS = 90  # before that, a resource had no time to be lent
UNANSWERED_DAYS = 30
KEPT_SECONDS = 3600
QUOTED_SECONDS = 600

Figures = dict[Key, Shown]

PLACE = """place AS MATERIALIZED (
    SELECT * FROM unnest(%(places)s::bigint[], %(mrcs)s::bigint[]) AS p(territory_id, mrc))"""

# Grouped by organisation before they are gathered by cell: each cell needs to know its first few organisations only.
# A cell is one number (``_cell`` reads it back): numbers are grouped and sorted three times faster than words.
LOANS = f"""
WITH {PLACE},
spent AS MATERIALIZED (
    SELECT loan_id, sum(extract(epoch FROM upper(period) - lower(period))::float) / 3600 AS hours
      FROM loans_loandate WHERE cancelled_at IS NULL AND upper(period) <= %(until)s GROUP BY loan_id),
loan AS MATERIALIZED (
    SELECT coalesce(p.mrc, 0) * 8 + array_position(%(kinds)s, r.kind::text) AS place, l.lender_id AS giver,
           l.borrower_id AS taker, extract(year FROM l.requested_at AT TIME ZONE %(zone)s)::int AS asked,
           extract(year FROM l.handed_over_at AT TIME ZONE %(zone)s)::int AS lent,
           coalesce(s.hours, 0) AS hours, coalesce(r.replacement_value * l.quantity, 0)::float AS value
      FROM loans_loan l
      JOIN directory_resource r ON r.id = l.resource_id
      LEFT JOIN place p ON p.territory_id = r.territory_id
      LEFT JOIN spent s ON s.loan_id = l.id),
fact AS MATERIALIZED (
    SELECT (place * 10000 + asked) * 2 AS cell, giver, taker, 0::float AS hours, 0::float AS value FROM loan
    UNION ALL
    SELECT (place * 10000 + lent) * 2 + 1, giver, taker, hours, value FROM loan WHERE lent IS NOT NULL),
given AS MATERIALIZED (
    SELECT cell, giver, count(*) AS n, sum(hours) AS hours, sum(value) AS value,
           count(*) FILTER (WHERE hours > 0) AS timed, count(*) FILTER (WHERE value > 0) AS priced
      FROM fact GROUP BY cell, giver),
givers AS MATERIALIZED (
    SELECT cell, sector, sum(n) AS n, sum(hours) AS hours, sum(value) AS value, sum(timed) AS timed,
           sum(priced) AS priced, (array_agg(giver))[:%(least)s] AS everyone,
           (array_agg(giver) FILTER (WHERE timed > 0))[:%(least)s] AS of_hours,
           (array_agg(giver) FILTER (WHERE priced > 0))[:%(least)s] AS of_value
      FROM (SELECT *, -1 AS sector FROM given
            UNION ALL
            SELECT g.*, coalesce(s.sector_id, 0) FROM given g
              LEFT JOIN directory_organisation_sectors s ON s.organisation_id = g.giver) g
     GROUP BY cell, sector),
takers AS MATERIALIZED (
    SELECT cell, sector, (array_agg(taker))[:%(least)s] AS everyone,
           (array_agg(taker) FILTER (WHERE hours > 0))[:%(least)s] AS of_hours,
           (array_agg(taker) FILTER (WHERE value > 0))[:%(least)s] AS of_value
      FROM (SELECT cell, sector, taker, max(hours) AS hours, max(value) AS value
              FROM (SELECT *, -1 AS sector FROM fact
                    UNION ALL
                    SELECT f.*, coalesce(s.sector_id, 0) FROM fact f
                      LEFT JOIN directory_organisation_sectors s ON s.organisation_id = f.giver) f
             GROUP BY cell, sector, taker) t
     GROUP BY cell, sector)
SELECT cell, sector, n, hours, value, timed, priced,
       g.everyone, t.everyone, g.of_hours, t.of_hours, g.of_value, t.of_value
  FROM givers g JOIN takers t USING (cell, sector)
"""

# Only what anyone may read. Those shared long enough are told apart, lent or not, with their organisations.
RESOURCES = f"""
WITH {PLACE},
lent AS MATERIALIZED (SELECT DISTINCT resource_id FROM loans_loan WHERE handed_over_at IS NOT NULL),
shared AS MATERIALIZED (
    SELECT coalesce(p.mrc, 0) AS mrc, r.kind, r.category_id, r.organisation_id AS owner,
           extract(year FROM r.published_at AT TIME ZONE %(zone)s)::int AS year,
           r.published_at <= %(until)s - make_interval(days => %(idle)s) AS old, l.resource_id IS NOT NULL AS used
      FROM directory_resource r
      LEFT JOIN place p ON p.territory_id = r.territory_id
      LEFT JOIN lent l ON l.resource_id = r.id
     WHERE r.is_live AND r.visibility = 'everyone' AND r.freshness <> 'hidden'),
owned AS MATERIALIZED (
    SELECT mrc, kind, category_id, year, old, used, owner, count(*) AS n FROM shared GROUP BY 1, 2, 3, 4, 5, 6, 7)
SELECT 'year', mrc, kind, sector, year, NULL::bigint, false, false, sum(n), NULL::bigint[]
  FROM (SELECT *, -1 AS sector FROM owned UNION ALL
        SELECT o.*, coalesce(s.sector_id, 0) FROM owned o
          LEFT JOIN directory_organisation_sectors s ON s.organisation_id = o.owner) o GROUP BY mrc, kind, sector, year
UNION ALL
SELECT 'idle', mrc, kind, sector, NULL, NULL, old, used, sum(n), (array_agg(DISTINCT owner))[:%(least)s]
  FROM (SELECT *, -1 AS sector FROM owned UNION ALL
        SELECT o.*, coalesce(s.sector_id, 0) FROM owned o
          LEFT JOIN directory_organisation_sectors s ON s.organisation_id = o.owner) o
 WHERE old GROUP BY mrc, kind, sector, old, used
UNION ALL
SELECT 'category', mrc, kind, -1, NULL, category_id, false, false, sum(n), NULL
  FROM owned GROUP BY mrc, kind, category_id
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
    """The figures of today’s data, computed once for all readers until something moves."""
    key = f"portrait:{timezone.localdate()}:{settings.PORTRAIT_LEAST}:{data_version(request, *TABLES)}"
    found = caches["memory"].get(key)
    if found is None:
        found = read()
        caches["memory"].set(key, found, KEPT_SECONDS)
    return found


def lately() -> Facts:
    """The figures of the last ten minutes, for pages that only quote some: a loan that moves costs them nothing."""
    found = caches["memory"].get("portrait:lately")
    if found is None:
        found = read()
        caches["memory"].set("portrait:lately", found, QUOTED_SECONDS)
    return found


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


BY_SECTOR = (True, True, False, True)


def _loans(found: Facts, rows: list[tuple[Any, ...]], least: int) -> None:
    asked, lent, hours, value = (Cube(BY_SECTOR, least) for _each in range(4))
    for cell, sector, n, spent, worth, timed, priced, g, t, gh, th, gv, tv in rows:
        happened, mrc, kind, year = _cell(cell)
        key = (mrc, kind, _sector(sector), year)
        if not happened:
            asked.add(key, int(n), 0, g, t)
            continue
        lent.add(key, int(n), 0, g, t)
        if timed:
            hours.add(key, int(timed), spent, gh, th)
        if priced:
            value.add(key, int(priced), worth, gv, tv)
    found.asked, found.lent = asked.published(), lent.published()
    found.hours, found.value = hours.published(), value.published()


def _resources(found: Facts, rows: list[tuple[Any, ...]], least: int) -> None:
    shared, idle = Cube(BY_SECTOR, 0), Cube((True, True, False), least)
    for what, mrc, kind, sector, year, category, _old, used, n, owners in rows:
        if what == "year":
            shared.add((mrc, kind, _sector(sector), year), int(n))
        elif what == "idle":
            givers, takers = ((), owners) if used else (owners, ())
            idle.add((mrc, kind, _sector(sector)), 0 if used else int(n), int(n) if used else 0, givers, takers)
        else:
            for key in ((mrc, kind, category), (ALL, kind, category)):
                found.categories[key] = found.categories.get(key, 0) + int(n)
    found.shared, found.idle = shared.published(), idle.published()


def _needs(found: Facts, rows: list[tuple[Any, ...]]) -> None:
    needed, still = Cube(BY_SECTOR, 0), Cube(BY_SECTOR, 0)
    for mrc, kind, sector, year, category, n, opened, unanswered in rows:
        key = (mrc, kind, _sector(sector), year)
        needed.add(key, n)
        still.add(key, opened)
        found.wanted[(*key, category)] = (opened, unanswered)
    found.needed, found.open = needed.published(), still.published()


def _cell(number: int) -> tuple[bool, int, str, int]:
    """What the number of a cell stands for: whether it was lent (or only asked), MRC, kind, year."""
    rest, happened = divmod(number, 2)
    place, year = divmod(rest, 10_000)
    mrc, kind = divmod(place, 8)
    return bool(happened), mrc, Kind.values[kind - 1], year


def _sector(value: int) -> int | None:
    return ALL if value < 0 else value
