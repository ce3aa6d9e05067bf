"""Hours, dollars and periods of contributions, as people read them: only the units that were said."""

from __future__ import annotations

import datetime
from decimal import Decimal

from django.utils import dates, formats
from django.utils.translation import gettext as _

from mutualisation.kernel.moments import day_in_words

BY_THE_HOUR = {"heure", "l'heure", "de l'heure", "par heure", "à l'heure", "/h", "/ h", "/heure"}


def number(value: Decimal | int, *, cents: bool = False) -> str:
    """« 1 250,5 », « 30 »; with ``cents``, both of them or none."""
    amount = Decimal(value).normalize()
    exponent = amount.as_tuple().exponent
    places = -exponent if isinstance(exponent, int) and exponent < 0 else 0
    return formats.number_format(amount, decimal_pos=2 if cents and places else min(places, 2), force_grouping=True)


def dollars(value: Decimal | int) -> str:
    """« 25 $ », « 1 250,50 $ »."""
    return f"{number(value, cents=True)}\u00a0$"


def quantity(hours: Decimal | int, amount: Decimal | int) -> str:
    """« 30 h, 750 $ », « 400 $ », « 12,5 h »: nothing of what is not counted."""
    said = [f"{number(hours)}\u00a0h"] if hours else []
    return ", ".join([*said, dollars(amount)] if amount else said)


def paid(price: Decimal, unit: str, hours: Decimal | int = 0) -> str:
    """« prêt payé, 18 $ l’heure, 27 $ pour 1,5 h »: in all only for a price by the hour, once there are hours."""
    said = _("prêt payé, %(price)s %(unit)s") % {"price": dollars(price), "unit": unit}
    if not hours or unit.replace("’", "'").strip().lower() not in BY_THE_HOUR:
        return said
    in_all = {"said": said, "sum": dollars((price * hours).quantize(Decimal("0.01"))), "hours": number(hours)}
    return _("%(said)s, %(sum)s pour %(hours)s h") % in_all


def period(begins: datetime.date | None, ends: datetime.date | None) -> str:
    """« dès le 1er mars 2027 », « du 5 janvier au 28 février 2027 », « jusqu’au… »; nothing without a date."""
    if begins and begins == ends:
        return _("le %(day)s") % {"day": day_in_words(begins, "j F Y")}
    if begins and ends:
        shape = "j F" if begins.year == ends.year else "j F Y"
        words = {"first": day_in_words(begins, shape), "last": day_in_words(ends, "j F Y")}
        return _("du %(first)s au %(last)s") % words
    if begins:
        return _("dès le %(day)s") % {"day": day_in_words(begins, "j F Y")}
    return _("jusqu’au %(day)s") % {"day": day_in_words(ends, "j F Y")} if ends else ""


def year_head(begins: int) -> str:
    """How a year is called when it begins in that month: « Année », « Exercice (avril à mars) »."""
    if begins == 1:
        return _("Année")
    said = {"first": dates.MONTHS[begins], "last": dates.MONTHS[begins - 1]}
    return _("Exercice (%(first)s à %(last)s)") % said
