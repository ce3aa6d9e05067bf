"""An organisation registers by itself, once, after seeing those that look like it; and changes without being erased."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Mail, User
from directory.matching import probable_duplicates
from directory.models import Membership, Organisation
from tests.factories import (
    CuratorshipFactory,
    MembershipFactory,
    OrganisationFactory,
    SectorFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

CREATE = "/organismes/inscrire/"


def typed(**changes: Any) -> dict[str, Any]:
    """A form that would be accepted, but for what changes."""
    return {
        "name": "Cuisine collective du Ruisseau",
        "acronym": "",
        "neq": "",
        "territory": "Salaberry-de-Valleyfield",
        "legal_form": "obnl",
        "mission": "Cuisiner à plusieurs, pour moins cher.",
        "description": "",
        "year_founded": "",
        "address": "",
        "postal_code": "",
        "email": "",
        "phone": "",
        "website": "",
        **changes,
    }


@pytest.fixture
def person(client: Client, places: dict[str, Any]) -> User:
    user = UserFactory()
    client.force_login(user)
    return user


# ---- registering


def test_it_awaits_its_curator_and_nothing_is_public(client: Client, person: User, places: dict[str, Any]) -> None:
    curator = CuratorshipFactory(territory=places["mrc-beauharnois-salaberry"]).user
    elsewhere = CuratorshipFactory(territory=places["mrc-roussillon"]).user
    sector = SectorFactory()
    response = client.post(CREATE, typed(sectors=[sector.pk], neq="1143 567 890", postal_code="j6s1a1"))
    made = Organisation.objects.get(name="Cuisine collective du Ruisseau")
    assert response.url == reverse("organisation_team", args=[made.slug])
    assert (made.status, made.neq, made.postal_code) == ("submitted", "1143567890", "J6S 1A1")
    assert list(made.sectors.all()) == [sector]
    assert Membership.objects.get(user=person).role == "gestionnaire"
    written = set(Mail.objects.values_list("to", flat=True))
    assert curator.email in written
    assert elsewhere.email not in written
    page = made.get_absolute_url()
    assert client.get(page).status_code == 200
    for stranger in (None, UserFactory()):
        other = Client()
        if stranger:
            other.force_login(stranger)
        assert other.get(page).status_code == 404
        assert "Ruisseau" not in other.get("/organismes/?q=ruisseau").content.decode().replace("ruisseau", "")
        assert "Ruisseau" not in other.get("/organismes/doublons/?name=Cuisine+collective+du+Ruisseau").content.decode()


def test_pressed_twice_makes_one(client: Client, person: User) -> None:
    for _twice in range(2):
        assert client.post(CREATE, typed()).status_code == 302
    assert Organisation.objects.count() == 1
    assert Membership.objects.count() == 1


WRONG = [
    ({"name": ""}, "Écrivez le nom"),
    ({"name": "!!"}, "toutes lettres"),
    ({"neq": "12345"}, "dix chiffres"),
    ({"neq": "١١٤٣٥٦٧٨٩٠"}, "dix chiffres"),
    ({"territory": "Valeyfeld"}, "Vouliez-vous dire"),
    ({"territory": "Tombouctou"}, "nom d’une municipalité"),
    ({"territory": ""}, "la municipalité où"),
    ({"postal_code": "12345"}, "A1A 1A1"),
    ({"mission": ""}, "une phrase"),
    ({"mission": "x" * 301}, "300"),
    ({"website": "javascript:alert(1)"}, "adresse Web"),
    ({"email": "moi"}, "adresse courriel"),
    ({"year_founded": "mille"}, "quatre chiffres"),
    ({"legal_form": "secte"}, "choix"),
    ({"sectors": ["999"]}, "choix"),
    ({"name": "Cuisine\x00"}, "caractère nul"),
]


@pytest.mark.parametrize(("change", "sentence"), WRONG)
def test_bad_input_gets_a_sentence_and_loses_nothing(
    client: Client, person: User, change: dict[str, Any], sentence: str
) -> None:
    response = client.post(CREATE, typed(description="Tout ce que j’ai tapé.", **change))
    text = response.content.decode()
    assert response.status_code == 422
    assert sentence.lower() in text.lower()
    assert "Tout ce que j’ai tapé." in text
    assert not Organisation.objects.exists()


def test_places_as_people_say_them(client: Client, person: User, places: dict[str, Any]) -> None:
    for n, said in enumerate(("salaberry de valleyfield", "Valleyfield", "SALABERRY-DE-VALLEYFIELD ")):
        client.post(CREATE, typed(name=f"Essai numéro {'abc'[n]}", territory=said, distinct=_all()))
        assert Organisation.objects.order_by("id").last().territory == places["salaberry-de-valleyfield"], said


def _all() -> str:
    return ",".join(str(pk) for pk in Organisation.objects.values_list("pk", flat=True))


def test_a_reserved_address_is_not_taken(client: Client, person: User) -> None:
    client.post(CREATE, typed(name="Inscrire"))
    assert Organisation.objects.get().slug == "inscrire-2"
    assert client.get(CREATE).status_code == 200


def test_the_neq_is_unique(client: Client, person: User) -> None:
    OrganisationFactory(neq="1143567890", status="submitted", published_at=None, name="Caché encore")
    response = client.post(CREATE, typed(neq="1143567890"))
    assert response.status_code == 422
    assert "porte déjà ce NEQ" in response.content.decode()
    assert "Caché" not in response.content.decode()


# ---- probable duplicates


@pytest.fixture
def known(places: dict[str, Any]) -> Organisation:
    return OrganisationFactory(
        name="La Marmite solidaire",
        acronym="LMS",
        neq="1143567890",
        territory=places["salaberry-de-valleyfield"],
    )


ALIKE = [
    ({"name": "Marmite solidaire"}, True),
    ({"name": "la marmitte solidaire"}, True),
    ({"name": "LMS"}, True),
    ({"name": "Tout autre nom", "neq": "1143567890"}, True),
    ({"name": "Les marmitons solidaires du coin", "acronym": "LMS"}, True),
    ({"name": "Radio des Trois-Lacs"}, False),
    ({"name": "La Boussole"}, False),
    ({"name": "La"}, False),
    ({"name": ""}, False),
]


@pytest.mark.parametrize(("said", "found"), ALIKE)
def test_what_looks_alike(known: Organisation, said: dict[str, str], found: bool) -> None:
    OrganisationFactory(name="Radio communautaire du Suroît")
    rows = probable_duplicates(**said, territory_id=known.territory_id)
    assert [c.organisation for c in rows] == ([known] if found else [])


def test_common_words_alone_dont_make_a_duplicate(places: dict[str, Any]) -> None:
    here = places["salaberry-de-valleyfield"]
    OrganisationFactory(name="Maison des jeunes de Beauharnois", territory=here)
    names = [c.organisation.name for c in probable_duplicates(name="Maison de la famille", territory_id=here.pk)]
    assert names == []


def test_duplicates_while_typing(client: Client, person: User, known: Organisation) -> None:
    page = client.get("/organismes/doublons/", {"name": "Marmite solidaire", "territory": "Valleyfield"})
    assert known.name in page.content.decode()
    assert reverse("organisation_join", args=[known.slug]) in page.content.decode()
    assert "<html" not in page.content.decode()
    for odd in ({}, {"name": "\x00"}, {"name": "x" * 5000, "neq": "é" * 99, "territory": "%", "distinct": "a,b"}):
        assert client.get("/organismes/doublons/", odd).status_code == 200
    assert Client().get("/organismes/doublons/", {"name": "Marmite"}).status_code == 302


def test_a_probable_duplicate_is_said_before_anything_is_made(
    client: Client, person: User, known: Organisation
) -> None:
    warned = client.post(CREATE, typed(name="Marmite solidaire"))
    assert warned.status_code == 422
    assert "Rien n’est enregistré encore" in warned.content.decode()
    assert Organisation.objects.count() == 1
    assert client.post(CREATE, typed(name="Marmite solidaire", distinct="999")).status_code == 422
    assert client.post(CREATE, typed(name="Marmite solidaire", distinct=str(known.pk))).status_code == 302
    assert Organisation.objects.count() == 2


# ---- changing


@pytest.fixture
def mine(client: Client, person: User, known: Organisation) -> Organisation:
    MembershipFactory(user=person, organisation=known, role="gestionnaire")
    return known


def as_drawn(client: Client, organisation: Organisation) -> dict[str, Any]:
    """The fields of the form as the page gives them, ready to be sent back."""
    form = client.get(reverse("organisation_edit", args=[organisation.slug])).context
    return {**form["form"].said(), "base": form["base"]}


def test_a_change_goes_public_and_awaits_re_reading(client: Client, mine: Organisation) -> None:
    page = reverse("organisation_edit", args=[mine.slug])
    response = client.post(page, {**as_drawn(client, mine), "mission": "Cuisiner ensemble."})
    assert response.url == mine.get_absolute_url()
    mine.refresh_from_db()
    assert mine.mission == "Cuisiner ensemble."
    assert mine.status == "published"
    assert mine.review_since is not None


def test_saving_without_change_asks_nothing_of_curators(client: Client, mine: Organisation) -> None:
    client.post(reverse("organisation_edit", args=[mine.slug]), as_drawn(client, mine))
    mine.refresh_from_db()
    assert mine.review_since is None


def test_moving_forgets_the_old_point(client: Client, mine: Organisation, places: dict[str, Any]) -> None:
    Organisation.objects.update(latitude=45.2, longitude=-74.1)
    client.post(reverse("organisation_edit", args=[mine.slug]), {**as_drawn(client, mine), "territory": "Châteauguay"})
    mine.refresh_from_db()
    assert (mine.territory, mine.latitude) == (places["chateauguay"], None)


def test_of_two_managers_the_second_is_shown_the_difference(client: Client, mine: Organisation) -> None:
    page = reverse("organisation_edit", args=[mine.slug])
    colleague = MembershipFactory(organisation=mine, role="gestionnaire").user
    hers = as_drawn(client, mine)
    first = Client()
    first.force_login(colleague)
    first.post(page, {**as_drawn(first, mine), "mission": "Les mots de la première.", "phone": "450 555-0101"})
    second = client.post(page, {**hers, "mission": "Les mots de la seconde.", "acronym": "MARM"})
    text = second.content.decode()
    assert second.status_code == 409
    assert "Les mots de la première." in text
    assert "Les mots de la seconde." in text
    mine.refresh_from_db()
    assert (mine.mission, mine.acronym) == ("Les mots de la première.", "LMS")
    # The form keeps her words where she wrote, and takes the other’s elsewhere; sent again, it is saved.
    form = second.context["form"]
    assert (form["mission"].value(), form["phone"].value(), form["acronym"].value()) == (
        "Les mots de la seconde.", "450 555-0101", "MARM",
    )  # fmt: skip
    again = {name: said for name in form.fields if (said := form[name].value())}
    assert client.post(page, {**again, "base": second.context["base"]}).status_code == 302
    mine.refresh_from_db()
    assert (mine.mission, mine.phone, mine.acronym) == ("Les mots de la seconde.", "450 555-0101", "MARM")


@pytest.mark.parametrize("base", ["", "n’importe quoi", "eyJ4IjoxfQ:1abc:forged"])
def test_a_forged_base_erases_nothing(client: Client, mine: Organisation, base: str) -> None:
    page = reverse("organisation_edit", args=[mine.slug])
    refused = client.post(page, {**as_drawn(client, mine), "mission": "Autre chose.", "base": base})
    assert refused.status_code == 409
    mine.refresh_from_db()
    assert mine.mission == "Une mission d’essai."


def test_a_form_says_nothing_of_state(client: Client, mine: Organisation) -> None:
    """Fields that the form does not hold can't be forged into it."""
    stranger = OrganisationFactory(name="Autre organisme")
    extra = {"status": "archived", "slug": "pris", "is_network": "on", "id": stranger.pk, "created_by": "1"}
    client.post(reverse("organisation_edit", args=[mine.slug]), {**as_drawn(client, mine), **extra, "phone": "1"})
    mine.refresh_from_db()
    stranger.refresh_from_db()
    assert (mine.status, mine.slug, mine.is_network, mine.phone) == ("published", mine.slug, False, "1")
    assert (stranger.name, stranger.phone) == ("Autre organisme", "")


