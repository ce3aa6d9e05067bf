"""Two people, two windows, phone and wide screen: borrow, propose other dates, book a series, share someone."""

from __future__ import annotations

import datetime
import re
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from directory.models import Occupation
from loans.models import Loan
from mutualisation.kernel.moments import wall
from tests.factories import MembershipFactory, ResourceFactory, a_small_country

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def two(db: None) -> tuple[Any, Any]:
    """Someone who lends and someone who borrows, each for her organisation."""
    here = a_small_country()["beauharnois"]
    return tuple(
        MembershipFactory(user__name=person, organisation__name=name, organisation__territory=here)
        for person, name in (("Odile Roy", "Le Carrefour"), ("Karim Benali", "La Marmite"))
    )  # type: ignore[return-value]


def press(page: Any, name: str) -> None:
    page.get_by_role("main").get_by_role("button", name=name, exact=True).click()


def test_a_projector_with_other_dates_proposed_and_agreed_to(window_of: Any, fits: Any, two: Any) -> None:
    lender, borrower = two
    projector = ResourceFactory(name="Projecteur", organisation=lender.organisation, quantity=1)
    odile, karim = window_of(lender.user), window_of(borrower.user)
    day = timezone.localdate() + datetime.timedelta(days=20)

    karim.goto(projector.get_absolute_url())
    fits(karim)
    karim.get_by_role("link", name="Demander ce matériel").first.click()
    fits(karim)
    karim.focus("[name=starts_on]")  # from field to field by keyboard, with hours as one says them
    for typed in (f"{day}", "", "", "", "18 h", "17 h"):  # after each day, the button of the calendar
        karim.keyboard.type(typed)
        karim.keyboard.press("Tab")
    karim.fill("[name=purpose]", "Ciné-club, 40 personnes")
    karim.check("[name=handling][value=retrait]")
    karim.fill("[name=message]", "Nous viendrons en fourgonnette.")
    press(karim, "Envoyer la demande")
    karim.get_by_text("La fin vient avant le début").first.wait_for()
    assert karim.input_value("[name=message]") == "Nous viendrons en fourgonnette."
    fits(karim)
    karim.fill("[name=ends_at]", "21 h")
    press(karim, "Envoyer la demande")
    karim.get_by_text("Votre demande est partie.").wait_for()
    fits(karim)

    odile.goto("/mon-espace/")
    fits(odile)
    odile.get_by_role("link", name="Répondre").first.click()
    odile.get_by_text("Nous viendrons en fourgonnette.").wait_for()
    fits(odile)
    odile.get_by_role("link", name="Proposer autre chose").click()
    fits(odile)
    odile.fill("[name=starts_on]", f"{day + datetime.timedelta(days=1)}")
    odile.fill("[name=ends_on]", "")
    odile.fill("[name=message]", "Pris ce soir-là.")
    press(odile, "Envoyer la proposition")
    odile.get_by_text("Votre proposition est partie").wait_for()
    fits(odile)
    assert not Occupation.objects.exists()

    karim.goto("/prets/")
    fits(karim)
    karim.get_by_role("link", name=re.compile("^Répondre")).click()
    karim.get_by_text("Pris ce soir-là.").first.wait_for()
    fits(karim)
    press(karim, "Accepter la proposition")
    karim.get_by_text("la proposition est acceptée").first.wait_for()
    fits(karim)
    loan = Loan.objects.get()
    assert (loan.status, wall(loan.starts_at).date()) == ("accepted", day + datetime.timedelta(days=1))
    assert Occupation.objects.count() == 1

    # What Odile left open is stale: nothing moves, and she is told.
    odile.reload()
    odile.get_by_text("C’est réservé.").first.wait_for()
    odile.goto(f"{reverse('loan_sheet')}?jour={day + datetime.timedelta(days=1)}")
    odile.get_by_text("Nous prêtons à La Marmite.").first.wait_for()
    fits(odile)


