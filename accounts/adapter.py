"""How allauth behaves here: our words, our outbox, and the address of a closed account never told apart."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts import consents, mail
from accounts.models import User
from accounts.models.consent import Purpose

TOO_MANY = _("Trop d’essais de suite. Attendez quelques minutes, puis recommencez.")
WRONG_CODE = _("Ce n’est pas le bon code. Vérifiez le dernier reçu, ou demandez-en un autre.")


class AccountAdapter(DefaultAccountAdapter):
    """Our words, our outbox."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "account_inactive": _("Ce compte est fermé."),
        "duplicate_email": _("C’est déjà l’adresse de votre compte."),
        "email_password_mismatch": _(
            "Ce courriel et ce mot de passe ne vont pas ensemble. Votre courriel est gardé : corrigez le mot de passe, "
            "ou recevez un code de connexion."
        ),
        "email_taken": _("Cette adresse ne peut pas être utilisée ici. Choisissez-en une autre."),
        "enter_current_password": _("Ce n’est pas votre mot de passe actuel."),
        "incorrect_code": WRONG_CODE,
        "incorrect_password": _("Ce n’est pas votre mot de passe."),
        "invalid_or_expired_key": _("Ce code est faux ou trop vieux. Demandez-en un autre."),
        "same_as_current": _("C’est déjà la valeur actuelle : tapez-en une autre."),
        "too_many_login_attempts": TOO_MANY,
        "unverified_primary_email": _("Vérifiez d’abord votre adresse courriel."),
        "rate_limited": _("Trop de demandes de suite. Attendez une minute, puis recommencez."),
    }

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Through the outbox, in the transaction of the request. Each sending is an event of its own."""
        name = template_prefix.rpartition("/")[2]
        kept = ("code", "deleted_email", "from_email", "to_email", "timestamp")
        known = {key: context[key] for key in kept if key in context}
        mail.write(
            event=f"account:{name}:{uuid4().hex}",
            to=email,
            template=f"account_{name}",
            email=email,
            user_name=getattr(context.get("user"), "name", ""),
            signup_url=mail.absolute(reverse("account_signup")),
            login_url=mail.absolute(reverse("account_login")),
            reset_url=mail.absolute(reverse("account_reset_password")),
            privacy_url=mail.absolute(reverse("privacy")),
            **known,
        )

    def get_reauthentication_methods(self, user: AbstractBaseUser | AnonymousUser) -> list[dict[str, Any]]:
        words = {
            "reauthenticate": _("Avec mon mot de passe"),
            "mfa_reauthenticate": _("Avec un code à usage unique"),
            "mfa_reauthenticate:webauthn": _("Avec une clé d’accès"),
        }
        found = super().get_reauthentication_methods(user)
        return [{**method, "description": words.get(method["id"], method["description"])} for method in found]

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        """One who never agreed to the terms in force (a new text, an account made by hand) is asked first."""
        if not isinstance(request.user, User) or consents.is_up_to_date(request.user, Purpose.TERMS):
            return super().get_login_redirect_url(request)
        messages.warning(
            request, _("Les conditions d’utilisation sont nouvelles pour vous : lisez-les et acceptez-les.")
        )
        return reverse("consents")

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("security")


class MFAAdapter(DefaultMFAAdapter):
    """The second factor, in our words."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "add_email_blocked": _("Un compte à double vérification garde une seule adresse."),
        "cannot_delete_authenticator": _(
            "Votre rôle demande une double vérification : ajoutez un autre moyen avant de retirer celui-ci."
        ),
        "incorrect_code": _("Ce n’est pas le bon code. Il change toutes les 30 secondes : tapez celui qui s’affiche."),
        "unverified_email": _("Vérifiez d’abord votre adresse courriel."),
    }

    def can_delete_authenticator(self, authenticator: Any) -> bool:
        """The team keeps at least one second factor."""
        user = authenticator.user
        if not (settings.REQUIRE_STAFF_MFA and user.is_staff):
            return True
        others = type(authenticator).objects.filter(user=user).exclude(pk=authenticator.pk)
        return others.exclude(type="recovery_codes").exists()

    def _get_site_name(self) -> str:
        return settings.PORTAL_NAME
