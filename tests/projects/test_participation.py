"""Taking part: who carries, partners, funds, supports; promises that come in parts; what is refused and why."""

from __future__ import annotations

import datetime
import re
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, ProgrammingError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Mail
from mutualisation.kernel.lifecycle import AlreadyMoved
from projects import contributions
from projects.contributions import NotPossible
from projects.models import Contribution, Delivery, Part, Participation
from tests.factories import OrganisationFactory
from tests.projects.building import build, join, someone_of
from toolbox.models import Clause, Edition, ModelAgreement

pytestmark = pytest.mark.django_db
S = Participation.Status
MOVES = {"offered": {"welcomed", "declined", "ended"}, "welcomed": {"ended"}, "declined": set(), "ended": set()}


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.mark.parametrize("source", S.values)
@pytest.mark.parametrize("target", S.values)
def test_the_database_refuses_impossible_moves(source: str, target: str) -> None:
    project = build()
    one = Participation.objects.create(
        project=project, organisation=OrganisationFactory(), status=source, reason="Non.", answered_at=timezone.now()
    )
    rows = Participation.objects.filter(pk=one.pk)
    if target in MOVES[source] | {source}:
        assert rows.update(status=target) == 1
    else:
        with pytest.raises(ProgrammingError), transaction.atomic():
            rows.update(status=target)


def test_an_organisation_offers_roles_and_what_it_brings() -> None:
    project = build()
    bearer = someone_of(project.organisation)
    partner = OrganisationFactory(name="La Marmite")
    client = signed_in(someone_of(partner))
    assert "Rôle" not in client.get(reverse("participate", args=[project.slug]) + "?role=evaluateur").context["refusal"]
    data = {
        "part": "partenaire", "roles": ["collaborateur", "relayeur"], "message": "Avec plaisir.",
        "brings-0-nature": "temps", "brings-0-label": "Formation", "brings-0-hours": "60 h", "brings-0-role": "",
        "brings-1-nature": "argent", "brings-1-label": "Don", "brings-1-amount": "1 200,50 $",
    }  # fmt: skip
    answer = client.post(reverse("participate", args=[project.slug]), data)
    one = Participation.objects.get(organisation=partner)
    assert answer["Location"] == one.get_absolute_url()
    assert (one.status, one.roles) == ("offered", ["collaborateur", "relayeur"])
    assert [(c.label, c.hours, c.amount, c.hourly_rate) for c in one.contributions.order_by("label")] == [
        ("Don", 0, Decimal("1200.50"), 0), ("Formation", 60, 0, 25),
    ]  # fmt: skip
    assert Mail.objects.filter(to=bearer.email, subject__startswith="La Marmite veut participer").count() == 1
    # not public before it is welcomed
    assert "La Marmite" not in Client().get(project.get_absolute_url()).content.decode()
    lead = signed_in(bearer)
    assert "La Marmite" in lead.get(project.get_absolute_url()).content.decode()
    assert "La Marmite offre" in lead.get(reverse("my_space")).content.decode()
    lead.post(one.get_absolute_url(), {"geste": "accueillir"})
    assert set(one.contributions.values_list("status", flat=True)) == {"welcomed"}
    assert "La Marmite" in Client().get(project.get_absolute_url()).content.decode()
    # a second click on a stale page changes nothing and says so
    answer = lead.post(one.get_absolute_url(), {"geste": "decliner", "refus-reason": "Trop tard."}, follow=True)
    assert "Rien n’a changé" in answer.content.decode()


def test_declining_asks_why_and_keeps_what_was_typed() -> None:
    project = build()
    partner = OrganisationFactory()
    person = someone_of(partner)
    one = contributions.offer(project=project, organisation=partner, part=Part.PARTNERS, by=person)
    lead = signed_in(someone_of(project.organisation))
    assert lead.post(one.get_absolute_url(), {"geste": "decliner", "refus-reason": " "}).status_code == 422
    lead.post(one.get_absolute_url(), {"geste": "decliner", "refus-reason": "Hors du territoire."})
    one.refresh_from_db()
    assert (one.status, one.reason) == ("declined", "Hors du territoire.")
    mail = Mail.objects.get(to=person.email)
    assert "Hors du territoire." in mail.text


def test_a_partner_answers_for_nobody_else() -> None:
    project = build()
    one = contributions.offer(
        project=project, organisation=(mine := OrganisationFactory()), part=Part.PARTNERS, by=someone_of(mine)
    )
    partner = mine.memberships.get().user
    with pytest.raises(PermissionDenied):
        contributions.answer(one, welcome=True, by=partner)
    with pytest.raises(PermissionDenied):
        contributions.offer(project=project, organisation=OrganisationFactory(), part=Part.PARTNERS, by=partner)
    assert signed_in(someone_of(OrganisationFactory())).get(one.get_absolute_url()).status_code == 404
    assert Client().get(one.get_absolute_url()).status_code == 302


