"""Markdown typed by people, as clean HTML: no raw HTML, no script, headings kept out of the page's outline."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from urllib.parse import urlsplit

import nh3
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

_ADDRESS = re.compile(
    r"(?<![\w@/.])(?:https?://|www\.)[^\s<>\"\u00ab\u00bb“”]*[^\s<>\"\u00ab\u00bb“”.,;:!?…'’*_~]", re.IGNORECASE
)


def _markdown(*, breaks: bool = False) -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False, "linkify": False, "typographer": False, "breaks": breaks}).disable(
        ["image", "heading", "lheading", "html_block", "html_inline"]
    )


def _link_addresses(state: StateCore) -> None:
    """Addresses typed alone become links; those inside a link, or in code, stay as they are."""
    for block in state.tokens:
        if block.type == "inline" and block.children:
            block.children = list(_linked(block.children, state.md))


def _linked(tokens: Iterable[Token], md: MarkdownIt) -> Iterator[Token]:
    inside = 0
    for token in tokens:
        if token.type in ("link_open", "link_close"):
            inside += token.nesting
        if token.type == "text" and not inside:
            yield from _pieces(token, md)
        else:
            yield token


def _pieces(token: Token, md: MarkdownIt) -> Iterator[Token]:
    """A text cut where addresses are: each between the opening and the closing of its link."""

    def text(words: str) -> Token:
        return Token("text", "", 0, content=words, level=token.level)

    done = 0
    for found in _ADDRESS.finditer(token.content):
        shown = _balanced(found[0])
        href = md.normalizeLink(shown if "://" in shown else f"https://{shown}")
        if not (md.validateLink(href) and _leads_somewhere(href)):
            continue
        if found.start() > done:
            yield text(token.content[done : found.start()])
        yield Token("link_open", "a", 1, attrs={"href": href}, level=token.level)
        yield text(shown)
        yield Token("link_close", "a", -1, level=token.level)
        done = found.start() + len(shown)
    if done < len(token.content):
        yield text(token.content[done:])


def _leads_somewhere(href: str) -> bool:
    try:
        host = urlsplit(href)
        return "." in (host.hostname or "") and (host.port is None or host.port > 0)
    except ValueError:
        return False


def _balanced(address: str) -> str:
    """Without the parenthesis or the bracket that closes the sentence around it."""
    for opening, closing in ("()", "[]"):
        while address.endswith(closing) and address.count(closing) > address.count(opening):
            address = address[:-1].rstrip(".,;:!?…")
    return address


_renderer = _markdown()
_linking = _markdown(breaks=True)
_linking.core.ruler.push("addresses", _link_addresses)
_TAGS = {"p", "ul", "ol", "li", "strong", "em", "a", "blockquote", "code", "br", "hr"}


def render(text: str, *, addresses: bool = False) -> SafeString:
    """HTML of a Markdown text; links open nothing by themselves and pass no credit (nofollow).

    ``addresses``: those typed alone (https://…, www.…) are links too, and a new line is one, as people type an agenda.
    Never in what is signed, whose words are kept.
    """
    return clean((_linking if addresses else _renderer).render(text))


def clean(html: str) -> SafeString:
    """HTML that was kept, cleaned anew: what a page shows never depends on who wrote in the database."""
    html = nh3.clean(
        html,
        tags=_TAGS,
        attributes={"a": {"href", "title"}, "ol": {"start"}},
        url_schemes={"http", "https", "mailto", "tel"},
        link_rel="noopener nofollow",
    )
    return mark_safe(html)  # noqa: S308 - nh3 cleaned it


def plain(text: str) -> str:
    """The words of a Markdown text, without its marks."""
    return " ".join(nh3.clean(_renderer.render(text), tags=set()).split())
