"""What a person proposes in her own name (a story to copy, a tool): curators edit and publish it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import transaction

from directory import notifications
from directory.changes import untouched_since_returned
from directory.lifecycle import move
from directory.models.curated import Entry, kept_as
from directory.moderation import AlreadyDecided, decide
from directory.permissions import can_curate, require
from directory.writing import first_sending, free_address, insert, made_by, remember, rewrite
from mutualisation.kernel.lifecycle import AlreadyMoved
from mutualisation.kernel.publication import Status

RESERVED = {"proposer", "atom", "carte", "export", "nouvelle"}
OPEN_AT_MOST = 20  # proposals of one person and one sort that await a decision


class TooManyError(Exception):
    """This person proposed many of these that nobody read yet; nothing was saved."""


class UntouchedError(Exception):
    """Curators asked for a change and nothing changed since: sent again only by who says so."""


def address_of(entry: Entry) -> str:
    return free_address(type(entry), entry.title, fallback=kept_as(entry).noun, reserved=RESERVED, own=entry.slug)


@transaction.atomic
def propose(*, form_for: Callable[[Entry], Any], blank: Entry, by: Any, once: str, submit: bool = False) -> Any:
    """Create an entry from ``blank``; gives the form, valid and saved, or with its errors. Raises TooManyError.

    The same form sent twice creates one; sent again after the Back button, it changes what the first sending made.
    ``submit`` sends it to the curators at once; otherwise it stays a draft that its author alone sees.
    """
    require(by.is_authenticated)
    model: Any = type(blank)
    blank.proposed_by = by
    form = form_for(blank)
    if not form.is_valid():
        return form
    mark = first_sending(once, by=by)
    if mark is None and (made := made_by(once, model, by=by)):
        form = rewrite(made, form_for=form_for, by=by, address=address_of)
    else:
        waiting = model.objects.filter(proposed_by=by).exclude(status__in=[Status.PUBLISHED, Status.ARCHIVED])
        if waiting.count() >= OPEN_AT_MOST:
            raise TooManyError
        entry = form.save(commit=False)
        insert(entry, lambda: address_of(entry))
        form.save_m2m()
        remember(mark, entry)
    if submit and not form.errors:
        _send_once(form.instance, by=by)
    return form


@transaction.atomic
def change(
    entry: Entry, *, form_for: Callable[[Entry], Any], by: Any, submit: bool = False, as_it_is: bool = True
) -> Any:
    """Save what a form says, unless someone changed the same fields; ``submit`` sends it to the curators.

    What they returned is sent again unchanged ``as_it_is`` only; else raises UntouchedError.
    """
    form = rewrite(entry, form_for=form_for, by=by, address=address_of)
    if submit and not form.errors:
        _send_once(form.instance, by=by, as_it_is=as_it_is)
    return form


def _send_once(entry: Entry, *, by: Any, as_it_is: bool = True) -> None:
    entry.refresh_from_db(fields=["status"])
    if entry.status in (Status.DRAFT, Status.RETURNED):
        send(entry, by=by, as_it_is=as_it_is)


@transaction.atomic
def send(entry: Entry, *, by: Any, as_it_is: bool = True) -> None:
    """To the curators of its places, who are told. Raises AlreadyMoved when it is there already.

    What they returned is sent again unchanged ``as_it_is`` only; else raises UntouchedError.
    """
    if not as_it_is and untouched_since_returned(entry):
        raise UntouchedError
    move(entry, "submit", by=by)
    notifications.proposed(entry, by=by)


@transaction.atomic
def publish(entry: Entry, *, by: Any) -> None:
    """Make it public; what awaited a decision is decided, so that its author is told and it can be undone.

    Raises AlreadyMoved when it no longer stands where the page said.
    """
    if entry.status != Status.SUBMITTED:
        move(entry, "publish", by=by)
        return
    try:
        decide(key=f"new.{kept_as(entry).name}.{entry.pk}", verb="publish", by=by)
    except AlreadyDecided as error:
        raise AlreadyMoved from error


def edits_as_curator(user: Any, entry: Entry) -> bool:
    """Whether this person edits it as its curator: more fields, and the last word."""
    return bool(entry.pk) and can_curate(user, entry)
