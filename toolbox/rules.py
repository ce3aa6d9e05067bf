"""Curators change the guided path: a draft edited piece by piece, checked, then published as a whole."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from directory.models import Continuum
from directory.permissions import curated_territories, require
from mutualisation.kernel.lifecycle import AlreadyMoved
from toolbox.comparing import Changed, compare_texts
from toolbox.models import ModelAgreement, PathEdition, Tool
from toolbox.paths import Condition, Guide, Question, from_file, holds

KINDS = ("questions", "rules")
TRIED_AT_MOST = 200_000  # ways through the questions, when looking for one that leads nowhere


class ChangedError(Exception):
    """Someone changed this piece since the page was read; nothing was saved. ``args[0]`` is what stands now."""


class UnsoundError(Exception):
    """The draft can't be published; ``args[0]`` are its problems."""


@dataclass(frozen=True)
class Problem:
    """What stands in the way of publishing, in a sentence, and the piece where it is mended."""

    kind: str
    key: str
    said: str


@dataclass(frozen=True)
class Outcome:
    """A worked case: where it led, where it will."""

    name: str
    before: str
    after: str


def can_keep(user: Any) -> bool:
    """Whoever curates some territory keeps the path: it has none."""
    return curated_territories(user) != []


def draft() -> PathEdition | None:
    return PathEdition.objects.filter(published_at__isnull=True).first()


def mark(piece: Any) -> str:
    """A short mark of what a page showed: goes with it, comes back with what it sends."""
    return hashlib.sha256(json.dumps(piece, sort_keys=True).encode()).hexdigest()[:12]


def piece_of(edition: PathEdition, kind: str, key: str) -> dict[str, Any] | None:
    """One question or one rule of an edition."""
    return next((piece for piece in getattr(edition, kind) if piece["key"] == key), None)


# ---- what is delivered


def delivered() -> Guide | None:
    """The edition that comes with the portal, where no edition of here, draft or published, ever was this one."""
    data = from_file()
    known = PathEdition.objects.filter(questions=data["questions"], rules=data["rules"])
    return None if known.exists() else Guide.of(data)


def titles() -> dict[str, str]:
    """What tools and models are called, by their slugs. One query."""
    tools, models = (row.order_by().values_list("slug", "title") for row in (Tool.objects, ModelAgreement.objects))
    return dict(tools.union(models))


def differences(before: Guide, after: Guide, titles: Mapping[str, str]) -> tuple[Changed, ...]:
    """The questions, then the rules, that do not say the same; ``titles`` of tools and models by their slugs."""
    old, new = _texts(before, titles), _texts(after, titles)
    named = {key: text.partition("\n")[0] for key, text in (old | new).items()}
    orders = [[key for key in texts if key in old and key in new] for texts in (old, new)]
    if orders[0] != orders[1]:
        named["order"] = _("L’ordre des questions et des règles")
        old["order"], new["order"] = ("\n".join(named[key] for key in order) for order in orders)
    return compare_texts(named.items(), old, new)


def _texts(guide: Guide, titles: Mapping[str, str]) -> dict[str, str]:
    """Each piece in plain words, the first line naming it."""
    found = {}
    for q in guide.questions:
        when = _("Posée seulement si %(when)s") % {"when": _(" et ").join(map(guide.said, q.conditions))}
        answers = [words for _value, words in q.answers]
        found[f"questions-{q.key}"] = [q.question, q.help, *answers, when if q.conditions else ""]
    for rule in guide.rules:
        then, when = rule["then"], _(" et ").join(map(guide.said, rule["when"]))
        slugs = [then.get("model"), *(then.get("tools") or ())]
        found[f"rules-{rule['key']}"] = [
            rule["name"], _("Si %(when)s") % {"when": when} if when else _("Toujours"),
            str(Continuum(then["stage"]).label) if then.get("stage") else "", then.get("because") or "",
            *(then.get("watch") or ()), *(then.get("roles") or ()), *(titles.get(s, s) for s in slugs if s),
        ]  # fmt: skip
    return {key: "\n".join(filter(None, lines)) for key, lines in found.items()}


# ---- changing the draft


@transaction.atomic
def prepare(*, by: Any) -> PathEdition:
    """A draft made of the edition in force; the one there is, when there is one."""
    require(can_keep(by))
    standing = draft()
    if standing:
        return standing
    current = PathEdition.objects.filter(published_at__isnull=False).first()
    return _begin({n: getattr(current, n) for n in ("questions", "rules", "cases")} if current else from_file())


