"""The page that asks to borrow: what it refuses beside which field, what it offers instead, and what it keeps."""

from __future__ import annotations

import datetime
import html
import uuid
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Draft, Mail
from directory import calendar
from directory.models import OpeningHours, Resource
from loans.models import Loan, LoanMessage, LoanStatus
from mutualisation.kernel.moments import moment, span, wall
from tests.factories import MembershipFactory, OrganisationFactory, ResourceFactory, UserFactory
from tests.loans.lending import models_in_force, work

pytestmark = pytest.mark.django_db
NOW = datetime.datetime(2026, 11, 21, 17, tzinfo=datetime.UTC)


@pytest.fixture(autouse=True)
def _today(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timezone, "now", lambda: NOW)


@pytest.fixture
def odile(client: Client) -> Any:
    """A member of a validated organisation, signed in."""
    membership = MembershipFactory(organisation__name="La Marmite solidaire")
    client.force_login(membership.user)
    return membership


@pytest.fixture
def projector() -> Resource:
    return ResourceFactory(slug="projecteur", name="Projecteur", kind="materiel", quantity=3)


@pytest.fixture
def hall() -> Resource:
    return ResourceFactory(slug="salle", name="Salle", kind="locaux", recurring_allowed=True, horizon_days=730)


def at(day: str, start: str, end: str) -> Any:
    a, b = (moment(datetime.date.fromisoformat(day), datetime.time.fromisoformat(hour)) for hour in (start, end))
    return span(a, b)


def take(resource: Resource, *periods: Any, quantity: int = 1) -> None:
    calendar.occupy(resource, [(p, uuid.uuid4()) for p in periods], quantity)


def filled(membership: Any, **more: Any) -> dict[str, Any]:
    """The form as a person would fill it."""
    return {
        "once": str(uuid.uuid4()), "borrower": str(membership.organisation_id), "starts_on": "2026-12-05",
        "starts_at": "18 h", "ends_on": "", "ends_at": "21:00", "every": "once", "interval": "2", "until": "",
        "quantity": "1", "purpose": "Fête de quartier", "handling": "retrait", "message": "Merci d’avance",
    } | more  # fmt: skip


def ask(client: Client, resource: Resource, data: dict[str, Any]) -> Any:
    return client.post(reverse("loan_request", args=[resource.slug]), data)


def text(response: Any) -> str:
    return html.unescape(response.content.decode())


def error_of(response: Any, name: str) -> str:
    """What is said beside a field."""
    assert response.status_code == 422, response.status_code
    errors = response.context["form"].errors.get(name, [])
    assert len(errors) == 1, response.context["form"].errors
    assert f'id="id_{name}_error">{errors[0]}' in text(response)
    return str(errors[0])


# ---- asking


def test_a_member_asks_in_the_name_of_her_organisation(client: Client, odile: Any, projector: Resource) -> None:
    page = text(client.get(reverse("loan_request", args=["projecteur"]) + "?du=2026-12-05&au=2026-12-06"))
    assert 'value="2026-12-05"' in page
    assert "La Marmite solidaire" in page
    response = ask(client, projector, filled(odile, quantity="2"))
    loan = Loan.objects.get()
    assert response["Location"] == loan.get_absolute_url()
    assert (loan.borrower, loan.quantity, loan.status) == (odile.organisation, 2, LoanStatus.REQUESTED)
    assert (wall(loan.starts_at).isoformat(), wall(loan.ends_at).hour) == ("2026-12-05T18:00:00", 21)
    assert LoanMessage.objects.get().text == "Merci d’avance"
    assert "Votre demande est partie" in text(client.get(response["Location"]))


def test_a_double_click_asks_once(client: Client, odile: Any, projector: Resource) -> None:
    data = filled(odile)
    addresses = {ask(client, projector, data)["Location"] for _time in range(2)}
    assert len(addresses) == Loan.objects.count() == 1
    assert LoanMessage.objects.count() == 1
    assert ask(client, projector, data | {"starts_on": "2026-12-12"}).status_code == 302  # changed after « Back »
    assert Loan.objects.count() == 2


