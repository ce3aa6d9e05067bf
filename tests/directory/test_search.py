"""Search, on the real database, as people type: accents, elisions, hyphens, synonyms, typing errors, and nonsense."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import unescape

import pytest
from django.test import Client
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from directory.models import Resource, Synonym
from directory.searching import mend, understand
from directory.taxonomies import synonyms
from tests.factories import (
    CategoryFactory,
    OrganisationFactory,
    PracticeFactory,
    ResourceFactory,
    TerritoryFactory,
)

pytestmark = pytest.mark.django_db
TITLE = re.compile(r'<h3><a href="/\w+/([-\w]+)/">')


@dataclass
class Answer:
    """What the reader sees: the entries, in order, and the page."""

    slugs: list[str]
    text: str

    @property
    def said(self) -> str:
        """Every notice of the page, without its marks."""
        notices = re.findall(r'<p class="alert alert-info" role="status">(.*?)</p>', self.text, re.DOTALL)
        return unescape(re.sub(r"<[^>]+>", "", " ".join(notices)))


def ask(client: Client, text: str) -> Answer:
    response = client.get("/recherche/", {"q": text})
    assert response.status_code == 200
    return Answer(TITLE.findall(response.content.decode()), response.content.decode())


@pytest.fixture
def corpus(places: dict) -> None:
    """What there is to find, and a decoy that nothing here should find."""
    for terms in (
        ["char", "camion", "véhicule", "fourgonnette"],
        ["RH", "ressources humaines", "gestion du personnel"],
        ["salle", "local", "locaux"],
        ["OBNL", "OSBL", "organisme à but non lucratif"],
        ["CPE", "centre de la petite enfance", "garderie"],
    ):
        Synonym.objects.create(terms=terms)
    lake = places["sainte-anne-du-lac"]
    cdc = OrganisationFactory(
        slug="cdc", name="Corporation de développement communautaire du Canal", acronym="CDC", mission="Réunir."
    )
    OrganisationFactory(slug="cpe", name="CPE Les Coccinelles", mission="Cajoler.")
    OrganisationFactory(slug="lac", name="Amis du lac", mission="Nager.", territory=lake)
    OrganisationFactory(slug="ecole", name="École de l’Étincelle", mission="Apprendre.")
    OrganisationFactory(slug="zotique", name="Loisirs St-Zotique", mission="Jouer.")
    plain = CategoryFactory(slug="materiel-autre", name="Autre")
    rows = {
        "fourgonnette": ("Fourgonnette de livraison", "Neuf passagers, attelage compris."),
        "frigo": ("Réfrigérateur commercial", "Deux portes vitrées."),
        "salle": ("Salle polyvalente", "Plancher de bois, pour danser."),
        "animateurs": ("Deux animateurs d’ateliers", "Ils viennent chez vous."),
        "paie": ("Experte en ressources humaines", "Contrats et politiques."),
        "sante": ("Trousse de santé publique", "Pour les événements/salons, coordonnateur.trice à joindre."),
        "decoy": ("Zèbre empaillé", "Rayures d’origine."),
    }
    for slug, (name, summary) in rows.items():
        ResourceFactory(slug=slug, name=name, summary=summary, category=plain, organisation=cdc)
    PracticeFactory(slug="partage", title="Un partage de tracteur", standfirst="Trois fermes.", pooled="Un tracteur.")


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("refrigerateur", "frigo"),  # accents
        ("RÉFRIGÉRATEUR", "frigo"),  # case
        ("réfrigérateurs commerciaux", "frigo"),  # stems
        ("animation", "animateurs"),
        ("l’école", "ecole"),  # elision, both apostrophes
        ("l'ecole", "ecole"),
        ("Etincelle", "ecole"),  # the elision is in the text
        ("Sainte-Anne", "lac"),
        ("Ste-Anne", "lac"),
        ("ste anne du lac", "lac"),
        ("saint-zotique", "zotique"),  # the short form is in the text
        ("st zotique", "zotique"),
        ("réfri", "frigo"),  # as one types
        ("polyv", "salle"),
        ("salons", "sante"),  # PostgreSQL alone would read « événements/salons » as a file
        ("coordonnatrice", "sante"),
        ("trice", "sante"),
        ("tracteur", "partage"),  # every noun is searched
        ("re\u0301frige\u0301rateur", "frigo"),  # accents typed apart, as some keyboards do
    ],
)
def test_it_is_found(client: Client, corpus: None, text: str, slug: str) -> None:
    answer = ask(client, text)
    assert slug in answer.slugs
    assert "decoy" not in answer.slugs
    assert answer.said == ""  # as it was asked: nothing had to be mended


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("char", "fourgonnette"),
        ("chars", "fourgonnette"),
        ("camion", "fourgonnette"),
        ("vehicules", "fourgonnette"),
        ("RH", "paie"),
        ("gestion du personnel", "paie"),
        ("local", "salle"),
        ("locaux", "salle"),
        ("garderie", "cpe"),
        ("centre de la petite enfance", "cpe"),
    ],
)
def test_a_synonym_finds(client: Client, corpus: None, text: str, slug: str) -> None:
    assert slug in ask(client, text).slugs
    Synonym.objects.all().delete()
    synonyms.clear()
    assert slug not in ask(client, text).slugs  # it was the synonym that found it


def test_legal_forms_by_either_name(client: Client, corpus: None) -> None:
    OrganisationFactory(slug="osbl", name="L’entraide", mission="Un OSBL du quartier.")
    assert "osbl" in ask(client, "OBNL").slugs


def test_acronyms_in_any_case_and_in_full(client: Client, corpus: None) -> None:
    for text in ("CDC", "cdc", "corporation de développement communautaire"):
        assert "cdc" in ask(client, text).slugs
    assert "cpe" in ask(client, "cpe").slugs


def test_what_answers_says_why(client: Client, corpus: None) -> None:
    assert "<mark>Réfrigérateur</mark>" in ask(client, "refrigerateurs").text
    assert "<mark>Fourgonnette</mark>" in ask(client, "char").text


# ---- order


def test_a_title_outranks_a_body(client: Client, places: dict) -> None:
    plain = CategoryFactory(slug="materiel-autre", name="Autre")
    ResourceFactory(slug="titre", name="Violon", summary="À cordes.", category=plain)
    ResourceFactory(slug="corps", name="Instrument", summary="Violon, violon et violon.", category=plain)
    assert ask(client, "violon").slugs == ["titre", "corps"]  # the newest would come first, were it not for the rank


def test_a_word_as_written_outranks_its_family(client: Client, places: dict) -> None:
    plain = CategoryFactory(slug="materiel-autre", name="Autre")
    ResourceFactory(slug="exact", name="Animation de fêtes", category=plain)
    ResourceFactory(slug="famille", name="Animateurs de fêtes", category=plain)
    assert ask(client, "animation fêtes").slugs == ["exact", "famille"]
    assert ask(client, "animateurs fêtes").slugs == ["famille", "exact"]
    ResourceFactory(slug="corps-exact", name="Fêtes", summary="Une animation.", category=plain)
    ResourceFactory(slug="corps-famille", name="Fêtes", summary="Des animateurs.", category=plain)
    assert ask(client, "animation fêtes").slugs == ["exact", "famille", "corps-exact", "corps-famille"]


# ---- when nothing answers exactly


def test_a_typing_error_is_mended_and_said(client: Client, corpus: None) -> None:
    answer = ask(client, "refrigirateur")
    assert answer.slugs == ["frigo"]
    assert "Rien ne répond exactement à « refrigirateur »" in answer.said
    assert "réfrigérateur" in answer.said  # as people write it, not as search sees it
    listing = client.get("/ressources/", {"q": "refrigirateur"}).content.decode()
    assert TITLE.findall(listing) == ["frigo"]
    assert "Rien ne répond exactement" in listing


def test_a_mended_word_brings_its_synonyms(client: Client, corpus: None) -> None:
    assert "fourgonnette" in ask(client, "fourgonete").slugs
    Synonym.objects.create(terms=["zèbre", "âne rayé"])
    ResourceFactory(slug="ane", name="Âne rayé")
    synonyms.clear()
    assert {"decoy", "ane"} <= set(ask(client, "zebbre").slugs)


def test_only_the_unknown_word_is_mended(client: Client, corpus: None) -> None:
    assert mend(understand("salle refrigirateur")) is not None
    query, replaced = mend(understand("salle refrigirateur")) or (None, {})
    assert replaced == {"refrigirateur": "réfrigérateur"}
    assert query is not None
    assert [term.typed for term in query.terms] == ["salle", "refrigerateur"]
    assert mend(understand("salle réfrigérateur")) is None
    assert mend(understand("xyzzyxq")) is None  # nothing is near


def test_some_of_the_words_when_none_has_them_all(client: Client, corpus: None) -> None:
    answer = ask(client, "réfrigérateur polyvalente")
    assert set(answer.slugs) == {"frigo", "salle"}
    assert "Rien ne contient tous les mots" in answer.said
    assert ask(client, "réfrigérateur commercial").said == ""  # it has them all: nothing to say


def test_nothing_at_all_is_said_with_a_way_out(client: Client, corpus: None) -> None:
    answer = ask(client, "xyzzyxq")
    assert answer.slugs == []
    assert "Rien ne répond à « xyzzyxq »" in answer.text
    assert 'href="/ressources/"' in answer.text


@pytest.mark.parametrize("text", ["le la les", "je suis", "l’", "???", "d'une", "nous y sommes"])
def test_words_too_common_are_said_and_nothing_is_hidden(client: Client, corpus: None, text: str) -> None:
    assert "trop courants" in ask(client, text).said
    listing = client.get("/ressources/", {"q": text}).content.decode()
    assert "trop courants" in listing
    assert "frigo" in TITLE.findall(listing)


def test_no_question_no_answer(client: Client, corpus: None) -> None:
    answer = ask(client, "")
    assert answer.slugs == []
    assert answer.said == ""


# ---- nonsense


@pytest.mark.parametrize("address", ["/recherche/", "/ressources/", "/organismes/", "/pratiques/"])
def test_a_novel_and_a_nul_are_read_as_far_as_possible(client: Client, corpus: None, address: str) -> None:
    for text in (
        "a" * 10_000,
        "salle " * 2000,
        "salle\x00polyvalente",
        "㌖" * 200,
        "'; DROP TABLE x; --",
        "a:* & !b |",
    ):
        assert client.get(address, {"q": text}).status_code == 200
    assert "seuls les premiers mots" in client.get(address, {"q": "salle " * 2000}).content.decode()
    assert "salle" in ask(client, "salle\x00polyvalente").slugs
    assert client.get(f"{address}?q=%ff%fe%c3").status_code == 200


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(text=st.text(max_size=60) | st.text(alphabet="'\"\\:*&|!()<>-éa ’st", max_size=40))
@example(text="st:* ste' \\")
@example(text="Ste-")
@example(text="½ ㎏ ﷺ")
def test_any_text_at_all_is_answered(client: Client, text: str) -> None:
    if not Resource.objects.exists():
        TerritoryFactory()
        ResourceFactory(name="Salle de l’été st émile")
    if "{{" in text or "{%" in text:
        return  # the page repeats it, and a guard of these tests looks for just that
    assert client.get("/recherche/", {"q": text}).status_code == 200
    assert client.get("/ressources/", {"q": text, "pres": text}).status_code == 200
