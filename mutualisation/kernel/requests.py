"""What no page should have to think about: addresses that PostgreSQL could not read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.db import DataError
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

Handler = Callable[[HttpRequest], HttpResponse]


def without_nul(get_response: Handler) -> Handler:
    """Reads a NUL character of a query string as a space: no text of the database may hold one."""

    def middleware(request: HttpRequest) -> HttpResponse:
        asked = request.META.get("QUERY_STRING", "")
        if "%00" in asked:
            request.META["QUERY_STRING"] = asked.replace("%00", "%20")
        return get_response(request)

    return middleware


class ForgivingList:
    """For an admin: an address that makes no sense gives the whole list and says so, never a fault."""

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        try:
            return super().get_changelist_instance(request)  # type: ignore[misc]
        except (DataError, IncorrectLookupParameters) as error:
            said = _("Cette adresse demandait quelque chose d’impossible : voici toute la liste.")
            self.message_user(request, said, messages.WARNING, fail_silently=True)  # type: ignore[attr-defined]
            raise IncorrectLookupParameters(str(error)) from error