@transaction.atomic
def take(*, by: Any) -> PathEdition:
    """A draft made of the edition that is delivered. Raises AlreadyMoved when there is one: nothing of it is lost."""
    require(can_keep(by))
    if draft():
        raise AlreadyMoved
    return _begin(from_file())


def _begin(data: Mapping[str, Any]) -> PathEdition:
    number = (PathEdition.objects.aggregate(last=Max("number"))["last"] or 0) + 1
    return PathEdition.objects.create(number=number, **data)


def _locked(by: Any) -> PathEdition:
    require(can_keep(by))
    found = PathEdition.objects.select_for_update().filter(published_at__isnull=True).first()
    if found is None:
        raise AlreadyMoved
    return found


@transaction.atomic
def abandon(*, by: Any) -> None:
    """Throw the draft away. Raises AlreadyMoved when there is none."""
    _locked(by).delete()


@transaction.atomic
def write(*, kind: str, key: str, piece: dict[str, Any], after: str, seen: str, by: Any) -> str:
    """Save a question or a rule (a new one for an empty key) just after another one (first for an empty name).

    Gives its key. Raises ChangedError, or AlreadyMoved when the draft, or the piece, is no longer there.
    """
    edition = _locked(by)
    rows: list[dict[str, Any]] = getattr(edition, kind)
    if key:
        _unchanged(edition, kind, key, seen)
        rows = [row for row in rows if row["key"] != key]
    else:
        taken = {row["key"] for row in rows}
        key = next(k for n in range(1, len(taken) + 2) if (k := f"{kind[0]}{n}") not in taken)
    place = next((n for n, row in enumerate(rows, 1) if row["key"] == after), 0)
    rows.insert(place, {"key": key, **piece})
    _keep(edition, kind, rows)
    return key


@transaction.atomic
def shift(*, kind: str, key: str, step: int, seen: str, by: Any) -> None:
    """Move a piece one place up (-1) or down (1)."""
    edition = _locked(by)
    piece = _unchanged(edition, kind, key, seen)
    rows: list[dict[str, Any]] = getattr(edition, kind)
    place = rows.index(piece)
    if 0 <= place + step < len(rows):
        rows.insert(place + step, rows.pop(place))
        _keep(edition, kind, rows)


@transaction.atomic
def withdraw(*, kind: str, key: str, seen: str, by: Any) -> None:
    """Take a piece out of the draft."""
    edition = _locked(by)
    gone = _unchanged(edition, kind, key, seen)
    _keep(edition, kind, [row for row in getattr(edition, kind) if row is not gone])


def _unchanged(edition: PathEdition, kind: str, key: str, seen: str) -> dict[str, Any]:
    piece = piece_of(edition, kind, key)
    if piece is None:
        raise AlreadyMoved
    if mark(piece) != seen:
        raise ChangedError(piece)
    return piece


def _keep(edition: PathEdition, kind: str, rows: list[dict[str, Any]]) -> None:
    setattr(edition, kind, rows)
    edition.save(update_fields=[kind])


@transaction.atomic
def publish(*, changes: str, seen: str, by: Any) -> PathEdition:
    """Put the draft in force. Raises UnsoundError, AlreadyMoved, or ChangedError: the checks were of another draft."""
    edition = _locked(by)
    if mark([edition.questions, edition.rules]) != seen:
        raise ChangedError(edition)
    found = problems(Guide.of(edition))
    if found:
        raise UnsoundError(found)
    edition.changes = changes
    edition.published_at = timezone.now()
    edition.save(update_fields=["changes", "published_at"])
    return edition


# ---- checks


def problems(guide: Guide) -> list[Problem]:
    """What stands in the way of publishing: what is unknown, what is never reached, a case that leads nowhere."""
    found = [
        Problem("questions", q.key, said)
        for q in guide.questions
        for said in _wrong(guide, q.conditions, _("La question « %(name)s »"), q.question)
    ]
    found += [
        Problem("rules", rule["key"], said)
        for rule in guide.rules
        for said in _wrong(guide, rule["when"], _("La règle « %(name)s »"), rule["name"])
    ]
    if not found and (lost := nowhere(guide)) is not None:
        told = " · ".join(question.words(lost[question.key]) for question in guide.questions if question.key in lost)
        found.append(Problem("rules", "", _("Aucune règle ne donne d’étape dans ce cas : %(case)s.") % {"case": told}))
    return found


