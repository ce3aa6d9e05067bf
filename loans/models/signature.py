"""What makes an agreement hold: signatures, the scan of paper ones, and the journal whose entries are chained.

All of it only grows. Each journal entry carries the hash of the one before: what is taken out or changed shows.
"""

from __future__ import annotations

import datetime
import uuid
from typing import Any, ClassVar

import pgtrigger
from django.conf import settings
from django.core import signing
from django.db import connection, models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from loans.models.agreement import Agreement
from loans.models.loan import Side
from toolbox.models import Party


class SignedHow(models.TextChoices):
    ELECTRONIC = "electronique", _("signature électronique")
    PAPER = "papier", _("signature sur papier")


class Signature(models.Model):
    """One party's signature of a frozen text: ``sha256`` is the text's, ``name`` and ``function`` are as they were."""

    agreement = models.ForeignKey(Agreement, models.PROTECT, related_name="signatures")
    party = models.CharField(_("partie"), max_length=12, choices=Party.choices)
    how = models.CharField(_("façon"), max_length=12, choices=SignedHow.choices)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    name = models.CharField(_("nom"), max_length=120)
    function = models.CharField(_("fonction"), max_length=160, blank=True)
    mandate_on = models.DateField(_("résolution du"), null=True, blank=True)
    statement = models.CharField(_("ce qui a été dit"), max_length=400)
    sha256 = models.CharField(_("empreinte du texte signé"), max_length=64)
    at = models.DateTimeField(_("le"), default=timezone.now)

    class Meta:
        verbose_name = _("signature")
        verbose_name_plural = _("signatures")
        ordering = ("agreement_id", "at", "id")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["agreement", "party"],
                name="signature_one_a_party",
                violation_error_message=_("Cette partie a déjà signé."),
            )
        ]
        triggers: ClassVar = [
            pgtrigger.Protect(name="signature_never_deleted", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="signature_never_changed", operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange(exclude=["by"]),
            ),
            pgtrigger.Trigger(
                name="signature_of_what_is_to_sign",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func="""
                    IF NOT EXISTS (SELECT FROM loans_agreement a WHERE a.id = NEW.agreement_id AND a.status = 'to_sign'
                        AND a.sha256 = NEW.sha256 AND NEW.party = ANY (a.parties)) THEN
                        RAISE EXCEPTION 'pgtrigger: a signature is of the text that is to sign, by one of its parties';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.agreement_id} {self.party}"

    @property
    def on_paper(self) -> bool:
        """Signed by hand, on a day that the paper says: ``at`` is when its scan was confirmed."""
        return self.how == SignedHow.PAPER


class PaperScan(models.Model):
    """The scan of a text signed on paper, sent by one side, which the other says is right or not."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    agreement = models.ForeignKey(Agreement, models.PROTECT, related_name="scans")
    file = models.FileField(_("numérisation"), upload_to="ententes/")
    sha256 = models.CharField(_("empreinte du fichier"), max_length=64)
    signers = models.JSONField(_("qui a signé"), default=dict, help_text="{party: {name, function}}")
    side = models.CharField(_("envoyée par le"), max_length=10, choices=Side.choices)
    sent_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    sent_at = models.DateTimeField(_("envoyée le"), default=timezone.now)
    answered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    answered_at = models.DateTimeField(_("répondu le"), null=True, blank=True)
    confirmed = models.BooleanField(_("confirmée"), null=True, blank=True)
    reason = models.TextField(_("raison"), blank=True, max_length=1000)

    class Meta:
        verbose_name = _("numérisation d’une entente")
        verbose_name_plural = _("numérisations d’ententes")
        ordering = ("agreement_id", "sent_at", "id")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["agreement"],
                condition=Q(answered_at__isnull=True),
                name="scan_one_waiting",
                violation_error_message=_("Une numérisation attend déjà la réponse de l’autre partie."),
            ),
        ]
        triggers: ClassVar = [pgtrigger.Protect(name="scan_never_deleted", operation=pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.agreement_id}"


# The numbers of the lines that no longer hold: changed, out of their place, or after one that is gone. And the number
# that would follow the last one, when something that the journal tells of has no line any more.
_BROKEN = """
    WITH lines AS (
        SELECT n, previous, hash, lag(n, 1, 0) OVER chain AS n_before, lag(hash, 1, '') OVER chain AS hash_before,
            encode(sha256(convert_to(concat_ws(E'\\n', previous, agreement_id, n,
                to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), kind, party, who, data::text), 'UTF8')),
                'hex') AS computed
        FROM loans_journalentry WHERE agreement_id = %(agreement)s WINDOW chain AS (ORDER BY n)
    )
    SELECT n FROM lines WHERE n <> n_before + 1 OR previous <> hash_before OR hash <> computed
    UNION
    SELECT COALESCE((SELECT max(n) FROM lines), 0) + 1 WHERE EXISTS (
        SELECT FROM loans_signature s WHERE s.agreement_id = %(agreement)s AND NOT EXISTS (
            SELECT FROM loans_journalentry j
            WHERE j.agreement_id = s.agreement_id AND j.kind = 'signed' AND j.party = s.party)
    ) OR EXISTS (
        SELECT FROM loans_agreement a WHERE a.id = %(agreement)s
        AND a.status IN ('in_force', 'refused', 'expired', 'ended')
        AND NOT EXISTS (SELECT FROM loans_journalentry j WHERE j.agreement_id = a.id AND j.kind = a.status)
    ) OR (SELECT count(*) FROM lines) < (
        SELECT max(entries) FROM loans_issueddocument WHERE agreement_id = %(agreement)s
    ) OR EXISTS (
        SELECT FROM loans_agreement a WHERE a.id = %(agreement)s AND a.frozen_at IS NOT NULL
        AND a.sha256 <> encode(sha256(convert_to(a.text, 'UTF8')), 'hex')
    )
    ORDER BY 1
"""


# What each kind of line says, on pages and on paper.
HAPPENED = {
    "drawn_up": _("Entente préparée, avec ce que le portail sait"),
    "answered": _("Réponses données"),
    "changed": _("Changement proposé"),
    "refreshed": _("Le prêt a changé : texte mis à jour"),
    "renewed": _("Reprise dans une nouvelle entente"),
    "agreed": _("Texte accepté"),
    "frozen": _("Texte figé : les deux parties en acceptent la même version"),
    "link_sent": _("Lien personnel envoyé"),
    "link_revoked": _("Lien personnel retiré"),
    "signed": _("Signature"),
    "scan_sent": _("Numérisation de l’entente signée sur papier envoyée"),
    "scan_confirmed": _("Numérisation confirmée"),
    "scan_refused": _("Numérisation refusée"),
    "refused": _("Refus de signer"),
    "expired": _("Délai passé sans toutes les signatures"),
    "cancelled": _("Entente annulée"),
    "in_force": _("Entente en vigueur : toutes les parties ont signé"),
    "ended": _("Entente résiliée : le prêt est annulé"),
}

OF_AMENDMENTS = {
    "drawn_up": _("Avenant préparé, d’après ce qui est convenu du prêt"),
    "frozen": _("Texte de l’avenant figé : à signer"),
    "in_force": _("Avenant en vigueur : toutes les parties ont signé"),
}


class JournalManager(models.Manager["JournalEntry"]):
    """Writes lines, and says whether those that are there are those that were written."""

    def write(
        self, agreement: Agreement, kind: str, *, party: str = "", by: Any = None, who: str = "", **data: Any
    ) -> JournalEntry:
        """Add one line; ``who`` is the name of ``by`` unless said."""
        return self.create(
            agreement=agreement, kind=kind, party=party, who=(who or (str(by) if by else ""))[:200], by=by, data=data
        )

    def broken(self, agreement: Agreement) -> list[int]:
        """The numbers of the lines that someone touched; empty when the journal is whole. One query.

        The number after the last says that lines are gone (of a signature, of the state, of a document issued since),
        or that the text is no longer the one that was frozen.
        """
        with connection.cursor() as cursor:
            cursor.execute(_BROKEN, {"agreement": agreement.pk})
            return [n for (n,) in cursor.fetchall()]


class JournalEntry(models.Model):
    """One line of an agreement's journal: ``n`` counts from 1; the database computes ``hash`` over the one before.

    ``who`` is what was known of the person then; ``by`` may be taken off when an account closes.
    """

    agreement = models.ForeignKey(Agreement, models.PROTECT, related_name="journal")
    n = models.PositiveIntegerField(editable=False, default=0)
    at = models.DateTimeField(_("le"), default=timezone.now)
    kind = models.CharField(_("ce qui s’est passé"), max_length=24)
    party = models.CharField(_("partie"), max_length=12, choices=Party.choices, blank=True)
    who = models.CharField(_("qui"), max_length=200, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    data = models.JSONField(_("détails"), default=dict, blank=True)
    previous = models.CharField(max_length=64, blank=True, editable=False)
    hash = models.CharField(max_length=64, blank=True, editable=False)

    objects = JournalManager()

    class Meta:
        verbose_name = _("ligne du journal d’une entente")
        verbose_name_plural = _("journal des ententes")
        ordering = ("agreement_id", "n")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["agreement", "n"], name="journal_entry_unique"),
        ]
        triggers: ClassVar = [
            pgtrigger.Protect(name="journal_never_deleted", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="journal_never_changed", operation=pgtrigger.Update, condition=pgtrigger.AnyChange(exclude=["by"])
            ),
            pgtrigger.Trigger(
                name="journal_chained",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                declare=[("last", "loans_journalentry%ROWTYPE")],
                func="""
                    PERFORM FROM loans_agreement WHERE id = NEW.agreement_id FOR NO KEY UPDATE;
                    SELECT * INTO last FROM loans_journalentry
                        WHERE agreement_id = NEW.agreement_id ORDER BY n DESC LIMIT 1;
                    NEW.n := COALESCE(last.n, 0) + 1;
                    NEW.previous := COALESCE(last.hash, '');
                    NEW.hash := encode(sha256(convert_to(concat_ws(E'\\n', NEW.previous, NEW.agreement_id, NEW.n,
                        to_char(NEW.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), NEW.kind, NEW.party, NEW.who,
                        NEW.data::text), 'UTF8')), 'hex');
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.agreement_id} {self.n} {self.kind}"

    @property
    def what(self) -> str:
        """What happened, in words."""
        if self.kind == "signed" and self.data.get("how") == SignedHow.PAPER:
            return str(_("Signature sur papier, confirmée"))
        if self.data.get("amends") and self.kind in OF_AMENDMENTS:
            return str(OF_AMENDMENTS[self.kind])
        return str(HAPPENED.get(self.kind, self.kind.replace("_", " ").capitalize()))


COPY = "loans.signing.copy"
LINK_KEPT = datetime.timedelta(days=90)  # and her address with it


class SigningLink(models.Model):
    """The personal link by which someone without an account (a person lent) reads and signs; kept as a hash."""

    agreement = models.ForeignKey(Agreement, models.PROTECT, related_name="links")
    party = models.CharField(_("partie"), max_length=12, choices=Party.choices)
    name = models.CharField(_("nom"), max_length=120)
    email = models.EmailField(_("courriel"))
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    sent_at = models.DateTimeField(_("envoyé le"), default=timezone.now)
    sent_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    used_at = models.DateTimeField(_("utilisé le"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("retiré le"), null=True, blank=True)

    class Meta:
        verbose_name = _("lien de signature")
        verbose_name_plural = _("liens de signature")
        ordering = ("agreement_id", "id")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["agreement", "party"],
                condition=Q(used_at__isnull=True, revoked_at__isnull=True),
                name="signing_link_one_a_party",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.agreement_id} {self.party}"

    @property
    def copy_token(self) -> str:
        """What leads to her copy once all have signed, for an e-mail that no longer knows the link; signs nothing."""
        return signing.Signer(salt=COPY).sign(str(self.pk))

    @classmethod
    def of_copy(cls, token: str) -> str:
        """The number of the link that such a token is of; empty for any other."""
        try:
            return signing.Signer(salt=COPY).unsign(token)
        except signing.BadSignature:
            return ""

    @property
    def kept_until(self) -> datetime.datetime:
        """Until when her copy can be downloaded."""
        return self.sent_at + LINK_KEPT


class IssuedDocument(models.Model):
    """A PDF that the portal issued of an agreement: what the verification page compares with."""

    agreement = models.ForeignKey(Agreement, models.PROTECT, related_name="documents")
    sha256 = models.CharField(_("empreinte du fichier"), max_length=64, unique=True)
    state = models.CharField(_("état du texte alors"), max_length=10)
    entries = models.PositiveIntegerField(_("lignes du journal alors"), default=0)
    size = models.PositiveIntegerField(_("octets"))
    made_at = models.DateTimeField(_("fait le"), default=timezone.now)

    class Meta:
        verbose_name = _("document remis")
        verbose_name_plural = _("documents remis")
        ordering = ("agreement_id", "made_at", "id")
        triggers: ClassVar = [
            pgtrigger.Protect(name="document_never_changed", operation=pgtrigger.Update | pgtrigger.Delete)
        ]

    def __str__(self) -> str:
        return f"{self.agreement_id} {self.sha256[:8]}"
