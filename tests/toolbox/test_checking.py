"""What stands in the way of publishing is named, and only that."""

from __future__ import annotations

import time
from typing import Any

import pytest
from django.conf import settings

from toolbox import content
from toolbox.checking import problems, spelled, used_by
from toolbox.composing import blanks_of
from toolbox.models import Clause, Edition, ModelAgreement

VARIABLES: list[dict[str, Any]] = [
    {"name": "lieu", "label": "Lieu d’usage", "type": "text", "required": True},
    {"name": "choix", "label": "Qui paie", "type": "choice", "choices": [{"value": "a", "label": "A"}]},
    {"name": "oui", "label": "Mineurs présents", "type": "bool"},
    {"name": "regles", "label": "Règles", "type": "long"},
]
PEOPLE: dict[str, Any] = {"name": "personnes", "label": "Nombre de personnes", "type": "number", "most": 20000}
USED = "[[regles]]\n\n[[lieu]] [[choix]] [[oui]]"


def clause(body: str = USED, when: Any = "always", title: str = "Usage") -> Clause:
    return Clause(pk=1, key="usage", title=title, body=body, when=when)


def edition(variables: list[dict[str, Any]], kind: str = "materiel") -> Edition:
    return Edition(number=1, variables=variables, model=ModelAgreement(kind=kind))


def said(
    *clauses: Clause, variables: list[dict[str, Any]] = VARIABLES, blocking: bool = True, kind: str = "materiel"
) -> list[str]:
    found = problems(edition(variables, kind), clauses)
    return [p.said.replace("\u00a0", " ") for p in found if p.blocking is blocking]


def test_nothing_is_said_of_what_is_right() -> None:
    assert said(clause()) == []
    assert said(clause(), blocking=False) == []


@pytest.mark.django_db
def test_the_seven_models_could_be_published_as_they_are() -> None:
    content.load_agreements(settings.FIXTURE_DIRS[0])
    for one in Edition.objects.select_related("model"):
        assert [p.said for p in problems(one, one.clauses.all())] == [], one


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (clause(USED + " [[inconnu]]"), "« inconnu », que personne ne connaît"),
        (clause(USED + " [[preteur.age]]"), "« preteur.age »"),
        (clause(USED + " [[Lieu]]"), "« Lieu », que personne ne connaît"),
        (clause(USED + " [[]]"), "n’entourent aucun nom"),
        (clause(USED + " [[lieu"), "n’entourent aucun nom"),
        (clause(USED + " et [[regles]]"), "« Règles » tient sur plusieurs lignes"),
        (clause(USED + "\n\n- [[local.equipement]] x"), "tient sur plusieurs lignes"),
        (clause(USED + " [lien](https://a.example/[[lieu]])"), "dans l’adresse d’un lien"),
        (clause(USED + "x" * 20_001), "dépasse 20 000 caractères"),
        (clause(title="  "), "n’a pas de titre"),
        (clause(when={"field": "rien", "comparison": "filled", "value": ""}), "jamais : sa condition porte sur"),
        (clause(when={"field": "choix", "comparison": "equal", "value": "b"}), "« b » n’est pas un des choix"),
        (clause(when={"field": "cout.mode", "comparison": "equal", "value": "troc"}), "« troc » n’est pas"),
        (clause(when={"field": "oui", "comparison": "equal", "value": "oui"}), "n’est pas une réponse possible"),
        (clause(when={"field": "lieu", "comparison": "equal", "value": True}), "n’est pas une réponse possible"),
        (clause(when={"field": "lieu", "comparison": "greater", "value": "3"}), "ne se compare pas avec « dépasse »"),
        (clause(when={"field": "lieu", "comparison": "equal", "value": ""}), "ne dit pas à quoi comparer"),
        (clause(when={"field": "lieu", "comparison": "ressemble", "value": "x"}), "n’est pas complète"),
        (clause(when={}), "n’est pas complète"),
        (clause(when=None), "n’est pas complète"),
    ],
)  # fmt: skip
def test_each_thing_in_the_way_is_named(wrong: Clause, words: str) -> None:
    found = said(wrong)
    assert len(found) == 1, found
    assert words in found[0]


