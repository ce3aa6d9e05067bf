"""An agreement as a document: its text, who signed, what happened, how to verify it; and what was issued, to verify.

A frozen text gives the same bytes for the same state of its journal: what the portal issued is known by its hash.
"""

from __future__ import annotations

import datetime
import hashlib
import html
import io
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import segno
from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from accounts.mail import absolute
from loans.models import Agreement, AgreementStatus, IssuedDocument, JournalEntry, Signature
from mutualisation.kernel.moments import day_in_words, wall
from mutualisation.kernel.paper import Paper, Picture
from mutualisation.kernel.pdf import pdf
from toolbox.composing import Written, blanks_of, compose
from toolbox.models import Party

CODE = re.compile(r"\b([A-Z2-9]{4}-[A-Z2-9]{4}-[A-Z2-9]{4})\b")
_IN_ADDRESS = re.compile(r"[?&]code=([^&#\s]*)")
LONGEST_CODE = 300  # letters of an address that is pasted


@dataclass(frozen=True)
class Clause:
    """A clause of the text, as it is shown."""

    number: int
    key: str
    title: str
    html: SafeString


@dataclass(frozen=True)
class Place:
    """A party: its name, and its signature or nothing yet."""

    party: str
    who: str
    name: str
    is_person: bool
    signature: Signature | None


@dataclass(frozen=True)
class Line:
    """One line of the journal, in words; its hash in two halves."""

    n: int
    at: str
    what: str
    who: str
    hash: tuple[str, str]


@dataclass(frozen=True)
class Told:
    """An agreement as its page and its document tell it."""

    agreement: Agreement
    clauses: list[Clause]
    places: list[Place]

    @property
    def unsigned(self) -> int:
        return sum(place.signature is None for place in self.places)


def told(agreement: Agreement, written: Iterable[Written] | None = None) -> Told:
    """The text of an agreement and its parties: as it was frozen, else as it would be now (or as ``written``)."""
    clauses = list(_clauses(agreement, written))
    return Told(agreement, clauses, places_of(agreement, clauses))


def _clauses(agreement: Agreement, written: Iterable[Written] | None) -> Iterable[Clause]:
    if agreement.is_frozen:
        for row in agreement.kept:
            yield Clause(row["number"], row["key"], row["title"], row["html"])
        return
    if written is None:
        values = {**agreement.values, "entente.date": timezone.localdate().isoformat()}
        clauses = list(agreement.edition.clauses.all())
        written = compose(clauses, blanks_of(agreement.edition, clauses), values, agreement.chosen)
    for one in written:
        yield Clause(one.number, one.key, one.title, one.html)


def places_of(agreement: Agreement, clauses: Iterable[Clause] = ()) -> list[Place]:
    """Each party in the order of the text, named and called as the text (its ``clauses``) does."""
    roles = _roles(agreement, clauses)
    signed = {s.party: s for s in agreement.signatures.all()}
    names = {
        Party.LENDER: agreement.values.get("preteur.nom") or agreement.loan.lender.name,
        Party.BORROWER: agreement.values.get("emprunteur.nom") or agreement.loan.borrower.name,
        Party.PERSON: agreement.values.get("personne.nom") or "",
    }
    called = {p: str(capfirst(roles.get(p) or Party(p).label)) for p in agreement.parties}
    return [
        Place(p, called[p], str(names.get(Party(p), "")), p == Party.PERSON, signed.get(p)) for p in agreement.parties
    ]


# Where a text says what it calls a party: « …, ci-après « l’organisme hôte » ».
_CALLED = re.compile(r"ci-après\s+\u00ab\s*([^\u00ab\u00bb<]{2,60}?)\s*\u00bb")


def _roles(agreement: Agreement, clauses: Iterable[Clause]) -> dict[str, str]:
    """What the first clause calls each party, in their order; nothing when it does not call each of them something."""
    first = next(iter(clauses), None)
    called = _CALLED.findall(html.unescape(first.html)) if first else []
    return dict(zip(agreement.parties, called, strict=True)) if len(called) == len(agreement.parties) else {}


# ---- the document


def paper(agreement: Agreement, written: Iterable[Written] | None = None) -> Paper:
    """The document of an agreement: a draft says that it is one; a frozen text comes with its proof."""
    one = told(agreement, written)
    journal = list(agreement.journal.all()) if agreement.is_frozen else []
    state, watermark = _state(agreement, one)
    address = absolute(f"{reverse('verify')}?code={agreement.code}")
    context = {
        "told": one, "agreement": agreement, "state": state, "on_paper": True,
        "journal": [_line(entry, one.places) for entry in journal],
        "hash": (agreement.sha256[:32], agreement.sha256[32:]),
        "verify": address, "verify_page": absolute(reverse("verify")),
    }  # fmt: skip
    last = max([agreement.frozen_at, *(entry.at for entry in journal)]) if agreement.frozen_at else timezone.now()
    return Paper(
        title=agreement.title,
        html=render_to_string("loans/agreement/_paper.html", context),
        date=timezone.localtime(last).date(),
        author=settings.PORTAL_NAME,
        keywords=[agreement.number, agreement.code] if agreement.is_frozen else [agreement.number],
        header=agreement.number,
        footer=f"{settings.PORTAL_NAME} · {agreement.number}" + (f" · {agreement.code}" if agreement.is_frozen else ""),
        watermark=watermark,
        pictures={"code": Picture(_square(address), _("Code carré qui mène à la page de vérification"))},
    )


