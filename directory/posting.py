"""Posting a resource: created once however often the button is pressed, changed without erasing anyone’s work."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from directory.models import OpeningHours, Resource
from directory.permissions import can_edit, is_member, require
from directory.writing import first_sending, free_address, insert, made_by, remember, rewrite
from mutualisation.kernel.publication import Freshness

RESERVED = {"offrir", "atom", "carte", "export", "nouvelle"}
PRIVATE_COPIES = ("id", "pk", "slug", "status", "search", "sort_key", "created_at", "updated_at", "published_at",
                  "verified_at", "returned_note", "review_since", "freshness", "freshness_at", "is_paused",
                  "answers")  # fmt: skip


def slug_for(name: str, kind: str, *, own: str = "") -> str:
    """A free address made of the name; the one it has already is free for it."""
    return free_address(Resource, name, fallback=kind, reserved=RESERVED, own=own)


def address_of(resource: Resource) -> str:
    return slug_for(resource.name, resource.kind, own=resource.slug)


@transaction.atomic
def post(*, form_for: Callable[[Resource], Any], blank: Resource, by: Any, once: str) -> Any:
    """Create a draft in the name of an organisation; gives the form, valid and saved, or with its errors.

    The same form sent twice creates one; sent again after the Back button, it changes what the first sending made.
    """
    require(is_member(by, blank.organisation))
    form = form_for(blank)
    if not form.is_valid():
        return form
    mark = first_sending(once, by=by)
    if mark is None and (made := made_by(once, Resource, by=by)):
        return change(made, form_for=form_for, by=by, compare=False)
    resource = form.instance
    resource.created_by = by
    resource.is_demo = resource.organisation.is_demo
    insert(resource, lambda: address_of(resource))
    form.save_links()
    remember(mark, resource)
    return form


@transaction.atomic
def change(resource: Resource, *, form_for: Callable[[Resource], Any], by: Any, compare: bool = True) -> Any:
    """Save what a form says, unless someone changed the same fields since it was read (``compare``)."""
    return rewrite(resource, form_for=form_for, by=by, address=address_of, compare=compare)


@transaction.atomic
def duplicate(resource: Resource, *, by: Any, once: str) -> Resource:
    """A draft that says the same, without its photos; to post ten alike in ten minutes."""
    require(can_edit(by, resource))
    mark = first_sending(once, by=by)
    if mark is None and (made := made_by(once, Resource, by=by)):
        return made
    kept = {
        f.attname: getattr(resource, f.attname) for f in Resource._meta.concrete_fields if f.name not in PRIVATE_COPIES
    }
    copy = Resource(**kept)
    ending = _(" (copie)")
    copy.name = resource.name[: 120 - len(ending)] + ending
    copy.created_by = by
    copy.freshness = Freshness.FRESH
    insert(copy, lambda: address_of(copy))
    copy.visible_networks.set(resource.visible_networks.all())
    copy.visible_organisations.set(resource.visible_organisations.all())
    OpeningHours.objects.bulk_create(
        OpeningHours(resource=copy, weekday=h.weekday, opens_at=h.opens_at, closes_at=h.closes_at)
        for h in resource.opening_hours.all()
    )
    remember(mark, copy)
    return copy


@transaction.atomic
def pause(resource: Resource, *, paused: bool, by: Any) -> bool:
    """Stop or resume requests; the entry stays in the lists. Gives whether it changed."""
    require(can_edit(by, resource))
    rows = Resource.objects.filter(pk=resource.pk, is_paused=not paused).update(is_paused=paused)
    resource.is_paused = paused
    return bool(rows)
