"""Answers that what the portal knows makes impossible: more people than a room holds, more days than are left to think.

A text that affirms them would be signed untrue: they are refused where they are said, and before anybody agrees.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from loans import agreements
from loans.models import Agreement
from mutualisation.kernel.moments import day_in_words, wall

PEOPLE, ROOM, THINKING = "personnes_prevues", "local.capacite", "reflexion_jours"


def wrong(agreement: Agreement, values: Mapping[str, Any], fields: Collection[str] | None = None) -> dict[str, str]:
    """What can't be, by the answer to correct: among ``fields`` when only these are asked now."""
    found = {}
    for names, sentence in ((_room_of(values), _too_many(values)), ((THINKING,), _too_long(agreement, values))):
        name = next((one for one in names if fields is None or one in fields), "")
        if name and sentence:
            found[name] = sentence
    return found


def in_sentence(agreement: Agreement) -> str:
    """The first answer of the text that can't be, with its name; empty when all of them can."""
    for name, sentence in wrong(agreement, agreement.values).items():
        label = agreements.blanks(agreement)[name].label
        return _("Rien n’a changé. À corriger d’abord, « %(label)s » : %(why)s") % {"label": label, "why": sentence}
    return ""


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


def _too_long(agreement: Agreement, values: Mapping[str, Any]) -> str:
    days = _number(values.get(THINKING))
    drawn, first = wall(agreement.created_at).date(), wall(agreement.loan.starts_at).date()
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


def _number(said: Any) -> int | None:
    """A number that was answered; a text that is not one is refused elsewhere."""
    text = str(said).replace("\u00a0", "").replace(" ", "")
    return int(text) if text.isdecimal() else None