def test_a_refused_form_may_be_sent_again(client: Client, odile: Any, projector: Resource) -> None:
    data = filled(odile, quantity="9")
    assert ask(client, projector, data).status_code == 422
    assert ask(client, projector, data | {"quantity": "3"}).status_code == 302
    assert Loan.objects.get().quantity == 3


@pytest.mark.parametrize(
    ("typed", "field", "said"),
    [
        ({"ends_on": "2026-12-04"}, "ends_on", "La fin vient avant le début"),
        ({"ends_at": "17 h"}, "ends_at", "La fin vient avant le début"),
        ({"starts_on": "2026-11-20"}, "starts_on", "Ce moment est déjà passé."),
        ({"starts_on": "2027-02-29"}, "starts_on", "Le 29 février 2027 n’existe pas"),
        ({"starts_on": "5 décembre"}, "starts_on", "Écrivez la date ainsi"),
        ({"starts_on": ""}, "starts_on", "Écrivez une date, comme 2026-12-17"),
        ({"starts_at": "vers 18"}, "starts_at", "Écrivez une heure comme 18:00 ou 18 h."),
        ({"starts_on": "2027-03-14", "starts_at": "2:30"}, "starts_at", "2\u00a0h\u00a030 n’existe pas"),
        ({"starts_on": "2027-11-07", "starts_at": "1 h 30"}, "starts_at", "1\u00a0h\u00a030 arrive deux fois"),
        ({"quantity": "0"}, "quantity", "Demandez au moins une unité."),
        ({"quantity": "4"}, "quantity", "Il y en a 3 en tout, pas 4."),
        ({"quantity": "99999999999"}, "quantity", "C’est plus que tout ce qu’il y a."),
        ({"quantity": "deux"}, "quantity", "Écrivez un nombre entier"),
        ({"purpose": ""}, "purpose", "Dites en une ligne à quoi cela servira."),
        ({"every": "week", "until": "2056-12-05"}, "until", "au plus deux ans"),
        ({"every": "week", "until": "2026-12-01"}, "until", "finit avant d’avoir commencé"),
        ({"every": "week", "until": ""}, "until", "Dites jusqu’à quel jour"),
        ({"every": "weeks", "interval": "99", "until": "2027-01-01"}, "interval", "de 1 à 26 semaines"),
        ({"starts_on": "9999-12-31"}, "starts_on", "hors du calendrier"),
        ({"borrower": "999999"}, "borrower", "Choisissez un de vos organismes."),
    ],
)
def test_what_makes_no_sense_is_said_beside_its_field_and_nothing_is_lost(
    client: Client, odile: Any, projector: Resource, typed: dict[str, str], field: str, said: str
) -> None:
    MembershipFactory(user=odile.user)
    response = ask(client, projector, filled(odile, **typed))
    assert said in error_of(response, field)
    page = text(response)
    assert "Fête de quartier" in page or "purpose" in typed
    assert "Merci d’avance" in page
    assert not Loan.objects.exists()


def test_midnight_ends_the_day(client: Client, odile: Any, projector: Resource) -> None:
    ask(client, projector, filled(odile, ends_at="minuit"))
    assert wall(Loan.objects.get().ends_at).isoformat() == "2026-12-06T00:00:00"


def test_one_does_not_borrow_from_oneself(client: Client, odile: Any, projector: Resource) -> None:
    MembershipFactory(user=odile.user, organisation=projector.organisation)
    response = ask(client, projector, filled(odile, borrower=str(projector.organisation_id)))
    assert "C’est déjà à vous" in error_of(response, "borrower")
    own = MembershipFactory(organisation=projector.organisation)
    client.force_login(own.user)
    assert "C’est déjà à vous" in text(client.get(reverse("loan_request", args=["projecteur"])))


def test_another_organisation_cannot_be_named(client: Client, odile: Any, projector: Resource) -> None:
    foreign = OrganisationFactory()
    response = ask(client, projector, filled(odile, borrower=str(foreign.pk)))
    assert response.status_code == 422
    assert not Loan.objects.exists()


# ---- who can't


