"""The portrait by keyboard: its figures have names, its tables captions; filtered from the map; printed whole."""

from __future__ import annotations

import io
import re
import unicodedata
from collections.abc import Callable

import pytest
from pypdf import PdfReader

from tests.browser.visitor import COLOURS, PHONE, Visitor

Arrive = Callable[..., Visitor]
PAGE = "/portrait/"
TITLES = (
    "Où l’on prête", "De quelles sortes", "D’année en année", "Qui prête, qui emprunte", "Ce qui ne sert pas encore",
    "Ce qui manque", "Dans quels secteurs", "Jusqu’où va le partage",
)  # fmt: skip


@pytest.mark.parametrize("width", [PHONE, 1280])
def test_each_figure_has_a_name_and_a_table(visitor: Arrive, width: int) -> None:
    someone = visitor(width)
    someone.go(PAGE)
    page = someone.page
    assert not someone.axe()
    assert not someone.sideways()
    assert not someone.cut()
    someone.wear(dark=True)
    assert not someone.axe(COLOURS)
    for title in TITLES:
        region = page.get_by_role("region", name=title, exact=True)
        assert region.get_by_role("heading", level=2, name=title).count() == 1, title
        (figure,) = region.get_by_role("figure").all()
        named = "node => document.getElementById(node.getAttribute('aria-labelledby')).textContent"
        assert figure.evaluate(named).strip(), title
        for table in region.locator("table").all():
            assert (table.locator("caption").text_content() or "").strip(), title
    drawn = page.get_by_role("img", name=re.compile("^Prêts remis, par année. .*2025")).all()
    assert len(drawn) == 1
    shown = page.get_by_role("group", name="Prêts remis, par MRC")
    names = [link.get_attribute("aria-label") or "" for link in shown.get_by_role("link").all()]
    assert len(names) == 5
    assert all(re.search(r"\u00a0: (\d|moins de|masqué)", name) for name in names), names


@pytest.mark.parametrize("width", [320, PHONE])
def test_on_narrow_screens_captions_are_read_whole_while_columns_scroll(visitor: Arrive, width: int) -> None:
    someone = visitor(width)
    someone.go(PAGE)
    page = someone.page
    for twin in page.locator(".twin > summary").all():
        twin.click()
    assert not someone.sideways()
    wrap = page.locator(".twin .table-wrap").first
    for left in (0, 120):
        wrap.evaluate("(node, left) => node.scrollLeft = left", left)
        box = wrap.locator("caption").bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
        row = wrap.get_by_role("rowheader").first.bounding_box()
        assert row is not None
        assert row["x"] >= 0  # each row says of what it is
    assert wrap.evaluate("node => node.scrollWidth > node.clientWidth")  # the table itself is wider


def test_read_and_filtered_by_keyboard(visitor: Arrive) -> None:
    someone = visitor()
    someone.go(PAGE)
    page = someone.page
    someone.tab_to(page.get_by_role("link", name=re.compile(r"^Roussillon\s*:")))
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("mrc=mrc-roussillon"))
    assert page.get_by_label("MRC", exact=True).input_value() == "mrc-roussillon"
    chip = page.get_by_role("link", name=re.compile(r"^Roussillon\s*, retirer"))
    assert chip.count() == 1
    someone.tab_to(page.get_by_label("Sorte", exact=True))
    page.keyboard.type("Loc")
    someone.tab_to(page.get_by_role("button", name="Afficher"))
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("sorte=locaux"))
    twin = page.locator("#sortes summary")
    someone.tab_to(twin)
    page.keyboard.press("Enter")
    table = page.get_by_role("table", name="Ce qui se partage, se demande et se prête, par sorte")
    table.wait_for()
    assert table.get_by_role("columnheader").count() == 7
    assert table.get_by_role("rowheader", name="Locaux").count() == 1
    assert not someone.axe()
    someone.tab_to(
        page.get_by_role("link", name=re.compile(r"^Comment c’est compté\s*: Où l’on prête")), key="Shift+Tab"
    )
    page.keyboard.press("Enter")
    page.get_by_role("heading", level=1, name="Comment le portrait est compté").wait_for()
    assert not someone.axe()


