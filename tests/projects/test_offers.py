"""An offer is its author's: who leads welcomes or declines it; a need of the project is answered by name."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse
from django.utils.html import escape

from accounts.models import Mail
from directory.models import Need, Territory
from projects import contributions
from projects.contributions import NotPossible
from projects.models import Part, Participation, Project, ProjectNeed
from tests.factories import MembershipFactory, NeedFactory, OrganisationFactory
from tests.projects.building import build, join, someone_of
from tests.projects.meeting import a_community

pytestmark = pytest.mark.django_db


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def read(client: Client, address: str) -> str:
    return client.get(address).content.decode()


def an_offer(project: Project, name: str = "La Marmite", **said: Any) -> Participation:
    partner = OrganisationFactory(name=name)
    return contributions.offer(
        project=project, organisation=partner, part=Part.PARTNERS, by=someone_of(partner), **said
    )  # fmt: skip


def test_a_reason_typed_while_another_bearer_welcomes_is_shown_again() -> None:
    project = build()
    one = an_offer(project, brings=[{"nature": "temps", "label": "Bras", "hours": 3}])
    lead = signed_in(someone_of(project.organisation))
    contributions.answer(one, welcome=True, by=someone_of(project.organisation))
    promise = reverse("contribution", args=[project.slug, one.contributions.get().pk])
    for address, gesture in ((one.get_absolute_url(), "decliner"), (promise, "refuser")):
        said = lead.post(address, {"geste": gesture, "refus-reason": "Trop loin de chez nous."}, follow=True)
        assert "Rien n’a changé" in said.content.decode()
        assert "Vous aviez écrit : « Trop loin de chez nous. »" in said.content.decode()


@pytest.mark.parametrize(("typed", "hours"), [("5 h 30", "5.5"), ("1h20", "1.33"), ("12,5 h", "12.5")])
def test_hours_are_typed_as_on_a_clock_too(typed: str, hours: str) -> None:
    one = join(build())
    client = signed_in(one.offered_by)
    client.post(one.get_absolute_url(), {"geste": "promettre", "nature": "temps", "label": "Bras", "hours": typed})
    assert str(one.contributions.get().hours.normalize()) == hours


def test_an_offer_is_taken_back_by_who_made_it() -> None:
    project = build()
    one = an_offer(project, brings=[{"nature": "temps", "label": "Bras", "hours": 3}])
    bearer = someone_of(project.organisation)
    lead, partner = signed_in(bearer), signed_in(one.offered_by)
    promise = reverse("contribution", args=[project.slug, one.contributions.get().pk])
    assert "Retirer l’offre" not in read(lead, one.get_absolute_url())
    assert "Retirer ce qui reste promis" not in read(lead, promise)
    said = lead.post(one.get_absolute_url(), {"geste": "terminer", "fin-reason": "Non."}, follow=True).content.decode()
    assert "se retire par l’organisme qui l’a faite" in said
    said = lead.post(promise, {"geste": "retirer", "retrait-reason": "Non."}, follow=True).content.decode()
    assert "se retire par l’organisme qui l’a faite" in said
    for verb, what in ((contributions.end, one), (contributions.take_back, one.contributions.get())):
        with pytest.raises(PermissionDenied):
            verb(what, by=bearer, reason="Non.")
    one.refresh_from_db()
    assert (one.status, one.contributions.get().status) == ("offered", "offered")
    # its author may, without a word
    assert "Retirer l’offre" in read(partner, one.get_absolute_url())
    partner.post(one.get_absolute_url(), {"geste": "terminer", "fin-reason": ""})
    one.refresh_from_db()
    assert one.status == "ended"
    assert Mail.objects.filter(to=bearer.email, subject__startswith="La Marmite retire son offre").count() == 1


def test_a_stale_page_of_the_bearer_takes_nothing_back() -> None:
    project = build()
    seen = an_offer(project)
    other = OrganisationFactory()
    contributions.answer(seen, welcome=True, by=someone_of(project.organisation))
    waits = Participation(pk=seen.pk, project=project, organisation=seen.organisation, status="welcomed")
    with pytest.raises(PermissionDenied):
        contributions.end(waits, by=someone_of(other), reason="x")


def test_a_bearer_says_why_it_ends_and_the_mail_says_who() -> None:
    project = build(organisation=OrganisationFactory(name="Moisson Sud"))
    one = join(project, OrganisationFactory(name="La Marmite"))
    lead = signed_in(someone_of(project.organisation))
    answer = lead.post(one.get_absolute_url(), {"geste": "terminer", "fin-reason": " "})
    assert answer.status_code == 422
    assert "l’autre organisme ne saura pas" in answer.content.decode()
    with pytest.raises(NotPossible, match="Dites pourquoi"):
        contributions.end(one, by=someone_of(project.organisation))
    lead.post(one.get_absolute_url(), {"geste": "terminer", "fin-reason": "Le local est vendu."})
    one.refresh_from_db()
    assert one.status == "ended"
    mail = Mail.objects.get(to=one.offered_by.email, subject__startswith="Participation terminée")
    assert "Moisson Sud a mis fin à la participation de La Marmite." in mail.text
    assert "Le local est vendu." in mail.text


def test_a_partner_leaves_without_a_word_and_the_curators_sign_as_such() -> None:
    project = build()
    bearer = someone_of(project.organisation)
    one = join(project, OrganisationFactory(name="La Marmite"))
    contributions.end(one, by=one.offered_by)
    mail = Mail.objects.filter(to=bearer.email, subject__startswith="La Marmite ne participe plus").get()
    assert "La Marmite a mis fin à sa participation." in mail.text
    two = join(project, OrganisationFactory(name="Le Relais"))
    keeper = someone_of(OrganisationFactory(), user__is_superuser=True)
    contributions.end(two, by=keeper, reason="Doublon.")
    assert "La curation du portail a mis fin" in Mail.objects.get(to=two.offered_by.email, text__contains="fin à").text


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        ("archived", "Votre organisme n’est plus au portail"),
        ("returned", "La curation a demandé un changement à la fiche de votre organisme"),
        ("submitted", "Votre organisme attend d’être validé"),
    ],
)
def test_an_organisation_that_may_not_offer_reads_why(status: str, sentence: str) -> None:
    project = build()
    organisation = OrganisationFactory()
    client = signed_in(someone_of(organisation))
    type(organisation).objects.filter(pk=organisation.pk).update(status=status)
    address = reverse("participate", args=[project.slug])
    assert sentence in read(client, address)
    answer = client.post(address, {"part": "partenaire", "message": "Bonjour."})
    assert (answer.status_code, Participation.objects.filter(organisation=organisation).exists()) == (409, False)
    assert sentence in answer.content.decode()


def a_need_of(project: Project, **fields: Any) -> Need:
    need = NeedFactory(organisation=project.organisation, name="Cinq chaudrons", kind="materiel", **fields)
    ProjectNeed.objects.create(project=project, need=need)
    return need


def test_a_need_of_a_project_is_answered_by_a_contribution_to_it() -> None:
    project = build()
    need = a_need_of(project)
    bearer = someone_of(project.organisation)
    where = reverse("participate", args=[project.slug]) + f"?besoin={need.pk}"
    page = read(Client(), need.get_absolute_url())
    assert "Ce besoin vient du projet" in page
    assert "veut y répondre" not in page
    assert f'href="{where}"' in page
    assert f'href="{where}"' in read(Client(), project.get_absolute_url())
    partner = OrganisationFactory()
    client = signed_in(someone_of(partner))
    form = read(client, where)
    assert 'value="Cinq chaudrons"' in form
    assert '<option value="materiel" selected' in form
    assert f'action="{escape(where)}"' in form
    client.post(where, {"part": "partenaire", "brings-0-nature": "materiel", "brings-0-label": "Cinq chaudrons"})
    mail = Mail.objects.get(to=bearer.email)
    assert "pour répondre à votre besoin\u00a0: Cinq chaudrons." in mail.text
    assert Participation.objects.get(organisation=partner).contributions.get().label == "Cinq chaudrons"


def test_the_address_names_no_need_that_is_not_of_the_project_or_not_hers_to_see() -> None:
    project = build()
    other = NeedFactory(name="Besoin d’ailleurs")
    hidden = a_need_of(project, status="draft", published_at=None)
    client = signed_in(someone_of(OrganisationFactory()))
    for asked in (other.pk, hidden.pk, "abime", "9" * 30, ""):
        answer = client.get(reverse("participate", args=[project.slug]), {"besoin": asked})
        assert answer.status_code == 200
        assert "Vous répondez à ce besoin" not in answer.content.decode()
        assert "Cinq chaudrons" not in answer.content.decode()


def test_a_need_taken_up_by_a_project_is_answered_to_who_has_it() -> None:
    project = build()
    need = NeedFactory(name="Une tente")
    ProjectNeed.objects.create(project=project, need=need)
    page = read(signed_in(someone_of(OrganisationFactory())), need.get_absolute_url())
    assert "Un projet veut y répondre" in page
    assert "Offrir ce qu’il faut" in page
    assert "Proposer une contribution au projet" not in page
    # nor to a project that ended
    own = a_need_of(build(slug="fini", stage="termine", stood_at="idee"))
    page = read(signed_in(someone_of(OrganisationFactory())), own.get_absolute_url())
    assert "Offrir ce qu’il faut" in page
    assert "Proposer une contribution au projet" not in page


def test_a_project_that_left_the_public_is_said_to_who_takes_part_not_linked() -> None:
    project = build(title="Le camion du midi")
    one = join(project, brings=[{"nature": "temps", "label": "Bras", "hours": 3}])
    client = signed_in(one.offered_by)
    pages = (one.get_absolute_url(), reverse("contribution", args=[project.slug, one.contributions.get().pk]))
    to_project = f'href="{project.get_absolute_url()}"'
    assert all(to_project in read(client, page) for page in pages)
    Project.objects.filter(pk=project.pk).update(status="returned")
    assert client.get(project.get_absolute_url()).status_code == 404
    for page in pages:
        text = read(client, page)
        assert "Le camion du midi" in text
        assert to_project not in text
        assert reverse("project_ledger", args=[project.slug]) not in text
    assert "pas public en ce moment" in read(client, pages[0])
    assert "pas public en ce moment" in read(client, pages[1])
    # who leads it still opens it
    assert to_project in read(signed_in(someone_of(project.organisation)), one.get_absolute_url())


def test_a_draft_offers_one_way_of_going_public() -> None:
    project = build(status="draft", published_at=None)
    lead = signed_in(someone_of(project.organisation))
    community, _host = a_community(status="draft", published_at=None)
    host = MembershipFactory(organisation=community.organisation).user
    for client, page in ((lead, project.get_absolute_url()), (signed_in(host), community.get_absolute_url())):
        text = read(client, page)
        assert 'value="publish"' in text
        assert 'value="submit"' not in text
        assert "la CDC du territoire la relit ensuite" in text
    Territory.objects.update(reads_first=True)
    for client, page in ((lead, project.get_absolute_url()), (signed_in(host), community.get_absolute_url())):
        text = read(client, page)
        assert 'value="publish"' not in text
        assert 'value="submit"' in text
