"""Preparing and publishing editions: each verb on the locked draft, refused when what was read has changed since.

A published edition never changes (the database refuses it): everything here writes a draft, or replaces an edition.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any

from django.apps import apps
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.text import slugify

from directory.models import Organisation
from directory.permissions import require
from toolbox.checking import Problem, problems, used_by
from toolbox.models import Clause, Edition, ModelAgreement
from toolbox.permissions import can_edit_model, can_keep_models


class StaleError(Exception):
    """Someone changed what this gesture is about since the page was read; nothing was done."""


class NoDraftError(Exception):
    """The edition in preparation was published or dropped meanwhile."""


class BlockedError(Exception):
    """What stands in the way: ``args[0]`` is the list of problems."""


class NothingNewError(Exception):
    """The draft says what the edition in force says: there is nothing to publish."""


class InUseError(Exception):
    """A variable that clauses name: ``args[0]`` lists them."""


class AddressTakenError(Exception):
    """Another model has this address."""


def _mark(what: Any) -> str:
    text = json.dumps(what, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def order_mark(clauses: Iterable[Clause]) -> str:
    """A short mark of the order of clauses."""
    return _mark([clause.pk for clause in clauses])


def clause_mark(clause: Clause) -> str:
    """A short mark of what a clause says."""
    return _mark([clause.title, clause.body, clause.guidance, clause.when])


def variable_mark(variable: dict[str, Any]) -> str:
    """A short mark of what a declared variable says."""
    return _mark(variable)


def text_mark(edition: Edition, clauses: Iterable[Clause]) -> str:
    """A short mark of everything that publishing makes final."""
    return _mark([edition.pk, _said(edition, clauses)])


def _said(edition: Edition, clauses: Iterable[Clause]) -> list[Any]:
    return [edition.title, edition.summary, edition.warning, edition.variables,
            [[c.key, clause_mark(c)] for c in clauses]]  # fmt: skip


def says_the_same(draft: Edition, clauses: Iterable[Clause], last: Edition | None) -> bool:
    """Whether a draft changes nothing to the edition that is in force."""
    return last is not None and _said(draft, clauses) == _said(last, last.clauses.all())


# ---- beginning


@transaction.atomic
def prepare(*, model: ModelAgreement, by: Any) -> Edition:
    """The draft of the next edition, copied from the one in force; the one that is being prepared if there is one."""
    locked = _locked_model(model, by)
    if (draft := locked.draft) is not None:
        return draft
    last = locked.editions.order_by("-number").first()
    source = last or locked
    draft = Edition.objects.create(
        model=locked, number=last.number + 1 if last else 1, variables=last.variables if last else [],
        title=source.title, summary=source.summary, warning=source.warning,
    )  # fmt: skip
    _copy_clauses(last, draft)
    return draft


@transaction.atomic
def discard(*, model: ModelAgreement, by: Any, seen: str) -> None:
    """Drop the edition in preparation, as it was read."""
    draft = locked_draft(model, by=by)
    if seen != text_mark(draft, draft.clauses.all()):
        raise StaleError
    draft.clauses.all().delete()
    draft.delete()


def _locked_model(model: ModelAgreement, by: Any) -> ModelAgreement:
    locked = ModelAgreement.objects.select_for_update(of=("self",)).select_related("owner").get(pk=model.pk)
    require(can_edit_model(by, locked))
    return locked


def locked_draft(model: ModelAgreement, *, by: Any) -> Edition:
    """The draft of a model, held until the end of the transaction."""
    locked = _locked_model(model, by)
    draft = Edition.objects.select_for_update().filter(model=locked, published_at__isnull=True).first()
    if draft is None:
        raise NoDraftError
    return draft


def _copy_clauses(source: Edition | None, target: Edition) -> None:
    rows = list(source.clauses.all()) if source else []
    Clause.objects.bulk_create(
        Clause(edition=target, position=n, key=c.key, title=c.title, body=c.body, guidance=c.guidance, when=c.when)
        for n, c in enumerate(rows, 1)
    )


# ---- clauses


def free_key(draft: Edition, title: str) -> str:
    """A key made of a title, that no other clause of the draft has."""
    base = slugify(title.replace("’", " "))[:50].strip("-") or "clause"
    taken = set(draft.clauses.values_list("key", flat=True))
    return next(key for n in range(1, len(taken) + 2) if (key := base if n == 1 else f"{base}-{n}") not in taken)


def add_clause(draft: Edition, clause: Clause, *, after: Clause | None) -> Clause:
    """Put a new clause in a draft held by ``locked_draft``, after another one or at the end."""
    rows = list(draft.clauses.all())
    clause.edition, clause.key = draft, free_key(draft, clause.title)
    clause.position = len(rows) + 1
    clause.save(force_insert=True)
    if after is not None:
        where = [row.pk for row in rows].index(after.pk) + 1
        _arrange([*rows[:where], clause, *rows[where:]])
    return clause


@transaction.atomic
def move_clause(*, model: ModelAgreement, pk: int, after: int, by: Any, seen: str) -> int:
    """Put a clause after another one (0: first); gives its new rank."""
    rows, clause = _rows_and(locked_draft(model, by=by), pk, seen)
    others = [row for row in rows if row.pk != pk]
    if after and after not in [row.pk for row in others]:
        raise StaleError
    where = [row.pk for row in others].index(after) + 1 if after else 0
    _arrange([*others[:where], clause, *others[where:]])
    return where + 1


@transaction.atomic
def duplicate_clause(*, model: ModelAgreement, pk: int, by: Any, seen: str) -> Clause:
    """The same clause a second time, just after, under its own key."""
    draft = locked_draft(model, by=by)
    _rows, clause = _rows_and(draft, pk, seen)
    copy = Clause(title=clause.title, body=clause.body, guidance=clause.guidance, when=clause.when)
    return add_clause(draft, copy, after=clause)


@transaction.atomic
def remove_clause(*, model: ModelAgreement, pk: int, by: Any, seen: str, said: str) -> Clause:
    """Take a clause away as it was read; its text stays in the history, and can be put back from there."""
    rows, clause = _rows_and(locked_draft(model, by=by), pk, seen)
    if said != clause_mark(clause):
        raise StaleError
    clause.delete()
    _arrange([row for row in rows if row is not clause])
    return clause


@transaction.atomic
def restore_clause(*, model: ModelAgreement, event: int, by: Any) -> Clause:
    """Put back at the end a clause that was taken away from this draft."""
    draft = locked_draft(model, by=by)
    found = next((row for row in removed(draft, list(draft.clauses.all())) if row.pgh_id == event), None)
    if found is None:
        raise StaleError
    again = Clause(title=found.title, body=found.body, guidance=found.guidance, when=found.when, key=found.key)
    again.edition, again.position = draft, draft.clauses.count() + 1
    again.save(force_insert=True)
    return again


def removed(draft: Edition, clauses: list[Clause]) -> list[Any]:
    """What was taken away from a draft and isn't back, as the history keeps it: the last one first."""
    events = apps.get_model("toolbox", "ClauseEvent")._default_manager
    rows: Any = events.filter(edition_id=draft.pk, pgh_label="delete").order_by("-pgh_id")[:40]
    there = {clause.key for clause in clauses}
    last = {row.key: row for row in reversed(rows) if row.key not in there}
    return sorted(last.values(), key=lambda row: -row.pgh_id)


