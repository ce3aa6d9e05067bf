"""What is written of an agreement until it is to sign: drawn up, complete, changed, agreed, frozen, replaced."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from loans.models import Agreement, Side
from loans.notifications.sending import send, words
from loans.notifications.signing import send_the_link
from loans.permissions import organisation_of, other, people_of, signatories_of
from mutualisation.kernel.moments import clock, day_in_words, wall
from toolbox.models import Party

BOTH = (Side.LENDER, Side.BORROWER)


def _words(agreement: Agreement, side: str) -> dict[str, Any]:
    return {"number": agreement.number, **words(agreement.loan, side)}


def _event(agreement: Agreement, name: str) -> str:
    return f"agreement-{name}-{agreement.number}-{agreement.version}"


def agreement_drawn_up(agreement: Agreement, *, by: Any, whole: bool = False) -> None:
    """An agreement is there → both: answer what one knows; ``whole``, with the answers of the one before: read it."""
    subject, action = _("Entente à compléter avec %(who)s : %(what)s (%(number)s)"), _("Compléter l’entente")
    expected = _("L’entente de ce prêt est dressée. Répondez à ce que vous seuls savez : le portail a écrit le reste. "
                 "Relisez ensuite le texte et acceptez-le, ou proposez un changement.")  # fmt: skip
    if whole:
        subject, action = _("Entente reprise, à relire avec %(who)s : %(what)s (%(number)s)"), _("Relire l’entente")
        expected = _("L’entente de ce prêt est reprise avec les mêmes réponses. Corrigez ce qui bloquait ou proposez "
                     "un changement, puis acceptez le texte.")  # fmt: skip
    for side in BOTH:
        send(
            agreement.loan, f"{_event(agreement, 'drawn-up')}-{side}", side, page=agreement.get_absolute_url(),
            subject=subject % _words(agreement, other(side)), expected=expected, action=action,
        )  # fmt: skip


def _tell(agreement: Agreement, name: str, side: str, *, by: Any, **words: Any) -> None:
    """To the people of the other side; never to who just did it, should she act for both."""
    people = [person for person in people_of(agreement.loan, other(side)) if person != by]
    send(
        agreement.loan, _event(agreement, name), other(side), people=people, page=agreement.get_absolute_url(), **words
    )


def agreement_complete(agreement: Agreement, *, side: str, by: Any) -> None:
    """Nothing lacks any more → the other side: read, agree."""
    _tell(
        agreement, "complete", side, by=by,
        subject=_("%(who)s a complété l’entente %(number)s : à relire (%(what)s)") % _words(agreement, side),
        expected=_("%(who)s a répondu, plus rien ne manque au texte. Relisez-le, puis acceptez-le ou proposez un "
                   "changement.") % _words(agreement, side),
        action=_("Relire l’entente"),
    )  # fmt: skip


def agreement_corrected(agreement: Agreement, changes: list[str], *, side: str, by: Any) -> None:
    """A whole text says something else: its author corrected an answer → the other side: read again, agree."""
    _tell(
        agreement, "corrected", side, by=by, note="\n".join(changes),
        subject=_("%(who)s corrige une réponse de l’entente %(number)s") % _words(agreement, side),
        expected=_("%(who)s a corrigé ses réponses : un accord donné avant ne vaut plus. Relisez le texte, puis "
                   "acceptez-le ou proposez un changement.") % _words(agreement, side),
        action=_("Voir ce qui change"),
    )  # fmt: skip


def agreement_changed(
    agreement: Agreement, changes: list[str], *, side: str, by: Any, note: str, awaits: str = ""
) -> None:
    """Another text is proposed → the other side: see the difference, agree or propose in turn.

    ``awaits``: the side whose answer it lacks, if any.
    """
    said = _("%(who)s propose un autre texte. Voyez ce qui change, puis acceptez-le ou proposez à votre tour : rien "
             "n’est figé d’ici là.")  # fmt: skip
    if awaits == side:
        said = _("%(who)s propose un autre texte, et doit encore y répondre à une question. Un courriel vous dira "
                 "quand il sera complet : rien n’est figé d’ici là.")  # fmt: skip
    elif awaits:
        said = _("%(who)s propose un autre texte, qui vous pose une question. Voyez ce qui change, puis répondez ou "
                 "proposez à votre tour : rien n’est figé d’ici là.")  # fmt: skip
    _tell(
        agreement, "changed", side, by=by, note="\n".join(filter(None, [note.strip(), *changes])),
        subject=_("%(who)s propose un changement à l’entente %(number)s") % _words(agreement, side),
        expected=said % _words(agreement, side),
        action=_("Voir ce qui change"),
    )  # fmt: skip


def agreement_agreed(agreement: Agreement, *, side: str, by: Any) -> None:
    """One side accepts the text → the other: its turn."""
    _tell(
        agreement, "agreed", side, by=by,
        subject=_("%(who)s accepte le texte de l’entente %(number)s") % _words(agreement, side),
        expected=_("%(who)s accepte le texte. À vous : acceptez-le pour qu’il se fige et se signe, ou proposez un "
                   "changement.") % _words(agreement, side),
        action=_("Relire et accepter"),
    )  # fmt: skip


def agreement_frozen(agreement: Agreement) -> None:
    """The text no longer changes → those who may sign for each side; failing that, whoever follows the loan."""
    assert agreement.sign_by  # the verb that freezes writes it
    last = wall(agreement.sign_by)
    until = _("le\u00a0%(day)s, %(hour)s") % {"day": day_in_words(last), "hour": clock(last.time())}
    said = _("Les deux organismes acceptent ce texte : il est figé. Signez-le avant %(when)s.")
    if agreement.amends_id:
        said = _("Ce prêt a changé : l’avenant le dit, et son texte est figé. Signez-le avant %(when)s.")
    for side in BOTH:
        mandated = list(signatories_of(organisation_of(agreement.loan, side)))
        send(
            agreement.loan, f"{_event(agreement, 'frozen')}-{side}", side,
            people=mandated or people_of(agreement.loan, side),
            page=agreement.get_absolute_url(),
            subject=_("À signer avec %(who)s : %(title)s (%(number)s)")
            % {**_words(agreement, other(side)), "title": agreement.title},
            expected=said % {"when": until},
            action=_("Lire et signer") if mandated else agreement.reading,
        )  # fmt: skip
    if Party.PERSON in agreement.parties:
        send_the_link(agreement)


def agreement_replaced(old: Agreement, new: Agreement, reason: str) -> None:
    """The terms of the loan changed before everyone signed → both: another text takes its place."""
    for side in BOTH:
        send(
            new.loan, f"{_event(old, 'replaced')}-{side}", side, page=new.get_absolute_url(), note=reason,
            subject=_("L’entente %(old)s avec %(who)s est remplacée par la %(new)s")
            % {**_words(new, other(side)), "old": old.number, "new": new.number},
            expected=_("Ce qui avait été signé ne vaut plus : le nouveau texte dit les dates convenues depuis."),
            action=_("Ouvrir la nouvelle entente"),
        )  # fmt: skip
