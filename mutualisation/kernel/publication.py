"""The life of a curated entry: draft → submitted → published → archived, or returned with a note."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Status(models.TextChoices):
    """Where an entry stands with its curators."""

    DRAFT = "draft", _("brouillon")
    SUBMITTED = "submitted", _("soumise")
    RETURNED = "returned", _("à corriger")
    PUBLISHED = "published", _("publiée")
    ARCHIVED = "archived", _("archivée")


class Freshness(models.TextChoices):
    """How long since someone said « toujours exact »: each step is reversible in one click."""

    FRESH = "fresh", _("à jour")
    REMINDED = "reminded", _("à confirmer")
    SECOND = "second", _("seconde relance")
    HIDDEN = "hidden", _("hors des listes")


class Publishable(models.Model):
    """What every curated entry carries: its status and its dates (UTC).

    ``updated_at`` is set by the database (trigger ``touch``), so that bulk updates move it too:
    pages are cached and revalidated by it.
    """

    status = models.CharField(_("état"), max_length=10, choices=Status.choices, default=Status.DRAFT)
    is_demo = models.BooleanField(
        _("démonstration"), default=False, help_text=_("Entrée fictive, affichée comme telle.")
    )
    created_at = models.DateTimeField(_("créée le"), default=timezone.now)
    updated_at = models.DateTimeField(_("modifiée le"), default=timezone.now, editable=False)
    published_at = models.DateTimeField(_("publiée le"), null=True, blank=True)
    verified_at = models.DateTimeField(
        _("vérifiée le"), null=True, blank=True, help_text=_("Dernière fois que l’on a confirmé que tout est exact.")
    )

    returned_note = models.TextField(_("à corriger"), blank=True, help_text=_("Ce que la curation demande."))
    review_since = models.DateTimeField(
        _("à relire depuis"), null=True, blank=True, help_text=_("Publiée ou modifiée sans relecture depuis.")
    )
    freshness = models.CharField(
        _("fraîcheur"), max_length=10, choices=Freshness.choices, default=Freshness.FRESH, editable=False
    )
    freshness_at = models.DateTimeField(_("fraîcheur depuis"), null=True, blank=True, editable=False)

    class Meta:
        abstract = True

    @property
    def is_published(self) -> bool:
        return self.status == Status.PUBLISHED


def published_has_date(name: str) -> models.CheckConstraint:
    """The constraint that a published entry says since when."""
    return models.CheckConstraint(
        name=name,
        condition=~models.Q(status=Status.PUBLISHED) | models.Q(published_at__isnull=False),
        violation_error_message=_("Une entrée publiée doit porter sa date de publication."),
    )
