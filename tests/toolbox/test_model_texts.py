"""The seven models as a jurist reads them: roles named once and kept, closing clauses last, nothing said twice over."""

from __future__ import annotations

import itertools
import re
from typing import Any

import pytest
from django.conf import settings

from toolbox import content
from toolbox.composing import BLANK, blanks_of, compose, lacking, roles_of, samples, text_of
from toolbox.models import Edition, Party
from toolbox.reading import clauses_of

pytestmark = pytest.mark.django_db
ROLES = {
    "pret-de-materiel": ("le prêteur", "l’emprunteur"),
    "pret-de-local": ("l’organisme hôte", "l’organisme occupant"),
    "pret-de-personne-salariee": ("l’organisme d’attache", "l’organisme d’accueil", "la personne"),
    "partage-d-expertise": ("l’organisme prestataire", "l’organisme bénéficiaire"),
    "achat-regroupe-copropriete": ("l’organisme gérant", "l’organisme participant"),
    "partage-de-donnees": ("l’organisme détenteur", "l’organisme utilisateur"),
    "protocole-de-partenariat": ("l’organisme porteur", "l’organisme partenaire"),
}
CLOSING = ["bilan", "liaison", "documents", "defaut", "differends", "force", "signature"]
SEVERAL = ("achat-regroupe-copropriete", "protocole-de-partenariat")


@pytest.fixture
def editions() -> dict[str, Edition]:
    content.load_agreements(settings.FIXTURE_DIRS[0])
    return {e.model.slug: e for e in Edition.objects.select_related("model").prefetch_related("clauses")}


def whole(edition: Edition, **values: Any) -> str:
    clauses = list(edition.clauses.all())
    blanks = blanks_of(edition, clauses)
    chosen = [c.key for c in clauses if c.when == "optional"]
    return text_of(edition.model.title, compose(clauses, blanks, {**samples(blanks), **values}, chosen))


def test_each_says_what_it_calls_its_parties_and_keeps_to_it(editions: dict[str, Edition]) -> None:
    assert set(editions) == set(ROLES)
    for slug, edition in editions.items():
        roles = roles_of(edition.clauses.all())
        assert tuple(roles.values()) == ROLES[slug], slug
        usual = {"prêteur", "emprunteur"} if slug != "pret-de-materiel" else set()
        for clause in edition.clauses.all():
            said = BLANK.sub("", clause.body)
            assert not any(re.search(rf"\b{word}\b", said) for word in usual), (slug, clause.key)
        for other, names in ROLES.items():
            strange = set(names) - set(ROLES[slug]) - {"la personne", "le prêteur", "l’emprunteur"}
            text = whole(edition)
            assert not any(name in text for name in strange), (slug, other)


def test_blanks_are_named_after_the_roles(editions: dict[str, Edition]) -> None:
    hall = editions["pret-de-local"]
    clauses = list(hall.clauses.all())
    assert blanks_of(hall, clauses)["preteur.neq"].label == "NEQ de l’organisme hôte"
    assert blanks_of(hall)["preteur.neq"].label == "NEQ du prêteur"
    material = editions["pret-de-materiel"]
    assert blanks_of(material, material.clauses.all())["emprunteur.nom"].label == "Nom légal de l’emprunteur"
    for slug, edition in editions.items():
        blank = "\n".join(str(c.html) for c in clauses_of(edition))
        assert "NEQ NEQ" not in re.sub(r"<[^>]+>", "", blank), slug
        if slug != "pret-de-materiel":
            assert "prêteur" not in blank, slug
            assert "emprunteur" not in blank.replace("bons emprunteurs", ""), slug


def test_closing_clauses_come_last_in_the_same_order(editions: dict[str, Edition]) -> None:
    for slug, edition in editions.items():
        keys = [c.key for c in edition.clauses.all()]
        assert keys[-len(CLOSING) :] == CLOSING, slug
        assert keys[0] == "parties"
        assert edition.clauses.all()[len(keys) - 1].title == "Langue, droit applicable et signature"


def test_no_clause_is_referred_to_by_a_number_that_changes(editions: dict[str, Edition]) -> None:
    for slug, edition in editions.items():
        for clause in edition.clauses.all():
            assert not re.search(r"\b(clause|article)s? (n° ?)?\d", clause.body), (slug, clause.key)


def test_every_way_of_filling_leaves_no_hole(editions: dict[str, Edition]) -> None:
    modes = ("gratuit", "frais", "echange", "prix")
    for slug, edition in editions.items():
        clauses = list(edition.clauses.all())
        blanks = blanks_of(edition, clauses)
        deciding = {c.when["field"] for c in clauses if isinstance(c.when, dict)}
        choices = {
            name: [value for value, _label in blanks[name].choices]
            for name in deciding
            if blanks[name].type == "choice"
        } | {name: [True, False] for name in deciding if blanks[name].type == "bool"}
        if "cout.mode" in choices:
            choices["cout.mode"] = list(modes)
        chosen = [c.key for c in clauses if c.when == "optional"]
        for name, options in choices.items():
            for value, kept in itertools.product(options, (chosen, [])):
                values = {**samples(blanks), name: value}
                assert not lacking(clauses, blanks, values, kept), (slug, name, value)
                text = text_of("x", compose(clauses, blanks, values, kept))
                assert "[[" not in text
                assert not re.search(r" ,|  | \.|\(\)", text), (slug, name, value)


def test_of_several_partners_none_ends_it_for_all(editions: dict[str, Edition]) -> None:
    for slug in SEVERAL:
        text = whole(editions[slug])
        assert "l’autre partie" not in text, slug
        assert "à son égard" in text
        assert Party.PARTNER in editions[slug].model.parties


def test_a_joint_purchase_takes_effect_once(editions: dict[str, Edition]) -> None:
    edition = editions["achat-regroupe-copropriete"]
    said = [c.key for c in edition.clauses.all() if "prend effet" in c.body]
    assert said == ["debut"]
    assert "la date de la dernière signature" in whole(edition)
    order = whole(edition, forme="achat_groupe")
    assert "n’est ni loué ni donné en garantie" in order
    assert "Parts et durée de l’indivision" not in order


def test_every_number_has_a_plausible_most(editions: dict[str, Edition]) -> None:
    for slug, edition in editions.items():
        for variable in edition.variables:
            if variable["type"] == "number":
                assert variable.get("most"), (slug, variable["name"])
                assert variable["sample"] <= variable["most"]
