"""Photos of a loan: of a sheet or of an incident, in two sizes and without position, for its two sides only."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from directory.permissions import require
from directory.photos import Prepared, discard, keep
from loans.models import ConditionReport, Incident, LoanPhoto
from loans.models.condition import PHOTOS_AT_MOST
from loans.permissions import sides_of


@transaction.atomic
def add(
    holder: ConditionReport | Incident, files: Iterable[Any], *, by: Any, alt: str = ""
) -> tuple[list[LoanPhoto], list[str]]:
    """Keep these photos of a sheet or of an incident; gives those kept, and a sentence for each one refused."""
    loan = holder.loan
    require(bool(sides_of(by, loan)))
    files = list(files)
    if not files:
        return [], []
    type(holder)._default_manager.select_for_update().only("pk").get(pk=holder.pk)
    of = {"report": holder} if isinstance(holder, ConditionReport) else {"incident": holder}

    def blank(done: Prepared, rank: int) -> LoanPhoto:
        return LoanPhoto(loan=loan, width=done.width, height=done.height, added_by=by, alt=alt[:160], **of)

    too_many = _("« %%(name)s » n’a pas été gardée : une fiche compte au plus %(n)s photos.")
    room = PHOTOS_AT_MOST - holder.photos.count()
    return keep(files, room=room, too_many=too_many % {"n": PHOTOS_AT_MOST}, blank=blank)


@transaction.atomic
def remove(photo: LoanPhoto, *, by: Any) -> None:
    """Take back a photo sent by mistake, by whoever sent it, until both sides confirmed; its files go after."""
    settled = photo.report.is_confirmed if photo.report else not photo.incident.is_open  # type: ignore[union-attr]
    require(photo.added_by_id == by.pk and bool(sides_of(by, photo.loan)) and not settled)
    discard(photo)
