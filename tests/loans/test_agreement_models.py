"""The database itself: a frozen text never changes, nobody signs another text, a journal that is touched shows it."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from django.conf import settings
from django.db import DatabaseError, transaction
from django.utils import timezone

from loans.models import Agreement, AgreementStatus, JournalEntry, Loan, Signature, SignedHow
from tests.factories import OrganisationFactory, ResourceFactory, lend
from tests.loans.lending import in_days
from toolbox import content
from toolbox.models import Edition

pytestmark = pytest.mark.django_db
TEXT = "Prêt de matériel\n1. Objet\nUne tente, rendue propre."


@pytest.fixture
def loan() -> Loan:
    content.load_agreements(settings.FIXTURE_DIRS[0])
    return lend(ResourceFactory(), OrganisationFactory(), in_days(3))


@pytest.fixture
def frozen(loan: Loan) -> Agreement:
    return Agreement.objects.create(
        loan=loan, edition=Edition.objects.get(model__slug="pret-de-materiel"), number="2026-0001", title="Prêt",
        parties=["preteur", "emprunteur"], lender_agreed=1, borrower_agreed=1, frozen_at=timezone.now(),
        status=AgreementStatus.TO_SIGN, text=TEXT, values={"a": 1},
    )  # fmt: skip


def refused(act: Any) -> bool:
    try:
        with transaction.atomic():
            act()
    except DatabaseError:
        return True
    return False


def sign(agreement: Agreement, party: str, **fields: Any) -> Signature:
    given = {"how": SignedHow.ELECTRONIC, "name": "Camille Exemple", "statement": "Je signe.", **fields}
    return Signature.objects.create(agreement=agreement, party=party, **{"sha256": agreement.sha256, **given})


def test_the_database_computes_the_hash_of_the_text(frozen: Agreement) -> None:
    frozen.refresh_from_db()
    assert frozen.sha256 == hashlib.sha256(TEXT.encode()).hexdigest()


@pytest.mark.parametrize(
    "change",
    [
        {"text": "autre"}, {"values": {"a": 2}}, {"chosen": ["x"]}, {"clauses": [1]}, {"sha256": "0" * 64},
        {"frozen_at": None}, {"number": "2026-0002"}, {"version": 2}, {"parties": ["preteur"]}, {"title": "Autre"},
    ],
)  # fmt: skip
def test_a_frozen_text_never_changes(frozen: Agreement, change: dict[str, Any]) -> None:
    assert refused(lambda: Agreement.objects.filter(pk=frozen.pk).update(**change))
    assert not refused(lambda: Agreement.objects.filter(pk=frozen.pk).update(reminded_at=timezone.now()))


def test_a_text_freezes_when_both_agreed_to_the_same_version(loan: Loan, frozen: Agreement) -> None:
    Agreement.objects.filter(pk=frozen.pk).update(status="cancelled")
    draft = Agreement.objects.create(
        loan=loan, edition=frozen.edition, number="2026-0003", title="x", parties=["preteur"], version=2
    )
    freeze = {"frozen_at": timezone.now(), "text": "x", "status": "to_sign"}
    mine = Agreement.objects.filter(pk=draft.pk)
    assert refused(lambda: mine.update(**freeze, lender_agreed=2, borrower_agreed=1))
    assert refused(lambda: mine.update(**freeze, lender_agreed=2))
    assert not refused(lambda: mine.update(**freeze, lender_agreed=2, borrower_agreed=2))


def test_in_force_needs_every_party_and_only_the_text_to_sign_is_signed(frozen: Agreement) -> None:
    frozen.refresh_from_db()
    assert refused(lambda: sign(frozen, "personne"))
    assert refused(lambda: sign(frozen, "preteur", sha256="0" * 64))
    first = sign(frozen, "preteur")
    assert refused(lambda: sign(frozen, "preteur"))
    in_force = {"status": "in_force", "in_force_at": timezone.now()}
    assert refused(lambda: Agreement.objects.filter(pk=frozen.pk).update(**in_force))
    sign(frozen, "emprunteur")
    assert refused(lambda: Signature.objects.filter(pk=first.pk).update(name="Autre"))
    assert refused(lambda: Signature.objects.filter(pk=first.pk).delete())
    assert not refused(lambda: Agreement.objects.filter(pk=frozen.pk).update(**in_force))
    assert refused(lambda: Agreement.objects.filter(pk=frozen.pk).update(status="refused"))


def test_the_journal_is_chained_and_only_grows(frozen: Agreement) -> None:
    one = JournalEntry.objects.create(agreement=frozen, kind="frozen", who="Camille Exemple", data={"version": 1})
    two = JournalEntry.objects.create(agreement=frozen, kind="signed", party="preteur")
    one.refresh_from_db()
    two.refresh_from_db()
    assert (one.n, one.previous, two.n, two.previous) == (1, "", 2, one.hash)
    assert len({one.hash, two.hash}) == 2
    assert refused(lambda: JournalEntry.objects.filter(pk=one.pk).update(data={"version": 2}))
    assert refused(lambda: JournalEntry.objects.filter(pk=one.pk).delete())
