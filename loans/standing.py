"""Where a loan stands, in words for one of its sides: its state, and the next gesture that is expected."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from directory.models import Kind
from directory.opening import clock
from loans.models import Loan, LoanStatus, Proposal, Side
from loans.permissions import organisation_of, other
from mutualisation.kernel.moments import day_in_words, wall

TONES = {
    LoanStatus.CLOSED: "ok",
    LoanStatus.RETURNED: "ok",
    LoanStatus.DECLINED: "danger",
    LoanStatus.CANCELLED: "info",
    LoanStatus.EXPIRED: "info",
}


@dataclass(frozen=True)
class Standing:
    """``state`` in a few words, ``expected`` in a sentence.

    ``mine`` when this side must act: by which ``action``, at which ``address`` (of a loan, ``awaited`` says them).
    """

    tone: str
    state: str
    expected: str
    mine: bool = False
    action: str = ""
    address: str = ""


def moment_words(instant: Any) -> str:
    """« le mardi 8 décembre, 18 h »."""
    shown = wall(instant)
    year = "" if shown.year == timezone.localdate().year else " Y"
    return _("le\u00a0%(day)s, %(hour)s") % {"day": day_in_words(shown, f"l j F{year}"), "hour": clock(shown.time())}


def standing(loan: Loan, side: str, waiting: Proposal | None = None) -> Standing:
    """Where a loan stands for one side; ``waiting`` is the proposal that awaits an answer, if any."""
    them = organisation_of(loan, other(side)).name
    if waiting and waiting.side == side:
        return Standing("info", _("Proposition envoyée"), _("%(who)s doit accepter ou refuser ce que vous proposez. "
                        "Rien ne change d’ici là.") % {"who": them})  # fmt: skip
    if waiting:
        said = _("%(who)s propose autre chose : acceptez, refusez ou proposez à votre tour.") % {"who": them}
        return Standing("act", _("Proposition à répondre"), said, mine=True)
    if loan.status == LoanStatus.REQUESTED:
        return _requested(loan, side, them)
    if loan.status == LoanStatus.COUNTERED:  # its proposal was not read: lists do without
        ours = side == Side.BORROWER
        return Standing("act" if ours else "info", _("Contre-proposition"), "", ours)
    if loan.status == LoanStatus.ACCEPTED:
        return _accepted(loan, side)
    if loan.status == LoanStatus.HANDED_OVER:
        return _out(loan, side, them)
    if loan.status == LoanStatus.RETURNED and side == Side.LENDER:
        said = _("Relisez la fiche de retour et réglez ce qui reste ouvert, puis terminez le prêt.")
        return Standing("act", _("Rendu"), said, mine=True)
    return Standing(
        TONES[LoanStatus(loan.status)], str(loan.get_status_display()).capitalize(), _ended(loan, side, them)
    )


def _requested(loan: Loan, side: str, them: str) -> Standing:
    by_when = moment_words(loan.answer_by)
    if loan.held_at and side == Side.LENDER:
        said = _("%(who)s doit d’abord rendre autre chose. Examinez la demande quand même, ou refusez-la.")
        return Standing("warn", _("Demande retenue"), said % {"who": them}, mine=True)
    if loan.held_at:
        said = _("Votre organisme a quelque chose à rendre d’abord : la demande attend que %(who)s l’examine.")
        return Standing("warn", _("Demande retenue"), said % {"who": them})
    if side == Side.LENDER:
        said = _("Acceptez, refusez ou proposez autre chose avant %(when)s. Rien n’est réservé d’ici là.")
        return Standing("act", _("À répondre"), said % {"when": by_when}, mine=True)
    said = _("%(who)s a jusqu’au %(when)s, pour répondre. Rien n’est réservé d’ici là.")
    return Standing("info", _("En attente de réponse"), said % {"who": them, "when": by_when.removeprefix("le\u00a0")})


def _accepted(loan: Loan, side: str) -> Standing:
    when = {"when": moment_words(loan.starts_at)}
    things = loan.resource.kind == Kind.MATERIEL
    if loan.resource.kind == Kind.HUMAIN and not loan.consent_on:
        if side == Side.LENDER:
            said = _("Nommez la personne prêtée et dites quand elle a dit oui : c’est à vous, son employeur.")
            return Standing("act", _("Personne à nommer"), said, mine=True)
        said = _("C’est réservé pour vous. Son employeur doit encore nommer la personne. Commence %(when)s.")
        return Standing("ok", _("Accepté"), said % when)
    if loan.starts_at <= timezone.now():
        said = _("La remise était prévue %(when)s : inscrivez-la.") if things else _(
            "C’est commencé depuis %(when)s : inscrivez-le."
        )  # fmt: skip
        state = _("Remise à inscrire") if things else _("Début à inscrire")
        return Standing("act", state, said % when, mine=True)
    said = _("C’est réservé. Remise prévue %(when)s.") if things else _("C’est réservé. Commence %(when)s.")
    return Standing("ok", _("Accepté"), said % when)


def held_up(told: Standing, loan: Loan) -> Standing:
    """The same once the moment has come, when something still lacks before the hand-over: that comes first."""
    if loan.resource.kind == Kind.HUMAIN and not loan.consent_on:
        return told  # what lacks is what it says
    when = {"when": moment_words(loan.starts_at)}
    if loan.resource.kind == Kind.MATERIEL:
        return replace(told, state=_("Remise en attente"), expected=_("La remise était prévue %(when)s.") % when)
    return replace(told, state=_("Début en attente"), expected=_("Le début était prévu %(when)s.") % when)


def left_words(loan: Loan) -> str:
    """« Il en reste 5 à rendre. », once some came back; nothing before."""
    if loan.status != LoanStatus.HANDED_OVER or not loan.returned_quantity or not loan.out:
        return ""
    return ngettext("Il en reste %(n)d à rendre.", "Il en reste %(n)d à rendre.", loan.out) % {"n": loan.out}


def _out(loan: Loan, side: str, them: str) -> Standing:
    """Out, on time or not; what is left of a loan in part returned comes first."""
    told = _due(loan, side, them)
    return replace(told, expected=" ".join(filter(None, [left_words(loan), told.expected])))


def _due(loan: Loan, side: str, them: str) -> Standing:
    when = {"when": moment_words(loan.ends_at), "who": them}
    if loan.is_late:
        days = (timezone.now() - loan.ends_at).days  # whole ones, as lateness.py counts them
        state = ngettext("En retard de %(n)d jour", "En retard de %(n)d jours", days) % {"n": days}
        if not days:
            state = _("En retard")
        said = (
            _("Le retour était prévu %(when)s. Inscrivez-le, prolongez ou écrivez à %(who)s.")
            if side == Side.LENDER
            else _("Vous deviez rendre %(when)s. Rendez, ou demandez une prolongation.")
        )
        return Standing("danger", state, said % when, mine=True)
    if timezone.localtime(loan.ends_at).date() == timezone.localdate():
        said = _("Retour prévu %(when)s.") % when
        return Standing("warn", _("À rendre aujourd’hui"), said, mine=True)
    if loan.to_come:
        said = ngettext(
            "Il en reste %(n)d à remettre : inscrivez-le quand ce sera fait.",
            "Il en reste %(n)d à remettre : inscrivez-le quand ce sera fait.",
            loan.to_come,
        )
        return Standing("ok", _("En cours"), said % {"n": loan.to_come})
    ends = _("Retour prévu %(when)s.") if loan.resource.kind == Kind.MATERIEL else _("Se termine %(when)s.")
    return Standing("ok", _("En cours"), ends % when)


def _ended(loan: Loan, side: str, them: str) -> str:
    return {
        LoanStatus.RETURNED: _("C’est rendu. Le prêteur termine le prêt quand tout est en ordre."),
        LoanStatus.CLOSED: _("C’est rendu et en ordre : rien d’autre à faire."),
        LoanStatus.DECLINED: _("La demande est close. Rien n’est réservé."),
        LoanStatus.CANCELLED: _("C’est annulé. Les dates sont libres."),
        LoanStatus.EXPIRED: _("Personne n’a répondu à temps. Vous pouvez refaire la demande.")
        if side == Side.BORROWER
        else _("Personne n’a répondu à temps. %(who)s peut refaire sa demande.") % {"who": them},
    }[LoanStatus(loan.status)]
