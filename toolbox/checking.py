"""What stands in the way of publishing an edition: each point named, in a sentence, with the clause it is about."""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from mutualisation.kernel.search import normalise
from toolbox.composing import BLANK, Blank, blanks_of, places
from toolbox.conditions import ALWAYS, COMPARISONS, FITTING, OPTIONAL, WITHOUT_VALUE, as_number, is_filled
from toolbox.models import Clause, Edition
from toolbox.variables import CATALOGUE, KNOWN, SOMETIMES, UNKNOWN

LONGEST = 20_000  # letters of a clause
# A name as people type it: « [[Nom du prêteur]] » is as unknown as « [[nom]] », and is told the same way.
BRACKETED = re.compile(r"\[\[([^\[\]\n]{1,80})\]\]")
NEAR, ALIKE = 3, 0.6
SAID_AT_MOST = 20  # unknown names of one clause
_PORTAL = {variable.name: variable for variable in CATALOGUE}
_SHOWN_AS_TYPED = re.compile(r"</?[a-z!]|\{\{|\{%|^#{1,6} ", re.IGNORECASE | re.MULTILINE)
_FENCE = re.compile(r"^ {0,3}(?:```|~~~)", re.MULTILINE)
_PICTURE = re.compile(r"!\[(?!\[)[^\]\n]*\][(\[]")  # « Attention![[nom]] » is none


@dataclass(frozen=True)
class Problem:
    """One point: what is wrong and what to do; the clause or the variable that it is about.

    ``unknown`` is the name that nobody knows; ``near`` are those that look like it, most alike first.
    """

    said: str
    clause: Clause | None = None
    variable: str = ""
    blocking: bool = True
    unknown: str = ""
    near: tuple[Blank, ...] = ()


def problems(edition: Edition, clauses: Iterable[Clause]) -> list[Problem]:
    """Everything to be mended before this edition is published, clause by clause; then what is only worth a look."""
    clauses, blanks = list(clauses), blanks_of(edition)
    found = [] if clauses else [Problem(_("Il n’y a aucune clause : ajoutez-en une."))]
    for clause in clauses:
        found += _unknown(clause, blanks)
        found += [Problem(said, clause) for said in _of_body(clause, blanks)]
        if clause.when not in (ALWAYS, OPTIONAL) and (why := _unreached(clause, clauses, blanks, edition.model.kind)):
            found.append(Problem(_("Cette clause ne paraîtra jamais : %(why)s") % {"why": why}, clause))
        if _SHOWN_AS_TYPED.search(clause.body):
            said = _("« %(title)s » contient du code ou des marques qui paraîtront tels quels, comme du texte.")
            found.append(Problem(said % {"title": clause.title}, clause, blocking=False))
        if _FENCE.search(clause.body):
            said = _("« %(title)s » : les lignes « ``` » ne paraîtront pas; ce qu’elles entourent se lira comme "
                     "du texte.")  # fmt: skip
            found.append(Problem(said % {"title": clause.title}, clause, blocking=False))
    found += [Problem(said, variable=name) for name, said in _of_variables(edition, clauses)]
    return sorted(found, key=lambda problem: not problem.blocking)


def used_by(clauses: Iterable[Clause], name: str) -> list[Clause]:
    """The clauses that name a variable, in their text or in their condition."""
    return [
        c
        for c in clauses
        if name in BLANK.findall(c.body) or (isinstance(c.when, dict) and c.when.get("field") == name)
    ]


def spelled(body: str, blanks: Mapping[str, Blank]) -> str:
    """A text whose brackets hold names: a name typed with spaces or capitals, or a label, is put right."""
    names = {name.casefold(): name for name in blanks} | {b.label.casefold(): name for name, b in blanks.items()}

    def put(found: re.Match[str]) -> str:
        known = names.get(" ".join(found[1].split()).casefold())
        return f"[[{known}]]" if known else found[0]

    return BRACKETED.sub(put, body)


