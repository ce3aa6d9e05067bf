"""The home page: what this is, one search, the four kinds, stories, the territory."""

from __future__ import annotations

from collections import Counter

from django.contrib.auth.decorators import login_not_required
from django.core.cache import caches
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from directory import cartography, grouping
from directory.models import Kind, Need, Organisation, Practice, Resource
from directory.taxonomies import territories
from directory.views.listing import conditional
from mutualisation.kernel.facets import data_version
from mutualisation.pages.portrait.facts import lately
from mutualisation.pages.portrait.figures import live
from projects.models import Gathering, Project

TABLES = (
    "directory_resource", "directory_organisation", "directory_practice", "directory_need", "projects_project",
    "projects_community", "projects_gathering",
)  # fmt: skip
TILES = {
    Kind.MATERIEL: ("d-chaudrons", "chaudrons, tente, fourgonnette"),
    Kind.LOCAUX: ("d-salle", "salle, cuisine, bureau"),
    Kind.HUMAIN: ("d-duo", "poste partagé, relève"),
    Kind.EXPERTISE: ("d-formation", "formation, gouvernance"),
}


@login_not_required
@require_safe
@conditional(*TABLES, "toolbox_term")  # its words are explained
def home(request: HttpRequest) -> HttpResponse:
    """The front door."""
    resources = Resource.objects.visible_to(request.user).listed()
    practices = Practice.objects.visible_to(request.user).listed().for_list().order_by("-published_at", "-id")
    needs = Need.objects.visible_to(request.user).listed().open()
    key = f"home:{timezone.localdate()}:{data_version(request, *TABLES)}"
    shared_counts = not request.user.is_authenticated  # what a member may see isn’t counted for everyone
    if (counted := caches["memory"].get(key) if shared_counts else None) is None:
        by_kind, by_place = Counter[str](), Counter[int]()
        for kind, place, n in resources.order_by().values_list("kind", "territory_id").annotate(n=Count("*")):
            by_kind[kind] += n
            by_place[place] += n
        shared = Organisation.objects.visible_to(request.user).listed().count()
        asked = needs.count()
        counted = by_kind, by_place, shared, practices.count(), asked
        if shared_counts:
            caches["memory"].set(key, counted, 300)
    by_kind, by_place, organisation_count, practice_count, need_count = counted
    stories = list(practices[:4])
    return render(
        request,
        "pages/home.html",
        {
            "tiles": [
                {"kind": kind, "drawing": TILES[kind][0], "examples": TILES[kind][1], "count": by_kind.get(kind, 0)}
                for kind in Kind
            ],
            "resource_count": sum(by_kind.values()),
            "organisation_count": organisation_count,
            "practice_count": practice_count,
            "featured": stories[0] if stories else None,
            "stories": stories[1:],
            "newest": list(resources.for_list().order_by("-published_at", "-id")[:4]),
            "projects": list(
                Project.objects.visible_to(request.user).listed().open().for_list().order_by("-published_at", "-id")[:3]
            ),
            "gatherings": list(Gathering.objects.visible_to(request.user).to_come().for_list()[:3]),
            "need_count": need_count,
            "groups": _groups(request),
            "needs": list(needs.for_list().order_by("-published_at", "-id")[:4]),
            "live": live(lately()),
            "canvas": cartography.canvas(),
            "shapes": cartography.shaded(by_place),
            "elsewhere": sum(by_place.values()) - sum(s.count for s in cartography.shaded(by_place))
            if territories().by_id
            else 0,
        },
    )


def _groups(request: HttpRequest) -> list[grouping.Group]:
    """What most organisations look for at once: anyone may read it, so it is found once for all."""
    key = f"home-groups:{timezone.localdate()}:{data_version(request, *TABLES)}"
    if (found := caches["memory"].get(key)) is None:
        found = grouping.groups()[:3]
        caches["memory"].set(key, found, 300)
    return found
