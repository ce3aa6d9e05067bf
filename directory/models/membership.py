"""Who acts for whom: members of organisations, requests to join, invitations, curators of territories."""

from __future__ import annotations

import datetime
from typing import ClassVar, Self

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from directory.models.history import tracked_to_its_end
from directory.models.organisation import Organisation
from directory.models.territory import Territory

ANSWER_WITHIN = datetime.timedelta(days=5)
INVITATION_LASTS = datetime.timedelta(days=14)


class Role(models.TextChoices):
    MEMBER = "membre", _("membre")
    MANAGER = "gestionnaire", _("gestionnaire")


@tracked_to_its_end
class Membership(models.Model):
    """A person who acts for an organisation. Leaving deletes the row; the history keeps it."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="memberships")
    organisation = models.ForeignKey(Organisation, models.CASCADE, related_name="memberships")
    role = models.CharField(_("rôle"), max_length=12, choices=Role.choices, default=Role.MEMBER)
    is_signatory = models.BooleanField(_("signataire autorisé"), default=False)
    resolution_on = models.DateField(_("résolution du conseil le"), null=True, blank=True)
    created_at = models.DateTimeField(_("depuis"), default=timezone.now)

    class Meta:
        verbose_name = _("membre")
        verbose_name_plural = _("membres")
        ordering = ("organisation_id", "role", "id")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["user", "organisation"],
                name="membership_unique",
                violation_error_message=_("Cette personne en est déjà membre."),
            ),
            models.CheckConstraint(
                name="membership_signatory_has_resolution",
                condition=Q(is_signatory=False) | Q(resolution_on__isnull=False),
                violation_error_message=_("Un mandat de signature porte la date de la résolution du conseil."),
            ),
        ]
        # Whatever takes the last manager away (leaving, a closed account, the admin), the organisation says so.
        triggers: ClassVar = [
            pgtrigger.Trigger(
                name="orphan",
                when=pgtrigger.After,
                operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
                func="""
                    IF TG_OP <> 'INSERT' AND OLD.role = 'gestionnaire' THEN
                        UPDATE directory_organisation SET orphan_since = clock_timestamp()
                         WHERE id = OLD.organisation_id AND orphan_since IS NULL
                           AND NOT EXISTS (SELECT 1 FROM directory_membership m
                                            WHERE m.organisation_id = OLD.organisation_id AND m.role = 'gestionnaire');
                    END IF;
                    IF TG_OP <> 'DELETE' AND NEW.role = 'gestionnaire' THEN
                        UPDATE directory_organisation SET orphan_since = NULL
                         WHERE id = NEW.organisation_id AND orphan_since IS NOT NULL;
                    END IF;
                    RETURN NULL;
                """,
            )
        ]

    def __str__(self) -> str:
        return f"{self.user}, {self.organisation} ({self.get_role_display()})"

    @property
    def is_manager(self) -> bool:
        return self.role == Role.MANAGER


class JoinRequestQuerySet(models.QuerySet["JoinRequest"]):
    def waiting(self) -> Self:
        return self.filter(status=JoinRequest.Status.WAITING)

    def overdue(self) -> Self:
        """Those that managers left without answer, or that no manager can answer: the curator's turn."""
        managed = Membership.objects.filter(
            organisation=models.OuterRef("organisation"), role=Role.MANAGER, user__is_active=True
        )
        return (
            self.waiting()
            .annotate(managed=models.Exists(managed))
            .filter(Q(managed=False) | Q(created_at__lte=timezone.now() - ANSWER_WITHIN))
        )


class JoinRequest(models.Model):
    """Someone asks to act for an organisation; on one that nobody manages it is a claim."""

    class Status(models.TextChoices):
        WAITING = "waiting", _("en attente")
        ACCEPTED = "accepted", _("acceptée")
        REFUSED = "refused", _("refusée")
        WITHDRAWN = "withdrawn", _("retirée")

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="join_requests")
    organisation = models.ForeignKey(Organisation, models.CASCADE, related_name="join_requests")
    message = models.TextField(_("message"), max_length=1000, blank=True)
    status = models.CharField(_("état"), max_length=10, choices=Status.choices, default=Status.WAITING)
    created_at = models.DateTimeField(_("demandé le"), default=timezone.now)
    answered_at = models.DateTimeField(_("répondu le"), null=True, blank=True)
    answered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")

    objects = JoinRequestQuerySet.as_manager()

    class Meta:
        verbose_name = _("demande d’adhésion")
        verbose_name_plural = _("demandes d’adhésion")
        ordering = ("created_at", "id")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["user", "organisation"],
                condition=Q(status="waiting"),
                name="join_request_one_waiting",
                violation_error_message=_("Votre demande est déjà en attente."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.user} → {self.organisation}"


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def open(self) -> Self:
        """Those that can still be accepted."""
        return self.filter(accepted_at__isnull=True, revoked_at__isnull=True, expires_at__gt=timezone.now())


class Invitation(models.Model):
    """A manager invites an address. The link holds a token; the database only its SHA-256."""

    organisation = models.ForeignKey(Organisation, models.CASCADE, related_name="invitations")
    email = models.EmailField(_("courriel"))
    role = models.CharField(_("rôle"), max_length=12, choices=Role.choices, default=Role.MEMBER)
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    invited_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(_("envoyée le"), default=timezone.now)
    expires_at = models.DateTimeField(_("expire le"))
    accepted_at = models.DateTimeField(_("acceptée le"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("révoquée le"), null=True, blank=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        ordering = ("-created_at", "-id")

    def __str__(self) -> str:
        return f"{self.email} → {self.organisation}"


class Curatorship(models.Model):
    """A person of a CDC team who curates a territory and all it holds."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="curatorships")
    territory = models.ForeignKey(Territory, models.CASCADE, related_name="curatorships")

    class Meta:
        verbose_name = _("curation d’un territoire")
        verbose_name_plural = _("curation des territoires")
        ordering = ("user_id", "territory_id")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "territory"], name="curatorship_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.user} : {self.territory}"


class NetworkMember(models.Model):
    """An organisation that belongs to a network, such as the members of a CDC."""

    network = models.ForeignKey(Organisation, models.CASCADE, related_name="network_members")
    organisation = models.ForeignKey(Organisation, models.CASCADE, related_name="networks")

    class Meta:
        verbose_name = _("membre d’un réseau")
        verbose_name_plural = _("membres des réseaux")
        ordering = ("network_id", "organisation_id")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["network", "organisation"], name="network_member_unique"),
            models.CheckConstraint(
                name="network_member_not_self",
                condition=~Q(network=models.F("organisation")),
                violation_error_message=_("Un réseau n’est pas membre de lui-même."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.organisation} ∈ {self.network}"
