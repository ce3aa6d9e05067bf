"""What a person agreed to, for each purpose, in which words, until when (P-39.1, art. 14)."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Purpose(models.TextChoices):
    """Each purpose is asked for apart from the others."""

    TERMS = "conditions", _("Conditions d’utilisation et politique de confidentialité")
    PHONE = "telephone", _("Garder mon téléphone pour que mes partenaires de prêt me joignent")
    NEWS = "nouvelles", _("Recevoir des nouvelles du portail par courriel")


class Consent(models.Model):
    """One agreement: given, perhaps withdrawn, never erased while the account lives."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="consents")
    purpose = models.CharField(_("finalité"), max_length=20, choices=Purpose.choices)
    version = models.CharField(_("version du texte"), max_length=20)
    given_at = models.DateTimeField(_("donné le"), default=timezone.now)
    withdrawn_at = models.DateTimeField(_("retiré le"), null=True, blank=True)

    class Meta:
        verbose_name = _("consentement")
        verbose_name_plural = _("consentements")
        ordering = ("-given_at", "-id")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["user", "purpose"],
                condition=models.Q(withdrawn_at__isnull=True),
                name="consent_one_in_force",
                violation_error_message=_("Ce consentement est déjà donné."),
            ),
            models.CheckConstraint(
                name="consent_withdrawn_after_given",
                condition=models.Q(withdrawn_at__isnull=True) | models.Q(withdrawn_at__gte=models.F("given_at")),
                violation_error_message=_("Un consentement se retire après avoir été donné."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} : {self.get_purpose_display()}"
