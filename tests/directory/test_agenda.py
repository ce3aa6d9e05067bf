"""Calendars of resources and organisations: what each reader sees of a month, a week, a list, a feed."""

from __future__ import annotations

import datetime
import re
import uuid
from html import unescape
from typing import Any

import pytest
import vobject
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from directory import agenda, calendar, closing
from directory.models import ExceptionalHours, Occupation, OpeningHours, Reason, Resource
from mutualisation.kernel.moments import moment, span, whole_days
from tests.factories import MembershipFactory, OrganisationFactory, ResourceFactory, UserFactory

pytestmark = pytest.mark.django_db

MONDAY = datetime.date(2027, 3, 8)  # the clock moves on Sunday the 14th
NOW = datetime.datetime(2027, 3, 1, 17, tzinfo=datetime.UTC)
DAY = datetime.timedelta(1)


@pytest.fixture(autouse=True)
def _today(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timezone, "now", lambda: NOW)


def at(hour: int, end: int, day: datetime.date = MONDAY) -> Any:
    return span(moment(day, datetime.time(hour)), moment(day, datetime.time(end)))


def take(resource: Resource, period: Any, quantity: int = 1, reason: Reason = Reason.LOAN) -> uuid.UUID:
    act = uuid.uuid4()
    calendar.occupy(resource, [(period, act)], quantity, reason=reason)
    return act


def hall(**fields: Any) -> Resource:
    """A hall open from Monday to Saturday."""
    made = ResourceFactory(slug="salle", name="Salle du Canal", kind="locaux", **fields)
    for weekday in range(1, 7):
        OpeningHours.objects.create(resource=made, weekday=weekday, opens_at="09:00", closes_at="17:00")
    return made


def text(client: Client, address: str) -> str:
    """What the page says, its marks aside."""
    response = client.get(address)
    assert response.status_code == 200, address
    body = response.content.decode()
    main = body[body.index("<main") : body.index("</main>")]
    main = re.sub(r"</(h3|p|td|th|li)>", " ", main)
    return " ".join(unescape(re.sub(r"<[^>]+>", "", main)).replace("\u00a0", " ").split())


def test_a_month_says_each_day(client: Client) -> None:
    room = hall()
    take(room, at(10, 12))
    take(room, whole_days(MONDAY + DAY, MONDAY + DAY))
    ExceptionalHours.objects.create(
        organisation=room.organisation, starts_on=MONDAY + 3 * DAY, ends_on=MONDAY + 4 * DAY, label="Relâche"
    )
    said = text(client, "/ressources/salle/agenda/?mois=2027-03")
    assert "Mars 2027" in said
    assert "lundi 8 mars : en partie, demander ce jour" in said
    assert "mardi 9 mars : pris" in said
    assert "mercredi 10 mars : libre, demander ce jour" in said
    assert "jeudi 11 mars : fermé (Relâche)" in said
    assert "vendredi 26 mars : fermé (Vendredi saint)" in said
    assert "du 11 au 12 mars : fermé (Relâche)" in said
    assert "lundi 1 mars, aujourd’hui : libre" in said
    page = client.get("/ressources/salle/agenda/?mois=2027-03").content.decode()
    assert page.count('aria-current="date"') == 1
    assert 'href="/ressources/salle/demander/?du=2027-03-10"' in page
    assert 'demander/?du=2027-03-09"' not in page
    assert tuple(
        re.search(rf'href="(\?{word}[^"]*)"', page)[1]  # type: ignore[index]
        for word in ("mois=2027-02", "mois=2027-04", "semaine")
    ) == ("?mois=2027-02", "?mois=2027-04", "?semaine=2027-03-01")
    assert len(page.encode()) < 30_000


