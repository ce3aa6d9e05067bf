"""Someone reads every figure of the portrait, under every filter, and subtracts them two by two to learn what is hid.

A small territory, where nearly every figure tells of somebody: what each figure counts is known here, so that a
difference is judged by who is in it, not by luck.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable
from itertools import permutations
from typing import Any

import pytest
from django.utils import timezone

from directory.models import Resource
from loans.models import Loan
from mutualisation.pages.portrait import facts as facts_
from mutualisation.pages.portrait.cube import ALL, FEW, Key, Shown
from tests.pages.lent import territory_that_lends
from tests.pages.test_portrait import mrc_of, naive

pytestmark = pytest.mark.django_db
LEAST = 3
Thing = dict[str, Any]  # where it counts, and who is behind it: ``givers``, ``takers``


def things(figure: str) -> list[Thing]:
    """What this figure counts, one by one."""
    if figure == "idle":
        old = timezone.now() - datetime.timedelta(days=facts_.IDLE_DAYS)
        found = Resource.objects.filter(visibility="everyone", published_at__lt=old).select_related("territory")
        lent = set(Loan.objects.filter(handed_over_at__isnull=False).values_list("resource", flat=True))
        return [
            {"at": (mrc_of(r.territory), r.kind, {s.pk for s in r.organisation.sectors.all()} or {0}),
             "givers": set() if r.pk in lent else {r.organisation_id},
             "takers": {r.organisation_id} if r.pk in lent else set()}
            for r in found
        ]  # fmt: skip
    year = "asked" if figure == "asked" else "lent"
    loans = [naive(loan) for loan in Loan.objects.select_related("resource__territory", "lender")]
    return [
        {"at": (loan["mrc"], loan["kind"], loan["sectors"], loan[year]),
         "givers": {loan["giver"]}, "takers": {loan["taker"]}}
        for loan in loans
        if loan[year] and loan.get(figure, True)
    ]  # fmt: skip


def counts(key: Key, at: tuple[Any, ...]) -> bool:
    return all(k is ALL or (k in v if isinstance(v, set) else k == v) for k, v in zip(key, at, strict=True))


def behind(known: list[Thing]) -> Callable[[int], bool]:
    """Whether a set of things (a number, one bit each) comes from too few organisations of either side."""

    def few(bits: int) -> bool:
        some = [thing for n, thing in enumerate(known) if bits >> n & 1]
        sides = (set().union(*(thing[side] for thing in some)) for side in ("givers", "takers"))
        return any(0 < len(side) < LEAST for side in sides)

    return few


@pytest.mark.parametrize(("loans", "seed"), [(25, 1), (60, 2), (160, 7)])
def test_no_two_figures_give_back_a_hidden_one(places: Any, loans: int, seed: int) -> None:
    territory_that_lends(places, loans=loans, seed=seed)
    found = facts_.read()
    hidden_in_all = 0
    for figure in ("asked", "lent", "hours", "value", "idle"):
        figures: dict[Key, Shown] = getattr(found, figure)
        known = things(figure)
        few = behind(known)
        sets = {key: sum(1 << n for n, thing in enumerate(known) if counts(key, thing["at"])) for key in figures}
        shown = [key for key, one in figures.items() if not one.mark]
        hidden = {sets[key] for key, one in figures.items() if one.mark}
        hidden_in_all += len(hidden)
        assert {key for key, one in figures.items() if one.mark == FEW} == {key for key in figures if few(sets[key])}
        for key in shown:
            assert sets[key] not in hidden, (figure, key)  # told elsewhere by another name
        for whole, part in permutations(shown, 2):
            a, b = sets[whole], sets[part]
            if b & ~a == 0 and a != b:
                assert a & ~b not in hidden, (figure, whole, part)
                assert not few(a & ~b), (figure, whole, part)
            elif a & b == 0:
                assert a | b not in hidden, (figure, whole, part)
    assert hidden_in_all > 30
