"""A curator empties her queue by keyboard: where the focus goes, what is said, a decision undone, one returned."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from directory.models import Decision, JoinRequest, Organisation, Report
from directory.queue import REASONS, queue
from tests.factories import (
    CuratorshipFactory,
    MembershipFactory,
    OrganisationFactory,
    PracticeFactory,
    ResourceFactory,
    UserFactory,
    a_small_country,
)

pytestmark = pytest.mark.django_db(transaction=True)
NEW = ("Abri du Fleuve", "Entraide Nord-Sud", "Jardins Kateri", "La Popote roulante", "Maison Quatre-Saisons", "Zénith")


def a_queue(*, whole: bool = True) -> User:
    """Every reason there is, in the territory of the curator it gives: thirty items, eight when not ``whole``."""
    places = a_small_country()
    here = places["salaberry-de-valleyfield"]
    owner = OrganisationFactory(name="Le Carrefour", territory=here)
    MembershipFactory(organisation=owner, role="gestionnaire")
    for name in NEW if whole else NEW[:1]:
        OrganisationFactory(name=name, territory=here, status="submitted", published_at=None)
    PracticeFactory(title="Deux cuisines", status="submitted", published_at=None, territories=[here])
    now = timezone.now()
    for n in range(10 if whole else 1):
        ResourceFactory(organisation=owner, name=f"Tente {n}", review_since=now)
    for n in range(6 if whole else 1):
        ResourceFactory(organisation=owner, name=f"Projecteur {n}", freshness="second")
    told = ResourceFactory(organisation=owner, name="Remorque")
    for n in range(4 if whole else 1):
        Report.objects.create(entry=told, message=f"Le numéro ne répond plus ({n}).")
    JoinRequest.objects.create(user=UserFactory(), organisation=owner, created_at=now - datetime.timedelta(days=6))
    OrganisationFactory(name="Orphelinat", territory=here, orphan_since=now)
    OrganisationFactory(name="Le Carrefours", territory=here)
    curator = CuratorshipFactory(territory=places["mrc-beauharnois-salaberry"]).user
    waiting = queue(curator)
    assert len(waiting) == (30 if whole else 8)
    assert {item.reason for item in waiting} == set(REASONS)
    return curator


def test_a_curator_empties_a_queue_of_thirty_by_keyboard(
    phone_of: Callable[..., Any], fits: Callable[[Any], None]
) -> None:
    page = phone_of(a_queue())
    press = page.keyboard.press
    voice = page.locator("[data-voice]")

    def stands_before(n: int) -> str:
        """Before the next item, n of them left; gives its title."""
        page.get_by_text({0: "Rien ne vous attend", 1: "1 chose vous"}.get(n, f"{n} choses vous")).first.wait_for()
        page.wait_for_function("document.activeElement.id === 'h-f'")
        return page.locator("#h-f").inner_text()

    def hears(*words: str) -> None:
        for sentence in words:
            voice.get_by_text(sentence).wait_for(state="attached")

    page.goto("/moderation/")
    assert page.title().startswith("Modération (30)")
    fits(page)
    first = page.locator("#h-f").inner_text()

    # Next, previous: the focus follows, and one knows where one is.
    press("j")
    second = stands_before(30)
    assert second != first
    page.get_by_text("Fiche 2 sur 30").wait_for()
    press("k")
    page.get_by_text("Fiche 1 sur 30").wait_for()
    assert stands_before(30) == first

    # Published, then undone: the same item is back, with the focus.
    press("p")
    assert stands_before(29) == second
    hears("C’est fait.", "29 choses vous attendent")
    assert page.locator("#h-f").evaluate("e => e.getBoundingClientRect().top") < 740
    press("z")
    assert stands_before(30) == first
    hears("La décision est annulée", "30 choses vous attendent")

    # Returned: a note is asked for, what is typed in it is no shortcut.
    press("n")
    assert page.evaluate("document.activeElement.id") == "note"
    press("Tab")
    press("Tab")
    press("Enter")
    page.get_by_role("alert").wait_for()
    fits(page)
    assert page.evaluate("document.activeElement.id") == "note"
    page.keyboard.type("Jpkz : ajoutez la mission.")
    press("Tab")
    press("Tab")
    press("Enter")
    assert stands_before(29) != first
    assert Organisation.objects.get(name=first).returned_note == "Jpkz : ajoutez la mission."

    for left in range(28, 0, -1):
        press("p")
        stands_before(left)
    press("p")
    assert stands_before(0) == "Tout est fait"
    hears("C’est fait.")
    fits(page)
    assert Decision.objects.filter(undone_at__isnull=True).count() == 30


def test_single_keys_can_be_turned_off(phone_of: Callable[..., Any]) -> None:
    """Who speaks to her computer, or whose hand trembles, must not publish by accident."""
    page = phone_of(a_queue(whole=False))
    page.goto("/moderation/")
    page.get_by_text("Raccourcis clavier").click()
    page.get_by_label("Une touche suffit").uncheck()
    page.goto("/moderation/")
    for key in "pjz":
        page.keyboard.press(key)
    page.get_by_role("link", name="Suivante").click()
    page.get_by_text("Fiche 2 sur 8").wait_for()
    assert not Decision.objects.exists()
    page.get_by_text("Raccourcis clavier").click()
    page.get_by_label("Une touche suffit").check()
    page.keyboard.press("j")
    page.get_by_text("Fiche 3 sur 8").wait_for()


def test_a_sort_of_items_that_is_finished_leads_to_the_rest(phone_of: Callable[..., Any]) -> None:
    page = phone_of(a_queue(whole=False))
    page.goto("/moderation/?motif=twin")
    page.keyboard.press("p")
    page.get_by_role("link", name="Voir les 7 autres fiches").focus()
    page.keyboard.press("Enter")
    page.get_by_text("Fiche 1 sur 7").wait_for()


def test_the_menu_of_a_curator_stays_on_one_line_at_every_width(wide_of: Callable[..., Any]) -> None:
    page = wide_of(a_queue(whole=False))
    page.goto("/moderation/")
    seen = set()
    for width in range(1240, 1290):
        page.set_viewport_size({"width": width, "height": 700})
        tops = page.evaluate(
            "[...document.querySelectorAll('.nav li')].filter(e => e.offsetParent).map(e => e.offsetTop)"
        )
        wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
        assert (len(set(tops)) <= 1, wide) == (True, False), width
        seen.add(bool(tops))
    assert seen == {False, True}  # folded under a button first, then whole
