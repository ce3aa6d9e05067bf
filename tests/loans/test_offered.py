"""The week that a person is offered: read from her schedule, pre-filled, and told when dates ask more than it."""

from __future__ import annotations

import datetime
import html
import uuid
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from directory import calendar
from directory.models import Resource
from loans import offered
from loans.models import Loan
from mutualisation.kernel.moments import Period, moment, span
from tests.factories import MembershipFactory, OrganisationFactory, ResourceFactory, lend
from tests.loans.lending import accepted, lender_of, member

pytestmark = pytest.mark.django_db
THURSDAYS = "Le jeudi, de 8\u00a0h\u00a030 à 16\u00a0h\u00a030"


def hours(said: str) -> Any:
    return tuple(datetime.time.fromisoformat(each) for each in said.split("-")) if said else None


@pytest.mark.parametrize(
    ("schedule", "days", "when"),
    [
        (THURSDAYS, (4,), "08:30-16:30"),
        ("Mardi au vendredi, de 8 h à 15 h 30", (2, 3, 4, 5), "08:00-15:30"),
        ("les mardis et mercredis, 9 h à 17 h", (2, 3), "09:00-17:00"),
        ("Lundi, mercredi et vendredi", (1, 3, 5), ""),
        ("du lundi au jeudi, 9:00 à 17:00.", (1, 2, 3, 4), "09:00-17:00"),
        ("Vendredi, de 18 h à 2 h", (5,), ""),
    ],
)
def test_a_plain_schedule_is_understood(schedule: str, days: tuple[int, ...], when: str) -> None:
    assert offered.week_of(Resource(kind="humain", schedule=schedule)) == offered.Week(days, hours(when))


@pytest.mark.parametrize(
    "schedule",
    ["", "À convenir, dès janvier", "Troisième jeudi du mois", "Lundi et mardi; un mercredi sur quatre", "Le soir",
     "Le mercredi de paie, à distance", "vendredi au lundi"],
)  # fmt: skip
def test_what_says_more_than_days_and_hours_is_not_guessed(schedule: str) -> None:
    assert offered.week_of(Resource(kind="humain", schedule=schedule)) is None


def at(day: str, start: str = "08:30", end: str = "16:30") -> Period:
    a, b = (moment(datetime.date.fromisoformat(day), datetime.time.fromisoformat(hour)) for hour in (start, end))
    return span(a, b)


@pytest.fixture
def accountant() -> Resource:
    return ResourceFactory(
        slug="comptable", name="Comptable", kind="humain", schedule=THURSDAYS, time_share="1 jour par semaine",
        days_per_week=Decimal(1), horizon_days=5000,
    )  # fmt: skip


def said(resource: Resource, *periods: Period, loan: Loan | None = None) -> str:
    return " ".join(offered.remarks(resource, periods, loan=loan)).replace("\u00a0", " ")


def test_dates_out_of_her_days_or_hours_are_told(accountant: Resource) -> None:
    assert said(accountant, at("2030-03-07"), at("2030-03-14")) == ""
    assert "le mercredi 6 mars 2030 n’y est pas" in said(accountant, at("2030-03-06"))
    assert "le jeudi 7 mars 2030 n’y est pas" in said(accountant, at("2030-03-07", "08:30", "18:00"))
    two = said(accountant, at("2030-03-06"), at("2030-03-14"), at("2030-03-20"))
    assert "2 dates n’y sont pas, à commencer par le mercredi 6 mars 2030" in two
    assert said(ResourceFactory(kind="locaux"), at("2030-03-06")) == ""


def test_a_week_beyond_her_share_is_told_with_what_is_lent_already(accountant: Resource) -> None:
    wednesday, thursday = at("2030-03-06"), at("2030-03-07")
    assert "La semaine du 4 mars 2030 compterait 2 jours." in said(accountant, wednesday, thursday)
    assert "semaine du" not in said(accountant, wednesday)  # asked for by others, nothing is lent yet
    other = accepted(accountant, thursday, worker="Sam Essai", consent_on=datetime.date(2026, 11, 1))
    told = said(accountant, wednesday)
    assert "« 1 jour par semaine ». La semaine du 4 mars 2030 compterait 2 jours, dont 1 déjà prêté." in told
    assert "semaine du" not in said(accountant, at("2030-03-14"))
    assert "semaine du" not in said(accountant, thursday, loan=other)  # never beside itself
    accepted(accountant, at("2030-03-21"), worker="Sam Essai", consent_on=datetime.date(2026, 11, 1))
    told = said(accountant, wednesday, at("2030-03-20"))
    assert "2 semaines en compteraient plus; celle du 4 mars 2030, 2 jours, dont 1 déjà prêté." in told


