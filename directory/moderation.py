"""Curators decide: each decision is one conditional change, told to the author, undoable for a day."""

from __future__ import annotations

from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from directory import lifecycle, memberships, notifications
from directory.models import Decision, JoinRequest, Organisation, Report, Territory
from directory.permissions import can_answer, can_curate, curated_territories, require
from directory.queue import REASONS, Item, Verb, model_of, queue
from mutualisation.kernel.publication import Freshness, Status

KEPT = ("status", "published_at", "verified_at", "review_since", "returned_note", "freshness", "freshness_at")


class AlreadyDecided(Exception):  # noqa: N818 - it is an answer, not a fault
    """Someone decided first; nothing was changed. Its text is a sentence for the second one."""


class NoteNeeded(Exception):  # noqa: N818
    """To return an entry without a word helps nobody."""


def find(user: Any, key: str) -> Item | None:
    """The item of the queue with this key, as it stands now."""
    return next((item for item in queue(user) if item.key == key), None)


def _taken(model: str, pk: int) -> AlreadyDecided:
    last = (
        Decision.objects.filter(content_type__model=model, object_id=pk, undone_at__isnull=True)
        .select_related("decided_by")
        .first()
    )
    if last and last.decided_by:
        sentence = _("%(who)s vient de décider de cette fiche : votre geste n’a rien changé.") % {
            "who": last.decided_by
        }
        return AlreadyDecided(sentence)
    return AlreadyDecided(_("Cette fiche n’attend plus de décision : votre geste n’a rien changé."))


@transaction.atomic
def decide(*, key: str, verb: str, by: Any, note: str = "") -> Decision:
    """Decide one item of the queue.

    Raises PermissionDenied outside her territories, NoteNeeded, or AlreadyDecided when the item no longer waits.
    """
    reason, model, pk, other = _parsed(key)
    name = str(model._meta.model_name)
    chosen = _verb(reason, verb)
    note = note.strip()[:2000]
    if chosen.needs_note and not note:
        raise NoteNeeded
    subject = model.objects.select_for_update(of=("self",), no_key=True).filter(pk=pk).first()
    if subject is None:
        raise _taken(name, pk)
    if isinstance(subject, JoinRequest):
        require(can_answer(by, subject))
    else:
        require(can_curate(by, _entry_of(subject)))
    before = standing(subject) | ({"other": other} if other else {})
    if not _apply(reason, chosen.name, subject, by=by, note=note, other=other):
        raise _taken(name, pk)
    decision = Decision.objects.create(entry=subject, verb=chosen.name, note=note, before=before, decided_by=by)
    if not isinstance(subject, JoinRequest):
        notifications.decided(decision, by=by)
    return decision


def _entry_of(subject: Any) -> Any:
    """The entry that a decision is about: the one reported, or itself."""
    return subject.entry if isinstance(subject, Report) else subject


def _parsed(key: str) -> tuple[str, type[Any], int, int | None]:
    parts = key.split(".")
    model = model_of(parts[1]) if len(parts) in (3, 4) else None
    if (
        model is None
        or parts[0] not in REASONS
        or not all(p.isascii() and p.isdigit() and len(p) < 19 for p in parts[2:])
    ):
        raise AlreadyDecided(_("Cette fiche n’est pas dans la file : rien n’a changé."))
    return parts[0], model, int(parts[2]), int(parts[3]) if len(parts) == 4 else None


def _verb(reason: str, name: str) -> Verb:
    for verb in REASONS[reason][1]:
        if verb.name == name:
            return verb
    raise AlreadyDecided(_("Ce geste ne s’applique pas à cette fiche : rien n’a changé."))


def standing(subject: Any) -> dict[str, Any]:
    """What stands now, as JSON, to be put back."""
    if isinstance(subject, Report | JoinRequest):
        return {}
    values = {name: getattr(subject, name) for name in KEPT}
    return {k: v.isoformat() if hasattr(v, "isoformat") else v for k, v in values.items()}


