"""The portrait as a page, as data, and how it is made. Anyone reads it; nothing in it names an organisation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from directory import cartography
from directory.models import Organisation
from directory.views.listing import conditional
from mutualisation.kernel.requests import may_again
from mutualisation.kernel.spreadsheets import download
from mutualisation.pages.portrait import choice as chosen
from mutualisation.pages.portrait.drawing import Figure
from mutualisation.pages.portrait.facts import TABLES, facts
from mutualisation.pages.portrait.figures import everything, headline
from mutualisation.pages.portrait.methods import methods

DOWNLOADS = "30/10m"


@login_not_required
@require_safe
@conditional(*TABLES)
def portrait(request: HttpRequest) -> HttpResponse:
    """What is shared, asked, lent, what sleeps and what lacks; whole, or of one MRC, kind, sector, year."""
    known = facts(request)
    choice = chosen.read(request.GET, known.years)
    figures = everything(known, choice)
    printed = request.GET.get("vue") == "impression"
    context: dict[str, Any] = {
        "figures": figures,
        "headline": headline(known, choice),
        "choice": choice,
        "fields": chosen.fields(choice, known.years),
        "canvas": cartography.canvas(),
        "organisation_count": Organisation.objects.published().count(),
        "has_marks": any(figure.table.has_marks for figure in figures),
        "least": settings.PORTRAIT_LEAST,
        "printed": printed,
        "print_address": f"{choice.address}{'&' if choice.query else '?'}vue=impression",
        "data_address": reverse("portrait_data") + choice.query,
    }
    return render(request, "pages/portrait/portrait.html", context)


@login_not_required
@require_safe
def portrait_method(request: HttpRequest) -> HttpResponse:
    """How each figure is made, and what it does not say."""
    return render(request, "pages/portrait/method.html", {"methods": methods()})


@login_not_required
@require_safe
@conditional(*TABLES)
def portrait_data(request: HttpRequest) -> HttpResponseBase:
    """The same tables, one figure a line, for a spreadsheet."""
    if not may_again(request, "export", DOWNLOADS):
        refused = render(request, "429.html", {"exported": True}, status=429)
        refused["Retry-After"] = "600"
        return refused
    known = facts(request)
    choice = chosen.read(request.GET, known.years)
    header = [_("tableau"), _("ligne"), _("mesure"), _("valeur"), _("unité"), _("nature"), _("filtres")]
    rows = _lines(everything(known, choice), choice.in_words())
    return download(form="csv", name=_("portrait du territoire"), header=header, rows=rows, about=())


def _lines(figures: list[Figure], filters: str) -> Iterator[list[Any]]:
    for figure in figures:
        for row in figure.table.lines:
            for (column, nature), value in zip(figure.table.heads, row.values, strict=True):
                yield [figure.table.caption, row.label, column, value.cell, value.unit, nature, filters]
