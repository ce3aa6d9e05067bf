"""Documents of agreements: the text that was frozen, in each form; a PDF that proves itself; one byte changed shows."""

from __future__ import annotations

import datetime
import hashlib
import html
import re
from typing import Any

import pgtrigger
import pytest
from django.conf import settings
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.template.loader import render_to_string
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.html import strip_tags

from loans import papers
from loans.models import Agreement, IssuedDocument, JournalEntry, Signature
from mutualisation.kernel.office import docx
from tests.factories import OrganisationFactory, UserFactory
from tests.kernel.documents import claims, docx_text, pdf_of, pdf_pages, squeezed
from tests.loans.lending import member
from tests.loans.signed import draft_of, freeze, in_force, sign
from toolbox import content
from toolbox.composing import text_of
from toolbox.models import ModelAgreement

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def loaded() -> None:
    cache.clear()
    content.load_agreements(settings.FIXTURE_DIRS[0])


@pytest.fixture
def to_sign() -> Agreement:
    return freeze(draft_of("pret-de-materiel"))


@pytest.fixture
def signed(to_sign: Agreement) -> Agreement:
    return in_force(to_sign)


def lines_of(text: str) -> list[str]:
    return [squeezed(line) for line in text.split("\n")]


def holds(text: str, lines: list[str], between: int = 0) -> None:
    """Every line of the text, one after the other, with nothing between but the numbers of ordered lists."""
    at = text.index(lines[0])
    for line in lines:
        found = text.find(line, at)
        assert 0 <= found - at <= between, (line, text[at : at + 200])
        at = found + len(line)


def test_the_text_that_was_frozen_is_that_of_the_page_and_of_each_document() -> None:
    for model in ModelAgreement.objects.all():
        agreement = draft_of(model.slug)
        draft = papers.paper(agreement)
        told = papers.told(agreement)
        freeze(agreement)
        canonical = lines_of(agreement.text)
        assert lines_of(text_of(agreement.title, told.clauses)) == canonical  # type: ignore[arg-type]
        page = render_to_string("loans/agreement/_text.html", {"told": papers.told(agreement)})
        pages = pdf_pages(papers.issue(agreement))
        running = re.compile(rf"^({re.escape(agreement.title)}.*{agreement.number}|Mutualisation ·.*|Page \d+ de \d+)$")
        body = "\n".join(li for page in pages for li in page.splitlines() if not running.match(li))
        unescaped = strip_tags(re.sub(r"<br>|</?(p|li|h2|ul|ol)\b[^>]*>", "\n", page))
        holds(squeezed(html.unescape(unescaped)), canonical[1:])
        holds(squeezed(body.replace("•", "")), canonical[1:], between=2)
        holds(squeezed(docx_text(docx(draft))), canonical[1:])
        assert squeezed(body).startswith(canonical[0])


def test_a_signed_pdf_tells_who_signed_and_how_to_verify(signed: Agreement) -> None:
    file = papers.issue(signed)
    text = squeezed("".join(pdf_pages(file)))
    for said in (
        "En vigueur depuis le", "Camille Exemple (preteur)", "direction générale", "12 mars 2026",
        "Je signe cette entente. Je l’ai lue et je l’accepte.", "signature électronique", signed.code, signed.number,
        signed.sha256[:32], signed.sha256[32:], "Journal", "Entente en vigueur", settings.SITE_URL,
    ):  # fmt: skip
        assert squeezed(said) in text, said
    for entry in signed.journal.all():
        assert squeezed(entry.hash[:32] + entry.hash[32:]) in text
    assert claims(file) == {"pdfaid:part=2", "pdfaid:conformance=A", "pdfuaid:part=1"}
    links = [a.get_object() for page in pdf_of(file).pages for a in page.get("/Annots", [])]
    assert f"{settings.SITE_URL}/verifier/?code={signed.code}" in [a["/A"]["/URI"] for a in links if "/A" in a]


def test_nobody_finds_a_draft_where_something_was_agreed(to_sign: Agreement) -> None:
    draft = draft_of("pret-de-local")
    assert "PROJET" in "".join(pdf_pages(papers.issue(draft)))
    assert draft.code not in "".join(pdf_pages(papers.issue(draft)))
    assert not IssuedDocument.objects.filter(agreement=draft).exists()
    text = squeezed("".join(pdf_pages(papers.issue(to_sign))))
    assert "PROJET" not in text
    assert squeezed("Texte figé, à signer : 0 signature sur 2.") in text
    assert squeezed("Date et lieu") in text
    Agreement.objects.filter(pk=to_sign.pk).update(status="refused", ended_note="Trop cher.")
    ended = squeezed("".join(pdf_pages(papers.issue(Agreement.objects.get(pk=to_sign.pk)))))
    assert "SANSEFFET" in ended
    assert squeezed("Trop cher.") in ended


