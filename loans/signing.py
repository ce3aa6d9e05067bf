"""Signing an agreement: the frozen text as it was read, each party in any order; the last signature puts it in force.

Signatures of one text happen one after the other: its row is held first. The same rules serve the portal, the personal
link (personal.py) and paper (scans.py).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.db.models import Case, Exists, OuterRef, Q, QuerySet, When
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from directory.calendar import Taken
from directory.models import Membership
from directory.permissions import managers_of, require
from loans import agreements, filling, holding, notifications, possible, remembering, rules
from loans.models import (
    Agreement,
    AgreementStatus,
    JournalEntry,
    Loan,
    LoanStatus,
    PaperScan,
    Side,
    Signature,
    SignedHow,
)
from loans.notifications import signing as telling
from loans.notifications.signing import day, name_of, unsigned
from loans.permissions import (
    PARTY_OF,
    SIDE_OF,
    answers_for,
    mandates_of,
    organisation_of,
    sides_of,
    signatories_of,
)
from mutualisation.kernel.lifecycle import AlreadyMoved
from mutualisation.kernel.moments import day_in_words
from mutualisation.kernel.paper import printable
from toolbox.comparing import Differences, compare_clauses
from toolbox.composing import blanks_of
from toolbox.models import Party

# What each line of the journal says.
PROOFS = {
    "reauthenticated": gettext_lazy("identité confirmée de nouveau avant de signer"),
    "code": gettext_lazy("identité confirmée par un code envoyé à son adresse"),
    "papier": gettext_lazy("sur papier"),
}
STATEMENT_AT_MOST = 400
ENDED = (AgreementStatus.REFUSED, AgreementStatus.EXPIRED)


class CannotSign(Exception):  # noqa: N818 - it is an answer, not a fault
    """This can't be signed so, or not by this person; nothing was changed. Its text is a sentence for the person."""


class TextChanged(CannotSign):
    """What was read is not what is to sign now; ``now`` is the agreement that took its place, if there is one."""

    def __init__(self, now: Agreement | None) -> None:
        super().__init__(
            _("Le texte a changé depuis que vous l’avez lu : rien n’est signé. Lisez ce qui est nouveau, puis signez.")
            if now
            else _("Ce n’est pas le texte à signer : rien n’est signé. Relisez-le, puis signez.")
        )
        self.now = now


def hold(agreement: Agreement) -> Agreement:
    """The agreement as it stands, held until the end of the transaction; before it, the loan that it would change."""
    if agreement.amends_id:
        Loan.objects.select_for_update(no_key=True).only("pk").get(pk=agreement.loan_id)
    rows = Agreement.objects.select_for_update(no_key=True, of=("self",))
    return rows.select_related("loan__lender", "loan__borrower", "loan__resource").get(pk=agreement.pk)


def successor(agreement: Agreement) -> Agreement | None:
    """What took the place of an agreement that ended: the one of the same loan that is under way."""
    rows = Agreement.objects.live().filter(loan=agreement.loan_id, amends=agreement.amends_id)
    return rows.exclude(pk=agreement.pk).first()


def statement(agreement: Agreement, party: str, mandate: Membership | None = None) -> str:
    """What the person says by signing."""
    names = {"called": agreement.called, "us": name_of(agreement, party)}
    said = _("Je signe l’%(called)s en mon nom.") if party not in SIDE_OF else _(
        "Je signe l’%(called)s au nom de « %(us)s ».")  # fmt: skip
    said += _(" Je l’ai lu et je l’accepte.") if agreement.amends_id else _(" Je l’ai lue et je l’accepte.")
    if party in SIDE_OF and mandate and mandate.resolution_on:
        said += _(" Une résolution du conseil du %(day)s m’y autorise.")
        names["day"] = day_in_words(mandate.resolution_on, "j F Y")
    return (said % names)[:STATEMENT_AT_MOST]


def who_instead(agreement: Agreement, party: str) -> str:
    """Who can sign for that party, in a sentence; or what to do when nobody can."""
    if party not in SIDE_OF:
        return _("La personne prêtée signe par le lien personnel que son employeur lui envoie, ou sur papier.")
    organisation = organisation_of(agreement.loan, SIDE_OF[party])
    people = [str(person) for person in signatories_of(organisation)]
    if people:
        said = _("Peut signer pour « %(us)s » : %(people)s.")
        return said % {"us": organisation.name, "people": ", ".join(people)}
    managers = [str(person) for person in managers_of(organisation).order_by("pk")]
    said = _("Personne n’a le mandat de signer pour « %(us)s ». Il se donne dans la page de l’équipe")
    if managers:
        said += _(", par %(managers)s")
    return (said + _(". On peut aussi signer sur papier.")) % {"us": organisation.name, "managers": ", ".join(managers)}


