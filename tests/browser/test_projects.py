"""An idea of the guided path becomes a project: partners in three roles, a kitchen really lent, a ledger to open."""

from __future__ import annotations

import datetime
from typing import Any
from urllib.parse import urlencode

import pytest
from django.utils import timezone
from openpyxl import load_workbook

from projects.models import Project
from tests.factories import MembershipFactory, OrganisationFactory, ResourceFactory, a_small_country, lend, some_day
from tests.projects.building import happened, join
from toolbox import paths

pytestmark = pytest.mark.django_db(transaction=True)


def answered() -> dict[str, str]:
    """A whole guided path: the first answer to each question."""
    paths.load()
    guide, answers = paths.in_force(), {}
    while (left := guide.follow(answers)[1]) is not None:
        answers[left.key] = left.answers[0][0]
    return answers


def press(page: Any, name: str) -> None:
    page.get_by_role("main").get_by_role("button", name=name, exact=True).click()


def test_an_idea_becomes_a_project_whose_ledger_opens(window_of: Any, fits: Any, tmp_path: Any) -> None:
    here = a_small_country()["beauharnois"]
    odile, karim = (
        MembershipFactory(user__name=person, organisation__name=name, organisation__territory=here)
        for person, name in (("Odile Roy", "Le Carrefour"), ("Karim Benali", "La Marmite"))
    )
    bearer, partner = window_of(odile.user), window_of(karim.user)

    # an idea, from the guided path
    bearer.goto(f"/parcours/?{urlencode(answered())}")
    fits(bearer)
    bearer.get_by_role("link", name="En faire un projet").click()
    assert "Ce que nous avons répondu" in bearer.input_value("textarea[name=description]")
    fits(bearer)
    bearer.fill("[name=title]", "Un garde-manger qui roule")
    press(bearer, "Publier l’idée")
    bearer.get_by_text("Dites l’idée en deux phrases").first.wait_for()
    assert bearer.input_value("[name=title]") == "Un garde-manger qui roule"
    fits(bearer)
    bearer.fill("[name=standfirst]", "Une fourgonnette pour quatre villages.")
    press(bearer, "Publier l’idée")
    bearer.get_by_text("C’est publié.").wait_for()
    fits(bearer)
    project = Project.objects.get()
    long_ago = timezone.now() - datetime.timedelta(days=60)  # the loan that follows is not older than its project
    Project.objects.update(created_at=long_ago, published_at=long_ago)

    # three partners, three roles: one offers by herself, and is welcomed
    join(project, OrganisationFactory(name="La Réserve", territory=here), roles=["connecteur"])
    join(project, OrganisationFactory(name="La Radio", territory=here), roles=["relayeur"])
    partner.goto(project.get_absolute_url())
    fits(partner)
    partner.get_by_role("link", name="Je peux le faire\u00a0: Collaborateur").click()
    assert partner.is_checked("[name=roles][value=collaborateur]")
    fits(partner)
    partner.fill("[name=brings-0-label]", "Cuisiniers du jeudi")
    partner.fill("[name=brings-0-hours]", "40 h")
    press(partner, "Envoyer l’offre")
    partner.get_by_text("ils vous répondront").wait_for()
    fits(partner)
    bearer.goto("/mon-espace/")
    bearer.get_by_role("link", name="La Marmite offre sa contribution", exact=True).click()
    fits(bearer)
    press(bearer, "Accueillir")
    bearer.get_by_text("La Marmite fait maintenant partie du projet.").wait_for()

    # she lends her kitchen, and the loan counts by itself
    kitchen = ResourceFactory(name="Cuisine du canal", kind="locaux", organisation=karim.organisation)
    happened(lend(kitchen, odile.organisation, some_day(), by=odile.user))
    partner.goto(project.get_absolute_url())
    partner.get_by_role("link", name="Lier un prêt").click()
    fits(partner)
    partner.get_by_role("link", name="Cuisine du canal").click()
    fits(partner)
    partner.fill("[name=rate]", "30")
    press(partner, "Compter ce prêt au bilan")
    partner.get_by_role("cell", name="Cuisine du canal").wait_for()
    fits(partner)

    # the bearer opens the ledger in a spreadsheet
    bearer.goto(project.get_absolute_url())
    fits(bearer)
    bearer.get_by_role("link", name="Le bilan complet").click()
    bearer.get_by_text("prêt réel, 30\u00a0$ par heure").wait_for()
    fits(bearer)
    with bearer.expect_download() as awaited:
        bearer.get_by_role("link", name="Excel (XLSX)").click()
    awaited.value.save_as(tmp_path / "bilan.xlsx")
    book = load_workbook(tmp_path / "bilan.xlsx")
    lines = list(book["Lignes"].iter_rows(values_only=True))
    assert any(line[0] == "La Marmite" and line[2] == "Cuisine du canal" and line[13] == 120 for line in lines)
    assert [float(v) for v in list(book["Par partenaire"].iter_rows(values_only=True))[-1][1:]] == [
        40, 4, 1120, 0, 0, 4, 120, 0,
    ]  # fmt: skip
    by_role = {row[0]: row for row in book["Par rôle"].iter_rows(values_only=True)}
    assert [float(v) for v in by_role["Collaborateur"][1:]] == [40, 4, 1120, 0, 0, 4, 120, 0]
