"""The guided path: worked cases, what is not understood, an address that holds everything."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from hypothesis import given
from hypothesis import settings as trying
from hypothesis import strategies as st

from directory.models import Continuum, Organisation
from tests.factories import OrganisationFactory, PracticeFactory
from toolbox import content, paths
from toolbox.models import ModelAgreement

FIRST = paths.Guide.of(paths.from_file())
CASES = FIRST.cases
TRUCK = next(case for case in CASES if "camion" in case["name"])["answers"]


@pytest.mark.parametrize("case", CASES, ids=[case["name"][:40] for case in CASES])
def test_worked_cases(case: dict[str, Any]) -> None:
    answers, left = FIRST.follow(case["answers"])
    assert left is None
    assert answers == case["answers"]
    advice = FIRST.advise(answers)
    assert (advice.stage, advice.model or None) == (case["expected_stage"], case.get("expected_model"))


@trying(deadline=None)
@given(st.randoms(use_true_random=False))
def test_every_way_through_ends_with_a_stage_a_reason_and_something_to_watch(chance: Any) -> None:
    answers: dict[str, str] = {}
    while (left := FIRST.follow(answers)[1]) is not None:
        answers[left.key] = chance.choice(left.answers)[0]
    advice = FIRST.advise(answers)
    assert advice.stage in Continuum.values
    assert advice.because
    assert advice.watch
    assert len(advice.watch) == len(set(advice.watch))


@pytest.mark.django_db
def test_one_question_a_page_then_the_advice(client: Client) -> None:
    content.load(settings.FIXTURE_DIRS[0])
    case = CASES[0]
    so_far: dict[str, str] = {}
    for key, value in case["answers"].items():
        page = client.get("/parcours/", so_far)
        assert f'name="{key}"' in page.content.decode()
        so_far[key] = value
    result = client.get("/parcours/", so_far).content.decode()
    assert "Commencez par" in result
    assert f"/boite-a-outils/ententes/{case['expected_model']}/" in result
    assert client.get("/parcours/", so_far).status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("query", "status", "said"),
    [
        ("quoi=licorne", 422, "Choisissez une des réponses"),
        ("nulle=part", 200, "laissée de côté"),
        ("quoi=%00%ff", 422, "Choisissez une des réponses"),
        ("quoi=" + "a" * 9000, 422, "Choisissez une des réponses"),
    ],
)
def test_what_is_not_understood_is_said(client: Client, query: str, status: int, said: str) -> None:
    response = client.get(f"/parcours/?{query}")
    assert response.status_code == status
    assert said in response.content.decode()


# ---- from « on veut partager un camion à trois » to the model


@pytest.fixture
def loaded(db: None) -> None:
    content.load(settings.FIXTURE_DIRS[0])


def chosen(page: Any) -> dict[str, str]:
    """What the form of a question sends by itself: the answers already given."""
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page.content.decode())
    return {name: unescape(value) for name, value in found if name != "csrfmiddlewaretoken"}


def test_a_truck_for_three_is_followed_left_taken_up_again_and_shared(loaded: None, client: Client) -> None:
    address: dict[str, str] = {}
    for n, (key, value) in enumerate(TRUCK.items(), 1):
        page = client.get("/parcours/", address)
        assert f"Question {n}" in page.content.decode()
        assert page.context["question"].key == key
        assert chosen(page) == address
        address = {**chosen(page), key: value}
        client = Client()  # another device, days later: the address is all there is
    result = client.get("/parcours/", address).content.decode()
    assert "Commencez par\u00a0: mutualisation" in result
    assert "/boite-a-outils/ententes/achat-regroupe-copropriete/" in result
    edition = ModelAgreement.objects.get(slug="achat-regroupe-copropriete").current
    assert edition is not None
    assert paths.filling(edition, address) == {
        "quoi": "materiel", "forme": "copropriete",
        "calendrier": "en continu, selon les réservations inscrites au portail",
    }  # fmt: skip
    opened = re.search(r'href="([^"]+/remplir/[^"]*)"', result)
    assert opened
    filled = client.get(unescape(opened[1])).context["form"]
    assert filled["forme"].value() == "copropriete"
    loan = {**TRUCK, "possession": "deja", "decision": "un_seul", "frequence": "parfois", "risque": "faible"}
    lent = client.get("/parcours/", loan).content.decode()
    opened = re.search(r'href="([^"]+/pret-de-materiel/remplir/[^"]*)"', lent)
    assert opened
    filled = client.get(unescape(opened[1])).context["form"]
    assert filled["cout.mode"].value() == "frais"
    assert filled["periode.en_mots"].value() == "deux ou trois fois par année, aux dates convenues"
    assert filled["exigences.assurance"].value() in ("oui", True)


def to_change(page: Any, key: str) -> str:
    """The address of « changer » beside an answer."""
    found = [unescape(each) for each in re.findall(r'href="(\?[^"]*)"', page.content.decode())]
    return next(f"/parcours/{each}" for each in found if each.endswith(f"&changer={key}"))


def checked(page: Any) -> list[tuple[str, str]]:
    return re.findall(r'type="radio" name="(\w+)"[^>]* value="(\w+)" checked', page.content.decode())


def test_an_answer_is_changed_and_the_others_stay(loaded: None, client: Client) -> None:
    result = client.get("/parcours/", {**TRUCK, "territoire": "mrc-beauharnois-salaberry"})
    again = client.get(to_change(result, "frequence"))
    number = list(TRUCK).index("frequence") + 1
    assert f"Question {number}" in again.content.decode()
    assert checked(again) == [("frequence", TRUCK["frequence"])]
    kept = {key: value for key, value in TRUCK.items() if key != "frequence"}
    assert chosen(again) == {**kept, "territoire": "mrc-beauharnois-salaberry"}
    back = client.get("/parcours/", {**chosen(again), "frequence": "parfois"})
    assert "Commencez par" in back.content.decode()
    assert back.context["answers"] == {**TRUCK, "frequence": "parfois"}
    assert "laissée de côté" not in back.content.decode()
    kept_as_it_was = re.search(r'href="(\?[^"]*)">Garder ma réponse', again.content.decode())
    assert kept_as_it_was
    assert client.get(f"/parcours/{unescape(kept_as_it_was[1])}").context["answers"] == TRUCK


def test_a_change_that_asks_something_new_keeps_all_that_is_still_asked(loaded: None, client: Client) -> None:
    result = client.get("/parcours/", TRUCK)
    again = client.get(to_change(result, "quoi"))
    new = client.get("/parcours/", {**chosen(again), "quoi": "humain"})
    assert new.context["question"].key == "accord_personne"  # only asked of who lends a person
    assert checked(new) == []
    assert "laissée de côté" not in new.content.decode()
    back = client.get("/parcours/", {**chosen(new), "accord_personne": "oui"})
    still = {key: value for key, value in TRUCK.items() if key not in ("vehicule", "possession", "valeur")}
    assert "Par où commencer" in back.content.decode()
    assert back.context["answers"] == {**still, "quoi": "humain", "accord_personne": "oui"}


@pytest.mark.parametrize("asked", ["rien", "contrepartie", "personnels"])
def test_what_was_not_answered_is_not_changed(asked: str, loaded: None, client: Client) -> None:
    lonely = {"quoi": "materiel", "changer": asked}
    page = client.get("/parcours/", lonely)
    assert page.context["question"].key == "vehicule"
    assert "laissée de côté" in page.content.decode()


def test_what_the_answers_say_fills_the_blanks_of_the_model_that_asks_for_it(loaded: None) -> None:
    hall = ModelAgreement.objects.get(slug="pret-de-local").current
    assert hall is not None
    answers = {"quoi": "locaux", "contrepartie": "prix", "frequence": "continu", "personnels": "oui"}
    assert paths.filling(hall, answers) == {
        "quoi": "locaux", "cout.mode": "prix", "periode.en_mots": "en continu, selon le calendrier convenu",
    }  # fmt: skip
    data = ModelAgreement.objects.get(slug="partage-de-donnees").current
    assert data is not None
    assert paths.filling(data, answers | {"quoi": "donnees"}) == {
        "quoi": "donnees", "nature": "personnels", "frequence": "en continu",
    }  # fmt: skip
    for (question, answer), (_name, value) in paths.FILLS.items():
        asked = FIRST.question(question)
        assert asked is not None
        assert answer in dict(asked.answers), value
    frequency = FIRST.question("frequence")
    assert frequency is not None
    assert set(paths.HOW_OFTEN) == set(dict(frequency.answers))


def test_who_accompanies_is_of_the_territory_chosen(places: dict[str, Any], loaded: None, client: Client) -> None:
    here, there = places["beauharnois"], places["mrc-roussillon"]
    OrganisationFactory(name="Réseau d’ici", territory=here, is_network=True)
    OrganisationFactory(name="Réseau de là", territory=there, is_network=True)
    everywhere = client.get("/parcours/", TRUCK).content.decode()
    assert "Réseau d’ici" in everywhere
    assert "Réseau de là" in everywhere
    chosen = client.get("/parcours/", {**TRUCK, "territoire": "mrc-beauharnois-salaberry"})
    page = chosen.content.decode()
    assert "Réseau d’ici" in page
    assert "Réseau de là" not in page
    assert "laissée de côté" not in page
    Organisation.objects.filter(name="Réseau d’ici").update(status="archived")
    empty = client.get("/parcours/", {**TRUCK, "territoire": "mrc-beauharnois-salaberry"}).content.decode()
    assert "Aucun réseau de cette MRC n’est encore inscrit" in empty
    assert "Réseau de là" in empty
    assert client.get("/parcours/", {**TRUCK, "territoire": "nulle-part"}).status_code == 200


def test_comparable_stories_are_of_the_same_kind_first(loaded: None, client: Client) -> None:
    same = PracticeFactory(title="La même tente", stage="mutualisation", kinds=["materiel"])
    kind = PracticeFactory(title="Une pelle prêtée", stage="pret", kinds=["materiel"])
    PracticeFactory(title="Une comptable", stage="mutualisation", kinds=["humain"])
    merger = PracticeFactory(title="Une fusion", stage="fusion", kinds=["materiel"])

    def told(address: dict[str, str]) -> list[str]:
        return [story.title for story in client.get("/parcours/", address).context["stories"]]

    assert told({**TRUCK, "vehicule": "non"}) == [same.title, merger.title, kind.title]
    lent = {**TRUCK, "possession": "deja", "decision": "un_seul", "frequence": "parfois", "risque": "faible"}
    lent["vehicule"] = "non"
    assert told(lent) == [kind.title, same.title, merger.title]  # who borrows is not shown a merger first
    main = PracticeFactory(title="Des tables surtout", stage="pret", kinds=["materiel"], pooled="Des tables.")
    PracticeFactory(title="De tout", stage="pret", kinds=["locaux", "humain", "materiel"], pooled="De tout.")
    assert told(lent)[0] == main.title


def test_who_shares_a_vehicle_is_shown_vehicles_those_alone(loaded: None, client: Client) -> None:
    PracticeFactory(title="Une cuisine", stage="mutualisation", kinds=["materiel"], pooled="Des chaudrons.")
    quote = PracticeFactory(title="Une union", stage="mutualisation", kinds=["materiel"], pooled="Tout.",
                            quote="le véhicule d’une vision")  # fmt: skip

    def told() -> list[str]:
        return [story.title for story in client.get("/parcours/", TRUCK).context["stories"]]

    assert told() == [quote.title, "Une cuisine"]  # for want of any
    route = PracticeFactory(title="La route", stage="pret", kinds=["materiel"], pooled="Une fourgonnette à trois.")
    assert told() == [route.title]


def advice_of(**changes: str) -> paths.Advice:
    answers, left = FIRST.follow({**TRUCK, **changes})
    assert left is None
    return FIRST.advise(answers)


def test_a_vehicle_is_watched_as_one() -> None:
    watched = " ".join(advice_of().watch)
    for said in ("assurance automobile", "Le permis", "immatriculation à la SAAQ"):
        assert said in watched
    assert "avec quel véhicule" not in watched
    tent = " ".join(advice_of(vehicule="non").watch)
    assert "SAAQ" not in tent
    assert "avec quel véhicule" in tent


def test_only_what_is_lent_names_a_borrower() -> None:
    borrower, each = "chez l’emprunteur", "chez chaque organisme participant"
    lent, owned = (" ".join(advice_of(possession=p).roles) for p in ("deja", "commun"))
    assert (borrower in lent, each in lent) == (True, False)
    assert (borrower in owned, each in owned) == (False, True)


def test_what_each_keeps_its_share_of_does_not_come_back() -> None:
    lent, shared = (advice_of(possession=p, vehicule="non") for p in ("deja", "commande"))
    for come_back in ("photos à la remise et au retour", "remet et reprend le bien"):
        assert come_back in " ".join([*lent.watch, *lent.roles])
        assert come_back not in " ".join([*shared.watch, *shared.roles])


@pytest.mark.parametrize(("possession", "said"), [
    ("deja", "un prêt ou deux"), ("commun", "Avant d’acheter, faites un essai"), ("commande", "sert d’essai"),
])  # fmt: skip
def test_material_begins_with_a_trial(possession: str, said: str) -> None:
    assert said in " ".join(advice_of(possession=possession).because)
    once = " ".join(advice_of(possession="deja", frequence="une_fois").because)
    assert "essai" not in once


def test_tools_are_those_of_the_form_advised() -> None:
    assert "gaucher-ross-pret" not in advice_of().tools  # bought together, nothing is lent
    assert "gaucher-ross-pret" in advice_of(possession="deja").tools
    assert "gaucher-ross-pret" in advice_of(confiance="nouveaux").tools  # lent at first
    assert "antecedents-benevoles" not in advice_of(risque="personnes").tools
    person = advice_of(quoi="humain", accord_personne="oui", risque="personnes")
    assert "antecedents-benevoles" in person.tools


@pytest.mark.parametrize("others", [1, 3])
def test_the_advice_costs_the_same_whatever_there_is(
    others: int, loaded: None, client: Client, django_assert_num_queries: Any
) -> None:
    for _n in range(others):
        OrganisationFactory(is_network=True)
        PracticeFactory(stage="mutualisation", kinds=["materiel"])
    with django_assert_num_queries(11):
        assert client.get("/parcours/", TRUCK).status_code == 200
