"""Papers of a model agreement: blank, to fill by hand; filled by someone without a loan, a draft that nobody signed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from mutualisation.kernel.paper import Paper
from toolbox.composing import Written, roles_of
from toolbox.models import Edition, Party
from toolbox.reading import Shown, clauses_of


def blank_paper(edition: Edition) -> Paper:
    """A published edition, every clause in, its blanks as lines to write on."""
    assert edition.published_at
    day = timezone.localdate(edition.published_at)
    roles = roles_of(edition.clauses.all())
    return Paper(
        title=edition.title,
        html=_html(edition, clauses_of(edition), roles),
        date=day,
        author=settings.PORTAL_NAME,
        header=_("Modèle, édition %(n)d") % {"n": edition.number},
        footer=f"{settings.PORTAL_NAME} · {edition.title} · {_('édition %(n)d') % {'n': edition.number}}",
    )


def draft_paper(
    edition: Edition, written: list[Written], *, roles: Mapping[str, str] | None = None, others: Iterable[str] = ()
) -> Paper:
    """What someone filled in, told as what it is: a draft that nobody signed. ``others`` sign too, besides the two."""
    return Paper(
        title=edition.title,
        html=_html(edition, written, roles or {}, others, draft=True),
        date=timezone.localdate(),
        author=settings.PORTAL_NAME,
        header=_("Projet, non signé"),
        footer=f"{settings.PORTAL_NAME} · {edition.title} · {_('projet, non signé')}",
        watermark=_("PROJET"),
    )


def signers(parties: Iterable[str], roles: Mapping[str, str], others: Iterable[str] = ()) -> list[dict[str, Any]]:
    """Who signs, as the place to sign says it: each party as the text calls it, then each of the others by its name."""
    found: list[dict[str, Any]] = []
    names = list(others)
    for party in parties:
        if party == Party.PERSON:
            found.append({"label": str(capfirst(Party(party).label)), "is_person": True})
        elif party != Party.PARTNER or not names:
            who = roles.get(party) or Party(party).label
            found.append({"label": _("Pour %(who)s") % {"who": who}, "is_person": False})
    return [*found, *({"label": _("Pour %(who)s") % {"who": name}, "is_person": False} for name in names)]


def _html(
    edition: Edition, clauses: list[Shown] | list[Written], roles: Mapping[str, str], others: Iterable[str] = (),
    **context: Any,
) -> str:  # fmt: skip
    who = signers(edition.model.parties, roles, others)
    return render_to_string(
        "toolbox/agreement/_paper.html", {"edition": edition, "clauses": clauses, "signers": who, **context}
    )
