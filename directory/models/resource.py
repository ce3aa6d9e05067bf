"""Resources: what an organisation shares, of one of four kinds."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any, ClassVar

import pgtrigger
from django.apps import apps
from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Exists, F, OuterRef, Q, Value
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from directory.models.category import Category, Kind
from directory.models.history import tracked
from directory.models.kinds import (
    ExpertiseFields,
    MaterialFields,
    PeopleFields,
    PremisesFields,
    fields_match_kind,
)
from directory.models.organisation import Organisation
from directory.models.queries import EntryQuerySet
from directory.models.search import index_trigger
from directory.models.territory import Territory
from mutualisation.kernel.publication import Freshness, Publishable, Status, published_has_date


class CostMode(models.TextChoices):
    FREE = "gratuit", _("Gratuit")
    COSTS = "frais", _("Participation aux frais")
    EXCHANGE = "echange", _("Échange")
    PRICE = "prix", _("Prix")


class Visibility(models.TextChoices):
    """Who may see a resource and ask for it."""

    EVERYONE = "everyone", _("Tout le monde")
    MEMBERS = "members", _("Les membres du portail")
    NETWORKS = "networks", _("Certains réseaux, comme une CDC")
    ORGANISATIONS = "organisations", _("Certains organismes")


def _covers() -> models.QuerySet[Any]:
    """The first photo of each resource."""
    photos = apps.get_model("directory", "ResourcePhoto")._default_manager
    return photos.order_by("resource_id", "position", "id").distinct("resource_id")


class ResourceQuerySet(EntryQuerySet["Resource"]):
    """Sets of resources."""

    def shown_to_anyone(self) -> ResourceQuerySet:
        """What the whole world may read: what a count that everyone sees may count."""
        return self.listed().filter(visibility=Visibility.EVERYONE)

    def visible_to(self, user: Any) -> ResourceQuerySet:
        """What this reader may read.

        Published ones of a validated organisation, by visibility; whatever their organisation, its own people see
        all of it; administrators see everything. Curators see what their territories hold through ``moderation``.
        """
        public = Q(is_live=True)
        if not user.is_authenticated:
            return self.filter(public, visibility=Visibility.EVERYONE)
        if user.is_superuser:
            return self
        own = user.memberships.values("organisation")
        trusted = user.memberships.filter(organisation__status=Status.PUBLISHED).values("organisation")
        allowed = (
            Q(visibility=Visibility.EVERYONE)
            | Q(visibility=Visibility.MEMBERS) & Q(Exists(trusted))
            | Q(visibility=Visibility.NETWORKS) & Q(Exists(self._reserved("visible_networks", trusted, network=True)))
            | Q(visibility=Visibility.ORGANISATIONS) & Q(Exists(self._reserved("visible_organisations", trusted)))
        )
        return self.filter((public & allowed) | Q(organisation__in=own))

    @staticmethod
    def _reserved(field: str, organisations: Any, *, network: bool = False) -> Any:
        """The links of a resource to an organisation of this reader, or to a network that one belongs to."""
        through = getattr(Resource, field).through.objects.filter(resource_id=OuterRef("pk"))
        mine = Q(organisation_id__in=organisations)
        if network:
            mine |= Q(organisation__network_members__organisation__in=organisations)
        return through.filter(mine)

    def listed(self) -> ResourceQuerySet:
        """What lists show: also, its organisation is validated."""
        return self.filter(is_live=True).exclude(freshness=Freshness.HIDDEN)

    def for_list(self) -> ResourceQuerySet:
        """What a card shows, in a constant number of queries."""
        return (
            self.select_related("organisation", "category", "territory")
            .only(
                "slug", "name", "kind", "summary", "description", "drawing", "quantity", "cost_mode", "price",
                "price_unit", "is_demo", "published_at", "verified_at", "updated_at", "visibility", "is_paused",
                "min_minutes", "closed_on_holidays",
                "organisation__name", "organisation__slug", "category__name", "category__drawing", "category__kind",
                "territory__name", "territory__slug",
            )
            .prefetch_related(models.Prefetch("photos", _covers(), to_attr="covers"))
        )  # fmt: skip

    def comparable_to(self, resource: Resource, most: int, *, family: list[int]) -> list[int]:
        """The ids of others of the same category, or failing that of the same kind, nearest first.

        From the narrowest circle out, and ids alone: sorting whole rows of a kind takes 80 ms at 100,000. A wider
        circle is read only when the one inside it holds too few: PostgreSQL knows it before it starts. ``family`` is
        the ids of the main category and of all it holds: a list, so that an index answers.
        """
        near = self.exclude(pk=resource.pk).exclude(part_of=resource.pk).order_by("id")
        if point := resource.point:
            near = near.with_distance(*point).order_by(F("distance").asc(nulls_last=True), "id")
        else:
            near = near.annotate(distance=Value(0.0, output_field=models.FloatField()))
        alike = Q(category=resource.category_id)
        circles = [near.filter(alike), near.filter(category__in=family), near.filter(kind=resource.kind)]
        tried = [circles[0], *(wide.filter(~Exists(c[most - 1 : most])) for c, wide in pairwise(circles))]
        first, *others = [
            c.annotate(circle=Value(i)).values_list("circle", "distance", "pk")[:most] for i, c in enumerate(tried)
        ]
        rows = sorted(first.union(*others, all=True), key=lambda r: (r[0], math.inf if r[1] is None else r[1], r[2]))
        return list(dict.fromkeys(pk for _circle, _distance, pk in rows))[:most]


@tracked
class Resource(MaterialFields, PremisesFields, PeopleFields, ExpertiseFields, Publishable):
    """Something to share. The fields of each kind are in ``kinds.py``; money is in CAD."""

    organisation = models.ForeignKey(
        Organisation, models.PROTECT, verbose_name=_("organisme"), related_name="resources"
    )
    slug = models.SlugField(_("adresse"), max_length=120, unique=True)
    kind = models.CharField(_("sorte"), max_length=10, choices=Kind.choices)
    category = models.ForeignKey(Category, models.PROTECT, verbose_name=_("catégorie"), related_name="resources")
    name = models.CharField(_("nom"), max_length=120)
    summary = models.CharField(_("en une ligne"), max_length=160)
    description = models.TextField(_("description"), blank=True, help_text=_("Markdown."))
    quantity = models.PositiveIntegerField(_("quantité"), default=1, validators=[MinValueValidator(1)])
    part_of = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="parts", verbose_name=_("partie de")
    )
    territory = models.ForeignKey(Territory, models.PROTECT, verbose_name=_("lieu"), related_name="resources")
    address = models.CharField(_("adresse civique"), max_length=200, blank=True)
    latitude = models.FloatField(_("latitude"), null=True, blank=True)
    longitude = models.FloatField(_("longitude"), null=True, blank=True)

    visibility = models.CharField(
        _("qui peut voir et demander"), max_length=15, choices=Visibility.choices, default=Visibility.EVERYONE
    )
    visible_networks = models.ManyToManyField(
        Organisation, verbose_name=_("réseaux"), blank=True, related_name="reserved_to_network"
    )
    visible_organisations = models.ManyToManyField(
        Organisation, verbose_name=_("organismes"), blank=True, related_name="reserved_to_it"
    )
    pickup_instructions = models.TextField(
        _("consignes de remise"), blank=True, help_text=_("Privées : clé, code, porte. Jamais dans la page publique.")
    )
    is_paused = models.BooleanField(
        _("en pause"), default=False, help_text=_("Visible, mais on ne peut pas la demander.")
    )
    min_minutes = models.PositiveIntegerField(_("durée minimale (minutes)"), null=True, blank=True)
    buffer_minutes = models.PositiveSmallIntegerField(
        _("minutes gardées entre deux usages"),
        default=0,
        validators=[MaxValueValidator(1440)],
        help_text=_("Pour nettoyer, recharger, remettre en place."),
    )
    max_minutes = models.PositiveIntegerField(_("durée maximale (minutes)"), null=True, blank=True)
    notice_hours = models.PositiveIntegerField(_("préavis (heures)"), default=0)
    horizon_days = models.PositiveIntegerField(_("réservable à l’avance (jours)"), default=365)
    closed_on_holidays = models.BooleanField(
        _("fermée les jours fériés"), default=True, help_text=_("Quand des heures d’ouverture sont inscrites.")
    )
    accepts_by_itself = models.BooleanField(
        _("accepte sans attendre"),
        default=False,
        help_text=_("Une demande qui respecte l’horaire et les règles est acceptée aussitôt."),
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, editable=False, related_name="+"
    )
    answers = models.ForeignKey(
        "directory.Need", models.SET_NULL, null=True, blank=True, editable=False, related_name="offers",
        verbose_name=_("offerte en réponse à"),
    )  # fmt: skip

    cost_mode = models.CharField(_("contrepartie"), max_length=10, choices=CostMode.choices, default=CostMode.FREE)
    price = models.DecimalField(_("montant ($)"), max_digits=9, decimal_places=2, null=True, blank=True)
    price_unit = models.CharField(_("par"), max_length=40, blank=True, help_text=_("« la demi-journée », « du km »…"))
    deposit = models.DecimalField(_("dépôt ($)"), max_digits=9, decimal_places=2, null=True, blank=True)
    replacement_value = models.DecimalField(
        _("valeur de remplacement ($)"), max_digits=11, decimal_places=2, null=True, blank=True
    )
    insurance_required = models.BooleanField(_("assurance demandée"), default=False)
    training_required = models.BooleanField(_("formation demandée"), default=False)
    license_required = models.CharField(_("permis demandé"), max_length=120, blank=True)
    conditions = models.TextField(_("conditions"), blank=True)
    drawing = models.CharField(_("dessin"), max_length=20, blank=True, help_text=_("Vide : celui de la catégorie."))

    sort_key = models.CharField(max_length=200, editable=False, default="")
    search = SearchVectorField(null=True, editable=False)
    # Published, and its organisation too: kept by the trigger, so that lists and counts join nothing.
    is_live = models.BooleanField(editable=False, default=False)

    objects = ResourceQuerySet.as_manager()

    class Meta:
        verbose_name = _("ressource")
        verbose_name_plural = _("ressources")
        ordering = ("-published_at", "-id")
        indexes: ClassVar = [
            GinIndex(fields=["search"], name="resource_search"),
            models.Index(fields=["-published_at", "-id"], name="resource_newest"),
            # what an unfiltered list counts, read from the index alone
            models.Index(
                fields=["-published_at", "-id"],
                include=["kind", "territory", "cost_mode", "category", "organisation", "accessibility"],
                condition=Q(is_live=True, visibility="everyone") & ~Q(freshness="hidden"),
                name="resource_listed",
            ),
            models.Index(fields=["sort_key", "id"], name="resource_by_name"),
            models.Index(fields=["-updated_at"], name="resource_updated"),
            # what the calendar joins to each occupation
            models.Index(fields=["id"], include=["quantity", "buffer_minutes", "part_of"], name="resource_measures"),
        ]
        constraints: ClassVar = [
            published_has_date("resource_published_at"),
            *fields_match_kind(),
            models.CheckConstraint(
                name="resource_buffer_lendable",
                condition=Q(buffer_minutes=0) | Q(kind__in=[Kind.MATERIEL, Kind.LOCAUX]),
                violation_error_message=_("On ne garde du temps entre deux usages que d’un bien ou d’un local."),
            ),
            models.CheckConstraint(
                name="resource_quantity",
                condition=Q(quantity__gte=1),
                violation_error_message=_("La quantité est d’au moins un."),
            ),
            models.CheckConstraint(
                name="resource_price",
                condition=Q(cost_mode__in=["frais", "prix"], price__isnull=False, price__gt=0) & ~Q(price_unit="")
                | Q(cost_mode__in=["gratuit", "echange"], price__isnull=True),
                violation_error_message=_("Un prix ou des frais demandent un montant et une unité; le reste, aucun."),
            ),
            models.CheckConstraint(
                name="resource_min_max",
                condition=Q(min_minutes__isnull=True)
                | Q(max_minutes__isnull=True)
                | Q(min_minutes__lte=F("max_minutes")),
                violation_error_message=_("La durée minimale ne dépasse pas la durée maximale."),
            ),
            models.CheckConstraint(
                name="resource_part_not_self",
                condition=~Q(part_of=F("id")),
                violation_error_message=_("Une ressource ne fait pas partie d’elle-même."),
            ),
            models.CheckConstraint(
                name="resource_point_whole",
                condition=Q(latitude__isnull=True, longitude__isnull=True)
                | Q(latitude__isnull=False, latitude__range=(-90, 90))
                & Q(longitude__isnull=False, longitude__range=(-180, 180)),
                violation_error_message=_("La latitude et la longitude vont ensemble."),
            ),
        ]
        triggers: ClassVar = [
            index_trigger(
                title="NEW.name",
                rest="""concat_ws(' ', NEW.summary, NEW.description, NEW.brand_model, NEW.accessories, NEW.tasks,
                    array_to_string(NEW.equipment, ' '),
                    (SELECT concat_ws(' ', c.name, p.name) FROM directory_category c
                       LEFT JOIN directory_category p ON p.id = c.parent_id WHERE c.id = NEW.category_id),
                    (SELECT concat_ws(' ', t.name, p.name) FROM directory_territory t
                       LEFT JOIN directory_territory p ON p.id = t.parent_id WHERE t.id = NEW.territory_id),
                    (SELECT concat_ws(' ', o.name, o.acronym) FROM directory_organisation o
                      WHERE o.id = NEW.organisation_id))""",
                sort="NEW.name",
                first="""NEW.is_live := NEW.status = 'published' AND EXISTS (SELECT FROM directory_organisation o
                    WHERE o.id = NEW.organisation_id AND o.status = 'published');""",
                public="NEW.is_live AND NEW.visibility = 'everyone'",
            ),
            pgtrigger.Trigger(
                name="keeps_promised_units",
                when=pgtrigger.Before,
                operation=pgtrigger.UpdateOf("quantity"),
                func="""
                    IF NEW.quantity < OLD.quantity AND EXISTS (
                        SELECT FROM directory_occupation o
                         WHERE o.resource_id = NEW.id AND o.unit > NEW.quantity AND upper(o.period) > now()) THEN
                        RAISE check_violation USING CONSTRAINT = 'resource_keeps_promised_units',
                            MESSAGE = format('resource %s has promised more than %s units', NEW.id, NEW.quantity);
                    END IF;
                    RETURN NEW;
                """,
            ),
            pgtrigger.Trigger(
                name="parts_have_no_parts",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.UpdateOf("part_of_id"),
                func="""
                    IF NEW.part_of_id IS NOT NULL AND (
                        EXISTS (SELECT FROM directory_resource w WHERE w.id = NEW.part_of_id
                                   AND (w.part_of_id IS NOT NULL OR w.organisation_id <> NEW.organisation_id))
                        OR EXISTS (SELECT FROM directory_resource p WHERE p.part_of_id = NEW.id)) THEN
                        RAISE check_violation USING CONSTRAINT = 'resource_parts_have_no_parts',
                            MESSAGE = format('resource %s cannot be a part of %s', NEW.id, NEW.part_of_id);
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """What the triggers ``keeps_promised_units`` and ``parts_have_no_parts`` would refuse, said to who typed it."""
        before = Resource.objects.filter(pk=self.pk).values("quantity", "part_of_id").first() if self.pk else None
        wrong: dict[str, Any] = {}
        if before and self.quantity and self.quantity < before["quantity"] and self.promised_units > self.quantity:
            wrong["quantity"] = _("%(n)d unités sont promises ou bloquées d’ici à leur retour : pas moins.") % {
                "n": self.promised_units
            }
        if self.part_of_id and (not before or before["part_of_id"] != self.part_of_id):
            whole = Resource.objects.filter(pk=self.part_of_id).values("part_of_id", "organisation_id").first()
            if whole and whole["part_of_id"]:
                wrong["part_of"] = _("Elle fait déjà partie d’autre chose : une partie n’a pas de parties.")
            elif whole and whole["organisation_id"] != self.organisation_id:
                wrong["part_of"] = _("Une partie et son tout sont du même organisme.")
            elif self.pk and Resource.objects.filter(part_of=self.pk).exists():
                wrong["part_of"] = _("Celle-ci a déjà des parties : elle ne peut en être une.")
        if wrong:
            raise ValidationError(wrong)

    @property
    def promised_units(self) -> int:
        """The fewest units it may have: the highest of those that something holds, now or later."""
        held = apps.get_model("directory", "Occupation")._default_manager.filter(resource=self.pk)
        still = Q(period__endswith__gt=timezone.now()) | Q(period__upper_inf=True)
        return held.filter(still).aggregate(most=models.Max("unit"))["most"] or 0

    def natural_key(self) -> tuple[str]:
        return (self.slug,)

    def get_absolute_url(self) -> str:
        return reverse("resource_detail", args=[self.slug])

    @property
    def cover(self) -> Any:
        """The first photo, or None; ``for_list`` has read it already."""
        found = self.__dict__.get("covers")
        return next(iter(self.photos.all() if found is None else found), None)

    @property
    def is_public(self) -> bool:
        """Whether anyone at all may see it: then it may be indexed and kept in shared caches."""
        return self.visibility == Visibility.EVERYONE and self.status == self.organisation.status == Status.PUBLISHED

    @property
    def picture(self) -> str:
        """The symbol that illustrates it."""
        return self.drawing or self.category.drawing

    @property
    def point(self) -> tuple[float, float] | None:
        """Latitude and longitude: its own, or its place's."""
        if self.latitude is not None and self.longitude is not None:
            return self.latitude, self.longitude
        if self.territory.latitude is not None and self.territory.longitude is not None:
            return self.territory.latitude, self.territory.longitude
        return None
