"""The forms of a calendar’s owner: block time, say which days are not ordinary."""

from __future__ import annotations

import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from directory.forms.fields import ClockField
from directory.forms.team import DressedForm
from directory.models import Reason, Resource
from directory.opening import LAST_MINUTE, MIDNIGHT
from mutualisation.kernel import moments
from mutualisation.kernel.days import DayField

FARTHEST = 5 * 366


class DaysForm(DressedForm):
    """From one day to another; the first alone is that day."""

    starts_on = DayField(label=_("Du"))
    ends_on = DayField(label=_("Au"), required=False, help_text=_("Ce jour compris. Vide : un seul jour."))

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        first = data.get("starts_on")
        if not first or "ends_on" in self.errors:
            return data
        data["ends_on"] = data.get("ends_on") or first
        today = timezone.localdate()
        if data["ends_on"] < first:
            self.add_error("ends_on", gettext("Le dernier jour ne précède pas le premier."))
        elif data["ends_on"] < today:
            self.add_error("starts_on", gettext("Ce jour est déjà passé."))
        elif (data["ends_on"] - today).days > FARTHEST:
            self.add_error("ends_on", gettext("C’est trop loin dans le temps : cinq ans au plus."))
        return data

    def both_hours(self, first: str, last: str) -> tuple[datetime.time, datetime.time] | None:
        """The two hours, or none; one alone is told."""
        a, b = self.cleaned_data.get(first), self.cleaned_data.get(last)
        if first in self.errors or last in self.errors or (a is None and b is None):
            return None
        if a is None or b is None:
            self.add_error(first if a is None else last, gettext("Il manque cette heure."))
            return None
        return a, b


class BlockForm(DaysForm):
    """Time taken out of the calendar of a resource."""

    starts_at = ClockField(label=_("À partir de"), required=False, help_text=_("Vide : dès le début du jour."))
    ends_at = ClockField(label=_("Jusqu’à"), required=False, help_text=_("Vide : jusqu’à la fin du jour."))
    quantity = forms.IntegerField(label=_("Combien d’unités"), min_value=1, required=False)
    reason = forms.ChoiceField(
        label=_("Pourquoi"),
        choices=[(Reason.CLOSURE, _("Fermeture ou usage par votre organisme")), (Reason.REPAIR, _("Réparation"))],
        initial=Reason.CLOSURE,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choisissez un motif.")},
    )
    note = forms.CharField(
        label=_("Remarque privée"), max_length=200, required=False, help_text=_("Pour votre équipe seulement.")
    )

    def __init__(self, *args: Any, resource: Resource, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.resource = resource
        field = self.fields["quantity"]
        field.help_text = gettext("Sur %(n)d. Vide : toutes.") % {"n": resource.quantity}
        if resource.quantity == 1:
            del self.fields["quantity"]

    def clean_quantity(self) -> int:
        asked = self.cleaned_data.get("quantity") or self.resource.quantity
        if asked > self.resource.quantity:
            raise ValidationError(gettext("Il y en a %(n)d en tout.") % {"n": self.resource.quantity})
        return asked

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if self.errors:
            return data
        first, last = data["starts_on"], data["ends_on"]
        try:
            start = moments.moment(first, data.get("starts_at") or datetime.time())
        except ValidationError as error:
            self.add_error("starts_at", error)
            return data
        until = data.get("ends_at")
        try:
            # midnight, as an end, is the one that ends the day
            end = moments.moment(last, until) if until not in (None, MIDNIGHT) else moments.whole_days(last, last).upper
        except ValidationError as error:
            self.add_error("ends_at", error)
            return data
        if end <= start:
            self.add_error("ends_at", gettext("L’heure de fin suit l’heure de début."))
        elif end <= timezone.now():
            self.add_error("starts_on", gettext("Ce moment est déjà passé."))
        data["period"] = moments.span(start, end)
        return data


class HoursForm(DaysForm):
    """Days that are not ordinary: closed, or open at other hours."""

    label = forms.CharField(
        label=_("Ce que c’est"), max_length=80, required=False,
        help_text=_("Public : « Congé des Fêtes », « Soirée d’élections »… Jamais le nom d’une personne."),
    )  # fmt: skip
    opens_at = ClockField(label=_("Ouvre à"), required=False, help_text=_("Vide : fermé ces jours-là."))
    closes_at = ClockField(label=_("Ferme à"), required=False)

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        hours = self.both_hours("opens_at", "closes_at")
        if hours and hours[1] == MIDNIGHT:
            hours = (hours[0], LAST_MINUTE)
        data["hours"] = hours
        if hours and hours[1] <= hours[0]:
            self.add_error("closes_at", gettext("La fermeture suit l’ouverture. Elle peut être à minuit."))
        return data