def test_every_drawing_says_which_filters_it_follows(visitor: Arrive) -> None:
    someone = visitor(PHONE)
    someone.go(PAGE + "?mrc=mrc-roussillon&sorte=locaux")
    page = someone.page
    assert page.get_by_role("group", name="Prêts remis, par MRC (Locaux)", exact=True).count() == 1
    assert page.get_by_role("img", name=re.compile(r"^Prêts remis, par année \(Roussillon, Locaux\)\.")).count() == 1
    assert page.get_by_role("table", name="Prêts remis, par sorte (Roussillon)", exact=True).count() == 1
    someone.see("Le filtre MRC n’y retire rien")
    assert not someone.axe()
    assert not someone.sideways()
    assert not someone.cut()


def test_drawn_in_the_colours_that_the_system_imposes(visitor: Arrive) -> None:
    someone = visitor()
    someone.page.emulate_media(forced_colors="active", color_scheme="dark")
    someone.go(PAGE)
    drawn = (
        "node => [getComputedStyle(node).fill, getComputedStyle(node).stroke, getComputedStyle(document.body).color]"
    )
    for shape in (".col:not(.col-veiled)", ".bars rect:not(.bar-veiled)"):
        fill, _stroke, ink = someone.page.locator(shape).first.evaluate(drawn)
        assert fill == ink, shape
    fill, stroke, ink = someone.page.locator(".map .mrc").first.evaluate(drawn)
    assert fill not in (ink, stroke)


def printed(someone: Visitor) -> list[str]:
    """The text of each sheet."""
    sheets = PdfReader(io.BytesIO(someone.page.pdf(prefer_css_page_size=True))).pages
    return [" ".join(unicodedata.normalize("NFKC", sheet.extract_text()).split()) for sheet in sheets]  # ligatures


def test_printed_for_a_board_no_figure_is_cut_in_two(visitor: Arrive) -> None:
    someone = visitor()
    someone.go(PAGE)
    someone.tab_to(someone.page.get_by_role("link", name="Version à imprimer"), at_most=120)
    someone.page.keyboard.press("Enter")
    someone.page.wait_for_url(re.compile("vue=impression"))
    sheets = printed(someone)
    assert len(sheets) <= 5
    for number, text in enumerate(sheets, 1):
        assert f"{number} / {len(sheets)}" in text
        assert len(text) > 900, f"la page {number} est presque vide"
    for title, inside in (("D’année en année", "Ce qui se partage, se demande et se prête, par année"),
                          ("De quelles sortes", "Expertise"), ("Où l’on prête", "par MRC"),
                          ("Qui prête, qui emprunte", "Ni l’un ni l’autre encore")):  # fmt: skip
        (sheet,) = [text for text in sheets if title in text and inside in text]
        assert inside in sheet, title
    whole = " ".join(sheets)
    assert "Afficher" not in whole  # what one presses stays on the screen
    assert "Données ouvertes" in whole
    assert "Tout le territoire, sans filtre." in whole
    assert "Chiffres du" in whole
    assert "La durée des dates passées des prêts remis" in whole  # how it is counted, as notes


def test_printed_with_its_filters(visitor: Arrive) -> None:
    someone = visitor()
    someone.go(PAGE + "?sorte=locaux&vue=impression")
    assert "Filtré : Locaux." in printed(someone)[0]


def test_printed_with_filters_that_mask_most_of_it_no_column_is_cut(visitor: Arrive) -> None:
    someone = visitor(720)  # what the margins of a Letter sheet leave
    someone.go(PAGE + "?mrc=mrc-beauharnois-salaberry&sorte=materiel&annee=2026&secteur=securite-alimentaire")
    someone.page.emulate_media(media="print")
    tables = someone.page.locator(".twin table").all()
    assert len(tables) > 4
    for table in tables:  # 36 rem, by which the browser makes the whole sheet smaller; no cell makes it wider
        assert table.evaluate("node => node.scrollWidth") <= 36 * 16, table.locator("caption").text_content()


def test_the_home_page_leads_there(visitor: Arrive) -> None:
    someone = visitor(PHONE)
    someone.go("/")
    link = someone.page.get_by_role("main").get_by_role("link", name="Portrait du territoire")
    assert someone.page.get_by_role("heading", name="Ce qui circule").count() == 1
    link.click()
    someone.page.get_by_role("heading", level=1, name="Portrait du territoire").wait_for()
