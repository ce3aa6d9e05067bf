"""Hand-over and return: the sheet to fill, to confirm, to contest; on paper; and the photos of a loan."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.drafts import forget, hold, recall
from directory.views.written import first_values
from loans import checklists, counting, handover, photos
from loans.forms.condition import SheetForm
from loans.incidents import can_open
from loans.lateness import lateness
from loans.lifecycle import may
from loans.models import ConditionReport, Loan, LoanPhoto, LoanStatus, Moment
from loans.models.condition import PHOTOS_AT_MOST
from loans.permissions import sides_of
from mutualisation.kernel.lifecycle import AlreadyMoved
from mutualisation.kernel.requests import posted_from
from mutualisation.kernel.uploads import too_large

TEMPLATE = "loans/condition/sheet.html"
NAMES = {Moment.HANDOVER: "loan_handover", Moment.RETURN: "loan_return"}
SIZES = {"1600": "large", "480": "small"}


def the_loan(request: HttpRequest, pk: int) -> Loan:
    rows = Loan.objects.visible_to(request.user).select_related("resource__category", "lender", "borrower")
    return get_object_or_404(rows, pk=pk)


@login_not_required  # a sheet sent after the session expired is kept, then one signs in
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sheet(request: HttpRequest, pk: int, moment: str) -> HttpResponse:
    """One moment of a loan: its sheets, and the form of the one to fill or to correct."""
    if not request.user.is_authenticated:
        if request.method == "POST":
            return hold(request, _key(pk, moment))
        return redirect_to_login(request.get_full_path())
    loan = the_loan(request, pk)
    if loan.status not in (LoanStatus.ACCEPTED, LoanStatus.HANDED_OVER, LoanStatus.RETURNED, LoanStatus.CLOSED):
        messages.info(request, _("Ce prêt n’en est pas là : voici où il en est."))
        return redirect(loan)
    if moment == Moment.RETURN and loan.status == LoanStatus.ACCEPTED:
        said = _("Inscrivez d’abord la remise.") if loan.has_state else _("Inscrivez d’abord le début.")
        messages.info(request, said)
        return redirect("loan_handover", pk=pk)
    if request.method == "POST":
        return _sent(request, loan, moment)
    report = _report(request.GET.get("corriger", ""), loan, moment)
    if report and handover.can_correct(request.user, report):
        return _page(request, loan, moment, SheetForm(loan=loan, moment=moment, report=report), report=report)
    return _page(request, loan, moment, _blank(request, loan, moment))


def _key(pk: int, moment: str) -> str:
    return f"pret:{pk}:{moment}"


def _report(text: str, loan: Loan, moment: str) -> ConditionReport | None:
    """A sheet of this loan by its number; never another loan's."""
    if not (text.isascii() and text.isdecimal() and len(text) < 12):
        return None
    return loan.reports.filter(pk=int(text), moment=moment).first()


def _blank(request: HttpRequest, loan: Loan, moment: str) -> SheetForm | None:
    """The form of a new sheet, where one can be filled now."""
    if not handover.can_fill(request.user, loan, moment) or _hindered(loan, moment) or counting.not_before(loan):
        return None
    form = SheetForm(loan=loan, moment=moment)
    first_values(request, form, recall(request, _key(loan.pk, moment)))
    return form


def _hindered(loan: Loan, moment: str) -> list[str]:
    return handover.obstacles(loan) if moment == Moment.HANDOVER and loan.status == LoanStatus.ACCEPTED else []


