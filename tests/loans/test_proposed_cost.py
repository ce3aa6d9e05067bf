"""The cost is among what is proposed: the loan, then its agreement, say what the other side accepted."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.urls import reverse

from loans import agreements, amendments, proposals
from loans.models import Loan, Proposal
from loans.views.changes import changes_of
from tests.factories import ResourceFactory
from tests.loans.lending import models_in_force, signed
from tests.loans.test_loan_pages import World
from tests.loans.test_proposed_changes import proposed

pytestmark = pytest.mark.django_db
PAID = {"cost_mode": "prix", "price": Decimal(40), "price_unit": "par jour", "deposit": Decimal(100)}
FREE = {"cost_mode": "gratuit", "price": None, "price_unit": "", "deposit": None}


@pytest.fixture
def world() -> World:
    return World(kind="locaux", name="Salle", quantity=1)


def cost(one: Any) -> dict[str, Any]:
    return {name: getattr(one, name) for name in PAID}


def accepted(world: World, proposal: Proposal) -> Loan:
    by = world.people["borrower" if proposal.side == "lender" else "lender"]
    loan = proposals.agree(proposal, by=by)
    amendments.follow_acceptance(loan, by=None)
    loan.refresh_from_db()
    return loan


def text(loan: Loan) -> str:
    agreement = agreements.current(loan)
    assert agreement is not None
    return " ".join(str(clause.html) for clause in agreements.written(agreement))


def test_a_price_makes_the_loan_a_rental_and_the_text_follows(world: World) -> None:
    models_in_force()
    loan = accepted(world, proposed(world, world.asked(), cost=PAID))
    assert cost(loan) == PAID
    assert "40" in text(loan)
    assert "gratuit" not in text(loan)
    back = accepted(world, proposed(world, loan, "borrower", cost=FREE))  # and back, while nothing is signed
    assert cost(back) == FREE
    assert "gratuit" in text(back)


def test_another_resource_comes_with_its_own_cost(world: World) -> None:
    other = ResourceFactory(kind="locaux", organisation=world.resource.organisation, **PAID)
    proposal = proposed(world, world.asked(), resource=other)
    found = {answer.label: answer.after for answer in changes_of(proposal, proposal.loan, proposal.loan.dates.all())}
    assert found["Contrepartie"].endswith("par jour")
    assert found["Dépôt"].startswith("100")
    assert cost(accepted(world, proposal)) == PAID


def test_what_is_signed_keeps_what_it_costs(world: World) -> None:
    loan = signed(world.stand("accepted"))
    other = ResourceFactory(kind="locaux", organisation=world.resource.organisation, **PAID)
    for terms in ({"cost": PAID}, {"resource": other}):
        proposal = proposed(world, loan, **terms)
        assert cost(proposal) == FREE
        proposals.take_back(proposal, by=world.people["lender"])
        loan.refresh_from_db()
    page = world.clients["lender"].get(reverse("loan_propose", args=[loan.pk])).content.decode()
    assert "cost_mode" not in page


def test_the_form_asks_what_for_and_shows_it_to_the_other_side(world: World) -> None:
    loan = world.asked()
    address = reverse("loan_propose", args=[loan.pk])
    form = world.clients["lender"].get(address).context["form"]
    data = {name: form[name].value() for name in form.fields if form[name].value() is not None}
    data |= {"version": loan.version, "cost_mode": "prix", "price": "40,50", "price_unit": ""}
    refused = world.clients["lender"].post(address, data)
    assert refused.status_code == 422
    assert "Dites par quoi" in refused.content.decode()
    assert world.clients["lender"].post(address, {**data, "price_unit": "jour"}).status_code == 302
    proposal = Proposal.objects.get()
    assert (proposal.price, proposal.price_unit) == (Decimal("40.50"), "par jour")
    loan.refresh_from_db()
    assert "40,50" in world.see("borrower", loan)
    assert loan.price is None
