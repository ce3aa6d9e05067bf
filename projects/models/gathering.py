"""Gatherings of a community: announced, filled, held. The database never lets in more people than there are places."""

from __future__ import annotations

from typing import Any, ClassVar

import pgtrigger
from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from directory.models import Organisation, Territory
from mutualisation.kernel.moments import span
from mutualisation.kernel.publication import Status
from mutualisation.kernel.triggers import touch
from projects.models.community import Community


class GatheringKind(models.TextChoices):
    WORKSHOP = "atelier", _("Atelier")
    MEETING = "reunion", _("Réunion")
    VISIT = "visite", _("Visite")


class GatheringStatus(models.TextChoices):
    """Past is a condition shown, not a state."""

    DRAFT = "draft", _("en préparation")
    ANNOUNCED = "announced", _("annoncée")
    CANCELLED = "cancelled", _("annulée")


GATHERING_MOVES = {
    GatheringStatus.DRAFT: ("announced", "cancelled"),
    GatheringStatus.ANNOUNCED: ("cancelled",),
    GatheringStatus.CANCELLED: (),
}


class GatheringQuerySet(models.QuerySet["Gathering"]):
    """Sets of gatherings."""

    def visible_to(self, user: Any) -> GatheringQuerySet:
        """Announced or cancelled ones of public communities, and those where one has a place or waits for one.

        Everything of the communities that one facilitates or hosts.
        """
        public = Q(
            community__status=Status.PUBLISHED, community__organisation__status=Status.PUBLISHED
        ) & ~Q(status=GatheringStatus.DRAFT)  # fmt: skip
        if not user.is_authenticated:
            return self.filter(public)
        if user.is_superuser:
            return self
        facilitated = user.communities.standing().filter(is_facilitator=True).values("community")
        hosted = Q(community__organisation__in=user.memberships.values("organisation"))
        expected = Q(pk__in=Registration.objects.live().filter(user=user).values("gathering"))
        return self.filter(public | hosted | expected | Q(community__in=facilitated))

    def to_come(self) -> GatheringQuerySet:
        return self.filter(status=GatheringStatus.ANNOUNCED, ends_at__gt=timezone.now()).order_by("starts_at", "id")

    def for_list(self) -> GatheringQuerySet:
        return self.select_related("community", "territory").defer("community__search", "agenda", "minutes")


