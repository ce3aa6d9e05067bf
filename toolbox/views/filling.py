"""A model agreement without a loan: blank as a file, or filled by anyone; what a visitor types is kept nowhere."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.cache import caches
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from mutualisation.kernel.downloads import FORMS, handed, made, unmade
from mutualisation.kernel.paper import PaperError
from mutualisation.kernel.requests import may_again
from toolbox.composing import BLANK, Blank, blanks_of, compose, roles_of
from toolbox.conditions import OPTIONAL
from toolbox.forms.filling import MOST_OTHERS, FillingForm, form_for
from toolbox.forms.sheet import sheet
from toolbox.models import Clause, Edition, ModelAgreement, Party
from toolbox.papers import blank_paper, draft_paper
from toolbox.views.opening import Opened, opened, walked

MADE = "60/10m"  # documents of one visitor: enough to try again and again
KEPT_SECONDS = 3600
# What only an agreement of the portal has; what the portal knows of itself.
_NEVER_ASKED = ("entente.numero", "portail.nom")
BLOCKS = "nombre-organismes"  # no variable has a hyphen


@login_not_required
@require_safe
def model_agreement_document(request: HttpRequest, slug: str, number: int, form: str) -> HttpResponse:
    """A published edition to fill by hand: one file for everyone."""
    if form not in FORMS:
        raise Http404
    published = Edition.objects.select_related("model").filter(published_at__isnull=False)
    edition = get_object_or_404(published, model__slug=slug, number=number)
    key = f"blank-{edition.pk}-{form}-{settings.BUILD}-{edition.model.updated_at.isoformat()}"
    memory = caches["memory"]
    content = memory.get(key)
    if content is None:
        try:
            content = made(blank_paper(edition), form)
        except PaperError as error:
            return unmade(request, error)
        memory.set(key, content, KEPT_SECONDS)
    return handed(request, content, form, name=f"{slug}-edition-{number}", public=True)


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def model_agreement_fill(request: HttpRequest, slug: str) -> HttpResponse:
    """Fill the edition in force; see it, or take it as a file. The address may say some answers already."""
    model = get_object_or_404(ModelAgreement, slug=slug)
    if model.withdrawn_at and request.method != "POST":  # whoever was filling it keeps what she typed
        return render(request, "toolbox/agreement/withdrawn.html", {"agreement": model}, status=410)
    edition = model.current
    if edition is None:
        raise Http404
    edition.model = model
    clauses = list(edition.clauses.all())
    blanks = blanks_of(edition, clauses)
    asked = asked_by(clauses, blanks)
    optional = [c for c in clauses if c.when == OPTIONAL]
    if request.method != "POST":
        known = opened(request, model, asked, optional)
        asked = known.reminded(asked)
        form = form_for(
            asked, values=known.values, optional=optional, chosen=known.chosen, others=_others(request, model),
            roles=roles_of(clauses),
        )  # fmt: skip
        return _page(request, edition, clauses, form, known=known)
    known = walked(request)  # said again beside what is typed
    form = form_for(
        known.reminded(asked), request.POST, optional=optional, others=_others(request, model), roles=roles_of(clauses)
    )
    if "ajouter" in request.POST:
        return _page(request, edition, clauses, form, known=known)
    if not may_again(request, "fill", MADE):
        refused = _("Beaucoup de documents ont été faits d’ici : attendez quelques minutes. "
                    "Ce que vous avez tapé est resté.")  # fmt: skip
        return _page(request, edition, clauses, form, known=known, status=429, refused=refused)
    answers = form.answers() | {"portail.nom": settings.PORTAL_NAME}
    written = compose(clauses, blanks, answers, form.chosen())
    wanted = request.POST.get("format", "")
    if form.is_valid() and wanted in FORMS:
        try:
            paper = draft_paper(
                edition, written, roles=_who_signs(clauses, answers), others=_others_sign(clauses, form)
            )
            return handed(request, made(paper, wanted), wanted, name=f"{slug}-projet")
        except PaperError as error:
            return _page(request, edition, clauses, form, known=known, status=503, refused=str(error))
    return _page(request, edition, clauses, form, known=known, status=422 if form.errors else 200, written=written)


def _who_signs(clauses: list[Clause], answers: dict[str, Any]) -> dict[str, str]:
    """Each party as the text calls it, and its name if it was typed: « l’organisme gérant, La Marmite »."""
    names = {party: answers.get(f"{party}.nom") for party in roles_of(clauses)}
    return {party: f"{role}, {names[party]}" if names[party] else role for party, role in roles_of(clauses).items()}


def _others_sign(clauses: list[Clause], form: FillingForm) -> list[str]:
    """The organisations besides the two, each in the role of those it joins: « l’organisme participant, La Halte »."""
    role = roles_of(clauses).get(Party.BORROWER)
    return [f"{role}, {name}" if role else name for name in form.others()]


def _page(
    request: HttpRequest, edition: Edition, clauses: list[Clause], form: FillingForm, *, known: Opened | None = None,
    status: int = 200, **extra: Any,
) -> HttpResponse:  # fmt: skip
    answers, chosen = (
        (form.answers(), form.chosen()) if form.is_bound else (form.known(), known.chosen if known else [])
    )
    context = {
        "agreement": edition.model, "edition": edition, "form": form, "forms": list(FORMS), "known": known,
        "sheet": sheet(form, clauses, answers, chosen=chosen, roles=roles_of(clauses)),
        "blocks": BLOCKS, "others": max((len(rows) for rows in form.blocks.values()), default=0) + 2,
        "most": MOST_OTHERS + 2, **extra,
    }  # fmt: skip
    return render(request, "toolbox/agreement/fill.html", context, status=status)


def _others(request: HttpRequest, model: ModelAgreement) -> int:
    """How many organisations besides the two are asked for: as the page or the address says, one more when asked."""
    said = (request.POST if request.method == "POST" else request.GET).get(BLOCKS, "")
    usual = 3 if Party.PARTNER in model.parties else 2
    many = int(said) if said.isascii() and said.isdigit() and len(said) < 4 else usual
    return max(0, min(many, MOST_OTHERS + 2) - 2) + ("ajouter" in request.POST)


def asked_by(clauses: Iterable[Clause], blanks: dict[str, Blank]) -> list[Blank]:
    """Every blank that these clauses name or depend on, in the order of the catalogue, then of the model."""
    named = {name for clause in clauses for name in BLANK.findall(clause.body)}
    named |= {c.when["field"] for c in clauses if isinstance(c.when, dict)}
    return [blank for name, blank in blanks.items() if name in named and name not in _NEVER_ASKED]
