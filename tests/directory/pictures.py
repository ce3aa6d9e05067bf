"""Photos as phones make them, for the tests."""

from __future__ import annotations

import io
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

GPS = {1: "N", 2: (45.0, 15.0, 23.0), 3: "W", 4: (74.0, 7.0, 54.0)}


def picture(
    name: str = "photo.jpg", *, form: str = "JPEG", size: tuple[int, int] = (2000, 1500), exif: bool = True, **save: Any
) -> SimpleUploadedFile:
    """A red and blue picture; with ``exif``, its position, its camera, and « turned by a quarter »."""
    image = Image.new("RGB", size, "red")
    image.paste("blue", (0, 0, size[0] // 2, size[1]))
    out = io.BytesIO()
    if exif:
        tags = Image.Exif()
        tags[0x010F] = "Téléphone de Lucie"
        tags[0x0112] = 6
        tags.get_ifd(0x8825).update(GPS)
        save["exif"] = tags.tobytes()
    image.save(out, form, **save)
    return SimpleUploadedFile(name, out.getvalue(), content_type="application/octet-stream")