def test_returned_with_a_note_then_sent_back(client: Client, mine: Organisation, places: dict[str, Any]) -> None:
    curator = CuratorshipFactory(territory=places["mrc-beauharnois-salaberry"]).user
    Organisation.objects.update(status="returned", returned_note="Précisez la mission.")
    page = reverse("organisation_edit", args=[mine.slug])
    assert "Précisez la mission." in client.get(page).content.decode()
    assert "Précisez la mission." in client.get(reverse("my_space")).content.decode()
    client.post(page, {**as_drawn(client, mine), "mission": "Cuisiner.", "renvoyer": "1"})
    mine.refresh_from_db()
    assert (mine.status, mine.mission) == ("submitted", "Cuisiner.")
    assert curator.email in set(Mail.objects.values_list("to", flat=True))
    client.post(page, {**as_drawn(client, mine), "renvoyer": "1"})
    assert Mail.objects.filter(to=curator.email).count() == 1


def test_an_edit_keeps_what_happened_meanwhile(client: Client, mine: Organisation) -> None:
    """A flag set while the form was open is neither a conflict nor erased."""
    drawn = as_drawn(client, mine)
    Organisation.objects.update(freshness="reminded", freshness_at=timezone.now())
    client.post(reverse("organisation_edit", args=[mine.slug]), {**drawn, "phone": "450 555-0101"})
    mine.refresh_from_db()
    assert (mine.phone, mine.freshness) == ("450 555-0101", "reminded")