def _page(
    request: HttpRequest, loan: Loan, moment: str, form: SheetForm | None, *, report: ConditionReport | None = None,
    status: int = 200, **extra: Any,
) -> HttpResponse:  # fmt: skip
    reports = list(
        loan.reports.filter(moment=moment).select_related("filled_by").prefetch_related("photos", "incidents")
    )
    can_report = can_open(request.user, loan)
    shown = [_shown(request, r, can_report=can_report) for r in reports]
    context = {
        "loan": loan,
        "moment": moment,
        "title": checklists.title(loan, moment),
        "has_state": loan.has_state,
        "reports": shown,
        "form": form,
        "correcting": report,
        "again": bool(report) and handover.can_fill(request.user, loan, moment),
        "obstacles": _hindered(loan, moment),
        "not_before": counting.not_before(loan),
        "late": lateness(loan),
        "left": loan.out,
        "can_keep_rest": moment == Moment.HANDOVER and loan.to_come and handover.can_fill(request.user, loan, moment),
        "before_closing": _before_closing(shown),
        "last": max((r.pk for r in reports), default=""),
        "changed": False,
        "conflict": False,
        "differences": [],
        "remark_error": "",
        "photos_at_most": PHOTOS_AT_MOST,
        "can_reopen": moment == Moment.RETURN and may(request.user, loan, "reopen"),
        "unsettled": list(loan.incidents.filter(closed_at__isnull=True)),
        "can_close": moment == Moment.RETURN and not form and may(request.user, loan, "close"),
        "can_report": can_report and not any(row["reportable"] for row in shown),
        "print_url": reverse(f"{NAMES[Moment(moment)]}_print", args=[loan.pk]),
        "draft": recall(request, _key(loan.pk, moment)) if form and not report and request.method == "GET" else None,
        "draft_key": _key(loan.pk, moment),
        **extra,
    }
    return render(request, TEMPLATE, context, status=status)


def _shown(request: HttpRequest, report: ConditionReport, *, can_report: bool) -> dict[str, Any]:
    """A sheet, and what this person may do with it."""
    shown, incidents = list(report.photos.all()), list(report.incidents.all())
    return {
        "report": report,
        "photos": shown,
        "to_confirm": handover.to_confirm(request.user, report),
        "can_correct": handover.can_correct(request.user, report),
        "removable": [] if report.is_confirmed else [p.pk for p in shown if p.added_by_id == request.user.pk],
        "room": PHOTOS_AT_MOST - len(shown),
        "incidents": incidents,
        "reportable": can_report and report.is_spoilt and not incidents,
    }


# ---- what is sent


def _sent(request: HttpRequest, loan: Loan, moment: str) -> HttpResponse:
    if not sides_of(request.user, loan):
        raise PermissionDenied
    gesture = request.POST.get("geste", "inscrire")
    if gesture == "garder":
        return _rest_kept(request, loan)
    report = _report(request.POST.get("fiche", ""), loan, moment)
    if gesture in ("confirmer", "contester", "photos", "retirer"):
        if report is None:
            raise Http404
        return _answered(request, loan, moment, report, gesture)
    correcting = report if gesture == "corriger" else None
    form = SheetForm(request.POST, loan=loan, moment=moment, report=correcting)
    standing = None if correcting else _written_meanwhile(request, loan, moment)
    if standing:
        return _conflict(request, loan, moment, standing)
    if not correcting and moment == Moment.HANDOVER and counting.not_before(loan):
        form.errors.clear()  # it is the moment that is wrong, not what was typed
        return _page(request, loan, moment, form, status=422)
    if not form.is_valid():
        return _page(request, loan, moment, form, report=correcting, status=422)
    try:
        if correcting:
            seen = _number(request.POST.get("version"))
            done = handover.correct(correcting, by=request.user, sheet=form.sheet(), version=seen)
        else:
            seen = _number(request.POST.get("etat"))
            done = handover.fill(
                loan, moment, by=request.user, sheet=form.sheet(), version=seen, rest_later=form.rest_later
            )
    except ValidationError as error:
        form.refuse(error)
        return _page(request, loan, moment, form, report=correcting, status=422)
    except handover.Obstructed:
        return _page(request, loan, moment, None, status=422)
    except AlreadyMoved:
        loan = the_loan(request, loan.pk)
        standing = loan.reports.get(pk=correcting.pk) if correcting else _written_meanwhile(request, loan, moment)
        if standing:
            return _conflict(request, loan, moment, standing)
        if not handover.can_fill(request.user, loan, moment):
            messages.warning(request, _("Ce prêt a changé pendant que vous écriviez : voici où il en est."))
            return redirect(loan)
        return _page(request, loan, moment, form, status=409, changed=True)
    forget(user=request.user, key=_key(loan.pk, moment))
    _keep_photos(request, done)
    messages.success(request, _said(loan, done))
    if done.unchecked:
        said = ngettext("%(n)d point n’est pas coché.", "%(n)d points ne sont pas cochés.", len(done.unchecked))
        messages.warning(request, f"{said % {'n': len(done.unchecked)}} " + _("L’autre organisme le voit aussi."))
    return redirect(NAMES[Moment(moment)], pk=loan.pk)


