"""What differs between two texts, word by word: two editions, two writings of an agreement. And who changed a draft."""

from __future__ import annotations

import datetime
import difflib
import re
from bisect import bisect_left
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.apps import apps
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from toolbox.composing import Blank, blanks_of, compose, fill, in_words, lines_of
from toolbox.conditions import is_filled
from toolbox.models import Clause, Edition, ModelAgreement
from toolbox.reading import case_of

LONGEST = 1_500_000  # pairs of words: beyond, a text went and another came
SHOWN = 50
KEPT, ADDED, REMOVED = "kept", "added", "removed"


# ---- words


@dataclass(frozen=True)
class Part:
    """A run of words: ``state`` is kept, added or removed."""

    state: str
    text: str


def between(before: str, after: str) -> tuple[Part, ...]:
    """The words of two texts, those that stay once; lines kept, other spaces made one."""
    old, new = re.findall(r"\n|[^\s]+", before), re.findall(r"\n|[^\s]+", after)
    steps: Any = [("replace", 0, len(old), 0, len(new))]
    if old == new:
        steps = [("equal", 0, len(old), 0, len(new))]
    elif len(old) * len(new) <= LONGEST:
        steps = difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    parts: list[Part] = []
    for step, a, b, c, d in steps:
        if step == "equal":
            parts.append(Part(KEPT, " ".join(old[a:b])))
            continue
        parts += [Part(REMOVED, " ".join(old[a:b]))] * (b > a) + [Part(ADDED, " ".join(new[c:d]))] * (d > c)
    return tuple(part for part in parts if part.text)


def words(before: str, after: str) -> SafeString:
    """One text, escaped: what went in <del>, what came in <ins>, each said in words too; lines kept."""
    marks = {
        KEPT: "{}",
        REMOVED: format_html('<del><span class="vh">{} </span>{{}}</del>', _("[retiré]")),
        ADDED: format_html('<ins><span class="vh">{} </span>{{}}</ins>', _("[ajouté]")),
    }
    return format_html_join(" ", "{}", ((_lines(marks[p.state], p.text),) for p in between(before, after)))


def _lines(around: str, text: str) -> SafeString:
    """Words in a mark, that no line break crosses."""
    return format_html_join(
        SafeString("<br>"),
        "{}",
        ((format_html(around, line.strip()) if line.strip() else "",) for line in text.split("\n")),
    )


# ---- two editions


@dataclass(frozen=True)
class ClauseChange:
    """A clause that isn't the same: « added », « removed », « changed » or « moved »; its words, what went and came."""

    kind: str
    label: str
    title: SafeString
    body: SafeString
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Comparison:
    """All that changes between two editions; ``same`` is how many clauses stayed as they were.

    ``presentation`` is what the model says of itself: which part, its words, what went and came.
    """

    clauses: list[ClauseChange]
    variables: list[str]
    same: int
    presentation: list[tuple[str, SafeString]] = field(default_factory=list)


PRESENTATION = (
    ("title", gettext_lazy("titre")),
    ("summary", gettext_lazy("quand s’en servir")),
    ("warning", gettext_lazy("mise en garde")),
)


def compare(old: Edition, new: Edition) -> Comparison:
    """What changes from an edition to another of the same model: its clauses known by their keys."""
    before, after = list(old.clauses.all()), list(new.clauses.all())
    was, now = {c.key: c for c in before}, {c.key: c for c in after}
    moved = _moved([c.key for c in before], [c.key for c in after if c.key in was])
    labels = {"added": _("Clause ajoutée"), "removed": _("Clause retirée"), "changed": _("Clause modifiée"),
              "moved": _("Clause déplacée")}  # fmt: skip
    named = {edition: (_named(edition, after), blanks_of(edition, after)) for edition in (old, new)}
    found = []
    for rank, clause in enumerate(after, 1):
        other = was.get(clause.key)
        title, body = _title_and_body(clause, named[new][0])
        if other is None:
            found.append(ClauseChange("added", labels["added"], words("", title), words("", body)))
            continue
        old_title, old_body = _title_and_body(other, named[old][0])
        notes = []
        case, old_case = case_of(clause, named[new][1]), case_of(other, named[old][1])
        if case != old_case:
            said = {"before": old_case or _("Toujours présente"), "after": case or _("Toujours présente")}
            notes.append(_("Quand elle s’applique. Avant : %(before)s. Maintenant : %(after)s.") % said)
        if clause.guidance != other.guidance:
            notes.append(_("La note pour qui remplit est récrite."))
        changed = notes or (title, body) != (old_title, old_body)
        if clause.key in moved:
            ranks = {"before": before.index(other) + 1, "after": rank}
            notes.append(_("Déplacée : elle était la clause %(before)s, elle est la clause %(after)s.") % ranks)
        if changed or clause.key in moved:
            kind = "changed" if changed else "moved"
            found.append(ClauseChange(kind, labels[kind], words(old_title, title), words(old_body, body), notes))
    for other in before:
        if other.key not in now:
            title, body = _title_and_body(other, named[old][0])
            found.append(ClauseChange("removed", labels["removed"], words(title, ""), words(body, "")))
    kept = sum(c.kind != "removed" for c in found)
    presented = [
        (str(label).capitalize(), words(getattr(old, name), getattr(new, name)))
        for name, label in PRESENTATION
        if getattr(old, name) != getattr(new, name)
    ]
    return Comparison(found, list(_variables(old, new)), len(after) - kept, presented)