def test_what_is_over_is_past_and_the_page_moves_with_the_hour(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    hall()
    address = "/ressources/salle/agenda/?mois=2027-03"
    before = client.get(address)
    assert "vendredi 26 février : passé" in text(client, "/ressources/salle/agenda/?mois=2027-02")
    assert "lundi 1 mars, aujourd’hui : libre" in text(client, address)
    monkeypatch.setattr(timezone, "now", lambda: NOW + datetime.timedelta(hours=6))
    after = client.get(address, headers={"If-None-Match": before["ETag"]})
    assert after.status_code == 200
    assert "lundi 1 mars, aujourd’hui : passé" in text(client, address)


def test_a_week_and_a_list_say_the_same(client: Client) -> None:
    room = hall()
    take(room, at(10, 12))
    week = text(client, "/ressources/salle/agenda/?semaine=2027-03-10")
    assert "Semaine du 7 mars au 13 mars 2027" in week
    assert "Lundi 8 mars" in week
    assert "libre en partie : pris de 10 h à 12 h" in week
    assert "ouvert de 9 h à 17 h" in week
    listed = text(client, "/ressources/salle/agenda/?mois=2027-03&vue=liste")
    assert "Le lundi 8 mars libre en partie : pris de 10 h à 12 h" in listed
    assert listed.count(" mars ") >= 31


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("mois=demain", "« demain » n’est pas une date"),
        ("semaine=2027-02-30", "Le 30 février 2027 n’existe pas"),
        ("mois=vendredi+17+décembre+2026", "Le 17 décembre 2026 est un jeudi"),
        ("mois=9999-12", "cinq ans en avant"),
        ("mois=0001-01", "d’un an en arrière"),
        ("mois=2027-13", "n’est pas une date"),
        ("mois=%00", ""),
        ("semaine=", ""),
    ],
)
@pytest.mark.parametrize("base", ["/ressources/salle/agenda/", "/organismes/maison/agenda/"])
def test_a_moment_that_makes_no_sense_is_told(client: Client, base: str, query: str, sentence: str) -> None:
    hall(organisation=OrganisationFactory(slug="maison"))
    said = text(client, f"{base}?{query}")
    assert sentence in said
    assert "ars 2027" in said


def test_many_units_are_counted(client: Client) -> None:
    chairs = ResourceFactory(slug="chaises", quantity=50)
    take(chairs, at(10, 12), 20)
    take(chairs, at(12, 14), 20)  # the same twenty
    take(chairs, at(9, 18, MONDAY + DAY), 50)
    said = text(client, "/ressources/chaises/agenda/?mois=2027-03")
    assert "lundi 8 mars : 30 libres" in said
    assert "mardi 9 mars : en partie" in said
    assert "mercredi 10 mars : 50 libres" in said
    assert "30 libres sur 50" in text(client, "/ressources/chaises/agenda/?semaine=2027-03-08")


def test_a_month_costs_the_same_whatever_it_holds(client: Client) -> None:
    room = hall()
    chairs = ResourceFactory(slug="chaises", quantity=50, organisation=room.organisation)
    addresses = ("/ressources/salle/agenda/", "/ressources/chaises/agenda/?semaine=2027-03-08")
    costs = []
    for n in range(3):
        for hour in range(9, 17):
            take(room, at(hour, hour + 1, MONDAY + n * DAY))
            take(chairs, at(hour, hour + 1, MONDAY + n * DAY), 10 + n)
        for address in addresses:
            with CaptureQueriesContext(connection) as seen:
                page = client.get(address)
            costs.append(len(seen))
            assert len(page.content) < 30_000
    assert costs == [4] * 6  # the version, the resource, its opening, what takes it


def test_an_organisation_shows_its_resources_at_a_constant_cost(client: Client) -> None:
    room = hall(organisation=OrganisationFactory(slug="maison", name="La Maison"))
    take(room, whole_days(MONDAY, MONDAY + DAY))
    costs = []
    for n in range(2):
        with CaptureQueriesContext(connection) as seen:
            client.get("/organismes/maison/agenda/?mois=2027-03")
        costs.append(len(seen))
        for _ in range(2):
            ResourceFactory(organisation=room.organisation, name=f"Tente {n}")
    assert costs == [6, 6]
    said = text(client, "/organismes/maison/agenda/?mois=2027-03")
    assert "du 8 au 9 mars : pris" in said
    assert "Tente 1" in said
    in_list = text(client, "/organismes/maison/agenda/?mois=2027-03&vue=liste")
    assert "Du 8 au 9 mars : pris" in in_list


def test_the_owners_people_see_why_and_nobody_else(client: Client) -> None:
    room = hall()
    member = MembershipFactory(organisation=room.organisation).user
    take(room, at(10, 12))
    closing.block(
        resource=room, period=whole_days(MONDAY + DAY, MONDAY + DAY), quantity=1, reason="repair",
        note="Plancher de Rosalie", by=member,
    )  # fmt: skip
    addresses = ["/ressources/salle/agenda/?mois=2027-03", "/ressources/salle/agenda/?semaine=2027-03-08",
                 "/ressources/salle/agenda/?mois=2027-03&vue=liste"]  # fmt: skip
    secrets = ("réparation", "prêt,", "Rosalie", "/prets/?ressource", "bloquer")
    stranger = UserFactory()
    for reader in (None, stranger):
        if reader:
            client.force_login(reader)
        for address in [*addresses, "/ressources/salle/", "/ressources/salle/agenda.ics", "/organismes/maison/agenda/"]:
            page = client.get(address).content.decode()
            assert not [word for word in secrets if word in page], (reader, address)
    client.force_login(member)
    for address in addresses:
        page = client.get(address).content.decode()
        assert "Plancher de Rosalie" in page
        assert 'href="/prets/?ressource=salle"' in page
        assert "réparation" in page
    assert "Rosalie" not in client.get("/ressources/salle/agenda.ics").content.decode()
    assert "/ressources/salle/demander/" not in client.get(addresses[0]).content.decode()


