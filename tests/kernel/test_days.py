"""A day as people type it: the same in every form; what is no day gets a sentence that says how."""

from __future__ import annotations

import datetime
import re
from pathlib import Path

import pytest
from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.formats import date_format

from mutualisation.kernel.days import DayField, read_day
from mutualisation.kernel.moments import moment_in_words

DAY = datetime.date(2026, 12, 17)


class DayForm(forms.Form):
    day = DayField()


@pytest.mark.parametrize(
    "typed",
    [
        "2026-12-17", "2026/12/17", "17/12/2026", "17-12-2026", "17.12.2026", "17 décembre 2026", "17 Decembre 2026",
        "le 17 déc. 2026", "17 déc 2026", "jeudi 17 décembre 2026", "le jeudi 17\u00a0décembre\u00a02026",
        " 17 dec. 2026 ", "17/12/26", "17-12-26", "jeudi, 17 décembre 2026", "jeu. 17 déc. 2026", "Jeudi 17/12/2026",
        "le jeudi, 17-12-2026",
    ],
)  # fmt: skip
def test_a_day_is_read_as_people_write_it(typed: str) -> None:
    assert read_day(typed) == DAY
    assert DayForm({"day": typed}).is_valid()


@pytest.mark.parametrize(
    ("typed", "day"),
    [("1er mars 2027", (2027, 3, 1)), ("3 mai 2027", (2027, 5, 3)), ("4 juil. 2027", (2027, 7, 4)),
     ("4 juin 2027", (2027, 6, 4)), ("9 août 2027", (2027, 8, 9)), ("29 févr. 2028", (2028, 2, 29)),
     ("05/03/2027", (2027, 3, 5))],
)  # fmt: skip
def test_days_before_months(typed: str, day: tuple[int, int, int]) -> None:
    assert read_day(typed) == datetime.date(*day)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("demain", "Écrivez la date ainsi : 2026-12-17, 17/12/2026 ou 17 décembre 2026."),
        ("12/17/2026", "Écrivez la date ainsi"),
        ("17 jui 2026", "Écrivez la date ainsi"),
        ("29 février 2027", "Le 29 février 2027 n’existe pas"),
        ("31/04/2027", "Le 31 avril 2027 n’existe pas"),
        ("17 décembre 0026", "hors du calendrier"),
        ("1er janvier 1001", "L’année 1001 est hors du calendrier : écrivez une date entre 1900 et"),
        ("1899-12-31", "hors du calendrier"),
        ("1er janvier 3026", "L’année 3026 est hors du calendrier"),
        ("vendredi 17 décembre 2026", "Le 17 décembre 2026 est un jeudi\u00a0: vérifiez la date."),
        ("ven., 17/12/26", "Le 17 décembre 2026 est un jeudi\u00a0: vérifiez la date."),
        ("lundi 1er décembre 2026", "Le 1er décembre 2026 est un mardi\u00a0: vérifiez la date."),
        ("mercredi 31 juin 2027", "Le 31 juin 2027 n’existe pas"),
        ("truc 17 décembre 2026", "Écrivez la date ainsi"),
        ("0/12/2026", "Écrivez la date ainsi"),
        ("", "Écrivez une date"),
        ("٣/١٢/٢٠٢٦x", "Écrivez la date ainsi"),
    ],
)
def test_what_is_no_day_gets_a_sentence_and_stays_typed(typed: str, said: str) -> None:
    form = DayForm({"day": typed})
    assert not form.is_valid()
    assert said in form.errors["day"][0]
    if "hors du calendrier" not in said:
        with pytest.raises(ValidationError):
            read_day(typed)
    assert f'value="{typed}"' in str(form["day"]) or not typed


def test_the_hint_and_the_calendar_come_with_the_field() -> None:
    field = DayForm()["day"]
    assert "17 décembre 2026" in str(field.help_text)
    assert 'type="text"' in str(field)
    assert 'data-pick="id_day"' in str(field)
    assert 'value="2026-12-17"' in str(DayForm(initial={"day": DAY})["day"])


def test_hours_are_said_as_in_quebec() -> None:
    at = datetime.datetime(2026, 11, 21, 15, 13, tzinfo=datetime.UTC)
    assert moment_in_words(at) == "21 novembre 2026, 10\u00a0h\u00a013"
    assert date_format(at, "DATETIME_FORMAT").endswith(", 15\u00a0h\u00a013")


def test_no_page_shows_an_hour_with_a_colon() -> None:
    """In the address of a link, or in what is typed, it may."""
    shown = re.compile(r"(?<!=)\{\{[^}]*\|(?:date|time):.[^'\"}]*[GHg]:i")
    found = [
        str(path) for path in Path(settings.BASE_DIR, "templates").rglob("*.*") if shown.search(path.read_text("utf-8"))
    ]
    assert found == []
