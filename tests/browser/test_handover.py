"""Two people, two telephones: chairs that come back in two times, a projector that comes back broken."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from directory import calendar
from directory.models import Occupation
from loans.models import Checklist, Incident, Loan, LoanStatus
from mutualisation.kernel.moments import span
from tests.browser.conftest import windows
from tests.browser.visitor import COLOURS, PHONE, Visitor
from tests.directory.pictures import picture
from tests.factories import OrganisationFactory, ResourceFactory
from tests.loans.lending import HOUR, accepted, begun, borrower_of, in_days, lender_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def chairs() -> Loan:
    Checklist.objects.create(kind="materiel", moment="handover", items=["Comptées ensemble", "Propres"])
    return begun(accepted(ResourceFactory(name="Cinquante chaises", quantity=50), quantity=20))


@pytest.fixture
def telephones(engine: Any, live_server: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Any]:
    """``open_for(user)`` gives a person with her own telephone, signed in."""
    monkeypatch.setattr(settings, "MEDIA_ROOT", tmp_path)
    visitors: list[Visitor] = []
    with windows(engine, live_server.url, width=PHONE, is_mobile=True, has_touch=True) as window:

        def open_for(user: Any) -> Visitor:
            visitors.append(Visitor(window(user), live_server.url))
            return visitors[-1]

        yield open_for
    assert [fault for visitor in visitors for fault in visitor.faults] == []


def looks_right(visitor: Visitor) -> None:
    """Whole, nothing sideways or cut, big enough for a thumb, and axe finds nothing wrong in both themes."""
    visitor.is_whole()
    assert visitor.sideways() == []
    assert visitor.small_targets(44) == []
    assert visitor.axe() == []
    visitor.wear(dark=True)
    assert visitor.axe(COLOURS) == []
    visitor.wear(dark=False)


def test_twenty_chairs_come_back_in_two_times(telephones: Any, chairs: Loan) -> None:
    lender, borrower = telephones(lender_of(chairs)), telephones(borrower_of(chairs))
    handover, back = reverse("loan_handover", args=[chairs.pk]), reverse("loan_return", args=[chairs.pk])
    lender.go(handover)
    looks_right(lender)
    lender.page.get_by_label("Comptées ensemble", exact=True).check()
    lender.page.get_by_text("Noter").last.click()
    lender.page.get_by_label("Note\u00a0: Propres").fill("Deux tachées")
    lender.page.get_by_role("button", name="Inscrire la remise").click()
    lender.see("C’est inscrit")
    borrower.go(handover)
    looks_right(borrower)
    # by keyboard: read, then confirm
    confirm = borrower.page.get_by_role("button", name="C’est exact")
    borrower.tab_to(confirm)
    borrower.page.keyboard.press("Enter")
    borrower.see("Confirmé par les deux")

    borrower.go(back)
    lender.go(back)
    looks_right(borrower)
    borrower.page.get_by_label("Combien reviennent").fill("15")
    borrower.page.get_by_role("button", name="Inscrire le retour").click()
    borrower.see("il en reste 5 à rendre")
    looks_right(borrower)
    soon = timezone.now() + HOUR
    assert Occupation.objects.filter(resource=chairs.resource, period__contains=soon).count() == 5
    assert calendar.free_count(chairs.resource, span(soon, soon + HOUR)) == 45

    # the lender counted at the same time, from the page as it was
    lender.refusals.add(lender.portal + back)
    lender.page.get_by_label("Combien reviennent").fill("14")
    lender.page.get_by_role("button", name="Inscrire le retour").click()
    lender.see("Quelqu’un d’autre a modifié cette fiche")
    lender.see("Enregistré par l’autre personne")
    looks_right(lender)
    lender.page.get_by_role("link", name="Garder le sien").click()
    lender.page.get_by_role("button", name="C’est exact").click()
    lender.see("Confirmé par les deux")
    lender.page.get_by_label("Combien reviennent").fill("5")
    lender.page.get_by_role("button", name="Inscrire le retour").click()
    lender.see("tout est revenu")
    lender.page.get_by_role("button", name="Terminer le prêt").click()
    lender.see("Le prêt est terminé.")
    looks_right(lender)
    chairs.refresh_from_db()
    assert (chairs.status, chairs.returned_quantity) == (LoanStatus.CLOSED, 20)


def test_chairs_leave_in_two_times_and_the_last_ones_stay(telephones: Any, chairs: Loan) -> None:
    lender, borrower = telephones(lender_of(chairs)), telephones(borrower_of(chairs))
    handover = reverse("loan_handover", args=[chairs.pk])
    lender.go(handover)
    lender.refusals.add(lender.portal + handover)
    lender.page.get_by_label("Combien partent").fill("8")
    lender.page.get_by_role("button", name="Inscrire la remise").click()
    lender.see("dites si le reste partira plus tard")
    looks_right(lender)
    lender.tab_to(lender.page.get_by_label("Il partira plus tard"))
    lender.page.keyboard.press("Space")
    lender.page.get_by_role("button", name="Inscrire la remise").click()
    lender.see("il en reste 12 à remettre")
    looks_right(lender)
    borrower.go(chairs.get_absolute_url())
    looks_right(borrower)
    borrower.page.get_by_role("link", name="Inscrire la remise du reste").click()
    borrower.page.get_by_label("Combien partent").fill("10")
    borrower.page.get_by_label("Il partira plus tard").check()
    borrower.page.get_by_role("button", name="Inscrire la remise").click()
    borrower.see("il en reste 2 à remettre")
    lender.go(handover)
    lender.page.get_by_text("Le reste ne partira pas").click()
    lender.page.get_by_role("button", name="Libérer le reste").click()
    lender.see("le reste est libre pour d’autres")
    looks_right(lender)
    chairs.refresh_from_db()
    assert (chairs.out, chairs.to_come) == (18, 0)


def test_a_series_read_on_a_telephone_and_one_date_called_off(telephones: Any, db: None) -> None:
    hall = ResourceFactory(name="Salle du Canal", kind="locaux")
    loan = accepted(hall, *(in_days(7 * n + 1) for n in range(12)))
    borrower = telephones(borrower_of(loan))
    borrower.go(loan.get_absolute_url())
    looks_right(borrower)
    borrower.page.get_by_role("link", name="Les 12 dates").click()
    borrower.page.wait_for_url("**/dates/")
    looks_right(borrower)
    third = borrower.page.locator("ol.dates > li").nth(2)
    third.locator("summary").click()
    third.get_by_label("Pourquoi").fill("Relâche")
    looks_right(borrower)
    third.get_by_role("button", name="Annuler cette date").click()
    borrower.see("La date est annulée; les autres tiennent.")
    borrower.see("Relâche")
    assert borrower.page.url.endswith("/dates/")
    looks_right(borrower)
    assert loan.dates.filter(cancelled_at__isnull=False).count() == 1


def test_a_projector_comes_back_broken(telephones: Any, db: None) -> None:
    projector = ResourceFactory(name="Projecteur")
    loan = begun(accepted(projector))
    following = accepted(projector, in_days(4), borrower=OrganisationFactory(name="Le Relais"))
    lender, borrower = telephones(lender_of(loan)), telephones(borrower_of(loan))
    lender.go(reverse("loan_handover", args=[loan.pk]))
    lender.page.get_by_role("button", name="Inscrire la remise").click()
    lender.see("C’est inscrit")

    lender.go(reverse("loan_return", args=[loan.pk]))
    lender.page.get_by_label("Abîmé").check()
    lender.page.get_by_label("Remarques").fill("La lampe ne s’allume plus")
    photo = picture("IMG_1.heic", form="HEIF", size=(900, 600))
    lender.page.set_input_files("#photos", [{"name": photo.name, "mimeType": "image/heic", "buffer": photo.read()}])
    lender.page.get_by_role("button", name="Inscrire le retour").click()
    lender.see("1 photo est gardée.")
    looks_right(lender)
    assert lender.undrawn() == []
    lender.page.get_by_role("link", name="Signaler un incident").first.click()
    lender.page.wait_for_url("**/incidents/signaler/**")
    looks_right(lender)
    assert lender.page.get_by_label("Que s’est-il passé").input_value() == "La lampe ne s’allume plus"
    lender.page.get_by_label("Coût estimé").fill("120,50")
    lender.page.get_by_label("Qui devrait payer").select_option("borrower")
    lender.page.get_by_role("button", name="Signaler l’incident").click()
    lender.see("Prêts à venir prévenus")
    lender.see("Le Relais")
    looks_right(lender)

    incident = Incident.objects.get()
    borrower.go(incident.get_absolute_url())
    assert "Le Relais" not in borrower.page.content()
    looks_right(borrower)
    borrower.page.get_by_role("button", name="D’accord").click()
    borrower.see("C’est entendu")
    assert calendar.free_count(projector, in_days(20)) == 0
    lender.page.reload()
    lender.page.get_by_text("Régler l’incident").first.click()
    lender.page.get_by_label("Comment est-ce réglé").fill("Lampe remplacée")
    lender.page.get_by_role("button", name="Régler et remettre en prêt").click()
    lender.see("Lampe remplacée")
    looks_right(lender)
    incident.refresh_from_db()
    assert (incident.payer, incident.is_open) == ("borrower", False)
    assert calendar.free_count(projector, in_days(20)) == 1
    following.refresh_from_db()
    assert following.status == LoanStatus.ACCEPTED
