"""Private calendars and the files of e-mails, read back by another library: right across clock changes, then silent."""

from __future__ import annotations

import datetime
import re
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import vobject
from django.test import Client
from django.utils import timezone

from accounts import privacy
from accounts.models import Mail, User
from directory.models import Membership, Occupation
from loans import feeds, notifications, proposals, recurrence, requests
from loans.models import CalendarFeed, Loan, LoanDate
from mutualisation.kernel import ical
from mutualisation.kernel.moments import moment, span
from tests.factories import OrganisationFactory, ResourceFactory, UserFactory, lend, some_day
from tests.loans.lending import work
from tests.loans.test_requests import member

pytestmark = pytest.mark.django_db
TORONTO, UTC = ZoneInfo("America/Toronto"), datetime.UTC
CHANGES = [datetime.date(*d) for d in ((2026, 3, 8), (2026, 11, 1), (2027, 3, 14), (2027, 11, 7))]
SIX, NINE = datetime.time(18), datetime.time(21)


def next_changes() -> list[datetime.date]:
    """The two clock changes to come, for what can no longer be agreed in the past."""
    days = [timezone.localdate() + datetime.timedelta(days=n) for n in range(3, 375)]
    offset = [moment(day, SIX).astimezone(TORONTO).utcoffset() for day in days]
    return [day for day, before, after in zip(days[1:], offset, offset[1:], strict=False) if before != after][:2]


def evening(day: datetime.date) -> Any:
    return span(moment(day, SIX), moment(day, NINE))


def a_series(change: datetime.date) -> Loan:
    """A request for three evenings a day before, on and after the day of a clock change, whenever that is."""
    resource = ResourceFactory(kind="locaux", name="Salle des Érables; porte A, 2e", quantity=1, horizon_days=400)
    borrower = OrganisationFactory(name="Le Carrefour, « chez nous »")
    asker = member(borrower)
    day = datetime.timedelta(days=1)
    days = [evening(change - day), evening(change), evening(change + day)]
    loan = Loan.objects.create(
        resource=resource, lender=resource.organisation, borrower=borrower, purpose="Répétition\nde la chorale",
        starts_at=days[0].lower, ends_at=days[2].upper, answer_by=timezone.now(), requested_by=asker,
    )  # fmt: skip
    LoanDate.objects.bulk_create([LoanDate(loan=loan, period=period) for period in days])
    loan.events.create(verb="ask", side="borrower", by=asker)
    return loan


def read(text: str) -> Any:
    """As a strict reader does: valid, every line within 75 bytes."""
    assert text.endswith("\r\n")
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    found = vobject.readOne(text)
    found.validate(raiseException=True)
    return found


def on_the_wall(text: str) -> list[tuple[datetime.date, datetime.time, datetime.time]]:
    """Every date of a file, as a calendar program works them out: a rule, its exceptions, what differs from it."""
    found = {}
    for event in read(text).vevent_list:
        start, end = event.dtstart.value, event.dtend.value
        if hasattr(event, "recurrence_id"):
            assert found.pop((event.uid.value, event.recurrence_id.value.astimezone(TORONTO)))
        rules = event.getrruleset(addRDate=True) if hasattr(event, "rrule") else [start]
        for begins in rules:
            wall = begins.astimezone(TORONTO)
            found[event.uid.value, wall] = (wall, (wall.astimezone(UTC) + (end - start)).astimezone(TORONTO))
    return [(start.date(), start.time(), end.time()) for start, end in sorted(found.values())]


def subscribed(user: User, organisation: Any = None) -> tuple[str, CalendarFeed]:
    token = feeds.create(by=user, organisation=organisation)
    return f"/prets/agenda/{token}.ics", feeds.live(user).get(organisation=organisation)


@pytest.mark.parametrize("change", CHANGES, ids=str)
def test_six_stays_six_across_the_change_in_every_file(change: datetime.date) -> None:
    loan = a_series(change)
    lender = member(loan.lender)
    expected = [(change + datetime.timedelta(days=n), SIX, NINE) for n in (-1, 0, 1)]
    requests.accept(loan, by=lender)
    work()
    _address, feed = subscribed(lender)
    files = [m.calendar for m in Mail.objects.filter(event__startswith="accepted")]
    assert len(files) == 2
    for text in (*files, feeds.text(feed, moment(change, SIX))):
        assert on_the_wall(text) == expected
    hours = [o.period.upper - o.period.lower for o in Occupation.objects.all()]
    assert set(hours) == {datetime.timedelta(hours=3)}


