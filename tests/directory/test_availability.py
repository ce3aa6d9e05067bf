"""« Libre du … au … » in the list: the calendar’s own answer, for all resources at once, never a stale one."""

from __future__ import annotations

import datetime
import re
import uuid
from html import unescape
from typing import Any

import pytest
from django.core.cache import caches
from django.db import connection, transaction
from django.http import QueryDict
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from directory import calendar
from directory.filters import ResourceFilterSet
from directory.models import ExceptionalHours, OpeningHours, Resource
from mutualisation.kernel.moments import moment, span, whole_days
from tests.factories import ResourceFactory

pytestmark = pytest.mark.django_db

MONDAY = datetime.date(2027, 3, 8)  # the clock moves on Sunday the 14th
NOW = datetime.datetime(2027, 3, 1, 17, tzinfo=datetime.UTC)


@pytest.fixture(autouse=True)
def _today(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timezone, "now", lambda: NOW)


def take(resource: Resource, period: Any, quantity: int = 1) -> uuid.UUID:
    act = uuid.uuid4()
    calendar.occupy(resource, [(period, act)], quantity)
    return act


def listed(client: Client, query: str) -> set[str]:
    page = client.get(f"/ressources/?{query}").content.decode()
    return set(re.findall(r'<h3><a href="/ressources/([-\w]+)/">', page))


def told(page: str) -> str:
    found = re.search(r'<div class="alert alert-warning" role="status">(.*?)</div>', page, re.DOTALL)
    return unescape(found[1]) if found else ""


def a_week_of_everything() -> list[Resource]:
    """Resources that each of the rules refuses at some time."""
    hall = ResourceFactory(slug="salle", kind="locaux", buffer_minutes=30, min_minutes=60, max_minutes=2880)
    for weekday in range(1, 7):
        OpeningHours.objects.create(resource=hall, weekday=weekday, opens_at="09:00", closes_at="17:00")
    east = ResourceFactory(slug="est", kind="locaux", part_of=hall, organisation=hall.organisation)
    chairs = ResourceFactory(slug="chaises", quantity=5, notice_hours=24 * 9)
    tent = ResourceFactory(slug="tente", horizon_days=12)
    ResourceFactory(slug="pause", is_paused=True)
    ResourceFactory(slug="toujours", kind="expertise")
    ExceptionalHours.objects.create(organisation=hall.organisation, starts_on=MONDAY, ends_on=MONDAY)
    take(east, span(moment(MONDAY + datetime.timedelta(1), datetime.time(10)),
                    moment(MONDAY + datetime.timedelta(1), datetime.time(12))))  # fmt: skip
    take(chairs, whole_days(MONDAY + datetime.timedelta(1), MONDAY + datetime.timedelta(3)), 3)
    take(tent, whole_days(MONDAY + datetime.timedelta(4), MONDAY + datetime.timedelta(7)))
    return list(Resource.objects.all())


@settings(max_examples=40)
@given(
    start=st.integers(0, 14), length=st.integers(0, 3), quantity=st.integers(1, 6),
    hours=st.none() | st.tuples(st.integers(4, 23), st.integers(0, 23).filter(lambda hour: hour != 2)),  # skipped once
)  # fmt: skip
def test_the_list_answers_as_the_calendar_does_for_each(
    start: int, length: int, quantity: int, hours: tuple[int, int] | None
) -> None:
    with transaction.atomic():
        resources = a_week_of_everything()
        first = MONDAY + datetime.timedelta(start - 2)
        last = first + datetime.timedelta(length)
        query = f"du={first}&au={last}&quantite={quantity}"
        period = whole_days(first, last)
        if hours:
            query += f"&de={hours[0]}:00&a={hours[1]} h"
            end = last + datetime.timedelta(1) if hours[1] == 0 else last
            period = span(moment(first, datetime.time(hours[0])), moment(end, datetime.time(hours[1]))) if (
                (end, hours[1]) > (first, hours[0])
            ) else None  # fmt: skip
        found = ResourceFilterSet(QueryDict(query), queryset=Resource.objects.all())
        if period is None:
            assert found.misunderstood()
            assert found.wanted.period is None
        else:
            free = {r.pk for r in resources if not calendar.refusals(r, period, quantity, days_only=not hours)}
            assert set(found.qs.values_list("pk", flat=True)) == free
            assert not found.misunderstood()
        transaction.set_rollback(True)


