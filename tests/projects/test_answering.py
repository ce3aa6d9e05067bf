"""What others bring waits for an answer; a need of a project says who answers it, and who asked is told."""

from __future__ import annotations

from decimal import Decimal
from importlib import import_module
from itertools import product
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse

from accounts.models import Mail
from directory.models import Need, Organisation
from projects import contributions
from projects.ledger import ledger
from projects.linking import tell_taken_up
from projects.models import Contribution, Part, ProjectNeed
from tests.factories import MembershipFactory, NeedFactory, OrganisationFactory, ResourceFactory
from tests.projects.building import build, join, someone_of

pytestmark = pytest.mark.django_db
MONEY = {"nature": "argent", "label": "Un don", "amount": 50000}


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def read(client: Client, address: str) -> str:
    return client.get(address).content.decode()


def test_what_comes_with_support_waits_for_an_answer() -> None:
    project = build()
    bearer = someone_of(project.organisation)
    partner = OrganisationFactory(name="La Marmite")
    made = contributions.offer(
        project=project, organisation=partner, part=Part.SUPPORTS, by=someone_of(partner), brings=[MONEY]
    )
    assert (made.status, made.contributions.get().status) == ("welcomed", "offered")
    assert ledger(project).total.promised == 0
    assert "50\u00a0000" not in read(Client(), project.get_absolute_url())
    mail = Mail.objects.get(to=bearer.email)
    assert "Il offre aussi\u00a0: Un don. Acceptez-le" in mail.text
    assert made.get_absolute_url() in mail.text
    assert "rien à faire" not in mail.text
    contributions.answer_promise(made.contributions.get(), welcome=True, by=bearer)
    assert ledger(project).total.promised == Decimal(50000)


@pytest.mark.parametrize("n", [1, 3])
def test_who_leads_finds_on_the_page_each_thing_offered_that_awaits_an_answer(
    n: int, django_assert_num_queries: Any
) -> None:
    project = build()
    for i in range(n):
        one = join(project)
        contributions.promise(one, {**MONEY, "label": f"Un don {i}"}, by=one.offered_by)
    waiting = Contribution.objects.filter(status="offered")
    client = signed_in(someone_of(project.organisation))
    read(client, project.get_absolute_url())
    with django_assert_num_queries(30):
        page = read(client, project.get_absolute_url())
    for offered in waiting:
        link = reverse("contribution", args=[project.slug, offered.pk])
        assert f'<a href="{link}">{offered.label}</a>, {offered.participation.organisation.name}' in page
    assert "Apports à accepter" not in read(signed_in(one.offered_by), project.get_absolute_url())
    contributions.answer_promise(waiting.first(), welcome=True, by=someone_of(project.organisation))  # type: ignore[arg-type]
    assert read(client, project.get_absolute_url()).count("/apports/") == n - 1


def test_what_the_bearer_brings_with_its_support_needs_no_answer() -> None:
    project = build()
    bearer = someone_of(project.organisation)
    made = contributions.offer(
        project=project, organisation=project.organisation, part=Part.SUPPORTS, by=bearer, brings=[MONEY]
    )
    assert made.contributions.get().status == "welcomed"


def test_the_page_says_that_what_comes_with_support_is_only_proposed() -> None:
    project = build()
    client = signed_in(someone_of(OrganisationFactory()))
    said = {"part": "appui", "brings-0-nature": "argent", "brings-0-label": "Un don", "brings-0-amount": "50"}
    answer = client.post(reverse("participate", args=[project.slug]), said, follow=True)
    assert [str(m) for m in answer.context["messages"]][1].startswith("Ce que vous apportez est proposé")


# ---- a need of the project


def a_need(project: Any, name: str = "Cinq glacières") -> Any:
    need = NeedFactory(organisation=project.organisation, kind="materiel", name=name)
    ProjectNeed.objects.create(project=project, need=need)
    return need


