"""Resources: the list, the page of one, its map data."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from directory.exchange import jsonld
from directory.exchange.feeds import atom
from directory.exchange.geojson import places
from directory.filters import ResourceFilterSet
from directory.models import Practice, Resource
from directory.taxonomies import categories
from directory.views.listing import conditional, listing, respond

TABLES = ResourceFilterSet.tables


@login_not_required
@require_safe
@conditional(*TABLES)
def resource_list(request: HttpRequest) -> HttpResponse:
    """Everything that is shared, filtered."""
    found = listing(request, ResourceFilterSet, Resource.objects.visible_to(request.user))
    return respond(request, "directory/resource/list.html", found)


@login_not_required
@require_safe
@conditional(*TABLES, "directory_practice")
def resource_detail(request: HttpRequest, slug: str) -> HttpResponse:
    """One resource: what, where, on what conditions, from whom; comparable ones and stories that go with it."""
    visible = Resource.objects.visible_to(request.user)
    resource = get_object_or_404(
        visible.select_related("organisation__territory", "category__parent", "territory__parent")
        .defer(
            "search",
            "organisation__search",
            "organisation__description",
            "organisation__territory__outline",
            "territory__outline",
            "territory__parent__outline",
        )
        .prefetch_related("opening_hours"),
        slug=slug,
    )
    others = Resource.objects.visible_to(request.user)
    node = categories().by_id.get(resource.category_id)
    return render(
        request,
        "directory/resource/detail.html",
        {
            "resource": resource,
            "organisation": resource.organisation,
            "main_category": categories().by_id.get(node.parent_id or node.id) if node else None,
            "whole": others.filter(pk=resource.part_of_id).first() if resource.part_of_id else None,
            "parts": list(others.filter(part_of=resource).only("slug", "name", "summary").order_by("sort_key", "id")),
            "shared_by_same": others.filter(organisation=resource.organisation).count(),
            "comparable": others.for_list().in_order_of(others.comparable_to(resource, 3)),
            "practices": list(Practice.objects.visible_to(request.user).for_list().about(resource)[:3]),
            "jsonld": jsonld.resource(resource, request.build_absolute_uri),
        },
    )


@login_not_required
@require_safe
@conditional(*TABLES)
def resource_feed(request: HttpRequest) -> HttpResponse:
    """The newest resources of the same list, as an Atom feed."""
    return atom(request, ResourceFilterSet, Resource.objects.visible_to(request.user))


@login_not_required
@require_safe
@conditional(*TABLES)
def resource_places(request: HttpRequest) -> JsonResponse:
    """Where the resources of the same list are, by municipality, as GeoJSON."""
    found = listing(request, ResourceFilterSet, Resource.objects.visible_to(request.user))
    return places(found.territory_counts())
