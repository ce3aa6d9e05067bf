"""Photos of a loan: of a sheet or of an incident, in two sizes and without position, for its two sides only."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

from django.core.files.base import ContentFile
from django.db import transaction
from django.utils.translation import gettext as _

from directory.permissions import require
from directory.photos import PhotoError, prepare
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
    room = PHOTOS_AT_MOST - holder.photos.count()
    of = {"report": holder} if isinstance(holder, ConditionReport) else {"incident": holder}
    kept: list[LoanPhoto] = []
    refused: list[str] = []
    for file in files:
        if len(kept) >= room:
            refused.append(
                _("« %(name)s » n’a pas été gardée : une fiche compte au plus %(n)s photos.")
                % {"name": str(file.name)[:80], "n": PHOTOS_AT_MOST}
            )
            continue
        try:
            done = prepare(file)
        except PhotoError as error:
            refused.append(str(error))
            continue
        photo = LoanPhoto(loan=loan, width=done.width, height=done.height, added_by=by, alt=alt[:160], **of)
        photo.large.save("1600.webp", ContentFile(done.large), save=False)
        photo.small.save("480.webp", ContentFile(done.small), save=False)
        photo.save()
        kept.append(photo)
    return kept, refused


@transaction.atomic
def remove(photo: LoanPhoto, *, by: Any) -> None:
    """Take back a photo sent by mistake, by whoever sent it, until both sides confirmed; its files go after."""
    settled = photo.report.is_confirmed if photo.report else not photo.incident.is_open  # type: ignore[union-attr]
    require(photo.added_by_id == by.pk and bool(sides_of(by, photo.loan)) and not settled)
    photo.delete()
    for file in (photo.large, photo.small):
        transaction.on_commit(partial(file.storage.delete, str(file.name)))
