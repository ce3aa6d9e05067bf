"""A story: proposed by anyone signed in, edited and published by a curator, seen by nobody else until then."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Mail
from directory.changes import timeline
from directory.models import Practice
from directory.moderation import decide
from directory.queue import queue
from directory.telling import OPEN_AT_MOST
from mutualisation.kernel.publication import Status
from tests.accounts.people import empty_queue
from tests.factories import CuratorshipFactory, OrganisationFactory, PracticeFactory, SectorFactory, UserFactory

pytestmark = pytest.mark.django_db
SECRET = "Zirconium feuilleté"
PROPOSE = "/pratiques/proposer/"


@pytest.fixture
def sofia(client: Client, places: Any) -> Any:
    """Someone without any organisation, signed in."""
    person = UserFactory()
    client.force_login(person)
    return person


def told(places: Any, **more: Any) -> dict[str, Any]:
    """The form as a person would fill it."""
    return {
        "once": str(uuid.uuid4()),
        "title": "Deux organismes, une comptable",
        "standfirst": "Ils partagent un poste.",
        "pooled": "Trois jours ici, deux jours là.",
        "kinds": ["humain"],
        "stage": "mutualisation",
        "legal_form": "contrat",
        "place": "Beauharnois",
        "territories": [str(places["mrc-beauharnois-salaberry"].pk)],
        "sectors": [str(SectorFactory().pk)],
    } | more


def mine(person: Any, **more: Any) -> Practice:
    return PracticeFactory(proposed_by=person, published_at=None, **({"status": Status.DRAFT} | more))


def test_told_kept_sent(client: Client, sofia: Any, places: Any) -> None:
    page = client.post(PROPOSE, told(places), follow=True).content.decode()
    story = Practice.objects.get()
    assert (story.status, story.proposed_by, story.slug) == (
        Status.DRAFT, sofia, "deux-organismes-une-comptable",
    )  # fmt: skip
    assert [t.slug for t in story.territories.all()] == ["mrc-beauharnois-salaberry"]
    assert story.sectors.count() == 1
    assert story.kinds == ["humain"]
    assert "Envoyer à la curation" in page
    client.post(reverse("practice_move", args=[story.slug]), {"geste": "submit"})
    story.refresh_from_db()
    assert story.status == Status.SUBMITTED
    here = CuratorshipFactory(territory=places["mrc-beauharnois-salaberry"]).user
    elsewhere = CuratorshipFactory(territory=places["mrc-roussillon"]).user
    assert [i.key for i in queue(here)] == [f"new.practice.{story.pk}"]
    assert queue(elsewhere) == []


def test_returned_with_a_note_corrected_published(client: Client, sofia: Any, places: Any) -> None:
    client.post(PROPOSE, told(places, envoyer="1"))
    story = Practice.objects.get()
    assert story.status == Status.SUBMITTED
    curator = CuratorshipFactory(territory=places["mrc-beauharnois-salaberry"]).user
    decide(key=f"new.practice.{story.pk}", verb="return", by=curator, note="Dites depuis quand.")
    for address in (story.get_absolute_url(), reverse("practice_edit", args=[story.slug])):
        assert "Dites depuis quand." in client.get(address).content.decode()
    client.post(
        reverse("practice_edit", args=[story.slug]), told(places, period_text="Depuis 2019", envoyer="1"), follow=True
    )
    story.refresh_from_db()
    assert (story.status, story.period_text, story.returned_note) == (Status.SUBMITTED, "Depuis 2019", "")
    client.force_login(curator)
    edit = reverse("practice_edit", args=[story.slug])
    assert "Pour l’édition" in client.get(edit).content.decode()
    answer = client.post(edit, told(places, title="Une comptable pour deux", quote="Ça marche.", drawing="d-comptable"))
    assert answer.status_code == 302
    client.post(reverse("practice_move", args=[Practice.objects.get().slug]), {"geste": "publish"})
    story.refresh_from_db()
    assert (story.status, story.title, story.quote) == (Status.PUBLISHED, "Une comptable pour deux", "Ça marche.")
    assert story.title in Client().get("/pratiques/").content.decode()
    client.force_login(sofia)  # published: it is the curators' from now on
    assert client.get(edit).status_code == 403
    assert client.post(edit, told(places, title="Autre chose")).status_code == 403


@pytest.mark.parametrize("status", [Status.DRAFT, Status.SUBMITTED, Status.RETURNED, Status.ARCHIVED])
def test_what_is_not_published_is_nowhere(status: str, client: Client, sofia: Any, places: Any) -> None:
    story = PracticeFactory(
        title=SECRET, status=status, published_at=None, proposed_by=UserFactory(),
        territories=[places["mrc-beauharnois-salaberry"]],
    )  # fmt: skip
    other = PracticeFactory()
    elsewhere = CuratorshipFactory(territory=places["mrc-roussillon"]).user
    for reader in (None, sofia, elsewhere):
        one = Client()
        if reader:
            one.force_login(reader)
        for address in (
            "/pratiques/", "/pratiques/atom/", "/", "/recherche/?q=zirconium", "/pratiques/?q=zirconium",
            other.get_absolute_url(), "/sitemap-pratiques.xml",
        ):  # fmt: skip
            text = one.get(address).content.decode()
            assert SECRET not in text, address
            assert story.get_absolute_url() not in text, address
        assert one.get(story.get_absolute_url()).status_code == 404
        if reader:
            assert one.get(reverse("practice_edit", args=[story.slug])).status_code == 404
            assert one.post(reverse("practice_move", args=[story.slug]), {"geste": "submit"}).status_code == 404
    assert Practice.objects.get(pk=story.pk).status == status


def test_its_author_cannot_publish_it(client: Client, sofia: Any) -> None:
    story = mine(sofia, status=Status.SUBMITTED)
    page = client.get(story.get_absolute_url())
    assert page["X-Robots-Tag"] == "noindex"
    assert "application/ld+json" not in page.content.decode()
    assert client.post(reverse("practice_move", args=[story.slug]), {"geste": "publish"}).status_code == 403
    assert client.post(reverse("practice_move", args=[story.slug]), {"geste": "return"}).status_code == 404


def test_an_author_never_gets_the_curators_fields(client: Client, sofia: Any, places: Any) -> None:
    story = mine(sofia)
    sent = told(places, quote="Glissée en douce", status="published", drawing="d-sono")
    assert client.post(reverse("practice_edit", args=[story.slug]), sent).status_code == 302
    story.refresh_from_db()
    assert (story.quote, story.status, story.drawing) == ("", Status.DRAFT, "d-equipe")


def test_nothing_typed_is_lost(client: Client, sofia: Any, places: Any) -> None:
    page = client.post(PROPOSE, told(places, title="", stage="", source_url="pas une adresse", lessons="Osez."))
    text = page.content.decode()
    assert page.status_code == 422
    for sentence in ("Donnez un titre", "Choisissez une des quatre étapes", "Cette adresse Web"):
        assert sentence in text
    assert "Osez." in text
    assert 'value="pas une adresse"' in text
    assert not Practice.objects.exists()


def test_twice_makes_one_and_back_changes_it(client: Client, sofia: Any, places: Any) -> None:
    data = told(places)
    client.post(PROPOSE, data)
    client.post(PROPOSE, data)
    client.post(PROPOSE, data | {"title": "Mieux dit", "envoyer": "1"})
    story = Practice.objects.get()
    assert (story.title, story.status) == ("Mieux dit", Status.SUBMITTED)


def test_without_an_account_one_signs_in_and_finds_her_words(client: Client, places: Any) -> None:
    assert client.get(PROPOSE).status_code == 302
    answer = client.post(PROPOSE, told(places))
    assert answer.status_code == 302
    assert not Practice.objects.exists()
    client.force_login(UserFactory())
    assert "Deux organismes, une comptable" in client.get(PROPOSE + "?reprendre=1").content.decode()


def test_a_curator_and_an_author_at_once(client: Client, sofia: Any, places: Any) -> None:
    story = mine(sofia, status=Status.SUBMITTED, title="Avant")
    versions = client.get(reverse("practice_edit", args=[story.slug])).context["versions"]
    Practice.objects.filter(pk=story.pk).update(title="De la curatrice")
    page = client.post(reverse("practice_edit", args=[story.slug]), told(places, title="De Sofia", versions=versions))
    assert page.status_code == 409
    assert "De la curatrice" in page.content.decode()
    assert Practice.objects.get().title == "De la curatrice"


def test_one_person_cannot_bury_the_curators(client: Client, sofia: Any, places: Any) -> None:
    for _n in range(OPEN_AT_MOST):
        mine(sofia, status=Status.SUBMITTED)
    page = client.post(PROPOSE, told(places))
    assert page.status_code == 422
    assert "attendent déjà" in page.content.decode()
    assert Practice.objects.count() == OPEN_AT_MOST


def test_curators_are_told_when_a_story_arrives_and_its_author_when_it_is_published(
    client: Client, sofia: Any, places: Any
) -> None:
    curator = CuratorshipFactory(territory=places["mrc-beauharnois-salaberry"]).user
    CuratorshipFactory(territory=places["mrc-roussillon"])
    client.post(PROPOSE, told(places))
    assert not Mail.objects.exists()
    story = Practice.objects.get()
    client.post(reverse("practice_move", args=[story.slug]), {"geste": "submit"})
    sent = Mail.objects.get()
    assert (sent.to, story.title in sent.subject) == (curator.email, True)
    client.force_login(curator)
    client.post(reverse("practice_move", args=[story.slug]), {"geste": "publish"})
    assert set(Mail.objects.values_list("to", flat=True)) == {curator.email, sofia.email}
    page = client.post(reverse("practice_move", args=[story.slug]), {"geste": "publish"}, follow=True)
    assert "Rien n’a changé" in page.content.decode()


def test_the_page_costs_the_same_whatever_is_told(client: Client, places: Any) -> None:
    first = PracticeFactory()
    costs = []
    for more in (1, 2):
        PracticeFactory.create_batch(more)
        client.get(first.get_absolute_url())
        with CaptureQueriesContext(connection) as queries:
            assert client.get(first.get_absolute_url()).status_code == 200
        costs.append(len(queries))
    assert costs[0] == costs[1] <= 10, costs


def test_a_change_of_places_alone_reaches_pages_kept_by_caches(client: Client, places: Any) -> None:
    story = PracticeFactory(territories=[places["mrc-roussillon"]])
    address = reverse("practice_edit", args=[story.slug])
    before = Client().get("/pratiques/")["ETag"]
    client.force_login(UserFactory(admin=True))
    form = client.get(address).context["form"]
    sent = {n: form[n].value() for n in form.fields if n != "versions" and form[n].value() is not None}
    answer = client.post(address, sent | {"territories": [str(places["mrc-beauharnois-salaberry"].pk)]})
    assert answer.status_code == 302
    assert [t.slug for t in story.territories.all()] == ["mrc-beauharnois-salaberry"]
    assert Client().get("/pratiques/")["ETag"] != before


@pytest.mark.django_db(transaction=True)
def test_what_became_of_partners_figures_and_links_is_in_the_timeline() -> None:
    story = PracticeFactory()
    first, second = OrganisationFactory(name="La Première"), OrganisationFactory(name="La Seconde")
    story.partners.create(organisation=first, role="porteur")
    with transaction.atomic():  # as the form does: everything anew
        story.partners.all().delete()
        story.partners.create(organisation=first, role="porteur")
        story.partners.create(organisation=second, role="bailleur")
    figure = story.figures.create(value="12", label="organismes")
    story.figures.filter(pk=figure.pk).update(value="14")
    story.links.create(title="Le bilan", url="https://bilan.example/")
    told = [(c.label, str(c.before), str(c.after)) for m in timeline(story) for c in m.changes]
    assert [label for label, _b, _a in told] == ["Liens", "Chiffres", "Chiffres", "Partenaires", "Partenaires"]
    assert "La Seconde" in told[3][2]
    assert "La Première" not in told[3][1] + told[3][2]
    assert "12" in told[1][1]
    assert "14" in told[1][2]
    empty_queue()
