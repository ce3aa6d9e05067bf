"""The portal's addresses, and each of them again under /constante/: same template, context kept in memory, no work."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from typing import Any
from unittest import mock

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path, resolve

from mutualisation import urls as portal

_kept: dict[str, tuple[str, dict[str, Any]]] = {}


@login_not_required
def constant(request: HttpRequest, address: str) -> HttpResponse:
    """The page of ``address`` drawn again from what it was drawn from the first time."""
    request.path = request.path_info = f"/{address}"
    key = request.get_full_path()
    if key not in _kept:
        _kept[key] = _context_of(request)
    template, context = _kept[key]
    return render(request, template, context)


def _context_of(request: HttpRequest) -> tuple[str, dict[str, Any]]:
    """What the view gives to its template."""
    kept: list[tuple[str, dict[str, Any]]] = []

    def keep(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
        kept.append((template, context))
        return render(request, template, context)

    view, args, kwargs = resolve(request.path_info)
    with ExitStack() as stack:
        for name in {view.__module__, "directory.views.listing"}:
            if hasattr(sys.modules[name], "render"):
                stack.enter_context(mock.patch.object(sys.modules[name], "render", keep))
        view(request, *args, **kwargs)
    return kept[0]


urlpatterns = [path("constante/<path:address>", constant), path("constante/", constant, {"address": ""})]
urlpatterns += portal.urlpatterns
handler400, handler403 = portal.handler400, portal.handler403
handler404, handler500 = portal.handler404, portal.handler500
