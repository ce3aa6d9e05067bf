"""The page of a loan: who sees it, which gestures it offers, what each does, and what a stale or refused one keeps."""

from __future__ import annotations

import datetime
import html
import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from directory.models import ExceptionalHours, Occupation, Resource
from loans import lifecycle, proposals, requests
from loans.models import Loan, LoanDate, LoanMessage, LoanStatus
from mutualisation.kernel.moments import moment, span, wall
from tests.factories import MembershipFactory, ResourceFactory, lend

pytestmark = pytest.mark.django_db


def day(days: int, first: int = 10, last: int = 12) -> Any:
    """Some day from now, between two hours on the wall."""
    when = timezone.localdate() + datetime.timedelta(days=days)
    return span(moment(when, datetime.time(first)), moment(when, datetime.time(last)))


class World:
    """Two organisations, a person and a browser for each, and a stranger."""

    def __init__(self, **fields: Any) -> None:
        self.resource: Resource = ResourceFactory(**{"kind": "materiel", "quantity": 2, "name": "Projecteur", **fields})
        lender = MembershipFactory(organisation=self.resource.organisation)
        borrower = MembershipFactory(organisation__name="La Marmite")
        self.people = {"lender": lender.user, "borrower": borrower.user, "stranger": MembershipFactory().user}
        self.clients = {name: Client() for name in self.people}
        for name, user in self.people.items():
            self.clients[name].force_login(user)
        self.borrower = borrower.organisation

    def asked(self, *periods: Any, **fields: Any) -> Loan:
        return lend(self.resource, self.borrower, *(periods or (day(10),)), by=self.people["borrower"], **fields)

    def stand(self, state: str) -> Loan:
        """A loan in a state."""
        loan = self.asked()
        lender, borrower = self.people["lender"], self.people["borrower"]
        if state == "countered":
            proposals.propose(loan, by=lender, side="lender", periods=[day(11)], quantity=1)
        elif state == "declined":
            requests.decline(loan, by=lender, reason="Non")
        elif state == "expired":
            requests.expire(loan)
        elif state == "withdrawn":
            requests.withdraw(loan, by=borrower)
        elif state != "requested":
            requests.accept(loan, by=lender)
            if state in ("handed_over", "returned", "closed"):
                lifecycle.move(loan, "hand_over", by=lender, handed_over_at=timezone.now())
            if state in ("returned", "closed"):
                lifecycle.move(loan, "bring_back", by=lender, returned_at=timezone.now())
            if state == "closed":
                lifecycle.move(loan, "close", by=lender)
        return Loan.objects.get(pk=loan.pk)

    def see(self, who: str, loan: Loan) -> str:
        response = self.clients[who].get(loan.get_absolute_url())
        assert response.status_code == 200
        return html.unescape(response.content.decode())

    def do(self, who: str, loan: Loan, name: str, **data: Any) -> Any:
        sent = {"geste": name, "version": loan.version, **data}
        return self.clients[who].post(loan.get_absolute_url(), sent)


@pytest.fixture
def world(db: None) -> World:
    return World()


# ---- role × status → gestures

ANSWERS = {"accept", "decline", "propose"}
TABLE = {
    ("requested", "lender"): ANSWERS,
    ("requested", "borrower"): {"withdraw", "propose"},
    ("countered", "lender"): {"take_back"},
    ("countered", "borrower"): {"agree", "refuse", "withdraw", "propose"},
    ("accepted", "lender"): {"cancel", "propose"},
    ("accepted", "borrower"): {"cancel", "propose"},
    ("handed_over", "lender"): {"propose"},
    ("handed_over", "borrower"): {"propose"},
    ("returned", "lender"): set(),
    ("returned", "borrower"): set(),
    ("closed", "lender"): set(),
    ("closed", "borrower"): set(),
    ("declined", "lender"): set(),
    ("declined", "borrower"): set(),
    ("expired", "lender"): set(),
    ("expired", "borrower"): set(),
    ("withdrawn", "lender"): set(),
    ("withdrawn", "borrower"): set(),
}
EVERY = "accept decline let_through withdraw cancel agree refuse take_back record_person".split()


