"""Where a gathering is held is said before it is announced, by two at once perhaps; who comes says what she needs."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Mail
from projects.models import Gathering
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


def test_two_who_facilitate_at_once_read_both_versions_and_no_old_place_comes_back(client: Client) -> None:
    community, host = a_community()
    gathering = a_gathering(community, title="Atelier", place="12, rue du Moulin")
    client.force_login(host)
    address = reverse("gathering_edit", args=[gathering.pk])
    page = client.get(address).context
    sent = {n: page["form"][n].value() for n in page["form"].fields if page["form"][n].value() is not None}
    sent |= {"versions": page["versions"], "title": "Titre à moi", "access": "Une rampe"}
    Gathering.objects.filter(pk=gathering.pk).update(title="Titre d’une collègue", place="999, rue du Carrefour")
    answer = client.post(address, sent)
    assert answer.status_code == 409
    assert [(str(d["label"]), d["theirs"], d["mine"], d["kept"]) for d in answer.context["differences"]] == [
        ("Titre", "Titre d’une collègue", "Titre à moi", True),
        ("Lieu", "999, rue du Carrefour", "12, rue du Moulin", False),
    ]
    gathering.refresh_from_db()
    assert (gathering.title, gathering.access) == ("Titre d’une collègue", "")
    again = answer.context["form"]
    merged = {n: again[n].value() for n in again.fields if again[n].value() is not None}
    assert client.post(address, {**merged, "versions": answer.context["versions"]}).status_code == 302
    gathering.refresh_from_db()
    assert (gathering.title, gathering.place, gathering.access) == ("Titre à moi", "999, rue du Carrefour", "Une rampe")


def test_a_gathering_cancelled_meanwhile_is_not_changed_and_what_was_typed_stays(client: Client) -> None:
    community, host = a_community()
    gathering = a_gathering(community)
    client.force_login(host)
    Gathering.objects.filter(pk=gathering.pk).update(status="cancelled")
    sent = {"title": "Titre à moi", "kind": "atelier", "day": "2027-03-02", "begins": "18 h", "ends": "20 h"}
    answer = client.post(reverse("gathering_edit", args=[gathering.pk]), sent)
    assert answer.status_code == 409
    assert "a été annulée entre-temps" in answer.content.decode()
    assert "Titre à moi" in answer.content.decode()
    gathering.refresh_from_db()
    assert gathering.title == "Atelier budget"
