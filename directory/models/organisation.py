"""Organisations: who is who."""

from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.contrib.postgres.search import SearchVectorField
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from directory.models.history import tracked
from directory.models.queries import EntryQuerySet
from directory.models.search import index_trigger, reindex_trigger
from directory.models.sector import Sector
from directory.models.territory import Territory
from mutualisation.kernel.publication import Publishable, Status, published_has_date


class LegalForm(models.TextChoices):
    OBNL = "obnl", _("Organisme à but non lucratif")
    COOPERATIVE = "cooperative", _("Coopérative")
    SOCIAL_ECONOMY = "economie_sociale", _("Entreprise d’économie sociale")
    GROUPING = "regroupement", _("Regroupement ou table de concertation")
    PUBLIC = "public", _("Établissement public")
    MUNICIPAL = "municipal", _("Municipalité ou MRC")
    OTHER = "autre", _("Autre")


class OrganisationQuerySet(EntryQuerySet["Organisation"]):
    """Sets of organisations."""

    def visible_to(self, user: Any) -> OrganisationQuerySet:
        """What this reader may read: validated organisations, and her own; administrators, all."""
        if not user.is_authenticated:
            return self.published()
        if user.is_superuser:
            return self
        return self.filter(models.Q(status=Status.PUBLISHED) | models.Q(pk__in=user.memberships.values("organisation")))

    def with_resource_count(self) -> OrganisationQuerySet:
        """Adds ``resource_count``: how many resources each one shares, as anyone may see it."""
        from directory.models.resource import Resource

        counted = (
            Resource.objects.shown_to_anyone()
            .filter(organisation=models.OuterRef("pk"))
            .order_by()
            .values("organisation")
            .annotate(n=models.Count("*"))
            .values("n")
        )
        return self.annotate(resource_count=models.functions.Coalesce(models.Subquery(counted), 0))

    def for_list(self) -> OrganisationQuerySet:
        """What a card shows, in a constant number of queries."""
        return (
            self.select_related("territory").defer("search", "description", "territory__outline").with_resource_count()
        )


