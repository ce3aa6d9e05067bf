"""Two tools side by side: which one stays, what it takes from the other, a word to those who proposed them."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from directory.moderation import AlreadyDecided
from directory.permissions import curated_territories, require
from mutualisation.kernel.publication import Status
from toolbox.merging import can_merge, completed, in_words, may_be_kept, merge
from toolbox.models import Tool


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def tool_merge(request: HttpRequest, slug: str, other: str) -> HttpResponse:
    """Compare two tools, choose the one that stays, make them one."""
    require(curated_territories(request.user) != [])
    found = {tool.slug: tool for tool in Tool.objects.filter(slug__in=[slug, other]).select_related("proposed_by")}
    if slug == other or len(found) != 2:
        raise Http404
    pair = found[slug], found[other]
    if not can_merge(*pair):
        messages.warning(request, _("Ces deux outils ne peuvent plus être réunis : rien n’a changé."))
        return redirect("moderation")
    rows = [(tool, _of(tool, mate), may_be_kept(tool, mate)) for tool, mate in (pair, pair[::-1])]
    context: dict[str, Any] = {"rows": rows, "chosen": _first(pair).slug, "note": "", "error": ""}
    if request.method != "POST":
        return render(request, "toolbox/tool/merge.html", context)
    kept = found.get(request.POST.get("garder", ""))
    note = request.POST.get("note", "")
    if kept is None or not may_be_kept(kept, next(tool for tool in pair if tool != kept)):
        context |= {"chosen": "", "note": note, "error": _("Choisissez celui qui reste. Rien n’a changé.")}
        return render(request, "toolbox/tool/merge.html", context, status=422)
    gone = next(tool for tool in pair if tool != kept)
    try:
        merge(kept=kept, gone=gone, by=request.user, note=note)
    except AlreadyDecided as answer:
        messages.warning(request, str(answer))
        return redirect("moderation")
    said = _("« %(gone)s » mène maintenant à « %(kept)s ». Vous pouvez annuler pendant un jour, dans « Décidé "
             "récemment ».")  # fmt: skip
    messages.success(request, said % {"gone": gone, "kept": kept})
    waiting = f"?fiche=new.tool.{kept.pk}" if kept.status == Status.SUBMITTED else ""
    return redirect(f"{reverse('moderation')}{waiting}#h-f")


def _first(pair: tuple[Tool, Tool]) -> Tool:
    """The one that most probably stays: what is public, then the first there."""
    return min(pair, key=lambda tool: (not tool.is_published, tool.created_at, tool.pk))


def _of(tool: Tool, other: Tool) -> str:
    """What a tool would take from the other, in words."""
    return ", ".join(in_words(completed(tool, other)))
