"""What the portrait hides: few organisations are never told, and no total gives back what is hidden."""

from __future__ import annotations

from itertools import product
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from mutualisation.pages.portrait.cube import ALL, FEW, HIDDEN, Bits, Cube

LEAST, BITS = 3, Bits()
# One thing that happened: where, what, when, who gave, who took.
EVENT = st.tuples(
    st.sampled_from("AB"), st.sampled_from("mlh"), st.sampled_from((2025, 2026)), st.integers(1, 7), st.integers(1, 7)
)


def cube_of(events: list[tuple[Any, ...]]) -> Cube:
    """Gathered by cell first as the database does."""
    cube = Cube((True, True, True), LEAST)
    for key in sorted({event[:3] for event in events}):
        found = [event for event in events if event[:3] == key]
        givers, takers = ({event[place] for event in found} for place in (3, 4))
        cube.add(key, len(found), 0, BITS.of(givers), BITS.of(takers))
    return cube


def lines_of(published: dict[tuple[Any, ...], Any]) -> list[tuple[tuple[Any, ...], list[tuple[Any, ...]]]]:
    """Every sum that a reader may do: a total and its parts, along each dimension."""
    found: dict[tuple[int, tuple[Any, ...]], list[tuple[Any, ...]]] = {}
    for key in published:
        for place, value in enumerate(key):
            if value is not ALL:
                found.setdefault((place, (*key[:place], ALL, *key[place + 1 :])), []).append(key)
    return [(whole, parts) for (_place, whole), parts in found.items()]


def behind(events: list[tuple[Any, ...]], *keys: tuple[Any, ...]) -> tuple[int, int, int]:
    """How many things, givers and takers are in these cells together."""
    found = [e for e in events if any(all(k in (ALL, v) for k, v in zip(key, e[:3], strict=True)) for key in keys)]
    return len(found), len({e[3] for e in found}), len({e[4] for e in found})


@given(st.lists(EVENT, max_size=60))
def test_a_figure_is_right_or_not_said(events: list[tuple[Any, ...]]) -> None:
    published = cube_of(events).published()
    for key in product(("A", "B", ALL), ("m", "l", "h", ALL), (2025, 2026, ALL)):
        n, givers, takers = behind(events, key)
        shown = published.get(key)
        if shown is None:
            assert n == 0
        elif shown.mark:
            assert (shown.n, shown.amount) == (0, 0)
            assert (shown.mark == FEW) == (givers < LEAST or takers < LEAST)
        else:
            assert shown.n == n
            assert givers >= LEAST
            assert takers >= LEAST


@given(st.lists(EVENT, max_size=60))
def test_no_total_gives_back_what_is_hidden(events: list[tuple[Any, ...]]) -> None:
    """Whoever has every table and every total, and subtracts as long as she learns something, learns nothing."""
    published = cube_of(events).published()
    known = {key: shown.n for key, shown in published.items() if not shown.mark}
    before = dict(known)
    learning = True
    while learning:
        learning = False
        for whole, parts in lines_of(published):
            unknown = [key for key in (whole, *parts) if key not in known]
            if len(unknown) == 1:
                said = sum(known[key] for key in parts if key in known)
                known[unknown[0]] = said if unknown[0] == whole else known[whole] - said
                learning = True
    assert known == before
    for whole, parts in lines_of(published):
        hidden = [key for key in parts if published[key].mark]
        if hidden and not published[whole].mark:  # the sum of the hidden ones is known: it must be of many
            n, givers, takers = behind(events, *hidden)
            assert min(givers, takers) >= LEAST
            assert n > len(hidden)


def test_a_second_part_goes_with_the_one_that_is_few() -> None:
    cube = Cube((True,), LEAST)
    cube.add(("few",), 4, 0, BITS.of({1}), BITS.of({2, 3, 4}))
    cube.add(("some",), 9, 0, BITS.of({5, 6, 7}), BITS.of({1, 2, 3}))
    cube.add(("many",), 50, 0, BITS.of({8, 9, 10}), BITS.of({1, 2, 3}))
    marks = {key[0]: shown.mark for key, shown in cube.published().items()}
    assert marks == {"few": FEW, "some": HIDDEN, "many": "", ALL: ""}


def test_without_enough_to_hide_among_the_total_goes_too() -> None:
    cube = Cube((True,), LEAST)
    cube.add(("one",), 1, 0, BITS.of({1}), BITS.of({4}))
    cube.add(("two",), 1, 0, BITS.of({2}), BITS.of({5}))
    cube.add(("three",), 1, 0, BITS.of({3}), BITS.of({6}))
    assert {shown.mark for shown in cube.published().values()} == {FEW, HIDDEN}


def test_two_hidden_numbers_of_organisations_are_not_both_the_most_they_may_be() -> None:
    """Two and two, four in all: « moins de 3 » would then say it."""
    cube = Cube((True,), LEAST, heads=True)
    for name, some in (("gives", {1, 2}), ("takes", {3, 4}), ("both", {5, 6, 7, 8}), ("none", {9, 10, 11, 12, 13})):
        cube.add((name,), len(some), givers=BITS.of(some))
    marks = {key[0]: shown.mark for key, shown in cube.published().items()}
    assert marks == {"gives": FEW, "takes": FEW, "both": HIDDEN, "none": "", ALL: ""}


def test_what_does_not_add_up_brings_its_own_total() -> None:
    """An organisation of two sectors counts in both, and once in the whole."""
    cube = Cube((True, False), LEAST)
    for sector in ("a", "b", ALL):
        cube.add(("A", sector), 10, 5, BITS.of({1, 2, 3}), BITS.of({4, 5, 6}))
    published = cube.published()
    assert (published["A", "a"].n, published["A", ALL].n, published[ALL, ALL].n) == (10, 10, 10)
    assert published[ALL, ALL].amount == 5
