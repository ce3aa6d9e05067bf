"""Incidents: units aside and back, the next borrowers moved or told, who pays agreed by both, nothing leaked."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.test import Client
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.models import Mail
from directory import calendar
from directory.models import Closure, Occupation, Resource
from loans import handover, incidents, requests
from loans.models import Incident, Loan, LoanStatus
from mutualisation.kernel.lifecycle import AlreadyMoved
from mutualisation.kernel.moments import span
from tests.factories import OrganisationFactory, ResourceFactory
from tests.loans.lending import HOUR, accepted, begun, borrower_of, brought, handed, in_days, lender_of, member, signed

pytestmark = pytest.mark.django_db


@pytest.fixture
def chairs() -> Resource:
    return ResourceFactory(name="Chaises", quantity=5)


def held(resource: Resource, at: datetime.datetime, **only: Any) -> int:
    return Occupation.objects.filter(resource=resource, period__contains=at, **only).count()


def tomorrow() -> datetime.datetime:
    return timezone.now() + datetime.timedelta(days=1)


def test_units_are_aside_until_it_is_closed_and_the_owner_sees_it(chairs: Resource) -> None:
    loan = begun(accepted(chairs, quantity=3))
    handed(loan)
    report = brought(loan, 3)
    incident = incidents.open_incident(
        loan, by=lender_of(loan), description="Deux pieds cassés", units=2, estimate=Decimal(80), report=report
    )
    assert held(chairs, tomorrow(), reason="repair") == 2
    assert calendar.free_count(chairs, in_days(300)) == 3
    closure = Closure.objects.get(act=incident.act)
    assert (closure.reason, closure.quantity, closure.period.upper) == ("repair", 2, None)
    with pytest.raises(handover.StillOpen):
        handover.close(loan, by=lender_of(loan))
    client = Client()
    client.force_login(lender_of(loan))
    page = client.get(f"/prets/{loan.pk}/retour/").content.decode()
    assert "Réglez d’abord l’incident" in page
    assert "Terminer le prêt" not in page
    with pytest.raises(PermissionDenied):
        incidents.close(incident, by=borrower_of(loan), outcome="Réparé")
    incidents.close(incident, by=lender_of(loan), outcome="Réparé")
    assert held(chairs, tomorrow()) == 0
    assert [e for e in loan.events.values_list("verb", flat=True) if "incident" in e] == [
        "open_incident",
        "close_incident",
    ]
    with pytest.raises(AlreadyMoved):
        incidents.close(incident, by=lender_of(loan), outcome="Encore")
    handover.close(loan, by=lender_of(loan))


def test_a_known_day_frees_what_follows_and_a_missed_one_does_not(chairs: Resource) -> None:
    loan = begun(accepted(chairs, quantity=5))
    handed(loan)
    brought(loan, 5)
    day = timezone.localdate() + datetime.timedelta(days=3)
    incident = incidents.open_incident(loan, by=lender_of(loan), description="À sécher", units=5, back_on=day)
    assert calendar.free_count(chairs, in_days(2)) == 0
    assert calendar.free_count(chairs, in_days(5)) == 5
    incidents.reschedule(incident, by=lender_of(loan), back_on=day + datetime.timedelta(days=7))
    assert calendar.free_count(chairs, in_days(5)) == 0
    assert calendar.free_count(chairs, in_days(12)) == 5
    Incident.objects.filter(pk=incident.pk).update(back_on=timezone.localdate() - datetime.timedelta(days=1))
    assert incidents.keep_aside() == 1
    assert calendar.free_count(chairs, in_days(12)) == 0
    assert incidents.keep_aside() == 0
    with pytest.raises(ValidationError), transaction.atomic():
        incidents.reschedule(incident, by=lender_of(loan), back_on=timezone.localdate() - datetime.timedelta(days=1))
    with pytest.raises(PermissionDenied):
        incidents.reschedule(incident, by=borrower_of(loan), back_on=None)


def test_the_next_borrower_is_moved_to_a_free_unit_else_told_and_keeps_the_loan(chairs: Resource) -> None:
    loan = begun(accepted(chairs, quantity=3))
    lucky = accepted(chairs, in_days(2), quantity=3)
    full = accepted(chairs, in_days(4), quantity=5, borrower=OrganisationFactory(name="Le Relais"))
    handed(loan)
    brought(loan, 3)
    day = timezone.localdate() + datetime.timedelta(days=10)
    incident = incidents.open_incident(loan, by=lender_of(loan), description="Vandalisme de Jean", units=2, back_on=day)
    aside = set(incident.set_aside)
    assert not aside & set(calendar.units_of(chairs, lucky.dates.values_list("act", flat=True)))
    assert not Mail.objects.filter(event__startswith="repair-", event__contains=f":{lucky.pk}:").exists()
    mail = Mail.objects.get(event__startswith=f"repair-{incident.pk}")
    assert mail.to == borrower_of(full).email
    assert "Vandalisme" not in mail.text + mail.subject
    assert loan.borrower.name not in mail.text
    assert incidents.warned_loans(incident) == [full]
    assert incidents.in_the_way(full) == [incident]
    assert incidents.in_the_way(lucky) == []
    full.refresh_from_db()
    assert full.status == LoanStatus.ACCEPTED
    assert held(chairs, full.starts_at + HOUR, reason="loan") == 5
    assert held(chairs, full.ends_at + HOUR, reason="repair") == 2
    incidents.close(incident, by=lender_of(loan), outcome="Réparé")
    assert Mail.objects.filter(event__startswith=f"repaired-{incident.pk}", to=borrower_of(full).email).exists()
    assert incidents.in_the_way(full) == []


def test_what_comes_free_during_a_repair_stays_in_repair(chairs: Resource) -> None:
    """Whoever frees it: a cancellation, an early return, another date."""
    Resource.objects.filter(pk=chairs.pk).update(quantity=1)
    chairs.refresh_from_db()
    loan = begun(accepted(chairs))
    following = accepted(chairs, in_days(3))
    handed(loan)
    incidents.open_incident(loan, by=borrower_of(loan), description="La lampe a sauté", units=1)
    brought(loan, 1)
    assert held(chairs, timezone.now() + datetime.timedelta(minutes=1), reason="repair") == 1
    requests.cancel(following, by=lender_of(loan), reason="En réparation")
    assert held(chairs, following.starts_at + HOUR, reason="repair") == 1
    assert calendar.free_count(chairs, in_days(3)) == 0


def test_a_repair_that_a_loan_covers_whole_comes_back_when_that_loan_goes(chairs: Resource) -> None:
    Resource.objects.filter(pk=chairs.pk).update(quantity=1)
    chairs.refresh_from_db()
    loan = begun(accepted(chairs, in_days(2, hours=72)))
    handed(loan)
    incidents.open_incident(loan, by=lender_of(loan), description="Fuite", units=1, back_on=timezone.localdate())
    assert held(chairs, timezone.now() + datetime.timedelta(seconds=30), reason="repair") == 0
    brought(loan, 1)
    assert held(chairs, timezone.now() + datetime.timedelta(seconds=30), reason="repair") == 1


def test_no_more_units_aside_than_the_loan_had(chairs: Resource) -> None:
    loan = begun(accepted(chairs, quantity=2))
    handed(loan)
    for units, ok in ((3, False), (1, True), (2, False), (1, True)):
        if ok:
            incidents.open_incident(loan, by=lender_of(loan), description="Bris", units=units)
        else:
            with pytest.raises(ValidationError, match="Ce prêt compte"), transaction.atomic():
                incidents.open_incident(loan, by=lender_of(loan), description="Bris", units=units)
    assert Closure.objects.count() == 2


@pytest.mark.parametrize("status", ["accepted", "handed_over", "returned", "closed"])
def test_either_side_opens_one_once_handed_over(chairs: Resource, status: str) -> None:
    loan = begun(accepted(chairs))
    if status != "accepted":
        handed(loan)
    if status in ("returned", "closed"):
        brought(loan, 1)
    if status == "closed":
        handover.close(loan, by=lender_of(loan))
    may = [incidents.can_open(p, loan) for p in (lender_of(loan), borrower_of(loan), member(OrganisationFactory()))]
    assert may == ([False] * 3 if status == "accepted" else [True, True, False])
    with pytest.raises(PermissionDenied):
        incidents.open_incident(loan, by=member(OrganisationFactory()), description="Non")


def test_who_pays_is_proposed_by_one_and_agreed_by_the_other(chairs: Resource) -> None:
    loan = begun(accepted(chairs))
    handed(loan)
    lender, borrower = lender_of(loan), borrower_of(loan)
    incident = incidents.open_incident(loan, by=lender, description="Fendu", payer="borrower", estimate=Decimal(120))
    assert (incident.payer, incident.payer_proposed, incident.payer_side) == ("undecided", "borrower", "lender")
    assert incidents.to_agree(lender, incident) == ""
    with pytest.raises(PermissionDenied):
        incidents.agree_payer(incident, by=lender, payer="borrower", estimate=Decimal(120))
    incidents.propose_payer(incident, by=borrower, payer="shared", estimate=Decimal(100))
    with pytest.raises(AlreadyMoved):  # her page still showed what she had proposed herself
        incidents.agree_payer(incident, by=lender, payer="borrower", estimate=Decimal(120))
    incidents.agree_payer(incident, by=lender, payer="shared", estimate=Decimal(100))
    assert (incident.payer, incident.payer_side) == ("shared", "")
    told = list(loan.events.filter(data__incident=incident.pk).values_list("verb", "side"))
    assert told == [("open_incident", "lender"), ("propose_payer", "borrower"), ("agree_payer", "lender")]


def test_the_pages_of_an_incident_are_for_two_and_say_the_others_to_the_lender_only(chairs: Resource) -> None:
    loan = begun(accepted(chairs, quantity=5))
    full = accepted(chairs, in_days(4), quantity=5, borrower=OrganisationFactory(name="Le Relais"))
    handed(loan)
    people = {"lender": lender_of(loan), "borrower": borrower_of(loan), "next": borrower_of(full)}
    clients = {name: Client() for name in people}
    for name, person in people.items():
        clients[name].force_login(person)
    sent = {"description": "Tordues", "units": "5", "payer": "borrower", "estimate": "60,50"}
    answer = clients["lender"].post(f"/prets/{loan.pk}/incidents/signaler/", {**sent, "units": "6"})
    assert answer.status_code == 422
    assert "Tordues" in answer.content.decode()
    assert clients["lender"].post(f"/prets/{loan.pk}/incidents/signaler/", sent).status_code == 302
    incident = Incident.objects.get()
    assert incident.estimate == Decimal("60.50")
    page = {name: clients[name].get(incident.get_absolute_url()) for name in clients}
    assert {name: answer.status_code for name, answer in page.items()} == {"lender": 200, "borrower": 200, "next": 404}
    assert "Le Relais" in page["lender"].content.decode()
    assert "Le Relais" not in page["borrower"].content.decode()
    agree = {"geste": "accepter", "payer": "borrower", "estimate": "60.50"}
    clients["borrower"].post(incident.get_absolute_url(), agree)
    incident.refresh_from_db()
    assert incident.payer == "borrower"
    bad = clients["lender"].post(incident.get_absolute_url(), {"geste": "regler", "regler-outcome": ""})
    assert bad.status_code == 422
    clients["lender"].post(incident.get_absolute_url(), {"geste": "regler", "regler-outcome": "Remplacées"})
    incident.refresh_from_db()
    assert not incident.is_open


# ---- a whole and its parts


def test_an_incident_on_a_whole_sets_its_parts_aside_and_warns_who_waits_for_one(chairs: Resource) -> None:
    hall = ResourceFactory(name="Grande salle", kind="locaux", organisation=chairs.organisation)
    east, west = (
        ResourceFactory(name=name, kind="locaux", organisation=hall.organisation, part_of=hall)
        for name in ("Salle est", "Salle ouest")
    )
    loan = signed(begun(accepted(hall)))
    waiting = accepted(east, in_days(4))
    handed(loan)
    brought(loan, 1)
    assert calendar.free_count(west, in_days(8)) == 1
    incident = incidents.open_incident(loan, by=lender_of(loan), description="Dégât d’eau", units=1)
    for room in (hall, east, west):
        assert held(room, tomorrow(), reason="repair") == 1, room
        assert calendar.free_count(room, in_days(8)) == 0
        assert calendar.refusals(room, in_days(8))[0].code == "taken"
    assert held(east, waiting.starts_at + HOUR, reason="loan") == 1
    assert incidents.warned_loans(incident) == [waiting]
    assert incidents.in_the_way(waiting) == [incident]
    assert Mail.objects.get(event__startswith="repair-").to == borrower_of(waiting).email
    requests.cancel(waiting, by=lender_of(waiting), reason="Dégât d’eau")
    assert held(east, waiting.starts_at + HOUR, reason="repair") == 1  # what comes free meanwhile stays in repair
    day = timezone.localdate() + datetime.timedelta(days=5)
    incidents.reschedule(incident, by=lender_of(loan), back_on=day)
    assert [calendar.free_count(room, in_days(3)) for room in (hall, east, west)] == [0, 0, 0]
    assert [calendar.free_count(room, in_days(8)) for room in (hall, east, west)] == [1, 1, 1]
    incidents.close(incident, by=lender_of(loan), outcome="Asséché")
    assert [calendar.free_count(room, in_days(3)) for room in (hall, east, west)] == [1, 1, 1]


def test_parts_are_aside_in_the_proportion_lent_and_while_the_whole_is_still_out(chairs: Resource) -> None:
    """Three kits of two tents and four lamps: one kit breaks while two are out."""
    kit = ResourceFactory(name="Trousse", quantity=3, organisation=chairs.organisation)
    tents = ResourceFactory(quantity=6, organisation=kit.organisation, part_of=kit)
    lamps = ResourceFactory(quantity=12, organisation=kit.organisation, part_of=kit)
    loan = begun(accepted(kit, in_days(2, hours=24), quantity=2))
    handed(loan)
    incident = incidents.open_incident(loan, by=borrower_of(loan), description="Déchirée", units=1)
    assert {len(units) for units in incident.parts_aside.values()} == {2, 4}
    assert (calendar.free_count(tents, in_days(8)), calendar.free_count(lamps, in_days(8))) == (4, 8)
    brought(loan, 2)
    soon = timezone.now() + datetime.timedelta(minutes=1)
    assert [held(r, soon, reason="repair") for r in (kit, tents, lamps)] == [1, 2, 4]
    assert [held(r, soon, reason="loan") for r in (kit, tents, lamps)] == [0, 0, 0]
    incidents.close(incident, by=lender_of(loan), outcome="Recousue")
    assert [held(r, soon + HOUR) for r in (kit, tents, lamps)] == [0, 0, 0]


def test_an_incident_on_a_part_warns_who_waits_for_the_whole(chairs: Resource) -> None:
    hall = ResourceFactory(name="Grande salle", kind="locaux", organisation=chairs.organisation)
    east = ResourceFactory(name="Salle est", kind="locaux", organisation=hall.organisation, part_of=hall)
    loan = signed(begun(accepted(east)))
    waiting = accepted(hall, in_days(4))
    handed(loan)
    incident = incidents.open_incident(loan, by=lender_of(loan), description="Vitre brisée", units=1)
    assert incidents.in_the_way(waiting) == [incident]
    assert calendar.refusals(hall, in_days(8))[0].code == "taken"


# ---- a naive model: the calendar always says what the counts say

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("return"), st.integers(1, 4), st.integers(0, 2)),
        st.tuples(st.just("open"), st.integers(1, 3), st.integers(0, 2)),
        st.tuples(st.just("close"), st.integers(0, 3), st.just(0)),
        st.tuples(st.just("cancel"), st.integers(0, 2), st.just(0)),
    ),
    max_size=9,
)


@settings(max_examples=15)
@given(steps=STEPS)
def test_any_sequence_of_returns_and_incidents_leaves_the_calendar_as_counted(db: None, steps: Any) -> None:
    """Three loans of 4, 3 and 6 chairs out of 8: two are out, the third comes in two days."""
    with transaction.atomic():
        chairs = ResourceFactory(quantity=8)
        loans = [begun(accepted(chairs, in_days(2), quantity=n)) for n in (4, 3)]
        coming = accepted(chairs, in_days(2), quantity=6)
        for loan in loans:
            handed(loan)
        out, aside, promised = [4, 3], [0, 0], 6
        opened: list[tuple[int, Incident]] = []
        for verb, n, which in steps:
            index = which % 2
            loan = loans[index]
            if verb == "return":
                count = min(n, out[index])
                if count:
                    brought(loan, count)
                    out[index] -= count
            elif verb == "open" and aside[index] + n <= loan.quantity:
                try:
                    with transaction.atomic():
                        incident = incidents.open_incident(loan, by=lender_of(loan), description="Bris", units=n)
                except ValidationError:
                    continue  # its units are in repair for another loan that had them after
                opened.append((index, incident))
                aside[index] += n
            elif verb == "close" and opened:
                index, incident = opened.pop(n % len(opened))
                incidents.close(incident, by=lender_of(loan), outcome="Réparé")
                aside[index] -= incident.units
            elif verb == "cancel" and promised:
                requests.cancel(Loan.objects.get(pk=coming.pk), by=lender_of(loan), reason="Non")
                promised = 0
            now = timezone.now()
            soon = now + datetime.timedelta(minutes=1)
            later, after = coming.starts_at + HOUR, coming.ends_at + HOUR
            assert held(chairs, soon, reason="loan") == sum(out)
            assert held(chairs, later, reason="loan") == promised
            units = {unit for _i, incident in opened for unit in incident.set_aside}
            assert len(units) == sum(aside)
            assert held(chairs, after, reason="repair") == len(units)
            for moment in (soon, later, after):
                taken = Occupation.objects.filter(resource=chairs, period__contains=moment)
                assert units <= set(taken.values_list("unit", flat=True))
            assert calendar.free_count(chairs, span(after, after + HOUR)) == 8 - len(units)
        transaction.set_rollback(True)