def signable_by(user: Any, agreement: Agreement) -> dict[str, Membership]:
    """The parties for which this person may sign now, with the mandate: not yet signed, and not a second one."""
    if agreement.status != AgreementStatus.TO_SIGN:
        return {}
    mandates = mandates_of(user, agreement)
    if not mandates or agreement.signatures.filter(by=user).exists():
        return {}
    left = unsigned(agreement)
    return {party: row for party, row in mandates.items() if party in left}


def must_be_open(agreement: Agreement, sha256: str) -> None:
    """Raises unless this very text is still to sign. Call it with the row held."""
    if agreement.status != AgreementStatus.TO_SIGN:
        if now := successor(agreement):
            raise TextChanged(now)
        said = {
            AgreementStatus.IN_FORCE: _("Toutes les parties ont déjà signé : l’entente est en vigueur."),
            AgreementStatus.REFUSED: _("L’entente a été refusée : on ne la signe plus."),
            AgreementStatus.EXPIRED: _("Le délai pour signer est passé : reprenez l’entente si elle sert encore."),
            AgreementStatus.CANCELLED: _("L’entente a été annulée : on ne la signe plus."),
            AgreementStatus.ENDED: _("L’entente est résiliée : on ne la signe plus."),
        }
        raise CannotSign(said.get(AgreementStatus(agreement.status), _("Le texte n’est pas encore figé.")))
    if agreement.sign_by and agreement.sign_by <= timezone.now():
        raise CannotSign(_("Le délai pour signer est passé : reprenez l’entente si elle sert encore."))
    if sha256 != agreement.sha256:
        raise TextChanged(None)


def must_be_unsigned(agreement: Agreement, party: str) -> None:
    """Raises when that party has signed. Call it with the row held."""
    if found := agreement.signatures.filter(party=party).first():
        said = _("C’est déjà signé pour « %(us)s », par %(who)s le %(when)s : rien n’a changé.")
        raise CannotSign(said % {"us": name_of(agreement, party), "who": found.name, "when": day(found.at)})


@transaction.atomic
def sign(
    agreement: Agreement, *, party: str, by: Any, sha256: str, proof: str, name: str = "", function: str = ""
) -> Agreement:
    """Sign for one party, by a mandate that holds now. ``proof``: how the person just proved who she is.

    Raises PermissionDenied, CannotSign, or TextChanged when the text is not the one whose hash was read.
    """
    require(bool(sides_of(by, agreement.loan)) and bool(proof))
    agreement = hold(agreement)
    must_be_open(agreement, sha256)
    must_be_unsigned(agreement, party)
    mandate = mandates_of(by, agreement).get(party)
    # Held too: a mandate withdrawn at this very moment is withdrawn before, or after.
    rows = Membership.objects.select_for_update(no_key=True).filter(pk=mandate.pk if mandate else 0, is_signatory=True)
    mandate = rows.first()
    if mandate is None:
        said = _("Vous n’avez pas, ou plus, le mandat de signer : rien n’est signé.")
        raise CannotSign(f"{said} {who_instead(agreement, party)}")
    same = Q(by=by) | Q(agreement__links__email__iexact=by.email, agreement__links__used_at__isnull=False)
    if agreement.signatures.filter(same).exists():
        raise CannotSign(_("Vous avez déjà signé pour une autre partie : la même personne ne signe pas deux fois."))
    who = printable(by.name or name)
    Signature.objects.create(
        agreement=agreement, party=party, how=SignedHow.ELECTRONIC, by=by, name=who, function=function,
        mandate_on=mandate.resolution_on, statement=statement(agreement, party, mandate), sha256=agreement.sha256,
    )  # fmt: skip
    JournalEntry.objects.write(
        agreement, "signed", party=party, by=by, who=who, function=function, sha256=agreement.sha256, proof=proof,
        how=SignedHow.ELECTRONIC, mandate_on=mandate.resolution_on.isoformat() if mandate.resolution_on else None,
    )  # fmt: skip
    return settle(agreement, party, by=by)


