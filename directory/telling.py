"""Telling a story to copy: anyone proposes it, a curator edits and publishes it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import transaction

from directory import notifications
from directory.lifecycle import move
from directory.models import Practice
from directory.moderation import AlreadyDecided, decide
from directory.permissions import can_curate, require
from directory.writing import first_sending, free_address, insert, made_by, remember, rewrite
from mutualisation.kernel.lifecycle import AlreadyMoved
from mutualisation.kernel.publication import Status

RESERVED = {"proposer", "atom", "carte", "export", "nouvelle"}
OPEN_AT_MOST = 20  # stories of one person that await a decision


class TooManyError(Exception):
    """This person proposed many stories that nobody read yet; nothing was saved."""


def address_of(practice: Practice) -> str:
    return free_address(Practice, practice.title, fallback="pratique", reserved=RESERVED, own=practice.slug)


@transaction.atomic
def propose(*, form_for: Callable[[Practice], Any], by: Any, once: str, submit: bool = False) -> Any:
    """Create a story; gives the form, valid and saved, or with its errors. Raises TooManyError.

    The same form sent twice creates one; sent again after the Back button, it changes what the first sending made.
    ``submit`` sends it to the curators at once; otherwise it stays a draft that its author alone sees.
    """
    require(by.is_authenticated)
    form = form_for(Practice(proposed_by=by))
    if not form.is_valid():
        return form
    mark = first_sending(once, by=by)
    if mark is None and (made := made_by(once, Practice, by=by)):
        form = rewrite(made, form_for=form_for, by=by, address=address_of)
    else:
        waiting = Practice.objects.filter(proposed_by=by).exclude(status__in=[Status.PUBLISHED, Status.ARCHIVED])
        if waiting.count() >= OPEN_AT_MOST:
            raise TooManyError
        practice = form.save(commit=False)
        practice.proposed_by = by
        insert(practice, lambda: address_of(practice))
        form.save_m2m()
        remember(mark, practice)
    if submit and not form.errors:
        _send_once(form.instance, by=by)
    return form


@transaction.atomic
def change(practice: Practice, *, form_for: Callable[[Practice], Any], by: Any, submit: bool = False) -> Any:
    """Save what a form says, unless someone changed the same fields; ``submit`` sends it to the curators."""
    form = rewrite(practice, form_for=form_for, by=by, address=address_of)
    if submit and not form.errors:
        _send_once(form.instance, by=by)
    return form


def _send_once(practice: Practice, *, by: Any) -> None:
    practice.refresh_from_db(fields=["status"])
    if practice.status in (Status.DRAFT, Status.RETURNED):
        send(practice, by=by)


@transaction.atomic
def send(practice: Practice, *, by: Any) -> None:
    """To the curators of its places, who are told. Raises AlreadyMoved when it is there already."""
    move(practice, "submit", by=by)
    notifications.practice_submitted(practice, by=by)


@transaction.atomic
def publish(practice: Practice, *, by: Any) -> None:
    """Make it public; what awaited a decision is decided, so that its author is told and it can be undone.

    Raises AlreadyMoved when it no longer stands where the page said.
    """
    if practice.status != Status.SUBMITTED:
        move(practice, "publish", by=by)
        return
    try:
        decide(key=f"new.practice.{practice.pk}", verb="publish", by=by)
    except AlreadyDecided as error:
        raise AlreadyMoved from error


def edits_as_curator(user: Any, practice: Practice) -> bool:
    """Whether this person edits the story as its curator: more fields, and the last word."""
    return bool(practice.pk) and can_curate(user, practice)
