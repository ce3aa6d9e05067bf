"""A phone in the hand of someone, for journeys that write: their own database each, emptied after."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connections
from django.test import Client

from accounts.models import User
from tests.accounts.people import empty_queue

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]


@pytest.fixture(scope="module")
def engine(chromium: str, django_db_setup: None) -> Iterator[Any]:
    """Chromium, started once for a file."""
    from playwright.sync_api import sync_playwright

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")  # Playwright keeps a loop in this thread
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
            yield browser
            browser.close()
            connections.close_all()  # those of Playwright’s loop, which nobody else would close


@contextmanager
def windows(engine: Any, portal: str, *, width: int, theme: str = "light", **more: Any) -> Iterator[Callable[..., Any]]:
    """Gives ``window(person)``: a page where that person is signed in; nobody without one. ``more``: of a context.

    Fails on any error of the console.
    """
    cache.clear()
    errors: list[str] = []
    options = {"viewport": {"width": width, "height": 740}, "color_scheme": theme, "base_url": portal, **more}

    def window(person: User | None = None) -> Any:
        context = engine.new_context(locale="fr-CA", reduced_motion="reduce", **options)
        if person:
            client = Client()
            client.force_login(person)
            cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": portal}
            context.add_cookies([cookie])
        page = context.new_page()
        page.set_default_timeout(60_000)  # a busy machine is no fault of the page
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda m: errors.append(m.text) if "Content Security" in m.text else None)
        return page

    yield window
    for context in engine.contexts:
        for page in context.pages:
            page.goto("about:blank")  # nothing under way when the database goes
        context.close()
    empty_queue()  # a job left behind would speak, to the next test, of rows that are gone
    cache.clear()
    assert errors == []


@pytest.fixture
def phone_of(
    engine: Any, live_server: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Callable[..., Any]]:
    """``phone_of(person)``: a page of 360 px where that person is signed in; nobody without one."""
    monkeypatch.setattr(settings, "MEDIA_ROOT", tmp_path)
    with windows(engine, live_server.url, width=360) as window:
        yield window


@pytest.fixture
def wide_of(phone_of: Callable[..., Any]) -> Callable[..., Any]:
    """The same on a desk: ``wide_of(person)``, 1280 px."""

    def wide(person: User | None = None) -> Any:
        page = phone_of(person)
        page.set_viewport_size({"width": 1280, "height": 800})
        return page

    return wide


@pytest.fixture
def desk_of(engine: Any, live_server: Any) -> Iterator[Callable[..., Any]]:
    """``desk_of(person)``: the same, 1280 px wide and dark: for the key pages of what a phone went through."""
    with windows(engine, live_server.url, width=1280, theme="dark") as window:
        yield window


@pytest.fixture(params=[(360, "dark"), (1280, "light")], ids=["téléphone", "bureau"])
def window_of(request: Any, engine: Any, live_server: Any) -> Iterator[Callable[..., Any]]:
    """A window where that person is signed in, on a phone, then on a wide screen."""
    width, theme = request.param
    with windows(engine, live_server.url, width=width, theme=theme) as window:
        yield window


@pytest.fixture
def fits() -> Callable[[Any], None]:
    """``fits(page)``: nothing scrolls sideways, and axe finds nothing wrong."""
    from axe_playwright_python.sync_playwright import Axe

    def look(page: Any) -> None:
        page.wait_for_load_state()
        # a locator waits: a page that is being left has no width
        assert page.locator("html").evaluate("html => html.scrollWidth <= window.innerWidth"), page.url
        found = Axe().run(page, options={"resultTypes": ["violations"]})
        assert found.violations_count == 0, f"{page.url}\n{found.generate_report()}"

    return look
