"""The guided path changed by curators: a draft, checks, worked cases, publication; what is published never changes."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings
from django.db import DatabaseError, IntegrityError, transaction
from django.test import Client

from mutualisation.kernel.lifecycle import AlreadyMoved
from toolbox import content, paths, rules
from toolbox.models import PathEdition, Tool
from toolbox.paths import Guide, in_force

LIST = "/moderation/parcours/"
TRUCK = next(c for c in paths.from_file()["cases"] if "camion" in c["name"])["answers"]


@pytest.fixture
def edition(db: None, people: dict[str, Any]) -> PathEdition:
    content.load(settings.FIXTURE_DIRS[0])
    return rules.prepare(by=people["curator"])


def seen(edition: PathEdition, kind: str, key: str) -> str:
    edition.refresh_from_db()
    return rules.mark(rules.piece_of(edition, kind, key))


def rule(**more: Any) -> dict[str, Any]:
    """What the form of a rule sends."""
    return {
        "name": "Camion de trois",
        "conditions-0-comparison": "equal", "conditions-0-answer": "possession=commun",
        "conditions-1-comparison": "different", "conditions-1-answer": "combien=plusieurs",
        "stage": "collaboration", "because": "Un an d’essai d’abord.", "watch": "Le stationnement\nL’hiver",
        "model": "pret-de-materiel", "tools": ["tiess-guide-mutualisation"], "after": "", **more,
    }  # fmt: skip


def test_the_file_is_the_first_edition_and_comes_once(edition: PathEdition) -> None:
    first = PathEdition.objects.get(number=1)
    assert Guide.of(first) == Guide.of(paths.from_file())
    assert paths.load() == 0
    assert (edition.number, edition.published_at) == (2, None)
    assert rules.problems(Guide.of(edition)) == []
    assert rules.cautions(Guide.of(edition)) == []
    assert rules.outcomes(in_force(), Guide.of(edition), {}) == []


def test_a_rule_is_added_by_choosing_seen_in_the_cases_and_put_in_force(
    edition: PathEdition, cast: dict[str, Client]
) -> None:
    curator = cast["curator"]
    answer = curator.post(f"{LIST}regles/ajouter/", rule())
    edition.refresh_from_db()
    made = edition.rules[0]
    assert answer["Location"] == f"{LIST}#rules-{made['key']}"
    assert made["when"] == [
        {"field": "possession", "comparison": "equal", "value": "commun"},
        {"field": "combien", "comparison": "different", "value": "plusieurs"},
    ]
    page = curator.get(LIST).content.decode()
    assert "autre chose que Sept ou plus" in page
    assert "Un an d’essai d’abord." in page
    assert "mutualisation" in cast["anonymous"].get("/parcours/", TRUCK).content.decode()  # nothing is in force yet

    checks = curator.get(f"{LIST}publier/")
    said = checks.content.decode()
    assert "Ce cas menait à\u00a0: Mutualisation, avec" in said
    assert "Il mènera à\u00a0: Collaboration, avec" in said
    assert [(c.title, c.state) for c in checks.context["differences"]] == [(made["name"], "added")]
    assert "Un an d’essai d’abord." in said
    without = curator.post(f"{LIST}publier/", {"seen": checks.context["seen"]})
    assert without.status_code == 422
    curator.post(f"{LIST}publier/", {"seen": checks.context["seen"], "changes": "Un essai avant d’acheter."})
    edition.refresh_from_db()
    assert edition.published_at is not None
    result = Client().get("/parcours/", TRUCK).content.decode()
    assert "Commencez par\u00a0: collaboration" in result
    assert "Le stationnement" in result
    assert "Un essai avant d’acheter." in curator.get(LIST).content.decode()


def test_what_is_published_never_changes_and_there_is_one_draft(edition: PathEdition) -> None:
    first = PathEdition.objects.filter(number=1)
    for change in (lambda: first.update(rules=[]), lambda: first.delete()):
        with pytest.raises(DatabaseError, match="Cannot"), transaction.atomic():
            change()
    with pytest.raises(IntegrityError), transaction.atomic():
        PathEdition.objects.create(number=9, **paths.from_file())


def test_a_shared_result_follows_the_edition_in_force(edition: PathEdition, people: dict[str, Any]) -> None:
    curator = people["curator"]
    question = {
        "question": "Où dormira-t-il?", "help": "",
        "when": [{"field": "quoi", "comparison": "equal", "value": "materiel"}],
        "answers": [{"value": "dehors", "label": "Dehors"}, {"value": "dedans", "label": "Dedans"}],
    }  # fmt: skip
    key = rules.write(kind="questions", key="", piece=question, after="missions", seen="", by=curator)
    assert "une question sans réponse" in {
        o.after.split(",")[0] for o in rules.outcomes(in_force(), Guide.of(rules.draft() or edition), rules.titles())
    }
    edition.refresh_from_db()
    mark = rules.mark([edition.questions, edition.rules])
    rules.publish(changes="Une question de plus.", seen=mark, by=curator)
    asked = Client().get("/parcours/", TRUCK)
    assert asked.context["question"].key == key  # what was answered stays, one question is left
    assert "Commencez par" in Client().get("/parcours/", {**TRUCK, key: "dehors"}).content.decode()


@pytest.mark.parametrize(
    ("when", "said"),
    [
        ([("licorne", "equal", "oui")], "parle d’une question qui n’existe plus"),
        ([("quoi", "equal", "licorne")], "parle d’une réponse qui n’existe plus"),
        ([("quoi", "equal", "materiel"), ("quoi", "equal", "locaux")], "ne sert jamais"),
        ([("quoi", "equal", "locaux"), ("valeur", "equal", "grande")], "ne sert jamais"),
        ([("possession", "different", "deja"), ("quoi", "different", "materiel")], "ne sert jamais"),
    ],
)
def test_a_rule_that_can_never_hold_is_named_and_blocks(
    when: list[tuple[str, str, str]], said: str, edition: PathEdition, people: dict[str, Any], cast: dict[str, Client]
) -> None:
    conditions = [{"field": f, "comparison": c, "value": v} for f, c, v in when]
    piece = {"name": "Règle d’essai", "when": conditions, "then": {"watch": ["x"]}}
    rules.write(kind="rules", key="", piece=piece, after="", seen="", by=people["curator"])
    edition.refresh_from_db()
    checks = cast["curator"].get(f"{LIST}publier/")
    assert said in checks.content.decode()
    assert "«\u00a0Règle d’essai\u00a0»" in checks.content.decode()
    sent = cast["curator"].post(f"{LIST}publier/", {"seen": checks.context["seen"], "changes": "Oui."})
    assert sent.status_code == 422
    assert "Rien n’est publié" in sent.content.decode()
    edition.refresh_from_db()
    assert edition.published_at is None


def test_a_way_that_leads_nowhere_is_told(edition: PathEdition, people: dict[str, Any]) -> None:
    for key in ("materiel", "materiel-souvent"):
        rules.withdraw(kind="rules", key=key, seen=seen(edition, "rules", key), by=people["curator"])
    edition.refresh_from_db()
    (problem,) = rules.problems(Guide.of(edition))
    assert problem.said.startswith("Aucune règle ne donne d’étape dans ce cas\u00a0: Du matériel ou un véhicule")
    lost = rules.nowhere(Guide.of(edition))
    assert lost is not None
    guide = Guide.of(edition)
    answers = dict(lost)
    while (left := guide.follow(answers)[1]) is not None:  # whatever else is answered
        answers[left.key] = left.answers[0][0]
    assert guide.advise(answers).stage == ""


def test_an_answer_withdrawn_while_a_rule_uses_it_is_found(edition: PathEdition, cast: dict[str, Client]) -> None:
    standing = rules.piece_of(edition, "questions", "temps")
    assert standing is not None
    sent = {"question": standing["question"], "seen": rules.mark(standing), "after": "risque"}
    sent |= {f"answer-{a['value']}": a["label"] for a in standing["answers"] if a["value"] != "non"}
    assert (
        cast["curator"].post(f"{LIST}questions/temps/", {**sent, "more-0-label": "Une heure par mois"}).status_code
        == 302
    )
    edition.refresh_from_db()
    now = rules.piece_of(edition, "questions", "temps")
    assert now is not None
    assert [a["value"] for a in now["answers"]] == ["oui", "un_peu", "une_heure_par_mois"]
    page = cast["curator"].get(f"{LIST}publier/").content.decode()
    assert "La règle «\u00a0Personne pour s’en occuper\u00a0» parle d’une réponse qui n’existe plus" in page
    few = {"question": "Seule?", "answer-oui": "Oui", "seen": seen(edition, "questions", "temps")}
    refused = cast["curator"].post(f"{LIST}questions/temps/", few)
    assert refused.status_code == 422
    assert "de deux à 12 réponses" in refused.content.decode()


def test_two_curators_on_one_rule_nothing_is_erased(edition: PathEdition, cast: dict[str, Client]) -> None:
    mark = seen(edition, "rules", "materiel")
    assert cast["outsider"].post(f"{LIST}regles/materiel/", rule(name="La sienne", seen=mark)).status_code == 302
    mine = cast["curator"].post(f"{LIST}regles/materiel/", rule(name="La mienne", seen=mark))
    page = mine.content.decode()
    assert mine.status_code == 409
    assert "Quelqu’un d’autre a modifié cette règle" in page
    told = {d["label"]: (d["theirs"], d["mine"]) for d in mine.context["differences"]}
    assert told == {"Nom de la règle": ("La sienne", "La mienne")}
    assert 'value="La mienne"' in page
    again = cast["curator"].post(f"{LIST}regles/materiel/", rule(name="La mienne", seen=mine.context["seen"]))
    assert again.status_code == 302
    late = cast["curator"].post(f"{LIST}regles/materiel/place/", {"geste": "retirer", "seen": mark}, follow=True)
    assert "Il n’y a plus rien à changer là" in late.content.decode()
    edition.refresh_from_db()
    assert [r["name"] for r in edition.rules if r["key"] == "materiel"] == ["La mienne"]


def test_two_curators_on_one_question_see_it_in_words_and_no_new_answer_is_lost(
    edition: PathEdition, cast: dict[str, Client]
) -> None:
    standing = rules.piece_of(edition, "questions", "temps")
    assert standing is not None
    sent = {"question": standing["question"], "seen": rules.mark(standing), "after": "risque"}
    sent |= {f"answer-{a['value']}": a["label"] for a in standing["answers"]}
    asked = {"conditions-0-comparison": "equal", "conditions-0-answer": "possession=commun"}
    none = {"conditions-0-comparison": "equal", "conditions-0-answer": ""}
    added = {**sent, **asked, "more-0-label": "Une heure par mois"}
    assert cast["outsider"].post(f"{LIST}questions/temps/", added).status_code == 302
    mine = cast["curator"].post(f"{LIST}questions/temps/", {**sent, **none, "question": "Qui s’en occupe?"})
    page = mine.content.decode()
    assert mine.status_code == 409
    assert "Quelqu’un d’autre a modifié cette question" in page
    told = {d["label"]: (d["theirs"], d["mine"]) for d in mine.context["differences"]}
    assert set(told) == {"Question", "Seulement si"}
    assert "possession" not in told["Seulement si"][0]
    assert told["Seulement si"][0].startswith("la réponse est, ")
    assert 'value="Une heure par mois"' in page


def test_moving_adding_a_line_and_abandoning(edition: PathEdition, cast: dict[str, Client]) -> None:
    second = edition.rules[1]["key"]
    sent = {"geste": "monter", "seen": seen(edition, "rules", second)}
    cast["curator"].post(f"{LIST}regles/{second}/place/", sent)
    edition.refresh_from_db()
    assert edition.rules[0]["key"] == second
    more = cast["curator"].post(f"{LIST}regles/ajouter/", rule(ligne="conditions")).content.decode()
    assert 'name="conditions-5-answer"' in more
    assert "Camion de trois" in more
    nothing = {"name": "Vide", "after": ""}
    assert "ne conseille rien" in cast["curator"].post(f"{LIST}regles/ajouter/", nothing).content.decode()
    asked = cast["curator"].get(LIST).content.decode().partition('<details class="more-gesture">')[2]
    assert 0 < asked.index("Tout ce qui y a été écrit s’en va") < asked.index('value="abandonner"')
    cast["curator"].post(LIST, {"geste": "abandonner"})
    assert rules.draft() is None
    gone = cast["curator"].post(f"{LIST}regles/materiel/", rule(name="Mon nom"))
    assert gone.status_code == 409
    assert "n’est enregistré" in gone.content.decode()
    assert 'value="Mon nom"' in gone.content.decode()
    asked = cast["curator"].post(f"{LIST}questions/quoi/", {"question": "La mienne?", "answer-materiel": "Ma réponse"})
    assert 'value="La mienne?"' in asked.content.decode()
    assert 'value="Ma réponse"' in asked.content.decode()
    assert "Il n’y a plus rien" in cast["curator"].get(f"{LIST}regles/materiel/", follow=True).content.decode()
    with pytest.raises(AlreadyMoved):
        rules.abandon(by=gone.wsgi_request.user)


def test_what_is_no_longer_published_is_said_without_blocking(edition: PathEdition, people: dict[str, Any]) -> None:
    Tool.objects.filter(slug="tiess-guide-mutualisation").update(status="archived")
    found = rules.cautions(Guide.of(edition))
    assert {p.key for p in found} >= {"materiel", "expertise"}
    assert rules.problems(Guide.of(edition)) == []


@pytest.mark.parametrize("address", [LIST, f"{LIST}regles/materiel/", f"{LIST}publier/"])
def test_curators_pages_cost_the_same_whatever_the_rules(
    address: str,
    edition: PathEdition,
    cast: dict[str, Client],
    people: dict[str, Any],
    django_assert_max_num_queries: Any,
) -> None:
    with django_assert_max_num_queries(16):
        assert cast["curator"].get(address).status_code == 200