def test_who_acts_for_nobody_is_told_what_to_do_and_loses_nothing(client: Client, projector: Resource) -> None:
    person = UserFactory()
    client.force_login(person)
    address = reverse("loan_request", args=["projecteur"])
    assert reverse("organisation_create") in text(client.get(address))
    assert client.post(address, {"purpose": "Ciné-club"}).status_code == 409
    waiting = MembershipFactory(user=person, organisation__status="submitted", organisation__published_at=None)
    assert "attend sa validation" in text(client.get(address))
    type(waiting.organisation).objects.filter(pk=waiting.organisation_id).update(
        status="published", published_at=timezone.now()
    )
    assert "Ciné-club" in text(client.get(address + "?reprendre=1"))


def test_what_was_typed_survives_an_expired_session(client: Client, odile: Any, projector: Resource) -> None:
    client.logout()
    response = ask(client, projector, filled(odile, purpose="Ciné-club"))
    assert response["Location"].startswith(reverse("account_login"))
    client.force_login(odile.user)
    session = client.session
    assert session is not None
    assert not Loan.objects.exists()
    Draft.objects.create(user=odile.user, key=f"pret:nouveau:{projector.pk}", data={"purpose": ["Ciné-club"]})
    page = text(client.get(reverse("loan_request", args=["projecteur"]) + "?reprendre=1"))
    assert "Ciné-club" in page


def test_a_paused_or_hidden_resource_is_not_asked_for(client: Client, odile: Any, projector: Resource) -> None:
    Resource.objects.update(is_paused=True)
    assert "En pause en ce moment" in text(client.get(reverse("loan_request", args=["projecteur"])))
    assert ask(client, projector, filled(odile)).status_code == 409
    Resource.objects.update(visibility="organisations")
    assert client.get(reverse("loan_request", args=["projecteur"])).status_code == 404
    assert ask(client, projector, filled(odile)).status_code == 404


# ---- other ways


def test_a_refusal_offers_other_dates_fewer_units_and_other_resources_in_one_click(
    client: Client, odile: Any, projector: Resource
) -> None:
    other = ResourceFactory(
        slug="autre", name="Autre projecteur", quantity=3, category=projector.category, territory=projector.territory
    )
    take(projector, at("2026-12-05", "17:00", "20:00"), quantity=2)
    data = filled(odile, quantity="2")
    response = ask(client, projector, data)
    assert "Il n’en reste que 1 libre" in error_of(response, "quantity")
    page = text(response)
    assert 'name="essayer" value="1"' in page
    assert 'value="2026-12-06T18:00/2026-12-06T21:00"' in page
    assert f'formaction="{reverse("loan_request", args=["autre"])}"' in page
    fewer = ask(client, projector, data | {"essayer": "1"})
    assert fewer.context["form"]["quantity"].value() == "1"
    assert "Merci d’avance" in text(fewer)
    moved = ask(client, projector, data | {"essayer": "2026-12-06T18:00/2026-12-06T21:00"})
    assert moved.context["form"]["starts_on"].value() == "2026-12-06"
    elsewhere = ask(client, other, data | {"essayer": "ailleurs"})
    assert "Merci d’avance" in text(elsewhere)
    assert elsewhere.context["form"]["starts_on"].value() == "2026-12-05"
    assert not Loan.objects.exists()
    assert ask(client, projector, data | {"essayer": "n/importe"}).status_code == 404


def test_opening_hours_fill_the_hours_and_refuse_others(client: Client, odile: Any, hall: Resource) -> None:
    OpeningHours.objects.create(
        resource=hall, weekday=6, opens_at=datetime.time(9), closes_at=datetime.time(17)
    )  # a Saturday
    form = client.get(reverse("loan_request", args=["salle"]) + "?du=2026-12-05").context["form"]
    assert (form["starts_at"].value(), form["ends_at"].value()) == (datetime.time(9), datetime.time(17))
    response = ask(client, hall, filled(odile))
    assert "c’est fermé" in " ".join(response.context["form"].errors["starts_at"])


@pytest.mark.parametrize("query", ["?du=2027-02-29", "?du=x&au=y", "?du=%00", "?quantite=99999999999", "?de=25"])
def test_an_address_that_makes_no_sense_is_shown(client: Client, odile: Any, hall: Resource, query: str) -> None:
    assert client.get(reverse("loan_request", args=["salle"]) + query).status_code == 200


# ---- series