def test_a_hall_every_tuesday_from_september_to_june(window_of: Any, fits: Any, two: Any) -> None:
    lender, borrower = two
    hall = ResourceFactory(
        name="Grande salle", kind="locaux", organisation=lender.organisation, recurring_allowed=True, horizon_days=1000
    )
    odile, karim = window_of(lender.user), window_of(borrower.user)
    today = timezone.localdate()
    first = datetime.date(today.year + (today.month >= 9), 9, 1)
    first += datetime.timedelta(days=(1 - first.weekday()) % 7)
    last = datetime.date(first.year + 1, 6, 15)

    karim.goto(reverse("loan_request", args=[hall.slug]))
    assert not karim.is_visible("[name=until]")
    karim.fill("[name=starts_on]", f"{first}")
    karim.fill("[name=starts_at]", "18 h")
    karim.fill("[name=ends_at]", "21 h")
    karim.check("[name=every][value=week]")
    karim.fill("[name=until]", f"{last}")
    karim.fill("[name=purpose]", "Cuisine collective")
    fits(karim)
    press(karim, "Voir les dates")
    karim.get_by_role("heading", name="Gardez les dates qui conviennent").wait_for()
    fits(karim)
    boxes = karim.get_by_role("checkbox")
    total = boxes.count()
    assert total >= 39
    for box in boxes.all():
        if box.get_attribute("value")[5:7] == "12":
            box.uncheck()
    kept = karim.get_by_role("checkbox", checked=True).count()
    assert total - 5 <= kept < total
    press(karim, "Envoyer la demande")
    karim.get_by_text("Votre demande est partie.").wait_for()
    karim.get_by_text("Les mardis de 18\u00a0h à 21\u00a0h").first.wait_for()
    fits(karim)

    odile.goto("/prets/?etat=repondre")
    odile.get_by_role("link", name=re.compile("^Répondre")).click()
    press(odile, "Accepter la demande")
    odile.get_by_text("C’est accepté et réservé.").wait_for()
    fits(odile)
    loan = Loan.objects.get()
    assert (loan.status, loan.dates.count(), Occupation.objects.count()) == ("accepted", kept, kept)
    assert {wall(d.period.lower).hour for d in loan.dates.all()} == {18}

    karim.reload()
    karim.locator(".dates summary").nth(1).click()
    press(karim, "Annuler cette date")
    karim.get_by_text("La date est annulée").wait_for()
    fits(karim)
    assert Occupation.objects.count() == kept - 1


def test_an_accountant_one_day_a_week(window_of: Any, fits: Any, two: Any) -> None:
    lender, borrower = two
    someone = ResourceFactory(
        name="Comptable", kind="humain", organisation=lender.organisation, time_share="un jour par semaine"
    )
    odile, karim = window_of(lender.user), window_of(borrower.user)
    monday = timezone.localdate() + datetime.timedelta(days=7 - timezone.localdate().weekday())

    karim.goto(someone.get_absolute_url())
    karim.get_by_role("link", name="Demander cette personne").first.click()
    fits(karim)
    karim.fill("[name=starts_on]", f"{monday}")
    karim.fill("[name=starts_at]", "9 h")
    karim.fill("[name=ends_at]", "17 h")
    karim.fill("[name=until]", f"{monday + datetime.timedelta(weeks=9)}")
    karim.fill("[name=purpose]", "Tenue de livres")
    karim.fill("[name=supervisor]", "Ana Roy, direction")
    karim.check("[name=handling][value=sur_place]")
    press(karim, "Voir les dates")
    press(karim, "Envoyer la demande")
    karim.get_by_text("à nommer par son employeur").wait_for()
    fits(karim)

    odile.goto("/mon-espace/")
    odile.get_by_role("link", name="Répondre").first.click()
    press(odile, "Accepter la demande")
    odile.get_by_text("Nommez la personne prêtée.").first.wait_for()
    fits(odile)
    odile.fill("[name=worker]", "Mei Tran")
    odile.fill("[name=consent_on]", f"{timezone.localdate()}")
    press(odile, "Accepter la demande")
    odile.get_by_text("C’est accepté et réservé.").wait_for()
    fits(odile)
    karim.reload()
    karim.get_by_text("Mei Tran").first.wait_for()
    loan = Loan.objects.get()
    assert (loan.dates.count(), loan.worker, loan.time_share) == (10, "Mei Tran", "un jour par semaine")