def test_same_state_same_bytes_known_once(to_sign: Agreement) -> None:
    one, two = papers.issue(to_sign), papers.issue(Agreement.objects.get(pk=to_sign.pk))
    assert one == two
    assert IssuedDocument.objects.get(agreement=to_sign).sha256 == hashlib.sha256(one).hexdigest()
    sign(to_sign, "preteur")
    three = papers.issue(Agreement.objects.get(pk=to_sign.pk))
    assert three != one
    known = list(to_sign.documents.all())
    assert [d.state for d in known] == ["to_sign", "to_sign"]
    assert [d.entries for d in known] == [1, 2]


def test_what_people_wrote_reads_nothing_and_says_itself() -> None:
    agreement = draft_of("pret-de-materiel")
    agreement.values |= {"preteur.nom": '#read("/etc/passwd")', "pret.conditions": "$x$ `#panic()`{=typst} <b>gras</b>"}
    freeze(agreement)
    sign(agreement, "preteur", name="<script>alert(1)</script>", statement='#image("/etc/passwd") \\input{x}')
    text = squeezed("".join(pdf_pages(papers.issue(agreement))))
    for said in (
        '#read("/etc/passwd")',
        "$x$ `#panic()`{=typst} <b>gras</b>",
        "<script>alert(1)</script>",
        "\\input{x}",
    ):
        assert squeezed(said) in text
    assert "root:" not in text


# ---- the page that verifies


def sent(client: Client, file: bytes | None, code: str = "", name: str = "entente.pdf") -> str:
    data: dict[str, Any] = {"code": code}
    if file is not None:
        data["fichier"] = SimpleUploadedFile(name, file, "application/pdf")
    return client.post(reverse("verify"), data).content.decode()


def verdict_of(page: str) -> str:
    found = re.search(r'data-verdict="(\w+)"', page)
    return found[1] if found else ""


