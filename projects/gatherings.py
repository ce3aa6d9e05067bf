"""Gatherings: announce, change, cancel; take a place, give it back; who came; the minutes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from directory.memberships import NotPossible
from directory.models import Organisation
from directory.permissions import is_member, require
from directory.writing import OutdatedError
from mutualisation.kernel.lifecycle import AlreadyMoved
from mutualisation.kernel.publication import Status
from projects import announcing
from projects.models import Community, Gathering, GatheringStatus, Registration, RegistrationStatus
from projects.permissions import can_facilitate, can_hold


class Past(NotPossible):
    """A gathering is not prepared for a moment that is gone, nor moved to one."""


TOLD_WHEN_CHANGED = {"starts_at", "ends_at", "place", "territory", "link"}


def lock(gathering: Gathering) -> Gathering:
    """The row, held until the end of the transaction: places are given one after the other."""
    locked = Gathering.objects.select_for_update(no_key=True, of=("self",)).select_related(
        "community__organisation", "territory"
    )
    return locked.defer("community__search").get(pk=gathering.pk)


@transaction.atomic
def prepare(community: Community, *, form: Any, by: Any) -> Gathering:
    """A gathering in preparation, from a valid form: nobody else sees it yet; sent twice, one. Raises Past."""
    require(can_facilitate(by, community))
    if form.instance.starts_at <= timezone.now():
        raise Past(_("Ce moment est passé : choisissez un jour et une heure à venir."))
    twice = Gathering.objects.filter(
        community=community, created_by=by, status=GatheringStatus.DRAFT,
        title=form.instance.title, starts_at=form.instance.starts_at,
    ).first()  # fmt: skip
    if twice:
        return twice
    gathering = form.save(commit=False)
    gathering.community = community
    gathering.created_by = by
    gathering.save()
    return gathering


@transaction.atomic
def change(gathering: Gathering, *, form_for: Callable[[Gathering], Any], by: Any) -> Any:
    """Save what a form says of it. Raises OutdatedError when someone changed the same fields since; AlreadyMoved.

    Gives the form: saved, or with its errors. More places go to the first of the waiting list; whoever is registered
    is told of another hour or place.
    """
    require(can_hold(by, gathering))
    row = lock(gathering)
    if row.status == GatheringStatus.CANCELLED:
        raise AlreadyMoved
    began, was_somewhere, announced = row.starts_at, is_somewhere(row), row.status == GatheringStatus.ANNOUNCED
    form = form_for(row)
    form.is_valid()
    if form.outdated():
        raise OutdatedError(form)
    if form.errors:
        return form
    if row.starts_at <= timezone.now() and (row.starts_at != began or not announced):
        form.add_error(
            "day",
            _("Cette rencontre est annoncée : choisissez un moment à venir, ou annulez-la.")
            if announced
            else _("Ce moment est passé : choisissez un jour et une heure à venir."),
        )
    if announced and was_somewhere and not is_somewhere(row):
        form.add_error("place", _("Cette rencontre est annoncée : dites où elle a lieu, ou par quel lien."))
    taken = row.registrations.filter(status=RegistrationStatus.REGISTERED).count()
    if row.limit is not None and row.limit < taken:
        said = ngettext(
            "%(n)d personne a déjà sa place : gardez-en au moins autant, ou écrivez-lui d’abord.",
            "%(n)d personnes ont déjà leur place : gardez-en au moins autant, ou écrivez-leur d’abord.",
            taken,
        )
        form.add_error("limit", said % {"n": taken})
    if form.errors:
        return form
    row.sequence += 1
    row.save(update_fields=[*form._meta.fields, "starts_at", "ends_at", "sequence"])
    row.refresh_from_db(fields=["updated_at"])
    if announced:
        move_up(row)
        if tells(form):
            announcing.changed(row)
    return form


def tells(form: Any) -> bool:
    """Whether what a form changes of an announced gathering is written to who is registered, if anyone is."""
    row = form.instance
    important = row.status == GatheringStatus.ANNOUNCED and bool(TOLD_WHEN_CHANGED & form.changed_fields())
    return important and row.registrations.live().exists()


def hindrance(gathering: Gathering) -> str:
    """What must be mended before it is announced; nothing when it may be."""
    if gathering.starts_at <= timezone.now():
        return _("Sa date est passée : changez-la avant de l’annoncer.")
    if not is_somewhere(gathering):
        return _("Dites où elle a lieu, ou par quel lien, avant de l’annoncer.")
    if gathering.community.status != Status.PUBLISHED:
        return _("La communauté n’est pas encore publiée : publiez-la d’abord.")
    return ""


def is_somewhere(gathering: Gathering) -> bool:
    """Whether it says where it is held, or by which link."""
    return bool(gathering.place or gathering.link)


@transaction.atomic
def announce(gathering: Gathering, *, by: Any) -> Gathering:
    """Public from now on, and the members are told. Raises AlreadyMoved, NotPossible for a hindrance."""
    require(can_hold(by, gathering))
    gathering = lock(gathering)
    if why := hindrance(gathering):
        raise NotPossible(why)
    _move(gathering, GatheringStatus.ANNOUNCED, from_=(GatheringStatus.DRAFT,))
    announcing.announced(gathering)
    return gathering


@transaction.atomic
def cancel(gathering: Gathering, *, by: Any, note: str = "") -> Gathering:
    """It won't be held; whoever is registered or waits is told why. Raises AlreadyMoved."""
    require(can_hold(by, gathering))
    gathering = lock(gathering)
    was = gathering.status
    _move(gathering, GatheringStatus.CANCELLED, from_=(GatheringStatus.DRAFT, GatheringStatus.ANNOUNCED),
          note=" ".join(note.split())[:300])  # fmt: skip
    if was == GatheringStatus.ANNOUNCED:
        announcing.cancelled(gathering)
    return gathering


