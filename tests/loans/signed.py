"""Agreements as the tests of documents need them: a draft, to sign, in force, with their journal."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from directory.models import Organisation
from loans.models import Agreement, AgreementStatus, JournalEntry, Loan, Signature, SignedHow
from tests.factories import OrganisationFactory, ResourceFactory, lend, some_day
from tests.loans.lending import in_days
from toolbox.composing import blanks_of, compose, samples, text_of
from toolbox.models import Edition


def draft_of(slug: str, loan: Loan | None = None, **fields: Any) -> Agreement:
    """A draft of a model, every blank answered by its sample."""
    loan = loan or lend(ResourceFactory(), OrganisationFactory(), in_days(3))
    edition = Edition.objects.select_related("model").get(model__slug=slug, number=1)
    number = f"2026-{Agreement.objects.count() + 1:04}"
    given = {
        "number": number, "title": edition.model.title, "parties": list(edition.model.parties),
        "values": {**samples(blanks_of(edition)), "entente.numero": number, "entente.date": str(timezone.localdate())},
        "chosen": [c.key for c in edition.clauses.all() if c.when == "optional"],
    }  # fmt: skip
    return Agreement.objects.create(loan=loan, edition=edition, **{**given, **fields})


def freeze(agreement: Agreement) -> Agreement:
    """Both agree: the text no longer changes, and is to sign."""
    edition = agreement.edition
    written = compose(edition.clauses.all(), blanks_of(edition), agreement.values, agreement.chosen)
    agreement.clauses = [{"number": w.number, "key": w.key, "title": w.title, "html": str(w.html)} for w in written]
    agreement.text = text_of(agreement.title, written)
    agreement.lender_agreed = agreement.borrower_agreed = agreement.version
    agreement.frozen_at, agreement.status = timezone.now(), AgreementStatus.TO_SIGN
    agreement.save()
    agreement.refresh_from_db()
    JournalEntry.objects.create(agreement=agreement, kind="frozen", data={"sha256": agreement.sha256})
    return agreement


def sign(agreement: Agreement, party: str, **fields: Any) -> Signature:
    given: dict[str, Any] = {
        "how": SignedHow.ELECTRONIC, "name": f"Camille Exemple ({party})", "function": "direction générale",
        "mandate_on": "2026-03-12", "statement": "Je signe cette entente. Je l’ai lue et je l’accepte.",
        "sha256": agreement.sha256,
    }  # fmt: skip
    signature = Signature.objects.create(agreement=agreement, party=party, **{**given, **fields})
    JournalEntry.objects.create(agreement=agreement, kind="signed", party=party, who=signature.name)
    return signature


def in_force(agreement: Agreement) -> Agreement:
    """Every party signs."""
    for party in agreement.parties:
        sign(agreement, party)
    Agreement.objects.filter(pk=agreement.pk).update(status=AgreementStatus.IN_FORCE, in_force_at=timezone.now())
    JournalEntry.objects.create(agreement=agreement, kind="in_force")
    return Agreement.objects.get(pk=agreement.pk)


def two_written(slug: str, lender: Organisation) -> dict[str, str]:
    """For the access tables: a draft and a frozen text of what this organisation lends."""
    draft, frozen = (
        draft_of(slug, lend(ResourceFactory(organisation=lender), OrganisationFactory(), some_day()), number=number)
        for number in ("2026-9801", "2026-9802")
    )
    return {"written": draft.number, "settled": freeze(frozen).number}
