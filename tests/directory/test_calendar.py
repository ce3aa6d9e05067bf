"""One calendar: the same answer whatever asks, never twice, and sentences that say why not."""

from __future__ import annotations

import datetime
import uuid
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from directory import agenda, alternatives, calendar
from directory.models import ExceptionalHours, Occupation, OpeningHours, Reason, Resource
from mutualisation.kernel.moments import moment, span, wall_minutes, whole_days
from tests.factories import OrganisationFactory, ResourceFactory

pytestmark = pytest.mark.django_db

MONDAY = datetime.date(2027, 3, 8)  # the clock moves on Sunday the 14th
NOW = datetime.datetime(2027, 3, 1, 17, tzinfo=datetime.UTC)


@pytest.fixture(autouse=True)
def _today(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timezone, "now", lambda: NOW)


def at(hours: float, end: float, day: datetime.date = MONDAY) -> Any:
    """From an hour to another of a day, on the wall; beyond 24 is the next day."""

    def when(hour: float) -> datetime.datetime:
        days, rest = divmod(hour, 24)
        return moment(day + datetime.timedelta(days=days), datetime.time(int(rest), round((rest - int(rest)) * 60)))

    return span(when(hours), when(end))


def take(resource: Resource, period: Any, quantity: int = 1) -> uuid.UUID:
    act = uuid.uuid4()
    with transaction.atomic():  # refused, it leaves the test's own transaction be
        calendar.occupy(resource, [(period, act)], quantity)
    return act


def codes(resource: Resource, period: Any, quantity: int = 1, **words: Any) -> list[str]:
    return [refusal.code for refusal in calendar.refusals(resource, period, quantity, **words)]


def hall(**fields: Any) -> Resource:
    return ResourceFactory(kind="locaux", **fields)


def week(resource: Resource, opens: int = 9, closes: int = 17) -> None:
    for weekday in range(1, 6):
        OpeningHours.objects.create(
            resource=resource, weekday=weekday, opens_at=datetime.time(opens), closes_at=datetime.time(closes)
        )


def test_what_ends_at_noon_leaves_noon_free() -> None:
    room = hall()
    take(room, at(10, 12))
    assert codes(room, at(12, 14)) == []
    take(room, at(12, 14))
    assert codes(room, at(11, 13)) == ["taken"]


def test_the_database_itself_refuses_an_overlap() -> None:
    room = hall()
    Occupation.objects.create(resource=room, unit=1, period=at(10, 12), reason=Reason.LOAN, act=uuid.uuid4())
    with pytest.raises(IntegrityError, match="occupation_never_twice"), transaction.atomic():
        Occupation.objects.create(resource=room, unit=1, period=at(11, 13), reason=Reason.CLOSURE, act=uuid.uuid4())
    with pytest.raises(IntegrityError, match="does not exist"), transaction.atomic():
        Occupation.objects.create(resource=room, unit=2, period=at(11, 13), reason=Reason.LOAN, act=uuid.uuid4())


def test_the_lowest_units_free_for_the_whole_period_are_taken() -> None:
    chairs = ResourceFactory(kind="materiel", quantity=5)
    take(chairs, at(9, 12), 2)
    act = take(chairs, at(11, 15), 3)
    assert calendar.units_of(chairs, [act]) == [3, 4, 5]
    assert calendar.units_of(chairs, [take(chairs, at(12, 13), 2)]) == [1, 2]
    with pytest.raises(calendar.Taken) as refused:
        take(chairs, at(10, 13), 1)
    assert refused.value.free == 0
    assert Occupation.objects.filter(resource=chairs).count() == 7


def test_minutes_kept_between_two_uses_count_on_either_side() -> None:
    room = hall(buffer_minutes=30)
    take(room, at(10, 12))
    assert codes(room, at(12, 13)) == ["taken"]
    assert codes(room, at(9, 10)) == ["taken"]
    assert codes(room, at(12.5, 13)) == []
    assert codes(room, at(8, 9.5)) == []
    take(room, at(12.5, 13))
    take(room, at(8, 9.5))


def test_a_whole_takes_its_parts_and_a_part_refuses_the_whole() -> None:
    whole = hall()
    east, west = (hall(part_of=whole, organisation=whole.organisation) for _ in range(2))
    take(east, at(10, 12))
    assert codes(whole, at(11, 13)) == ["taken"]
    assert codes(west, at(11, 13)) == []
    take(west, at(11, 13))
    with pytest.raises(calendar.Taken):
        take(whole, at(12, 14))
    act = take(whole, at(13, 15))
    assert codes(east, at(14, 15)) == ["taken"]
    assert set(Occupation.objects.filter(act=act).values_list("resource", flat=True)) == {whole.pk, east.pk, west.pk}
    calendar.release(act)
    assert codes(east, at(14, 15)) == []


