"""Repeated dates: the same hours on the wall, in whichever week, and in words."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from loans.recurrence import Every, Recurrence, expand, in_words
from mutualisation.kernel.moments import moment, span, wall

TUESDAY = datetime.date(2026, 9, 8)


def at(day: datetime.date, start: int = 18, end: int = 21) -> Any:
    return span(moment(day, datetime.time(start)), moment(day, datetime.time(end)))


def days(rule: Recurrence, first: datetime.date = TUESDAY) -> list[str]:
    return [f"{wall(p.lower):%m-%d}" for p in expand(at(first), rule)]


def test_eighteen_hours_stay_so_across_both_clock_changes() -> None:
    found = expand(at(TUESDAY), Recurrence(Every.WEEK, datetime.date(2027, 6, 15)))
    assert len(found) == 41
    assert {f"{wall(p.lower):%a %H:%M}" for p in found} == {"Tue 18:00"}
    assert {p.lower.hour for p in found} == {22, 23}


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (Recurrence(Every.WEEK, datetime.date(2026, 9, 22)), ["09-08", "09-15", "09-22"]),
        (Recurrence(Every.WEEKS, datetime.date(2026, 10, 10), 2), ["09-08", "09-22", "10-06"]),
        (Recurrence(Every.MONTH, datetime.date(2026, 12, 31)), ["09-08", "10-13", "11-10", "12-08"]),
        (Recurrence(Every.WEEK, datetime.date(2026, 9, 17), 1, (1, 4)), ["09-10", "09-14", "09-17"]),
        (Recurrence(Every.WEEKS, datetime.date(2026, 9, 25), 2, (2, 4)), ["09-08", "09-10", "09-22", "09-24"]),
    ],
)
def test_each_rule_gives_its_dates(rule: Recurrence, expected: list[str]) -> None:
    assert days(rule) == expected


def test_a_fifth_tuesday_is_skipped_where_there_is_none() -> None:
    assert days(Recurrence(Every.MONTH, datetime.date(2026, 12, 31)), datetime.date(2026, 9, 29)) == ["09-29", "12-29"]


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (Recurrence(Every.WEEK, datetime.date(2056, 9, 8)), "deux ans"),
        (Recurrence(Every.WEEK, datetime.date(2026, 9, 1)), "avant d’avoir commencé"),
        (Recurrence(Every.WEEKS, datetime.date(2026, 12, 1), 40), "de 1 à 26"),
        (Recurrence(Every.WEEK, datetime.date(2026, 9, 9), 1, (5,)), "Aucune date"),
        (Recurrence(Every.WEEK, datetime.date(2027, 9, 8), 1, (1, 2, 3, 4, 5)), "au plus 120"),
    ],
)
def test_a_rule_that_makes_no_sense_says_why(rule: Recurrence, said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        expand(at(TUESDAY), rule)


def test_dates_that_overlap_are_refused() -> None:
    long = span(at(TUESDAY).lower, at(TUESDAY + datetime.timedelta(days=8)).upper)
    with pytest.raises(ValidationError, match="se chevauchent"):
        expand(long, Recurrence(Every.WEEK, datetime.date(2026, 12, 1)))


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (Recurrence(Every.WEEK, datetime.date(2027, 6, 1)), "Les mardis de 18 h à 21 h, jusqu’au 1er juin 2027"),
        (
            Recurrence(Every.WEEKS, datetime.date(2027, 6, 15), 2),
            "Les mardis, une semaine sur 2, de 18 h à 21 h, jusqu’au 15 juin 2027",
        ),
        (
            Recurrence(Every.MONTH, datetime.date(2027, 6, 15)),
            "Chaque mois, le même mardi, de 18 h à 21 h, jusqu’au 15 juin 2027",
        ),
        (
            Recurrence(Every.WEEK, datetime.date(2027, 6, 15), 1, (1, 2, 4)),
            "Les lundis, mardis et jeudis de 18 h à 21 h, jusqu’au 15 juin 2027",
        ),
    ],
)
def test_a_rule_in_words(rule: Recurrence, words: str) -> None:
    assert in_words(at(TUESDAY), rule.as_json()).replace("\u00a0", " ") == words
