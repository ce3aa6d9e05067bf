"""The four kinds of resources and their two levels of categories."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _


class Kind(models.TextChoices):
    """What is shared. One colour, one icon, one word each, everywhere the same."""

    MATERIEL = "materiel", _("Matériel")
    LOCAUX = "locaux", _("Locaux")
    HUMAIN = "humain", _("Humain")
    EXPERTISE = "expertise", _("Expertise")


class CategoryManager(models.Manager["Category"]):
    def get_by_natural_key(self, slug: str) -> Category:
        return self.get(slug=slug)


class Category(models.Model):
    """A category (no parent) or a sub-category of one kind. ``drawing`` names a symbol of ``drawings.svg``."""

    slug = models.SlugField(_("adresse"), max_length=90, unique=True)
    kind = models.CharField(_("sorte"), max_length=10, choices=Kind.choices)
    name = models.CharField(_("nom"), max_length=80)
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children", verbose_name=_("catégorie mère")
    )
    drawing = models.CharField(_("dessin"), max_length=20, default="d-chaudrons")
    position = models.PositiveSmallIntegerField(_("rang"), default=0)

    objects = CategoryManager()

    class Meta:
        verbose_name = _("catégorie")
        verbose_name_plural = _("catégories")
        ordering = ("kind", "position", "name", "id")
        constraints: ClassVar = [
            models.CheckConstraint(
                name="category_parent_not_self",
                condition=~models.Q(parent=models.F("id")),
                violation_error_message=_("Une catégorie ne peut pas se contenir elle-même."),
            ),
            models.CheckConstraint(
                name="category_kind_known",
                condition=models.Q(kind__in=Kind.values),
                violation_error_message=_("Cette sorte n’existe pas."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} : {self.name}"

    def natural_key(self) -> tuple[str]:
        return (self.slug,)
