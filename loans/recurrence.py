"""Repeated dates: every week, every n weeks, every month on the same weekday; always the same hours on the wall."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from directory.opening import clock
from mutualisation.kernel.moments import Period, day_in_words, moment, span, wall

NAMED = 6  # days left out that are named; beyond, they are counted
AT_MOST = 120  # dates: two years of a weekly meeting, a fortnight off at the end of each
LONGEST = datetime.timedelta(days=732)
WEEKDAYS = (
    gettext_noop("lundis"), gettext_noop("mardis"), gettext_noop("mercredis"), gettext_noop("jeudis"),
    gettext_noop("vendredis"), gettext_noop("samedis"), gettext_noop("dimanches"),
)  # fmt: skip


class Every(models.TextChoices):
    WEEK = "week", gettext_lazy("chaque semaine")
    WEEKS = "weeks", gettext_lazy("toutes les … semaines")
    MONTH = "month", gettext_lazy("chaque mois, le même jour de semaine")


@dataclass(frozen=True)
class Recurrence:
    """From a first date, on and on until a day, that day included. ``interval`` is in weeks.

    ``weekdays`` (1 is Monday) are those of each week; none: the first date's.
    """

    every: str
    until: datetime.date
    interval: int = 1
    weekdays: tuple[int, ...] = ()

    def as_json(self) -> dict[str, Any]:
        said: dict[str, Any] = {"every": self.every, "until": self.until.isoformat(), "interval": self.interval}
        return {**said, "weekdays": sorted(self.weekdays)} if self.weekdays else said


def read(said: dict[str, Any]) -> Recurrence:
    """A rule as ``as_json`` wrote it. Raises KeyError or ValueError when it is none."""
    until = datetime.date.fromisoformat(said["until"])
    return Recurrence(said["every"], until, int(said.get("interval") or 1), tuple(said.get("weekdays") or ()))


def expand(first: Period, rule: Recurrence) -> list[Period]:
    """Every date of a series: 18 h stays 18 h across both clock changes.

    Raises ValidationError when the rule gives too many dates or ends before it begins. Dates at an hour that the
    clock skips or repeats that day are left out.
    """
    start, end = wall(first.lower), wall(first.upper)
    if rule.until < start.date():
        raise ValidationError(_("La répétition finit avant d’avoir commencé : choisissez une date plus tard."))
    if rule.until - start.date() > LONGEST:
        raise ValidationError(_("Une répétition dure au plus deux ans : choisissez une date plus proche."))
    if rule.every == Every.WEEKS and not 1 <= rule.interval <= 26:
        raise ValidationError(_("L’intervalle va de 1 à 26 semaines."))
    length = end - start
    found: list[Period] = []
    for day in _days(start.date(), rule):
        begin = datetime.datetime.combine(day, start.time())
        finish = begin + length
        try:
            found.append(span(moment(begin.date(), begin.time()), moment(finish.date(), finish.time())))
        except ValidationError:
            continue
    if not found:
        raise ValidationError(_("Aucune date : choisissez une fin plus tard, ou d’autres jours."))
    if len(found) > AT_MOST:
        raise ValidationError(
            _("Cela fait %(n)d dates, et une demande en compte au plus %(most)d.") % {"n": len(found), "most": AT_MOST}
        )
    for one, two in pairwise(found):
        if two.lower < one.upper:
            raise ValidationError(_("Ces dates se chevauchent : raccourcissez-les ou espacez-les."))
    return found


def _days(first: datetime.date, rule: Recurrence) -> list[datetime.date]:
    if rule.every == Every.MONTH:
        return _monthly(first, rule.until)
    monday = first - datetime.timedelta(days=first.weekday())
    days = []
    while monday <= rule.until:
        week = [monday + datetime.timedelta(days=n - 1) for n in rule.weekdays or (first.isoweekday(),)]
        days += [day for day in sorted(week) if first <= day <= rule.until]
        monday += datetime.timedelta(weeks=rule.interval if rule.every == Every.WEEKS else 1)
    return days


def _monthly(first: datetime.date, until: datetime.date) -> list[datetime.date]:
    """The same weekday of the same rank (the second Tuesday); a fifth one is skipped in months that have four."""
    rank, weekday = (first.day - 1) // 7, first.weekday()
    days, year, month = [], first.year, first.month
    while (year, month) <= (until.year, until.month):
        begins = datetime.date(year, month, 1)
        day = begins + datetime.timedelta(days=(weekday - begins.weekday()) % 7 + 7 * rank)
        if day.month == month and first <= day <= until:
            days.append(day)
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    return days


def in_words(first: Period, recurrence: dict[str, Any] | None) -> str:
    """« Les mardis de 18 h à 21 h, jusqu’au 15 juin 2027 »."""
    if not recurrence:
        return ""
    start, end = wall(first.lower), wall(first.upper)
    until = day_in_words(datetime.date.fromisoformat(recurrence["until"]), "j F Y")
    hours = {"a": clock(start.time()), "b": clock(end.time()), "until": until}
    chosen = [_(WEEKDAYS[n - 1]) for n in recurrence.get("weekdays") or (start.isoweekday(),)]
    weekdays = _(" et ").join(filter(None, [", ".join(chosen[:-1]), chosen[-1]]))
    if recurrence["every"] == Every.MONTH:
        said = _("Chaque mois, le même %(day)s, de %(a)s à %(b)s, jusqu’au %(until)s")
        if start.day > 28:
            said = _("Le cinquième %(day)s, les mois qui en ont un, de %(a)s à %(b)s, jusqu’au %(until)s")
        return said % {**hours, "day": date_format(start, "l")}
    if recurrence["every"] == Every.WEEKS and recurrence["interval"] > 1:
        said = _("Les %(days)s, une semaine sur %(n)d, de %(a)s à %(b)s, jusqu’au %(until)s")
        return said % {**hours, "days": weekdays, "n": recurrence["interval"]}
    return _("Les %(days)s de %(a)s à %(b)s, jusqu’au %(until)s") % {**hours, "days": weekdays}


def left_out(periods: Sequence[Period], rule: dict[str, Any] | None) -> list[datetime.date] | None:
    """The days of a rule, before the last of these dates, that they leave out; None when they don't follow it."""
    try:
        planned = expand(periods[0], read(rule or {}))
    except (ValidationError, KeyError, ValueError):
        return None
    held = {period.lower for period in periods}
    if not held <= {period.lower for period in planned}:
        return None
    return [wall(p.lower).date() for p in planned if p.lower not in held and p.lower < max(held)]


def series_in_words(periods: Sequence[Period], rule: dict[str, Any] | None, *, most: int = NAMED) -> str:
    """« Les mardis de 18 h à 21 h, jusqu’au 30 mars 2027, sauf le 2 mars 2027 »; empty when they follow no rule.

    Of more than ``most`` days left out, how many is said.
    """
    missed = left_out(periods, rule)
    if rule is None or missed is None:
        return ""
    last = max(wall(period.lower).date() for period in periods)
    said = {"words": in_words(periods[0], {**rule, "until": last.isoformat()})}
    if not missed:
        return said["words"]
    if len(missed) > most:
        return _("%(words)s, sauf %(n)d dates") % {**said, "n": len(missed)}
    named = [_("le %(day)s") % {"day": day_in_words(day, "j F Y")} for day in missed]
    together = _(" et ").join(filter(None, [", ".join(named[:-1]), named[-1]]))
    return _("%(words)s, sauf %(days)s") % {**said, "days": together}


def within_days(periods: Sequence[Period]) -> bool:
    """Whether these dates say the hours themselves: none goes on from one day to the next."""
    return all(period.upper - period.lower < datetime.timedelta(days=1) for period in periods)