@tracked
class Organisation(Publishable):
    """An organisation of the community: public facts only, nothing of a person."""

    slug = models.SlugField(_("adresse"), max_length=120, unique=True)
    name = models.CharField(_("nom"), max_length=160)
    acronym = models.CharField(_("sigle"), max_length=20, blank=True)
    legal_form = models.CharField(_("forme"), max_length=20, choices=LegalForm.choices, default=LegalForm.OBNL)
    neq = models.CharField(
        _("NEQ"),
        max_length=10,
        blank=True,
        validators=[RegexValidator(r"^\d{10}$", _("Le NEQ compte dix chiffres."))],
        help_text=_("Numéro d’entreprise du Québec, dix chiffres."),
    )
    mission = models.CharField(_("mission"), max_length=300, help_text=_("Une phrase : ce que fait l’organisme."))
    description = models.TextField(_("description"), blank=True, help_text=_("Markdown."))
    sectors = models.ManyToManyField(Sector, verbose_name=_("secteurs"), blank=True, related_name="organisations")
    territory = models.ForeignKey(Territory, models.PROTECT, verbose_name=_("lieu"), related_name="organisations")
    served_territories = models.ManyToManyField(
        Territory, verbose_name=_("territoires desservis"), blank=True, related_name="served_by"
    )
    address = models.CharField(_("adresse civique"), max_length=200, blank=True)
    postal_code = models.CharField(
        _("code postal"),
        max_length=7,
        blank=True,
        validators=[RegexValidator(r"^[A-Z]\d[A-Z] \d[A-Z]\d$", _("Un code postal s’écrit A1A 1A1."))],
    )
    latitude = models.FloatField(_("latitude"), null=True, blank=True)
    longitude = models.FloatField(_("longitude"), null=True, blank=True)
    website = models.URLField(_("site Web"), blank=True)
    email = models.EmailField(_("courriel de l’organisme"), blank=True)
    phone = models.CharField(_("téléphone de l’organisme"), max_length=30, blank=True)
    year_founded = models.PositiveSmallIntegerField(
        _("fondé en"), null=True, blank=True, validators=[MinValueValidator(1600), MaxValueValidator(2100)]
    )
    is_network = models.BooleanField(
        _("réseau"), default=False, help_text=_("Une CDC ou un regroupement à qui l’on peut réserver une ressource.")
    )
    orphan_since = models.DateTimeField(_("sans gestionnaire depuis"), null=True, blank=True, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, editable=False, related_name="+"
    )
    source = models.CharField(_("source"), max_length=200, blank=True, help_text=_("D’où viennent ces faits."))

    sort_key = models.CharField(max_length=200, editable=False, default="")
    search = SearchVectorField(null=True, editable=False)

    objects = OrganisationQuerySet.as_manager()

    class Meta:
        verbose_name = _("organisme")
        verbose_name_plural = _("organismes")
        ordering = ("sort_key", "id")
        indexes: ClassVar = [
            GinIndex(fields=["search"], name="organisation_search"),
            GinIndex(OpClass("sort_key", "gin_trgm_ops"), name="organisation_name_trgm"),  # names that look alike
            models.Index(fields=["-published_at", "-id"], name="organisation_newest"),
            models.Index(fields=["sort_key", "id"], name="organisation_by_name"),
            models.Index(fields=["-updated_at"], name="organisation_updated"),
        ]
        constraints: ClassVar = [
            published_has_date("organisation_published_at"),
            models.UniqueConstraint(
                fields=["neq"],
                condition=~models.Q(neq=""),
                name="organisation_neq_unique",
                violation_error_message=_("Un organisme porte déjà ce NEQ."),
            ),
            models.CheckConstraint(
                name="organisation_neq_digits",
                condition=models.Q(neq="") | models.Q(neq__regex=r"^\d{10}$"),
                violation_error_message=_("Le NEQ compte dix chiffres."),
            ),
            models.CheckConstraint(
                name="organisation_point_whole",
                condition=models.Q(latitude__isnull=True, longitude__isnull=True)
                | models.Q(latitude__isnull=False, latitude__range=(-90, 90))
                & models.Q(longitude__isnull=False, longitude__range=(-180, 180)),
                violation_error_message=_("La latitude et la longitude vont ensemble."),
            ),
        ]
        triggers: ClassVar = [
            index_trigger(
                title="NEW.name || ' ' || NEW.acronym",
                rest="""concat_ws(' ', NEW.mission, NEW.description,
                    (SELECT concat_ws(' ', t.name, p.name) FROM directory_territory t
                       LEFT JOIN directory_territory p ON p.id = t.parent_id WHERE t.id = NEW.territory_id),
                    (SELECT string_agg(s.name || ' ' || s.examples, ' ') FROM directory_sector s
                       JOIN directory_organisation_sectors os ON os.sector_id = s.id
                      WHERE os.organisation_id = NEW.id))""",
                sort="NEW.name",
            ),
            reindex_trigger(
                name="reindex_resources",
                columns="name, acronym, status",
                sql="UPDATE directory_resource SET search = NULL WHERE organisation_id = NEW.id;",
            ),
            reindex_trigger(
                name="reindex_practices",
                columns="name, acronym, status",
                sql="""UPDATE directory_practice SET search = NULL WHERE id IN
                    (SELECT practice_id FROM directory_practicepartner WHERE organisation_id = NEW.id);""",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def natural_key(self) -> tuple[str]:
        return (self.slug,)

    def get_absolute_url(self) -> str:
        return reverse("organisation_detail", args=[self.slug])

    @property
    def initials(self) -> str:
        """Two letters to draw where there is no logo."""
        small = {"le", "la", "les", "du", "de", "des", "l", "d", "et", "au", "aux", "en"}
        words = [w for w in self.name.replace("’", " ").replace("-", " ").split() if w.lower() not in small]
        return "".join(w[0] for w in words[:2]).upper() or self.name[:2].upper()
