"""A calendar by keyboard: from the list to a free day, by months, by a typed date, as a list."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable

import pytest
from django.utils import timezone

from tests.browser.visitor import PHONE, Visitor

Arrive = Callable[..., Visitor]
HALL = "/ressources/salle-du-canal/agenda/"


def soon(days: int) -> datetime.date:
    return timezone.localdate() + datetime.timedelta(days=days)


@pytest.mark.parametrize(("width", "dark"), [(PHONE, False), (1280, True)], ids=["360 px", "1280 px"])
def test_a_free_day_is_reached_by_keyboard(visitor: Arrive, width: int, dark: bool) -> None:
    someone = visitor(width, dark=dark)
    someone.go(HALL)
    page = someone.page
    someone.tab_to(page.get_by_role("link", name="Mois d’après"))
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"\?mois="))
    assert not someone.axe()
    assert page.locator("table.cal th[scope=col]").count() == 7
    day = page.locator("table.cal a").first
    said = " ".join(day.inner_text().split())
    assert re.search(r"\d", said)
    name = day.evaluate("node => node.textContent").replace("\u00a0", " ")
    assert re.search(r"^\w+ \d+ \w+ : (libre|en partie).*, demander ce jour$", " ".join(name.split())), name
    someone.tab_to(day)
    address = day.get_attribute("href")
    assert address
    assert re.fullmatch(r"/ressources/salle-du-canal/demander/\?du=\d{4}-\d\d-\d\d", address)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/compte/connexion/"))  # one signs in first, and comes back to that day
    assert "du%3D" in page.url or "du=" in page.url


@pytest.mark.parametrize("width", [PHONE, 1280])
def test_a_day_is_typed_and_read_as_a_list(visitor: Arrive, width: int) -> None:
    someone = visitor(width)
    someone.go(HALL)
    page = someone.page
    someone.tab_to(page.get_by_label("Aller au"))
    page.keyboard.type(soon(70).isoformat())
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("mois="))
    months = ["janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre",
              "novembre", "décembre"]  # fmt: skip
    shown = page.get_by_role("heading", level=2).first.inner_text().lower()
    assert shown == f"{months[soon(70).month - 1]} {soon(70).year}"
    someone.tab_to(page.get_by_role("link", name="Liste"))
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("vue=liste"))
    assert page.locator(".agenda-list > li").count() >= 28
    assert not someone.axe()


@pytest.mark.parametrize("javascript", [True, False])
def test_the_list_is_filtered_by_typed_days(visitor: Arrive, javascript: bool) -> None:
    someone = visitor(javascript=javascript)
    someone.go("/ressources/")
    page = someone.page
    page.get_by_label("Du", exact=True).fill(soon(20).isoformat())
    page.get_by_label("Du", exact=True).press("Tab" if javascript else "Enter")
    chip = page.locator("main .list-page .chips .chip-on").first
    chip.wait_for()
    assert chip.inner_text().startswith("Libre le")
    assert f"du={soon(20)}" in page.url
    assert page.get_by_label("Du", exact=True).input_value() == soon(20).isoformat()
    assert page.get_by_role("button", name="Choisir le premier jour dans un calendrier").count() == int(javascript)
    chip.click()
    page.wait_for_url(re.compile(r"/ressources/\??$"))
