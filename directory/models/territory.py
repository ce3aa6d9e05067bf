"""Places: regions, MRCs, municipalities and boroughs of Québec, and postal areas."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _


class TerritoryKind(models.TextChoices):
    REGION = "region", _("région")
    MRC = "mrc", _("MRC ou territoire équivalent")
    MUNICIPALITY = "municipalite", _("municipalité")
    BOROUGH = "arrondissement", _("arrondissement ou quartier")


class TerritoryManager(models.Manager["Territory"]):
    def get_by_natural_key(self, slug: str) -> Territory:
        return self.get(slug=slug)


class Territory(models.Model):
    """A place and the place that holds it: region ⊃ MRC ⊃ municipality ⊃ borough.

    Coordinates are WGS 84 degrees. ``outline`` is a list of polygons, each a list of rings of [longitude, latitude],
    at regional precision (about 100 m): never for cadastral use.
    Source: Données Québec (MRNF, MAMH), CC BY 4.0.
    """

    kind = models.CharField(_("sorte"), max_length=15, choices=TerritoryKind.choices)
    code = models.CharField(_("code"), max_length=12, unique=True, help_text=_("Code géographique du MAMH."))
    name = models.CharField(_("nom"), max_length=120)
    slug = models.SlugField(_("adresse"), max_length=140, unique=True)
    designation = models.CharField(_("désignation"), max_length=60, blank=True)
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children", verbose_name=_("fait partie de")
    )
    latitude = models.FloatField(_("latitude"), null=True, blank=True)
    longitude = models.FloatField(_("longitude"), null=True, blank=True)
    population = models.PositiveIntegerField(_("population"), null=True, blank=True)
    reads_first = models.BooleanField(
        _("lire avant de publier"),
        default=False,
        help_text=_("Ce que publient ses organismes attend la curation, au lieu de paraître tout de suite."),
    )
    outline = models.JSONField(_("contour"), null=True, blank=True, editable=False)

    objects = TerritoryManager()

    class Meta:
        verbose_name = _("territoire")
        verbose_name_plural = _("territoires")
        ordering = ("name", "id")
        constraints: ClassVar = [
            models.CheckConstraint(
                name="territory_point_whole",
                condition=models.Q(latitude__isnull=True, longitude__isnull=True)
                | models.Q(latitude__isnull=False, latitude__range=(-90, 90))
                & models.Q(longitude__isnull=False, longitude__range=(-180, 180)),
                violation_error_message=_("La latitude et la longitude vont ensemble."),
            ),
            models.CheckConstraint(
                name="territory_parent_not_self",
                condition=~models.Q(parent=models.F("id")),
                violation_error_message=_("Un territoire ne peut pas se contenir lui-même."),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def natural_key(self) -> tuple[str]:
        return (self.slug,)


class PostalAreaManager(models.Manager["PostalArea"]):
    def get_by_natural_key(self, code: str) -> PostalArea:
        return self.get(code=code)


class PostalArea(models.Model):
    """The first three characters of a postal code (RTA) and its centre. Source: GeoNames, CC BY 4.0."""

    code = models.CharField(_("RTA"), max_length=3, unique=True)
    place = models.CharField(_("lieu"), max_length=120)
    latitude = models.FloatField(_("latitude"))
    longitude = models.FloatField(_("longitude"))

    objects = PostalAreaManager()

    class Meta:
        verbose_name = _("zone postale")
        verbose_name_plural = _("zones postales")
        ordering = ("code",)

    def __str__(self) -> str:
        return f"{self.code} ({self.place})"

    def natural_key(self) -> tuple[str]:
        return (self.code,)
