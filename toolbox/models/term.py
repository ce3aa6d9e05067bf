"""The lexicon: what the words of the field mean."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from mutualisation.kernel.triggers import touch


class TermManager(models.Manager["Term"]):
    def get_by_natural_key(self, slug: str) -> Term:
        return self.get(slug=slug)


class Term(models.Model):
    """One term, its definition, what else it is called, and its English."""

    slug = models.SlugField(_("adresse"), max_length=80, unique=True)
    term = models.CharField(_("terme"), max_length=80)
    definition = models.TextField(_("définition"), max_length=800)
    variants = ArrayField(models.CharField(max_length=80), verbose_name=_("aussi"), default=list, blank=True)
    in_texts = models.BooleanField(
        _("expliqué dans les textes"),
        default=True,
        help_text=_("Sa définition s’ouvre là où il apparaît. Décochez pour un mot de tous les jours."),
    )
    english = models.CharField(_("en anglais"), max_length=120, blank=True)
    updated_at = models.DateTimeField(_("modifié le"), default=timezone.now, editable=False)

    objects = TermManager()

    class Meta:
        verbose_name = _("terme")
        verbose_name_plural = _("lexique")
        ordering = ("slug",)
        constraints: ClassVar = [
            models.CheckConstraint(
                name="term_is_defined",
                condition=~models.Q(definition=""),
                violation_error_message=_("Un terme du lexique a une définition."),
            )
        ]
        triggers: ClassVar = [touch()]

    def __str__(self) -> str:
        return self.term

    def get_absolute_url(self) -> str:
        return f"{reverse('lexicon')}#{self.slug}"

    def natural_key(self) -> tuple[str]:
        return (self.slug,)
