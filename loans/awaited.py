"""What a loan awaits from whoever reads: its name, its gesture, where it is made. One rule for every page.

Of a loan read with its ``wait`` and its target (``with_wait``, ``with_target``) for the organisations of who reads.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from directory.models import Membership
from loans import checklists, gate
from loans.models import Agreement, AgreementStatus, LoanStatus, Moment, Side, Wait
from loans.models.wait import AGREEMENT
from loans.permissions import organisation_of, other
from loans.standing import Standing, moment_words

# Whose state says what to do.
NAMED = (Wait.CONFIRM, Wait.CORRECT, Wait.AGREE, Wait.HAND_OVER, Wait.SETTLE, Wait.CLOSE, *AGREEMENT)
TONES = {Wait.LATE: "danger", Wait.CORRECT: "danger", Wait.DUE: "warn", Wait.HAND_OVER: "warn"}


def title(loan: Any, them: str) -> str:
    """What awaits, about what: one hands a thing over, a person begins."""
    wait, thing, first = Wait(loan.wait), loan.has_state, loan.sheet == Moment.HANDOVER
    words = {"who": them, "what": loan.resource.name}
    if wait in (Wait.HAND_OVER, Wait.LATE, Wait.DUE) and not thing:
        moment = checklists.title(loan, Moment.HANDOVER if wait == Wait.HAND_OVER else Moment.RETURN)
        return _("%(moment)s : %(what)s") % {**words, "moment": moment}
    confirm, correct = _("État des lieux à confirmer : %(what)s"), _("État des lieux contesté : %(what)s")
    if not thing:
        confirm = _("Début à confirmer : %(what)s") if first else _("Fin à confirmer : %(what)s")
        correct = _("Début contesté : %(what)s") if first else _("Fin contestée : %(what)s")
    return {
        Wait.CONFIRM: confirm,
        Wait.CORRECT: correct,
        Wait.AGREE: _("Qui paie? Incident : %(what)s"),
        Wait.ANSWER: _("%(who)s attend votre réponse : %(what)s"),
        Wait.LATE: _("Retour de %(what)s"),
        Wait.DUE: _("Retour de %(what)s"),
        Wait.NAME: _("Nommer la personne : %(what)s"),
        Wait.HAND_OVER: _("Remise de %(what)s"),
        Wait.SETTLE: _("Incident à régler : %(what)s"),
        Wait.CLOSE: _("Tout est en ordre? %(what)s"),
        **dict.fromkeys(AGREEMENT, _("Entente : %(what)s")),
    }[wait] % words


def _gesture(loan: Any) -> str:
    bring_back = _("Inscrire le retour") if loan.has_state else _("Inscrire la fin")
    return {
        Wait.CONFIRM: _("Relire et confirmer"),
        Wait.CORRECT: _("Corriger"),
        Wait.AGREE: _("Répondre"),
        Wait.ANSWER: _("Examiner") if loan.held_at and loan.status == LoanStatus.REQUESTED else _("Répondre"),
        Wait.LATE: bring_back,
        Wait.DUE: bring_back,
        Wait.NAME: _("Nommer"),
        Wait.HAND_OVER: _("Inscrire la remise") if loan.has_state else _("Inscrire le début"),
        Wait.SETTLE: _("Régler l’incident"),
        Wait.CLOSE: _("Terminer"),
        Wait.FILL: _("Répondre"),
        Wait.ACCEPT: _("Lire et accepter"),
        Wait.SIGN: _("Lire et signer"),
        Wait.CHECK: _("Vérifier et confirmer"),
        Wait.LINK: _("Envoyer le lien"),
        Wait.AGAIN: _("Reprendre l’entente"),
    }[Wait(loan.wait)]


def _address(loan: Any) -> str:
    """Where it is done: on the sheet, the incident or the agreement, else on the page of the loan."""
    if loan.wait in (Wait.CONFIRM, Wait.CORRECT):
        return reverse("loan_handover" if loan.sheet == Moment.HANDOVER else "loan_return", args=[loan.pk])
    if loan.wait in (Wait.AGREE, Wait.SETTLE):
        return reverse("incident_detail", args=[loan.pk, loan.incident])
    if loan.wait in AGREEMENT:
        pages = {Wait.SIGN: "agreement_sign", Wait.CHECK: "agreement_paper", Wait.LINK: "agreement_link"}
        return reverse(pages.get(loan.wait, "agreement"), args=[loan.agreement])
    return str(loan.get_absolute_url())


def told(loan: Any, stands: Standing) -> Standing:
    """Where it stands, once it says what is awaited when something is."""
    if not loan.wait:
        return stands
    wait = Wait(loan.wait)
    state = str(wait.label).capitalize() if wait in NAMED else stands.state
    if wait == Wait.HAND_OVER and not loan.has_state:
        state = _("Début à inscrire")
    return replace(stands, state=state, tone=TONES.get(wait, "act"), mine=True, action=_gesture(loan),
                   address=_address(loan))  # fmt: skip


# ---- on the page of a loan


def first(
    loan: Any, stands: Standing, seats: Mapping[str, Membership], agreements: Sequence[Agreement], obstacles: list[str]
) -> Standing | None:
    """What comes before where the loan stands: its agreement, a sheet, who pays, what begins today.

    Nothing when the loan itself can't wait: a person to name, a return that is late.
    """
    if not seats or loan.is_late or loan.wait == Wait.NAME:
        return None
    if found := _agreement(agreements, seats):
        return found
    side = Side.LENDER if Side.LENDER in seats else Side.BORROWER
    if expected := _expected(loan, organisation_of(loan, other(side)).name):
        return replace(told(loan, stands), expected=expected)
    today = loan.wait == Wait.HAND_OVER and loan.status == LoanStatus.ACCEPTED and loan.starts_at > timezone.now()
    if today and not obstacles:
        said = _("C’est aujourd’hui, %(when)s : inscrivez-le quand ce sera fait.")
        there = reverse("loan_handover", args=[loan.pk])
        return replace(told(loan, stands), expected=said % {"when": moment_words(loan.starts_at)}, address=there)
    return None


def _agreement(rows: Sequence[Agreement], seats: Mapping[str, Membership]) -> Standing | None:
    """The agreement when one of these sides must complete, accept or sign it; else its amendment to sign."""
    root = gate.root_of(rows)
    waits = [row for row in rows if root and row.amends_id == root.pk and row.status == AgreementStatus.TO_SIGN]
    for row in [root, *waits] if root else []:
        for side, seat in seats.items():
            stands = gate.standing(row, side, mandated=seat.is_signatory)
            if stands.mine:
                there = "agreement_link" if side == Side.LENDER and gate.sends_link(row) else "agreement"
                said = _("Avenant : %(state)s") if row.amends_id else _("Entente : %(state)s")
                state = said % {"state": stands.state[:1].lower() + stands.state[1:]}
                return replace(stands, state=state, address=reverse(there, args=[row.number]))
    return None


def _expected(loan: Any, them: str) -> str:
    """What is awaited about a sheet or an incident, in a sentence."""
    sheet = checklists.title(loan, loan.sheet) if loan.sheet else ""
    said = {
        Wait.CONFIRM: _("La fiche « %(sheet)s » attend votre accord : relisez-la, puis confirmez-la ou "
                        "dites ce qui n’est pas exact."),
        Wait.CORRECT: _("La fiche « %(sheet)s » est contestée : corrigez ce qui n’est pas exact."),
        Wait.AGREE: _("%(who)s propose qui paie pour l’incident : acceptez, ou proposez autre chose."),
        Wait.SETTLE: _("C’est rendu, et un incident reste ouvert : dites comment il se règle, puis terminez le prêt."),
    }.get(loan.wait, "")  # fmt: skip
    return said % {"sheet": sheet, "who": them}
