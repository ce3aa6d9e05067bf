"""A model agreement as one reads it before any loan: its clauses, what goes in the blanks, when a clause applies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from mutualisation.kernel.search import STOP_WORDS, Query, root, words_of
from toolbox.composing import Blank, blanks_of, fill, in_words
from toolbox.conditions import COMPARISONS
from toolbox.models import Clause, Edition, ModelAgreement, Term


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
    clauses = list(edition.clauses.all())
    blanks = blanks_of(edition, clauses)
    return [
        Shown(n, c.key, c.title, fill(c.body, blanks, {}), c.guidance, case_of(c, blanks))
        for n, c in enumerate(clauses, 1)
    ]


def answering(query: Query) -> list[ModelAgreement]:
    """The models in force whose title or summary holds what is looked for: few enough to be read one by one."""
    models = ModelAgreement.objects.in_force() if query else []
    about = "entente-type, modèle d’entente, contrat"
    return [model for model in models if _holds(f"{about} {model.title} {model.summary}", query)]


def words_explained(query: Query) -> list[Term]:
    """The terms of the lexicon whose name holds what is looked for: few enough too."""
    terms = Term.objects.defer("definition") if query else []
    return [term for term in terms if _holds(" ".join([term.term, *term.variants]), query)]


def _holds(text: str, query: Query) -> bool:
    """Whether a text has the words that are looked for, whatever their endings."""
    words = words_of(text)
    roots = {root(word) for word in words}
    hits = [
        any(all(root(w) in roots for w in a.split() if w not in STOP_WORDS) for a in term.alternatives)
        or bool(term.prefix and any(word.startswith(term.prefix) for word in words))
        for term in query.terms
    ]
    return any(hits) if query.any_word else all(hits)


def labels_of(edition: Edition) -> dict[str, str]:
    """What each variable that a clause may name is called: the catalogue's, then those that this model declares."""
    return {name: blank.label for name, blank in blanks_of(edition).items()}


def case_of(clause: Clause, blanks: Mapping[str, Blank]) -> str:
    """In which case a clause applies, in words; empty when always."""
    when: Any = clause.when
    if when == "always":
        return ""
    if when == "optional":
        return _("Facultative")
    value, blank = when.get("value"), blanks.get(when["field"])
    shown = value if blank is None or value in (None, "") else in_words(blank, value)
    words = f"{blank.label if blank else when['field']} {COMPARISONS.get(when['comparison'], when['comparison'])}"
    return _("Seulement si : %(case)s") % {"case": f"{words} {shown}" if shown not in (None, "") else words}
