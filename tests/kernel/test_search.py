"""What a person types, understood: words, synonyms, prefixes, highlights; the same French in Python and in SQL."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.utils.html import escape
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mutualisation.kernel.search import (
    MAX_LENGTH,
    MAX_WORDS,
    STOP_WORDS,
    Query,
    excerpt,
    highlight,
    normalise,
    parse,
    singular,
    words_of,
)

SYNONYMS = {
    "char": ("char", "camion", "vehicule"),
    "camion": ("char", "camion", "vehicule"),
    "rh": ("rh", "ressources humaines"),
    "ressource humaine": ("rh", "ressources humaines"),
    "ca": ("ca", "conseil d administration"),
}
LETTERS = "abcdefghijklmnopqrstuvwxyzàâäçéèêëîïôöùûüÿœæ"
FRENCH = st.text(alphabet=LETTERS + LETTERS.upper() + "0123456789 .,;:!?()'’-–—/_\u00a0\u202f²", max_size=80)
PIECES = st.lists(
    st.sampled_from(["St", "Ste", "ste", "Sté", "st", "-", "–", " ", "’", "'", "Anne", "Émile", "œuf", "L", "\u00a0"]),
    max_size=12,
).map("".join)
ANYTHING = st.one_of(st.text(max_size=200), FRENCH, st.text(alphabet="<>&\"'/=x éS", max_size=60))


def typed(query: Query) -> list[str]:
    return [term.typed for term in query.terms]


# ---- the same French on both sides


@pytest.mark.django_db
@settings(max_examples=300)
@given(text=FRENCH | PIECES)
@example(text="L’École de Ste-Anne-de-Bellevue, St-Émile; Sté")
@example(text="Cœur, ÆGIS, e\u0301cole en deux signes, 150 m²")
@example(text="salle/local, intervenant.e, info@cdc.example, a_b, <b>, R&D, +5")
def test_normalise_is_the_twin_of_the_database(text: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT fr_key(%s)", [text])
        assert normalise(text) == cursor.fetchone()[0]


@pytest.mark.django_db
@settings(max_examples=100)
@given(text=FRENCH | PIECES)
@example(text="salle/local, intervenant.trice, info@cdc.example, <b>, R&D, +5, 3.5 t, 150 m²")
def test_the_database_cuts_the_same_words(text: str) -> None:
    """No sign is kept inside a word there that is dropped here: else nobody could find it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tsvector_to_array(to_tsvector('fr_exact', fr_text(%s)))", [text])
        found = set(cursor.fetchone()[0])
        cursor.execute("SELECT tsvector_to_array(to_tsvector('fr_exact', %s))", [" ".join(words_of(text))])
        assert found == set(cursor.fetchone()[0])


@pytest.mark.django_db
def test_what_the_database_drops_is_dropped_here_too() -> None:
    """A word that PostgreSQL ignores and we don't would find nothing, and say so of the whole request."""
    candidates = """au aux avec ce ces dans de des du elle en et eux il je la le leur lui ma mais me mes moi mon ne nos
    notre nous on ou par pas pour qu que qui sa se ses son sur ta te tes toi ton tu un une vos votre vous c d j l m n s
    t y suis es est sommes sont serai seras sera serait ayant eu ai as avons avez ont aurai aura aurait avais avait
    avaient aie soit soient comptable salle""".split()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT w FROM unnest(%s::text[]) w WHERE to_tsvector('fr_exact', w) = ''::tsvector", [candidates]
        )
        dropped = {row[0] for row in cursor.fetchall()}
    assert {"suis", "le", "d"} <= dropped
    assert not {"comptable", "salle"} & dropped
    assert dropped - STOP_WORDS == set()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("L’École", "l ecole"),
        ("L'École", "l ecole"),
        ("Sainte-Anne", "sainte anne"),
        ("Ste-Anne", "sainte anne"),
        ("ste anne", "sainte anne"),
        ("St-Louis-de-Gonzague", "saint louis de gonzague"),
        ("Saint‑Zotique", "saint zotique"),  # a hyphen that does not break
        ("Sté historique", "ste historique"),  # a society, not a saint
        ("Stéphane, est, poste", "stephane, est, poste"),
        ("Cœur ŒUVRE", "coeur oeuvre"),
    ],
)
def test_normalise(text: str, expected: str) -> None:
    assert normalise(text) == expected


# ---- parse


def test_words_that_say_nothing_are_left_out() -> None:
    assert typed(parse("Bonjour, je cherche une salle pour l’assemblée svp")) == ["salle", "assemblee"]


@pytest.mark.parametrize("text", ["", "   ", "le la les", "l’", "d'", "!!! ??? …", "\x00", "je cherche", "ça"])
def test_nothing_to_look_for_is_false(text: str) -> None:
    query = parse(text)
    assert not query
    assert query.roots() == []


def test_the_last_word_may_be_unfinished() -> None:
    query = parse("salle réfri")
    assert [term.prefix for term in query.terms] == ["", "refri"]
    assert parse("ab").terms[0].prefix == ""  # two letters would match anything
    assert parse("salle le").terms[-1].prefix == ""


def test_a_synonym_holds_in_singular_and_plural_and_inside_a_sentence() -> None:
    for text in ("char", "chars", "CHAR", "Chars"):
        (term,) = parse(text, SYNONYMS).terms
        assert set(term.alternatives) >= {"char", "camion", "vehicule"}
        assert term.alternatives[0] == normalise(text)  # what was typed comes first
    query = parse("deux camions rouges", SYNONYMS)
    assert typed(query) == ["deux", "camions", "rouges"]
    assert "char" in query.terms[1].alternatives


