"""Model agreements as documents: the same words in each form, blank or filled; nothing kept of visitors."""

from __future__ import annotations

import io
import re
from typing import Any

import pypdf
import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from mutualisation.kernel.office import docx, odt
from mutualisation.kernel.pdf import pdf
from tests.kernel.documents import claims, docx_text, fonts, odt_text, pdf_pages, squeezed
from toolbox import content
from toolbox.composing import blanks_of, compose, samples, text_of
from toolbox.models import Clause, Edition, ModelAgreement
from toolbox.papers import blank_paper, draft_paper
from toolbox.reading import clauses_of

pytestmark = pytest.mark.django_db
FOLDER = settings.FIXTURE_DIRS[0]
FORMS = ("pdf", "docx", "odt")


@pytest.fixture
def loaded() -> list[Edition]:
    content.load_agreements(FOLDER)
    return list(Edition.objects.select_related("model").order_by("model__position"))


def words(text: str) -> str:
    """Without white space nor the marks of lists, which HTML leaves to who draws it."""
    return squeezed(re.sub(r"^\s*(•|\d+\.)\s*$|^\s*•\s+", "", text, flags=re.MULTILINE).replace("•", ""))


def pdf_words(file: bytes, *running: str) -> str:
    """The words of a PDF without what runs at the head and foot of pages."""
    lines = [line for page in pdf_pages(file) for line in page.splitlines()]
    return words("\n".join(line for line in lines if not any(squeezed(line).startswith(squeezed(r)) for r in running)))


def test_the_seven_filled_say_the_same_in_the_page_and_in_each_form(loaded: list[Edition]) -> None:
    assert len(loaded) == 7
    for edition in loaded:
        blanks = blanks_of(edition)
        clauses = list(edition.clauses.all())
        written = compose(clauses, blanks, samples(blanks), [c.key for c in clauses if c.when == "optional"])
        paper = draft_paper(edition, written)
        # the words of each clause, in order, whatever stands around them
        canonical = [squeezed(line) for line in text_of(edition.model.title, written).split("\n")]
        file = pdf(paper)
        texts = {
            "pdf": pdf_words(file, edition.model.title + "Projet", "Mutualisation ·", "Page ", "PROJET"),
            "docx": words(docx_text(docx(paper))),
            "odt": words(odt_text(odt(paper))),
        }
        for form, text in texts.items():
            assert text.startswith(canonical[0]), (form, text[:200])
            at = text.index(canonical[1])  # below the status line
            for line in canonical[1:]:
                found = text.find(line, at)
                # nothing between two lines, but the number of an ordered list that the PDF draws
                assert 0 <= found - at <= (2 if form == "pdf" else 0), (edition, form, line, text[at : at + 300])
                at = found + len(line)
        assert claims(file) == {"pdfaid:part=2", "pdfaid:conformance=A", "pdfuaid:part=1"}
        assert all(fonts(file).values())


def test_blank_ones_hold_every_clause_and_a_place_to_sign(loaded: list[Edition]) -> None:
    for edition in loaded:
        paper = blank_paper(edition)
        pages = pdf_pages(pdf(paper))
        whole = squeezed("".join(pages))
        for clause in clauses_of(edition):
            assert squeezed(f"{clause.number}. {clause.title}") in whole
            assert squeezed(clause.case) in whole
        assert squeezed("Résolution du") in squeezed(pages[-1])
        assert whole.count(squeezed("Date et lieu")) == len(edition.model.parties)
        assert "____" in docx_text(docx(paper))
        assert "À faire valider par une juriste" in docx_text(docx(paper))


@pytest.mark.parametrize("form", FORMS)
def test_a_blank_file_is_public_named_and_asked_again_only_when_it_changed(
    loaded: list[Edition], client: Client, form: str
) -> None:
    address = reverse("model_agreement_document", args=["pret-de-local", 1, form])
    first = client.get(address)
    assert first.status_code == 200
    assert f'filename="pret-de-local-edition-1.{form}"' in first["Content-Disposition"]
    assert "public" in first["Cache-Control"]
    assert client.get(address).content == first.content
    again = client.get(address, headers={"If-None-Match": first["ETag"]})
    assert again.status_code == 304
    assert not again.content
    ModelAgreement.objects.filter(slug="pret-de-local").update(parties=["preteur"])  # who signs it
    changed = client.get(address, headers={"If-None-Match": first["ETag"]})
    assert changed.status_code == 200
    assert changed["ETag"] != first["ETag"]


def test_no_file_of_a_draft_nor_of_an_unknown_form(loaded: list[Edition], client: Client) -> None:
    model = ModelAgreement.objects.get(slug="pret-de-local")
    Edition.objects.create(model=model, number=2)
    assert client.get(reverse("model_agreement_document", args=["pret-de-local", 2, "pdf"])).status_code == 404
    assert client.get(reverse("model_agreement_document", args=["pret-de-local", 1, "exe"])).status_code == 404


