"""A figure cut along several dimensions, with all its totals, less what would tell of too few organisations.

Every page of the portrait, whatever its filters, reads its figures here: what is hidden in one table is hidden in all
of them, so that no table and no total gives back what another hides.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import permutations
from math import isclose
from typing import Any

KNOWN = 32  # organisations named in a cell: a cell that has fewer names them all
ALL = None  # in a key: every value of that dimension together
FEW, HIDDEN = "few", "hidden"

Key = tuple[Any, ...]
Line = tuple[int, Key]  # a sum: the dimension along which it is cut, and its total


@dataclass(slots=True)
class Who:
    """The organisations of each side: all of them, or enough to tell."""

    givers: set[int] = field(default_factory=set)
    takers: set[int] = field(default_factory=set)

    def add(self, givers: Iterable[int], takers: Iterable[int]) -> None:
        if len(self.givers) < KNOWN:
            self.givers.update(givers)
        if len(self.takers) < KNOWN:
            self.takers.update(takers)

    def is_few(self, least: int) -> bool:
        """Whether fewer organisations than that, of either side, are behind it."""
        return 0 < len(self.givers) < least or 0 < len(self.takers) < least

    def holds(self, other: Who) -> bool:
        """Whether all that comes from the other’s organisations comes from these: in doubt, no."""
        return len(self.givers) < KNOWN and other.givers <= self.givers

    def less(self, other: Who) -> Who:
        """Who is surely here and not there."""
        return Who(self.givers - other.givers, self.takers - other.takers if len(other.takers) < KNOWN else set())


@dataclass(slots=True)
class Cell:
    """What is counted, and who is behind it."""

    n: int = 0
    amount: float = 0
    who: Who = field(default_factory=Who)


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
    """

    def __init__(self, summed: tuple[bool, ...], least: int, *, paired: bool = True) -> None:
        self.summed, self.least, self.paired = summed, least, paired
        self.cells: dict[Key, Cell] = defaultdict(Cell)
        self.others: dict[Key, Who] = defaultdict(Who)  # of a part that does not add up: who its total has beside it
        self.values: list[list[Any]] = []
        self.known: dict[Line, list[Key]] = {}

    def add(self, key: Key, n: int, amount: float = 0, givers: Iterable[int] = (), takers: Iterable[int] = ()) -> None:
        """Count something in its cell."""
        cell = self.cells[key]
        cell.n += n
        cell.amount += amount
        cell.who.add(givers, takers)

    def leave(self, key: Key, givers: Iterable[int], takers: Iterable[int]) -> None:
        """Say who is in the total of this part, and not in this part."""
        self.others[key].add(givers, takers)

    def published(self) -> dict[Key, Shown]:
        """Every figure and every total, those to hide without their value."""
        self._sum()
        few = {key for key, cell in self.cells.items() if cell.who.is_few(self.least)}
        hidden = self._hide(few) if self.least else set()
        return {
            key: Shown(mark=FEW if key in few else HIDDEN) if key in hidden else Shown(cell.n, cell.amount)
            for key, cell in self.cells.items()
        }

    def _sum(self) -> None:
        """The totals, one dimension after the other: each cell is read once a dimension."""
        for place, sums in enumerate(self.summed):
            if sums:
                for key, cell in list(self.cells.items()):
                    if key[place] is not ALL:
                        self.add(_whole(key, place), cell.n, cell.amount, cell.who.givers, cell.who.takers)
                for key, who in list(self.others.items()):
                    if key[place] is not ALL:
                        self.leave(_whole(key, place), who.givers, who.takers)
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
        hidden = few | telling
        told = deque(sorted(hidden, key=repr))
        while told:
            for more in self._bound(told.popleft(), twins, hidden):
                hidden.add(more)
                told.append(more)
        return hidden

    def _bound(self, key: Key, twins: dict[Key, list[Key]], hidden: set[Key]) -> Iterator[Key]:
        """What must be hidden since this is: one at a time, the one before being hidden by then."""
        yield from [twin for twin in twins[key] if twin not in hidden]
        for line in self._lines(key):
            parts = self._parts(line)
            while (more := self._next(line[1], parts, hidden)) is not None:
                yield more

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
            yield from ((part, whole) for part in parts if self._are_few(self.others[part]))
            named = [(part, self.cells[part].who) for part in parts if len(self.cells[part].who.givers) < KNOWN]
            for (part, who), (other, more) in permutations(named, 2):
                if more.holds(who) and (self.paired or more.takers >= who.takers) and self._are_few(more.less(who)):
                    yield part, other

    def _are_few(self, others: Who) -> bool:
        """Whether too few organisations, or none, are beside a part."""
        if self.paired:
            return len(others.givers) < self.least or len(others.takers) < self.least
        return others.is_few(self.least) or not (others.givers or others.takers)

    def _lines(self, key: Key) -> Iterator[Line]:
        """The sums in which this is a part, or the total."""
        for place in range(len(key)):
            line = place, _whole(key, place)
            if line[1] in self.cells and self._parts(line):
                yield line

    def _parts(self, line: Line) -> list[Key]:
        """The parts of a sum, smallest first."""
        found = self.known.get(line)
        if found is None:
            place, whole = line
            cut = ((*whole[:place], value, *whole[place + 1 :]) for value in self.values[place])
            found = self.known[line] = sorted((key for key in cut if key in self.cells), key=self._weight)
        return found

    def _weight(self, key: Key) -> tuple[int, str]:
        return self.cells[key].n + int(self.cells[key].amount), repr(key)

    def _next(self, whole: Key, parts: list[Key], hidden: set[Key]) -> Key | None:
        """What else to hide of a sum, None when it gives nothing away."""
        out = [key for key in parts if key in hidden]
        if whole in hidden:
            return None if out else parts[0]
        if not out:
            return None
        together = Who()
        for key in out:
            who = self.cells[key].who
            together.add(who.givers, who.takers)
        # « moins de » says that there is something: three hidden ones that make three would each be one
        enough = sum(self._weight(key)[0] for key in out) > len(out)
        if len(out) > 1 and enough and not together.is_few(self.least):
            return None
        return next((key for key in parts if key not in hidden), whole)


def _whole(key: Key, place: int) -> Key:
    """The total of which this is a part, along that dimension."""
    return (*key[:place], ALL, *key[place + 1 :])
