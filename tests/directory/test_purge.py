"""What is erased every night, and what the privacy page says of it."""

from __future__ import annotations

import datetime
import os
import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts import privacy as people
from directory import privacy, tasks
from directory.invitations import invite
from directory.models import Invitation, Report, ResourcePhoto
from directory.photos import add, sweep
from tests.directory.pictures import picture
from tests.factories import MembershipFactory, OrganisationFactory, ResourceFactory

pytestmark = pytest.mark.django_db


def days_ago(days: float) -> datetime.datetime:
    return timezone.now() - datetime.timedelta(days=days)


def test_invitations_past_their_time() -> None:
    manager = MembershipFactory(role="gestionnaire", organisation=OrganisationFactory())
    for name, days in (("attend", -1), ("expiree", 29), ("oubliee", 31)):
        invite(organisation=manager.organisation, email=f"{name}@ici.example", by=manager.user)
        Invitation.objects.filter(email=f"{name}@ici.example").update(expires_at=days_ago(days))
    privacy.purge()
    assert {i.email for i in Invitation.objects.all()} == {"attend@ici.example", "expiree@ici.example"}


def test_reports_long_dealt_with() -> None:
    entry = ResourceFactory()
    waiting = Report.objects.create(entry=entry, message="Fermé.", email="a@ici.example", created_at=days_ago(800))
    lately = Report.objects.create(entry=entry, message="Fermé.", handled_at=days_ago(360))
    Report.objects.create(entry=entry, message="Fermé.", email="b@ici.example", handled_at=days_ago(366))
    privacy.purge()
    assert set(Report.objects.all()) == {waiting, lately}


def test_files_of_photos_that_no_row_names(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path
    assert sweep() == 0  # no folder at all yet
    resource = ResourceFactory()
    add(resource, [picture(size=(60, 40)), picture(size=(60, 40))], by=None)
    kept, lost = resource.photos.order_by("position")
    ResourcePhoto.objects.filter(pk=lost.pk).delete()  # by hand: its files stay behind
    assert sweep() == 0  # younger than a day: perhaps a sending under way
    yesterday = (timezone.now() - datetime.timedelta(hours=25)).timestamp()
    for path in tmp_path.rglob("*"):
        os.utime(path, (yesterday, yesterday))
    tasks.purge_directory.func(timestamp=0)
    files = {p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*") if p.is_file()}
    assert files == {kept.large.name, kept.small.name}
    assert len(list((tmp_path / "photos").iterdir())) == 1


def test_the_privacy_page_says_how_long(client: Client, settings: Any) -> None:
    settings.MAIL_KEPT_DAYS = 41
    page = client.get("/renseignements-personnels/").content.decode()
    said = {int(n) for n in re.findall(r"(\d+) jours", page)}
    kept = {people.DRAFTS_KEPT_DAYS, people.UNVERIFIED_KEPT_DAYS}
    kept |= {privacy.INVITATIONS_KEPT_DAYS, privacy.REPORTS_KEPT_DAYS}
    assert kept | {41} <= said
