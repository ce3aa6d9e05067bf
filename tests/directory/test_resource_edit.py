"""Posting a resource: each kind, by whom, once."""

from __future__ import annotations

import threading
import uuid
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from directory.models import Kind, Organisation, Resource
from directory.posting import slug_for
from tests.directory.typed import filled, page_of, posted
from tests.factories import (
    CategoryFactory,
    MembershipFactory,
    OrganisationFactory,
    ResourceFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def lucie(client: Client, places: Any) -> Any:
    """A member of a validated organisation, signed in."""
    membership = MembershipFactory(organisation__territory=places["beauharnois"], organisation__name="Le Carrefour")
    client.force_login(membership.user)
    return membership


# ---- creating


@pytest.mark.parametrize("kind", Kind.values)
def test_a_member_posts_each_kind(client: Client, lucie: Any, kind: str) -> None:
    assert client.get(reverse("resource_create", args=[kind])).status_code == 200
    response = posted(client, kind, filled(kind, lucie))
    assert response.status_code == 302, response.context["form"].errors
    resource = Resource.objects.get()
    assert response.headers["Location"] == reverse("resource_photos", args=[resource.slug])
    assert (resource.slug, resource.kind, resource.status) == ("salle-a-l-etage", kind, "draft")
    assert resource.organisation == lucie.organisation
    assert resource.created_by == lucie.user
    assert resource.notice_hours == 24
    if kind == Kind.LOCAUX:
        assert resource.equipment == ["Projecteur", "Cuisinette"]
        assert resource.accessibility == ["entree_sans_marche", "ascenseur"]
        hours = [(h.weekday, f"{h.opens_at:%H:%M}", f"{h.closes_at:%H:%M}") for h in resource.opening_hours.all()]
        assert hours == [(1, "09:00", "12:00"), (1, "13:00", "17:30")]
    elif kind == Kind.MATERIEL:
        assert (resource.quantity, resource.deposit, resource.min_minutes) == (12, 50, 1440)
    elif kind == Kind.EXPERTISE:
        assert resource.languages == ["fr", "es"]
    else:
        assert str(resource.days_per_week) == "2.5"


def test_the_form_of_a_kind_asks_nothing_of_another(client: Client, lucie: Any) -> None:
    page = client.get(reverse("resource_create", args=["humain"])).content.decode()
    for name in ("capacity_seated", "equipment", "condition", "hours_offered", "pickup_instructions", "quantity"):
        assert f'name="{name}"' not in page
    data = filled("humain", lucie, capacity_seated="12", condition="bon")
    assert posted(client, "humain", data).status_code == 302
    assert Resource.objects.get().capacity_seated is None


def test_what_is_wrong_is_said_and_all_that_was_typed_is_kept(client: Client, lucie: Any) -> None:
    data = filled("locaux", lucie, name="", cost_mode="prix", price="", price_unit="", min_minutes="1440",
                  max_minutes="60", h2_0_o="18:00", h2_0_f="", h3_0_o="20:00", h3_0_f="09:00",
                  description="Une grande salle claire.")  # fmt: skip
    response = posted(client, "locaux", data)
    assert response.status_code == 422
    page = response.content.decode()
    for words in (
        "Donnez un nom à ce que vous offrez.",
        "Écrivez un montant, ou choisissez",
        "La durée maximale est plus courte",
        "Mardi : il manque une heure.",
        "Mercredi : la fermeture suit l’ouverture.",
        "Une grande salle claire.",
        "Projecteur",
        'value="18:00"',
    ):
        assert words in page
    assert not Resource.objects.exists()


def test_reserving_for_networks_or_organisations_asks_which(client: Client, lucie: Any) -> None:
    cdc = OrganisationFactory(name="CDC du Suroît", is_network=True)
    hidden = OrganisationFactory(name="Organisme en attente", status="submitted", published_at=None)
    page = client.get(reverse("resource_create", args=["locaux"])).content.decode()
    assert "CDC du Suroît" in page
    assert "Organisme en attente" not in page
    assert posted(client, "locaux", filled("locaux", lucie, visibility="networks")).status_code == 422
    bad = filled("locaux", lucie, visibility="organisations", visible_organisations=[str(hidden.pk)])
    assert posted(client, "locaux", bad).status_code == 422
    good = filled("locaux", lucie, visibility="networks", visible_networks=[str(cdc.pk)],
                  visible_organisations=[str(cdc.pk)])  # fmt: skip
    assert posted(client, "locaux", good).status_code == 302
    resource = Resource.objects.get()
    assert list(resource.visible_networks.all()) == [cdc]
    assert not resource.visible_organisations.exists()


def test_a_folded_price_neither_counts_nor_blocks(client: Client, lucie: Any) -> None:
    assert posted(client, "locaux", filled("locaux", lucie, price="beaucoup", price_unit="la nuit")).status_code == 302
    resource = Resource.objects.get()
    assert (resource.price, resource.price_unit) == (None, "")


@pytest.mark.parametrize(
    ("typed", "kept"),
    [("jour", "par jour"), ("/ jour", "par jour"), ("la journée", "la journée"), ("l’heure", "l’heure"),
     ("du km", "du km"), ("par personne", "par personne")],
)  # fmt: skip
def test_what_a_price_is_for_reads_as_a_sentence(client: Client, lucie: Any, typed: str, kept: str) -> None:
    posted(client, "locaux", filled("locaux", lucie, cost_mode="prix", price="40", price_unit=typed))
    assert Resource.objects.get().price_unit == kept


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("category", "999999"),
        ("territory", "999999"),
        ("territory", "x"),
        ("part_of", "OTHER"),
        ("category", "OTHER_KIND"),
        ("quantity", "-3"),
        ("visibility", "tous"),
        ("condition", "<script>"),
        ("name", "a" * 500),
        ("summary", "nul\x00octet"),
    ],
)
def test_forged_values_are_refused(client: Client, lucie: Any, name: str, value: str) -> None:
    if value == "OTHER":
        value = str(ResourceFactory(name="La trousse d’un autre").pk)
    if value == "OTHER_KIND":
        value = str(CategoryFactory(kind="humain").pk)
    response = posted(client, "materiel", filled("materiel", lucie, **{name: value}))
    assert response.status_code == 422
    assert name in response.context["form"].errors
    assert not Resource.objects.filter(organisation=lucie.organisation).exists()