def _wrong(guide: Guide, conditions: Iterable[Condition], subject: str, name: str) -> list[str]:
    subject = subject % {"name": name}
    for condition in conditions:
        question = guide.question(condition["field"])
        if question is None:
            return [_("%(subject)s parle d’une question qui n’existe plus.") % {"subject": subject}]
        if condition["value"] not in dict(question.answers):
            said = _("%(subject)s parle d’une réponse qui n’existe plus à « %(question)s ».")
            return [said % {"subject": subject, "question": question.question}]
    if not reachable(guide, list(conditions)):
        return [_("%(subject)s ne sert jamais : aucune suite de réponses n’y mène.") % {"subject": subject}]
    return []


def _about(guide: Guide, conditions: Iterable[Condition]) -> list[Question]:
    """The questions that these conditions depend on, in order."""
    fields = {condition["field"] for condition in conditions}
    while True:
        more = {c["field"] for q in guide.questions if q.key in fields for c in q.conditions} - fields
        if not more:
            return [q for q in guide.questions if q.key in fields]
        fields |= more


def reachable(guide: Guide, wanted: list[Condition]) -> bool:
    """Whether some way through the questions makes these conditions hold."""
    asked = _about(guide, wanted)

    def go(n: int, answers: dict[str, str]) -> bool:
        if n == len(asked):
            return holds(wanted, answers)
        question = asked[n]
        if not holds(question.conditions, answers):
            return go(n + 1, answers)
        own = [c for c in wanted if c["field"] == question.key]
        tried = ({**answers, question.key: value} for value, _words in question.answers)
        return any(holds(own, more) and go(n + 1, more) for more in tried)

    return go(0, {})


def nowhere(guide: Guide) -> dict[str, str] | None:
    """Answers for which no rule gives a stage; None when every way leads to one."""
    staged = [rule["when"] for rule in guide.rules if rule["then"].get("stage")]
    asked = _about(guide, [condition for when in staged for condition in when])
    left = TRIED_AT_MOST

    def go(n: int, answers: dict[str, str]) -> dict[str, str] | None:
        nonlocal left
        left -= 1
        if left < 0 or any(holds(when, answers) for when in staged):
            return None
        if n == len(asked):
            return answers
        question = asked[n]
        if not holds(question.conditions, answers):
            return go(n + 1, answers)
        ways = (go(n + 1, {**answers, question.key: value}) for value, _words in question.answers)
        return next((found for found in ways if found is not None), None)

    return go(0, {})


def cautions(guide: Guide) -> list[Problem]:
    """What rules name and no longer exists: it is left out of what they advise."""
    tools = set(Tool.objects.published().values_list("slug", flat=True))
    models = set(ModelAgreement.objects.in_force().values_list("slug", flat=True))
    found = []
    for rule in guide.rules:
        then = rule["then"]
        if then.get("model") and then["model"] not in models:
            said = _("La règle « %(name)s » propose une entente-type qui n’est plus en vigueur.")
            found.append(Problem("rules", rule["key"], said % {"name": rule["name"]}))
        if set(then.get("tools") or ()) - tools:
            said = _("La règle « %(name)s » propose un outil qui n’est pas publié.")
            found.append(Problem("rules", rule["key"], said % {"name": rule["name"]}))
    return found


def outcomes(before: Guide, after: Guide, titles: Mapping[str, str]) -> list[Outcome]:
    """The worked cases that the draft leads elsewhere than the edition in force."""
    found = []
    for case in after.cases:
        was, will = (_led(guide, case["answers"], titles) for guide in (before, after))
        if was != will:
            found.append(Outcome(case["name"], was, will))
    return found


def _led(guide: Guide, answers: Mapping[str, str], titles: Mapping[str, str]) -> str:
    answered, left = guide.follow(answers)
    if left is not None:
        return _("une question sans réponse, « %(question)s »") % {"question": left.question}
    advice = guide.advise(answered)
    stage = str(Continuum(advice.stage).label) if advice.stage else _("aucune étape")
    if not advice.model:
        return stage
    return _("%(stage)s, avec « %(model)s »") % {"stage": stage, "model": titles.get(advice.model, advice.model)}