def test_nothing_is_offered_to_a_project_that_ended() -> None:
    project = build()
    one = join(project)
    type(project).objects.filter(pk=project.pk).update(stage="termine", stood_at="idee")
    partner = OrganisationFactory()
    client = signed_in(someone_of(partner))
    page = client.get(reverse("participate", args=[project.slug])).content.decode()
    assert "Ce projet est terminé" in page
    assert "Envoyer l’offre" not in page
    answer = client.post(reverse("participate", args=[project.slug]), {"part": "partenaire", "message": "Nous voici."})
    text = answer.content.decode()
    assert answer.status_code == 409
    assert "Ce projet est terminé" in text
    assert "Nous voici." in text
    assert not Participation.objects.filter(organisation=partner).exists()
    with pytest.raises(NotPossible, match="terminé"):
        contributions.promise(one, {"nature": "temps", "label": "x", "hours": 1}, by=one.offered_by)
    # the partner whose page was open meanwhile reads it beside what was typed
    said = {"geste": "promettre", "nature": "materiel", "label": "Trois bacs"}
    answer = signed_in(one.offered_by).post(one.get_absolute_url(), said)
    text = answer.content.decode()
    assert answer.status_code == 409
    assert "Ce projet est terminé" in text
    assert 'value="Trois bacs"' in text
    # nor around the verbs
    with pytest.raises(IntegrityError), transaction.atomic():
        Participation.objects.create(project=project, organisation=partner, status="offered")
    with pytest.raises(IntegrityError), transaction.atomic():
        Contribution.objects.create(participation=one, nature="temps", label="x", starts_on="2026-01-01")


def test_the_same_offer_twice_is_said() -> None:
    project = build()
    one = join(project)
    with pytest.raises(NotPossible, match="participe déjà"):
        contributions.offer(project=project, organisation=one.organisation, part=Part.PARTNERS, by=one.offered_by)
    # at another title, it may
    contributions.offer(project=project, organisation=one.organisation, part=Part.FUNDS, by=one.offered_by)


def test_what_was_promised_comes_in_parts() -> None:
    project = build()
    one = join(project, brings=[{"nature": "temps", "label": "Bras", "hours": 10}])
    promise = one.contributions.get()
    client = signed_in(one.offered_by)
    address = reverse("contribution", args=[project.slug, promise.pk])
    today = timezone.localdate()
    for hours in ("4", "2,5"):
        client.post(address, {"geste": "recu", "on": today.isoformat(), "hours": hours, "amount": ""})
    assert sum(d.hours for d in promise.deliveries.all()) == Decimal("6.5")
    tomorrow = (today + datetime.timedelta(days=1)).isoformat()
    for wrong in ({"on": tomorrow, "hours": "1"}, {"on": today.isoformat()}, {"on": "hier", "hours": "1"}):
        answer = client.post(address, {"geste": "recu", "note": "À garder", **wrong})
        assert answer.status_code == 422
        assert "À garder" in answer.content.decode()
    client.post(reverse("delivery_remove", args=[project.slug, promise.deliveries.first().pk]), {"reason": "Erreur."})
    assert Delivery.objects.standing().count() == 1


def test_something_more_waits_for_the_bearers() -> None:
    project = build()
    one = join(project)
    client = signed_in(one.offered_by)
    said = {"geste": "promettre", "nature": "locaux", "label": "Une salle", "amount": "300", "starts_on": "2027-02-01"}
    refused = client.post(one.get_absolute_url(), {**said, "ends_on": "2027-01-01"})
    assert refused.status_code == 422
    assert "la fin ne peut pas précéder le début" in refused.content.decode()
    client.post(one.get_absolute_url(), said)
    promise = one.contributions.get()
    assert promise.status == "offered"
    with pytest.raises(NotPossible, match="n’est pas promise"):
        contributions.deliver(promise, on=timezone.localdate(), hours=1, by=one.offered_by)
    lead = signed_in(someone_of(project.organisation))
    address = reverse("contribution", args=[project.slug, promise.pk])
    assert lead.post(address, {"geste": "refuser", "refus-reason": ""}).status_code == 422
    lead.post(address, {"geste": "accepter"})
    promise.refresh_from_db()
    assert promise.status == "welcomed"
    with pytest.raises(AlreadyMoved):
        contributions.answer_promise(promise, welcome=False, reason="x", by=someone_of(project.organisation))


def test_the_last_bearer_stays_until_another_one_is_there() -> None:
    project = build()
    bearer = someone_of(project.organisation)
    mine = project.participations.get()
    with pytest.raises(NotPossible, match="seul organisme"):
        contributions.end(mine, by=bearer)
    other = OrganisationFactory()
    offered = contributions.offer(project=project, organisation=other, part=Part.CARRIES, by=someone_of(other))
    contributions.answer(offered, welcome=True, by=bearer)
    contributions.end(mine, by=bearer, reason="Nous passons la main.")
    assert list(Participation.objects.carrying().values_list("organisation", flat=True)) == [other.pk]


