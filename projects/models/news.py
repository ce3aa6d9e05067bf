"""What a project tells as it goes: its journal, its documents, and who follows it."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from directory.models.history import tracked_to_its_end
from directory.models.photo import Picture
from projects.models.project import Project


@tracked_to_its_end
class News(models.Model):
    """One news of the journal. The text is Markdown."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="news", verbose_name=_("projet"))
    title = models.CharField(_("titre"), max_length=140)
    body = models.TextField(_("la nouvelle"), max_length=6000)
    published_at = models.DateTimeField(_("publiée le"), default=timezone.now)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        verbose_name = _("nouvelle")
        verbose_name_plural = _("nouvelles")
        ordering = ("project_id", "-published_at", "-id")
        indexes: ClassVar = [models.Index(fields=["project", "-published_at"], name="news_newest")]

    def __str__(self) -> str:
        return self.title


class NewsPhoto(Picture):
    """A photo of a news."""

    FOLDER: ClassVar = "projets"

    news = models.ForeignKey(News, models.CASCADE, related_name="photos", verbose_name=_("nouvelle"))

    class Meta:
        verbose_name = _("photo d’une nouvelle")
        verbose_name_plural = _("photos des nouvelles")
        ordering = ("news_id", "id")


def document_path(instance: Document, filename: str) -> str:
    """A name that tells nothing."""
    return f"documents-projets/{instance.uid}.{instance.kind}"


class Document(models.Model):
    """A file kept with a project: its kind is what its content says, not what its name says."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    project = models.ForeignKey(Project, models.CASCADE, related_name="documents", verbose_name=_("projet"))
    title = models.CharField(_("titre"), max_length=160)
    file = models.FileField(upload_to=document_path, max_length=200)
    kind = models.CharField(_("format"), max_length=5)
    size = models.PositiveIntegerField(_("taille"))
    added_at = models.DateTimeField(_("ajouté le"), default=timezone.now)
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        verbose_name = _("document")
        verbose_name_plural = _("documents")
        ordering = ("project_id", "-added_at", "-id")

    def __str__(self) -> str:
        return self.title


class Follower(models.Model):
    """Someone who asked to be told of the news of a project."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="followers", verbose_name=_("projet"))
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name=_("personne"))
    since = models.DateTimeField(_("depuis le"), default=timezone.now)

    class Meta:
        verbose_name = _("abonnement")
        verbose_name_plural = _("abonnements")
        ordering = ("project_id", "id")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["project", "user"],
                name="follower_once",
                violation_error_message=_("Vous suivez déjà ce projet."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.project_id}"