def test_every_tuesday_from_september_to_june_with_exceptions(client: Client, odile: Any, hall: Resource) -> None:
    take(hall, at("2027-10-12", "19:00", "20:00"))
    data = filled(odile, starts_on="2027-09-07", every="week", until="2028-06-13", handling="")
    page = ask(client, hall, data)
    assert page.status_code == 200
    rows = page.context["rows"]
    assert len(rows) == 41
    assert {f"{wall(r['period'].lower):%a %H}" for r in rows} == {"Tue 18"}
    assert [r["stamp"] for r in rows if r["why"]] == ["2027-10-12T18:00"]
    assert "C’est déjà pris" in text(page)
    assert not Loan.objects.exists()
    kept = [r["stamp"] for r in rows if r["kept"] and r["stamp"][:7] != "2027-12"]
    response = ask(client, hall, data | {"etape": "envoyer", "date": kept})
    loan = Loan.objects.get()
    assert response["Location"] == loan.get_absolute_url()
    assert loan.dates.count() == len(kept) == 36
    assert {wall(d.period.lower).hour for d in loan.dates.all()} == {18}
    shown = text(client.get(loan.get_absolute_url()))
    assert (
        "Les mardis de 18\u00a0h à 21\u00a0h, jusqu’au 13 juin 2028, sauf le 12 octobre 2027, le 7 décembre 2027"
        in shown
    )


def test_a_date_taken_meanwhile_is_shown_and_the_rest_stays_ticked(client: Client, odile: Any, hall: Resource) -> None:
    data = filled(odile, every="week", until="2026-12-19", handling="")
    stamps = [r["stamp"] for r in ask(client, hall, data).context["rows"]]
    take(hall, at("2026-12-12", "18:00", "19:00"))
    response = ask(client, hall, data | {"etape": "envoyer", "date": stamps})
    assert response.status_code == 409
    assert [r["kept"] for r in response.context["rows"]] == [True, False, True]
    assert not Loan.objects.exists()
    assert ask(client, hall, data | {"etape": "envoyer"}).status_code == 422
    back = ask(client, hall, data | {"etape": "revenir", "date": stamps[:1]})
    assert back.context["form"]["until"].value() == "2026-12-19"
    assert back.context["left_out"] == [stamp[:10] for stamp in stamps[1:]]
    again = ask(client, hall, data | {"starts_at": "20 h", "ends_at": "21 h", "sauf": back.context["left_out"]})
    assert [r["kept"] for r in again.context["rows"]] == [True, False, False]


def test_what_is_beyond_the_horizon_is_said_once_with_when_to_ask_for_it(
    client: Client, odile: Any, hall: Resource
) -> None:
    Resource.objects.update(horizon_days=30)  # it is 21 November, noon
    data = filled(odile, starts_on="2026-12-14", every="week", until="2027-01-11", handling="")
    shown = ask(client, hall, data)
    assert [(row["why"], row["kept"]) for row in shown.context["rows"]] == [("", True)] + 4 * [("Pas encore.", False)]
    seen = text(shown).replace("\u00a0", " ")
    once = "On demande 30 jours d’avance au plus, donc jusqu’au 20 décembre 2026 : 4 dates viennent après."
    assert seen.count(once) == 1
    assert "Demandez la suite à partir du 13 décembre 2026." in seen
    assert "plus de 30 jours" not in seen
    shown = ask(client, hall, data | {"starts_at": "9 h", "ends_at": "10 h"})
    assert "donc jusqu’au 21 décembre 2026 : 3 dates viennent après" in text(shown).replace("\u00a0", " ")


def test_two_days_a_week_of_someone(client: Client, odile: Any) -> None:
    accountant = ResourceFactory(slug="comptable", name="Comptable", kind="humain", time_share="un jour par semaine")
    page = client.get(reverse("loan_request", args=["comptable"]))
    assert page.context["form"]["every"].value() == "week"
    data = filled(odile, starts_on="2026-12-07", every="week", until="2026-12-20", weekdays=["1", "4"],
                  starts_at="9", ends_at="17", supervisor="", handling="sur_place")  # fmt: skip
    assert "Nommez qui encadrera" in error_of(ask(client, accountant, data), "supervisor")
    data["supervisor"] = "La direction"
    rows = ask(client, accountant, data).context["rows"]
    assert [r["stamp"][:10] for r in rows] == ["2026-12-07", "2026-12-10", "2026-12-14", "2026-12-17"]
    ask(client, accountant, data | {"etape": "envoyer", "date": [r["stamp"] for r in rows]})
    loan = Loan.objects.get()
    assert (loan.supervisor, loan.handling, loan.worker) == ("La direction", "sur_place", "")
    assert "Les lundis et jeudis de 9\u00a0h à 17\u00a0h" in text(client.get(loan.get_absolute_url()))


