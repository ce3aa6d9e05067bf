"""DOCX and ODT of a paper, to be changed in a word processor: same words as its page and its PDF.

pandoc writes them after models that we make, once a process, from its own: our look, French, page numbers, borders of
tables. The foot of pages is put in afterwards, and archives are rewritten with one date: same paper, same bytes.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Callable
from functools import cache
from typing import Any
from xml.sax.saxutils import escape

from django.utils.translation import gettext as _

from mutualisation.kernel.paper import Paper, blank_alone, pandoc, printable, read, words, workroom

DOCX_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
ODT_TYPE = "application/vnd.oasis.opendocument.text"
_FOOT, _PAGE, _OF = "@@pied@@", "@@page@@", "@@de@@"
_SPRUCE, _LINES, _SOFT = "1F5245", "CFC7B5", "55605A"
_STYLES = {"status": "Encadré", "signature": "Signataire", "aside": "Note", "keep": "Ensemble"}
_BLANK = "Blanc"
_LINE = "_" * 24
_PAGE_BREAK = '<w:p><w:r><w:br w:type="page"/></w:r></w:p>'


def docx(paper: Paper) -> bytes:
    """The paper as Word has it."""
    return _written(paper, "docx", _docx_model)


def odt(paper: Paper) -> bytes:
    """The paper as LibreOffice has it."""
    return _written(paper, "odt", _odt_model)


def _written(paper: Paper, form: str, model: Callable[[], str]) -> bytes:
    meta = {
        "title": printable(paper.title),
        "author": printable(paper.author),
        "lang": paper.lang,
        "date": paper.date.isoformat(),
    }
    tree = {
        "pandoc-api-version": _api_version(),
        # the date and the author are of the file, not of the text: see _finished
        "meta": {name: {"t": "MetaString", "c": meta[name]} for name in ("title", "lang")},
        "blocks": _prepared(read(paper.html), form),
    }
    made = pandoc("-f", "json", "-t", form, "--reference-doc", model(), text=json.dumps(tree).encode())
    return _finished(made, paper, meta)


@cache
def _api_version() -> list[int]:
    version: list[int] = json.loads(pandoc("-f", "html", "-t", "json", text=b""))["pandoc-api-version"]
    return version


# ---- what word processors need said otherwise


def _prepared(nodes: Any, form: str) -> Any:
    """The blocks with named styles, headings from 1 (the title is no heading), lines to write on, no picture."""
    if not isinstance(nodes, list):
        return _prepared_one(nodes, form) if isinstance(nodes, dict) else nodes
    made: list[Any] = []
    for node in nodes:
        if isinstance(node, dict) and node.get("t") in ("Para", "Plain") and (label := blank_alone(node["c"])):
            made += [{"t": "Para", "c": _label(label)}, *({"t": "Para", "c": [_str(_LINE * 3)]} for _n in range(2))]
        elif isinstance(node, dict) and node.get("t") == "Span" and "fill" in node["c"][0][1]:
            made += [*_label(words(node["c"][1]).strip()), {"t": "Space"}, _str(_LINE)]
        elif isinstance(node, dict) and node.get("t") == "Div" and "page" in node["c"][0][1] and form == "docx":
            made += [{"t": "RawBlock", "c": ["openxml", _PAGE_BREAK]}, *_prepared(node["c"][1], form)]
        else:
            made.append(_prepared(node, form))
    return made


def _prepared_one(node: dict[str, Any], form: str) -> dict[str, Any]:
    kind, content = node.get("t"), node.get("c")
    if kind == "Header" and content:
        return {"t": "Header", "c": [max(1, content[0] - 1), ["", [], []], _prepared(content[2], form)]}
    if kind == "Image" and content:
        return _str(words(content[1]))
    if kind == "Div" and content:
        style = next((_STYLES[name] for name in content[0][1] if name in _STYLES), "")
        said = [["custom-style", style]] if style else []
        return {"t": "Div", "c": [["", [], said], _prepared(content[1], form)]}
    return {"t": kind, **({"c": _prepared(content, form)} if content is not None else {})} if kind else node


def _str(text: str) -> dict[str, Any]:
    return {"t": "Str", "c": text}


def _label(text: str) -> list[dict[str, Any]]:
    return [{"t": "Span", "c": [["", [], [["custom-style", _BLANK]]], [_str(text)]]}]


# ---- archives


def _finished(archive: bytes, paper: Paper, meta: dict[str, str]) -> bytes:
    """The archive with its foot of page, who made it and one date for all its files."""
    signs = {_FOOT: printable(paper.footer), _PAGE: _("Page"), _OF: _("de")}

    def change(name: str, content: bytes) -> bytes:
        if name in ("word/footer1.xml", "styles.xml"):
            for sign, said in signs.items():
                content = content.replace(sign.encode(), escape(said).encode())
        elif name == "docProps/core.xml":
            creator = f"<dc:creator>{escape(meta['author'])}</dc:creator>".encode()
            content = re.sub(rb"<dc:creator\s*/>|<dc:creator>.*?</dc:creator>", creator, content, flags=re.DOTALL)
            content = re.sub(rb"(<dcterms:\w+ [^>]*>)[^<]*", rb"\g<1>" + f"{meta['date']}T12:00:00Z".encode(), content)
        elif name == "content.xml":
            edge = f'fo:border="0.5pt solid #{_LINES}" fo:padding="0.05in"'
            content = content.replace(b'fo:border="none"', edge.encode())
        elif name == "meta.xml":
            content = re.sub(rb"(<(?:dc:creator|meta:initial-creator)>)[^<]*",
                             lambda m: m[1] + escape(meta["author"]).encode(), content)  # fmt: skip
            content = re.sub(rb"(<(?:dc:date|meta:creation-date)>)[^<]*",
                             rb"\g<1>" + f"{meta['date']}T12:00:00".encode(), content)  # fmt: skip
        return content

    return _rewritten(archive, change)


def _rewritten(archive: bytes, change: Callable[[str, bytes], bytes], more: dict[str, str] | None = None) -> bytes:
    """An archive, each file changed, others added."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as old, zipfile.ZipFile(out, "w") as new:
        files = [(info.filename, old.read(info)) for info in old.infolist()]
        for name, content in [*files, *((name, text.encode()) for name, text in (more or {}).items())]:
            info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            # an ODT says what it is in its first bytes
            info.compress_type = zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED
            new.writestr(info, change(name, content))
    return out.getvalue()


