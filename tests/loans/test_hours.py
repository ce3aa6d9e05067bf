"""The hours of a person who is lent: noted by either side, to the minute, corrected in the open, summed."""

from __future__ import annotations

import datetime
import html
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.utils import timezone

from directory.models import Membership
from loans import hours
from loans.forms.hours import HoursForm
from loans.models import Loan, LoanDate
from mutualisation.kernel.lifecycle import AlreadyMoved
from mutualisation.kernel.moments import span
from tests.factories import OrganisationFactory, ResourceFactory
from tests.loans.lending import accepted, begun, borrower_of, in_days, lender_of, member

pytestmark = pytest.mark.django_db


@pytest.fixture
def loan() -> Loan:
    """Three dates: one is past, one under way, one to come."""
    person = ResourceFactory(kind="humain", name="Comptable")
    borrower = OrganisationFactory(name="La Marmite")
    member(borrower)
    periods = [in_days(n, 8) for n in (1, 8, 15)]
    found = accepted(
        person, *periods, borrower=borrower, worker="Alix Exemple", consent_on=datetime.date(2026, 1, 5)
    )  # fmt: skip
    return begun(found, ago=datetime.timedelta(days=7, hours=1))


def date_of(loan: Loan, n: int = 0) -> LoanDate:
    return list(loan.dates.order_by("period"))[n]


def of(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def page(response: Any) -> str:
    return html.unescape(response.content.decode()).replace("\u00a0", " ")


def address(loan: Loan) -> str:
    return f"/prets/{loan.pk}/dates/"


def sent(loan: Loan, said: str, n: int = 0, **more: Any) -> dict[str, Any]:
    return {"date": date_of(loan, n).pk, "minutes": said, "note": "", "vu": 0, **more}


@pytest.mark.parametrize(
    ("typed", "minutes"),
    [("7 h 30", 450), ("7:30", 450), ("7h30", 450), ("7,5", 450), ("7.25 h", 435), ("7", 420), ("0", None),
     ("0 h", None), ("0 h 05", 5), ("7 h 75", None), ("sept", None), ("-1", None), ("7,555", None), ("", None),
     ("25", None)],
)  # fmt: skip
def test_hours_are_read_as_people_write_them(loan: Loan, typed: str, minutes: int | None) -> None:
    date = LoanDate(period=span(datetime.datetime(2026, 11, 12, 13, tzinfo=datetime.UTC),
                                datetime.datetime(2026, 11, 12, 21, tzinfo=datetime.UTC)))  # fmt: skip
    form = HoursForm({"minutes": typed, "note": ""}, date=date, before=None)
    assert (form.cleaned_data["minutes"] if form.is_valid() else None) == minutes


def test_either_side_notes_and_both_read_with_the_sum(loan: Loan) -> None:
    lender, borrower = of(lender_of(loan)), of(borrower_of(loan))
    done = borrower.post(address(loan), sent(loan, "7 h 30", note="Paie de novembre"))
    assert done["Location"] == f"{address(loan)}#date-{date_of(loan).pk}"
    for client in (lender, borrower):
        seen = page(client.get(address(loan)))
        assert "Heures faites : 7 h 30, notées par La Marmite" in seen
        assert "Paie de novembre" in seen
        assert "Heures faites : <b>7 h 30</b>, notées pour 1 date." in seen
    thread = page(lender.get(loan.get_absolute_url()))
    assert "a noté 7 h 30 de travail, le " in thread
    assert "Les 3 dates et les heures faites" in thread
    seen = hours.notings(loan.events.all())[date_of(loan).pk][-1].pk
    assert lender.post(address(loan), sent(loan, "6,75", vu=seen)).status_code == 302
    dates = page(borrower.get(address(loan)))
    assert f"Heures faites : 6 h 45, notées par {loan.lender.name}" in dates
    assert "En remplacement de 7 h 30, notées par La Marmite" in dates
    assert "6 h 45 jusqu’ici" in page(borrower.get(loan.get_absolute_url()))
    assert loan.events.filter(verb=hours.NOTED).count() == 2  # who corrected whom stays


def test_two_who_note_at_once_and_a_form_sent_twice(loan: Loan) -> None:
    lender, borrower = of(lender_of(loan)), of(borrower_of(loan))
    assert lender.post(address(loan), sent(loan, "8")).status_code == 302
    assert lender.post(address(loan), sent(loan, "8")).status_code == 302
    assert loan.events.filter(verb=hours.NOTED).count() == 1
    late = borrower.post(address(loan), sent(loan, "6 h 10", note="Partie plus tôt"))
    assert late.status_code == 409
    seen = page(late)
    assert "d’autres heures ont été notées" in seen
    assert ("Heures faites : 8 h" in seen, 'value="6 h 10"' in seen, "Partie plus tôt" in seen) == (True, True, True)
    last = hours.notings(loan.events.all())[date_of(loan).pk][-1].pk
    assert f'name="vu" value="{last}"' in seen  # sent again, knowingly
    with pytest.raises(AlreadyMoved):
        hours.note_hours(date_of(loan), by=borrower_of(loan), minutes=370)


def test_what_is_wrong_is_said_and_what_was_typed_stays(loan: Loan) -> None:
    refused = of(lender_of(loan)).post(address(loan), sent(loan, "beaucoup", note="x" * 201))
    assert refused.status_code == 422
    assert "Écrivez des heures, comme 7 h 30, 7:30 ou 7,5." in page(refused)
    assert 'value="beaucoup"' in page(refused)
    assert not loan.events.filter(verb=hours.NOTED).exists()


def test_zero_only_corrects_what_was_noted(loan: Loan) -> None:
    lender = of(lender_of(loan))
    refused = lender.post(address(loan), sent(loan, "0 h"))
    assert refused.status_code == 422
    assert "Zéro ne se note pas : si rien n’a été fait, laissez cette date sans heures." in page(refused)
    with pytest.raises(PermissionDenied):
        hours.note_hours(date_of(loan), by=lender_of(loan), minutes=0)
    assert lender.post(address(loan), sent(loan, "8")).status_code == 302
    seen = hours.notings(loan.events.all())[date_of(loan).pk][-1].pk
    assert lender.post(address(loan), sent(loan, "0 h", vu=seen, note="Absente")).status_code == 302
    assert "Heures faites : 0 h" in page(lender.get(address(loan)))


def test_only_past_dates_of_a_person_for_who_acts_for_a_side(loan: Loan) -> None:
    lender = of(lender_of(loan))
    for n in (1, 2):
        assert lender.post(address(loan), sent(loan, "7", n)).status_code == 404
    assert page(lender.get(address(loan))).count("Noter les heures") == 1
    LoanDate.objects.filter(pk=date_of(loan).pk).update(cancelled_at=timezone.now())
    assert lender.post(address(loan), sent(loan, "7")).status_code == 404
    LoanDate.objects.update(cancelled_at=None)
    stranger = Membership.objects.create(user=member(OrganisationFactory()), organisation=OrganisationFactory()).user
    assert of(stranger).post(address(loan), sent(loan, "7")).status_code == 404
    for n, by in ((0, stranger), (2, lender_of(loan))):
        with pytest.raises(PermissionDenied):
            hours.note_hours(date_of(loan, n), by=by, minutes=420)
    hall = begun(accepted(ResourceFactory(kind="locaux"), in_days(1), in_days(8)), ago=datetime.timedelta(days=2))
    assert of(lender_of(hall)).post(address(hall), sent(hall, "7")).status_code == 404
    assert "Noter les heures" not in page(of(lender_of(hall)).get(address(hall)))
