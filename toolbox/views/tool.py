"""Tools: the list that opens the toolbox, the page of one, its file; and the lexicon."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_safe

from directory.models import Continuum, Kind
from directory.permissions import can_curate
from directory.searching import understand
from directory.views.listing import conditional, listing, respond
from mutualisation.kernel.documents import attached
from mutualisation.kernel.search import normalise
from toolbox.filters import ToolFilterSet
from toolbox.models import ModelAgreement, Term, Tool
from toolbox.reading import answering, words_explained
from toolbox.views.tool_edit import owner_panel


@login_not_required
@require_safe
@conditional("toolbox_tool", "toolbox_modelagreement", "toolbox_term")
def tool_list(request: HttpRequest) -> HttpResponse:
    """What helps to share; model agreements first, and words of the lexicon, those that say what is asked."""
    found = listing(request, ToolFilterSet, Tool.objects.visible_to(request.user).listed())
    return respond(request, "toolbox/tool/list.html", found, **_beside(request))


def _beside(request: HttpRequest) -> dict[str, list[Any]]:
    """The model agreements and the words that answer; none where tools are filtered by what those do not have."""
    asked = {name: str(value) for name, value in request.GET.items() if value}
    if asked.keys() - {"q"}:
        return {"agreements": [], "words": []}
    if not asked:
        return {"agreements": list(ModelAgreement.objects.in_force()), "words": []}
    query = understand(asked["q"])
    return {"agreements": answering(query), "words": words_explained(query)}


@login_not_required
@require_safe
def tool_detail(request: HttpRequest, slug: str) -> HttpResponse:
    """One tool: where to find it, what it helps with, what goes with it, the communities that keep it."""
    visible = Tool.objects.visible_to(request.user)
    tool = visible.defer("search").select_related("merged_into").filter(slug=slug).first()
    if tool is None or (tool.merged_into and not can_curate(request.user, tool)):
        return _one_with(request, slug)
    response = render(
        request,
        "toolbox/tool/detail.html",
        {
            "tool": tool,
            "owner": owner_panel(request, tool),
            "stages": [Continuum(stage) for stage in tool.stages],
            "kinds": [Kind(kind) for kind in tool.kinds],
            "others": list(visible.listed().for_list().like(tool)[:4]),
            "agreements": list(ModelAgreement.objects.in_force().filter(kind__in=tool.kinds)),
        },
    )
    if not tool.is_published:
        response["X-Robots-Tag"] = "noindex"
    return response


def _one_with(request: HttpRequest, slug: str) -> HttpResponse:
    """To the tool that this one became one with, for who may read it."""
    return redirect(get_object_or_404(Tool.objects.visible_to(request.user).defer("search"), merged__slug=slug))


@login_not_required
@require_safe
def tool_file(request: HttpRequest, slug: str) -> FileResponse | HttpResponse:
    """The file of a tool, for who may read the tool."""
    tool = Tool.objects.visible_to(request.user).defer("search").filter(slug=slug).first()
    if tool is None:
        return _one_with(request, slug)
    if not tool.file:
        raise Http404
    try:
        return attached(tool.file, tool.file_name, public=tool.is_public)
    except OSError as error:
        raise Http404 from error


@login_not_required
@require_safe
@conditional("toolbox_term")
def lexicon(request: HttpRequest) -> HttpResponse:
    """The words of the field, by letter."""
    terms = sorted(Term.objects.all(), key=lambda term: normalise(term.term))
    letters = [(letter, list(some)) for letter, some in groupby(terms, lambda term: normalise(term.term)[:1].upper())]
    return render(request, "toolbox/term/list.html", {"letters": letters, "count": len(terms)})
