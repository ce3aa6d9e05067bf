"""The forms of an account: allauth’s, in our words, and those of the profile."""

from __future__ import annotations

from typing import Any

from allauth.account import forms as theirs
from allauth.mfa.base import forms as second
from allauth.mfa.totp.forms import ActivateTOTPForm as TheirActivateTOTPForm
from allauth.mfa.webauthn.forms import AddWebAuthnForm, EditWebAuthnForm
from django import forms
from django.contrib.auth.hashers import make_password
from django.core.validators import EmailValidator, RegexValidator
from django.db import transaction
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import lazy
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts import consents
from accounts.models import User
from accounts.models.consent import Purpose

LABELS = {
    "login": _("Courriel"),
    "email": _("Courriel"),
    "password": _("Mot de passe"),
    "password1": _("Mot de passe"),
    "password2": _("Le même mot de passe, encore"),
    "oldpassword": _("Mot de passe actuel"),
    "code": _("Code"),
    "name": _("Nom de la clé"),
    "remember": _("Rester connecté sur cet appareil"),
}
WHOLE_ADDRESS = _("Cette adresse n’est pas complète, comme nom@organisme.example.")
PASSWORD_HELP = _("Au moins huit caractères. Une courte phrase est plus sûre qu’un mot compliqué.")


class Plain:
    """Mixin: labels in our words above the fields, nothing written inside them, errors that say what to do."""

    fields: dict[str, forms.Field]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.widget.attrs.pop("placeholder", None)
            field.label = LABELS.get(name, field.label)
            if isinstance(field, forms.EmailField):
                field.validators = [
                    EmailValidator(WHOLE_ADDRESS) if isinstance(v, EmailValidator) else v for v in field.validators
                ]
        if "code" in self.fields:
            self.fields["code"].widget.attrs |= {"autocapitalize": "characters", "spellcheck": "false"}
        for name in ("password", "oldpassword"):
            if name in self.fields:
                self.fields[name].help_text = ""
        if "password1" in self.fields:
            self.fields["password1"].help_text = PASSWORD_HELP
            self.fields["password1"].widget.attrs["autocomplete"] = "new-password"


class LoginForm(Plain, theirs.LoginForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].widget.attrs["autocomplete"] = "username"


class RequestLoginCodeForm(Plain, theirs.RequestLoginCodeForm):
    pass


class ConfirmLoginCodeForm(Plain, theirs.ConfirmLoginCodeForm):
    pass


class ConfirmEmailCodeForm(Plain, theirs.ConfirmEmailVerificationCodeForm):
    pass


class ConfirmPasswordResetCodeForm(Plain, theirs.ConfirmPasswordResetCodeForm):
    pass


class ResetPasswordForm(Plain, theirs.ResetPasswordForm):
    pass


class NewPasswordForm(Plain, theirs.ResetPasswordKeyForm):
    pass


class ChangePasswordForm(Plain, theirs.ChangePasswordForm):
    pass


class SetPasswordForm(Plain, theirs.SetPasswordForm):
    pass


class ChangeEmailForm(Plain, theirs.AddEmailForm):
    pass


class ReauthenticateForm(Plain, theirs.ReauthenticateForm):
    pass


class AuthenticateForm(Plain, second.AuthenticateForm):
    pass


class SecondFactorAgainForm(Plain, second.ReauthenticateForm):
    pass


class ActivateTOTPForm(Plain, TheirActivateTOTPForm):
    pass


class EditPasskeyForm(Plain, EditWebAuthnForm):
    pass


class AddPasskeyForm(Plain, AddWebAuthnForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].help_text = _("Pour la reconnaître plus tard : « Téléphone », « Clé du bureau ».")
        self.fields["passwordless"].label = _("Me connecter avec cette clé seule, sans mot de passe")
        self.fields["passwordless"].help_text = _("L’appareil demandera votre empreinte, votre visage ou son code.")
        self.fields["passwordless"].initial = True