@pytest.mark.parametrize("change", CHANGES, ids=str)
def test_a_weekly_series_keeps_its_hour_in_the_feed(change: datetime.date) -> None:
    loan = a_series(change)
    loan.dates.all().delete()
    first = evening(change - datetime.timedelta(weeks=3))
    rule = recurrence.Recurrence("week", change + datetime.timedelta(weeks=3))
    periods = recurrence.expand(first, rule)
    LoanDate.objects.bulk_create([LoanDate(loan=loan, period=period) for period in periods])
    _address, feed = subscribed(loan.requested_by)
    told = on_the_wall(feeds.text(feed, moment(change, SIX)))
    assert len(told) == 7
    assert {hours for _day, *hours in map(list, told) for hours in [tuple(hours)]} == {(SIX, NINE)}


@pytest.mark.parametrize("change", next_changes(), ids=("first", "second"))
def test_invited_moved_and_cancelled_under_one_uid(change: datetime.date) -> None:
    loan = a_series(change)
    lender, asker = member(loan.lender), loan.requested_by
    requests.accept(loan, by=lender)
    work()
    later = [span(moment(change + datetime.timedelta(days=n), NINE),
                  moment(change + datetime.timedelta(days=n), datetime.time(22))) for n in (-1, 0, 1)]  # fmt: skip
    proposal = proposals.propose(loan, by=lender, side="lender", periods=later, quantity=1)
    proposals.agree(proposal, by=asker)
    requests.cancel_date(loan.dates.order_by("period")[1], by=lender)
    loan.refresh_from_db()
    requests.cancel(loan, by=lender, reason="Dégât d’eau")
    files = list(
        Mail.objects.filter(to=asker.email).exclude(calendar="").order_by("id").values_list("calendar", flat=True)
    )
    told = [read(text) for text in files]
    assert [c.method.value for c in told] == ["REQUEST", "REQUEST", "REQUEST", "CANCEL"]
    assert len({e.uid.value for c in told for e in c.vevent_list}) == 1
    sequences = [int(c.vevent.sequence.value) for c in told]
    assert sequences == sorted(set(sequences))
    assert [c.vevent.status.value for c in told] == ["CONFIRMED"] * 3 + ["CANCELLED"]
    around = [change + datetime.timedelta(days=n) for n in (-1, 0, 1)]
    assert [[day for day, *_hours in on_the_wall(text)] for text in files] == [
        around, around, [around[0], around[2]], [around[0], around[2]],
    ]  # fmt: skip
    assert [start for _day, start, _end in on_the_wall(files[1])] == [NINE] * 3
    assert told[0].vevent.attendee.value == f"mailto:{asker.email}"
    assert told[0].vevent.organizer.value.startswith("mailto:")


def test_the_uid_stays_when_the_first_date_is_called_off_and_the_feed_tells_the_same_event() -> None:
    loan = a_series(next_changes()[0])
    lender, asker = member(loan.lender), loan.requested_by
    requests.accept(loan, by=lender)
    work()
    requests.cancel_date(loan.dates.order_by("period")[0], by=lender)
    _address, feed = subscribed(asker)
    files = list(
        Mail.objects.filter(to=asker.email).exclude(calendar="").order_by("id").values_list("calendar", flat=True)
    )
    last = (files[-1], feeds.text(feed), notifications.calendar_file(Loan.objects.get(), "borrower", method="PUBLISH"))
    assert len({e.uid.value for text in (*files, *last) for e in read(text).vevent_list}) == 1
    assert on_the_wall(last[0]) == on_the_wall(last[1]) == on_the_wall(last[2]) == on_the_wall(files[0])[1:]
    assert len({read(text).vevent.sequence.value for text in last}) == 1
    ours = Mail.objects.get(event__startswith="date-cancelled-ours", to=lender.email)
    assert on_the_wall(ours.calendar) == on_the_wall(last[0])


