"""The demonstration has all of it to try: a queue with every reason, needs, a stale entry, a pair, an orphan."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from accounts.models import User
from directory.models import JoinRequest, Need, NetworkMember, Organisation, Report, Resource, ResourcePhoto
from directory.queue import REASONS, queue
from mutualisation.management.demo_curation import fill_the_queue

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("demonstration")]


def test_a_curator_finds_every_reason_to_decide(client: Client, capsys: Any) -> None:
    curator = User.objects.get(email="curation@portail.example")
    items = queue(curator)
    assert {i.reason for i in items} == set(REASONS)
    fill_the_queue()  # twice changes nothing
    assert [i.key for i in queue(curator)] == [i.key for i in items]
    assert Need.objects.listed().open().count() >= 10
    client.force_login(curator)
    for item in items:
        assert client.get("/moderation/", {"fiche": item.key}).status_code == 200
    client.force_login(User.objects.get(email="membre@portail.example"))
    assert "Rayonnage pour les paniers" in client.get("/mon-espace/").content.decode()


def test_next_year_the_needs_are_still_open(monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    from mutualisation.management import demo_curation

    told = {n.pk: n.ends_on for n in Need.objects.filter(is_demo=True, ends_on__isnull=False)}
    monkeypatch.setattr(demo_curation, "WRITTEN_ON", timezone.localdate() - datetime.timedelta(days=300))
    demo_curation._bring_needs_to_today()
    moved = {n.pk: n.ends_on for n in Need.objects.filter(pk__in=told)}
    changed = {pk for pk, day in told.items() if moved[pk] == day + datetime.timedelta(days=300)}
    assert len(changed) == Need.objects.filter(pk__in=told, published_at__isnull=False).count() > 10


def test_restricted_entries_and_a_gallery_can_be_tried(client: Client, capsys: Any) -> None:
    members, network, named = (
        "six-radios-bidirectionnelles",
        "remorque-de-fete-de-la-table",
        "bureau-d-entrevue-de-l-escale",
    )
    sees = {
        "nouvelle@portail.example": set(),
        "membre@portail.example": {members, network},
        "gestion@portail.example": {members, named},
    }
    for email, expected in sees.items():
        client.force_login(User.objects.get(email=email))
        found = {slug for slug in (members, network, named) if client.get(f"/ressources/{slug}/").status_code == 200}
        assert found == expected, email
    page = Client().get("/ressources/salle-du-canal/").content.decode()
    photos = Resource.objects.get(slug="salle-du-canal").photos.all()
    assert len(photos) == 2
    for photo in photos:
        assert photo.alt in page
        assert Client().get(f"/photos/{photo.uid}/480.webp").status_code == 200
        assert photo.large.size < 60_000


def test_demo_again_after_people_worked_neither_fails_nor_doubles(client: Client, capsys: Any) -> None:
    models = (Organisation, Resource, Need, Report, JoinRequest, ResourcePhoto, NetworkMember, User)
    Report.objects.all().delete()  # dealt with, then purged
    JoinRequest.objects.update(status="refused")
    before = [m._default_manager.count() for m in models]
    call_command("demo")
    assert [m._default_manager.count() for m in models] == before
