"""The toolbox: its content loads whole, its pages say what is in force, a published edition never changes."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml
from django.conf import settings
from django.db import DatabaseError, transaction
from django.test import Client
from django.utils import timezone

from toolbox import content
from toolbox.composing import BLANK
from toolbox.models import Clause, Edition, ModelAgreement, Term, Tool
from toolbox.reading import clauses_of, labels_of
from toolbox.variables import CATALOGUE

pytestmark = pytest.mark.django_db
FOLDER = settings.FIXTURE_DIRS[0]


@pytest.fixture
def loaded() -> int:
    return content.load(FOLDER)


def test_the_content_loads_once(loaded: int) -> None:
    assert loaded > 250
    assert ModelAgreement.objects.in_force().count() == 7
    assert Term.objects.count() >= 40
    assert content.load(FOLDER) == 0


def test_every_blank_is_known_and_every_declared_variable_serves(loaded: int) -> None:
    for edition in Edition.objects.all():
        known = labels_of(edition)
        conditions = {c.when["field"] for c in edition.clauses.all() if isinstance(c.when, dict)}
        named = {name for clause in edition.clauses.all() for name in BLANK.findall(clause.body)} | conditions
        assert named - set(known) == set(), edition
        assert {v["name"] for v in edition.variables} - named == set(), edition
        assert not any("{{" in c.body or "{%" in c.body or "<" in c.body for c in edition.clauses.all())


def test_each_variable_of_the_catalogue_is_named_once() -> None:
    names = [v.name for v in CATALOGUE]
    assert len(names) == len(set(names))


def test_a_published_edition_never_changes(loaded: int) -> None:
    edition = Edition.objects.first()
    assert edition is not None
    clause = edition.clauses.first()
    for change in (
        lambda: Clause.objects.filter(pk=clause.pk).update(body="autre"),
        lambda: Clause.objects.filter(pk=clause.pk).delete(),
        lambda: Clause.objects.create(edition=edition, position=99, key="ajout", title="Ajout", body="x"),
        lambda: Edition.objects.filter(pk=edition.pk).update(changes="autre"),
    ):
        with pytest.raises(DatabaseError, match=r"never changes|Cannot"), transaction.atomic():
            change()


def test_a_draft_edition_is_nobody_s_and_the_next_one_takes_its_place(loaded: int, client: Client) -> None:
    model = ModelAgreement.objects.first()
    assert model is not None
    draft = Edition.objects.create(model=model, number=2, changes="Plus court.")
    Clause.objects.create(edition=draft, position=1, key="objet", title="Objet nouveau", body="Pour [[preteur.nom]].")
    address = f"{model.get_absolute_url()}edition-2/"
    assert client.get(address).status_code == 404
    assert "Objet nouveau" not in client.get(model.get_absolute_url()).content.decode()
    draft.published_at = timezone.now()
    draft.save()
    assert "Objet nouveau" in client.get(model.get_absolute_url()).content.decode()
    earlier = client.get(f"{model.get_absolute_url()}edition-1/").content.decode()
    assert "Une édition plus récente est en vigueur" in earlier
    assert "Objet nouveau" not in earlier


def test_nothing_typed_in_a_clause_becomes_markup(loaded: int) -> None:
    model = ModelAgreement.objects.first()
    draft = Edition.objects.create(
        model=model, number=2, variables=[{"name": "piege", "label": "<b>gras</b>", "type": "text"}]
    )
    Clause.objects.create(
        edition=draft, position=1, key="a", title="A", body="<script>alert(1)</script> {{ settings }} [[piege]] **oui**"
    )
    html = clauses_of(draft)[0].html
    assert "<script" not in html
    assert "&lt;b&gt;gras" in html
    assert "<strong>oui</strong>" in html


def test_tools_are_found_by_their_words_and_facets(loaded: int, client: Client) -> None:
    tool = Tool.objects.order_by("pk").first()
    assert tool is not None
    word = max(re.findall(r"\w+", tool.title), key=len)
    assert tool.title.split()[0] in client.get("/boite-a-outils/", {"q": word}).content.decode()
    page = client.get("/boite-a-outils/", {"genre": tool.kind}).content.decode()
    assert f'value="{tool.kind}" id="genre-{tool.kind}" checked' in page
    assert tool.title.split()[0] in client.get("/recherche/", {"q": word}).content.decode()
    Tool.objects.filter(pk=tool.pk).update(status="draft")
    shown = client.get("/boite-a-outils/", {"q": word}).content.decode()
    assert tool.url not in shown


@pytest.mark.parametrize(
    ("query", "there", "absent"),
    [
        ({}, "Prêt de matériel</a>", ""),
        ({"q": "Prêt de matériel"}, "Prêt de matériel</a>", "Prêt ou location de local</a>"),
        ({"q": "zzxxqq", "page": ""}, "", "Prêt de matériel</a>"),
        ({"q": "entente copropriété"}, "Achat regroupé ou copropriété</a>", "Prêt de matériel</a>"),
        ({"q": "entente", "genre": "guide"}, "", "Prêt de matériel</a>"),
    ],
)
def test_model_agreements_are_found_by_their_words_too(
    loaded: int, client: Client, query: dict[str, str], there: str, absent: str
) -> None:
    html = client.get("/boite-a-outils/", query).content.decode()
    assert there in html
    assert not absent or absent not in html


@pytest.mark.parametrize("address", ["/boite-a-outils/?genre=xyz", "/boite-a-outils/?page=abc&q=%00"])
def test_what_is_not_understood_is_said(loaded: int, client: Client, address: str) -> None:
    response = client.get(address)
    assert response.status_code == 200
    assert "alert-warning" in response.content.decode()


@pytest.mark.parametrize(
    ("address", "expected"),
    [("/boite-a-outils/", 7), ("/boite-a-outils/lexique/", 2), ("/boite-a-outils/ententes/", 2)],
)
def test_pages_cost_the_same_whatever_they_hold(
    loaded: int, client: Client, address: str, expected: int, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(expected):
        assert client.get(address).status_code == 200


def test_the_files_are_what_they_say() -> None:
    for name in ("model_agreements.yaml", "tools.yaml", "lexicon.yaml"):
        slugs = [row["slug"] for row in yaml.safe_load((FOLDER / name).read_text("utf-8"))]
        assert len(slugs) == len(set(slugs)), name


@pytest.mark.parametrize("words", ["Prêt de matériel", "prêts matériel"])
def test_a_model_agreement_is_found_by_its_words(loaded: int, client: Client, words: str) -> None:
    for address in ("/recherche/", "/boite-a-outils/"):
        page = client.get(address, {"q": words}).content.decode()
        assert "/boite-a-outils/ententes/pret-de-materiel/" in page, address
    assert "/boite-a-outils/ententes/pret-" not in client.get("/boite-a-outils/", {"q": "licorne"}).content.decode()


def test_a_word_of_the_lexicon_answers_a_search_of_the_toolbox(loaded: int, client: Client) -> None:
    page = client.get("/boite-a-outils/", {"q": "assurances"}).content.decode()
    assert "Dans le lexique" in page
    assert "attestation d’assurance</a>" in page
    for asked in ({"q": "zyxw"}, {}, {"q": "assurances", "sorte": "locaux"}):
        assert "Dans le lexique" not in client.get("/boite-a-outils/", asked).content.decode(), asked
