"""On a phone, from the e-mail, without signing in: what is still exact is confirmed, what is hidden comes back."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from directory.freshness import advance
from directory.models import Resource
from tests.factories import MembershipFactory, ResourceFactory, a_small_country

pytestmark = pytest.mark.django_db(transaction=True)
LONG_AGO = timezone.now() - datetime.timedelta(days=400)


@pytest.fixture
def stale(db: None, settings: Any) -> Any:
    """A manager with two resources that nobody confirmed for long."""
    settings.DEMO = True
    here = a_small_country()["beauharnois"]
    manager = MembershipFactory(
        role="gestionnaire", organisation__name="Le Carrefour", organisation__territory=here,
        organisation__verified_at=timezone.now(), user__email="lucie@essai.example",
    )  # fmt: skip
    for name in ("Grande tente", "Vingt tables"):
        ResourceFactory(organisation=manager.organisation, name=name, verified_at=LONG_AGO)
    return manager


def open_the_mail(page: Any) -> None:
    """Read the newest e-mail of the outbox and follow its link."""
    page.goto(f"{reverse('outbox')}?a=lucie")
    page.locator("main").get_by_role("link", name=re.compile("à confirmer|hors des listes")).first.click()
    link = page.locator("main a[href*='/confirmer/']").first.get_attribute("href")
    page.goto(re.sub(r"^https?://[^/]+", "", link))


def test_confirmed_from_the_mail_without_signing_in(
    stale: Any, window_of: Callable[..., Any], fits: Callable[[Any], None]
) -> None:
    stranger = window_of()
    advance()
    open_the_mail(stranger)
    fits(stranger)
    assert set(Resource.objects.values_list("freshness", flat=True)) == {"reminded"}  # opening it changed nothing
    stranger.get_by_role("button", name="Toujours exact : Grande tente").focus()
    stranger.keyboard.press("Enter")
    stranger.get_by_text("C’est confirmé, merci").wait_for()
    fits(stranger)
    assert dict(Resource.objects.values_list("name", "freshness")) == {
        "Grande tente": "fresh", "Vingt tables": "reminded",
    }  # fmt: skip
    stranger.get_by_role("button", name=re.compile("^Toujours exact")).click()
    stranger.get_by_role("heading", name="C’est confirmé").wait_for()
    fits(stranger)
    stranger.reload()
    assert stranger.get_by_role("button", name=re.compile("Toujours exact")).count() == 0


def test_what_left_the_lists_comes_back(stale: Any, phone_of: Callable[..., Any]) -> None:
    stranger = phone_of()
    for step in range(3):
        advance(timezone.now() + datetime.timedelta(days=15 * step))
    stranger.goto(reverse("resource_list"))
    assert stranger.get_by_text("Grande tente").count() == 0
    open_the_mail(stranger)
    stranger.get_by_role("button", name="Les 2 sont toujours exactes").click()
    stranger.get_by_text("2 fiches sont confirmées, merci").wait_for()
    stranger.goto(reverse("resource_list"))
    assert stranger.get_by_text("Grande tente").count() == 1
    with stranger.expect_download() as kept:
        stranger.get_by_role("link", name="CSV").click()
    assert kept.value.suggested_filename == f"ressources-{timezone.localdate().isoformat()}.csv"


def test_a_cut_link_and_no_longer_exact(stale: Any, phone_of: Callable[..., Any], fits: Callable[[Any], None]) -> None:
    stranger = phone_of()
    advance()
    open_the_mail(stranger)
    address = stranger.url
    stranger.get_by_role("link", name="Ce n’est plus exact : Grande tente").click()
    assert "/compte/connexion/" in stranger.url
    assert "modifier" in stranger.url  # where one goes once signed in
    stranger.goto(address[:-6] + "/")
    stranger.get_by_role("heading", name="Ce lien est incomplet").wait_for()
    fits(stranger)
