"""Documents read back as other programs do: the words of a PDF, a DOCX, an ODT; what a PDF says of itself."""

from __future__ import annotations

import io
import re
import zipfile
from xml.etree import ElementTree

import pypdf

WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"


def pdf_of(content: bytes) -> pypdf.PdfReader:
    return pypdf.PdfReader(io.BytesIO(content), strict=True)


def pdf_pages(content: bytes) -> list[str]:
    return [page.extract_text() for page in pdf_of(content).pages]


def docx_text(content: bytes) -> str:
    """The words of a DOCX, a line a paragraph."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        root = ElementTree.fromstring(archive.read("word/document.xml"))  # noqa: S314 - we wrote it
    lines = []
    for paragraph in root.iter(f"{WORD}p"):
        said = {f"{WORD}t": lambda e: e.text or "", f"{WORD}br": lambda e: "\n", f"{WORD}tab": lambda e: "\t"}
        lines.append("".join(said[e.tag](e) for e in paragraph.iter() if e.tag in said))
    return "\n".join(lines)


def odt_text(content: bytes) -> str:
    """The words of an ODT, a line a paragraph."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        root = ElementTree.fromstring(archive.read("content.xml"))  # noqa: S314 - we wrote it
    for gap, said in (("line-break", "\n"), ("s", " "), ("tab", "\t")):
        for element in root.iter(TEXT + gap):
            element.text = said * int(element.get(f"{TEXT}c", "1"))
    return "\n".join("".join(e.itertext()) for e in root.iter() if e.tag in (f"{TEXT}p", f"{TEXT}h"))


def squeezed(text: str) -> str:
    """Without any white space: lines and pages break where they will."""
    return "".join(text.split())


def claims(content: bytes) -> set[str]:
    """Which standards a PDF says it keeps."""
    xmp = pdf_of(content).trailer["/Root"]["/Metadata"].get_data().decode()
    found = re.findall(r"<(pdf(?:a|ua)id:(?:part|conformance))>(\w+)<", xmp)
    return {f"{name}={value}" for name, value in found}


def fonts(content: bytes) -> dict[str, bool]:
    """The fonts of a PDF, and whether each is inside."""
    found = {}
    for page in pdf_of(content).pages:
        for font in page["/Resources"].get("/Font", {}).values():
            for one in font.get_object().get("/DescendantFonts", [font]):
                described = one.get_object()["/FontDescriptor"].get_object()
                inside = any(name in described for name in ("/FontFile", "/FontFile2", "/FontFile3"))
                found[str(one.get_object()["/BaseFont"])] = inside
    return found
