"""What no page should have to think about: addresses that PostgreSQL could not read, visitors who ask too much."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.core.internal import ratelimit
from django.contrib import messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.db import DataError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

Handler = Callable[[HttpRequest], HttpResponse]


def without_nul(get_response: Handler) -> Handler:
    """Reads a NUL character of a query string as a space: no text of the database may hold one."""

    def middleware(request: HttpRequest) -> HttpResponse:
        asked = request.META.get("QUERY_STRING", "")
        if "%00" in asked:
            request.META["QUERY_STRING"] = asked.replace("%00", "%20")
        return get_response(request)

    return middleware


def may_again(request: HttpRequest, action: str, rate: str) -> bool:
    """Whether this visitor may do it once more (« 30/10m »: 30 in 10 minutes), counted for all processes together.

    Someone signed in is counted by account, anyone else by address, as proxies tell it (``TRUSTED_PROXY_COUNT``).
    """
    who = "user" if request.user.is_authenticated else "ip"
    config = {action: f"{rate}/{who}"}
    return bool(ratelimit.consume(request, app="portal", action=action, config=config, limit_get=True))


def posted_from(page: str, *named: str) -> Callable[[Callable[..., HttpResponse]], Callable[..., HttpResponse]]:
    """A view that only a button calls: whoever opens or reloads its address is led to the page of that button.

    ``named`` are the parts of the address that the page takes. Signing in on the way leads there too.
    """

    def decorate(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        @wraps(view)
        @require_http_methods(["GET", "HEAD", "POST"])
        def posted(request: HttpRequest, **parts: Any) -> HttpResponse:
            if request.method != "POST":
                return redirect(page, **{name: parts[name] for name in named})
            return view(request, **parts)

        return posted

    return decorate


class ForgivingList:
    """For an admin: an address that makes no sense gives the whole list and says so, never a fault."""

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        try:
            return super().get_changelist_instance(request)  # type: ignore[misc]
        except (DataError, IncorrectLookupParameters) as error:
            said = _("Cette adresse demandait quelque chose d’impossible : voici toute la liste.")
            self.message_user(request, said, messages.WARNING, fail_silently=True)  # type: ignore[attr-defined]
            raise IncorrectLookupParameters(str(error)) from error