def test_nothing_of_what_is_restricted_reaches_a_stranger(client: Client) -> None:
    """Its calendar, its feed, its strip, its organisation’s calendar: as if it did not exist."""
    house = OrganisationFactory(slug="maison")
    hall(organisation=house)
    address = "/organismes/maison/agenda/?mois=2027-03"
    before = client.get(address).content
    cellar = ResourceFactory(slug="cave", name="Ornithorynque", organisation=house, visibility="organisations")
    take(cellar, at(10, 12))
    assert client.get(address).content == before
    for path in ("", "agenda/", "agenda/?vue=liste", "agenda/?semaine=2027-03-08", "agenda.ics", "agenda.ifb"):
        assert client.get(f"/ressources/cave/{path}").status_code == 404, path
    friend = MembershipFactory()
    cellar.visible_organisations.add(friend.organisation)
    client.force_login(friend.user)
    assert "Ornithorynque" in client.get(address).content.decode()
    for path in ("agenda/", "agenda.ics", "agenda.ifb"):
        response = client.get(f"/ressources/cave/{path}")
        assert response.status_code == 200
        assert response["X-Robots-Tag"] == "noindex"
        assert "public" not in response.get("Cache-Control", "")


def test_a_paused_or_late_day_is_not_asked_for(client: Client) -> None:
    room = hall(horizon_days=10, notice_hours=72)
    page = client.get("/ressources/salle/agenda/?mois=2027-03").content.decode()
    asked = re.findall(r"demander/\?du=([-\d]+)", page)
    assert asked == [f"2027-03-{day:02}" for day in (4, 5, 6, 8, 9, 10, 11)]
    Resource.objects.filter(pk=room.pk).update(is_paused=True)
    assert "demander/?du" not in client.get("/ressources/salle/agenda/?mois=2027-03").content.decode()


def test_the_page_of_a_resource_says_the_next_four_weeks(client: Client) -> None:
    room = hall()
    take(room, at(10, 12))
    said = text(client, "/ressources/salle/")
    assert "lundi 8 mars : libre en partie : pris de 10 h à 12 h" in said
    page = client.get("/ressources/salle/").content.decode()
    strip = page[page.index('<ol class="strip"') :]
    assert strip[: strip.index("</ol>")].count("<li") == 28
    mark = client.get("/ressources/salle/")["ETag"]
    take(room, at(13, 14))
    assert client.get("/ressources/salle/", headers={"if-none-match": mark}).status_code == 200


def test_what_a_part_takes_is_taken_from_the_whole() -> None:
    whole = ResourceFactory(kind="locaux")
    east = ResourceFactory(kind="locaux", part_of=whole, organisation=whole.organisation)
    take(east, at(10, 12))
    kits = ResourceFactory(quantity=4)
    stands = ResourceFactory(quantity=8, part_of=kits, organisation=kits.organisation)
    take(stands, at(10, 12), 3)
    shown = agenda.days([whole, east, kits], MONDAY, 2)
    assert [(d.state, d.free) for d in shown[whole.pk]] == [("part", 0), ("free", 1)]
    assert [(d.state, d.free) for d in shown[kits.pk]] == [("free", 2), ("free", 4)]


# ---- the feed


def events(client: Client, slug: str) -> list[Any]:
    """What another program reads of the feed."""
    response = client.get(f"/ressources/{slug}/agenda.ics")
    assert response["Content-Type"].startswith("text/calendar")
    read = vobject.readOne(response.content.decode())
    return list(getattr(read, "vevent_list", []))


def test_a_feed_is_read_back_right_across_both_clock_changes(client: Client) -> None:
    room = ResourceFactory(slug="salle", name="Salle du Canal", kind="locaux")
    spring, autumn = datetime.date(2027, 3, 14), datetime.date(2027, 11, 7)
    asked = [whole_days(spring, spring), whole_days(autumn, autumn), at(18, 21, spring - DAY), at(18, 21, spring),
             at(18, 21, autumn + DAY)]  # fmt: skip
    for period in asked:
        if period != asked[3]:
            take(room, period)
    found = events(client, "salle")
    read = sorted((e.dtstart.value, e.dtend.value) for e in found)
    kept = sorted((p.lower, p.upper) for n, p in enumerate(asked) if n != 3)
    assert [(a.astimezone(datetime.UTC), b.astimezone(datetime.UTC)) for a, b in read] == [
        (a.astimezone(datetime.UTC), b.astimezone(datetime.UTC)) for a, b in kept
    ]
    lengths = {a.date().isoformat(): (b - a) for a, b in read}
    assert datetime.timedelta(hours=23) in lengths.values()
    assert datetime.timedelta(hours=25) in lengths.values()
    assert {e.summary.value for e in found} == {"Occupé"}
    assert len({e.uid.value for e in found}) == 4
    assert not [e for e in found if hasattr(e, "attendee") or hasattr(e, "organizer") or hasattr(e, "description")]