def _apply(reason: str, verb: str, subject: Any, *, by: Any, note: str, other: int | None) -> bool:
    """Change what the verb changes, if the subject still waits for it; False when it does not."""
    rows = type(subject)._default_manager.filter(pk=subject.pk)
    now = timezone.now()
    if isinstance(subject, JoinRequest):
        if subject.status != JoinRequest.Status.WAITING:
            return False
        try:
            memberships.answer_request(request=subject, accepted=verb == "accept", by=by, note=note)
        except memberships.NotPossible:  # a manager answered at this very moment
            return False
        return True
    if isinstance(subject, Report):
        return bool(rows.filter(handled_at__isnull=True).update(handled_at=now, handled_by=by))
    if verb in ("distinct", "seen"):
        taken = Decision.objects.filter(content_type__model="organisation", object_id=subject.pk, verb=verb)
        if verb == "distinct":
            taken = taken.filter(before__other=other)
        return isinstance(subject, Organisation) and not taken.filter(undone_at__isnull=True).exists()
    if verb == "read":
        return bool(rows.filter(review_since__isnull=False).update(review_since=None))
    if verb == "verify":
        stale = rows.filter(freshness__in=[Freshness.SECOND, Freshness.HIDDEN])
        return bool(stale.update(freshness=Freshness.FRESH, freshness_at=now, verified_at=now))
    waiting = {
        "new": subject.status == Status.SUBMITTED,
        "read": subject.review_since is not None,
        "stale": subject.freshness in (Freshness.SECOND, Freshness.HIDDEN),
    }
    if not waiting.get(reason):
        return False
    try:
        lifecycle.move(subject, verb, by=by, note=note)
    except lifecycle.AlreadyMoved:
        return False
    return True


@transaction.atomic
def undo(*, decision: Decision, by: Any) -> None:
    """Put back what stood before. Raises AlreadyDecided when the entry moved again, or a day has passed."""
    decision = Decision.objects.select_for_update(of=("self",)).get(pk=decision.pk)
    subject = decision.entry
    if subject is None or not decision.can_be_undone or isinstance(subject, JoinRequest):
        raise AlreadyDecided(_("Cette décision ne peut plus être annulée : rien n’a changé."))
    require(can_curate(by, _entry_of(subject)))
    later = Decision.objects.filter(
        content_type=decision.content_type, object_id=decision.object_id, pk__gt=decision.pk, undone_at__isnull=True
    )
    if later.exists():
        raise AlreadyDecided(_("Une autre décision a suivi : annulez-la d’abord."))
    if isinstance(subject, Report):
        Report.objects.filter(pk=subject.pk).update(handled_at=None, handled_by=None)
    elif decision.verb not in ("distinct", "seen"):
        kept = {k: v for k, v in decision.before.items() if k in KEPT}
        type(subject)._default_manager.filter(pk=subject.pk).update(**kept)
    Decision.objects.filter(pk=decision.pk).update(undone_at=timezone.now())


@transaction.atomic
def read_first(*, territory: Territory, first: bool, by: Any) -> None:
    """Whether what the organisations of a territory post is read before it is public, or after."""
    own = curated_territories(by)
    require(own is None or territory.pk in own)
    Territory.objects.filter(pk=territory.pk).update(reads_first=first)


def last_return(entry: Any) -> Decision | None:
    """The last time that an entry was returned to its author, with the note: has what it asked been done?"""
    of_this = Decision.objects.filter(content_type=ContentType.objects.get_for_model(entry), object_id=entry.pk)
    return of_this.filter(verb="return", undone_at__isnull=True).select_related("decided_by").first()


def recent(user: Any) -> list[Decision]:
    """Her last decisions that can still be undone."""
    rows = Decision.objects.filter(decided_by=user, undone_at__isnull=True).select_related("content_type")
    return [d for d in rows[:10] if d.can_be_undone and d.content_type.model != "joinrequest"]
