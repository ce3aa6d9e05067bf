"""Organisations: the list, the page of one, its map data."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.db.models import Prefetch
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from directory.exchange import jsonld
from directory.exchange.feeds import atom
from directory.exchange.geojson import places
from directory.filters import OrganisationFilterSet
from directory.models import Need, Organisation, Practice, Resource, Territory
from directory.permissions import can_edit, is_member, readable
from directory.views.listing import conditional, listing, respond

TABLES = OrganisationFilterSet.tables
SHOWN_RESOURCES = 24


@login_not_required
@require_safe
@conditional(*TABLES)
def organisation_list(request: HttpRequest) -> HttpResponse:
    """Who is who, filtered."""
    found = listing(request, OrganisationFilterSet, Organisation.objects.visible_to(request.user).listed())
    return respond(request, "directory/organisation/list.html", found)


@login_not_required
@require_safe
@conditional(*TABLES, "directory_practice", "directory_need", "loans_loan", "toolbox_term")
def organisation_detail(request: HttpRequest, slug: str) -> HttpResponse:
    """One organisation: what it does, where, what it shares, the stories it takes part in."""
    rows = (
        Organisation.objects.select_related("territory__parent")
        .defer("search", "territory__outline", "territory__parent__outline")
        .prefetch_related("sectors", Prefetch("served_territories", Territory.objects.defer("outline")))
    )
    organisation = readable(rows, request.user, slug)
    if organisation is None:
        raise Http404
    shared = Resource.objects.visible_to(request.user).listed().filter(organisation=organisation)
    needs = Need.objects.visible_to(request.user).listed().open().filter(organisation=organisation)
    practices = Practice.objects.visible_to(request.user).listed().filter(partners__organisation=organisation)
    mine = is_member(request.user, organisation)
    response = render(
        request,
        "directory/organisation/detail.html",
        {
            "organisation": organisation,
            "resources": list(shared.for_list().order_by("kind", "sort_key", "id")[:SHOWN_RESOURCES]),
            "resource_count": shared.count(),
            "practices": list(practices.for_list().distinct().order_by("-published_at", "-id")[:6]),
            "needs": list(needs.for_list().order_by("-published_at", "-id")[:6]),
            "jsonld": jsonld.organisation(organisation, request.build_absolute_uri)
            if organisation.is_published
            else "",
            "mine": mine,
            "editable": request.user.is_authenticated and can_edit(request.user, organisation),
            "not_public": not organisation.is_published and not mine,
        },
    )
    if not organisation.is_published:
        response["X-Robots-Tag"] = "noindex"
    return response


@login_not_required
@require_safe
@conditional(*TABLES)
def organisation_feed(request: HttpRequest) -> HttpResponse:
    """The newest organisations of the same list, as an Atom feed."""
    return atom(request, OrganisationFilterSet, Organisation.objects.visible_to(request.user).listed())


@login_not_required
@require_safe
@conditional(*TABLES)
def organisation_places(request: HttpRequest) -> JsonResponse:
    """Where the organisations of the same list are, by municipality, as GeoJSON."""
    found = listing(request, OrganisationFilterSet, Organisation.objects.visible_to(request.user).listed())
    return places(found.territory_counts())