def test_half_a_set_takes_half_of_its_parts() -> None:
    kits = ResourceFactory(kind="materiel", quantity=4)
    stands = ResourceFactory(kind="materiel", quantity=8, part_of=kits, organisation=kits.organisation)
    take(kits, at(9, 12), 2)
    assert calendar.free_count(stands, at(9, 12)) == 4
    take(stands, at(9, 12), 3)
    assert calendar.free_count(kits, at(9, 12)) == 0
    assert codes(kits, at(9, 12), 1) == ["taken"]


@pytest.mark.parametrize(
    ("fields", "period", "quantity", "expected"),
    [
        ({"is_paused": True}, at(10, 12), 1, ["paused"]),
        ({}, at(10, 12, datetime.date(2027, 2, 27)), 1, ["past"]),
        ({"notice_hours": 24 * 30}, at(10, 12), 1, ["too_soon"]),
        ({"horizon_days": 5}, at(10, 12), 1, ["too_far"]),
        ({"horizon_days": 7}, at(10, 12), 1, []),
        ({"min_minutes": 121}, at(10, 12), 1, ["too_short"]),
        ({"max_minutes": 119}, at(10, 12), 1, ["too_long"]),
        ({"min_minutes": 120, "max_minutes": 120}, at(10, 12), 1, []),
        ({}, at(10, 12), 2, ["too_many"]),
    ],
)
def test_rules_refuse_with_their_name(fields: Any, period: Any, quantity: int, expected: list[str]) -> None:
    assert codes(hall(**fields), period, quantity) == expected


def test_a_day_of_twenty_three_hours_is_a_day() -> None:
    sunday = datetime.date(2027, 3, 14)
    period = at(9, 33, sunday - datetime.timedelta(days=1))
    assert (period.upper - period.lower) == datetime.timedelta(hours=23)
    assert wall_minutes(period) == 1440
    assert codes(hall(min_minutes=1440), period) == []
    whole = whole_days(sunday, sunday)
    assert whole.upper - whole.lower == datetime.timedelta(hours=23)


@pytest.mark.parametrize(
    ("day", "hour", "code"),
    [(datetime.date(2027, 3, 14), 2, "skipped_hour"), (datetime.date(2027, 11, 7), 1, "repeated_hour")],
)
def test_an_hour_that_does_not_exist_or_comes_twice_is_refused(day: Any, hour: int, code: str) -> None:
    with pytest.raises(ValidationError) as refused:
        moment(day, datetime.time(hour, 30))
    assert refused.value.code == code


def test_a_room_is_used_within_one_opening() -> None:
    room = hall()
    week(room)
    assert codes(room, at(9, 17)) == []
    assert codes(room, at(8, 10)) == ["closed_start"]
    assert codes(room, at(16, 18)) == ["closed_end"]
    assert codes(room, at(10, 11, MONDAY + datetime.timedelta(days=6))) == ["closed_start", "closed_end"]
    OpeningHours.objects.filter(resource=room, weekday=1).update(closes_at=datetime.time(12))
    OpeningHours.objects.create(resource=room, weekday=1, opens_at=datetime.time(13), closes_at=datetime.time(17))
    assert codes(room, at(11, 14)) == ["closed_between"]
    assert "de 9\u00a0h à 12\u00a0h et de 13\u00a0h à 17\u00a0h" in calendar.refusals(room, at(11, 14))[0].sentence


def test_a_thing_is_kept_over_closed_days_but_changes_hands_when_it_is_open() -> None:
    tent = ResourceFactory(kind="materiel")
    week(tent)
    friday = MONDAY + datetime.timedelta(days=4)
    assert codes(tent, at(16, 72 + 10, friday)) == []
    assert codes(tent, at(16, 24 + 10, friday)) == ["closed_end"]


def test_what_a_resource_says_of_a_day_prevails_on_its_organisation_and_on_holidays() -> None:
    good_friday = datetime.date(2027, 3, 26)
    room = hall()
    week(room)
    assert codes(room, at(10, 12, good_friday)) == ["closed_start", "closed_end"]
    assert "vendredi saint" in calendar.refusals(room, at(10, 12, good_friday))[0].sentence.lower()
    Resource.objects.filter(pk=room.pk).update(closed_on_holidays=False)
    assert codes(room, at(10, 12, good_friday)) == []
    ExceptionalHours.objects.create(
        organisation=room.organisation, starts_on=good_friday, ends_on=good_friday, label="Congé de l’équipe"
    )
    assert codes(room, at(10, 12, good_friday)) == ["closed_start", "closed_end"]
    assert "Congé de l’équipe" in calendar.refusals(room, at(10, 12, good_friday))[0].sentence
    ExceptionalHours.objects.create(
        resource=room, starts_on=good_friday, ends_on=good_friday, opens_at=datetime.time(11),
        closes_at=datetime.time(20),
    )  # fmt: skip
    assert codes(room, at(11, 19, good_friday)) == []
    assert codes(room, at(10, 12, good_friday)) == ["closed_start"]


