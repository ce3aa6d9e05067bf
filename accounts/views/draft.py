"""Drafts: where the script sends what is being typed, and where one throws it away."""

from __future__ import annotations

import json

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.drafts import KEY, MAX_BYTES, DraftError, forget, keep


@login_not_required  # says in JSON that the session is over, rather than redirecting a script to a page
@require_POST
def draft_keep(request: HttpRequest) -> JsonResponse:
    """Keep what is being typed: ``{"key": …, "data": {name: [values]}}``."""
    if not request.user.is_authenticated:
        return JsonResponse({"error": _("Votre session est terminée.")}, status=401)
    if int(request.META.get("CONTENT_LENGTH") or 0) > MAX_BYTES + 1024:
        return JsonResponse({"error": _("C’est trop long pour être gardé automatiquement : enregistrez.")}, status=413)
    try:
        sent = json.loads(request.body)
        key, data = sent["key"], sent["data"]
        if not isinstance(key, str) or not isinstance(data, dict):
            raise TypeError
        if "\\u0000" in json.dumps(data):
            raise ValueError
        keep(user=request.user, key=key, data=data)
    except DraftError as error:
        return JsonResponse({"error": str(error)}, status=413 if KEY.match(key) else 400)
    except (ValueError, TypeError, KeyError, RecursionError):
        return JsonResponse({"error": _("Ce formulaire n’a pas été compris.")}, status=400)
    return JsonResponse({"kept": True})


@require_POST
def draft_forget(request: HttpRequest) -> HttpResponse:
    """Throw away what was typed, and go back to the form."""
    forget(user=request.user, key=request.POST.get("key", "")[:120].replace("\x00", ""))
    back = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()}, require_https=request.is_secure())
    return redirect(back if safe else "my_space")