@pytest.mark.parametrize(("state", "who"), TABLE)
def test_the_page_offers_what_the_table_allows_and_refuses_the_rest(world: World, state: str, who: str) -> None:
    loan = world.stand(state)
    page = world.see(who, loan)
    offered = set(re.findall(r'name="geste" value="(\w+)"', page)) - {"message"}
    if f'href="{reverse("loan_propose", args=[loan.pk])}"' in page:
        offered.add("propose")
    assert offered == TABLE[state, who]
    before = (loan.status, loan.version)
    for name in EVERY:
        if name not in offered:
            answer = world.do(who, loan, name, note="Essai", worker="X", consent_on="2026-01-01")
            assert answer.status_code == 403, name
    now = Loan.objects.get(pk=loan.pk)
    assert (now.status, now.version) == before
    if "propose" not in offered:
        address = reverse("loan_propose", args=[loan.pk])
        assert world.clients[who].get(address).status_code == 302
        sent = {"version": loan.version, "starts_on": "2027-02-01", "starts_at": "9", "ends_at": "10", "quantity": "1"}
        assert world.clients[who].post(address, sent).status_code in (409, 422)
        assert Loan.objects.get(pk=loan.pk).proposals.filter(status="waiting").count() == (state == "countered")


def test_strangers_see_nothing(world: World) -> None:
    loan = world.asked()
    for address in (loan.get_absolute_url(), reverse("loan_propose", args=[loan.pk])):
        assert world.clients["stranger"].get(address).status_code == 404
        assert world.clients["stranger"].post(address, {"geste": "accept", "version": 1}).status_code == 404
    assert Client().get(loan.get_absolute_url()).status_code == 302
    assert "Projecteur" not in world.clients["stranger"].get(reverse("loan_list")).content.decode()


# ---- gestures


def test_accepted_with_a_word_then_the_private_instructions_show(world: World) -> None:
    Resource.objects.update(pickup_instructions="Code de la porte : 4321")
    loan = world.asked(quantity=2)
    assert "4321" not in world.see("borrower", loan)
    assert world.do("lender", loan, "accept", note="Avec plaisir").status_code == 302
    loan.refresh_from_db()
    assert loan.status == LoanStatus.ACCEPTED
    assert Occupation.objects.count() == 2
    page = world.see("borrower", loan)
    assert "4321" in page
    assert "Avec plaisir" in page
    requests.cancel(loan, by=world.people["borrower"], reason="Remis")
    assert "4321" not in world.see("borrower", loan)


def test_a_refusal_says_why(world: World) -> None:
    loan = world.asked()
    other = ResourceFactory(slug="autre", name="Autre projecteur", category=world.resource.category)
    response = world.do("lender", loan, "decline", note="  ")
    assert response.status_code == 422
    page = html.unescape(response.content.decode())
    assert "Dites pourquoi" in page
    assert '<details class="more-gesture" open><summary>Refuser' in page
    world.do("lender", loan, "decline", note="Déjà promis")
    page = world.see("borrower", loan)
    assert "Déjà promis" in page
    assert reverse("loan_request", args=[world.resource.slug]) in page
    assert f"{reverse('loan_request', args=[other.slug])}?du=" in page
    assert "Autre projecteur" not in world.see("lender", loan)


def test_a_stale_page_changes_nothing_and_keeps_what_was_typed(world: World) -> None:
    loan = world.asked()
    requests.decline(loan, by=world.people["lender"], reason="Non")
    loan.version = 1
    response = world.do("lender", loan, "accept", note="Mon mot gardé")
    assert response.status_code == 409
    page = html.unescape(response.content.decode())
    assert "ce prêt a bougé" in page
    assert "Mon mot gardé" in page
    assert Loan.objects.get().status == LoanStatus.DECLINED


def test_what_was_taken_meanwhile_is_said_with_other_ways(world: World) -> None:
    loan, other = world.asked(quantity=2), world.asked(quantity=1)
    requests.accept(other, by=world.people["lender"])
    response = world.do("lender", loan, "accept", note="Mon mot gardé")
    assert response.status_code == 409
    page = html.unescape(response.content.decode())
    assert "il n’en reste plus assez de libre" in page
    assert "Mon mot gardé" in page
    assert f"{reverse('loan_propose', args=[loan.pk])}?quantite=1" in page
    assert f"{reverse('loan_propose', args=[loan.pk])}?du=" in page
    assert Loan.objects.get(pk=loan.pk).status == LoanStatus.REQUESTED


def test_a_held_request_is_examined_first(world: World) -> None:
    late = world.asked()
    requests.accept(late, by=world.people["lender"])
    lifecycle.move(late, "hand_over", by=world.people["lender"], handed_over_at=timezone.now())
    past = timezone.now() - datetime.timedelta(days=2)
    Loan.objects.filter(pk=late.pk).update(starts_at=past - datetime.timedelta(days=1), ends_at=past)
    held = world.asked(day(20))
    assert "Votre organisme a quelque chose à rendre d’abord" in world.see("borrower", held)
    page = world.see("lender", held)
    assert "Examiner quand même" in page
    assert "1 prêt en retard" in page or "a un prêt en retard" in page
    assert world.do("lender", held, "accept").status_code == 403
    world.do("lender", held, "let_through")
    held.refresh_from_db()
    assert "examine la demande malgré un retard" in world.see("lender", held)
    assert world.do("lender", held, "accept").status_code == 302
    assert "En retard de 2 jours" in world.see("borrower", late)


