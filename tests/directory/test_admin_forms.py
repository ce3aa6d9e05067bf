"""The admin's forms: a resource of each kind, a practice, a group of synonyms."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from directory.admin.resource import OWN_FIELDS
from directory.models import Kind, Practice, Resource, Synonym
from directory.models.kinds import names_of_kind
from tests.directory.test_admin import a_curator, change
from tests.factories import CategoryFactory, OrganisationFactory, PracticeFactory, ResourceFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def curator() -> Client:
    return a_curator()


def fields_of(page: str) -> set[str]:
    every = {name for kind in Kind.values for name in names_of_kind(kind)}
    return {name for name in every if f'name="{name}"' in page}


@pytest.mark.parametrize("kind", Kind.values)
def test_a_resource_shows_only_the_fields_of_its_kind(curator: Client, kind: str) -> None:
    new = curator.get(reverse("admin:directory_resource_add"), {"kind": kind}).content.decode()
    old = curator.get(change(ResourceFactory(kind=kind))).content.decode()
    assert fields_of(new) == fields_of(old) == set(names_of_kind(kind))
    assert ("opening_hours-TOTAL_FORMS" in old) == (kind == Kind.LOCAUX)


def test_every_field_of_a_kind_has_its_place() -> None:
    for kind, fields in OWN_FIELDS.items():
        flat = [name for group in fields for name in ([group] if isinstance(group, str) else group)]
        assert sorted(flat) == sorted(names_of_kind(kind))


@pytest.mark.parametrize("query", ["", "?kind=", "?kind=autre", "?kind=%00"])
def test_the_kind_is_chosen_first(curator: Client, query: str) -> None:
    page = curator.get(reverse("admin:directory_resource_add") + query).content.decode()
    assert all(f"kind={kind}" in page for kind in Kind.values)
    assert 'name="name"' not in page


def resource_data(**fields: Any) -> dict[str, Any]:
    organisation = fields.pop("organisation", None) or OrganisationFactory()
    return {
        "name": "Salle du Québec", "slug": "", "organisation": organisation.pk, "summary": "Une salle.",
        "category": CategoryFactory(kind=Kind.LOCAUX).pk, "territory": organisation.territory_id, "quantity": 1,
        "notice_hours": 0, "horizon_days": 365,
        "cost_mode": "gratuit", "status": "published", "buffer_minutes": 0,
        "equipment": "Wi-Fi\n\n Projecteur \nWi-Fi", "accessibility": ["ascenseur", "porte_large"],
        "opening_hours-TOTAL_FORMS": 1, "opening_hours-INITIAL_FORMS": 0,
        "opening_hours-0-weekday": 2, "opening_hours-0-opens_at": "09:00", "opening_hours-0-closes_at": "17:00",
        **fields,
    }  # fmt: skip


def test_a_room_is_added_without_typing_an_address(curator: Client) -> None:
    url = reverse("admin:directory_resource_add") + "?kind=locaux"
    for _n in range(2):
        assert curator.post(url, resource_data()).status_code == 302
    first, second = Resource.objects.order_by("id")
    assert (first.slug, second.slug) == ("salle-du-quebec", "salle-du-quebec-2")
    assert first.kind == Kind.LOCAUX
    assert first.equipment == ["Wi-Fi", "Projecteur"]
    assert first.accessibility == ["ascenseur", "porte_large"]
    assert first.published_at is not None
    assert first.opening_hours.count() == 1


def test_mistakes_in_a_resource_are_said_in_french(curator: Client) -> None:
    url = reverse("admin:directory_resource_add") + "?kind=locaux"
    wrong = resource_data(
        category=CategoryFactory(kind=Kind.HUMAIN).pk,
        equipment="x" * 81,
        cost_mode="prix",
        **{"opening_hours-0-closes_at": "08:00"},
    )
    page = curator.post(url, wrong).content.decode()
    assert "celle d’une autre sorte" in page
    assert "80 caractères au plus" in page
    assert "demandent un montant" in page
    assert "suit l’heure d’ouverture" in page


def test_a_resource_is_not_part_of_itself(curator: Client) -> None:
    whole = ResourceFactory(kind=Kind.LOCAUX)
    part = ResourceFactory(kind=Kind.LOCAUX, part_of=whole, organisation=whole.organisation)
    for choice in (whole, part):
        data = resource_data(
            name=whole.name, slug=whole.slug, organisation=whole.organisation, part_of=choice.pk,
            category=whole.category_id, **{"opening_hours-TOTAL_FORMS": 0},
        )  # fmt: skip
        assert "tournerait en rond" in curator.post(change(whole), data).content.decode()


def test_verified_today_is_a_box_to_tick(curator: Client) -> None:
    resource = ResourceFactory(kind=Kind.LOCAUX, description="Du **gras** et <script>alert(1)</script>")
    page = curator.get(change(resource)).content.decode()
    assert "<strong>gras</strong>" in page  # how it reads
    assert "<script>alert(1)" not in page
    data = resource_data(
        name=resource.name, slug=resource.slug, organisation=resource.organisation, category=resource.category_id,
        verified_today="on", **{"opening_hours-TOTAL_FORMS": 0},
    )  # fmt: skip
    assert curator.post(change(resource), data).status_code == 302
    resource.refresh_from_db()
    assert resource.verified_at is not None


def test_a_term_belongs_to_one_group_of_synonyms(curator: Client) -> None:
    group = Synonym.objects.create(terms=["Véhicule", "char"])
    add = reverse("admin:directory_synonym_add")
    page = curator.post(add, {"terms": "auto\nvehicules"}).content.decode()
    assert "« vehicules » est déjà dans le groupe « Véhicule, char »" in page
    assert "au moins deux termes" in curator.post(add, {"terms": "auto\nAuto"}).content.decode()
    assert "aucun mot" in curator.post(add, {"terms": "auto\n!!!"}).content.decode()
    assert curator.post(add, {"terms": "auto\nautomobile"}).status_code == 302
    assert curator.post(change(group), {"terms": "Véhicule\nchar\ncamion"}).status_code == 302
    group.refresh_from_db()
    assert group.terms == ["Véhicule", "char", "camion"]
    assert Synonym.objects.count() == 2


def test_the_practice_form_takes_its_lists(curator: Client) -> None:
    practice = PracticeFactory()
    partner = OrganisationFactory()
    data = {
        "title": practice.title, "slug": practice.slug, "standfirst": "Deux phrases.", "pooled": "- un camion",
        "kinds": ["materiel", "locaux"], "stage": "pret", "legal_form": "informel", "status": "published",
        "drawing": "d-equipe", "started_on": "2020-01-31",
        "partners-TOTAL_FORMS": 1, "partners-INITIAL_FORMS": 0, "partners-0-organisation": partner.pk,
        "partners-0-role": "porteur",
        "figures-TOTAL_FORMS": 1, "figures-INITIAL_FORMS": 0, "figures-0-value": "3", "figures-0-label": "organismes",
        "figures-0-position": 1,
        "links-TOTAL_FORMS": 0, "links-INITIAL_FORMS": 0,
    }  # fmt: skip
    assert curator.post(change(practice), data).status_code == 302
    practice = Practice.objects.get(pk=practice.pk)
    assert practice.kinds == ["materiel", "locaux"]
    assert (practice.partners.get().organisation, practice.figures.get().value) == (partner, "3")
