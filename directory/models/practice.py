"""Inspiring practices: stories that someone can copy."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, ClassVar, Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Sqrt
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from directory.models.category import Kind
from directory.models.history import tracked, tracked_to_its_end
from directory.models.organisation import Organisation
from directory.models.queries import KM_PER_DEGREE, EntryQuerySet
from directory.models.search import index_trigger
from directory.models.sector import Sector
from directory.models.territory import Territory
from mutualisation.kernel.publication import Publishable, Status, published_has_date

if TYPE_CHECKING:
    from directory.models.resource import Resource


class Continuum(models.TextChoices):
    """The four steps of sharing, from the least to the most formal (source: Concertation Horizon's study)."""

    LOAN = "pret", _("Prêt")
    COLLABORATION = "collaboration", _("Collaboration")
    POOLING = "mutualisation", _("Mutualisation")
    MERGER = "fusion", _("Fusion")

    @property
    def step(self) -> int:
        """1 to 4."""
        return list(Continuum).index(self) + 1


class PracticeForm(models.TextChoices):
    """The legal form that sharing takes."""

    INFORMAL = "informel", _("Informelle")
    CONTRACT = "contrat", _("Contrat ou entente")
    COOWNERSHIP = "copropriete", _("Copropriété et cogestion")
    JOINT_VENTURE = "coentreprise", _("Structure commune (coentreprise)")
    MERGER = "fusion", _("Fusion")


class PracticeQuerySet(EntryQuerySet["Practice"]):
    """Sets of practices."""

    def visible_to(self, user: Any) -> PracticeQuerySet:
        """What this reader may read: published stories, and those she proposed; administrators, all."""
        if not user.is_authenticated:
            return self.published()
        if user.is_superuser:
            return self
        return self.filter(Q(status=Status.PUBLISHED) | Q(proposed_by=user))

    def with_distance(self, latitude: float, longitude: float) -> Self:
        """Adds ``distance``, in km, to the nearest of its territories."""
        east = (F("territory__longitude") - longitude) * KM_PER_DEGREE * math.cos(math.radians(latitude))
        north = (F("territory__latitude") - latitude) * KM_PER_DEGREE
        links: Any = Practice.territories.through.objects
        nearest = (
            links.filter(practice_id=models.OuterRef("pk"))
            .annotate(km=models.ExpressionWrapper(Sqrt(north * north + east * east), models.FloatField()))
            .order_by("km")
            .values("km")[:1]
        )
        return self.annotate(distance=models.Subquery(nearest, output_field=models.FloatField()))

    def like(self, practice: Practice) -> PracticeQuerySet:
        """Other stories: those of a sector in common first, then those of the same step, then the newest."""
        shared = Practice.sectors.through.objects.filter(
            practice_id=models.OuterRef("pk"), sector_id__in=practice.sectors.values("pk")
        )
        return (
            self.exclude(pk=practice.pk)
            .annotate(
                related=models.Case(
                    models.When(models.Exists(shared), then=0), models.When(stage=practice.stage, then=1), default=2
                )
            )
            .order_by("related", "-published_at", "-id")
        )

    def about(self, resource: Resource) -> PracticeQuerySet:
        """Stories where the kind of this resource is shared, those of its organisation's sectors first."""
        shared = Practice.sectors.through.objects.filter(
            practice_id=models.OuterRef("pk"),
            sector_id__in=Organisation.sectors.through.objects.filter(organisation_id=resource.organisation_id).values(
                "sector_id"
            ),
        )
        return (
            self.filter(kinds__contains=[resource.kind])
            .annotate(related=models.Case(models.When(models.Exists(shared), then=0), default=1))
            .order_by("related", "-published_at", "-id")
        )

    def for_list(self) -> PracticeQuerySet:
        return self.only(
            "slug", "title", "standfirst", "place", "stage", "drawing", "pooled", "is_demo", "published_at",
            "updated_at",
        )  # fmt: skip


@tracked
class Practice(Publishable):
    """A story: who, where, since when, what is pooled, how it goes, what to redo at home. Texts are Markdown."""

    slug = models.SlugField(_("adresse"), max_length=120, unique=True)
    title = models.CharField(_("titre"), max_length=140)
    standfirst = models.TextField(_("chapeau"), max_length=500, help_text=_("Une ou deux phrases qui disent tout."))
    place = models.CharField(_("lieu affiché"), max_length=120, blank=True)
    territories = models.ManyToManyField(Territory, verbose_name=_("territoires"), blank=True, related_name="practices")
    sectors = models.ManyToManyField(Sector, verbose_name=_("secteurs"), blank=True, related_name="practices")
    kinds = ArrayField(
        models.CharField(max_length=10, choices=Kind.choices),
        verbose_name=_("ce qui est partagé"),
        default=list,
        blank=True,
    )
    stage = models.CharField(_("place sur le continuum"), max_length=15, choices=Continuum.choices)
    legal_form = models.CharField(_("forme"), max_length=15, choices=PracticeForm.choices)
    form_text = models.CharField(_("la forme, en clair"), max_length=160, blank=True)
    started_on = models.DateField(_("début"), null=True, blank=True)
    ended_on = models.DateField(_("fin"), null=True, blank=True)
    period_text = models.CharField(_("période affichée"), max_length=120, blank=True)

    origin = models.TextField(_("d’où c’est parti"), blank=True)
    pooled = models.TextField(_("ce qui est mis en commun"))
    governance = models.TextField(_("comment les décisions se prennent"), blank=True)
    results = models.TextField(_("ce que cela coûte et rapporte"), blank=True)
    difficulties = models.TextField(_("ce qui reste difficile"), blank=True)
    success_factors = models.TextField(_("ce qui a aidé"), blank=True)
    lessons = models.TextField(_("à refaire chez vous"), blank=True)
    funders = models.TextField(_("bailleurs de fonds"), blank=True, help_text=_("Un par ligne."))
    quote = models.CharField(_("citation"), max_length=160, blank=True)
    quote_source = models.CharField(_("source de la citation"), max_length=160, blank=True)
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, editable=False, related_name="+"
    )
    drawing = models.CharField(_("dessin"), max_length=20, default="d-equipe")
    source_title = models.CharField(_("source"), max_length=200, blank=True)
    source_url = models.URLField(_("adresse de la source"), blank=True, max_length=300)

    sort_key = models.CharField(max_length=200, editable=False, default="")
    search = SearchVectorField(null=True, editable=False)

    objects = PracticeQuerySet.as_manager()

    class Meta:
        verbose_name = _("pratique inspirante")
        verbose_name_plural = _("pratiques inspirantes")
        ordering = ("-published_at", "-id")
        indexes: ClassVar = [
            GinIndex(fields=["search"], name="practice_search"),
            models.Index(fields=["-published_at", "-id"], name="practice_newest"),
            models.Index(fields=["sort_key", "id"], name="practice_by_name"),
            models.Index(fields=["-updated_at"], name="practice_updated"),
        ]
        constraints: ClassVar = [
            published_has_date("practice_published_at"),
            models.CheckConstraint(
                name="practice_dates_forward",
                condition=Q(ended_on__isnull=True) | Q(ended_on__gte=F("started_on")),
                violation_error_message=_("La fin ne peut pas précéder le début."),
            ),
        ]
        triggers: ClassVar = [
            index_trigger(
                title="NEW.title",
                rest="""concat_ws(' ', NEW.standfirst, NEW.place, NEW.pooled, NEW.origin, NEW.governance, NEW.results,
                    NEW.difficulties, NEW.success_factors, NEW.lessons, NEW.form_text, NEW.funders,
                    (SELECT string_agg(s.name, ' ') FROM directory_sector s
                       JOIN directory_practice_sectors ps ON ps.sector_id = s.id WHERE ps.practice_id = NEW.id),
                    (SELECT string_agg(concat_ws(' ', o.name, o.acronym), ' ') FROM directory_organisation o
                       JOIN directory_practicepartner pp ON pp.organisation_id = o.id WHERE o.status = 'published' AND pp.practice_id = NEW.id))""",  # noqa: E501
                sort="NEW.title",
            )
        ]

    def __str__(self) -> str:
        return self.title

    def natural_key(self) -> tuple[str]:
        return (self.slug,)

    def get_absolute_url(self) -> str:
        return reverse("practice_detail", args=[self.slug])

    @property
    def is_public(self) -> bool:
        """Whether anyone at all may read it."""
        return self.is_published

    @property
    def step(self) -> int:
        """Its place on the continuum, 1 to 4."""
        return Continuum(self.stage).step

    @property
    def reading_minutes(self) -> int:
        """How long it takes to read, at 200 words a minute."""
        texts = (self.standfirst, self.origin, self.pooled, self.governance, self.results,
                 self.difficulties, self.success_factors, self.lessons)  # fmt: skip
        return max(1, round(sum(len(t.split()) for t in texts) / 200))


