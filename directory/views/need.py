"""Needs: the list, the page of one, its feed and map data."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.contrib.auth.decorators import login_not_required
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from directory.exchange import jsonld
from directory.exchange.feeds import atom
from directory.exchange.geojson import places
from directory.filters import NeedFilterSet, asked_now
from directory.fitting import answers_to, offers_for
from directory.memberships import acting_for
from directory.models import Need
from directory.permissions import can_edit
from directory.taxonomies import categories
from directory.views.listing import conditional, listing, respond
from directory.views.need_edit import owner_panel

TABLES = NeedFilterSet.tables


def _rows(request: HttpRequest) -> QuerySet[Need]:
    return asked_now(request.GET, Need.objects.visible_to(request.user).listed())


@login_not_required
@require_safe
@conditional(*TABLES)
def need_list(request: HttpRequest) -> HttpResponse:
    """What is looked for, filtered."""
    found = listing(request, NeedFilterSet, _rows(request))
    past = not found.filterset.cleaned.get("etat")
    return respond(request, "directory/need/list.html", found, offer_past=past)


@login_not_required
@require_safe
@conditional(*TABLES, "directory_resource", "projects_project", "toolbox_term")
def need_detail(request: HttpRequest, slug: str) -> HttpResponse:
    """One need: what, how many, where, when, why, for whom; and what would answer it."""
    need = (
        Need.objects.select_related("organisation__territory", "category", "territory__parent")
        .defer(
            "search",
            "organisation__search",
            "organisation__description",
            "organisation__territory__outline",
            "territory__outline",
            "territory__parent__outline",
        )
        .filter(slug=slug)
        .first()
    )
    if need is None:
        return _renamed(request, slug)
    if not _readable(request, need):
        raise Http404
    acting = acting_for(request)
    node = categories().by_id.get(need.category_id) if need.category_id else None
    response = render(
        request,
        "directory/need/detail.html",
        {
            "need": need,
            "organisation": need.organisation,
            "category": node,
            "main_category": categories().by_id.get(node.parent_id or node.id) if node else None,
            "owner": owner_panel(request, need),
            "answers": answers_to(need, request.user),
            "offers": offers_for(need, request.user),
            "offer_address": _offer_address(need, acting),
            "jsonld": jsonld.need(need, request.build_absolute_uri),
        },
    )
    if not need.is_public:
        response["X-Robots-Tag"] = "noindex"
    return response


def _readable(request: HttpRequest, need: Need) -> bool:
    """Whoever may see it, and the curators who decide about it."""
    if need.is_public:
        return True
    return Need.objects.visible_to(request.user).filter(pk=need.pk).exists() or can_edit(request.user, need)


def _offer_address(need: Need, acting: Any) -> str:
    """Where one offers what it takes: the form of its kind for who acts for another organisation; else, to write."""
    if not need.is_asked or (acting and acting.organisation_id == need.organisation_id):
        return ""
    if acting:
        return reverse("resource_create", args=[need.kind]) + f"?besoin={need.slug}"
    return need.organisation.get_absolute_url() + "#joindre"


def _renamed(request: HttpRequest, slug: str) -> HttpResponse:
    """Where a need that bore this address went, for who may see it (301); 404 otherwise."""
    event = apps.get_model("directory", "NeedEvent")
    once = event.objects.filter(slug=slug).order_by("-pgh_created_at", "-pgh_id").values_list("pgh_obj_id", flat=True)
    visible = Need.objects.visible_to(request.user)
    moved = visible.filter(pk=pk).only("slug").first() if (pk := once.first()) else None
    if moved is None:
        raise Http404
    return redirect(moved, permanent=True)


@login_not_required
@require_safe
@conditional(*TABLES)
def need_feed(request: HttpRequest) -> HttpResponse:
    """The newest needs of the same list, as an Atom feed."""
    return atom(request, NeedFilterSet, _rows(request))


@login_not_required
@require_safe
@conditional(*TABLES)
def need_places(request: HttpRequest) -> JsonResponse:
    """Where the needs of the same list are, by municipality, as GeoJSON."""
    return places(listing(request, NeedFilterSet, _rows(request)).territory_counts())
