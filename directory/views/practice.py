"""Inspiring practices: the list, the page of one."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.db.models import Prefetch
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from directory.exchange import jsonld
from directory.exchange.feeds import atom
from directory.exchange.geojson import places
from directory.filters import PracticeFilterSet
from directory.models import Kind, Organisation, Practice, PracticePartner, Territory
from directory.views.listing import conditional, listing, respond
from directory.views.practice_edit import owner_panel

TABLES = PracticeFilterSet.tables


@login_not_required
@require_safe
@conditional(*TABLES)
def practice_list(request: HttpRequest) -> HttpResponse:
    """Stories to copy, filtered."""
    found = listing(request, PracticeFilterSet, Practice.objects.visible_to(request.user).listed())
    return respond(request, "directory/practice/list.html", found)


@login_not_required
@require_safe
@conditional(*TABLES, "directory_organisation", "toolbox_term")  # its words are explained
def practice_detail(request: HttpRequest, slug: str) -> HttpResponse:
    """One story, told as an article."""
    visible = Practice.objects.visible_to(request.user)
    practice = get_object_or_404(
        Practice.objects.defer("search").prefetch_related(
            "figures", "links", "photos", "sectors", Prefetch("territories", Territory.objects.defer("outline"))
        ),
        slug=slug,
    )
    owner = owner_panel(request, practice)
    if not practice.is_published and owner is None:  # its author, and the curators who decide about it, read it
        raise Http404
    shown = Organisation.objects.visible_to(request.user)
    partners = list(
        practice.partners.filter(organisation__in=shown)
        .select_related("organisation")
        .only("practice", "role", "organisation__name", "organisation__slug")
        .order_by("id")
    )
    response = render(
        request,
        "directory/practice/detail.html",
        {
            "practice": practice,
            "photos": list(practice.photos.all()),
            "owner": owner,
            "roles": [
                (label, [p.organisation for p in partners if p.role == role])
                for role, label in PracticePartner.Role.choices
                if any(p.role == role for p in partners) and not (role == "bailleur" and practice.funders)
            ],
            "kinds": [Kind(k) for k in practice.kinds],
            "funders": [line.strip() for line in practice.funders.splitlines() if line.strip()],
            "others": list(visible.listed().for_list().like(practice)[:3]),
            "practice_count": visible.listed().count(),
            "jsonld": jsonld.practice(practice, partners, request.build_absolute_uri) if practice.is_published else "",
        },
    )
    if not practice.is_published:
        response["X-Robots-Tag"] = "noindex"
    return response


@login_not_required
@require_safe
@conditional(*TABLES)
def practice_feed(request: HttpRequest) -> HttpResponse:
    """The newest practices of the same list, as an Atom feed."""
    return atom(request, PracticeFilterSet, Practice.objects.visible_to(request.user).listed())


@login_not_required
@require_safe
@conditional(*TABLES)
def practice_places(request: HttpRequest) -> JsonResponse:
    """Where the practices of the same list are, by place, as GeoJSON."""
    found = listing(request, PracticeFilterSet, Practice.objects.visible_to(request.user).listed())
    return places(found.territory_counts())
