"""Two pictures of a hall, drawn here, so that the gallery of photos can be tried: nobody’s photo, nobody’s hall."""

from __future__ import annotations

import io

from django.core.files.base import ContentFile
from PIL import Image, ImageDraw, ImageFilter

from directory.models import Resource
from directory.photos import add, describe

HALL = "salle-du-canal"
SIZE = (1200, 900)
WALL, FLOOR, WOOD, SKY, WATER, WHITE = "#e9dcc3", "#b98a58", "#8a5f38", "#a9cbe0", "#5f8fa8", "#f7f3ea"
SHOWN = (
    ("La salle vide : trois grandes fenêtres sur le canal, plancher de bois.", 0),
    ("La même salle montée pour un repas : six tables rondes et leurs nappes blanches.", 6),
)


def show_the_hall() -> None:
    """Give the hall its two pictures; nothing when it has some already."""
    hall = Resource.objects.filter(slug=HALL, photos__isnull=True).first()
    if hall is None:
        return
    kept, _refused = add(hall, [_file(tables) for _words, tables in SHOWN], by=None)
    describe(hall, {str(p.uid): words for p, (words, _tables) in zip(kept, SHOWN, strict=False)}, by=None)


def _file(tables: int) -> ContentFile:
    out = io.BytesIO()
    _draw(tables).save(out, "PNG")
    return ContentFile(out.getvalue(), name="salle.png")


def _draw(tables: int) -> Image.Image:
    """A wall with windows, a floor in perspective, and so many round tables."""
    image = Image.new("RGB", SIZE, WALL)
    pen = ImageDraw.Draw(image)
    wide, high = SIZE
    ground = int(high * 0.58)
    pen.polygon([(0, high), (wide, high), (wide, ground), (0, ground)], fill=FLOOR)
    for n in range(-14, 15):  # boards meet far behind the wall
        pen.line([(wide // 2 + n * 45, ground), (wide // 2 + n * 190, high)], fill=WOOD, width=3)
    for n in range(3):
        left = 120 + n * 340
        pen.rectangle([left - 14, 96, left + 274, 404], fill=WHITE)
        pen.rectangle([left, 110, left + 260, 390], fill=SKY)
        pen.rectangle([left, 300, left + 260, 390], fill=WATER)
        pen.line([(left + 130, 110), (left + 130, 390)], fill=WHITE, width=10)
        pen.line([(left, 250), (left + 260, 250)], fill=WHITE, width=10)
    for n in range(tables):
        row, place = divmod(n, 3)
        x, y, size = 230 + place * 370 - row * 10, ground + 70 + row * 150, 105 + row * 35
        pen.ellipse([x - size, y + 18, x + size, y + 18 + size * 0.7], fill=WOOD)
        pen.ellipse([x - size, y, x + size, y + size * 0.62], fill=WHITE, outline=WALL, width=4)
    return image.filter(ImageFilter.GaussianBlur(0.8))