def test_a_counter_proposal_is_agreed_to(world: World) -> None:
    loan = world.asked()
    address = reverse("loan_propose", args=[loan.pk])
    form = world.clients["lender"].get(address).context["form"]
    assert form["starts_at"].value() == datetime.time(10)
    when = f"{timezone.localdate() + datetime.timedelta(days=12)}"
    sent = {"version": loan.version, "starts_on": when, "starts_at": "14 h", "ends_on": "", "ends_at": "16:00",
            "quantity": "1", "conditions": "Rapporter les câbles", "message": "Le matin est pris"}  # fmt: skip
    assert world.clients["lender"].post(address, sent).status_code == 302
    loan.refresh_from_db()
    assert loan.status == LoanStatus.COUNTERED
    page = world.see("borrower", loan)
    assert "14\u00a0h à 16\u00a0h" in page
    assert "Rapporter les câbles" in page
    assert not Occupation.objects.exists()
    world.do("borrower", loan, "agree", note="Parfait")
    loan.refresh_from_db()
    assert (loan.status, wall(loan.starts_at).hour, loan.conditions) == ("accepted", 14, "Rapporter les câbles")


@pytest.mark.parametrize(
    ("typed", "field", "said"),
    [
        ({"quantity": "0"}, "quantity", "Proposez au moins une unité."),
        ({"quantity": "3"}, "quantity", "Il y en a 2 en tout"),
        ({"ends_at": "9"}, "ends_at", "La fin vient avant le début"),
        ({"starts_on": "2020-01-01"}, "starts_on", "Ce moment est déjà passé."),
        ({}, "__all__", "Rien ne change"),
    ],
)
def test_a_proposal_that_makes_no_sense(world: World, typed: dict[str, str], field: str, said: str) -> None:
    loan = world.asked()
    when = f"{timezone.localdate() + datetime.timedelta(days=10)}"
    sent = {"version": loan.version, "starts_on": when, "starts_at": "10", "ends_at": "12", "quantity": "1",
            "message": "Mon mot gardé"} | typed  # fmt: skip
    response = world.clients["lender"].post(reverse("loan_propose", args=[loan.pk]), sent)
    assert response.status_code == 422
    assert said in response.context["form"].errors[field][0]
    assert "Mon mot gardé" in response.content.decode()
    assert not loan.proposals.exists()


def test_an_extension_needs_both_and_leaves_the_loan_as_it_was_when_refused(world: World) -> None:
    loan = world.stand("handed_over")
    when = f"{timezone.localdate() + datetime.timedelta(days=10)}"
    sent = {"version": loan.version, "starts_on": when, "starts_at": "10", "ends_at": "15", "quantity": "1"}
    assert world.clients["borrower"].post(reverse("loan_propose", args=[loan.pk]), sent).status_code == 302
    loan.refresh_from_db()
    assert "demande à prolonger" in world.see("lender", loan)
    assert world.do("lender", loan, "refuse", note="On en a besoin").status_code == 302
    loan.refresh_from_db()
    assert (loan.status, wall(loan.ends_at).hour) == ("handed_over", 12)
    assert "On en a besoin" in world.see("borrower", loan)


def test_an_extension_asks_the_same_of_the_calendar_as_a_request_and_the_lender_opens_as_he_likes(world: World) -> None:
    loan = world.asked()
    last = timezone.localdate() + datetime.timedelta(days=11)
    ExceptionalHours.objects.create(resource=world.resource, starts_on=last, ends_on=last, label="Congé annuel")
    sent = {"version": loan.version, "starts_on": f"{last - datetime.timedelta(days=1)}", "starts_at": "10",
            "ends_on": f"{last}", "ends_at": "12", "quantity": "1"}  # fmt: skip
    address = reverse("loan_propose", args=[loan.pk])
    refused = world.clients["borrower"].post(address, sent)
    assert refused.status_code == 422
    assert "Congé annuel" in refused.content.decode()
    assert world.clients["lender"].post(address, sent).status_code == 302


