"""The words of search: what means the same, and what was ever written (to mend typing errors)."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.utils.translation import gettext_lazy as _


class SynonymManager(models.Manager["Synonym"]):
    def get_by_natural_key(self, *terms: str) -> Synonym:
        return self.get(terms=list(terms))


class Synonym(models.Model):
    """A group of terms that a search takes one for another: « char », « camion », « véhicule »."""

    terms = ArrayField(
        models.CharField(max_length=60), verbose_name=_("termes"), help_text=_("Séparés par des virgules.")
    )

    objects = SynonymManager()

    class Meta:
        verbose_name = _("groupe de synonymes")
        verbose_name_plural = _("synonymes")
        ordering = ("terms",)
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["terms"],
                name="synonym_unique",
                violation_error_message=_("Ce groupe de synonymes existe déjà."),
            ),
            models.CheckConstraint(
                name="synonym_two_terms",
                condition=models.Q(terms__len__gte=2),
                violation_error_message=_("Un groupe compte au moins deux termes."),
            ),
        ]

    def __str__(self) -> str:
        return ", ".join(self.terms)

    def natural_key(self) -> tuple[str, ...]:
        return tuple(self.terms)


class Word(models.Model):
    """A word that a published entry uses, as search sees it (``word``) and as people write it (``display``).

    Filled by the search triggers; only published words enter, so a suggestion never tells what is hidden.
    """

    word = models.CharField(max_length=60, primary_key=True)
    display = models.CharField(max_length=60)

    class Meta:
        verbose_name = _("mot")
        verbose_name_plural = _("mots")
        ordering = ("word",)
        indexes: ClassVar = [GinIndex(OpClass("word", "gin_trgm_ops"), name="word_trgm")]

    def __str__(self) -> str:
        return self.display
