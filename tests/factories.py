"""Rows for the tests, one line each. Everything is published unless said otherwise."""

from __future__ import annotations

import datetime
from typing import Any

import factory
from django.core.files.base import ContentFile
from django.utils import timezone

from accounts.models import User
from directory.models import (
    Category,
    Curatorship,
    JoinRequest,
    Kind,
    Membership,
    Need,
    Organisation,
    PostalArea,
    Practice,
    Resource,
    Sector,
    Territory,
)
from loans import requests
from loans.models import Loan
from mutualisation.kernel.moments import moment, span
from toolbox.models import Tool, ToolKind


class UserFactory(factory.django.DjangoModelFactory):
    """A person; ``staff=True`` for a curator, ``admin=True`` for an administrator."""

    class Meta:
        model = User
        skip_postgeneration_save = True

    class Params:
        admin = factory.Trait(is_staff=True, is_superuser=True)
        staff = factory.Trait(is_staff=True)

    email = factory.Sequence(lambda n: f"personne{n}@essai.example")
    name = factory.Sequence(lambda n: f"Personne {n}")

    @factory.post_generation
    def password(self: Any, create: bool, extracted: str | None, **kwargs: Any) -> None:
        self.set_password(extracted or "mot-de-passe")
        if create:
            self.save()


class TerritoryFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Territory
        django_get_or_create = ("slug",)

    kind = "municipalite"
    name = factory.Sequence(lambda n: f"Municipalité {n}")
    slug = factory.Sequence(lambda n: f"municipalite-{n}")
    code = factory.Sequence(lambda n: f"T{n}")
    latitude = 45.25
    longitude = -74.13


class SectorFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Sector
        django_get_or_create = ("slug",)

    slug = factory.Sequence(lambda n: f"secteur-{n}")
    name = factory.Sequence(lambda n: f"Secteur {n}")


class CategoryFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Category
        django_get_or_create = ("slug",)

    kind = Kind.MATERIEL
    slug = factory.LazyAttribute(lambda o: f"{o.kind}-divers")
    name = "Divers"


class OrganisationFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Organisation
        skip_postgeneration_save = True

    slug = factory.Sequence(lambda n: f"organisme-{n}")
    name = factory.Sequence(lambda n: f"Organisme {n}")
    mission = "Une mission d’essai."
    territory = factory.SubFactory(TerritoryFactory)
    status = "published"
    published_at = factory.LazyFunction(timezone.now)

    @factory.post_generation
    def sectors(self: Any, create: bool, extracted: Any, **kwargs: Any) -> None:
        if create and extracted:
            self.sectors.set(extracted)


class ResourceFactory(factory.django.DjangoModelFactory):
    """A resource; its category follows its kind."""

    class Meta:
        model = Resource

    organisation = factory.SubFactory(OrganisationFactory)
    slug = factory.Sequence(lambda n: f"ressource-{n}")
    kind = Kind.MATERIEL
    category = factory.SubFactory(CategoryFactory, kind=factory.SelfAttribute("..kind"))
    name = factory.Sequence(lambda n: f"Ressource {n}")
    summary = "Un résumé d’essai."
    territory = factory.SelfAttribute("organisation.territory")
    status = "published"
    published_at = factory.LazyFunction(timezone.now)


class NeedFactory(factory.django.DjangoModelFactory):
    """Something looked for; no category unless given."""

    class Meta:
        model = Need

    organisation = factory.SubFactory(OrganisationFactory)
    slug = factory.Sequence(lambda n: f"besoin-{n}")
    kind = Kind.MATERIEL
    name = factory.Sequence(lambda n: f"Besoin {n}")
    reason = "Une raison d’essai."
    territory = factory.SelfAttribute("organisation.territory")
    status = "published"
    published_at = factory.LazyFunction(timezone.now)


class MembershipFactory(factory.django.DjangoModelFactory):
    """A person who acts for an organisation; ``role="gestionnaire"`` for a manager."""

    class Meta:
        model = Membership

    user = factory.SubFactory(UserFactory)
    organisation = factory.SubFactory(OrganisationFactory)


class JoinRequestFactory(factory.django.DjangoModelFactory):
    """Someone who asks to act for an organisation."""

    class Meta:
        model = JoinRequest

    user = factory.SubFactory(UserFactory)
    organisation = factory.SubFactory(OrganisationFactory)


class CuratorshipFactory(factory.django.DjangoModelFactory):
    """Someone of a CDC team, and the territory she curates."""

    class Meta:
        model = Curatorship

    user = factory.SubFactory(UserFactory, staff=True)
    territory = factory.SubFactory(TerritoryFactory)


