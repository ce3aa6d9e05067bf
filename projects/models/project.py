"""Collective projects: what several organisations build together, from the idea to what lasts."""

from __future__ import annotations

import math
from typing import Any, ClassVar, Self

import pgtrigger
from django.conf import settings
from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Sqrt
from django.urls import reverse
from django.utils import timezone
from django.utils.dates import MONTHS
from django.utils.translation import gettext_lazy as _

from directory.models import Continuum, Organisation, Territory
from directory.models.curated import Curated, curate
from directory.models.history import tracked, tracked_to_its_end
from directory.models.queries import KM_PER_DEGREE, EntryQuerySet
from directory.models.search import index_trigger
from mutualisation.kernel.publication import Publishable, Status, published_has_date


class Stage(models.TextChoices):
    """Where a project stands: five stages, and two ways of not going on."""

    IDEA = "idee", _("Idée")
    COCONSTRUCTION = "coconstruction", _("Coconstruction")
    EXPERIMENT = "experimentation", _("Expérimentation")
    DEPLOYMENT = "deploiement", _("Déploiement")
    LASTING = "perennisation", _("Pérennisation")
    PAUSED = "en_pause", _("En pause")
    ENDED = "termine", _("Terminé")


STEPS = (Stage.IDEA, Stage.COCONSTRUCTION, Stage.EXPERIMENT, Stage.DEPLOYMENT, Stage.LASTING)
ASIDE = (Stage.PAUSED, Stage.ENDED)
# The one table of moves: one stage forward or back, aside, and back where it stood. The database refuses any other.
STAGE_MOVES: dict[str, tuple[str, ...]] = {
    **{
        stage: (*(str(s) for s in STEPS[max(0, n - 1) : n + 2] if s != stage), *map(str, ASIDE))
        for n, stage in enumerate(STEPS)
    },
    Stage.PAUSED: (*map(str, STEPS), str(Stage.ENDED)),
    Stage.ENDED: tuple(map(str, STEPS)),
}


class Determinant(models.TextChoices):
    """What a project acts upon, for everyone rather than for one."""

    FOOD = "alimentation", _("Accès à une saine alimentation")
    EMPLOYABILITY = "employabilite", _("Employabilité et compétences")
    INCOME = "revenu", _("Emploi et revenu")
    PARTICIPATION = "participation", _("Participation sociale")
    ANCHORING = "ancrage", _("Ancrage local")
    MOBILISATION = "mobilisation", _("Mobilisation et coconstruction")
    HOUSING = "logement", _("Logement et milieux de vie")
    MOBILITY = "mobilite", _("Transport et accès aux services")
    EDUCATION = "education", _("Réussite éducative et familles")
    HEALTH = "sante", _("Santé et mieux-être")
    CULTURE = "culture", _("Culture")
    ENVIRONMENT = "environnement", _("Environnement et réduction du gaspillage")


class ProjectQuerySet(EntryQuerySet["Project"]):
    """Sets of projects."""

    def visible_to(self, user: Any) -> ProjectQuerySet:
        """Published ones of validated organisations; those one’s own propose or carry; administrators, all."""
        public = Q(status=Status.PUBLISHED, organisation__status=Status.PUBLISHED)
        if not user.is_authenticated:
            return self.filter(public)
        if user.is_superuser:
            return self
        mine = user.memberships.values("organisation")
        from projects.models.participation import Participation

        carried = Participation.objects.carrying().filter(organisation__in=mine)
        return self.filter(public | Q(organisation__in=mine) | Q(pk__in=carried.values("project")))

    def listed(self) -> ProjectQuerySet:
        return super().listed().filter(organisation__status=Status.PUBLISHED)

    def open(self) -> ProjectQuerySet:
        """Those that one may still join."""
        return self.exclude(stage=Stage.ENDED)

    def with_distance(self, latitude: float, longitude: float) -> Self:
        """Adds ``distance``, in km, to the nearest of its territories."""
        east = (F("territory__longitude") - longitude) * KM_PER_DEGREE * math.cos(math.radians(latitude))
        north = (F("territory__latitude") - latitude) * KM_PER_DEGREE
        links: Any = Project.territories.through.objects
        nearest = (
            links.filter(project_id=models.OuterRef("pk"))
            .annotate(km=models.ExpressionWrapper(Sqrt(north * north + east * east), models.FloatField()))
            .order_by("km")
            .values("km")[:1]
        )
        return self.annotate(distance=models.Subquery(nearest, output_field=models.FloatField()))

    def for_list(self) -> ProjectQuerySet:
        """What a card shows, in one query: where it is too, in words or by its territories."""
        links: Any = Project.territories.through.objects
        places = links.filter(project_id=models.OuterRef("pk")).order_by("territory__name")
        return self.only(
            "slug", "title", "standfirst", "description", "place", "stage", "stood_at", "continuum", "drawing",
            "is_demo", "published_at", "updated_at",
        ).annotate(territory_names=ArraySubquery(places.values("territory__name")))  # fmt: skip