def _state(agreement: Agreement, one: Told) -> tuple[str, str]:
    """Where it stands in a sentence, and what is written across its pages."""
    match agreement.status:
        case AgreementStatus.DRAFT:
            return _("Projet, non signé. Ce texte peut encore changer; il n’engage personne."), _("PROJET")
        case AgreementStatus.TO_SIGN:
            done = len(one.places) - one.unsigned
            said = _("Texte figé, à signer : %(n)d signature sur %(all)d.") if done < 2 else _(
                "Texte figé, à signer : %(n)d signatures sur %(all)d.")  # fmt: skip
            return said % {"n": done, "all": len(one.places)}, ""
        case AgreementStatus.IN_FORCE:
            assert agreement.in_force_at
            day = day_in_words(timezone.localtime(agreement.in_force_at), "j F Y")
            return _("En vigueur depuis le %(day)s : toutes les parties ont signé.") % {"day": day}, ""
        case AgreementStatus.ENDED:
            return _("Résiliée avec le prêt : elle ne vaut plus pour la suite. Toutes les parties l’avaient signée."), (
                _("RÉSILIÉE"))  # fmt: skip
    return _("Sans effet : entente %(state)s.") % {"state": agreement.get_status_display()}, _("SANS EFFET")


def _line(entry: JournalEntry, places: Iterable[Place]) -> Line:
    who = next((place.who for place in places if place.party == entry.party), "")
    if entry.who:
        who = ", ".join(filter(None, [entry.who, f"{who[:1].lower()}{who[1:]}"]))
    return Line(entry.n, instant(entry.at), entry.what, who, (entry.hash[:32], entry.hash[32:]))


def instant(at: datetime.datetime) -> str:
    """« 2026-11-21 13:04:05 », as the wall clock says it, and how far it is from UTC."""
    return f"{wall(at):%Y-%m-%d %H:%M:%S} {timezone.localtime(at):%z}"


def _square(text: str) -> str:
    out = io.BytesIO()
    segno.make(text, error="m", micro=False).save(out, kind="svg", xmldecl=False, border=0, scale=4)
    return out.getvalue().decode()


def issue(agreement: Agreement) -> bytes:
    """The PDF of an agreement. Of a frozen text, what is given is remembered: it can be verified."""
    content = pdf(paper(agreement))
    if agreement.is_frozen:
        IssuedDocument.objects.get_or_create(
            sha256=hashlib.sha256(content).hexdigest(),
            defaults={
                "agreement": agreement, "state": agreement.status, "size": len(content),
                "entries": len(agreement.journal.all()),
            },
        )  # fmt: skip
    return content


# ---- verifying


@dataclass(frozen=True)
class Verdict:
    """What may be said to anyone of a file or a code: nothing of what the agreement says, nor of who signs it.

    ``answer``: authentic (a file that the portal issued), known (a code, no file), changed (a file that carries a code
    of the portal and isn't one that it issued), unknown.
    """

    answer: str
    agreement: Agreement | None = None
    document: IssuedDocument | None = None
    whole: bool = True
    signatures: int = 0
    on_paper: tuple[datetime.datetime, ...] = ()  # when each of those made by hand was confirmed
    other_code: bool = False  # what was typed beside the file is the code of something else
    replaced: bool = False
    newer: bool = False

    @property
    def confirmed_at(self) -> datetime.datetime | None:
        return max(self.on_paper, default=None)

    @property
    def state_then(self) -> str:
        """In which state the agreement was when the file was issued."""
        return str(AgreementStatus(self.document.state).label) if self.document else ""


def verify(content: bytes | None, code: str = "") -> Verdict:
    """What the portal can say of a file, of a code, or of both."""
    known = Agreement.objects.filter(frozen_at__isnull=False)
    if content is None:
        found = known.filter(code=read_code(code)).first()
        return _verdict("known", found) if found else Verdict("unknown")
    digest = hashlib.sha256(content).hexdigest()
    document = IssuedDocument.objects.select_related("agreement").filter(sha256=digest).first()
    if document:
        other = bool(code) and read_code(code) != document.agreement.code
        return replace(_verdict("authentic", document.agreement, document), other_code=other)
    codes = {read_code(code)} | {found.decode() for found in re.findall(CODE.pattern.encode(), content)}
    found = known.filter(code__in=codes - {""}).order_by("pk").first()
    return Verdict("changed", found) if found else Verdict("unknown")


def _verdict(answer: str, agreement: Agreement, document: IssuedDocument | None = None) -> Verdict:
    signatures = list(agreement.signatures.all())
    return Verdict(
        answer, agreement, document,
        whole=not JournalEntry.objects.broken(agreement),
        signatures=len(signatures),
        on_paper=tuple(signature.at for signature in signatures if signature.on_paper),
        replaced=agreement.amendments.filter(status=AgreementStatus.IN_FORCE).exists(),
        newer=document is not None and document.state != agreement.status,
    )  # fmt: skip


def read_code(text: str) -> str:
    """A code as people type it (small letters, spaces, no hyphens), or the address that the document gives of it."""
    address = _IN_ADDRESS.search(text)
    letters: Any = re.sub(r"[^A-Z0-9]", "", (address[1] if address else text).upper())[:12]
    return "-".join((letters[:4], letters[4:8], letters[8:])) if len(letters) == 12 else ""
