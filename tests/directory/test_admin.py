"""The admin as its curators and its administrators meet it."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from directory.models import (
    Kind,
    OpeningHours,
    Organisation,
    PostalArea,
    PracticePartner,
    Synonym,
    Territory,
)
from mutualisation.kernel.memo import forget_all
from tests.factories import (
    CategoryFactory,
    OrganisationFactory,
    PracticeFactory,
    ResourceFactory,
    SectorFactory,
    TerritoryFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

CURATED = ["organisation", "resource", "practice", "synonym"]
REFERENCE = ["territory", "postalarea", "category", "sector"]
SIGNED_IN = 5  # each request of someone signed in notes when her session was last seen (allauth.usersessions)
MOST_QUERIES = 12 + SIGNED_IN


def a_curator() -> Client:
    """Someone of the group « Équipe CDC », signed in."""
    call_command("curators")
    user = UserFactory(staff=True)
    user.groups.add(Group.objects.get(name="Équipe CDC"))
    return signed_in(user)


@pytest.fixture
def curator() -> Client:
    return a_curator()


@pytest.fixture
def administrator() -> Client:
    return signed_in(UserFactory(admin=True))


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def one_of_each(n: int) -> dict[str, Any]:
    """A row of every noun, with all that it may be linked to."""
    mrc = TerritoryFactory(kind="mrc", name=f"MRC {n}", slug=f"mrc-{n}", code=f"MRC{n}")
    territory = TerritoryFactory(parent=mrc)
    sector = SectorFactory()
    organisation = OrganisationFactory(territory=territory, sectors=[sector])
    category = CategoryFactory(kind=Kind.LOCAUX, parent=CategoryFactory(slug=f"c{n}", kind=Kind.LOCAUX), slug=f"d{n}")
    resource = ResourceFactory(kind=Kind.LOCAUX, category=category, organisation=organisation)
    OpeningHours.objects.create(resource=resource, weekday=1, opens_at="08:00", closes_at="12:00")
    practice = PracticeFactory(territories=[territory], sectors=[sector])
    PracticePartner.objects.create(practice=practice, organisation=organisation)
    return {
        "organisation": organisation, "resource": resource, "practice": practice, "territory": territory,
        "sector": sector, "category": category,
        "synonym": Synonym.objects.create(terms=[f"terme a{n}", f"terme b{n}"]),
        "postalarea": PostalArea.objects.create(code=f"J{n}A", place="Ici", latitude=45, longitude=-74),
    }  # fmt: skip


def queries_of(client: Client, url: str) -> int:
    forget_all()
    with CaptureQueriesContext(connection) as queries:
        response = client.get(url)
    assert response.status_code == 200, url
    return len(queries)


def changelist(noun: str) -> str:
    return reverse(f"admin:directory_{noun}_changelist")


def change(row: Any) -> str:
    return reverse(f"admin:directory_{row._meta.model_name}_change", args=[row.pk])


@pytest.mark.parametrize("who", ["curator", "administrator"])
@pytest.mark.parametrize("noun", CURATED + REFERENCE)
def test_every_page_opens_in_a_constant_number_of_queries(request: Any, who: str, noun: str) -> None:
    client = request.getfixturevalue(who)
    row = one_of_each(0)[noun]
    client.get(changelist(noun)), client.get(change(row))  # content types are remembered from now on
    with_one = queries_of(client, changelist(noun)), queries_of(client, change(row))
    for n in (1, 2):
        one_of_each(n)
    with_three = queries_of(client, changelist(noun)), queries_of(client, change(row))
    assert with_three == with_one
    assert with_three[0] <= MOST_QUERIES


def test_partners_of_a_practice_cost_nothing_more(curator: Client) -> None:
    practice = PracticeFactory()
    PracticePartner.objects.create(practice=practice, organisation=OrganisationFactory())
    curator.get(change(practice))
    with_one = queries_of(curator, change(practice))
    for _n in range(2):
        PracticePartner.objects.create(practice=practice, organisation=OrganisationFactory())
    assert queries_of(curator, change(practice)) == with_one


@pytest.mark.parametrize("noun", REFERENCE)
def test_only_administrators_change_reference_tables(curator: Client, administrator: Client, noun: str) -> None:
    row = one_of_each(0)[noun]
    add = reverse(f"admin:directory_{noun}_add")
    assert curator.get(add).status_code == 403
    assert curator.post(change(row), {}).status_code == 403
    assert curator.post(reverse(f"admin:directory_{noun}_delete", args=[row.pk]), {"post": "yes"}).status_code == 403
    assert administrator.get(add).status_code == 200
    assert 'name="_save"' in administrator.get(change(row)).content.decode()


def test_even_with_the_right_a_curator_leaves_territories_alone(curator: Client) -> None:
    Group.objects.get(name="Équipe CDC").permissions.add(Permission.objects.get(codename="change_territory"))
    assert curator.post(change(TerritoryFactory()), {"name": "Autre"}).status_code == 403
    assert not Territory.objects.filter(name="Autre").exists()


def act(client: Client, noun: str, action: str, *rows: Any) -> str:
    data = {"action": action, "_selected_action": [row.pk for row in rows]}
    return client.post(changelist(noun), data, follow=True).content.decode()


@pytest.mark.parametrize("factory", [OrganisationFactory, ResourceFactory, PracticeFactory])
def test_publish_archive_and_verify(curator: Client, factory: Any) -> None:
    row = factory(status="draft", published_at=None)
    other = factory(status="draft", published_at=None)
    noun = row._meta.model_name

    assert "1 entrée publiée." in act(curator, noun, "publish", row)
    row.refresh_from_db()
    assert row.status == "published"
    assert row.published_at is not None
    first = row.published_at

    assert "1 entrée archivée." in act(curator, noun, "archive", row)
    act(curator, noun, "publish", row)
    row.refresh_from_db()
    assert row.published_at == first  # published again: not new for that

    assert row.verified_at is None
    assert "1 entrée vérifiée." in act(curator, noun, "verify", row)
    row.refresh_from_db()
    assert row.verified_at is not None

    other.refresh_from_db()
    assert (other.status, other.published_at, other.verified_at) == ("draft", None, None)


def test_publishing_under_a_hidden_organisation_is_said(curator: Client) -> None:
    resource = ResourceFactory(status="draft", published_at=None, organisation__status="draft")
    assert "une fois son organisme publié" in act(curator, "resource", "publish", resource)


@pytest.mark.parametrize("factory", [OrganisationFactory, ResourceFactory, PracticeFactory])
def test_the_public_page_is_linked_while_there_is_one(curator: Client, factory: Any) -> None:
    row = factory()
    public = f'href="{row.get_absolute_url()}"'
    assert public in curator.get(change(row)).content.decode()
    assert public in curator.get(changelist(row._meta.model_name)).content.decode()
    type(row).objects.update(status="draft")
    assert public not in curator.get(change(row)).content.decode()


def test_what_is_used_is_not_deleted(curator: Client) -> None:
    organisation = ResourceFactory().organisation
    url = reverse("admin:directory_organisation_delete", args=[organisation.pk])
    for response in (curator.get(url), curator.post(url, {"post": "yes"})):
        assert response.status_code == 200
        assert "protégés" in response.content.decode()
    assert "protégés" in act(curator, "organisation", "delete_selected", organisation)
    assert Organisation.objects.filter(pk=organisation.pk).exists()


def names_in(client: Client, noun: str, **query: str) -> set[str]:
    response = client.get(changelist(noun), query)
    assert response.status_code == 200
    return {str(row) for row in response.context["cl"].result_list}


def test_search_ignores_accents_and_follows_synonyms(curator: Client) -> None:
    Synonym.objects.create(terms=["fourgonnette", "camion"])
    ResourceFactory(name="Fourgonnette de l’Érablière")
    ResourceFactory(name="Projecteur", description="Rangé dans le camion.")
    assert names_in(curator, "resource", q="erabliere") == {"Fourgonnette de l’Érablière"}
    assert names_in(curator, "resource", q="camions") == {"Fourgonnette de l’Érablière", "Projecteur"}
    assert names_in(curator, "resource", q="bliere") == {"Fourgonnette de l’Érablière"}
    TerritoryFactory(name="Saint-Rémi")
    TerritoryFactory(name="Saint-Urbain-Premier")
    assert names_in(curator, "territory", q="st-rem") == {"Saint-Rémi"}


def test_a_mrc_holds_its_municipalities(curator: Client, places: dict[str, Territory]) -> None:
    OrganisationFactory(name="De Beauharnois", territory=places["beauharnois"])
    OrganisationFactory(name="De la MRC", territory=places["mrc-beauharnois-salaberry"])
    OrganisationFactory(name="De Châteauguay", territory=places["chateauguay"])
    OrganisationFactory(name="De Longueuil", territory=places["longueuil"])
    PracticeFactory(title="Ici", territories=[places["beauharnois"], places["mrc-beauharnois-salaberry"]])
    PracticeFactory(title="Là", territories=[places["longueuil"]])
    here = "mrc-beauharnois-salaberry"
    assert names_in(curator, "organisation", mrc=here) == {"De Beauharnois", "De la MRC"}
    assert names_in(curator, "organisation", mrc="ailleurs") == {"De Longueuil"}
    assert names_in(curator, "practice", mrc=here) == {"Ici"}
    assert names_in(curator, "practice", mrc="ailleurs") == {"Là"}
    assert names_in(curator, "organisation", mrc="nulle-part") == set()


def test_lists_are_filtered_by_what_people_know(curator: Client) -> None:
    sector = SectorFactory(slug="logement")
    main = CategoryFactory(kind=Kind.LOCAUX, slug="salles")
    organisation = OrganisationFactory(sectors=[sector])
    small = CategoryFactory(kind=Kind.LOCAUX, slug="petites", parent=main)
    room = ResourceFactory(kind=Kind.LOCAUX, category=small, organisation=organisation)
    ResourceFactory()
    PracticeFactory(title="Des salles", kinds=["locaux", "humain"], sectors=[sector])
    PracticeFactory(title="Des outils", kinds=["materiel"])
    assert names_in(curator, "resource", categorie="salles") == {room.name}
    assert names_in(curator, "resource", secteur="logement") == {room.name}
    assert names_in(curator, "organisation", secteur="logement") == {organisation.name}
    assert names_in(curator, "practice", sorte="humain") == {"Des salles"}
    assert names_in(curator, "practice", secteur="logement") == {"Des salles"}
    assert len(names_in(curator, "resource", verifiee="jamais")) == 2
    assert names_in(curator, "resource", verifiee="1an") == set()


@pytest.mark.parametrize("query", ["q=%00", "q=%27%25%28%00", "q=%F0%9F%98%80", "slug=%00", "%00=1", "p=x", "mrc=%00"])
@pytest.mark.parametrize("noun", CURATED + REFERENCE)
def test_nonsense_in_an_address_is_no_fault(curator: Client, noun: str, query: str) -> None:
    assert curator.get(f"{changelist(noun)}?{query}", follow=True).status_code in (200, 400)


@pytest.mark.django_db(transaction=True)
def test_what_the_database_refuses_gives_the_whole_list() -> None:
    client = signed_in(UserFactory(admin=True))
    response = client.get(changelist("resource") + "?slug__regex=(", follow=True)
    assert response.status_code == 200
    assert "voici toute la liste" in response.content.decode()


def proposals(client: Client, noun: str, model: str, field: str, **query: str) -> list[str]:
    response = client.get(
        reverse(f"admin:directory_{noun}_choose"),
        {"app_label": "directory", "model_name": model, "field_name": field, **query},
    )
    assert response.status_code == 200
    return [one["text"] for one in response.json()["results"]]


def test_fields_complete_what_is_typed(curator: Client, places: dict[str, Territory]) -> None:
    found = proposals(curator, "territory", "organisation", "territory", term="chateau")
    assert found == ["Châteauguay (municipalité, Roussillon)"]
    everywhere = proposals(curator, "territory", "organisation", "territory")
    assert everywhere.index("Longueuil (municipalité, Longueuil)") > everywhere.index(found[0])
    room = CategoryFactory(kind=Kind.LOCAUX, slug="salles", name="Salles")
    CategoryFactory(kind=Kind.LOCAUX, slug="petites", name="Petites", parent=room)
    CategoryFactory(kind=Kind.MATERIEL, slug="outils", name="Outils")
    of_rooms = proposals(curator, "category", "resource", "category", kind="locaux")
    assert sorted(of_rooms) == ["Salles", "Salles › Petites"]
    assert proposals(curator, "territory", "organisation", "territory", term="\x00") == everywhere


def test_nobody_else_enters() -> None:
    plain = signed_in(UserFactory())
    assert plain.get(changelist("organisation")).status_code == 302
    assert plain.get(reverse("admin:directory_organisation_choose")).status_code == 302
    no_rights = signed_in(UserFactory(staff=True))
    assert no_rights.get(changelist("organisation")).status_code == 403