def _named(edition: Edition, clauses: Iterable[Clause]) -> dict[str, Any]:
    """Variables shown by their label between brackets, parties called as these clauses do."""
    return {name: replace(blank, label=f"[{blank.label}]") for name, blank in blanks_of(edition, clauses).items()}


def _title_and_body(clause: Clause, blanks: dict[str, Any]) -> tuple[str, str]:
    return clause.title, "\n".join(lines_of(fill(clause.body, blanks, {})))


def _moved(before: Sequence[str], common: Sequence[str]) -> set[str]:
    """Which keys moved: all but the longest run of those that stayed in order."""
    rank = {key: n for n, key in enumerate(before)}
    tails: list[int] = []
    chain: list[str] = []
    previous: dict[str, str] = {}
    for key in common:
        where = bisect_left(tails, rank[key])
        if where:
            previous[key] = chain[where - 1]
        tails[where:where + 1], chain[where:where + 1] = [rank[key]], [key]  # fmt: skip
    stayed = set()
    key = chain[-1] if chain else ""
    while key:
        stayed.add(key)
        key = previous.get(key, "")
    return set(common) - stayed


def _variables(old: Edition, new: Edition) -> Iterable[str]:
    """What is asked otherwise, and the answers that the model proposes, before and after."""
    was, now = ({v["name"]: v for v in edition.variables} for edition in (old, new))
    proposed = [blanks_of(edition) for edition in (old, new)]
    for name, variable in now.items():
        told = {"label": variable["label"]}
        if name not in was:
            yield _("« %(label)s » se demande maintenant.") % told
        elif was[name]["label"] != variable["label"]:
            yield _("« %(before)s » s’appelle maintenant « %(label)s ».") % (told | {"before": was[name]["label"]})
        elif was[name] | {"usual": None} != variable | {"usual": None}:
            yield _("« %(label)s » se demande autrement.") % told
        before, after = (said(row[name], {name: row[name].usual}) if name in row else "" for row in proposed)
        if before != after:
            nothing = _("aucune")
            told |= {"before": before or nothing, "after": after or nothing}
            yield _("Réponse proposée d’avance à « %(label)s ». Avant : %(before)s. Maintenant : %(after)s.") % told
    for name in was.keys() - now.keys():
        yield _("« %(label)s » ne se demande plus.") % {"label": was[name]["label"]}


# ---- two writings of an agreement


@dataclass(frozen=True)
class Writing:
    """What one version says: the answers, and the optional clauses that are in."""

    values: Mapping[str, Any]
    chosen: Collection[str] = ()


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


def compare_writings(clauses: Iterable[Clause], blanks: Mapping[str, Blank], old: Writing, new: Writing) -> Differences:
    """What the new writing changes in the old one, in the order of the text."""
    rows = list(clauses)
    names = [name for name in blanks if said(blanks[name], old.values) != said(blanks[name], new.values)]
    answers = tuple(
        Answer(blanks[n].label, said(blanks[n], old.values), said(blanks[n], new.values)) for n in names
    )  # fmt: skip
    before = {w.key: w.html for w in compose(rows, blanks, old.values, old.chosen)}
    after = {w.key: w.html for w in compose(rows, blanks, new.values, new.chosen)}
    return Differences(answers, compare_clauses([(row.key, row.title) for row in rows], before, after))


def compare_clauses(
    titles: Iterable[tuple[str, str]], before: Mapping[str, str], after: Mapping[str, str]
) -> tuple[Changed, ...]:
    """The clauses, as HTML by their keys, that do not say the same words in two texts."""
    old, new = ({key: _plain(html) for key, html in text.items()} for text in (before, after))
    return compare_texts(titles, old, new)


def compare_texts(
    titles: Iterable[tuple[str, str]], before: Mapping[str, str], after: Mapping[str, str]
) -> tuple[Changed, ...]:
    """The pieces, as plain text by their keys, that do not say the same words."""
    found = []
    for key, title in titles:
        parts = between(before.get(key, ""), after.get(key, ""))
        if any(part.state != KEPT for part in parts):
            state = ADDED if key not in before else REMOVED if key not in after else KEPT
            found.append(Changed(title, state, parts))
    return tuple(found)


def said(blank: Blank, values: Mapping[str, Any]) -> str:
    """An answer in words; empty when there is none."""
    value = values.get(blank.name)
    return in_words(blank, value) if is_filled(value) else ""


