"""The forms of an incident: what happened, who pays, when it is back, how it is settled."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from directory.forms.fields import DayField, WrittenField
from directory.forms.organisation import dress
from directory.models import Kind
from loans.models import Incident, Loan


def estimate_field() -> forms.DecimalField:
    return forms.DecimalField(
        label=_("Coût estimé ($)"), required=False, min_value=0, max_digits=9, decimal_places=2, localize=True,
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
        error_messages={"invalid": _("Écrivez un montant comme 120 ou 120,50."),
                        "min_value": _("Écrivez un coût à partir de 0 $.")},
    )  # fmt: skip


def back_field() -> DayField:
    help_text = _("AAAA-MM-JJ ou 17 décembre 2026. Vide : on ne sait pas encore.")
    return DayField(label=_("De retour vers le"), required=False, help_text=help_text)


class _Said(forms.Form):
    """A form whose verb may refuse by field."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        dress(self)

    def refuse(self, error: ValidationError) -> None:
        for name, messages in error.message_dict.items():
            self.add_error(name if name in self.fields else None, messages)


class IncidentForm(_Said):
    """What happened, to how many, and what should follow."""

    description = WrittenField(
        label=_("Que s’est-il passé?"),
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("Des faits, sans nommer personne : « La lampe ne s’allume plus, boîtier fendu »."),
        error_messages={"required": _("Dites ce qui s’est passé.")},
    )
    units = forms.IntegerField(
        label=_("Combien d’unités à mettre de côté?"),
        min_value=0,
        initial=1,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
        help_text=_("Elles ne se prêtent plus tant que l’incident n’est pas réglé. 0 : cela sert encore."),
        error_messages={"invalid": _("Écrivez un nombre."), "required": _("Écrivez un nombre, 0 si cela sert encore.")},
    )
    back_on = back_field()
    estimate = estimate_field()
    payer = forms.ChoiceField(
        label=_("Qui devrait payer?"),
        choices=Incident.Payer.choices,
        initial=Incident.Payer.UNDECIDED,
        help_text=_("C’est une proposition : l’autre organisme l’accepte ou propose autre chose."),
    )

    def __init__(self, *args: Any, loan: Loan, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["units"].widget.attrs["max"] = loan.quantity
        if loan.resource.kind in (Kind.HUMAIN, Kind.EXPERTISE):
            del self.fields["units"]
            del self.fields["back_on"]


class PayerForm(_Said):
    """Propose who pays, and how much it should cost."""

    payer = forms.ChoiceField(
        label=_("Qui paie?"), choices=[c for c in Incident.Payer.choices if c[0] != Incident.Payer.UNDECIDED]
    )
    estimate = estimate_field()


class BackForm(_Said):
    """When it should be back."""

    back_on = back_field()


class OutcomeForm(_Said):
    """How it is settled."""

    outcome = WrittenField(
        label=_("Comment est-ce réglé?"),
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Réparé, remplacé, remboursé, retiré du prêt…"),
        error_messages={"required": _("Dites comment c’est réglé.")},
    )
