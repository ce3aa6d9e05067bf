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
from projects.models import Part
from tests.factories import OrganisationFactory
from tests.projects.building import build, someone_of

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
