"""The text of an agreement: values are escaped in every type, blanks stand anywhere, nothing typed is ever markup."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolbox.composing import (
    Blank,
    blanks_of,
    catalogue,
    compose,
    fill,
    in_words,
    lacking,
    lines_of,
    samples,
    text_of,
)
from toolbox.models import Clause, Edition
from toolbox.variables import TYPES

HOSTILE = '<script>alert(1)</script><b onclick="x">&amp;</b> [[autre]] {{ settings }} {% now %} **gras** #let x'
TAGS = {"p", "ul", "ol", "li", "strong", "em", "a", "blockquote", "code", "br", "hr", "span"}
ATTRIBUTES = {("a", "href"), ("a", "rel"), ("a", "title"), ("ol", "start"), ("span", "class")}


def blank(name: str = "mot", kind: str = "text", **more: Any) -> Blank:
    return Blank(name=name, label=more.pop("label", "Un mot"), type=kind, **more)


def known(*some: Blank) -> dict[str, Blank]:
    return {b.name: b for b in some}


def clause(body: str = "Texte.", when: Any = "always", key: str = "c", title: str = "Clause") -> Clause:
    return Clause(key=key, title=title, body=body, when=when)


class Outline(HTMLParser):
    """The tags of a text, and whether each closes."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: set[str] = set()
        self.attributes: set[tuple[str, str]] = set()
        self.open: list[str] = []
        self.words = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {(tag, name) for name, _value in attrs}
        if tag not in ("br", "hr"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words += data


def is_clean(html: str) -> Outline:
    """Only our tags and attributes, each closed where it must be."""
    seen = Outline(html)
    assert seen.tags <= TAGS
    assert seen.attributes <= ATTRIBUTES
    assert seen.open == []
    return seen


# ---- values


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("body", ["[[mot]]", "Dit : [[mot]].", "- [[mot]]", "**[[mot]]**", "> [[mot]]", "`[[mot]]`"])
def test_a_value_is_words_whatever_its_type_and_its_place(kind: str, body: str) -> None:
    html = fill(body, known(blank(kind=kind), blank("autre")), {"mot": HOSTILE, "autre": "AUTRE"})
    seen = is_clean(html)
    if kind != "bool":  # whatever is said there is yes or no
        assert HOSTILE in " ".join(seen.words.split())
    assert "AUTRE" not in html


@pytest.mark.parametrize("kind", ["list", "long"])
def test_what_is_on_several_lines_stands_alone(kind: str) -> None:
    value = ["un & deux", "", "<trois>"] if kind == "list" else "un & deux\r\n<trois>\n\n \nquatre"
    html = fill("Avant :\n\n[[mot]]\n\nAprès.", known(blank(kind=kind)), {"mot": value})
    expected = {
        "list": ["Avant :", "un & deux", "<trois>", "Après."],
        "long": ["Avant :", "un & deux", "<trois>", "quatre", "Après."],
    }[kind]
    assert lines_of(html) == expected
    is_clean(html)


@pytest.mark.parametrize("kind", ["list", "long"])
def test_within_a_sentence_it_stays_in_it(kind: str) -> None:
    value = ["un", "deux"] if kind == "list" else "un\n\ndeux"
    html = fill("Soit [[mot]], pas plus.", known(blank(kind=kind)), {"mot": value})
    assert len(lines_of(html)) == 1
    assert html.count("<p>") == 1


@pytest.mark.parametrize(
    ("kind", "value", "said"),
    [
        ("text", "Le Canal", "Le Canal"),
        ("date", "2026-12-01", "1er décembre 2026"),
        ("time", "18:00", "18\u00a0h"),
        ("time", "09:30", "9\u00a0h\u00a030"),
        ("number", 12, "12"),
        ("number", "100", "100"),
        ("number", "2.50", "2,5"),
        ("money", "40.00", "40\u00a0$"),
        ("money", "0.5", "0,50\u00a0$"),
        ("bool", True, "oui"),
        ("bool", False, "non"),
        ("choice", "a", "la première"),
        ("choice", "inconnue", "inconnue"),
        ("list", ["un", " ", "deux"], "un, deux"),
        # what isn't of its type is shown as it was typed
        ("date", "demain", "demain"),
        ("date", "2026-02-30", "2026-02-30"),
        ("time", "25:00", "25:00"),
        ("number", "beaucoup", "beaucoup"),
        ("money", "NaN", "NaN"),
        ("money", ["1"], "['1']"),
    ],
)
def test_a_value_as_a_sentence_says_it(kind: str, value: Any, said: str) -> None:
    assert in_words(blank(kind=kind, choices=(("a", "la première"),)), value) == said


def test_thousands_are_grouped() -> None:
    assert re.fullmatch(r"1\s234,50\s\$", in_words(blank(kind="money"), "1234.5"))


@pytest.mark.parametrize("value", [None, "", "  ", [], [""], [None, " "]])
def test_what_is_not_known_shows_its_label(value: Any) -> None:
    html = fill("Pour [[mot]].", known(blank(kind="list", label="Le <mot>")), {"mot": value})
    assert '<span class="fill">Le &lt;mot&gt;</span>' in html


@pytest.mark.parametrize("value", [0, "0", False])
def test_nothing_and_no_are_answers(value: Any) -> None:
    assert "fill" not in fill("[[mot]]", known(blank(kind="bool" if value is False else "number")), {"mot": value})


def test_a_name_that_nobody_knows_shows_itself() -> None:
    assert '<span class="fill">inconnue.au_bataillon</span>' in fill("[[inconnue.au_bataillon]]", {}, {"mot": "x"})


@pytest.mark.parametrize("kind", ["text", "long", "list"])
def test_a_hundred_kilobytes(kind: str) -> None:
    value: Any = ("<&\n " * 25_000, "\n" * 100_000 + "x", " \t" * 50_000 + "x", "[[mot]]" * 14_000, "\ue0009\ue001" * 9)
    for text in value:
        html = fill("[[mot]]\n\nEt [[mot]].", known(blank(kind=kind)), {"mot": [text] if kind == "list" else text})
        assert "".join(lines_of(html)[-1:]).startswith("Et")
        is_clean(html)


# ---- where blanks stand


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("**[[le_mot]]**", "<p><strong>MOT</strong></p>"),
        ("_[[le_mot]]_ et *[[le_mot]]*", "<p><em>MOT</em> et <em>MOT</em></p>"),
        ("a[[le_mot]]b[[le_mot]]c", "<p>aMOTbMOTc</p>"),
        ("- [[le_mot]]\n- x", "<ul>\n<li>MOT</li>\n<li>x</li>\n</ul>"),
        ("`[[le_mot]]`", "<p><code>MOT</code></p>"),
        ("[[le_mot]](https://ailleurs.example)", "<p>MOT(https://ailleurs.example)</p>"),
        ("[[le_mot]]\n\n[le_mot]: https://ailleurs.example", "<p>MOT</p>"),
        (
            "[voir [[le_mot]]](https://ici.example)",
            '<p><a href="https://ici.example" rel="noopener nofollow">voir MOT</a></p>',
        ),
        (
            '[a](https://ici.example "dit [[le_mot]] > \'")',
            '<p><a href="https://ici.example" title="dit MOT > \'" rel="noopener nofollow">a</a></p>',
        ),
        ("[[Le_Mot]] [[]] [[ le_mot ]] [le_mot]", "<p>[[Le_Mot]] [[]] [[ le_mot ]] [le_mot]</p>"),
    ],
)
def test_a_blank_is_filled_wherever_it_stands(body: str, expected: str) -> None:
    html = fill(body, known(blank("le_mot")), {"le_mot": "MOT"}).strip()
    assert html.replace("&gt;", ">") == expected


