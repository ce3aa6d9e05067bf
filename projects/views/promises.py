"""One promise as its two sides read it: what was said, what came of it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from projects.contributions import Kept
from projects.models import Contribution, Delivery
from projects.wording import period, quantity


def _worth(one: Contribution, came: Delivery) -> Decimal:
    """What came is worth, as the ledger counts it."""
    return came.amount or (came.hours * one.rate).quantize(Decimal("0.01"))


def told_of(one: Contribution, loans: list[Kept], *, by: Any = None, leads: bool = False) -> dict[str, Any]:
    """One promise, with what came of it, in the units that were said; what was taken off apart, with why."""
    lines = list(one.deliveries.all())
    came = [d for d in lines if d.removed_at is None]
    hours = sum(d.hours for d in came) + sum(k.hours for k in loans)
    dollars = sum(_worth(one, d) for d in came) + sum(k.dollars for k in loans)
    some = bool(came or hours)  # a loan still to come brought nothing yet
    if one.hours or one.value:
        enough = hours >= one.hours if one.hours else dollars >= one.amount
    else:  # no figure was promised
        enough = all(k.hours >= k.foreseen for k in loans)
    return {
        "row": one,
        "promised": quantity(one.hours, one.value),
        "period": period(one.starts_on, one.ends_on),
        "came": [
            (d, quantity(d.hours, _worth(one, d)) or _("venu"), leads or (by is not None and d.recorded_by_id == by.pk))
            for d in came
        ],
        "loans": [(k, period(k.begins, k.ends), quantity(k.hours, k.dollars)) for k in loans],
        "gone": [(d, quantity(d.hours, _worth(one, d)) or d.note) for d in lines if d.removed_at is not None],
        "so_far": quantity(hours, dollars),
        "in_all": quantity(one.hours, 0) if one.hours else quantity(0, one.value),
        "some": some,
        "whole": some and enough,
    }