@pytest.mark.parametrize(
    ("field", "comparison", "value", "never"),
    [
        ("personnes", "greater", 90_000_000, "que 20 000, et la condition demande « dépasse 90 000 000 »"),
        ("personnes", "greater", 20_000, "ne va pas plus haut que 20 000"),
        ("personnes", "greater", 19_999, ""),
        ("personnes", "equal", 20_000, ""),
        ("personnes", "equal", "20000.5", "ne va pas plus haut que 20 000"),
        ("personnes", "different", 90_000_000, ""),
        ("personnes", "less", 0, "n’est jamais sous 0"),
        ("personnes", "less", 1, ""),
        ("personnes", "equal", 0, ""),
        ("personnes", "equal", -1, "n’est jamais sous 0"),
        ("personnes", "greater", "beaucoup", "« beaucoup » n’est pas une réponse possible"),
        ("expertise.heures", "greater", 2_000, "ne va pas plus haut que 2 000"),
        ("cout.montant", "greater", "90000000.00", ""),
        ("cout.montant", "greater", "5000000000.00", "ne va pas plus haut que 999 999 999"),
        ("cout.montant", "less", "0.00", "n’est jamais sous 0"),
    ],
)
def test_a_number_that_is_never_reached_is_named(field: str, comparison: str, value: Any, never: str) -> None:
    when = {"field": field, "comparison": comparison, "value": value}
    found = said(clause(f"{USED} [[personnes]]", when), variables=[*VARIABLES, PEOPLE], kind="expertise")
    assert bool(found) == bool(never), found
    if never:
        assert len(found) == 1
        assert found[0].startswith("Cette clause ne paraîtra jamais : ")
        assert never in found[0]


def on(field: str, comparison: str, value: Any = "", body: str = "Rien.") -> Clause:
    return Clause(
        pk=2, key="essai", title="Essai", body=body, when={"field": field, "comparison": comparison, "value": value}
    )


@pytest.mark.parametrize(
    ("kind", "other", "never"),
    [
        ("materiel", on("preteur.nom", "empty"), "« Nom légal du prêteur » est toujours indiqué"),
        ("projet", on("preteur.nom", "empty"), "« Nom légal du prêteur » est toujours indiqué"),
        ("locaux", on("exigences.assurance", "empty"), "« Assurance demandée » est toujours indiqué"),
        ("projet", on("exigences.assurance", "empty"), ""),
        ("materiel", on("lieu", "empty"), "« Lieu d’usage » est toujours indiqué"),  # a clause that is in names it
        ("materiel", on("preteur.neq", "empty"), ""),
        ("materiel", on("preteur.neq", "empty", body="[[preteur.neq]]"), "son texte nomme « NEQ du prêteur »"),
        ("materiel", on("preteur.neq", "filled", body="[[preteur.neq]]"), ""),
        ("materiel", on("personne.nom", "filled"), "« Nom de la personne prêtée » n’est jamais indiqué"),
        ("materiel", on("personne.nom", "filled", body="[[personne.nom]]"), "n’est jamais indiqué"),
        ("materiel", on("personne.nom", "equal", "Maxime"), "n’est jamais indiqué"),
        ("materiel", on("personne.nom", "empty"), ""),
        ("materiel", on("personne.nom", "different", "Maxime"), ""),
        ("humain", on("personne.nom", "filled"), ""),
        ("humain", on("personne.fonction", "empty"), "« Fonction prêtée » est toujours indiqué"),
        ("achat", on("personne.nom", "filled"), ""),  # of no loan: all is asked
        ("locaux", on("local.superficie", "greater", 10), ""),
        ("humain", on("local.superficie", "greater", 10), "« Surface (m²) » n’est jamais indiqué"),
        ("materiel", on("choix", "different", "a"), "« Qui paie » n’offre qu’un choix"),
        ("materiel", on("periode.fin_heure", "greater", "23:59"), "aucune heure"),
        ("materiel", on("periode.fin_heure", "greater", "22:00"), ""),
    ],
)  # fmt: skip
def test_a_clause_whose_condition_never_holds_is_named(kind: str, other: Clause, never: str) -> None:
    found = said(clause(), other, kind=kind)
    assert bool(found) == bool(never), found
    assert never in "".join(found)


