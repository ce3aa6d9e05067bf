"""Tools: a guide, a checklist, a form, a report, a video or a link, and why it helps."""

from __future__ import annotations

import re
import uuid
from typing import Any, ClassVar

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField, TrigramSimilarity
from django.db import models
from django.db.models import Case, F, Q, When
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from directory.models import Continuum, Kind
from directory.models.curated import Curated, curate
from directory.models.history import tracked
from directory.models.queries import EntryQuerySet
from directory.models.search import index_trigger
from mutualisation.kernel.publication import Publishable, Status, published_has_date

FOLDER = "tools"
ALIKE, SHOWN = 0.45, 5


def kept_under(instance: Tool, filename: str) -> str:
    """A name that tells nothing but the type."""
    return f"{FOLDER}/{uuid.uuid4()}.{instance.file_name.rsplit('.', 1)[-1]}"


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
        """Published tools, and those she proposed; curators and administrators, all: tools have no territory."""
        if not user.is_authenticated:
            return self.published()
        if user.is_superuser or (user.is_staff and user.is_active):
            return self
        return self.filter(Q(status=Status.PUBLISHED) | Q(proposed_by=user))

    def for_list(self) -> ToolQuerySet:
        return self.defer("search")

    def led_to(self, slugs: list[str]) -> list[Tool]:
        """The tools at these addresses, in their order; for one that became one with another, that other."""
        found = {tool.slug: tool for tool in self.defer("search").filter(slug__in=slugs)}
        if lost := [slug for slug in slugs if slug not in found]:
            kept = self.defer("search").filter(merged__slug__in=lost).annotate(was=F("merged__slug"))
            found |= {vars(tool)["was"]: tool for tool in kept}
        return list(dict.fromkeys(found[slug] for slug in slugs if slug in found))

    def like(self, tool: Tool) -> ToolQuerySet:
        """Others that help with the same: a topic in common first, then the same kind and step."""
        near = Q(kinds__overlap=tool.kinds, stages__overlap=tool.stages)
        return (
            self.exclude(pk=tool.pk)
            .filter(Q(topics__overlap=tool.topics) | near)
            .order_by(Case(When(topics__overlap=tool.topics, then=0), default=1), "-published_at", "-id")
        )


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
    file = models.FileField(_("fichier"), upload_to=kept_under, max_length=200, blank=True, editable=False)
    file_name = models.CharField(_("nom du fichier"), max_length=100, blank=True, editable=False)
    file_size = models.PositiveIntegerField(_("taille du fichier"), default=0, editable=False)
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="tools_proposed", editable=False,
        verbose_name=_("proposé par"),
    )  # fmt: skip
    merged_into = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="merged", editable=False,
        verbose_name=_("réuni avec"),
    )  # fmt: skip

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
        constraints: ClassVar = [
            published_has_date("tool_published_at"),
            models.CheckConstraint(
                name="tool_file_has_name",
                condition=Q(file="", file_name="", file_size=0) | (~Q(file="") & ~Q(file_name="") & Q(file_size__gt=0)),
                violation_error_message=_("Un fichier a un nom et une taille."),
            ),
            models.CheckConstraint(
                name="tool_merged_is_archived",
                condition=Q(merged_into__isnull=True) | (Q(status=Status.ARCHIVED) & ~Q(merged_into=F("id"))),
                violation_error_message=_("Un outil réuni avec un autre est archivé."),
            ),
        ]
        triggers: ClassVar = [
            pgtrigger.Trigger(
                name="back_is_not_merged",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__status=Status.ARCHIVED) & ~pgtrigger.Q(new__status=Status.ARCHIVED),
                func="NEW.merged_into_id := NULL; RETURN NEW;",
            ),
            index_trigger(
                title="NEW.title",
                rest="concat_ws(' ', NEW.why, NEW.publisher, array_to_string(NEW.topics, ' '))",
                sort="NEW.title",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def natural_key(self) -> tuple[str]:
        return (self.slug,)

    def get_absolute_url(self) -> str:
        return reverse("tool_detail", args=[self.slug])

    @property
    def is_public(self) -> bool:
        """Whether anyone at all may read it."""
        return self.is_published

    @property
    def file_type(self) -> str:
        """« PDF », « DOCX »."""
        return self.file_name.rsplit(".", 1)[-1].upper()


def alike(tool: Tool) -> list[Tool]:
    """Others that may be the same one, drafts apart: the same address, or a title that looks like its own."""
    others = Tool.objects.exclude(pk=tool.pk).exclude(status__in=[Status.DRAFT, Status.ARCHIVED]).defer("search")
    others = others.select_related("proposed_by")
    ranked: Any = others.annotate(likeness=TrigramSimilarity("sort_key", tool.sort_key))
    near = Q(likeness__gte=ALIKE)
    if tool.url:
        core = re.sub(r"^https?://(www\.)?|/$", "", tool.url)
        near |= Q(
            url__in=[f"{s}://{w}{core}{end}" for s in ("https", "http") for w in ("", "www.") for end in ("", "/")]
        )
    return list(ranked.filter(near).order_by("-likeness", "id")[:SHOWN])


def to_open(tool: Tool) -> list[tuple[str, str]]:
    """What a curator opens to judge a tool: its file, its page elsewhere."""
    found = []
    if tool.file:
        said = gettext("Ouvrir le fichier %(name)s") % {"name": tool.file_name}
        found.append((said, reverse("tool_file", args=[tool.slug])))
    if tool.url:
        found.append((gettext("Ouvrir sa page Web"), tool.url))
    return found


curate(
    Curated(
        Tool, "outil", "why", "proposed_by", within=lambda rows, places: rows, places=lambda tool: set(),
        look=to_open, alike=alike, merging="tool_merge",
    )
)  # fmt: skip
