"""Two writings of an agreement side by side: which answers differ, which clauses came, went or say something else."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from django.utils.html import strip_tags
from django.utils.translation import gettext as _

from toolbox.composing import Blank, Written, compose, in_words
from toolbox.conditions import is_filled
from toolbox.models import Clause

KEPT, ADDED, REMOVED = "kept", "added", "removed"
_WORDS = re.compile(r"\s+|[^\s]+")


@dataclass(frozen=True)
class Writing:
    """What one version says: the answers, and the optional clauses that are in."""

    values: Mapping[str, Any]
    chosen: Collection[str] = ()


@dataclass(frozen=True)
class Part:
    """A run of words: ``state`` is kept, added or removed."""

    state: str
    text: str


@dataclass(frozen=True)
class Answer:
    """An answer that differs; empty on the side where nothing was said."""

    label: str
    before: str
    after: str


@dataclass(frozen=True)
class Changed:
    """A clause that came (added), went (removed) or says something else (kept), with its words."""

    title: str
    state: str
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Differences:
    answers: tuple[Answer, ...] = ()
    clauses: tuple[Changed, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.answers or self.clauses)


def compare(clauses: Iterable[Clause], blanks: Mapping[str, Blank], old: Writing, new: Writing) -> Differences:
    """What the new writing changes in the old one, in the order of the text."""
    rows = list(clauses)
    names = [name for name in blanks if said(blanks[name], old.values) != said(blanks[name], new.values)]
    answers = tuple(
        Answer(blanks[n].label, said(blanks[n], old.values), said(blanks[n], new.values)) for n in names
    )  # fmt: skip
    before = {w.key: w for w in compose(rows, blanks, old.values, old.chosen)}
    after = {w.key: w for w in compose(rows, blanks, new.values, new.chosen)}
    found = []
    for row in rows:
        one, other = before.get(row.key), after.get(row.key)
        if one is None and other is None:
            continue
        parts = between(_plain(one), _plain(other))
        if any(part.state != KEPT for part in parts):
            state = ADDED if one is None else REMOVED if other is None else KEPT
            found.append(Changed(row.title, state, parts))
    return Differences(answers, tuple(found))


def said(blank: Blank, values: Mapping[str, Any]) -> str:
    """An answer in words; empty when there is none."""
    value = values.get(blank.name)
    return in_words(blank, value) if is_filled(value) else ""


def between(old: str, new: str) -> tuple[Part, ...]:
    """The words of two texts, those that stay once."""
    one, other = _WORDS.findall(old), _WORDS.findall(new)
    parts: list[Part] = []
    for move, a, b, c, d in SequenceMatcher(a=one, b=other, autojunk=False).get_opcodes():
        if move == "equal":
            parts.append(Part(KEPT, "".join(one[a:b])))
            continue
        if b > a:
            parts.append(Part(REMOVED, "".join(one[a:b])))
        if d > c:
            parts.append(Part(ADDED, "".join(other[c:d])))
    return tuple(part for part in parts if part.text)


def _plain(clause: Written | None) -> str:
    return " ".join(strip_tags(clause.html.replace("<", " <")).split()) if clause else ""


def in_sentence(answer: Answer) -> str:
    """« Franchise : « l’emprunteur » devient « le prêteur » », for e-mails."""
    nothing = _("rien")
    words = {"label": answer.label, "before": answer.before or nothing, "after": answer.after or nothing}
    return _("%(label)s : «\u00a0%(before)s\u00a0» devient «\u00a0%(after)s\u00a0»") % words
