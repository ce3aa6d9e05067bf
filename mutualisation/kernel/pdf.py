"""PDF made to be kept: PDF/A-2a and PDF/UA-1 in one file, tagged, with its own fonts; same paper, same bytes.

Typst draws it, from one fixed template (paper.typ) that gets the paper as data. It may read one folder, which is empty.
"""

from __future__ import annotations

import datetime
import json
import re
import unicodedata
from functools import cache
from pathlib import Path
from typing import Any

import typst
from django.utils.translation import gettext as _

from mutualisation.kernel.paper import Paper, PaperError, flow, printable, read, sorry, workroom

STANDARDS: list[Any] = ["a-2a", "ua-1"]
TEMPLATE = Path(__file__).with_name("paper.typ")
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_UNDRAWN = re.compile(r'the text `"(.*?)"` could not be displayed', re.DOTALL)
_PROBED_AT_MOST, _NAMED_AT_MOST = 800, 12
_drawn: dict[str, bool] = {}
_PROBE = b"""#set document(title: "x")
#set text(font: ("Libertinus Serif", "New Computer Modern", "DejaVu Sans Mono"))
#for c in json(bytes(sys.inputs.doc)) [#c \\ ]"""


def pdf(paper: Paper) -> bytes:
    """The PDF of a paper. Raises PaperError, whose sentence is for people."""
    data = {
        "title": printable(paper.title),
        "author": printable(paper.author),
        "keywords": [printable(word) for word in paper.keywords],
        "header": printable(paper.header),
        "footer": printable(paper.footer),
        "watermark": printable(paper.watermark),
        "date": [paper.date.year, paper.date.month, paper.date.day],
        "lang": paper.lang.partition("-")[0],
        "region": paper.lang.partition("-")[2].lower() or None,
        "page-words": [_("Page"), _("de")],
        "pictures": {name: {"svg": p.svg, "alt": p.alt} for name, p in paper.pictures.items()},
        "blocks": flow(read(paper.html), paper.pictures),
        "undrawn": "",
    }
    text = json.dumps(data, ensure_ascii=False)
    if missing := undrawn(text):
        text = json.dumps({**data, "undrawn": _said(missing)}, ensure_ascii=False).translate(
            {ord(c): REPLACEMENT for c in missing}
        )
    at = datetime.datetime.combine(paper.date, datetime.time(12), datetime.UTC)
    try:
        made = _compile(TEMPLATE.read_bytes(), text, int(at.timestamp()))
    except RuntimeError as error:
        raise PaperError(sorry()) from error
    return made


def undrawn(text: str) -> list[str]:
    """The characters of a text that our fonts have no drawing for (ideograms, emoji): a PDF/A may not miss any."""
    rare = [c for c in dict.fromkeys(text) if ord(c) > 0x17F and c not in _drawn]
    for character in rare:
        if _far(character):
            _drawn[character] = False
    _probe([c for c in rare if c not in _drawn][:_PROBED_AT_MOST])
    return [c for c in dict.fromkeys(text) if ord(c) > 0x17F and not _drawn.get(c, False)]


def _said(missing: list[str]) -> str:
    """What the document says of the characters that it replaces: by number, for they cannot be drawn here either."""
    seen = [c for c in missing if not unicodedata.combining(c) and unicodedata.category(c) not in ("Cf", "Mn")]
    codes = ", ".join(f"U+{ord(c):04X}" for c in (seen or missing)[:_NAMED_AT_MOST])
    if len(seen or missing) > _NAMED_AT_MOST:
        codes += "…"
    said = _("Dans ce document, «\u00a0%(mark)s\u00a0» tient la place de caractères que ses polices ne dessinent pas, "
             "comme les émojis et les idéogrammes (%(codes)s). La page d’où il vient les montre.")  # fmt: skip
    return said % {"mark": REPLACEMENT, "codes": codes}


def _far(character: str) -> bool:
    """Scripts that none of the fonts has, not worth asking."""
    point = ord(character)
    return point > 0xFFFF or 0x2E80 <= point < 0xFB00 or 0xFE30 <= point < 0xFFF0


def _probe(characters: list[str]) -> None:
    """Learn which of these have a drawing: one small page, again for each that has none."""
    left = dict.fromkeys(characters)
    while left:
        shown = json.dumps([f"x{c}" if unicodedata.combining(c) else c for c in left])
        try:
            _compile(_PROBE, shown, 0)
            break
        except typst.TypstError as error:
            found = _UNDRAWN.search(str(error))
            missing = [c for c in left if c in json.loads(f'"{_requoted(found[1])}"')] if found else []
            if not missing:
                raise PaperError(sorry()) from error
            for character in missing:
                _drawn[character] = False
                del left[character]
    _drawn.update(dict.fromkeys(left, True))


def _requoted(text: str) -> str:
    """What Typst quotes, as JSON quotes it."""
    return re.sub(r"\\u\{([0-9a-f]+)\}", lambda m: f"\\u{int(m[1], 16):04x}", text).replace("\\'", "'")


def _compile(code: bytes, data: str, timestamp: int) -> bytes:
    empty = str(workroom() / "vide")
    # its types want the code and the folders to be of the same one
    made = typst.compile(  # type: ignore[call-overload]
        code, root=empty, font_paths=_fonts(), ignore_system_fonts=True, sys_inputs={"doc": data},
        package_path=empty, package_cache_path=empty, format="pdf", pdf_standards=STANDARDS,
        timestamp=timestamp,
    )  # fmt: skip
    if not isinstance(made, bytes):
        raise PaperError(sorry())
    return made


@cache
def _fonts() -> typst.Fonts:
    """The fonts inside Typst itself: the same on every machine."""
    return typst.Fonts(include_system_fonts=False)