def test_units_that_came_back_are_free_at_once_and_only_they() -> None:
    chairs = ResourceFactory(kind="materiel", quantity=50)
    act = take(chairs, at(9, 17), 20)
    noon = moment(MONDAY, datetime.time(12))
    assert calendar.release_units(chairs, [act], 15, at=noon) == 15
    assert calendar.free_count(chairs, at(9, 12)) == 30
    assert calendar.free_count(chairs, at(12, 17)) == 45


def test_a_move_keeps_what_it_held_when_the_new_time_is_taken() -> None:
    room = hall()
    mine, other = take(room, at(9, 10)), take(room, at(11, 12))
    with pytest.raises(calendar.Taken):
        calendar.move((room, [mine]), (room, [(at(9, 11.5), mine)], 1))
    assert codes(room, at(9, 10)) == ["taken"]
    calendar.move((room, [mine]), (room, [(at(9, 11), mine)], 1))
    assert codes(room, at(10, 11)) == ["taken"]
    assert calendar.units_of(room, [other]) == [1]


def test_a_repair_without_end_goes_around_what_is_promised() -> None:
    saw = ResourceFactory(kind="materiel")
    take(saw, at(13, 15))
    calendar.occupy_units(saw, [1], span(moment(MONDAY, datetime.time(9)), None), uuid.uuid4(), Reason.REPAIR)  # type: ignore[arg-type]
    assert Occupation.objects.filter(resource=saw, reason="repair").count() == 2
    assert codes(saw, at(10, 11, MONDAY + datetime.timedelta(days=20))) == ["taken"]


def test_quantity_cannot_fall_below_what_is_promised() -> None:
    chairs = ResourceFactory(kind="materiel", quantity=5)
    future = whole_days(datetime.date(2100, 1, 1), datetime.date(2100, 1, 2))
    calendar.occupy(chairs, [(future, uuid.uuid4())], 4)
    with pytest.raises(IntegrityError, match="has promised more"), transaction.atomic():
        Resource.objects.filter(pk=chairs.pk).update(quantity=3)
    Resource.objects.filter(pk=chairs.pk).update(quantity=4)


def test_a_part_has_no_parts() -> None:
    whole = hall()
    half = hall(part_of=whole, organisation=whole.organisation)
    with pytest.raises(IntegrityError, match="cannot be a part"), transaction.atomic():
        hall(part_of=half, organisation=whole.organisation)
    with pytest.raises(IntegrityError, match="cannot be a part"), transaction.atomic():
        hall(part_of=whole, organisation=OrganisationFactory())


def test_a_refusal_comes_with_the_nearest_ways_to_say_yes() -> None:
    chairs = ResourceFactory(kind="materiel", quantity=5)
    other = ResourceFactory(kind="materiel", quantity=5, category=chairs.category, territory=chairs.territory)
    take(chairs, at(9, 12), 3)
    found = alternatives.find(chairs, at(10, 12), 4, among=Resource.objects.all())
    assert found.fewer == 2
    assert at(10, 12, MONDAY + datetime.timedelta(days=1)) in found.periods
    assert [r.pk for r in found.resources] == [other.pk]


@pytest.mark.parametrize(("taken_days", "asked"), [(1, 4), (12, 5), (60, 6)])
def test_the_nearest_days_are_found_in_a_few_questions(
    taken_days: int, asked: int, django_assert_num_queries: Any
) -> None:
    room = hall(min_minutes=60, buffer_minutes=30, horizon_days=40)
    week(room)
    take(room, span(NOW, at(0, 1, MONDAY + datetime.timedelta(days=taken_days)).lower))
    with django_assert_num_queries(asked):
        found = alternatives.find(room, at(10, 12), 1, among=Resource.objects.all())
    tried = list(alternatives._neighbours(at(10, 12)))
    assert len(tried) > 30
    free = [p for p in tried if not calendar.refusals(room, p)]
    assert list(calendar.free_among(room, tried, 1)) == free
    assert found.periods == sorted(free[:3], key=lambda p: p.lower)
    assert bool(free) == (taken_days < 40)


def test_a_calendar_tells_days_free_in_part_taken_and_closed() -> None:
    room = hall(min_minutes=60)
    week(room)
    take(room, at(10, 12))
    take(room, at(9, 17, MONDAY + datetime.timedelta(days=1)))
    shown = agenda.days([room], MONDAY, 7)[room.pk]
    assert [d.state for d in shown] == ["part", "taken", "free", "free", "free", "closed", "closed"]