def test_what_another_clause_asks_for_is_known() -> None:
    naming = Clause(pk=3, key="qui", title="Qui", body="[[personne.nom]]", when="optional")
    assert said(clause(), on("personne.nom", "filled"), naming) == []


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("lieux", "lieu"),
        ("nom_du_preteur", "preteur.nom"),
        ("Nom du prêteur", "preteur.nom"),
        ("prêteur", "preteur.nom"),
        ("emprunteur.non", "emprunteur.nom"),
        ("depot", "cout.depot"),
        ("zzzz", ""),
    ],
)
def test_what_was_probably_meant_is_proposed(name: str, meant: str) -> None:
    found = problems(edition(VARIABLES), [clause(f"{USED} [[{name}]]")])
    assert [p.unknown for p in found] == [name]
    assert len(found[0].near) <= 3
    assert meant in [blank.name for blank in found[0].near] if meant else found[0].near == ()


def test_a_text_full_of_unknown_names_is_checked_in_no_time() -> None:
    full = " ".join(f"[[inconnue_{n}]]" for n in range(4000))
    began = time.process_time()
    found = problems(edition([]), [clause(full)])
    assert time.process_time() - began < 1
    assert 5 < len(found) < 30


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("[[ lieu ]]", "[[lieu]]"),
        ("[[Lieu]]", "[[lieu]]"),
        ("[[Nom légal  du Prêteur]]", "[[preteur.nom]]"),
        ("[[inconnu]] [[lieu]]", "[[inconnu]] [[lieu]]"),
        ("[[\nlieu]]", "[[\nlieu]]"),
    ],
)
def test_a_name_typed_otherwise_is_put_right(typed: str, kept: str) -> None:
    assert spelled(typed, blanks_of(Edition(number=1, variables=VARIABLES))) == kept


def test_an_empty_text_is_said_as_what_no_longer_serves() -> None:
    found = said(clause(" "))
    assert "n’a pas de texte" in found[0]
    assert sum("aucune clause ne s’en sert" in line for line in found) == len(VARIABLES)


def test_no_clause_at_all() -> None:
    assert "aucune clause : ajoutez-en une" in said(variables=[])[0]


def test_a_choice_without_choices_and_a_name_twice() -> None:
    empty = [{"name": "lieu", "label": "Lieu", "type": "choice", "choices": []}]
    assert "n’offre aucun choix" in said(clause("[[lieu]]"), variables=empty)[0]
    twice = [VARIABLES[0], VARIABLES[0] | {"label": "Autre"}]
    assert "Deux variables portent le nom « lieu »" in said(clause("[[lieu]]"), variables=twice)[0]


@pytest.mark.parametrize("code", ["<script>x</script>", "<b>", "{{ a }}", "{% x %}", "# Titre"])
def test_code_is_only_worth_a_look(code: str) -> None:
    assert said(clause(f"{USED}\n\n{code}")) == []
    assert "tels quels" in said(clause(f"{USED}\n\n{code}"), blocking=False)[0]


@pytest.mark.parametrize("fence", ["```{=typst}\n#x\n```", "~~~\nx\n~~~"])
def test_the_marks_of_a_block_of_code_are_said_to_vanish(fence: str) -> None:
    assert said(clause(f"{USED}\n\n{fence}")) == []
    assert ["ne paraîtront pas" in one for one in said(clause(f"{USED}\n\n{fence}"), blocking=False)] == [True]


@pytest.mark.parametrize("picture", ["![plan](https://a.example/p.png)", "Voir ![](/p.png).", "![plan][p]"])
def test_a_clause_with_a_picture_is_not_published(picture: str) -> None:
    assert ["« Usage » contient une image" in one for one in said(clause(f"{USED}\n\n{picture}"))] == [True]
    assert said(clause(f"{USED}\n\nAttention![[lieu]] [Non!](https://a.example)")) == []


def test_a_condition_uses_a_variable_too() -> None:
    by_condition = clause("Texte.", {"field": "lieu", "comparison": "filled", "value": ""})
    assert used_by([by_condition], "lieu") == [by_condition]
    assert used_by([by_condition], "choix") == []
