"""What came of a promise: recorded in the units of its kind, beyond it with a word, taken off with a reason."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Mail
from mutualisation.kernel.lifecycle import AlreadyMoved
from projects import contributions
from projects.contributions import BeyondPromise, NotPossible
from projects.ledger import ledger
from projects.models import Contribution, Delivery
from tests.factories import OrganisationFactory
from tests.projects.building import build, join, someone_of

pytestmark = pytest.mark.django_db


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def promised(**said: Any) -> tuple[Any, Contribution]:
    """A participation and what it promised."""
    one = join(build(), OrganisationFactory(name="La Marmite"), brings=[{"label": "Apport", **said}])
    return one, one.contributions.get()


def came(promise: Contribution, by: Any, **said: Any) -> Delivery:
    return contributions.deliver(promise, on=timezone.localdate(), by=by, **said)


# ---- taken off


def test_a_partner_takes_off_what_she_recorded_not_what_the_bearer_did() -> None:
    one, promise = promised(nature="temps", hours=10)
    partner, bearer = one.offered_by, someone_of(one.project.organisation)
    hers, theirs = came(promise, partner, hours=2), came(promise, bearer, hours=3)
    client = signed_in(partner)
    page = client.get(reverse("contribution", args=[one.project.slug, promise.pk])).content.decode()
    assert reverse("delivery_remove", args=[one.project.slug, hers.pk]) in page
    refused = reverse("delivery_remove", args=[one.project.slug, theirs.pk])
    assert refused not in page
    assert client.get(refused).status_code == client.post(refused, {"reason": "Non."}).status_code == 403
    with pytest.raises(PermissionDenied):
        contributions.take_off(theirs, by=partner, reason="Non.")
    # nor a colleague of hers, who recorded nothing; who leads may either
    with pytest.raises(PermissionDenied):
        contributions.take_off(hers, by=someone_of(one.organisation), reason="Non.")
    contributions.take_off(hers, by=bearer, reason="Compté deux fois.")
    assert ledger(one.project).total.hours == 3


def test_taking_a_line_off_is_asked_said_and_kept() -> None:
    one, promise = promised(nature="argent", amount=500)
    partner, bearer = one.offered_by, someone_of(one.project.organisation)
    line = came(promise, partner, amount=200)
    client = signed_in(partner)
    address = reverse("delivery_remove", args=[one.project.slug, line.pk])
    asked = client.get(address).content.decode()
    assert "Retirer cette ligne du bilan?" in asked
    assert "200\u00a0$" in asked
    assert ledger(one.project).total.dollars == 200
    assert client.post(address, {"reason": " "}).status_code == 422
    told = client.post(address, {"reason": "Chèque sans provision."}, follow=True).content.decode()
    assert "Une ligne retirée" in told
    assert "Chèque sans provision." in told
    assert ledger(one.project).total.dollars == 0
    mails = Mail.objects.filter(event=f"project-taken-off:{line.pk}")
    assert bearer.email in {m.to for m in mails}
    assert partner.email not in {m.to for m in mails}
    assert all("Chèque sans provision." in m.text and "200\u00a0$" in m.text for m in mails)
    # a stale page changes nothing and says so
    again = client.post(address, {"reason": "Encore."}, follow=True).content.decode()
    assert "déjà retirée" in again
    line.refresh_from_db()
    assert (line.removed_why, line.removed_by) == ("Chèque sans provision.", partner)
    with pytest.raises(AlreadyMoved):
        contributions.take_off(line, by=partner, reason="Encore.")


def test_the_database_wants_a_reason() -> None:
    one, promise = promised(nature="temps", hours=10)
    line = came(promise, one.offered_by, hours=2)
    with pytest.raises(IntegrityError), transaction.atomic():
        Delivery.objects.filter(pk=line.pk).update(removed_at=timezone.now())


def test_a_promise_taken_back_says_why_to_the_other_side() -> None:
    one, promise = promised(nature="temps", hours=10)
    bearer = someone_of(one.project.organisation)
    client = signed_in(one.offered_by)
    address = reverse("contribution", args=[one.project.slug, promise.pk])
    assert client.post(address, {"geste": "retirer"}).status_code == 422
    client.post(address, {"geste": "retirer", "retrait-reason": "Notre équipe a changé."})
    promise.refresh_from_db()
    assert (promise.status, promise.reason) == ("cancelled", "Notre équipe a changé.")
    mails = Mail.objects.filter(event=f"project-taken-back:{promise.pk}")
    assert bearer.email in {m.to for m in mails}
    assert one.offered_by.email not in {m.to for m in mails}
    assert "Notre équipe a changé." in mails[0].text


# ---- beyond the promise, and units


@pytest.mark.parametrize(
    ("promise", "within", "beyond"),
    [
        ({"nature": "argent", "amount": "1250.50"}, {"amount": 1250}, {"amount": 1}),
        ({"nature": "temps", "hours": 10}, {"hours": 10}, {"hours": 1}),
        ({"nature": "locaux", "amount": 600, "hours": 30}, {"hours": 30}, {"amount": 601}),
    ],
)
def test_more_than_promised_asks_for_a_word(promise: Any, within: Any, beyond: Any) -> None:
    one, row = promised(**promise)
    came(row, one.offered_by, **within)
    with pytest.raises(BeyondPromise, match="seraient venus pour"):
        came(row, one.offered_by, **beyond)
    assert Delivery.objects.count() == 1
    came(row, one.offered_by, **beyond, note="Un don de plus.")
    assert Delivery.objects.count() == 2


def test_what_comes_outside_the_period_promised_asks_for_a_word() -> None:
    today = timezone.localdate()
    soon = {"starts_on": today + datetime.timedelta(days=10), "ends_on": today + datetime.timedelta(days=20)}
    one, row = promised(nature="temps", hours=10, **soon)
    with pytest.raises(BeyondPromise, match="la promesse vaut du"):
        came(row, one.offered_by, hours=4)
    client = signed_in(one.offered_by)
    address = reverse("contribution", args=[one.project.slug, row.pk])
    said = {"geste": "recu", "on": today.isoformat(), "hours": "4", "note": ""}
    answer = client.post(address, said)
    assert answer.status_code == 422
    assert "dites-le en un mot dans la remarque" in answer.context["form"].errors["note"][0]
    assert Delivery.objects.count() == 0
    assert client.post(address, {**said, "note": "Commencé plus tôt."}).status_code == 302
    Contribution.objects.filter(pk=row.pk).update(starts_on=today, ends_on=None)
    came(row, one.offered_by, hours=4)
    assert Delivery.objects.count() == 2


def test_who_promised_is_told_of_what_the_bearers_record_not_of_what_her_own_side_does() -> None:
    one, promise = promised(nature="temps", hours=10)
    bearer = someone_of(one.project.organisation)
    client = signed_in(bearer)
    address = reverse("contribution", args=[one.project.slug, promise.pk])
    client.post(address, {"geste": "recu", "on": "2026-03-01", "hours": "4", "note": "Deux jeudis."})
    mail = Mail.objects.get(event=f"project-came:{promise.deliveries.get().pk}")
    assert mail.to == one.offered_by.email
    assert "Apport" in mail.subject
    for words in ("1er mars 2026", "4\u00a0h", "Deux jeudis.", address):
        assert words in mail.text
    came(promise, one.offered_by, hours=2)
    came(promise, someone_of(one.organisation), hours=2)
    assert Mail.objects.filter(event__startswith="project-came").count() == 1


@pytest.mark.parametrize("nature", ["reseau", "materiel"])
def test_what_was_promised_without_figures_comes_with_a_word(nature: str) -> None:
    one, row = promised(nature=nature)
    client = signed_in(someone_of(one.project.organisation))
    address = reverse("contribution", args=[one.project.slug, row.pk])
    said = {"geste": "recu", "on": "2026-03-01"}
    answer = client.post(address, said)
    assert answer.status_code == 422
    assert "Dites en un mot ce qui est venu" in answer.context["form"].errors["note"][0]
    assert client.post(address, {**said, "note": "Douze organismes joints."}).status_code == 302
    line = row.deliveries.get()
    assert (line.hours, line.amount) == (0, 0)
    page = client.get(one.get_absolute_url()).content.decode()
    assert ">venu</span>" in page
    assert "Douze organismes joints." in client.get(address).content.decode()
    assert "que c’est venu le 1er mars 2026" in Mail.objects.get(event=f"project-came:{line.pk}").text
    (told,) = ledger(one.project).lines
    assert told.came
    assert told.remarks == ("Douze organismes joints. (le 1er mars 2026)",)
    assert "venu</td>" in client.get(one.project.get_absolute_url()).content.decode()
    contributions.take_off(line, by=line.recorded_by, reason="Non.")
    assert not ledger(one.project).lines[0].came
    # where figures were promised, they are asked
    Contribution.objects.filter(pk=row.pk).update(hours=3)
    with pytest.raises(NotPossible, match="combien d’heures"):
        came(row, one.offered_by, note="Venu.")
    with pytest.raises(IntegrityError), transaction.atomic():
        Delivery.objects.create(contribution=row, on=timezone.localdate())


def test_a_value_typed_of_what_came_is_not_said_to_be_by_the_hour() -> None:
    one, row = promised(nature="expertise", hours=3)
    came(row, one.offered_by, hours=1, amount=25)  # what its hour is worth
    assert ledger(one.project).lines[0].method == "25 $ l’heure"
    typed = came(row, one.offered_by, hours=1, amount=100, note="Une experte.")
    (line,) = ledger(one.project).lines
    assert (line.method, line.sums.dollars) == ("25 $ l’heure, ou la valeur écrite de ce qui est venu", 125)
    Contribution.objects.filter(pk=row.pk).update(method="tarif courant")
    told = ledger(one.project).lines[0].method
    assert told == "tarif courant (25 $ l’heure, ou la valeur écrite de ce qui est venu)"
    contributions.take_off(typed, by=one.offered_by, reason="Erreur.")
    assert ledger(one.project).lines[0].method == "tarif courant (25 $ l’heure)"


def test_what_was_taken_off_does_not_count_against_the_promise() -> None:
    one, row = promised(nature="temps", hours=10)
    contributions.take_off(came(row, one.offered_by, hours=10), by=one.offered_by, reason="Deux fois.")
    came(row, one.offered_by, hours=10)
    assert ledger(one.project).total.hours == 10


def test_beyond_the_promise_the_page_keeps_what_was_typed_and_says_what_to_do() -> None:
    one, row = promised(nature="argent", amount="1250.50")
    client = signed_in(one.offered_by)
    address = reverse("contribution", args=[one.project.slug, row.pk])
    said = {"geste": "recu", "on": timezone.localdate().isoformat(), "amount": "3 000 $", "note": ""}
    answer = client.post(address, said)
    text = answer.content.decode()
    assert answer.status_code == 422
    assert "3\u00a0000\u00a0$ seraient venus pour 1\u00a0250,50\u00a0$ promis" in text
    assert 'value="3 000 $"' in text
    assert 'name="hours"' not in text  # money has no hours
    assert client.post(address, {**said, "note": "Une collecte de plus."}).status_code == 302
    page = client.get(address).content.decode()
    assert "3\u00a0000\u00a0$ sur 1\u00a0250,50\u00a0$" in page
    assert "0\u00a0h" not in page.replace("10\u00a0h", "")


def test_money_is_not_counted_in_hours() -> None:
    one, row = promised(nature="argent", amount=50)
    with pytest.raises(NotPossible, match="heures"):
        came(row, one.offered_by, hours=2, amount=10)
    with pytest.raises(IntegrityError), transaction.atomic():
        Contribution.objects.filter(pk=row.pk).update(hours=3)
    said = {"geste": "promettre", "nature": "argent", "label": "Don", "amount": "50", "hours": "3"}
    client = signed_in(one.offered_by)
    answer = client.post(one.get_absolute_url(), said)
    assert answer.status_code == 422
    assert "ne se compte pas en heures" in answer.content.decode()
    offered = {"part": "bailleur", "brings-0-nature": "argent", "brings-0-label": "Don", "brings-0-amount": "50",
               "brings-0-hours": "3"}  # fmt: skip
    answer = client.post(reverse("participate", args=[one.project.slug]), offered)
    assert answer.status_code == 422
    assert "ne se compte pas en heures" in answer.content.decode()


def test_a_promise_without_dates_keeps_none() -> None:
    one, _row = promised(nature="argent", amount=50)
    client = signed_in(one.offered_by)
    said = {"geste": "promettre", "nature": "temps", "label": "Bras", "hours": "3"}
    client.post(one.get_absolute_url(), said)
    client.post(one.get_absolute_url(), {**said, "label": "Jusque-là", "ends_on": "2027-02-01"})
    assert one.contributions.get(label="Bras").starts_on is None
    until = one.contributions.get(label="Jusque-là")
    assert (until.starts_on, until.ends_on) == (None, datetime.date(2027, 2, 1))
    assert "jusqu’au 1er février 2027" in client.get(one.get_absolute_url()).content.decode()
