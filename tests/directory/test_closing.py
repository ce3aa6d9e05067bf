"""Owners take time out of the calendar and give it back; exceptional days; loans come first."""

from __future__ import annotations

import datetime
import uuid
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.utils import timezone

from directory import calendar, closing
from directory.models import Closure, ExceptionalHours, Occupation, OpeningHours, Reason, Resource
from mutualisation.kernel.moments import moment, span, whole_days
from tests.directory.typed import page_of
from tests.factories import MembershipFactory, ResourceFactory, UserFactory

pytestmark = pytest.mark.django_db

MONDAY = datetime.date(2027, 3, 8)
NOW = datetime.datetime(2027, 3, 1, 17, tzinfo=datetime.UTC)
PAGE = "/ressources/salle/agenda/bloquer/"
HOURS = "/ressources/salle/agenda/horaires/"


@pytest.fixture(autouse=True)
def _today(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timezone, "now", lambda: NOW)


@pytest.fixture
def room() -> Resource:
    return ResourceFactory(slug="salle", kind="locaux")


@pytest.fixture
def member(room: Resource) -> Any:
    return MembershipFactory(organisation=room.organisation, role="gestionnaire").user


def lend(resource: Resource, day: datetime.date = MONDAY, quantity: int = 1) -> None:
    period = span(moment(day, datetime.time(10)), moment(day, datetime.time(12)))
    calendar.occupy(resource, [(period, uuid.uuid4())], quantity)


def test_blocked_time_is_taken_and_given_back(room: Resource, member: Any) -> None:
    period = whole_days(MONDAY, MONDAY)
    closure = closing.block(resource=room, period=period, quantity=1, note="Grand ménage", by=member)
    assert [r.code for r in calendar.refusals(room, period)] == ["taken"]
    assert closing.unblock(closure, by=member)
    assert calendar.refusals(room, period) == []
    assert not Closure.objects.exists()
    assert not closing.unblock(closure, by=member)


def test_what_has_begun_keeps_its_past(room: Resource, member: Any) -> None:
    start = NOW - datetime.timedelta(days=2)
    closure = closing.block(resource=room, period=span(start, NOW + datetime.timedelta(days=2)), quantity=1, by=member)
    assert closing.unblock(closure, by=member)
    closure.refresh_from_db()
    assert (closure.period.lower, closure.period.upper) == (start, NOW)
    assert Occupation.objects.get().period.upper == NOW


def test_loans_come_first_and_are_named_by_number_and_time(member: Any, room: Resource) -> None:
    lend(room)
    lend(room, MONDAY + datetime.timedelta(1))
    with pytest.raises(closing.Held) as refused:
        closing.block(resource=room, period=whole_days(MONDAY, MONDAY + datetime.timedelta(2)), quantity=1, by=member)
    said = refused.value.sentence.replace("\u00a0", " ")
    assert said.startswith("2 prêts tiennent à ce moment-là : le lundi 8 mars 2027, de 10 h à 12 h; le mardi 9 mars")
    assert not Closure.objects.exists()
    assert Occupation.objects.filter(reason="closure").count() == 0


def test_what_is_left_is_said(member: Any, room: Resource) -> None:
    Resource.objects.filter(pk=room.pk).update(quantity=5)
    room.refresh_from_db()
    lend(room, quantity=3)
    with pytest.raises(closing.Held, match="On peut encore en bloquer 2"):
        closing.block(resource=room, period=whole_days(MONDAY, MONDAY), quantity=5, by=member)
    closing.block(resource=room, period=whole_days(MONDAY, MONDAY), quantity=2, by=member)
    with pytest.raises(closing.Held, match="Un prêt tient"):
        closing.block(resource=room, period=whole_days(MONDAY, MONDAY), quantity=1, by=member)


def test_a_loan_of_a_part_holds_the_whole(member: Any, room: Resource) -> None:
    east = ResourceFactory(kind="locaux", part_of=room, organisation=room.organisation)
    lend(east)
    with pytest.raises(closing.Held, match="Un prêt tient"):
        closing.block(resource=room, period=whole_days(MONDAY, MONDAY), quantity=1, by=member)
    closing.block(resource=room, period=whole_days(MONDAY + datetime.timedelta(1), MONDAY + datetime.timedelta(1)),
                  quantity=1, by=member)  # fmt: skip
    assert set(Occupation.objects.filter(reason="closure").values_list("resource", flat=True)) == {room.pk, east.pk}


