"""The documents of an agreement, for its two organisations; the page where anyone verifies one."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from loans import papers
from loans.models import Agreement
from mutualisation.kernel.downloads import FORMS, handed, made, unmade
from mutualisation.kernel.paper import PaperError
from mutualisation.kernel.requests import may_again
from mutualisation.kernel.uploads import too_large

LARGEST = 10 * 1024 * 1024
MADE, VERIFIED = "60/10m", "30/10m"


@require_safe
@never_cache
def agreement_document(request: HttpRequest, number: str, form: str) -> HttpResponse:
    """The PDF of an agreement, whatever its state; a word processor's file only of a draft: what is frozen is not."""
    rows = Agreement.objects.visible_to(request.user).select_related("loan__lender", "loan__borrower", "edition__model")
    agreement = get_object_or_404(rows.prefetch_related("signatures", "journal"), number=number)
    if form not in FORMS or (form != "pdf" and agreement.is_frozen):
        raise Http404
    if not may_again(request, "paper", MADE):
        return render(request, "429.html", status=429)
    try:
        content = papers.issue(agreement) if form == "pdf" else made(papers.paper(agreement), form)
    except PaperError as error:
        return unmade(request, error)
    name = f"entente-{number}" if agreement.is_frozen else f"entente-{number}-projet"
    return handed(request, content, form, name=name)


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def verify(request: HttpRequest) -> HttpResponse:
    """Whether a file is one that the portal issued, or a code one of its agreements. Nothing sent is kept."""
    typed = (request.POST if request.method == "POST" else request.GET).get("code", "").strip()[: papers.LONGEST_CODE]
    code = papers.read_code(typed) or typed
    file = request.FILES.get("fichier") if request.method == "POST" else None
    context: dict[str, object] = {"code": code, "longest": papers.LONGEST_CODE, "sent": file is not None}
    context |= {"verdict": None, "problem": ""}
    asked = bool(code) or request.method == "POST"
    if asked and not may_again(request, "verify", VERIFIED):
        context["problem"] = _(
            "Beaucoup de vérifications viennent d’ici : attendez quelques minutes, puis recommencez."
        )
        return render(request, "loans/verify/verify.html", context, status=429)
    if request.method == "POST":
        context["problem"] = _problem(request, code)
    if asked and not context["problem"]:
        context["verdict"] = papers.verify(file.read() if file else None, code)
    return render(request, "loans/verify/verify.html", context, status=422 if context["problem"] else 200)


def _problem(request: HttpRequest, code: str) -> str:
    """What keeps a file from being looked at, in a sentence."""
    file = request.FILES.get("fichier")
    if too_large(request) or (file and (file.size or 0) > LARGEST):
        return _("Ce fichier dépasse 10 Mo : ce n’est pas un document du portail. Rien n’a été gardé.")
    if file is None:
        return "" if code else _("Choisissez un fichier PDF, ou écrivez le code de vérification.")
    start = file.read(5)
    file.seek(0)
    if start != b"%PDF-":
        return _("Ce fichier n’est pas un PDF : déposez celui que le portail a remis, tel quel. Rien n’a été gardé.")
    return ""
