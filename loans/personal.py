"""The personal link of someone who signs without an account: the person lent. Sent to the address her employer gives.

Kept as a digest; it signs until the delay ends, it is revoked or replaced, or it has served. Whoever opens it
reads the text; only a code sent to the same address signs. Once all have signed, the same link gives the signed PDF.
"""

from __future__ import annotations

import datetime
import hashlib
import secrets
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext as _

from accounts.models import Mail
from directory.permissions import require
from loans.models import Agreement, AgreementStatus, JournalEntry, Side, Signature, SignedHow, SigningLink
from loans.models.signature import LINK_KEPT
from loans.notifications import signing as telling
from loans.permissions import sides_of
from loans.signing import CannotSign, hold, must_be_open, must_be_unsigned, refuse_for, settle, statement
from toolbox.models import Party

CODES_AN_HOUR, TRIES = 5, 5
SESSION_KEY = "signing_code"
SIGNED = (AgreementStatus.IN_FORCE, AgreementStatus.ENDED)  # by all


class LinkUnusable(Exception):  # noqa: N818 - it is an answer, not a fault
    """The link signs nothing: its text says why. ``status`` is what the page answers."""

    def __init__(self, sentence: str, *, status: int = 410) -> None:
        super().__init__(sentence)
        self.status = status


def digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def can_send(user: Any, agreement: Agreement) -> bool:
    """Her employer, until she has signed."""
    if agreement.status != AgreementStatus.TO_SIGN or Party.PERSON not in agreement.parties:
        return False
    if agreement.signatures.filter(party=Party.PERSON).exists():
        return False
    return Side.LENDER in sides_of(user, agreement.loan)


def live_link(agreement: Agreement) -> SigningLink | None:
    """The link that serves now."""
    return agreement.links.filter(party=Party.PERSON, used_at__isnull=True, revoked_at__isnull=True).first()


@transaction.atomic
def send(agreement: Agreement, *, by: Any, name: str, email: str) -> SigningLink:
    """Send her link; the one before no longer serves. Raises PermissionDenied or CannotSign."""
    require(Side.LENDER in sides_of(by, agreement.loan) and Party.PERSON in agreement.parties)
    agreement = hold(agreement)
    must_be_open(agreement, agreement.sha256)
    must_be_unsigned(agreement, Party.PERSON)
    email = email.strip().lower()
    if email == by.email.lower():
        raise CannotSign(
            _("C’est votre adresse : rien n’est envoyé. Donnez celle de la personne, qui signe en son propre nom.")
        )
    if agreement.signatures.filter(by__email__iexact=email).exists():
        raise CannotSign(
            _("La personne de cette adresse a déjà signé pour un organisme : la même ne signe pas deux fois.")
        )
    return _fresh(agreement, by=by, name=name, email=email)


def _fresh(agreement: Agreement, *, by: Any, name: str, email: str) -> SigningLink:
    before = agreement.links.filter(party=Party.PERSON, used_at__isnull=True, revoked_at__isnull=True)
    again = bool(before.update(revoked_at=timezone.now()))
    token = secrets.token_urlsafe(32)
    link = SigningLink.objects.create(
        agreement=agreement, party=Party.PERSON, name=name.strip()[:120], email=email, token_hash=digest(token),
        sent_by=by,
    )  # fmt: skip
    JournalEntry.objects.write(agreement, "link_sent", party=Party.LENDER, by=by, to=link.name, again=again)
    telling.personal_link(link, token, again=again)
    return link


def send_again(agreement: Agreement) -> bool:
    """The portal reminds her: a new link, since the one she has is not known any more. False without one."""
    link = live_link(agreement)
    if link is None:
        return False
    _fresh(agreement, by=None, name=link.name, email=link.email)
    return True


@transaction.atomic
def revoke(agreement: Agreement, *, by: Any) -> None:
    """The link sent no longer serves."""
    require(Side.LENDER in sides_of(by, agreement.loan))
    agreement = hold(agreement)
    if agreement.links.filter(used_at__isnull=True, revoked_at__isnull=True).update(revoked_at=timezone.now()):
        JournalEntry.objects.write(agreement, "link_revoked", party=Party.LENDER, by=by)


def read(token: str) -> SigningLink:
    """The link of this token, while it serves. Raises LinkUnusable."""
    return _usable(_found(Q(token_hash=digest(token))))


def kept(token: str) -> SigningLink:
    """The link of this token once all have signed: its agreement is hers to download, and no more. Raises LinkUnusable.

    The token is the one that she was sent to sign, or the one of the e-mail that says that all have signed.
    """
    number = SigningLink.of_copy(token)
    link = _found(Q(pk=number) if number else Q(token_hash=digest(token)))
    if link.agreement.status in SIGNED and not link.revoked_at:
        return link
    if link.agreement.status != AgreementStatus.TO_SIGN:
        _usable(link)  # says why
    raise LinkUnusable(
        _("Toutes les parties n’ont pas encore signé : votre exemplaire signé s’ouvrira ici ensuite."), status=409
    )


def _found(which: Q) -> SigningLink:
    rows = SigningLink.objects.select_related(
        "agreement__loan__lender", "agreement__loan__borrower", "agreement__loan__resource", "agreement__edition__model"
    )
    link = rows.filter(which).first()
    if link is None:
        raise LinkUnusable(
            _("Ce lien est incomplet ou n’existe pas. Copiez-le en entier depuis le courriel."), status=404
        )
    return link