# ---- nothing typed is lost


def test_an_expired_session_loses_nothing(client: Client, mine: Organisation, person: User) -> None:
    page = reverse("organisation_edit", args=[mine.slug])
    drawn = as_drawn(client, mine)
    sector = SectorFactory()
    for address, sent in (
        (CREATE, typed(name="Ce que je tapais", sectors=[sector.pk])),
        (page, {**drawn, "mission": "Ce que je tapais", "sectors": [sector.pk]}),
    ):
        client.logout()
        refused = client.post(address, sent)
        assert refused.status_code == 302
        assert Organisation.objects.filter(name="Ce que je tapais").count() == 0
        client.force_login(person)
        assert "Vous aviez commencé à taper" in client.get(address).content.decode()
        again = client.get(address + "?reprendre=1").content.decode()
        assert "Ce que je tapais" in again
        assert " checked" in again
    Organisation.objects.update(mission="Changée entre-temps.")
    recalled = client.get(page + "?reprendre=1").context
    resent = {**{n: recalled["form"][n].value() for n in typed()}, "territory": "Valleyfield", "base": recalled["base"]}
    resent = {n: v for n, v in resent.items() if v not in (None, "")}
    assert client.post(page, resent).status_code == 409  # an old draft doesn't erase what a colleague saved since
    stranger = Client()
    stranger.force_login(UserFactory())
    assert "Ce que je tapais" not in stranger.get(CREATE + "?reprendre=1").content.decode()


def test_the_page_of_an_organisation_offers_each_what_she_may(client: Client, mine: Organisation) -> None:
    page, edit, join = (
        mine.get_absolute_url(),
        f"/organismes/{mine.slug}/modifier/",
        f"/organismes/{mine.slug}/rejoindre/",
    )
    own = client.get(page).content.decode()
    assert edit in own
    assert join not in own
    member = Client()
    member.force_login(MembershipFactory(organisation=mine).user)
    assert edit not in member.get(page).content.decode()
    other = Client().get(page).content.decode()
    assert edit not in other
    assert join in other