class ToolFactory(factory.django.DjangoModelFactory):
    """A tool elsewhere on the Web; ``with_file=True`` for one that is also given here."""

    class Meta:
        model = Tool

    class Params:
        with_file = factory.Trait(
            file_name="guide.pdf",
            file_size=9,
            file=factory.LazyFunction(lambda: ContentFile(b"%PDF-1.7\n", name="guide.pdf")),
        )

    slug = factory.Sequence(lambda n: f"outil-{n}")
    title = factory.Sequence(lambda n: f"Outil {n}")
    kind = ToolKind.GUIDE
    why = "Aide à commencer."
    url = factory.Sequence(lambda n: f"https://guides.example/{n}")
    status = "published"
    published_at = factory.LazyFunction(timezone.now)


class PracticeFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Practice
        skip_postgeneration_save = True

    slug = factory.Sequence(lambda n: f"pratique-{n}")
    title = factory.Sequence(lambda n: f"Pratique {n}")
    standfirst = "Un chapeau d’essai."
    pooled = "Un camion."
    stage = "mutualisation"
    legal_form = "contrat"
    status = "published"
    published_at = factory.LazyFunction(timezone.now)

    @factory.post_generation
    def territories(self: Any, create: bool, extracted: Any, **kwargs: Any) -> None:
        if create and extracted:
            self.territories.set(extracted)

    @factory.post_generation
    def sectors(self: Any, create: bool, extracted: Any, **kwargs: Any) -> None:
        if create and extracted:
            self.sectors.set(extracted)


def a_small_country() -> dict[str, Territory]:
    """One region, two MRCs of the portal and one elsewhere, their municipalities, two postal areas. By slug."""
    square = [[[[-74.5, 45.0], [-74.0, 45.0], [-74.0, 45.3], [-74.5, 45.3], [-74.5, 45.0]]]]
    east = [[[[-74.0, 45.0], [-73.5, 45.0], [-73.5, 45.3], [-74.0, 45.3], [-74.0, 45.0]]]]
    rows = [
        ("region", "region-monteregie", "Montérégie", None, 45.3, -73.5, None),
        ("mrc", "mrc-beauharnois-salaberry", "Beauharnois-Salaberry", "region-monteregie", 45.2, -74.1, square),
        ("mrc", "mrc-roussillon", "Roussillon", "region-monteregie", 45.3, -73.6, east),
        ("mrc", "mrc-longueuil", "Longueuil", "region-monteregie", 45.5, -73.4, None),
        ("municipalite", "salaberry-de-valleyfield", "Salaberry-de-Valleyfield", "mrc-beauharnois-salaberry",
         45.2565, -74.1317, None),
        ("municipalite", "beauharnois", "Beauharnois", "mrc-beauharnois-salaberry", 45.3161, -73.8779, None),
        ("municipalite", "sainte-anne-du-lac", "Sainte-Anne-du-Lac", "mrc-roussillon", 45.40, -73.58, None),
        ("municipalite", "chateauguay", "Châteauguay", "mrc-roussillon", 45.3585, -73.7460, None),
        ("municipalite", "longueuil", "Longueuil", "mrc-longueuil", 45.5312, -73.5181, None),
    ]  # fmt: skip
    made: dict[str, Territory] = {}
    for kind, slug, name, parent, latitude, longitude, outline in rows:
        made[slug] = TerritoryFactory(
            kind=kind, slug=slug, name=name, code=slug[:12], parent=made.get(parent or ""),
            latitude=latitude, longitude=longitude, outline=outline,
        )  # fmt: skip
    PostalArea.objects.create(code="J6S", place="Valleyfield", latitude=45.2548, longitude=-74.1311)
    return made


def lend(resource: Resource, borrower: Organisation, *periods: Any, by: User | None = None, **fields: Any) -> Loan:
    """A request of one organisation to another, made by the verb itself; ``by`` is a member of the borrower."""
    person = by or UserFactory()
    Membership.objects.get_or_create(user=person, organisation=borrower)
    return requests.ask(
        resource, by=person, borrower=borrower, periods=periods, **{"purpose": "Fête de quartier", **fields}
    )


def some_day(days: int = 10, first: int = 10, last: int = 12) -> Any:
    """A period in some days, from an hour of the wall to another."""
    day = timezone.localdate() + datetime.timedelta(days=days)
    return span(moment(day, datetime.time(first)), moment(day, datetime.time(last)))