def _usable(link: SigningLink) -> SigningLink:
    agreement = link.agreement
    if link.used_at:
        said = _("Ce lien a déjà servi : l’entente a été signée le %(when)s. Le texte signé a été envoyé par courriel.")
        if agreement.status == AgreementStatus.TO_SIGN:
            said += _(" Quand toutes les parties auront signé, votre exemplaire complet s’ouvrira ici.")
        raise LinkUnusable(said % {"when": telling.day(link.used_at)})
    if link.revoked_at:
        raise LinkUnusable(
            _("Ce lien ne sert plus : un autre l’a remplacé, ou il a été retiré. Ouvrez le plus récent.")
        )
    if agreement.status == AgreementStatus.TO_SIGN and (not agreement.sign_by or agreement.sign_by > timezone.now()):
        return link
    raise LinkUnusable(
        _("Cette entente n’attend plus de signature : elle a été refusée, annulée, ou le délai est passé. Écrivez à "
          "votre employeur.")
    )  # fmt: skip


@transaction.atomic
def sign(link: SigningLink, *, name: str, sha256: str) -> Agreement:
    """She signs, her code just checked. Raises LinkUnusable, CannotSign or TextChanged."""
    agreement = hold(link.agreement)
    link = SigningLink.objects.select_for_update().get(pk=link.pk)
    link.agreement = agreement
    _usable(link)
    must_be_open(agreement, sha256)
    must_be_unsigned(agreement, link.party)
    if agreement.signatures.filter(by__email__iexact=link.email).exists():
        raise CannotSign(
            _("La personne de cette adresse a déjà signé pour un organisme : la même ne signe pas deux fois.")
        )
    SigningLink.objects.filter(pk=link.pk).update(used_at=timezone.now())
    Signature.objects.create(
        agreement=agreement, party=link.party, how=SignedHow.ELECTRONIC, name=name,
        statement=statement(agreement, link.party), sha256=agreement.sha256,
    )  # fmt: skip
    JournalEntry.objects.write(
        agreement, "signed", party=link.party, who=name, sha256=agreement.sha256, proof="code", how=SignedHow.ELECTRONIC
    )
    agreement = settle(agreement, link.party)
    if agreement.status == AgreementStatus.TO_SIGN:  # else she has just been sent the text in force
        telling.person_signed(link)
    return agreement


@transaction.atomic
def refuse(link: SigningLink, *, reason: str) -> Agreement:
    """She says no, and why."""
    agreement = hold(link.agreement)
    link = SigningLink.objects.select_for_update().get(pk=link.pk)
    link.agreement = agreement
    _usable(link)
    return refuse_for(agreement, party=link.party, by=None, who=link.name, reason=reason)


def purge(now: datetime.datetime | None = None) -> int:
    """Addresses of people lent are not kept: links of agreements that await nobody, or that serve no more, 90 days."""
    old = SigningLink.objects.filter(sent_at__lt=(now or timezone.now()) - LINK_KEPT)
    return old.exclude(agreement__status=AgreementStatus.TO_SIGN).delete()[0]


# ---- the code that proves who signs


def send_code(session: Any, agreement: Agreement, email: str) -> bool:
    """Send a code to this address, good in this session only. False when too many were asked."""
    since = timezone.now() - datetime.timedelta(hours=1)
    sent = Mail.objects.filter(to=email, created_at__gte=since, event__startswith="signing-code-")
    if sent.count() >= CODES_AN_HOUR:
        return False
    number = f"{secrets.randbelow(1_000_000):06d}"
    stamp = secrets.token_hex(6)
    session[SESSION_KEY] = {
        "for": f"{agreement.pk}:{email}", "code": _sealed(number, stamp), "stamp": stamp, "tries": 0,
        "until": (timezone.now() + _lasts()).timestamp(),
    }  # fmt: skip
    telling.code(
        agreement=agreement, email=email, code=number, minutes=int(_lasts().total_seconds() // 60), stamp=stamp
    )
    return True


def _lasts() -> datetime.timedelta:
    return datetime.timedelta(seconds=settings.ACCOUNT_REAUTHENTICATION_TIMEOUT)


def _sealed(number: str, stamp: str) -> str:
    return salted_hmac("loans.signing.code", f"{stamp}:{number}").hexdigest()


def awaits_code(session: Any, agreement: Agreement, email: str) -> bool:
    """Whether a code was sent to this address from this session, and still serves."""
    said = session.get(SESSION_KEY) or {}
    return said.get("for") == f"{agreement.pk}:{email}" and said["until"] > timezone.now().timestamp()


def check_code(session: Any, agreement: Agreement, email: str, typed: str) -> bool:
    """Whether this is the code; it serves once, and five wrong ones end it."""
    if not awaits_code(session, agreement, email):
        return False
    said = session[SESSION_KEY]
    number = "".join(c for c in typed if c.isdecimal())
    right = constant_time_compare(_sealed(number, said["stamp"]), said["code"])
    said["tries"] += 1
    if right or said["tries"] >= TRIES:
        del session[SESSION_KEY]
    session.modified = True
    return right
