"""From what a person types to what answers: understood with our synonyms, mended when nothing matches."""

from __future__ import annotations

from dataclasses import replace

from django.contrib.postgres.search import TrigramSimilarity

from directory.models import Word
from directory.taxonomies import synonyms
from mutualisation.kernel.search import Query, Term, parse

NEAR_ENOUGH = 0.35


def understand(text: str) -> Query:
    """The request with the synonyms that curators keep."""
    return parse(text, synonyms())


def mend(query: Query) -> tuple[Query, dict[str, str]] | None:
    """The same request with each unknown word replaced by the nearest one ever published.

    Gives the new request and what was replaced (typed → as people write it), or None when no word is near enough.
    """
    replaced: dict[str, str] = {}
    terms: list[Term] = []
    for term in query.terms:
        near = _nearest(term.typed) if len(term.alternatives) == 1 and len(term.typed) >= 4 else None
        if near is None:
            terms.append(term)
            continue
        replaced[term.typed] = near.display
        terms += understand(near.display).terms or (Term(near.word, (near.word,)),)
    if not replaced:
        return None
    return replace(query, terms=tuple(dict.fromkeys(terms))), replaced


def _nearest(typed: str) -> Word | None:
    """The published word nearest to one that nobody wrote; None for a known word."""
    if Word.objects.filter(word__startswith=typed).exists():
        return None
    return (
        Word.objects.filter(word__trigram_similar=typed)
        .annotate(nearness=TrigramSimilarity("word", typed))
        .filter(nearness__gte=NEAR_ENOUGH)
        .order_by("-nearness", "word")
        .first()
    )