def test_a_partner_answers_a_need_where_it_takes_part() -> None:
    project = build()
    need = a_need(project)
    bearer = someone_of(project.organisation)
    one = join(project)
    client = signed_in(one.offered_by)
    answer = client.get(reverse("participate", args=[project.slug]), {"besoin": need.pk})
    where = one.get_absolute_url() + f"?besoin={need.pk}"
    assert answer["Location"] == where + "#id_label"
    page = read(client, where)
    assert 'value="Cinq glacières"' in page
    assert '<option value="materiel" selected' in page
    assert "Vous répondez à ce besoin du projet" in page
    client.post(where, {"geste": "promettre", "nature": "materiel", "label": "Cinq glacières"})
    assert one.contributions.get().status == "offered"
    mail = Mail.objects.get(to=bearer.email, subject__contains="offre")
    assert "pour répondre à votre besoin\u00a0: Cinq glacières." in mail.text
    # without a need, another capacity is still offered there
    assert client.get(reverse("participate", args=[project.slug])).status_code == 200


def test_the_need_of_a_project_that_is_ended_says_so_and_stays_as_it_is() -> None:
    project = build()
    need, other = a_need(project), NeedFactory()
    ProjectNeed.objects.create(project=project, need=other)
    assert "le cherche, à" in read(Client(), need.get_absolute_url())
    type(project).objects.update(stage="termine", stood_at="deploiement")
    page = read(Client(), need.get_absolute_url())
    assert "Ce besoin vient d’un projet terminé" in page
    assert ">Projet terminé</span>" in page
    assert ">Ouvert</span>" not in page
    assert "le cherchait, à" in page
    page = read(Client(), other.get_absolute_url())  # of someone who still looks for it
    assert "Un projet, maintenant terminé, voulait y répondre" in page
    assert ">Ouvert</span>" in page
    assert "le cherche, à" in page
    need.refresh_from_db()
    assert need.state == "open"


def test_a_project_that_ends_closes_what_it_asks_and_welcomes_nothing_more() -> None:
    project = build()
    bearer = someone_of(project.organisation)
    need, other, found = (
        a_need(project),
        NeedFactory(),
        NeedFactory(organisation=project.organisation, state="answered"),
    )
    for one in (other, found):
        ProjectNeed.objects.create(project=project, need=one)
    partner = join(project)
    more = contributions.promise(partner, {"nature": "temps", "label": "Deux soirs", "hours": 6}, by=partner.offered_by)
    hers = OrganisationFactory()
    offered = contributions.offer(project=project, organisation=hers, part="partenaire", by=someone_of(hers))
    lead = signed_in(bearer)
    assert "offre sa contribution" in read(lead, "/mon-espace/")
    told = lead.post(reverse("project_move", args=[project.slug]), {"geste": "terminer"}, follow=True).content.decode()
    assert "ses besoins encore ouverts sont fermés" in told
    assert "restées sans réponse" in told
    assert "offre sa contribution" not in read(lead, "/mon-espace/")
    for row, state in ((need, "closed"), (other, "open"), (found, "answered")):
        row.refresh_from_db()
        assert row.state == state
    theirs = reverse("contribution", args=[project.slug, more.pk])
    for client, address in product((lead, signed_in(partner.offered_by)), (theirs, partner.get_absolute_url())):
        page = read(client, address)
        assert "n’est plus accueilli" in page
        assert 'value="accepter"' not in page
    assert 'value="accueillir"' not in read(lead, offered.get_absolute_url())
    for address, gesture in ((theirs, "accepter"), (offered.get_absolute_url(), "accueillir")):
        said = lead.post(address, {"geste": gesture}, follow=True).content.decode()
        assert "Ce projet est terminé : on n’y accueille plus rien." in said
    for row in (more, offered):
        row.refresh_from_db()
        assert row.status == "offered"
    # nothing is lost: reopened, both are welcomed
    lead.post(reverse("project_move", args=[project.slug]), {"geste": "rouvrir"})
    lead.post(theirs, {"geste": "accepter"})
    lead.post(offered.get_absolute_url(), {"geste": "accueillir"})
    for row in (more, offered):
        row.refresh_from_db()
        assert row.status == "welcomed"


