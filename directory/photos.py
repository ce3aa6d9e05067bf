"""Photos of a resource or a story: whatever a phone makes comes in, two WebP sizes stay, nothing of where it was."""

from __future__ import annotations

import datetime
import io
import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.core.files.base import ContentFile
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from PIL import Image, ImageCms, ImageOps
from pillow_heif import register_heif_opener

from directory.models import Practice, PracticePhoto, Resource, ResourcePhoto
from directory.models.photo import AT_MOST, Picture

register_heif_opener()

READ = ("JPEG", "PNG", "WEBP", "HEIF")
MAX_BYTES = 15 * 1024 * 1024
MAX_PIXELS = 52_000_000  # phones of 50 million pixels pass (200 MB once read), a bomb doesn’t
LARGE, SMALL = 1600, 480
Owner = Resource | Practice
# What decoders raise on a file that is not what it says, is cut, or is made to hurt.
BROKEN = (OSError, ValueError, SyntaxError, TypeError, RuntimeError, EOFError, struct.error, IndexError, KeyError)


class PhotoError(Exception):
    """A photo that can't be taken in; the message says why and what to do."""


@dataclass(frozen=True)
class Prepared:
    """A photo ready to keep: both sizes as WebP, and the measures of the large one."""

    large: bytes
    small: bytes
    width: int
    height: int


def prepare(file: Any) -> Prepared:
    """Read a photo, turn it upright, resize it, drop everything but its pixels. Raises PhotoError."""
    large = upright(file, LARGE)
    small = _within(large, SMALL)
    return Prepared(_webp(large), _webp(small), large.width, large.height)


def upright(file: Any, side: int) -> Image.Image:
    """The pixels of a photo and nothing else, upright, its longest side at most this. Raises PhotoError."""
    name = str(getattr(file, "name", "") or "photo")[:80]
    if file.size > MAX_BYTES:
        raise PhotoError(_("« %s » dépasse 15 Mo. Choisissez une photo plus légère ou réduisez-la d’abord.") % name)
    try:
        image = Image.open(file, formats=READ)
        pixels = image.width * image.height
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_many_pixels(name) from error
    except BROKEN as error:
        raise PhotoError(
            _("« %s » n’est pas une photo que nous savons lire. Choisissez un fichier JPEG, PNG, HEIC ou WebP.") % name
        ) from error
    if pixels > MAX_PIXELS:
        raise _too_many_pixels(name)
    try:
        image.draft("RGB", (side, side))  # JPEG: decoded small from the start
        return _within(_upright(image, side), side)
    except (*BROKEN, Image.DecompressionBombError, MemoryError) as error:
        raise PhotoError(
            _("« %s » est abîmé ou incomplet. Prenez la photo de nouveau ou choisissez-en une autre.") % name
        ) from error


def _too_many_pixels(name: str) -> PhotoError:
    return PhotoError(
        _("« %s » compte trop de pixels (52 millions au plus). Réduisez l’image, puis essayez de nouveau.") % name
    )


