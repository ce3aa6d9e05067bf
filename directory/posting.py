"""Posting a resource: created once however often the button is pressed, changed without erasing anyone’s work."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Callable
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _

from accounts.models import Draft
from directory.lifecycle import edited
from directory.models import OpeningHours, Resource
from directory.permissions import can_edit, is_member, require
from directory.photos import touch
from mutualisation.kernel.publication import Freshness, Status

RESERVED = {"offrir", "atom", "carte", "export", "nouvelle"}
DONE = "fait:"  # the key of the mark that a button pressed twice finds
PRIVATE_COPIES = ("id", "pk", "slug", "status", "search", "sort_key", "created_at", "updated_at", "published_at",
                  "verified_at", "returned_note", "review_since", "freshness", "freshness_at", "is_paused")  # fmt: skip


class ConflictError(Exception):
    """Someone changed the same fields since the page was read; nothing was saved. ``args[0]`` is the bound form."""


def slug_for(name: str, kind: str, *, own: str = "") -> str:
    """A free address made of the name; the one it has already is free for it."""
    base = slugify(name.replace("’", " ").replace("'", " "))[:100].strip("-") or kind
    taken = set(Resource.objects.filter(slug__startswith=base).values_list("slug", flat=True)) | RESERVED
    taken.discard(own)
    return next(s for n in range(1, len(taken) + 2) if (s := base if n == 1 else f"{base}-{n}") not in taken)


def _insert(resource: Resource) -> Resource:
    """Save a new resource under a free address, even when someone takes the same one at this very moment."""
    for _try in range(5):
        resource.slug = slug_for(resource.name, resource.kind)
        try:
            with transaction.atomic():
                resource.save(force_insert=True)
                return resource
        except IntegrityError as error:
            if "slug" not in str(error):
                raise
    raise IntegrityError("slug")


def _first(once: str, by: Any) -> Draft | None:
    """The mark of this very form, or None when it was sent already. Holds a second sending until the first ends."""
    old = timezone.now() - datetime.timedelta(days=2)
    Draft.objects.filter(user=by, key__startswith=DONE, updated_at__lt=old).delete()
    try:
        key = DONE + str(uuid.UUID(once))
    except ValueError:
        key = DONE + str(uuid.uuid4())
    try:
        with transaction.atomic():
            return Draft.objects.create(user=by, key=key)
    except IntegrityError:
        return None


def _sent(once: str, by: Any) -> Resource | None:
    """What the first sending of this form made."""
    mark = Draft.objects.filter(user=by, key=DONE + str(uuid.UUID(once))).first()
    return Resource.objects.filter(pk=mark.data.get("resource")).first() if mark else None


@transaction.atomic
def post(*, form_for: Callable[[Resource], Any], blank: Resource, by: Any, once: str) -> Any:
    """Create a draft in the name of an organisation; gives the form, valid and saved, or with its errors.

    The same form sent twice creates one; sent again after the Back button, it changes what the first sending made.
    """
    require(is_member(by, blank.organisation))
    form = form_for(blank)
    if not form.is_valid():
        return form
    mark = _first(once, by)
    if mark is None and (made := _sent(once, by)):
        return change(made, form_for=form_for, by=by, compare=False)
    resource = form.instance
    resource.created_by = by
    resource.is_demo = resource.organisation.is_demo
    _insert(resource)
    form.save_links()
    if mark:
        mark.data = {"resource": resource.pk}
        mark.save(update_fields=["data"])
    return form


@transaction.atomic
def change(resource: Resource, *, form_for: Callable[[Resource], Any], by: Any, compare: bool = True) -> Any:
    """Save what a form says, unless someone changed the same entry since it was read (``compare``).

    Gives the form: valid and saved, or with its errors. Raises ConflictError with the form, its values as typed.
    """
    require(can_edit(by, resource))
    locked = (
        Resource.objects.select_for_update(of=("self",)).select_related("organisation", "category").get(pk=resource.pk)
    )
    form = form_for(locked)
    form.is_valid()
    if compare and form.outdated():
        raise ConflictError(form)
    if form.errors or not set(form.changed_data) - {"versions"}:
        return form
    if locked.status == Status.DRAFT and locked.published_at is None and "name" in form.changed_data:
        locked.slug = slug_for(locked.name, locked.kind, own=locked.slug)
    form.save()
    touch(locked)
    locked.refresh_from_db(fields=["status", "review_since", "updated_at"])
    edited(locked, by=by)
    return form


@transaction.atomic
def duplicate(resource: Resource, *, by: Any, once: str) -> Resource:
    """A draft that says the same, without its photos; to post ten alike in ten minutes."""
    require(can_edit(by, resource))
    mark = _first(once, by)
    if mark is None and (made := _sent(once, by)):
        return made
    kept = {
        f.attname: getattr(resource, f.attname) for f in Resource._meta.concrete_fields if f.name not in PRIVATE_COPIES
    }
    copy = Resource(**kept)
    ending = _(" (copie)")
    copy.name = resource.name[: 120 - len(ending)] + ending
    copy.created_by = by
    copy.freshness = Freshness.FRESH
    _insert(copy)
    copy.visible_networks.set(resource.visible_networks.all())
    copy.visible_organisations.set(resource.visible_organisations.all())
    OpeningHours.objects.bulk_create(
        OpeningHours(resource=copy, weekday=h.weekday, opens_at=h.opens_at, closes_at=h.closes_at)
        for h in resource.opening_hours.all()
    )
    if mark:
        mark.data = {"resource": copy.pk}
        mark.save(update_fields=["data"])
    return copy


@transaction.atomic
def pause(resource: Resource, *, paused: bool, by: Any) -> bool:
    """Stop or resume requests; the entry stays in the lists. Gives whether it changed."""
    require(can_edit(by, resource))
    rows = Resource.objects.filter(pk=resource.pk, is_paused=not paused).update(is_paused=paused)
    resource.is_paused = paused
    return bool(rows)
