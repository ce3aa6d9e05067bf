"""« Libre du … au … »: what the address of a list asks of the calendar, understood or told."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from mutualisation.kernel import moments
from mutualisation.kernel.days import read_day
from mutualisation.kernel.moments import DAY, Period

FARTHEST = 5 * 366  # days: beyond, it is a slip of the finger
MOST = 100_000


@dataclass(frozen=True)
class Wanted:
    """When, how many, and what was not understood. Without ``period``, time filters nothing."""

    period: Period = None
    days_only: bool = True
    quantity: int = 1
    notices: tuple[str, ...] = field(default=())

    @property
    def words(self) -> str:
        return moments.in_words(self.period) if self.period else ""


def wanted(data: Mapping[str, Any]) -> Wanted:
    """Read ``du``, ``au``, ``de``, ``a`` and ``quantite``: what makes no sense is left aside, with a sentence."""
    asked = {name: " ".join(str(data.get(name) or "").split())[:60] for name in ("du", "au", "de", "a", "quantite")}
    said: list[str] = []
    quantity = _quantity(asked["quantite"], said)
    days = _days(asked["du"], asked["au"], said)
    if days is None:
        if (asked["de"] or asked["a"]) and not asked["du"] and not asked["au"]:
            said.append(_("Des heures demandent un jour : elles ont été laissées de côté."))
        return Wanted(quantity=quantity, notices=tuple(said))
    hours = _hours(asked["de"], asked["a"], said)
    try:
        if hours is None:
            return Wanted(moments.whole_days(*days), True, quantity, tuple(said))
        start, end = moments.moment(days[0], hours[0]), _end(days[1], hours[1])
    except ValidationError as error:
        return Wanted(quantity=quantity, notices=(*said, *error.messages))
    if end <= start:
        said.append(_("L’heure de fin suit l’heure de début : le filtre « Libre » a été laissé de côté."))
    elif start < timezone.now():
        said.append(_("Ce moment est déjà passé : le filtre « Libre » a été laissé de côté."))
    else:
        return Wanted(moments.span(start, end), False, quantity, tuple(said))
    return Wanted(quantity=quantity, notices=tuple(said))


def _end(day: datetime.date, hour: datetime.time) -> datetime.datetime:
    """Midnight, as an end, is the one that ends the day."""
    return moments.moment(day + DAY if hour == datetime.time() else day, hour)


def _quantity(text: str, said: list[str]) -> int:
    if not text:
        return 1
    if text.isascii() and text.isdigit() and 1 <= int(text) <= MOST:
        return int(text)
    said.append(_("« %(value)s » n’est pas une quantité : elle a été laissée de côté.") % {"value": text})
    return 1


def _days(first: str, last: str, said: list[str]) -> tuple[datetime.date, datetime.date] | None:
    """The first and the last day; the first alone is that day."""
    if not first and not last:
        return None
    if not first:
        said.append(_("Dites aussi à partir de quel jour : le filtre « Libre » a été laissé de côté."))
        return None
    try:
        start = read_day(first)
        end = read_day(last) if last else start
    except ValidationError as error:
        said += error.messages
        return None
    today = timezone.localdate()
    if end < start:
        said.append(_("Le dernier jour précède le premier : le filtre « Libre » a été laissé de côté."))
    elif start < today:
        said.append(
            _("Le %(day)s est déjà passé : le filtre « Libre » a été laissé de côté.")
            % {"day": date_format(start, "j F Y")}
        )
    elif (end - today).days > FARTHEST:
        said.append(_("C’est trop loin dans le temps : le filtre « Libre » a été laissé de côté."))
    else:
        return start, end
    return None


def _hours(first: str, last: str, said: list[str]) -> tuple[datetime.time, datetime.time] | None:
    """From one hour to another, both or none."""
    if not first and not last:
        return None
    if not (first and last):
        said.append(_("Dites les deux heures, de début et de fin : elles ont été laissées de côté."))
        return None
    found = [moments.read_hour(text) for text in (first, last)]
    for text, hour in zip((first, last), found, strict=True):
        if hour is None:
            said.append(_("« %(value)s » n’est pas une heure : écrivez 18:30 ou 18 h 30.") % {"value": text})
    start, end = found
    return (start, end) if start is not None and end is not None else None
