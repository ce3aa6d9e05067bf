"""What the measured server does on demand (header X-Bench): empty its cache, give the SQL of a page, profile it.

Each answer says how long the processor worked for it in Python (X-Bench-Cpu): what busy neighbours change least.
"""

from __future__ import annotations

import cProfile
import io
import pstats
import time
from collections.abc import Callable

from django.core.cache import caches
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse

from mutualisation.pages.portrait import facts as portrait

Handler = Callable[[HttpRequest], HttpResponse]


def tools(get_response: Handler) -> Handler:
    def answer(request: HttpRequest) -> HttpResponse:
        asked = request.META.get("HTTP_X_BENCH", "")
        if "frais" in asked:
            _forget()
        if "sql" in asked:
            return _sql(get_response, request)
        if "profil" in asked:
            return _profile(get_response, request)
        started = time.thread_time()
        response = get_response(request)
        response["X-Bench-Cpu"] = f"{1000 * (time.thread_time() - started):.3f}"
        return response

    return answer


def _forget() -> None:
    """What pages and counts are kept under, and the figures of the portrait."""
    caches["memory"].clear()
    portrait.kept.clear()
    portrait.lately.clear()


def _sql(get_response: Handler, request: HttpRequest) -> HttpResponse:
    """The statements of the page, their parameters in place, and the time the database took."""
    connection.queries_log.clear()
    connection.force_debug_cursor = True
    try:
        get_response(request)
        return JsonResponse({"queries": list(connection.queries_log)})
    finally:
        connection.force_debug_cursor = False


def _profile(get_response: Handler, request: HttpRequest) -> HttpResponse:
    """Where the time of ten such requests goes."""
    profile, out = cProfile.Profile(), io.StringIO()
    profile.enable()
    for _ in range(10):
        if "frais" in request.META["HTTP_X_BENCH"]:
            _forget()
        get_response(request)
    profile.disable()
    pstats.Stats(profile, stream=out).sort_stats("cumulative").print_stats(70)
    pstats.Stats(profile, stream=out).sort_stats("tottime").print_stats(30)
    return HttpResponse(out.getvalue(), content_type="text/plain; charset=utf-8")
