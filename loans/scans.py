"""Paper is equal: what was signed by hand is sent as a PDF or photos, the other side says that it is right, or why not.

Kept as one PDF, under a name that tells nothing; photos keep their pixels only.
"""

from __future__ import annotations

import datetime
import hashlib
import io
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from django.core.files.base import ContentFile
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from directory.permissions import require
from directory.photos import PhotoError, upright
from loans.models import Agreement, AgreementStatus, IssuedDocument, JournalEntry, PaperScan, Signature, SignedHow
from loans.notifications import signing as telling
from loans.notifications.signing import name_of, unsigned
from loans.permissions import PARTY_OF, SIDE_OF, answers_for, organisation_of, other, sides_of, signatories_of
from loans.signing import CannotSign, hold, must_be_open, settle
from mutualisation.kernel.lifecycle import AlreadyMoved
from mutualisation.kernel.search import words_of

MAX_BYTES = 10 * 1024 * 1024
PAGES_AT_MOST = 12
PAGE_SIDE = 2200  # pixels: a letter page stays legible
FOLDER = "ententes"
Signers = Mapping[str, Mapping[str, str]]


class ScanError(Exception):
    """A file that can't be taken in; the message says why and what to do."""


def as_pdf(files: Sequence[Any]) -> bytes:
    """One PDF of what was sent: the PDF itself, or photos, one a page, pixels only. Raises ScanError."""
    if not files:
        raise ScanError(_("Choisissez la numérisation : un PDF, ou une photo de chaque page."))
    for file in files:
        if file.size > MAX_BYTES:
            raise ScanError(too_heavy(str(file.name)[:80]))
    if any(_is_pdf(file) for file in files):
        return _the_pdf(files)
    if len(files) > PAGES_AT_MOST:
        raise ScanError(_("C’est plus de %(n)d photos. Numérisez plutôt le tout en un PDF.") % {"n": PAGES_AT_MOST})
    pages = []
    for file in files:
        try:
            pages.append(upright(file, PAGE_SIDE))
        except PhotoError as error:
            name = str(file.name)[:80]
            said = _("« %s » n’est ni un PDF ni une photo lisible (JPEG, PNG, HEIC) : rien n’est envoyé. Choisissez un "
                     "autre fichier.")  # fmt: skip
            raise ScanError(said % name) from error
    out = io.BytesIO()
    pages[0].save(out, "PDF", save_all=True, append_images=pages[1:], resolution=200, quality=80)
    return out.getvalue()


def too_heavy(name: str) -> str:
    return (
        _("« %s » dépasse 10 Mo : rien n’est envoyé. Numérisez en noir et blanc, ou à 150 points par pouce, et envoyez "
          "de nouveau.") % name
    )  # fmt: skip


def _is_pdf(file: Any) -> bool:
    """By what it holds, whatever its name says."""
    file.seek(0)
    start = file.read(1024)
    file.seek(0)
    return b"%PDF-" in start


def _the_pdf(files: Sequence[Any]) -> bytes:
    if len(files) > 1:
        raise ScanError(_("Envoyez un seul PDF qui a toutes les pages, ou seulement des photos."))
    content: bytes = files[0].read()
    if b"%%EOF" not in content[-2048:]:
        name = str(files[0].name)[:80]
        raise ScanError(_("« %s » est abîmé ou incomplet : rien n’est envoyé. Numérisez de nouveau.") % name)
    return content


def waiting(agreement: Agreement) -> PaperScan | None:
    """The one that awaits the other side's answer."""
    if agreement.status != AgreementStatus.TO_SIGN:
        return None
    return agreement.scans.filter(answered_at__isnull=True).first()


def confirmed(agreement: Agreement) -> PaperScan | None:
    """The one that the other side said is right."""
    return agreement.scans.filter(confirmed=True).first()


def can_send(user: Any, agreement: Agreement) -> bool:
    return agreement.status == AgreementStatus.TO_SIGN and bool(sides_of(user, agreement.loan))


def can_answer(user: Any, scan: PaperScan) -> bool:
    """The other side's signatories and managers; never who sent it."""
    return scan.answered_at is None and scan.sent_by_id != user.pk and other(scan.side) in answers_for(
        user, scan.agreement.loan
    )  # fmt: skip


@transaction.atomic
def send(agreement: Agreement, *, by: Any, files: Sequence[Any], signers: Signers, sha256: str) -> PaperScan:
    """Send what was signed on paper, saying who signed for each party that had not. Raises ScanError, CannotSign."""
    sides = sides_of(by, agreement.loan)
    require(bool(sides))
    content = as_pdf(files)
    agreement = hold(agreement)
    must_be_open(agreement, sha256)
    digest = hashlib.sha256(content).hexdigest()
    _must_be_signed_by_hand(agreement, digest)
    if agreement.scans.filter(answered_at__isnull=True).exists():
        raise CannotSign(
            _("Une numérisation attend déjà la réponse de l’autre organisme : la vôtre n’est pas envoyée.")
        )
    left = unsigned(agreement)
    said = {party: dict(signers[party]) for party in left if signers.get(party, {}).get("name")}
    if set(said) != set(left):
        missing = ", ".join(name_of(agreement, party) for party in left if party not in said)
        raise CannotSign(_("Dites qui a signé pour : %(missing)s.") % {"missing": missing})
    _must_differ(agreement, said)
    lender_first = [side for side in SIDE_OF.values() if side in sides]
    scan = PaperScan(agreement=agreement, sha256=digest, signers=said, side=lender_first[0], sent_by=by)
    scan.file.save(f"{uuid.uuid4().hex}.pdf", ContentFile(content), save=False)
    scan.save()
    JournalEntry.objects.write(
        agreement, "scan_sent", party=PARTY_OF[scan.side], by=by, file=scan.sha256, signers=said,
        reason=" ".join(unlisted(agreement, said)),
    )  # fmt: skip
    telling.scan_sent(scan)
    return scan


