"""What is written from the request to the agreed dates, and around them: asked, answered, proposed, reminded."""

from __future__ import annotations

import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.mail import queue
from accounts.models import Mail
from loans.models import Loan, LoanDate, LoanEvent, LoanMessage, LoanStatus, Proposal, Side
from loans.notifications.sending import send, what, words
from loans.permissions import members_of, organisation_of, other, people_of
from mutualisation.kernel.moments import in_words as period_words
from mutualisation.kernel.moments import moment_in_words


def asked(loan: Loan, *, again: bool = False, people: Any = None) -> None:
    """Someone asks → the lender: answer. A held request says so."""
    names = words(loan, Side.BORROWER)
    remembered = _("Rappel : %(who)s attend votre réponse (%(what)s)")
    expected = _("Acceptez, refusez ou proposez autre chose avant le %(when)s : ensuite, la demande expire.")
    if loan.held_at:
        expected = _("La demande est retenue : %(who)s a du retard à rendre autre chose. Examinez-la quand même ou "
                     "refusez-la avant le %(when)s : ensuite, elle expire.")  # fmt: skip
    send(
        loan, "asked-again" if again else "asked", Side.LENDER,
        subject=(remembered if again else _("%(who)s demande %(what)s")) % names,
        expected=expected % {**names, "when": moment_in_words(loan.answer_by, "l j F Y")},
        action=_("Répondre"), note=loan.purpose, answers=not loan.held_at, people=people,
    )  # fmt: skip


def remind(loan: Loan) -> None:
    """Nobody answered yet → someone else of the side that must answer; the same people when they are all there is."""
    waiting = loan.proposals.filter(status=Proposal.Status.WAITING).first()
    side = other(waiting.side) if waiting else Side.LENDER
    organisation = organisation_of(loan, side)
    first = people_of(loan, side)
    second = list(members_of(organisation).exclude(pk__in=[p.pk for p in first]))[:1] or first
    if side == Side.LENDER and loan.is_open:
        asked(loan, again=True, people=second)
        return
    send(
        loan, "propose-again", side, people=second,
        subject=_("Rappel : %(who)s attend votre réponse (%(what)s)")
        % words(loan, other(side)),
        expected=_("Acceptez la proposition, refusez-la ou proposez autre chose."), action=_("Répondre"),
    )  # fmt: skip


def released(loan: Loan) -> None:
    """What the borrower owed came back → the lender may answer the request that was held."""
    send(
        loan, "released", Side.LENDER, note=loan.purpose, action=_("Répondre"), answers=True,
        subject=_("%(who)s a tout rendu et attend votre réponse (%(what)s)") % words(loan, Side.BORROWER),
        expected=_("La demande n’est plus retenue. Acceptez, refusez ou proposez autre chose."),
    )  # fmt: skip


def starts_soon(loan: Loan) -> None:
    """The day before the hand-over → both."""
    said = _("Bientôt, avec %(who)s : %(what)s")
    send(loan, f"starts-{_stamp(loan.starts_at)}", Side.LENDER, subject=said % words(loan, Side.BORROWER),
          expected=_("Tout est prêt pour la remise? Inscrivez-la quand elle est faite.") if loan.has_state else
          _("Tout est prêt? Inscrivez le début quand ce sera commencé."))  # fmt: skip
    send(loan, f"starts-ours-{_stamp(loan.starts_at)}", Side.BORROWER, subject=said % words(loan, Side.LENDER),
          expected=_("C’est réservé pour vous. Un empêchement? Annulez dès maintenant : d’autres attendent "
                     "peut-être."))  # fmt: skip


def ends_soon(loan: Loan) -> None:
    """The day before it is due → both."""
    send(loan, f"ends-{_stamp(loan.ends_at)}", Side.BORROWER,
          subject=_("À rendre bientôt à %(who)s : %(what)s") % words(loan, Side.LENDER),
          expected=_("Préparez le retour. Il vous en faut plus? Demandez à prolonger avant la fin."))  # fmt: skip
    send(loan, f"ends-ours-{_stamp(loan.ends_at)}", Side.LENDER,
          subject=_("%(who)s doit bientôt rendre : %(what)s") % words(loan, Side.BORROWER),
          expected=_("%(who)s doit le rendre. Inscrivez le retour quand il est fait.")
          % {"who": loan.borrower.name})  # fmt: skip


def late(loan: Loan, *, again: bool, when: datetime.datetime) -> None:
    """It should have come back → the borrower, each time; the lender, once."""
    send(
        loan, f"late-{_stamp(when)}", Side.BORROWER,
        subject=_("En retard, à rendre à %(who)s : %(what)s") % words(loan, Side.LENDER),
        expected=_(
            "Rendez-le ou demandez à prolonger. Tant qu’il n’est pas rendu, vos nouvelles demandes sont retenues."
        ),
    )  # fmt: skip
    if not again:
        send(
            loan, f"late-ours-{_stamp(when)}", Side.LENDER,
            subject=_("%(who)s n’a pas encore rendu : %(what)s") % words(loan, Side.BORROWER),
            expected=_("%(who)s reçoit un rappel tous les trois jours. S’il est revenu, inscrivez le retour.")
            % {"who": loan.borrower.name},
        )  # fmt: skip


