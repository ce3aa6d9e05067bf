"""Projects and communities are asked about like every entry: reminded, confirmed in one click, out of the lists."""

from __future__ import annotations

import datetime

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Mail
from directory.freshness import BETWEEN_STEPS, advance, confirm_path
from projects.models import Community, Project
from tests.factories import MembershipFactory
from tests.projects.building import build
from tests.projects.meeting import a_community

pytestmark = pytest.mark.django_db
LONG_AGO = datetime.timedelta(days=190)


def test_what_nobody_confirms_is_asked_about_then_leaves_the_lists(client: Client) -> None:
    manager = MembershipFactory(role="gestionnaire")
    then = timezone.now() - LONG_AGO
    project = build(organisation=manager.organisation, published_at=then, verified_at=then)
    community, _host = a_community(manager.organisation, published_at=then, verified_at=then)
    ended = build(slug="fini", organisation=manager.organisation, published_at=then, verified_at=then)
    Project.objects.filter(pk=ended.pk).update(stage="termine", stood_at="idee")
    advance()
    mail = Mail.objects.get(to=manager.user.email, event__startswith="freshness:reminded")
    assert str(project) in mail.text
    assert str(community) in mail.text
    assert mail.text.count("- ") == 2
    for _step in range(2):
        for model in (Project, Community):
            model._default_manager.filter(freshness__in=["reminded", "second"]).update(
                freshness_at=timezone.now() - BETWEEN_STEPS
            )
        advance()
    project.refresh_from_db()
    assert project.freshness == "hidden"
    assert project not in Project.objects.listed()
    assert Project.objects.get(pk=ended.pk).freshness == "fresh"
    address = confirm_path(project, Community.objects.get(pk=community.pk))
    page = client.get(address)
    assert page.status_code == 200
    assert str(project) in page.content.decode()
    client.post(address, {"fiche": "toutes"})
    project.refresh_from_db()
    assert project.freshness == "fresh"
    assert project in Project.objects.listed()
