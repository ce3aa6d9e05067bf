"""The pages of a project: the list and its other forms, the sheet, the idea in two minutes, the sheet edited by two."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from directory.models import Continuum
from projects import contributions
from projects.lifecycle import Facts, checklist
from projects.models import Effect, Funding, Milestone, News, Participation, Project, Stage
from projects.news import follow
from tests.factories import OrganisationFactory, TerritoryFactory, UserFactory
from tests.projects.building import IDEA, build, join, someone_of
from toolbox import paths

pytestmark = pytest.mark.django_db


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def filled(n: int) -> Project:
    """A project with n of everything."""
    project = build(slug=f"projet-{n}", title=f"Projet {n}", budget=1000, continuum=Continuum.POOLING)
    project.territories.set([TerritoryFactory() for _n in range(n)])
    for i in range(n):
        Milestone.objects.create(project=project, title=f"Jalon {i}", position=i)
        Funding.objects.create(project=project, funder=f"Bailleur {i}", amount=10, position=i)
        Effect.objects.create(project=project, value="3", label=f"choses {i}", position=i)
        News.objects.create(project=project, title=f"Nouvelle {i}", body="Un **mot**.")
        join(project, roles=["connecteur"], brings=[{"nature": "temps", "label": f"Bras {i}", "hours": 10}])
    return project


def test_a_published_project_is_read_by_anyone(client: Client) -> None:
    project = filled(1)
    text = client.get(project.get_absolute_url()).content.decode()
    assert "Projet 1" in text
    assert "Jalon 0" in text
    assert "250\u00a0$" in text  # ten hours at the portal's rate
    assert "<strong>mot</strong>" in text
    assert "Rôle à pourvoir" in text


def test_a_public_project_is_described_for_machines(client: Client) -> None:
    project = filled(1)
    join(project, OrganisationFactory(name="</script><b>"))
    found = re.findall(
        r'<script type="application/ld\+json">(.*?)</script>', client.get(project.get_absolute_url()).content.decode()
    )
    data = json.loads(found[0])
    assert (data["@type"], data["name"]) == ("Project", "Projet 1")
    assert data["url"].endswith("/projets/projet-1/")
    assert data["parentOrganization"][0]["name"] == project.organisation.name
    assert "</script><b>" in [one["name"] for one in data["member"]]
    Project.objects.update(status="draft")
    page = signed_in(someone_of(project.organisation)).get(project.get_absolute_url()).content.decode()
    assert "application/ld+json" not in page


@pytest.mark.parametrize("n", [1, 3])
def test_the_page_of_a_project_costs_the_same_whatever_it_holds(
    n: int, client: Client, django_assert_num_queries: Any
) -> None:
    address = filled(n).get_absolute_url()
    client.get(address)
    with django_assert_num_queries(9):
        assert client.get(address).status_code == 200


@pytest.mark.parametrize("n", [1, 3])
def test_the_list_costs_the_same_whatever_it_holds(n: int, client: Client, django_assert_num_queries: Any) -> None:
    for i in range(n):
        build(slug=f"projet-{i}")
    client.get("/projets/?tri=nom")
    with django_assert_num_queries(4):
        assert client.get("/projets/").status_code == 200


def test_a_draft_is_hidden_from_others(client: Client) -> None:
    project = build(status="draft", published_at=None)
    assert client.get(project.get_absolute_url()).status_code == 404
    assert project.title not in client.get("/projets/").content.decode()
    assert signed_in(someone_of(project.organisation)).get(project.get_absolute_url()).status_code == 200


def test_a_project_of_an_organisation_that_left_is_hidden(client: Client) -> None:
    project = build()
    assert client.get(project.get_absolute_url()).status_code == 200
    type(project.organisation).objects.filter(pk=project.organisation_id).update(status="archived")
    assert client.get(project.get_absolute_url()).status_code == 404


@pytest.mark.parametrize(
    "asked", ["etape=coconstruction", "determinant=alimentation", "forme=mutualisation", "q=camion"]
)
def test_the_list_is_filtered(asked: str, client: Client) -> None:
    build(slug="a", title="Celui-ci", stage=Stage.IDEA, standfirst="Un camion.")
    Project.objects.update(stage="coconstruction", determinants=["alimentation"], continuum="mutualisation")
    build(slug="b", title="Celui-là", standfirst="Un jardin.")
    text = client.get(f"/projets/?{asked}").content.decode()
    assert "Celui-ci" in text
    assert "Celui-là" not in text


def test_a_project_is_found_by_its_territory_and_by_the_name_of_a_partner(client: Client) -> None:
    place = TerritoryFactory(slug="ici", name="Huntingdon", kind="mrc")
    project = build(title="Celui-ci")
    project.territories.add(place)
    assert "Celui-ci" in client.get("/projets/?territoire=ici").content.decode()
    join(project, OrganisationFactory(name="Les Glaneuses"))
    assert "Celui-ci" in client.get("/projets/?q=glaneuses").content.decode()
    assert "Celui-ci" in client.get("/recherche/?q=glaneuses").content.decode()


def test_the_list_has_its_other_forms(client: Client) -> None:
    build(title="=1+1")
    assert b"=1+1" in client.get("/projets/atom/").content
    csv = b"".join(client.get("/projets/export.csv").streaming_content).decode()  # type: ignore[attr-defined]
    assert "'=1+1" in csv
    assert client.get("/projets/carte.geojson").json()["features"] == []
    assert b"".join(client.get("/projets/export.xlsx").streaming_content)[:2] == b"PK"  # type: ignore[attr-defined]
    assert client.get("/projets/export.pdf").status_code == 404


def test_a_renamed_draft_leads_to_its_new_address() -> None:
    project = build(slug="ancien", status="draft", published_at=None)
    bearer = signed_in(someone_of(project.organisation))
    Project.objects.filter(pk=project.pk).update(slug="nouveau-nom")
    answer = bearer.get("/projets/ancien/")
    assert (answer.status_code, answer["Location"]) == (301, "/projets/nouveau-nom/")


# ---- an idea in two minutes


def test_an_idea_is_proposed_and_public_at_once() -> None:
    organisation = OrganisationFactory()
    client = signed_in(someone_of(organisation))
    assert client.get("/projets/proposer/").status_code == 200
    answer = client.post("/projets/proposer/", {**IDEA, "publier": "1", "once": "5f0c2a52-7c0f-4d3b-8a13-6f2b7f4a9d01"})
    project = Project.objects.get()
    assert answer["Location"] == project.get_absolute_url() == "/projets/epicerie-qui-prend-la-route/"
    assert (project.status, project.stage, project.continuum) == ("published", "idee", "mutualisation")
    assert project.review_since is not None
    assert Participation.objects.get().part == "porteur"
    client.post("/projets/proposer/", {**IDEA, "publier": "1", "once": "5f0c2a52-7c0f-4d3b-8a13-6f2b7f4a9d01"})
    assert Project.objects.count() == 1


def test_an_idea_can_be_launched_for_others_to_carry() -> None:
    organisation = OrganisationFactory()
    client = signed_in(someone_of(organisation))
    client.post("/projets/proposer/", {**IDEA, "carries": "non", "publier": "1"})
    assert Participation.objects.get().part == "appui"
    assert "Porteur à trouver" in client.get(Project.objects.get().get_absolute_url()).content.decode()


def test_an_idea_waits_for_its_organisation() -> None:
    organisation = OrganisationFactory(status="submitted", published_at=None)
    signed_in(someone_of(organisation)).post("/projets/proposer/", {**IDEA, "publier": "1"})
    assert Project.objects.get().status == "draft"


def test_what_was_typed_is_kept_when_something_is_missing() -> None:
    client = signed_in(someone_of(OrganisationFactory()))
    answer = client.post("/projets/proposer/", {**IDEA, "standfirst": ""})
    assert answer.status_code == 422
    assert "Épicerie qui prend la route" in answer.content.decode()
    assert "Dites l’idée en deux phrases" in answer.content.decode()


def test_the_guided_path_starts_a_project() -> None:
    paths.load()
    client = signed_in(someone_of(OrganisationFactory()))
    text = client.get("/projets/proposer/?depuis=parcours&quoi=materiel").content.decode()
    assert "Ce que nous avons répondu au parcours guidé" in text


def test_what_the_path_was_told_of_trust_and_mandates_stays_out_of_a_public_sheet() -> None:
    paths.load()
    answers: dict[str, str] = {"quoi": "materiel"}
    guide = paths.in_force()
    _known, left = guide.follow(answers)
    while left:
        answers[left.key] = left.answers[-1][0]
        _known, left = guide.follow(answers)
    assert "confiance" in answers
    client = signed_in(someone_of(OrganisationFactory()))
    said = client.get("/projets/proposer/", {"depuis": "parcours", **answers}).context["form"]["description"].value()
    assert "Que voulez-vous partager?" in said
    for kept in ("Vous connaissez-vous", "conseils d’administration", "tourne mal", "À surveiller"):
        assert kept not in said
    project = build(description=said)
    why = checklist(project, Facts())[0]
    assert why[1] is False
    project.description += "\n\nLe territoire est grand."
    assert checklist(project, Facts())[0][1] is True


def test_who_has_no_organisation_is_led_to_one() -> None:
    answer = signed_in(UserFactory()).get("/projets/proposer/")
    assert "Au nom de quel organisme?" in answer.content.decode()


# ---- the sheet


def sheet(client: Client, project: Project, **changes: str) -> Any:
    page = client.get(reverse("project_edit", args=[project.slug]))
    data = {"title": project.title, "standfirst": project.standfirst, "drawing": "d-equipe", "year_starts": "1",
            "milestones-0-title": "",
            "fundings-0-funder": "", "fundings-0-state": "vise", "effects-0-value": "",
            "versions": page.context["versions"]}  # fmt: skip
    return {**data, **changes}


def test_the_sheet_keeps_everything() -> None:
    project = build()
    client = signed_in(someone_of(project.organisation))
    address = reverse("project_edit", args=[project.slug])
    data = sheet(
        client, project, inclusion="Elles choisissent.", budget="68 000,50 $", determinants="alimentation",
        **{"milestones-0-title": "Un camion", "milestones-0-due_on": "2027-03-01", "fundings-0-funder": "Alliance",
           "fundings-0-amount": "25 000", "fundings-0-starts_on": "2026-01-01", "fundings-0-ends_on": "2027-12-31",
           "effects-0-value": "15", "effects-0-label": "points de vente"},
    )  # fmt: skip
    assert client.post(address, data).status_code == 302
    project.refresh_from_db()
    assert (str(project.budget), project.determinants) == ("68000.50", ["alimentation"])
    assert (project.milestones.get().title, project.fundings.get().amount, project.effects.get().value) == (
        "Un camion", 25000, "15",
    )  # fmt: skip
    page = client.get(address)
    again = {k: v for k, v in data.items() if k != "versions"} | {"versions": page.context["versions"]}
    assert json.loads(page.context["versions"])
    client.post(address, again)
    assert project.fundings.count() == 1


def test_dates_out_of_order_are_refused_and_nothing_is_lost() -> None:
    project = build()
    client = signed_in(someone_of(project.organisation))
    data = sheet(
        client, project,
        **{"fundings-0-funder": "Alliance", "fundings-0-starts_on": "2027-01-01", "fundings-0-ends_on": "2026-01-01"},
    )  # fmt: skip
    answer = client.post(reverse("project_edit", args=[project.slug]), data)
    assert answer.status_code == 422
    text = answer.content.decode()
    assert "la fin ne peut pas précéder le début" in text
    assert 'value="Alliance"' in text
    assert not Funding.objects.exists()


def test_two_bearers_who_change_the_same_field_are_told() -> None:
    project = build()
    other = OrganisationFactory()
    Participation.objects.create(project=project, organisation=other, part="porteur", status="welcomed",
                                 answered_at=project.published_at)  # fmt: skip
    one, two = signed_in(someone_of(project.organisation)), signed_in(someone_of(other))
    address = reverse("project_edit", args=[project.slug])
    mine, theirs = sheet(one, project, standfirst="La mienne."), sheet(two, project, standfirst="La leur.")
    assert two.post(address, theirs).status_code == 302
    answer = one.post(address, mine)
    assert answer.status_code == 409
    text = answer.content.decode()
    assert "La mienne." in text
    assert "La leur." in text
    project.refresh_from_db()
    assert project.standfirst == "La leur."
    # different fields never quarrel
    assert two.post(address, sheet(two, Project.objects.get(), conditions="Un lieu.")).status_code == 302


def test_a_bearer_who_leads_no_more_reads_again_what_was_typed() -> None:
    project = build()
    other = OrganisationFactory()
    carrying = Participation.objects.create(project=project, organisation=other, part="porteur", status="welcomed",
                                            answered_at=project.published_at)  # fmt: skip
    client = signed_in(someone_of(other))
    typed = sheet(client, project, standfirst="Deux camions pour dix villages.")
    Participation.objects.filter(pk=carrying.pk).update(status="ended")
    answer = client.post(reverse("project_edit", args=[project.slug]), typed)
    assert answer.status_code == 403
    assert [text for _label, text in answer.context["typed"]] == ["Deux camions pour dix villages."]
    assert "se modifie par ceux qui mènent le projet" in answer.content.decode()
    project.refresh_from_db()
    assert project.standfirst == "Un camion pour les villages."


def test_the_lines_that_two_bearers_write_are_read_as_sentences() -> None:
    project = build()
    one, two = signed_in(someone_of(project.organisation)), signed_in(someone_of(project.organisation))
    address = reverse("project_edit", args=[project.slug])
    mine = sheet(one, project, **{"fundings-0-funder": "Ville C", "fundings-0-amount": "1000"})
    theirs = sheet(two, project, **{"fundings-0-funder": "Ville D", "fundings-0-ends_on": "2027-02-15"})
    assert two.post(address, theirs).status_code == 302
    (shown,) = one.post(address, mine).context["differences"]
    assert (shown["theirs"], shown["mine"]) == (
        "Ville D, au : 2027-02-15, visé", "Ville C, montant ($) : 1000, visé",
    )  # fmt: skip


def test_a_stranger_neither_edits_nor_moves_a_project() -> None:
    project = build()
    stranger = signed_in(someone_of(OrganisationFactory()))
    assert stranger.get(reverse("project_edit", args=[project.slug])).status_code == 403
    assert stranger.post(reverse("project_move", args=[project.slug]), {"geste": "terminer"}).status_code == 403


# ---- follow, support


def test_one_follows_and_stops_without_signing_in(client: Client) -> None:
    project = build()
    user = UserFactory()
    mine = signed_in(user)
    mine.post(reverse("project_follow", args=[project.slug]))
    assert project.followers.get().user == user
    follow(project=project, by=user)
    from projects.notifications import stop_token

    address = reverse("project_unfollow", args=[stop_token(project, user)])
    assert "ne vous seront plus envoyées" in client.get(address).content.decode()
    assert project.followers.exists()
    client.post(address)
    assert not project.followers.exists()
    assert client.get(reverse("project_unfollow", args=["abime"])).status_code == 404


def test_an_organisation_supports_a_project_once() -> None:
    project = build()
    supporter = OrganisationFactory(name="Les Rivages")
    client = signed_in(someone_of(supporter))
    for _time in range(2):
        client.post(reverse("project_support", args=[project.slug]))
    assert project.participations.filter(organisation=supporter, part="appui", status="welcomed").count() == 1
    assert "Les Rivages" in client.get(project.get_absolute_url()).content.decode()


def test_what_each_one_brings_is_told_in_hours_too(client: Client) -> None:
    project = build()
    one = join(
        project,
        brings=[
            {"nature": "locaux", "label": "Cuisine", "hours": 16},
            {"nature": "temps", "label": "Bras", "hours": 8},
        ],
    )
    kitchen = one.contributions.get(label="Cuisine")
    contributions.deliver(kitchen, on=timezone.localdate(), hours=12, by=one.offered_by)
    page = client.get(project.get_absolute_url()).content.decode()
    text = re.sub(r"[ \n]+", " ", re.sub("<[^>]+>", " ", page))
    assert "Cuisine un local 16 h d’usage 12 h d’usage" in text
    assert "Bras du temps 200 $ 8 h" in text
    assert "Total 200 $ 8 h 16 h d’usage 0 $ 12 h d’usage" in text


def test_a_card_says_where_by_its_territories_when_no_words_do(client: Client) -> None:
    project = build()
    project.territories.set([TerritoryFactory(name="Roussillon"), TerritoryFactory(name="Beauharnois-Salaberry")])
    assert "Beauharnois-Salaberry, Roussillon" in client.get("/projets/").content.decode()
    Project.objects.filter(pk=project.pk).update(place="Partout au sud")
    card = client.get("/projets/").content.decode().split('class="card-body"')[1].split("</article>")[0]
    assert "Partout au sud" in card
    assert "Roussillon" not in card