def _rows_and(draft: Edition, pk: int, seen: str) -> tuple[list[Clause], Clause]:
    """The clauses of a draft and one of them, if their order is still the one that was read."""
    rows = list(draft.clauses.all())
    clause = next((row for row in rows if row.pk == pk), None)
    if clause is None or seen != order_mark(rows):
        raise StaleError
    return rows, clause


def _arrange(rows: list[Clause]) -> None:
    for n, row in enumerate(rows, 1):
        if row.position != n:
            row.position = n
            row.save(update_fields=["position"])


# ---- variables


def save_variable(draft: Edition, variable: dict[str, Any]) -> None:
    """Declare a variable in a draft held by ``locked_draft``, or say again the one of this name."""
    there = [v["name"] for v in draft.variables]
    if variable["name"] in there:
        draft.variables = [variable if v["name"] == variable["name"] else v for v in draft.variables]
    else:
        draft.variables = [*draft.variables, variable]
    draft.save(update_fields=["variables"])


@transaction.atomic
def remove_variable(*, model: ModelAgreement, name: str, by: Any, said: str) -> dict[str, Any]:
    """Take a declared variable away, unless a clause names it."""
    draft = locked_draft(model, by=by)
    found = next((v for v in draft.variables if v["name"] == name), None)
    if found is None or said != variable_mark(found):
        raise StaleError
    if clauses := used_by(draft.clauses.all(), name):
        raise InUseError(clauses)
    draft.variables = [v for v in draft.variables if v["name"] != name]
    draft.save(update_fields=["variables"])
    return found


# ---- publishing


@transaction.atomic
def publish(*, model: ModelAgreement, changes: str, by: Any, seen: str) -> Edition:
    """Make the draft the edition in force, for good: as it was read, nothing standing in the way."""
    draft = locked_draft(model, by=by)
    clauses = list(draft.clauses.all())
    if seen != text_mark(draft, clauses):
        raise StaleError
    blocking: list[Problem] = [p for p in problems(draft, clauses) if p.blocking]
    if blocking:
        raise BlockedError(blocking)
    if says_the_same(draft, clauses, model.current):
        raise NothingNewError
    draft.changes, draft.published_at = changes, timezone.now()
    draft.save(update_fields=["changes", "published_at"])
    return draft


@transaction.atomic
def withdraw(*, model: ModelAgreement, reason: str, by: Any) -> bool:
    """No new agreement is made of this model; it can still be read, with why. False when it was withdrawn already."""
    locked = _locked_model(model, by)
    if locked.withdrawn_at:
        return False
    locked.withdrawn_at, locked.withdrawn_reason = timezone.now(), reason
    locked.save(update_fields=["withdrawn_at", "withdrawn_reason"])
    return True


@transaction.atomic
def put_back(*, model: ModelAgreement, by: Any) -> bool:
    """A withdrawn model serves again. False when it served already."""
    locked = _locked_model(model, by)
    if not locked.withdrawn_at:
        return False
    locked.withdrawn_at, locked.withdrawn_reason = None, ""
    locked.save(update_fields=["withdrawn_at", "withdrawn_reason"])
    return True


@transaction.atomic
def copy(*, edition: Edition, title: str, slug: str, owner: Organisation | None, by: Any) -> ModelAgreement:
    """A model of one's own made from a published edition: a draft of its first edition, to be changed and published."""
    require(can_keep_models(by) and edition.published_at is not None)
    source = edition.model
    made = ModelAgreement(
        slug=slug, title=title, kind=source.kind, parties=source.parties, summary=edition.summary,
        warning=edition.warning, position=source.position, owner=owner, copied_from=edition,
    )  # fmt: skip
    require(can_edit_model(by, made))
    try:
        with transaction.atomic():
            made.save(force_insert=True)
    except IntegrityError as error:
        if "slug" not in str(error):
            raise
        raise AddressTakenError from None
    draft = Edition.objects.create(
        model=made, number=1, variables=edition.variables, title=title, summary=edition.summary, warning=edition.warning
    )
    _copy_clauses(edition, draft)
    return made
