"""The page of a series: each date with what happened to it, one called off, readable by its two sides only."""

from __future__ import annotations

import datetime
import html
import re
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from loans import handover, incidents, requests
from loans.models import Loan, LoanDate
from mutualisation.kernel.moments import span
from tests.loans.lending import signed
from tests.loans.test_loan_pages import World, day

pytestmark = pytest.mark.django_db
WEEK = datetime.timedelta(weeks=1)


@pytest.fixture
def world() -> World:
    return World(kind="locaux", quantity=1, name="Salle du Canal")


def a_series(world: World, count: int = 10) -> Loan:
    return world.asked(*(day(7 * n + 1, 18, 21) for n in range(count)))


def lines(world: World, who: str, loan: Loan) -> list[tuple[str, str]]:
    """Each date of the page: its state, and all that is said of it."""
    page = world.clients[who].get(f"/prets/{loan.pk}/dates/").content.decode()
    found = []
    for item in re.findall(r"<li(?: class=\"refused\")?><div class=\"grow\">(.*?)</li>", page, re.S):
        said = re.sub(r"<details.*", "", item, flags=re.S)
        state = re.search(r'data-tone="\w+">(.*?)<', said)
        text = html.unescape(re.sub(r"<[^>]+>", " ", said)).replace("\u00a0", " ")
        found.append((state[1] if state else "", " ".join(text.split())))
    return found


def test_each_date_says_what_happened_to_it(world: World) -> None:
    loan = a_series(world)
    assert {state for state, _said in lines(world, "borrower", loan)} == {"Demandée"}
    requests.accept(loan, by=world.people["lender"])
    off = list(loan.dates.all())[4]
    requests.cancel_date(off, by=world.people["borrower"], reason="Relâche")
    back = 2 * WEEK + datetime.timedelta(days=1)
    for date in LoanDate.objects.filter(loan=loan):  # time passes
        LoanDate.objects.filter(pk=date.pk).update(period=span(date.period.lower - back, date.period.upper - back))
    loan.refresh_from_db()
    signed(loan)
    handover.fill(
        loan, "handover", by=world.people["lender"],
        sheet=handover.Sheet(happened_at=timezone.now(), late_reason="Oublié"),
    )  # fmt: skip
    incidents.open_incident(loan, by=world.people["lender"], description="Chaise fendue")
    found = lines(world, "lender", loan)
    assert len(found) == 10
    states = [state for state, _said in found]
    assert states[:2] == ["Passée", "Passée"]
    assert states.count("La prochaine") + states.count("En cours") == 1
    assert states.count("Annulée") == 1
    assert states[-1] == "À venir"
    said = " ".join(words for _state, words in found)
    assert "Remise" in said
    assert "Incident : Chaise fendue" in said


def test_a_date_called_off_says_by_whom_and_why_and_the_page_comes_back(world: World) -> None:
    loan = a_series(world)
    requests.accept(loan, by=world.people["lender"])
    client = world.clients["borrower"]
    date = list(loan.dates.all())[3]
    sent = {"geste": f"date-{date.pk}", "version": loan.version, "note": "Relâche", "retour": "dates"}
    answer = client.post(loan.get_absolute_url(), sent)
    assert answer["Location"] == f"/prets/{loan.pk}/dates/"
    state, said = lines(world, "lender", loan)[3]
    assert state == "Annulée"
    assert said.endswith("Annulée par La Marmite : Relâche Annulée")
    assert client.post(loan.get_absolute_url(), sent).status_code == 409
    assert world.clients["stranger"].get(f"/prets/{loan.pk}/dates/").status_code == 404


def test_the_page_of_the_loan_shows_the_next_dates_and_leads_to_all(world: World) -> None:
    few, many = a_series(world, 5), a_series(World(kind="locaux", quantity=1), 5)
    page = world.clients["lender"].get(few.get_absolute_url()).content.decode()
    assert "ce qui est arrivé à chacune" not in page
    assert page.count("Annuler cette date</button>") == 5
    assert many.pk != few.pk
    long = a_series(world, 30)
    page = world.clients["lender"].get(long.get_absolute_url()).content.decode()
    assert "Les 30 dates et ce qui est arrivé à chacune" in page
    assert page.count("Annuler cette date</button>") == 6


def test_the_same_number_of_queries_for_three_dates_and_thirty(world: World) -> None:
    counts: list[Any] = []
    for count in (3, 30):
        loan = a_series(world, count)
        world.clients["lender"].get(f"/prets/{loan.pk}/dates/")
        with CaptureQueriesContext(connection) as queries:
            world.clients["lender"].get(f"/prets/{loan.pk}/dates/")
        counts.append(sum(q["sql"].startswith("SELECT") for q in queries))
    assert counts[0] == counts[1] <= 13, counts  # six of its own
