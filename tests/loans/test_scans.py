"""On paper: what comes in, what is refused and why; the other side confirms, or says what is wrong."""

from __future__ import annotations

import datetime
import hashlib
import io
import os
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.urls import reverse
from PIL import Image

from accounts.models import Mail, User
from directory.models import Membership
from loans import gate, papers, scans
from loans.models import Agreement, AgreementRule, AgreementStatus, IssuedDocument, JournalEntry, PaperScan, Side
from loans.scans import MAX_BYTES, ScanError
from loans.signing import CannotSign
from mutualisation.kernel.lifecycle import AlreadyMoved
from tests.factories import MembershipFactory
from tests.loans.signing import BOARD, THREE, fresh, frozen, kinds, mandated, sign, signatory, signed_in

pytestmark = pytest.mark.django_db
PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"
SIGNERS = {
    "preteur": {"name": "Camille Exemple", "function": "direction"},
    "emprunteur": {"name": "Dominique Essai", "function": "présidence"},
}


def upload(content: bytes = PDF, name: str = "entente.pdf") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, content_type="application/octet-stream")


def photo(kind: str = "JPEG", size: tuple[int, int] = (300, 400)) -> bytes:
    """A photo that says where it was taken."""
    image = Image.new("RGB", size, "white")
    exif = image.getexif()
    exif[0x010E] = "Chez Untel, 12 rue Secrète"
    out = io.BytesIO()
    image.save(out, kind, exif=exif)
    return out.getvalue()


@pytest.fixture
def agreement() -> Agreement:
    """Whose mandated people are those who sign here."""
    agreement = frozen()
    for party, who in SIGNERS.items():
        User.objects.filter(pk=signatory(agreement, party).pk).update(name=who["name"])
    return agreement


def send(agreement: Agreement, *, by: Any = None, **fields: Any) -> PaperScan:
    given = {"files": [upload()], "signers": SIGNERS, "sha256": agreement.sha256, **fields}
    return scans.send(agreement, by=by or signatory(agreement), **given)


def test_sent_then_confirmed_it_is_in_force(agreement: Agreement) -> None:
    scan = send(agreement)
    assert "signée sur papier" in Mail.objects.get(to=signatory(agreement, "emprunteur").email).subject
    scans.confirm(scan, by=signatory(agreement, "emprunteur"))
    agreement = fresh(agreement)
    assert agreement.status == AgreementStatus.IN_FORCE
    found = {s.party: (s.how, s.name, s.function) for s in agreement.signatures.all()}
    assert found == {p: ("papier", s["name"], s["function"]) for p, s in SIGNERS.items()}
    told = set(Mail.objects.filter(event=f"in-force:{agreement.pk}").values_list("to", flat=True))
    assert told == {signatory(agreement).email}  # not who confirmed
    assert kinds(agreement) == ["scan_sent", "scan_confirmed", "signed", "signed", "in_force"]
    assert JournalEntry.objects.broken(agreement) == []


def test_paper_completes_what_was_signed_here(agreement: Agreement) -> None:
    sign(agreement, "emprunteur")
    scan = send(agreement, signers={"preteur": SIGNERS["preteur"]})
    scans.confirm(scan, by=signatory(agreement, "emprunteur"))
    assert set(agreement.signatures.values_list("party", "how")) == {
        ("emprunteur", "electronique"), ("preteur", "papier"),
    }  # fmt: skip


def test_the_person_lent_signs_on_paper_too() -> None:
    agreement = frozen(THREE)
    with pytest.raises(CannotSign, match="Alix Exemple"):
        send(agreement)
    scan = send(agreement, signers={**SIGNERS, "personne": {"name": "Alix Exemple"}})
    assert scans.confirm(scan, by=signatory(agreement, "emprunteur"), checked=True).status == (AgreementStatus.IN_FORCE)