def test_a_feed_keeps_its_uids_and_a_year_of_the_past(client: Client) -> None:
    chairs = ResourceFactory(slug="chaises", quantity=10)
    act = take(chairs, at(9, 17), 6)
    take(chairs, at(9, 17, datetime.date(2026, 4, 1)), 2)
    take(chairs, at(9, 17, datetime.date(2025, 4, 1)), 2)
    before = {e.uid.value: e for e in events(client, "chaises")}
    assert [e.summary.value for e in before.values()] == ["Occupé : 2 sur 10".replace(" :", "\u00a0:"),
                                                         "Occupé : 6 sur 10".replace(" :", "\u00a0:")]  # fmt: skip
    calendar.release_units(chairs, [act], 4, at=moment(MONDAY, datetime.time(12)))
    after = {e.uid.value: e for e in events(client, "chaises")}
    assert set(before) < set(after)
    assert len(after) == 3
    assert str(act) not in client.get("/ressources/chaises/agenda.ics").content.decode()
    assert set(after) == {e.uid.value for e in events(client, "chaises")}


def busy(client: Client, slug: str) -> list[tuple[datetime.datetime, datetime.datetime]]:
    """What another program reads of the free/busy file."""
    response = client.get(f"/ressources/{slug}/agenda.ifb")
    assert response["Content-Type"].startswith("text/calendar")
    read = vobject.readOne(response.content.decode()).vfreebusy
    assert {line.fbtype_param for line in getattr(read, "freebusy_list", [])} <= {"BUSY"}
    assert not any(hasattr(read, name) for name in ("organizer", "attendee", "summary", "comment"))
    return [(a, a + b if isinstance(b, datetime.timedelta) else b)
            for line in getattr(read, "freebusy_list", []) for a, b in line.value]  # fmt: skip


def test_free_busy_time_is_when_none_is_left_across_clock_changes(client: Client) -> None:
    chairs = ResourceFactory(slug="chaises", quantity=3)
    spring, autumn = datetime.date(2027, 3, 14), datetime.date(2027, 11, 7)
    for day in (spring, autumn):
        take(chairs, whole_days(day, day), 2)
        take(chairs, at(18, 21, day), 1)
        take(chairs, at(21, 23, day), 1)
    take(chairs, at(9, 17), 2)
    expected = [at(18, 23, spring), at(18, 23, autumn)]
    assert busy(client, "chaises") == [(p.lower, p.upper) for p in expected]
    saw = ResourceFactory(slug="scie")
    assert busy(client, "scie") == []
    calendar.occupy_units(saw, [1], span(moment(MONDAY, datetime.time(9)), None), uuid.uuid4(), Reason.REPAIR)  # type: ignore[arg-type]
    ((begins, ends),) = busy(client, "scie")
    assert (begins, ends > begins + datetime.timedelta(days=300)) == (moment(MONDAY, datetime.time(9)), True)


def test_a_whole_is_busy_while_one_of_its_parts_lacks_its_share(client: Client) -> None:
    hall = ResourceFactory(slug="salle", kind="locaux")
    east = ResourceFactory(slug="est", kind="locaux", organisation=hall.organisation, part_of=hall)
    take(east, at(9, 12))
    take(hall, at(12, 14))
    assert busy(client, "salle") == [(at(9, 14).lower, at(9, 14).upper)]
    kits = ResourceFactory(slug="trousses", quantity=2)
    tents = ResourceFactory(slug="tentes", quantity=4, organisation=kits.organisation, part_of=kits)
    take(tents, at(9, 12), 2)
    take(tents, at(10, 11), 1)
    assert busy(client, "trousses") == [(at(10, 11).lower, at(10, 11).upper)]


def test_a_feed_answers_304_until_something_changes(client: Client) -> None:
    saw = ResourceFactory(slug="scie")
    first = client.get("/ressources/scie/agenda.ics")
    again = client.get("/ressources/scie/agenda.ics", headers={"if-none-match": first["ETag"]})
    assert again.status_code == 304
    calendar.occupy_units(saw, [1], span(moment(MONDAY, datetime.time(9)), None), uuid.uuid4(), Reason.REPAIR)  # type: ignore[arg-type]
    changed = client.get("/ressources/scie/agenda.ics", headers={"if-none-match": first["ETag"]})
    assert changed.status_code == 200
    assert "Occupé" in changed.content.decode()
    assert "paration" not in changed.content.decode()
    assert Occupation.objects.count() == 1
