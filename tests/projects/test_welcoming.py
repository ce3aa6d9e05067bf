"""Where a gathering is held is said before it is announced; who comes says how to be welcomed."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Mail
from tests.projects.meeting import a_community, a_gathering, joined

pytestmark = pytest.mark.django_db
WHERE = ({"place": "12, rue du Moulin"}, {"link": "https://visio.example/a"})


@pytest.mark.parametrize("where", WHERE)
def test_a_gathering_is_announced_once_it_says_where(client: Client, where: dict[str, str]) -> None:
    community, host = a_community()
    member, _organisation = joined(community)
    gathering = a_gathering(community, status="draft")
    client.force_login(host)
    said, move = "avant de l’annoncer", reverse("gathering_move", args=[gathering.pk])
    page = client.get(gathering.get_absolute_url()).content.decode()
    assert said in page
    assert "Annoncer la rencontre" not in page
    assert said in client.post(move, {"geste": "annoncer"}, follow=True).content.decode()
    gathering.refresh_from_db()
    assert (gathering.status, Mail.objects.filter(to=member.email).count()) == ("draft", 0)
    type(gathering).objects.filter(pk=gathering.pk).update(**where)
    assert "Annoncer la rencontre" in client.get(gathering.get_absolute_url()).content.decode()
    client.post(move, {"geste": "annoncer"})
    gathering.refresh_from_db()
    assert gathering.status == "announced"


@pytest.mark.parametrize("where", WHERE)
def test_an_announced_gathering_keeps_a_place_or_a_link(client: Client, where: dict[str, str]) -> None:
    community, host = a_community()
    gathering = a_gathering(community, **where)
    client.force_login(host)
    address = reverse("gathering_edit", args=[gathering.pk])
    form = client.get(address).context["form"]
    sent = {name: form[name].value() for name in form.fields if form[name].value() is not None}
    answer = client.post(address, {**sent, "title": "Autre", **dict.fromkeys(where, "")})
    assert answer.status_code == 422
    assert "dites où elle a lieu" in answer.context["form"].errors["place"][0]
    gathering.refresh_from_db()
    assert gathering.title != "Autre"
    others = {"place": "En ligne", "link": "https://visio.example/b"}
    assert client.post(address, {**sent, **others, **dict.fromkeys(where, "")}).status_code == 302


def test_who_has_a_place_says_how_to_be_welcomed_and_the_last_word_stands(client: Client) -> None:
    community, _host = a_community()
    gathering = a_gathering(community)
    member, _organisation = joined(community)
    client.force_login(member)
    address = reverse("gathering_register", args=[gathering.pk])
    client.post(address, {"needs": ""}, follow=True)
    for needs in ("Allergie  aux noix", "Fauteuil roulant"):
        page = client.post(address, {"needs": needs}, follow=True).content.decode()
        assert "Votre inscription tient toujours\u00a0: ce que vous avez écrit est noté." in page
        assert "Un courriel vous donne le rendez-vous" not in page
        needs = " ".join(needs.split())
        assert gathering.registrations.get().needs == needs
        assert f'value="{needs}"' in page
    assert Mail.objects.filter(to=member.email, subject__startswith="Votre place").count() == 1
