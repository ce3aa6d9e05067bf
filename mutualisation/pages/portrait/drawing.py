"""Figures as they are drawn: bars, columns, the map of the MRCs; numbers only, no text that a table does not say."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.utils import formats
from django.utils.translation import gettext as _

from directory import cartography
from mutualisation.pages.portrait.cube import FEW, Shown

WIDTH, HEIGHT, TOP, BASE = 520, 270, 34, 232
VEILED = 26  # how tall a column is whose value is not said: always the same
LEAST = 2  # percent: what is not zero can be seen


def few_in_words() -> str:
    """Why a figure is not said: what is counted here is organisations, whatever the figure counts."""
    return _("moins de %(n)d organismes") % {"n": settings.PORTRAIT_LEAST}


@dataclass(frozen=True)
class Value:
    """One figure of a table: a number with its unit, or why it is not said."""

    number: int | None
    mark: str = ""
    unit: str = ""

    @property
    def text(self) -> str:
        if self.mark or self.number is None:
            return self.said
        said = formats.number_format(self.number, decimal_pos=0, force_grouping=True)
        return f"{said}\u00a0{self.unit}" if self.unit else said

    @property
    def said(self) -> str:
        """The words of a figure that is not given."""
        if self.mark == FEW:
            return few_in_words()
        return _("masqué") if self.mark else ""

    @property
    def short(self) -> str:
        """Where there is room for a sign only; the table beside says it in full."""
        return "–" if self.mark else self.text

    @property
    def amount(self) -> int:
        return 0 if self.mark else self.number or 0


def count(shown: Shown) -> Value:
    return Value(None if shown.mark else shown.n, shown.mark)


def amount(shown: Shown, unit: str) -> Value:
    return Value(None if shown.mark else round(shown.amount), shown.mark, unit)


@dataclass(frozen=True)
class Row:
    """One line of a table: what it is about, its figures; ``kind`` gives its colour, ``current`` is what is chosen."""

    label: str
    values: list[Value]
    current: bool = False
    address: str = ""
    kind: str = "commun"


@dataclass
class Table:
    caption: str
    head: str
    columns: list[str]
    natures: list[str]  # of each column: measured, or declared
    units: list[str]  # and what it counts
    rows: list[Row]
    total: Row | None = None

    @property
    def lines(self) -> list[Row]:
        return [*self.rows, self.total] if self.total else self.rows

    @property
    def heads(self) -> list[tuple[str, str]]:
        return list(zip(self.columns, self.natures, strict=True))

    @property
    def has_marks(self) -> bool:
        return any(value.mark for row in self.lines for value in row.values)


@dataclass(frozen=True)
class Bar:
    row: Row
    value: Value
    width: int


@dataclass(frozen=True)
class Column:
    label: str
    value: Value
    x: int
    y: int
    width: int
    height: int
    middle: int
    text_y: int
    current: bool


@dataclass(frozen=True)
class Place:
    """An MRC on the map: its shape, its figure, how dark it is drawn (0 when the figure is not said)."""

    shape: Any
    value: Value
    shade: int
    address: str
    current: bool


@dataclass
class Figure:
    """One figure of the portrait: its table, and what of it is drawn."""

    key: str
    title: str
    said: str
    table: Table
    bars: list[Bar] = field(default_factory=list)
    columns: list[Column] = field(default_factory=list)
    places: list[Place] = field(default_factory=list)
    drawn: str = ""  # what the drawing shows, in words
    note: str = ""
    follows: str = ""  # the filters that the drawing obeys, in words
    table_follows: str = ""  # those of the table
    column_follows: dict[int, str] = field(default_factory=dict)  # and of a column that obeys fewer

    @property
    def name(self) -> str:
        """What the drawing shows, and of what."""
        return f"{self.drawn} ({self.follows})" if self.follows else self.drawn

    @property
    def caption(self) -> str:
        """What the table shows, and of what."""
        return f"{self.table.caption} ({self.table_follows})" if self.table_follows else self.table.caption

    @property
    def drawn_in_full(self) -> str:
        """The drawing read aloud: what it shows, then each of its figures."""
        return f"{self.name}. " + "; ".join(f"{c.label} : {c.value.text}" for c in self.columns)


def bars(rows: list[Row], place: int = 0) -> list[Bar]:
    """One bar a line, from the figure at that place of it."""
    most = max((row.values[place].amount for row in rows), default=0) or 1
    drawn = []
    for row in rows:
        value = row.values[place]
        drawn.append(Bar(row, value, max(LEAST, round(100 * value.amount / most)) if value.amount else 0))
    return drawn


def columns(rows: list[Row], place: int = 0) -> list[Column]:
    """One column a line, side by side."""
    if not rows:
        return []
    most = max((row.values[place].amount for row in rows), default=0) or 1
    step = WIDTH / len(rows)
    wide = min(64, round(step * 0.72))
    found = []
    for number, row in enumerate(rows):
        value = row.values[place]
        tall = VEILED if value.mark else round((BASE - TOP) * value.amount / most)
        middle = round(step * (number + 0.5))
        found.append(
            Column(row.label, value, middle - wide // 2, BASE - tall, wide, tall, middle, BASE - tall - 8, row.current)
        )
    return found


def places(rows: dict[int, Row], place: int) -> list[Place]:
    """Our MRCs on the map, darker where there is more."""
    most = max((row.values[place].amount for row in rows.values()), default=0) or 1
    drawn = []
    for shape in cartography.canvas().ours:
        if row := rows.get(shape.id):
            value = row.values[place]
            shade = 0 if value.mark else 1 + (3 * value.amount > most) + (3 * value.amount > 2 * most)
            drawn.append(Place(shape, value, shade, row.address, row.current))
    return drawn
