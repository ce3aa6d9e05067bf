"""Which organisations may be the same one: a name that looks alike, an acronym, a NEQ, the same place."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.postgres.search import TrigramSimilarity
from django.db.models import Q, QuerySet
from django.db.models.functions import Lower
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from directory.models import Organisation
from directory.taxonomies import territories
from mutualisation.kernel.search import STOP_WORDS, words_of

LOOKS_ALIKE = 0.55  # of two names anywhere
SAME_PLACE = 0.4  # of two names of one municipality or MRC
SHOWN = 5
# What half of the names hold says little of which organisation it is.
COMMON = frozenset(
    "association centre cercle club comite communautaire federation groupe maison organisme service".split()
)


@dataclass(frozen=True)
class Candidate:
    """An organisation that may be the one meant, how likely (0 to 1), and why."""

    organisation: Organisation
    likeness: float
    reason: Promise | str


def _telling(text: str) -> set[str]:
    return {w for w in words_of(text) if w not in STOP_WORDS and w not in COMMON and len(w) > 2}


def _initials(text: str) -> str:
    return "".join(w[0] for w in words_of(text) if w not in STOP_WORDS)


def probable_duplicates(
    *,
    name: str = "",
    acronym: str = "",
    neq: str = "",
    territory_id: int | None = None,
    among: QuerySet[Organisation] | None = None,
    exclude: int | None = None,
) -> list[Candidate]:
    """The likeliest first, five at most, of ``among``: give what the reader may see."""
    rows = Organisation.objects.all() if among is None else among
    if exclude:
        rows = rows.exclude(pk=exclude)
    key = " ".join(words_of(name))[:200]
    short = "".join(words_of(acronym))
    condition = Q()
    if len(key) >= 3:
        condition |= Q(sort_key__trigram_similar=key)
        if len(key) <= 12 and " " not in key:
            condition |= Q(small_acronym=key)
    if len(short) >= 2:
        condition |= Q(small_acronym=short)
    if len(neq) == 10:
        condition |= Q(neq=neq)
    if not condition:
        return []
    found = (
        rows.annotate(small_acronym=Lower("acronym"), likeness=TrigramSimilarity("sort_key", key))
        .filter(condition)
        .select_related("territory")
        .defer("search", "description")
        .order_by("-likeness", "id")[:40]
    )
    tree = territories()
    area = tree.up_to(territory_id, ("mrc",)) if territory_id else None
    candidates = []
    for one in found:
        close = _close(one, area.id if area else None)
        own = "".join(words_of(one.acronym))
        likeness = float(one.likeness)
        reason: Promise | str = ""
        if neq and one.neq == neq:
            likeness, reason = 1.0, _("même NEQ")
        elif own and own in (short, key) and (close or likeness >= 0.2):
            likeness, reason = max(likeness, 0.9 if close else 0.7), _("même sigle")
        elif likeness >= (SAME_PLACE if close else LOOKS_ALIKE) and _telling(name) & _near(one, name):
            reason = _("nom semblable, même territoire") if close else _("nom semblable")
        if reason:
            candidates.append(Candidate(one, likeness, reason))
    return sorted(candidates, key=lambda c: (-c.likeness, c.organisation.pk))[:SHOWN]


def _near(one: Organisation, name: str) -> set[str]:
    """The telling words of a name that the other one holds too, a letter or two aside."""
    theirs = _telling(one.name)
    return {w for w in _telling(name) if any(w == t or (w[:4] == t[:4] and len(w) > 4) for t in theirs)}


def _close(one: Organisation, area: int | None) -> bool:
    if area is None:
        return False
    mrc = territories().up_to(one.territory_id, ("mrc",))
    return mrc is not None and mrc.id == area
