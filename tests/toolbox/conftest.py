"""An edition in preparation, and who prepares it."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from tests.factories import CuratorshipFactory
from tests.toolbox.editing import SLUG
from toolbox import content, editions
from toolbox.models import Edition, ModelAgreement


@pytest.fixture
def model(places: dict[str, Any]) -> ModelAgreement:
    content.load_agreements(settings.FIXTURE_DIRS[0])
    return ModelAgreement.objects.get(slug=SLUG)


@pytest.fixture
def staff(places: dict[str, Any]) -> Any:
    return CuratorshipFactory(territory=places["mrc-beauharnois-salaberry"]).user


@pytest.fixture
def desk(staff: Any) -> Client:
    client = Client()
    client.force_login(staff)
    return client


@pytest.fixture
def draft(model: ModelAgreement, staff: Any) -> Edition:
    return editions.prepare(model=model, by=staff)
