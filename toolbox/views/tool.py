"""Tools: the list that opens the toolbox; and the lexicon."""

from __future__ import annotations

from itertools import groupby

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from directory.views.listing import conditional, listing, respond
from mutualisation.kernel.search import normalise
from toolbox.filters import ToolFilterSet
from toolbox.models import ModelAgreement, Term, Tool


@login_not_required
@require_safe
@conditional("toolbox_tool", "toolbox_modelagreement")
def tool_list(request: HttpRequest) -> HttpResponse:
    """What helps to share; model agreements first, as long as nothing is asked."""
    found = listing(request, ToolFilterSet, Tool.objects.visible_to(request.user).listed())
    agreements = [] if request.GET else list(ModelAgreement.objects.in_force())
    return respond(request, "toolbox/tool/list.html", found, agreements=agreements)


@login_not_required
@require_safe
@conditional("toolbox_term")
def lexicon(request: HttpRequest) -> HttpResponse:
    """The words of the field, by letter."""
    terms = sorted(Term.objects.all(), key=lambda term: normalise(term.term))
    letters = [(letter, list(some)) for letter, some in groupby(terms, lambda term: normalise(term.term)[:1].upper())]
    return render(request, "toolbox/term/list.html", {"letters": letters, "count": len(terms)})