def _before_closing(shown: list[dict[str, Any]]) -> list[str]:
    """What the sheets say that nobody took up yet: to look at before the loan ends."""
    said, reports = [], [row["report"] for row in shown]
    if unchecked := sum(len(report.unchecked) for report in reports):
        words = ngettext("%(n)d point n’est pas coché : vérifiez-le.",
                         "%(n)d points ne sont pas cochés : vérifiez-les.", unchecked)  # fmt: skip
        said.append(words % {"n": unchecked})
    for report in reports:
        if report.is_spoilt and not report.incidents.all():
            words = _("La fiche dit « %(state)s », et aucun incident n’est ouvert : ouvrez-en un si quelque chose "
                      "reste à réparer ou à payer.")  # fmt: skip
            said.append(words % {"state": report.get_state_display()})
    if any(row["to_confirm"] for row in shown):
        said.append(_("Vous n’avez pas encore confirmé la fiche."))
    elif any(report.contest for report in reports):
        said.append(_("La fiche est contestée : corrigez-la, puis l’autre organisme la confirmera."))
    elif any(not report.is_confirmed for report in reports):
        said.append(_("L’autre organisme n’a pas encore confirmé."))
    return said


def _rest_kept(request: HttpRequest, loan: Loan) -> HttpResponse:
    """What was to leave later will not."""
    try:
        handover.keep_rest(loan, by=request.user, version=_number(request.POST.get("etat")))
        messages.success(request, _("C’est noté : le reste est libre pour d’autres."))
    except AlreadyMoved:
        messages.warning(request, _("Ce prêt a changé pendant que vous lisiez : voici où il en est."))
    return redirect("loan_handover", pk=loan.pk)


def _number(text: str | None) -> int:
    """The version that the page showed; 0, which is never one, when it said none."""
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) < 10 else 0


def _written_meanwhile(request: HttpRequest, loan: Loan, moment: str) -> ConditionReport | None:
    """The sheet that someone wrote since this page was drawn, which named the last one it knew."""
    last = loan.reports.filter(moment=moment).order_by("-pk").first()
    return last if last and str(last.pk) != request.POST.get("vue", "") else None


def _conflict(request: HttpRequest, loan: Loan, moment: str, standing: ConditionReport) -> HttpResponse:
    """Two people counted at once: the other's count beside hers, nothing of hers written, her photos kept."""
    _keep_photos(request, standing)
    correctable = handover.can_correct(request.user, standing)
    again = handover.can_fill(request.user, loan, moment)
    form = SheetForm(request.POST, loan=loan, moment=moment, report=standing if correctable else None)
    form.errors.clear()
    return _page(
        request, loan, moment, form if correctable or again else None, report=standing if correctable else None,
        status=409, conflict=True, differences=form.unlike(standing), again=again,
    )  # fmt: skip


def _answered(request: HttpRequest, loan: Loan, moment: str, report: ConditionReport, gesture: str) -> HttpResponse:
    """Confirm, contest, add or take back photos."""
    seen = _number(request.POST.get("version"))
    try:
        if gesture == "confirmer":
            handover.confirm(report, by=request.user, version=seen)
            messages.success(request, _("C’est confirmé par les deux organismes."))
        elif gesture == "contester":
            handover.contest(report, by=request.user, remark=request.POST.get("remarque", ""), version=seen)
            said = _("La fiche est rouverte, et l’autre organisme prévenu. Vous pouvez la corriger.")
            messages.success(request, said)
        elif gesture == "retirer":
            photo = report.photos.filter(uid__in=_uid(request.POST.get("photo", ""))).first()
            if photo:
                photos.remove(photo, by=request.user)
                messages.success(request, _("La photo est retirée."))
        elif not report.is_confirmed:
            _keep_photos(request, report)
    except ValidationError as error:
        words = " ".join(error.messages)
        return _page(request, loan, moment, None, status=422, remark_error=words)
    except AlreadyMoved:
        messages.warning(request, _("La fiche a changé pendant que vous lisiez : relisez-la."))
    return redirect(NAMES[Moment(moment)], pk=loan.pk)


def _uid(text: str) -> list[uuid.UUID]:
    try:
        return [uuid.UUID(text)]
    except ValueError:
        return []


