"""Reads the words of a PDF made by Chromium, so that a test can tell paper with a story from paper without."""

from __future__ import annotations

import re
import zlib


def text_of(pdf: bytes) -> str:
    """All the characters drawn, in order, without spaces (a PDF places words, it doesn't always write their gaps)."""
    objects = {int(n): body for n, body in re.findall(rb"(?s)(?:^|\n)(\d+) 0 obj\n(.*?)\nendobj", pdf)}
    alphabets = {
        number: _alphabet(_stream(objects[int(found[1])]))
        for number, body in objects.items()
        if (found := re.search(rb"/ToUnicode (\d+) 0 R", body))
    }
    said: list[str] = []
    for body in objects.values():
        drawn = _stream(body) if b"stream" in body else b""
        if b" Tf" not in drawn:
            continue
        alphabet: dict[int, str] = {}
        for font, glyphs in re.findall(rb"/F(\d+) [\d.]+ Tf|<([0-9A-Fa-f]+)> Tj", drawn):
            if font:
                alphabet = alphabets.get(int(font), {})
            else:
                codes = (int(glyphs[i : i + 4], 16) for i in range(0, len(glyphs), 4))
                said += [alphabet.get(code, "") for code in codes]
    return "".join("".join(said).split())


def _stream(body: bytes) -> bytes:
    """The content of an object, inflated if need be."""
    found = re.search(rb"(?s)stream\r?\n(.*?)\r?\nendstream", body)
    if not found:
        return b""
    return zlib.decompress(found[1]) if b"/FlateDecode" in body else found[1]


def _alphabet(cmap: bytes) -> dict[int, str]:
    """Which glyph stands for which character."""
    letters: dict[int, str] = {}
    for block in re.findall(rb"(?s)beginbfchar(.*?)endbfchar", cmap):
        for glyph, letter in re.findall(rb"<([0-9A-Fa-f]+)> <([0-9A-Fa-f]+)>", block):
            letters[int(glyph, 16)] = bytes.fromhex(letter.decode()).decode("utf-16-be")
    for block in re.findall(rb"(?s)beginbfrange(.*?)endbfrange", cmap):
        for first, last, letter in re.findall(rb"<([0-9A-Fa-f]+)> <([0-9A-Fa-f]+)> <([0-9A-Fa-f]+)>", block):
            start = ord(bytes.fromhex(letter.decode()).decode("utf-16-be")[0])
            for step in range(int(last, 16) - int(first, 16) + 1):
                letters[int(first, 16) + step] = chr(start + step)
    return letters
