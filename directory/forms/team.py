"""The small forms of a team: ask to join, invite, give a role or a mandate, leave."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as __
from django.utils.translation import gettext_lazy as _

from directory.forms.fields import DayField
from directory.forms.organisation import dress
from directory.models import Membership, Organisation, Role

ROLES = [
    (Role.MEMBER, _("membre : publie et demande au nom de l’organisme")),
    (Role.MANAGER, _("gestionnaire : modifie aussi la fiche et l’équipe")),
]


class DressedForm(forms.Form):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        dress(self)


class JoinForm(DressedForm):
    message = forms.CharField(
        label=_("Un mot pour vous présenter"),
        help_text=_("Votre rôle dans l’organisme, qui peut le confirmer."),
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
    )


class InviteForm(DressedForm):
    email = forms.EmailField(
        label=_("Courriel de la personne"),
        help_text=_("Elle recevra un lien, valable 14 jours, avec ou sans compte."),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
        error_messages={
            "required": _("Écrivez une adresse courriel."),
            "invalid": _("Cette adresse courriel n’est pas complète : nom@organisme.example, par exemple."),
        },
    )
    role = forms.ChoiceField(
        label=_("Rôle"), choices=Role.choices, initial=Role.MEMBER, widget=forms.Select,
        error_messages={"invalid_choice": _("Ce rôle n’existe pas.")},
    )  # fmt: skip


class MemberForm(DressedForm):
    """The role of one person, and her mandate to sign."""

    role = forms.ChoiceField(
        label=_("Rôle"), choices=ROLES, widget=forms.RadioSelect, error_messages={"required": _("Choisissez un rôle.")}
    )
    is_signatory = forms.BooleanField(label=_("Peut signer au nom de l’organisme"), required=False)
    resolution_on = DayField(
        label=_("Date de la résolution du conseil"),
        help_text=_("AAAA-MM-JJ ou 21 novembre 2026. C’est elle qui donne le mandat de signer."),
        required=False,
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if data.get("is_signatory") and "resolution_on" not in self.errors:
            if not data.get("resolution_on"):
                self.add_error("resolution_on", __("Un mandat de signature porte la date de la résolution du conseil."))
            elif data["resolution_on"] > timezone.localdate():
                self.add_error("resolution_on", __("Cette date est dans l’avenir : la résolution doit être adoptée."))
        return data


class AnswerForm(forms.Form):
    """Yes or no to someone who asks to join."""

    accepted = forms.TypedChoiceField(choices=[("oui", "oui"), ("non", "non")], coerce=lambda v: v == "oui")
    role = forms.ChoiceField(choices=ROLES, required=False)
    note = forms.CharField(max_length=500, required=False)

    def clean_role(self) -> str:
        return self.cleaned_data["role"] or Role.MEMBER


class LeaveForm(DressedForm):
    """The last manager says who takes over, or that nobody does."""

    successor = forms.ModelChoiceField(
        label=_("Qui prend le relais?"),
        queryset=Membership.objects.none(),
        required=False,
        empty_label=_("Personne pour l’instant"),
        error_messages={"invalid_choice": _("Cette personne ne fait pas partie de l’organisme.")},
    )
    orphan = forms.BooleanField(
        label=_("Personne ne prend le relais : prévenez la CDC du territoire."),
        required=False,
    )

    def __init__(self, *args: Any, organisation: Organisation, leaving: Membership, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        others = Membership.objects.filter(organisation=organisation, user__is_active=True).exclude(pk=leaving.pk)
        field = self.fields["successor"]
        field.queryset = others.select_related("user").order_by("created_at", "id")  # type: ignore[attr-defined]
        field.label_from_instance = lambda m: str(m.user)  # type: ignore[attr-defined]
        if not others.exists():
            del self.fields["successor"]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if not self.errors and not data.get("successor") and not data.get("orphan"):
            self.add_error("orphan", __("Choisissez qui prend le relais, ou cochez que personne ne le prend."))
        return data
