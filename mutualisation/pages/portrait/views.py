"""The portrait as a page, as data, and how it is made. Anyone reads it; nothing in it names an organisation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from directory import cartography
from directory.models import Organisation
from directory.views.listing import conditional
from mutualisation.kernel.requests import may_again
from mutualisation.kernel.spreadsheets import download
from mutualisation.pages.portrait import choice as chosen
from mutualisation.pages.portrait.cube import FEW, HIDDEN
from mutualisation.pages.portrait.drawing import Figure, few_in_words
from mutualisation.pages.portrait.facts import TABLES, facts
from mutualisation.pages.portrait.figures import everything, headline
from mutualisation.pages.portrait.methods import methods

DOWNLOADS = "30/10m"
LICENCE, LICENCE_ADDRESS = "CC BY 4.0", "https://creativecommons.org/licenses/by/4.0/"


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
        "today": timezone.localdate(),
        "methods": methods() if printed else [],
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
    header = [
        _("tableau"), _("ligne"), _("mesure"), _("valeur"), _("unité"), _("nature"), _("masqué"), _("filtres"),
        _("date"), _("licence"), _("source"),
    ]  # fmt: skip
    about = [timezone.localdate(), LICENCE, request.build_absolute_uri(choice.address)]
    rows = (line + about for line in _lines(everything(known, choice)))
    response = download(form="csv", name=_("portrait du territoire"), header=header, rows=rows, about=())
    method = request.build_absolute_uri(reverse("portrait_method"))
    response["Link"] = f'<{LICENCE_ADDRESS}>; rel="license", <{method}>; rel="describedby"'
    return response


def _lines(figures: list[Figure]) -> Iterator[list[Any]]:
    """One figure a line; a hidden one is left empty, and the line says why."""
    why = {FEW: few_in_words(), HIDDEN: _("permettrait d’en retrouver un autre")}
    for figure in figures:
        table = figure.table
        for row in table.lines:
            for place, value in enumerate(row.values):
                column, nature = table.columns[place], table.natures[place]
                follows = figure.column_follows.get(place, figure.table_follows)
                number = None if value.mark else value.number
                said = why.get(value.mark, "")
                yield [table.caption, row.label, column, number, table.units[place], nature, said, follows]