def test_it_combines_with_the_rest_and_every_count_says_so(client: Client) -> None:
    a_week_of_everything()
    tuesday = MONDAY + datetime.timedelta(1)
    assert listed(client, f"du={tuesday}") == {"tente", "toujours"}
    assert listed(client, f"du={tuesday}&de=13:00&a=16:00") == {"est", "salle", "tente", "toujours"}
    assert listed(client, f"du={tuesday}&de=13:00&a=16:00&sorte=locaux") == {"est", "salle"}
    page = client.get(f"/ressources/?du={tuesday}&de=13:00&a=16:00").content.decode()
    counts = dict(re.findall(r'name="sorte" value="(\w+)".*?<span class="num">(\d+)', page))
    assert counts == {"locaux": "2", "materiel": "1", "expertise": "1"}
    assert "<strong>4 ressources</strong>" in page
    chip = re.search(r'class="chip chip-on" href="([^"]*)">(Libre[^<]*)', page)
    assert chip
    assert (unescape(chip[1]), chip[2]) == ("?", "Libre le mardi 9 mars 2027, de 13\u00a0h à 16\u00a0h")
    query = f"?du={tuesday}&de=13:00&a=16:00"
    assert client.get(f"/ressources/atom/{query}").content.decode().count("<entry>") == 4
    spreadsheet = b"".join(client.get(f"/ressources/export.csv{query}").streaming_content).decode()
    assert spreadsheet.count("/ressources/") == 4 + spreadsheet.count(f"/ressources/{query}")
    places = client.get(f"/ressources/carte.geojson{query}").json()["features"]
    assert sum(f["properties"]["count"] for f in places) == 4


def test_one_day_alone_and_how_many(client: Client) -> None:
    a_week_of_everything()
    thursday = MONDAY + datetime.timedelta(10)
    assert "chaises" in listed(client, f"du={thursday}&quantite=5")
    assert listed(client, "quantite=5") == {"chaises"}
    wednesday = MONDAY + datetime.timedelta(2)
    Resource.objects.update(notice_hours=0)
    assert "chaises" in listed(client, f"du={wednesday}&quantite=2")
    assert "chaises" not in listed(client, f"du={wednesday}&quantite=3")


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("du=hier", "« hier » n’est pas une date"),
        ("du=2027-02-29", "Le 29 février 2027 n’existe pas\u00a0: choisissez un autre jour."),
        ("du=vendredi+17+décembre+2026", "Le 17 décembre 2026 est un jeudi"),
        ("du=2027-03-10&au=2027-03-09", "Le dernier jour précède le premier"),
        ("du=2027-02-10", "est déjà passé"),
        ("du=2027-03-01&de=8:00&a=9:00", "Ce moment est déjà passé"),
        ("au=2027-03-10", "à partir de quel jour"),
        ("du=9999-12-31", "trop loin"),
        ("du=2027-03-10&de=25:00&a=26:00", "« 25:00 » n’est pas une heure"),
        ("du=2027-03-10&de=9:00", "Dites les deux heures"),
        ("du=2027-03-10&de=12:00&a=9:00", "L’heure de fin suit"),
        ("de=12:00&a=13:00", "Des heures demandent un jour"),
        ("du=2027-03-14&de=2:30&a=9:00", "l’horloge avance"),
        ("du=2027-11-07&de=0:30&a=1:30", "l’horloge recule"),
        ("quantite=0", "n’est pas une quantité"),
        ("quantite=-2", "n’est pas une quantité"),
        ("quantite=99999999999999", "n’est pas une quantité"),
        ("quantite=²", "n’est pas une quantité"),
        ("du=%00", ""),
    ],
)
def test_what_makes_no_sense_is_told_and_filters_nothing(client: Client, query: str, sentence: str) -> None:
    tent = ResourceFactory(slug="tente")
    response = client.get(f"/ressources/?{query}")
    assert response.status_code == 200
    assert sentence in told(response.content.decode())
    assert listed(client, query) == {tent.slug}


