"""What a proposal would change is shown, and that alone: as it is beside as it would be."""

from __future__ import annotations

import html
from typing import Any

import pytest
from django.test import Client

from loans import links, proposals
from loans.models import Loan, Proposal
from loans.views.changes import changes_of
from tests.factories import ResourceFactory
from tests.loans.test_loan_pages import World, day

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return World(quantity=20, conditions="Rapporter les câbles.")


def proposed(world: World, loan: Loan, side: str = "lender", **terms: Any) -> Proposal:
    live = loan.dates.filter(cancelled_at__isnull=True)
    asked = {"periods": [d.period for d in live], "quantity": loan.quantity, "conditions": loan.conditions, **terms}
    return proposals.propose(loan, by=world.people[side], side=side, **asked)


def told(proposal: Proposal, loan: Loan) -> list[tuple[str, str, str]]:
    found = changes_of(proposal, loan, list(loan.dates.filter(cancelled_at__isnull=True)))
    return [(c.label, c.before.replace("\u00a0", " "), c.after.replace("\u00a0", " ")) for c in found]


def test_each_term_that_differs_and_no_other(world: World) -> None:
    loan = world.asked(quantity=20)
    other = ResourceFactory(
        name="Tables", kind="materiel", quantity=20, organisation=world.resource.organisation
    )  # fmt: skip
    found = told(proposed(world, loan, quantity=15, resource=other, conditions=""), loan)
    assert found == [
        ("Quantité", "20", "15"), ("Ressource", "Projecteur", "Tables"), ("Conditions", "Rapporter les câbles.", ""),
    ]  # fmt: skip


def test_a_date_is_told_with_its_hours(world: World) -> None:
    loan = world.asked(day(10))
    [(label, before, after)] = told(proposed(world, loan, periods=[day(10, 14, 16)]), loan)
    assert label == "Quand"
    assert (before.endswith("de 10 h à 12 h"), after.endswith("de 14 h à 16 h")) == (True, True)


def test_a_series_tells_its_hours_or_the_dates_that_move(world: World) -> None:
    loan = world.asked(*(day(7 * n, 18, 20) for n in (1, 2, 3)))
    hours = Proposal(loan=loan, resource=loan.resource, quantity=1, conditions=loan.conditions,
                     periods=[day(7 * n, 19, 21) for n in (1, 2, 3)])  # fmt: skip
    assert told(hours, loan) == [("Heures de 3 dates", "de 18 h à 20 h", "de 19 h à 21 h")]
    fewer = Proposal(loan=loan, resource=loan.resource, quantity=1, conditions=loan.conditions,
                     periods=[day(7, 18, 20), day(14, 18, 20), day(28, 18, 20), day(35, 18, 20)])  # fmt: skip
    [(label, before, after)] = told(fewer, loan)
    assert (label, before.count("\n"), after.count("\n")) == ("Dates", 0, 1)


def test_both_pages_show_the_change_and_not_what_stays(world: World) -> None:
    loan = world.asked(quantity=20)
    proposed(world, loan, quantity=15)
    loan.refresh_from_db()
    for seen in (
        world.see("borrower", loan),
        html.unescape(Client().get(links.path(loan, world.people["borrower"], "accept")).content.decode()),
    ):
        panel = seen[seen.index("facts changes") :]
        panel = panel[: panel.index("</dl>")]
        assert ("20</del>" in panel, "15</ins>" in panel, "Rapporter" in panel) == (True, True, False)
        assert "de 10\u00a0h à 12\u00a0h" in seen  # the dates stay, and are still there to read


def test_a_proposal_that_goes_back_to_what_was_asked_says_so(world: World) -> None:
    loan = world.asked(quantity=20)
    proposed(world, loan, quantity=15)
    loan.refresh_from_db()
    proposed(world, loan, "borrower", quantity=20)
    loan.refresh_from_db()
    assert "sans rien y changer" in world.see("lender", loan)
