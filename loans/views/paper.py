"""On paper: send what was signed by hand, say that it is right or why not, read the file."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from loans import scans
from loans.forms.signing import ContestForm, PaperForm
from loans.models import Agreement, AgreementStatus, PaperScan
from loans.notifications.signing import name_of
from loans.permissions import organisation_of, other
from loans.scans import ScanError
from loans.signing import CannotSign
from loans.views.signing import the_agreement
from mutualisation.kernel.lifecycle import AlreadyMoved
from mutualisation.kernel.uploads import too_large

TEMPLATE = "loans/signing/paper.html"


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def agreement_paper(request: HttpRequest, number: str) -> HttpResponse:
    """The form to send, or what was sent and awaits an answer."""
    agreement = the_agreement(request, number)
    if agreement.status != AgreementStatus.TO_SIGN:
        messages.info(request, _("Cette entente n’attend plus de signature."))
        return redirect(
            "agreement_sign" if agreement.is_frozen else agreement.loan, *([number] if agreement.is_frozen else [])
        )
    if request.method != "POST":
        return _page(request, agreement)
    if not scans.can_send(request.user, agreement):
        raise PermissionDenied
    gesture = request.POST.get("geste", "envoyer")
    if gesture in ("confirmer", "contester"):
        return _answered(request, agreement, gesture)
    return _sent(request, agreement)


def _sent(request: HttpRequest, agreement: Agreement) -> HttpResponse:
    form = PaperForm(request.POST, agreement=agreement)
    files = request.FILES.getlist("numerisation")
    heavy = [scans.too_heavy(name) for name in too_large(request)]
    valid = form.is_valid()
    if heavy or not valid:
        return _page(request, agreement, form=form, problem=" ".join(heavy), status=422)
    sha256 = request.POST.get("sha256", "")[:64]
    try:
        scans.send(agreement, by=request.user, files=files, signers=form.signers(), sha256=sha256)
    except (ScanError, CannotSign) as answer:
        status = 422 if isinstance(answer, ScanError) else 409
        fresh = the_agreement(request, agreement.number)
        return _page(request, fresh, form=form, problem=str(answer), status=status)
    messages.success(
        request, _("C’est envoyé. L’autre organisme vérifie et confirme : l’entente entre alors en vigueur.")
    )
    return redirect("agreement_paper", number=agreement.number)


def _answered(request: HttpRequest, agreement: Agreement, gesture: str) -> HttpResponse:
    scan = agreement.scans.filter(uid=_uid(request.POST.get("numerisation", ""))).first()
    if scan is None:
        raise Http404
    form = ContestForm(request.POST if gesture == "contester" else None)
    if gesture == "contester" and not form.is_valid():
        return _page(request, agreement, contest=form, status=422)
    try:
        if gesture == "confirmer":
            scans.confirm(scan, by=request.user, checked="verifie" in request.POST)
            messages.success(request, _("C’est confirmé : l’entente est en vigueur."))
        else:
            scans.contest(scan, by=request.user, reason=form.cleaned_data["reason"])
            messages.success(request, _("C’est noté. L’autre organisme est prévenu et peut en envoyer une autre."))
    except CannotSign as answer:
        return _page(request, the_agreement(request, agreement.number), problem=str(answer), status=409)
    except AlreadyMoved:
        messages.warning(request, _("Quelqu’un a déjà répondu : voici où en est l’entente."))
    return redirect("agreement_sign", number=agreement.number)


def _uid(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError as error:
        raise Http404 from error


def _page(
    request: HttpRequest, agreement: Agreement, *, form: PaperForm | None = None, contest: ContestForm | None = None,
    problem: str = "", status: int = 200,
) -> HttpResponse:  # fmt: skip
    waiting = scans.waiting(agreement)
    signers: list[dict[str, Any]] = []
    if waiting:
        waiting.agreement = agreement
        signers = [{"party": name_of(agreement, party), **who} for party, who in waiting.signers.items()]
    may = scans.can_send(request.user, agreement) and not waiting
    last = None if waiting else agreement.scans.filter(confirmed=False).order_by("-pk").first()
    context = {
        "agreement": agreement,
        "loan": agreement.loan,
        "form": (form or PaperForm(agreement=agreement)) if may else None,
        "waiting": waiting,
        "signers": signers,
        "unlisted": scans.unlisted(agreement, waiting.signers) if waiting else [],
        "us": organisation_of(agreement.loan, waiting.side) if waiting else None,
        "them": organisation_of(agreement.loan, other(waiting.side)) if waiting else None,
        "can_answer": waiting is not None and scans.can_answer(request.user, waiting),
        "contest": contest or ContestForm(),
        "last": last,
        "problem": problem,
        "at_most": scans.PAGES_AT_MOST,
    }
    return render(request, TEMPLATE, context, status=status)


@require_safe
def agreement_scan(request: HttpRequest, number: str, uid: uuid.UUID) -> HttpResponse:
    """The file, for the two sides of its loan; saved rather than opened here, kept by no cache."""
    found = PaperScan.objects.filter(uid=uid, agreement__number=number).first()
    if found is None or not Agreement.objects.visible_to(request.user).filter(pk=found.agreement_id).exists():
        raise Http404
    try:
        with found.file.open("rb") as file:
            response = HttpResponse(file.read(), content_type="application/pdf")
    except OSError as error:
        raise Http404 from error
    response["Content-Disposition"] = f'attachment; filename="entente-{number}-signee.pdf"'
    response["Cache-Control"] = "private, no-store"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["X-Robots-Tag"] = "noindex"
    return response