@tracked_to_its_end
class PracticePartner(models.Model):
    """Who takes part, telling who carries it from who supports it."""

    class Role(models.TextChoices):
        LEADER = "porteur", _("porteur")
        PARTNER = "partenaire", _("partenaire")
        FUNDER = "bailleur", _("bailleur de fonds")

    practice = models.ForeignKey(Practice, models.CASCADE, related_name="partners", verbose_name=_("pratique"))
    organisation = models.ForeignKey(
        Organisation, models.PROTECT, related_name="practice_roles", verbose_name=_("organisme")
    )
    role = models.CharField(_("rôle"), max_length=12, choices=Role.choices, default=Role.PARTNER)

    class Meta:
        verbose_name = _("partenaire")
        verbose_name_plural = _("partenaires")
        ordering = ("practice_id", "id")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["practice", "organisation", "role"],
                name="practice_partner_unique",
                violation_error_message=_("Cet organisme a déjà ce rôle."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.organisation} ({self.get_role_display()})"


@tracked_to_its_end
class PracticeFigure(models.Model):
    """A figure of a story, drawn large."""

    practice = models.ForeignKey(Practice, models.CASCADE, related_name="figures", verbose_name=_("pratique"))
    value = models.CharField(_("chiffre"), max_length=20)
    label = models.CharField(_("ce qu’il compte"), max_length=120)
    position = models.PositiveSmallIntegerField(_("rang"), default=0)

    class Meta:
        verbose_name = _("chiffre")
        verbose_name_plural = _("chiffres")
        ordering = ("practice_id", "position", "id")

    def __str__(self) -> str:
        return f"{self.value} {self.label}"


@tracked_to_its_end
class PracticeLink(models.Model):
    """A document or page to read further."""

    practice = models.ForeignKey(Practice, models.CASCADE, related_name="links", verbose_name=_("pratique"))
    title = models.CharField(_("titre"), max_length=160)
    url = models.URLField(_("adresse"), max_length=300)
    position = models.PositiveSmallIntegerField(_("rang"), default=0)

    class Meta:
        verbose_name = _("lien")
        verbose_name_plural = _("liens")
        ordering = ("practice_id", "position", "id")

    def __str__(self) -> str:
        return self.title
