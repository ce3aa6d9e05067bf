"""Model agreements (ententes-types) and their editions: what is published never changes, a new edition replaces it."""

from __future__ import annotations

from typing import Any, ClassVar, Self

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from directory.models.history import tracked, tracked_to_its_end
from mutualisation.kernel.triggers import touch


class Party(models.TextChoices):
    LENDER = "preteur", _("le prêteur")
    BORROWER = "emprunteur", _("l’emprunteur")
    PERSON = "personne", _("la personne prêtée")
    PARTNER = "partenaire", _("chaque partenaire")


class ModelAgreementQuerySet(models.QuerySet["ModelAgreement"]):
    def get_by_natural_key(self, slug: str) -> ModelAgreement:
        return self.get(slug=slug)

    def in_force(self) -> Self:
        """Those that may be used: not withdrawn, with a published edition."""
        published = Edition.objects.filter(model=models.OuterRef("pk"), published_at__isnull=False)
        return self.filter(models.Exists(published), withdrawn_at__isnull=True)


@tracked
class ModelAgreement(models.Model):
    """One model, of which editions follow one another. A withdrawn one can be read, no longer used.

    ``owner`` is the network that made it for itself, from the edition ``copied_from``; nobody for those of the portal.
    Title, summary and warning are those of its edition in force, of its draft as long as there is none: the database
    copies them here, and refuses anything else (triggers ``touch_model`` and ``says_what_its_edition_says``).
    """

    slug = models.SlugField(_("adresse"), max_length=80, unique=True)
    title = models.CharField(_("titre"), max_length=140)
    kind = models.CharField(_("sorte de partage"), max_length=12)
    parties = ArrayField(models.CharField(max_length=12, choices=Party.choices), verbose_name=_("parties"))
    summary = models.TextField(_("quand s’en servir"), max_length=600)
    warning = models.CharField(_("mise en garde"), max_length=200, blank=True)
    position = models.PositiveSmallIntegerField(_("rang"), default=0)
    withdrawn_at = models.DateTimeField(_("retiré le"), null=True, blank=True)
    withdrawn_reason = models.CharField(_("pourquoi il est retiré"), max_length=400, blank=True, default="")
    owner = models.ForeignKey(
        "directory.Organisation",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="model_agreements",
        verbose_name=_("réseau qui le tient"),
    )
    copied_from = models.ForeignKey(
        "toolbox.Edition",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="copies",
        verbose_name=_("repris de l’édition"),
    )
    updated_at = models.DateTimeField(_("modifié le"), default=timezone.now, editable=False)

    objects = ModelAgreementQuerySet.as_manager()

    class Meta:
        verbose_name = _("entente-type")
        verbose_name_plural = _("ententes-types")
        ordering = ("position", "id")
        constraints: ClassVar = [
            models.CheckConstraint(
                name="model_withdrawn_for_a_reason",
                condition=Q(withdrawn_at__isnull=False) | Q(withdrawn_reason=""),
                violation_error_message=_("Seul un modèle retiré dit pourquoi il l’est."),
            )
        ]
        triggers: ClassVar = [
            touch(),
            pgtrigger.Trigger(
                name="says_what_its_edition_says",
                when=pgtrigger.Before,
                operation=pgtrigger.UpdateOf("title", "summary", "warning"),
                declare=[("said", "record")],
                func="""
                    -- the edition in force; the one in preparation as long as none is
                    SELECT e.title, e.summary, e.warning INTO said FROM toolbox_edition e
                     WHERE e.model_id = NEW.id ORDER BY e.published_at IS NULL, e.number DESC LIMIT 1;
                    IF FOUND AND (NEW.title, NEW.summary, NEW.warning)
                        IS DISTINCT FROM (said.title, said.summary, said.warning) THEN
                        RAISE EXCEPTION 'pgtrigger: a model says what its edition says';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("model_agreement", args=[self.slug])

    def natural_key(self) -> tuple[str]:
        return (self.slug,)

    @property
    def current(self) -> Edition | None:
        """The published edition that is in force."""
        return self.editions.filter(published_at__isnull=False).order_by("-number").first()

    @property
    def draft(self) -> Edition | None:
        """The edition in preparation."""
        return self.editions.filter(published_at__isnull=True).first()


@tracked_to_its_end
class Edition(models.Model):
    """One edition: what it says of itself, its declared variables, its clauses in order. Published, it never changes.

    ``variables`` is a list of {name, label, type, help, required, choices, asked_of, sample}, and of what they may say
    besides {usual, check, least, most, after}. Without a title, it says of itself what its model says.
    """

    model = models.ForeignKey(ModelAgreement, models.PROTECT, related_name="editions", verbose_name=_("entente-type"))
    number = models.PositiveSmallIntegerField(_("édition"))
    title = models.CharField(_("titre"), max_length=140, default="")
    summary = models.TextField(_("quand s’en servir"), max_length=600, default="")
    warning = models.CharField(_("mise en garde"), max_length=200, blank=True, default="")
    changes = models.TextField(_("ce qui change et pourquoi"), blank=True)
    variables = models.JSONField(_("variables déclarées"), default=list, blank=True, encoder=DjangoJSONEncoder)
    published_at = models.DateTimeField(_("publiée le"), null=True, blank=True)

    class Meta:
        verbose_name = _("édition")
        verbose_name_plural = _("éditions")
        ordering = ("model_id", "-number")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["model", "number"], name="edition_number_unique"),
            models.UniqueConstraint(
                fields=["model"],
                condition=Q(published_at__isnull=True),
                name="edition_one_draft",
                violation_error_message=_("Une édition est déjà en préparation."),
            ),
            models.CheckConstraint(
                name="edition_has_a_title",
                condition=~Q(title=""),
                violation_error_message=_("Une édition a un titre."),
            ),
        ]
        triggers: ClassVar = [
            pgtrigger.Protect(
                name="published_never_changes",
                operation=pgtrigger.Update | pgtrigger.Delete,
                condition=pgtrigger.Q(old__published_at__isnull=False),
            ),
            pgtrigger.Trigger(
                name="touch_model",
                when=pgtrigger.After,
                operation=pgtrigger.Insert | pgtrigger.Update,
                func="""
                    UPDATE toolbox_modelagreement m SET title = s.title, summary = s.summary, warning = s.warning
                      FROM (SELECT e.title, e.summary, e.warning FROM toolbox_edition e
                             WHERE e.model_id = NEW.model_id ORDER BY e.published_at IS NULL, e.number DESC LIMIT 1) s
                     WHERE m.id = NEW.model_id;
                    RETURN NULL;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title}, édition {self.number}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self._state.adding and not self.title:
            self.title, self.summary, self.warning = self.model.title, self.model.summary, self.model.warning
        super().save(*args, **kwargs)


def always() -> str:
    """When a clause is present, unless said otherwise."""
    return "always"


@tracked_to_its_end
class Clause(models.Model):
    """One clause: Markdown with ``[[variable]]`` alone, never logic.

    ``when`` is "always", "optional" or {"field", "comparison", "value"}.
    """

    edition = models.ForeignKey(Edition, models.CASCADE, related_name="clauses")
    position = models.PositiveSmallIntegerField(_("rang"))
    key = models.SlugField(_("clé"), max_length=60)
    title = models.CharField(_("titre"), max_length=140)
    body = models.TextField(_("texte"))
    guidance = models.TextField(_("note pour qui remplit"), blank=True)
    when: Any = models.JSONField(_("présente"), default=always)

    class Meta:
        verbose_name = _("clause")
        verbose_name_plural = _("clauses")
        ordering = ("edition_id", "position", "id")
        constraints: ClassVar = [models.UniqueConstraint(fields=["edition", "key"], name="clause_key_unique")]
        triggers: ClassVar = [
            pgtrigger.Trigger(
                name="of_published_never_changes",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
                func="""
                    IF EXISTS (SELECT FROM toolbox_edition e WHERE e.published_at IS NOT NULL AND e.id IN (
                        CASE WHEN TG_OP <> 'DELETE' THEN NEW.edition_id END,
                        CASE WHEN TG_OP <> 'INSERT' THEN OLD.edition_id END)) THEN
                        RAISE EXCEPTION 'pgtrigger: a published edition never changes';
                    END IF;
                    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
                """,
            )
        ]

    def __str__(self) -> str:
        return self.title
