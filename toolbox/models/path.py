"""The guided path: its questions, rules and worked cases, as one edition that is published as a whole."""

from __future__ import annotations

from typing import Any, ClassVar

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from mutualisation.kernel.triggers import touch


class PathEdition(models.Model):
    """One edition: questions in the order asked, rules from the first that decides, cases that try them.

    ``questions`` is a list of {key, question, help, answers: [{value, label}], when}, ``rules`` of {key, name, when,
    then: {stage, because, watch, roles, tools, model}}, ``cases`` of {name, answers}; ``when`` is a list of {field,
    comparison: equal | different, value} which all hold. What is published never changes (trigger).
    """

    number = models.PositiveSmallIntegerField(_("édition"), unique=True)
    questions: Any = models.JSONField(_("questions"))
    rules: Any = models.JSONField(_("règles"))
    cases: Any = models.JSONField(_("cas d’essai"), default=list, blank=True)
    changes = models.TextField(_("ce qui change et pourquoi"), max_length=1000, blank=True)
    published_at = models.DateTimeField(_("publiée le"), null=True, blank=True)
    updated_at = models.DateTimeField(_("modifiée le"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("édition du parcours guidé")
        verbose_name_plural = _("éditions du parcours guidé")
        ordering = ("-number",)
        constraints: ClassVar = [
            models.UniqueConstraint(
                models.ExpressionWrapper(Q(published_at__isnull=True), output_field=models.BooleanField()),
                name="path_one_draft",
                condition=Q(published_at__isnull=True),
                violation_error_message=_("Une édition est déjà en préparation."),
            ),
        ]
        triggers: ClassVar = [
            touch(),
            pgtrigger.Protect(
                name="published_never_changes",
                operation=pgtrigger.Update | pgtrigger.Delete,
                condition=pgtrigger.Q(old__published_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.number}"