def settle(agreement: Agreement, party: str, *, by: Any = None) -> Agreement:
    """After a signature, the row still held: in force once every party has signed; else whose turn it is.

    Raises CannotSign when what an amendment changes can no longer be had: the signature is not kept then.
    """
    if unsigned(agreement):
        telling.signed(agreement, party, by=by)
        return agreement
    now = timezone.now()
    move(agreement, AgreementStatus.IN_FORCE, in_force_at=now)
    amends = {"amends": agreement.amends.number} if agreement.amends else {}
    JournalEntry.objects.write(agreement, "in_force", sha256=agreement.sha256, **amends)
    try:
        holding.take_effect(agreement)
    except (Taken, holding.TooLate):
        said = _("Ce changement n’est plus possible : rien n’est signé. Refusez l’avenant, puis proposez autre chose.")
        raise CannotSign(said) from None
    telling.in_force(agreement, by=by)
    return agreement


def move(agreement: Agreement, target: str, **changes: Any) -> None:
    """One conditional UPDATE from « to sign »; raises AlreadyMoved."""
    standing = Agreement.objects.filter(pk=agreement.pk, status=AgreementStatus.TO_SIGN)
    if not standing.update(status=target, **changes):
        raise AlreadyMoved
    agreement.status = target
    for field, value in changes.items():
        setattr(agreement, field, value)


def can_refuse(user: Any, agreement: Agreement) -> bool:
    """Either side's signatories and managers, until all have signed."""
    return agreement.status == AgreementStatus.TO_SIGN and bool(answers_for(user, agreement.loan))


@transaction.atomic
def refuse(agreement: Agreement, *, by: Any, reason: str) -> Agreement:
    """Say no, and why: nothing comes in force. Raises PermissionDenied or AlreadyMoved."""
    sides = answers_for(by, agreement.loan)
    require(bool(sides))
    agreement = hold(agreement)
    side = Side.LENDER if Side.LENDER in sides else Side.BORROWER
    return refuse_for(agreement, party=PARTY_OF[side], by=by, who=str(by), reason=reason)


def refuse_for(agreement: Agreement, *, party: str, by: Any, who: str, reason: str) -> Agreement:
    """The refusal itself, whoever says it; the row is held."""
    reason = reason.strip()
    move(agreement, AgreementStatus.REFUSED, ended_note=reason)
    JournalEntry.objects.write(agreement, "refused", party=party, by=by, who=who, reason=reason)
    holding.let_go(agreement)
    telling.refused(agreement, party, who=who if party not in SIDE_OF else name_of(agreement, party), by=by)
    return agreement


@transaction.atomic
def expire(agreement: Agreement) -> None:
    """The portal itself, once the time to sign has passed."""
    move(agreement, AgreementStatus.EXPIRED)
    missing = [name_of(agreement, party) for party in unsigned(agreement)]
    JournalEntry.objects.write(agreement, "expired", missing=missing)
    holding.let_go(agreement)
    telling.expired(agreement)


# ---- again


def renewable(agreement: Agreement) -> bool:
    """Once it was refused or left too long, unless the loan is over; never an amendment: it is drawn up again from the
    agreement that it amends. Whether another one took its place is not looked at."""
    ended = agreement.amends_id is None and agreement.status in ENDED
    return ended and agreement.loan.status in agreements.WRITABLE


def awaits_renewal(agreement: Agreement) -> bool:
    """The same, of a loan to come that can't begin without one: as ``Wait.AGAIN`` says it to the database."""
    loan = agreement.loan
    to_come = loan.status == LoanStatus.ACCEPTED and loan.ends_at > timezone.now()
    return to_come and renewable(agreement) and rules.announced(loan.resource).demanded(loan.quantity)


def under_way() -> Q:
    """Of agreements: those that are written or signed, and among those not signed the ones that may await renewal."""
    to_come = Q(loan__status=LoanStatus.ACCEPTED, loan__ends_at__gt=timezone.now())
    return Q(status__in=agreements.OPEN) | Q(to_come, status__in=ENDED, amends__isnull=True)


def can_renew(user: Any, agreement: Agreement) -> bool:
    """Either side, unless another one took its place."""
    if not renewable(agreement):
        return False
    later = Agreement.objects.filter(loan=agreement.loan_id, amends__isnull=True, pk__gt=agreement.pk)
    return bool(sides_of(user, agreement.loan)) and not later.exists()


@transaction.atomic
def renew(agreement: Agreement, *, by: Any) -> Agreement:
    """Take it up again: a draft with the same answers. Asked twice, it is one. Raises PermissionDenied."""
    sides = sides_of(by, agreement.loan)
    require(bool(sides))
    agreement = hold(agreement)
    Loan.objects.select_for_update(no_key=True).only("pk").get(pk=agreement.loan_id)
    if now := successor(agreement):
        return now
    require(can_renew(by, agreement))
    fresh = _again(agreement, by=by)
    side = Side.LENDER if Side.LENDER in sides else Side.BORROWER
    JournalEntry.objects.write(agreement, "renewed", party=PARTY_OF[side], by=by, number=fresh.number)
    return fresh


