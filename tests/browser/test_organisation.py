"""An organisation joins by itself: duplicate seen while typing, someone invited, who takes over; one leaves."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from accounts.models import Mail
from directory.invitations import invite
from directory.models import Membership, Organisation
from tests.factories import (
    CuratorshipFactory,
    MembershipFactory,
    OrganisationFactory,
    UserFactory,
    a_small_country,
)

pytestmark = pytest.mark.django_db(transaction=True)


def test_from_nothing_to_a_team_that_goes_on(phone_of: Callable[..., Any], fits: Callable[[Any], None]) -> None:
    places = a_small_country()
    known = OrganisationFactory(name="La Marmite solidaire", territory=places["salaberry-de-valleyfield"])
    curator = CuratorshipFactory(territory=places["mrc-beauharnois-salaberry"]).user
    odile, karim = UserFactory(name="Odile Roy"), UserFactory(name="Karim Benali")

    page = phone_of(odile)
    page.goto("/mon-espace/")
    page.get_by_role("main").get_by_role("link", name="Inscrire un organisme").click()

    # Typing a name that is already here says so at once, without leaving the form.
    page.fill("[name=name]", "Marmite solidaire")
    page.wait_for_selector("#doublons >> text=La Marmite solidaire")
    assert "Un organisme ressemble au vôtre" in page.text_content("[data-voice]")
    fits(page)
    page.fill("[name=name]", "Atelier vélo du Canal")
    page.wait_for_selector("#doublons >> text=La Marmite solidaire", state="detached")

    # By keyboard to the end; what is refused stays typed.
    page.keyboard.press("Tab")
    page.keyboard.type("AVC")
    page.keyboard.press("Tab")
    page.keyboard.type("Valeyfield")
    page.keyboard.press("Enter")
    page.wait_for_selector("[role=alert]")
    assert page.input_value("[name=name]") == "Atelier vélo du Canal"
    fits(page)
    page.fill("[name=territory]", "Salaberry-de-Valleyfield")
    page.fill("[name=mission]", "Réparer son vélo soi-même.")
    page.get_by_role("button", name="Inscrire l’organisme").click()
    page.wait_for_url("**/equipe/")
    fits(page)
    made = Organisation.objects.get(name="Atelier vélo du Canal")
    assert made.status == "submitted"
    assert Mail.objects.filter(to=curator.email, event__startswith="organisation-submitted").exists()
    assert "Atelier vélo du Canal" in page.inner_text("details.switch summary")

    # She invites someone, who holds the link of the e-mail.
    page.fill("[name=email]", karim.email)
    page.select_option("aside [name=role]", "gestionnaire")
    page.get_by_role("button", name="Envoyer l’invitation").click()
    page.wait_for_selector("text=L’invitation est partie")
    link = re.search(r"/invitations/[\w-]+/", Mail.objects.get(to=karim.email).text)
    assert link

    other = phone_of(karim)
    other.goto(link[0])
    assert not Membership.objects.filter(user=karim).exists()
    other.get_by_role("button", name="Accepter l’invitation").click()
    other.wait_for_url("**/mon-espace/")
    assert Membership.objects.get(user=karim).role == "gestionnaire"

    # She leaves; nothing is orphan, for someone has taken over.
    page.goto(f"/organismes/{made.slug}/equipe/")
    page.get_by_role("link", name="Quitter cet organisme").click()
    page.get_by_role("button", name="Quitter l’organisme").click()
    page.wait_for_url("**/mon-espace/")
    made.refresh_from_db()
    assert made.orphan_since is None
    assert page.locator("details.switch").count() == 0

    # He, now the last one, is asked who takes over; with nobody, the CDC is told.
    other.goto(f"/organismes/{made.slug}/quitter/")
    other.get_by_role("button", name="Quitter l’organisme").click()
    other.wait_for_selector("[role=alert]")
    fits(other)
    other.check("[name=orphan]")
    other.get_by_role("button", name="Quitter l’organisme").click()
    other.wait_for_url("**/mon-espace/")
    made.refresh_from_db()
    assert made.orphan_since is not None
    assert Mail.objects.filter(to=curator.email, event__startswith="orphan:").exists()
    assert known.memberships.count() == 0


def test_its_pages_on_a_wide_screen(desk_of: Callable[..., Any], fits: Callable[[Any], None]) -> None:
    manager = MembershipFactory(role="gestionnaire", organisation__territory=a_small_country()["beauharnois"])
    invite(organisation=manager.organisation, by=manager.user, email="karim@essai.example", role="membre")
    page, team = desk_of(manager.user), f"/organismes/{manager.organisation.slug}/equipe/"
    for address in ("/mon-espace/", "/organismes/inscrire/", team, team.replace("equipe", "quitter")):
        page.goto(address)
        fits(page)


def test_the_switch_by_keyboard(window_of: Callable[..., Any], fits: Callable[[Any], None]) -> None:
    person = UserFactory(name="Odile Roy")
    for name in ("Abri du Fleuve", "Zone Jeunesse"):
        Membership.objects.create(user=person, organisation=OrganisationFactory(name=name), role="gestionnaire")
    page = window_of(person)
    page.goto("/ressources/")
    page.locator("details.switch summary").focus()
    page.keyboard.press("Enter")
    fits(page)
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=Vous agissez maintenant pour Zone Jeunesse")
    assert page.url.endswith("/ressources/")
