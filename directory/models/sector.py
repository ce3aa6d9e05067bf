"""Sectors of activity of organisations."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class SectorManager(models.Manager["Sector"]):
    def get_by_natural_key(self, slug: str) -> Sector:
        return self.get(slug=slug)


class Sector(models.Model):
    """A field of community action, with examples that help to choose it."""

    slug = models.SlugField(_("adresse"), max_length=60, unique=True)
    name = models.CharField(_("nom"), max_length=80)
    examples = models.CharField(_("exemples"), max_length=200, blank=True)

    objects = SectorManager()

    class Meta:
        verbose_name = _("secteur")
        verbose_name_plural = _("secteurs")
        ordering = ("name", "id")

    def __str__(self) -> str:
        return self.name

    def natural_key(self) -> tuple[str]:
        return (self.slug,)