def test_what_is_wrong_is_said_and_another_one_sent(agreement: Agreement) -> None:
    scan = send(agreement)
    with pytest.raises(CannotSign, match="attend déjà"):
        send(agreement)
    scans.contest(scan, by=signatory(agreement, "emprunteur"), reason="La page 2 manque")
    assert fresh(agreement).status == AgreementStatus.TO_SIGN
    assert "La page 2 manque" in Mail.objects.get(event=f"scan-no-{scan.pk}:{agreement.pk}").text
    send(agreement)
    assert kinds(agreement) == ["scan_sent", "scan_refused", "scan_sent"]


def test_only_the_other_side_answers_and_once(agreement: Agreement) -> None:
    scan = send(agreement)
    for by in (signatory(agreement), mandated(agreement.loan.lender), MembershipFactory().user):
        with pytest.raises(PermissionDenied):
            scans.confirm(scan, by=by)
    simple = MembershipFactory(organisation=agreement.loan.borrower).user
    with pytest.raises(PermissionDenied):
        scans.confirm(scan, by=simple)
    manager = MembershipFactory(organisation=agreement.loan.borrower, role="gestionnaire").user
    scans.confirm(scan, by=manager)
    with pytest.raises(AlreadyMoved):
        scans.contest(scan, by=manager, reason="Trop tard")


def test_who_acts_for_both_does_not_confirm_what_she_sent(agreement: Agreement) -> None:
    by = signatory(agreement)
    Membership.objects.create(user=by, organisation=agreement.loan.borrower, is_signatory=True, resolution_on=BOARD)
    with pytest.raises(PermissionDenied):
        scans.confirm(send(agreement), by=by)


def test_who_signed_without_a_known_mandate_is_said_to_both_and_checked(agreement: Agreement) -> None:
    lender, borrower = signed_in(signatory(agreement)), signed_in(signatory(agreement, "emprunteur"))
    form = lender.get(page(agreement)).content.decode()
    assert "Signataires autorisés\u00a0: Dominique Essai." in form
    assert '<option value="Dominique Essai">' in form
    asked = typed(agreement, emprunteur_name="Autre Inventé")
    first = lender.post(page(agreement), asked)
    stranger = (
        f"Autre Inventé n’est pas parmi les signataires autorisés de «\u00a0{agreement.loan.borrower.name}\u00a0»."
    )
    assert (first.status_code, agreement.scans.exists()) == (422, False)
    assert stranger in unescape(first.content.decode())
    assert lender.post(page(agreement), {**asked, "numerisation": upload(), "aware": "on"}).status_code == 302
    assert stranger in unescape(borrower.get(page(agreement)).content.decode())
    confirming = {"geste": "confirmer", "numerisation": str(agreement.scans.get().uid)}
    assert borrower.post(page(agreement), confirming).status_code == 409
    assert fresh(agreement).status == AgreementStatus.TO_SIGN
    assert borrower.post(page(agreement), {**confirming, "verifie": "on"}).status_code == 302
    assert fresh(agreement).status == AgreementStatus.IN_FORCE
    reasons = [entry.data["reason"] for entry in agreement.journal.filter(kind__startswith="scan_")]
    assert reasons == [stranger, f"{stranger} Qui confirme l’a vérifié."]


