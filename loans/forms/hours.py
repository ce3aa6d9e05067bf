"""How long a person worked on one date of her loan, as people write it, to the minute."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from directory.forms.fields import WrittenField
from loans import hours
from loans.forms.request import dressed
from loans.models import LoanDate, LoanEvent

LONGEST = 200
_CLOCK = re.compile(r"(\d{1,3})\s*(?:[hH:]|heures?)\s*(\d{2})")
_DECIMAL = re.compile(r"(\d{1,3})(?:[.,](\d{1,2}))?\s*(?:[hH]|heures?)?")


class HoursField(forms.CharField):
    """« 7 h 30 », « 7:30 », « 7,5 », « 7 »: minutes."""

    def clean(self, value: Any) -> int:
        text = str(super().clean(value)).strip()
        if (found := _CLOCK.fullmatch(text)) and int(found[2]) < 60:
            return 60 * int(found[1]) + int(found[2])
        if found := _DECIMAL.fullmatch(text):
            return round(60 * float(f"{found[1]}.{found[2] or 0}"))
        raise ValidationError(_("Écrivez des heures, comme 7 h 30, 7:30 ou 7,5."))


class HoursForm(forms.Form):
    """The hours of one date and a word about them; ``before`` is what was noted last."""

    minutes = HoursField(
        label=gettext_lazy("Heures faites"), max_length=12, help_text=gettext_lazy("Comme 7 h 30 ou 7,5."),
        error_messages={"required": gettext_lazy("Écrivez combien d’heures ont été faites; 0 si aucune.")},
    )  # fmt: skip
    note = WrittenField(label=gettext_lazy("Précision"), max_length=LONGEST, required=False)

    def __init__(self, data: Any = None, *, date: LoanDate, before: LoanEvent | None) -> None:
        initial = {"minutes": hours.in_words(before.data["minutes"]), "note": before.note} if before else {}
        super().__init__(data, initial=initial, auto_id=f"heures-{date.pk}-%s")
        self.date, self.before = date, before
        dressed(self)

    def clean_minutes(self) -> int:
        said: int = self.cleaned_data["minutes"]
        if said > (longest := hours.most(self.date)):
            raise ValidationError(_("Une journée compte 24 heures : écrivez au plus %(n)s pour cette date.") % {
                "n": hours.in_words(longest)
            })  # fmt: skip
        if not said and not self.before:
            raise ValidationError(_("Zéro ne se note pas : si rien n’a été fait, laissez cette date sans heures."))
        return said

    @property
    def seen(self) -> int:
        """The noting that the page shows."""
        return self.before.pk if self.before else 0