def _upright(image: Image.Image, side: int) -> Image.Image:
    """The pixels alone, upright, in sRGB, on white where they were transparent: a new image that carries nothing."""
    profile = image.info.get("icc_profile")
    image.load()
    if image.mode == "P":
        image = image.convert("RGBA")
    if (times := max(image.size) // (2 * side)) > 1:
        image = image.reduce(times)  # at once: what follows copies it several times
    image = ImageOps.exif_transpose(image) or image
    if image.mode in ("RGBA", "LA", "PA"):
        layer = image.convert("RGBA")
        ground = Image.new("RGBA", layer.size, "white")
        image = Image.alpha_composite(ground, layer)
    image = image.convert("RGB")
    if profile:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            converted = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
            image = converted or image
        except (ImageCms.PyCMSError, *BROKEN):
            pass  # an odd profile: colours as they are
    clean = Image.new("RGB", image.size)
    clean.paste(image)
    return clean


def _within(image: Image.Image, side: int) -> Image.Image:
    """A copy whose longest side is at most this."""
    copy = image.copy()
    copy.thumbnail((side, side), Image.Resampling.LANCZOS, reducing_gap=3.0)
    return copy


def _webp(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "WEBP", quality=80, method=4, exif=b"", xmp=b"", icc_profile=None)
    return out.getvalue()


def keep(
    files: Iterable[Any], *, room: int, too_many: str, blank: Callable[[Prepared, int], Any]
) -> tuple[list[Any], list[str]]:
    """Prepare and store these files, ``room`` at most; gives those kept, and a sentence for each one refused.

    ``blank`` makes the row, not yet saved, of a prepared photo and of its rank among those kept; ``too_many`` is the
    sentence of those beyond, with « %(name)s ».
    """
    kept: list[Any] = []
    refused: list[str] = []
    for file in files:
        if len(kept) >= room:
            refused.append(too_many % {"name": str(file.name)[:80]})
            continue
        try:
            done = prepare(file)
        except PhotoError as error:
            refused.append(str(error))
            continue
        photo = blank(done, len(kept))
        photo.large.save("1600.webp", ContentFile(done.large), save=False)
        photo.small.save("480.webp", ContentFile(done.small), save=False)
        photo.save()
        kept.append(photo)
    return kept, refused


@transaction.atomic
def add(entry: Owner, files: Iterable[Any], *, by: Any) -> tuple[list[Any], list[str]]:
    """Keep these photos after those there are; gives those kept, and a sentence for each one refused."""
    type(entry)._default_manager.select_for_update().only("pk").get(pk=entry.pk)
    there = list(entry.photos.values_list("position", flat=True))
    position = max(there, default=-1) + 1
    their: Any = entry.photos

    def blank(done: Prepared, rank: int) -> Any:
        measures = {"width": done.width, "height": done.height, "position": position + rank}
        return their.model(**{their.field.name: entry}, **measures)

    too_many = _("« %%(name)s » n’a pas été gardée : une fiche compte au plus %(n)s photos. Supprimez-en une.")
    kept, refused = keep(files, room=AT_MOST - len(there), too_many=too_many % {"n": AT_MOST}, blank=blank)
    if kept:
        touch(entry)
    return kept, refused


@transaction.atomic
def describe(entry: Owner, words: dict[str, str], *, by: Any) -> int:
    """Write what photos show, by uid; gives how many changed."""
    changed = 0
    for photo in entry.photos.all():
        alt = " ".join(words.get(str(photo.uid), photo.alt).split())[:160]
        if alt != photo.alt:
            photo.alt = alt
            photo.save(update_fields=["alt"])
            changed += 1
    if changed:
        touch(entry)
    return changed


@transaction.atomic
def shift(entry: Owner, uid: str, step: int, *, by: Any) -> None:
    """Move a photo one place up (-1) or down (1); the first one is the cover."""
    photos: list[Any] = list(entry.photos.select_for_update().order_by("position", "id"))
    index = next((i for i, p in enumerate(photos) if str(p.uid) == uid), None)
    if index is None or not 0 <= index + step < len(photos):
        return
    photos.insert(index + step, photos.pop(index))
    for position, photo in enumerate(photos):
        photo.position = position
    entry.photos.model.objects.bulk_update(photos, ["position"])
    touch(entry)


@transaction.atomic
def remove(entry: Owner, uid: str, *, by: Any) -> bool:
    """Delete a photo of an entry; False when it was gone already."""
    photo = entry.photos.filter(uid=uid).first()
    if photo is None:
        return False
    discard(photo)
    touch(entry)
    return True


def discard(photo: Picture) -> None:
    """Delete a photo; its files go once that is committed."""
    photo.delete()
    for file in (photo.large, photo.small):
        transaction.on_commit(partial(file.storage.delete, str(file.name)))


def sweep(*models: type[Picture]) -> int:
    """Delete the files that no photo of these models names, once a day old: a sending cut half-way leaves some.

    Without a model: the photos of entries. The models share one folder. Gives how many went.
    """
    models = models or (ResourcePhoto, PracticePhoto)
    top, storage = models[0].FOLDER, models[0]._meta.get_field("large").storage
    yesterday = timezone.now() - datetime.timedelta(days=1)
    try:
        folders, _files = storage.listdir(top)
    except FileNotFoundError:
        return 0
    swept = 0
    for folder in folders:
        inside = [f"{top}/{folder}/{name}" for name in storage.listdir(f"{top}/{folder}")[1]]
        named: set[str] = set()
        for model in models:
            for size in ("large", "small"):
                found = model._default_manager.filter(**{f"{size}__in": inside})
                named |= set(found.values_list(size, flat=True))
        lost = [path for path in inside if path not in named and storage.get_modified_time(path) < yesterday]
        for path in lost:
            storage.delete(path)
        swept += len(lost)
        if lost and len(lost) == len(inside):
            storage.delete(f"{top}/{folder}")
    return swept


def touch(entry: Owner) -> None:
    """Move the date of change, by which pages are cached: what hangs from an entry isn’t in its row."""
    type(entry)._default_manager.filter(pk=entry.pk).update(search=None)