def _stamp(when: datetime.datetime) -> str:
    return f"{when:%Y%m%d%H%M}"


def accepted(event: LoanEvent) -> None:
    """Yes, from the lender or as the owner chose → both, by the worker: whoever accepts does not wait for it."""
    queue("write_of_acceptance", event_id=event.pk, version=event.loan.version)


@transaction.atomic
def write_of_acceptance(event_id: int, version: int) -> bool:
    """Write what ``accepted`` announced; False when it is written already, or when the loan was called off since.

    ``version`` is the loan's at its acceptance: what changed since was told by itself and prevails in calendars.
    """
    rows = LoanEvent.objects.select_for_update(of=("self",), no_key=True).select_related("by")
    event = rows.filter(pk=event_id).first()
    if event is None:  # a base put back from a copy older than its queue: there is nothing to tell
        return False
    loan = Loan.objects.whole().get(pk=event.loan_id)
    loan.version = version
    written = [f"{name}:{loan.pk}:{version}" for name in ("accepted", "accepted-ours")]
    if loan.status == LoanStatus.CANCELLED or Mail.objects.filter(event__in=written).exists():
        return False
    by = event.by if event.by and event.by.is_active else None
    send(
        loan, "accepted", Side.BORROWER, note=event.note, invites="REQUEST",
        subject=_("Accepté par %(who)s : %(what)s") % words(loan, Side.LENDER),
        expected=_("C’est réservé pour vous. Il reste à convenir de la remise : écrivez au prêteur si besoin.")
        if loan.has_state
        else _("C’est réservé pour vous. Il reste à convenir du début : écrivez au prêteur si besoin."),
    )  # fmt: skip
    lends = _("Vous prêtez %(what)s à %(who)s")
    if event.by is None:  # as the owner chose
        lends = _("Accepté d’avance : vous prêtez %(what)s à %(who)s")
    send(
        loan, "accepted-ours", Side.LENDER, invites="REQUEST", people=[by] if by else None,
        subject=lends % words(loan, Side.BORROWER), note="" if event.by else loan.purpose,
        expected=_("Les dates sont dans le fichier joint. Le jour venu, inscrivez la remise.")
        if loan.has_state
        else _("Les dates sont dans le fichier joint. Le jour venu, inscrivez le début."),
    )  # fmt: skip
    return True


def declined(loan: Loan, *, by: Any, reason: str) -> None:
    send(
        loan, "declined", Side.BORROWER, note=reason,
        subject=_("Refusé par %(who)s : %(what)s") % words(loan, Side.LENDER),
        expected=_("Rien d’autre à faire. Des ressources comparables vous sont proposées sur la page du prêt."),
        action=_("Voir d’autres possibilités"),
    )  # fmt: skip


def withdrawn(loan: Loan, *, by: Any, reason: str) -> None:
    send(
        loan, "withdrawn", Side.LENDER, note=reason,
        subject=_("%(who)s retire sa demande (%(what)s)") % words(loan, Side.BORROWER),
        expected=_("Rien à faire : rien n’était réservé."),
    )  # fmt: skip


def cancelled(loan: Loan, *, by: Any, side: str, reason: str) -> None:
    """Called off → the other side, and out of both calendars."""
    to = other(side)
    send(
        loan, "cancelled", to, note=reason, invites="CANCEL",
        subject=_("Annulé par %(who)s : %(what)s") % words(loan, side),
        expected=_("%(who)s a annulé ce prêt : les dates sont libérées.")
        % {"who": organisation_of(loan, side).name},
    )  # fmt: skip
    send(
        loan, "cancelled-ours", side, invites="CANCEL", people=[by] if by else None,
        subject=_("Vous avez annulé %(what)s") % {"what": what(loan)},
        expected=_("L’autre organisme est prévenu. Le fichier joint retire les dates de votre agenda."),
    )  # fmt: skip


def date_cancelled(loan: Loan, date: LoanDate, *, by: Any, side: str, reason: str) -> None:
    """One date of a series is called off → the other side, and out of both calendars."""
    to = other(side)
    send(
        loan, f"date-cancelled-{date.pk}", to, note=reason, invites="REQUEST",
        subject=_("%(who)s annule une date : %(what)s") % words(loan, side),
        expected=_("C’est annulé : %(when)s. Les autres dates tiennent. Le fichier joint met votre agenda à jour.")
        % {"when": period_words(date.period)},
    )  # fmt: skip
    send(
        loan, f"date-cancelled-ours-{date.pk}", side, invites="REQUEST", people=[by],
        subject=_("Vous avez annulé une date : %(what)s") % {"what": what(loan)},
        expected=_("L’autre organisme est prévenu. Le fichier joint met votre agenda à jour."),
    )  # fmt: skip


