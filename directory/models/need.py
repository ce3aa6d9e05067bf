"""Needs: what an organisation lacks and asks for."""

from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from directory.models.category import Category, Kind
from directory.models.history import tracked
from directory.models.organisation import Organisation
from directory.models.queries import EntryQuerySet
from directory.models.search import index_trigger
from directory.models.territory import Territory
from mutualisation.kernel.publication import Publishable, Status, published_has_date


class NeedState(models.TextChoices):
    OPEN = "open", _("ouvert")
    ANSWERED = "answered", _("comblé")
    CLOSED = "closed", _("fermé")


class NeedQuerySet(EntryQuerySet["Need"]):
    """Sets of needs."""

    def visible_to(self, user: Any) -> NeedQuerySet:
        """Published ones of validated organisations; one's own organisation's; administrators, all."""
        public = Q(status=Status.PUBLISHED, organisation__status=Status.PUBLISHED)
        if not user.is_authenticated:
            return self.filter(public)
        if user.is_superuser:
            return self
        return self.filter(public | Q(organisation__in=user.memberships.values("organisation")))

    def listed(self) -> NeedQuerySet:
        return super().listed().filter(organisation__status=Status.PUBLISHED)

    def open(self) -> NeedQuerySet:
        """Still looked for: a need whose last day has passed is not, even if nobody said so."""
        return self.filter(state=NeedState.OPEN).exclude(ends_on__lt=timezone.localdate())

    def for_list(self) -> NeedQuerySet:
        """What a row shows, in one query."""
        return (
            self.select_related("organisation", "category", "territory")
            .only(
                "slug", "name", "kind", "reason", "quantity", "state", "starts_on", "ends_on", "is_demo",
                "published_at", "updated_at", "organisation__name", "organisation__slug", "category__name",
                "territory__name", "territory__slug",
            )
        )  # fmt: skip


@tracked
class Need(Publishable):
    """Something that is looked for, until when and why."""

    organisation = models.ForeignKey(Organisation, models.PROTECT, verbose_name=_("organisme"), related_name="needs")
    slug = models.SlugField(_("adresse"), max_length=120, unique=True)
    kind = models.CharField(_("sorte"), max_length=10, choices=Kind.choices)
    category = models.ForeignKey(
        Category, models.PROTECT, verbose_name=_("catégorie"), related_name="needs", null=True, blank=True
    )
    name = models.CharField(_("ce qu’il vous faut"), max_length=120)
    reason = models.TextField(_("pourquoi"), max_length=2000, blank=True)
    quantity = models.PositiveIntegerField(_("quantité"), default=1, validators=[MinValueValidator(1)])
    territory = models.ForeignKey(Territory, models.PROTECT, verbose_name=_("où"), related_name="needs")
    starts_on = models.DateField(_("du"), null=True, blank=True)
    ends_on = models.DateField(_("au"), null=True, blank=True)
    state = models.CharField(_("suite"), max_length=10, choices=NeedState.choices, default=NeedState.OPEN)
    latitude = models.FloatField(null=True, blank=True, editable=False)
    longitude = models.FloatField(null=True, blank=True, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, editable=False, related_name="+"
    )

    sort_key = models.CharField(max_length=200, editable=False, default="")
    search = SearchVectorField(null=True, editable=False)

    objects = NeedQuerySet.as_manager()

    class Meta:
        verbose_name = _("besoin")
        verbose_name_plural = _("besoins")
        ordering = ("-published_at", "-id")
        indexes: ClassVar = [
            GinIndex(fields=["search"], name="need_search"),
            models.Index(fields=["-published_at", "-id"], name="need_newest"),
            models.Index(fields=["-updated_at"], name="need_updated"),
        ]
        constraints: ClassVar = [
            published_has_date("need_published_at"),
            models.CheckConstraint(
                name="need_dates_forward",
                condition=Q(starts_on__isnull=True) | Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
                violation_error_message=_("La fin ne peut pas précéder le début."),
            ),
            models.CheckConstraint(
                name="need_quantity",
                condition=Q(quantity__gte=1),
                violation_error_message=_("La quantité est d’au moins un."),
            ),
        ]
        triggers: ClassVar = [
            index_trigger(
                title="NEW.name",
                rest="""concat_ws(' ', NEW.reason,
                    (SELECT c.name FROM directory_category c WHERE c.id = NEW.category_id),
                    (SELECT concat_ws(' ', t.name, p.name) FROM directory_territory t
                       LEFT JOIN directory_territory p ON p.id = t.parent_id WHERE t.id = NEW.territory_id),
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
        return reverse("need_detail", args=[self.slug])

    @property
    def point(self) -> tuple[float, float] | None:
        """Latitude and longitude of its place."""
        place = self.territory
        return None if place.latitude is None or place.longitude is None else (place.latitude, place.longitude)

    @property
    def is_public(self) -> bool:
        """Whether anyone at all may see it: then it may be indexed and kept in shared caches."""
        return self.status == self.organisation.status == Status.PUBLISHED

    @property
    def is_past(self) -> bool:
        """Whether its last day has passed while it was still open."""
        return self.state == NeedState.OPEN and self.ends_on is not None and self.ends_on < timezone.localdate()

    @property
    def is_asked(self) -> bool:
        """Whether one can still offer what it takes."""
        return self.state == NeedState.OPEN and not self.is_past