IRREGULAR = {
    "a hole and a clock change": [(0, 18, 21), (7, 18, 21), (21, 18, 21), (28, 18, 21)],
    "every other day": [(0, 18, 21), (2, 18, 21), (4, 18, 21)],
    "another hour, another length": [(0, 18, 21), (7, 9, 12), (14, 18, 22), (21, 18, 21)],
    "twice the same day": [(0, 18, 21), (7, 9, 12), (7, 18, 21), (14, 9, 10)],
    "twice the only day": [(0, 9, 10), (0, 18, 21)],
}


@pytest.mark.parametrize("dates", IRREGULAR.values(), ids=IRREGULAR)
def test_any_dates_are_one_event_that_recurs(dates: list[tuple[int, int, int]]) -> None:
    """Programs that read no date alone (Outlook) read a rule; what it gives is those dates, no more, no less."""
    days = [
        (datetime.date(2026, 10, 20) + datetime.timedelta(days=n), datetime.time(a), datetime.time(b))
        for n, a, b in dates
    ]
    first, *others = [span(moment(day, a), moment(day, b)) for day, a, b in days]
    event = ical.Event("une@mutualisation", first, "Chorale", timezone.now(), others=tuple(others))
    text = ical.calendar([event], method="REQUEST", organizer="portail@site.example", attendee="elle@site.example")
    assert on_the_wall(text) == days
    found = read(text).vevent_list
    assert {e.uid.value for e in found} == {"une@mutualisation"}
    assert [hasattr(e, "rrule") for e in found] == [True] + [False] * (len(found) - 1)
    assert all(e.attendee.value == "mailto:elle@site.example" for e in found)


def test_a_feed_tells_both_names_what_where_and_keeps_a_year() -> None:
    loan = a_series(datetime.date(2026, 3, 8))
    requests.accept(loan, by=member(loan.lender))
    _address, feed = subscribed(loan.requested_by)
    event = read(feeds.text(feed, moment(datetime.date(2027, 3, 5), SIX))).vevent_list[0]
    assert event.summary.value == f"Emprunté\u00a0: {loan.resource.name}, de {loan.lender.name}"
    for said in (loan.lender.name, loan.borrower.name, "Répétition\nde la chorale"):
        assert said in event.description.value
    assert not hasattr(read(feeds.text(feed, moment(datetime.date(2027, 3, 12), SIX))), "vevent")


def test_what_was_called_off_leaves_the_feed() -> None:
    loan = lend(ResourceFactory(), OrganisationFactory(), some_day(10), some_day(17), some_day(24))
    _address, feed = subscribed(loan.requested_by)
    assert [e.status.value for e in read(feeds.text(feed)).vevent_list] == ["TENTATIVE"]
    assert len(on_the_wall(feeds.text(feed))) == 3
    requests.accept(loan, by=member(loan.lender))
    requests.cancel_date(loan.dates.first(), by=loan.requested_by)
    assert [e.status.value for e in read(feeds.text(feed)).vevent_list] == ["CONFIRMED"]
    assert len(on_the_wall(feeds.text(feed))) == 2
    loan.refresh_from_db()
    requests.cancel(loan, by=loan.requested_by, reason="Pluie")
    assert not hasattr(read(feeds.text(feed)), "vevent")


def test_one_of_hers_or_all_and_nobody_else_s() -> None:
    here, there = OrganisationFactory(), OrganisationFactory()
    person = member(here)
    Membership.objects.create(user=person, organisation=there)
    mine = [lend(ResourceFactory(), org, some_day(10), by=person) for org in (here, there)]
    both = lend(ResourceFactory(organisation=here), there, some_day(12), by=person)
    lend(ResourceFactory(), OrganisationFactory(), some_day(10))
    _one, feed_here = subscribed(person, here)
    _all, feed_all = subscribed(person)
    urls = lambda feed: sorted(e.url.value.rstrip("/").split("/")[-1] for e in read(feeds.text(feed)).vevent_list)  # noqa: E731
    assert urls(feed_here) == sorted(str(loan.pk) for loan in (mine[0], both))
    assert urls(feed_all) == sorted(str(loan.pk) for loan in (*mine, both))


