"""Needs in common: gathered by category and by words, and whoever asks invited once to act together."""

from __future__ import annotations

import datetime
import html
import re
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import Mail
from directory import grouping
from directory.models import Category, JointInvitation, JointRefusal
from tests.factories import (
    CategoryFactory,
    CuratorshipFactory,
    MembershipFactory,
    NeedFactory,
    OrganisationFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db
WORDS = {"way": "achat", "message": "Et si on l’achetait à trois? Appelez Odile."}


@pytest.fixture
def truck(places: Any) -> Category:
    transport = CategoryFactory(slug="materiel-transport", name="Transport")
    return CategoryFactory(slug="materiel-transport-camion", name="Camion réfrigéré", parent=transport)


@pytest.fixture
def three(places: Any, truck: Category) -> list[Any]:
    """Three organisations of two MRCs, each with a manager, that look for the same truck."""
    made = []
    for n, place in enumerate(("beauharnois", "salaberry-de-valleyfield", "chateauguay")):
        manager = MembershipFactory(
            role="gestionnaire", organisation__territory=places[place], organisation__name=f"Organisme {'ABC'[n]}"
        )
        NeedFactory(organisation=manager.organisation, category=truck, name=f"Camion réfrigéré {n}")
        made.append(manager)
    return made


def only() -> grouping.Group:
    (group,) = grouping.groups()
    return group


# ---- gathering


def test_the_same_category_in_two_mrcs(three: Any, places: Any) -> None:
    group = only()
    assert group.sentence.replace("\u00a0", " ") == "3 organismes cherchent : Camion réfrigéré"
    assert len(group.needs) == len(group.organisations) == 3
    assert set(group.mrcs) == {places["mrc-beauharnois-salaberry"].pk, places["mrc-roussillon"].pk}
    assert grouping.groups(mrc=places["mrc-roussillon"].pk) == [group]
    assert grouping.groups(mrc=places["mrc-longueuil"].pk) == grouping.groups(kind="locaux") == []


def test_words_bring_together_what_no_category_does(three: Any, truck: Category) -> None:
    NeedFactory(name="Un camion réfrigéré pour l’été")  # no category: its words say it
    NeedFactory(name="Camion réfrigéré à partager", category=truck.parent)  # the main category only
    assert len(only().needs) == 5
    NeedFactory(name="Chapiteau blanc")
    NeedFactory(name="Camion réfrigéré", kind="humain")  # someone who drives one
    assert len(only().needs) == 5
    NeedFactory(name="Chapiteau blanc pour une fête")
    _trucks, tents = grouping.groups()
    assert tents.title == "Chapiteau blanc"
    assert tents.key.startswith("comme-")


def test_one_organisation_that_asks_twice_is_alone(truck: Category) -> None:
    organisation = OrganisationFactory()
    NeedFactory(organisation=organisation, category=truck)
    NeedFactory(organisation=organisation, category=truck)
    assert grouping.groups() == []


@pytest.mark.parametrize(
    "gone",
    [
        {"status": "draft", "published_at": None},
        {"state": "answered"},
        {"state": "closed"},
        {"freshness": "hidden"},
        {"ends_on": datetime.date(2020, 1, 1)},
        {"organisation__status": "submitted", "organisation__published_at": None},
    ],
    ids=str,
)
def test_only_what_anyone_reads_and_still_asks(truck: Category, gone: dict[str, Any]) -> None:
    NeedFactory(category=truck)
    NeedFactory(category=truck, **gone)
    assert grouping.groups() == []


# ---- inviting


def test_who_may_invite(three: Any, places: Any) -> None:
    group = only()
    member = MembershipFactory(organisation=three[0].organisation).user
    curator = CuratorshipFactory(territory=places["mrc-roussillon"]).user
    elsewhere = CuratorshipFactory(territory=places["mrc-longueuil"]).user
    allowed = [member, three[1].user, curator, UserFactory(admin=True)]
    for user in allowed:
        assert grouping.may_invite(user, [group]) == {group.key}
    for user in (UserFactory(), elsewhere, UserFactory(staff=True)):
        assert grouping.may_invite(user, [group]) == set()
        with pytest.raises(PermissionDenied):
            grouping.invite(group, by=user, **WORDS)
    assert not Mail.objects.exists()


def test_each_organisation_is_invited_once_and_who_refuses_is_left_in_peace(three: Any, truck: Category) -> None:
    first, second, third = three
    second_manager = MembershipFactory(organisation=second.organisation, role="gestionnaire").user
    MembershipFactory(organisation=second.organisation)  # a member who manages nothing
    JointRefusal.objects.create(user=third.user)
    sent = grouping.invite(only(), by=first.user, **WORDS)
    assert ([a.organisation for a in sent.reached], sent.people) == ([second.organisation], 2)
    assert [a.organisation for a in sent.silent] == [third.organisation]
    assert sent.own == [first.organisation]
    assert set(Mail.objects.values_list("to", flat=True)) == {second.user.email, second_manager.email}
    mail = Mail.objects.get(to=second.user.email)
    assert mail.subject.startswith("Vous êtes 3 organismes à chercher")
    assert f"Les autres : {first.organisation.name}, {third.organisation.name}." in mail.text.replace("\u00a0", " ")
    for said in (
        WORDS["message"],
        "achat groupé",
        "Camion réfrigéré 1",
        "/besoins/ensemble/materiel-transport-camion/",
    ):
        assert said in mail.text, said
    assert JointInvitation.objects.filter(by=first.user, way="achat").count() == 1

    again = grouping.invite(only(), by=first.user, **WORDS)
    assert (again.reached, again.done) == ([], [second.organisation])
    late = MembershipFactory(role="gestionnaire")
    NeedFactory(organisation=late.organisation, category=truck)
    grouping.invite(only(), by=second.user, way="projet", message="Bonjour")
    assert set(Mail.objects.exclude(text__contains="Odile").values_list("to", flat=True)) == {
        first.user.email, late.user.email,
    }  # fmt: skip
    assert Mail.objects.count() == 4


# ---- pages


@pytest.mark.parametrize("many", [1, 3])
def test_the_list_says_how_many_and_where(client: Client, places: Any, many: int) -> None:
    for n in range(many):
        category = CategoryFactory(slug=f"materiel-c{n}", name=f"Chose {n}")
        for place in ("beauharnois", "chateauguay"):
            NeedFactory(category=category, organisation__territory=places[place])
    with CaptureQueriesContext(connection) as asked:
        text = client.get(reverse("need_groups")).content.decode().replace("\u00a0", " ")
    assert text.count("<strong>2 organismes</strong> le cherchent, dans 2 MRC :") == many
    assert "Inviter à s’y mettre ensemble" not in text
    assert len(asked) == 5


def test_a_hidden_need_is_nowhere(client: Client, three: Any, truck: Category) -> None:
    NeedFactory(name="Projet secret", category=truck, status="draft", published_at=None)
    for address in (reverse("need_groups"), only().get_absolute_url()):
        response = client.get(address)
        assert "Camion réfrigéré 0" in response.content.decode()
        assert "Projet secret" not in response.content.decode()


def test_an_invitation_from_the_page(client: Client, three: Any) -> None:
    client.force_login(three[0].user)
    address = reverse("need_group_invite", args=[only().key])
    page = client.get(address).content.decode()
    assert "Nous sommes 3 organismes à chercher" in page
    assert "Organisme B, Organisme C" in page
    assert three[0].organisation.name in page

    refused = client.post(address, {"way": "", "message": "Mon texte à moi"})
    assert refused.status_code == 422
    assert "Mon texte à moi" in refused.content.decode()
    assert "achat groupé ou d’un projet commun" in refused.content.decode()
    assert client.post(address, {"way": "vol", "message": "x"}).status_code == 422
    assert client.post(address, {"way": "achat", "message": "x" * 2001}).status_code == 422
    assert not Mail.objects.exists()

    done = client.post(address, WORDS, follow=True)
    assert "L’invitation est partie à 2 organismes." in done.content.decode()
    assert Mail.objects.count() == 2
    assert "Inviter à s’y mettre ensemble" not in client.get(only().get_absolute_url()).content.decode()
    assert "Inviter à s’y mettre ensemble" not in client.get(reverse("need_groups")).content.decode()
    for again in (client.get(address), client.post(address, WORDS, follow=True)):
        page = again.content.decode()
        assert "Il n’y a plus personne à inviter" in page
        assert "<textarea" not in page
        assert three[1].organisation.name in page
    assert Mail.objects.count() == 2


def test_a_group_that_is_no_more_is_not_invited(client: Client, three: Any) -> None:
    client.force_login(three[0].user)
    address = reverse("need_group_invite", args=[only().key])
    for manager in three[1:]:
        manager.organisation.needs.update(state="answered")
    assert client.post(address, WORDS).status_code == 404
    assert not Mail.objects.exists()


def test_opening_the_link_changes_nothing_its_button_does_and_undoes(client: Client, three: Any) -> None:
    person = three[1].user
    address = grouping.stop_path(person)
    assert "Ne plus les recevoir" in client.get(address).content.decode()
    assert not grouping.refuses(person.pk)
    client.post(address, {"geste": "cesser"})
    client.post(address, {"geste": "cesser"})
    assert grouping.refuses(person.pk)
    assert "Les recevoir de nouveau" in client.get(address).content.decode()
    client.post(address, {"geste": "reprendre"})
    assert not grouping.refuses(person.pk)
    assert client.post(address[:-3] + "xx/").status_code == 404


def test_the_first_asked_is_told(three: Any) -> None:
    three[2].organisation.needs.update(published_at=timezone.now() - datetime.timedelta(days=60))
    assert only().since < timezone.now() - datetime.timedelta(days=59)


def test_who_looks_for_the_same_thing_starts_from_what_the_group_is(client: Client, three: Any, places: Any) -> None:
    one_more = MembershipFactory(organisation__territory=places["beauharnois"])
    client.force_login(one_more.user)
    page = client.get(only().get_absolute_url()).content.decode()
    (address,) = re.findall(r'href="(/besoins/publier/\?[^"]+)"', page)
    form = client.get(html.unescape(address)).context["form"]
    assert (form["kind"].value(), form["category"].value()) == (
        "materiel",
        three[0].organisation.needs.get().category_id,
    )
    # of another kind, or unknown: said by nobody
    for query in ("sorte=humain&categorie=materiel-transport-camion", "sorte=materiel&categorie=x", "quoi=%00"):
        form = client.get(f"{reverse('need_create')}?{query}").context["form"]
        assert not form["category"].value()
        assert not form["name"].value()


def test_a_group_by_words_gives_its_words(client: Client, places: Any) -> None:
    for _n in range(3):
        NeedFactory(organisation__territory=places["beauharnois"], category=None, name="Chapiteau blanc & bleu")
    client.force_login(MembershipFactory(organisation__territory=places["beauharnois"]).user)
    page = client.get(only().get_absolute_url()).content.decode()
    (address,) = re.findall(r'href="(/besoins/publier/\?[^"]+)"', page)
    assert client.get(html.unescape(address)).context["form"]["name"].value() == "Chapiteau blanc & bleu"


def test_who_asks_is_invited_even_where_nobody_manages(three: Any) -> None:
    first, second, _third = three
    type(second).objects.filter(pk=second.pk).update(role="membre")
    reached = grouping.audience(only(), by=first.user).reached
    assert second.user in {person for asking in reached for person in asking.people}
