"""What an agreement to sign writes: whose turn it is, what was signed, refused, left too long; the personal link.

One template serves them all: the words are here.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.mail import absolute, write
from accounts.models import User
from directory.permissions import managers_of
from loans.models import Agreement, PaperScan, Side, SigningLink
from loans.permissions import PARTY_OF, members_of, organisation_of, other, people_of, signatories_of
from mutualisation.kernel.moments import day_in_words, wall
from toolbox.models import Party


def name_of(agreement: Agreement, party: str) -> str:
    """A party, by its name: the organisation's, or the person's."""
    if party == Party.LENDER:
        return agreement.loan.lender.name
    if party == Party.BORROWER:
        return agreement.loan.borrower.name
    return agreement.loan.worker or str(_("la personne prêtée"))


def unsigned(agreement: Agreement) -> list[str]:
    """The parties that have not signed, in the order of the text."""
    done = set(agreement.signatures.values_list("party", flat=True))
    return [party for party in agreement.parties if party not in done]


def day(instant: Any) -> str:
    return day_in_words(wall(instant), "l j F Y") if instant else ""


def _people(agreement: Agreement, side: str) -> list[User]:
    """Who signs for that side; where nobody holds the mandate, who can give it."""
    organisation = organisation_of(agreement.loan, side)
    return list(signatories_of(organisation)) or list(managers_of(organisation).order_by("pk")) or list(
        members_of(organisation)
    )  # fmt: skip


def _send(
    agreement: Agreement, event: str, people: Iterable[Any], *, subject: str, expected: str, note: str = "",
    action: str = "", page: str = "", by: Any = None,
) -> None:  # fmt: skip
    """To these people; nobody is told of what she did herself (``by``)."""
    left = [] if agreement.status != "to_sign" else [name_of(agreement, p) for p in unsigned(agreement)]
    for person in people:
        if person == by:
            continue
        write(
            event=f"{event}:{agreement.pk}", to=person.email, template="signing", agreement=agreement, left=left,
            subject_line=subject, expected=expected, note=note, text="", action=action or _("Ouvrir l’entente"),
            action_url=absolute(page or reverse("agreement_sign", args=[agreement.number])),
        )  # fmt: skip


def _names(agreement: Agreement) -> dict[str, str]:
    loan = agreement.loan
    names = {"number": agreement.number, "called": agreement.called, "title": agreement.title}
    return {**names, "when": day(agreement.sign_by), "lender": loan.lender.name, "borrower": loan.borrower.name}


def _turn(agreement: Agreement, side: str, event: str, subject: str, *, news: str = "", by: Any = None) -> None:
    """To one side that has not signed: what happened (``news``), then sign, or give someone the mandate to."""
    said = _("Lisez le texte, puis signez-le au nom de %(us)s avant le %(when)s.")
    organisation = organisation_of(agreement.loan, side)
    action = _("Lire et signer")
    if not signatories_of(organisation).exists():
        action = agreement.reading
        said = _(
            "Personne n’a le mandat de signer pour %(us)s : donnez-le dans la page de l’équipe, ou signez sur papier, "
            "avant le %(when)s."
        )
    _send(
        agreement, f"{event}-{side}", _people(agreement, side), subject=subject, action=action, by=by,
        expected=" ".join(filter(None, [news, said % {"us": organisation.name, **_names(agreement)}])),
    )  # fmt: skip


def send_the_link(agreement: Agreement, *, again: str = "") -> None:
    """The person lent signs too → her employer: give her address."""
    _send(
        agreement, f"link-wanted{again}", people_of(agreement.loan, Side.LENDER),
        subject=_("La personne prêtée signe aussi l’%(called)s") % _names(agreement),
        expected=_("Le texte est figé, et la personne prêtée le signe aussi. Donnez son adresse : elle reçoit un lien "
                   "personnel pour le lire et le signer."),
        action=_("Envoyer son lien"), page=reverse("agreement_link", args=[agreement.number]),
    )  # fmt: skip


def signed(agreement: Agreement, party: str, *, by: Any = None) -> None:
    """One party signed, others have not → each side, with what is expected of it; not who signed."""
    left = unsigned(agreement)
    names = {**_names(agreement), "who": name_of(agreement, party)}
    for side in (Side.LENDER, Side.BORROWER):
        if PARTY_OF[side] in left:
            _turn(agreement, side, f"signed-{party}", _("%(who)s a signé l’%(called)s : à vous") % names,
                  news=_("%(who)s a signé.") % names, by=by)  # fmt: skip
        else:
            _send(
                agreement, f"signed-{party}-{side}", _people(agreement, side), by=by,
                subject=_("%(who)s a signé l’%(called)s") % names,
                expected=_("%(who)s a signé. Vous n’avez rien à faire. Signatures attendues avant le %(when)s : "
                           "%(left)s.") % {**names, "left": ", ".join(name_of(agreement, p) for p in left)},
            )  # fmt: skip


def _everyone(agreement: Agreement) -> list[Any]:
    """Both sides, and the person who holds a link; each address once."""
    found: dict[str, Any] = {}
    for side in (Side.LENDER, Side.BORROWER):
        found |= {person.email: person for person in _people(agreement, side)}
    return list(found.values())


def _person(agreement: Agreement) -> SigningLink | None:
    return agreement.links.filter(revoked_at__isnull=True).order_by("-pk").first()


def in_force(agreement: Agreement, *, by: Any = None) -> None:
    """All have signed → everyone but who signed last; the person lent, who has no account, gets the text itself."""
    names = {**_names(agreement), "what": agreement.loan.resource.name}
    expected = _("Toutes les parties ont signé : la remise de « %(what)s » est permise.") % names
    if not agreement.loan.has_state:
        expected = _("Toutes les parties ont signé : le prêt de « %(what)s » peut commencer.") % names
    if agreement.amends_id:
        expected = _("Toutes les parties ont signé : l’avenant fait maintenant partie de l’entente.")
    _send(
        agreement, "in-force", _everyone(agreement), by=by,
        subject=_("En vigueur entre %(lender)s et %(borrower)s : %(called)s") % names, expected=expected,
        action=_("Ouvrir l’entente signée"),
    )  # fmt: skip
    if link := _person(agreement):
        _to_person(
            link, "in-force", subject=_("Votre exemplaire : %(called)s, en vigueur") % names,
            expected=_("Toutes les parties ont signé. Votre exemplaire complet, avec les signatures, se télécharge par "
                       "votre lien personnel jusqu’au %(until)s. Voici aussi le texte : gardez ce courriel.")
            % {"until": day(link.kept_until)},
            text=agreement.text, action=_("Télécharger le PDF signé"),
            url=absolute(reverse("signing_link", args=[link.copy_token])),
        )  # fmt: skip


def ended(agreement: Agreement, *, was_in_force: bool) -> None:
    """The loan is called off, and its agreement with it → whoever signed or was to sign."""
    names = _names(agreement)
    said = _("Le prêt est annulé : il n’y a plus rien à signer. Ce qui avait été signé n’engage personne.")
    if was_in_force:
        said = _("Le prêt est annulé : l’entente, que toutes les parties avaient signée, ne vaut plus pour la suite. "
                 "Elle reste gardée, avec les signatures. Ce qui était déjà dû le demeure : convenez-en.")  # fmt: skip
    subject = _("Annulée entre %(lender)s et %(borrower)s : entente %(number)s")
    if was_in_force:
        subject = _("Résiliée entre %(lender)s et %(borrower)s : entente %(number)s")
    _send(agreement, "ended", _everyone(agreement), note=agreement.ended_note, subject=subject % names, expected=said)
    if link := _person(agreement):
        _to_person(link, "ended", subject=subject % names, expected=said, text="")


def _amendment_let_go(agreement: Agreement, event: str, *, subject: str, note: str, by: Any = None) -> None:
    """An amendment won't be signed → everyone: the loan is still what was signed."""
    _send(
        agreement, event, _everyone(agreement), subject=subject, note=note, action=_("Ouvrir le prêt"), by=by,
        expected=_("L’avenant ne vaut pas : ce qui est signé tient. Les dates qu’il gardait sont libres. Proposez "
                   "autre chose depuis la page du prêt si c’est encore utile."),
        page=agreement.loan.get_absolute_url(),
    )  # fmt: skip


