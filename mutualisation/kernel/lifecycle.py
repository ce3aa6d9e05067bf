"""What every life cycle says when a page is stale."""

from __future__ import annotations


class AlreadyMoved(Exception):  # noqa: N818 - it is an answer, not a fault
    """Someone moved this since the page was read; nothing was changed."""
