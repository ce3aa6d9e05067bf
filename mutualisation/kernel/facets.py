"""A list page in one scan: how many answer, how many each filter value would give, and which rows to show.

Facets computed one by one, and counts beside them, are what take lists to seconds. Here the rows that answer
the text are read once into a small table of ids, facet columns and flags (one flag a facet in use); each facet
is then counted with every flag but its own.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from django.core.cache import caches
from django.core.exceptions import EmptyResultSet
from django.db import connection, models
from django.http import HttpRequest

from mutualisation.kernel.search import Query

RANKED_AT_MOST = 500  # ranking more than the newest 500 answers costs far more than it helps
CACHED_SECONDS = 300
AGENDA = "directory_agendachange"  # a table of numbers, one each time that something is taken, freed or closed
LATE = 50  # how many changes may be begun before one and seen after it, without anyone reading what was before


@dataclass(frozen=True)
class Facet:
    """One filter. ``column`` is the column counted, or with ``through`` the table that links rows to its values.

    ``through`` is (table, its column for the row, our column it equals, its column for the value); ``array`` says
    that the column holds several values. ``active`` says whether a value is chosen: then ``f_<name>`` is a flag.
    ``every`` says that all the chosen values are asked for, not any of them: its counts then obey them too.
    """

    name: str
    column: str = ""
    through: tuple[str, str, str, str] | None = None
    array: bool = False
    active: bool = False
    every: bool = False


@dataclass
class Page:
    """What the scan found.

    ``total`` answers text and filters; ``matching`` is above zero when the text alone has answers; ``ids`` are the
    rows to show; ``counts`` by facet and value.
    """

    total: int = 0
    matching: int = 0
    ids: list[int] = field(default_factory=list)
    counts: dict[str, dict[str, int]] = field(default_factory=lambda: defaultdict(dict))


def version_of(*tables: str) -> str:
    """Moves whenever a row of these tables does: what pages and counts are cached by.

    With ``AGENDA`` among them, also whenever what is free does.
    """
    parts = ", ".join(f"(SELECT max(updated_at) FROM {table})" for table in tables if table != AGENDA)
    parts += ", (SELECT max(at) FROM directory_deletion)"
    version = f"coalesce((extract(epoch FROM greatest({parts})) * 1000000)::bigint, 0)::text"
    if AGENDA in tables:
        last = f"SELECT id FROM {AGENDA} ORDER BY id DESC LIMIT {LATE}"
        version += f" || '-' || (SELECT coalesce(md5(array_agg(id ORDER BY id)::text), '') FROM ({last}) a)"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {version}")
        return cursor.fetchone()[0]


def data_version(request: HttpRequest, *tables: str) -> str:
    """The version of these tables, read once a request."""
    known: dict[tuple[str, ...], str] = request.__dict__.setdefault("data_versions", {})
    if tables not in known:
        known[tables] = version_of(*tables)
        if AGENDA in tables:  # it holds the version of the others
            known[tuple(table for table in tables if table != AGENDA)] = known[tables].partition("-")[0]
    return known[tables]


def version_holding(request: HttpRequest, table: str) -> str:
    """A version that moves when this table does: one that this request has read already, if there is one."""
    known: dict[tuple[str, ...], str] = request.__dict__.get("data_versions", {})
    found = next((version for tables, version in known.items() if table in tables), "")
    return found or data_version(request, table)


def scan(
    base: models.QuerySet[Any],
    facets: list[Facet],
    *,
    query: Query,
    order: str,
    offset: int,
    limit: int,
    cache_version: str = "",
) -> Page:
    """Count, facet and choose the rows of one page.

    ``base`` is annotated with the flags; ``order`` is "pertinence", "recent", "nom" or "distance".
    What it finds is cached under ``cache_version``; without text, rows come straight from an index.
    """
    columns = ["id", "published_at"]
    columns += ["sort_key"] if order == "nom" else ["distance"] if order == "distance" else []
    columns += [f.column for f in facets if f.column]
    columns += [f.through[2] for f in facets if f.through]
    flags = [f"f_{f.name}" for f in facets if f.active]
    try:
        sql, params = base.order_by().values_list(*dict.fromkeys(columns + flags)).query.sql_with_params()
    except EmptyResultSet:
        return Page()
    everything = " AND ".join(flags) or "TRUE"
    # A row that two filters refuse counts nowhere; what passes them all is read once, for all that counts it.
    passed = " + ".join(f"coalesce({flag}, FALSE)::int" for flag in flags)
    useful = f"{passed} >= {len(flags) - 1}" if len(flags) > 1 else "TRUE"
    hits = "hits" if flags else "base"
    head = f"WITH base AS MATERIALIZED (SELECT * FROM ({sql}) b WHERE {useful})"
    head += f", hits AS MATERIALIZED (SELECT * FROM base WHERE {everything}) " if flags else " "
    pieces = [f"SELECT '' AS facet, '' AS value, count(*) AS n FROM {hits}"]
    for facet in facets:
        others = " AND ".join(flag for flag in flags if flag != f"f_{facet.name}") or "TRUE"
        pieces.append(
            _counts(facet, "base", others) if facet.active and not facet.every else _counts(facet, hits, "TRUE")
        )
    counting = " UNION ALL ".join(pieces)
    choosing, chosen = _choice(base, order, hits, query, offset, limit)
    page = Page()
    statement, values = head + counting, list(params)
    alone = bool(query) or not cache_version  # the rows come with the counts, not from an index
    if alone:
        statement, values = f"{statement} UNION ALL {choosing}", [*params, *chosen]
    key = "facets:" + hashlib.sha256(repr((cache_version, statement, values)).encode()).hexdigest()
    rows = caches["memory"].get(key) if cache_version else None
    if rows is None:
        with connection.cursor() as cursor:
            cursor.execute(statement, values)
            rows = cursor.fetchall()
            if query and not any(n for facet, _value, n in rows if facet == ""):  # does the text alone answer?
                cursor.execute(f"SELECT 'text', '', count(*) FROM (SELECT FROM ({sql}) b LIMIT 1) one", params)
                rows += cursor.fetchall()
        if cache_version:
            caches["memory"].set(key, rows, CACHED_SECONDS)
    _read(page, rows)
    if alone:
        return page
    shown = base
    for flag in flags:
        shown = shown.filter(**{flag: True})
    orders: dict[str, tuple[Any, ...]] = {
        "nom": ("sort_key", "id"),
        "distance": (models.F("distance").asc(nulls_last=True), "id"),
    }
    shown = shown.order_by(*orders.get(order, ("-published_at", "-id")))
    page.ids = list(shown.values_list("id", flat=True)[offset : offset + limit]) if offset < page.total else []
    return page


def _counts(facet: Facet, rows: str, where: str) -> str:
    """How many rows of this table each value of a facet has; text is made of groups, not of rows.

    Rows are grouped by what links them to values before they meet those: one by one, they took most of a fresh count.
    """
    if facet.through:
        table, row, ours, value = facet.through
        return (
            f"SELECT '{facet.name}', t.{value}::text, sum(g.n)::bigint FROM"
            f" (SELECT {ours}, count(*) AS n FROM {rows} WHERE {where} GROUP BY {ours}) g"
            f" JOIN {table.replace('{rows}', rows)} t ON t.{row} = g.{ours} GROUP BY t.{value}"
        )
    if facet.array:
        return (
            f"SELECT '{facet.name}', v, sum(g.n)::bigint FROM (SELECT {facet.column} AS held, count(*) AS n FROM {rows}"
            f" WHERE {facet.column} <> '{{}}' AND ({where}) GROUP BY {facet.column}) g, unnest(g.held) v GROUP BY v"
        )
    column = f"{rows}.{facet.column}"
    return f"SELECT '{facet.name}', {column}::text, count(*) FROM {rows} WHERE {where} GROUP BY {column}"


def _choice(
    base: models.QuerySet[Any], order: str, hits: str, query: Query, offset: int, limit: int
) -> tuple[str, list[Any]]:
    """The rows of the page, numbered: SQL and parameters."""
    by = {
        "nom": "sort_key, id",
        "distance": "distance NULLS LAST, id",
    }.get(order, "published_at DESC, id DESC")
    if order == "pertinence" and query:
        rank, params = query.tsquery()
        table = base.model._meta.db_table
        return (
            "SELECT 'page', id::text, row_number() OVER () FROM ("
            f" SELECT b.id FROM (SELECT id, published_at FROM {hits}"
            f" ORDER BY published_at DESC, id DESC LIMIT {max(RANKED_AT_MOST, limit)}) b JOIN {table} t ON t.id = b.id"
            f" ORDER BY ts_rank('{{0.05, 0.2, 0.6, 1.0}}', t.search, {rank}) DESC, b.published_at DESC, b.id DESC"
            " LIMIT %s OFFSET %s) p",
            [*params, limit, offset],
        )
    return (
        f"SELECT 'page', id::text, row_number() OVER () FROM (SELECT id FROM {hits}"
        f" ORDER BY {by} LIMIT %s OFFSET %s) p",
        [limit, offset],
    )


def _read(page: Page, rows: list[tuple[str, str, int]]) -> None:
    ids: list[tuple[int, int]] = []
    for facet, value, n in rows:
        if facet == "":
            page.total = page.matching = n
        elif facet == "text":
            page.matching = n
        elif facet == "page":
            ids.append((n, int(value)))
        elif value is not None:
            page.counts[facet][value] = n
    page.ids = [pk for _n, pk in sorted(ids)]
