"""Answers that can't be: half a person, more people than a room holds, more days or hours than there are.

A text that affirms them would be signed untrue: the verbs refuse them where they are said and before anybody agrees,
and what a loan that changed makes impossible is asked anew.
"""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Collection, Mapping
from decimal import ROUND_DOWN, Decimal
from typing import Any

from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from loans.models import Agreement, Loan
from loans.recurrence import within_days
from mutualisation.kernel.moments import day_in_words, wall
from toolbox.composing import Blank
from toolbox.conditions import is_filled

PEOPLE, ROOM, THINKING, HOURS = "personnes_prevues", "local.capacite", "reflexion_jours", "heures_semaine"


class Impossible(Exception):  # noqa: N818 - it is an answer, not a fault
    """Answers that can't be; ``why``: a sentence for each, by its name."""

    def __init__(self, why: Mapping[str, str]) -> None:
        super().__init__(" ".join(why.values()))
        self.why = why


def wrong(
    loan: Loan, values: Mapping[str, Any], fields: Collection[str] | None = None, *, drawn: datetime.date,
    blanks: Mapping[str, Blank],
) -> dict[str, str]:  # fmt: skip
    """What can't be, by the answer to correct: among ``fields`` when only these are said now.

    ``drawn``: the day the text was drawn up; ``blanks``: what it asks.
    """
    said = values.keys() if fields is None else values.keys() & fields
    found = {name: why for name in said if name in blanks and (why := blanks[name].miscounted(values[name]))}
    checks = (
        (_room_of(values), _too_many(values)), ((THINKING,), _too_long(loan, values, drawn)),
        ((HOURS,), _too_busy(loan, values)),
    )  # fmt: skip
    for names, sentence in checks:
        name = next((one for one in names if fields is None or one in fields), "")
        if name and sentence:
            found.setdefault(name, sentence)
    return found


def refuse(
    loan: Loan, values: Mapping[str, Any], fields: Collection[str] | None = None, *, drawn: datetime.date,
    blanks: Mapping[str, Blank],
) -> None:  # fmt: skip
    """Raises ``Impossible`` when something of this can't be."""
    if found := wrong(loan, values, fields, drawn=drawn, blanks=blanks):
        raise Impossible(found)


def only(loan: Loan, values: Mapping[str, Any], *, drawn: datetime.date, blanks: Mapping[str, Blank]) -> dict[str, Any]:
    """These values less those that can't be: they are asked anew."""
    gone = wrong(loan, values, drawn=drawn, blanks=blanks)
    return {name: value for name, value in values.items() if name not in gone}


def _room_of(values: Mapping[str, Any]) -> tuple[str, ...]:
    return (PEOPLE, ROOM) if PEOPLE in values else ()


def _too_many(values: Mapping[str, Any]) -> str:
    people, room = _number(values.get(PEOPLE)), _number(values.get(ROOM))
    if people is None or room is None or people <= room:
        return ""
    said = ngettext(
        "Le local ne peut recevoir que %(room)d personne, et la réponse en prévoit %(people)d : mettez au plus "
        "%(room)d.",
        "Le local ne peut recevoir que %(room)d personnes, et la réponse en prévoit %(people)d : mettez au plus "
        "%(room)d.", room,
    )  # fmt: skip
    return said % {"room": room, "people": people}


def _too_long(loan: Loan, values: Mapping[str, Any], drawn: datetime.date) -> str:
    days, first = _number(values.get(THINKING)), wall(loan.starts_at).date()
    most = max(0, (first - drawn).days)
    if days is None or days <= most:
        return ""
    said = ngettext(
        "Le texte est dressé le %(drawn)s et le prêt commence le %(first)s, soit %(most)d jour : on ne peut pas en "
        "donner %(days)d pour réfléchir. Mettez au plus %(most)d, ou proposez que le prêt commence plus tard.",
        "Le texte est dressé le %(drawn)s et le prêt commence le %(first)s, soit %(most)d jours : on ne peut pas en "
        "donner %(days)d pour réfléchir. Mettez au plus %(most)d, ou proposez que le prêt commence plus tard.", most,
    )  # fmt: skip
    words = {"drawn": day_in_words(drawn, "j F Y"), "first": day_in_words(first, "j F Y")}
    return said % {**words, "most": most, "days": days}


def _too_busy(loan: Loan, values: Mapping[str, Any]) -> str:
    """More hours a week than the dates have, where they say the hours."""
    if not is_filled(hours := values.get(HOURS)):
        return ""
    periods = [date.period for date in loan.dates.filter(cancelled_at__isnull=True)]
    if not periods or not within_days(periods):
        return ""
    weeks: Counter[tuple[int, int]] = Counter()
    for period in periods:
        weeks[wall(period.lower).isocalendar()[:2]] += int((period.upper - period.lower).total_seconds())
    most = Decimal(max(weeks.values())) / 3600
    if Decimal(str(hours)) <= most:
        return ""
    words = {"most": _in_words(most), "hours": _in_words(Decimal(str(hours)))}
    return _("Les dates de ce prêt font au plus %(most)s h par semaine, et la réponse en dit %(hours)s : mettez au "
             "plus %(most)s, ou proposez d’autres dates.") % words  # fmt: skip


def _in_words(hours: Decimal) -> str:
    """« 7 », « 7,5 »: never more than the hours that there are."""
    kept = hours.quantize(Decimal("0.01"), ROUND_DOWN)
    return number_format(int(kept) if kept == int(kept) else kept.normalize(), use_l10n=True)


def too_soon(agreement: Agreement) -> str:
    """Said to the person who would sign before the time to think that the text gives her; empty otherwise."""
    days = _number(agreement.values.get(THINKING))
    passed = (timezone.localdate() - agreement.drawn_on).days
    if days is None or passed >= days or agreement.amends_id:
        return ""
    said = ngettext(
        "Le texte dit que vous avez eu %(days)d jour pour réfléchir; il est du %(drawn)s. Rien ne vous presse : vous "
        "pouvez signer plus tard.",
        "Le texte dit que vous avez eu %(days)d jours pour réfléchir; il est du %(drawn)s. Rien ne vous presse : vous "
        "pouvez signer plus tard.", days,
    )  # fmt: skip
    return said % {"days": days, "drawn": day_in_words(agreement.drawn_on, "j F Y")}


def _number(said: Any) -> int | None:
    """A number that was answered; a text that is not one is refused elsewhere."""
    text = str(said).replace("\u00a0", "").replace(" ", "")
    return int(text) if text.isdecimal() else None
