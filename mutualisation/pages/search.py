"""Search over everything: what answers, by noun, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from directory.models import Need, Organisation, Practice, Resource
from directory.searching import mend, understand
from directory.views.listing import conditional
from mutualisation.kernel.facets import Page, scan
from mutualisation.kernel.search import Query
from projects.models import Project
from toolbox.models import Tool
from toolbox.reading import answering

TABLES = (
    "directory_resource", "directory_organisation", "directory_practice", "directory_need", "toolbox_tool",
    "projects_project", "toolbox_modelagreement",
)  # fmt: skip
SHOWN = 6


@dataclass
class Group:
    """The answers of one noun."""

    noun: str
    label: str
    total: int
    rows: list[Any]


@login_not_required
@require_safe
@conditional(*TABLES)
def search(request: HttpRequest) -> HttpResponse:
    """One field, every noun."""
    text = " ".join(request.GET.get("q", "").replace("\x00", " ").split())
    query = understand(text)
    groups, query, how, replaced = find(request, query) if query else ([], query, "none", {})
    return render(
        request,
        "pages/search.html",
        {
            "text": text[:200],
            "query": query,
            "groups": groups,
            "how": how,
            "replaced": replaced,
            "total": sum(g.total for g in groups),
            "roots": query.roots(),
            "common": bool(text) and not query,
        },
    )


def find(request: HttpRequest, asked: Query) -> tuple[list[Group], Query, str, dict[str, str]]:
    """The groups that answer; relaxed by itself when the words match nothing."""
    found = look(request, asked)
    agreements = answering(asked)
    if agreements or any(page.total for _qs, page in found):
        also = [Group("modelagreement", _("Ententes-types"), len(agreements), agreements)] if agreements else []
        return [*fetch(found), *also], asked, "exact", {}
    mended = mend(asked)
    if mended:
        found = look(request, mended[0])
        if any(page.total for _qs, page in found):
            return fetch(found), mended[0], "mended", mended[1]
    loose = (mended[0] if mended else asked).relaxed()
    if loose:
        found = look(request, loose)
        if any(page.total for _qs, page in found):
            return fetch(found), loose, "some", mended[1] if mended else {}
    return [], asked, "none", {}


def look(request: HttpRequest, query: Query) -> list[tuple[models.QuerySet[Any], Page]]:
    """How many of each noun answer, and which come first."""
    nouns: list[Any] = [
        Resource.objects.visible_to(request.user).listed(),
        Organisation.objects.visible_to(request.user).listed(),
        Practice.objects.visible_to(request.user).listed(),
        Need.objects.visible_to(request.user).listed().open(),
        Tool.objects.visible_to(request.user).listed(),
        Project.objects.visible_to(request.user).listed(),
    ]
    return [(qs, scan(qs.matching(query), [], query=query, order="pertinence", offset=0, limit=SHOWN)) for qs in nouns]


def fetch(found: list[tuple[models.QuerySet[Any], Page]]) -> list[Group]:
    """The rows to show."""
    labels = {
        "resource": _("Ressources à partager"),
        "organisation": _("Organismes"),
        "practice": _("Pratiques inspirantes"),
        "need": _("Demandé en ce moment"),
        "tool": _("Outils"),
        "project": _("Projets collectifs"),
    }
    groups = []
    for qs, page in found:
        noun = qs.model._meta.model_name or ""
        if page.total:
            rows = qs.for_list().in_order_of(page.ids)  # type: ignore[attr-defined]
            groups.append(Group(noun, labels[noun], page.total, rows))
    return groups
