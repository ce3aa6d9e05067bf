"""What someone was typing: kept through an expired session, a closed tab, a refused form."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Draft(models.Model):
    """The fields of one form as last typed by one person. ``key`` names the form and the row it edits."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="drafts")
    key = models.CharField(_("formulaire"), max_length=120)
    data = models.JSONField(_("contenu"), default=dict)
    updated_at = models.DateTimeField(_("tapé le"), auto_now=True)

    class Meta:
        verbose_name = _("saisie en cours")
        verbose_name_plural = _("saisies en cours")
        ordering = ("-updated_at", "-id")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "key"], name="draft_one_a_form"),
        ]

    def __str__(self) -> str:
        return self.key