def _terms_label() -> SafeString:
    return format_html(
        gettext(
            "J’accepte les <a href='{}'>conditions d’utilisation</a> et la "
            "<a href='{}'>politique sur les renseignements personnels</a>."
        ),
        reverse("legal") + "#conditions",
        reverse("privacy"),
    )


class SignupForm(Plain, theirs.SignupForm):
    """A new account: address, name, password, and what one agrees to, each purpose apart."""

    name = forms.CharField(label=_("Votre nom"), max_length=120, widget=forms.TextInput({"autocomplete": "name"}))
    terms = forms.BooleanField(
        label=lazy(_terms_label, SafeString)(),
        error_messages={"required": _("Un compte demande d’accepter les conditions : cochez la case pour continuer.")},
    )
    news = forms.BooleanField(label=_("Recevoir des nouvelles du portail par courriel"), required=False)
    field_order = ("name", "email", "password1", "terms", "news")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].label = _("Votre nom")
        self.fields["email"].help_text = _("Un code y sera envoyé pour vérifier qu’elle est à vous.")

    def try_save(self, request: HttpRequest) -> Any:
        """An address that has an account already gets the same answer, in the same time (hashing included)."""
        if self.account_already_exists:
            make_password(self.cleaned_data["password1"])
        return super().try_save(request)

    def custom_signup(self, request: HttpRequest, user: User) -> None:
        """Who she is, and what she agreed to."""
        super().custom_signup(request, user)
        user.name = self.cleaned_data["name"].strip()
        user.save(update_fields=["name"])
        consents.give(by=user, purpose=Purpose.TERMS)
        if self.cleaned_data["news"]:
            consents.give(by=user, purpose=Purpose.NEWS)


class ProfileForm(forms.ModelForm):
    """Name, function, language; a phone only with an agreement to keep it."""

    keep_phone = forms.BooleanField(
        label=_("J’accepte que le portail garde ce numéro pour que mes partenaires de prêt me joignent"),
        required=False,
    )
    field_order = ("name", "function", "phone", "keep_phone", "language")

    class Meta:
        model = User
        fields = ("name", "function", "phone", "language")
        labels = {
            "name": _("Votre nom"),
            "function": _("Votre fonction"),
            "phone": _("Votre téléphone"),
            "language": _("Langue"),
        }
        help_texts = {
            "name": _("Vu des personnes avec qui vous échangez, jamais du public."),
            "function": _("Par exemple : coordination, trésorerie, conseil d’administration."),
            "phone": _("Jamais public : seules les personnes avec qui vous avez un prêt en cours le voient."),
            "language": _("Celle de vos courriels. Le portail n’existe qu’en français pour l’instant."),
        }
        widgets = {
            "name": forms.TextInput({"autocomplete": "name"}),
            "function": forms.TextInput({"autocomplete": "organization-title"}),
            "phone": forms.TextInput({"type": "tel", "autocomplete": "tel"}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].required = True
        self.fields["phone"].validators.append(
            RegexValidator(
                r"^\+?[\d .()\-]{7,}(\s*(poste|p\.|ext\.?|#)\s*\d+)?$",
                _("Ce numéro n’est pas complet, comme 450 555-0199, poste 12."),
            )
        )
        self.fields["keep_phone"].initial = consents.has_given(self.instance, Purpose.PHONE)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("phone") and not data.get("keep_phone"):
            self.add_error(
                "keep_phone",
                _("Pour garder ce numéro il faut votre accord : cochez la case, ou effacez le numéro."),
            )
        return data

    @transaction.atomic
    def save(self, commit: bool = True) -> User:
        """The phone and the agreement to keep it go together."""
        user: User = super().save(commit=commit)
        if user.phone:
            consents.give(by=user, purpose=Purpose.PHONE)
        else:
            consents.withdraw(by=user, purpose=Purpose.PHONE)
        return user


class CloseAccountForm(forms.Form):
    """One word of confirmation: closing can’t be undone."""

    sure = forms.BooleanField(
        label=_("Je comprends que mon compte sera fermé pour de bon et que rien ne permettra de le rouvrir"),
        error_messages={"required": _("Cochez la case pour fermer votre compte; rien n’a été changé.")},
    )
