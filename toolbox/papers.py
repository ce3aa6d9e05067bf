"""Papers of a model agreement: blank, to fill by hand; filled by someone without a loan, a draft that nobody signed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from mutualisation.kernel.paper import Paper
from toolbox.composing import Written
from toolbox.models import Edition, Party
from toolbox.reading import Shown, clauses_of


def blank_paper(edition: Edition) -> Paper:
    """A published edition, every clause in, its blanks as lines to write on."""
    assert edition.published_at
    day = timezone.localdate(edition.published_at)
    return Paper(
        title=edition.title,
        html=_html(edition, clauses_of(edition)),
        date=day,
        author=settings.PORTAL_NAME,
        header=_("Modèle, édition %(n)d") % {"n": edition.number},
        footer=f"{settings.PORTAL_NAME} · {edition.title} · {_('édition %(n)d') % {'n': edition.number}}",
    )


def draft_paper(edition: Edition, written: list[Written]) -> Paper:
    """What someone filled in, told as what it is: a draft that nobody signed."""
    return Paper(
        title=edition.title,
        html=_html(edition, written, draft=True),
        date=timezone.localdate(),
        author=settings.PORTAL_NAME,
        header=_("Projet, non signé"),
        footer=f"{settings.PORTAL_NAME} · {edition.title} · {_('projet, non signé')}",
        watermark=_("PROJET"),
    )


def signers(parties: Iterable[str]) -> list[dict[str, Any]]:
    """Who signs, as the place to sign says it."""
    return [
        {"label": str(capfirst(Party(p).label)) if p == Party.PERSON else _("Pour %(who)s") % {"who": Party(p).label},
         "is_person": p == Party.PERSON}
        for p in parties
    ]  # fmt: skip


def _html(edition: Edition, clauses: list[Shown] | list[Written], **context: Any) -> str:
    return render_to_string(
        "toolbox/agreement/_paper.html",
        {"edition": edition, "clauses": clauses, "signers": signers(edition.model.parties), **context},
    )
