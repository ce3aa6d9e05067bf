"""Lists as CSV and XLSX: what the list page shows with the same query string, to this reader."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from directory.exchange.spreadsheets import export
from directory.filters import NeedFilterSet, OrganisationFilterSet, PracticeFilterSet, ResourceFilterSet, asked_now
from directory.models import Need, Organisation, Practice, Resource
from mutualisation.kernel.requests import may_again
from mutualisation.kernel.spreadsheets import FORMATS

EXPORTS = "30/10m"  # whole lists, written row by row: enough for anyone who works with them


def spreadsheet(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """A public view that gives one of the known formats, never kept: each reader sees her own list."""

    @login_not_required
    @require_safe
    @never_cache
    @wraps(view)
    def guarded(request: HttpRequest, form: str) -> HttpResponseBase:
        if form not in FORMATS:
            raise Http404
        if not may_again(request, "export", EXPORTS):
            refused = render(request, "429.html", {"exported": True}, status=429)
            refused["Retry-After"] = "600"
            return refused
        return view(request, form)

    return guarded


@spreadsheet
def resource_export(request: HttpRequest, form: str) -> HttpResponseBase:
    return export(request, ResourceFilterSet, Resource.objects.visible_to(request.user).listed(), form=form)


@spreadsheet
def organisation_export(request: HttpRequest, form: str) -> HttpResponseBase:
    return export(request, OrganisationFilterSet, Organisation.objects.visible_to(request.user).listed(), form=form)


@spreadsheet
def need_export(request: HttpRequest, form: str) -> HttpResponseBase:
    needs = asked_now(request.GET, Need.objects.visible_to(request.user).listed())
    return export(request, NeedFilterSet, needs, form=form)


@spreadsheet
def practice_export(request: HttpRequest, form: str) -> HttpResponseBase:
    return export(request, PracticeFilterSet, Practice.objects.visible_to(request.user).listed(), form=form)
