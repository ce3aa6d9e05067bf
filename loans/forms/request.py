"""The form that asks to borrow: who, when (once or repeated), how many, what for."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from directory import calendar
from directory.forms.fields import WrittenField
from directory.models import Kind, Membership, Resource
from directory.models.kinds import Delivery, Handling
from loans.forms.fields import ClockField, DayField, period_of
from loans.models import LoanHandling
from loans.recurrence import Every, Recurrence, expand
from mutualisation.kernel.moments import Period

ONCE = "once"
REPEATS = [(ONCE, gettext_lazy("Une seule fois")), *((value, capfirst(label)) for value, label in Every.choices)]
WEEKDAYS = [
    (1, gettext_lazy("lun.")), (2, gettext_lazy("mar.")), (3, gettext_lazy("mer.")), (4, gettext_lazy("jeu.")),
    (5, gettext_lazy("ven.")), (6, gettext_lazy("sam.")), (7, gettext_lazy("dim.")),
]  # fmt: skip
SAME_EVERY_TIME = ("paused", "too_many", "too_short", "too_long")
MOST_UNITS = 100_000  # beyond, the database itself could not tell

# Beside which field each refusal of the calendar is said.
BESIDE = {
    "past": "starts_on", "too_soon": "starts_on", "too_far": "starts_on", "closed_start": "starts_at",
    "closed_end": "ends_at", "closed_between": "ends_at", "too_short": "ends_at", "too_long": "ends_at",
    "too_many": "quantity", "taken": "starts_on", "own": "borrower",
    "begun": "starts_on",
}  # fmt: skip
CLOSED_DAYS = {"closed_start": "starts_on", "closed_end": "ends_on"}


def beside(refusal: calendar.Refusal) -> str:
    """The field that would change it: the hour, or the day when all of it is closed."""
    return (CLOSED_DAYS if refusal.all_day else BESIDE).get(refusal.code, "")


def ways_of(resource: Resource) -> list[LoanHandling]:
    """How what is lent may get from one to the other."""
    if resource.kind == Kind.LOCAUX:
        return [LoanHandling.ON_SITE]
    if resource.kind == Kind.MATERIEL:
        return {
            Handling.PICKUP: [LoanHandling.PICKUP],
            Handling.DELIVERY: [LoanHandling.DELIVERY],
        }.get(resource.handling, [LoanHandling.PICKUP, LoanHandling.DELIVERY])  # type: ignore[call-overload]
    return {
        Delivery.ON_SITE: [LoanHandling.ON_SITE],
        Delivery.REMOTE: [LoanHandling.REMOTE],
    }.get(resource.delivery, [LoanHandling.ON_SITE, LoanHandling.REMOTE])  # type: ignore[call-overload]


def dressed(form: forms.Form) -> None:
    """The class names that the style sheets know."""
    for field in form.fields.values():
        widget = field.widget
        if isinstance(widget, forms.RadioSelect | forms.CheckboxSelectMultiple | forms.CheckboxInput):
            widget.attrs.setdefault("class", "form-check-input")
        elif isinstance(widget, forms.Select):
            widget.attrs.setdefault("class", "form-select")
        else:
            widget.attrs.setdefault("class", "form-control")


class RequestForm(forms.Form):
    """Ask for a resource in the name of an organisation. Once valid, ``periods`` are the dates asked for.

    ``refused`` is what the calendar answers to a single date, for ``wanted`` units; a series is looked at later.
    """

    borrower = forms.TypedChoiceField(label=gettext_lazy("Au nom de"), coerce=int)
    starts_on = DayField(label=gettext_lazy("Premier jour"))
    starts_at = ClockField(label=gettext_lazy("De"), help_text=gettext_lazy("Comme 18:00 ou 18\u00a0h."))
    ends_on = DayField(label=gettext_lazy("Dernier jour"), required=False)
    ends_at = ClockField(label=gettext_lazy("À"), help_text=gettext_lazy("Minuit finit la journée."))
    every = forms.ChoiceField(
        label=gettext_lazy("Répéter"), choices=REPEATS, widget=forms.RadioSelect, initial=ONCE, required=False
    )
    interval = forms.IntegerField(
        label=gettext_lazy("Une semaine sur"), required=False, min_value=1, max_value=26, initial=2,
        error_messages={
            "invalid": gettext_lazy("Écrivez un nombre de semaines, comme 2."),
            "min_value": gettext_lazy("L’intervalle va de 1 à 26 semaines."),
            "max_value": gettext_lazy("L’intervalle va de 1 à 26 semaines."),
        },
    )  # fmt: skip
    weekdays = forms.TypedMultipleChoiceField(
        label=gettext_lazy("Quels jours de la semaine"), choices=WEEKDAYS, coerce=int, required=False,
        widget=forms.CheckboxSelectMultiple, help_text=gettext_lazy("Aucun coché : celui du premier jour."),
    )  # fmt: skip
    until = DayField(
        label=gettext_lazy("Jusqu’au"),
        required=False,
        help_text=gettext_lazy("Ce jour compris, dans deux ans au plus."),
    )
    quantity = forms.IntegerField(
        label=gettext_lazy("Combien"), initial=1, min_value=1, max_value=MOST_UNITS,
        error_messages={
            "required": gettext_lazy("Dites combien il vous en faut."),
            "invalid": gettext_lazy("Écrivez un nombre entier, comme 12."),
            "min_value": gettext_lazy("Demandez au moins une unité."),
            "max_value": gettext_lazy("C’est plus que tout ce qu’il y a."),
        },
    )  # fmt: skip
    purpose = WrittenField(
        label=gettext_lazy("Pour quoi faire"), max_length=300,
        help_text=gettext_lazy("Une ligne : « Fête de quartier, 60 personnes »."),
        error_messages={"required": gettext_lazy("Dites en une ligne à quoi cela servira.")},
    )  # fmt: skip
    handling = forms.ChoiceField(label=gettext_lazy("Remise"), widget=forms.RadioSelect)
    supervisor = WrittenField(
        label=gettext_lazy("Qui encadrera la personne chez vous"), max_length=120,
        help_text=gettext_lazy("Un nom et une fonction. Vu des deux organismes seulement."),
        error_messages={"required": gettext_lazy("Nommez qui encadrera la personne sur place.")},
    )  # fmt: skip
    time_share = WrittenField(
        label=gettext_lazy("Part de temps"), max_length=80, required=False,
        help_text=gettext_lazy("Comme « un jour par semaine » ou « 20\u00a0% »."),
    )  # fmt: skip
    message = WrittenField(
        label=gettext_lazy("Un mot au prêteur"), max_length=4000, required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
    )  # fmt: skip

    def __init__(self, *args: Any, resource: Resource, memberships: list[Membership], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.resource = resource
        self.periods: list[Period] = []
        self.wanted = 1
        self.refused: list[calendar.Refusal] = []
        self.fields["borrower"].choices = [(m.organisation_id, m.organisation.name) for m in memberships]  # type: ignore[attr-defined]
        self.fields["borrower"].error_messages["invalid_choice"] = _("Choisissez un de vos organismes.")
        self.fields["every"].error_messages["invalid_choice"] = _("Choisissez une des répétitions offertes.")
        ways = ways_of(resource)
        self.fields["handling"].choices = [(w.value, capfirst(w.label)) for w in ways]  # type: ignore[attr-defined]
        self.fields["handling"].error_messages["required"] = _("Choisissez comment se fera la remise.")
        if resource.kind in (Kind.HUMAIN, Kind.EXPERTISE):
            self.fields["handling"].label = _("Où cela se passe")
            self.fields["handling"].error_messages["required"] = _("Dites où cela se passe.")
            self.fields["handling"].error_messages["required"] = _("Dites où cela se passe : choisissez un des lieux.")
        if len(ways) == 1:
            del self.fields["handling"]
        if resource.quantity == 1:
            self.fields["quantity"].widget = forms.HiddenInput()
        if resource.kind == Kind.HUMAIN:
            self.fields["time_share"].initial = resource.time_share[:80]
        else:
            del self.fields["supervisor"], self.fields["time_share"]
        if not self.may_repeat:
            for name in ("every", "interval", "weekdays", "until"):
                del self.fields[name]
        dressed(self)

    @property
    def may_repeat(self) -> bool:
        """Premises say whether they may be booked again and again."""
        return self.resource.kind != Kind.LOCAUX or self.resource.recurring_allowed

    def clean_borrower(self) -> int:
        chosen: int = self.cleaned_data["borrower"]
        if chosen == self.resource.organisation_id:
            raise ValidationError(_("C’est déjà à vous : bloquez plutôt la période dans l’agenda."))
        return chosen

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        period = period_of(self, "starts_on", "starts_at", "ends_on", "ends_at")
        if period is None:
            return data
        if self.rule_asked == ONCE:
            self.periods = [period]
            self._ask_the_calendar(period)
        elif rule := self._rule():
            try:
                self.periods = expand(period, rule)
            except ValidationError as error:
                self.add_error("until", error)
            else:
                self._ask_the_calendar(self.periods[0], rules=SAME_EVERY_TIME)
        return data

    @property
    def rule_asked(self) -> str:
        return self.cleaned_data.get("every") or ONCE

    def _rule(self) -> Recurrence | None:
        data = self.cleaned_data
        if "until" in self.errors or "interval" in self.errors:
            return None
        if not data.get("until"):
            self.add_error("until", _("Dites jusqu’à quel jour cela se répète."))
            return None
        weekdays = tuple(data.get("weekdays") or ()) if self.rule_asked != Every.MONTH else ()
        return Recurrence(self.rule_asked, data["until"], data.get("interval") or 2, weekdays)

    def recurrence(self) -> dict[str, Any] | None:
        """The repetition as it is kept with the loan."""
        rule = self._rule() if self.rule_asked != ONCE else None
        return rule.as_json() if rule else None

    def _ask_the_calendar(self, period: Period, rules: Collection[str] = calendar.RULES) -> None:
        self.wanted = self.cleaned_data.get("quantity") or 1
        self.refused = calendar.refusals(self.resource, period, self.wanted, rules=rules)
        for refusal in self.refused:
            self.refuse(refusal)

    def refuse(self, refusal: calendar.Refusal) -> None:
        """Say why not, beside the field that would change it."""
        name = beside(refusal)
        several = name == "quantity" and self.fields["quantity"].widget.is_hidden
        sentence = refusal.sentence
        if refusal.code == "taken" and self.resource.quantity > 1:
            name = "quantity"
        if any(sentence in said for said in self.errors.values()):
            return  # closed all day: its first hour and its last are refused alike
        if name in self.fields and not several:
            self.add_error(name, sentence)
        else:
            self.add_error(None, sentence)

    def asked(self) -> dict[str, Any]:
        """What ``requests.ask`` takes besides who and when."""
        data = self.cleaned_data
        ways = ways_of(self.resource)
        people: dict[str, Any] = {name: data[name] for name in ("supervisor", "time_share") if name in data}
        return {
            "quantity": data["quantity"],
            "purpose": data["purpose"],
            "handling": data.get("handling") or ways[0].value,
            "message": data["message"],
            "recurrence": self.recurrence(),
            **people,
        }
