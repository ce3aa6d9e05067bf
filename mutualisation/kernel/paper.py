"""A paper: a title and clean HTML that become a PDF (``kernel.pdf``), a DOCX or an ODT (``kernel.office``).

One source for the three and for the page: pandoc reads the HTML once; what it found is data from then on. Text that
people typed is never code: not of pandoc (no raw blocks, no mathematics, sandbox), nor of Typst (it comes as JSON).
"""

from __future__ import annotations

import atexit
import datetime
import html as _html
import json
import os
import re
import shutil
import subprocess
import tempfile
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import nh3
import pypandoc
from django.utils.translation import gettext as _

LONGEST = 2_000_000  # characters of HTML: a hundred times a long agreement
_SHORT = 40  # letters of a cell and of its marks: a number, not a sentence
DEEPEST = 24  # blocks inside one another; past that, only their words are kept
PATIENCE = 30  # seconds

# No raw block, no mathematics, no quotes made curly: words stay those that were typed.
READER = "html-raw_html-raw_tex-tex_math_dollars-tex_math_single_backslash-tex_math_double_backslash-smart-line_blocks"
_TAGS = {
    "p", "br", "hr", "strong", "em", "b", "i", "code", "a", "span", "sup", "sub", "ul", "ol", "li", "dl", "dt", "dd",
    "h2", "h3", "h4", "blockquote", "table", "caption", "thead", "tbody", "tr", "th", "td", "div", "section", "img",
}  # fmt: skip
_ATTRIBUTES = {
    "a": {"href"}, "ol": {"start"}, "th": {"colspan", "rowspan", "scope"}, "td": {"colspan", "rowspan"},
    "div": {"class"}, "section": {"class"}, "span": {"class"}, "img": {"src", "alt"},
}  # fmt: skip
_NESTED = re.compile(r"<(/?)(div|section|ul|ol|dl|blockquote|table|strong|em|b|i|span|sup|sub)\b")
# What turns the reading order around, and what no file may hold.
_BIDI = {*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0x061C, 0xFEFF, 0x00AD}


class PaperError(Exception):
    """The document could not be made; the sentence says what to do."""


@dataclass(frozen=True)
class Picture:
    """A drawing placed by ``<img src="its name">``: SVG that we made, and what it says to who doesn't see it."""

    svg: str
    alt: str


@dataclass(frozen=True)
class Paper:
    """What a document is made of. ``html`` begins below the title (h2); ``date`` is that of the file, fixed.

    Classes of div that have a look: status, keep (never cut), case (kept with what follows), signature, aside, page (on
    a new one). A span of class ``fill`` is a blank to fill by hand.
    """

    title: str
    html: str
    date: datetime.date
    author: str
    header: str = ""
    footer: str = ""
    watermark: str = ""
    keywords: Sequence[str] = ()
    lang: str = "fr-CA"
    pictures: Mapping[str, Picture] = field(default_factory=dict)


def printable(text: str) -> str:
    """The text without what no document may hold: controls, private characters, marks that reverse the order."""
    return "".join(c for c in text if c in "\n\t" or not _unprintable(c))


def _unprintable(character: str) -> bool:
    return ord(character) in _BIDI or unicodedata.category(character) in ("Cc", "Cs", "Co", "Cn")


def cleaned(html: str) -> str:
    """The HTML that a document takes: known tags and attributes, nothing that loads, nothing too deep."""
    if len(html) > LONGEST:
        raise PaperError(_("Ce texte est trop long pour un document. Rien n’est perdu : raccourcissez-le."))
    html = nh3.clean(html, tags=_TAGS, attributes=_ATTRIBUTES, link_rel=None,
                     url_schemes={"http", "https", "mailto", "tel"})  # fmt: skip
    depth = most = 0
    for closes, _tag in _NESTED.findall(html):
        depth += -1 if closes else 1
        most = max(most, depth)
    if most > 4 * DEEPEST:
        html = nh3.clean(html, tags={"p", "br"})
    return printable(html)


def pandoc(*arguments: str, text: bytes) -> bytes:
    """What pandoc makes of a text, in its box: it reads no other file, reaches nothing, is not waited for long."""
    command = [pypandoc.get_pandoc_path(), "+RTS", "-M768M", "-RTS", "--sandbox", *arguments]
    # same input, same bytes: the clock of the archives it writes
    environment = {**os.environ, "SOURCE_DATE_EPOCH": "315532800", "LC_ALL": "C.UTF-8"}
    try:
        done = subprocess.run(command, input=text, capture_output=True, timeout=PATIENCE, check=False, env=environment)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise PaperError(sorry()) from error
    if done.returncode:
        raise PaperError(sorry()) from RuntimeError(done.stderr.decode(errors="replace")[:500])
    return done.stdout


@cache
def workroom() -> Path:
    """A folder of this process for what pandoc and Typst read besides the paper, removed with it."""
    folder = Path(tempfile.mkdtemp(prefix="mutualisation-papiers-"))
    (folder / "vide").mkdir()
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def sorry() -> str:
    return _("Le document n’a pas pu être composé. Rien n’est perdu : réessayez dans une minute, ou lisez la page.")


def read(html: str) -> list[dict[str, Any]]:
    """The blocks of some HTML, as pandoc understands them."""
    found = pandoc("-f", READER, "-t", "json", text=cleaned(html).encode())
    blocks: list[dict[str, Any]] = json.loads(found)["blocks"]
    return blocks