def test_who_has_a_need_that_a_project_takes_up_is_told_even_without_a_manager() -> None:
    project = build()
    asker = MembershipFactory(role="membre")
    other = MembershipFactory(role="membre", organisation=asker.organisation)
    need = NeedFactory(organisation=asker.organisation, created_by=asker.user)
    ProjectNeed.objects.create(project=project, need=need)
    tell_taken_up(project)
    assert [m.to for m in Mail.objects.filter(subject__startswith="Un projet veut")] == [asker.user.email]
    asker.delete()
    need = NeedFactory(organisation=other.organisation, created_by=asker.user)
    ProjectNeed.objects.create(project=project, need=need)
    tell_taken_up(project)
    assert Mail.objects.filter(to=other.user.email, subject__startswith="Un projet veut").count() == 2


def brought(project: Any, need: Any, label: str = "Les nôtres") -> Any:
    one = join(project, OrganisationFactory(name="La Marmite"))
    said = {"nature": "materiel", "label": label, "need": need}
    return contributions.promise(one, said, by=one.offered_by)


def test_a_need_says_who_brings_it_and_is_met_in_one_click() -> None:
    project = build()
    need, twin = a_need(project), a_need(project)  # of the same name
    bearer = someone_of(project.organisation)
    made = brought(project, need)
    lead, partner = signed_in(bearer), signed_in(made.offered_by)
    list_of_needs = reverse("project_needs", args=[project.slug])
    pages = [project.get_absolute_url(), need.get_absolute_url()]
    # what awaits an answer is read by its two sides alone
    for client, seen in ((Client(), 0), (signed_in(someone_of(OrganisationFactory())), 0), (lead, 1), (partner, 1)):
        assert [read(client, page).count("La Marmite propose de l’apporter.") for page in pages] == [seen, seen]
    assert "La Marmite propose de l’apporter." in read(lead, list_of_needs)
    assert 'value="combler"' not in read(lead, list_of_needs)
    contributions.answer_promise(made, welcome=True, by=bearer)
    assert [read(Client(), page).count("La Marmite l’apporte.") for page in pages] == [1, 1]
    assert "l’apporte." not in read(Client(), twin.get_absolute_url())
    text = read(lead, list_of_needs)
    assert text.count("La Marmite l’apporte.") == 1
    assert f'action="{reverse("need_move", args=[need.slug])}"' in text
    lead.post(reverse("need_move", args=[need.slug]), {"geste": "combler"})
    need.refresh_from_db()
    assert need.state == "answered"
    assert 'value="combler"' not in read(lead, list_of_needs)
    # on the page of the project, what is met stands apart from what is missing
    missing, _title, met = read(Client(), project.get_absolute_url()).partition("Ce qui ne manque plus")
    assert f'href="{need.get_absolute_url()}"' in met
    assert f'href="{twin.get_absolute_url()}"' in missing.partition("Ce qui manque")[2]
    assert f'href="{need.get_absolute_url()}"' not in missing
    assert "Répond au besoin\u00a0: Cinq glacières" in read(lead, reverse("contribution", args=[project.slug, made.pk]))


def test_a_need_of_another_project_is_refused_by_the_database() -> None:
    project, other = build(), build(slug="autre")
    with pytest.raises(IntegrityError), transaction.atomic():
        brought(project, a_need(other))


def test_answers_known_by_their_name_are_tied_to_the_one_need_that_bears_it() -> None:
    project = build()
    alone, _twin, _other_twin = a_need(project, "Un camion"), a_need(project), a_need(project)
    one = join(project)
    for label in ("un camion", "Cinq glacières", "Des bras"):
        contributions.promise(one, {"nature": "materiel", "label": label}, by=one.offered_by)
    with connection.cursor() as cursor:
        cursor.execute(import_module("projects.migrations.0010_answers_known_by_name").KNOWN)
    tied = dict(Contribution.objects.values_list("label", "need"))
    assert tied == {"un camion": alone.pk, "Cinq glacières": None, "Des bras": None}