def refused(agreement: Agreement, party: str, *, who: str, by: Any = None) -> None:
    """Someone refused → everyone else, with the reason; either side can take it up again."""
    names = {**_names(agreement), "who": who}
    if agreement.amends_id:
        subject = _("%(who)s refuse de signer l’avenant %(number)s") % names
        _amendment_let_go(agreement, "refused", subject=subject, note=agreement.ended_note, by=by)
        return
    _send(
        agreement, "refused", _everyone(agreement), note=agreement.ended_note, by=by,
        subject=_("%(who)s refuse de signer l’entente %(number)s") % names,
        expected=_("%(who)s refuse de signer : rien n’est en vigueur. Parlez-vous, puis reprenez l’entente avec les "
                   "mêmes réponses pour changer ce qui bloque.") % names, action=_("Reprendre l’entente"),
    )  # fmt: skip
    if party != Party.PERSON and (link := _person(agreement)):
        _to_person(
            link, "refused", subject=_("L’entente %(number)s ne sera pas signée") % names,
            expected=_("Une des parties l’a refusée : vous n’avez rien à faire. Votre lien ne sert plus."), text="",
        )  # fmt: skip


def expired(agreement: Agreement) -> None:
    """Nobody signed in time → everyone."""
    left = ", ".join(name_of(agreement, p) for p in unsigned(agreement))
    if agreement.amends_id:
        note = _("Il manquait la signature de %(left)s.") % {"left": left}
        subject = _("Échu entre %(lender)s et %(borrower)s : avenant %(number)s")
        _amendment_let_go(agreement, "expired", subject=subject % _names(agreement), note=note)
        return
    _send(
        agreement, "expired", _everyone(agreement),
        subject=_("Échue entre %(lender)s et %(borrower)s : entente %(number)s") % _names(agreement),
        expected=_("Le délai pour signer est passé : rien n’est en vigueur. Signatures qui manquaient : %(left)s. "
                   "Reprenez-la avec les mêmes réponses si elle sert encore.") % {"left": left},
        action=_("Reprendre l’entente"),
    )  # fmt: skip


