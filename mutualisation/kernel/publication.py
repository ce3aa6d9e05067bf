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
