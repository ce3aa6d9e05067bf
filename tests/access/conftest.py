"""A world that stands for a whole file: making something of everything takes longer than asking who may open it."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.db import transaction
from pytest_django import DjangoDbBlocker

from tests.cast import everyone, something_of_everything
from tests.factories import a_small_country


@pytest.fixture(scope="module")
def standing(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Any]]:
    """Each test happens inside of the transaction that holds it, and leaves it as it was."""
    with django_db_blocker.unblock(), pytest.MonkeyPatch.context() as patch, transaction.atomic():
        patch.setattr(settings, "MEDIA_ROOT", tmp_path_factory.mktemp("media"))
        places = a_small_country()
        people = everyone(places)
        yield {"people": people, "world": something_of_everything(places, people)}
        transaction.set_rollback(True)


@pytest.fixture
def people(standing: dict[str, Any], db: None) -> dict[str, Any]:
    return copy.deepcopy(standing["people"])


@pytest.fixture
def world(standing: dict[str, Any], db: None) -> dict[str, Any]:
    """What the addresses of the access tables are about."""
    return copy.deepcopy(standing["world"])
