"""Communities of practice: who belongs, who animates, whom to ask (pivots), the library, the idea box."""

from __future__ import annotations

from typing import Any, ClassVar, Self, TypeVar

import pgtrigger
from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from directory.models import Membership, Organisation, Sector, Territory
from directory.models.curated import Curated, curate, posted_places, posted_within
from directory.models.history import tracked, tracked_to_its_end
from directory.models.queries import EntryQuerySet
from directory.models.search import index_trigger
from mutualisation.kernel.publication import Publishable, Status, published_has_date
from toolbox.models import Tool

M = TypeVar("M", bound=models.Model)


class CommunityQuerySet(EntryQuerySet["Community"]):
    """Sets of communities."""

    def visible_to(self, user: Any) -> CommunityQuerySet:
        """Published ones of validated organisations; those that one's organisation hosts; administrators, all."""
        public = Q(status=Status.PUBLISHED, organisation__status=Status.PUBLISHED)
        if not user.is_authenticated:
            return self.filter(public)
        if user.is_superuser:
            return self
        return self.filter(public | Q(organisation__in=user.memberships.values("organisation")))

    def listed(self) -> CommunityQuerySet:
        return super().listed().filter(organisation__status=Status.PUBLISHED)

    def for_list(self) -> CommunityQuerySet:
        """What a row shows, in one query: how many organisations belong, when the next gathering is."""
        members = CommunityMember.objects.standing().filter(community=models.OuterRef("pk")).order_by()
        organisations = members.values("community").annotate(n=models.Count("organisation", distinct=True)).values("n")
        gathering = (
            self.model.gatherings.rel.related_model.objects.filter(  # type: ignore[attr-defined]
                community=models.OuterRef("pk"), status="announced", ends_at__gt=timezone.now()
            )
            .order_by("starts_at")
            .values("starts_at")[:1]
        )
        return (
            self.select_related("organisation", "territory")
            .only(
                "slug", "name", "purpose", "is_demo", "published_at", "updated_at", "status", "organisation__name",
                "organisation__slug", "organisation__status", "territory__name", "territory__slug",
            )
            .annotate(
                organisations=models.functions.Coalesce(models.Subquery(organisations), 0),
                next_gathering=models.Subquery(gathering),
            )
        )  # fmt: skip


@tracked
class Community(Publishable):
    """People of several organisations who practise the same thing and meet. An organisation hosts it."""

    organisation = models.ForeignKey(
        Organisation, models.PROTECT, verbose_name=_("organisme qui accueille"), related_name="communities"
    )
    slug = models.SlugField(_("adresse"), max_length=120, unique=True)
    name = models.CharField(_("nom"), max_length=120)
    purpose = models.CharField(_("à quoi elle sert"), max_length=300)
    description = models.TextField(_("présentation"), max_length=5000, blank=True)
    sectors = models.ManyToManyField(Sector, verbose_name=_("secteurs"), blank=True, related_name="communities")
    territory = models.ForeignKey(Territory, models.PROTECT, verbose_name=_("territoire"), related_name="communities")
    latitude = models.FloatField(null=True, blank=True, editable=False)
    longitude = models.FloatField(null=True, blank=True, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, editable=False, related_name="+"
    )

    sort_key = models.CharField(max_length=200, editable=False, default="")
    search = SearchVectorField(null=True, editable=False)

    objects = CommunityQuerySet.as_manager()

    class Meta:
        verbose_name = _("communauté de pratique")
        verbose_name_plural = _("communautés de pratique")
        ordering = ("sort_key", "id")
        indexes: ClassVar = [
            GinIndex(fields=["search"], name="community_search"),
            models.Index(fields=["-published_at", "-id"], name="community_newest"),
            models.Index(fields=["sort_key", "id"], name="community_by_name"),
            models.Index(fields=["-updated_at"], name="community_updated"),
        ]
        constraints: ClassVar = [published_has_date("community_published_at")]
        triggers: ClassVar = [
            index_trigger(
                title="NEW.name",
                rest="""concat_ws(' ', NEW.purpose, NEW.description,
                    (SELECT concat_ws(' ', t.name, p.name) FROM directory_territory t
                       LEFT JOIN directory_territory p ON p.id = t.parent_id WHERE t.id = NEW.territory_id),
                    (SELECT string_agg(s.name, ' ') FROM directory_sector s
                       JOIN projects_community_sectors cs ON cs.sector_id = s.id WHERE cs.community_id = NEW.id),
                    (SELECT concat_ws(' ', o.name, o.acronym) FROM directory_organisation o
                      WHERE o.id = NEW.organisation_id))""",
                sort="NEW.name",
            )
        ]

    def __str__(self) -> str:
        return self.name

    def natural_key(self) -> tuple[str]:
        return (self.slug,)

    def get_absolute_url(self) -> str:
        return reverse("community_detail", args=[self.slug])

    @property
    def is_public(self) -> bool:
        """Whether anyone at all may see it."""
        return self.status == self.organisation.status == Status.PUBLISHED


