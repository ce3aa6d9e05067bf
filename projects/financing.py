"""How the money of a project stands: what partners bring, what funders granted, what is left to find.

The ledger counts what organisations bring by the portal; the sheet names funders and programmes, most of which are not
there. Together they make what was gathered: money on one side, what time and goods are worth on the other, never in one
figure alone. A funder that is also a partner with money promised counts once, as that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from mutualisation.kernel.search import normalise
from projects.ledger import Line, Sums
from projects.models import Funding, Nature, Project


@dataclass(frozen=True)
class Source:
    """One funder of the sheet; ``counted`` when a partner of that name already counts among contributions."""

    row: Funding
    counted: bool

    @property
    def granted(self) -> bool:
        return self.row.state == Funding.State.GRANTED

    @property
    def added(self) -> Decimal:
        """What it adds to the money gathered: nothing while it is only aimed at, or when a partner counts for it."""
        return self.row.amount or Decimal(0) if self.granted and not self.counted else Decimal(0)


@dataclass(frozen=True)
class Financing:
    """In dollars. What partners bring counts as promised, or as it came when more came than was promised."""

    total: Sums
    sources: tuple[Source, ...]
    budget: Decimal | None

    @property
    def cash_brought(self) -> Decimal:
        """Money of partners."""
        return max(self.total.promised_cash, self.total.cash)

    @property
    def goods(self) -> Decimal:
        """What the time and goods of partners are worth."""
        return max(self.total.promised_goods, self.total.goods)

    @property
    def granted(self) -> Decimal:
        return sum((s.added for s in self.sources), Decimal(0))

    @property
    def cash(self) -> Decimal:
        """All the money: of partners, and of funders that granted it."""
        return self.cash_brought + self.granted

    @property
    def gathered(self) -> Decimal:
        return self.cash + self.goods

    @property
    def left(self) -> Decimal:
        """What is still to find; nothing once the budget is there."""
        return max(Decimal(0), self.budget - self.gathered) if self.budget else Decimal(0)

    @property
    def share(self) -> int:
        """Which part of the budget is gathered, in per cent; 0 without a budget."""
        return self._part(self.gathered)

    @property
    def cash_share(self) -> int:
        """Which part of the budget is there in money."""
        return self._part(self.cash)

    def _part(self, some: Decimal) -> int:
        return min(100, int(100 * some / self.budget)) if self.budget else 0

    @property
    def is_told(self) -> bool:
        """Whether there is more to say than the ledger alone."""
        return bool(self.budget or any(s.row.amount for s in self.sources))


def financing(project: Project, fundings: Sequence[Funding], lines: Sequence[Line], total: Sums) -> Financing:
    """From what the page already read."""
    by_partners = {normalise(line.name) for line in lines if line.kind == Nature.MONEY}
    sources = tuple(Source(row, normalise(row.funder) in by_partners) for row in fundings)
    return Financing(total, sources, project.budget)
