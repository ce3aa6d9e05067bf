"""Answering from the e-mail: the link says what it will do, does it once, in one person's name, and says why not."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from django.core import signing
from django.test import Client
from django.urls import reverse

from accounts.models import Mail
from directory.models import Membership
from loans import links, proposals, requests
from loans.models import Loan
from tests.factories import OrganisationFactory, lend
from tests.loans.test_loan_pages import World, day

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(db: None) -> World:
    return World()


def text(response: Any) -> str:
    return html.unescape(response.content.decode())


def test_opening_it_changes_nothing_and_the_button_answers_once(world: World) -> None:
    loan = world.asked()
    written = Mail.objects.get(to=world.people["lender"].email).text
    address = re.search(r"Accepter\s*: \S*?(/prets/repondre/\S+)", written)[1]  # type: ignore[index]
    visitor = Client()
    page = visitor.get(address)
    assert page.status_code == 200
    assert "La Marmite" in text(page)
    assert world.people["lender"].name in text(page)
    assert "no-store" in page["Cache-Control"]
    assert (page["X-Robots-Tag"], page["Referrer-Policy"]) == ("noindex", "same-origin")
    assert Loan.objects.get().status == "requested"
    assert "C’est fait" in text(visitor.post(address, {"note": "Avec plaisir"}))
    loan.refresh_from_db()
    assert loan.status == "accepted"
    event = loan.events.get(verb="accept")
    assert (event.by, event.note) == (world.people["lender"], "Avec plaisir")
    again = visitor.post(address)
    assert again.status_code == 410
    assert "a déjà servi" in text(again)
    assert loan.get_absolute_url() in text(again)
    other = visitor.get(links.path(loan, world.people["lender"], "decline"))
    assert other.status_code == 410


def test_a_refusal_from_the_e_mail_says_why(world: World) -> None:
    loan = world.asked()
    address = links.path(loan, world.people["lender"], "decline")
    assert Client().post(address, {"note": ""}).status_code == 422
    assert Client().post(address, {"note": "Déjà promis"}).status_code == 200
    assert Loan.objects.get().status == "declined"


def test_someone_else_who_is_signed_in_is_refused(world: World) -> None:
    loan = world.asked()
    address = links.path(loan, world.people["lender"], "accept")
    for who in ("borrower", "stranger"):
        for answer in (world.clients[who].get(address), world.clients[who].post(address)):
            assert answer.status_code == 403
            assert "Projecteur" not in text(answer)
    assert Loan.objects.get().status == "requested"
    assert world.clients["lender"].post(address)["Location"] == loan.get_absolute_url()


@pytest.mark.parametrize("change", ["cut", "old", "left", "changed"])
def test_a_link_that_serves_no_more_says_so(world: World, change: str, monkeypatch: pytest.MonkeyPatch) -> None:
    loan = world.asked()
    address = links.path(loan, world.people["lender"], "accept")
    if change == "cut":
        address = address[:-3] + "/"
    elif change == "old":
        monkeypatch.setattr(signing.time, "time", lambda real=signing.time.time: real() + 15 * 86400)
    elif change == "left":
        Membership.objects.filter(user=world.people["lender"]).delete()
    else:
        requests.withdraw(loan, by=world.people["borrower"])
    status = Loan.objects.get().status
    for answer in (Client().get(address), Client().post(address)):
        assert answer.status_code == 410
        assert ("Projecteur" in text(answer)) is False
    assert Loan.objects.get().status == status


def test_a_counter_proposal_is_answered_from_the_e_mail(world: World) -> None:
    loan = world.asked()
    lender = world.people["lender"]
    proposals.propose(loan, by=lender, side="lender", periods=[day(11)], quantity=1, conditions="Câbles")
    address = links.path(loan, world.people["borrower"], "accept")
    assert address in Mail.objects.filter(to=world.people["borrower"].email).first().text
    seen = text(Client().get(address))
    assert ("<dt>Conditions</dt>" in seen, "Câbles</ins>" in seen) == (True, True)
    assert Client().post(address).status_code == 200
    loan.refresh_from_db()
    assert (loan.status, loan.conditions) == ("accepted", "Câbles")
    proposals.propose(loan, by=world.people["borrower"], side="borrower", periods=[day(13)], quantity=1)
    change = links.path(loan, world.people["lender"], "decline")
    assert Client().post(change, {"note": "Non"}).status_code == 200
    loan.refresh_from_db()
    assert (loan.status, loan.proposals.filter(status="waiting").exists()) == ("accepted", False)


def test_the_proposer_does_not_answer_herself(world: World) -> None:
    loan = world.asked()
    proposals.propose(loan, by=world.people["lender"], side="lender", periods=[day(11)], quantity=1)
    assert Client().post(links.path(loan, world.people["lender"], "accept")).status_code == 410
    assert Loan.objects.get().status == "countered"


def test_what_is_taken_meanwhile_is_said(world: World) -> None:
    loan, other = world.asked(quantity=2), world.asked(quantity=1)
    address = links.path(loan, world.people["lender"], "accept")
    requests.accept(other, by=world.people["lender"])
    answer = Client().post(address, {"note": "Mon mot gardé"})
    assert answer.status_code == 409
    assert "il n’en reste plus assez" in text(answer)
    assert "Mon mot gardé" in text(answer)
    assert Loan.objects.get(pk=loan.pk).status == "requested"


def test_saying_yes_for_a_person_names_her(db: None) -> None:
    world = World(kind="humain", quantity=1)
    loan = world.asked(supervisor="La direction")
    address = links.path(loan, world.people["lender"], "accept")
    assert Client().post(address).status_code == 422
    assert Client().post(address, {"worker": "Mei Tran", "consent_on": "2026-01-15"}).status_code == 200
    assert Loan.objects.get().worker == "Mei Tran"
    assert reverse("loan_list")


def test_the_link_warns_of_what_the_page_of_the_loan_warns_of(db: None) -> None:
    world = World(kind="humain", quantity=1, schedule="Le jeudi, de 1 h à 2 h")
    for n in range(3):
        requests.accept(world.asked(day(10 + n)), by=world.people["lender"])
    loan, rival = world.asked(day(20)), lend(world.resource, OrganisationFactory(name="La Rivale"), day(20))
    Loan.objects.update(conditions="Repas fournis")
    page, link = world.see("lender", loan), text(Client().get(links.path(loan, world.people["lender"], "accept")))
    for said in ("placement de personnel", "Ce n’est pas tout à fait ce qui est offert", "La Rivale", "Repas fournis"):
        assert (said in page, said in link) == (True, True), said
    assert rival.get_absolute_url() in link
    proposals.propose(loan, by=world.people["lender"], side="lender", periods=[day(21)], quantity=1, message="Et là?")
    link = text(Client().get(links.path(loan, world.people["borrower"], "accept")))
    assert "Et là?" in link
    for said in ("placement de personnel", "La Rivale"):  # for who lends only
        assert said not in link
