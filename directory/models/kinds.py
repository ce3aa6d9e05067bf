"""The fields that belong to one kind of resource only. The database refuses them on another kind."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from directory.models.category import Kind


class Condition(models.TextChoices):
    NEW = "neuf", _("neuf")
    VERY_GOOD = "tres_bon", _("très bon")
    GOOD = "bon", _("bon")
    WORN = "usage", _("usagé")


class Handling(models.TextChoices):
    PICKUP = "retrait", _("à venir chercher")
    DELIVERY = "livraison", _("livraison possible")
    BOTH = "les_deux", _("à venir chercher, ou livraison")


class Accessibility(models.TextChoices):
    STEP_FREE = "entree_sans_marche", _("Entrée sans marche")
    TOILET = "toilette_adaptee", _("Toilette adaptée")
    PARKING = "stationnement_adapte", _("Stationnement adapté")
    LIFT = "ascenseur", _("Ascenseur")
    LOOP = "boucle_auditive", _("Boucle auditive")
    WIDE_DOOR = "porte_large", _("Portes larges")


class ExpertiseFormat(models.TextChoices):
    ADVICE = "conseil", _("conseil")
    SUPPORT = "accompagnement", _("accompagnement")
    TRAINING = "formation", _("formation")
    WORKSHOP = "atelier", _("atelier")
    WRITING = "redaction", _("rédaction")


class Delivery(models.TextChoices):
    ON_SITE = "sur_place", _("sur place")
    REMOTE = "a_distance", _("à distance")
    BOTH = "les_deux", _("sur place ou à distance")


class Language(models.TextChoices):
    FR = "fr", _("français")
    EN = "en", _("anglais")
    ES = "es", _("espagnol")
    OTHER = "autre", _("autre")


class MaterialFields(models.Model):
    """Things: what exactly, in what state, how one gets them."""

    brand_model = models.CharField(_("marque et modèle"), max_length=120, blank=True)
    condition = models.CharField(_("état"), max_length=10, choices=Condition.choices, blank=True)
    accessories = models.TextField(_("accessoires compris"), blank=True)
    handling = models.CharField(_("remise"), max_length=10, choices=Handling.choices, blank=True)
    pickup_hours = models.CharField(_("heures de remise"), max_length=160, blank=True)

    class Meta:
        abstract = True


class PremisesFields(models.Model):
    """Rooms: how many people, with what, how one gets in."""

    capacity_seated = models.PositiveIntegerField(_("places assises"), null=True, blank=True)
    capacity_standing = models.PositiveIntegerField(_("places debout"), null=True, blank=True)
    area_m2 = models.PositiveIntegerField(_("surface (m²)"), null=True, blank=True)
    equipment = ArrayField(models.CharField(max_length=80), verbose_name=_("sur place"), default=list, blank=True)
    accessibility = ArrayField(
        models.CharField(max_length=24, choices=Accessibility.choices),
        verbose_name=_("accessibilité"),
        default=list,
        blank=True,
    )
    access_note = models.CharField(
        _("accès"),
        max_length=200,
        blank=True,
        help_text=_("Comment on entre. Jamais un code : cette note est publique."),
    )
    parking = models.CharField(_("stationnement et transport"), max_length=160, blank=True)
    recurring_allowed = models.BooleanField(_("réservations répétées possibles"), default=False)

    class Meta:
        abstract = True


class PeopleFields(models.Model):
    """A person's time: functions, never names."""

    time_share = models.CharField(_("part de temps"), max_length=80, blank=True)
    days_per_week = models.DecimalField(_("jours par semaine"), max_digits=2, decimal_places=1, null=True, blank=True)
    schedule = models.CharField(_("horaire"), max_length=160, blank=True)
    supervision = models.TextField(_("encadrement"), blank=True, help_text=_("Des fonctions, jamais de noms."))
    tasks = models.TextField(_("tâches"), blank=True)
    trial_weeks = models.PositiveSmallIntegerField(_("période d’essai (semaines)"), null=True, blank=True)

    class Meta:
        abstract = True


class ExpertiseFields(models.Model):
    """Know-how: in what form, where, for whom."""

    format = models.CharField(_("forme"), max_length=16, choices=ExpertiseFormat.choices, blank=True)
    delivery = models.CharField(_("où"), max_length=12, choices=Delivery.choices, blank=True)
    hours_offered = models.PositiveSmallIntegerField(_("heures offertes"), null=True, blank=True)
    languages = ArrayField(
        models.CharField(max_length=5, choices=Language.choices), verbose_name=_("langues"), default=list, blank=True
    )
    audience = models.CharField(_("pour qui"), max_length=160, blank=True)

    class Meta:
        abstract = True


FIELDS_OF_KIND: dict[str, type[models.Model]] = {
    Kind.MATERIEL: MaterialFields,
    Kind.LOCAUX: PremisesFields,
    Kind.HUMAIN: PeopleFields,
    Kind.EXPERTISE: ExpertiseFields,
}


def names_of_kind(kind: str) -> list[str]:
    """The names of the fields that only this kind may fill."""
    return [f.name for f in FIELDS_OF_KIND[kind]._meta.local_fields]


def _empty(field: models.Field) -> Q:
    if field.null:
        return Q(**{f"{field.name}__isnull": True})
    if isinstance(field, ArrayField):
        return Q(**{field.name: []})
    return Q(**{field.name: field.get_default()})


def fields_match_kind() -> list[models.CheckConstraint]:
    """One constraint a kind: its own fields are empty on every other kind."""
    constraints = []
    for kind, holder in FIELDS_OF_KIND.items():
        empty = Q()
        for model_field in holder._meta.local_fields:
            empty &= _empty(model_field)
        constraints.append(
            models.CheckConstraint(
                name=f"resource_fields_{kind}",
                condition=Q(kind=kind) | empty,
                violation_error_message=_("Des champs d’une autre sorte de ressource sont remplis."),
            )
        )
    return constraints
