"""What the forms of projects ask: amounts as people type them, and lines of a few questions."""

from __future__ import annotations

import datetime
import re
from decimal import Decimal
from typing import Any, ClassVar

from django import forms
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from directory.forms import fields as forms_fields
from directory.forms.need import date_field
from directory.forms.rows import Row, RowForm
from directory.forms.written import one_line
from projects.models import ContributionRole, Funding, Nature

ROLES = [("", _("ceux que nous offrons")), *ContributionRole.choices]
_HOURS = re.compile(r"\s*h(?:eures?)?\s*$")
_CLOCK = re.compile(r"\s*([0-9]{1,4})\s*h\s*([0-5][0-9])(?:\s*min)?\s*")


class AmountField(forms_fields.AmountField):
    """Hours or dollars, optional: « 1 200,50 », « 25 $ », « 60 h », « 5 h 30 »."""

    def __init__(self, *, label: Any, digits: int = 11, **kwargs: Any) -> None:
        super().__init__(label=label, **{"required": False, "max_digits": digits, **kwargs})

    def to_python(self, value: Any) -> Any:
        if isinstance(value, str) and (clock := _CLOCK.fullmatch(value)):
            hours, minutes = map(int, clock.groups())
            value = (hours + Decimal(minutes) / 60).quantize(Decimal("0.01"))
        return super().to_python(_HOURS.sub("", value) if isinstance(value, str) else value)

    def prepare_value(self, value: Any) -> Any:
        return written(value) if isinstance(value, Decimal) else value


def written(value: Any) -> str:
    """A value of a line as its input holds it, the same from the database and from a page."""
    if value is None or value == "":
        return ""
    if isinstance(value, Decimal):
        return f"{value.normalize():f}".replace(".", ",")
    return value.isoformat() if isinstance(value, datetime.date) else one_line(str(value))


class LineForm(RowForm):
    """One line of a sheet."""

    def text(self) -> Row:
        return tuple(written(self.cleaned_data[name]) for name in self.fields)


class MilestoneRow(LineForm):
    """A step, with its date."""

    title = forms.CharField(label=_("Jalon"), max_length=140, error_messages={"required": _("nommez ce jalon.")})
    due_on = date_field(_("Prévu le"))
    done_on = date_field(_("Atteint le"))

    def clean_done_on(self) -> datetime.date | None:
        done = self.cleaned_data["done_on"]
        if done and done > timezone.localdate():
            raise forms.ValidationError(gettext("cette date n’est pas encore arrivée."))
        return done


class FundingRow(LineForm):
    """A funder or a programme."""

    silent: ClassVar[tuple[str, ...]] = ("state",)
    funder = forms.CharField(
        label=_("Bailleur ou programme"), max_length=160, error_messages={"required": _("nommez-le.")}
    )
    amount = AmountField(label=_("Montant ($)"))
    starts_on = date_field(_("Du"))
    ends_on = date_field(_("Au"))
    state = forms.ChoiceField(label=_("État"), choices=Funding.State.choices, initial=Funding.State.AIMED)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        return in_order(self, data)


class ContributionRow(LineForm):
    """What one brings."""

    silent: ClassVar[tuple[str, ...]] = ("nature", "role")
    nature = forms.ChoiceField(label=_("Vous apportez"), choices=Nature.choices, initial=Nature.TIME)
    label = forms.CharField(
        label=_("Quoi, en quelques mots"), max_length=160, error_messages={"required": _("dites ce que c’est.")}
    )
    hours = AmountField(label=_("Heures"), digits=9)
    amount = AmountField(label=_("Valeur ($)"))
    starts_on = date_field(_("À partir du"))
    ends_on = date_field(_("Jusqu’au"))
    role = forms.ChoiceField(label=_("Dans quel rôle"), choices=ROLES, required=False)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        money_in_dollars(self, data)
        return in_order(self, data)


def money_in_dollars(form: forms.BaseForm, data: dict[str, Any]) -> None:
    """Money has an amount, and no hours."""
    if data.get("nature") == Nature.MONEY:
        if "amount" not in form.errors and not data.get("amount"):
            form.add_error("amount", gettext("dites combien de dollars."))
        if data.get("hours"):
            form.add_error("hours", gettext("de l’argent ne se compte pas en heures : laissez les heures vides."))


def in_order(form: forms.BaseForm, data: dict[str, Any]) -> dict[str, Any]:
    """Refuses an end before its beginning."""
    start, end = data.get("starts_on"), data.get("ends_on")
    if start and end and end < start:
        form.add_error("ends_on", gettext("la fin ne peut pas précéder le début."))
    return data
