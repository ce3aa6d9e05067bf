"""Why something can't be had then, in sentences for whoever asked: one a rule of the calendar."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from directory.models import Resource
from directory.opening import CLOSED, Opening, closed_sentence, duration
from mutualisation.kernel.moments import Period, wall


@dataclass(frozen=True)
class Refusal:
    """One reason why not. ``code`` is one of the calendar’s RULES; the sentence is for whoever asked.

    ``all_day``: closed from morning to night, so that the day is to change, not its hours.
    """

    code: str
    sentence: str
    all_day: bool = False


def taken_words(free: int) -> str:
    """« Il n’en reste que 3 libres à ce moment-là. »"""
    if not free:
        return _("C’est déjà pris à ce moment-là.")
    said = ngettext(
        "Il n’en reste que %(n)d libre à ce moment-là.", "Il n’en reste que %(n)d libres à ce moment-là.", free
    )
    return said % {"n": free}


def refusal(code: str, resource: Resource, period: Period, quantity: int, opening: Opening | None = None) -> Refusal:
    """For every rule but « taken », which depends on how many are free. ``opening``: its hours, once read."""
    if code not in CLOSED:
        return Refusal(code, _sentence(code, resource, quantity))
    opening = opening or Opening.of([resource])
    day = wall(period.lower if code == "closed_start" else period.upper).date()
    said = closed_sentence(resource, day, code, opening)
    return Refusal(code, said, all_day=not opening.hours(resource, day))


def _sentence(code: str, resource: Resource, quantity: int) -> str:
    if code == "too_soon":
        return _("Il faut demander au moins %(time)s d’avance.") % {"time": duration(resource.notice_hours * 60)}
    if code == "too_far":
        return _("On ne demande pas plus de %(days)d jours d’avance.") % {"days": resource.horizon_days}
    if code == "too_short":
        return _("C’est trop court : au moins %(time)s.") % {"time": duration(resource.min_minutes or 0)}
    if code == "too_long":
        return _("C’est trop long : au plus %(time)s.") % {"time": duration(resource.max_minutes or 0)}
    if code == "too_many":
        return ngettext(
            "Il y en a %(n)d en tout, pas %(asked)d.", "Il y en a %(n)d en tout, pas %(asked)d.", resource.quantity
        ) % {"n": resource.quantity, "asked": quantity}
    return {
        "paused": _("Cette ressource est en pause : elle ne se demande pas en ce moment."),
        "past": _("Ce moment est déjà passé."),
    }[code]
