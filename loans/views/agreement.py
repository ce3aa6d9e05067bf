"""The agreements of the loans one sees: mine, by what they await; one of them, its text, what changed, its story."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils.html import strip_tags
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from directory.memberships import memberships_of
from directory.models import Membership
from directory.permissions import require
from loans import agreements, amendments, filling, gate, rules, signing
from loans.models import Agreement, AgreementStatus, JournalEntry, Loan, Side, Signature
from loans.notifications.agreeing import until_amended
from loans.permissions import PARTY_OF, organisation_of, other, seats
from loans.possible import Impossible
from loans.standing import Standing
from loans.views.loan import version_of
from mutualisation.kernel.lifecycle import AlreadyMoved
from mutualisation.kernel.moments import clock, day_in_words, wall
from mutualisation.kernel.pagination import asked_page, pager
from mutualisation.kernel.requests import posted_from

S = AgreementStatus
TEMPLATE = "loans/agreement/detail.html"
PAGE_SIZE = 20
WORDS_A_MINUTE = 200
TABS = {
    "": (gettext_lazy("En cours"), None),
    "vigueur": (gettext_lazy("En vigueur"), Q(status=S.IN_FORCE)),
    "passees": (gettext_lazy("Passées"), Q(status__in=[S.REFUSED, S.EXPIRED, S.CANCELLED, S.ENDED])),
}
REPLACED = (*signing.ENDED, S.CANCELLED)


# ---- mine


@dataclass(frozen=True)
class Row:
    agreement: Agreement
    side: str
    them: str
    standing: Standing

    @property
    def under_way(self) -> bool:
        return self.standing.mine or self.agreement.status in agreements.OPEN


@never_cache
@require_safe
def agreement_list(request: HttpRequest) -> HttpResponse:
    """The agreements of one's organisations; under way, what awaits me comes first."""
    mine = memberships_of(request)
    ids = [m.organisation_id for m in mine]
    tab = request.GET.get("etat", "") if request.GET.get("etat", "") in TABS else ""
    rows = Agreement.objects.visible_to(request.user).of(*ids).filter(TABS[tab][1] or signing.under_way())
    found = [_row(a, mine) for a in gate.with_news(rows.for_list()).order_by("-created_at", "-id")[: gate.AT_MOST]]
    found = [row for row in found if row.under_way != bool(tab)]
    found.sort(key=lambda row: not row.standing.mine)
    number = min(asked_page(request.GET.get("page")) or 1, max(1, -(-len(found) // PAGE_SIZE)))
    here = reverse("agreement_list")

    def address(key: str, page: int = 1) -> str:
        asked = [f"etat={key}"] * bool(key) + [f"page={page}"] * (page > 1)
        return f"{here}?{'&'.join(asked)}" if asked else here

    context = {
        "rows": found[(number - 1) * PAGE_SIZE : number * PAGE_SIZE],
        "tabs": [(address(key), label, key == tab) for key, (label, _which) in TABS.items()],
        "tab": tab,
        "awaits": sum(row.standing.mine for row in found),
        "belongs": bool(ids),
        "pager": pager(number, len(found), PAGE_SIZE, lambda n: address(tab, n)),
    }
    return render(request, "loans/agreement/list.html", context)


def _row(agreement: Agreement, mine: list[Membership]) -> Row:
    loan = agreement.loan
    own = seats(mine, loan)
    said = [(side, gate.standing(agreement, side, mandated=seat.is_signatory)) for side, seat in own.items()]
    side, stands = next((pair for pair in said if pair[1].mine), said[0])
    return Row(agreement, side, organisation_of(loan, other(side)).name, stands)


# ---- one


def the_agreement(request: HttpRequest, number: str) -> Agreement:
    """One that this person sees, with what its pages read; 404 for everyone else."""
    rows = gate.with_news(Agreement.objects.visible_to(request.user).for_list()).defer(None).select_related("amends")
    return get_object_or_404(rows.prefetch_related("versions", "journal"), number=number)


def side_of(request: HttpRequest, agreement: Agreement) -> str:
    """For which side one acts: the one that must, else the lender's for who acts for both; empty for none."""
    mine = list(seats(memberships_of(request), agreement.loan))
    return next((side for side in mine if gate.standing(agreement, side).mine), mine[0]) if mine else ""


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def agreement_detail(request: HttpRequest, number: str) -> HttpResponse:
    """One agreement, for the two organisations of its loan; its text is accepted here."""
    agreement = the_agreement(request, number)
    side = side_of(request, agreement)
    if request.method != "POST":
        return shown(request, agreement, side)
    require(bool(side))
    if request.POST.get("geste") != "accepter":
        raise Http404
    known = version_of(request)
    try:
        agreements.agree(agreement, by=request.user, side=side, version=known)
    except AlreadyMoved:
        return shown(request, the_agreement(request, number), side, since=known, problem=moved(agreement), status=409)
    except agreements.Lacks:
        said = _("Rien n’a changé : il manque encore des réponses. On accepte un texte complet.")
        return shown(request, the_agreement(request, number), side, problem=said, status=409)
    except Impossible as impossible:
        name, why = next(iter(impossible.why.items()))
        words = {"label": agreements.blanks(agreement)[name].label, "why": why}
        said = _("Rien n’a changé. À corriger d’abord, « %(label)s » : %(why)s") % words
        return shown(request, the_agreement(request, number), side, problem=said, status=409)
    them = organisation_of(agreement.loan, other(side)).name
    if agreement.is_frozen:
        said = _("Les deux organismes acceptent le texte : il est figé. Il reste à le signer.")
    else:
        said = _("Vous acceptez ce texte. %(who)s reçoit un courriel et doit l’accepter aussi.") % {"who": them}
    messages.success(request, said)
    return redirect(agreement)


def moved(agreement: Agreement) -> str:
    """What a stale page is told."""
    agreement.refresh_from_db(fields=["status"])
    if agreement.status != AgreementStatus.DRAFT:
        return _("Rien n’a changé : cette entente est maintenant « %(state)s », son texte ne s’écrit plus.") % {
            "state": agreement.get_status_display()
        }
    return _("Rien n’est enregistré : le texte a changé depuis que vous avez ouvert la page. Voyez ce qui diffère, "
             "puis recommencez.")  # fmt: skip


def shown(
    request: HttpRequest, agreement: Agreement, side: str, *, since: int = 0, problem: str = "", status: int = 200
) -> HttpResponse:
    """The page of an agreement, as one side reads it; ``since``: the version that a stale page showed."""
    loan, seat = agreement.loan, side or Side.LENDER
    draft = agreement.status == AgreementStatus.DRAFT
    asked = agreements.lacks(agreement) if draft else []
    found = agreements.differences(agreement, since or agreements.seen_by(agreement, seat)) if draft and side else None
    seen = since or (agreements.seen_by(agreement, seat) if draft else agreement.version)
    news = [v for v in agreement.versions.all() if v.number > seen and v.side == other(seat)]
    text = clauses_shown(agreement)
    words = sum(len(strip_tags(str(clause["html"])).split()) for clause in text)
    signed = {s.party: s for s in agreement.signatures.all()}
    membership = seats(memberships_of(request), loan).get(side)
    mandated = membership is not None and membership.is_signatory
    refuses = membership is not None and gate.may_refuse([membership])
    stands = gate.standing(agreement, seat, mandated=mandated)
    to_sign = agreement.status == S.TO_SIGN and bool(side)
    scanned = to_sign and bool(getattr(agreement, "scan_side", None))
    own = PARTY_OF[seat] not in signed  # it still has to sign
    amending = list(gate.with_news(agreement.amendments.order_by("id")))
    context = {
        "agreement": agreement,
        "loan": loan,
        "side": side,
        "withdrawn": rules.withdrawn_since(agreement),
        "us": organisation_of(loan, seat),
        "them": organisation_of(loan, other(seat)),
        "standing": stands,
        "scanned": scanned,
        "signs": to_sign and not scanned and own and mandated,
        "refuses": to_sign and refuses,
        "stops": not own,
        "who_signs": "" if mandated or not side else gate.who_signs(agreement, seat),
        "links": to_sign and not scanned and side == Side.LENDER and gate.sends_link(agreement),
        "draft": draft,
        "text": text,
        "minutes": max(1, round(words / WORDS_A_MINUTE)),
        "lacking": _lacking(agreement, asked, side),
        "ours": [b for b in asked if side in filling.sides_that_know(b)],
        "may_agree": draft and bool(side) and not asked and not agreements.has_agreed(agreement, seat),
        "may_write": draft and bool(side),
        "corrects": draft and bool(side) and _has_answered(agreement, side),
        "differences": found,
        "argued": bool(problem) or any(e.kind == "changed" for e in agreement.journal.all()),
        "theirs": max(news, key=lambda v: (bool(v.note), v.number), default=None),  # a word about it first
        "parties": [_party(agreement, party, signed.get(party)) for party in agreement.parties],
        "amendments": amending,
        "amended_by": [(row, amendments.in_words(row)) for row in gate.amended_by(amending)],
        "waiting": [_waiting(row, loan, seat, mandated=mandated) for row in amending if row.status == S.TO_SIGN],
        "refuses_waiting": refuses,
        "until_amended": until_amended(loan) if agreement.amends and agreement.status == S.TO_SIGN else "",
        "again": bool(side) and amendments.awaits_amendment(agreement),
        "renewable": bool(side) and gate.renewable(agreement),
        "replaced": agreement.replaced_by if agreement.amends_id is None and agreement.status in REPLACED else "",
        "story": [_entry(entry) for entry in agreement.journal.all()],
        "problem": problem,
        "sign_url": _address("agreement_sign", agreement) if agreement.status == AgreementStatus.TO_SIGN else "",
        "paper_url": _address("agreement_paper", agreement) if agreement.status == AgreementStatus.TO_SIGN else "",
    }
    return render(request, TEMPLATE, context, status=status)


def _waiting(amendment: Agreement, loan: Loan, seat: str, *, mandated: bool) -> dict[str, Any]:
    """An amendment to sign, on the page of the agreement that it changes."""
    amendment.loan = loan
    return {
        "amendment": amendment,
        "standing": gate.standing(amendment, seat, mandated=mandated),
        "who_signs": "" if mandated else gate.who_signs(amendment, seat),
        "lines": amendments.in_words(amendment),
        "until_amended": until_amended(loan),
    }


def _party(agreement: Agreement, party: str, signature: Signature | None) -> tuple[str, Signature | None, bool]:
    """Who a party is, its signature, and whether who signed is already named: the person lent signs for herself."""
    words = gate.party_words(agreement, party)
    return words, signature, signature is not None and words.endswith(f", {signature.name}")


def clauses_shown(agreement: Agreement) -> list[dict[str, Any]]:
    """The text: as it was frozen, else as it would be now, with the notes for whoever fills it."""
    if agreement.is_frozen:
        return [{**clause, "guidance": ""} for clause in agreement.kept]
    return [
        {"number": w.number, "key": w.key, "title": w.title, "html": w.html, "guidance": w.guidance}
        for w in agreements.written(agreement)
    ]


def _lacking(agreement: Agreement, asked: list[Any], side: str) -> list[dict[str, Any]]:
    """What is lacking, by who can say it."""
    groups: dict[str, list[str]] = {}
    for blank in asked:
        knows = filling.sides_that_know(blank)
        groups.setdefault("both" if len(knows) > 1 else str(knows[0]), []).append(blank.label)
    loan = agreement.loan
    names = {Side.LENDER.value: loan.lender.name, Side.BORROWER.value: loan.borrower.name}
    return [
        {"who": names.get(key, ""), "both": key == "both", "ours": key == side, "labels": groups[key]}
        for key in sorted(groups, key=lambda k: (k != side, k == "both"))
    ]


def _has_answered(agreement: Agreement, side: str) -> bool:
    """Whether a side has answers of its own to correct: given since, or that an earlier agreement kept."""
    versions = list(agreement.versions.all())
    if any(version.side == side for version in versions):
        return True
    kept = versions[0].values if versions else {}
    own = (blank for blank in agreements.blanks(agreement).values() if not blank.from_portal)
    return any(blank.name in kept and side in filling.sides_that_know(blank) for blank in own)


def _entry(entry: JournalEntry) -> dict[str, Any]:
    at = wall(entry.at)
    return {
        "what": entry.what,
        "who": entry.who,
        "when": f"{day_in_words(at, 'j F Y')}, {clock(at.time())}",
        "labels": [*entry.data.get("answers", []), *entry.data.get("clauses", [])] if entry.kind == "changed" else [],
        "reason": entry.data.get("reason", ""),
    }


def _address(name: str, agreement: Agreement) -> str:
    """The address of a page that this portal may not have."""
    try:
        return reverse(name, args=[agreement.number])
    except NoReverseMatch:
        return ""


# ---- drawing up


@posted_from("loan_detail", "pk")
def agreement_draw_up(request: HttpRequest, pk: int) -> HttpResponse:
    """Either side has the agreement of a loan drawn up."""
    loan = get_object_or_404(Loan.objects.visible_to(request.user).select_related("resource"), pk=pk)
    try:
        agreement = agreements.draw_up(loan, by=request.user)
    except agreements.NoModel:
        messages.error(request, _("Aucune entente-type n’est en vigueur pour cette sorte de ressource : rien n’est "
                                  "dressé. Demandez à votre CDC d’en publier une."))  # fmt: skip
        return redirect(loan)
    except AlreadyMoved:
        messages.info(request, _("Ce prêt a déjà une entente : la voici."))
        standing_one = agreements.current(loan)
        return redirect(standing_one or loan)
    messages.success(request, _("L’entente est dressée avec ce que le portail sait. Complétez-la."))
    return redirect(agreement)


@posted_from("agreement", "number")
def agreement_amend(request: HttpRequest, number: str) -> HttpResponse:
    """Another amendment, after one that was refused or that expired."""
    agreement = the_agreement(request, number)
    require(bool(side_of(request, agreement)))
    done = amendments.draw_up_again(agreement, by=request.user) if amendments.awaits_amendment(agreement) else None
    if done is None:
        messages.info(request, _("Il n’y a rien à modifier : le prêt est comme l’entente le dit."))
        return redirect(agreement)
    messages.success(request, _("Un autre avenant est dressé : il est à signer."))
    return redirect(done)
