"""The team’s second factor: nothing of the curation or the administration opens before one is set up."""

from __future__ import annotations

from collections.abc import Callable

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

GUARDED = ("/moderation/", "/admin/")


class StaffSecondFactorMiddleware:
    """Sends a curator or an administrator to set up a second factor first (setting ``REQUIRE_STAFF_MFA``).

    Whoever has one has used it to sign in: allauth asks for it at every sign-in, and the admin’s own form is closed.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if settings.REQUIRE_STAFF_MFA and request.path.startswith(GUARDED) and request.user.is_authenticated:
            user = request.user
            factors = Authenticator.objects.filter(user=user.pk).exclude(type=Authenticator.Type.RECOVERY_CODES)
            if (user.is_staff or user.is_superuser) and not factors.exists():
                messages.warning(
                    request,
                    _("Votre rôle demande une double vérification : ajoutez-en une pour ouvrir cette page."),
                )
                return redirect("mfa_index")
        return self.get_response(request)
