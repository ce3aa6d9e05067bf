"""What a person types, understood: words that count, synonyms, prefixes; as a PostgreSQL text query.

The French of the database (configurations ``fr_exact`` and ``fr_stem``, function ``fr_text``) is made by the first
migration of the directory; ``normalise`` here is the twin of ``fr_key`` there, and a test keeps them equal.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from django.db.models import Expression, FloatField, Func
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

MAX_LENGTH = 200
MAX_WORDS = 12
LONGEST_SYNONYM = 6

_SPACES = str.maketrans(dict.fromkeys("-‐‑–—'’`./\\@_<>&+", " "))
_LIGATURES = str.maketrans({"œ": "oe", "æ": "ae"})
_INITIALS = re.compile(r"\b(?:[^\W_]\.){2,}")  # « C.P.E. »
_WORD = re.compile(r"[^\W_]+")
_SYLLABLE = re.compile(r"[aeiouy]+")
# Words that say nothing of what is looked for: articles, the politeness of a request, and all that PostgreSQL drops
# (the conjugations of « être » and « avoir »: its French stop words).
STOP_WORDS = frozenset(
    """a ai ait alors au aucun aussi autre aux avec avez avoir avons c ca car ce ces cet cette chez comme comment d dans
    de des du elle en est et etre eu faire fait font il ils j je l la le les leur leurs lui m ma mais me meme mes moi
    mon n ne nos notre nous o on ont ou par pas peu peut plus pour pourrait qu quand que quel quelle quelles quels qui
    quoi s sa sans se ses si son sont sous sur t ta te tes toi ton trop tu un une va vers veut vos votre vous y
    eux suis es sommes serai seras sera serons serez seront serais serait serions seriez seraient fus fut furent sois
    soit soyons soyez soient fusse fusses fussions fussiez fussent ayant ayante ayantes ayants eue eues eus as aurai
    auras aura aurons aurez auront aurais aurait aurions auriez auraient avais avait avions aviez avaient eut eurent
    aie aies ayons ayez aient eusse eusses eussions eussiez eussent
    aide aider besoin besoins cherche cherchons chercher emprunter louer trouver trouve quelqu quelque quelques voudrais
    voudrait aimerais aimerait aimerions bonjour svp merci pres proche""".split()
)


NUMBERS = {
    word: n
    for n, word in enumerate(
        "un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize".split(), 1
    )
} | {"une": 1, "paire": 2, "dizaine": 10, "douzaine": 12, "quinzaine": 15, "vingt": 20, "vingtaine": 20, "trente": 30,
     "trentaine": 30, "quarante": 40, "cinquante": 50, "cinquantaine": 50, "cent": 100, "centaine": 100}  # fmt: skip


def normalise(text: str) -> str:
    """Lower case without accents; signs inside words as spaces; « St- » and « Ste- » in full (but not « sté »)."""
    text = unicodedata.normalize("NFKC", text).lower().translate(_SPACES)
    text = re.sub(r"\bst\b", "saint", re.sub(r"\bste\b", "sainte", text)).translate(_LIGATURES)
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))


def words_of(text: str) -> list[str]:
    return _WORD.findall(normalise(text))


def number_said(text: str) -> int | None:
    """How many, when a text begins by saying it: 5 of « Cinq glacières », 20 of « 20 chaises »."""
    first = next(iter(words_of(text)), "")
    return int(first) if first.isascii() and first.isdigit() and len(first) < 6 else NUMBERS.get(first)


def singular(word: str) -> str:
    """A word without its plural mark, so that a synonym holds in the plural too."""
    return word[:-1] if len(word) > 3 and word[-1] in "sx" else word


@dataclass(frozen=True)
class Term:
    """One idea of the request: what was typed, and what may stand for it."""

    typed: str
    alternatives: tuple[str, ...]
    prefix: str = ""  # the word is perhaps still being typed


@dataclass(frozen=True)
class Query:
    """A request understood. Falsy when there is nothing to look for.

    ``any_word`` asks for entries with some of the words rather than all.
    """

    text: str = ""
    terms: tuple[Term, ...] = ()
    any_word: bool = False
    cut: bool = False

    def __bool__(self) -> bool:
        return bool(self.terms)

    def relaxed(self) -> Query:
        """The same request satisfied with some of its words; nothing when it has one word only."""
        return replace(self, any_word=True) if len(self.terms) > 1 else Query()

    def uncounted(self) -> Query:
        """The same request without how many: « cinq glacières » is about coolers."""
        kept = tuple(t for t in self.terms if not t.typed.isdigit() and t.typed not in NUMBERS)
        return replace(self, terms=kept)

    def tsquery(self) -> tuple[str, list[str]]:
        """The text query as SQL with its parameters."""
        parts, params = [], []
        for term in self.terms:
            forms = []
            for alternative in term.alternatives:
                forms += ["phraseto_tsquery('fr_exact', %s)", "phraseto_tsquery('fr_stem', %s)"]
                params += [alternative, alternative]
            if term.prefix:
                forms.append("to_tsquery('fr_exact', %s)")
                params.append(f"{term.prefix}:*")
            parts.append("(" + " || ".join(forms) + ")")
        return "(" + (" || " if self.any_word else " && ").join(parts) + ")", params

    def roots(self) -> list[str]:
        """What to highlight: the roots of what was asked, and with a * the beginning that is still being typed."""
        found = {t.prefix + "*" for t in self.terms if t.prefix}
        for term in self.terms:
            for alternative in term.alternatives:
                found |= {root(w) for w in alternative.split() if w not in STOP_WORDS}
        return sorted(found)


# Endings, the longest first, with the syllables that must remain: « animation » loses one, « formation » keeps it.
_ENDINGS = (
    ("atrice", 2),
    ("ation", 2),
    ("ateur", 2),
    ("ement", 1),
    ("ante", 1),
    ("ant", 1),
    ("er", 1),
    ("ee", 1),
    ("e", 1),
)


@lru_cache(maxsize=50_000)
def root(word: str) -> str:
    """What the words of a family share, roughly as the database stems them: to highlight, never to search."""
    one = singular(word)
    if word.endswith("aux") and not word.endswith("eaux"):
        one = one[:-1] + "l"
    for ending, syllables in _ENDINGS:
        kept = one.removesuffix(ending)
        if kept != one and len(kept) >= 3 and len(_SYLLABLE.findall(kept)) >= syllables:
            return kept
    return one


def parse(text: str, synonyms: Mapping[str, Sequence[str]] | None = None) -> Query:
    """Understand what was typed. Too long a text is cut (``cut`` says so), never refused.

    ``synonyms`` gives, for a normalised singular phrase, every phrase that stands for it.
    """
    synonyms = synonyms or {}
    clean = " ".join(text.replace("\x00", " ").split())
    words = words_of(_INITIALS.sub(lambda m: m[0].replace(".", ""), clean[:MAX_LENGTH]))
    cut = len(clean) > MAX_LENGTH or len(words) > MAX_WORDS
    words = words[:MAX_WORDS]
    terms: list[Term] = []
    i = 0
    while i < len(words):
        for n in range(min(LONGEST_SYNONYM, len(words) - i), 0, -1):
            same = synonyms.get(" ".join(singular(w) for w in words[i : i + n]))
            if same:
                typed = " ".join(words[i : i + n])
                terms.append(Term(typed, tuple(dict.fromkeys([typed, *same]))))
                i += n
                break
        else:
            if words[i] not in STOP_WORDS:
                last = i == len(words) - 1 and len(words[i]) >= 3
                terms.append(Term(words[i], (words[i],), prefix=words[i] if last else ""))
            i += 1
    return Query(clean[:MAX_LENGTH], tuple(dict.fromkeys(terms)), cut=cut)


class TsQuery(Expression):
    """A Query inside a queryset."""

    def __init__(self, query: Query) -> None:
        super().__init__()
        self.query = query

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[str | int, ...]]:
        sql, params = self.query.tsquery()
        return sql, tuple(params)


class Rank(Func):
    """How well an entry answers: a title as written first, then by stem, then the body."""

    function = "ts_rank"
    template = "ts_rank('{0.05, 0.2, 0.6, 1.0}', %(expressions)s)"
    output_field = FloatField()


@lru_cache(maxsize=50_000)
def _key(word: str) -> str:
    """``normalise``, remembered: the same words come back on every card."""
    return normalise(word)


def _split(roots: Sequence[str]) -> tuple[frozenset[str], tuple[str, ...]]:
    """Whole families, and beginnings."""
    return frozenset(r for r in roots if r[-1:] != "*"), tuple(r[:-1] for r in roots if r[-1:] == "*")


def _answers(word: str, families: frozenset[str], starts: tuple[str, ...]) -> bool:
    key = _key(word)
    return len(word) > 1 and (root(key) in families or key.startswith(starts))


def highlight(text: str, roots: Sequence[str]) -> SafeString:
    """The text, escaped, with the words of the families of ``roots`` (``Query.roots``) inside <mark>."""
    if not roots:
        return escape(text)
    families, starts = _split(roots)
    out, end = [], 0
    for match in _WORD.finditer(text):
        word = match.group()
        if _answers(word, families, starts):
            out += [escape(text[end : match.start()]), "<mark>", escape(word), "</mark>"]
            end = match.end()
    out.append(escape(text[end:]))
    return mark_safe("".join(out))  # noqa: S308 - each piece was escaped above


def excerpt(text: str, roots: Sequence[str], width: int = 150) -> SafeString | str:
    """The passage of a long text that answers, highlighted; nothing when it holds none of the words."""
    if not roots or not text:
        return ""
    families, starts = _split(roots)
    for match in _WORD.finditer(text[:5000]):
        if _answers(match.group(), families, starts):
            begin = max(0, match.start() - width // 3)
            if begin:
                begin = text.find(" ", begin, match.start()) + 1 or match.start()
            stop = text.find(" ", min(len(text), begin + width))
            piece = text[begin : stop if stop > 0 else len(text)].replace("\n", " ").replace("**", "")
            shown = highlight(piece.strip(" -"), roots)
            tail = "…" if 0 < stop < len(text) else ""
            return mark_safe(("…" if begin else "") + shown + tail)  # noqa: S308 - highlight() escaped it
    return ""
