"""The form of a model agreement as one page: what decides of the text, the parties, then each clause that asks."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from django import forms
from django.utils.translation import gettext as _

from toolbox.composing import BLANK, Blank
from toolbox.conditions import OPTIONAL, WITHOUT_VALUE, holds, is_filled
from toolbox.forms.filling import FIRST_OTHER, FillingForm, theme_title
from toolbox.models import Clause
from toolbox.reading import case_of

PARTIES = ("preteur", "emprunteur", "personne")
Fields = list[forms.BoundField]


@dataclass
class Part:
    """What one subject asks. ``case``: when its clause applies, in words; ``idle``: it doesn't, as things are answered.

    ``blocks``: the organisations that sign besides, each with its fields. ``filled`` of ``total`` blanks are answered.
    """

    key: str
    title: str
    fields: Fields = field(default_factory=list)
    blocks: list[tuple[str, Fields]] = field(default_factory=list)
    case: str = ""
    idle: bool = False
    decides: bool = False
    grows: bool = False
    filled: int = 0
    total: int = 0

    @property
    def open(self) -> bool:
        """Whether one of its answers is wrong: then it is shown even when it is idle."""
        return any(f.errors for f in self.fields)


@dataclass(frozen=True)
class Sheet:
    """The parts in order, and how far they are filled."""

    parts: list[Part]

    @property
    def filled(self) -> int:
        return sum(part.filled for part in self.parts if not part.idle)

    @property
    def total(self) -> int:
        return sum(part.total for part in self.parts if not part.idle)

    @property
    def left(self) -> int:
        return self.total - self.filled


def sheet(
    form: FillingForm, clauses: Iterable[Clause], answers: Mapping[str, Any], *, chosen: Collection[str],
    roles: Mapping[str, str],
) -> Sheet:  # fmt: skip
    """The parts of this form. Every blank is in one of them, once."""
    clauses, left = list(clauses), dict(form.blanks)
    deciding = {
        c.when["field"] for c in clauses if isinstance(c.when, dict) and c.when["comparison"] not in WITHOUT_VALUE
    }
    # what brings its own clause in is asked, never missed
    spare = {c.when["field"] for c in clauses if isinstance(c.when, dict) and c.when["comparison"] in WITHOUT_VALUE}
    asked = partial(_part, form=form, left=left, answers=answers, spare=spare)
    parts = [asked("decide", _("Ce qui décide du texte"), [n for n in left if n in deciding])]
    parts[0].decides = True
    for party in PARTIES:
        names = [name for name in left if name.startswith(f"{party}.")]
        parts.append(asked(party, theme_title(f"{party}.", roles), names))
    parts += [asked(name, form.blanks[name].label, [name]) for name in form.blocks]
    for clause in clauses:
        names = [name for name in dict.fromkeys(BLANK.findall(clause.body)) if name in left]
        part = asked(f"c-{clause.key}", clause.title, names)
        part.case, part.idle = case_of(clause, form.blanks), _idle(clause, answers, chosen)
        if not part.idle and isinstance(clause.when, dict) and is_filled(answers.get(clause.when["field"])):
            part.case = ""  # decided: it is in
        parts.append(part)
    parts.append(asked("reste", _("Le reste"), list(left)))
    return Sheet([part for part in parts if part.fields or part.grows or (part.decides and form.choice())])


def _part(
    key: str, title: str, names: list[str], *, form: FillingForm, left: dict[str, Blank], answers: Mapping[str, Any],
    spare: Collection[str],
) -> Part:  # fmt: skip
    part = Part(key, title)
    for name in names:
        blank = left.pop(name)
        if name in form.blocks:
            part.grows = True
            for n, block in enumerate(form.blocks[name], FIRST_OTHER):
                part.blocks.append((_("Organisme n° %(n)d") % {"n": n}, [form[at] for at in block.values()]))
            part.filled += len(answers.get(name) or ())
            part.total += len(form.blocks[name])
            continue
        part.fields.append(form[name])
        known = is_filled(answers.get(name))
        part.filled += known
        part.total += known or (name not in spare and (blank.is_demanded or blank.from_portal))
    return part


def _idle(clause: Clause, answers: Mapping[str, Any], chosen: Collection[str]) -> bool:
    """Whether a clause is out of the text as it stands; one that nothing has decided yet may still be in."""
    if clause.when == OPTIONAL:
        return clause.key not in chosen
    if not isinstance(clause.when, dict) or clause.when["comparison"] in WITHOUT_VALUE:
        return False
    return is_filled(answers.get(clause.when["field"])) and not holds(clause.when, clause.key, answers, chosen)