def _move(gathering: Gathering, target: str, *, from_: Iterable[str], **also: Any) -> None:
    rows = Gathering.objects.filter(pk=gathering.pk, status__in=list(from_))
    if not rows.update(status=target, sequence=F("sequence") + 1, **also):
        raise AlreadyMoved
    gathering.refresh_from_db(fields=["status", "sequence", "updated_at", *also])


# ---- places


@transaction.atomic
def register(gathering: Gathering, *, by: Any, organisation: Organisation, needs: str = "") -> Registration:
    """A place, or a rank in the waiting list when none is left; asking twice is asking once.

    What she says last of how to welcome her is what stands. Raises NotPossible when registration is closed.
    """
    require(is_member(by, organisation) and organisation.status == Status.PUBLISHED)
    gathering = lock(gathering)
    if not gathering.is_open:
        raise NotPossible(_("On ne peut plus s’inscrire à cette rencontre."))
    mine = gathering.registrations.live().filter(user=by).first()
    needs = " ".join(needs.split())[:300]
    if mine:
        mine.needs = needs
        mine.save(update_fields=["needs"])
        return mine
    taken = gathering.registrations.filter(status=RegistrationStatus.REGISTERED).count()
    full = gathering.limit is not None and taken >= gathering.limit
    registration = Registration.objects.create(
        gathering=gathering, organisation=organisation, user=by, needs=needs,
        status=RegistrationStatus.WAITING if full else RegistrationStatus.REGISTERED,
    )  # fmt: skip
    announcing.registered(registration)
    return registration


@transaction.atomic
def give_up(gathering: Gathering, *, by: Any) -> bool:
    """Give one's place back, or leave the waiting list; the next in line gets the place. Twice is once.

    Gives whether she had a place. Raises NotPossible once it began: who came is counted then.
    """
    gathering = lock(gathering)
    if gathering.starts_at <= timezone.now():
        raise NotPossible(_("La rencontre a commencé : rien n’a changé."))
    mine = gathering.registrations.live().filter(user=by)
    had_place = mine.filter(status=RegistrationStatus.REGISTERED).exists()
    if mine.update(status=RegistrationStatus.CANCELLED):
        move_up(gathering)
    return had_place


def move_up(gathering: Gathering) -> int:
    """Give the places that are free to the first in line, who are told; gives how many. The row must be locked."""
    if not gathering.is_open:
        return 0
    waiting = list(gathering.registrations.in_line().select_related("user"))
    if gathering.limit is not None:
        taken = gathering.registrations.filter(status=RegistrationStatus.REGISTERED).count()
        waiting = waiting[: max(0, gathering.limit - taken)]
    for registration in waiting:
        registration.status = RegistrationStatus.REGISTERED
        registration.gathering = gathering
        registration.save(update_fields=["status"])
        announcing.registered(registration, moved_up=True)
    return len(waiting)


# ---- afterwards


@transaction.atomic
def count_present(gathering: Gathering, *, by: Any, present: Iterable[int]) -> int:
    """Who came, among who had a place; gives how many. Raises NotPossible before it began."""
    require(can_hold(by, gathering))
    gathering = lock(gathering)
    if gathering.status != GatheringStatus.ANNOUNCED:
        raise NotPossible(_("Cette rencontre n’a pas été tenue : il n’y a pas de présences à inscrire."))
    if gathering.starts_at > timezone.now():
        raise NotPossible(_("La rencontre n’a pas commencé : inscrivez les présences ensuite."))
    had_place = gathering.registrations.filter(status=RegistrationStatus.REGISTERED)
    there = set(present)
    had_place.update(attended=False)
    return had_place.filter(pk__in=there).update(attended=True)


@transaction.atomic
def publish_minutes(gathering: Gathering, *, by: Any, text: str, sequence: int) -> Gathering:
    """The minutes, for everyone to read; whoever was there is told the first time. Raises AlreadyMoved."""
    require(can_hold(by, gathering))
    standing = lock(gathering)
    if standing.sequence != sequence:
        raise AlreadyMoved
    if standing.status != GatheringStatus.ANNOUNCED:
        raise NotPossible(_("Cette rencontre n’a pas été tenue : elle n’a pas de compte rendu."))
    if standing.starts_at > timezone.now():
        raise NotPossible(_("La rencontre n’a pas commencé : son compte rendu attendra."))
    if not text.strip():
        raise NotPossible(_("Le compte rendu est vide : rien n’est publié."))
    first = standing.minutes_at is None
    standing.minutes = text.strip()[:20000]
    standing.minutes_at = standing.minutes_at or timezone.now()
    standing.sequence += 1
    standing.save(update_fields=["minutes", "minutes_at", "sequence"])
    if first:
        announcing.minutes_published(standing)
    return standing