def _kept(name: str, content: bytes) -> str:
    """A model of ours, as the file that pandoc wants."""
    path = workroom() / name
    path.write_bytes(content)
    return str(path)


@cache
def _docx_model() -> str:
    """Word's model: letter paper, our fonts and colours, French, borders, « Page x de y »."""
    original = pandoc("--print-default-data-file", "reference.docx", text=b"")
    namespace = "http://schemas.openxmlformats.org"
    footer = f"""<?xml version="1.0" encoding="UTF-8"?>
<w:ftr xmlns:w="{namespace}/wordprocessingml/2006/main"><w:p><w:pPr><w:pStyle w:val="Footer"/></w:pPr>
<w:r><w:t xml:space="preserve">{_FOOT}</w:t></w:r><w:r><w:tab/></w:r><w:r><w:t xml:space="preserve">{_PAGE} </w:t></w:r>
{_docx_field("PAGE")}<w:r><w:t xml:space="preserve"> {_OF} </w:t></w:r>{_docx_field("NUMPAGES")}</w:p></w:ftr>"""

    def change(name: str, content: bytes) -> bytes:
        text = content.decode() if name.endswith((".xml", ".rels")) else ""
        match name:
            case "word/styles.xml":
                return _docx_styles(text).encode()
            case "word/settings.xml":
                return text.replace('w:themeFontLang w:val="en-US"', 'w:themeFontLang w:val="fr-CA"').encode()
            case "word/theme/theme1.xml":
                text = re.sub(r'(<a:majorFont>\s*<a:latin typeface=")[^"]*(")[^/]*/>', r"\1Georgia\2/>", text)
                return re.sub(r'(<a:minorFont>\s*<a:latin typeface=")[^"]*(")[^/]*/>', r"\1Calibri\2/>", text).encode()
            case "word/document.xml":
                section = f"""<w:sectPr xmlns:r="{namespace}/officeDocument/2006/relationships">
<w:footerReference w:type="default" r:id="rIdPied"/><w:footnotePr><w:numRestart w:val="eachSect"/></w:footnotePr>
<w:pgSz w:w="12240" w:h="15840"/><w:pgMar w:top="1300" w:right="1400" w:bottom="1200" w:left="1400" w:header="600"
 w:footer="600" w:gutter="0"/></w:sectPr>"""
                return re.sub(r"<w:sectPr>.*?</w:sectPr>", section, text, flags=re.DOTALL).encode()
            case "word/_rels/document.xml.rels":
                kind = f"{namespace}/officeDocument/2006/relationships/footer"
                added = f'<Relationship Id="rIdPied" Type="{kind}" Target="footer1.xml"/></Relationships>'
                return text.replace("</Relationships>", added).encode()
            case "[Content_Types].xml":
                kind = "application/vnd.openxmlformats-officedocument.wordprocessingml.footer+xml"
                added = f'<Override PartName="/word/footer1.xml" ContentType="{kind}"/></Types>'
                return text.replace("</Types>", added).encode()
        return content

    return _kept("modele.docx", _rewritten(original, change, {"word/footer1.xml": footer}))


def _docx_field(name: str) -> str:
    return (
        f'<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText xml:space="preserve"> {name} </w:instrText>'
        '</w:r><w:r><w:fldChar w:fldCharType="separate"/></w:r><w:r><w:t>1</w:t></w:r>'
        '<w:r><w:fldChar w:fldCharType="end"/></w:r>'
    )


