"""Proposing other terms: before the answer, a counter-proposal; after it, a change or an extension."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.drafts import as_post, forget, hold, recall
from directory.permissions import require
from loans import proposals
from loans.forms.proposal import ProposalForm
from loans.models import Loan, Proposal, Side
from loans.models.proposal import cost_of
from loans.permissions import organisation_of, other, sides_of
from loans.views.loan import attempt, moved, seen, version_of
from mutualisation.kernel.moments import wall

TEMPLATE = "loans/loan/propose.html"
FROM_ADDRESS = {"du": "starts_on", "de": "starts_at", "au": "ends_on", "a": "ends_at", "quantite": "quantity",
                "ressource": "resource"}  # fmt: skip


@login_not_required  # a form sent after the session expired is kept, then one signs in
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def loan_propose(request: HttpRequest, pk: int) -> HttpResponse:
    """Other dates, quantity, resource or conditions, that the other organisation accepts or not."""
    if not request.user.is_authenticated:
        if request.method == "POST":
            return hold(request, _key(pk))
        return redirect_to_login(request.get_full_path())
    loan = seen(request, pk)
    waiting = proposals.waiting_proposal(loan)
    side = _side(sides_of(request.user, loan), waiting)
    if request.method != "POST":
        require(bool(side))
        if not proposals.can_propose(request.user, loan):
            messages.info(request, _("Il n’y a rien à proposer en ce moment : voici où en est le prêt."))
            return redirect(loan)
        return _blank(request, loan, side, waiting)
    require(bool(side))
    form = ProposalForm(request.POST, loan=loan, side=side, user=request.user)
    known = version_of(request)
    if not form.is_valid():
        return _drawn(request, form, waiting, status=422)
    if not waiting and not form.changes_something:
        form.add_error(None, _("Rien ne change : changez une date, la quantité ou les conditions."))
        return _drawn(request, form, waiting, status=422)
    if known != loan.version or not proposals.can_propose(request.user, loan):
        return _drawn(request, form, waiting, problem=moved(loan), status=409)
    problem, _ways = attempt(
        request, loan, lambda: proposals.propose(loan, by=request.user, side=side, version=known, **form.terms())
    )
    if problem:
        now = seen(request, pk)
        return _drawn(request, form, proposals.waiting_proposal(now), problem=problem, status=409)
    forget(user=request.user, key=_key(pk))
    who = organisation_of(loan, other(side)).name
    said = _("Votre proposition est partie : rien ne change tant que %(who)s ne l’a pas acceptée.")
    messages.success(request, said % {"who": who})
    return redirect(loan)


def _key(pk: int) -> str:
    return f"pret:{pk}:proposer"


def _side(sides: set[str], waiting: Proposal | None) -> str:
    """For which side one proposes: the one that must answer, else the lender's for who acts for both."""
    if waiting and other(waiting.side) in sides:
        return str(other(waiting.side))
    return next((str(side) for side in (Side.LENDER, Side.BORROWER) if side in sides), "")


def _blank(request: HttpRequest, loan: Loan, side: str, waiting: Proposal | None) -> HttpResponse:
    """The terms as they stand, or as proposed; then what the address or the draft says."""
    initial: dict[str, Any] = {}
    if waiting:
        initial = {"quantity": waiting.quantity, "resource": waiting.resource_id, "conditions": waiting.conditions,
                   **cost_of(waiting)}  # fmt: skip
        if len(waiting.periods) == 1:
            start, end = wall(waiting.periods[0].lower), wall(waiting.periods[0].upper)
            initial |= {"starts_on": start.date(), "starts_at": start.time(), "ends_on": end.date(),
                        "ends_at": end.time()}  # fmt: skip
    initial |= {name: request.GET[key] for key, name in FROM_ADDRESS.items() if request.GET.get(key)}
    draft = recall(request, _key(loan.pk))
    form = ProposalForm(loan=loan, side=side, user=request.user, initial=initial)
    if draft and "reprendre" in request.GET:
        typed = as_post(draft)
        for name, field in form.fields.items():
            if not field.widget.value_omitted_from_data(typed, {}, name):
                form.initial[name] = field.widget.value_from_datadict(typed, {}, name)
    return _drawn(request, form, waiting, draft=draft)


def _drawn(
    request: HttpRequest, form: ProposalForm, waiting: Proposal | None, *, status: int = 200, **extra: Any
) -> Any:
    loan = form.loan
    context = {
        "form": form,
        "loan": loan,
        "resource": loan.resource,
        "them": organisation_of(loan, other(form.side)),
        "version": request.POST.get("version") or loan.version,
        "answering": bool(waiting and waiting.side != form.side),
        "draft": None,
        "draft_key": _key(loan.pk),
        "problem": "",
        **extra,
    }
    return render(request, TEMPLATE, context, status=status)
