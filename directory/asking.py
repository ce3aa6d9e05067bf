"""Asking for what one lacks: say it, change it, say that it is answered, closed, or looked for again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from directory.lifecycle import move, moves
from directory.models import Need, NeedState
from directory.permissions import can_edit, is_member, require
from directory.writing import first_sending, free_address, insert, made_by, remember, rewrite
from mutualisation.kernel.lifecycle import AlreadyMoved
from mutualisation.kernel.publication import Status

RESERVED = {"publier", "atom", "carte", "export", "nouveau", "ensemble"}


@dataclass(frozen=True)
class StateMove:
    """One move of a published need: from which states, to which, in which words."""

    name: str
    sources: tuple[str, ...]
    target: str
    label: Promise | str


STATE_MOVES = (
    StateMove("combler", (NeedState.OPEN,), NeedState.ANSWERED, _("C’est comblé")),
    StateMove("fermer", (NeedState.OPEN,), NeedState.CLOSED, _("Ne plus chercher")),
    StateMove("rouvrir", (NeedState.ANSWERED, NeedState.CLOSED), NeedState.OPEN, _("Chercher de nouveau")),
)
BY_NAME = {m.name: m for m in STATE_MOVES}


def address_of(need: Need) -> str:
    return free_address(Need, need.name, fallback="besoin", reserved=RESERVED, own=need.slug)


@transaction.atomic
def ask(*, form_for: Callable[[Need], Any], blank: Need, by: Any, once: str, publish: bool = False) -> Any:
    """Create a need in the name of an organisation; gives the form, valid and saved, or with its errors.

    The same form sent twice creates one; sent again after the Back button, it changes what the first sending made.
    ``publish`` makes it public at once where that may be; otherwise it stays a draft.
    """
    require(is_member(by, blank.organisation))
    form = form_for(blank)
    if not form.is_valid():
        return form
    mark = first_sending(once, by=by)
    if mark is None and (made := made_by(once, Need, by=by)):
        form = rewrite(made, form_for=form_for, by=by, address=address_of)
    else:
        need = form.instance
        need.created_by = by
        need.is_demo = need.organisation.is_demo
        insert(need, lambda: address_of(need))
        remember(mark, need)
    if publish and not form.errors:
        publish_if_may(form.instance, by=by)
    return form


@transaction.atomic
def change(need: Need, *, form_for: Callable[[Need], Any], by: Any, publish: bool = False) -> Any:
    """Save what a form says, unless a colleague changed the same fields; ``publish`` as in ``ask``."""
    form = rewrite(need, form_for=form_for, by=by, address=address_of)
    if publish and not form.errors:
        publish_if_may(form.instance, by=by)
    return form


def publish_if_may(need: Need, *, by: Any) -> None:
    """Make it public when it may be, or send it where curators read first; leave it while its organisation waits."""
    need.refresh_from_db(fields=["status"])
    possible = {t.name for t in moves(by, need)}
    if "publish" in possible:
        move(need, "publish", by=by)
    elif "submit" in possible and need.organisation.status == Status.PUBLISHED:
        move(need, "submit", by=by)


def state_moves(user: Any, need: Need) -> list[StateMove]:
    """What this person may say of a published need."""
    if not need.is_published or not can_edit(user, need):
        return []
    return [m for m in STATE_MOVES if need.state in m.sources]


@transaction.atomic
def say(need: Need, name: str, *, by: Any) -> Need:
    """Answered, closed, or looked for again. Raises AlreadyMoved when it no longer stands where the page said."""
    require(can_edit(by, need))
    chosen = BY_NAME[name]
    standing = Need.objects.filter(pk=need.pk, status=Status.PUBLISHED, state__in=chosen.sources)
    if not standing.update(state=chosen.target):
        raise AlreadyMoved
    need.refresh_from_db(fields=["state", "updated_at"])
    return need