def near(name: str, blanks: Mapping[str, Blank]) -> tuple[Blank, ...]:
    """The variables whose name or label looks like this one: what was probably meant, three at most."""
    wanted = normalise(name)
    words = [word for word in re.split(r"[^a-z0-9]+", wanted) if len(word) > 2] or [wanted]

    def alike(blank: Blank) -> float:
        label = normalise(blank.label)
        written = (blank.name, blank.name.split(".")[-1], label)
        shared = sum(word in label for word in words) / len(words)
        return max(shared, *(difflib.SequenceMatcher(None, wanted, each).ratio() for each in written))

    ranked = sorted(((alike(blank), blank) for blank in blanks.values()), key=lambda pair: -pair[0])
    return tuple(blank for score, blank in ranked[:NEAR] if score >= ALIKE)


def _unknown(clause: Clause, blanks: Mapping[str, Blank]) -> Iterable[Problem]:
    """The names between double brackets that nobody knows, in the order of the text; what was probably meant."""
    named = dict.fromkeys(BRACKETED.findall(clause.body[: LONGEST * 2]))
    for n, name in enumerate([name for name in named if name not in blanks][:SAID_AT_MOST]):
        said = _("« %(title)s » nomme « %(name)s », que personne ne connaît : choisissez une variable de la liste, "
                 "ou déclarez-la.") % {"title": clause.title or clause.key, "name": name}  # fmt: skip
        # a text full of brackets is not compared with every variable
        yield Problem(said, clause, unknown=name, near=near(name, blanks) if n < SAID_AT_MOST // 4 else ())


def _of_body(clause: Clause, blanks: Mapping[str, Blank]) -> Iterable[str]:
    about = {"title": clause.title or clause.key}
    if not clause.title.strip():
        yield _("La clause « %(key)s » n’a pas de titre.") % {"key": clause.key}
    if not clause.body.strip():
        yield _("« %(title)s » n’a pas de texte : écrivez-le ou retirez la clause.") % about
    if len(clause.body) > LONGEST:
        yield _("« %(title)s » dépasse 20 000 caractères : partagez-la en plusieurs clauses.") % about
    for name, where in places(clause.body[: LONGEST * 2]).items():
        if name not in blanks:
            continue  # told by _unknown
        said = about | {"name": name, "label": blanks[name].label}
        if blanks[name].type in ("long", "list") and "within" in where:
            yield _("« %(title)s » : « %(label)s » tient sur plusieurs lignes. Mettez la variable seule dans son "
                    "paragraphe, entre deux lignes vides.") % said  # fmt: skip
        if "hidden" in where:
            yield _("« %(title)s » : « %(label)s » est dans l’adresse d’un lien, où rien ne se remplit. "
                    "Sortez-la du lien.") % said  # fmt: skip
    if _PICTURE.search(clause.body):
        yield _("« %(title)s » contient une image, qui ne paraîtrait pas : une entente est faite de mots. Retirez-la, "
                "ou nommez-la parmi les documents joints.") % about  # fmt: skip
    rest = BRACKETED.sub("", clause.body)
    if "[[" in rest or "]]" in rest:
        yield _("« %(title)s » : des doubles crochets n’entourent aucun nom de variable. Insérez la variable en la "
                "choisissant, ou retirez les crochets.") % about  # fmt: skip


def _unreached(clause: Clause, clauses: Iterable[Clause], blanks: Mapping[str, Blank], kind: str) -> str:
    """Why the condition of a clause never holds in agreements of this kind; empty when it may."""
    when = clause.when
    if not isinstance(when, dict) or when.get("comparison") not in COMPARISONS:
        return _("sa condition n’est pas complète.")
    field, comparison, value = when.get("field") or "", when["comparison"], when.get("value")
    blank = blanks.get(field)
    if blank is None:
        return _("sa condition porte sur « %(name)s », que personne ne connaît.") % {"name": field}
    said = {"label": blank.label, "comparison": COMPARISONS[comparison], "value": value}
    if comparison not in FITTING[blank.type]:
        return _("« %(label)s » ne se compare pas avec « %(comparison)s ».") % said
    known = _known(field, clauses, kind)
    if comparison == "empty":
        if known == KNOWN:
            return _("« %(label)s » est toujours indiqué quand le texte se signe.") % said
        if field in BLANK.findall(clause.body):
            return _("son texte nomme « %(label)s », qu’il faut donc indiquer avant de signer.") % said
    elif known == UNKNOWN and comparison != "different":
        return _("« %(label)s » n’est jamais indiqué dans une entente de cette sorte.") % said
    return "" if comparison in WITHOUT_VALUE else _unmet(blank, comparison, value, known)


def _known(field: str, clauses: Iterable[Clause], kind: str) -> str:
    """Whether a variable has a value once the text freezes: what a clause that is in names is asked before."""
    naming = [c for c in clauses if field in BLANK.findall(c.body)]
    if any(c.when == ALWAYS for c in naming):
        return KNOWN
    found = _PORTAL[field].known_in(kind) if field in _PORTAL else SOMETIMES
    if found == UNKNOWN and any(not isinstance(c.when, dict) or c.when.get("field") != field for c in naming):
        return SOMETIMES
    return found


def _unmet(blank: Blank, comparison: str, value: Any, known: str) -> str:
    """Why no value that this variable takes compares so; empty when some does."""
    said = {"label": blank.label, "comparison": COMPARISONS[comparison], "value": value}
    if not is_filled(value):
        return _("sa condition ne dit pas à quoi comparer « %(label)s ».") % said
    if blank.type == "choice":
        if str(value) not in dict(blank.choices):
            return _("« %(value)s » n’est pas un des choix de « %(label)s ».") % said
        if comparison == "different" and len(blank.choices) == 1 and known == KNOWN:
            return _("« %(label)s » n’offre qu’un choix, et la condition demande autre chose.") % said
    if (blank.type == "bool") != isinstance(value, bool):
        return _("« %(value)s » n’est pas une réponse possible à « %(label)s ».") % said
    if blank.type == "time" and (comparison, str(value)) in (("less", "00:00"), ("greater", "23:59")):
        return _("aucune heure « %(comparison)s %(value)s ».") % said
    return _beyond(blank, comparison, value) if blank.type in ("number", "money") else ""


def _beyond(blank: Blank, comparison: str, value: Any) -> str:
    """Why no number from the least to the largest of this variable meets a comparison; empty when some does."""
    wanted, least, most = as_number(value), blank.least or 0, blank.largest
    said = {"label": blank.label, "comparison": COMPARISONS[comparison], "value": value}
    if wanted is None:
        return _("« %(value)s » n’est pas une réponse possible à « %(label)s ».") % said
    said |= {"value": _figure(wanted), "least": _figure(least), "most": _figure(most)}
    if (comparison == "less" and wanted <= least) or (comparison == "equal" and wanted < least):
        return _("« %(label)s » n’est jamais sous %(least)s, et la condition demande « %(comparison)s "
                 "%(value)s ».") % said  # fmt: skip
    if (comparison == "greater" and wanted >= most) or (comparison == "equal" and wanted > most):
        return _("« %(label)s » ne va pas plus haut que %(most)s, et la condition demande « %(comparison)s "
                 "%(value)s ». Écrivez un nombre plus petit.") % said  # fmt: skip
    return ""


def _figure(number: Any) -> str:
    return number_format(number, use_l10n=True, force_grouping=True)


def _of_variables(edition: Edition, clauses: list[Clause]) -> Iterable[tuple[str, str]]:
    """What is wrong with the variables that the edition declares."""
    for name, times in Counter(v["name"] for v in edition.variables).items():
        if times > 1:
            yield name, _("Deux variables portent le nom « %(name)s » : retirez-en une.") % {"name": name}
    for variable in edition.variables:
        said = {"label": variable["label"]}
        if not used_by(clauses, variable["name"]):
            yield variable["name"], _("« %(label)s » est déclarée mais aucune clause ne s’en sert : "
                                      "insérez-la ou retirez-la.") % said  # fmt: skip
        if variable["type"] == "choice" and not variable.get("choices"):
            yield variable["name"], _("« %(label)s » n’offre aucun choix : écrivez-en deux ou plus.") % said
