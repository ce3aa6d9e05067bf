"""Rate limits and the queue start anew at each test."""

from __future__ import annotations

import pytest
from django.core.cache import cache

from tests.accounts.people import empty_queue


@pytest.fixture(autouse=True)
def anew(db: None) -> None:
    cache.clear()
    empty_queue()
