"""Projects and communities in the admin: their sheets are curated there, never what moves by the verbs."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from projects.models import Community, Effect, Funding, Milestone, Participation, Project
from tests.directory.test_admin import a_curator, queries_of
from tests.factories import OrganisationFactory
from tests.projects.building import build, join
from tests.projects.meeting import a_community

pytestmark = pytest.mark.django_db


@pytest.fixture
def curator() -> Client:
    return a_curator()


def changelist(noun: str) -> str:
    return reverse(f"admin:projects_{noun}_changelist")


def change(row: Any) -> str:
    return reverse(f"admin:projects_{row._meta.model_name}_change", args=[row.pk])


def filled(n: int) -> tuple[Project, Community]:
    project = build(slug=f"projet-{n}")
    for i in range(n + 1):
        Milestone.objects.create(project=project, title=f"Jalon {i}", position=i)
        Funding.objects.create(project=project, funder=f"Fonds {i}", amount=5, position=i)
        Effect.objects.create(project=project, value="3", label="choses", position=i)
        join(project, roles=["connecteur"])
    return project, a_community(OrganisationFactory(), slug=f"communaute-essai-{n}")[0]


def test_pages_open_in_a_constant_number_of_queries(curator: Client) -> None:
    first = filled(0)
    addresses = [changelist("project"), changelist("community"), *(change(row) for row in first)]
    for address in addresses:
        curator.get(address)  # content types are remembered from now on
    with_one = [queries_of(curator, address) for address in addresses]
    more = [filled(n) for n in (1, 2)]
    assert [queries_of(curator, address) for address in addresses] == with_one
    assert [queries_of(curator, change(row)) for row in more[1]] == with_one[2:]


def test_a_curator_publishes_archives_and_finds(curator: Client) -> None:
    project = build(title="Épicerie qui roule", status="draft", published_at=None)
    data = {"action": "publish", "_selected_action": [project.pk]}
    curator.post(changelist("project"), data)
    project.refresh_from_db()
    assert (project.status, project.published_at is not None) == ("published", True)
    assert "Épicerie qui roule" in curator.get(changelist("project"), {"q": "epicerie"}).content.decode()
    assert "Épicerie qui roule" not in curator.get(changelist("project"), {"q": "tracteur"}).content.decode()
    assert curator.get(changelist("project"), {"mrc": "ailleurs"}).status_code == 200


def test_the_stage_and_who_takes_part_are_only_read(curator: Client) -> None:
    project = build()
    page = curator.get(change(project)).content.decode()
    assert 'name="title"' in page
    for name in ("stage", "stood_at", "stage_since", "participations-0-status", "participations-0-part"):
        assert f'name="{name}"' not in page
    assert curator.get("/admin/projects/contribution/").status_code == 404


def test_a_project_made_there_is_carried_by_its_organisation(curator: Client) -> None:
    organisation = OrganisationFactory()
    inlines = ("milestones", "fundings", "effects", "participations")
    data = {"title": "Neuf", "slug": "", "organisation": organisation.pk, "standfirst": "Deux phrases.",
            "drawing": "d-equipe", "year_starts": "1", "status": "published",
            **{f"{name}-{part}": "0" for name in inlines for part in ("TOTAL_FORMS", "INITIAL_FORMS")}}  # fmt: skip
    answer = curator.post(reverse("admin:projects_project_add"), data)
    assert answer.status_code == 302, answer.context["errors"]
    made = Project.objects.get()
    assert made.slug == "neuf"
    assert Participation.objects.carrying().get(project=made).organisation == organisation
