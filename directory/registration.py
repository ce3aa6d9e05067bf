"""An organisation joins by itself, and changes what it says without erasing what a colleague just wrote."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _

from accounts.models import User
from directory import notifications
from directory.lifecycle import edited, move
from directory.memberships import NotPossible
from directory.models import Membership, Organisation, Role
from directory.permissions import can_edit, require
from mutualisation.kernel.lifecycle import AlreadyMoved
from mutualisation.kernel.publication import Status

RESERVED = {"inscrire", "doublons", "atom", "export"}
SAME_CLICK = datetime.timedelta(minutes=10)
A_DAY = 5
Said = dict[str, str | list[str]]  # the fields of a form as one reads and types them


class EditedMeanwhile(Exception):  # noqa: N818 - it is an answer, not a fault
    """Someone saved other words since the page was read; nothing was changed. ``now`` is what is stored."""

    def __init__(self, now: Said) -> None:
        self.now = now
        super().__init__()


def slug_for(name: str) -> str:
    """A free address made of the name."""
    base = slugify(name.replace("’", " ").replace("'", " "))[:100].strip("-") or "organisme"
    taken = set(Organisation.objects.filter(slug__startswith=base).values_list("slug", flat=True)) | RESERVED
    return next(s for n in range(1, len(taken) + 2) if (s := base if n == 1 else f"{base}-{n}") not in taken)


def _insert(organisation: Organisation) -> None:
    """Save under a free address, even when someone takes the same one at this very moment."""
    for _try in range(5):
        organisation.slug = slug_for(organisation.name)
        try:
            with transaction.atomic():
                organisation.save(force_insert=True)
                return
        except IntegrityError as error:
            if "neq" in str(error):
                raise NotPossible(
                    _("Un organisme vient d’être inscrit avec ce NEQ : rien n’a été enregistré.")
                ) from error
            if "slug" not in str(error):
                raise
    raise IntegrityError("slug")


def just_registered(*, by: User, name: str, territory_ids: Iterable[int]) -> Organisation | None:
    """What the first press of a button pressed twice has made."""
    since = timezone.now() - SAME_CLICK
    mine = Organisation.objects.filter(created_by=by, created_at__gte=since, memberships__user=by)
    return mine.filter(name=name, territory__in=list(territory_ids)).first()


@transaction.atomic
def create_organisation(*, organisation: Organisation, sectors: Any, by: User) -> Organisation:
    """Register an organisation: its author manages it, its curators are asked to validate it.

    The same one sent twice by the same person within minutes is one.
    """
    User.objects.select_for_update(no_key=True).get(pk=by.pk)
    twin = just_registered(by=by, name=organisation.name, territory_ids=[organisation.territory_id])
    if twin:
        return twin
    today = Organisation.objects.filter(
        created_by=by, created_at__gte=timezone.now() - datetime.timedelta(days=1)
    ).exclude(status=Status.PUBLISHED)
    if today.count() >= A_DAY:
        raise NotPossible(
            _(
                "Vous avez inscrit %(n)s organismes aujourd’hui qui attendent leur validation : "
                "celui-ci n’est pas enregistré. Attendez la première réponse."
            )
            % {"n": A_DAY}
        )
    organisation.created_by = by
    organisation.status = Status.DRAFT
    _insert(organisation)
    organisation.sectors.set(sectors)
    Membership.objects.create(user=by, organisation=organisation, role=Role.MANAGER)
    move(organisation, "submit", by=by)
    notifications.organisation_submitted(organisation, by=by)
    return organisation


@transaction.atomic
def change_organisation(*, form: Any, base: Said | None, by: Any) -> Organisation:
    """Save a valid form, unless someone saved other words since ``base`` was read (EditedMeanwhile).

    What a published organisation changes awaits re-reading.
    """
    organisation: Organisation = form.instance
    require(can_edit(by, organisation))
    stored = Organisation.objects.select_for_update(no_key=True).get(pk=organisation.pk)
    now = type(form)(instance=stored).said()
    if base is None or any(base.get(name) != value for name, value in now.items()):
        raise EditedMeanwhile(now)
    form.save(commit=False)
    fields = [name for name in form.changed_data if name != "sectors"]
    if {"territory", "address", "postal_code"} & set(fields):
        organisation.latitude = organisation.longitude = None  # it moved: its municipality says where, until better
        fields += ["latitude", "longitude"]
    if fields:
        # only what the form holds and changed: dates, states and flags stay as they now stand
        organisation.save(update_fields=fields)
    form.save_m2m()
    organisation.refresh_from_db(fields=["status", "review_since", "updated_at"])
    if form.changed_data:
        edited(organisation, by=by)
    return organisation


@transaction.atomic
def submit_again(*, organisation: Organisation, by: Any) -> None:
    """What curators asked for is done: back to them."""
    try:
        move(organisation, "submit", by=by)
    except AlreadyMoved as error:
        raise NotPossible(_("Cet organisme n’est plus à corriger : rien n’a été renvoyé.")) from error
    notifications.organisation_submitted(organisation, by=by)