class Gathering(models.Model):
    """A workshop, a meeting, a visit. ``limit`` is how many people fit; NULL: as many as come."""

    community = models.ForeignKey(Community, models.CASCADE, related_name="gatherings", verbose_name=_("communauté"))
    kind = models.CharField(_("sorte"), max_length=10, choices=GatheringKind.choices, default=GatheringKind.MEETING)
    title = models.CharField(_("titre"), max_length=140)
    summary = models.TextField(_("de quoi il s’agit"), max_length=1000, blank=True)
    agenda = models.TextField(_("ordre du jour"), max_length=5000, blank=True)
    starts_at = models.DateTimeField(_("du"))
    ends_at = models.DateTimeField(_("au"))
    place = models.CharField(_("lieu"), max_length=200, blank=True, help_text=_("Adresse, ou « en ligne »."))
    territory = models.ForeignKey(
        Territory, models.PROTECT, null=True, blank=True, verbose_name=_("municipalité"), related_name="gatherings"
    )
    link = models.URLField(
        _("lien de connexion"), max_length=400, blank=True, help_text=_("Montré aux personnes inscrites seulement.")
    )
    access = models.CharField(_("accessibilité"), max_length=300, blank=True)
    limit = models.PositiveIntegerField(_("places"), null=True, blank=True, validators=[MinValueValidator(1)])
    status = models.CharField(_("état"), max_length=10, choices=GatheringStatus.choices, default=GatheringStatus.DRAFT)
    sequence = models.PositiveIntegerField(default=0, editable=False)
    note = models.CharField(_("raison de l’annulation"), max_length=300, blank=True)
    minutes = models.TextField(_("compte rendu"), max_length=20000, blank=True)
    minutes_at = models.DateTimeField(_("compte rendu publié le"), null=True, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    updated_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = GatheringQuerySet.as_manager()

    class Meta:
        verbose_name = _("rencontre")
        verbose_name_plural = _("rencontres")
        ordering = ("-starts_at", "-id")
        indexes: ClassVar = [models.Index(fields=["status", "starts_at"], name="gathering_to_come")]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="gathering_forward",
                condition=Q(ends_at__gt=F("starts_at")),
                violation_error_message=_("La fin vient avant le début : choisissez une heure plus tard."),
            ),
            models.CheckConstraint(
                name="gathering_limit",
                condition=Q(limit__isnull=True) | Q(limit__gte=1),
                violation_error_message=_("Il faut au moins une place."),
            ),
        ]
        triggers: ClassVar = [
            pgtrigger.FSM(
                name="gathering_moves",
                field="status",
                transitions=[(source, target) for source, targets in GATHERING_MOVES.items() for target in targets],
            ),
            pgtrigger.Trigger(
                name="no_fewer_places_than_people",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition('NEW."limit" IS DISTINCT FROM OLD."limit"'),
                func="""
                    IF NEW."limit" < (SELECT count(*) FROM projects_registration
                        WHERE gathering_id = NEW.id AND status = 'registered') THEN
                        RAISE EXCEPTION 'pgtrigger: more people are registered than that';
                    END IF;
                    RETURN NEW;
                """,
            ),
            touch(),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("gathering_detail", args=[self.pk])

    @property
    def period(self) -> Any:
        return span(self.starts_at, self.ends_at)

    @property
    def is_past(self) -> bool:
        return self.ends_at <= timezone.now()

    @property
    def is_open(self) -> bool:
        """Whether one may still register."""
        return self.status == GatheringStatus.ANNOUNCED and self.starts_at > timezone.now()


class RegistrationStatus(models.TextChoices):
    REGISTERED = "registered", _("inscription confirmée")
    WAITING = "waiting", _("en liste d’attente")
    CANCELLED = "cancelled", _("désistement")


class RegistrationQuerySet(models.QuerySet["Registration"]):
    def live(self) -> RegistrationQuerySet:
        return self.exclude(status=RegistrationStatus.CANCELLED)

    def in_line(self) -> RegistrationQuerySet:
        """The waiting list, first come first."""
        return self.filter(status=RegistrationStatus.WAITING).order_by("at", "id")


class Registration(models.Model):
    """Someone's place at a gathering, for her organisation. ``at`` orders the waiting list."""

    gathering = models.ForeignKey(Gathering, models.CASCADE, related_name="registrations")
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="registrations")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="registrations")
    status = models.CharField(_("état"), max_length=10, choices=RegistrationStatus.choices)
    needs = models.CharField(_("pour bien vous accueillir"), max_length=300, blank=True)
    at = models.DateTimeField(_("le"), default=timezone.now)
    attended = models.BooleanField(_("y était"), null=True, blank=True)

    objects = RegistrationQuerySet.as_manager()

    class Meta:
        verbose_name = _("inscription")
        verbose_name_plural = _("inscriptions")
        ordering = ("gathering_id", "at", "id")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["gathering", "user"],
                condition=~Q(status="cancelled"),
                name="registration_once",
                violation_error_message=_("Vous y êtes déjà."),
            ),
        ]
        triggers: ClassVar = [
            pgtrigger.Trigger(
                name="no_more_than_there_are_places",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update,
                condition=pgtrigger.Q(new__status="registered"),
                declare=[("places", "integer")],
                func="""
                    SELECT "limit" INTO places FROM projects_gathering WHERE id = NEW.gathering_id FOR NO KEY UPDATE;
                    IF places <= (SELECT count(*) FROM projects_registration
                        WHERE gathering_id = NEW.gathering_id AND status = 'registered'
                          AND id IS DISTINCT FROM NEW.id) THEN
                        RAISE EXCEPTION 'pgtrigger: no place is left';
                    END IF;
                    RETURN NEW;
                """,
            )
        ]

    def __str__(self) -> str:
        return f"{self.gathering_id} {self.user_id}"
