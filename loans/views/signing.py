"""Signing in the portal: the text first, then who one is, then one sentence that one accepts; or no, and why."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.reauthentication import did_recently_reauthenticate
from allauth.core.exceptions import ReauthenticationRequired
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from directory.memberships import memberships_of
from directory.permissions import require
from loans import gate, personal, scans, signing
from loans.forms.signing import RefuseForm, SignForm
from loans.models import Agreement, AgreementStatus, Side, Signature
from loans.permissions import PARTY_OF, SIDE_OF, organisation_of, other, seats, sides_of
from loans.signing import CannotSign, TextChanged
from mutualisation.kernel.lifecycle import AlreadyMoved
from mutualisation.kernel.requests import posted_from

TEMPLATE = "loans/signing/sign.html"


def the_agreement(request: HttpRequest, number: str) -> Agreement:
    """The one of this number, for its two sides."""
    rows = Agreement.objects.visible_to(request.user).select_related(
        "loan__lender", "loan__borrower", "loan__resource", "edition__model"
    )
    return get_object_or_404(
        rows.defer("loan__lender__search", "loan__borrower__search", "loan__resource__search"), number=number
    )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def agreement_sign(request: HttpRequest, number: str) -> HttpResponse:
    """The whole text, where each party stands, and for who may: sign it."""
    agreement = the_agreement(request, number)
    if agreement.status == AgreementStatus.DRAFT:
        messages.info(request, _("Le texte n’est pas encore figé : on le signe quand les deux organismes l’acceptent."))
        return redirect(agreement.loan)
    if request.method != "POST":
        return _page(request, agreement)
    require(bool(sides_of(request.user, agreement.loan)))
    return _sign(request, agreement)


def _party(request: HttpRequest, parties: Any) -> str:
    """For which party: the one that the form names, else the first one may sign for."""
    asked = request.POST.get("partie", "") or request.GET.get("pour", "")
    return asked if asked in SIDE_OF else next(iter(parties), "")


def _by_code(request: HttpRequest) -> bool:
    """Someone who has neither password nor passkey proves who she is by a code sent to her address."""
    user: Any = request.user
    return not user.has_usable_password() and not get_adapter().get_reauthentication_methods(user)


def _form(request: HttpRequest, agreement: Agreement, party: str, mandate: Any, data: Any = None) -> SignForm:
    user: Any = request.user
    coded = _by_code(request) and personal.awaits_code(request.session, agreement, user.email)
    before = Signature.objects.filter(by=user).order_by("-at").values_list("function", flat=True)
    return SignForm(
        data, statement=signing.statement(agreement, party, mandate), named=bool(user.name), coded=coded,
        initial={"function": user.function or before.first()},
    )  # fmt: skip


def _sign(request: HttpRequest, agreement: Agreement) -> HttpResponse:
    user: Any = request.user
    parties = signing.signable_by(user, agreement)
    party = _party(request, parties)
    sha256 = request.POST.get("sha256", "")[:64]
    if party not in parties or sha256 != agreement.sha256:
        return _attempt(request, agreement, party, sha256, {}, proof="?")  # the verb says why, and signs nothing
    form = _form(request, agreement, party, parties[party], request.POST)
    if not form.is_valid():
        return _page(request, agreement, form=form, party=party, status=422)
    proof = _proof(request, agreement, form)
    if not proof:
        waits = personal.awaits_code(request.session, agreement, user.email)
        fresh = _form(request, agreement, party, parties[party], request.POST if "code" in form.fields else None)
        if "code" not in form.fields:
            fresh.initial = {**fresh.initial, **form.cleaned_data}
        if waits and "code" in form.fields:
            fresh.is_valid()
            fresh.add_error("code", _("Ce n’est pas le bon code. Vérifiez le dernier reçu."))
            return _page(request, agreement, form=fresh, party=party, status=422)
        said = _("Un code vient de partir à %(email)s : tapez-le pour signer. Rien n’est encore signé.")
        said = said if waits else _("Trop de codes demandés à %(email)s : attendez une heure, ou signez sur papier.")
        return _page(request, agreement, form=fresh, party=party, told=said % {"email": user.email})
    return _attempt(request, agreement, party, sha256, form.cleaned_data, proof=proof)


def _proof(request: HttpRequest, agreement: Agreement, form: SignForm) -> str:
    """How she just proved who she is; empty when a code was sent and is awaited. Raises ReauthenticationRequired,
    which asks her and comes back here."""
    user: Any = request.user
    if not _by_code(request):
        if not did_recently_reauthenticate(request):
            raise ReauthenticationRequired
        return "reauthenticated"
    if "code" in form.fields and personal.check_code(request.session, agreement, user.email, form.cleaned_data["code"]):
        return "code"
    if not personal.awaits_code(request.session, agreement, user.email):
        personal.send_code(request.session, agreement, user.email)
    return ""


def _attempt(
    request: HttpRequest, agreement: Agreement, party: str, sha256: str, said: dict[str, Any], *, proof: str
) -> HttpResponse:
    try:
        signed = signing.sign(
            agreement, party=party, by=request.user, sha256=sha256, proof=proof, name=said.get("name", ""),
            function=said.get("function", ""),
        )  # fmt: skip
    except CannotSign as answer:
        fresh = the_agreement(request, agreement.number)
        return _page(
            request, fresh, problem=str(answer), party=party, status=409,
            now=answer.now if isinstance(answer, TextChanged) else None,
        )  # fmt: skip
    if signed.status == AgreementStatus.IN_FORCE:
        words = _("C’est signé par toutes les parties : l’entente est en vigueur.")
        if signed.amends_id:
            words = _("C’est signé par toutes les parties : l’avenant est en vigueur, et le prêt est à jour.")
        messages.success(request, words)
    else:
        messages.success(request, _("C’est signé. Les autres parties sont prévenues."))
    return redirect("agreement_sign", number=agreement.number)


def _page(
    request: HttpRequest,
    agreement: Agreement,
    *,
    form: SignForm | None = None,
    party: str = "",
    problem: str = "",
    told: str = "",
    now: Agreement | None = None,
    status: int = 200,
) -> HttpResponse:
    user: Any = request.user
    own = seats(memberships_of(request), agreement.loan)
    open_still = agreement.status == AgreementStatus.TO_SIGN
    mandates = {PARTY_OF[side]: m for side, m in own.items() if m.is_signatory and PARTY_OF[side] in agreement.parties}
    standing, journal = signing.standing_of(agreement), signing.journal_of(agreement)
    names = [s["name"] for s in standing]
    mine = [s["signature"] for s in standing if s["signature"] and s["signature"].by_id == user.pk]
    left = [s["party"] for s in standing if not s["signature"]]
    over = bool(agreement.sign_by and agreement.sign_by <= timezone.now())
    parties = {} if mine or over or not open_still else {p: m for p, m in mandates.items() if p in left}
    party = party if party in parties else _party(request, parties)
    mandate = parties.get(party)
    if form is None and mandate:
        form = _form(request, agreement, party, mandate)
    scan = scans.waiting(agreement) if open_still and not over else None
    answers = [side for side, row in own.items() if row.is_signatory or row.is_manager]
    context = {
        "agreement": agreement,
        "loan": agreement.loan,
        "clauses": agreement.kept,
        "standing": standing,
        "form": form if mandate else None,
        "party": party,
        "us": organisation_of(agreement.loan, SIDE_OF[party]) if mandate else None,
        "others": [
            {"party": p, "name": organisation_of(agreement.loan, SIDE_OF[p]).name} for p in parties if p != party
        ],
        "who": [] if mandate or mine or not open_still else _who(agreement, [PARTY_OF[side] for side in own], left),
        "to_sign": open_still and not over,
        "between": _(" et ").join(filter(None, [", ".join(names[:-1]), names[-1]])),
        "refused_by": next((line["by"] for line in journal if line["kind"] == "refused"), ""),
        "left_names": ", ".join(s["name"] for s in standing if not s["signature"]),
        "over": over and open_still,
        "can_refuse": open_still and gate.may_refuse(own.values()),
        "can_renew": signing.can_renew(user, agreement),
        "can_link": open_still and "personne" in left and Side.LENDER in own,
        "can_paper": open_still and bool(own),
        "mine": mine,
        "scan": scan,
        "by_hand": None if open_still else scans.confirmed(agreement),
        "scan_mine": scan is not None and scan.sent_by_id != user.pk and other(scan.side) in answers,
        "scan_by": organisation_of(agreement.loan, scan.side) if scan else None,
        "scan_to": organisation_of(agreement.loan, other(scan.side)) if scan else None,
        "journal": journal,
        "problem": problem,
        "told": told,
        "now": now,
        "differences": signing.clause_differences(agreement, now) if now and now.is_frozen else None,
    }
    return render(request, TEMPLATE, context, status=status)


def _who(agreement: Agreement, parties: list[str], left: list[str]) -> list[dict[str, Any]]:
    """Who can sign for each own party that has not, where this person cannot."""
    return [
        {"said": signing.who_instead(agreement, p), "organisation": organisation_of(agreement.loan, SIDE_OF[p])}
        for p in left
        if p in parties
    ]


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def agreement_refuse(request: HttpRequest, number: str) -> HttpResponse:
    """Say no, with a reason."""
    agreement = the_agreement(request, number)
    if agreement.status != AgreementStatus.TO_SIGN:
        messages.info(request, _("Cette entente n’attend plus de signature : rien n’a changé."))
        return redirect("agreement_sign", number=number)
    require(signing.can_refuse(request.user, agreement))
    form = RefuseForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            signing.refuse(agreement, by=request.user, reason=form.cleaned_data["reason"])
            said = _("C’est noté : l’entente n’est pas signée, les autres parties sont prévenues.")
            if agreement.amends_id:
                said = _("C’est noté : l’avenant n’est pas signé, l’entente tient. Les autres parties sont prévenues.")
            messages.success(request, said)
        except AlreadyMoved:
            messages.warning(request, _("L’entente a changé pendant que vous écriviez : rien n’est refusé."))
        return redirect("agreement_sign", number=number)
    status = 422 if form.errors else 200
    return render(request, "loans/signing/refuse.html", {"agreement": agreement, "form": form}, status=status)


@posted_from("agreement", "number")
def agreement_renew(request: HttpRequest, number: str) -> HttpResponse:
    """Take it up again with the same answers."""
    agreement = the_agreement(request, number)
    fresh = signing.renew(agreement, by=request.user)
    messages.success(
        request, _("L’entente %(number)s reprend les mêmes réponses : corrigez ce qui bloquait.") % {"number": fresh}
    )
    return redirect(fresh)
