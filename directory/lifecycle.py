"""The moves of an entry, as one table: it gives the page its buttons, the view its guard, the update its condition.

A move is one conditional UPDATE: a stale page is refused (``AlreadyMoved``), never applied twice.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from directory import notifications
from directory.models import Resource
from directory.models.curated import Entry, kept_as
from directory.permissions import awaits_reading, can_curate, can_edit, require
from mutualisation.kernel.lifecycle import AlreadyMoved
from mutualisation.kernel.publication import Freshness, Status


@dataclass(frozen=True)
class Transition:
    """One move: from which states, to which, by whom, in which words."""

    name: str
    sources: tuple[str, ...]
    target: str
    may: Callable[[Any, Entry], bool]
    label: Promise | str


def _may_publish(user: Any, entry: Entry) -> bool:
    """An organisation or what someone proposed goes public by a curator; what is posted, by the organisation's people.

    Unless its territory reads first: a curator then makes public whatever isn't, what was archived too.
    """
    if not kept_as(entry).posted:
        return can_curate(user, entry)
    validated = entry.organisation.status == Status.PUBLISHED
    return validated and can_edit(user, entry) and not awaits_reading(user, entry)


def _may_submit(user: Any, entry: Entry) -> bool:
    """What was archived is sent to the curators only where they read first; elsewhere one publishes it again."""
    return can_edit(user, entry) and (entry.status != Status.ARCHIVED or awaits_reading(user, entry))


TRANSITIONS = (
    Transition("submit", (Status.DRAFT, Status.RETURNED, Status.ARCHIVED), Status.SUBMITTED, _may_submit,
               _("Envoyer à la curation")),
    Transition("publish", (Status.DRAFT, Status.SUBMITTED, Status.RETURNED, Status.ARCHIVED), Status.PUBLISHED,
               _may_publish, _("Publier")),
    Transition("return", (Status.SUBMITTED, Status.PUBLISHED), Status.RETURNED, can_curate, _("Retourner à corriger")),
    Transition("archive", (Status.DRAFT, Status.SUBMITTED, Status.RETURNED, Status.PUBLISHED), Status.ARCHIVED,
               can_edit, _("Archiver")),
)  # fmt: skip
BY_NAME = {t.name: t for t in TRANSITIONS}


def moves(user: Any, entry: Entry) -> list[Transition]:
    """What this person may do with the entry as it stands."""
    return [t for t in TRANSITIONS if entry.status in t.sources and t.may(user, entry)]


@transaction.atomic
def move(entry: Entry, name: str, *, by: Any, note: str = "") -> Entry:
    """Make one move. Raises PermissionDenied, or AlreadyMoved when the entry no longer stands where it did.

    What a validated organisation publishes goes public at once and awaits re-reading (``review_since``); where the
    territory reads first, it is sent to the curators, who are told.
    """
    transition = BY_NAME[name]
    require(transition.may(by, entry))
    now = timezone.now()
    changes: dict[str, Any] = {"status": transition.target, "returned_note": note if name == "return" else ""}
    if name == "publish":
        changes |= {"published_at": entry.published_at or now, "verified_at": now, "freshness": Freshness.FRESH}
        changes["review_since"] = None if can_curate(by, entry) else now
    if name == "return":
        changes["review_since"] = None
    rows = type(entry)._default_manager.filter(pk=entry.pk, status__in=transition.sources).update(**changes)
    if not rows:
        raise AlreadyMoved
    entry.refresh_from_db()
    if name == "submit" and kept_as(entry).posted:
        notifications.entry_submitted(entry, by=by)
    if name == "publish" and isinstance(entry, Resource) and entry.answers:
        notifications.answered(entry, entry.answers)
    return entry


def edited(entry: Entry, *, by: Any) -> None:
    """Say that a published entry was changed by someone who does not curate it: curators will re-read it."""
    if entry.is_published and not can_curate(by, entry) and entry.review_since is None:
        type(entry)._default_manager.filter(pk=entry.pk).update(review_since=timezone.now())
