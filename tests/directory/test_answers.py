"""Answering a need: the form starts from it, is not lost with the session, and who asked is told once it is public."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Mail
from directory.lifecycle import move
from directory.models import Membership, Need, NeedState, Resource, Role
from directory.posting import duplicate
from tests.directory.typed import filled
from tests.factories import (
    CategoryFactory,
    MembershipFactory,
    NeedFactory,
    OrganisationFactory,
    ResourceFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def need(places: Any) -> Need:
    """Something looked for by an organisation that has a manager, and a member who wrote it."""
    asking = OrganisationFactory(name="La Marmite", territory=places["beauharnois"])
    MembershipFactory(organisation=asking, role=Role.MANAGER, user=UserFactory(email="gestion@marmite.example"))
    author = MembershipFactory(organisation=asking, user=UserFactory(email="cuisine@marmite.example"))
    MembershipFactory(organisation=asking, user=UserFactory(email="autre@marmite.example"))
    return NeedFactory(
        organisation=asking, kind="materiel", category=CategoryFactory(), name="Cinq chaudrons", created_by=author.user
    )


@pytest.fixture
def lender(client: Client, places: Any) -> Membership:
    """Someone of another organisation, signed in."""
    found = MembershipFactory(organisation__name="Le Carrefour", organisation__territory=places["beauharnois"])
    client.force_login(found.user)
    return found


def offered(client: Client, member: Membership, need: Need, **more: Any) -> Resource:
    address = client.get(need.get_absolute_url()).context["offer_address"]
    made = client.post(address, filled("materiel", member, category=str(need.category_id), **more))
    assert made.status_code == 302, made.context["form"].errors
    return Resource.objects.get(organisation=member.organisation)


def told() -> list[str]:
    return sorted(Mail.objects.filter(event__startswith="need-answered").values_list("to", flat=True))


def test_who_asked_is_told_once_it_is_public(client: Client, lender: Membership, need: Need) -> None:
    page = client.get(client.get(need.get_absolute_url()).context["offer_address"]).content.decode()
    assert "Vous répondez à ce que La Marmite cherche" in page
    resource = offered(client, lender, need)
    assert (resource.answers, told()) == (need, [])
    assert "Offert en réponse à ce besoin" not in client.get(need.get_absolute_url()).content.decode()
    move(resource, "publish", by=lender.user)
    assert told() == ["cuisine@marmite.example", "gestion@marmite.example"]
    mail = Mail.objects.filter(event__startswith="need-answered").first()
    assert mail.subject == "Le Carrefour offre ce que vous cherchez\u00a0: Cinq chaudrons"
    for address in (resource.get_absolute_url(), need.get_absolute_url()):
        assert address in mail.text
        assert address in mail.html
    found = client.get(need.get_absolute_url())
    assert [r.pk for r in found.context["answers"]] == [resource.pk]
    assert resource.pk not in [r.pk for r in found.context["offers"]]
    assert "Offert en réponse à ce besoin" in found.content.decode()
    for name in ("archive", "publish"):
        move(resource, name, by=lender.user)
    assert len(told()) == 2


def test_where_nobody_manages_and_the_author_left_everyone_is_told(
    client: Client, lender: Membership, need: Need
) -> None:
    Membership.objects.filter(organisation=need.organisation).exclude(user__email="autre@marmite.example").delete()
    move(offered(client, lender, need), "publish", by=lender.user)
    assert told() == ["autre@marmite.example"]


def test_it_outlives_the_session(client: Client, lender: Membership, need: Need) -> None:
    address = client.get(need.get_absolute_url()).context["offer_address"]
    assert f'action="{address}"' in client.get(address).content.decode()
    client.logout()
    away = client.get(address)
    assert away["Location"].endswith(f"%3Fbesoin%3D{need.slug}")
    sent = client.post(
        address, filled("materiel", lender, category=str(need.category_id), name="Chaudrons de 40 litres")
    )
    assert sent["Location"].endswith(f"%3Fbesoin%3D{need.slug}")
    client.force_login(lender.user)
    page = client.get(address).content.decode()
    assert f"?besoin={need.slug}&amp;reprendre=1" in page
    again = client.get(f"{address}&reprendre=1")
    assert "Chaudrons de 40 litres" in again.content.decode()
    assert "Vous répondez à ce que La Marmite cherche" in again.content.decode()
    client.post(address, filled("materiel", lender, category=str(need.category_id), name="Chaudrons de 40 litres"))
    assert Resource.objects.get().answers == need


def test_an_offer_refused_still_answers_once_corrected(client: Client, lender: Membership, need: Need) -> None:
    address = client.get(need.get_absolute_url()).context["offer_address"]
    refused = client.post(address, filled("materiel", lender, name=""))
    assert refused.status_code == 422
    assert f'action="{address}"' in refused.content.decode()
    assert "Vous répondez à ce que" in refused.content.decode()


@pytest.mark.parametrize("why", ["own", "hidden", "kind", "unknown", "hostile"])
def test_only_a_need_of_others_that_one_may_read_is_answered(
    client: Client, lender: Membership, need: Need, why: str
) -> None:
    slug = {"unknown": "inconnu", "hostile": "%00"}.get(why, need.slug)
    if why == "own":
        Need.objects.update(organisation=lender.organisation)
    elif why == "hidden":
        Need.objects.update(status="draft")
    elif why == "kind":
        Need.objects.update(kind="locaux")
    address = reverse("resource_create", args=["materiel"]) + f"?besoin={slug}"
    assert "Vous répondez" not in client.get(address).content.decode()
    client.post(address, filled("materiel", lender))
    assert Resource.objects.get().answers is None


def test_nobody_is_told_of_what_she_may_not_see_nor_of_what_she_no_longer_looks_for(
    client: Client, lender: Membership, need: Need
) -> None:
    reserved = offered(client, lender, need, visibility="organisations",
                       visible_organisations=[str(OrganisationFactory().pk)])  # fmt: skip
    move(reserved, "publish", by=lender.user)
    assert told() == []
    Resource.objects.update(visibility="everyone")
    Need.objects.update(state=NeedState.ANSWERED)
    for name in ("archive", "publish"):
        reserved.refresh_from_db()
        move(reserved, name, by=lender.user)
    assert told() == []


def test_a_copy_answers_nothing(client: Client, lender: Membership, need: Need) -> None:
    resource = offered(client, lender, need)
    assert duplicate(resource, by=lender.user, once=str(uuid.uuid4())).answers is None


@pytest.mark.parametrize("n", [1, 3])
def test_the_page_of_a_need_costs_the_same_for_three_answers(
    need: Need, n: int, django_assert_num_queries: Any
) -> None:
    for _each in range(n):
        ResourceFactory(answers=need, published_at=timezone.now())
    visitor = Client()
    visitor.get(need.get_absolute_url())
    with django_assert_num_queries(6):
        assert len(visitor.get(need.get_absolute_url()).context["answers"]) == n
