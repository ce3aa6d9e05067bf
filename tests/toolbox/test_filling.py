"""The form over the blanks of a model: as people type, as agreements keep, nothing typed is lost."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.http import QueryDict

from toolbox.composing import Blank, catalogue, fill, in_words
from toolbox.forms.filling import LONGEST, form_for, typed_in

KINDS = [
    Blank("nom", "Nom", "text", asked_of="preteur"),
    Blank("recit", "Récit", "long", asked_of="emprunteur"),
    Blank("jour", "Jour", "date"),
    Blank("heure", "Heure", "time"),
    Blank("combien", "Combien", "number"),
    Blank("prix", "Prix", "money"),
    Blank("forme", "Forme", "choice", choices=(("a", "en indivision"), ("b", "groupé"))),
    Blank("mineurs", "Mineurs", "bool"),
    Blank("parts", "Parts", "list", help="Le total fait 100."),
]
TYPED = {
    "nom": "  La Marmite  ",
    "recit": "Un.\r\n\r\nDeux.",
    "jour": "2026-12-05",
    "heure": "18 h 30",
    "combien": "1 234,5",
    "prix": "1\u00a0800 $",
    "forme": "b",
    "mineurs": "non",
    "parts": "la moitié\r\n\r\n l’autre  moitié ",
}
KEPT = {
    "nom": "La Marmite",
    "recit": "Un.\n\nDeux.",
    "jour": "2026-12-05",
    "heure": "18:30",
    "combien": 1234.5,
    "prix": "1800.00",
    "forme": "b",
    "mineurs": False,
    "parts": ["la moitié", "l’autre moitié"],
}


def test_each_type_as_people_type_it_and_as_it_is_kept() -> None:
    form = form_for(KINDS, TYPED, demanded=True)
    assert form.is_valid(), form.errors
    assert form.values() == KEPT
    for blank in KINDS:
        assert in_words(blank, KEPT[blank.name])


def test_what_is_kept_comes_back_as_it_was() -> None:
    """Shown again and sent unchanged, the answers are the same."""
    shown = form_for(KINDS, values=KEPT)
    sent = {name: shown[name].value() for name in shown.fields}
    assert sent["prix"] == "1800"
    assert sent["parts"] == "la moitié\nl’autre moitié"
    assert form_for(KINDS, sent).is_valid()
    again = form_for(KINDS, sent)
    assert again.is_valid()
    assert again.values() == KEPT


def test_nothing_is_demanded_of_a_visitor_and_everything_of_a_party() -> None:
    form = form_for(KINDS, {})
    assert form.is_valid()
    assert set(form.values().values()) == {None}
    asked = form_for(KINDS, {}, demanded=True)
    assert set(asked.errors) == {b.name for b in KINDS}
    assert asked.errors["mineurs"] == ["Répondez par oui ou par non."]


@pytest.mark.parametrize(
    ("name", "typed", "said"),
    [
        ("jour", "le 3", "17 décembre 2026"),
        ("jour", "2026-02-30", "n’existe pas"),
        ("heure", "25 h", "18:00"),
        ("combien", "beaucoup", "Écrivez un nombre"),
        ("combien", "1" * 30, "plus que 100\u00a0000"),
        ("prix", "-4", "à partir de 0"),
        ("prix", "NaN", "Écrivez un nombre"),
        ("prix", "1e99", "trop"),
        ("forme", "z", "offertes"),
        ("mineurs", "peut-être", "offertes"),
        ("nom", "x" * (LONGEST + 1), "500"),
        ("nom", "nul\x00", "nul"),
        ("parts", "x" * (LONGEST + 1), "trop long"),
    ],
)
def test_a_bad_answer_is_said_beside_its_field_and_the_others_hold(name: str, typed: str, said: str) -> None:
    form = form_for(KINDS, {**TYPED, name: typed})
    assert not form.is_valid()
    assert list(form.errors) == [name]
    assert said in form.errors[name][0]
    assert len(form.errors[name]) == 1
    assert form[name].value() == typed
    assert form.answers() == {k: v for k, v in KEPT.items() if k != name}


def test_an_address_prefills_what_it_names_and_nothing_else() -> None:
    query = QueryDict(mutable=True)
    query.update({"nom": "La Marmite", "jour": "bientôt", "inconnue": "x", "forme": "b", "mineurs": "oui"})
    query.setlist("parts", ["un", "deux"])
    found = typed_in(query, KINDS)
    assert found == {"nom": "La Marmite", "jour": "bientôt", "forme": "b", "mineurs": "oui", "parts": "un\ndeux"}
    page = form_for(KINDS, values=found).as_p()
    assert 'value="La Marmite"' in page
    assert 'value="bientôt"' in page
    assert "un\ndeux" in page
    assert len(typed_in(QueryDict("nom=" + "x" * 100_000), KINDS)["nom"]) <= 5000


def test_fields_are_gathered_by_theme() -> None:
    groups = form_for([*KINDS, *catalogue()]).groups()
    titles = [title for title, _fields in groups]
    assert titles[0] == "Le prêteur"
    assert titles.index("Ce que le prêteur sait") < titles.index("Ce dont vous convenez")
    assert sum(len(fields) for _title, fields in groups) == len(KINDS) + len(catalogue())
    assert len(titles) == len(set(titles))


def test_every_sample_of_the_catalogue_goes_through_the_form() -> None:
    blanks = catalogue()
    samples: dict[str, Any] = {b.name: b.sample for b in blanks}
    shown = form_for(blanks, values=samples)
    form = form_for(blanks, {name: shown[name].value() for name in shown.fields})
    assert form.is_valid(), form.errors
    assert form.values() == samples


def test_what_was_typed_never_becomes_markup() -> None:
    form = form_for(KINDS, {"nom": "<b>x</b> {{ y }} **z** #import"})
    assert form.is_valid()
    html = fill("Ici [[nom]].", {b.name: b for b in KINDS}, form.values())
    assert html == "<p>Ici &lt;b&gt;x&lt;/b&gt; {{ y }} **z** #import.</p>\n"


def test_days_are_days(settings: Any) -> None:
    form = form_for([KINDS[2]], values={"jour": datetime.date(2026, 12, 5).isoformat()})
    assert 'value="2026-12-05"' in str(form["jour"])
