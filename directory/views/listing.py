"""The one way a list page is made: filters, one scan, the rows, and the same list as map, feed or data."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from directory import cartography
from directory.exchange.spreadsheets import AT_MOST as EXPORTED
from directory.filters.listing import PAGE_SIZE, EntryFilterSet, Results, held
from directory.models.territory import TerritoryKind
from directory.taxonomies import territories
from mutualisation.kernel.facets import AGENDA, RANKED_AT_MOST, data_version
from mutualisation.kernel.pagination import Pager, asked_page, pager


@dataclass
class Listing:
    """A list page, ready to be drawn."""

    filterset: EntryFilterSet
    results: Results
    rows: list[Any]
    pager: Pager
    notices: list[str]
    roots: list[str] = field(default_factory=list)

    @property
    def total(self) -> int:
        return self.results.page.total

    def territory_counts(self) -> dict[int, int]:
        """How many answers are in each place itself, the territory filter aside."""
        return {int(k): n for k, n in self.results.page.counts.get("territoire", {}).items() if int(k) > 0}

    def mrc_counts(self) -> dict[int, int]:
        """How many answers each MRC holds, the territory filter aside."""
        rolled, tree = held(self.results.page.counts.get("territoire", {})), territories()
        return {k: n for k, n in rolled.items() if (node := tree.by_id.get(k)) and node.kind == TerritoryKind.MRC}


def anonymous_etag(request: HttpRequest, *tables: str) -> str | None:
    """The mark of an anonymous page: it moves with the data, the day, the language and the release.

    None for someone signed in: her page is never shared.
    """
    if request.user.is_authenticated or messages.get_messages(request):
        return None
    now = timezone.localtime()
    quarter = now.strftime("%H:") + str(now.minute // 15)  # a calendar says when today is over
    parts = (
        settings.BUILD,
        request.get_full_path(),
        get_language(),
        now.date(),
        now.strftime("%H:%M") if request.GET.get("du") else "",  # notice is counted from now
        quarter if AGENDA in tables else "",
        data_version(request, *tables),
    )
    return f'W/"{hashlib.sha256(repr(parts).encode()).hexdigest()[:32]}"'


def conditional(*tables: str) -> Callable[..., Any]:
    """Decorator of a public view: a reader who has the page already gets 304, before any work."""

    def decorate(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        @wraps(view)
        def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            etag = anonymous_etag(request, *tables) if request.method in ("GET", "HEAD") else None
            if etag and etag in request.headers.get("If-None-Match", ""):
                response = HttpResponse(status=304)
            else:
                response = view(request, *args, **kwargs)
            if etag and response.status_code in (200, 304):
                response["ETag"] = etag
                response["Cache-Control"] = "public, no-cache"
            patch_vary_headers(response, ("Cookie", "Accept-Language"))
            return response

        return wrapped

    return decorate


def listing(request: HttpRequest, filterset_class: type[EntryFilterSet], queryset: models.QuerySet[Any]) -> Listing:
    """Read the address, find, and fetch the rows of the page."""
    filterset = filterset_class(request.GET, queryset=queryset)
    notices = filterset.misunderstood()
    number = asked_page(request.GET.get("page"))
    if number is None:
        notices.append(_("La page demandée n’existe pas : voici la première."))
        number = 1
    # Counts are shared between anonymous readers only: what someone signed in may see changes without a row changing.
    version = data_version(request, *filterset.tables) if not request.user.is_authenticated else ""
    most = RANKED_AT_MOST // PAGE_SIZE if filterset.order == "pertinence" else 100_000
    results = filterset.results(page=min(number, most), version=version)
    last = min(most, max(1, -(-results.page.total // PAGE_SIZE)))
    if number > last:
        notices.append(_("Il n’y a pas de page %(asked)s : voici la dernière.") % {"asked": number})
        number = last
        results = filterset.results(page=number, version=version)
    rows = queryset.for_list().in_order_of(results.page.ids) if results.page.ids else []  # type: ignore[attr-defined]
    links = pager(
        number, results.page.total, PAGE_SIZE, lambda n: filterset.address(page=str(n) if n > 1 else ""), most=most
    )
    return Listing(filterset, results, rows, links, notices, results.query.roots())


def respond(request: HttpRequest, template: str, found: Listing, **extra: Any) -> HttpResponse:
    """Draw a list page, as a list or as a map above the same list."""
    show_map = request.GET.get("vue") == "carte"
    filterset = found.filterset
    context = {
        "listing": found,
        "filterset": filterset,
        "facets": filterset.facets(found.results.page),
        "chips": filterset.chips(),
        "show_map": show_map,
        "list_address": filterset.address(vue=""),
        "map_address": filterset.address(vue="carte"),
        "feed_address": "atom/" + filterset.address(vue=""),
        "export_query": filterset.address(vue=""),
        "export_most": EXPORTED if found.total > EXPORTED else 0,
        **extra,
    }
    if show_map:
        counts = found.territory_counts()
        chosen = filterset.cleaned.get("territoire") or []
        context["map_base"] = filterset.address(vue="carte", territoire="") + "&territoire="
        context["canvas"] = cartography.canvas()
        context["shapes"] = cartography.shaded(found.mrc_counts())
        context["pins"] = cartography.pins(counts, chosen)
    return render(request, template, context)
