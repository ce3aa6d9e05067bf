"""A person’s own pages: profile, security, what she agreed to."""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts import consents
from accounts.forms import ProfileForm
from accounts.models import User
from accounts.models.consent import Purpose

READ_OR_SEND = require_http_methods(["GET", "HEAD", "POST"])


def person(request: HttpRequest) -> User:
    """Whoever is signed in: LoginRequiredMiddleware lets nobody else here."""
    user = request.user
    assert isinstance(user, User)
    return user


@READ_OR_SEND
@never_cache
def profile(request: HttpRequest) -> HttpResponse:
    """Name, function, phone, language."""
    form = ProfileForm(request.POST or None, instance=User.objects.get(pk=person(request).pk))
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("Votre profil est enregistré."))
        return redirect("profile")
    return render(request, "account/profile.html", {"form": form})


@require_safe
@never_cache
def security(request: HttpRequest) -> HttpResponse:
    """How one signs in: address, password, second factor, sessions."""
    user = person(request)
    factors = Authenticator.objects.filter(user=user).exclude(type=Authenticator.Type.RECOVERY_CODES)
    context = {"factors": factors.exists(), "required": settings.REQUIRE_STAFF_MFA and user.is_staff}
    return render(request, "account/security.html", context)


@READ_OR_SEND
@never_cache
def consent_list(request: HttpRequest) -> HttpResponse:
    """See, give, withdraw, each purpose apart."""
    user = person(request)
    if request.method == "POST":
        _change(request, user)
        return redirect("consents")
    return render(request, "account/consents.html", {"standings": consents.standings(user)})


def _change(request: HttpRequest, user: User) -> None:
    purpose, action = request.POST.get("purpose", ""), request.POST.get("action")
    if purpose not in Purpose.values or action not in ("give", "withdraw"):
        messages.error(request, _("Cette demande n’est pas complète : rien n’a changé. Recommencez depuis cette page."))
    elif action == "give":
        consents.give(by=user, purpose=Purpose(purpose))
        messages.success(request, _("Votre accord est noté."))
    elif purpose in consents.REQUIRED:
        messages.error(request, _("Cet accord va avec le compte : pour le retirer, fermez le compte."))
    else:
        consents.withdraw(by=user, purpose=Purpose(purpose))
        messages.success(request, _("Votre accord est retiré."))