def test_nothing_is_put_in_an_address() -> None:
    html = fill("[x](https://ici.example/[[mot]])", known(blank()), {"mot": 'a" onclick="b'})
    assert "onclick" not in html
    is_clean(html)


def test_a_label_in_a_title_is_words() -> None:
    html = fill('[x](https://ici.example "[[mot]]")', known(blank(label='<i>"')), {})
    assert is_clean(html).attributes == {("a", "href"), ("a", "rel"), ("a", "title")}


PIECES = st.sampled_from(
    ["[[mot]]", "[[long]]", "[[liste]]", "[[rien]]", "[", "](https://a.example", ")", ' "', "**", "_", "`", "\n",
     "\n\n", "- ", "1. ", "> ", "<b>", "</p>", "<!--", "<script>", "\\", "&lt;", "|", "mot", " ", "\ue0000\ue001",
     "\ue000", "é", "```\n", "    ", "# ", "[[", "]]", "[x]: https://b.example 't'"]
)  # fmt: skip


@settings(max_examples=300)
@given(body=st.lists(PIECES, max_size=14).map("".join), value=st.one_of(st.text(), st.lists(PIECES).map("".join)))
def test_no_text_and_no_value_makes_markup(body: str, value: str) -> None:
    blanks = known(blank(), blank("long", "long"), blank("liste", "list"), blank("rien", label="<u>"))
    values = {"mot": value, "long": value, "liste": [value, "b"]}
    html = fill(body, blanks, values)
    seen = is_clean(html)
    assert "\ue000" not in seen.words or "\ue000" in value
    # the same words, with and without marks
    assert "".join("".join(lines_of(html)).split()) == "".join(seen.words.split())


