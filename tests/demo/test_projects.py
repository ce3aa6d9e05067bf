"""The real projects of the sources load, and the demonstration has one at each stage, alive."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from mutualisation.management.demo_projects import build_together
from projects.ledger import ledger
from projects.models import Participation, Project, ProjectLoan, Stage
from tests.projects.test_pages import signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("demonstration")]


def test_projects_at_every_stage_once(client: Client, capsys: Any) -> None:
    assert set(Project.objects.filter(is_demo=True).values_list("stage", flat=True)) == set(Stage.values)
    # the five of the workshop, and the others told in « cinq histoires », without anybody's name
    assert Project.objects.filter(is_demo=False, status="published").count() == 9
    alive = Project.objects.get(slug="garde-manger-qui-roule")
    found = ledger(alive)
    assert 0 < found.total.dollars < found.total.promised
    assert ProjectLoan.objects.filter(project=alive).exists()
    assert any(line.is_loan for line in found.lines)
    kept = next(line for line in found.lines if line.label == "Nos grands chaudrons, quand il en faut")
    assert (
        0 < kept.sums.use < kept.sums.promised_use
    )  # a real loan keeps part of the promise, and the ledger says which
    assert 0 < kept.sums.goods < kept.sums.promised_goods
    assert "Douze chaudrons" in kept.remarks[0]
    assert {p.part for p in alive.participations.welcomed()} >= {"porteur", "partenaire", "appui"}
    assert Participation.objects.offered().filter(project=alive).exists()
    count = Project.objects.count()
    build_together()  # twice changes nothing
    assert Project.objects.count() == count
    for project in Project.objects.all():
        assert client.get(project.get_absolute_url()).status_code == 200
    manager = signed_in(User.objects.get(email="gestion@portail.example"))
    assert manager.get(alive.get_absolute_url() + "bilan/").status_code == 200
    assert "offre sa contribution" in manager.get("/mon-espace/").content.decode()
