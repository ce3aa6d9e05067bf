"""A figure cut along several dimensions, with all its totals, less what would tell of too few organisations.

Every page of the portrait, whatever its filters, reads its figures here: what is hidden in one table is hidden in all
of them, so that no table and no total gives back what another hides.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import reduce
from itertools import combinations
from math import isclose
from operator import itemgetter, or_
from typing import Any

COMPARED = 32  # organisations: cells with fewer givers are compared two by two
ALL = None  # in a key: every value of that dimension together
FEW, HIDDEN = "few", "hidden"

Some = int  # organisations, a bit each: the union of thousands takes no longer than an addition
NOBODY: Some = 0
Key = tuple[Any, ...]
Line = tuple[int, Key, Key]  # a sum: the dimension along which it is cut (or FOUND), its total, and one of its parts
FOUND = -1


class Bits(dict[int, Some]):
    """The bit of each organisation, in the order in which they come."""

    def __missing__(self, pk: int) -> Some:
        self[pk] = bit = 1 << len(self)
        return bit

    def of(self, pks: Iterable[int]) -> Some:
        return reduce(or_, map(self.__getitem__, {*pks}), NOBODY)


@dataclass(slots=True)
class Cell:
    """What is counted, and who is behind it."""

    n: int = 0
    amount: float = 0
    givers: Some = NOBODY
    takers: Some = NOBODY

    def add(self, other: Cell) -> None:
        self.n += other.n
        self.amount += other.amount
        self.givers |= other.givers
        self.takers |= other.takers

    def is_few(self, least: int) -> bool:
        """Whether fewer organisations than that, of either side, are behind it."""
        return 0 < self.givers.bit_count() < least or 0 < self.takers.bit_count() < least

    def is_many(self, least: int) -> bool:
        return self.givers.bit_count() >= least and self.takers.bit_count() >= least


@dataclass(frozen=True, slots=True)
class Shown:
    """A figure as the public may read it; ``mark`` says why it may not (few organisations, or it would tell of it)."""

    n: int = 0
    amount: float = 0
    mark: str = ""


NOTHING = Shown()


class Cube:
    """Cells by key. ``summed`` are the dimensions whose values add up to their total; the others bring theirs.

    ``paired``: each thing counted has someone of each side; else a side without anyone tells of nobody.
    ``heads``: what is counted are the organisations themselves, so that « moins de » is also a limit.
    """

    def __init__(self, summed: tuple[bool, ...], least: int, *, paired: bool = True, heads: bool = False) -> None:
        self.summed, self.least, self.paired, self.heads = summed, least, paired, heads
        self.cells: dict[Key, Cell] = {}
        # Of a part that does not add up, who its total has beside it: enough of them, or these.
        self.apart: set[Key] = set()
        self.others: dict[Key, Cell] = {}
        self.values: list[list[Any]] = []
        self.known: dict[Line, list[Key]] = {}
        self.sums: dict[Key, list[Line]] = defaultdict(list)  # what happens to add up

    def add(self, key: Key, n: int, amount: float = 0, givers: Some = NOBODY, takers: Some = NOBODY) -> None:
        """Count something in its cell."""
        _add(self.cells, key, Cell(n, amount, givers, takers))

    def leave(self, key: Key, beside: Cell, *, many: bool) -> None:
        """Say who is in the total of this part, and not in this part; ``many`` as they are counted against least."""
        if many:
            self.apart.add(key)
        else:
            _add(self.others, key, beside)

    def published(self) -> dict[Key, Shown]:
        """Every figure and every total, those to hide without their value."""
        self._sum()
        few = {key for key, cell in self.cells.items() if cell.is_few(self.least)}
        hidden = self._hide(few) if self.least else set()
        return {
            key: Shown(mark=FEW if key in few else HIDDEN) if key in hidden else Shown(cell.n, cell.amount)
            for key, cell in self.cells.items()
        }

    def _sum(self) -> None:
        """The totals, one dimension after the other: each cell is read once a dimension."""
        for place, sums in enumerate(self.summed):
            if sums:
                for cells in (self.cells, self.others):
                    for key, cell in list(cells.items()):
                        if key[place] is not ALL:
                            _add(cells, (*key[:place], ALL, *key[place + 1 :]), cell)
                self.apart.update([_whole(key, place) for key in self.apart])
        seen: list[set[Any]] = [set() for _each in self.summed]
        for key in self.cells:
            for place, value in enumerate(key):
                seen[place].add(value)
        self.values = [sorted(values - {ALL}) for values in seen]

    # ---- what is hidden

    def _hide(self, few: set[Key]) -> set[Key]:
        """What must go with the few: in each sum, one hidden part alone is its total less the others.

        Smallest first, until what is hidden of each known total comes, together, from enough organisations.
        """
        telling, twins = self._nested()
        hidden: set[Key] = set()
        told: deque[tuple[Key, list[Line]]] = deque()
        changed: set[Line] = set()  # since they were last read

        def hide(key: Key) -> None:
            hidden.add(key)
            told.append((key, self._lines(key)))
            changed.update(told[-1][1])

        for key in sorted(few | telling, key=repr):
            hide(key)
        while told:
            key, lines = told.popleft()
            for twin in twins[key]:
                if twin not in hidden:
                    hide(twin)
            for line in lines:
                if line in changed:
                    while (more := self._next(line[1], self._parts(line), hidden)) is not None:
                        hide(more)
                    changed.discard(line)
        return hidden

    def _nested(self) -> tuple[set[Key], dict[Key, list[Key]]]:
        """Parts that do not add up, each beside the total and the other parts that hold it.

        Those that few organisations set apart: their difference would tell of them. Those that nothing sets apart:
        one tells the other.
        """
        telling: set[Key] = set()
        twins: dict[Key, list[Key]] = defaultdict(list)
        for part, whole in self._held():
            one, all_of_it = self.cells[part], self.cells[whole]
            if one.n == all_of_it.n and isclose(one.amount, all_of_it.amount):
                twins[part].append(whole)
                twins[whole].append(part)
            else:
                telling.add(part)
        return telling, twins

    def _held(self) -> Iterator[tuple[Key, Key]]:
        """Each part, and what holds it with few organisations more, or none."""
        cut: dict[Key, list[Key]] = defaultdict(list)
        for key in self.cells:
            for place, sums in enumerate(self.summed):
                if not sums and key[place] is not ALL:
                    cut[_whole(key, place)].append(key)
        for whole, parts in cut.items():
            for part in parts:
                if part not in self.apart and self._are_few(self.others.get(part, Cell())):
                    yield part, whole
            few = [(n, self.cells[key], key) for key in parts if (n := self.cells[key].givers.bit_count()) < COMPARED]
            few.sort(key=itemgetter(0))
            held = {cell.givers: key for _n, cell, key in few} | {self.cells[whole].givers: whole}
            sizes = {givers.bit_count() for givers in held}
            for (n, less, part), (m, more, other) in combinations(few, 2):
                givers, shared = less.givers, less.givers & more.givers
                if givers and not shared:
                    if n + m in sizes and (total := held.get(givers | more.givers)):
                        self._add_up(total, part, other)
                elif (
                    shared == givers
                    and (self.paired or not less.takers & ~more.takers)
                    and self._are_few(Cell(0, 0, more.givers & ~givers, more.takers & ~less.takers))
                ):
                    yield part, other

    def _add_up(self, total: Key, *parts: Key) -> None:
        """Keep that these happen to be, together, that one."""
        line = FOUND, total, parts[0]
        self.known[line] = sorted(parts, key=self._weight)
        for key in (*parts, total):
            self.sums[key].append(line)

    def _are_few(self, others: Cell) -> bool:
        """Whether too few organisations, or none, are beside a part."""
        if self.paired:
            return not others.is_many(self.least)
        return others.is_few(self.least) or not (others.givers or others.takers)

    def _lines(self, key: Key) -> list[Line]:
        """The sums in which this is a part, or the total."""
        wholes = ((place, _whole(key, place)) for place in range(len(key)))
        lines = [(place, whole, whole) for place, whole in wholes if whole in self.cells]
        return [line for line in lines if self._parts(line)] + self.sums.get(key, [])

    def _parts(self, line: Line) -> list[Key]:
        """The parts of a sum, smallest first."""
        found = self.known.get(line)
        if found is None:
            place, whole, _part = line
            cut = ((*whole[:place], value, *whole[place + 1 :]) for value in self.values[place])
            found = self.known[line] = sorted((key for key in cut if key in self.cells), key=self._weight)
        return found

    def _weight(self, key: Key) -> int:
        return self.cells[key].n + int(self.cells[key].amount)

    def _next(self, whole: Key, parts: list[Key], hidden: set[Key]) -> Key | None:
        """What else to hide of a sum, None when it gives nothing away."""
        out = [key for key in parts if key in hidden]
        if whole in hidden:
            return None if out else parts[0]
        if not out:
            return None
        together = Cell()
        for key in out:
            together.add(self.cells[key])
        # « moins de » says that there is something: three hidden ones that make three would each be one
        enough = together.n + int(together.amount) > len(out)
        if self.heads and together.n == (self.least - 1) * len(out):
            enough = False
        if len(out) > 1 and enough and not together.is_few(self.least):
            return None
        return next((key for key in parts if key not in hidden), whole)


def _add(cells: dict[Key, Cell], key: Key, cell: Cell) -> None:
    known = cells.get(key)
    if known is None:
        cells[key] = Cell(cell.n, cell.amount, cell.givers, cell.takers)
    else:
        known.add(cell)


def _whole(key: Key, place: int) -> Key:
    """The total of which this is a part, along that dimension."""
    return (*key[:place], ALL, *key[place + 1 :])