def test_who_left_the_portal_or_the_project_brings_nothing_any_more() -> None:
    project = build()
    need = a_need(project)
    made = brought(project, need)
    contributions.answer_promise(made, welcome=True, by=someone_of(project.organisation))
    address = need.get_absolute_url()
    Organisation.objects.filter(name="La Marmite").update(status="archived")
    assert "La Marmite" not in read(Client(), address)
    Organisation.objects.filter(name="La Marmite").update(status="published")
    assert "La Marmite l’apporte." in read(Client(), address)
    contributions.end(made.participation, by=made.offered_by)
    assert "La Marmite" not in read(Client(), address)


def test_an_offer_answers_the_need_by_its_first_line() -> None:
    project = build()
    need = a_need(project)
    bearer = someone_of(project.organisation)
    client = signed_in(someone_of(OrganisationFactory(name="La Marmite")))
    address = reverse("participate", args=[project.slug]) + f"?besoin={need.pk}"
    said = {
        "part": "partenaire", "brings-0-nature": "materiel", "brings-0-label": "Nos bacs", "brings-1-nature": "temps",
        "brings-1-label": "Deux bras",
    }  # fmt: skip
    client.post(address, said)
    assert dict(Contribution.objects.values_list("label", "need")) == {"Nos bacs": need.pk, "Deux bras": None}
    (mail,) = Mail.objects.filter(to=bearer.email)
    assert mail.text.count("pour répondre à votre besoin\u00a0: Cinq glacières.") == 1


@pytest.mark.parametrize("n", [1, 3])
def test_a_need_brought_by_several_costs_the_same(n: int, django_assert_num_queries: Any) -> None:
    project = build()
    need = a_need(project)
    for i in range(n):
        one = join(project, OrganisationFactory(name=f"Groupe {i}"))
        made = contributions.promise(one, {"nature": "materiel", "label": "Bac", "need": need}, by=one.offered_by)
        contributions.answer_promise(made, welcome=True, by=someone_of(project.organisation))
    client = Client()
    for address, cost in ((need.get_absolute_url(), 6), (project.get_absolute_url(), 10)):
        client.get(address)
        with django_assert_num_queries(cost):
            client.get(address)


def test_a_need_posted_without_a_category_is_told_the_likely_one() -> None:
    project = build()
    cooler = ResourceFactory(name="Glacière de camping", kind="materiel", category__name="Plein air")
    client = signed_in(someone_of(project.organisation))
    said = {
        "kind": "materiel", "name": "Cinq glacières", "territory": project.organisation.territory_id, "once": "1",
        "organisation": project.organisation_id,
    }  # fmt: skip
    address = reverse("project_needs", args=[project.slug])
    answer = client.post(address, said, follow=True)
    assert "«\u00a0Plein air\u00a0», peut-être?" in str(list(answer.context["messages"])[1])
    assert Need.objects.get().quantity == 5
    assert reverse("need_edit", args=[Need.objects.get().slug]) in answer.content.decode()
    known = {**said, "once": "2", "name": "Six glacières", "category": cooler.category_id}
    assert len(list(client.post(address, known, follow=True).context["messages"])) == 1


def test_an_offer_does_not_say_that_one_is_a_partner_already() -> None:
    project = build()
    partner = OrganisationFactory()
    one = contributions.offer(project=project, organisation=partner, part=Part.PARTNERS, by=someone_of(partner))
    client = signed_in(one.offered_by)
    assert "Est partenaire" not in read(client, one.get_absolute_url())
    assert "Participation à titre de partenaire</a>, proposée" in read(client, project.get_absolute_url())