def test_premises_that_do_not_repeat_are_asked_for_once(client: Client, odile: Any, hall: Resource) -> None:
    Resource.objects.update(recurring_allowed=False)
    data = filled(odile, every="week", until="2027-01-30", handling="")
    assert ask(client, hall, data).status_code == 302
    assert Loan.objects.get().dates.count() == 1


def test_what_expired_is_asked_again_with_all_it_said(client: Client, odile: Any, projector: Resource) -> None:
    client.post(reverse("loan_request", args=["projecteur"]), filled(odile, purpose="Ciné-club", quantity="2"))
    loan = Loan.objects.get()
    Loan.objects.filter(pk=loan.pk).update(status=LoanStatus.EXPIRED)
    page = client.get(loan.get_absolute_url()).content.decode()
    assert "Vous pouvez refaire la demande" in page
    address = f"{reverse('loan_request', args=['projecteur'])}?comme={loan.pk}"
    assert f'href="{address}"' in page
    form = client.get(address).context["form"]
    assert {name: form[name].value() for name in ("purpose", "quantity", "borrower")} == {
        "purpose": "Ciné-club", "quantity": 2, "borrower": odile.organisation_id,
    }  # fmt: skip
    assert form["starts_on"].value() == f"{wall(loan.starts_at):%Y-%m-%d}"
    client.force_login(MembershipFactory().user)  # who never saw that loan learns nothing of it
    assert "Ciné-club" not in client.get(address).content.decode()


def test_the_owner_may_let_the_portal_accept(client: Client, odile: Any, projector: Resource) -> None:
    Resource.objects.update(accepts_by_itself=True)
    response = ask(client, projector, filled(odile))
    assert "C’est accepté et réservé" in text(client.get(response["Location"]))
    assert work() == 1
    assert Mail.objects.filter(event__startswith="accepted:").exists()


def test_who_lends_in_advance_is_told_that_it_was_and_what_for(client: Client, odile: Any, projector: Resource) -> None:
    MembershipFactory(organisation=projector.organisation)
    Resource.objects.update(accepts_by_itself=True)
    ask(client, projector, filled(odile, purpose="Ciné-club"))
    work()
    mail = Mail.objects.get(event__startswith="accepted-ours:")
    assert mail.subject.startswith("Accepté d’avance")
    assert "vous avez choisi d’accepter aussitôt. Un empêchement? Annulez dès maintenant." in " ".join(
        mail.text.split()
    )
    assert "Ciné-club" in mail.text


def test_what_the_portal_accepts_has_its_agreement_at_once_and_only_one(client: Client, odile: Any, hall: Any) -> None:
    models_in_force()
    Resource.objects.update(accepts_by_itself=True)
    shown = text(client.get(ask(client, hall, filled(odile, handling=""))["Location"]))
    assert "Compléter et accepter l’entente" in shown
    assert work() == 1
    assert Loan.objects.get().agreements.count() == 1


# ---- from the page of the resource


def test_the_page_of_a_resource_leads_to_asking(client: Client, odile: Any, hall: Resource) -> None:
    address = reverse("loan_request", args=["salle"])
    page = text(client.get(hall.get_absolute_url()))
    assert f'href="{address}"' in page
    assert "Demander ce local" in page
    assert f'href="{address}"' in text(Client().get(hall.get_absolute_url()))
    own = Client()
    own.force_login(MembershipFactory(organisation=hall.organisation).user)
    assert f'href="{address}"' not in text(own.get(hall.get_absolute_url()))
    Resource.objects.update(is_paused=True)
    assert f'href="{address}"' not in text(client.get(hall.get_absolute_url()))