def expired(loan: Loan, *, silent: str) -> None:
    """Nobody of the ``silent`` side answered in time → both."""
    silence = {
        side: _("Vous n’avez pas répondu à temps à %(who)s : %(what)s") if side == silent
        else _("%(who)s n’a pas répondu à temps : %(what)s")
        for side in (Side.LENDER, Side.BORROWER)
    }  # fmt: skip
    to_lender = _("La demande a expiré. Mettez la ressource en pause si elle ne se prête plus.")
    if silent == Side.BORROWER:
        to_lender = _("La demande a expiré : rien n’est réservé. Rien d’autre à faire.")
    send(loan, "expired", Side.BORROWER, subject=silence[Side.BORROWER] % words(loan, Side.LENDER),
          expected=_("La demande a expiré. Vous pouvez la refaire ou chercher ailleurs."))  # fmt: skip
    send(loan, "expired-ours", Side.LENDER, subject=silence[Side.LENDER] % words(loan, Side.BORROWER),
          expected=to_lender)  # fmt: skip


def proposed(proposal: Proposal) -> None:
    """Other terms → the other side: accept or not."""
    loan, to = proposal.loan, other(proposal.side)
    subject = {
        Proposal.Kind.COUNTER: _("%(who)s vous propose autre chose (%(what)s)"),
        Proposal.Kind.CHANGE: _("%(who)s propose un changement (%(what)s)"),
        Proposal.Kind.EXTENSION: _("%(who)s demande à prolonger (%(what)s)"),
    }[Proposal.Kind(proposal.kind)]
    send(
        loan, f"proposed-{proposal.pk}", to, subject=subject % words(loan, proposal.side), note=proposal.message,
        expected=_("Rien ne change tant que vous n’avez pas accepté."), action=_("Répondre"), answers=True,
    )  # fmt: skip


def agreed(proposal: Proposal, *, by: Any, note: str) -> None:
    """The other side accepted → who proposed; both calendars move."""
    loan = proposal.loan
    for side, people in ((proposal.side, None), (other(proposal.side), [by])):
        send(
            loan, f"agreed-{proposal.pk}-{side}", side, note=note, invites="REQUEST", people=people,
            subject=_("Entendu avec %(who)s : %(what)s") % words(loan, other(side)),
            expected=_("Les dates convenues sont dans le fichier joint."),
        )  # fmt: skip


def until_amended(loan: Loan) -> str:
    """What holds while a change that was agreed on waits for its amendment to be signed."""
    if loan.status == LoanStatus.ACCEPTED:
        return _("D’ici là, pas de remise : signez-le, ou refusez-le, et ce qui est signé tient.")
    return _("D’ici là, l’entente signée tient. Pour y renoncer, une partie refuse de signer.")


def to_amend(proposal: Proposal, *, by: Any, note: str) -> None:
    """The other side accepted, but what is signed holds until the amendment is signed too → both."""
    assert proposal.amendment  # what waits, waits for it
    loan = proposal.loan
    for side, people in ((proposal.side, None), (other(proposal.side), [by])):
        send(
            loan, f"to-amend-{proposal.pk}-{side}", side, note=note, people=people,
            subject=_("Entendu avec %(who)s, à signer : %(what)s") % words(loan, other(side)),
            expected=_("Le changement est convenu, et ce qu’il demande est gardé pour vous. Il prend effet quand "
                       "toutes les parties ont signé l’avenant. %(until)s") % {"until": until_amended(loan)},
            action=_("Lire et signer l’avenant"), page=proposal.amendment.get_absolute_url(),
        )  # fmt: skip


def took_effect(proposal: Proposal) -> None:
    """The amendment is signed by all → both; their calendars move."""
    loan = proposal.loan
    for side in (Side.LENDER, Side.BORROWER):
        send(
            loan, f"took-effect-{proposal.pk}-{side}", side, invites="REQUEST",
            subject=_("C’est changé avec %(who)s : %(what)s") % words(loan, other(side)),
            expected=_("Toutes les parties ont signé l’avenant. Les nouvelles dates sont dans le fichier joint."),
        )  # fmt: skip


def refused(proposal: Proposal, *, by: Any, reason: str) -> None:
    loan = proposal.loan
    ended = loan.status == LoanStatus.DECLINED
    send(
        loan, f"refused-{proposal.pk}", proposal.side, note=reason,
        subject=_("%(who)s refuse votre proposition : %(what)s") % words(loan, other(proposal.side)),
        expected=_("La demande est close.") if ended else _("Le prêt reste comme il était convenu."),
    )  # fmt: skip


def taken_back(proposal: Proposal, *, by: Any) -> None:
    loan = proposal.loan
    send(
        loan, f"taken-back-{proposal.pk}", other(proposal.side),
        subject=_("%(who)s retire sa proposition : %(what)s") % words(loan, proposal.side),
        expected=_("Rien ne change : ce qui était convenu tient."),
    )  # fmt: skip


def written(loan: Loan, message: LoanMessage, *, side: str) -> None:
    """A message → the other side. Its event is the message: two in a minute are two e-mails."""
    send(
        loan, f"written-{message.pk}", other(side), note=message.text, action=_("Répondre"),
        subject=_("%(who)s vous écrit (%(what)s)") % {"who": message.organisation.name, "what": what(loan)},
        expected=_("Répondez sur la page du prêt : tout le fil y est."),
    )  # fmt: skip
