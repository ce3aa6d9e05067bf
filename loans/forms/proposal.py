"""The form that proposes other terms: dates, quantity, another resource of the same lender, conditions, the cost."""

from __future__ import annotations

import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from directory.forms.cost import settle_cost
from directory.forms.fields import AmountField, WrittenField
from directory.models import Kind, Resource
from directory.models.resource import CostMode
from loans import holding, proposals
from loans.forms.fields import MIDNIGHT, ClockField, DayField, period_of
from loans.forms.request import MOST_UNITS, beside, dressed
from loans.models import Loan, LoanDate, LoanStatus, Side
from loans.models.proposal import COST, cost_of
from loans.models.status import HOLDS_TIME
from loans.recurrence import AT_MOST
from mutualisation.kernel.moments import DAY, Period, in_words, moment, span, wall

CHOICES_AT_MOST = 60


class ProposalForm(forms.Form):
    """Other terms for a loan. Once valid, ``periods`` are all its dates as they would be.

    A loan of one date has its four fields; a series keeps or drops each date, and may change its hours.
    """

    starts_on = DayField(label=gettext_lazy("Premier jour"))
    starts_at = ClockField(label=gettext_lazy("De"))
    ends_on = DayField(label=gettext_lazy("Dernier jour"), required=False)
    ends_at = ClockField(label=gettext_lazy("À"))
    kept = forms.TypedMultipleChoiceField(
        label=gettext_lazy("Les dates"), coerce=int, widget=forms.CheckboxSelectMultiple, required=False,
        help_text=gettext_lazy("Décochez celles qui ne tiennent plus."),
    )  # fmt: skip
    added = DayField(label=gettext_lazy("Une date de plus"), required=False)
    quantity = forms.IntegerField(
        label=gettext_lazy("Combien"), min_value=1, max_value=MOST_UNITS,
        error_messages={
            "required": gettext_lazy("Dites combien."),
            "invalid": gettext_lazy("Écrivez un nombre entier, comme 12."),
            "min_value": gettext_lazy("Proposez au moins une unité."),
            "max_value": gettext_lazy("C’est plus que tout ce qu’il y a."),
        },
    )  # fmt: skip
    resource = forms.TypedChoiceField(label=gettext_lazy("Ressource"), coerce=int)
    conditions = WrittenField(
        label=gettext_lazy("Conditions"), max_length=4000, required=False, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("Ce que vous convenez en plus : ménage, transport…"),
    )  # fmt: skip
    cost_mode = forms.ChoiceField(
        label=gettext_lazy("Contrepartie"), choices=CostMode.choices, widget=forms.RadioSelect, required=False
    )
    price = AmountField(label=gettext_lazy("Montant ($)"), required=False, max_digits=9)
    price_unit = WrittenField(
        label=gettext_lazy("Par"), required=False, max_length=36,
        help_text=gettext_lazy("« la demi-journée », « du km », « l’heure »…"),
    )  # fmt: skip
    deposit = AmountField(
        label=gettext_lazy("Dépôt ($)"), required=False, max_digits=9, help_text=gettext_lazy("Remis au retour.")
    )
    message = WrittenField(
        label=gettext_lazy("Pourquoi"), max_length=4000, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )

    def __init__(self, *args: Any, loan: Loan, side: str, user: Any, **kwargs: Any) -> None:
        self.loan, self.side = loan, side
        self.dates = list(loan.dates.filter(cancelled_at__isnull=True))
        self.periods: list[Period] = []
        self.resources = {r.pk: r for r in _resources(loan, side, user)}
        kwargs["initial"] = self._standing() | kwargs.get("initial", {})
        super().__init__(*args, **kwargs)
        if self.is_series:
            del self.fields["starts_on"], self.fields["ends_on"]
            labels = [(date.pk, in_words(date.period).capitalize()) for date in self.dates]
            self.fields["kept"].choices = labels  # type: ignore[attr-defined]
        else:
            del self.fields["kept"], self.fields["added"]
            for name in ("starts_on", "starts_at"):  # what left keeps its beginning
                self.fields[name].disabled = loan.status == LoanStatus.HANDED_OVER
        if proposals.keeps_cost(loan):
            for name in COST:
                del self.fields[name]
        if len(self.resources) > 1:
            choices = [(pk, r.name) for pk, r in self.resources.items()]
            self.fields["resource"].choices = choices  # type: ignore[attr-defined]
        else:
            del self.fields["resource"]
        if max(r.quantity for r in self.resources.values()) == 1:
            self.fields["quantity"].widget = forms.HiddenInput()
        dressed(self)

    @property
    def is_series(self) -> bool:
        return len(self.dates) > 1

    def _standing(self) -> dict[str, Any]:
        """The terms as they stand: what is changed is said, the rest stays."""
        start, end = wall(self.dates[0].period.lower), wall(self.dates[0].period.upper)
        ends_on = (end - datetime.timedelta(minutes=1)).date() if end.time() == MIDNIGHT else end.date()
        return {
            "starts_on": start.date(), "starts_at": start.time(), "ends_at": end.time(),
            "ends_on": ends_on if ends_on != start.date() else None,  # empty: the same day, wherever it moves
            "kept": [date.pk for date in self.dates], "quantity": self.loan.quantity,
            "resource": self.loan.resource_id, "conditions": self.loan.conditions, **cost_of(self.loan),
        }  # fmt: skip

    def clean_quantity(self) -> int:
        asked, least = self.cleaned_data["quantity"], holding.least_quantity(self.loan)
        if asked < least:
            raise ValidationError(_("Il en est déjà parti %(n)d : pour moins, inscrivez un retour.") % {"n": least})
        return asked

    @property
    def chosen(self) -> Resource:
        return self.resources[self.cleaned_data.get("resource") or self.loan.resource_id]

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if self.is_series:
            self._clean_series()
        elif period := period_of(self, "starts_on", "starts_at", "ends_on", "ends_at"):
            kept = self.fields["starts_on"].disabled
            self.periods = [span(self.dates[0].period.lower, period.upper) if kept else period]
        if "cost_mode" in self.fields:
            data["cost_mode"] = data.get("cost_mode") or self.loan.cost_mode
            settle_cost(self, data)
        if self.periods and not self.errors:
            self._ask_the_calendar()
        return data

    def _clean_series(self) -> None:
        data = self.cleaned_data
        if not data.get("starts_at") or not data.get("ends_at") or "kept" in self.errors or "added" in self.errors:
            return
        kept = set(data.get("kept") or ())
        found = [self._rehoured(date) for date in self.dates if date.pk in kept]
        if data.get("added"):
            found.append(self._at("added", data["added"]))
        self.periods = sorted((p for p in found if p), key=lambda p: p.lower)
        if not found:
            self.add_error("kept", _("Gardez au moins une date, ou annulez le prêt."))
        if len(found) > AT_MOST:
            self.add_error("kept", _("Un prêt compte au plus %(n)d dates.") % {"n": AT_MOST})
        if any(two.lower < one.upper for one, two in zip(self.periods, self.periods[1:], strict=False)):
            self.add_error("added" if data.get("added") else "ends_at", _("Ces dates se chevauchent."))

    def _rehoured(self, date: LoanDate) -> Period | None:
        """A date of the series at the hours asked for; one that is past stays as it was."""
        if date.period.lower < timezone.now():
            return date.period
        return self._at("starts_at", wall(date.period.lower).date())

    def _at(self, name: str, day: datetime.date) -> Period | None:
        start, end = self.cleaned_data["starts_at"], self.cleaned_data["ends_at"]
        try:
            period = span(moment(day, start), moment(day + DAY if end <= start else day, end))
        except ValidationError as error:
            if not self.has_error(name):
                self.add_error(name, error)
            return None
        return period

    def _ask_the_calendar(self) -> None:
        resource, quantity = self.chosen, self.cleaned_data["quantity"]
        wrong = proposals.check(
            self.loan, side=self.side, resource=resource, periods=self.periods, quantity=quantity
        )  # fmt: skip
        for period, some in wrong:
            for refusal in some:
                said, place = refusal.sentence, beside(refusal)
                if self.is_series and refusal.code != "too_many":
                    said = f"{in_words(period, year=False).capitalize()} : {said[0].lower()}{said[1:]}"
                    place = "kept"
                elif refusal.code == "taken" and resource.quantity > 1:
                    place = "quantity"
                elif refusal.code == "taken" and period.lower == self.loan.starts_at and self._is_held:
                    place = "ends_on"  # the first day is already theirs: what is added is what is taken
                if not any(said in told for told in self.errors.values()):
                    self.add_error(None if self.fields[place].widget.is_hidden else place, said)

    @property
    def _is_held(self) -> bool:
        return self.loan.status in HOLDS_TIME and self.chosen.pk == self.loan.resource_id

    def terms(self) -> dict[str, Any]:
        """What ``proposals.propose`` takes."""
        data = self.cleaned_data
        return {
            "periods": self.periods, "quantity": data["quantity"], "resource": self.chosen,
            "conditions": data["conditions"].strip(), "message": data["message"].strip(), "cost": self._cost(),
        }  # fmt: skip

    def _cost(self) -> dict[str, Any] | None:
        """The cost that is proposed; None when it was left as it was: another resource then comes with its own."""
        if "cost_mode" not in self.fields:
            return None
        said = {name: self.cleaned_data[name] for name in COST}
        shown = {name: self.initial[name] for name in COST}
        return said if said != shown else None

    @property
    def changes_something(self) -> bool:
        """Whether what is proposed differs from what stands."""
        terms = self.terms()
        same = (
            [(p.lower, p.upper) for p in self.periods] == [(d.period.lower, d.period.upper) for d in self.dates]
            and terms["quantity"] == self.loan.quantity
            and terms["resource"].pk == self.loan.resource_id
            and terms["conditions"] == self.loan.conditions
            and terms["cost"] in (None, cost_of(self.loan))
        )
        return not same


def _resources(loan: Loan, side: str, user: Any) -> list[Resource]:
    """The resource itself, then others of the same lender and kind that the one who proposes may see."""
    others = Resource.objects.filter(organisation=loan.lender_id, kind=loan.resource.kind, is_live=True)
    if side == Side.BORROWER:
        others = others.filter(pk__in=Resource.objects.visible_to(user).values("pk"))
    others = others.exclude(pk=loan.resource_id).defer("search", "description")
    if loan.status == LoanStatus.HANDED_OVER or (loan.resource.kind == Kind.HUMAIN and loan.accepted_at):
        return [loan.resource]  # what left stays; another person is another request
    return [loan.resource, *others.order_by("sort_key", "id")[:CHOICES_AT_MOST]]
