"""What others bring waits for an answer; a need of a project says who answers it, and who asked is told."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Mail
from projects import contributions
from projects.ledger import ledger
from projects.linking import tell_taken_up
from projects.models import Part, ProjectNeed
from tests.factories import MembershipFactory, NeedFactory, OrganisationFactory
from tests.projects.building import build, join, someone_of

pytestmark = pytest.mark.django_db
MONEY = {"nature": "argent", "label": "Un don", "amount": 50000}


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def read(client: Client, address: str) -> str:
    return client.get(address).content.decode()


def test_what_comes_with_support_waits_for_an_answer() -> None:
    project = build()
    bearer = someone_of(project.organisation)
    partner = OrganisationFactory(name="La Marmite")
    made = contributions.offer(
        project=project, organisation=partner, part=Part.SUPPORTS, by=someone_of(partner), brings=[MONEY]
    )
    assert (made.status, made.contributions.get().status) == ("welcomed", "offered")
    assert ledger(project).total.promised == 0
    assert "50\u00a0000" not in read(Client(), project.get_absolute_url())
    mail = Mail.objects.get(to=bearer.email)
    assert "Il offre aussi\u00a0: Un don. Acceptez-le" in mail.text
    assert made.get_absolute_url() in mail.text
    assert "rien à faire" not in mail.text
    contributions.answer_promise(made.contributions.get(), welcome=True, by=bearer)
    assert ledger(project).total.promised == Decimal(50000)


def test_what_the_bearer_brings_with_its_support_needs_no_answer() -> None:
    project = build()
    bearer = someone_of(project.organisation)
    made = contributions.offer(
        project=project, organisation=project.organisation, part=Part.SUPPORTS, by=bearer, brings=[MONEY]
    )
    assert made.contributions.get().status == "welcomed"


def test_the_page_says_that_what_comes_with_support_is_only_proposed() -> None:
    project = build()
    client = signed_in(someone_of(OrganisationFactory()))
    said = {"part": "appui", "brings-0-nature": "argent", "brings-0-label": "Un don", "brings-0-amount": "50"}
    answer = client.post(reverse("participate", args=[project.slug]), said, follow=True)
    assert [str(m) for m in answer.context["messages"]][1].startswith("Ce que vous apportez est proposé")


# ---- a need of the project


def a_need(project: Any, name: str = "Cinq glacières") -> Any:
    need = NeedFactory(organisation=project.organisation, kind="materiel", name=name)
    ProjectNeed.objects.create(project=project, need=need)
    return need


def test_a_partner_answers_a_need_where_it_takes_part() -> None:
    project = build()
    need = a_need(project)
    bearer = someone_of(project.organisation)
    one = join(project)
    client = signed_in(one.offered_by)
    answer = client.get(reverse("participate", args=[project.slug]), {"besoin": need.pk})
    where = one.get_absolute_url() + f"?besoin={need.pk}"
    assert answer["Location"] == where + "#id_label"
    page = read(client, where)
    assert 'value="Cinq glacières"' in page
    assert '<option value="materiel" selected' in page
    assert "Vous répondez à ce besoin du projet" in page
    client.post(where, {"geste": "promettre", "nature": "materiel", "label": "Cinq glacières"})
    assert one.contributions.get().status == "offered"
    mail = Mail.objects.get(to=bearer.email, subject__contains="offre")
    assert "pour répondre à votre besoin\u00a0: Cinq glacières." in mail.text
    # without a need, another capacity is still offered there
    assert client.get(reverse("participate", args=[project.slug])).status_code == 200


def test_who_has_a_need_that_a_project_takes_up_is_told_even_without_a_manager() -> None:
    project = build()
    asker = MembershipFactory(role="membre")
    other = MembershipFactory(role="membre", organisation=asker.organisation)
    need = NeedFactory(organisation=asker.organisation, created_by=asker.user)
    ProjectNeed.objects.create(project=project, need=need)
    tell_taken_up(project)
    assert [m.to for m in Mail.objects.filter(subject__startswith="Un projet veut")] == [asker.user.email]
    asker.delete()
    need = NeedFactory(organisation=other.organisation, created_by=asker.user)
    ProjectNeed.objects.create(project=project, need=need)
    tell_taken_up(project)
    assert Mail.objects.filter(to=other.user.email, subject__startswith="Un projet veut").count() == 2


def test_a_need_says_who_brings_it_once_welcomed_and_is_met_in_one_click() -> None:
    project = build()
    need = a_need(project)
    bearer = someone_of(project.organisation)
    one = join(project, OrganisationFactory(name="La Marmite"))
    brings = {"nature": "materiel", "label": "cinq glacières"}
    made = contributions.promise(one, brings, by=one.offered_by, need=need)
    page, list_of_needs = project.get_absolute_url(), reverse("project_needs", args=[project.slug])
    assert "Apporté par" not in read(Client(), page)
    contributions.answer_promise(made, welcome=True, by=bearer)
    assert "Apporté par La Marmite." in read(Client(), page)
    lead = signed_in(bearer)
    text = read(lead, list_of_needs)
    assert "Apporté par La Marmite." in text
    assert f'action="{reverse("need_move", args=[need.slug])}"' in text
    lead.post(reverse("need_move", args=[need.slug]), {"geste": "combler"})
    need.refresh_from_db()
    assert need.state == "answered"
    assert 'value="combler"' not in read(lead, list_of_needs)


def test_an_offer_does_not_say_that_one_is_a_partner_already() -> None:
    project = build()
    partner = OrganisationFactory()
    one = contributions.offer(project=project, organisation=partner, part=Part.PARTNERS, by=someone_of(partner))
    client = signed_in(one.offered_by)
    assert "Est partenaire" not in read(client, one.get_absolute_url())
    assert "Participation à titre de partenaire</a>, proposée" in read(client, project.get_absolute_url())
