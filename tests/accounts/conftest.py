"""Rate limits start anew at each test; the staff’s second factor is not asked unless the test says so."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.core.cache import cache


@pytest.fixture(autouse=True)
def no_rate_yet(db: None) -> Iterator[None]:
    cache.clear()
    yield
