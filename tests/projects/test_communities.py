"""Communities: joined, animated, whom to ask, the library, the idea box."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Mail
from directory.memberships import NotPossible
from directory.models import Membership, Organisation
from projects import communities, gatherings
from projects.models import Community, CommunityMember, Idea, Pivot, Project
from projects.permissions import facilitators_of, told_of
from projects.tasks import tell_needs_taken_up
from tests.factories import (
    MembershipFactory,
    NeedFactory,
    OrganisationFactory,
    SectorFactory,
    UserFactory,
    a_small_country,
)
from tests.projects.meeting import a_community, a_gathering, joined, person
from toolbox.models import Tool

pytestmark = pytest.mark.django_db


def a_tool(**fields: Any) -> Tool:
    given = {"slug": f"outil-{uuid.uuid4().hex[:6]}", "title": "Guide", "kind": "guide", "why": "Il aide.",
             "status": "published", "published_at": timezone.now()}  # fmt: skip
    return Tool.objects.create(**{**given, **fields})


def test_joining_twice_is_belonging_once_and_leaving_takes_ones_pivots() -> None:
    community, host = a_community()
    user, organisation = joined(community)
    communities.join(community, by=user, organisation=organisation)
    assert CommunityMember.objects.filter(user=user).count() == 1
    assert Mail.objects.filter(to=host.email, subject__contains="se joint").count() == 1
    communities.be_pivot(community, by=user, function="Aide alimentaire")
    communities.leave(community, by=user)
    assert not Pivot.objects.exists()


def test_only_people_of_validated_organisations_join_what_is_public() -> None:
    community, _host = a_community()
    stranger = UserFactory()
    with pytest.raises(PermissionDenied):
        communities.join(community, by=stranger, organisation=OrganisationFactory())
    user, waiting = person(OrganisationFactory(status="submitted", published_at=None))
    with pytest.raises(PermissionDenied):
        communities.join(community, by=user, organisation=waiting)
    hidden, _other = a_community(status="draft", published_at=None)
    someone, organisation = person()
    with pytest.raises(PermissionDenied):
        communities.join(hidden, by=someone, organisation=organisation)


def test_who_no_longer_acts_for_her_organisation_is_no_longer_in_nor_its_pivot(client: Client) -> None:
    community, host = a_community()
    user, organisation = joined(community)
    pivot = communities.be_pivot(community, by=user, function="Qui prête un camion")
    CommunityMember.objects.filter(user=user).update(is_facilitator=True)
    Membership.objects.filter(user=user).delete()
    page = client.get(community.get_absolute_url()).content.decode()
    assert organisation.name not in page
    assert "Qui prête un camion" not in page
    client.force_login(host)
    assert client.get(reverse("pivot_ask", args=[community.slug, pivot.pk])).status_code == 404
    with pytest.raises(PermissionDenied):
        communities.put_idea(community, by=user, title="Une idée")
    assert list(facilitators_of(community)) == [host]
    assert user not in told_of(community)
    elsewhere = MembershipFactory(user=user).organisation
    communities.join(community, by=user, organisation=elsewhere)
    member = CommunityMember.objects.get(user=user)
    assert (member.organisation, member.is_facilitator) == (elsewhere, False)


def test_a_community_keeps_someone_who_facilitates() -> None:
    community, host = a_community()
    first = CommunityMember.objects.get(user=host)
    with pytest.raises(NotPossible):
        communities.entrust(first, by=host, facilitates=False)
    user, _own = joined(community)
    second = CommunityMember.objects.get(user=user)
    with pytest.raises(PermissionDenied):
        communities.entrust(second, by=user, facilitates=True)
    communities.entrust(second, by=host, facilitates=True)
    communities.entrust(first, by=host, facilitates=False)


def test_a_pivot_is_asked_without_her_address_being_shown(client: Client) -> None:
    community, _host = a_community()
    holder, _organisation = joined(community)
    pivot = communities.be_pivot(community, by=holder, function="Qui prête un camion")
    asker, _own = person()
    client.force_login(asker)
    address = reverse("pivot_ask", args=[community.slug, pivot.pk])
    for page in (client.get(community.get_absolute_url()), client.get(address)):
        assert holder.email not in page.content.decode()
        assert holder.name not in page.content.decode()
    once = str(uuid.uuid4())
    for _twice in range(2):
        assert client.post(address, {"message": "Bonjour, <b>qui</b>?", "once": once}).status_code == 302
    mail = Mail.objects.get(to=holder.email, event__startswith="pivot:")
    assert asker.email in mail.text
    assert "<b>qui</b>" not in mail.html
    assert client.post(address, {"message": "  ", "once": once}).status_code == 422
    for _n in range(communities.QUESTIONS_A_DAY - 1):
        client.post(address, {"message": "Encore", "once": str(uuid.uuid4())})
    answer = client.post(address, {"message": "De trop, mais gardé", "once": str(uuid.uuid4())})
    assert answer.status_code == 422
    assert "De trop, mais gardé" in answer.content.decode()


def test_an_idea_is_supported_once_by_organisation() -> None:
    community, host = a_community()
    user, organisation = joined(community)
    idea = communities.put_idea(community, by=user, title=" Un camion  à trois ")
    assert idea.title == "Un camion à trois"
    assert communities.put_idea(community, by=user, title="Un camion à trois").pk == idea.pk
    colleague, _same = joined(community, organisation)
    communities.support(idea, by=colleague)
    assert idea.supports.count() == 1
    other, _theirs = joined(community)
    communities.support(idea, by=other)
    assert idea.supports.count() == 2
    communities.support(idea, by=other, wanted=False)
    assert idea.supports.count() == 1
    stranger, _own = person()
    with pytest.raises(PermissionDenied):
        communities.support(idea, by=stranger)
    with pytest.raises(PermissionDenied):
        communities.withdraw(idea, by=other)
    communities.withdraw(idea, by=host)
    assert Idea.objects.get().withdrawn_at


def test_the_library_shows_published_tools_only(client: Client) -> None:
    community, _host = a_community()
    user, _own = joined(community)
    shown, hidden = a_tool(title="Guide montré"), a_tool(title="Guide caché")
    for tool in (shown, hidden, shown):
        communities.shelve(community, tool, by=user, why="Utile")
    assert communities.shelve(community, shown, by=user, why="Relu chaque automne").why == "Relu chaque automne"
    assert communities.shelve(community, shown, by=user).why == "Relu chaque automne"
    Tool.objects.filter(pk=hidden.pk).update(status="archived")
    page = client.get(community.get_absolute_url()).content.decode()
    assert "Guide montré" in page
    assert "Guide caché" not in page


@pytest.mark.parametrize("n", [1, 3])
def test_pages_cost_the_same_for_three_as_for_one(client: Client, n: int, django_assert_num_queries: Any) -> None:
    community, host = a_community()
    for k in range(n):
        user, _own = joined(community)
        communities.put_idea(community, by=user, title=f"Idée {k}")
        communities.be_pivot(community, by=user, function="Budget")
        communities.shelve(community, a_tool(), by=user)
        a_gathering(community)
        a_community()
    with django_assert_num_queries(6):
        client.get(community.get_absolute_url())
    client.get(reverse("community_list"))  # places and sectors are known from then on
    with django_assert_num_queries(6):
        client.get(reverse("community_list") + "?tri=nom")
    client.force_login(host)
    client.get("/mon-espace/")  # the session is known from then on
    with django_assert_num_queries(16):  # seven are the session’s
        client.get(community.get_absolute_url())


def test_opening_one_then_publishing_it(client: Client) -> None:
    user, organisation = person()
    client.force_login(user)
    once = str(uuid.uuid4())
    sent = {"name": "Cuisines collectives", "purpose": "Se voir", "territory": organisation.territory_id, "once": once,
            "organisation": organisation.pk}  # fmt: skip
    assert client.post(reverse("community_create"), {**sent, "name": ""}).status_code == 422
    for _twice in range(2):
        assert client.post(reverse("community_create"), sent).status_code == 302
    community = Community.objects.get()
    assert (community.slug, community.status) == ("cuisines-collectives", "draft")
    assert Client().get(community.get_absolute_url()).status_code == 404
    client.post(reverse("community_move", args=[community.slug]), {"geste": "publish"})
    assert Client().get(community.get_absolute_url()).status_code == 200
    community.refresh_from_db()
    assert community.review_since is not None
    assert community.members.get().is_facilitator


def test_an_idea_of_the_box_becomes_a_project_once(client: Client) -> None:
    here = a_small_country()["mrc-beauharnois-salaberry"]
    community, _host = a_community()
    user, organisation = joined(community, OrganisationFactory(territory=here))
    idea = communities.put_idea(community, by=user, title="Un camion à trois", text="Le mardi et le jeudi.")
    client.force_login(user)
    address = reverse("project_propose")
    page = client.get(address, {"idee": idea.pk}).content.decode()
    assert "Un camion à trois" in page
    assert "Le mardi et le jeudi." in page
    assert f'name="idee" value="{idea.pk}"' in page
    sent = {"title": "Camion partagé", "standfirst": "Trois organismes, un camion.", "carries": "oui", "publier": "1",
            "territories": [organisation.territory_id], "once": str(uuid.uuid4()), "idee": idea.pk,
            "organisation": organisation.pk}  # fmt: skip
    assert client.post(address, sent).status_code == 302
    idea.refresh_from_db()
    assert idea.project is not None
    first = idea.project
    assert first.title == "Camion partagé"
    assert f'href="{community.get_absolute_url()}">{community.name}</a>' in Client().get(
        first.get_absolute_url()
    ).content.decode().replace("\n", "")
    assert "Camion partagé" in client.get(community.get_absolute_url()).content.decode()
    client.post(address, {**sent, "title": "Un autre", "once": str(uuid.uuid4())})
    idea.refresh_from_db()
    assert idea.project == first


def test_only_members_turn_an_idea_into_a_project_and_hostile_numbers_do_nothing(client: Client) -> None:
    community, _host = a_community()
    user, _own = joined(community)
    idea = communities.put_idea(community, by=user, title="Idée de la maison")
    stranger, _theirs = person()
    client.force_login(stranger)
    for asked in (idea.pk, "abc", "9" * 30, "-1"):
        page = client.get(reverse("project_propose"), {"idee": asked, "besoins": f"{asked},x"})
        assert page.status_code == 200
        assert "Idée de la maison" not in page.content.decode()


def test_needs_that_several_share_become_those_of_a_project_and_each_may_take_its_own_back(client: Client) -> None:
    user, organisation = person(OrganisationFactory(territory=a_small_country()["mrc-beauharnois-salaberry"]))
    manager = MembershipFactory(role="gestionnaire")
    mine = NeedFactory(organisation=organisation, name="Un camion réfrigéré")
    other = NeedFactory(organisation=manager.organisation, name="Camion réfrigéré")
    apart = NeedFactory(name="Chapiteau blanc")  # nobody else looks for it: it is not this person's to take up
    hidden = NeedFactory(name="Besoin secret", status="draft", published_at=None)
    client.force_login(user)
    asked = f"{mine.pk},{other.pk},{apart.pk},{hidden.pk}"
    page = client.get(reverse("project_propose"), {"titre": "Camion", "besoins": asked}).content.decode()
    assert "Camion réfrigéré" in page
    assert "Besoin secret" not in page
    sent = {"title": "Camion", "standfirst": "À deux.", "carries": "oui", "publier": "1", "once": str(uuid.uuid4()),
            "territories": [organisation.territory_id], "besoins": asked, "organisation": organisation.pk}  # fmt: skip
    for _twice in range(2):
        assert client.post(reverse("project_propose"), sent).status_code == 302
    project = Project.objects.get()
    assert {link.need for link in project.linked_needs.all()} == {mine, other}
    tell_needs_taken_up(0)  # the morning after, nobody is told again
    mail = Mail.objects.get(event__startswith="project-took-up")
    assert (mail.to, "Camion réfrigéré" in mail.subject) == (manager.user.email, True)
    for address in (other.get_absolute_url(), "/besoins/ensemble/", project.get_absolute_url()):
        assert client.get(address).status_code == 200
    assert project.title in client.get(other.get_absolute_url()).content.decode()

    link = reverse("project_need_link", args=[project.slug, other.pk])
    stranger, theirs = Client(), Client()
    stranger.force_login(person()[0])
    theirs.force_login(manager.user)
    assert stranger.post(link, {"lier": "non"}).status_code == 403
    assert "Retirer ce besoin du projet" in theirs.get(project.get_absolute_url()).content.decode()
    assert theirs.post(link, {"lier": "non"}).url == project.get_absolute_url()
    assert [kept.need for kept in project.linked_needs.all()] == [mine]


def test_a_draft_tells_the_others_once_it_is_public(client: Client) -> None:
    user, organisation = person(OrganisationFactory(territory=a_small_country()["mrc-beauharnois-salaberry"]))
    manager = MembershipFactory(role="gestionnaire")
    needs = [NeedFactory(organisation=o, name="Camion") for o in (organisation, manager.organisation)]
    client.force_login(user)
    sent = {"title": "Camion", "standfirst": "À deux.", "carries": "oui", "once": str(uuid.uuid4()),
            "territories": [organisation.territory_id], "organisation": organisation.pk,
            "besoins": ",".join(str(need.pk) for need in needs)}  # fmt: skip
    client.post(reverse("project_propose"), sent)
    assert not Mail.objects.filter(event__startswith="project-took-up").exists()
    assert "Un projet veut y répondre" not in client.get(needs[1].get_absolute_url()).content.decode()
    client.post(reverse("project_move", args=[Project.objects.get().slug]), {"geste": "publish"})
    tell_needs_taken_up(0)
    assert Mail.objects.get(event__startswith="project-took-up").to == manager.user.email


BUTTONS = (
    "community_join", "community_leave", "community_tell", "community_move", "pivot_add", "idea_add",
)  # fmt: skip


@pytest.mark.parametrize("name", BUTTONS)
def test_the_address_of_a_button_opened_or_reloaded_leads_to_its_page(client: Client, name: str) -> None:
    community, _host = a_community()
    user, _own = joined(community)
    client.force_login(user)
    address = reverse(name, args=[community.slug])
    assert client.get(address).url == community.get_absolute_url()
    assert client.put(address).status_code == 405
    assert community.members.filter(user=user).exists()  # opening « quitter » is not leaving


def test_what_is_wrong_with_an_idea_is_said_once_at_the_top(client: Client) -> None:
    community, _host = a_community()
    user, _own = joined(community)
    client.force_login(user)
    answer = client.post(reverse("idea_add", args=[community.slug]), {"title": "", "text": "Gardé"})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert page.count('id="erreurs"') == 1
    assert page.index('id="erreurs"') < page.index('id="h-rencontres"')
    assert "Gardé" in page


def test_what_people_come_for_is_before_what_is_rare(client: Client) -> None:
    organisation = OrganisationFactory()
    community, _host = a_community(organisation)
    colleague, _own = person(organisation)
    client.force_login(colleague)
    page = client.get(community.get_absolute_url()).content.decode()
    assert page.index("Préparer une rencontre") < page.index("Archiver")
    assert page.index('id="h-en-etre"') < page.index('id="h-rencontres"')


def test_the_list_says_whom_to_ask_by_sector_and_place(client: Client, places: dict[str, Any]) -> None:
    community, _host = a_community()
    hidden, keeper = a_community(status="draft", published_at=None)
    user, _own = joined(community)
    food, family = SectorFactory(slug="alimentation"), SectorFactory(slug="famille")
    community.sectors.add(food, family)
    mrc = places["mrc-beauharnois-salaberry"]
    communities.be_pivot(community, by=user, function="Recettes", sector=food)
    communities.be_pivot(community, by=user, function="Gardiennage", sector=family, territory=mrc)
    communities.be_pivot(community, by=user, function="Partout")
    communities.be_pivot(hidden, by=keeper, function="Secret")

    def told(asked: str = "") -> set[str]:
        return {p.function for p in client.get(reverse("community_list") + asked).context["pivots"]}

    assert told() == {"Recettes", "Gardiennage", "Partout"}
    assert told("?secteur=famille") == {"Gardiennage", "Partout"}
    assert told("?territoire=mrc-roussillon") == {"Recettes", "Partout"}
    assert told("?territoire=beauharnois") == {"Recettes", "Gardiennage", "Partout"}
    assert user.email not in client.get(reverse("community_list")).content.decode()


def test_an_organisation_that_left_the_portal_is_named_no_more(client: Client) -> None:
    community, _host = a_community()
    leaving, gone = joined(community, OrganisationFactory(name="Atelier parti"))
    staying, stays = joined(community, OrganisationFactory(name="Marmite restée"))
    CommunityMember.objects.filter(user=leaving).update(is_facilitator=True)
    communities.be_pivot(community, by=leaving, function="Budget")
    idea = communities.put_idea(community, by=leaving, title="Un camion")
    communities.support(idea, by=staying)
    gathering = a_gathering(community)
    for user, organisation in ((leaving, gone), (staying, stays)):
        gatherings.register(gathering, by=user, organisation=organisation)
    Organisation.objects.filter(pk=gone.pk).update(status="archived")
    page = client.get(community.get_absolute_url()).content.decode()
    assert "Atelier parti" not in page
    assert "Un organisme qui n’est plus au portail" in page
    assert "Marmite restée" in page
    page = client.get(gathering.get_absolute_url()).content.decode()
    assert "Atelier parti" not in page
    assert "Marmite restée" in page
    assert not facilitators_of(community).filter(pk=leaving.pk).exists()


def test_the_page_of_a_tool_says_which_communities_keep_it_and_why(client: Client) -> None:
    tool = a_tool()
    community, host = a_community()
    hidden, other = a_community(status="draft", published_at=None)
    communities.shelve(community, tool, by=host, why="On le relit avant chaque prêt.")
    communities.shelve(hidden, tool, by=other)
    page = client.get(tool.get_absolute_url()).content.decode()
    assert f'href="{community.get_absolute_url()}"' in page
    assert "On le relit avant chaque prêt." in page
    assert hidden.get_absolute_url() not in page
    assert "Les communautés qui s’en servent" not in client.get(a_tool().get_absolute_url()).content.decode()


def test_a_question_to_a_pivot_withdrawn_meanwhile_is_not_sent_and_not_lost(client: Client) -> None:
    community, host = a_community()
    pivot = communities.be_pivot(community, by=host, function="Budget")
    asker, _organisation = person()
    client.force_login(asker)
    address = reverse("pivot_ask", args=[community.slug, pivot.pk])
    communities.be_pivot_no_more(pivot, by=host)
    answer = client.post(address, {"message": "Qui tient la caisse?", "once": str(uuid.uuid4())})
    assert answer.status_code == 409
    page = answer.content.decode()
    assert "Votre question n’est pas partie" in page
    assert "Qui tient la caisse?</textarea>" in page
    assert not Mail.objects.filter(event__startswith="pivot:").exists()
    assert client.get(address).status_code == 404
