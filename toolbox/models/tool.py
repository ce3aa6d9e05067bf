"""Tools: a guide, a checklist, a form, a report, a video or a link, and why it helps."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from directory.models import Continuum, Kind
from directory.models.history import tracked
from directory.models.queries import EntryQuerySet
from directory.models.search import index_trigger
from mutualisation.kernel.publication import Publishable, published_has_date


class ToolKind(models.TextChoices):
    GUIDE = "guide", _("Guide")
    CHECKLIST = "liste", _("Liste de vérification")
    FORM = "formulaire", _("Formulaire")
    REPORT = "rapport", _("Rapport")
    VIDEO = "video", _("Vidéo")
    LINK = "lien", _("Lien")


class ToolQuerySet(EntryQuerySet["Tool"]):
    """Sets of tools."""

    def visible_to(self, user: Any) -> ToolQuerySet:
        """Published tools; curators and administrators see all of them, since they have no territory."""
        if user.is_authenticated and (user.is_superuser or (user.is_staff and user.is_active)):
            return self
        return self.published()

    def for_list(self) -> ToolQuerySet:
        return self.defer("search")


@tracked
class Tool(Publishable):
    """Something that helps to share. It has no territory: every curator keeps it."""

    slug = models.SlugField(_("adresse"), max_length=120, unique=True)
    title = models.CharField(_("titre"), max_length=200)
    kind = models.CharField(_("sorte d’outil"), max_length=12, choices=ToolKind.choices)
    why = models.TextField(_("en quoi il aide"), max_length=600, help_text=_("Deux phrases : à quoi, à qui."))
    stages = ArrayField(
        models.CharField(max_length=15, choices=Continuum.choices),
        verbose_name=_("étapes du continuum"),
        default=list,
        blank=True,
    )
    kinds = ArrayField(
        models.CharField(max_length=10, choices=Kind.choices),
        verbose_name=_("ce qui est partagé"),
        default=list,
        blank=True,
    )
    topics = ArrayField(models.CharField(max_length=40), verbose_name=_("sujets"), default=list, blank=True)
    publisher = models.CharField(_("éditeur"), max_length=160, blank=True)
    year = models.PositiveSmallIntegerField(_("année"), null=True, blank=True)
    licence = models.CharField(_("licence"), max_length=120, blank=True)
    url = models.URLField(_("lien"), max_length=400, blank=True, help_text=_("Vide tant qu’on n’a pas d’adresse sûre."))

    sort_key = models.CharField(max_length=200, editable=False, default="")
    search = SearchVectorField(null=True, editable=False)

    objects = ToolQuerySet.as_manager()

    class Meta:
        verbose_name = _("outil")
        verbose_name_plural = _("outils")
        ordering = ("sort_key", "id")
        indexes: ClassVar = [
            GinIndex(fields=["search"], name="tool_search"),
            models.Index(fields=["-published_at", "-id"], name="tool_newest"),
            models.Index(fields=["sort_key", "id"], name="tool_by_name"),
            models.Index(fields=["-updated_at"], name="tool_updated"),
        ]
        constraints: ClassVar = [published_has_date("tool_published_at")]
        triggers: ClassVar = [
            index_trigger(
                title="NEW.title",
                rest="concat_ws(' ', NEW.why, NEW.publisher, array_to_string(NEW.topics, ' '))",
                sort="NEW.title",
            )
        ]

    def __str__(self) -> str:
        return self.title

    def natural_key(self) -> tuple[str]:
        return (self.slug,)

    def get_absolute_url(self) -> str:
        return reverse("tool_list") + f"?q={self.title}"
