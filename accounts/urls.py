"""Addresses of a person’s account, in French; allauth’s names are kept, its views run in one transaction.

So an account and the e-mail that verifies it are saved together, or not at all.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account import views as account
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as codes
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as webauthn
from allauth.usersessions import views as sessions
from django.db import transaction
from django.http import HttpRequest, HttpResponseBase
from django.urls import URLPattern, path
from django.views.generic.base import RedirectView

from accounts.views import account as own
from accounts.views import outbox, privacy


def at(route: str, view: Callable[..., Any], name: str) -> URLPattern:
    """An address whose view, when it changes something, does so in one transaction."""

    @wraps(view)
    def whole(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method != "POST":
            return view(request, *args, **kwargs)
        with transaction.atomic():
            return view(request, *args, **kwargs)

    return path(route, whole, name=name)


account_patterns = [
    at("connexion/", account.login, "account_login"),
    at("connexion/code/", account.request_login_code, "account_request_login_code"),
    at("connexion/code/confirmer/", account.confirm_login_code, "account_confirm_login_code"),
    at("connexion/cle/", webauthn.login_webauthn, "mfa_login_webauthn"),
    at("deconnexion/", account.logout, "account_logout"),
    at("inactif/", account.account_inactive, "account_inactive"),
    at("inscription/", account.signup, "account_signup"),
    at("inscription/verifier/", account.email_verification_sent, "account_email_verification_sent"),
    at("confirmer/", account.reauthenticate, "account_reauthenticate"),
    at("courriel/", account.email, "account_email"),
    at("mot-de-passe/", account.password_change, "account_change_password"),
    at("mot-de-passe/choisir/", account.password_set, "account_set_password"),
    at("mot-de-passe/oublie/", account.password_reset, "account_reset_password"),
    at("mot-de-passe/oublie/code/", account.confirm_password_reset_code, "account_confirm_password_reset_code"),
    at("mot-de-passe/oublie/nouveau/", account.complete_password_reset, "account_complete_password_reset"),
    at("mot-de-passe/oublie/fait/", account.password_reset_from_key_done, "account_password_reset_completed"),
    at("double-verification/", mfa.index, "mfa_index"),
    at("double-verification/connexion/", mfa.authenticate, "mfa_authenticate"),
    at("double-verification/confirmer/", mfa.reauthenticate, "mfa_reauthenticate"),
    at("double-verification/application/", totp.activate_totp, "mfa_activate_totp"),
    at("double-verification/application/retirer/", totp.deactivate_totp, "mfa_deactivate_totp"),
    at("double-verification/secours/", codes.view_recovery_codes, "mfa_view_recovery_codes"),
    at("double-verification/secours/nouveaux/", codes.generate_recovery_codes, "mfa_generate_recovery_codes"),
    at("double-verification/secours/codes.txt", codes.download_recovery_codes, "mfa_download_recovery_codes"),
    at("double-verification/cles/", webauthn.list_webauthn, "mfa_list_webauthn"),
    at("double-verification/cles/ajouter/", webauthn.add_webauthn, "mfa_add_webauthn"),
    at("double-verification/cles/confirmer/", webauthn.reauthenticate_webauthn, "mfa_reauthenticate_webauthn"),
    at("double-verification/cles/<int:pk>/", webauthn.edit_webauthn, "mfa_edit_webauthn"),
    at("double-verification/cles/<int:pk>/retirer/", webauthn.remove_webauthn, "mfa_remove_webauthn"),
    at("sessions/", sessions.list_usersessions, "usersessions_list"),
]

urlpatterns = [
    *account_patterns,
    path("", RedirectView.as_view(pattern_name="profile"), name="account"),
    path("profil/", own.profile, name="profile"),
    path("securite/", own.security, name="security"),
    path("accords/", own.consent_list, name="consents"),
    path("mes-donnees/", privacy.my_data, name="my_data"),
    path("fermer/", privacy.close_account, name="close_account"),
    path("ferme/", privacy.closed, name="account_closed"),
]

mail_patterns = [
    path("", outbox.outbox, name="outbox"),
    path("<int:pk>/", outbox.outbox_mail, name="outbox_mail"),
    path("<int:pk>/html/", outbox.outbox_html, name="outbox_html"),
]
