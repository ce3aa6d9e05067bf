"""What loans hold of a person is hers to take, and goes when she leaves; the names of people lent don’t stay."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.utils import timezone

from accounts import privacy
from directory.models import Resource
from loans import privacy as ours
from loans import proposals, requests
from loans.models import CalendarFeed, Incident, Loan, LoanEvent, LoanMessage, Proposal
from tests.factories import OrganisationFactory, ResourceFactory, UserFactory, lend
from tests.loans.test_requests import hours, member

pytestmark = pytest.mark.django_db


def a_loan(**fields: Any) -> Loan:
    """One where the borrower’s person asked, wrote and answered a proposal."""
    resource = fields.pop("resource", None) or ResourceFactory(quantity=3)
    loan = lend(resource, OrganisationFactory(), hours(10, 12), **fields)
    lender = member(resource.organisation)
    proposal = proposals.propose(loan, by=lender, side="lender", periods=[hours(14, 16)], quantity=1)
    proposals.agree(proposal, by=loan.requested_by, note="C’est entendu ainsi")
    requests.write(loan, by=loan.requested_by, text="Je passerai par la porte arrière")
    CalendarFeed.objects.create(user=loan.requested_by, token_hash=f"{loan.pk:e>64}")
    return loan


def parts_of(user: Any) -> dict[str, list[dict[str, Any]]]:
    return {part.name: list(part.rows(user)) for part in privacy.parts()}


def test_all_that_a_person_did_is_in_her_export() -> None:
    loan = a_loan()
    Incident.objects.create(loan=loan, description="Un pied cassé", opened_by=loan.requested_by)
    found = parts_of(loan.requested_by)
    assert found["prets"][0]["pour"] == "Fête de quartier"
    assert found["messages"][0]["texte"] == "Je passerai par la porte arrière"
    assert "C’est entendu ainsi" in [row["note"] for row in found["gestes"]]
    assert found["propositions"][0]["propose_par_vous"] is False
    assert found["incidents"][0]["description"] == "Un pied cassé"
    assert len(found["agendas"]) == 1
    assert "eeee" not in str(found)


def test_nothing_of_the_other_side_is_in_it() -> None:
    loan = a_loan(worker="Yvonne Prêtée", supervisor="Paul Encadrant")
    requests.write(loan, by=member(loan.lender), text="Le code de la porte est 4321")
    found = parts_of(loan.requested_by)
    assert "4321" in str(found.pop("courriels"))  # she received it
    assert "4321" not in str(found)
    assert "Yvonne" not in str(found)
    assert not any(parts_of(UserFactory())[name] for name in ("prets", "gestes", "messages", "propositions", "agendas"))


def test_who_leaves_is_named_nowhere_and_her_calendars_end() -> None:
    loan = a_loan()
    person = loan.requested_by
    privacy.close(by=person)
    for model, names in ours.NAMED.items():
        for name in names:
            assert not model.objects.filter(**{name: person.pk}).exists(), (model, name)
    assert not CalendarFeed.objects.exists()
    assert LoanMessage.objects.get().text  # what was agreed stays, for the two organisations
    assert LoanEvent.objects.filter(loan=loan, verb="ask", by=None).exists()
    assert Proposal.objects.get().answered_by is None


def test_who_is_alone_to_follow_a_loan_is_told_before_leaving() -> None:
    loan = a_loan()
    person = loan.requested_by
    assert any("a des prêts en cours" in c.sentence for c in privacy.consequences(person))
    member(loan.borrower)
    assert not any("a des prêts en cours" in c.sentence for c in privacy.consequences(person))


def test_the_names_of_people_lent_are_erased_two_years_after() -> None:
    old = a_loan(worker="Yvonne Prêtée", supervisor="Paul Encadrant")
    recent = a_loan(resource=Resource.objects.get(pk=old.resource_id), worker="Yvonne Prêtée")
    requests.cancel(old, by=old.requested_by, reason="Fini")
    requests.cancel(recent, by=recent.requested_by, reason="Fini")
    long_ago = timezone.now() - datetime.timedelta(days=731)
    Loan.objects.filter(pk=old.pk).update(starts_at=long_ago - datetime.timedelta(days=1), ends_at=long_ago)
    assert ours.purge() == 1
    assert ours.purge() == 0
    old.refresh_from_db()
    recent.refresh_from_db()
    assert (old.worker, old.supervisor, recent.worker) == ("", "", "Yvonne Prêtée")
