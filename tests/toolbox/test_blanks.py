"""What is plausible in a blank: a NEQ, shares that make a whole, numbers, days, organisations one by one."""

from __future__ import annotations

import pytest

from toolbox.composing import Blank
from toolbox.facts import line_of, pieces_of
from toolbox.forms.filling import FillingForm, form_for

NEQ = Blank("preteur.neq", "NEQ", "text", check="neq")
SHARES = Blank("parts", "Parts", "list", check="shares")
OTHERS = Blank("autres", "Autres organismes", "list", check="organisations")
HOURS = Blank("heures", "Heures par semaine", "number", most=60)
START, END = Blank("debut", "Début", "date"), Blank("fin", "Fin", "date", after="debut")


def said(form: FillingForm, name: str) -> str:
    return " ".join(form.errors.get(name, []))


@pytest.mark.parametrize(
    "typed", ["1143567890", "22 4356 7890", "3343-567-890", "8843567890", "1143\u00a0567\u00a0890"]
)
def test_a_neq_is_read_as_people_type_it(typed: str) -> None:
    form = form_for([NEQ], {"preteur.neq": typed})
    assert form.is_valid()
    assert len(form.values()["preteur.neq"]) == 10


@pytest.mark.parametrize("typed", ["123", "1243567890", "11435678901", "onze", "١١٤٣٥٦٧٨٩٠", "2027"])
def test_what_is_no_neq_is_said(typed: str) -> None:
    form = form_for([NEQ], {"preteur.neq": typed})
    assert "dix chiffres et commence par 11, 22, 33 ou 88" in said(form, "preteur.neq")
    assert form["preteur.neq"].value() == typed


def test_who_has_no_neq_says_so() -> None:
    assert form_for([NEQ], {"preteur.neq": " Aucun."}).answers() == {"preteur.neq": "aucun"}


@pytest.mark.parametrize(
    "lines",
    [
        "l’organisme gérant : 50 %\nl’organisme participant : 50 %",
        "La Marmite 33,3\nLe Carrefour 33,3\nLe Centre 33,4",
        "La Marmite : 33,3 %\nLe Carrefour : 33,3 %\nLe Centre : 33,3 %",
        "A : 60 %\nB 30 %\nC 10 %",
        "La Marmite : 1/3\nLe Carrefour : 2/3",
        "Centre 2000 : 100\u00a0%\nCarrefour : 0 %",
    ],
)
def test_shares_make_a_whole(lines: str) -> None:
    form = form_for([SHARES], {"parts": lines})
    assert form.is_valid(), form.errors
    assert len(form.values()["parts"]) == len(lines.split("\n"))


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("le gérant : 75 %\nle participant : 75 %", "font 150\u00a0% en tout"),
        ("le gérant : 50 %\nle participant : 49,5 %", "font 99,5\u00a0% en tout"),
        ("le gérant : 150 %", "va de 0 à 100\u00a0%"),
        ("le gérant : 150 %\nle participant : -50 %", "va de 0 à 100\u00a0%"),
        ("le gérant : la moitié\nle participant : 50 %", "écrivez qui, puis sa part"),
        ("50 %\n50,0 %", "écrivez qui, puis sa part"),
    ],
)
def test_shares_that_do_not_are_said(lines: str, expected: str) -> None:
    form = form_for([SHARES], {"parts": lines})
    assert expected in said(form, "parts")
    assert form["parts"].value() == lines


def test_a_number_is_plausible() -> None:
    assert form_for([HOURS], {"heures": "35,5"}).is_valid()
    assert "plus que 60" in said(form_for([HOURS], {"heures": "400"}), "heures")
    assert "à partir de 0" in said(form_for([HOURS], {"heures": "-1"}), "heures")


def test_a_number_without_a_most_is_plausible_too() -> None:
    days = Blank("delai_jours", "Délai", "number")  # as editions published before say it
    assert form_for([days], {"delai_jours": "2,5"}).is_valid()
    assert "plus que 100\u00a0000" in said(form_for([days], {"delai_jours": "9999999"}), "delai_jours")
    assert form_for([Blank("prix", "Prix", "money")], {"prix": "9999999"}).is_valid()