def test_one_date_of_a_series_is_called_off_and_others_change_hours(world: World) -> None:
    loan = world.asked(day(10), day(17), day(24))
    world.do("lender", loan, "accept")
    loan.refresh_from_db()
    first, second, third = loan.dates.all()
    assert world.do("borrower", loan, f"date-{second.pk}", note="Relâche").status_code == 302
    loan.refresh_from_db()
    assert Occupation.objects.count() == 2
    assert "a annulé la date" in world.see("lender", loan)
    assert world.do("borrower", loan, f"date-{second.pk}").status_code == 409
    other = world.stand("accepted")
    assert world.do("borrower", loan, f"date-{other.dates.get().pk}").status_code == 409
    sent = {"version": loan.version, "kept": [third.pk], "starts_at": "13", "ends_at": "15", "quantity": "1"}
    assert world.clients["borrower"].post(reverse("loan_propose", args=[loan.pk]), sent).status_code == 302
    loan.refresh_from_db()
    world.do("lender", loan, "agree")
    live = LoanDate.objects.filter(loan=loan, cancelled_at__isnull=True).get()
    assert wall(live.period.lower).hour == 13
    assert (live.pk, live.act) == (third.pk, third.act)  # its place in people’s calendars
    assert first.period.lower < third.period.lower


def test_the_employer_names_the_person_and_her_consent(db: None) -> None:
    world = World(kind="humain", quantity=1, name="Comptable")
    loan = world.asked(supervisor="La direction", time_share="un jour par semaine")
    assert world.do("lender", loan, "accept").status_code == 422
    future = f"{timezone.localdate() + datetime.timedelta(days=1)}"
    refused = world.do("lender", loan, "accept", worker="Mei Tran", consent_on=future)
    assert "Ce jour n’est pas encore venu" in html.unescape(refused.content.decode())
    assert "Mei Tran" in refused.content.decode()
    before = {"worker": "Mei Tran", "consent_on": "2026-01-15", "trial_ends_on": "2020-01-01"}
    assert "L’essai finit pendant le prêt" in html.unescape(
        world.do("lender", loan, "accept", **before).content.decode()
    )
    world.do("lender", loan, "accept", worker="Mei Tran", consent_on="2026-01-15", trial_ends_on="")
    loan.refresh_from_db()
    assert (loan.status, loan.worker, str(loan.consent_on)) == ("accepted", "Mei Tran", "2026-01-15")
    assert loan.consent_by == world.people["lender"]
    assert "Mei Tran" in world.see("borrower", loan)
    assert "Mei Tran" not in Client().get(world.resource.get_absolute_url()).content.decode()
    assert world.do("borrower", loan, "record_person", worker="X", consent_on="2026-01-15").status_code == 403
    world.do("lender", loan, "record_person", worker="Ana Roy", consent_on="2026-01-16")
    assert Loan.objects.get().worker == "Ana Roy"


def test_a_notice_when_people_are_lent_often(db: None) -> None:
    world = World(kind="humain", quantity=1)
    for n in range(3):
        requests.accept(world.asked(day(10 + n)), by=world.people["lender"])
    loan = world.asked(day(20))
    assert "placement de personnel" in world.see("lender", loan)
    assert "placement de personnel" not in world.see("borrower", loan)


def test_messages_go_both_ways_once(world: World) -> None:
    loan = world.asked()
    once = {"note": "Peut-on passer à 9 h?", "once": "7c9e6679-7425-40de-944b-e07fc1f90ae7"}
    for _time in range(2):
        assert world.do("borrower", loan, "message", **once).status_code == 302
    world.do("lender", loan, "message", note="Oui")
    assert LoanMessage.objects.count() == 2
    world.do("borrower", loan, "message", **{**once, "note": "Autre chose"})
    assert LoanMessage.objects.count() == 3
    page = world.see("lender", loan)
    assert page.index("a demandé") < page.index("Peut-on passer") < page.index("<p>Oui</p>")
    assert world.do("lender", loan, "message", note=" ").status_code == 422
    assert world.do("lender", loan, "abracadabra").status_code == 404


def test_what_was_typed_survives_an_expired_session(world: World) -> None:
    loan = world.asked()
    client = Client()
    sent = {"geste": "message", "note": "Un long message"}
    assert client.post(loan.get_absolute_url(), sent)["Location"].startswith(reverse("account_login"))
    assert client.session["held_draft"]["data"]["note"] == ["Un long message"]
    session = world.clients["borrower"].session
    session["held_draft"] = client.session["held_draft"]
    session.save()
    assert "Vous aviez commencé à taper" in world.see("borrower", loan)
    page = world.clients["borrower"].get(loan.get_absolute_url() + "?reprendre=1").content.decode()
    assert "Un long message" in page