def test_only_the_owners_people_block(room: Resource, member: Any) -> None:
    period = whole_days(MONDAY, MONDAY)
    closure = closing.block(resource=room, period=period, quantity=1, by=member)
    for other in (UserFactory(), MembershipFactory(role="gestionnaire").user):
        with pytest.raises(PermissionDenied):
            closing.block(resource=room, period=period, quantity=1, by=other)
        with pytest.raises(PermissionDenied):
            closing.unblock(closure, by=other)
        with pytest.raises(PermissionDenied):
            closing.set_hours(owner=room, days=(MONDAY, MONDAY), hours=None, by=other)
    with pytest.raises(PermissionDenied):
        closing.block(resource=room, period=period, quantity=1, reason=Reason.LOAN, by=member)


# ---- from the page


def test_blocked_and_taken_back_from_the_page(client: Client, room: Resource, member: Any) -> None:
    client.force_login(member)
    assert 'value="2027-03-09"' in client.get(f"{PAGE}?du=2027-03-09").content.decode()
    sent = client.post(PAGE, {"starts_on": "2027-03-09", "starts_at": "9 h", "ends_at": "12:00", "reason": "repair",
                              "note": "Plancher"})  # fmt: skip
    assert sent.status_code == 302
    closure = Closure.objects.get()
    assert (closure.reason, closure.note, closure.created_by) == ("repair", "Plancher", member)
    page = client.get(PAGE).content.decode()
    assert "Le mardi 9 mars 2027, de 9\u00a0h à 12\u00a0h" in page
    assert client.post(f"/ressources/salle/agenda/blocages/{closure.pk}/retirer/").status_code == 302
    assert not Occupation.objects.exists()


def test_hours_are_typed_as_in_a_request_until_midnight(client: Client, room: Resource, member: Any) -> None:
    client.force_login(member)
    assert 'type="time"' not in client.get(PAGE).content.decode()
    data = {"starts_on": "09/03/27", "starts_at": "18h30", "ends_at": "minuit", "reason": "closure"}
    assert client.post(PAGE, data).status_code == 302
    assert "Le mardi 9 mars 2027, de 18\u00a0h\u00a030 à minuit" in client.get(PAGE).content.decode()
    days = {
        "starts_on": "2027-03-14",
        "opens_at": "18 h",
        "closes_at": "minuit",
        "label": "Veillée",
    }
    assert client.post(HOURS, days).status_code == 302
    hours = ExceptionalHours.objects.get()
    assert (hours.opens_at, hours.closes_at) == (datetime.time(18), datetime.time(23, 59))


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"starts_on": ""}, "Écrivez une date, comme 2026-12-17"),
        ({"starts_on": "lundi 9 mars 2027"}, "Le 9 mars 2027 est un mardi"),
        ({"starts_on": "demain"}, "Écrivez la date ainsi"),
        ({"starts_on": "2027-02-29"}, "Le 29 février 2027 n’existe pas"),
        ({"starts_on": "2027-02-20"}, "déjà passé"),
        ({"ends_on": "2027-03-07"}, "ne précède pas"),
        ({"ends_on": "2099-12-31"}, "trop loin"),
        ({"starts_at": "12:00", "ends_at": "9:00"}, "suit l’heure de début"),
        ({"starts_on": "2027-03-14", "starts_at": "2:30"}, "l’horloge avance"),
        ({"starts_on": "2027-03-10", "starts_at": "25:00"}, "Écrivez une heure"),
        ({"reason": "loan"}, ""),
        ({"reason": ""}, "Choisissez un motif"),
        ({"starts_on": "2027-03-08"}, "Un prêt tient à ce moment-là"),
    ],
)
def test_what_is_refused_is_said_and_kept(
    client: Client, room: Resource, member: Any, typed: dict[str, str], sentence: str
) -> None:
    lend(room)
    client.force_login(member)
    data = {"starts_on": "2027-03-09", "reason": "closure", "note": "Ma remarque", **typed}
    response = client.post(PAGE, data)
    page = response.content.decode()
    assert response.status_code == 422
    assert sentence in page
    assert "Ma remarque" in page
    assert not Closure.objects.exists()


