"""What a gesture on a loan asks for: a note, a reason, the person lent, a message."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from directory.forms.fields import WrittenField
from loans.forms.fields import DayField
from loans.forms.request import dressed
from loans.models import Loan
from mutualisation.kernel.moments import day_in_words, wall

LONGEST = 2000


class NoteForm(forms.Form):
    """A word that goes with the gesture, if one likes."""

    note = WrittenField(
        label=gettext_lazy("Un mot"), max_length=LONGEST, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )

    def __init__(self, *args: Any, loan: Loan, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.loan = loan
        dressed(self)


class ReasonForm(NoteForm):
    """Why: the other organisation reads it."""

    note = WrittenField(
        label=gettext_lazy("Pourquoi"), max_length=LONGEST, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("L’autre organisme le lira."),
        error_messages={"required": gettext_lazy("Dites pourquoi, en une ligne : l’autre organisme attend.")},
    )  # fmt: skip


class PersonForm(NoteForm):
    """The person lent, as her employer records her: nobody else names her."""

    worker = WrittenField(
        label=gettext_lazy("Personne prêtée"), max_length=120,
        help_text=gettext_lazy("Son nom, vu des deux organismes seulement."),
        error_messages={"required": gettext_lazy("Nommez la personne prêtée.")},
    )  # fmt: skip
    consent_on = DayField(
        label=gettext_lazy("Elle a dit oui le"),
        help_text=gettext_lazy("La personne connaît le lieu, les tâches et l’horaire, et les accepte."),
        error_messages={"required": gettext_lazy("Inscrivez le jour où la personne a accepté : sans son accord, "
                                                 "rien ne commence.")},
    )  # fmt: skip
    trial_ends_on = DayField(label=gettext_lazy("Fin de l’essai"), required=False)
    field_order = ("worker", "consent_on", "trial_ends_on", "note")

    def clean_consent_on(self) -> Any:
        day = self.cleaned_data["consent_on"]
        if day > timezone.localdate():
            raise forms.ValidationError(_("Ce jour n’est pas encore venu : la personne doit avoir déjà accepté."))
        return day

    def clean_trial_ends_on(self) -> Any:
        day = self.cleaned_data["trial_ends_on"]
        first, last = wall(self.loan.starts_at).date(), wall(self.loan.ends_at).date()
        if day and not first <= day <= last:
            said = _("L’essai finit pendant le prêt : entre le %(first)s et le %(last)s.")
            raise forms.ValidationError(said % {"first": day_in_words(first), "last": day_in_words(last)})
        return day

    @property
    def people(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in ("worker", "consent_on", "trial_ends_on")}


class MessageForm(NoteForm):
    """What one writes in the thread."""

    note = WrittenField(
        label=gettext_lazy("Écrire un message"), max_length=4000, widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": gettext_lazy("Écrivez d’abord votre message.")},
    )  # fmt: skip
