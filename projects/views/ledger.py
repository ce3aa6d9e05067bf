"""The ledger of a project: the page, to print too, and the same as a spreadsheet for funders."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from directory.permissions import require
from mutualisation.kernel.downloads import handed, made
from mutualisation.kernel.paper import PaperError
from mutualisation.kernel.requests import may_again
from mutualisation.kernel.spreadsheets import FORMATS
from projects.exchange import ledger_paper, ledger_table, methods
from projects.financing import Financing, financing
from projects.ledger import Ledger, ledger
from projects.models import Project
from projects.views.linking import takes_part
from projects.views.project import found

EXPORTS = "30/10m"


def _counted(request: HttpRequest, project: Project) -> tuple[Ledger, Financing]:
    counted = ledger(project, by=request.user)
    return counted, financing(project, list(project.fundings.all()), counted.lines, counted.total)


@require_safe
@never_cache
def project_ledger(request: HttpRequest, slug: str) -> HttpResponse:
    """Promised, delivered: hours and dollars, with how each was found; for those who take part."""
    project = found(request, slug)
    require(takes_part(request, project))
    counted, money = _counted(request, project)
    context = {
        "project": project, "ledger": counted, "money": money, "methods": methods(project, counted, money),
        "today": timezone.localdate(),
    }  # fmt: skip
    return render(request, "projects/project/ledger.html", context)


@require_safe
@never_cache
def project_ledger_export(request: HttpRequest, slug: str, form: str) -> HttpResponseBase:
    """The lines of the ledger, to open in a spreadsheet; or on paper."""
    project = found(request, slug)
    require(takes_part(request, project))
    if form not in (*FORMATS, "pdf"):
        raise Http404
    if not may_again(request, "export", EXPORTS):
        refused = render(request, "429.html", {"exported": True}, status=429)
        refused["Retry-After"] = "600"
        return refused
    (counted, money), address = _counted(request, project), request.build_absolute_uri(project.get_absolute_url())
    if form != "pdf":
        return ledger_table(project, counted, money, form=form, address=address)
    try:
        content = made(ledger_paper(project, counted, money, address=address), form)
    except PaperError as error:
        messages.warning(request, str(error))
        return redirect("project_ledger", slug=slug)
    return handed(request, content, form, name=f"bilan-{slug[:60]}-{timezone.localdate()}")
