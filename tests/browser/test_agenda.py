"""The agenda of an organisation on a phone, without a script: today is in sight, and the row still scrolls."""

from __future__ import annotations

import calendar
import datetime
from typing import Any

import pytest
from django.utils import timezone

from directory.models import Organisation
from tests.browser.conftest import windows
from tests.factories import ResourceFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def house() -> Organisation:
    return ResourceFactory(name="Salle du Canal", organisation__slug="maison", organisation__name="Maison").organisation


def test_it_opens_on_today_without_a_script(engine: Any, live_server: Any, house: Organisation) -> None:
    with windows(engine, live_server.url, width=360, java_script_enabled=False) as window:
        page = window()
        today = timezone.localdate()
        for query in ("", f"?semaine={today}"):
            page.goto(f"{live_server.url}/organismes/{house.slug}/agenda/{query}")
            page.wait_for_timeout(700)
            left, right = edges(page, "[aria-current=date]")
            assert 100 < left < right < 360
        page.goto(f"{live_server.url}/organismes/{house.slug}/agenda/")
        page.wait_for_timeout(700)
        length = calendar.monthrange(today.year, today.month)[1]
        page.locator(".gantt thead th").nth(1 if today.day > length / 2 else length).scroll_into_view_if_needed()
        page.wait_for_timeout(200)
        assert not 100 < edges(page, "[aria-current=date]")[0] < 330  # one goes where one wants
        following = today.replace(day=1) + datetime.timedelta(days=32)
        page.goto(f"{live_server.url}/organismes/{house.slug}/agenda/?mois={following:%Y-%m}")
        page.wait_for_timeout(700)
        assert edges(page, "th:nth-child(2)")[0] > 100


def edges(page: Any, what: str) -> tuple[float, float]:
    """Where a day of the head is, from the left of the window."""
    box = page.locator(f".gantt thead {what}").bounding_box()
    return box["x"], box["x"] + box["width"]
