"""An idea in two minutes: what the form opens with, given where one comes from."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Mail
from projects import communities
from projects.models import Participation, Project, ProjectNeed
from projects.tasks import tell_needs_taken_up
from tests.factories import CategoryFactory, NeedFactory, OrganisationFactory, TerritoryFactory, a_small_country
from tests.projects.building import IDEA, build, join, someone_of
from tests.projects.meeting import a_community, joined, person

pytestmark = pytest.mark.django_db


def opened(user: Any, **asked: Any) -> Any:
    """The form, as it is drawn."""
    client = Client()
    client.force_login(user)
    return client.get(reverse("project_propose"), asked)


def test_the_mrc_of_the_organisation_is_ticked() -> None:
    here = a_small_country()
    user, _own = person(OrganisationFactory(territory=here["beauharnois"]))
    form = opened(user).context["form"]
    assert form["territories"].value() == [here["mrc-beauharnois-salaberry"].pk]
    elsewhere, _far = person(OrganisationFactory(territory=TerritoryFactory(slug="loin")))
    assert opened(elsewhere).context["form"]["territories"].value() == []


def test_an_idea_fills_the_two_sentences_that_are_asked() -> None:
    community, _host = a_community()
    user, _own = joined(community)
    short = communities.put_idea(community, by=user, title="Camion partagé", text="Un camion.\n\nPour tout le monde.")
    form = opened(user, idee=short.pk).context["form"]
    assert form["title"].value() == "Camion partagé"
    assert form["standfirst"].value() == "Un camion. Pour tout le monde."
    assert not form["description"].value()
    bare = communities.put_idea(community, by=user, title="Une remorque")
    assert opened(user, idee=bare.pk).context["form"]["standfirst"].value() == "Une remorque"


def test_an_idea_that_became_a_project_leads_to_it_and_another_may_be_proposed() -> None:
    community, _host = a_community()
    user, _own = joined(community)
    idea = communities.put_idea(community, by=user, title="Camion partagé", text="Un camion.")
    project = build(title="Le camion de l’Ouest")
    communities.become(idea, project, by=user)
    answer = opened(user, idee=idea.pk)
    page = answer.content.decode()
    assert f'<a href="{project.get_absolute_url()}">Le camion de l’Ouest</a>' in page
    assert not answer.context["form"]["title"].value()
    assert not answer.context["form"]["standfirst"].value()
    Project.objects.update(status="draft", published_at=None)
    page = opened(user, idee=idea.pk).content.decode()
    assert "qui n’est pas encore public" in page
    assert "Le camion de l’Ouest" not in page
    stranger, _theirs = person()
    assert "Camion partagé" not in opened(stranger, idee=idea.pk).content.decode()


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Une phrase. " * 60, ("Une phrase. " * 41).strip()),  # whole sentences
        ("mot " * 200, ("mot " * 124).strip() + "…"),
        ("x" * 600, "…"),
    ],
)
def test_a_long_idea_opens_the_standfirst_and_stays_whole_below(text: str, kept: str) -> None:
    community, _host = a_community()
    user, _own = joined(community)
    idea = communities.put_idea(community, by=user, title="Camion", text=text)
    form = opened(user, idee=idea.pk).context["form"]
    assert form["standfirst"].value() == kept
    assert len(kept) <= 500
    assert form["description"].value() == idea.text


def test_needs_say_how_many_organisations_have_them() -> None:
    here = a_small_country()
    user, own = person(OrganisationFactory(territory=here["beauharnois"]))
    mine = NeedFactory(organisation=own, territory=here["beauharnois"], name="Un camion")
    other = NeedFactory(name="Un camion", territory=here["chateauguay"])
    form = opened(user, besoins=f"{mine.pk},{other.pk}").context["form"]
    assert form["standfirst"].value() == "2 organismes en ont besoin\u00a0: Un camion."
    assert set(form["territories"].value()) == {here["mrc-beauharnois-salaberry"].pk, here["mrc-roussillon"].pk}


def test_what_one_typed_prevails() -> None:
    community, _host = a_community()
    user, _own = joined(community)
    idea = communities.put_idea(community, by=user, title="Camion", text="Un camion.")
    client = Client()
    client.force_login(user)
    answer = client.post(reverse("project_propose"), {**IDEA, "title": "", "standfirst": "Le mien.", "idee": idea.pk})
    assert answer.status_code == 422
    assert answer.context["form"]["standfirst"].value() == "Le mien."


def test_the_page_of_a_need_says_whose_project_it_is(client: Client) -> None:
    project = build()
    own, other = NeedFactory(organisation=project.organisation), NeedFactory()
    carried = NeedFactory(organisation=OrganisationFactory())
    Participation.objects.create(
        project=project,
        organisation=carried.organisation,
        part="porteur",
        status="welcomed",
        answered_at=timezone.now(),
    )
    for need in (own, other, carried):
        ProjectNeed.objects.create(project=project, need=need)
    for need, said in (
        (own, "Ce besoin vient du projet"),
        (carried, "Ce besoin vient du projet"),
        (other, "Un projet veut y répondre"),
    ):
        page = client.get(need.get_absolute_url()).content.decode()
        assert f"{said} :" in page
        assert page.count("y répondre :") + page.count("vient du projet :") == 1


def test_who_answers_a_need_starts_from_its_words(client: Client) -> None:
    need = NeedFactory(kind="materiel", category=CategoryFactory(), name="Cinq chaudrons")
    client.force_login(someone_of(OrganisationFactory()))
    address = client.get(need.get_absolute_url()).context["offer_address"]
    form = client.get(address).context["form"]
    assert (form["name"].value(), form["category"].value()) == ("Cinq chaudrons", need.category_id)
    need.status = "draft"
    need.save()
    for query in (need.slug, "%00", "inconnu"):  # hidden, hostile, unknown: nothing is said
        assert not client.get(f"{address.split('?')[0]}?besoin={query}").context["form"]["name"].value()


def test_an_offer_to_a_project_without_bearer_says_who_reads_it() -> None:
    project = build()
    Participation.objects.filter(project=project).delete()
    client = Client()
    client.force_login(someone_of(OrganisationFactory()))
    page = client.post(
        reverse("participate", args=[project.slug]), {"part": "partenaire"}, follow=True
    ).content.decode()
    assert f"C’est envoyé à {project.organisation.name}, qui tient la fiche" in page


def test_a_project_that_one_may_not_open_is_not_among_ours() -> None:
    project = build(title="Repris par la curation")
    one = join(project)
    client = Client()
    client.force_login(one.offered_by)
    page = client.get(reverse("my_space")).content.decode()
    assert f'<a href="{project.get_absolute_url()}">Repris par la curation <span class="meta">Idée</span></a>' in page
    Project.objects.filter(pk=project.pk).update(status="returned")
    assert "Repris par la curation" not in client.get(reverse("my_space")).content.decode()


def test_who_had_an_idea_and_who_supported_it_are_told_once_that_it_is_a_public_project() -> None:
    community, _host = a_community()
    people = [joined(community, OrganisationFactory()) for _n in range(3)]
    (author, _hers), (supporter, _theirs), (maker, carrying) = people
    idea = communities.put_idea(community, by=author, title="Une chambre froide")
    communities.support(idea, by=supporter)
    communities.support(idea, by=maker)
    told = Mail.objects.filter(event__startswith="project-idea:")
    project = build(organisation=carrying, status="draft", published_at=None)
    communities.become(idea, project, by=maker)
    assert not told.exists()
    project.status, project.published_at = "published", timezone.now()
    project.save()
    for _twice in range(2):
        tell_needs_taken_up(0)
    assert sorted(told.values_list("to", flat=True)) == sorted([author.email, supporter.email])
