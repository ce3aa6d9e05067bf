"""History of curated records, kept by the database: who, when, what stood, from which screen."""

from __future__ import annotations

from typing import TypeVar

import pghistory
from django.db import models

DERIVED = ["search", "sort_key", "updated_at", "is_live"]
M = TypeVar("M", bound=models.Model)


def tracked(model: type[M]) -> type[M]:
    """A snapshot at each insertion and at each change of what people wrote; never of what is derived from it."""
    derived = [field.name for field in model._meta.fields if field.name in DERIVED]
    return pghistory.track(
        pghistory.InsertEvent(),
        pghistory.UpdateEvent(condition=pghistory.AnyChange(exclude=derived)),
        exclude=derived,
    )(model)


def tracked_to_its_end(model: type[M]) -> type[M]:
    """A snapshot at each insertion, change and deletion: what was removed is known to have been there."""
    return pghistory.track(pghistory.InsertEvent(), pghistory.UpdateEvent(), pghistory.DeleteEvent())(model)
