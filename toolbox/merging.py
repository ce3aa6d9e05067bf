"""Two tools that are the same become one: the other leads to it, keeps nothing that was lost, and can come back."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.mail import absolute, write
from directory.models import Decision
from directory.moderation import AlreadyDecided, standing
from directory.permissions import can_curate, require
from mutualisation.kernel.publication import Status
from toolbox.models import Tool

# What one of them may lack and the other say; what both say together.
SAID, TOGETHER = ("publisher", "year", "licence", "url"), ("stages", "kinds", "topics")
FILE = ("file", "file_name", "file_size")
TOPICS = 8


def may_be_kept(tool: Tool, other: Tool) -> bool:
    """Whether the first may be the one that stays: what everybody reads never leads to what nobody does."""
    return tool.is_published or not other.is_published


def can_merge(tool: Tool, other: Tool) -> bool:
    """Whether both are there to be made one: no draft of someone's, nothing archived."""
    return tool.pk != other.pk and not {tool.status, other.status} & {Status.DRAFT, Status.ARCHIVED}


def completed(kept: Tool, gone: Tool) -> dict[str, Any]:
    """What the one that stays takes from the other: what it did not say, its file if it has none."""
    taken = {name: getattr(gone, name) for name in SAID if getattr(gone, name) and not getattr(kept, name)}
    for name in TOGETHER:
        both = list(dict.fromkeys([*getattr(kept, name), *getattr(gone, name)]))[: TOPICS if name == "topics" else None]
        if both != getattr(kept, name):
            taken[name] = both
    if gone.file and not kept.file:
        taken |= {name: getattr(gone, name) for name in FILE}
    return taken


def in_words(taken: dict[str, Any]) -> list[str]:
    """The fields that are taken, as people call them."""
    fields = [Tool._meta.get_field(name) for name in taken if name not in FILE[1:]]
    return [str(field.verbose_name) for field in fields]  # type: ignore[union-attr]


@transaction.atomic
def merge(*, kept: Tool, gone: Tool, by: Any, note: str = "") -> Decision:
    """Make two tools one; both proposers are told, and it can be undone for a day.

    Raises AlreadyDecided when one of them is no longer there to be merged, or would lead where nobody reads.
    """
    locked = Tool.objects.select_for_update(no_key=True).filter(pk__in=[kept.pk, gone.pk]).order_by("pk")
    rows = {tool.pk: tool for tool in locked.defer("search")}
    kept, gone = rows.get(kept.pk, kept), rows.get(gone.pk, gone)
    require(can_curate(by, kept) and can_curate(by, gone))
    if len(rows) != 2 or not can_merge(kept, gone) or not may_be_kept(kept, gone):
        raise AlreadyDecided(_("Ces deux outils ne peuvent plus être réunis : rien n’a changé."))
    before = standing(gone) | {"other": kept.pk}
    Tool.objects.filter(pk=kept.pk).update(**completed(kept, gone))
    Tool.objects.filter(merged_into=gone.pk).update(merged_into=kept.pk)
    Tool.objects.filter(pk=gone.pk).update(
        status=Status.ARCHIVED, merged_into=kept.pk, review_since=None, returned_note=""
    )
    decision = Decision.objects.create(entry=gone, verb="merge", note=note.strip()[:2000], before=before, decided_by=by)
    for mine, other in ((gone, kept), (kept, gone)):
        if mine.proposed_by_id and mine.proposed_by_id != by.pk:
            _tell(decision, mine=mine, other=other, kept=kept)
    return decision


def _tell(decision: Decision, *, mine: Tool, other: Tool, kept: Tool) -> None:
    """Two proposals said the same thing: what became of hers → who proposed it."""
    assert mine.proposed_by
    where = kept.get_absolute_url() if kept.is_published or mine == kept else reverse("my_space")
    write(
        event=f"tools-merged:{decision.pk}:{mine.pk}",
        to=mine.proposed_by.email,
        template="tools_merged",
        mine=mine,
        other=other,
        stays=mine == kept,
        public=kept.is_published,
        note=decision.note,
        action_url=absolute(where),
    )
