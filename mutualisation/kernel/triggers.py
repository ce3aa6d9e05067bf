"""Triggers that several tables share."""

from __future__ import annotations

import pgtrigger


def touch() -> pgtrigger.Trigger:
    """Moves ``updated_at`` at each writing, bulk updates included: pages are cached and revalidated by it."""
    return pgtrigger.Trigger(
        name="touch",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.Update,
        func="NEW.updated_at := clock_timestamp(); RETURN NEW;",
    )