def page(response: Any) -> str:
    return html.unescape(response.content.decode()).replace("\u00a0", " ")


def test_the_form_says_and_opens_with_what_is_offered(client: Client, accountant: Resource) -> None:
    client.force_login(MembershipFactory().user)
    address = reverse("loan_request", args=["comptable"])
    shown = client.get(address)
    assert "Ce qui est offert : <b>Le jeudi, de 8 h 30 à 16 h 30</b> (1 jour par semaine)" in page(shown)
    form = shown.context["form"]
    values = [form[name].value() for name in ("every", "weekdays", "starts_at", "ends_at")]
    assert values == ["week", [4], *hours("08:30-16:30")]
    shown = client.get(address, {"du": "2030-03-06", "de": "10:00"})  # a day and an hour picked elsewhere stay so
    form = shown.context["form"]
    assert (form["weekdays"].value() or [], form["starts_at"].value()) == ([], "10:00")


def test_who_asks_is_warned_before_sending_and_who_lends_before_answering(client: Client, accountant: Resource) -> None:
    borrower = MembershipFactory()
    client.force_login(borrower.user)
    data = {
        "borrower": borrower.organisation_id, "starts_on": "2030-03-06", "starts_at": "9 h", "ends_at": "16 h",
        "every": "week", "until": "2030-03-20", "quantity": "1", "purpose": "Tenue de livres", "handling": "sur_place",
        "supervisor": "La direction", "interval": "2",
    }  # fmt: skip
    address = reverse("loan_request", args=["comptable"])
    shown = client.post(address, data)
    assert "3 dates n’y sont pas, à commencer par le mercredi 6 mars 2030" in page(shown)
    sent = {**data, "etape": "envoyer", "date": [row["stamp"] for row in shown.context["rows"]]}
    assert client.post(address, sent).status_code == 302  # told, never refused
    loan = Loan.objects.get()
    assert "3 dates n’y sont pas" in page(client.get(loan.get_absolute_url()))
    client.force_login(member(loan.lender))
    assert "3 dates n’y sont pas" in page(client.get(loan.get_absolute_url()))


def test_a_day_that_is_not_offered_is_not_proposed_in_place_of_one_that_is(
    client: Client, accountant: Resource
) -> None:
    borrower = MembershipFactory()
    client.force_login(borrower.user)
    thursdays = [f"2030-03-{day:02}" for day in (7, 14, 21, 28)] + [f"2030-02-{day}" for day in (14, 21, 28)]
    calendar.occupy(accountant, [(at(day), uuid.uuid4()) for day in thursdays], 1)
    data = {
        "borrower": borrower.organisation_id, "starts_on": "2030-03-07", "starts_at": "9 h", "ends_at": "16 h",
        "quantity": "1", "purpose": "Tenue de livres", "handling": "sur_place", "supervisor": "La direction",
    }  # fmt: skip
    address = reverse("loan_request", args=["comptable"])
    refused = client.post(address, data)
    assert refused.status_code == 422
    assert not (refused.context.get("alternatives") or {}).get("periods")
    calendar.occupy(accountant, [(at("2030-03-06"), uuid.uuid4())], 1)
    asked_beyond = client.post(address, {**data, "starts_on": "2030-03-06"})
    assert asked_beyond.context["alternatives"]["periods"]


def test_once_answered_nothing_is_left_to_tell(client: Client, accountant: Resource) -> None:
    loan = accepted(accountant, at("2030-03-06"), worker="Sam Essai", consent_on=datetime.date(2026, 11, 1))
    client.force_login(lender_of(loan))
    assert "tout à fait ce qui est offert" not in page(client.get(loan.get_absolute_url()))
    open_one = lend(accountant, OrganisationFactory(), at("2030-03-13"))
    assert "tout à fait ce qui est offert" in page(client.get(open_one.get_absolute_url()))
