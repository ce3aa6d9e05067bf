"""Papers: one HTML, and the same words in PDF, DOCX and ODT; what people type is never code; same paper, same bytes."""

from __future__ import annotations

import datetime
import io
import re
import subprocess
import zipfile
from typing import Any
from xml.etree import ElementTree

import pytest
from django.utils.html import escape
from hypothesis import given, settings
from hypothesis import strategies as st

from mutualisation.kernel import markdown, paper
from mutualisation.kernel.office import docx, odt
from mutualisation.kernel.paper import Paper, PaperError, Picture
from mutualisation.kernel.pdf import pdf
from tests.kernel.documents import claims, docx_text, fonts, odt_text, pdf_of, pdf_pages, squeezed

WHOLE = """
<div class="status"><p>Projet, non signé.</p></div>
<h2>1. Parties</h2><p>Le <strong>Café de l’œuvre</strong>, «\u00a0ci-après\u00a0» : 1\u202f200,50\u00a0$<br>
à 18\u00a0h — ou 3 %.</p>
<ul><li>un</li><li><p>deux</p><p>trois</p></li></ul><ol start="3"><li>efficace, affligé, difficile</li></ol>
<dl><dt>Nom</dt><dd>Valeur</dd></dl>
<table><caption>Journal</caption><thead><tr><th>Quand</th><th>Quoi</th></tr></thead>
<tbody><tr><td>1er mars</td><td>lu</td></tr></tbody></table>
<h3>Sous-titre</h3><blockquote><p>cité</p></blockquote><hr><div class="page"><p>Suite</p></div>
<div class="signature"><p>Signature de <a href="https://portail.example">la personne</a></p>
<p><img src="code" alt="code"></p></div>
"""
SAID = (
    "Projet, non signé.|1. Parties|Le Café de l’œuvre, «\u00a0ci-après\u00a0» : 1\u202f200,50\u00a0$|"
    "à 18\u00a0h — ou 3 %.|un|deux|trois|efficace, affligé, difficile|Nom|Valeur|Journal|Quand|Quoi|1er mars|lu|"
    "Sous-titre|cité|Suite|Signature de la personne"
).split("|")
CODE = Picture('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 4 4"><path d="M0 0h2v2H0z"/></svg>', "Code carré")


def a_paper(html: str = WHOLE, **fields: Any) -> Paper:
    known = {"title": "Entente d’essai", "date": datetime.date(2026, 11, 21), "author": "Portail d’essai",
             "footer": "2026-0042", "pictures": {"code": CODE}}  # fmt: skip
    return Paper(html=html, **{**known, **fields})


def body(content: bytes) -> str:
    """The words of a PDF without its feet of page."""
    lines = [line for page in pdf_pages(content) for line in page.splitlines()]
    kept = [line for line in lines if not line.startswith(("Page ", "2026-0042", "Entente d’essai"))]
    return "\n".join(kept)


def test_every_word_is_in_the_three_forms() -> None:
    one = a_paper()
    for text in (body(pdf(one)), docx_text(docx(one)), odt_text(odt(one))):
        at = 0
        for said in SAID:
            found = squeezed(text).find(squeezed(said), at)
            assert found >= at, (said, text)
            at = found
    # spaces that hold are still such
    assert "18\u00a0h" in docx_text(docx(one))
    assert "50\u00a0$" in body(pdf(one))


def test_a_pdf_is_made_to_be_kept_and_to_be_read_by_everyone() -> None:
    content = pdf(a_paper(watermark="PROJET"))
    reader = pdf_of(content)
    root = reader.trailer["/Root"]
    assert claims(content) == {"pdfaid:part=2", "pdfaid:conformance=A", "pdfuaid:part=1"}
    assert root["/MarkInfo"]["/Marked"] == True  # noqa: E712 - a PDF's own boolean
    assert root["/Lang"] == "fr-CA"
    assert root["/ViewerPreferences"]["/DisplayDocTitle"] == True  # noqa: E712 - idem
    assert reader.metadata is not None
    assert reader.metadata.title == "Entente d’essai"
    assert reader.metadata.author == "Portail d’essai"
    assert [o["/Title"] for o in _flat(reader.outline)] == ["Entente d’essai", "1. Parties", "Sous-titre"]
    assert fonts(content)
    assert all(fonts(content).values())
    assert not reader.attachments
    assert "/OpenAction" not in root
    assert all("Page" in page for page in pdf_pages(content))
    kinds = set(_structure(root["/StructTreeRoot"]))
    assert {"/H1", "/H2", "/P", "/L", "/LI", "/Table", "/TH", "/TD", "/Link", "/Figure"} <= kinds


