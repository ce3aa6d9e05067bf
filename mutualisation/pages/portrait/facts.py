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
from mutualisation.pages.portrait.questions import LOANS, MEMBERS, NEEDS, RESOURCES

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

Row = tuple[Any, ...]
Figures = dict[Key, Shown]
Who = dict[int, Some]  # by sector, or by MRC

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
    found, bits = Facts(), Bits()
    by_sector: Who = {}
    by_mrc: Who = {}
    for what, pk, some in _rows(MEMBERS, asked):
        (by_sector if what == "sector" else by_mrc)[pk] = bits.of(some)
    gives, takes = _loans(found, _rows(LOANS, asked), by_sector, least, bits)
    _resources(found, _rows(RESOURCES, asked), by_sector, least, bits)
    _needs(found, _rows(NEEDS, asked))
    found.roles = _roles(by_mrc, gives, takes, least)
    years = {key[3] for figures in (found.asked, found.lent, found.shared, found.needed) for key in figures}
    found.years = sorted(year for year in years if year is not ALL)
    return found


def _rows(question: str, asked: dict[str, Any]) -> list[Row]:
    with connection.cursor() as cursor:
        cursor.execute(question, asked)
        return cursor.fetchall()


# Kept as they are, in this process: copied out of a cache, so many figures would take longer than to draw the page.
kept = Versioned(read, keep=2)
lately = memo(QUOTED_SECONDS)(read)  # for pages that only quote some: a loan that moves costs them nothing

BY_SECTOR = (True, True, False, True)


def _loans(found: Facts, rows: list[Row], members: Who, least: int, bits: Bits) -> tuple[Some, Some]:
    """Gives all who lent, and all who borrowed."""
    asked, lent, hours, value = (Cube(BY_SECTOR, least) for _each in range(4))
    gives = takes = NOBODY
    for cell, told in _cells(rows, bits):
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


def _cells(rows: list[Row], bits: Bits) -> Iterable[tuple[int, dict[int, Row]]]:
    """Each cell, with what is told of its whole and of its sectors, organisations last."""
    cells: dict[int, dict[int, Row]] = defaultdict(dict)
    for cell, sector, *figures, some in rows:
        cells[cell][sector] = (*figures, bits.of(some))
    return cells.items()


def _outside(who: dict[int, tuple[Some, Some]], sectors: Iterable[int]) -> Iterator[tuple[int, Cell]]:
    """Who, of a whole, is outside each sector."""
    givers, takers = who[WHOLE]
    for sector in sectors:
        inside = who.get(sector, (NOBODY, NOBODY))
        yield sector, Cell(0, 0, givers & ~inside[0], takers & ~inside[1])


def _resources(found: Facts, rows: list[Row], members: Who, least: int, bits: Bits) -> None:
    shared, idle = Cube(BY_SECTOR, 0), Cube((True, True, False), least, paired=False)
    found.categories = defaultdict(int)
    for cell, category, n, _none in (row[1:] for row in rows if row[0] == "category"):
        mrc, kind, *_rest = _cell(cell)
        for place in (mrc, ALL):
            found.categories[place, kind, category] += n
    behind: dict[Key, dict[int, Some]] = defaultdict(lambda: defaultdict(int))
    for cell, told in _cells([row[1:] for row in rows if row[0] == "shared"], bits):
        mrc, kind, year, _lent, old, used = _cell(cell)
        for sector, (n, some) in told.items():
            shared.add((mrc, kind, _sector(sector), year), n)
            if old:
                behind[mrc, kind, used][sector] |= some
                idle.add((mrc, kind, _sector(sector)), 0 if used else n, n if used else 0, *_either(some, used))
    for (mrc, kind, used), sectors in behind.items():
        who = {sector: _either(some, used) for sector, some in sectors.items()}
        for sector, beside in _outside(who, members):
            idle.leave((mrc, kind, sector), beside, many=beside.is_many(least))
    found.shared, found.idle = shared.published(), idle.published()


def _either(some: Some, used: bool) -> tuple[Some, Some]:
    """Who shares what was never lent on one side, what was lent on the other."""
    return (NOBODY, some) if used else (some, NOBODY)


def _needs(found: Facts, rows: list[Row]) -> None:
    needed, still = Cube(BY_SECTOR, 0), Cube(BY_SECTOR, 0)
    for mrc, kind, sector, year, category, n, opened, unanswered in rows:
        key = (mrc, kind, _sector(sector), year)
        needed.add(key, n)
        still.add(key, opened)
        found.wanted[(*key, category)] = (opened, unanswered)
    found.needed, found.open = needed.published(), still.published()


def _roles(members: Who, gives: Some, takes: Some, least: int) -> Figures:
    """Of the organisations of each MRC, who lends and who borrows."""
    roles = Cube((True, True), least, heads=True)
    for mrc, here in members.items():
        for role, some in (
            (BOTH, here & gives & takes), (GIVES, here & gives & ~takes), (TAKES, here & takes & ~gives),
            (NEITHER, here & ~gives & ~takes),
        ):  # fmt: skip
            if some:
                roles.add((mrc, role), some.bit_count(), givers=some)
    return roles.published()


def _cell(number: int) -> tuple[int, str, int, int, bool, bool]:
    """What a cell stands for: MRC, kind, year asked or shared, year lent (0: never), and two signs.

    Of a loan, that it has hours, and a value; of a resource, that it has been shared long enough, and was lent.
    """
    rest, signs = divmod(number, 4)
    rest, lent = divmod(rest, 1000)
    place, year = divmod(rest, 1000)
    mrc, kind = divmod(place, 8)
    return mrc, Kind.values[kind - 1], FIRST - 1 + year, lent and FIRST - 1 + lent, signs >= 2, signs % 2 == 1


def _sector(value: int) -> int | None:
    return ALL if value == WHOLE else value
