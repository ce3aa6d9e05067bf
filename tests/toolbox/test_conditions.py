"""When a clause is in: each comparison, on each sort of answer, on none."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolbox.conditions import COMPARISONS, compare, holds, is_filled

EMPTY = (None, "", "  ", "\n", [], (), [""], [None, " "])
ANSWERS = ("non", 0, "0", False, True, 1.5, ["a"], ["", "a"], "0.00")


@pytest.mark.parametrize("value", EMPTY)
def test_nothing_is_no_answer(value: Any) -> None:
    assert not is_filled(value)
    # what isn't answered only meets « n’est pas » and « n’est pas indiqué »
    assert {c for c in COMPARISONS if compare(c, value, "x")} == {"different", "empty"}


@pytest.mark.parametrize("value", ANSWERS)
def test_no_and_zero_are_answers(value: Any) -> None:
    assert is_filled(value)
    assert compare("filled", value, None)
    assert not compare("empty", value, None)


@pytest.mark.parametrize(
    ("comparison", "value", "wanted", "expected"),
    [
        ("equal", "prix", "prix", True),
        ("equal", "prix", "Prix", False),
        ("equal", "40.00", 40, True),
        ("equal", True, True, True),
        ("equal", False, True, False),
        ("equal", 1, True, False),
        ("equal", "true", True, False),
        ("equal", False, 0, False),
        ("equal", "nan", "nan", True),
        ("equal", "sNaN", "sNaN", True),
        ("equal", "Infinity", "infinity", False),
        ("different", "frais", "prix", True),
        ("different", "prix", "prix", False),
        ("different", False, True, True),
        ("different", "40", "40.00", False),
        ("greater", "101.00", 100, True),
        ("greater", 100, "100", False),
        ("greater", "9", "10", False),
        ("greater", "2027-01-01", "2026-12-31", True),
        ("greater", "sNaN", 3, True),
        ("greater", 10**400, 1, True),
        ("less", "9", "10", True),
        ("less", 0, 1, True),
        ("less", "09:00", "17:30", True),
        ("less", "2027-01-01", "2026-12-31", False),
        ("contains", ["Projecteur et écran", "Tables"], "projecteur", True),
        ("contains", ["Tables"], "projecteur", False),
        ("contains", "Une salle CHAUFFÉE", "chauffée", True),
        ("filled", False, None, True),
        ("empty", 0, None, False),
    ],
)
def test_each_comparison(comparison: str, value: Any, wanted: Any, expected: bool) -> None:
    assert compare(comparison, value, wanted) is expected


def test_a_clause_is_always_there_by_choice_or_when_it_holds() -> None:
    when = {"field": "cout.mode", "comparison": "equal", "value": "prix"}
    assert holds("always", "a", {}, [])
    assert not holds("optional", "a", {}, [])
    assert holds("optional", "a", {}, ["a"])
    assert not holds("optional", "a", {}, ["b"])
    assert holds(when, "a", {"cout.mode": "prix"}, [])
    assert not holds(when, "a", {"cout.mode": "gratuit"}, ["a"])
    assert not holds(when, "a", {}, ["a"])


ANYTHING = st.one_of(
    st.none(), st.booleans(), st.integers(), st.text(), st.decimals(), st.lists(st.text(), max_size=3),
    st.sampled_from(["sNaN", "NaN", "-Infinity", "1e999999", "2026-01-01", "18:00", "40.00"]),
)  # fmt: skip


@given(comparison=st.sampled_from(sorted(COMPARISONS)), value=ANYTHING, wanted=ANYTHING)
def test_any_answer_compares_to_anything(comparison: str, value: Any, wanted: Any) -> None:
    assert compare(comparison, value, wanted) in (True, False)


@given(value=ANYTHING, wanted=ANYTHING)
def test_different_is_what_equal_is_not(value: Any, wanted: Any) -> None:
    assert compare("different", value, wanted) is not compare("equal", value, wanted)
    assert compare("empty", value, wanted) is not compare("filled", value, wanted)
    assert not (compare("greater", value, wanted) and compare("less", value, wanted))