# ---- the whole text


def test_the_clauses_that_are_in_are_numbered() -> None:
    clauses = [
        clause("Un.", key="a", title="A"),
        clause("Deux.", {"field": "prix", "comparison": "filled", "value": ""}, "b", "B"),
        clause("Trois.", "optional", "c", "C"),
        clause("Quatre [[mot]].", key="d", title="D"),
    ]
    blanks = known(blank(), blank("prix", "money"))
    assert [(w.number, w.key) for w in compose(clauses, blanks, {})] == [(1, "a"), (2, "d")]
    all_of_them = compose(clauses, blanks, {"prix": "5"}, ["c"])
    assert [(w.number, w.key) for w in all_of_them] == [(1, "a"), (2, "b"), (3, "c"), (4, "d")]
    assert all_of_them[3].named == {"mot"}


def test_the_text_without_marks() -> None:
    body = "Un **prêt**\nsur deux lignes.\n\n- a\n- b [lien](https://a.example 'vu\nici')\n  1. c\n\n> Dit."
    body += "\n\n[[liste]]\n\n[[prix]]"
    values = {"liste": ["x & y", "<z>"], "prix": "40"}
    written = compose([clause(body)], known(blank("liste", "list"), blank("prix", "money")), values)
    assert text_of("Prêt", written).split("\n") == [
        "Prêt", "1. Clause", "Un prêt sur deux lignes.", "a", "b lien", "c", "Dit.", "x & y", "<z>", "40 $",
    ]  # fmt: skip


def test_the_text_is_the_same_each_time_and_any_change_shows() -> None:
    blanks = known(blank(), blank("d", "date"))

    def text(body: str = "Le [[mot]] du [[d]].", title: str = "T", **values: Any) -> str:
        return text_of(title, compose([clause(body)], blanks, {"mot": "prêt", "d": "2026-11-21", **values}))

    assert text() == text() == "T\n1. Clause\nLe prêt du 21 novembre 2026."
    assert len({text(), text(mot="don"), text(d="2026-11-22"), text(title="U"), text("Le [[mot]].")}) == 5
    # a space that breaks or not, a line that ends one way or the other, are not changes
    assert text(mot="a\u00a0b") == text(mot="a b") == text(mot="a \r\n b")


# ---- what is lacking


@pytest.mark.parametrize(
    ("when", "values", "chosen", "names"),
    [
        ("always", {}, [], ["mot"]),
        ("always", {"mot": "x"}, [], []),
        ("always", {"mot": " "}, [], ["mot"]),
        ("optional", {}, [], []),
        ("optional", {}, ["c"], ["mot"]),
        ({"field": "choix", "comparison": "equal", "value": "a"}, {}, [], ["choix"]),
        ({"field": "choix", "comparison": "equal", "value": "a"}, {"choix": "b"}, [], []),
        ({"field": "choix", "comparison": "equal", "value": "a"}, {"choix": "a"}, [], ["mot"]),
        ({"field": "choix", "comparison": "different", "value": "a"}, {}, [], ["mot", "choix"]),
        # whether something is said is itself an answer
        ({"field": "choix", "comparison": "filled", "value": ""}, {}, [], []),
        ({"field": "choix", "comparison": "empty", "value": ""}, {}, [], ["mot"]),
        # what the portal knows, or what may stay empty, is not demanded by a condition alone
        ({"field": "libre", "comparison": "equal", "value": "a"}, {}, [], []),
        ({"field": "su", "comparison": "equal", "value": "a"}, {}, [], []),
        ({"field": "inconnue", "comparison": "equal", "value": "a"}, {}, [], []),
    ],
)
def test_what_must_be_answered(when: Any, values: dict[str, Any], chosen: list[str], names: list[str]) -> None:
    blanks = known(
        blank(), blank("choix", "choice"), blank("libre", required=False), blank("su", required=True, from_portal=True)
    )
    found = lacking([clause("[[mot]] [[mot]] [[inconnue]]", when)], blanks, values, chosen)
    assert [b.name for b in found] == names


# ---- what may be named


def test_the_catalogue_has_words_and_samples_for_everything() -> None:
    for each in catalogue():
        value = samples({each.name: each})[each.name]
        assert in_words(each, value), each
        assert each.type != "choice" or value in dict(each.choices), each
        assert each.from_portal
        assert not each.is_demanded


def test_an_edition_adds_its_own() -> None:
    own = [{"name": "x", "label": "X", "type": "choice", "choices": [{"value": "a", "label": "A"}], "required": True}]
    blanks = blanks_of(Edition(number=1, variables=own))
    assert blanks["x"].choices == (("a", "A"),)
    assert blanks["x"].is_demanded
    assert len(blanks) == len(catalogue()) + 1
