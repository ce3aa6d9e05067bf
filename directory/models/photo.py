"""Photos of a resource or of a story: resized, without position, described."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from directory.models.practice import Practice
from directory.models.resource import Resource

AT_MOST = 8


def folder(instance: Picture, filename: str) -> str:
    """Names that tell nothing: neither the entry nor what the phone called the file."""
    return f"{instance.FOLDER}/{instance.uid}/{filename}"


class Picture(models.Model):
    """One photo in two sizes, WebP, EXIF removed. Served by a view that checks who may see what it shows."""

    FOLDER: ClassVar = "photos"

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    large = models.FileField(upload_to=folder, max_length=200)
    small = models.FileField(upload_to=folder, max_length=200)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    alt = models.CharField(_("ce que montre la photo"), max_length=160, blank=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.alt or str(self.uid)

    @property
    def small_width(self) -> int:
        return round(self.width * self._shrink)

    @property
    def small_height(self) -> int:
        return round(self.height * self._shrink)

    @property
    def _shrink(self) -> float:
        """From the large size to the small one, whose longest side is 480 pixels at most."""
        return min(1.0, 480 / max(self.width, self.height, 1))


class Photo(Picture):
    """A photo of an entry: the first one is its cover."""

    position = models.PositiveSmallIntegerField(_("rang"), default=0)

    class Meta:
        abstract = True


class ResourcePhoto(Photo):
    """What is shared, as it looks."""

    resource = models.ForeignKey(Resource, models.CASCADE, related_name="photos", verbose_name=_("ressource"))

    class Meta:
        verbose_name = _("photo")
        verbose_name_plural = _("photos")
        ordering = ("resource_id", "position", "id")

    @property
    def entry(self) -> Resource:
        return self.resource


class PracticePhoto(Photo):
    """A story, as it was seen."""

    practice = models.ForeignKey(Practice, models.CASCADE, related_name="photos", verbose_name=_("pratique"))

    class Meta:
        verbose_name = _("photo d’une pratique")
        verbose_name_plural = _("photos des pratiques")
        ordering = ("practice_id", "position", "id")

    @property
    def entry(self) -> Practice:
        return self.practice
