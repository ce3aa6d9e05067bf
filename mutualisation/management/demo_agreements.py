"""The agreements of the demonstration: to complete, to accept, to sign, in force, with an amendment; for each account.

The verbs write them. Signatures are written as they would have been, with the lines that the journal keeps of them.
"""

from __future__ import annotations

import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from directory.models import Membership
from loans import agreements, proposals, signing
from loans.models import (
    Agreement,
    AgreementStatus,
    JournalEntry,
    Loan,
    LoanHandling,
    LoanStatus,
    Side,
    Signature,
    SignedHow,
)
from loans.permissions import PARTY_OF, organisation_of
from mutualisation.management.demo_loans import CANAL, MARMITE, PEOPLE, Cast, day, on, people, write_loan
from toolbox.models import Party

LIAISON = {"preteur_liaison": Side.LENDER, "emprunteur_liaison": Side.BORROWER}
TO_THINK = datetime.timedelta(days=14)
FEW = 12  # people, in any of the rooms
HOURS = 3  # a week, in the shortest of these loans


@transaction.atomic
def agree_and_sign() -> None:
    """Once: a database that has agreements is left alone, and so is one without the demonstration’s loans."""
    if Agreement.objects.exists() or not Loan.objects.exists():
        return
    cast = people()
    if not {CANAL, MARMITE} <= set(cast.people):
        return
    _mandates(cast)
    _to_complete(cast)
    _to_accept(cast)
    _to_sign(cast)
    _in_force(cast)


def _mandates(cast: Cast) -> None:
    """Whoever acts for an organisation of the demonstration may sign for it."""
    for slug in (CANAL, MARMITE, *PEOPLE):
        Membership.objects.filter(user=cast.people[slug], organisation__slug=slug).update(
            is_signatory=True, resolution_on=day(-240)
        )


def _accepted(cast: Cast, slug: str, borrower: str, days: int, purpose: str, **fields: Any) -> Loan:
    return write_loan(
        cast, slug, borrower, [on(days, 13, 16)], LoanStatus.ACCEPTED, purpose=purpose, asked=days + 6,
        **{"handling": LoanHandling.ON_SITE, **fields},
    )  # fmt: skip


def _sides(cast: Cast, loan: Loan) -> dict[str, User]:
    return {Side.LENDER: cast.people[loan.lender.slug], Side.BORROWER: cast.people[loan.borrower.slug]}


def _drawn(cast: Cast, loan: Loan) -> Agreement:
    return agreements.draw_up(loan, by=_sides(cast, loan)[Side.LENDER])


def _answered(cast: Cast, agreement: Agreement, *sides: str) -> Agreement:
    """What a side knows, as the samples of the model say it; who answers for each is of this loan."""
    loan = agreement.loan
    named: dict[str, Any] = {
        name: f"coordination, {organisation_of(loan, side).name}" for name, side in LIAISON.items()
    }
    named |= {f"{PARTY_OF[side]}.neq": f"11{organisation_of(loan, side).pk:08}" for side in Side}  # invented, its own
    named |= {"personne_adresse": "personne@poste.example", "personnes_prevues": FEW, "heures_semaine": HOURS}
    for side in sides:
        while asked := agreements.lacks_of(agreement, side):
            agreements.answer(
                agreement, by=_sides(cast, loan)[side], side=side,
                values={b.name: named.get(b.name, b.sample) for b in asked},
            )  # fmt: skip
    return agreement


def _frozen(cast: Cast, loan: Loan) -> Agreement:
    agreement = _drawn(cast, loan)
    if loan.status == LoanStatus.HANDED_OVER:  # it was drawn up in time to think it over
        Agreement.objects.filter(pk=agreement.pk).update(created_at=loan.starts_at - TO_THINK)
    _answered(cast, agreement, Side.LENDER, Side.BORROWER)
    for side in (Side.LENDER, Side.BORROWER):
        agreements.agree(agreement, by=_sides(cast, loan)[side], side=side)
    return agreement


def _signed(cast: Cast, agreement: Agreement, *parties: str) -> None:
    """These parties signed; all of them: it is in force."""
    sides = _sides(cast, agreement.loan)
    for party in parties:
        person = {Party.LENDER.value: sides[Side.LENDER], Party.BORROWER.value: sides[Side.BORROWER]}.get(party)
        name = str(person) if person else agreement.loan.worker
        Signature.objects.create(
            agreement=agreement, party=party, how=SignedHow.ELECTRONIC, by=person, name=name,
            function=person.function if person else "", mandate_on=day(-240) if person else None,
            statement=signing.statement(agreement, party), sha256=agreement.sha256,
        )  # fmt: skip
        how = SignedHow.ELECTRONIC.value
        JournalEntry.objects.write(agreement, "signed", party=party, by=person, who=name, how=how)
    if set(parties) == set(agreement.parties):
        Agreement.objects.filter(pk=agreement.pk).update(
            status=AgreementStatus.IN_FORCE, in_force_at=timezone.now() - datetime.timedelta(minutes=5)
        )
        agreements.record(agreement, "in_force")


def _to_complete(cast: Cast) -> None:
    """Nothing said yet; and one where the lender answered."""
    _drawn(cast, _accepted(cast, "salle-du-canal", MARMITE, 53, "Atelier de cuisine sans gaspillage"))
    kitchen = _accepted(cast, "cuisine-aux-normes-mapaq", CANAL, 54, "Conserves du jardin collectif")
    _answered(cast, _drawn(cast, kitchen), Side.LENDER)


def _to_accept(cast: Cast) -> None:
    """Complete; and the lender proposed another rule of the house."""
    loan = _accepted(cast, "salle-du-canal", MARMITE, 60, "Soirée des bénévoles")
    agreement = _answered(cast, _drawn(cast, loan), Side.LENDER, Side.BORROWER)
    agreements.change(
        agreement, by=cast.people[CANAL], side=Side.LENDER, note="Le plancher vient d’être refait.",
        values={"regles_maison": "On enlève ses souliers à l’entrée. Les tables se portent, elles ne se traînent pas."},
    )  # fmt: skip


def _to_sign(cast: Cast) -> None:
    """Frozen: one nobody signed, one that the lender signed."""
    _frozen(cast, _accepted(cast, "cuisine-aux-normes-mapaq", CANAL, 61, "Repas du temps des fêtes"))
    hall = _frozen(cast, _accepted(cast, "salle-du-canal", MARMITE, 67, "Assemblée annuelle"))
    _signed(cast, hall, Party.LENDER)


def _in_force(cast: Cast) -> None:
    """What is under way is signed; and one whose date changed after everyone signed."""
    under_way = Loan.objects.filter(status=LoanStatus.HANDED_OVER, resource__kind__in=["locaux", "humain"])
    for loan in under_way.select_related("lender", "borrower", "resource"):
        if {loan.lender.slug, loan.borrower.slug} <= set(cast.people):
            agreement = _frozen(cast, loan)
            _signed(cast, agreement, *agreement.parties)
    loan = _accepted(cast, "salle-du-canal", MARMITE, 74, "Lancement du livre de recettes")
    agreement = _frozen(cast, loan)
    _signed(cast, agreement, *agreement.parties)
    proposal = proposals.propose(
        loan, by=cast.people[CANAL], side=Side.LENDER, periods=[on(81, 13, 16)], quantity=1,
        conditions=loan.conditions, message="On refait le plancher cette semaine-là : la suivante vous irait-elle?",
    )  # fmt: skip
    proposals.agree(proposal, by=cast.people[MARMITE])