def _must_be_signed_by_hand(agreement: Agreement, digest: str) -> None:
    """A file as the portal issued it bears no signature by hand, whichever agreement it is of. Raises ScanError."""
    issued = IssuedDocument.objects.select_related("agreement").filter(sha256=digest).first()
    if issued is None:
        return
    if issued.agreement_id == agreement.pk:
        raise ScanError(
            _("Ce fichier est le PDF du portail, sans signature à la main : rien n’est envoyé. Imprimez-le, signez-le, "
              "puis numérisez toutes ses pages.")
        )  # fmt: skip
    said = _("Ce fichier est l’%(other)s, et non l’%(this)s : rien n’est envoyé. Choisissez la bonne numérisation.")
    raise ScanError(said % {"other": issued.agreement.called, "this": agreement.called})


def unlisted(agreement: Agreement, signers: Signers) -> list[str]:
    """Who is said to have signed for an organisation and isn't among those who may, a sentence each. A query each."""
    found = []
    for party, who in signers.items():
        if party in SIDE_OF:
            organisation = organisation_of(agreement.loan, SIDE_OF[party])
            typed = set(words_of(who["name"]))  # a middle name may be added
            if not any(set(words_of(str(person))) <= typed for person in signatories_of(organisation)):
                said = _("%(who)s n’est pas parmi les signataires autorisés de « %(us)s ».")
                found.append(said % {"who": who["name"], "us": organisation.name})
    return found


def _must_differ(agreement: Agreement, signers: Signers) -> None:
    """Nobody signs for two parties, on paper or not."""
    names = [" ".join(s["name"].casefold().split()) for s in signers.values()]
    names += [" ".join(n.casefold().split()) for n in agreement.signatures.values_list("name", flat=True)]
    if len(set(names)) < len(names):
        raise CannotSign(_("La même personne ne signe pas pour deux parties : vérifiez les noms."))


def _answer(scan: PaperScan, *, by: Any, confirmed: bool, reason: str = "") -> tuple[Agreement, PaperScan]:
    """Write the answer, once. Raises PermissionDenied, CannotSign or AlreadyMoved."""
    agreement = hold(scan.agreement)
    scan = PaperScan.objects.get(pk=scan.pk)
    scan.agreement = agreement
    if scan.answered_at:
        raise AlreadyMoved
    require(can_answer(by, scan))
    must_be_open(agreement, agreement.sha256)
    scan.answered_by, scan.answered_at, scan.confirmed, scan.reason = by, timezone.now(), confirmed, reason
    scan.save(update_fields=["answered_by", "answered_at", "confirmed", "reason"])
    return agreement, scan


@transaction.atomic
def confirm(scan: PaperScan, *, by: Any, checked: bool = False) -> Agreement:
    """It is right: each party that had not signed has, on paper; the agreement is in force.

    ``checked``: who confirms made sure that whoever signed without being known to may really could.
    """
    agreement, scan = _answer(scan, by=by, confirmed=True)
    signed = [party for party in unsigned(agreement) if party in scan.signers]
    _must_differ(agreement, {party: scan.signers[party] for party in signed})
    strangers = unlisted(agreement, {party: scan.signers[party] for party in signed})
    if strangers and not checked:
        raise CannotSign(
            _("Rien n’est confirmé. %(strangers)s Vérifiez que cette personne pouvait signer, et cochez-le.")
            % {"strangers": " ".join(strangers)}
        )
    us = organisation_of(agreement.loan, other(scan.side)).name
    statement = _("Signé sur papier. Numérisation confirmée par « %(us)s ».") % {"us": us}
    JournalEntry.objects.write(
        agreement, "scan_confirmed", party=PARTY_OF[other(scan.side)], by=by, file=scan.sha256,
        reason=" ".join([*strangers, _("Qui confirme l’a vérifié.")]) if strangers else "",
    )  # fmt: skip
    for party in signed:
        who = scan.signers[party]
        Signature.objects.create(
            agreement=agreement, party=party, how=SignedHow.PAPER, name=who["name"][:120],
            function=who.get("function", "")[:160], statement=statement[:400], sha256=agreement.sha256,
        )  # fmt: skip
        JournalEntry.objects.write(
            agreement, "signed", party=party, who=who["name"], function=who.get("function", ""), how=SignedHow.PAPER,
            sha256=agreement.sha256, file=scan.sha256,
        )  # fmt: skip
    return settle(agreement, signed[-1] if signed else agreement.parties[0], by=by)


@transaction.atomic
def contest(scan: PaperScan, *, by: Any, reason: str) -> PaperScan:
    """It is not right, and why: another one can be sent."""
    agreement, scan = _answer(scan, by=by, confirmed=False, reason=reason.strip())
    party = PARTY_OF[other(scan.side)]
    JournalEntry.objects.write(agreement, "scan_refused", party=party, by=by, reason=scan.reason, file=scan.sha256)
    telling.scan_refused(scan)
    return scan


def sweep() -> int:
    """Delete the files that no scan names, once a day old: a sending cut half-way leaves some. Gives how many went."""
    storage = PaperScan._meta.get_field("file").storage
    yesterday = timezone.now() - datetime.timedelta(days=1)
    try:
        paths = [f"{FOLDER}/{name}" for name in storage.listdir(FOLDER)[1]]
    except FileNotFoundError:
        return 0
    named = set(PaperScan.objects.filter(file__in=paths).values_list("file", flat=True))
    lost = [path for path in paths if path not in named and storage.get_modified_time(path) < yesterday]
    for path in lost:
        storage.delete(path)
    return len(lost)