def test_the_file_that_was_issued_is_authentic_and_one_byte_less_is_not(signed: Agreement, client: Client) -> None:
    file = papers.issue(signed)
    page = sent(client, file)
    assert verdict_of(page) == "authentic"
    assert signed.number in page
    assert "en vigueur" in page
    assert "2 sur 2" in page
    for at in (20, len(file) // 2, len(file) - 8):
        touched = file[:at] + bytes([file[at] ^ 1]) + file[at + 1 :]
        assert verdict_of(sent(client, touched)) == "changed", at
    assert verdict_of(sent(client, file + b"\n")) == "changed"
    assert verdict_of(sent(client, b"%PDF-1.7 rien")) == "unknown"
    assert verdict_of(sent(client, b"%PDF-1.7 rien", signed.code)) == "changed"


def test_a_code_says_where_the_agreement_stands_and_nothing_more(signed: Agreement, client: Client) -> None:
    said = signed.code.lower().replace("-", " ")
    for page in (sent(client, None, said), client.get(reverse("verify"), {"code": signed.code}).content.decode()):
        assert verdict_of(page) == "known"
        assert signed.number in page
        for secret in ("Carrefour", "Marmite", "Tente", "Camille", "AP66", signed.sha256, signed.loan.lender.name,
                       signed.loan.borrower.name, signed.title):  # fmt: skip
            assert secret not in page
    assert verdict_of(sent(client, None, "AAAA-BBBB-CCCC")) == "unknown"
    draft = draft_of("pret-de-local")
    assert verdict_of(sent(client, None, draft.code)) == "unknown"


def test_the_address_that_the_document_gives_is_read_as_its_code(signed: Agreement, client: Client) -> None:
    address = f"{settings.SITE_URL}/verifier/?code={signed.code}"
    for said in (address, f" {address.lower()} ", f"{address}&x=1#y"):
        assert signed.number in sent(client, None, said)
    assert f'value="{signed.code}"' in sent(client, None, address)
    assert verdict_of(sent(client, None, f"{settings.SITE_URL}/verifier/")) == "unknown"


def test_the_code_of_something_else_beside_a_file_is_told(signed: Agreement, client: Client) -> None:
    file, told = papers.issue(signed), "n’est pas celui de ce fichier"
    assert told in sent(client, file, "AAAA-BBBB-CCCC")
    assert told not in sent(client, file, signed.code)
    assert told not in sent(client, file)


def test_signatures_on_paper_are_told_as_such(to_sign: Agreement, client: Client) -> None:
    file = papers.issue(in_force(to_sign))
    assert "sur papier" not in sent(client, file)
    other = freeze(draft_of("pret-de-local"))
    for party in other.parties:
        when = datetime.datetime(2026, 1, 15, 17, tzinfo=datetime.UTC)
        Signature.objects.create(agreement=other, party=party, how="papier", name="Camille Exemple", at=when,
                                 statement="Je signe.", sha256=other.sha256)  # fmt: skip
    assert "2 signatures sur papier, confirmées le 15 janvier 2026" in sent(client, papers.issue(other))
    assert "2 signatures sur papier" in sent(client, None, other.code)


def test_what_happened_since_is_told(to_sign: Agreement, client: Client) -> None:
    before = papers.issue(to_sign)
    now = in_force(to_sign)
    assert "un document plus récent existe" in sent(client, before)
    assert "un document plus récent existe" not in sent(client, papers.issue(now))
    amendment = draft_of("pret-de-materiel", loan=now.loan, amends=now)
    in_force(freeze(amendment))
    assert "modifiée par un avenant en vigueur" in sent(client, papers.issue(now))
    other = freeze(draft_of("pret-de-local"))
    file = papers.issue(other)
    Agreement.objects.filter(pk=other.pk).update(status="refused")
    assert "refusée" in sent(client, file)


def test_a_journal_that_someone_touched_is_told(signed: Agreement, client: Client) -> None:
    file = papers.issue(signed)
    assert not JournalEntry.objects.broken(signed)
    assert "ne se recoupe pas" not in sent(client, file)
    line = signed.journal.all()[1]
    for change in ({"who": "Quelqu’un d’autre"}, {"n": 40}, {"hash": "0" * 64}):
        before = {name: getattr(line, name) for name in change}
        with pgtrigger.ignore("loans.JournalEntry:journal_never_changed"):
            JournalEntry.objects.filter(pk=line.pk).update(**change)
        assert JournalEntry.objects.broken(signed), change
        assert "ne se recoupe pas" in sent(client, file)
        with pgtrigger.ignore("loans.JournalEntry:journal_never_changed"):
            JournalEntry.objects.filter(pk=line.pk).update(**before)
        assert not JournalEntry.objects.broken(signed)
    with pgtrigger.ignore("loans.JournalEntry:journal_never_deleted"):
        JournalEntry.objects.filter(pk=signed.journal.last().pk).delete()  # the last one: the chain alone hides it
    assert JournalEntry.objects.broken(signed)


def test_a_file_too_large_or_of_another_kind_gets_a_sentence(client: Client) -> None:
    address = reverse("verify")
    large = client.post(address, {"fichier": SimpleUploadedFile("x.pdf", b"%PDF-" + bytes(10 * 1024 * 1024))})
    assert (large.status_code, "dépasse 10" in large.content.decode()) == (422, True)
    huge = client.post(address, {"fichier": SimpleUploadedFile("x.pdf", b"%PDF-" + bytes(16 * 1024 * 1024))})
    assert (huge.status_code, "dépasse 10" in huge.content.decode()) == (422, True)
    other = client.post(address, {"fichier": SimpleUploadedFile("x.docx", b"PK\x03\x04")})
    assert (other.status_code, "pas un PDF" in other.content.decode()) == (422, True)
    nothing = client.post(address, {"code": ""})
    assert (nothing.status_code, "Choisissez un fichier" in nothing.content.decode()) == (422, True)


def test_too_many_questions_are_refused_kindly(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("loans.views.document.VERIFIED", "2/10m")
    got = [client.get(reverse("verify"), {"code": "AAAA-BBBB-CCCC"}).status_code for _n in range(3)]
    assert got == [200, 200, 429]
    assert client.get(reverse("verify")).status_code == 200


# ---- who gets the documents


def test_both_sides_and_nobody_else(to_sign: Agreement, client: Client) -> None:
    draft = draft_of("pret-de-local")
    for agreement, form, status in ((to_sign, "pdf", 200), (to_sign, "docx", 404), (draft, "pdf", 200),
                                    (draft, "docx", 200), (draft, "odt", 200), (draft, "exe", 404)):  # fmt: skip
        address = reverse("agreement_document", args=[agreement.number, form])
        for organisation in (agreement.loan.lender, agreement.loan.borrower):
            client.force_login(member(organisation))
            answer = client.get(address)
            assert answer.status_code == status, (agreement, form)
            if status == 200:
                assert "no-store" in answer["Cache-Control"]
                assert agreement.number in answer["Content-Disposition"]
        client.force_login(member(OrganisationFactory()))
        assert client.get(address).status_code == 404
        client.force_login(UserFactory())
        assert client.get(address).status_code == 404


def test_documents_ask_the_database_the_same_whatever_their_length(client: Client) -> None:
    one, three = freeze(draft_of("pret-de-materiel")), in_force(freeze(draft_of("pret-de-personne-salariee")))
    counts = []
    for agreement in (one, three):
        client.force_login(member(agreement.loan.lender))
        address = reverse("agreement_document", args=[agreement.number, "pdf"])
        client.get(address)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(address).status_code == 200
        asked = [q["sql"] for q in queries if "portal_cache" not in q["sql"] and "SAVEPOINT" not in q["sql"]]
        counts.append(len(asked))
    assert counts == [9, 9], [sql[:90] for sql in asked]
