"""A gathering announced, filled, its waiting list moved, its minutes published: three people, phone and wide screen."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import Mail
from projects.models import CommunityMember, Gathering
from tests.factories import MembershipFactory, a_small_country
from tests.projects.meeting import a_community

pytestmark = pytest.mark.django_db(transaction=True)


def press(page: Any, name: str) -> None:
    page.get_by_role("main").get_by_role("button", name=name, exact=True).click()


def test_a_gathering_from_its_announcement_to_its_minutes(
    window_of: Callable[..., Any], fits: Callable[[Any], None]
) -> None:
    here = a_small_country()["beauharnois"]
    odile, karim, lise = (
        MembershipFactory(user__name=name, organisation__name=of, organisation__territory=here)
        for name, of in (("Odile Roy", "Le Carrefour"), ("Karim Benali", "La Marmite"), ("Lise Caron", "Le Recto"))
    )
    community, _other = a_community(odile.organisation, name="Cuisines et surplus", slug="cuisines")
    CommunityMember.objects.create(
        community=community, user=odile.user, organisation=odile.organisation, is_facilitator=True
    )
    day = timezone.localdate() + datetime.timedelta(days=12)

    host = window_of(odile.user)
    host.goto(community.get_absolute_url())
    fits(host)
    host.get_by_role("link", name="Préparer une rencontre").click()
    host.fill("[name=title]", "Atelier : prix coûtant")
    host.fill("[name=day]", f"{day}")
    host.fill("[name=begins]", "9 h")
    host.fill("[name=ends]", "8 h")
    host.fill("[name=limit]", "1")
    press(host, "Continuer")
    host.get_by_text("La fin vient avant le début").first.wait_for()
    assert host.input_value("[name=title]") == "Atelier : prix coûtant"
    fits(host)
    host.fill("[name=ends]", "midi")
    host.focus("[name=ends]")
    host.keyboard.press("Enter")  # by keyboard to the end of the form
    host.get_by_text("La rencontre est prête").wait_for()
    press(host, "Annoncer la rencontre")
    host.get_by_text("La rencontre est annoncée").wait_for()
    fits(host)
    address = Gathering.objects.get().get_absolute_url()

    first, second = window_of(karim.user), window_of(lise.user)
    first.goto(address)
    press(first, "S’inscrire")
    first.get_by_text("Votre place est réservée.", exact=True).wait_for()
    second.goto(address)
    fits(second)
    press(second, "Se mettre en liste d’attente")
    second.get_by_text("au rang 1 de la liste d’attente").wait_for()
    fits(second)
    press(first, "Libérer ma place")
    first.get_by_text("Votre place est libérée").wait_for()
    second.reload()
    second.get_by_text("Votre place est réservée.", exact=True).wait_for()
    assert Mail.objects.filter(to=lise.user.email, text__contains="Une place s’est libérée").count() == 1

    began = timezone.now() - datetime.timedelta(hours=2)
    Gathering.objects.update(starts_at=began, ends_at=began + datetime.timedelta(hours=1))
    host.reload()
    host.get_by_label("Lise Caron, Le Recto").check()
    press(host, "Enregistrer les présences")
    host.get_by_text("Présences inscrites").wait_for()
    host.get_by_text("Publier le compte rendu").first.click()
    host.fill("[name=minutes]", "- On achète **une scelleuse**.")
    fits(host)
    press(host, "Publier le compte rendu")
    host.get_by_text("Le compte rendu est publié.").wait_for()
    second.reload()
    second.get_by_role("heading", name="Compte rendu").wait_for()
    assert "Organismes présents" in second.inner_text("main")
    fits(second)
