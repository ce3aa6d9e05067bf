"""A figure cut along several dimensions, with all its totals, less what would tell of too few organisations.

Every page of the portrait, whatever its filters, reads its figures here: what is hidden in one table is hidden in all
of them, so that no table and no total gives back what another hides.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import product
from typing import Any

ALL = None  # in a key: every value of that dimension together
FEW, HIDDEN = "few", "hidden"

Key = tuple[Any, ...]


@dataclass
class Cell:
    """What is counted, and which organisations are behind it: ``least`` of each side at most, enough to tell."""

    n: int = 0
    amount: float = 0
    givers: set[int] = field(default_factory=set)
    takers: set[int] = field(default_factory=set)

    def add(self, n: int, amount: float, givers: Iterable[int], takers: Iterable[int], least: int) -> None:
        self.n += n
        self.amount += amount
        if len(self.givers) < least:
            self.givers.update(givers)
        if len(self.takers) < least:
            self.takers.update(takers)

    def is_few(self, least: int) -> bool:
        """Whether fewer organisations than that, of either side, are behind it."""
        return 0 < len(self.givers) < least or 0 < len(self.takers) < least


@dataclass(frozen=True)
class Shown:
    """A figure as the public may read it; ``mark`` says why it may not (few organisations, or it would tell of it)."""

    n: int = 0
    amount: float = 0
    mark: str = ""


NOTHING = Shown()


class Cube:
    """Cells by key. ``summed`` are the dimensions whose values add up to their total; the others bring theirs."""

    def __init__(self, summed: tuple[bool, ...], least: int) -> None:
        self.summed, self.least = summed, least
        self.cells: dict[Key, Cell] = defaultdict(Cell)

    def add(self, key: Key, n: int, amount: float = 0, givers: Iterable[int] = (), takers: Iterable[int] = ()) -> None:
        """Count something in its cell and in every total that holds it."""
        choices = [(value, ALL) if sums else (value,) for value, sums in zip(key, self.summed, strict=True)]
        for one in product(*choices):
            self.cells[one].add(n, amount, givers, takers, self.least)

    def published(self) -> dict[Key, Shown]:
        """Every figure, those to hide without their value."""
        few = {key for key, cell in self.cells.items() if cell.is_few(self.least)}
        hidden = self._hide(few)
        return {
            key: Shown(mark=FEW if key in few else HIDDEN) if key in hidden else Shown(cell.n, cell.amount)
            for key, cell in self.cells.items()
        }

    def sums(self) -> Iterator[tuple[Key, list[Key]]]:
        """Each total and its parts, along each dimension."""
        found: dict[tuple[int, Key], list[Key]] = defaultdict(list)
        for key in self.cells:
            for place, value in enumerate(key):
                if value is not ALL:
                    found[place, (*key[:place], ALL, *key[place + 1 :])].append(key)
        for (_place, whole), parts in found.items():
            if whole in self.cells:
                yield whole, sorted(parts, key=self._weight)

    def _weight(self, key: Key) -> tuple[int, str]:
        return self.cells[key].n + int(self.cells[key].amount), repr(key)

    def _hide(self, few: set[Key]) -> set[Key]:
        """What must go with the few: in each sum, one hidden part alone is its total less the others.

        Smallest first, until what is hidden of each known total comes, together, from enough organisations.
        """
        hidden = set(few)
        sums = list(self.sums())
        of: dict[Key, list[int]] = defaultdict(list)
        for number, (whole, parts) in enumerate(sums):
            for key in (whole, *parts):
                of[key].append(number)
        todo = deque(dict.fromkeys(n for key in sorted(few, key=repr) for n in of[key]))
        while todo:
            whole, parts = sums[todo.popleft()]
            while (more := self._next(whole, parts, hidden)) is not None:
                hidden.add(more)
                todo.extend(of[more])
        return hidden

    def _next(self, whole: Key, parts: list[Key], hidden: set[Key]) -> Key | None:
        """What else to hide of a sum, None when it gives nothing away."""
        out = [key for key in parts if key in hidden]
        if whole in hidden:
            return None if out else parts[0]
        if not out:
            return None
        together = Cell()
        for key in out:
            cell = self.cells[key]
            together.add(0, 0, cell.givers, cell.takers, self.least)
        # « moins de » says that there is something: three hidden ones that make three would each be one
        enough = sum(self._weight(key)[0] for key in out) > len(out)
        if len(out) > 1 and enough and not together.is_few(self.least):
            return None
        return next((key for key in parts if key not in hidden), whole)
