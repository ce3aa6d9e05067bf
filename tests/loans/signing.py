"""Agreements as the tests of signing need them: frozen, to sign, with who holds a mandate on each side."""

from __future__ import annotations

import datetime
import itertools
import re
import time
from typing import Any

from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.models import Mail, User
from directory.models import Membership, Organisation
from loans import personal, scans, signing
from loans.models import Agreement, AgreementStatus, SigningLink
from tests.factories import ResourceFactory, UserFactory
from tests.loans.lending import accepted, in_days
from toolbox import content
from toolbox.models import Edition

CLAUSES = [
    {"number": 1, "key": "objet", "title": "Objet", "html": "<p>Une tente, rendue propre.</p>"},
    {"number": 2, "key": "duree", "title": "Durée", "html": "<p>Deux jours.</p>"},
]
TEXT = "Prêt de matériel\n1. Objet\nUne tente, rendue propre.\n2. Durée\nDeux jours."
TWO = ["preteur", "emprunteur"]
THREE = [*TWO, "personne"]
BOARD = datetime.date(2026, 5, 3)
_numbers = itertools.count(7001)  # far from those of the sequence


def mandated(organisation: Organisation, **fields: Any) -> User:
    """Someone who signs for an organisation."""
    person = UserFactory(function="direction", **fields)
    Membership.objects.create(user=person, organisation=organisation, is_signatory=True, resolution_on=BOARD)
    return person


def frozen(
    parties: list[str] = TWO, *, days: float = 10, lender: Organisation | None = None, **fields: Any
) -> Agreement:
    """An agreement that both sides froze a day ago, with someone to sign on each."""
    if not Edition.objects.exists():
        content.load_agreements(settings.FIXTURE_DIRS[0])
    loan = accepted(ResourceFactory(**({"organisation": lender} if lender else {})), in_days(3))
    if "personne" in parties:
        type(loan).objects.filter(pk=loan.pk).update(worker="Alix Exemple")
    now = timezone.now()
    agreement = Agreement.objects.create(
        **{
            "loan": loan, "edition": Edition.objects.earliest("id"), "title": "Prêt de matériel",
            "number": f"2026-{next(_numbers):04d}", "parties": parties, "lender_agreed": 1, "borrower_agreed": 1,
            "frozen_at": now - datetime.timedelta(days=1, hours=1), "sign_by": now + datetime.timedelta(days=days),
            "status": AgreementStatus.TO_SIGN, "text": TEXT, "clauses": CLAUSES, "values": {"pret.usage": "Fête"},
            **fields,
        }
    )  # fmt: skip
    mandated(loan.lender)
    mandated(loan.borrower)
    return fresh(agreement)


def fresh(agreement: Agreement) -> Agreement:
    return Agreement.objects.select_related("loan__lender", "loan__borrower", "loan__resource").get(pk=agreement.pk)


def signatory(agreement: Agreement, party: str = "preteur") -> User:
    """Who signs for a party."""
    organisation = agreement.loan.lender if party == "preteur" else agreement.loan.borrower
    return User.objects.filter(memberships__organisation=organisation, memberships__is_signatory=True).order_by("pk")[0]


def sign(agreement: Agreement, party: str = "preteur", *, by: Any = None, **fields: Any) -> Agreement:
    said = {"sha256": agreement.sha256, "proof": "reauthenticated", "function": "direction", **fields}
    return signing.sign(agreement, party=party, by=by or signatory(agreement, party), **said)


def kinds(agreement: Agreement) -> list[str]:
    """What the journal tells, line by line."""
    return list(agreement.journal.values_list("kind", flat=True))


def signed_in(user: User, *, proven: bool = True) -> Client:
    """A browser where someone is signed in, and just said again who she is."""
    client = Client()
    client.force_login(user)
    if proven:
        session = client.session
        session[AUTHENTICATION_METHODS_SESSION_KEY] = [
            {"method": "password", "at": time.time(), "reauthenticated": True}
        ]
        session["account_authentication_methods_user"] = str(user.pk)
        session.save()
    return client


def to_sign_by(lender: Organisation, manager: User) -> dict[str, Any]:
    """For the access tables: one of three to sign, with a paper that awaits and a personal link; one refused; a link
    whose agreement all have signed."""
    agreement, no = frozen(THREE, lender=lender), frozen(lender=lender)
    signing.refuse(no, by=manager, reason="Le prix a changé")
    personal.send(agreement, by=manager, name="Alix Exemple", email="alix@essai.example")
    signers = {party: {"name": f"Signataire {party}"} for party in THREE}
    paper = SimpleUploadedFile("entente.pdf", b"%PDF-1.4\n%%EOF\n")
    scan = scans.send(agreement, by=manager, files=[paper], signers=signers, sha256=agreement.sha256)
    token = mailed("alix@essai.example", r"/signature/([\w-]+)/")
    return {
        "to_sign": agreement.number, "refused": no.number, "scan": scan.uid, "signing_link": token,
        "signed_link": signed_by_all(lender, manager),
    }  # fmt: skip


def signed_by_all(lender: Organisation, manager: User) -> str:
    """The link of a person lent, once all have signed."""
    agreement = frozen(THREE, lender=lender)
    personal.send(agreement, by=manager, name="Camille Exemple", email="camille@essai.example")
    token = mailed("camille@essai.example", r"/signature/([\w-]+)/")
    sign(sign(agreement), "emprunteur")
    personal.sign(SigningLink.objects.get(agreement=agreement), name="Camille Exemple", sha256=agreement.sha256)
    return token


def mailed(to: str, pattern: str) -> str:
    """What the last e-mail to that address says there."""
    mail = Mail.objects.filter(to=to).first()
    assert mail, to
    found = re.search(pattern, f"{mail.subject}\n{mail.text}")
    assert found, mail.text
    return found[1]


def tamper(sql: str, table: str = "loans_journalentry") -> None:
    """As someone with the database in hand would."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(sql)
        cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