def test_an_organisation_archived_while_partner_leaves_its_sums_not_its_name() -> None:
    project = build()
    gone = OrganisationFactory(name="Le Disparu")
    one = join(project, gone, roles=["connecteur"], brings=[{"nature": "argent", "label": "Don", "amount": 500}])
    type(gone).objects.filter(pk=gone.pk).update(status="archived")
    text = Client().get(project.get_absolute_url()).content.decode()
    assert "Le Disparu" not in text
    assert "Un organisme qui n’est plus au portail" in text
    lead = signed_in(someone_of(project.organisation))
    assert "500\u00a0$" in lead.get(reverse("project_ledger", args=[project.slug])).content.decode()
    assert "n’est plus au portail" in lead.get(one.get_absolute_url()).content.decode()
    lead.post(one.get_absolute_url(), {"geste": "terminer", "fin-reason": "L’organisme est fermé."})
    one.refresh_from_db()
    assert one.status == "ended"


def test_a_bearer_that_was_archived_leads_no_more() -> None:
    project = build()
    other = OrganisationFactory()
    person = someone_of(other)
    one = contributions.offer(project=project, organisation=other, part=Part.CARRIES, by=person)
    contributions.answer(one, welcome=True, by=someone_of(project.organisation))
    assert signed_in(person).get(reverse("project_edit", args=[project.slug])).status_code == 200
    type(other).objects.filter(pk=other.pk).update(status="archived")
    assert signed_in(person).get(reverse("project_edit", args=[project.slug])).status_code == 403


def test_the_partnership_agreement_is_one_click_away_its_names_written() -> None:
    model = ModelAgreement.objects.create(
        slug="protocole-de-partenariat",
        title="Protocole",
        kind="projet",
        parties=["preteur"],
        summary="Pour un.",
    )
    named = [{"name": "projet_nom", "label": "Nom du projet", "type": "text", "required": True, "asked_of": "preteur"}]
    edition = Edition.objects.create(model=model, number=1, variables=named)
    Clause.objects.create(
        edition=edition, position=1, key="objet", title="Objet", body="[[projet_nom]], porté par [[preteur.nom]]."
    )
    edition.published_at = timezone.now()
    edition.save()
    project = build(title="Le camion d’hiver", organisation=OrganisationFactory(name="Le Carrefour"))
    one = join(project, OrganisationFactory(name="La Marmite"))
    client = signed_in(one.offered_by)
    for address in (project.get_absolute_url(), one.get_absolute_url()):
        page = client.get(address)
        filled = client.get(page.context["agreement"]).content.decode()
        assert 'value="Le camion d’hiver"' in filled
        assert 'value="Le Carrefour"' in filled
    assert Client().get(project.get_absolute_url()).context["agreement"] == ""


def test_who_left_the_portal_is_told_so_rather_than_to_wait() -> None:
    project, partner = build(), OrganisationFactory()
    client = signed_in(someone_of(partner))
    type(partner).objects.filter(pk=partner.pk).update(status="archived")
    page = client.get(reverse("participate", args=[project.slug])).content.decode()
    assert "n’est plus au portail" in page
    assert "attend d’être validé" not in page
    assert "Envoyer l’offre" not in page


def test_who_leads_declines_an_offer_saying_why_and_does_not_take_it_back() -> None:
    project, partner = build(), OrganisationFactory()
    by = someone_of(partner)
    one = contributions.offer(project=project, organisation=partner, part=Part.PARTNERS, by=by)
    bearer = someone_of(project.organisation)
    assert "Retirer cette offre" not in signed_in(bearer).get(one.get_absolute_url()).content.decode()
    with pytest.raises(PermissionDenied):
        contributions.end(one, by=bearer)
    assert "Retirer cette offre" in signed_in(by).get(one.get_absolute_url()).content.decode()
    assert contributions.end(one, by=by).status == Participation.Status.ENDED


def test_what_is_optional_is_not_said_to_be_needed_and_every_mistake_is_counted() -> None:
    project = build()
    client = signed_in(someone_of(OrganisationFactory()))
    address = reverse("participate", args=[project.slug])
    page = client.get(address).content.decode()
    assert not re.search(r'<input[^>]*name="brings-[^>]*required', page)
    lines = {
        "brings-0-nature": "temps",
        "brings-0-label": "Bras",
        "brings-0-hours": "beaucoup",
        "brings-1-nature": "argent",
        "brings-1-label": "Don",
    }
    page = client.post(address, {"part": "x", **lines}).content.decode()
    listed = page.split("data-errors", 1)[1].split("</ul>")[0].count("<li>")
    assert listed == 3
    assert f"{listed} points à revoir" in page
