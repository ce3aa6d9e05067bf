"""Inspiring practices: the list, the page of one."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from directory.exchange import jsonld
from directory.exchange.feeds import atom
from directory.exchange.geojson import places
from directory.filters import PracticeFilterSet
from directory.models import Kind, Organisation, Practice, PracticePartner, Territory
from directory.views.listing import conditional, listing, respond

TABLES = PracticeFilterSet.tables


@login_not_required
@require_safe
@conditional(*TABLES)
def practice_list(request: HttpRequest) -> HttpResponse:
    """Stories to copy, filtered."""
    found = listing(request, PracticeFilterSet, Practice.objects.visible_to(request.user))
    return respond(request, "directory/practice/list.html", found)


@login_not_required
@require_safe
@conditional(*TABLES, "directory_organisation")
def practice_detail(request: HttpRequest, slug: str) -> HttpResponse:
    """One story, told as an article."""
    visible = Practice.objects.visible_to(request.user)
    practice = get_object_or_404(
        visible.defer("search").prefetch_related(
            "figures", "links", "sectors", Prefetch("territories", Territory.objects.defer("outline"))
        ),
        slug=slug,
    )
    shown = Organisation.objects.visible_to(request.user)
    partners = list(
        practice.partners.filter(organisation__in=shown)
        .select_related("organisation")
        .only("practice", "role", "organisation__name", "organisation__slug")
        .order_by("id")
    )
    return render(
        request,
        "directory/practice/detail.html",
        {
            "practice": practice,
            "roles": [
                (label, [p.organisation for p in partners if p.role == role])
                for role, label in PracticePartner.Role.choices
                if any(p.role == role for p in partners) and not (role == "bailleur" and practice.funders)
            ],
            "kinds": [Kind(k) for k in practice.kinds],
            "funders": [line.strip() for line in practice.funders.splitlines() if line.strip()],
            "others": list(visible.for_list().like(practice)[:3]),
            "practice_count": visible.count(),
            "jsonld": jsonld.practice(practice, partners, request.build_absolute_uri),
        },
    )


@login_not_required
@require_safe
@conditional(*TABLES)
def practice_feed(request: HttpRequest) -> HttpResponse:
    """The newest practices of the same list, as an Atom feed."""
    return atom(request, PracticeFilterSet, Practice.objects.visible_to(request.user))


@login_not_required
@require_safe
@conditional(*TABLES)
def practice_places(request: HttpRequest) -> JsonResponse:
    """Where the practices of the same list are, by place, as GeoJSON."""
    found = listing(request, PracticeFilterSet, Practice.objects.visible_to(request.user))
    return places(found.territory_counts())