def test_exceptional_days_of_a_resource_and_of_a_house(client: Client, room: Resource, member: Any) -> None:
    for weekday in range(1, 6):
        OpeningHours.objects.create(resource=room, weekday=weekday, opens_at="09:00", closes_at="17:00")
    client.force_login(member)
    house = f"/organismes/{room.organisation.slug}/agenda/horaires/"
    lend(room)
    sent = client.post(house, {"starts_on": "2027-03-08", "ends_on": "2027-03-12", "label": "Relâche"}, follow=True)
    assert "Un prêt déjà convenu tombe ces jours-là" in sent.content.decode()
    tuesday = span(moment(datetime.date(2027, 3, 9), datetime.time(10)),
                   moment(datetime.date(2027, 3, 9), datetime.time(11)))  # fmt: skip
    assert "Relâche" in calendar.refusals(room, tuesday)[0].sentence
    sent = client.post(HOURS, {"starts_on": "2027-03-09", "opens_at": "8:00", "closes_at": "20:00"})
    assert sent.status_code == 302
    assert calendar.refusals(room, tuesday) == []
    own = ExceptionalHours.objects.get(resource=room)
    assert client.post(f"/ressources/salle/agenda/horaires/{own.pk}/retirer/").status_code == 302
    row = ExceptionalHours.objects.get()
    assert client.post(f"{house}{row.pk}/retirer/").status_code == 302
    assert calendar.refusals(room, tuesday) == []


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"opens_at": "9:00"}, "Il manque cette heure"),
        ({"opens_at": "17:00", "closes_at": "9:00"}, "La fermeture suit"),
        ({"ends_on": "2027-03-01"}, "ne précède pas"),
    ],
)
def test_exceptional_days_that_make_no_sense(
    client: Client, room: Resource, member: Any, typed: dict[str, str], sentence: str
) -> None:
    client.force_login(member)
    response = client.post(HOURS, {"starts_on": "2027-03-09", "label": "Soirée", **typed})
    assert response.status_code == 422
    assert sentence in response.content.decode()
    assert 'value="Soirée"' in response.content.decode()
    assert not ExceptionalHours.objects.exists()


def test_each_page_has_one_form_so_that_sending_it_loses_nothing(client: Client, room: Resource, member: Any) -> None:
    client.force_login(member)
    for page, other in ((PAGE, HOURS), (HOURS, PAGE)):
        told = client.get(f"{page}?du=2027-03-09").content.decode()
        assert told.count('name="starts_on"') == 1
        assert f'href="{other}?du=2027-03-09"' in told
        refused = client.post(page, {"starts_on": "jamais"})
        assert (refused.status_code, refused.content.decode().count('name="starts_on"')) == (422, 1)


# ---- what the triggers refuse, said by the forms


def test_a_quantity_below_what_is_promised_is_named() -> None:
    chairs = ResourceFactory(quantity=10)
    calendar.occupy(chairs, [(whole_days(MONDAY, MONDAY), uuid.uuid4())], 7)
    chairs.quantity = 6
    with pytest.raises(Exception, match="7 unités sont promises"):
        chairs.full_clean()
    chairs.quantity = 7
    chairs.full_clean()
    chairs.save()


def test_a_part_of_a_part_is_told() -> None:
    whole = ResourceFactory(kind="locaux")
    half = ResourceFactory(kind="locaux", part_of=whole, organisation=whole.organisation)
    other = ResourceFactory(kind="locaux", organisation=whole.organisation)
    elsewhere = ResourceFactory(kind="locaux")
    for resource, part_of, sentence in (
        (other, half, "n’a pas de parties"), (whole, other, "a déjà des parties"), (elsewhere, whole, "même organisme"),
    ):  # fmt: skip
        resource.part_of = part_of
        with pytest.raises(Exception, match=sentence):
            resource.full_clean()


def test_the_form_of_a_resource_says_what_is_promised_and_keeps_what_was_typed(client: Client) -> None:
    chairs = ResourceFactory(kind="materiel", quantity=10)
    client.force_login(MembershipFactory(organisation=chairs.organisation).user)
    calendar.occupy(chairs, [(whole_days(MONDAY, MONDAY), uuid.uuid4())], 7)
    _page, data = page_of(client, chairs)
    address = f"/ressources/{chairs.slug}/modifier/"
    response = client.post(address, {**data, "quantity": "6", "summary": "Tout neuf"})
    assert response.status_code == 422
    assert "7 unités sont promises" in response.content.decode()
    assert "Tout neuf" in response.content.decode()
    assert client.post(address, {**data, "quantity": "7", "accepts_by_itself": "on"}).status_code == 302
    chairs.refresh_from_db()
    assert (chairs.quantity, chairs.accepts_by_itself) == (7, True)


def test_a_room_says_whether_holidays_close_it(client: Client, room: Resource, member: Any) -> None:
    client.force_login(member)
    _page, data = page_of(client, room)
    assert data["closed_on_holidays"] == "on"
    del data["closed_on_holidays"]
    assert client.post("/ressources/salle/modifier/", data).status_code == 302
    room.refresh_from_db()
    assert not room.closed_on_holidays
