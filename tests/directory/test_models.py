"""What the database refuses, whichever path leads to it, and what a form says of the same."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction

from directory.models import Kind, OpeningHours, Organisation, PracticePartner, Resource, Synonym
from directory.models.kinds import FIELDS_OF_KIND, names_of_kind
from tests.factories import (
    CategoryFactory,
    OrganisationFactory,
    PracticeFactory,
    ResourceFactory,
    TerritoryFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

OTHER_KIND = "Des champs d’une autre sorte de ressource sont remplis."
PRICE = "Un prix ou des frais demandent un montant et une unité; le reste, aucun."
POINT = "La latitude et la longitude vont ensemble."
PUBLISHED = "Une entrée publiée doit porter sa date de publication."
FILLED: dict[str, Any] = {
    "brand_model": "Ford", "condition": "bon", "accessories": "Couvercle", "handling": "retrait",
    "pickup_hours": "9 h", "capacity_seated": 0, "capacity_standing": 40, "area_m2": 12, "equipment": ["Écran"],
    "accessibility": ["ascenseur"], "access_note": "Par la cour", "parking": "Rue", "recurring_allowed": True,
    "time_share": "Un jour", "days_per_week": Decimal("1.5"), "schedule": "Mardi",
    "supervision": "Direction", "tasks": "Tenue de livres", "trial_weeks": 4, "format": "conseil",
    "delivery": "a_distance", "hours_offered": 3, "languages": ["fr"], "audience": "OBNL",
}  # fmt: skip


def refused(row: models.Model, constraint: str, sentence: str, **changes: Any) -> None:
    """The database refuses the change, in an update and in a bulk creation; a form says why, in French."""
    model = type(row)
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        model._default_manager.filter(pk=row.pk).update(**changes)
    copy = model._default_manager.get(pk=row.pk)
    copy.pk = None
    for name in ("slug", "code"):
        if hasattr(copy, name):
            setattr(copy, name, f"{getattr(copy, name)}-2")
    for name, value in changes.items():
        setattr(copy, name, value)
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        model._default_manager.bulk_create([copy])
    for name, value in changes.items():
        setattr(row, name, value)
    said(row, sentence)


def said(row: models.Model, sentence: str) -> None:
    with pytest.raises(ValidationError) as caught:
        row.full_clean()
    assert sentence in " ".join(caught.value.messages)


def accepted(row: models.Model, **changes: Any) -> None:
    assert type(row)._default_manager.filter(pk=row.pk).update(**changes) == 1
    row.refresh_from_db()
    row.full_clean()


# ---- the four kinds


def test_the_list_of_fields_here_is_whole() -> None:
    assert set(FILLED) == {name for kind in Kind for name in names_of_kind(kind)}
    assert set(FIELDS_OF_KIND) == set(Kind)


@pytest.mark.parametrize("kind", list(Kind))
def test_each_kind_may_fill_its_own_fields(kind: str) -> None:
    accepted(ResourceFactory(kind=kind), **{name: FILLED[name] for name in names_of_kind(kind)})


@pytest.mark.parametrize("name", list(FILLED))
def test_no_kind_may_fill_a_field_of_another(name: str) -> None:
    owner = next(kind for kind in Kind if name in names_of_kind(kind))
    for kind in Kind:
        if kind != owner:
            refused(ResourceFactory(kind=kind), f"resource_fields_{owner}", OTHER_KIND, **{name: FILLED[name]})


def test_a_resource_that_changes_kind_leaves_its_fields_behind() -> None:
    resource = ResourceFactory(kind=Kind.LOCAUX, capacity_seated=30)
    refused(resource, "resource_fields_locaux", OTHER_KIND, kind=Kind.MATERIEL)


# ---- money and quantity


@pytest.mark.parametrize(
    ("mode", "price", "unit"),
    [
        ("prix", None, "l’heure"),
        ("prix", None, ""),
        ("prix", Decimal("0"), "l’heure"),
        ("prix", Decimal("-5"), "l’heure"),
        ("prix", Decimal("25"), ""),
        ("frais", None, "l’heure"),
        ("frais", Decimal("25"), ""),
        ("gratuit", Decimal("25"), "l’heure"),
        ("gratuit", Decimal("0"), ""),
        ("echange", Decimal("25"), "l’heure"),
    ],
)
def test_prices_that_make_no_sense(mode: str, price: Decimal | None, unit: str) -> None:
    refused(ResourceFactory(), "resource_price", PRICE, cost_mode=mode, price=price, price_unit=unit)


@pytest.mark.parametrize(
    ("mode", "price", "unit"),
    [("prix", Decimal("0.45"), "le km"), ("frais", Decimal("25"), "la journée"), ("gratuit", None, ""),
     ("echange", None, "")],
)  # fmt: skip
def test_prices_that_do(mode: str, price: Decimal | None, unit: str) -> None:
    accepted(ResourceFactory(), cost_mode=mode, price=price, price_unit=unit)


def test_a_quantity_is_at_least_one() -> None:
    refused(ResourceFactory(), "resource_quantity", "supérieure ou égale à 1", quantity=0)
    accepted(ResourceFactory(), quantity=50)


# ---- what every entry obeys


@pytest.mark.parametrize("make", [OrganisationFactory, ResourceFactory, PracticeFactory])
def test_published_says_since_when(make: Callable[..., models.Model]) -> None:
    entry = make()
    refused(entry, f"{entry._meta.model_name}_published_at", PUBLISHED, published_at=None)
    accepted(make(), status="draft", published_at=None)


@pytest.mark.parametrize("make", [OrganisationFactory, ResourceFactory, TerritoryFactory])
@pytest.mark.parametrize(
    ("latitude", "longitude"), [(45.0, None), (None, -74.0), (91.0, -74.0), (45.0, -181.0), (float("nan"), -74.0)]
)
def test_a_point_is_whole_and_on_earth(
    make: Callable[..., models.Model], latitude: float | None, longitude: float | None
) -> None:
    entry = make()
    refused(entry, f"{entry._meta.model_name}_point_whole", POINT, latitude=latitude, longitude=longitude)
    accepted(make(), latitude=None, longitude=None)
    accepted(make(), latitude=45.25, longitude=-74.13)


# ---- organisations


@pytest.mark.parametrize("neq", ["123", "12345678901", "11456789O2", "1145 67890"])
def test_a_neq_is_ten_digits(neq: str) -> None:
    organisation = OrganisationFactory()
    organisation.neq = neq
    with pytest.raises(ValidationError) as caught:
        organisation.full_clean()
    assert "neq" in caught.value.message_dict
    if len(neq) <= 10:
        refused(OrganisationFactory(), "organisation_neq_digits", "Le NEQ compte dix chiffres.", neq=neq)
    accepted(OrganisationFactory(), neq="1145678901")


def test_two_organisations_never_share_a_neq_but_may_have_none() -> None:
    OrganisationFactory(neq="1145678901")
    other = OrganisationFactory(neq="")
    OrganisationFactory(neq="")
    with pytest.raises(IntegrityError, match="organisation_neq_unique"), transaction.atomic():
        Organisation.objects.filter(pk=other.pk).update(neq="1145678901")
    other.neq = "1145678901"
    said(other, "Un organisme porte déjà ce NEQ.")


# ---- stories


def test_a_story_ends_after_it_began() -> None:
    start = datetime.date(2024, 5, 1)
    story = PracticeFactory(started_on=start)
    before = start - datetime.timedelta(days=1)
    refused(story, "practice_dates_forward", "La fin ne peut pas précéder le début.", ended_on=before)
    accepted(PracticeFactory(), started_on=start, ended_on=start)
    accepted(PracticeFactory(), started_on=None, ended_on=start)


def test_a_partner_has_a_role_once() -> None:
    partner = PracticePartner.objects.create(practice=PracticeFactory(), organisation=OrganisationFactory())
    twin = PracticePartner(practice=partner.practice, organisation=partner.organisation)
    with pytest.raises(IntegrityError, match="practice_partner_unique"), transaction.atomic():
        PracticePartner.objects.bulk_create([twin])
    said(twin, "Cet organisme a déjà ce rôle.")
    PracticePartner.objects.create(practice=partner.practice, organisation=partner.organisation, role="bailleur")


# ---- opening hours


@pytest.fixture
def hours() -> OpeningHours:
    return OpeningHours.objects.create(
        resource=ResourceFactory(kind=Kind.LOCAUX),
        weekday=1,
        opens_at=datetime.time(9),
        closes_at=datetime.time(12),
    )


def test_hours_go_forward(hours: OpeningHours) -> None:
    for closes_at in (datetime.time(9), datetime.time(8)):
        refused(hours, "opening_hours_forward", "L’heure de fermeture suit l’heure d’ouverture.", closes_at=closes_at)


@pytest.mark.parametrize("weekday", [0, 8])
def test_days_go_from_monday_to_sunday(hours: OpeningHours, weekday: int) -> None:
    refused(hours, "opening_hours_weekday", "n’est pas un choix valide", weekday=weekday)


def test_the_same_hours_are_written_once(hours: OpeningHours) -> None:
    twin = OpeningHours(resource=hours.resource, weekday=1, opens_at=hours.opens_at, closes_at=datetime.time(11))
    with pytest.raises(IntegrityError, match="opening_hours_unique"), transaction.atomic():
        OpeningHours.objects.bulk_create([twin])
    said(twin, "Ces heures sont déjà inscrites.")
    twin.weekday = 2
    twin.full_clean()


# ---- nobody is its own mother


@pytest.mark.parametrize(
    ("make", "field", "constraint", "sentence"),
    [
        (TerritoryFactory, "parent", "territory_parent_not_self", "Un territoire ne peut pas se contenir lui-même."),
        (CategoryFactory, "parent", "category_parent_not_self", "Une catégorie ne peut pas se contenir elle-même."),
        (ResourceFactory, "part_of", "resource_part_not_self", "Une ressource ne fait pas partie d’elle-même."),
    ],
)
def test_nothing_contains_itself(make: Callable[..., Any], field: str, constraint: str, sentence: str) -> None:
    row = make()
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        type(row).objects.filter(pk=row.pk).update(**{field: row})
    setattr(row, field, row)
    said(row, sentence)
    kin = {"organisation": row.organisation} if make is ResourceFactory else {}
    holder = make(slug="autre") if make is CategoryFactory else make(**kin)
    accepted(row, **{field: holder})


def test_a_category_is_of_a_known_kind() -> None:
    refused(CategoryFactory(slug="autre"), "category_kind_known", "n’est pas un choix valide", kind="animal")


def test_synonyms_go_by_two_and_once() -> None:
    group = Synonym.objects.create(terms=["char", "camion"])
    alone = Synonym(terms=["char"])
    with pytest.raises(IntegrityError, match="synonym_two_terms"), transaction.atomic():
        Synonym.objects.bulk_create([alone])
    said(alone, "Un groupe compte au moins deux termes.")
    with pytest.raises(IntegrityError, match="synonym_two_terms"), transaction.atomic():
        Synonym.objects.filter(pk=group.pk).update(terms=[])
    with pytest.raises(IntegrityError, match="synonym_unique"), transaction.atomic():
        Synonym.objects.bulk_create([Synonym(terms=["char", "camion"])])
    said(Synonym(terms=["char", "camion"]), "Ce groupe de synonymes existe déjà.")


# ---- the rows of these tests, and who sees them


@pytest.mark.parametrize("kind", list(Kind))
def test_factories_make_valid_rows(kind: str) -> None:
    resource = ResourceFactory(kind=kind)
    resource.full_clean()
    assert resource.category.kind == kind
    for row in (resource.organisation, resource.territory, resource.category, PracticeFactory(), UserFactory()):
        row.full_clean()
    assert Resource.objects.visible_to(AnonymousUser()).count() == 1


@pytest.mark.parametrize("status", ["draft", "submitted", "returned", "archived"])
def test_only_what_is_published_is_visible(status: str) -> None:
    shown = ResourceFactory()
    ResourceFactory(status=status, organisation=shown.organisation)
    ResourceFactory(organisation__status=status)  # published, by an organisation that is not
    assert list(Resource.objects.visible_to(AnonymousUser())) == [shown]
    assert list(Organisation.objects.visible_to(AnonymousUser())) == [shown.organisation]
    assert Organisation.objects.visible_to(AnonymousUser()).with_resource_count().get().resource_count == 1


def test_time_is_kept_between_uses_of_things_and_rooms_only() -> None:
    assert ResourceFactory(kind="materiel", buffer_minutes=60).pk
    assert ResourceFactory(kind="locaux", buffer_minutes=30).pk
    for kind in ("humain", "expertise"):
        with pytest.raises(IntegrityError, match="resource_buffer_lendable"), transaction.atomic():
            ResourceFactory(kind=kind, buffer_minutes=15)
