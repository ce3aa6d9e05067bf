"""Those who look for the same thing: who was invited around which need, and who asked not to be invited."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from directory.models.need import Need


class JointWay(models.TextChoices):
    """What organisations are invited to do together."""

    PURCHASE = "achat", _("Achat groupé")
    PROJECT = "projet", _("Projet commun")


class JointInvitation(models.Model):
    """One need was invited to join the others of its group: once, whoever invites."""

    group = models.CharField(_("besoin commun"), max_length=160)
    need = models.ForeignKey(Need, models.CASCADE, related_name="joint_invitations", verbose_name=_("besoin"))
    way = models.CharField(_("pour"), max_length=10, choices=JointWay.choices)
    message = models.TextField(_("message"), max_length=2000)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="joint_invitations"
    )
    at = models.DateTimeField(_("invité le"), default=timezone.now)

    class Meta:
        verbose_name = _("invitation autour d’un besoin")
        verbose_name_plural = _("invitations autour d’un besoin")
        ordering = ("-at", "-id")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["group", "need"],
                name="joint_invitation_once",
                violation_error_message=_("Cet organisme a déjà été invité autour de ce besoin."),
            ),
            models.CheckConstraint(
                name="joint_invitation_way_known",
                condition=models.Q(way__in=JointWay.values),
                violation_error_message=_("Choisissez un achat groupé ou un projet commun."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.group}, {self.need_id}"


class JointRefusal(models.Model):
    """Someone who does not want these invitations any more."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="joint_refusal")
    at = models.DateTimeField(_("depuis"), default=timezone.now)

    class Meta:
        verbose_name = _("refus des invitations autour d’un besoin")
        verbose_name_plural = _("refus des invitations autour d’un besoin")
        ordering = ("user_id",)

    def __str__(self) -> str:
        return f"{self.user_id}"
