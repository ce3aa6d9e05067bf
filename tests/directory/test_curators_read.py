"""A curator opens what is not public in her territory, and is told so; another territory’s curator gets nothing."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from directory.models import Resource
from directory.photos import add
from mutualisation.kernel.publication import Status
from tests.directory.pictures import picture
from tests.factories import OrganisationFactory, ResourceFactory

pytestmark = pytest.mark.django_db
BANNER = "Cette page n’est pas publique."
UNPUBLISHED = [s for s in Status if s != Status.PUBLISHED]


def opens(cast: dict[str, Client], address: str) -> set[str]:
    return {role for role, client in cast.items() if client.get(address).status_code == 200}


@pytest.mark.parametrize("status", UNPUBLISHED)
def test_an_organisation_that_is_not_public(status: str, places: Any, cast: dict[str, Client]) -> None:
    hidden = OrganisationFactory(territory=places["beauharnois"], status=status, published_at=None)
    address = hidden.get_absolute_url()
    assert opens(cast, address) == {"curator", "administrator"}
    answer = cast["curator"].get(address)
    assert BANNER in answer.content.decode()
    assert answer["X-Robots-Tag"] == "noindex"
    assert "application/ld+json" not in answer.content.decode()
    # Only this page tells her: lists and search stay those of everyone.
    for shown in ("/organismes/", f"/recherche/?q={hidden.name}"):
        assert address not in cast["curator"].get(shown).content.decode()


@pytest.mark.parametrize("status", UNPUBLISHED)
def test_a_resource_that_is_not_public_and_its_photo(
    status: str, places: Any, cast: dict[str, Client], settings: Any, tmp_path: Any
) -> None:
    settings.MEDIA_ROOT = tmp_path
    hidden = ResourceFactory(
        organisation__territory=places["beauharnois"], status=status, published_at=None, pickup_instructions="Code 4321"
    )
    add(hidden, [picture(size=(60, 40))], by=None)
    page = cast["curator"].get(hidden.get_absolute_url()).content.decode()
    assert BANNER in page
    assert "Code 4321" not in page
    assert opens(cast, hidden.get_absolute_url()) == {"curator", "administrator"}
    assert opens(cast, f"/photos/{hidden.photos.get().uid}/480.webp") == {"curator", "administrator"}
    assert hidden.get_absolute_url() not in cast["curator"].get("/ressources/").content.decode()


def test_what_is_public_has_no_banner(places: Any, cast: dict[str, Client]) -> None:
    shown = ResourceFactory(organisation__territory=places["beauharnois"])
    for entry in (shown, shown.organisation):
        assert BANNER not in cast["curator"].get(entry.get_absolute_url()).content.decode()
    Resource.objects.filter(pk=shown.pk).update(visibility="members")
    assert opens(cast, shown.get_absolute_url()) == {"curator", "administrator"}
    assert BANNER in cast["curator"].get(shown.get_absolute_url()).content.decode()