def test_the_address_is_shown_once_and_answers_without_a_session(client: Client) -> None:
    loan = lend(ResourceFactory(), OrganisationFactory(), some_day())
    client.force_login(loan.requested_by)
    page = client.post("/prets/agenda/", {"organisme": loan.borrower_id}).content.decode()
    address = re.search(r"/prets/agenda/[\w-]+\.ics", page)[0]
    assert address not in client.get("/prets/agenda/").content.decode()
    assert address.split("/")[-1][:-4] not in str(CalendarFeed.objects.values())
    outside = Client()
    answer = outside.get(address)
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/calendar; charset=utf-8")
    assert len(read(answer.content.decode()).vevent_list) == 1
    assert not outside.cookies
    again = outside.get(address, headers={"If-None-Match": answer["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    requests.accept(loan, by=member(loan.lender))
    assert outside.get(address, headers={"If-None-Match": answer["ETag"]}).status_code == 200
    assert outside.post(address).status_code == 405


@pytest.mark.parametrize("how", ["revoked", "replaced", "left", "closed", "deactivated"])
def test_an_address_goes_silent(how: str) -> None:
    organisation = OrganisationFactory()
    person = member(organisation, "membre")
    address, feed = subscribed(person, organisation)
    assert Client().get(address).status_code == 200
    if how == "revoked":
        web = Client()
        web.force_login(person)
        assert web.post(f"/prets/agenda/{feed.pk}/revoquer/").status_code == 302
    elif how == "replaced":
        feeds.create(by=person, organisation=organisation)
    elif how == "left":
        Membership.objects.filter(user=person).delete()
    elif how == "closed":
        privacy.close(by=person)
    else:
        User.objects.filter(pk=person.pk).update(is_active=False)
    assert Client().get(address).status_code == 404


def test_a_calendar_of_all_forgets_the_organisation_one_left() -> None:
    loan = lend(ResourceFactory(), OrganisationFactory(), some_day())
    address, _feed = subscribed(loan.requested_by)
    Membership.objects.filter(user=loan.requested_by).delete()
    answer = Client().get(address)
    assert answer.status_code == 200
    assert loan.lender.name not in answer.content.decode()


def test_one_makes_addresses_for_one_s_own_organisations_only(client: Client) -> None:
    person = member(OrganisationFactory())
    client.force_login(person)
    assert client.post("/prets/agenda/", {"organisme": OrganisationFactory().pk}).status_code == 404
    _address, theirs = subscribed(UserFactory())
    assert client.post(f"/prets/agenda/{theirs.pk}/revoquer/").status_code == 404
    assert feeds.live(theirs.user).exists()


def test_reading_the_page_and_the_feed_costs_the_same_at_one_and_at_three(
    client: Client, django_assert_num_queries: Any
) -> None:
    person = member(OrganisationFactory())
    organisation = person.memberships.get().organisation
    client.force_login(person)
    address, _feed = subscribed(person, organisation)
    Client().get(address)
    for n in (1, 2):
        for _more in range(n):
            lend(ResourceFactory(), organisation, some_day(), by=person)
        with django_assert_num_queries(5):  # the address, the mark that it was read, her organisations twice, the dates
            Client().get(address)
        client.get("/prets/agenda/")  # a first page counts what the header shows
        with django_assert_num_queries(10):
            client.get("/prets/agenda/")


def test_the_file_of_one_loan_is_for_its_two_sides(client: Client) -> None:
    loan = lend(ResourceFactory(), OrganisationFactory(), some_day())
    lender = member(loan.lender)
    for person, words in ((lender, "Prêté"), (loan.requested_by, "Emprunté")):
        client.force_login(person)
        answer = client.get(f"/prets/{loan.pk}/rendez-vous.ics")
        assert read(answer.content.decode()).vevent.summary.value.startswith(words)
        assert "rendez-vous.ics" in answer["Content-Disposition"]
    client.force_login(member(OrganisationFactory()))
    assert client.get(f"/prets/{loan.pk}/rendez-vous.ics").status_code == 404
