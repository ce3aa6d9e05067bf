"""The agreement (entente) of a loan: filled in, negotiated, frozen, signed. A frozen text never changes (triggers).

Every writing of a draft is a version; each side agrees to one. Both on the same: the text freezes. Signatures, the
journal and the versions only grow. An amendment (avenant) is an agreement that ``amends`` another.
"""

from __future__ import annotations

import datetime
import secrets
from typing import Any, ClassVar, Self

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import connection, models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from loans.models.loan import Loan, Side
from mutualisation.kernel import markdown
from mutualisation.kernel.triggers import touch
from toolbox.models import Edition, Party


class AgreementStatus(models.TextChoices):
    """Where an agreement stands."""

    DRAFT = "draft", _("à compléter")
    TO_SIGN = "to_sign", _("à signer")
    IN_FORCE = "in_force", _("en vigueur")
    REFUSED = "refused", _("refusée")
    EXPIRED = "expired", _("échue sans toutes les signatures")
    CANCELLED = "cancelled", _("annulée")
    ENDED = "ended", _("résiliée")


# The same of an amendment (avenant), where French says it otherwise.
OF_AMENDMENT = {
    AgreementStatus.REFUSED: _("refusé"),
    AgreementStatus.EXPIRED: _("échu sans toutes les signatures"),
    AgreementStatus.CANCELLED: _("annulé"),
    AgreementStatus.ENDED: _("résilié"),
}
AGREEMENT_MOVES: dict[str, tuple[str, ...]] = {
    AgreementStatus.DRAFT: ("to_sign", "cancelled"),
    AgreementStatus.TO_SIGN: ("in_force", "refused", "expired", "cancelled"),
    AgreementStatus.IN_FORCE: ("ended",),
    AgreementStatus.REFUSED: (),
    AgreementStatus.EXPIRED: (),
    AgreementStatus.CANCELLED: (),
    AgreementStatus.ENDED: (),
}
LIVE = (AgreementStatus.DRAFT, AgreementStatus.TO_SIGN, AgreementStatus.IN_FORCE)
# Letters and digits that nobody mistakes for one another, on paper or by telephone.
_ALPHABET = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"

# What no longer changes once the text is frozen, in SQL.
_KEPT = (
    "loan_id", "edition_id", "amends_id", "number", "code", "title", "parties", "version", "values", "chosen",
    "lender_agreed", "borrower_agreed", "frozen_at", "clauses", "text", "sha256", "created_at",
)  # fmt: skip
_FROZEN = "OLD.frozen_at IS NOT NULL AND ({}) IS DISTINCT FROM ({})".format(
    ", ".join(f'OLD."{name}"' for name in _KEPT),
    ", ".join(f'NEW."{name}"' for name in _KEPT),
)


def new_code() -> str:
    """What is typed to verify a document: « K7QM-2XWD-9RTB », 59 bits of chance."""
    return "-".join("".join(secrets.choice(_ALPHABET) for _n in range(4)) for _g in range(3))


class AgreementQuerySet(models.QuerySet["Agreement"]):
    """Sets of agreements."""

    def visible_to(self, user: Any) -> Self:
        """Those of the loans one sees: both sides, administrators."""
        return self.filter(loan__in=Loan.objects.visible_to(user))

    def live(self) -> Self:
        return self.filter(status__in=LIVE)

    def of(self, *organisations: Any) -> Self:
        return self.filter(Q(loan__lender__in=organisations) | Q(loan__borrower__in=organisations))

    def next_number(self) -> str:
        """The next one of the year: « 2026-0042 ». Two at once get two, and none is lost when one gives up."""
        year = timezone.localdate().year
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext('agreement.number'))")
            cursor.execute(
                "SELECT COALESCE(max(substring(number FROM 6)::int), 0) + 1 FROM loans_agreement WHERE number ~ %s",
                [f"^{year}-[0-9]+$"],
            )
            (n,) = cursor.fetchone()
        return f"{year}-{n:04d}"

    def for_list(self) -> Self:
        """With what says where each stands: its loan, its model's clauses, its signatures. Three queries."""
        sides = [f"loan__{side}__{name}" for side in ("lender", "borrower") for name in ("search", "description")]
        place = [f"loan__resource__{name}" for name in ("search", "description")]
        return (
            self.select_related("loan__resource", "loan__lender", "loan__borrower", "edition__model")
            .defer("text", "clauses", *sides, *place)
            .prefetch_related("edition__clauses", "signatures")
        )