@pytest.mark.parametrize("query", ["", "?du=2027-03-09", "?du=2027-03-09&de=10:00&a=12:00&sorte=materiel"])
def test_what_is_taken_shows_at_once(client: Client, query: str) -> None:
    """No page kept by a browser, and no count kept by the server, says what was."""
    tent, other = ResourceFactory(slug="tente"), ResourceFactory(slug="autre")

    def look() -> tuple[str, str, bool]:
        page = client.get(f"/ressources/{query}")
        again = client.get(f"/ressources/{query}", headers={"if-none-match": page["ETag"]})
        return page.content.decode(), page["ETag"], again.status_code == 304

    before, mark, kept = look()
    assert kept
    act = take(tent, whole_days(MONDAY + datetime.timedelta(1), MONDAY + datetime.timedelta(1)))
    stale = client.get(f"/ressources/{query}", headers={"if-none-match": mark})
    assert stale.status_code == 200
    during, _mark, _kept = look()
    assert before != during
    if query:
        assert ("/ressources/tente/" in before, "/ressources/tente/" in during) == (True, False)
        assert "/ressources/autre/" in during
        assert ("<strong>2 ressources" in before, "<strong>1 ressource<" in during) == (True, True)
    calendar.release(act)
    after, _mark, _kept = look()
    assert after == before
    ExceptionalHours.objects.create(
        resource=other, starts_on=MONDAY + datetime.timedelta(1), ends_on=MONDAY + datetime.timedelta(1)
    )
    closed, _mark, _kept = look()
    assert closed != before


def test_a_change_seen_late_moves_the_mark_too() -> None:
    """Two changes begun in one order may be seen in the other: the mark holds the last ones, not the highest."""
    from mutualisation.kernel.facets import AGENDA, version_of

    tables = ("directory_resource", AGENDA)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM directory_agendachange")  # of the tests that commit: a flush knows models only
    take(ResourceFactory(), whole_days(MONDAY, MONDAY))
    first = version_of(*tables)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO directory_agendachange (id) OVERRIDING SYSTEM VALUE"
            " SELECT min(id) - 1 FROM directory_agendachange"
        )
    assert version_of(*tables) != first


def test_time_costs_the_same_for_one_and_for_many(client: Client) -> None:
    counts = []
    for _ in range(2):
        for n in range(2):
            one = ResourceFactory(quantity=3)
            take(one, whole_days(MONDAY, MONDAY + datetime.timedelta(n)))
            OpeningHours.objects.create(resource=one, weekday=1, opens_at="09:00", closes_at="17:00")
            ExceptionalHours.objects.create(resource=one, starts_on=MONDAY, ends_on=MONDAY)
        client.get("/ressources/?du=2027-03-15")
        caches["memory"].clear()
        with CaptureQueriesContext(connection) as seen:
            client.get("/ressources/?du=2027-03-15")
        counts.append(len(seen))
    assert counts == [6, 6]


def test_a_card_says_the_fortnight_in_words_and_stays_light(client: Client) -> None:
    tent = ResourceFactory(slug="tente")
    for n in range(3):
        take(tent, whole_days(datetime.date(2027, 3, 2 + 2 * n), datetime.date(2027, 3, 2 + 2 * n)))
    page = client.get("/ressources/").content.decode()
    assert 'role="img" aria-label="Libre 11 jours sur les 14 prochains"' in page
    mini = re.search(r'<span class="mini" role="img".*?</span>', page)
    assert mini
    assert mini[0].count("<i") == 14
    assert len(mini[0]) < 350


def test_what_is_taken_at_one_moment_is_read_from_the_index_of_moments() -> None:
    """That of the constraint, by its period alone, is read whole: PostgreSQL prefers it where it is the smaller one."""
    tent = ResourceFactory()
    period = span(moment(MONDAY, datetime.time(10)), moment(MONDAY, datetime.time(11)))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO directory_occupation (resource_id, unit, period, reason, act)
            SELECT %s, 1, tstzrange(h, h + interval '1 hour'), 'loan', gen_random_uuid()
              FROM generate_series(%s::timestamptz, %s::timestamptz + interval '150 days', '1 hour') h""",
            [tent.pk, period.lower, period.lower],
        )
        cursor.execute("ANALYZE directory_occupation")  # what other tests left there decides nothing
        for way in ("seqscan", "bitmapscan", "nestloop", "mergejoin"):  # as with a million rows, whatever is here
            cursor.execute(f"SET LOCAL enable_{way} = off")
        plan = calendar.free_between(Resource.objects.all(), period).explain()
    assert re.search(r"Index Only Scan using occupation_moment .*\n +Index Cond: \(\(?tstzrange", plan), plan
