"""Incidents: say what happened; then who pays, when it is back, how it is settled."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.drafts import forget, hold, recall
from directory.views.written import first_values
from loans import incidents, photos
from loans.forms.incident import BackForm, IncidentForm, OutcomeForm, PayerForm
from loans.models import ConditionReport, Incident, Loan, Side
from loans.models.condition import PHOTOS_AT_MOST
from loans.permissions import sides_of
from loans.views.condition import said_photos, the_loan
from mutualisation.kernel.lifecycle import AlreadyMoved

FORMS: dict[str, Any] = {"payeur": PayerForm, "retour": BackForm, "regler": OutcomeForm}


def _key(pk: int) -> str:
    return f"incident:{pk}"


@login_not_required  # a form sent after the session expired is kept, then one signs in
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def incident_create(request: HttpRequest, pk: int) -> HttpResponse:
    """Report an incident, from a sheet or not."""
    if not request.user.is_authenticated:
        return hold(request, _key(pk)) if request.method == "POST" else redirect_to_login(request.get_full_path())
    loan = the_loan(request, pk)
    if not sides_of(request.user, loan):
        raise PermissionDenied
    if not incidents.can_open(request.user, loan):
        messages.info(request, _("Un incident se signale une fois la remise faite."))
        return redirect(loan)
    report = _sheet(request, loan)
    status = 200
    if request.method == "POST":
        form = IncidentForm(request.POST, loan=loan)
        if form.is_valid():
            try:
                incident = incidents.open_incident(loan, by=request.user, report=report, **form.cleaned_data)
            except ValidationError as error:
                form.refuse(error)
            else:
                forget(user=request.user, key=_key(pk))
                said_photos(request, photos.add(incident, request.FILES.getlist("photos"), by=request.user))
                messages.success(request, _("L’incident est signalé, et l’autre organisme prévenu."))
                return redirect(incident)
        status = 422
    else:
        form = IncidentForm(loan=loan, initial={"description": report.note if report else ""})
        first_values(request, form, recall(request, _key(pk)))
    context = {
        "loan": loan,
        "form": form,
        "report": report,
        "photos_at_most": PHOTOS_AT_MOST,
        "draft": recall(request, _key(pk)) if request.method == "GET" else None,
        "draft_key": _key(pk),
    }
    return render(request, "loans/incident/form.html", context, status=status)


def _sheet(request: HttpRequest, loan: Loan) -> ConditionReport | None:
    text = request.POST.get("fiche", "") or request.GET.get("fiche", "")
    if not (text.isascii() and text.isdecimal() and len(text) < 12):
        return None
    return loan.reports.filter(pk=int(text)).first()


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def incident_detail(request: HttpRequest, pk: int, incident: int) -> HttpResponse:
    """One incident: its facts for both sides, what each may do."""
    loan = the_loan(request, pk)
    rows = Incident.objects.select_related("report").prefetch_related("photos")
    found = get_object_or_404(rows, pk=incident, loan=loan)
    found.loan = loan
    refused: dict[str, Any] = {}
    if request.method == "POST":
        if not sides_of(request.user, loan):
            raise PermissionDenied
        gesture = request.POST.get("geste", "")
        form = FORMS[gesture](request.POST, prefix=gesture) if gesture in FORMS else None
        if form is None or form.is_valid():
            try:
                messages.success(request, _done(request, found, gesture, form.cleaned_data if form else {}))
                return redirect(found)
            except ValidationError as error:
                form.refuse(error)  # type: ignore[union-attr]
            except AlreadyMoved:
                messages.warning(request, _("L’incident a changé pendant que vous lisiez : relisez-le."))
                return redirect(found)
        refused = {gesture: form}
    return _page(request, loan, found, refused)


def _done(request: HttpRequest, incident: Incident, gesture: str, data: dict[str, Any]) -> str:
    """Do what the button asked for; gives what to say."""
    by = request.user
    if gesture == "payeur":
        incidents.propose_payer(incident, by=by, **data)
        return _("C’est proposé : l’autre organisme accepte ou propose autre chose.")
    if gesture == "accepter":
        seen = PayerForm(request.POST)
        if not seen.is_valid():
            raise AlreadyMoved
        incidents.agree_payer(incident, by=by, **seen.cleaned_data)
        return _("C’est entendu, et inscrit au fil du prêt.")
    if gesture == "retour":
        incidents.reschedule(incident, by=by, **data)
        return _("La date est inscrite, et l’agenda suit.")
    if gesture == "regler":
        incidents.close(incident, by=by, **data)
        return _("L’incident est réglé : ce qui était de côté se prête de nouveau.")
    if gesture == "photos" and incident.is_open:
        result = photos.add(incident, request.FILES.getlist("photos"), by=by)
        said_photos(request, result)
        return _("Rien d’autre n’a changé.")
    raise Http404


def _page(request: HttpRequest, loan: Loan, incident: Incident, refused: dict[str, Any]) -> HttpResponse:
    sides = sides_of(request.user, loan)
    lends = Side.LENDER in sides
    shown = list(incident.photos.all())
    first = {"payer": incident.payer_proposed or incident.payer, "estimate": incident.estimate}
    unsettled = incident.is_open or incident.payer == Incident.Payer.UNDECIDED or bool(incident.payer_side)
    context = {
        "loan": loan,
        "incident": incident,
        "photos": shown,
        "room": PHOTOS_AT_MOST - len(shown) if incident.is_open and sides else 0,
        "to_agree": incidents.to_agree(request.user, incident),
        "payer_form": refused.get("payeur")
        or (PayerForm(prefix="payeur", initial=first) if sides and unsettled else None),
        "back_form": refused.get("retour")
        or (BackForm(prefix="retour", initial={"back_on": incident.back_on}) if lends and incident.set_aside else None),
        "outcome_form": refused.get("regler") or (OutcomeForm(prefix="regler") if lends else None),
        "warned": incidents.warned_loans(incident) if incident.is_open and (lends or request.user.is_superuser) else [],
        "form": next(iter(refused.values()), None),
        "events": _story(loan, incident),
    }
    return render(request, "loans/incident/detail.html", context, status=422 if refused else 200)


def _story(loan: Loan, incident: Incident) -> list[Any]:
    """What happened about this incident, first things first."""
    rows = loan.events.filter(data__incident=incident.pk).select_related("by").order_by("at", "id")
    words = {
        "open_incident": _("Incident signalé"),
        "propose_payer": _("Proposition : qui paie"),
        "agree_payer": _("Entendu : qui paie"),
        "reschedule_incident": _("Date de retour changée"),
        "close_incident": _("Incident réglé"),
    }
    payers = dict(Incident.Payer.choices)
    return [
        {
            "event": event,
            "label": words.get(event.verb, event.verb),
            "payer": payers.get(event.data.get("payer"), "") if event.verb in ("propose_payer", "agree_payer") else "",
            "estimate": event.data.get("estimate"),
            "note": event.note,
        }
        for event in rows
    ]  # fmt: skip