def test_the_same_name_does_not_sign_twice(agreement: Agreement) -> None:
    with pytest.raises(CannotSign, match="deux parties"):
        send(agreement, signers={**SIGNERS, "emprunteur": {"name": "camille  EXEMPLE", "function": "présidence"}})


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "HEIF"])
def test_photos_become_one_pdf_that_carries_nothing(agreement: Agreement, kind: str) -> None:
    scan = send(agreement, files=[upload(photo(kind), "a.jpg"), upload(photo(kind), "b.jpg")])
    with scan.file.open("rb") as file:
        content = file.read()
    assert content.startswith(b"%PDF-")
    assert content.count(b"/Type /Page\n") == 2
    assert b"Secr" not in content
    assert "a.jpg" not in str(scan.file)
    assert str(scan.file).startswith("ententes/")


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ([], "Choisissez la numérisation"),
        ([upload(b"<script>alert(1)</script>", "entente.pdf")], "ni un PDF ni une photo"),
        ([upload(b"MZ\x90\x00", "entente.jpg")], "ni un PDF ni une photo"),
        ([upload(PDF[:-6] + b" " * 4000)], "abîmé"),
        ([upload(photo()[:200], "a.jpg")], "ni un PDF ni une photo"),
        ([upload(), upload()], "un seul PDF"),
        ([upload(photo(), "a.jpg")] * 13, "plus de 12"),
        ([upload(PDF + b" " * MAX_BYTES, "long.pdf")], "10 Mo"),
        ([upload(b"", "vide.pdf")], "ni un PDF ni une photo"),
    ],
)
def test_what_is_not_a_scan_is_refused_in_a_sentence(agreement: Agreement, files: list[Any], sentence: str) -> None:
    with pytest.raises(ScanError, match=sentence), transaction.atomic():
        send(agreement, files=files)
    assert not agreement.scans.exists()


# ---- pages


def page(agreement: Agreement) -> str:
    return reverse("agreement_paper", args=[agreement.number])


def typed(agreement: Agreement, **fields: Any) -> dict[str, Any]:
    names = {f"{party}_{what}": words for party, who in SIGNERS.items() for what, words in who.items()}
    return {"sha256": agreement.sha256, "numerisation": upload(), **names, **fields}


def test_a_journey_on_paper(agreement: Agreement) -> None:
    lender, borrower = signed_in(signatory(agreement)), signed_in(signatory(agreement, "emprunteur"))
    assert lender.post(page(agreement), typed(agreement)).status_code == 302
    html = borrower.get(page(agreement)).content.decode()
    assert "Camille Exemple, direction" in html
    assert "Confirmer l’entente" in borrower.get(reverse("my_space")).content.decode()
    uid = str(agreement.scans.get().uid)
    file = borrower.get(reverse("agreement_scan", args=[agreement.number, uid]))
    assert file.content == PDF
    assert file["Content-Disposition"].startswith("attachment")
    assert file["Cache-Control"] == "private, no-store"
    assert borrower.post(page(agreement), {"geste": "contester", "numerisation": uid, "reason": " "}).status_code == 422
    assert borrower.post(page(agreement), {"geste": "confirmer", "numerisation": uid}).status_code == 302
    assert fresh(agreement).status == AgreementStatus.IN_FORCE
    assert lender.post(page(agreement), typed(agreement)).status_code == 302  # nothing more to sign: said, no fault
    stranger = signed_in(MembershipFactory().user)
    assert stranger.get(reverse("agreement_scan", args=[agreement.number, uid])).status_code == 404


def test_the_pages_ask_for_one_thing_while_a_paper_awaits(agreement: Agreement) -> None:
    lender, borrower = signed_in(signatory(agreement)), signed_in(signatory(agreement, "emprunteur"))
    places = [reverse("agreement_sign", args=[agreement.number]), agreement.get_absolute_url()]
    for place in places:
        assert "Signer sur papier" in borrower.get(place).content.decode()
    lender.post(page(agreement), typed(agreement))
    for place in places:
        theirs, ours = borrower.get(place).content.decode(), lender.get(place).content.decode()
        assert "Vérifier et confirmer" in theirs
        assert "Voir la numérisation" in ours
        for html in (theirs, ours):
            assert "Signer sur papier" not in html
            assert "Lire et signer" not in html
            assert "À signer par vous" not in html
            assert "Ce qui vous attend" not in html or place == places[1]
    assert "imprimez le texte" not in borrower.get(page(agreement)).content.decode()
    assert "Comparez la numérisation" in borrower.get(page(agreement)).content.decode()
    scans.contest(agreement.scans.get(), by=signatory(agreement, "emprunteur"), reason="La page 2 manque")
    assert "À signer par vous" in borrower.get(places[0]).content.decode()