class Agreement(models.Model):
    """One text between the parties of a loan.

    ``values`` are as ``toolbox.composing`` reads them; ``chosen`` the optional clauses that are in. Frozen: ``clauses``
    is a list of {number, key, title, html}, ``text`` the whole without marks, whose ``sha256`` the database computes.
    """

    loan = models.ForeignKey(Loan, models.PROTECT, related_name="agreements", verbose_name=_("prêt"))
    edition = models.ForeignKey(Edition, models.PROTECT, related_name="agreements", verbose_name=_("édition"))
    amends = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="amendments", verbose_name=_("modifie")
    )
    number = models.CharField(_("numéro"), max_length=24, unique=True, editable=False)
    code = models.CharField(_("code de vérification"), max_length=14, unique=True, default=new_code, editable=False)
    title = models.CharField(_("titre"), max_length=200)
    parties = ArrayField(models.CharField(max_length=12, choices=Party.choices), verbose_name=_("parties"))
    status = models.CharField(_("état"), max_length=10, choices=AgreementStatus.choices, default=AgreementStatus.DRAFT)
    version = models.PositiveIntegerField(default=1, editable=False)
    values = models.JSONField(_("réponses"), default=dict)
    chosen = ArrayField(models.SlugField(max_length=60), verbose_name=_("clauses retenues"), default=list, blank=True)
    lender_agreed = models.PositiveIntegerField(_("version acceptée par le prêteur"), null=True, blank=True)
    borrower_agreed = models.PositiveIntegerField(_("version acceptée par l’emprunteur"), null=True, blank=True)
    lacking = ArrayField(
        models.CharField(max_length=10, choices=Side.choices), verbose_name=_("à qui il manque une réponse"), null=True,
        blank=True, editable=False, help_text=_("Tel que la version le dit; inconnu de celles écrites avant."),
    )  # fmt: skip
    frozen_at = models.DateTimeField(_("texte figé le"), null=True, blank=True)
    clauses = models.JSONField(_("clauses figées"), default=list, blank=True)
    text = models.TextField(_("texte figé"), blank=True)
    sha256 = models.CharField(_("empreinte SHA-256"), max_length=64, blank=True, editable=False)
    sign_by = models.DateTimeField(_("à signer avant"), null=True, blank=True)
    reminded_at = models.DateTimeField(_("relancée le"), null=True, blank=True)
    in_force_at = models.DateTimeField(_("en vigueur le"), null=True, blank=True)
    ended_note = models.TextField(_("raison"), blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = AgreementQuerySet.as_manager()

    class Meta:
        verbose_name = _("entente")
        verbose_name_plural = _("ententes")
        ordering = ("-created_at", "-id")
        indexes: ClassVar = [
            models.Index(fields=["sign_by"], condition=Q(status="to_sign"), name="agreement_to_sign"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["loan"],
                condition=Q(amends__isnull=True, status__in=["draft", "to_sign", "in_force"]),
                name="agreement_one_live_a_loan",
                violation_error_message=_("Ce prêt a déjà une entente en cours."),
            ),
            models.UniqueConstraint(
                fields=["amends"],
                condition=Q(status__in=["draft", "to_sign"]),
                name="agreement_one_open_amendment",
                violation_error_message=_("Un avenant attend déjà des signatures."),
            ),
            models.CheckConstraint(
                name="agreement_frozen_by_both",
                # NULL meets a check: said aloud
                condition=Q(frozen_at__isnull=True)
                | Q(
                    lender_agreed__isnull=False,
                    borrower_agreed__isnull=False,
                    lender_agreed=F("version"),
                    borrower_agreed=F("version"),
                ),
                violation_error_message=_("Le texte se fige quand les deux parties en acceptent la même version."),
            ),
            models.CheckConstraint(
                name="agreement_signed_is_frozen",
                condition=~Q(status__in=["to_sign", "in_force", "refused", "expired", "ended"])
                | (Q(frozen_at__isnull=False) & ~Q(text="")),
                violation_error_message=_("On ne signe qu’un texte figé."),
            ),
            models.CheckConstraint(
                name="agreement_status_known",
                condition=Q(status__in=AgreementStatus.values),
                violation_error_message=_("Cet état n’existe pas."),
            ),
        ]
        triggers: ClassVar = [
            pgtrigger.FSM(
                name="agreement_moves",
                field="status",
                transitions=[(source, target) for source, targets in AGREEMENT_MOVES.items() for target in targets],
            ),
            pgtrigger.Protect(name="agreement_never_deleted", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="frozen_never_changes",
                operation=pgtrigger.Update,
condition=pgtrigger.Condition(_FROZEN),
            ),
            pgtrigger.Trigger(
                name="hash_when_frozen",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update,
                condition=pgtrigger.Q(new__frozen_at__isnull=False),
                func="NEW.sha256 := encode(sha256(convert_to(NEW.text, 'UTF8')), 'hex'); RETURN NEW;",
            ),
            pgtrigger.Trigger(
                name="in_force_when_all_signed",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update,
                condition=pgtrigger.Q(new__status="in_force"),
                func="""
                    IF EXISTS (SELECT FROM unnest(NEW.parties) AS p(party) WHERE NOT EXISTS (
                        SELECT FROM loans_signature s WHERE s.agreement_id = NEW.id AND s.party = p.party)) THEN
                        RAISE EXCEPTION 'pgtrigger: an agreement is in force once every party has signed';
                    END IF;
                    RETURN NEW;
                """,
            ),
            touch(),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.number

    def get_absolute_url(self) -> str:
        return reverse("agreement", args=[self.number])

    @property
    def called(self) -> str:
        """« entente 2026-0042 », « avenant 2026-0042-A1 »."""
        said = _("avenant %(number)s") if self.amends_id else _("entente %(number)s")
        return str(said) % {"number": self.number}

    @property
    def state(self) -> str:
        """Where it stands: « refusée », « refusé » of an amendment."""
        own = OF_AMENDMENT.get(AgreementStatus(self.status)) if self.amends_id else None
        return str(own or self.get_status_display())

    @property
    def reading(self) -> str:
        """The gesture of who has no other: « Lire l’entente »."""
        return str(_("Lire l’avenant") if self.amends_id else _("Lire l’entente"))

    @property
    def drawn_on(self) -> datetime.date:
        """The day it was drawn up, here."""
        return timezone.localtime(self.created_at).date()

    @property
    def is_frozen(self) -> bool:
        return self.frozen_at is not None

    @property
    def kept(self) -> list[dict[str, Any]]:
        """The clauses as they were frozen, ready to be drawn: their HTML is cleaned anew."""
        return [{**clause, "html": markdown.clean(clause["html"])} for clause in self.clauses]


class AgreementVersion(models.Model):
    """One writing of a draft: who changed what, and why. Append-only."""

    agreement = models.ForeignKey(Agreement, models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField(_("version"))
    side = models.CharField(_("par le"), max_length=10, choices=Side.choices, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    at = models.DateTimeField(_("le"), default=timezone.now)
    values = models.JSONField(_("réponses"), default=dict)
    chosen = ArrayField(models.SlugField(max_length=60), verbose_name=_("clauses retenues"), default=list, blank=True)
    note = models.TextField(_("note"), blank=True, max_length=2000)

    class Meta:
        verbose_name = _("version d’une entente")
        verbose_name_plural = _("versions d’une entente")
        ordering = ("agreement_id", "number")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["agreement", "number"], name="agreement_version_unique")
        ]
        triggers: ClassVar = [
            pgtrigger.Protect(name="version_never_deleted", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="version_never_changed", operation=pgtrigger.Update, condition=pgtrigger.AnyChange(exclude=["by"])
            ),
        ]

    def __str__(self) -> str:
        return f"{self.agreement_id} v{self.number}"
