"""Pages of a list: real links, few of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class PageLink:
    """A page number and its address; no address for a gap (…) or the current page."""

    number: int | None
    address: str = ""
    current: bool = False


@dataclass(frozen=True)
class Pager:
    """The links under a list."""

    number: int
    pages: int
    links: list[PageLink]
    previous: str = ""
    following: str = ""


def asked_page(value: str | None) -> int | None:
    """The page number in an address: 1 when there is none, None when it makes no sense."""
    if not value:
        return 1
    return int(value) if value.isascii() and value.isdigit() and 0 < len(value) < 8 and int(value) > 0 else None


def pager(number: int, total: int, size: int, address: Callable[[int], str], *, most: int = 100_000) -> Pager:
    """The pager of ``total`` rows in pages of ``size``: first, last, and two around the current one."""
    pages = max(1, min(most, -(-total // size)))
    shown = sorted({1, pages, *range(max(1, number - 2), min(pages, number + 2) + 1)})
    links: list[PageLink] = []
    for n in shown:
        if links and links[-1].number is not None and n > links[-1].number + 1:
            links.append(PageLink(None))
        links.append(PageLink(n, "" if n == number else address(n), n == number))
    return Pager(
        number,
        pages,
        links,
        address(number - 1) if number > 1 else "",
        address(number + 1) if number < pages else "",
    )