@pytest.mark.parametrize(
    ("hour", "states", "said"),
    [
        (8, ["free", "part", "taken"], "libre en partie : pris de 12 h à 17 h"),
        (15, ["free", "taken", "taken"], "pris"),
        (17, ["past", "past", "taken"], "passé : pris de 12 h à 17 h"),
    ],
)
def test_today_is_over_once_its_last_opening_hour_is_behind(
    monkeypatch: pytest.MonkeyPatch, hour: int, states: list[str], said: str
) -> None:
    rooms = [hall(), hall(), hall()]
    for room in rooms:
        week(room)
    take(rooms[1], at(12, 17))
    take(rooms[2], at(9, 17))
    monkeypatch.setattr(timezone, "now", lambda: at(hour, hour + 1).lower)
    shown = agenda.days(rooms, MONDAY - datetime.timedelta(days=3), 5)
    friday, _saturday, _sunday, _monday, tuesday = shown[rooms[0].pk]
    assert (friday.state, tuesday.state) == ("past", "free")
    assert [shown[room.pk][3].state for room in rooms] == states
    assert agenda.words(shown[rooms[1].pk][3], 1).replace("\u00a0", " ") == said


HOURS = st.integers(0, 47)


@settings(max_examples=40)
@given(
    asked=st.lists(st.tuples(HOURS, st.integers(1, 12), st.integers(1, 3), st.sampled_from("WEP")), max_size=12),
    look=st.tuples(HOURS, st.integers(1, 12), st.integers(1, 3)),
    kept=st.sampled_from([0, 60, 90]),
)
def test_the_calendar_agrees_with_a_naive_one(asked: Any, look: Any, kept: int) -> None:
    """A whole of 1 with two halves, and a stock of 3: hour by hour, on the days when the clock changes."""
    saturday = datetime.date(2027, 3, 13)
    with transaction.atomic():
        whole = hall(buffer_minutes=kept)
        east = hall(part_of=whole, organisation=whole.organisation, buffer_minutes=kept)
        stock = ResourceFactory(kind="materiel", quantity=3)
        booked: list[tuple[str, Any, int]] = []

        def period_of(start: int, length: int) -> Any:
            begin = moment(saturday, datetime.time(0)) + datetime.timedelta(hours=start)
            return span(begin, begin + datetime.timedelta(hours=length))

        def naive(name: str, period: Any, quantity: int) -> bool:
            gap = datetime.timedelta(minutes=0 if name == "P" else kept)
            clashes = [
                n
                for other, p, n in booked
                if (other == name or {other, name} == {"W", "E"})
                and p.lower < period.upper + gap
                and period.lower < p.upper + gap
            ]
            if name != "P":
                return quantity == 1 and not clashes
            instants = {p.lower for _o, p, _n in booked} | {period.lower}
            inside = [i for i in instants if period.lower <= i < period.upper]
            return all(
                sum(n for o, p, n in booked if o == "P" and p.lower <= i < p.upper) + quantity <= 3 for i in inside
            )

        things = {"W": whole, "E": east, "P": stock}
        for start, length, quantity, name in asked:
            period = period_of(start, length)
            units = quantity if name == "P" else 1
            free = not codes(things[name], period, units, rules=("taken",))
            if name != "P":
                assert free == naive(name, period, units)
            try:
                take(things[name], period, units)
                assert free
                booked.append((name, period, units))
            except calendar.Taken:
                assert not free
            if not free and name == "P":
                continue
        start, length, quantity = look
        period = period_of(start, length)
        everything = Resource.objects.filter(pk__in=[r.pk for r in things.values()])
        listed = set(calendar.free_between(everything, period, quantity).values_list("pk", flat=True))
        alone = {r.pk for r in things.values() if not calendar.refusals(r, period, quantity)}
        assert listed == alone
        for name in things:
            if name == "P" and not naive(name, period, quantity):
                assert things[name].pk not in listed  # too many at some instant: surely refused
        transaction.set_rollback(True)


def test_no_alternative_is_at_an_hour_that_the_clock_skips() -> None:
    """Half past two, the days before 14 March 2027: that day has none, and its neighbours are still proposed."""
    day = datetime.date(2027, 3, 13)
    night = span(moment(day, datetime.time(2, 30)), moment(day, datetime.time(2, 45)))
    found = [timezone.localtime(p.lower).date() for p in alternatives._neighbours(night)]
    assert datetime.date(2027, 3, 14) not in found
    assert not found or found[0] == datetime.date(2027, 3, 12)
