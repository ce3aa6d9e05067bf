"""The list of loans, what awaits in my space and in the menu, a day’s sheet, and what an organisation’s page says."""

from __future__ import annotations

import datetime
import html
import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from directory.models import Resource
from loans import proposals, requests
from loans.models import Loan, LoanDate
from mutualisation.kernel.moments import moment, span
from tests.factories import ResourceFactory, UserFactory
from tests.loans.test_loan_pages import World, day

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(db: None) -> World:
    return World()


def test_lists_cost_the_same_for_one_and_three(world: World) -> None:
    def queries(address: str) -> int:
        world.clients["lender"].get(address)
        with CaptureQueriesContext(connection) as seen:
            assert world.clients["lender"].get(address).status_code == 200
        return len(seen)

    addresses = (reverse("loan_list"), reverse("my_space"), reverse("loan_sheet") + f"?jour={timezone.localdate()}")
    world.stand("requested"), world.stand("accepted")
    LoanDate.objects.update(period=day(0, 1, 23))
    before = {address: queries(address) for address in addresses}
    for state in ("requested", "accepted", "countered", "handed_over"):
        Resource.objects.update(quantity=50)
        world.stand(state)
    LoanDate.objects.update(period=day(0, 1, 23))
    assert {address: queries(address) for address in addresses} == before
    assert before[reverse("loan_list")] <= 13
    loan = world.stand("requested")
    detail = queries(loan.get_absolute_url())
    for n in range(3):
        world.do("lender", loan, "message", note=f"Message {n}")
    assert queries(loan.get_absolute_url()) == detail


def test_tabs_hold_what_they_say(world: World) -> None:
    loans = {state: world.stand(state) for state in ("requested", "accepted", "closed")}
    Resource.objects.update(quantity=50)
    out = world.stand("handed_over")
    past = timezone.now() - datetime.timedelta(days=1)
    Loan.objects.filter(pk=out.pk).update(starts_at=past - datetime.timedelta(days=1), ends_at=past)

    def rows(who: str, query: str) -> list[int]:
        return [row.loan.pk for row in world.clients[who].get(reverse("loan_list") + query).context["rows"]]

    assert rows("lender", "?etat=repondre") == [loans["requested"].pk]
    assert rows("borrower", "?etat=repondre") == []
    assert rows("lender", "?etat=venir") == [loans["accepted"].pk]
    assert rows("lender", "?etat=retard") == rows("lender", "?etat=cours") == [out.pk]
    assert rows("lender", "?etat=passes") == [loans["closed"].pk]
    assert rows("lender", "?sens=empruntes") == []
    assert len(rows("borrower", "?sens=empruntes")) == 3
    assert len(rows("lender", f"?ressource={world.resource.slug}")) == 3
    other = ResourceFactory(slug="autre")
    assert len(rows("lender", f"?ressource={other.slug}")) == 3  # nothing of hers to filter by
    assert len(rows("lender", "?etat=xyz&page=99&sens=zut&pour=tous")) == 3
    assert rows("stranger", "") == []


def test_the_list_names_the_gesture(world: World) -> None:
    for state, gesture in (("requested", "Répondre"), ("returned", "Terminer"), ("accepted", "Ouvrir")):
        loan = world.stand(state)
        page = world.clients["lender"].get(reverse("loan_list")).content.decode()
        assert re.search(rf'href="{loan.get_absolute_url()}">{gesture}<span class="vh">', page), state


def test_what_awaits_is_counted_in_the_menu_and_told_in_my_space(world: World) -> None:
    loan = world.stand("requested")
    page = html.unescape(world.clients["lender"].get(reverse("my_space")).content.decode())
    assert "La Marmite attend votre réponse" in page
    assert re.search(r'class="count">1<span class="vh"> à traiter', page)
    mine = html.unescape(world.clients["borrower"].get(reverse("my_space")).content.decode())
    assert "à traiter" not in mine
    proposals.propose(loan, by=world.people["lender"], side="lender", periods=[day(11)], quantity=1)
    assert "à traiter" in world.clients["borrower"].get(reverse("home")).content.decode()
    assert "à traiter" not in world.clients["lender"].get(reverse("home")).content.decode()
    requests.withdraw(loan, by=world.people["borrower"])
    assert "à traiter" not in world.clients["borrower"].get(reverse("home")).content.decode()


def test_what_is_late_or_due_today_awaits_both(world: World) -> None:
    out = world.stand("handed_over")
    late = timezone.now() - datetime.timedelta(days=3)
    Loan.objects.filter(pk=out.pk).update(starts_at=late - datetime.timedelta(days=1), ends_at=late)
    for who in ("lender", "borrower"):
        page = html.unescape(world.clients[who].get(reverse("my_space")).content.decode())
        assert "En retard de 3 jours" in page
    Loan.objects.filter(pk=out.pk).update(ends_at=moment(timezone.localdate(), datetime.time(23, 59)))
    page = html.unescape(world.clients["lender"].get(reverse("my_space")).content.decode())
    assert "À rendre aujourd’hui" in page


def test_who_lent_ends_the_loan_and_names_the_person(world: World) -> None:
    loan = world.stand("returned")
    page = html.unescape(world.clients["lender"].get(reverse("my_space")).content.decode())
    assert "À terminer" in page
    assert "À terminer" not in html.unescape(world.clients["borrower"].get(reverse("my_space")).content.decode())
    people = World(kind="humain", quantity=1)
    loan = people.asked()
    requests.accept(loan, by=people.people["lender"])
    assert "Personne à nommer" in html.unescape(people.clients["lender"].get(reverse("my_space")).content.decode())
    requests.record_person(loan, by=people.people["lender"], worker="Mei Tran", consent_on=timezone.localdate())
    page = html.unescape(people.clients["lender"].get(reverse("my_space")).content.decode())
    assert "Personne à nommer" not in page


def test_a_days_sheet_says_what_leaves_and_comes_back(world: World) -> None:
    Resource.objects.update(pickup_instructions="Porte 3")
    loan = world.asked(span(day(10).lower, day(12).upper))
    requests.accept(loan, by=world.people["lender"])
    when = timezone.localdate()

    def groups(who: str, days: int) -> list[int]:
        address = f"{reverse('loan_sheet')}?jour={when + datetime.timedelta(days=days)}"
        response = world.clients[who].get(address)
        assert ("Porte 3" in response.content.decode()) == any(g[1] for g in response.context["groups"])
        return [len(lines) for _label, lines, _leaving in response.context["groups"]]

    assert groups("lender", 10) == groups("borrower", 10) == [1, 0]
    assert groups("lender", 11) == [0, 0]
    assert groups("lender", 12) == [0, 1]
    assert groups("stranger", 10) == [0, 0]
    answer = world.clients["lender"].get(reverse("loan_sheet") + "?jour=2027-02-29")
    assert "Le 29 février 2027 n’existe pas" in html.unescape(answer.content.decode())


def test_an_organisation_shows_the_loans_it_kept(world: World) -> None:
    page = Client().get(world.borrower.get_absolute_url()).content.decode()
    assert "Rendu à temps" not in page
    world.stand("closed")
    page = html.unescape(Client().get(world.borrower.get_absolute_url()).content.decode())
    assert "Rendu à temps" in page
    assert "1 sur 1" in page


def test_who_acts_for_nobody_is_told_where_to_begin(db: None) -> None:
    client = Client()
    client.force_login(UserFactory())
    assert reverse("organisation_create") in client.get(reverse("loan_list")).content.decode()
    assert client.get(reverse("loan_sheet")).status_code == 200
