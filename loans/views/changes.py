"""What a proposal would change in a loan: that alone, as it is beside as it would be."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from loans.models import Loan, LoanDate, Proposal
from mutualisation.kernel.moments import Period, clock, in_words, wall
from mutualisation.kernel.money import cost, money
from toolbox.comparing import Answer

FEW = 6  # dates that are named on either side


def changes_of(proposal: Proposal, loan: Loan, dates: Sequence[LoanDate]) -> list[Answer]:
    """What differs between a proposal and a loan, of which ``dates`` are those that hold; empty: it changes nothing."""
    pairs = [
        (_("Quantité"), str(loan.quantity), str(proposal.quantity)),
        (_("Ressource"), loan.resource.name, proposal.resource.name),
        (_("Contrepartie"), cost(loan), cost(proposal)),
        (_("Dépôt"), *(money(one.deposit) if one.deposit else _("aucun") for one in (loan, proposal))),
        (_("Conditions"), loan.conditions, proposal.conditions),
    ]
    return [*_of_dates(proposal, dates), *(Answer(*pair) for pair in pairs if pair[1] != pair[2])]


def same_dates(proposal: Proposal, dates: Sequence[LoanDate]) -> bool:
    return not _of_dates(proposal, dates)


def _of_dates(proposal: Proposal, dates: Sequence[LoanDate]) -> list[Answer]:
    before = {(d.period.lower, d.period.upper): d.period for d in dates}
    after = {(p.lower, p.upper): p for p in proposal.periods}
    gone = [period for ends, period in before.items() if ends not in after]
    new = [period for ends, period in after.items() if ends not in before]
    if not gone and not new:
        return []
    hours = {(_hours(a), _hours(b)) for a, b in zip(gone, new, strict=False)}
    if len(before) > 1 and len(hours) == 1 and [*map(_days, gone)] == [*map(_days, new)]:
        label = ngettext("Heures de %(n)d date", "Heures de %(n)d dates", len(new)) % {"n": len(new)}
        return [Answer(label, *hours.pop())]
    label = _("Quand") if len(before) == len(after) == 1 else _("Dates")
    return [Answer(label, _listed(gone), _listed(new))]


def _listed(periods: Sequence[Period]) -> str:
    lines = [in_words(period) for period in periods[:FEW]]
    if more := len(periods[FEW:]):
        lines.append(ngettext("… et %(n)d autre date", "… et %(n)d autres dates", more) % {"n": more})
    return "\n".join(lines)


def _days(period: Period) -> tuple[object, object]:
    return wall(period.lower).date(), wall(period.upper).date()


def _hours(period: Period) -> str:
    a, b = clock(wall(period.lower).time()), clock(wall(period.upper).time())
    return _("de %(a)s à %(b)s") % {"a": a, "b": b}
