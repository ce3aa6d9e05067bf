"""Partners, figures and links of a story: lines typed with its form, kept as drafts, never over someone else’s."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.drafts import keep
from directory.models import Practice, PracticeFigure, PracticePartner
from mutualisation.kernel.publication import Status
from tests.directory.test_practice_propose import PROPOSE, mine, told
from tests.factories import CuratorshipFactory, OrganisationFactory, PracticeFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def sofia(client: Client, places: Any) -> Any:
    person = UserFactory()
    client.force_login(person)
    return person


def lines(name: str, columns: tuple[str, ...], *rows: tuple[str, ...]) -> dict[str, str]:
    return {f"{name}-{n}-{c}": v for n, row in enumerate(rows) for c, v in zip(columns, row, strict=True)}


def partners(*rows: tuple[str, str]) -> dict[str, str]:
    return lines("partners", ("organisation", "role"), *rows)


def figures(*rows: tuple[str, str]) -> dict[str, str]:
    return lines("figures", ("value", "label"), *rows)


def links(*rows: tuple[str, str]) -> dict[str, str]:
    return lines("links", ("title", "url"), *rows)


def test_told_with_its_lines(client: Client, sofia: Any, places: Any) -> None:
    OrganisationFactory(name="L’Écluse")
    kitchen = OrganisationFactory(name="La Marmite", acronym="LM")
    answer = client.post(
        PROPOSE,
        told(places)
        | partners(("ecluse", "partenaire"), ("", "partenaire"), ("lm", "porteur"), ("L’Écluse", "partenaire"))
        | figures(("", ""), ("12", "familles   aidées"), ("", ""))
        | links(("Le rapport", "exemple.example/rapport"), ("", "")),
    )
    assert answer.status_code == 422  # « ecluse » is not its name
    page = answer.content.decode()
    assert "n’est pas dans le portail" in page
    assert 'value="familles aidées"' in page  # nothing typed is lost
    assert not Practice.objects.exists()
    client.post(
        PROPOSE,
        told(places)
        | partners(("l’ecluse", "partenaire"), ("", "partenaire"), ("lm", "porteur"), ("L’Écluse", "partenaire"))
        | figures(("", ""), ("12", "familles   aidées"), ("", ""))
        | links(("Le rapport", "exemple.example/rapport"), ("", "")),
    )
    story = Practice.objects.get()
    found = [(p.organisation.name, p.role) for p in story.partners.order_by("id")]
    assert found == [("L’Écluse", "partenaire"), (kitchen.name, "porteur")]
    assert [(f.value, f.label, f.position) for f in story.figures.all()] == [("12", "familles aidées", 0)]
    assert [(x.title, x.url) for x in story.links.all()] == [("Le rapport", "https://exemple.example/rapport")]
    page = client.get(story.get_absolute_url()).content.decode()
    assert all(words in page for words in ("La Marmite", "familles aidées", "https://exemple.example/rapport"))


def test_lines_changed_and_emptied(client: Client, sofia: Any, places: Any) -> None:
    story = mine(sofia)
    for n, label in enumerate(("heures", "repas")):
        PracticeFigure.objects.create(practice=story, value=str(n), label=label, position=n)
    PracticePartner.objects.create(practice=story, organisation=OrganisationFactory(name="Le Carrefour"))
    edit = reverse("practice_edit", args=[story.slug])
    page = client.get(edit).content.decode()
    assert 'value="repas"' in page
    assert 'value="Le Carrefour"' in page
    client.post(edit, told(places) | figures(("", ""), ("250", "repas")) | partners(("", "partenaire")))
    assert [(f.value, f.label) for f in story.figures.all()] == [("250", "repas")]
    assert not story.partners.exists()
    client.post(edit, told(places, title="Sans les lignes"))  # a page that has no lines erases none
    assert story.figures.count() == 1


def test_one_more_line_saves_nothing_and_loses_nothing(client: Client, sofia: Any, places: Any) -> None:
    page = client.get(PROPOSE).content.decode()
    before = page.count('name="figures-')
    sent = told(places, title="") | figures(("12", "repas")) | {"ligne": "figures"}
    answer = client.post(PROPOSE, sent)
    assert answer.status_code == 200
    page = answer.content.decode()
    assert 'value="repas"' in page
    assert "Deux jours" not in page
    assert "Trois jours ici" in page
    assert page.count('name="figures-') > before
    assert "invalid-feedback" not in page
    assert not Practice.objects.exists()
    story = mine(sofia)
    answer = client.post(reverse("practice_edit", args=[story.slug]), sent | {"versions": "{}"})
    assert 'value="repas"' in answer.content.decode()
    assert not story.figures.exists()


def test_what_was_typed_is_put_back(client: Client, sofia: Any) -> None:
    story = mine(sofia)
    data = {k: [v] for k, v in figures(("7", "chariots")).items()} | {"title": ["Titre"]}
    keep(user=sofia, key=f"pratique:{story.pk}", data=data)
    edit = reverse("practice_edit", args=[story.slug])
    assert 'value="chariots"' not in client.get(edit).content.decode()
    assert 'value="chariots"' in client.get(edit + "?reprendre=1").content.decode()


def test_the_second_of_two_is_shown_the_lines_of_the_first(client: Client, sofia: Any, places: Any) -> None:
    story = mine(sofia, territories=[places["mrc-beauharnois-salaberry"]], status=Status.SUBMITTED)
    edit = reverse("practice_edit", args=[story.slug])
    versions = client.get(edit).context["versions"]
    curator = Client()
    curator.force_login(CuratorshipFactory(territory=places["mrc-beauharnois-salaberry"]).user)
    hers = told(places, drawing="d-equipe", title=story.title) | figures(("30", "repas"))
    assert curator.post(edit, hers | {"versions": curator.get(edit).context["versions"]}).status_code == 302
    answer = client.post(edit, told(places) | {"versions": versions} | figures(("12", "familles")))
    assert answer.status_code == 409
    shown = {str(d["label"]): (d["theirs"], d["mine"]) for d in answer.context["differences"]}
    assert shown["Quels chiffres le disent le mieux?"] == ("30, repas", "12, familles")
    assert [f.label for f in story.figures.all()] == ["repas"]
    assert 'value="familles"' in answer.content.decode()


def test_homonyms_are_told_apart_and_hidden_ones_never_named(client: Client, sofia: Any, places: Any) -> None:
    for place in ("beauharnois", "chateauguay"):
        OrganisationFactory(name="Entraide", territory=places[place])
    hidden = OrganisationFactory(name="Zirconium feuilleté", status="submitted", published_at=None)
    page = client.get(PROPOSE).content.decode()
    assert "Entraide (Beauharnois)" in page
    assert hidden.name not in page
    answer = client.post(PROPOSE, told(places) | partners(("Entraide", "partenaire")))
    assert "plusieurs portent ce nom" in answer.content.decode()
    assert client.post(PROPOSE, told(places) | partners((hidden.name, "partenaire"))).status_code == 422
    client.post(PROPOSE, told(places) | partners(("Entraide (Châteauguay)", "partenaire")))
    partner = PracticePartner.objects.get()
    assert partner.organisation.territory == places["chateauguay"]


def test_a_partner_that_is_no_longer_public_is_neither_shown_nor_lost(client: Client, sofia: Any, places: Any) -> None:
    story = mine(sofia)
    hidden = OrganisationFactory(name="Zirconium feuilleté", status="archived")
    PracticePartner.objects.create(practice=story, organisation=hidden)
    edit = reverse("practice_edit", args=[story.slug])
    assert hidden.name not in client.get(edit).content.decode()
    shown = OrganisationFactory(name="Le Carrefour")
    client.post(edit, told(places) | partners(("Le Carrefour", "porteur")))
    assert {p.organisation for p in story.partners.all()} == {hidden, shown}
    curator = Client()
    curator.force_login(UserFactory(admin=True))
    story.refresh_from_db()
    edit = reverse("practice_edit", args=[story.slug])  # a draft follows its title
    assert hidden.name in curator.get(edit).content.decode()
    curator.post(edit, told(places, drawing="d-equipe") | partners(("Le Carrefour", "porteur")))
    assert {p.organisation for p in story.partners.all()} == {shown}


def test_too_much_is_refused_in_words(client: Client, sofia: Any, places: Any) -> None:
    many = figures(*((str(n), f"chose {n}") for n in range(7)))
    page = client.post(PROPOSE, told(places) | many).content.decode()
    assert "Au plus 6 lignes." in page
    wrong = client.post(PROPOSE, told(places) | figures(("", "repas")) | links(("Là", "pas une adresse")))
    page = wrong.content.decode()
    assert "Ligne 1, Chiffre\u00a0: écrivez le chiffre." in page
    assert "cette adresse n’est pas complète" in page
    assert not Practice.objects.exists()
    assert PracticeFactory().figures.count() == 0
