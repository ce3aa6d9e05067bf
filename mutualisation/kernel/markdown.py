"""Markdown typed by people, as clean HTML: no raw HTML, no script, headings kept out of the page's outline."""

from __future__ import annotations

import nh3
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

_renderer = MarkdownIt("commonmark", {"html": False, "linkify": False, "typographer": False}).disable(
    ["image", "heading", "lheading", "html_block", "html_inline"]
)
_TAGS = {"p", "ul", "ol", "li", "strong", "em", "a", "blockquote", "code", "br", "hr"}


def render(text: str) -> SafeString:
    """HTML of a Markdown text; links open nothing by themselves and pass no credit (nofollow)."""
    return clean(_renderer.render(text))


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
