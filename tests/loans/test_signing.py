"""Who signs what, and when: each status and each role; the last signature puts it in force, once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from accounts.models import Mail, User
from accounts.privacy import close
from directory.models import Membership
from loans import signing
from loans.models import Agreement, AgreementStatus, JournalEntry, Signature
from loans.signing import CannotSign, TextChanged
from mutualisation.kernel.lifecycle import AlreadyMoved
from tests.accounts.people import empty_queue
from tests.factories import MembershipFactory, UserFactory
from tests.loans.signing import BOARD, THREE, fresh, frozen, kinds, mandated, sign, signatory, tamper
from tests.loans.test_parallel import at_once

pytestmark = pytest.mark.django_db
ROLES = ("signatory", "manager", "member", "stranger", "administrator")
STATUSES = ("draft", "to_sign", "in_force", "refused", "expired", "cancelled", "ended")


@pytest.fixture
def agreement() -> Agreement:
    return frozen()


def test_each_signs_and_the_last_puts_it_in_force(agreement: Agreement) -> None:
    agreement = sign(agreement, "emprunteur")
    assert agreement.status == AgreementStatus.TO_SIGN
    agreement = sign(agreement)
    assert fresh(agreement).status == AgreementStatus.IN_FORCE
    assert kinds(agreement) == ["signed", "signed", "in_force"]
    first = agreement.signatures.get(party="preteur")
    assert (first.name, first.function, first.mandate_on) == (first.by.name, "direction", BOARD)
    assert agreement.loan.lender.name in first.statement
    assert agreement.number in first.statement
    assert "résolution du conseil du 3 mai 2026" in first.statement
    assert first.sha256 == agreement.sha256
    assert JournalEntry.objects.broken(agreement) == []
    told = set(Mail.objects.filter(event=f"in-force:{agreement.pk}").values_list("to", flat=True))
    assert told == {signatory(agreement, "emprunteur").email}  # who signed last saw it on the page


def test_who_is_next_and_who_signs_with_her_are_told_not_who_signed(agreement: Agreement) -> None:
    colleague = mandated(agreement.loan.borrower)
    sign(agreement, "emprunteur")
    theirs = Mail.objects.get(to=signatory(agreement).email, event__startswith="signed-")
    ours = Mail.objects.get(to=colleague.email, event__startswith="signed-")
    assert not Mail.objects.filter(to=signatory(agreement, "emprunteur").email).exists()
    assert theirs.text.startswith(f"{agreement.loan.borrower.name} a signé. Lisez le texte")
    assert "à vous" in theirs.subject
    assert f"/ententes/{agreement.number}/signer/" in theirs.text
    assert "rien à faire" in ours.text
    assert agreement.loan.lender.name in ours.text


def person(agreement: Agreement, role: str) -> User:
    if role == "signatory":
        return signatory(agreement)
    if role == "administrator":
        return UserFactory(admin=True)
    user = UserFactory()
    if role != "stranger":
        MembershipFactory(
            user=user, organisation=agreement.loan.lender, role="gestionnaire" if role == "manager" else "membre"
        )
    return user


def in_status(status: str) -> Agreement:
    agreement = frozen()
    if status == "draft":
        Agreement.objects.filter(pk=agreement.pk).update(status="cancelled")
        fields = {"loan": agreement.loan, "edition": agreement.edition, "title": "x", "parties": agreement.parties}
        return Agreement.objects.create(number=f"{agreement.number}-b", **fields)
    if status in ("in_force", "ended"):
        sign(agreement, "preteur", by=mandated(agreement.loan.lender))
        sign(agreement, "emprunteur")
        Agreement.objects.filter(pk=agreement.pk).update(status=status)
        return fresh(agreement)
    Agreement.objects.filter(pk=agreement.pk).update(status=status)
    return fresh(agreement)


def outcome(act: Callable[[], Any]) -> str:
    try:
        with transaction.atomic():
            act()
    except PermissionDenied:
        return "forbidden"
    except (CannotSign, AlreadyMoved) as answer:
        return type(answer).__name__
    return "done"


NO, LATE = "CannotSign", "AlreadyMoved"
# For each status, what each role of the lender’s side gets when it signs, refuses, takes up again.
TABLE: dict[str, dict[str, tuple[str, ...]]] = {
    "draft": {"sign": (NO, NO, NO, "forbidden", "forbidden"),
              "refuse": (LATE, LATE, "forbidden", "forbidden", "forbidden"),
              "renew": ("forbidden",) * 5},
    "to_sign": {"sign": ("done", NO, NO, "forbidden", "forbidden"),
                "refuse": ("done", "done", "forbidden", "forbidden", "forbidden"), "renew": ("forbidden",) * 5},
    "in_force": {"sign": (NO, NO, NO, "forbidden", "forbidden"),
                 "refuse": (LATE, LATE, "forbidden", "forbidden", "forbidden"), "renew": ("forbidden",) * 5},
    "refused": {"sign": (NO, NO, NO, "forbidden", "forbidden"),
                "refuse": (LATE, LATE, "forbidden", "forbidden", "forbidden"),
                "renew": ("done", "done", "done", "forbidden", "forbidden")},
    "expired": {"sign": (NO, NO, NO, "forbidden", "forbidden"),
                "refuse": (LATE, LATE, "forbidden", "forbidden", "forbidden"),
                "renew": ("done", "done", "done", "forbidden", "forbidden")},
    "cancelled": {"sign": (NO, NO, NO, "forbidden", "forbidden"),
                  "refuse": (LATE, LATE, "forbidden", "forbidden", "forbidden"), "renew": ("forbidden",) * 5},
    "ended": {"sign": (NO, NO, NO, "forbidden", "forbidden"),
              "refuse": (LATE, LATE, "forbidden", "forbidden", "forbidden"), "renew": ("forbidden",) * 5},
}  # fmt: skip


@pytest.mark.parametrize("status", STATUSES)
def test_what_each_role_may_do_in_each_status(status: str) -> None:
    agreement = in_status(status)
    acts: dict[str, Callable[[User], Any]] = {
        "sign": lambda by: sign(agreement, by=by),
        "refuse": lambda by: signing.refuse(agreement, by=by, reason="Le prix a changé"),
        "renew": lambda by: signing.renew(agreement, by=by),
    }
    people = [person(agreement, role) for role in ROLES]
    found = {}
    for name, act in acts.items():
        answers = []
        for by in people:
            with transaction.atomic():  # each as if it came first
                answers.append(outcome(lambda act=act, by=by: act(by)))  # type: ignore[misc]
                transaction.set_rollback(True)
        found[name] = tuple(answers)
    if status == "draft":  # the one before was cancelled
        assert signing.successor(agreement) is None
    assert found == TABLE[status]


def test_a_text_that_was_not_read_is_not_signed(agreement: Agreement) -> None:
    with pytest.raises(TextChanged) as answer:
        sign(agreement, sha256="0" * 64)
    assert answer.value.now is None
    assert not agreement.signatures.exists()


def test_an_agreement_that_was_replaced_tells_which_one(agreement: Agreement) -> None:
    Agreement.objects.filter(pk=agreement.pk).update(status="cancelled")
    clauses = [{**agreement.clauses[0], "html": "<p>Deux tentes.</p>"}, agreement.clauses[1]]
    other = frozen(loan=agreement.loan, clauses=clauses, text="Deux tentes.")
    with pytest.raises(TextChanged) as answer:
        sign(fresh(agreement))
    assert answer.value.now == other
    changed = signing.clause_differences(agreement, other)
    assert not changed.answers
    [clause] = changed.clauses
    assert (clause.title, clause.state) == ("Objet", "kept")
    assert [(p.state, p.text) for p in clause.parts] == [
        ("removed", "Une tente, rendue propre."),
        ("added", "Deux tentes."),
    ]


def test_a_mandate_that_ended_says_who_can_sign_instead(agreement: Agreement) -> None:
    former, heir = signatory(agreement), mandated(agreement.loan.lender, name="Camille Relève")
    Membership.objects.filter(user=former).update(is_signatory=False, resolution_on=None)
    with pytest.raises(CannotSign, match="Camille Relève"):
        sign(agreement, by=former)
    Membership.objects.filter(user=heir).update(is_signatory=False, resolution_on=None)
    MembershipFactory(organisation=agreement.loan.lender, role="gestionnaire", user__name="Dominique Gestion")
    with pytest.raises(CannotSign, match=r"Dominique Gestion.*sur papier"):
        sign(agreement, by=former)
    assert not agreement.signatures.exists()


def test_nobody_signs_for_two_parties(agreement: Agreement) -> None:
    both = signatory(agreement)
    Membership.objects.create(user=both, organisation=agreement.loan.borrower, is_signatory=True, resolution_on=BOARD)
    sign(agreement, "preteur", by=both)
    with pytest.raises(CannotSign, match="deux fois"):
        sign(agreement, "emprunteur", by=both)
    assert signing.signable_by(both, agreement) == {}


def test_a_party_signs_once(agreement: Agreement) -> None:
    sign(agreement)
    with pytest.raises(CannotSign, match="déjà signé"):
        sign(agreement, by=mandated(agreement.loan.lender))


def test_without_a_proof_nothing_is_signed(agreement: Agreement) -> None:
    with pytest.raises(PermissionDenied):
        sign(agreement, proof="")


def test_after_the_delay_nothing_is_signed() -> None:
    agreement = frozen(days=-1)
    with pytest.raises(CannotSign, match="délai"):
        sign(agreement)


def test_a_refusal_says_why_and_to_whom(agreement: Agreement) -> None:
    sign(agreement, "emprunteur")
    signing.refuse(agreement, by=signatory(agreement), reason=" Le prix a changé ")
    agreement = fresh(agreement)
    assert (agreement.status, agreement.ended_note) == ("refused", "Le prix a changé")
    assert kinds(agreement) == ["signed", "refused"]
    told = Mail.objects.get(event=f"refused:{agreement.pk}")
    assert told.to == signatory(agreement, "emprunteur").email  # not who refused
    assert "Le prix a changé" in told.text


def test_taken_up_again_it_keeps_the_answers_and_is_one(agreement: Agreement) -> None:
    name = agreement.edition.variables[0]["name"]
    signing.refuse(agreement, by=signatory(agreement), reason="Non")
    agreement = frozen(loan=agreement.loan, edition=agreement.edition, values={name: "Une réponse"})
    signing.refuse(agreement, by=signatory(agreement), reason="Non")
    by = signatory(agreement, "emprunteur")
    again = signing.renew(agreement, by=by)
    assert signing.renew(agreement, by=by) == again
    assert again
    assert (again.status, again.values[name], again.loan) == ("draft", "Une réponse", agreement.loan)
    assert again.values["preteur.nom"] == agreement.loan.lender.name
    assert again.number != agreement.number
    assert kinds(agreement)[-1] == "renewed"
    assert not signing.can_renew(by, fresh(agreement))


def test_the_name_stays_when_the_account_closes(agreement: Agreement) -> None:
    by = signatory(agreement)
    name = by.name
    sign(agreement)
    close(by=by)
    kept = agreement.signatures.get(party="preteur")
    assert (kept.name, kept.by) == (name, None)
    assert agreement.journal.get(kind="signed").who == name
    assert JournalEntry.objects.broken(agreement) == []


# ---- tampering


@pytest.mark.parametrize(
    ("sql", "shown"),
    [
        ("UPDATE loans_journalentry SET who = 'Autre' WHERE n = 2", [2]),
        ("UPDATE loans_journalentry SET at = at + interval '1 day' WHERE n = 1", [1]),
        ("UPDATE loans_journalentry SET data = '{}' WHERE n = 3", [3]),
        ("UPDATE loans_journalentry SET party = 'emprunteur' WHERE n = 1", [1, 4]),
        ("DELETE FROM loans_journalentry WHERE n = 2", [3, 4]),
        ("DELETE FROM loans_journalentry WHERE n = 1", [2, 4]),
        ("DELETE FROM loans_journalentry WHERE n = 3", [3]),
        ("UPDATE loans_journalentry SET hash = repeat('0', 64) WHERE n = 2", [2, 3]),
    ],
)
def test_what_is_touched_in_the_journal_shows(sql: str, shown: list[int]) -> None:
    agreement = sign(sign(frozen()), "emprunteur")
    assert JournalEntry.objects.broken(agreement) == []
    tamper(sql)
    assert JournalEntry.objects.broken(agreement) == shown
    assert [line["n"] for line in signing.journal_of(agreement) if line["broken"]] == shown


def test_closing_an_account_touches_nothing_that_is_chained(agreement: Agreement) -> None:
    sign(agreement)
    JournalEntry.objects.filter(agreement=agreement).update(by=None)
    assert JournalEntry.objects.broken(agreement) == []


def test_the_agreement_of_three_waits_for_the_third() -> None:
    agreement = sign(sign(frozen(THREE)), "emprunteur")
    assert agreement.status == AgreementStatus.TO_SIGN
    assert [s["name"] for s in signing.standing_of(agreement) if not s["signature"]] == ["Alix Exemple"]


# ---- at once


@pytest.fixture
def emptied() -> Iterator[None]:
    yield
    empty_queue()


@pytest.mark.django_db(transaction=True)
def test_the_two_last_sign_at_once(emptied: None) -> None:
    for _round in range(4):
        agreement = frozen()
        people = [signatory(agreement), signatory(agreement, "emprunteur")]
        acts = [
            lambda a=agreement, p=p, by=by: sign(a, p, by=by)  # type: ignore[misc]
            for p, by in zip(("preteur", "emprunteur"), people, strict=True)
        ]
        answers, _slowest = at_once(acts)
        assert answers == {"done": 2}
        assert fresh(agreement).status == AgreementStatus.IN_FORCE
        assert kinds(agreement) == ["signed", "signed", "in_force"]
        assert JournalEntry.objects.broken(agreement) == []


@pytest.mark.django_db(transaction=True)
def test_two_of_one_party_sign_at_once(emptied: None) -> None:
    agreement = frozen()
    people = [signatory(agreement), mandated(agreement.loan.lender)]
    answers, _slowest = at_once([lambda by=by: sign(agreement, by=by) for by in people])  # type: ignore[misc]
    assert answers == {"done": 1, "CannotSign": 1}
    assert Signature.objects.filter(agreement=agreement).count() == 1
    assert Agreement.objects.filter(in_force_at__lte=timezone.now()).count() == 0