def words(nodes: Any) -> str:
    """The words of any part of what pandoc read."""
    if isinstance(nodes, list):
        return "".join(words(node) for node in nodes)
    if not isinstance(nodes, dict) or "t" not in nodes:
        return ""
    kind = nodes["t"]
    content: Any = nodes.get("c")
    if kind == "Str":
        return str(content)
    if kind in ("Space", "SoftBreak", "LineBreak"):
        return " "
    if kind == "Code":
        return str(content[1])
    return words(content) + (" " if kind in ("Para", "Plain", "Header") else "")


def plain(html: str) -> str:
    """The words of some HTML, for a title or an alternative text."""
    return printable(_html.unescape(nh3.clean(html, tags=set())))


# ---- a simpler tree, the one that paper.typ draws


def flow(blocks: list[dict[str, Any]], names: Mapping[str, Any], depth: int = 0) -> list[Any]:
    """Blocks as [kind, …] lists. ``names``: the pictures that may be placed."""
    made: list[Any] = []
    for block in blocks:
        if depth > DEEPEST:
            made.append(["p", [["t", words(block)]]])
        elif (one := _block(block["t"], block.get("c"), names, depth + 1)) is not None:
            made.append(one)
    return made


def _block(kind: str, content: Any, names: Mapping[str, Any], depth: int) -> list[Any] | None:
    match kind:
        case "Para" | "Plain":
            if label := blank_alone(content):
                return ["lines", label, 3]
            return ["p" if kind == "Para" else "plain", inline(content, names)]
        case "Header":
            return ["h", max(2, min(content[0], 4)), inline(content[2], names)]
        case "BulletList":
            return ["ul", [flow(item, names, depth) for item in content]]
        case "OrderedList":
            return ["ol", content[0][0], [flow(item, names, depth) for item in content[1]]]
        case "DefinitionList":
            rows = [(t, [block for part in parts for block in part]) for t, parts in content]
            return ["dl", [[inline(term, names), flow(said, names, depth)] for term, said in rows]]
        case "BlockQuote":
            return ["quote", flow(content, names, depth)]
        case "HorizontalRule":
            return ["rule"]
        case "Div":
            return ["div", next((c for c in content[0][1] if c != "section"), ""), flow(content[1], names, depth)]
        case "Table":
            return _table(content, names, depth)
    return ["p", [["t", words({"t": kind, "c": content})]]]


def _table(content: Any, names: Mapping[str, Any], depth: int) -> list[Any]:
    _attr, caption, columns, head, bodies, _foot = content

    def cells(rows: list[Any]) -> list[Any]:
        return [[flow(c[4], names, depth), c[3], c[2]] for row in rows for c in row[1]]

    said = [i for block in caption[1] for i in inline(block["c"], names)]
    rows = cells([r for body in bodies for r in (*body[2], *body[3])])
    return ["table", said, cells(head[1]), rows, _widths(rows, len(columns))]


def _widths(cells: list[Any], columns: int) -> list[str]:
    """How wide columns are: one that holds code, which is never cut, has what it needs; long ones share the rest."""
    if len(cells) % columns or not any('["code"' in json.dumps(cell[0]) for cell in cells):
        return ["auto"] * columns
    found = []
    for n in range(columns):
        column = cells[n::columns]
        whole = any('["code"' in json.dumps(cell[0]) for cell in column)
        short = all(len(json.dumps(cell[0])) < _SHORT for cell in column)
        found.append("auto" if whole or short else "fr")
    return found


def blank_alone(nodes: list[Any]) -> str:
    """The label of a blank that is alone in its paragraph."""
    if len(nodes) == 1 and nodes[0]["t"] == "Span" and "fill" in nodes[0]["c"][0][1]:
        return words(nodes).strip()
    return ""


def inline(nodes: list[dict[str, Any]], names: Mapping[str, Any], depth: int = 0) -> list[Any]:
    """Inlines as [kind, …] lists; texts that follow one another are one."""
    made: list[Any] = []
    for node in nodes:
        kind = node["t"]
        content: Any = node.get("c")
        if kind in ("Str", "Space", "SoftBreak"):
            text = str(content) if kind == "Str" else " "
            if made and made[-1][0] == "t":
                made[-1][1] += text
            else:
                made.append(["t", text])
        elif kind == "LineBreak":
            made.append(["br"])
        elif depth > DEEPEST:
            made.append(["t", words(node)])
        elif kind == "Image":
            name = content[2][0]
            made.append(["img", name] if name in names else ["t", words(content[1])])
        elif kind == "Span" and "fill" in content[0][1]:
            made.append(["fill", words(content[1]).strip()])
        elif kind == "Code":
            made.append(["code", [["t", content[1]]]])
        elif kind == "Link":
            inside = inline(content[1], names, depth + 1)
            made.append(["a", content[2][0], inside] if content[2][0] and inside else ["span", inside])
        elif kind in _MARKS:
            inside = content if kind != "Span" else content[1]
            made.append([_MARKS[kind], inline(inside, names, depth + 1)])
        else:
            made.append(["t", words(node)])
    return made


_MARKS = {"Strong": "b", "Emph": "i", "Superscript": "sup", "Subscript": "sub", "Span": "span"}
