"""What goes with an agreement: a word about a change, the optional clauses, the rule of a kind or of a resource."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from directory.forms.fields import AmountField, WrittenField
from loans.forms.request import dressed
from loans.models import Demand
from loans.models.agreement_rule import BY_LAW
from toolbox.models import ModelAgreement


class ChangeForm(forms.Form):
    """The optional clauses that are in, and why."""

    clauses = forms.MultipleChoiceField(
        label=gettext_lazy("Clauses facultatives"), required=False, widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("Cochez celles que vous voulez dans l’entente."),
    )  # fmt: skip
    note = WrittenField(
        label=gettext_lazy("Pourquoi ce changement"), max_length=2000, required=False,
        widget=forms.Textarea(attrs={"rows": 3}), help_text=gettext_lazy("L’autre organisme le lira."),
    )  # fmt: skip

    def __init__(self, *args: Any, optional: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["clauses"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = optional
        if not optional:
            del self.fields["clauses"]
        dressed(self)


class _ModelField(forms.ModelChoiceField):
    """Among models; the one that was chosen stays, said to be withdrawn."""

    def label_from_instance(self, obj: Any) -> str:
        return _("%(title)s (retirée)") % {"title": obj} if obj.withdrawn_at else str(obj)


class RuleForm(forms.Form):
    """When an agreement is demanded, above which value, from which model; an owner may leave it to the kind."""

    demand = forms.ChoiceField(label=gettext_lazy("Une entente signée avant la remise"), widget=forms.RadioSelect)
    threshold = AmountField(
        label=gettext_lazy("Valeur ($)"), required=False,
        help_text=gettext_lazy("Si vous choisissez une valeur : celle de tout ce qui est prêté à la fois."),
    )  # fmt: skip
    model = _ModelField(
        label=gettext_lazy("Entente-type"), queryset=ModelAgreement.objects.none(), required=False,
        empty_label=gettext_lazy("La première en vigueur de cette sorte"),
    )  # fmt: skip

    def __init__(self, *args: Any, kind: str, own: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        demand, model = self.fields["demand"], self.fields["model"]
        assert isinstance(demand, forms.ChoiceField)
        assert isinstance(model, forms.ModelChoiceField)
        kept = [("", _("Comme pour cette sorte de ressource"))] if own else []
        choices = [(Demand.ALWAYS, _("Toujours"))] if kind in BY_LAW else [
            (Demand.ALWAYS, _("Toujours")), (Demand.ABOVE, _("Au-dessus d’une valeur")), (Demand.NEVER, _("Jamais")),
        ]  # fmt: skip
        demand.choices = [*kept, *choices]
        demand.required = not own
        fitting = ModelAgreement.objects.in_force().filter(kind=kind)
        model.queryset = ModelAgreement.objects.filter(Q(pk__in=fitting) | Q(pk=self.initial.get("model")))
        if kind in BY_LAW:
            del self.fields["threshold"]
            demand.help_text = _(
                "La loi et la prudence le demandent pour un local ou une personne : on ne l’enlève pas."
            )
        dressed(self)

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        if said.get("demand") == Demand.ABOVE and said.get("threshold") is None and "threshold" not in self.errors:
            self.add_error("threshold", _("Écrivez la valeur au-dessus de laquelle on signe, comme 1000."))
        if said.get("demand") != Demand.ABOVE:
            said["threshold"] = None
        return said

    def rule(self) -> dict[str, Any]:
        """What the verbs take."""
        said = self.cleaned_data
        return {"demand": said["demand"], "threshold": said.get("threshold"), "model": said["model"]}
