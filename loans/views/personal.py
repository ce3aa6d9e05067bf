"""The link of the person lent: her employer sends it; she reads, types her name and the code, and signs."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from directory.permissions import require
from loans import papers, personal, possible, signing
from loans.forms.signing import LinkForm, PersonForm, RefuseForm
from loans.models import AgreementStatus, SigningLink
from loans.notifications.signing import day
from loans.personal import LinkUnusable
from loans.signing import CannotSign
from loans.views.document import MADE
from loans.views.signing import the_agreement
from mutualisation.kernel.downloads import handed, unmade
from mutualisation.kernel.lifecycle import AlreadyMoved
from mutualisation.kernel.paper import PaperError
from mutualisation.kernel.requests import may_again

TEMPLATE = "loans/signing/person.html"


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def agreement_link(request: HttpRequest, number: str) -> HttpResponse:
    """Her employer gives her address, sends again, or takes the link back."""
    agreement = the_agreement(request, number)
    if not personal.can_send(request.user, agreement):
        require(agreement.status != AgreementStatus.TO_SIGN)
        messages.info(request, _("Cette entente n’attend plus la signature de la personne prêtée."))
        return redirect("agreement_sign", number=number)
    if request.method == "POST" and request.POST.get("geste") == "retirer":
        personal.revoke(agreement, by=request.user)
        messages.success(request, _("Le lien ne sert plus."))
        return redirect("agreement_link", number=number)
    link = personal.live_link(agreement)
    initial = {"name": link.name if link else agreement.loan.worker, "email": link.email if link else ""}
    form = LinkForm(request.POST if request.method == "POST" else None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            personal.send(agreement, by=request.user, **form.cleaned_data)
        except CannotSign as answer:
            form.add_error("email", str(answer))
        else:
            said = _("Le lien est parti à %(email)s : la personne y signe avant la fin du délai, puis y prend son "
                     "exemplaire.")  # fmt: skip
            messages.success(request, said % form.cleaned_data)
            return redirect("agreement_link", number=number)
    context = {"agreement": agreement, "form": form, "link": link}
    return render(request, "loans/signing/link.html", context, status=422 if form.errors else 200)


@login_not_required  # the link itself says who reads
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def signing_link(request: HttpRequest, token: str) -> HttpResponse:
    """Opening it changes nothing. Kept by no cache, found by no search engine, told to no other site."""
    return _hers(_opened(request, token))


@login_not_required  # the link itself says who reads
@never_cache
@require_safe
def signing_copy(request: HttpRequest, token: str) -> HttpResponse:
    """Her copy, once all have signed: the PDF that the two organisations have. It changes nothing of the agreement."""
    try:
        agreement = personal.kept(token).agreement
    except LinkUnusable as answer:
        return _hers(_closed(request, str(answer), status=answer.status))
    if not may_again(request, "paper", MADE):
        return render(request, "429.html", status=429)
    try:
        content = papers.issue(agreement)
    except PaperError as error:
        return unmade(request, error)
    return _hers(handed(request, content, "pdf", name=f"entente-{agreement.number}"))


def _hers(response: HttpResponse) -> HttpResponse:
    response["X-Robots-Tag"] = "noindex, nofollow"
    response["Referrer-Policy"] = "same-origin"  # « no-referrer » would take its origin off the form: refused
    return response


def _opened(request: HttpRequest, token: str) -> HttpResponse:
    try:
        link = personal.read(token)
    except LinkUnusable as answer:
        return _kept(request, token) or _closed(request, str(answer), status=answer.status)
    if request.method != "POST":
        return _page(request, link, _form(request, link))
    gesture = request.POST.get("geste", "")
    if gesture == "refuser":
        return _refused(request, link)
    form = _form(request, link, request.POST, coded=False if gesture == "code" else None)
    if not form.is_valid():
        return _page(request, link, form, status=422)
    return _signed(request, link, form, token)


def _kept(request: HttpRequest, token: str) -> HttpResponse | None:
    """The page of a link that signs no more, once all have signed: her copy. None for any other."""
    try:
        link = personal.kept(token)
    except LinkUnusable:
        return None
    said = _("Votre exemplaire complet, avec les signatures et le journal, est un PDF à garder. Ce lien le remet "
             "jusqu’au %(until)s.") % {"until": day(link.kept_until)}  # fmt: skip
    done = _("Toutes les parties ont signé")
    return _closed(request, said, status=200 if request.method != "POST" else 410, done=done, copy=token)


def _form(
    request: HttpRequest, link: SigningLink, data: Any = None, *, coded: bool | None = None, initial: Any = None
) -> PersonForm:
    if coded is None:
        coded = personal.awaits_code(request.session, link.agreement, link.email)
    said = signing.statement(link.agreement, link.party)
    return PersonForm(data, who=link.name, statement=said, coded=coded, initial=initial)


def _signed(request: HttpRequest, link: SigningLink, form: PersonForm, token: str) -> HttpResponse:
    """First her name and the sentence, which send a code; then the code, which signs."""
    agreement = link.agreement
    if "code" not in form.fields:
        if not personal.send_code(request.session, agreement, link.email):
            said = _("Trop de codes demandés : attendez une heure, puis recommencez. Rien n’est signé.")
            return _page(request, link, form, status=429, problem=said)
        again = _form(request, link, coded=True, initial=form.cleaned_data)
        return _page(request, link, again, told=True)
    if not personal.check_code(request.session, agreement, link.email, form.cleaned_data["code"]):
        form.add_error("code", _("Ce n’est pas le bon code. Vérifiez le dernier reçu."))
        if not personal.awaits_code(request.session, agreement, link.email):
            again = _form(request, link, coded=False, initial=form.cleaned_data)
            said = _("Trop d’essais : ce code ne sert plus. Demandez-en un autre. Rien n’est signé.")
            return _page(request, link, again, status=422, problem=said)
        return _page(request, link, form, status=422)
    try:
        agreement = personal.sign(link, name=form.cleaned_data["name"], sha256=request.POST.get("sha256", "")[:64])
    except (CannotSign, LinkUnusable) as answer:
        return _closed(request, str(answer), status=409)
    said, copy = _("Le texte vous est envoyé par courriel : gardez-le."), ""
    if agreement.status == AgreementStatus.IN_FORCE:
        said += _(" Toutes les parties ont signé : votre exemplaire complet, avec les signatures, est ici.")
        copy = token
    else:
        said += _(" Quand toutes les parties auront signé, le même lien ouvrira votre exemplaire complet.")
    return _closed(request, said, status=200, done=_("C’est signé, merci."), copy=copy)


def _refused(request: HttpRequest, link: SigningLink) -> HttpResponse:
    reason = RefuseForm(request.POST)
    if not reason.is_valid():
        return _page(request, link, _form(request, link), reason=reason, status=422)
    try:
        personal.refuse(link, reason=reason.cleaned_data["reason"])
    except (AlreadyMoved, LinkUnusable):
        return _closed(request, _("Cette entente n’attend plus de signature : rien n’a changé."), status=409)
    return _closed(request, _("C’est noté : vous ne signez pas. Les deux organismes sont prévenus."), status=200)


def _page(
    request: HttpRequest, link: SigningLink, form: PersonForm, *, status: int = 200, told: bool = False,
    problem: str = "", reason: RefuseForm | None = None,
) -> HttpResponse:  # fmt: skip
    context = {
        "link": link, "agreement": link.agreement, "loan": link.agreement.loan, "form": form, "told": told,
        "problem": problem, "reason": reason or RefuseForm(), "clauses": link.agreement.kept,
        "soon": possible.too_soon(link.agreement),
    }  # fmt: skip
    return render(request, TEMPLATE, context, status=status)


def _closed(request: HttpRequest, sentence: str, *, status: int, done: str = "", copy: str = "") -> HttpResponse:
    """Nothing but a sentence, under what is ``done`` if something is; ``copy``: the token that gives the signed PDF."""
    context = {"sentence": sentence, "done": done, "copy": copy}
    return render(request, "loans/signing/person_closed.html", context, status=status)