def _plain(html: str) -> str:
    return "\n".join(lines_of(html))


def in_sentence(answer: Answer) -> str:
    """« Franchise : « l’emprunteur » devient « le prêteur » », for e-mails."""
    nothing = _("rien")
    told = {"label": answer.label, "before": answer.before or nothing, "after": answer.after or nothing}
    return _("%(label)s : «\u00a0%(before)s\u00a0» devient «\u00a0%(after)s\u00a0»") % told


# ---- who changed what


@dataclass(frozen=True)
class Moment:
    """One line of the history of a draft: when, who, what was done."""

    at: datetime.datetime
    who: str
    done: list[tuple[str, SafeString]]


def timeline(model: ModelAgreement, edition: Edition) -> list[Moment]:
    """Who changed what in an edition and in what its model says of itself, the newest first, fifty at most."""
    events: list[Any] = []
    for kind, wanted in (
        (Edition, {"pgh_obj_id": edition.pk}),
        (Clause, {"edition_id": edition.pk}),
        (ModelAgreement, {"pgh_obj_id": model.pk}),
    ):
        table = apps.get_model("toolbox", f"{kind.__name__}Event")._default_manager
        events += table.filter(**wanted).select_related("pgh_context").order_by("pgh_id")
    events.sort(key=lambda event: event.pgh_created_at)
    people = {e.pgh_context.metadata.get("user") for e in events if e.pgh_context}
    names = {user.pk: str(user) for user in User.objects.filter(pk__in=[pk for pk in people if pk])}
    stood: dict[tuple[type, int], Any] = {}
    moments: dict[tuple[Any, datetime.datetime], Moment] = {}
    for event in events:
        key = (type(event), event.pgh_obj_id)
        done = _done(event, stood.get(key))
        stood[key] = event
        author = event.pgh_context.metadata.get("user") if event.pgh_context else None
        group = (event.pgh_context_id, event.pgh_created_at)
        moment = moments.setdefault(group, Moment(event.pgh_created_at, names.get(author or 0, _("le portail")), []))
        moment.done.extend(line for line in done if line not in moment.done)
    told = [moment for moment in moments.values() if moment.done]
    return [replace(m, done=_short(m.done)) for m in reversed(told)][:SHOWN]


def _short(done: list[tuple[str, SafeString]]) -> list[tuple[str, SafeString]]:
    """A draft that begins by copying thirty clauses says so in a line."""
    added = [line for line in done if not line[1]]
    if len(added) <= 6:
        return done
    return [(_("%(n)s gestes, dont : %(first)s") % {"n": len(added), "first": added[0][0]}, SafeString("")),
            *(line for line in done if line[1])]  # fmt: skip


def _done(event: Any, before: Any) -> list[tuple[str, SafeString]]:
    """What an event did, in words, with the words that changed."""
    nothing = SafeString("")
    if hasattr(event, "body"):
        about = {"title": event.title}
        if event.pgh_label == "delete":
            return [(_("Clause « %(title)s » retirée.") % about, nothing)]
        if before is None:
            return [(_("Clause « %(title)s » ajoutée.") % about, nothing)]
        parts = (("title", _("titre")), ("body", _("texte")), ("guidance", _("note pour qui remplit")))
        done = _texts(event, before, parts, _("Clause « %(title)s », %%(part)s :") % about)
        if event.when != before.when:
            done.append((_("Clause « %(title)s » : elle s’applique dans d’autres cas.") % about, nothing))
        if event.position != before.position and not done:
            done.append((_("Ordre des clauses changé."), nothing))
        return done
    if hasattr(event, "variables"):
        if before is None:
            return [(_("Édition %(n)s mise en préparation.") % {"n": event.number}, nothing)]
        if event.published_at and not before.published_at:
            return [(_("Édition %(n)s publiée.") % {"n": event.number}, nothing)]
        done = _texts(event, before, PRESENTATION, _("Présentation, %(part)s :"))
        was, now = ({v["name"]: v for v in row.variables} for row in (before, event))
        changed = [v["label"] for name, v in now.items() if was.get(name) != v]
        changed += [v["label"] for name, v in was.items() if name not in now]
        return [*done, (_("Variables : %(labels)s.") % {"labels": ", ".join(changed)}, nothing)] if changed else done
    if before is None or bool(event.withdrawn_at) == bool(before.withdrawn_at):
        return []  # what a model says of itself is told by its editions
    said = _("Modèle retiré : %(why)s") % {"why": event.withdrawn_reason} if event.withdrawn_at else ""
    return [(said or _("Modèle remis en service."), nothing)]


def _texts(event: Any, before: Any, parts: Any, said: str) -> list[tuple[str, SafeString]]:
    changed = [(name, part) for name, part in parts if getattr(event, name) != getattr(before, name)]
    return [(said % {"part": part}, words(getattr(before, name), getattr(event, name))) for name, part in changed]
