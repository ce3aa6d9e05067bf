"""A model agreement as one reads it before any loan: its clauses, what goes in the blanks, when a clause applies."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from mutualisation.kernel import markdown
from toolbox.models import Clause, Edition
from toolbox.variables import CATALOGUE

BLANK = re.compile(r"\[\[([a-z0-9_.]+)\]\]")
COMPARISONS = {
    "equal": _("est"),
    "different": _("n’est pas"),
    "greater": _("dépasse"),
    "less": _("est sous"),
    "filled": _("est indiqué"),
    "empty": _("n’est pas indiqué"),
    "contains": _("comprend"),
}


@dataclass(frozen=True)
class Shown:
    """A clause ready to be drawn: its number, its HTML, its note, and in which case it applies (empty: always)."""

    number: int
    key: str
    title: str
    html: SafeString
    guidance: str
    case: str


def clauses_of(edition: Edition) -> list[Shown]:
    """The clauses of an edition in order, blanks named."""
    labels = labels_of(edition)
    return [
        Shown(n, c.key, c.title, _html(c.body, labels), c.guidance, case_of(c, labels))
        for n, c in enumerate(edition.clauses.all(), 1)
    ]


def labels_of(edition: Edition) -> dict[str, str]:
    """What each variable that a clause may name is called: the catalogue's, then those that this model declares."""
    known = {variable.name: str(variable.label) for variable in CATALOGUE}
    return known | {declared["name"]: declared["label"] for declared in edition.variables}


def _html(body: str, labels: dict[str, str]) -> SafeString:
    """Markdown first, then blanks: what a blank is called never becomes markup."""

    def blank(found: re.Match[str]) -> str:
        return format_html('<span class="fill">{}</span>', labels.get(found[1], found[1]))

    return mark_safe(BLANK.sub(blank, markdown.render(body)))  # noqa: S308 - cleaned by render, blanks escaped


def case_of(clause: Clause, labels: dict[str, str]) -> str:
    """In which case a clause applies, in words; empty when always."""
    when: Any = clause.when
    if when == "always":
        return ""
    if when == "optional":
        return _("Facultative")
    value = when.get("value")
    shown = {True: _("oui"), False: _("non")}.get(value, value) if isinstance(value, bool) else value
    words = f"{labels.get(when['field'], when['field'])} {COMPARISONS[when['comparison']]}"
    return _("Seulement si : %(case)s") % {"case": f"{words} {shown}" if shown not in (None, "") else words}
