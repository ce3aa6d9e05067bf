"""Dollars, and what is asked in return for something, in words."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.utils import formats


def money(value: Decimal | float | None) -> str:
    """« 25 $ », « 0,45 $ », « 1 234,50 $ »: cents only when there are some. CAD."""
    if value is None:
        return ""
    amount = Decimal(value)
    text = formats.number_format(amount, decimal_pos=0 if amount == amount.to_integral() else 2, force_grouping=True)
    return f"{text}\u00a0$"


def cost(asked: Any) -> str:
    """What a resource, a loan or a proposal costs, in words: « Gratuit », « 25 $ la demi-journée »."""
    if asked.price is not None:
        return f"{money(asked.price)} {asked.price_unit}"
    return str(asked.get_cost_mode_display())