curate(
    Curated(Community, "communaute", "purpose", "created_by", posted_within, posted_places, posted=True, fresh_days=180)
)


class StandingQuerySet(models.QuerySet[M]):
    """Rows that hold for a person as long as she acts for the organisation that they name, and it is validated."""

    def standing(self) -> Self:
        own = Membership.objects.filter(user=models.OuterRef("user"), organisation=models.OuterRef("organisation"))
        return self.filter(models.Exists(own), organisation__status=Status.PUBLISHED)


class CommunityMember(models.Model):
    """Someone who belongs to a community for her organisation. Facilitators animate it."""

    community = models.ForeignKey(Community, models.CASCADE, related_name="members")
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="community_members")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="communities")
    is_facilitator = models.BooleanField(_("anime"), default=False)
    tells = models.BooleanField(_("reçoit les annonces"), default=True)
    joined_at = models.DateTimeField(_("depuis"), default=timezone.now)

    objects = StandingQuerySet["CommunityMember"].as_manager()

    class Meta:
        verbose_name = _("membre d’une communauté")
        verbose_name_plural = _("membres des communautés")
        ordering = ("community_id", "-is_facilitator", "joined_at", "id")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["community", "user"],
                name="community_member_unique",
                violation_error_message=_("Vous en êtes déjà."),
            )
        ]
        triggers: ClassVar = [
            pgtrigger.Trigger(
                name="touch_community",
                when=pgtrigger.After,
                operation=pgtrigger.Insert | pgtrigger.Delete,
                func="""
                    UPDATE projects_community SET updated_at = clock_timestamp()
                     WHERE id = CASE WHEN TG_OP = 'DELETE' THEN OLD.community_id ELSE NEW.community_id END;
                    RETURN NULL;
                """,
            )
        ]

    def __str__(self) -> str:
        return f"{self.community_id} {self.user_id}"


@tracked_to_its_end
class Pivot(models.Model):
    """What an organisation answers for others, in a sector, on a territory. Its person isn't shown."""

    community = models.ForeignKey(Community, models.CASCADE, related_name="pivots")
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="pivots")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="pivots")
    function = models.CharField(_("on peut demander"), max_length=200)
    sector = models.ForeignKey(
        Sector, models.PROTECT, null=True, blank=True, verbose_name=_("secteur"), related_name="pivots"
    )
    territory = models.ForeignKey(
        Territory, models.PROTECT, null=True, blank=True, verbose_name=_("territoire"), related_name="pivots"
    )
    since = models.DateTimeField(_("depuis"), default=timezone.now)

    objects = StandingQuerySet["Pivot"].as_manager()

    class Meta:
        verbose_name = _("personne pivot")
        verbose_name_plural = _("personnes pivots")
        ordering = ("community_id", "organisation_id", "id")

    def __str__(self) -> str:
        return self.function


class LibraryItem(models.Model):
    """A tool of the toolbox that a community keeps at hand, and why."""

    community = models.ForeignKey(Community, models.CASCADE, related_name="library")
    tool = models.ForeignKey(Tool, models.CASCADE, verbose_name=_("outil"), related_name="communities")
    why = models.CharField(_("en quoi il nous sert"), max_length=300, blank=True)
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    added_at = models.DateTimeField(_("ajouté le"), default=timezone.now)

    class Meta:
        verbose_name = _("outil d’une communauté")
        verbose_name_plural = _("outils des communautés")
        ordering = ("community_id", "-added_at", "id")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["community", "tool"],
                name="library_item_unique",
                violation_error_message=_("Cet outil est déjà dans la bibliothèque."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.community_id} {self.tool_id}"


class Idea(models.Model):
    """An idea put in the box by a member; others support it. It may become a project."""

    community = models.ForeignKey(Community, models.CASCADE, related_name="ideas")
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="ideas")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    title = models.CharField(_("l’idée, en une ligne"), max_length=140)
    text = models.TextField(_("pourquoi, pour qui"), max_length=2000, blank=True)
    at = models.DateTimeField(_("le"), default=timezone.now)
    withdrawn_at = models.DateTimeField(_("retirée le"), null=True, blank=True)
    project = models.ForeignKey(
        "projects.Project", models.SET_NULL, null=True, blank=True, related_name="ideas", verbose_name=_("projet")
    )
    supporters = models.ManyToManyField(Organisation, through="IdeaSupport", related_name="ideas_supported")

    class Meta:
        verbose_name = _("idée")
        verbose_name_plural = _("idées")
        ordering = ("community_id", "-at", "-id")

    def __str__(self) -> str:
        return self.title


class IdeaSupport(models.Model):
    """An organisation that would take part in an idea, said by one of its people."""

    idea = models.ForeignKey(Idea, models.CASCADE, related_name="supports")
    organisation = models.ForeignKey(Organisation, models.CASCADE, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(_("le"), default=timezone.now)

    class Meta:
        verbose_name = _("appui à une idée")
        verbose_name_plural = _("appuis aux idées")
        ordering = ("idea_id", "id")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["idea", "organisation"], name="idea_support_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.idea_id} {self.organisation_id}"
