"""Resources: the list, the page of one, its map data."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.contrib.auth.decorators import login_not_required
from django.db.models import Count, OuterRef, Q, Subquery
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from directory import agenda
from directory.exchange import jsonld
from directory.exchange.feeds import atom
from directory.exchange.geojson import places
from directory.filters import ResourceFilterSet
from directory.fitting import needs_for
from directory.models import Practice, Resource
from directory.opening import Opening
from directory.permissions import readable
from directory.taxonomies import categories, family_of
from directory.views.listing import conditional, listing, respond
from directory.views.resource_edit import owner_panel
from mutualisation.kernel.facets import AGENDA

TABLES = (*ResourceFilterSet.tables, AGENDA)
OTHERS = ("loans_agreementrule", "toolbox_modelagreement", "toolbox_term")  # its agreement, its words explained
CARD_DAYS, PAGE_DAYS = 14, 28


@login_not_required
@require_safe
@conditional(*TABLES)
def resource_list(request: HttpRequest) -> HttpResponse:
    """Everything that is shared, filtered."""
    found = listing(request, ResourceFilterSet, Resource.objects.visible_to(request.user).listed())
    shown = agenda.days(found.rows, timezone.localdate(), CARD_DAYS) if found.rows else {}
    for row in found.rows:
        row.fortnight = "" if row.is_paused else agenda.marks(shown[row.pk])
    return respond(request, "directory/resource/list.html", found)


@login_not_required
@require_safe
@conditional(*TABLES, "directory_practice", "directory_need", *OTHERS)
def resource_detail(request: HttpRequest, slug: str) -> HttpResponse:
    """One resource: what, where, on what conditions, from whom; comparable ones and stories that go with it."""
    visible = Resource.objects.visible_to(request.user)
    others = visible.listed()
    same = others.filter(organisation=OuterRef("organisation")).order_by().values("organisation")
    rows = (
        Resource.objects.annotate(shared_by_same=Subquery(same.annotate(n=Count("*")).values("n")))
        .select_related("organisation__territory", "category__parent", "territory__parent")
        .defer(
            "search",
            "organisation__search",
            "organisation__description",
            "organisation__territory__outline",
            "territory__outline",
            "territory__parent__outline",
        )
        .prefetch_related("photos")
    )
    resource = readable(rows, request.user, slug)
    if resource is None:
        return renamed(visible, slug)
    opening = Opening.of([resource])
    near = others.comparable_to(resource, 3, family=family_of(resource.category_id))
    around = others.for_list().filter(Q(part_of=resource) | Q(pk__in=near)).order_by("sort_key", "id")
    known = {row.pk: row for row in around}
    shown = agenda.days([resource], timezone.localdate(), PAGE_DAYS, opening=opening)[resource.pk]
    node = categories().by_id.get(resource.category_id)
    owner = owner_panel(request, resource)
    response = render(
        request,
        "directory/resource/detail.html",
        {
            "resource": resource,
            "organisation": resource.organisation,
            "photos": list(resource.photos.all()),
            "whole": visible.filter(pk=resource.part_of_id).first() if resource.part_of_id else None,
            "owner": owner,
            "not_public": owner is not None and not owner["member"] and not resource.is_public,
            "week": opening.week_of(resource),
            "days": [(day, agenda.words(day, resource.quantity)) for day in shown],
            "main_category": categories().by_id.get(node.parent_id or node.id) if node else None,
            "parts": [row for pk, row in known.items() if pk not in near],
            "shared_by_same": resource.shared_by_same or 0,
            "comparable": [known[pk] for pk in near if pk in known],
            "practices": list(Practice.objects.visible_to(request.user).listed().for_list().about(resource)[:3]),
            "needs": needs_for(resource, request.user),
            "jsonld": jsonld.resource(resource, request.build_absolute_uri),
        },
    )
    if not resource.is_public:
        response["X-Robots-Tag"] = "noindex"
    return response


def renamed(visible: Any, slug: str) -> HttpResponse:
    """Where an entry that bore this address went, for who may see it (301); 404 otherwise."""
    event = apps.get_model("directory", "ResourceEvent")
    once = event.objects.filter(slug=slug).order_by("-pgh_created_at", "-pgh_id").values_list("pgh_obj_id", flat=True)
    moved = visible.filter(pk=pk).only("slug").first() if (pk := once.first()) else None
    if moved is None:
        raise Http404
    return redirect(moved, permanent=True)


@login_not_required
@require_safe
@conditional(*TABLES)
def resource_feed(request: HttpRequest) -> HttpResponse:
    """The newest resources of the same list, as an Atom feed."""
    return atom(request, ResourceFilterSet, Resource.objects.visible_to(request.user).listed())


@login_not_required
@require_safe
@conditional(*TABLES)
def resource_places(request: HttpRequest) -> JsonResponse:
    """Where the resources of the same list are, by municipality, as GeoJSON."""
    found = listing(request, ResourceFilterSet, Resource.objects.visible_to(request.user).listed())
    return places(found.territory_counts())