def _keep_photos(request: HttpRequest, report: ConditionReport) -> None:
    """Keep the photos that came with it; say what could not be kept."""
    said_photos(request, photos.add(report, request.FILES.getlist("photos"), by=request.user))


def said_photos(request: HttpRequest, result: tuple[list[LoanPhoto], list[str]]) -> None:
    kept, refused = result
    refused += [
        _("« %s » dépasse 15 Mo. Choisissez une photo plus légère ou réduisez-la d’abord.") % name
        for name in too_large(request)
    ]
    if kept:
        words = ngettext("%d photo est gardée.", "%d photos sont gardées.", len(kept))
        messages.success(request, words % len(kept))
    for sentence in refused:
        messages.error(request, sentence)


def _said(loan: Loan, report: ConditionReport) -> str:
    if report.moment == Moment.HANDOVER and loan.to_come:
        n = loan.to_come
        said = ngettext(
            "C’est inscrit : il en reste %(n)d à remettre.", "C’est inscrit : il en reste %(n)d à remettre.", n
        )
        return said % {"n": n}
    if report.moment == Moment.HANDOVER:
        return _("C’est inscrit. L’autre organisme est prévenu et confirmera.")
    if loan.outstanding:
        n = loan.out
        if not n:
            return _("C’est inscrit : tout ce qui était parti est revenu.")
        said = ngettext("C’est inscrit : il en reste %(n)d à rendre.", "C’est inscrit : il en reste %(n)d à rendre.", n)
        return said % {"n": n}
    return _("C’est inscrit : tout est revenu.")


# ---- the end of a loan


@posted_from("loan_return", "pk")
def close(request: HttpRequest, pk: int) -> HttpResponse:
    """The lender ends a loan that came back."""
    loan = the_loan(request, pk)
    try:
        handover.close(loan, by=request.user, version=_number(request.POST.get("etat")))
        messages.success(request, _("Le prêt est terminé."))
    except handover.StillOpen:
        messages.error(request, _("Un incident n’est pas réglé : réglez-le d’abord, puis terminez le prêt."))
    except AlreadyMoved:
        messages.warning(request, _("Ce prêt a changé pendant que vous lisiez : voici où il en est."))
    return redirect("loan_return", pk=pk)


@posted_from("loan_return", "pk")
def reopen(request: HttpRequest, pk: int) -> HttpResponse:
    """The lender found that some did not come back."""
    loan = the_loan(request, pk)
    missing, reason = _number(request.POST.get("manque")), request.POST.get("raison", "").strip()[:500]
    seen = _number(request.POST.get("etat"))
    try:
        handover.reopen(loan, by=request.user, missing=missing, reason=reason, version=seen)
        messages.success(request, _("Le prêt est rouvert, et l’emprunteur prévenu."))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    except AlreadyMoved:
        messages.warning(request, _("Ce prêt a changé pendant que vous lisiez : voici où il en est."))
    return redirect("loan_return", pk=pk)


# ---- on paper, and photos


@never_cache
@require_safe
def blank(request: HttpRequest, pk: int, moment: str) -> HttpResponse:
    """The sheet to print and fill by hand."""
    loan = the_loan(request, pk)
    context = {
        "loan": loan,
        "moment": moment,
        "title": checklists.title(loan, moment),
        "has_state": loan.has_state,
        "items": checklists.checklist(loan.resource, moment),
        "states": ConditionReport.State.labels,
        "back": reverse(NAMES[Moment(moment)], args=[pk]),
        "dates": list(loan.dates.filter(cancelled_at__isnull=True)[:6]),
    }
    return render(request, "loans/condition/print.html", context)


@require_safe
def photo(request: HttpRequest, uid: uuid.UUID, size: str) -> HttpResponse:
    """One photo, for the two sides of its loan; kept by no cache."""
    found = LoanPhoto.objects.filter(uid=uid).first() if size in SIZES else None
    if found is None or not Loan.objects.visible_to(request.user).filter(pk=found.loan_id).exists():
        raise Http404
    try:
        with getattr(found, SIZES[size]).open("rb") as file:
            response = HttpResponse(file.read(), content_type="image/webp")
    except OSError as error:
        raise Http404 from error
    response["Cache-Control"] = "private, no-store"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'"
    response["X-Robots-Tag"] = "noindex"
    return response
