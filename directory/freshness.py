"""Who still vouches for an entry: its cadence, the reminders, « toujours exact » in one click, out of the lists.

fresh → reminded → second → hidden → archived: each step waits for the one before, and one click undoes them all.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

from django.core import signing
from django.db import models, transaction
from django.db.models import Q
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from directory import notifications
from directory.models import Kind, Membership, Need, NeedState, Organisation, Resource
from directory.models.curated import curated, curated_as, kept_as
from directory.permissions import can_edit, require
from mutualisation.kernel.publication import Freshness, Status

Fresh = Any  # a published row of one of ``asked_about``

# After how many days someone is asked whether it is still exact: people's hours move sooner than walls.
CADENCE: dict[str, int] = {Kind.HUMAIN: 60, Kind.EXPERTISE: 90, Kind.MATERIEL: 180, Kind.LOCAUX: 365}
NEED_DAYS = 45
ORGANISATION_DAYS = 365
BETWEEN_STEPS = datetime.timedelta(days=14)
LINK_LASTS = datetime.timedelta(days=120)
AT_ONCE = 60  # entries that one link may carry
SALT = "directory.freshness"


@dataclass(frozen=True)
class Step:
    """One step of an entry that nobody confirms: from where, to where, of which models."""

    name: str
    source: str
    target: str
    archives: bool = False

    @property
    def models(self) -> list[type[Any]]:
        """What it moves: organisations are never archived by it."""
        return [model for model in asked_about() if not (self.archives and model is Organisation)]


# The last step first, so that one pass moves an entry by one step. Archiving an organisation would take away all
# that it shares: out of the lists, it waits for its curator, who finds it in the queue.
STEPS = (
    Step("archived", Freshness.HIDDEN, Freshness.HIDDEN, archives=True),
    Step("hidden", Freshness.SECOND, Freshness.HIDDEN),
    Step("second", Freshness.REMINDED, Freshness.SECOND),
    Step("reminded", Freshness.FRESH, Freshness.REMINDED),
)


def asked_about() -> list[type[Any]]:
    """The models whose entries someone must vouch for, organisations last: their own stay theirs until then."""
    others = [one.model for one in curated() if one.fresh_days]
    return [Resource, Need, *others, Organisation]


def due(step: Step, model: type[Any], now: datetime.datetime) -> models.QuerySet[Any]:
    """The published entries that this step concerns at this moment."""
    rows = model._default_manager.filter(status=Status.PUBLISHED, freshness=step.source)
    if model is not Organisation:
        rows = rows.filter(organisation__status=Status.PUBLISHED)
    if model is Need:
        rows = rows.filter(state=NeedState.OPEN)
    if step.source != Freshness.FRESH:
        return rows.filter(Q(freshness_at__isnull=True) | Q(freshness_at__lte=now - BETWEEN_STEPS))
    rows = rows.annotate(vouched_at=Coalesce("verified_at", "published_at"))
    if model is Resource:
        by_kind = [Q(kind=kind, vouched_at__lte=now - datetime.timedelta(days=n)) for kind, n in CADENCE.items()]
        return rows.filter(Q(*by_kind, _connector=Q.OR))
    one = kept_as(model)
    days = {Need: NEED_DAYS, Organisation: ORGANISATION_DAYS}.get(model, one.fresh_days)
    return one.alive(rows).filter(vouched_at__lte=now - datetime.timedelta(days=days))


@transaction.atomic
def advance(now: datetime.datetime | None = None) -> dict[str, int]:
    """Move every entry that is due by one step, then write once to each person for each organisation and step.

    Gives how many entries made each step. Done twice at the same moment, it moves and writes nothing more.
    """
    now = now or timezone.now()
    moved: dict[str, int] = {}
    for step in STEPS:
        found: dict[int, list[Fresh]] = {}
        for model in step.models:
            for entry in _take(step, model, now):
                owner = entry.pk if model is Organisation else entry.organisation_id
                found.setdefault(owner, []).append(entry)
        moved[step.name] = sum(len(entries) for entries in found.values())
        owners = Organisation.objects.defer("search", "description").in_bulk(list(found))
        for pk, entries in sorted(found.items()):
            _tell(step, owners[pk], entries, now)
    return moved


def _take(step: Step, model: type[Any], now: datetime.datetime) -> list[Any]:
    """Move the entries of one model by one step; gives those that moved. Two passes at once never take the same."""
    ids = list(due(step, model, now).select_for_update(of=("self",), no_key=True).values_list("pk", flat=True))
    if not ids:
        return []
    changes: dict[str, Any] = {"freshness": step.target, "freshness_at": now}
    if step.archives:
        changes["status"] = Status.ARCHIVED
    rows = model._default_manager.filter(pk__in=ids)
    rows.filter(status=Status.PUBLISHED, freshness=step.source).update(**changes)
    return list(rows.defer("search").order_by("pk"))


def _tell(step: Step, organisation: Organisation, entries: list[Fresh], now: datetime.datetime) -> None:
    """One e-mail a person. The reminder goes to one person, the second contact to the others when there are some."""
    team = team_of(organisation)
    readers: dict[int, tuple[User, list[Fresh]]] = {}
    for entry in entries:
        for person in contacts(step.name, team, entry):
            readers.setdefault(person.pk, (person, []))[1].append(entry)
    for person, theirs in readers.values():
        notifications.to_confirm(
            organisation, step=step.name, entries=theirs[:AT_ONCE], more=len(theirs[AT_ONCE:]), to=person, when=now,
            path=confirm_path(*theirs),
        )  # fmt: skip


def team_of(organisation: Organisation) -> list[Membership]:
    """The people of an organisation who can still answer, the longest there first."""
    team = Membership.objects.filter(organisation=organisation, user__is_active=True).select_related("user")
    return list(team.order_by("created_at", "pk"))


def contacts(step: str, team: list[Membership], entry: Fresh) -> list[User]:
    """Who is asked about an entry: its author while she belongs there, else the first manager; then the other managers.

    Without managers, the members; without anyone, nobody: the curators find it in their queue.
    """
    managers = [m.user for m in team if m.is_manager]
    if not managers:
        return [m.user for m in team]
    may = managers if isinstance(entry, Organisation) else [m.user for m in team]
    first = next((p for p in may if p.pk == getattr(entry, f"{kept_as(entry).author}_id")), managers[0])
    if step == "reminded":
        return [first]
    if step == "second":
        return [p for p in managers if p != first] or [first]
    return list(dict.fromkeys([*managers, first]))


# ---- still exact


def stamp(entry: Fresh) -> str:
    """What moves when an entry is confirmed, or put back: a link made before it no longer does anything."""
    when = entry.freshness_at if entry.status == Status.ARCHIVED else entry.verified_at or entry.published_at
    return f"{when:%Y%m%d%H%M%S%f}" if when else ""


def can_be_confirmed(entry: Fresh) -> bool:
    """Published, or archived because nobody confirmed it, by an organisation that is still there."""
    if not isinstance(entry, Organisation) and entry.organisation.status != Status.PUBLISHED:
        return False
    return entry.status == Status.PUBLISHED or is_forgotten(entry)


def is_stale(entry: Fresh) -> bool:
    """Online, and awaiting that someone vouches for it."""
    return entry.freshness != Freshness.FRESH and entry.status == Status.PUBLISHED and can_be_confirmed(entry)


def is_forgotten(entry: Fresh) -> bool:
    """Archived without anyone deciding it."""
    return entry.status == Status.ARCHIVED and entry.freshness == Freshness.HIDDEN and entry.freshness_at is not None


@transaction.atomic
def confirm(entry: Fresh, *, by: Any = None, seen: str | None = None) -> bool:
    """Still exact: back to fresh, in the lists and online; whatever step it had reached. Gives whether it changed.

    ``by`` is who says so; without her, the stamp of the link that was followed (``seen``) must still hold.
    """
    if by is not None:
        require(can_edit(by, entry))
    locked: Fresh = type(entry)._default_manager.select_for_update(of=("self",), no_key=True).get(pk=entry.pk)
    if not can_be_confirmed(locked) or (by is None and seen != _mark(locked)):
        return False
    now = timezone.now()
    changes: dict[str, Any] = {"freshness": Freshness.FRESH, "freshness_at": None, "verified_at": now}
    if locked.status == Status.ARCHIVED:  # it may have been edited since: curators read it again
        changes |= {"status": Status.PUBLISHED, "review_since": now}
    type(entry)._default_manager.filter(pk=entry.pk).update(**changes)
    entry.refresh_from_db()
    return True


def _mark(entry: Fresh) -> str:
    return f"{entry.status}{stamp(entry)}"


# ---- the signed link


class BadLink(Exception):  # noqa: N818 - it is an answer, not a fault
    """The link was cut, changed or made elsewhere."""


class OldLink(Exception):  # noqa: N818
    """The link is genuine, and too old to do anything."""


def confirm_path(*entries: Fresh) -> str:
    """The address where these entries are confirmed without signing in."""
    carried = [[e._meta.model_name, e.pk, _mark(e)] for e in entries[:AT_ONCE]]
    return reverse("confirm", args=[signing.dumps(carried, salt=SALT, compress=True)])


@dataclass(frozen=True)
class Asked:
    """One entry of a link: as it stands, and whether the link still speaks of it as it stood."""

    key: str
    entry: Fresh
    mark: str

    @property
    def waits(self) -> bool:
        return self.mark == _mark(self.entry) and can_be_confirmed(self.entry)

    @property
    def is_archived(self) -> bool:
        return self.entry.status == Status.ARCHIVED

    @property
    def is_online(self) -> bool:
        return self.entry.status == Status.PUBLISHED and can_be_confirmed(self.entry)


def read_link(token: str) -> list[Asked]:
    """The entries of a link that still exist. Raises BadLink or OldLink."""
    try:
        carried = signing.loads(token, salt=SALT, max_age=LINK_LASTS)
    except signing.SignatureExpired as error:
        raise OldLink from error
    except (signing.BadSignature, ValueError) as error:
        raise BadLink from error
    found: list[Asked] = []
    for name, pk, mark in carried:
        one = curated_as(name)
        if one is None:
            continue
        rows = one.model._default_manager.filter(pk=pk).defer("search")
        near = [n for n in ("territory", "organisation") if n in {f.name for f in one.model._meta.concrete_fields}]
        rows = rows.select_related(*near)
        entry = rows.first()
        if entry is not None:
            found.append(Asked(f"{name}.{pk}", entry, mark))
    return found
