"""Whatever people, administrators and bulk updates do, in any order: a frozen text stays as it was frozen."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DatabaseError, transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from directory.models import Resource
from loans import agreements, proposals, requests
from loans.models import Agreement, JournalEntry, Loan, Side, Signature
from mutualisation.kernel.lifecycle import AlreadyMoved
from tests.factories import ResourceFactory
from tests.loans.lending import accepted, borrower_of, in_days, lender_of, sign_all
from toolbox.models import Edition, ModelAgreement

KEPT = ("text", "clauses", "values", "chosen", "sha256", "title", "number", "code", "version", "parties", "frozen_at",
        "edition_id", "loan_id")  # fmt: skip
REFUSALS = (AlreadyMoved, PermissionDenied, ValidationError, agreements.Lacks, agreements.NoModel, DatabaseError,
            proposals.Held)  # fmt: skip


def small_model() -> Edition:
    """A model of three clauses: an answer of each side, one optional."""
    model = ModelAgreement.objects.create(
        slug="petit", title="Prêt", kind="locaux", parties=["preteur", "emprunteur"], summary="Pour les essais."
    )
    asked = {"type": "text", "required": True, "help": "", "choices": []}
    edition = Edition.objects.create(
        model=model, number=1, variables=[
            {"name": "cle", "label": "Clé", "asked_of": "preteur", **asked},
            {"name": "nombre", "label": "Nombre", "asked_of": "emprunteur", **asked},
        ],
    )  # fmt: skip
    for n, (key, body, when) in enumerate(
        [("objet", "Le local [[ressource.nom]], [[periode.en_mots]].", "always"),
         ("acces", "Clé : [[cle]]. Personnes : [[nombre]].", "always"),
         ("bilan", "Un bilan se fait ensemble.", "optional")], 1,
    ):  # fmt: skip
        edition.clauses.create(position=n, key=key, title=key.capitalize(), body=body, when=when)
    edition.published_at = timezone.now()
    edition.save()
    return edition


def last(loan: Loan) -> Agreement:
    found = Agreement.objects.filter(loan=loan).order_by("-id").first()
    assert found is not None
    return found


def _by(loan: Loan, side: str) -> Any:
    return lender_of(loan) if side == Side.LENDER else borrower_of(loan)


def _answer(loan: Loan, side: str, n: int) -> None:
    name = "cle" if side == Side.LENDER else "nombre"
    agreements.answer(last(loan), by=_by(loan, side), side=side, values={name: f"réponse {n}"})


def _change(loan: Loan, side: str, n: int) -> None:
    agreements.change(last(loan), by=_by(loan, side), side=side, chosen=["bilan"] if n % 2 else [])


def _agree(loan: Loan, side: str, n: int) -> None:
    agreements.agree(last(loan), by=_by(loan, side), side=side)


def _both_agree(loan: Loan, side: str, n: int) -> None:
    for one in Side.values:
        _answer(loan, one, n)
    for one in Side.values:
        _agree(loan, one, n)


def _move(loan: Loan, side: str, n: int) -> None:
    loan.refresh_from_db()
    proposal = proposals.propose(loan, by=_by(loan, side), side=side, periods=[in_days(20 + n)], quantity=1)
    proposals.agree(proposal, by=_by(loan, Side.BORROWER if side == Side.LENDER else Side.LENDER))


def _sign(loan: Loan, side: str, n: int) -> None:
    sign_all(last(loan))


def _cancel(loan: Loan, side: str, n: int) -> None:
    loan.refresh_from_db()
    requests.cancel(loan, by=_by(loan, side), reason="Non")


def _again(loan: Loan, side: str, n: int) -> None:
    agreements.draw_up(loan, by=_by(loan, side))


def _bulk(loan: Loan, side: str, n: int) -> None:
    changes: list[dict[str, Any]] = [
        {"text": "autre"}, {"values": {}}, {"frozen_at": None}, {"clauses": []}, {"status": "draft"}, {"version": 99},
        {"sha256": "0" * 64}, {"chosen": ["x"]}, {"status": "refused"}, {"status": "expired"},
    ]  # fmt: skip
    Agreement.objects.filter(loan=loan, frozen_at__isnull=False).update(**changes[n % len(changes)])


def _save(loan: Loan, side: str, n: int) -> None:
    agreement = last(loan)
    agreement.text, agreement.values = "réécrit", {"cle": "x"}
    agreement.save()


def _erase(loan: Loan, side: str, n: int) -> None:
    [Agreement, JournalEntry, Signature][n % 3].objects.all().delete()  # type: ignore[attr-defined]


def _rename(loan: Loan, side: str, n: int) -> None:
    Resource.objects.filter(pk=loan.resource_id).update(name=f"Salle {n}")


ACTIONS: tuple[Callable[[Loan, str, int], None], ...] = (
    _answer, _change, _agree, _both_agree, _move, _sign, _cancel, _again, _bulk, _save, _erase, _rename,
)  # fmt: skip


class Undo(Exception):  # noqa: N818 - it only ends an example
    pass


@pytest.mark.django_db
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(st.sampled_from(ACTIONS), st.sampled_from(Side.values), st.integers(0, 9)), max_size=10))
def test_no_sequence_of_actions_alters_a_frozen_text(steps: list[Any]) -> None:
    try:
        with transaction.atomic():
            _play(steps)
            raise Undo
    except Undo:
        pass


def _play(steps: list[Any]) -> None:
    small_model()
    loan = accepted(ResourceFactory(kind="locaux"))
    frozen: dict[int, tuple[Any, ...]] = {}
    begin = [(_both_agree, Side.LENDER, 0)]
    for action, side, n in begin + steps:
        try:
            with transaction.atomic():
                action(loan, side, n)
        except REFUSALS:
            pass
        for row in Agreement.objects.filter(frozen_at__isnull=False):
            now = tuple(getattr(row, name) for name in KEPT)
            assert frozen.setdefault(row.pk, now) == now, action
            assert row.sha256 == hashlib.sha256(row.text.encode()).hexdigest()
        assert set(frozen) <= set(Agreement.objects.values_list("pk", flat=True)), action
    assert frozen