def _again(agreement: Agreement, *, by: Any) -> Agreement:
    """A draft of the edition of today, where the model has one, with what was answered; what the portal knows, anew."""
    edition = agreement.edition.model.current or agreement.edition
    number = Agreement.objects.next_number()
    kept, chosen = remembering.of_ended(agreement, edition)
    values = possible.only(
        agreement.loan, {**kept, **filling.values(agreement.loan, number)}, drawn=timezone.localdate(),
        blanks=blanks_of(edition),
    )  # fmt: skip
    fresh = agreements.create(
        agreement.loan, edition, number=number, values=values, by=by, data={"again": agreement.number}, chosen=chosen
    )
    notifications.agreement_drawn_up(fresh, by=by, whole=not agreements.lacks(fresh))
    return fresh


# ---- what pages show


def standing_of(agreement: Agreement) -> list[dict[str, Any]]:
    """Each party, in the order of the text: its name, its signature or None."""
    signatures = {s.party: s for s in agreement.signatures.all()}
    return [
        {"party": party, "name": name_of(agreement, party), "signature": signatures.get(party),
         "is_person": party == Party.PERSON}
        for party in agreement.parties
    ]  # fmt: skip


def clause_differences(before: Agreement, after: Agreement) -> Differences:
    """The clauses that differ between two texts, word by word."""
    old = {c["key"]: c["html"] for c in before.clauses}
    new = {c["key"]: c["html"] for c in after.clauses}
    titles = {c["key"]: c["title"] for c in after.clauses}
    titles |= {c["key"]: c["title"] for c in before.clauses if c["key"] not in new}
    return Differences(clauses=compare_clauses(titles.items(), old, new))


def journal_of(agreement: Agreement) -> list[dict[str, Any]]:
    """Every line in words: when, what, who, for which party, how; its hash; whether someone touched it. Two queries."""
    broken = JournalEntry.objects.broken(agreement)
    lines = [
        {
            "n": e.n, "at": e.at, "what": e.what,
            "who": e.who if e.who != e.data.get("to") else "", "to": e.data.get("to", ""),
            "party": name_of(agreement, e.party) if e.party and e.party != Party.PERSON else "",
            "function": e.data.get("function", ""), "reason": e.data.get("reason", ""),
            "proof": PROOFS.get(e.data.get("proof") or e.data.get("how"), ""), "hash": e.hash, "short": e.hash[:12],
            "broken": e.n in broken,
        }
        for e in agreement.journal.all()
    ]  # fmt: skip
    if broken and broken[-1] > (lines[-1]["n"] if lines else 0):
        lines.append({"n": broken[-1], "what": _("Une ligne manque ici"), "at": None, "broken": True})
    return lines


def awaiting(user: Any, mine: Iterable[Membership]) -> QuerySet[Agreement]:
    """What this person can sign, or says is right: a ``paper`` that the other side sent. One query."""
    signs = [m.organisation_id for m in mine if m.is_signatory]
    answers = [m.organisation_id for m in mine if m.is_signatory or m.is_manager]
    done = Signature.objects.filter(agreement=OuterRef("pk"))
    papers = PaperScan.objects.filter(agreement=OuterRef("pk"), answered_at__isnull=True).exclude(sent_by=user)
    by_lender = Q(loan__lender__in=signs) & ~Exists(done.filter(party=Party.LENDER))
    by_borrower = Q(loan__borrower__in=signs) & ~Exists(done.filter(party=Party.BORROWER))
    paper = (Q(loan__lender__in=answers) & Exists(papers.filter(side=Side.BORROWER))) | (
        Q(loan__borrower__in=answers) & Exists(papers.filter(side=Side.LENDER))
    )
    to_sign = (by_lender | by_borrower) & ~Exists(done.filter(by=user))
    rows = Agreement.objects.filter(status=AgreementStatus.TO_SIGN, sign_by__gt=timezone.now())
    rows = rows.annotate(paper=Case(When(paper, then=True), default=False)).filter(Q(paper=True) | to_sign)
    shown = ("resource__name", "resource__kind", "lender__name", "borrower__name")
    return (
        rows.select_related("loan__resource", "loan__lender", "loan__borrower")
        .only("number", "sign_by", *(f"loan__{name}" for name in shown))
        .order_by("sign_by", "id")
    )
