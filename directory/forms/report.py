"""« Signaler une erreur »: open to everyone, closed to robots without a puzzle."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core import signing
from django.utils.translation import gettext_lazy as _

FASTEST = 3  # seconds: nobody reads, types and sends faster
SALT = "report-form"


class ReportForm(forms.Form):
    """What is wrong; an address only for who wants an answer. ``website`` is a trap that people never see."""

    message = forms.CharField(
        label=_("Qu’est-ce qui est inexact?"),
        help_text=_("Un numéro qui ne répond plus, un lieu fermé, un prix changé…"),
        max_length=2000,
        min_length=5,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    email = forms.EmailField(
        label=_("Votre courriel"),
        help_text=_("Seulement pour vous répondre. Jamais affiché."),
        required=False,
    )
    website = forms.CharField(required=False, widget=forms.TextInput(attrs={"tabindex": "-1", "autocomplete": "off"}))
    opened = forms.CharField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["opened"].initial = signing.TimestampSigner(salt=SALT).sign("1")

    def clean(self) -> dict[str, Any] | None:
        data = super().clean() or {}
        signer = signing.TimestampSigner(salt=SALT)
        try:
            signer.unsign(data.get("opened", ""), max_age=24 * 3600)
        except signing.BadSignature:
            raise forms.ValidationError(
                _("Cette page était ouverte depuis trop longtemps. Votre texte est gardé : envoyez-le de nouveau.")
            ) from None
        if data.get("website") or self._too_fast(signer, data["opened"]):
            raise forms.ValidationError(
                _(
                    "Nous n’avons pas pu vérifier que vous êtes une personne. "
                    "Votre texte est gardé : attendez un peu, puis renvoyez."
                )
            )
        return data

    @staticmethod
    def _too_fast(signer: signing.TimestampSigner, value: str) -> bool:
        try:
            signer.unsign(value, max_age=FASTEST)
        except signing.SignatureExpired:
            return False
        return True