def _flat(outline: Any) -> list[Any]:
    return [o for one in outline for o in (_flat(one) if isinstance(one, list) else [one])]


def _structure(node: Any) -> Any:
    node = node.get_object() if hasattr(node, "get_object") else node
    if isinstance(node, list):
        for one in node:
            yield from _structure(one)
    elif isinstance(node, dict):
        if "/S" in node:
            yield str(node["/S"])
        yield from _structure(node.get("/K", []))


@pytest.mark.parametrize("make", [pdf, docx, odt])
def test_same_paper_same_bytes(make: Any) -> None:
    assert make(a_paper()) == make(a_paper())
    assert make(a_paper()) != make(a_paper(WHOLE.replace("Valeur", "Valeurs")))


def test_word_processors_get_french_numbered_pages_and_borders() -> None:
    with zipfile.ZipFile(io.BytesIO(docx(a_paper()))) as archive:
        files = {name: archive.read(name).decode() for name in archive.namelist() if name.endswith(".xml")}
    for text in files.values():
        ElementTree.fromstring(text)  # noqa: S314 - we wrote it
    assert "NUMPAGES" in files["word/footer1.xml"]
    assert "2026-0042" in files["word/footer1.xml"]
    assert "@@" not in files["word/footer1.xml"]
    assert "footerReference" in files["word/document.xml"]
    assert "tblHeader" in files["word/document.xml"]
    assert "tblBorders" in files["word/styles.xml"]
    assert re.search(r'<w:lang [^>]*w:val="fr-CA"', files["word/styles.xml"])
    assert "<dc:title>Entente d’essai</dc:title>" in files["docProps/core.xml"]
    assert "<dc:creator>Portail d’essai</dc:creator>" in files["docProps/core.xml"]
    content = odt(a_paper(footer="A & B"))
    assert content[30:38] == b"mimetype"
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        styles = archive.read("styles.xml").decode()
        ElementTree.fromstring(styles)  # noqa: S314 - we wrote it
        ElementTree.fromstring(archive.read("content.xml"))  # noqa: S314 - idem
    assert "A &amp; B" in styles
    assert "text:page-count" in styles
    assert 'fo:country="CA"' in styles


HOSTILE = [
    '#import "@preview/x:1.0.0": *',
    '#read("/etc/passwd")',
    '#image("/etc/passwd")',
    "$ x^2 $ et \\(y\\) et \\[z\\]",
    "@ref <label> <étiquette>",
    r"\input{/etc/passwd} \write18{id}",
    "```{=typst}\n#panic()\n```",
    "`#panic()`{=typst}",
    '<iframe src="file:///etc/passwd"></iframe>',
    '<img src="file:///etc/passwd">',
    "![x](/etc/passwd)",
    "<script>alert(1)</script>",
    "= titre\n- liste\n+ suite\n/ terme: dit",
    "// commentaire /* fermé */ ~ -- --- ... 'droit' \"droit\"",
    "https://portail.example/a_b*c*",
    "{{ settings.SECRET_KEY }} {% include 'x' %}",
    "&lt;b&gt; &amp;amp; &#35;",
    "\\u{41} \\n \\\\",
]


@pytest.mark.parametrize("typed", HOSTILE)
def test_what_someone_types_comes_out_as_it_was_typed(typed: str) -> None:
    one = a_paper(f"<p>avant {escape(typed)} après</p>")
    wanted = squeezed(f"avant {typed} après")
    assert wanted in squeezed(body(pdf(one)))
    assert wanted in squeezed(docx_text(docx(one)))
    assert wanted in squeezed(odt_text(odt(one)))