def test_what_is_counted_one_by_one_is_refused_in_one_sentence() -> None:
    form = form_for([Blank("tables", "Tables", "number", least=1)], {"tables": "-3"})
    assert len(form.errors["tables"]) == 1
    assert "se comptent un à un" in said(form, "tables")


def test_a_year_is_no_day_and_an_end_follows_its_start() -> None:
    assert "«\u00a02027\u00a0» est une année" in said(form_for([START], {"debut": "2027"}), "debut")
    assert "hors du calendrier" in said(form_for([START], {"debut": "2927-01-01"}), "debut")
    form = form_for([START, END], {"debut": "2027-03-01", "fin": "2027-02-01"})
    assert "vient avant «\u00a0Début\u00a0» (1er mars 2027)" in said(form, "fin")
    assert form_for([START, END], {"debut": "2027-03-01", "fin": "2027-03-01"}).is_valid()


def test_one_more_organisation_is_a_block_of_its_own() -> None:
    typed = {"autres-1-nom": "Le Centre", "autres-1-neq": "1143 567 890", "autres-1-adresse": "9, rue du Lac",
             "autres-2-nom": "La Ruche"}  # fmt: skip
    form = form_for([OTHERS], typed, others=2)
    assert form.is_valid(), form.errors
    assert form.values()["autres"] == [
        "Le Centre (numéro d’entreprise du Québec\u00a0: 1143567890), dont l’adresse est 9, rue du Lac", "La Ruche",
    ]  # fmt: skip
    assert form.others() == ["Le Centre", "La Ruche"]
    nameless = form_for([OTHERS], {"autres-1-neq": "123", "autres-2-adresse": "ici"}, others=2)
    assert set(nameless.errors) == {"autres-1-neq", "autres-2-nom"}
    assert form_for([OTHERS], {}, others=2).answers() == {}
    again = form_for([OTHERS], values={"autres": "Le Centre\nLa Ruche, rue du Lac"}, others=1)
    assert [again[f"autres-{n}-nom"].value() for n in (1, 2)] == ["Le Centre", "La Ruche, rue du Lac"]


def test_each_organisation_has_its_share() -> None:
    typed = {"autres-1-nom": "Le Centre", "parts": "le gérant : 50 %\nle participant : 50 %"}
    assert "3 organismes et 2 parts" in said(form_for([SHARES, OTHERS], typed, others=1), "parts")
    typed["parts"] = "le gérant : 50 %\nle participant : 25 %\nle Centre : 25 %"
    assert form_for([SHARES, OTHERS], typed, others=1).is_valid()


def test_the_line_of_an_organisation_is_read_back() -> None:
    for pieces in (
        {"nom": "A", "neq": "1143567890", "adresse": "9, rue du Lac; porte 2", "signe": "Camille, présidence"},
        {"nom": "A, B et C", "neq": "", "adresse": "9, rue du Lac", "signe": ""},
        {"nom": "A (le vieux)", "neq": "", "adresse": "", "signe": "Camille"},
        {"nom": "A", "neq": "", "adresse": "", "signe": ""},
    ):
        assert pieces_of(line_of(pieces)) == pieces


def test_one_number_is_not_of_two_parties() -> None:
    rows = [Blank(f"{who}.neq", "NEQ", "text", check="neq") for who in ("preteur", "emprunteur")]
    rows.append(Blank("autres", "Autres parties", "list", check="organisations"))
    given = {"preteur.neq": "1145678903", "emprunteur.neq": "11 4567 8903", "autres-1-nom": "C"}
    form = form_for(rows, given, others=1)
    assert list(form.errors) == ["emprunteur.neq"]
    assert "la même entreprise" in form.errors["emprunteur.neq"][0]
    third = form_for(rows, {**given, "emprunteur.neq": "1145678911", "autres-1-neq": "1145678911"}, others=1)
    assert list(third.errors) == ["autres-1-neq"]
    assert form_for(rows, dict.fromkeys(given, "aucun"), others=1).is_valid()
    elsewhere = form_for(rows[1:2], given, beside={"preteur.neq": "1145678903", "emprunteur.neq": "1145678903"})
    assert list(elsewhere.errors) == ["emprunteur.neq"]
    assert form_for(rows[1:2], given, beside={"emprunteur.neq": "1145678903"}).is_valid()
