"""What an organisation answered of itself, of its things, is offered again in its next agreement, to it alone."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from directory.models import Organisation
from loans import agreements, remembering
from loans.models import Agreement, Loan, Side
from tests.factories import ResourceFactory
from tests.loans.lending import accepted, borrower_of, in_days, lender_of, models_in_force, told
from tests.loans.test_agreement_pages import complete, page
from tests.loans.test_answering import answering, field

pytestmark = pytest.mark.django_db
OURS, OTHER = "1167890125", "1145678903"


@pytest.fixture(autouse=True)
def toolbox() -> None:
    models_in_force()


@pytest.fixture
def first() -> Loan:
    """A room lent, whose agreement both answered: neither says its number in the directory."""
    loan = accepted(ResourceFactory(kind="locaux", name="Salle du Canal"))
    Organisation.objects.filter(pk__in=[loan.lender_id, loan.borrower_id]).update(neq="", address="")
    agreements.refresh(_of(loan), by=None, note="")
    agreement = _of(loan)
    _without_portal(agreement)
    told(agreement, Side.LENDER, regles_maison="On laisse ses bottes à l’entrée.")
    own = {
        "emprunteur.neq": OURS,
        "emprunteur_liaison": "Sam Essai",
        "personnes_prevues": 37,
        "rc_montant": "2000000.00",
    }
    told(agreement, Side.BORROWER, **own)
    complete(loan)
    return loan


def _of(loan: Loan) -> Agreement:
    found = agreements.current(Loan.objects.get(pk=loan.pk))
    assert found is not None
    return found


def _without_portal(agreement: Agreement) -> None:
    """What the directory no longer says is asked again."""
    gone = ("preteur.neq", "preteur.adresse", "emprunteur.neq", "emprunteur.adresse")
    agreement.values = {name: value for name, value in agreement.values.items() if name not in gone}
    agreement.save(update_fields=["values"])


def _again(first: Loan, days: int = 9) -> Agreement:
    """The same borrower, another loan."""
    return _of(accepted(first.resource, in_days(days), borrower=first.borrower))


def _client(person: Any) -> Client:
    client = Client()
    client.force_login(person)
    return client


def test_what_it_said_of_itself_is_offered_and_kept_only_when_sent(first: Loan) -> None:
    agreement = _again(first)
    before = dict(agreement.values)
    seen = page(_client(borrower_of(agreement.loan)).get(answering(agreement)))
    number = _of(first).number
    for name, value in (("emprunteur.neq", OURS), ("emprunteur_liaison", "Sam Essai"), ("rc_montant", "2000000")):
        assert f'value="{value}"' in field(seen, name), name
    assert "réponses sont reprises de vos ententes précédentes" in seen
    assert f"Repris de l’entente {number}." in seen
    assert "37" not in field(seen, "personnes_prevues")  # of that evening alone
    agreement.refresh_from_db()
    assert agreement.values == before


def test_the_owner_finds_what_it_said_of_the_room(first: Loan) -> None:
    agreement = _again(first)
    assert "On laisse ses bottes" in field(
        page(_client(lender_of(agreement.loan)).get(answering(agreement))), "regles_maison"
    )
    elsewhere = ResourceFactory(kind="locaux", name="Salle du Moulin", organisation=first.lender)
    loan = accepted(elsewhere, in_days(12), borrower=first.borrower)
    seen = page(_client(lender_of(loan)).get(answering(_of(loan))))
    assert "On laisse ses bottes" not in seen


def test_another_organisation_is_offered_nothing_of_it(first: Loan) -> None:
    loan = accepted(first.resource, in_days(15))
    assert loan.borrower_id != first.borrower_id
    Organisation.objects.filter(pk=loan.borrower_id).update(neq="", address="")
    _without_portal(_of(loan))
    agreement = _of(loan)
    seen = page(_client(borrower_of(loan)).get(answering(agreement)))
    assert 'name="emprunteur.neq"' in seen
    assert OURS not in seen
    assert "Sam Essai" not in seen
    assert "reprises" not in seen


def test_what_the_other_side_wrote_is_not_its_answer(first: Loan) -> None:
    agreement = _of(first)
    agreements.change(agreement, by=lender_of(first), side=Side.LENDER, values={"emprunteur_liaison": "Alex Autre"})
    assert "Alex Autre" not in page(_client(borrower_of(first)).get(answering(_again(first))))


def test_it_lends_now_what_it_said_as_a_borrower_is_still_of_itself(first: Loan) -> None:
    loan = accepted(ResourceFactory(kind="locaux", organisation=first.borrower, name="Salle d’en haut"), in_days(20))
    agreement = _of(loan)
    _without_portal(agreement)
    seen = page(_client(lender_of(loan)).get(answering(agreement)))
    assert f'value="{OURS}"' in field(seen, "preteur.neq")
    assert 'value="Sam Essai"' in field(seen, "preteur_liaison")


@pytest.mark.parametrize(("number", "is_told"), [(OTHER, True), ("aucun", True), (OURS, False)])
def test_another_number_than_before_is_told(first: Loan, number: str, *, is_told: bool) -> None:
    agreement = _again(first)
    client = _client(borrower_of(agreement.loan))
    sent = {"version": agreement.version, "emprunteur.neq": number}
    answer = client.post(answering(agreement), sent, follow=True)
    seen = re.sub(r"\s+", " ", page(answer))
    assert (f"dans l’entente {_of(first).number} : {OURS}" in seen) is is_told
    agreement.refresh_from_db()
    assert agreement.values["emprunteur.neq"] == number


def test_the_form_costs_the_same_after_many_agreements(first: Loan, django_assert_num_queries: Any) -> None:
    agreement = _again(first)
    asked = agreements.lacks_of(agreement, Side.BORROWER)  # which reads its edition
    with django_assert_num_queries(1):
        assert remembering.answers(agreement, Side.BORROWER, asked)
    complete(agreement.loan)
    third = _again(first, 14)
    assert agreements.lacks_of(third, Side.BORROWER)
    with django_assert_num_queries(1):
        assert remembering.answers(third, Side.BORROWER, asked)