def test_thirty_megabytes_are_refused_and_what_was_typed_stays(agreement: Agreement) -> None:
    answer = signed_in(signatory(agreement)).post(
        page(agreement), typed(agreement, numerisation=upload(PDF + b" " * (30 * 1024 * 1024), "trente.pdf"))
    )
    html = answer.content.decode()
    assert answer.status_code == 422
    assert "«\u00a0trente.pdf\u00a0» dépasse 10 Mo" in html
    assert 'value="Camille Exemple"' in html
    assert not agreement.scans.exists()


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"preteur_name": ""}, 422), ({"numerisation": upload(b"rien", "x.exe")}, 422), ({"sha256": "0" * 64}, 409),
        ({"geste": "confirmer", "numerisation": "abime"}, 404),
        ({"geste": "confirmer", "numerisation": "7ad5bfeb-0000-4000-8000-000000000000"}, 404),
    ],
)  # fmt: skip
def test_bad_input(agreement: Agreement, fields: dict[str, Any], status: int) -> None:
    answer = signed_in(signatory(agreement)).post(page(agreement), typed(agreement, **fields))
    assert answer.status_code == status
    assert not agreement.scans.exists()


def test_what_a_cut_sending_left_is_swept_after_a_day(agreement: Agreement) -> None:
    kept = send(agreement)
    folder = Path(settings.MEDIA_ROOT) / "ententes"
    lost, recent = folder / "perdue.pdf", folder / "recente.pdf"
    for path in (lost, recent):
        path.write_bytes(PDF)
    two_days = (datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=2)).timestamp()
    os.utime(lost, (two_days, two_days))
    os.utime(kept.file.path, (two_days, two_days))
    scans.sweep()
    assert [p.exists() for p in (lost, recent, Path(kept.file.path))] == [False, True, True]
    recent.unlink()


def test_where_it_stands_says_who_must_confirm_the_paper(agreement: Agreement) -> None:
    send(agreement)
    agreement = Agreement.objects.get(pk=agreement.pk)
    rows = gate.of_loan(agreement.loan)
    theirs, ours = gate.standing(rows[0], Side.BORROWER), gate.standing(rows[0], Side.LENDER)
    assert (theirs.mine, ours.mine) == (True, False)
    assert "dites si elle est exacte" in theirs.expected
    AgreementRule.objects.update_or_create(resource=agreement.loan.resource, defaults={"demand": "always"})
    said = gate.missing(agreement.loan)
    assert [sentence for sentence in said if "signée sur papier, n’est pas confirmée" in sentence] == said != []


def test_a_pdf_of_the_portal_is_no_scan(agreement: Agreement) -> None:
    other = frozen()
    for one, expected in ((agreement, "sans signature à la main"), (other, f"l’entente {other.number}, et non")):
        file = upload(PDF + one.number.encode() + b"%%EOF")
        digest = hashlib.sha256(file.read()).hexdigest()
        file.seek(0)
        IssuedDocument.objects.create(agreement=one, sha256=digest, state=one.status, size=9)
        with pytest.raises(ScanError, match=expected):
            send(agreement, files=[file])
    assert not agreement.scans.exists()


def test_the_day_on_the_paper_is_not_that_of_the_confirmation(agreement: Agreement) -> None:
    sign(agreement, "emprunteur")
    scan = send(agreement, signers={"preteur": SIGNERS["preteur"]})
    scans.confirm(scan, by=signatory(agreement, "emprunteur"))
    client = signed_in(signatory(agreement))
    page = unescape(client.get(reverse("agreement_sign", args=[agreement.number])).content.decode())
    assert page.count("Signé sur papier; confirmé le ") == 1
    document = papers.paper(fresh(agreement)).html
    assert document.count("Confirmé le") == document.count("Signé le") == 1
    assert [e.what for e in agreement.journal.filter(kind="signed")] == ["Signature", "Signature sur papier, confirmée"]