def remind(agreement: Agreement, *, days: int, last: bool, person: bool) -> None:
    """The last days → those who have not signed. ``person``: her employer has not sent her the link."""
    left = unsigned(agreement)
    for side in (Side.LENDER, Side.BORROWER):
        if PARTY_OF[side] in left:
            subject = _("Rappel : %(called)s avec %(who)s à signer avant le %(when)s")
            if last:
                subject = _("Dernier rappel : %(called)s avec %(who)s à signer avant le %(when)s")
            names = {**_names(agreement), "who": organisation_of(agreement.loan, other(side)).name}
            _turn(agreement, side, f"remind-{days}", subject % names, news=_("Votre signature manque encore."))
    if person and Party.PERSON in left:
        send_the_link(agreement, again=f"-{days}")


# ---- the person lent


def _to_person(
    link: SigningLink, event: str, *, subject: str, expected: str, text: str, url: str = "", action: str = ""
) -> None:  # fmt: skip
    write(
        event=f"person-{event}:{link.pk}", to=link.email, template="signing", agreement=link.agreement, left=[],
        subject_line=subject, expected=expected, note="", text=text, action=action or _("Lire et signer"),
        action_url=url,
    )  # fmt: skip


def personal_link(link: SigningLink, token: str, *, again: bool) -> None:
    """The address where she reads and signs; a new one each time, the one before no longer serves."""
    loan = link.agreement.loan
    said = _("%(name)s, %(us)s et %(them)s vous demandent de lire cette entente, puis de la signer avant le %(when)s.")
    expected = said % {"name": link.name, "us": loan.lender.name, "them": loan.borrower.name,
                       "when": day(link.agreement.sign_by)}  # fmt: skip
    if again:
        expected += _(" Ce lien remplace celui d’avant.")
    _to_person(
        link, "link", expected=expected,
        subject=_("%(lender)s vous demande de signer : %(called)s") % _names(link.agreement),
        text=_("Ce lien est personnel : ne le transférez pas. Pour signer, vous recevrez un code à cette adresse."),
        url=absolute(reverse("signing_link", args=[token])),
    )  # fmt: skip


def person_signed(link: SigningLink) -> None:
    """What she signed, to keep, while others still have to: the link signs no more."""
    names = _names(link.agreement)
    _to_person(
        link, "signed", subject=_("Vous avez signé l’%(called)s") % names,
        expected=_("Voici le texte que vous avez signé : gardez ce courriel. Quand toutes les parties auront signé, "
                   "votre lien personnel ouvrira l’exemplaire complet, avec les signatures."),
        text=link.agreement.text,
    )  # fmt: skip


def code(*, agreement: Agreement, email: str, code: str, minutes: int, stamp: str) -> None:
    """The code that proves who signs."""
    write(
        event=f"signing-code-{stamp}:{agreement.pk}", to=email, template="signing_code", agreement=agreement, code=code,
        minutes=minutes,
    )  # fmt: skip


# ---- on paper


def scan_sent(scan: PaperScan) -> None:
    """One side sent what was signed on paper → the other: is it right?"""
    agreement, side = scan.agreement, other(scan.side)
    names = {**_names(agreement), "who": organisation_of(agreement.loan, scan.side).name}
    _send(
        agreement, f"scan-{scan.pk}", _people(agreement, side), by=scan.sent_by,
        subject=_("%(who)s a envoyé l’entente %(number)s signée sur papier") % names,
        expected=_("%(who)s a fait signer l’entente à la main. Ouvrez la numérisation et dites si elle est exacte : "
                   "l’entente entre alors en vigueur.") % names,
        action=_("Vérifier et confirmer"), page=reverse("agreement_paper", args=[agreement.number]),
    )  # fmt: skip


def scan_refused(scan: PaperScan) -> None:
    """It is not right → who sent it, with the reason."""
    agreement = scan.agreement
    names = {**_names(agreement), "who": organisation_of(agreement.loan, other(scan.side)).name}
    _send(
        agreement, f"scan-no-{scan.pk}", people_of(agreement.loan, scan.side), note=scan.reason,
        by=scan.answered_by,
        subject=_("%(who)s ne confirme pas la numérisation de l’entente %(number)s") % names,
        expected=_("%(who)s dit que la numérisation n’est pas exacte : rien n’est signé. Corrigez ce qui ne va pas et "
                   "envoyez-en une autre avant le %(when)s.") % names,
        action=_("Envoyer une autre numérisation"), page=reverse("agreement_paper", args=[agreement.number]),
    )  # fmt: skip
