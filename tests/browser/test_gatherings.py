"""A gathering announced, filled, its waiting list moved, its minutes published: three people, on phones."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import Mail
from directory.models import Membership
from projects import communities, gatherings
from projects.models import Community, CommunityMember, Gathering
from tests.factories import MembershipFactory, a_small_country
from tests.projects.meeting import a_community, a_gathering, joined

pytestmark = pytest.mark.django_db(transaction=True)


def press(page: Any, name: str) -> None:
    page.get_by_role("main").get_by_role("button", name=name, exact=True).click()


def people() -> tuple[Community, Membership, Membership, Membership]:
    """A community, who facilitates it, and two others."""
    here = a_small_country()["beauharnois"]
    odile, karim, lise = (
        MembershipFactory(user__name=name, organisation__name=of, organisation__territory=here)
        for name, of in (("Odile Roy", "Le Carrefour"), ("Karim Benali", "La Marmite"), ("Lise Caron", "Le Recto"))
    )
    community, _other = a_community(odile.organisation, name="Cuisines et surplus", slug="cuisines")
    CommunityMember.objects.create(
        community=community, user=odile.user, organisation=odile.organisation, is_facilitator=True
    )
    return community, odile, karim, lise


def test_a_gathering_from_its_announcement_to_its_minutes(
    phone_of: Callable[..., Any], fits: Callable[[Any], None]
) -> None:
    community, odile, karim, lise = people()
    host = phone_of(odile.user)
    host.goto(community.get_absolute_url())
    host.get_by_role("link", name="Préparer une rencontre").click()
    host.fill("[name=title]", "Atelier : prix coûtant")
    host.fill("[name=place]", "12, rue du Moulin")
    host.fill("[name=day]", f"{timezone.localdate() + datetime.timedelta(days=12)}")
    host.fill("[name=begins]", "9 h")
    host.fill("[name=ends]", "8 h")
    host.fill("[name=limit]", "1")
    press(host, "Continuer")
    host.get_by_text("La fin vient avant le début").first.wait_for()
    assert host.evaluate("document.activeElement.id") == "erreurs"
    assert host.input_value("[name=title]") == "Atelier : prix coûtant"
    fits(host)
    host.fill("[name=ends]", "midi")
    host.focus("[name=ends]")
    host.keyboard.press("Enter")  # by keyboard to the end of the form
    host.get_by_text("La rencontre est prête").wait_for()
    press(host, "Annoncer la rencontre")
    host.get_by_text("La rencontre est annoncée").wait_for()
    address = Gathering.objects.get().get_absolute_url()

    first, second = phone_of(karim.user), phone_of(lise.user)
    first.goto(address)
    seen = first.evaluate("document.querySelector('#h-place').parentElement.getBoundingClientRect().top")
    assert seen < 740  # taking a place is on the first screen of a phone
    press(first, "S’inscrire")
    first.get_by_text("Votre place est réservée.", exact=True).wait_for()
    second.goto(address)
    press(second, "Se mettre en liste d’attente")
    second.get_by_text("au rang 1 de la liste d’attente").wait_for()
    fits(second)
    press(first, "Libérer ma place")
    first.get_by_text("Votre place est libérée").wait_for()
    second.reload()
    second.get_by_text("Votre place est réservée.", exact=True).wait_for()
    mail = Mail.objects.get(to=lise.user.email, text__contains="Une place s’est libérée")
    assert "BEGIN:VEVENT" in mail.calendar

    began = timezone.now() - datetime.timedelta(hours=2)
    Gathering.objects.update(starts_at=began, ends_at=began + datetime.timedelta(hours=1))
    host.reload()
    host.get_by_label("Lise Caron, Le Recto").check()
    press(host, "Enregistrer les présences")
    host.get_by_text("Présences inscrites").wait_for()
    host.get_by_text("Écrire le compte rendu").first.click()
    host.fill("[name=minutes]", "- On achète **une scelleuse**.")
    press(host, "Publier le compte rendu")
    host.get_by_text("Le compte rendu est publié.").wait_for()
    fits(host)
    second.reload()
    second.get_by_role("heading", name="Compte rendu").wait_for()
    assert "Organismes présents" in second.inner_text("main")


def test_its_pages_on_a_wide_screen(desk_of: Callable[..., Any], fits: Callable[[Any], None]) -> None:
    community, odile, karim, _lise = people()
    communities.join(community, by=karim.user, organisation=karim.organisation)
    communities.be_pivot(community, by=karim.user, function="Qui prête un camion")
    communities.put_idea(community, by=karim.user, title="Une scelleuse à trois")
    gathering = a_gathering(community, limit=1, summary="On compare nos prix.", agenda="- Tour de table")
    for user, organisation in (joined(community), (karim.user, karim.organisation)):
        gatherings.register(gathering, by=user, organisation=organisation)
    page = desk_of(karim.user)
    page.goto("/communautes/")
    fits(page)
    page.goto(community.get_absolute_url())
    page.get_by_text("Mettre une idée dans la boîte").click()
    press(page, "Déposer l’idée")
    page.get_by_role("alert").get_by_text("Un point à revoir").wait_for()
    assert page.evaluate("document.activeElement.id") == "erreurs"
    fits(page)
    page.goto(page.url)  # its address leads back to the community
    assert page.url.endswith(community.get_absolute_url())
    page.goto(gathering.get_absolute_url())
    page.get_by_text("au rang 1 de la liste d’attente").wait_for()
    fits(page)
    host = desk_of(odile.user)
    host.goto(gathering.get_absolute_url())
    host.get_by_text("Liste d’attente (1)").click()
    fits(host)
