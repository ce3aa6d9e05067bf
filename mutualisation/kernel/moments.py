"""From what people say (a day, an hour on the wall) to instants: the hour that doesn't exist, the one that comes twice.

Everything is stored in UTC and reasoned about in ``TIME_ZONE``. Periods are half-open: what ends at noon leaves noon.
"""

from __future__ import annotations

import datetime
import re
import unicodedata
from typing import Any, NamedTuple

from django.core.exceptions import ValidationError
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

Period = Any  # a DateTimeTZRange with both bounds, whose class depends on the driver
DAY = datetime.timedelta(days=1)
MONTHS = "janvier février mars avril mai juin juillet août septembre octobre novembre décembre".split()
_PLAIN_MONTHS = "janvier fevrier mars avril mai juin juillet aout septembre octobre novembre decembre".split()
_PLAIN_WEEKDAYS = "lundi mardi mercredi jeudi vendredi samedi dimanche".split()


def moment(day: datetime.date, hour: datetime.time) -> datetime.datetime:
    """The instant when a wall clock shows that. Raises ValidationError when none, or two, do (clock changes)."""
    zone = timezone.get_default_timezone()
    naive = datetime.datetime.combine(day, hour)
    first, second = naive.replace(tzinfo=zone, fold=0), naive.replace(tzinfo=zone, fold=1)
    if first.utcoffset() == second.utcoffset():
        return first.astimezone(datetime.UTC)
    shown = clock(hour)
    if first.astimezone(datetime.UTC).astimezone(zone).replace(tzinfo=None) != naive:
        raise ValidationError(
            _("Ce jour-là, l’horloge avance d’une heure : %(hour)s n’existe pas. Choisissez une heure plus tard.")
            % {"hour": shown},
            code="skipped_hour",
        )
    raise ValidationError(
        _("Ce jour-là, l’horloge recule : %(hour)s arrive deux fois. Choisissez une heure avant ou après.")
        % {"hour": shown},
        code="repeated_hour",
    )


def span(start: datetime.datetime, end: datetime.datetime) -> Period:
    """The period from an instant to another, which it leaves out."""
    return DateTimeTZRange(start, end, "[)")


def whole_days(first: datetime.date, last: datetime.date) -> Period:
    """From the midnight that begins a day to the one that ends another: 23 or 25 hours when the clock changes."""
    midnight = datetime.time()
    return span(moment(first, midnight), moment(last + DAY, midnight))


def wall(instant: datetime.datetime) -> datetime.datetime:
    """What a wall clock shows then, without zone."""
    return timezone.make_naive(instant, timezone.get_default_timezone())


def wall_minutes(period: Period) -> int:
    """How long on the clock: from 9 h to 9 h the next day is 1,440 minutes, whatever the clock did in between."""
    return round((wall(period.upper) - wall(period.lower)).total_seconds() / 60)


class DayTyped(NamedTuple):
    """What was typed of a day: it may be on no calendar, or not on the weekday said (Monday is 0)."""

    year: int
    month: int
    day: int
    weekday: int | None = None


def day_as_typed(text: str) -> DayTyped | None:
    """What « 2026-12-17 », « 17/12/26 », « le 17 déc. 2026 », « jeudi, 17 décembre 2026 » say; None for the rest."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", text.lower()) if not unicodedata.combining(c))
    plain = " ".join(plain.split()).removeprefix("le ")
    weekday = None
    if found := re.match(r"([a-z]{3,8})[.,]{0,2} (?=\d)", plain):
        weekday = next((n for n, name in enumerate(_PLAIN_WEEKDAYS) if name.startswith(found[1])), None)
        plain = plain[found.end() :] if weekday is not None else plain
    if found := re.fullmatch(r"(\d{4})([-/. ])(\d{1,2})\2(\d{1,2})", plain):
        return DayTyped(int(found[1]), int(found[3]), int(found[4]), weekday)
    if found := re.fullmatch(r"(\d{1,2})([-/. ])(\d{1,2})\2(\d{4}|\d{2})", plain):
        year = int(found[4]) + (2000 if len(found[4]) == 2 else 0)
        return DayTyped(year, int(found[3]), int(found[1]), weekday)
    found = re.fullmatch(r"(\d{1,2})(?:er)?[ -]?([a-z]{3,})\.?[ ,-]*(\d{4})", plain)
    if not found:
        return None
    named = [n for n, month in enumerate(_PLAIN_MONTHS, 1) if month.startswith(found[2])]
    return DayTyped(int(found[3]), named[0], int(found[1]), weekday) if len(named) == 1 else None


def read_hour(text: str) -> datetime.time | None:
    """An hour as typed, « 18:30 », « 18 h 30 », « 18h »; None when it is none."""
    found = re.fullmatch(r"(\d{1,2})\s*[hH:]\s*(\d{2})?", text.strip())
    if not found or int(found[1]) > 23 or int(found[2] or 0) > 59:
        return None
    return datetime.time(int(found[1]), int(found[2] or 0))


def clock(hour: datetime.time) -> str:
    """« 18 h », « 9 h 30 »."""
    return f"{hour.hour}\u00a0h\u00a0{hour.minute:02d}" if hour.minute else f"{hour.hour}\u00a0h"


def day_in_words(day: datetime.date, shape: str = "l j F Y") -> str:
    """A day in the reader’s language, the first of a month as French says it: « mardi 1er décembre 2026 »."""
    said = date_format(day, shape)
    return f" {said} ".replace(" 1 ", " 1er ", 1).strip(" ") if day.day == 1 and _("fr") == "fr" else said


def moment_in_words(instant: datetime.datetime, shape: str = "j F Y") -> str:
    """« 21 novembre 2026, 10 h 13 », in local time."""
    shown = wall(instant)
    return f"{day_in_words(shown, shape)}, {clock(shown.time())}"


def in_words(period: Period, *, year: bool = True) -> str:
    """« le samedi 21 novembre 2026, de 18 h à 21 h », « du lundi 2 mars 2026, 9 h, au mardi 3 mars 2026, 17 h »."""
    shape = "l j F Y" if year else "l j F"
    start, end = wall(period.lower), wall(period.upper) if period.upper else None
    first = day_in_words(start, shape)
    if end is None:
        return _("à partir du %(day)s, %(hour)s") % {"day": first, "hour": clock(start.time())}
    if start.time() == end.time() == datetime.time():
        last = end - DAY
        if last.date() == start.date():
            return _("le %(day)s") % {"day": first}
        return _("du %(a)s au %(b)s") % {"a": first, "b": day_in_words(last, shape)}
    hours = {"day": first, "a": clock(start.time()), "b": clock(end.time())}
    if start.date() == end.date():
        return _("le %(day)s, de %(a)s à %(b)s") % hours
    if end.time() == datetime.time() and end.date() - start.date() == DAY:
        return _("le %(day)s, de %(a)s à minuit") % hours
    return _("du %(day)s, %(a)s, au %(last)s, %(b)s") % {**hours, "last": day_in_words(end, shape)}
