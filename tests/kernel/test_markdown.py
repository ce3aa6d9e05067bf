"""Markdown of people: addresses typed alone become links, and nothing else does."""

from __future__ import annotations

import re

import pytest

from mutualisation.kernel.markdown import render


def links(text: str) -> list[tuple[str, str]]:
    """Where each link of the page leads, and what it says."""
    return re.findall(r'<a href="([^"]*)"[^>]*>(.*?)</a>', render(text, addresses=True))


@pytest.mark.parametrize(
    ("text", "href"),
    [
        ("Voir https://camion.example/horaire.", "https://camion.example/horaire"),
        ("(https://camion.example/a_(b))", "https://camion.example/a_(b)"),
        ("«\u00a0www.camion.example\u00a0»", "https://www.camion.example"),
        ("**https://camion.example/x?a=1&b=2**", "https://camion.example/x?a=1&amp;b=2"),
        ("- http://camion.example!", "http://camion.example"),
        ("https://camion.example/<script>", "https://camion.example/"),
        ('https://camion.example"onmouseover=alert(1)', "https://camion.example"),
    ],
)
def test_an_address_alone_is_a_link(text: str, href: str) -> None:
    assert [found for found, _said in links(text)] == [href]
    assert 'rel="noopener nofollow"' in render(text, addresses=True)
    assert "<script" not in render(text, addresses=True)
    assert "<a" not in render(text)  # only where it is asked for


@pytest.mark.parametrize(
    "text",
    ["javascript:alert(1)", "https://", "www.", "https://[::1", "https://javascript:alert(1)", "x@www.camion.example",
     "data:text/html,x", "https://seul", "`https://camion.example`"],
)  # fmt: skip
def test_what_leads_nowhere_stays_a_text(text: str) -> None:
    assert links(text) == []
    assert "<a" not in render(text, addresses=True)


def test_a_link_already_made_is_left_alone() -> None:
    assert links("[https://un.example](https://deux.example)") == [("https://deux.example", "https://un.example")]
    assert links("<https://un.example>") == [("https://un.example", "https://un.example")]


def test_words_around_stay_in_order() -> None:
    said = re.sub(r"<[^>]+>", "", render("Un https://a.example deux www.b.example, trois.", addresses=True)).strip()
    assert said == "Un https://a.example deux www.b.example, trois."


def test_lines_typed_one_under_the_other_stay_so_on_a_page_and_what_is_signed_does_not_change() -> None:
    assert render("Accueil\r\nRecettes", addresses=True) == "<p>Accueil<br>\nRecettes</p>\n"
    assert "<br" not in render("Accueil\nRecettes")