def test_one_never_posts_in_the_name_of_someone_elses_organisation(client: Client, lucie: Any) -> None:
    other = OrganisationFactory()
    data = filled("locaux", lucie, organisation=str(other.pk))
    assert posted(client, "locaux", data).status_code == 403
    assert posted(client, "locaux", {**data, "organisation": "x' OR 1"}).status_code == 403
    assert not Resource.objects.exists()


def test_one_posts_for_the_organisation_the_page_named_even_after_a_switch(client: Client, lucie: Any) -> None:
    second = MembershipFactory(user=lucie.user, organisation__name="Autre organisme")
    session = client.session
    session["acting_for"] = second.organisation_id
    session.save()
    assert posted(client, "locaux", filled("locaux", lucie)).status_code == 302
    assert Resource.objects.get().organisation == lucie.organisation


def test_a_person_without_organisation_is_told_where_to_start(client: Client, db: None) -> None:
    client.force_login(UserFactory())
    page = client.get(reverse("resource_offer"))
    assert "Vous n’agissez encore pour aucun organisme" in page.content.decode()
    assert client.get(reverse("resource_create", args=["locaux"])).status_code == 302
    assert client.get(reverse("resource_create", args=["licorne"])).status_code == 404
    assert "aucun organisme" in client.get(reverse("my_resources")).content.decode()


def test_a_button_pressed_twice_creates_one(client: Client, lucie: Any) -> None:
    page = client.get(reverse("resource_create", args=["locaux"])).context
    data = filled("locaux", lucie, once=page["once"], versions=page["versions"])
    first, second = posted(client, "locaux", data), posted(client, "locaux", data)
    assert first.headers["Location"] == second.headers["Location"]
    assert Resource.objects.count() == 1
    assert posted(client, "locaux", {**data, "once": str(uuid.uuid4())}).status_code == 302
    assert set(Resource.objects.values_list("slug", flat=True)) == {"salle-a-l-etage", "salle-a-l-etage-2"}


def test_going_back_and_sending_again_changes_what_was_made(client: Client, lucie: Any) -> None:
    page = client.get(reverse("resource_create", args=["locaux"])).context
    data = filled("locaux", lucie, once=page["once"], versions=page["versions"])
    posted(client, "locaux", data)
    response = posted(client, "locaux", data | {"name": "Salle du bas", "h1_0_f": "11:00"})
    made = Resource.objects.get()
    assert (made.name, made.slug, made.status) == ("Salle du bas", "salle-du-bas", "draft")
    assert response.headers["Location"] == reverse("resource_photos", args=["salle-du-bas"])
    assert f"{made.opening_hours.first().closes_at:%H:%M}" == "11:00"


