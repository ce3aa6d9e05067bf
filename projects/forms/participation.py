"""The forms of those who take part: offer roles and what one brings, answer, record what came, tie a loan."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from directory.forms.need import date_field
from directory.forms.organisation import dress
from directory.forms.rows import RowsField
from projects.forms.fields import ROLES, AmountField, ContributionRow, in_order, money_in_dollars
from projects.models import Contribution, ContributionRole, Delivery, Nature, Part, ProjectLoan
from projects.wording import period, quantity

OFFERED_PARTS = [
    (Part.PARTNERS, _("Comme partenaire")),
    (Part.CARRIES, _("Pour le porter, avec d’autres")),
    (Part.FUNDS, _("Pour le financer")),
    (Part.SUPPORTS, _("Pour l’appuyer, sans autre engagement")),
]


class OfferForm(forms.Form):
    """Offer to take part: in what capacity, in which roles, with what."""

    part = forms.ChoiceField(
        label=_("À quel titre?"), choices=OFFERED_PARTS, widget=forms.RadioSelect, initial=Part.PARTNERS,
        error_messages={"required": _("Dites à quel titre vous participez.")},
    )  # fmt: skip
    roles = forms.MultipleChoiceField(
        label=_("Dans quels rôles?"),
        choices=ContributionRole.choices,
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text=_("Un seul suffit pour aider."),
    )
    brings = RowsField(
        row=ContributionRow, most=12, label=_("Qu’apportez-vous?"),
        help_text=_("Un apport par ligne. Sans valeur écrite, le temps et le savoir-faire comptent à l’heure."),
    )  # fmt: skip
    message = forms.CharField(
        label=_("Un mot à ceux qui portent le projet"),
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "maxlength": 1000}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        dress(self)

    def lines(self, *, more: bool = False) -> list[list[forms.BoundField]]:
        """The inputs of what one brings."""
        field: Any = self.fields["brings"]
        return field.drawn("brings", self["brings"].value(), more=more)

    def understood(self) -> list[dict[str, Any]]:
        """What one brings, line by line."""
        field: Any = self.fields["brings"]
        return field.understood


class ReasonForm(forms.Form):
    """Why: needed to decline, welcome to end."""

    reason = forms.CharField(
        label=_("Pourquoi"), max_length=1000, widget=forms.Textarea(attrs={"rows": 3, "maxlength": 1000}),
        error_messages={"required": _("Dites pourquoi : sans un mot, l’autre organisme ne saura pas.")},
    )  # fmt: skip

    def __init__(self, *args: Any, needed: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].required = needed
        dress(self)


class PromiseForm(forms.Form):
    """Something more."""

    nature = forms.ChoiceField(label=_("Sorte"), choices=Nature.choices, initial=Nature.TIME)
    label = forms.CharField(
        label=_("Quoi, en quelques mots"), max_length=160,
        error_messages={"required": _("Dites ce que c’est.")},
    )  # fmt: skip
    hours = AmountField(label=_("Heures"), digits=9)
    amount = AmountField(
        label=_("Valeur ($)"),
        help_text=_("Le montant en argent, ou ce que cela vaut. Vide : les heures au taux du projet."),
    )
    method = forms.CharField(
        label=_("Comment la valeur est estimée"), max_length=200, required=False,
        help_text=_("« Prix courant de location », par exemple. C’est ce que lira un bailleur de fonds."),
    )  # fmt: skip
    role = forms.ChoiceField(label=_("Dans quel rôle"), choices=ROLES, required=False)
    starts_on = date_field(_("À partir du"))
    ends_on = date_field(_("Jusqu’au"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        dress(self)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        money_in_dollars(self, data)
        return in_order(self, data)


class DeliveryForm(forms.ModelForm):
    """What came of a promise, and when, in the units of its kind."""

    on = date_field(_("Venu le"))
    hours = AmountField(label=_("Heures"), digits=9)
    amount = AmountField(label=_("Valeur ($)"), help_text=_("Vide : les heures à la valeur promise."))

    class Meta:
        model = Delivery
        fields = ("on", "hours", "amount", "note")
        labels = {"note": _("Remarque")}

    def __init__(self, *args: Any, promise: Contribution, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if promise.nature == Nature.MONEY:
            del self.fields["hours"]
            self.fields["amount"].label = gettext("Montant venu ($)")
            self.fields["amount"].help_text = ""
            self.fields["amount"].required = True
            self.fields["amount"].error_messages["required"] = gettext("Écrivez combien de dollars sont venus.")
        elif promise.nature in (Nature.MATERIAL, Nature.PREMISES):
            self.fields["hours"].label = gettext("Heures d’usage")
        if promise.amount and not promise.hours and promise.nature != Nature.MONEY:
            self.fields["amount"].required = True  # nothing says what its hours would be worth
            self.fields["amount"].help_text = ""
            self.fields["amount"].error_messages["required"] = gettext("Écrivez la valeur de ce qui est venu.")
        asked = gettext("Demandée si plus est venu que ce qui était promis, ou à un autre moment.")
        self.fields["note"].help_text = (
            asked if promise.has_figures else gettext("Rien n’était chiffré : dites ce qui est venu, un mot suffit.")
        )
        self.has_figures = promise.has_figures
        self.fields["on"].required = True
        self.fields["on"].error_messages["required"] = gettext("Dites quand c’est venu.")
        self.initial.setdefault("on", timezone.localdate())
        dress(self)

    def clean_on(self) -> Any:
        on = self.cleaned_data["on"]
        if on and on > timezone.localdate():
            raise forms.ValidationError(gettext("Cette date n’est pas encore arrivée : on inscrit ce qui est venu."))
        return on

    def clean_hours(self) -> Any:
        return self.cleaned_data.get("hours") or 0

    def clean_amount(self) -> Any:
        return self.cleaned_data.get("amount") or 0

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if not self.errors and not data.get("hours") and not data.get("amount"):
            if self.has_figures:
                name = "hours" if "hours" in self.fields else "amount"
                self.add_error(name, gettext("Écrivez combien d’heures ou de dollars sont venus."))
            elif not data.get("note"):
                self.add_error("note", gettext("Dites en un mot ce qui est venu, ou combien d’heures ou de dollars."))
        return data


ADDS = _("Non : il s’ajoute à ce qui est promis")


class KeepsForm(forms.Form):
    """Which promise a loan keeps; ``why`` is asked once the answer calls for it (``ask_why``)."""

    keeps = forms.ChoiceField(
        label=_("Ce prêt tient-il une promesse?"), required=False,
        help_text=_(
            "S’il en tient une, il compte comme venu sur elle, à la valeur promise, et n’ajoute rien à ce qui est "
            "promis."
        ),
        error_messages={
            "invalid_choice": _(
                "Ce prêt ne peut pas tenir cette promesse, ou elle n’est plus promise : choisissez de nouveau."
            )
        },
    )  # fmt: skip
    why = forms.CharField(label=_("Le compter quand même : pourquoi?"), max_length=200, required=False)

    def __init__(self, *args: Any, promises: list[Contribution], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["keeps"]
        field.choices = [("", ADDS), *((str(p.pk), in_words(p)) for p in promises)]
        self.promises = {str(p.pk): p for p in promises}
        dress(self)
        self.unasked = {} if "why" in self.data else {"why": self.fields.pop("why")}

    def ask_why(self, sentence: str) -> None:
        """Says what is not as was promised, and asks why it counts anyway."""
        self.fields |= self.unasked
        self.order_fields(["keeps", "why"])
        self.add_error("why", sentence)

    def kept(self) -> Contribution | None:
        """The promise that was chosen."""
        return self.promises.get(self.cleaned_data["keeps"])


def in_words(promise: Contribution) -> str:
    """« La Marmite : Notre cuisine, 16 h, du 5 janvier au 28 février 2027 »."""
    said = {"who": promise.participation.organisation.name, "what": promise.label}
    facts = [quantity(promise.hours, promise.value), period(promise.starts_on, promise.ends_on)]
    return ", ".join([gettext("%(who)s : %(what)s") % said, *filter(None, facts)])


class LoanLinkForm(KeepsForm):
    """What a loan is worth to the project, and which promise it keeps."""

    rate = AmountField(
        label=_("Ce que ce prêt vaut ($)"), digits=9,
        help_text=_(
            "Si le prêt est payé, n’inscrivez que ce qui est offert en plus du prix. Vide : rien pour un prêt payé, "
            "ses heures seulement; la valeur d’une heure pour une personne prêtée sans frais."
        ),
    )  # fmt: skip
    per = forms.ChoiceField(label=_("Cette valeur compte"), choices=ProjectLoan.Per.choices)
    role = forms.ChoiceField(
        label=_("Dans quel rôle"), choices=[("", _("peu importe")), *ContributionRole.choices], required=False
    )
    method = forms.CharField(
        label=_("Comment la valeur est estimée"), max_length=200, required=False,
        help_text=_("« Tarif de location de la municipalité », par exemple."),
    )  # fmt: skip


class LoanKeepsForm(KeepsForm):
    """Which promise a linked loan keeps; ``was`` is the one that the page showed."""

    was = forms.CharField(widget=forms.HiddenInput, required=False)


class NewsForm(forms.Form):
    """A news of the journal."""

    title = forms.CharField(label=_("Titre"), max_length=140, error_messages={"required": _("Donnez un titre.")})
    body = forms.CharField(
        label=_("La nouvelle"), max_length=6000, widget=forms.Textarea(attrs={"rows": 8, "maxlength": 6000}),
        help_text=_("Une ligne vide sépare les paragraphes; un tiret commence une liste."),
        error_messages={"required": _("Écrivez la nouvelle.")},
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        dress(self)


class DocumentForm(forms.Form):
    """A document to keep with the project."""

    title = forms.CharField(label=_("Titre"), max_length=160, error_messages={"required": _("Donnez un titre.")})
    file = forms.FileField(
        label=_("Fichier"), help_text=_("PDF, Word, Excel ou LibreOffice; 10 Mo au plus."),
        error_messages={
            "required": _("Choisissez un fichier."), "empty": _("Ce fichier est vide : choisissez-en un autre."),
        },
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        dress(self)
