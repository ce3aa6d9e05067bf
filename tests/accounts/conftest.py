"""Rate limits and the queue start anew at each test; it is a real portal unless the test says otherwise."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.cache import cache

from tests.accounts.people import empty_queue


@pytest.fixture(autouse=True)
def anew(db: None, settings: Any) -> None:
    settings.DEMO = False
    cache.clear()
    empty_queue()