def _docx_styles(text: str) -> str:
    text = text.replace('w:lang w:val="en-US"', 'w:lang w:val="fr-CA"').replace(
        '<w:sz w:val="24" />', '<w:sz w:val="22" />'
    )
    text = re.sub(r'<w:color w:val="0F4761"[^>]*/>', f'<w:color w:val="{_SPRUCE}"/>', text)
    colour = f'<w:color w:val="{_SPRUCE}"/>'
    for name, size in (("Title", 38), ("Heading1", 26), ("Heading2", 24), ("Heading3", 22)):
        found = re.search(rf'<w:style [^>]*w:styleId="{name}">.*?</w:style>', text, re.DOTALL)
        assert found, name
        # in the order that Word wants: weight, colour, size
        style = found[0].replace(colour, "").replace('<w:jc w:val="center" />', "")
        style = re.sub(r'<w:sz w:val="\d+" />', f'<w:b/>{colour}<w:sz w:val="{size}"/>', style)
        text = text.replace(found[0], style)
    edges = "".join(
        f'<w:{edge} w:val="single" w:sz="4" w:space="0" w:color="{_LINES}"/>'
        for edge in ("top", "left", "bottom", "right", "insideH", "insideV")
    )
    text = text.replace(
        '<w:tblInd w:w="0" w:type="dxa" />', f'<w:tblInd w:w="0" w:type="dxa"/><w:tblBorders>{edges}</w:tblBorders>', 1
    )
    box = "".join(
        f'<w:{edge} w:val="single" w:sz="4" w:space="6" w:color="{_LINES}"/>'
        for edge in ("top", "left", "bottom", "right")
    )
    tabs = '<w:tabs><w:tab w:val="right" w:pos="9400"/></w:tabs>'
    styles = [
        ("Footer", "footer", tabs, f'<w:color w:val="{_SOFT}"/><w:sz w:val="17"/>'),
        ("Encadre", _STYLES["status"], f"<w:pBdr>{box}</w:pBdr>", ""),
        ("Signataire", _STYLES["signature"], f"<w:keepNext/><w:keepLines/><w:pBdr>{box}</w:pBdr>", ""),
        ("Note", _STYLES["aside"], "", f'<w:color w:val="{_SOFT}"/><w:sz w:val="18"/>'),
        ("Ensemble", _STYLES["keep"], "<w:keepLines/>", ""),
    ]
    made = "".join(
        f'<w:style w:type="paragraph" w:customStyle="1" w:styleId="{key}"><w:name w:val="{name}"/>'
        f'<w:basedOn w:val="BodyText"/><w:pPr>{layout}</w:pPr><w:rPr>{look}</w:rPr></w:style>'
        for key, name, layout, look in styles
    )
    made += (
        f'<w:style w:type="character" w:customStyle="1" w:styleId="{_BLANK}"><w:name w:val="{_BLANK}"/>'
        f'<w:rPr><w:i/><w:color w:val="{_SOFT}"/></w:rPr></w:style>'
    )
    return text.replace("</w:styles>", f"{made}</w:styles>")


@cache
def _odt_model() -> str:
    """LibreOffice's model: the same."""
    original = pandoc("--print-default-data-file", "reference.odt", text=b"")
    footer = (
        f'<text:p text:style-name="Footer">{_FOOT}<text:tab/><text:tab/>{_PAGE} '
        '<text:page-number text:select-page="current">1</text:page-number>'
        f" {_OF} <text:page-count>1</text:page-count></text:p>"
    )
    heading = f'<style:text-properties fo:color="#{_SPRUCE.lower()}" style:font-name="Georgia" fo:font-weight="bold"'
    box = f'fo:border="0.5pt solid #{_LINES.lower()}" fo:padding="0.08in" fo:keep-together="always"'
    styles = "".join(
        f'<style:style style:name="{key}" style:display-name="{name}" style:family="paragraph" '
        f'style:parent-style-name="{parent}"><style:paragraph-properties {layout}/>{look}</style:style>'
        for key, name, parent, layout, look in (
            ("Title", "Title", "Heading", 'fo:margin-bottom="0.15in"', f'{heading} fo:font-size="19pt"/>'),
            (_STYLES["status"], _STYLES["status"], "Text_20_body", box, ""),
            ("Signataire", _STYLES["signature"], "Text_20_body", f'{box} fo:keep-with-next="always"', ""),
            ("Note", _STYLES["aside"], "Text_20_body", "", '<style:text-properties fo:font-size="9pt"/>'),
            ("Ensemble", _STYLES["keep"], "Text_20_body", 'fo:keep-together="always"', ""),
        )
    )
    styles += (
        f'<style:style style:name="{_BLANK}" style:family="text">'
        f'<style:text-properties fo:font-style="italic" fo:color="#{_SOFT.lower()}"/></style:style>'
    )

    def change(name: str, content: bytes) -> bytes:
        if name != "styles.xml":
            return content
        text = content.decode()
        text = text.replace('fo:language="en" fo:country="US"', 'fo:language="fr" fo:country="CA"')
        text = re.sub(r"(<style:footer>).*?(</style:footer>)", rf"\1{footer}\2", text, flags=re.DOTALL)
        text = text.replace('fo:font-size="12pt"', 'fo:font-size="11pt"')
        return text.replace("</office:styles>", f"{styles}</office:styles>", 1).encode()

    return _kept("modele.odt", _rewritten(original, change))