@tracked
class Project(Publishable):
    """The sheet of a project. ``organisation`` proposed it and answers for the sheet; bearers are participations."""

    organisation = models.ForeignKey(
        Organisation, models.PROTECT, related_name="projects", verbose_name=_("proposé par")
    )
    slug = models.SlugField(_("adresse"), max_length=120, unique=True)
    title = models.CharField(_("titre"), max_length=140)
    standfirst = models.TextField(_("le projet en deux phrases"), max_length=500)
    description = models.TextField(_("pourquoi et comment"), max_length=8000, blank=True)
    place = models.CharField(_("lieu affiché"), max_length=120, blank=True)
    territories = models.ManyToManyField(Territory, verbose_name=_("territoires"), blank=True, related_name="projects")
    stage = models.CharField(_("étape"), max_length=15, choices=Stage.choices, default=Stage.IDEA)
    stood_at = models.CharField(
        _("étape avant l’arrêt"), max_length=15, choices=[(s.value, s.label) for s in STEPS], blank=True
    )
    stage_since = models.DateField(_("à cette étape depuis"), default=timezone.localdate)
    continuum = models.CharField(_("forme de partage visée"), max_length=15, choices=Continuum.choices, blank=True)
    actors = models.TextField(_("qui a bâti l’idée"), max_length=3000, blank=True)
    inclusion = models.TextField(_("place des personnes concernées"), max_length=3000, blank=True)
    determinants = ArrayField(
        models.CharField(max_length=15, choices=Determinant.choices),
        verbose_name=_("déterminants collectifs"),
        default=list,
        blank=True,
    )
    conditions = models.TextField(_("conditions de réussite"), max_length=3000, blank=True)
    budget = models.DecimalField(
        _("montant à réunir ($)"), max_digits=11, decimal_places=2, null=True, blank=True,
        validators=[MinValueValidator(0)],
    )  # fmt: skip
    hourly_rate = models.DecimalField(
        _("une heure vaut ($)"), max_digits=6, decimal_places=2, null=True, blank=True,
        validators=[MinValueValidator(0), MaxValueValidator(999)],
    )  # fmt: skip
    year_starts = models.PositiveSmallIntegerField(
        _("l’exercice commence en"), choices=list(MONTHS.items()), default=1,
        help_text=_("Le mois où commence l’année du bilan des apports."),
    )  # fmt: skip
    drawing = models.CharField(_("dessin"), max_length=20, default="d-equipe")
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, editable=False, related_name="+"
    )
    source_title = models.CharField(_("source"), max_length=200, blank=True)

    sort_key = models.CharField(max_length=200, editable=False, default="")
    search = SearchVectorField(null=True, editable=False)

    objects = ProjectQuerySet.as_manager()

    class Meta:
        verbose_name = _("projet collectif")
        verbose_name_plural = _("projets collectifs")
        ordering = ("-published_at", "-id")
        indexes: ClassVar = [
            GinIndex(fields=["search"], name="project_search"),
            models.Index(fields=["-published_at", "-id"], name="project_newest"),
            models.Index(fields=["sort_key", "id"], name="project_by_name"),
            models.Index(fields=["-updated_at"], name="project_updated"),
        ]
        constraints: ClassVar = [
            published_has_date("project_published_at"),
            models.CheckConstraint(
                name="project_stage_known",
                condition=Q(stage__in=Stage.values),
                violation_error_message=_("Cette étape n’existe pas."),
            ),
            models.CheckConstraint(
                name="project_aside_remembers",
                condition=Q(stage__in=ASIDE) & ~Q(stood_at="") | ~Q(stage__in=ASIDE) & Q(stood_at=""),
                violation_error_message=_("Un projet arrêté se souvient de l’étape où il était."),
            ),
            models.CheckConstraint(
                name="project_year_starts",
                condition=Q(year_starts__gte=1, year_starts__lte=12),
                violation_error_message=_("Une année commence en un des douze mois."),
            ),
            models.CheckConstraint(
                name="project_money",
                condition=(Q(budget__isnull=True) | Q(budget__gte=0))
                & (Q(hourly_rate__isnull=True) | Q(hourly_rate__gte=0)),
                violation_error_message=_("Un montant est positif."),
            ),
        ]
        triggers: ClassVar = [
            pgtrigger.FSM(
                name="stages_of_the_table",
                field="stage",
                transitions=[(source, target) for source, targets in STAGE_MOVES.items() for target in targets],
            ),
            pgtrigger.Trigger(
                name="back_where_it_stood",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__stage__in=list(ASIDE)) & ~pgtrigger.Q(new__stage__in=list(ASIDE)),
                func="""IF NEW.stage <> OLD.stood_at THEN
                    RAISE EXCEPTION 'Un projet arrêté reprend à l’étape où il était (%)', OLD.stood_at
                        USING ERRCODE = 'check_violation';
                END IF;
                RETURN NEW;""",
            ),
            index_trigger(
                title="NEW.title",
                rest="""concat_ws(' ', NEW.standfirst, NEW.description, NEW.place, NEW.actors, NEW.inclusion,
                    NEW.conditions,
                    (SELECT string_agg(t.name, ' ') FROM directory_territory t
                       JOIN projects_project_territories pt ON pt.territory_id = t.id WHERE pt.project_id = NEW.id),
                    (SELECT string_agg(concat_ws(' ', o.name, o.acronym), ' ') FROM directory_organisation o
                       JOIN projects_participation pp ON pp.organisation_id = o.id
                      WHERE o.status = 'published' AND pp.status = 'welcomed' AND pp.project_id = NEW.id))""",
                sort="NEW.title",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def natural_key(self) -> tuple[str]:
        return (self.slug,)

    def get_absolute_url(self) -> str:
        return reverse("project_detail", args=[self.slug])

    @property
    def is_public(self) -> bool:
        """Whether anyone at all may read it."""
        return self.status == self.organisation.status == Status.PUBLISHED

    @property
    def is_ended(self) -> bool:
        """Whether nothing can be offered to it any more."""
        return self.stage == Stage.ENDED

    @property
    def reached(self) -> Stage:
        """The stage of the five where it is, or where it stood."""
        return Stage(self.stood_at or self.stage)

    @property
    def value_of_an_hour(self) -> Any:
        """In dollars: its own, or the portal’s."""
        return settings.HOUR_VALUE if self.hourly_rate is None else self.hourly_rate


@tracked_to_its_end
class Milestone(models.Model):
    """A step of a project with its date, done or to come."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="milestones", verbose_name=_("projet"))
    title = models.CharField(_("jalon"), max_length=140)
    due_on = models.DateField(_("prévu le"), null=True, blank=True)
    done_on = models.DateField(_("atteint le"), null=True, blank=True)
    position = models.PositiveSmallIntegerField(_("rang"), default=0)

    class Meta:
        verbose_name = _("jalon")
        verbose_name_plural = _("jalons")
        ordering = ("project_id", "position", "id")

    def __str__(self) -> str:
        return self.title

    @property
    def is_late(self) -> bool:
        return self.done_on is None and self.due_on is not None and self.due_on < timezone.localdate()


@tracked_to_its_end
class Funding(models.Model):
    """A funder or a programme of the sheet: aimed at or granted, how much, for which period."""

    class State(models.TextChoices):
        AIMED = "vise", _("visé")
        GRANTED = "obtenu", _("obtenu")

    project = models.ForeignKey(Project, models.CASCADE, related_name="fundings", verbose_name=_("projet"))
    funder = models.CharField(_("bailleur ou programme"), max_length=160)
    amount = models.DecimalField(
        _("montant ($)"), max_digits=11, decimal_places=2, null=True, blank=True, validators=[MinValueValidator(0)]
    )
    starts_on = models.DateField(_("du"), null=True, blank=True)
    ends_on = models.DateField(_("au"), null=True, blank=True)
    state = models.CharField(_("état"), max_length=10, choices=State.choices, default=State.AIMED)
    position = models.PositiveSmallIntegerField(_("rang"), default=0)

    class Meta:
        verbose_name = _("financement")
        verbose_name_plural = _("financements")
        ordering = ("project_id", "position", "id")
        constraints: ClassVar = [
            models.CheckConstraint(
                name="funding_dates_forward",
                condition=Q(starts_on__isnull=True) | Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
                violation_error_message=_("La fin ne peut pas précéder le début."),
            ),
            models.CheckConstraint(
                name="funding_amount",
                condition=Q(amount__isnull=True) | Q(amount__gte=0),
                violation_error_message=_("Un montant est positif."),
            ),
        ]

    def __str__(self) -> str:
        return self.funder


@tracked_to_its_end
class Effect(models.Model):
    """A figure of effect, drawn large."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="effects", verbose_name=_("projet"))
    value = models.CharField(_("chiffre"), max_length=20)
    label = models.CharField(_("ce qu’il compte"), max_length=120)
    position = models.PositiveSmallIntegerField(_("rang"), default=0)

    class Meta:
        verbose_name = _("chiffre d’effet")
        verbose_name_plural = _("chiffres d’effet")
        ordering = ("project_id", "position", "id")

    def __str__(self) -> str:
        return f"{self.value} {self.label}"


def _led(user: Any, project: Project) -> bool:
    """People of its bearers, and of the organisation that answers for the sheet."""
    from projects.models.participation import Participation

    mine = user.memberships.exclude(organisation__status=Status.ARCHIVED)
    carrying = Participation.objects.carrying().filter(project=project).values("organisation")
    return bool(mine.filter(Q(organisation=project.organisation_id) | Q(organisation__in=carrying)).exists())


def _within(rows: models.QuerySet[Any], places: list[int]) -> models.QuerySet[Any]:
    return rows.filter(Q(territories__in=places) | Q(organisation__territory__in=places)).distinct()


def _places(project: Project) -> set[int]:
    named = project.territories.values_list("pk", flat=True) if project.pk else ()
    return {project.organisation.territory_id, *named}


curate(
    Curated(
        Project, "projet", "standfirst", "proposed_by", within=_within, places=_places, posted=True, edits=_led,
        fresh_days=120, alive=lambda rows: rows.exclude(stage=Stage.ENDED),
    )
)  # fmt: skip
