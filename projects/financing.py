"""How the money of a project stands: what partners bring, what funders granted, what is left to find.

The ledger counts what organisations bring by the portal; the sheet names funders and programmes, most of which are not
there. Together they make what was gathered. A funder that is also a partner with money promised counts once, as that.
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


@dataclass(frozen=True)
class Financing:
    """In dollars. ``brought``: promised by partners, or come when more came than was promised."""

    brought: Decimal
    sources: tuple[Source, ...]
    budget: Decimal | None

    def _sum(self, granted: bool) -> Decimal:
        kept = [s.row.amount or Decimal(0) for s in self.sources if s.granted is granted and not s.counted]
        return sum(kept, Decimal(0))

    @property
    def granted(self) -> Decimal:
        return self._sum(True)

    @property
    def aimed(self) -> Decimal:
        """Asked for, not granted: never added."""
        return self._sum(False)

    @property
    def gathered(self) -> Decimal:
        return self.brought + self.granted

    @property
    def left(self) -> Decimal:
        """What is still to find; nothing once the budget is there."""
        return max(Decimal(0), self.budget - self.gathered) if self.budget else Decimal(0)

    @property
    def share(self) -> int:
        """Which part of the budget is gathered, in per cent; 0 without a budget."""
        return min(100, int(100 * self.gathered / self.budget)) if self.budget else 0

    @property
    def is_told(self) -> bool:
        """Whether there is more to say than the ledger alone."""
        return bool(self.budget or any(s.row.amount for s in self.sources))


def financing(project: Project, fundings: Sequence[Funding], lines: Sequence[Line], total: Sums) -> Financing:
    """From what the page already read."""
    by_partners = {normalise(line.partner) for line in lines if line.kind == Nature.MONEY}
    sources = tuple(Source(row, normalise(row.funder) in by_partners) for row in fundings)
    return Financing(max(total.promised, total.dollars), sources, project.budget)