def test_the_page_of_a_model_leads_to_its_files(loaded: list[Edition], client: Client) -> None:
    page = client.get(reverse("model_agreement", args=["pret-de-local"])).content.decode()
    for form in FORMS:
        assert reverse("model_agreement_document", args=["pret-de-local", 1, form]) in page
    assert reverse("model_agreement_fill", args=["pret-de-local"]) in page


# ---- filling without a loan


FILL = "/boite-a-outils/ententes/pret-de-materiel/remplir/"
TYPED = {
    "preteur.nom": "Le Carrefour <b>&</b> #import",
    "cout.mode": "prix",
    "cout.montant": "40",
    "numero_serie": "AP-1",
}


def rows_written() -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname, n_tup_ins FROM pg_stat_xact_user_tables")
        return {name: n for name, n in cursor.fetchall() if name not in ("portal_cache", "django_session")}


def test_a_visitor_fills_sees_and_takes_away_and_nothing_is_kept(loaded: list[Edition], client: Client) -> None:
    before = rows_written()
    page = client.get(FILL, {"preteur.nom": "La Marmite", "inconnue": "x", "ressource.valeur": "bientôt"})
    assert page.status_code == 200
    assert 'value="La Marmite"' in page.content.decode()
    assert 'value="bientôt"' in page.content.decode()
    assert "no-store" in page["Cache-Control"]
    seen = client.post(FILL, TYPED)
    text = seen.content.decode()
    assert seen.status_code == 200
    assert "Le Carrefour &lt;b&gt;&amp;&lt;/b&gt; #import" in text
    sheet = seen.context["sheet"]
    assert f"{sheet.filled} réponses sur {sheet.total}" in text
    assert f"Il manque {sheet.left} réponses" in text  # the same count, the same word
    for form, read in (("pdf", lambda c: "".join(pdf_pages(c))), ("docx", docx_text), ("odt", odt_text)):
        file = client.post(FILL, {**TYPED, "format": form})
        assert file.status_code == 200
        assert f"pret-de-materiel-projet.{form}" in file["Content-Disposition"]
        assert "no-store" in file["Cache-Control"]
        said = squeezed(read(file.content))
        assert squeezed("Le Carrefour <b>&</b> #import") in said
        assert squeezed("40\u00a0$") in said
        assert squeezed("Projet, non signé") in said
    assert rows_written() == before


def test_what_was_typed_stays_when_something_is_wrong(loaded: list[Edition], client: Client) -> None:
    page = client.post(FILL, {**TYPED, "cout.montant": "beaucoup", "format": "pdf"})
    text = page.content.decode()
    assert page.status_code == 422
    assert "Écrivez un nombre" in text
    assert 'value="beaucoup"' in text
    assert 'value="AP-1"' in text
    assert "AP-1" in text[text.index("h-apercu") :]


def test_optional_clauses_are_kept_when_ticked(loaded: list[Edition], client: Client) -> None:
    optional = Clause.objects.filter(edition__model__slug="pret-de-materiel", when="optional").first()
    assert optional is not None

    def titles(data: dict[str, Any]) -> str:
        text = client.post(FILL, data).content.decode()
        return text[text.index("draft-paper") : text.index("</article>")]

    assert optional.title not in titles(TYPED)
    assert optional.title in titles({**TYPED, "clauses-retenues": optional.key})
    assert client.post(FILL, {**TYPED, "clauses-retenues": "autre"}).status_code == 422


def test_a_withdrawn_model_says_so(loaded: list[Edition], client: Client) -> None:
    ModelAgreement.objects.filter(slug="pret-de-materiel").update(withdrawn_at=timezone.now())
    page = client.get(FILL)
    assert page.status_code == 410
    assert "a été retiré" in page.content.decode()
    kept = client.post(FILL, TYPED)  # filled meanwhile: nothing typed is lost
    assert kept.status_code == 200
    assert "a été retiré pendant que vous le remplissiez" in kept.content.decode()
    assert FILL not in client.get("/boite-a-outils/ententes/pret-de-materiel/").content.decode()


def test_too_many_documents_are_refused_kindly(
    loaded: list[Edition], client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache.clear()
    monkeypatch.setattr("toolbox.views.filling.MADE", "2/10m")
    assert [client.post(FILL, TYPED).status_code for _n in range(3)] == [200, 200, 429]
    refused = client.post(FILL, {**TYPED, "format": "pdf"})
    assert 'value="AP-1"' in refused.content.decode()
    cache.clear()


def test_a_long_answer_is_refused_and_a_long_text_goes_through(loaded: list[Edition], client: Client) -> None:
    long = {**TYPED, "defauts_connus": "mot " * 1200, "format": "pdf"}
    file = client.post(FILL, long)
    assert file.status_code == 200
    assert len(pypdf.PdfReader(io.BytesIO(file.content)).pages) > 5
    assert client.post(FILL, {**long, "defauts_connus": "mot " * 30_000}).status_code == 422


def test_pages_ask_the_database_little(loaded: list[Edition], client: Client) -> None:
    for address in (FILL, reverse("model_agreement_document", args=["pret-de-local", 1, "pdf"])):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            client.get(address)
        assert len(queries) <= 5, [q["sql"][:80] for q in queries]
