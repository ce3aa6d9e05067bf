"""Answering from an e-mail: a page that says what the link will do, and a button that does it, once."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from loans import proposals
from loans.forms.gesture import NoteForm
from loans.links import Link, LinkUnusable, read
from loans.models import Loan, Side
from loans.permissions import organisation_of, other, sides_of
from loans.views.changes import changes_of, same_dates
from loans.views.loan import GESTURES, attempt, cautions, done_words, form_of

TEMPLATE = "loans/loan/link.html"


@login_not_required  # the link itself says who answers
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def loan_answer(request: HttpRequest, token: str) -> HttpResponse:
    """Opening it changes nothing: mail scanners open links. The button answers; used twice, it says so."""
    response = _answered(request, token)
    response["X-Robots-Tag"] = "noindex"
    response["Referrer-Policy"] = "same-origin"
    return response


def _answered(request: HttpRequest, token: str) -> HttpResponse:
    try:
        link = read(token)
    except LinkUnusable as unusable:
        return _no(request, unusable.loan)
    if request.user.is_authenticated and request.user.pk != link.person.pk:
        return _no(request, link.loan, other_person=True)
    name, side = _gesture(link)
    if not name:
        return _no(request, link.loan)
    if request.method != "POST":
        return _page(request, link, name, side, form_of(name, link.loan))
    form = form_of(name, link.loan, request.POST)
    if not form.is_valid():
        return _page(request, link, name, side, form, status=422)
    loan = link.loan
    problem, _ways = attempt(
        request, loan, lambda: GESTURES[name].act(loan, form, by=link.person, version=loan.version)
    )
    if problem:
        return _page(request, link, name, side, form, status=409, problem=problem)
    if request.user.is_authenticated:
        messages.success(request, done_words(loan, name))
        return redirect(loan)
    return render(request, TEMPLATE, {"done": done_words(loan, name), "loan": loan, "refused": ""})


def _gesture(link: Link) -> tuple[str, str]:
    """What the link does now, and for which side: answer the proposal that waits, else the request."""
    sides = sides_of(link.person, link.loan)
    waiting = proposals.waiting_proposal(link.loan)
    yes = link.action == "accept"
    if waiting:
        side = str(other(waiting.side))
        return ("agree" if yes else "refuse", side) if side in sides else ("", "")
    return ("accept" if yes else "decline", str(Side.LENDER)) if Side.LENDER in sides else ("", "")


def _page(
    request: HttpRequest, link: Link, name: str, side: str, form: NoteForm, *, status: int = 200, problem: str = ""
) -> HttpResponse:
    loan, waiting = link.loan, proposals.waiting_proposal(link.loan)
    live = list(loan.dates.filter(cancelled_at__isnull=True))
    context = {
        "loan": loan,
        "resource": loan.resource,
        "form": form,
        "gesture": name,
        "yes": name in ("accept", "agree"),
        "person": link.person,
        "side": side,
        **cautions(loan, waiting, live, {side}),
        "us": organisation_of(loan, side),
        "them": organisation_of(loan, other(side)),
        "changes": changes_of(waiting, loan, live) if waiting else [],
        "dates": live if not waiting or same_dates(waiting, live) else [],
        "waiting": waiting,
        "problem": problem,
        "done": "",
        "refused": "",
    }
    return render(request, TEMPLATE, context, status=status)


def _no(request: HttpRequest, loan: Loan | None, *, other_person: bool = False) -> HttpResponse:
    """Why the link does nothing, and where to go instead."""
    context: dict[str, Any] = {"loan": loan, "done": ""}
    if other_person:
        context["loan"] = None
        context["refused"] = _("Ce lien répond au nom d’une autre personne que vous.")
        context["why"] = _("Il a été transféré, ou vous êtes connecté avec un autre compte : rien n’a changé.")
        return render(request, TEMPLATE, context, status=403)
    if loan is None:
        context["refused"] = _("Ce lien ne sert pas.")
        context["why"] = _(
            "Il est incomplet, il a plus de quatorze jours, ou la personne n’agit plus pour l’organisme. Rien "
            "n’a changé."
        )
        return render(request, TEMPLATE, context, status=410)
    context["refused"] = _("Ce lien a déjà servi, ou le prêt a changé depuis.")
    context["why"] = _("Rien n’a changé. Connectez-vous pour voir où en est le prêt et répondre.")
    return render(request, TEMPLATE, context, status=410)