@pytest.mark.parametrize("typed", HOSTILE)
def test_even_markup_that_nobody_cleaned_reads_nothing(typed: str) -> None:
    """Markdown of a clause, and raw HTML given by mistake: nothing of this machine comes in."""
    for html in (markdown.render(typed), typed, f"<p>{typed}</p>"):
        text = body(pdf(a_paper(html)))
        assert "root:" not in text
        assert "alert(1)" not in text or "<script>" in text


# Letters and signs that our fonts draw; what has none is told below.
LETTERS = st.characters(codec="latin-1", categories=("L", "N", "P", "S", "Zs"), exclude_characters="\u00ad")
TYPED = st.text(LETTERS | st.sampled_from("’«»…—–œŒ\u202f#$@<>\\`*_=-+/~[]{}\"'&%"), min_size=1, max_size=120)


@given(TYPED)
@settings(max_examples=40)
def test_any_text_is_the_same_in_a_pdf(typed: str) -> None:
    assert squeezed(f"début {typed} fin") in squeezed(body(pdf(a_paper(f"<p>début {escape(typed)} fin</p>"))))


def test_what_our_fonts_cannot_draw_shows_as_missing_and_the_rest_stays() -> None:
    one = a_paper("<p>Merci 😀 à 田中 et à Ζωή, Юлия : ✓\u0007\ue000\u202e.</p>")
    assert squeezed("Merci � à �� et à Ζωή, Юлия : ✓.") in squeezed(body(pdf(one)))
    assert squeezed("Merci 😀 à 田中 et à Ζωή, Юлия : ✓.") in squeezed(docx_text(docx(one)))
    assert pdf(one) == pdf(one)


def test_a_hundred_thousand_characters_and_a_thousand_levels_go_through() -> None:
    long = "mot " * 25_000
    assert len(pdf_pages(pdf(a_paper(f"<p>{long}</p>")))) > 20
    assert "au fond" in body(pdf(a_paper("<ul><li>" * 1000 + "au fond" + "</li></ul>" * 1000)))
    assert "au fond" in body(pdf(a_paper("<blockquote>" * 40 + "<p>au fond</p>" + "</blockquote>" * 40)))
    assert "au fond" in body(pdf(a_paper("<p>" + "<strong><em>" * 30 + "au fond" + "</em></strong>" * 30 + "</p>")))
    with pytest.raises(PaperError, match="trop long"):
        pdf(a_paper("x" * 2_000_001))


def test_a_picture_is_one_of_ours_or_its_words() -> None:
    content = pdf(a_paper('<p><img src="code" alt="x"> <img src="/etc/passwd" alt="rien de tel"></p>'))
    assert "rien de tel" in body(content)
    assert "/Figure" in set(_structure(pdf_of(content).trailer["/Root"]["/StructTreeRoot"]))


def test_when_pandoc_does_not_answer_people_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def late(*args: Any, **kwargs: Any) -> Any:
        raise subprocess.TimeoutExpired("pandoc", 30)

    monkeypatch.setattr(paper.subprocess, "run", late)
    with pytest.raises(PaperError, match="Rien n’est perdu"):
        pdf(a_paper())


def test_what_the_fonts_cannot_draw_is_said() -> None:
    plain, odd = a_paper("<p>Merci</p>"), a_paper("<p>Merci \U0001f389 à 日本 é</p>")
    assert "ne dessinent pas" not in squeezed(body(pdf(plain)))
    said = squeezed(body(pdf(odd)))
    assert squeezed("comme les émojis et les idéogrammes (U+1F389, U+65E5, U+672C)") in said
    assert squeezed("Merci \ufffd à \ufffd\ufffd é") in said


def test_no_row_of_a_table_is_left_alone_on_the_last_page() -> None:
    """Three at least, under the heads again."""
    row = "<tr><td>ligne</td><td>signé le 21 novembre</td></tr>"
    cut = 0
    for rows in range(30, 44):
        table = f"<table><thead><tr><th>Rang</th><th>Quoi</th></tr></thead><tbody>{row * rows}</tbody></table>"
        counts = [(page.count("ligne"), page.count("Rang")) for page in pdf_pages(pdf(a_paper(table)))]
        assert sum(lines for lines, _heads in counts) == rows
        assert all(lines >= 3 and heads == 1 for lines, heads in counts)
        cut += len(counts) > 1
    assert 0 < cut < 14