@pytest.mark.parametrize("text", ["ressources humaines", "ressource humaine", "Ressources  Humaines", "RH", "rh"])
def test_a_synonym_of_several_words(text: str) -> None:
    (term,) = parse(f"une experte en {text}", SYNONYMS).terms[1:]
    assert set(term.alternatives) >= {"rh", "ressources humaines"}
    assert parse("ressources", SYNONYMS).terms[0].alternatives == ("ressources",)


def test_a_synonym_wins_over_a_word_that_says_nothing() -> None:
    (term,) = parse("CA", SYNONYMS).terms
    assert "conseil d administration" in term.alternatives


def test_a_long_request_is_cut_and_says_so() -> None:
    many = parse(" ".join(f"mot{i}" for i in range(30)))
    assert many.cut
    assert len(many.terms) == MAX_WORDS
    novel = parse("a" * 10_000)
    assert novel.cut
    assert len(novel.text) == MAX_LENGTH
    assert not parse("une salle").cut


def test_some_of_the_words() -> None:
    query = parse("salle insonorisée")
    assert "&&" in query.tsquery()[0]
    assert "&&" not in query.relaxed().tsquery()[0]
    assert not parse("salle").relaxed()


def test_a_word_asked_twice_is_asked_once() -> None:
    assert typed(parse("salle salle salle table")) == ["salle", "table"]


@given(text=st.text(max_size=400))
def test_any_text_is_understood(text: str) -> None:
    query = parse(text, SYNONYMS)
    sql, params = query.tsquery()
    assert sql.count("%s") == len(params)
    assert "\x00" not in query.text + "".join(params)
    assert len(query.terms) <= MAX_WORDS


def test_singular() -> None:
    assert [singular(w) for w in ("chars", "locaux", "bus", "salle")] == ["char", "locau", "bus", "salle"]


# ---- highlight and excerpt


@given(text=ANYTHING, roots=st.lists(st.text(alphabet="abcdeilnorstm", min_size=1, max_size=4), max_size=3))
@example(text="<script>alert('école')</script>", roots=["ecol*", "scri*"])
@example(text="&amp; &lt;", roots=["amp", "lt*"])
def test_highlight_escapes_and_changes_nothing_else(text: str, roots: list[str]) -> None:
    shown = highlight(text, roots)
    assert re.sub(r"</?mark>", "", shown) == escape(text)
    assert shown.count("<mark>") == shown.count("</mark>")


def test_highlight_marks_what_answers_with_its_accents() -> None:
    assert highlight("L’École des écoliers", ["ecol*"]) == "L’<mark>École</mark> des <mark>écoliers</mark>"
    assert highlight("St-Anne", parse("sainte").roots()) == "<mark>St</mark>-Anne"
    assert highlight("a < b", ["zz"]) == "a &lt; b"
    assert highlight("<b>", []) == "&lt;b&gt;"


@pytest.mark.parametrize(
    ("asked", "written"),
    [
        ("salle", "salles"), ("salles", "salle"), ("lits", "lit"), ("lit", "lits"), ("vélos", "Vélo"),
        ("animation", "animateurs"), ("local", "locaux"), ("bateau", "bateaux"), ("prêté", "prêts"),
        ("transporter", "transport"), ("logements", "logement"), ("refrigerateurs", "réfrigération"),
    ],
)  # fmt: skip
def test_highlight_marks_the_family_of_a_word(asked: str, written: str) -> None:
    assert highlight(f"Un {written}.", parse(f"{asked} rouge").roots()) == f"Un <mark>{written}</mark>."


@pytest.mark.parametrize(
    ("asked", "written"), [("car", "carrière"), ("auto", "autonomie"), ("formation", "forme"), ("animation", "animal")]
)
def test_highlight_leaves_strangers(asked: str, written: str) -> None:
    """Words that begin alike and were not what answered; what is still being typed is the last word only."""
    assert "<mark>" not in highlight(written, parse(f"{asked} rouge").roots())


def test_roots_leave_small_words_and_endings_out() -> None:
    assert parse("chambres d’amis").roots() == ["ami", "amis*", "chambr"]
    assert "d" not in parse("CA", SYNONYMS).roots()


LONG = "Un début sans rapport. " * 20 + "On y trouve un réfrigérateur <b>énorme</b> & propre. " + "Et la suite. " * 20


def test_excerpt_shows_the_passage_that_answers() -> None:
    shown = excerpt(LONG, ["refri*"])
    assert "<mark>réfrigérateur</mark>" in shown
    assert "&lt;b&gt;énorme" in shown
    assert shown.startswith("…")
    assert shown.endswith("…")
    assert len(shown) < 260


def test_excerpt_of_a_short_text_and_of_none() -> None:
    assert excerpt("Une salle claire.", ["sall"]) == "Une <mark>salle</mark> claire."
    assert excerpt(LONG, ["zebre"]) == ""
    assert excerpt("", ["sall"]) == ""
    assert excerpt(LONG, []) == ""


@given(text=ANYTHING, start=st.sampled_from(["e*", "sa*", "x"]))
def test_excerpt_never_lets_html_through(text: str, start: str) -> None:
    shown = re.sub(r"</?mark>", "", excerpt(text, [start]))
    assert not set(shown) & set("<>\"'")


def test_initials_with_points_are_an_acronym() -> None:
    assert [t.typed for t in parse("C.P.E. de Beauharnois").terms] == ["cpe", "beauharnois"]
