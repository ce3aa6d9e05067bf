"""The tests that only read: one Chromium, one loaded portal, one context a test, and what no page may ever do."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from playwright.sync_api import Browser, sync_playwright
from pytest_django import DjangoDbBlocker
from pytest_django.live_server_helper import LiveServer

from tests.browser.visitor import PHONE, Visitor

SWITCHES = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
LONG_WORD = "Interorganisationnellement-" + "multisectoriel" * 3


@pytest.fixture(scope="package")
def db(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """The database of this folder: the demonstration content, and names as long as the forms allow.

    ``live_server`` would empty it after each test; these tests only read, so it is filled once and emptied after the
    last of them. The name is pytest-django's own, by which it knows that a test database is needed.
    """
    with django_db_blocker.unblock():
        assert connection.settings_dict["NAME"].startswith("test_"), "Ce n’est pas une base d’essai."
        call_command("demo", stdout=io.StringIO())
        add_long_names()
        yield
        call_command("flush", interactive=False, verbosity=0)


@pytest.fixture(scope="package")
def portal(db: None) -> Iterator[str]:
    """The address of the portal, served from this process."""
    server = LiveServer("127.0.0.1")
    yield server.url
    server.stop()


def add_long_names() -> None:
    """What breaks layouts: a name of 160 signs, a word that has no place to break, an address that goes on."""
    from directory.models import Territory
    from tests.factories import OrganisationFactory, PracticeFactory, ResourceFactory

    lake = Territory.objects.get(slug="salaberry-de-valleyfield")
    organisation = OrganisationFactory(
        slug="nom-tres-long", name=("Regroupement " + LONG_WORD + " des proches aidants et aidantes" * 4)[:160],
        acronym="RIMPAASVHSLVSBSR", territory=lake, mission=("Accompagner, " * 30)[:300],
        email="coordination.generale." + "a" * 40 + "@regroupement.example", phone="450 555-0123",
        website="https://regroupement.example/" + "b" * 60, address="12345, " + "chemin de la Grande-Côte-" * 4,
    )  # fmt: skip
    ResourceFactory(
        slug="ressource-au-nom-tres-long", name=(LONG_WORD + " avec chariots, rallonges et housses " * 3)[:120],
        organisation=organisation, summary=("Sans résumé court, " + LONG_WORD + ", " * 3)[:160],
        description=f"{LONG_WORD}{LONG_WORD}\n\n- {LONG_WORD}", quantity=1250, price="12345.67",
        price_unit="la demi-journée et par personne inscrite", cost_mode="prix",
    )  # fmt: skip
    PracticeFactory(
        slug="pratique-au-nom-tres-long", title=(LONG_WORD + " : une histoire sans fin, " * 5)[:140],
        standfirst=(LONG_WORD + " raconte son histoire. ") * 4, pooled=LONG_WORD * 3, territories=[lake],
        form_text=LONG_WORD, lessons=f"1. {LONG_WORD}\n2. Rien.",
    )  # fmt: skip


@pytest.fixture(scope="package")
def browser(portal: str, chromium: str) -> Iterator[Browser]:
    """Chromium, started once. It leaves before the portal does: its event loop would forbid the ORM."""
    with sync_playwright() as playwright:
        engine = playwright.chromium.launch(executable_path=chromium, args=SWITCHES)
        yield engine
        engine.close()


@pytest.fixture
def visitor(browser: Browser, portal: str) -> Iterator[Callable[..., Visitor]]:
    """Brings someone to the portal: ``visitor(PHONE)``, ``visitor(dark=True)``, ``visitor(javascript=False)``.

    At the end of the test, whatever went wrong in silence is said: console errors, refused by the security policy,
    requests to someone else.
    """
    come: list[Visitor] = []

    def arrive(width: int = 1280, *, dark: bool = False, javascript: bool = True) -> Visitor:
        options: dict[str, Any] = {
            "viewport": {"width": width, "height": 740 if width <= PHONE else 800},
            "has_touch": width <= PHONE,
            "color_scheme": "dark" if dark else "light",
            "reduced_motion": "reduce",
            "java_script_enabled": javascript,
            "locale": "fr-CA",
        }
        come.append(Visitor(browser.new_context(**options).new_page(), portal))
        return come[-1]

    yield arrive
    for one in come:
        one.page.context.close()
    wrong = [fault for one in come for fault in one.faults]
    assert not wrong, "\n".join(wrong)