def test_a_network_shares_with_its_own_members(client: Client, lucie: Any) -> None:
    Organisation.objects.filter(pk=lucie.organisation_id).update(is_network=True)
    own = str(lucie.organisation_id)
    data = filled("locaux", lucie, visibility="networks", visible_networks=[own])
    assert posted(client, "locaux", data).status_code == 302
    page = client.get(reverse("resource_create", args=["locaux"])).context["form"]
    assert own not in [str(getattr(v, "value", v)) for v, _label in page["visible_organisations"].field.choices]


@pytest.mark.django_db(transaction=True)
def test_two_presses_at_the_very_same_time_create_one() -> None:
    membership = MembershipFactory()
    data = filled("expertise", membership, territory=str(membership.organisation.territory_id))
    clients = [Client() for _ in range(4)]
    for one in clients:
        one.force_login(membership.user)
    together = threading.Barrier(4)
    answers: list[int] = []

    def press(one: Client) -> None:
        together.wait()
        try:
            answers.append(posted(one, "expertise", data).status_code)
        finally:
            connection.close()

    threads = [threading.Thread(target=press, args=(c,)) for c in clients]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert answers == [302] * 4
    assert Resource.objects.count() == 1


def test_addresses_stay_french_unique_and_never_hide_a_page(db: None) -> None:
    assert slug_for("L’Été, ça glisse !", "locaux") == "l-ete-ca-glisse"
    assert slug_for("Offrir", "locaux") == "offrir-2"
    assert slug_for("№ ☃", "locaux") in ("no", "locaux")
    ResourceFactory(slug="tente")
    assert slug_for("Tente", "materiel") == "tente-2"


# ---- who may change it


def test_who_may_open_what(client: Client, lucie: Any) -> None:
    mine = ResourceFactory(organisation=lucie.organisation, status="draft", published_at=None)
    public, draft = ResourceFactory(), ResourceFactory(status="draft", published_at=None)
    for name in ("resource_edit", "resource_photos"):
        assert client.get(reverse(name, args=[mine.slug])).status_code == 200
        assert client.get(reverse(name, args=[public.slug])).status_code == 403
        assert client.get(reverse(name, args=[draft.slug])).status_code == 404
    for name, data in (
        ("resource_move", {"geste": "archive"}),
        ("resource_pause", {"pause": "1"}),
        ("resource_duplicate", {}),
    ):
        assert client.post(reverse(name, args=[public.slug]), data).status_code == 403
        assert client.post(reverse(name, args=[draft.slug]), data).status_code == 404
        assert client.get(reverse(name, args=[mine.slug])).status_code == 405
    public.refresh_from_db()
    assert (public.status, public.is_paused) == ("published", False)
    client.logout()
    assert client.get(reverse("resource_edit", args=[mine.slug])).status_code == 302
    assert client.get(reverse("resource_photos", args=[mine.slug])).status_code == 302


def test_editing_an_entry_never_moves_it_to_another_organisation(client: Client, lucie: Any) -> None:
    resource = ResourceFactory(organisation=lucie.organisation, kind="humain")
    other = MembershipFactory(user=lucie.user).organisation
    _page, data = page_of(client, resource)
    data |= {"organisation": str(other.pk), "kind": "locaux", "status": "archived", "name": "Poste partagé"}
    assert client.post(reverse("resource_edit", args=[resource.slug]), data).status_code == 302
    resource.refresh_from_db()
    assert (resource.organisation, resource.kind, resource.status) == (lucie.organisation, "humain", "published")
    assert resource.name == "Poste partagé"
    assert resource.review_since is not None  # a curator will re-read it


def test_a_draft_takes_the_address_of_its_name_a_published_one_keeps_its_own(client: Client, lucie: Any) -> None:
    draft = ResourceFactory(organisation=lucie.organisation, kind="humain", status="draft", published_at=None)
    live = ResourceFactory(organisation=lucie.organisation, kind="humain")
    for resource in (draft, live):
        _page, data = page_of(client, resource)
        client.post(reverse("resource_edit", args=[resource.slug]), data | {"name": "Adjointe"})
    old = draft.slug
    slugs = dict(Resource.objects.values_list("pk", "slug"))
    assert slugs == {draft.pk: "adjointe", live.pk: live.slug}
    moved = client.get(reverse("resource_detail", args=[old]))
    assert (moved.status_code, moved.headers["Location"]) == (301, "/ressources/adjointe/")
    client.logout()
    assert client.get(reverse("resource_detail", args=[old])).status_code == 404
