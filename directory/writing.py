"""Writing an entry from a form: created once however often the button is pressed, never over a colleague’s words."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Callable
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.text import slugify

from accounts.models import Draft
from directory.lifecycle import edited
from directory.permissions import can_edit, require
from mutualisation.kernel.publication import Status

DONE = "fait:"  # the key of the mark that a button pressed twice finds
KEPT_DAYS = 2


class OutdatedError(Exception):
    """Someone changed the same fields since the page was read; nothing was saved. ``args[0]`` is the bound form."""


def free_address(model: Any, text: str, *, fallback: str, reserved: set[str], own: str = "") -> str:
    """An address made of these words that no other entry has; the one it has already is free for it."""
    base = slugify(text.replace("’", " ").replace("'", " "))[:100].strip("-") or fallback
    taken = set(model.objects.filter(slug__startswith=base).values_list("slug", flat=True)) | reserved
    taken.discard(own)
    return next(s for n in range(1, len(taken) + 2) if (s := base if n == 1 else f"{base}-{n}") not in taken)


def insert(entry: Any, address: Callable[[], str]) -> None:
    """Save a new entry under a free address, even when someone takes the same one at this very moment."""
    for _try in range(5):
        entry.slug = ""  # the address just refused is nobody’s own
        entry.slug = address()
        try:
            with transaction.atomic():
                entry.save(force_insert=True)
                return
        except IntegrityError as error:
            if "slug" not in str(error):
                raise
    raise IntegrityError("slug")


def first_sending(once: str, *, by: Any) -> Draft | None:
    """The mark of this very form, or None when it was sent already. Holds a second sending until the first ends."""
    old = timezone.now() - datetime.timedelta(days=KEPT_DAYS)
    Draft.objects.filter(user=by, key__startswith=DONE, updated_at__lt=old).delete()
    try:
        with transaction.atomic():
            return Draft.objects.create(user=by, key=_key(once))
    except IntegrityError:
        return None


def made_by(once: str, model: Any, *, by: Any) -> Any:
    """What the first sending of this form made."""
    mark = Draft.objects.filter(user=by, key=_key(once)).first()
    return model.objects.filter(pk=mark.data.get("made")).first() if mark else None


def remember(mark: Draft | None, made: Any) -> None:
    """Say what the first sending made."""
    if mark:
        mark.data = {"made": made.pk}
        mark.save(update_fields=["data"])


def _key(once: str) -> str:
    try:
        return DONE + str(uuid.UUID(once))
    except ValueError:
        return DONE + str(uuid.uuid4())


@transaction.atomic
def rewrite(
    entry: Any, *, form_for: Callable[[Any], Any], by: Any, address: Callable[[Any], str], compare: bool = True
) -> Any:
    """Save what a form says, unless someone changed the same fields since it was read (``compare``).

    Gives the form: valid and saved, or with its errors. Raises OutdatedError with the form, its values as typed.
    """
    locked = type(entry).objects.select_for_update(of=("self",)).get(pk=entry.pk)
    require(can_edit(by, locked))
    form = form_for(locked)
    form.is_valid()
    if compare and form.outdated():
        raise OutdatedError(form)
    if form.errors or not set(form.changed_data) - {"versions"}:
        return form
    if locked.status == Status.DRAFT and locked.published_at is None:
        locked.slug = address(locked)
    form.save()
    # what hangs from the row (places, sectors) changed too, perhaps alone: pages kept by caches must know
    type(locked)._default_manager.filter(pk=locked.pk).update(updated_at=timezone.now())
    edited(locked, by=by)
    return form
