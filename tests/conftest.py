"""Guards that hold for every test: nothing leaves this machine, nothing is undefined, caches don't tell yesterday."""

from __future__ import annotations

import gc
import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import caches
from django.db import connection
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis
from pytest_django import DjangoDbBlocker
from xdist.scheduler import LoadFileScheduling

from mutualisation.kernel.memo import forget_all

# A slow machine is no fault of what is tested; what one example writes, the next may find.
hypothesis.register_profile(
    "portal", deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
hypothesis.load_profile("portal")

MEDIA = Path(tempfile.mkdtemp(prefix="mutualisation-essais-"))
UNDEFINED = "⟦non défini : %s⟧"
SHARED = (
    "tests/demo/",
    "tests/browser/reading/",
)  # each folder loads the demonstration once: one process runs it whole

LONG = (
    "tests/browser/", "tests/accounts/test_journey", "tests/loans/test_recovery", "tests/launcher/", "tests/access/",
    "tests/demo/",
)  # fmt: skip


class ByFile(LoadFileScheduling):  # type: ignore[misc]
    """A file is run by one process; so is a folder whose tests share what was loaded."""

    def _split_scope(self, nodeid: str) -> str:
        file: str = super()._split_scope(nodeid)
        return next((folder for folder in SHARED if file.startswith(folder)), file)


def pytest_xdist_make_scheduler(config: Any, log: Any) -> ByFile:
    return ByFile(config, log)


def pytest_configure() -> None:
    """Templates that read what does not exist say so, and a guard below fails on it."""
    settings.TEMPLATES[0]["OPTIONS"]["string_if_invalid"] = UNDEFINED
    settings.MEDIA_ROOT = MEDIA  # never among those of `make run`
    settings.REQUIRE_STAFF_MFA = False  # the tests that are about it turn it on
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes long goes first: at the end, no process waits for the long file of the other."""
    items.sort(key=lambda item: not item.nodeid.startswith(LONG))  # the others keep their order


def pytest_collection_finish() -> None:
    """What was collected stays to the end: the garbage collector, a seventh of the time here, need not read it."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(200_000, 20, 50)


def pytest_unconfigure() -> None:
    shutil.rmtree(MEDIA, ignore_errors=True)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None, django_db_blocker: DjangoDbBlocker
) -> None:
    """Each process copies one migrated database rather than migrating its own."""
    from tests.migrated import template

    with django_db_blocker.unblock():
        connection.settings_dict["TEST"]["TEMPLATE"] = template()


@pytest.fixture(autouse=True)
def no_stale_memory() -> Iterator[None]:
    forget_all()
    caches["memory"].clear()
    yield
    forget_all()
    caches["memory"].clear()


@pytest.fixture(autouse=True)
def no_job_left_behind(request: pytest.FixtureRequest, django_db_blocker: Any) -> Iterator[None]:
    """A test that commits leaves its jobs: the flush that follows knows only the tables of models."""
    yield
    mark = request.node.get_closest_marker("django_db")
    if (mark and mark.kwargs.get("transaction")) or "transactional_db" in request.fixturenames:
        from tests.accounts.people import empty_queue

        with django_db_blocker.unblock():
            empty_queue()


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only this machine may be spoken to."""
    real = socket.socket.connect

    def connect(self: socket.socket, address: Any) -> Any:
        if isinstance(address, tuple) and address[0] not in ("127.0.0.1", "::1", "localhost"):
            raise AssertionError(f"Un test a voulu joindre {address[0]}.")
        return real(self, address)

    monkeypatch.setattr(socket.socket, "connect", connect)


@pytest.fixture(autouse=True)
def responses_are_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every response of every test: no undefined variable, no template mark left in the page."""
    from django.test.client import Client

    real = Client.request

    def request(self: Client, **kwargs: Any) -> Any:
        response = real(self, **kwargs)
        kind = response.headers.get("Content-Type", "")
        if (
            not response.streaming
            and "Content-Encoding" not in response.headers
            and kind.startswith(("text/html", "application/atom", "application/xml"))
        ):
            text = response.content.decode(response.charset)
            admin = kwargs.get("PATH_INFO", "").startswith("/admin/")
            if not admin:
                assert "⟦non défini" not in text, text[max(0, text.index("⟦non défini") - 200) :][:400]
            assert not any(sign in text for sign in ("{{", "{%")), kwargs.get("PATH_INFO")
        return response

    monkeypatch.setattr(Client, "request", request)


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a Chromium; without one the test is skipped, or fails where browsers are required (CI)."""
    candidates = [os.environ.get("CHROMIUM", "")]
    candidates += [shutil.which(name) or "" for name in ("chromium", "chromium-browser", "google-chrome")]
    own = Path.home() / ".cache" / "ms-playwright"
    candidates += [str(p) for p in own.glob("chromium-*/chrome-linux*/chrome")] if own.is_dir() else []
    for path in candidates:
        if path and Path(path).exists():
            return path
    how = "Chromium est absent : apt-get install chromium, ou CHROMIUM=/chemin/vers/chromium."
    if os.environ.get("BROWSER_TESTS") == "required":
        pytest.fail(how)
    pytest.skip(how)


@pytest.fixture
def places(db: None) -> dict[str, Any]:
    """A small country: one region, two MRCs of the portal, one outside, and their municipalities."""
    from tests.factories import a_small_country

    return a_small_country()


@pytest.fixture
def people(places: dict[str, Any]) -> dict[str, Any]:
    """A person for each role but the visitor’s."""
    from tests.cast import everyone

    return everyone(places)


@pytest.fixture
def cast(people: dict[str, Any]) -> dict[str, Any]:
    """A browser for each role."""
    from tests.cast import browsers

    return browsers(people)
