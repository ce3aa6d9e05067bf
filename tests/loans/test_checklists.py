"""Checklists: those delivered are whole, curators edit them one item a line, an edit survives a new loading."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from directory.exchange.fixtures import fixture_files, load
from directory.models import Category, Kind
from loans import checklists
from loans.models import Checklist, Moment
from mutualisation.management.commands.loadcontent import REFERENCE
from tests.factories import CategoryFactory, ResourceFactory

pytestmark = pytest.mark.django_db


def test_those_delivered_cover_every_kind_and_keep_to_their_own() -> None:
    load(list(fixture_files(settings.FIXTURE_DIRS[0], REFERENCE)))
    for kind in Kind.values:
        for moment in Moment.values:
            assert Checklist.objects.get(kind=kind, category=None, moment=moment).items
    pairs = {(c.kind, c.category_id) for c in Checklist.objects.all()}
    assert len(pairs) * 2 == Checklist.objects.count()  # what is handed over is given back
    for row in Checklist.objects.exclude(category=None).select_related("category"):
        assert row.category.kind == row.kind
    for row in Checklist.objects.all():
        row.full_clean()
    kitchen = ResourceFactory(kind="locaux", category=Category.objects.get(slug="locaux-cuisines-cuisine-collective"))
    assert any("MAPAQ" in item for item in checklists.checklist(kitchen, Moment.HANDOVER))
    person = ResourceFactory(kind="humain", category=Category.objects.filter(kind="humain", parent=None).first())
    assert any("sécurité" in item for item in checklists.checklist(person, Moment.HANDOVER))


def test_an_edit_survives_a_new_loading() -> None:
    files = list(fixture_files(settings.FIXTURE_DIRS[0], REFERENCE))
    load(files)
    n = Checklist.objects.count()
    Checklist.objects.filter(kind="materiel", category=None, moment="return").update(items=["Propre"])
    load(files)
    assert Checklist.objects.count() == n
    assert Checklist.objects.get(kind="materiel", category=None, moment="return").items == ["Propre"]
    load(files, update=True)
    assert Checklist.objects.count() == n
    assert len(Checklist.objects.get(kind="materiel", category=None, moment="return").items) > 1


def test_a_curator_edits_a_list_one_item_a_line(cast: dict[str, Client]) -> None:
    hall = CategoryFactory(kind="locaux", name="Salle")
    add = reverse("admin:loans_checklist_add")
    sent: dict[str, Any] = {"kind": "materiel", "category": hall.pk, "moment": "handover", "items": "Propre"}
    assert "autre sorte" in cast["curator"].post(add, sent).content.decode()
    sent |= {"kind": "locaux", "items": "Clés remises\n\n  Alarme   expliquée \nClés remises"}
    assert cast["curator"].post(add, sent).status_code == 302
    assert Checklist.objects.get().items == ["Clés remises", "Alarme expliquée"]
    assert "déjà une liste" in cast["curator"].post(add, sent).content.decode()
    assert cast["stranger"].post(add, sent).status_code == 302
    assert Checklist.objects.count() == 1
