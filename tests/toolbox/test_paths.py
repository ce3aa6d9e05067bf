"""The guided path: worked cases, what is not understood, an address that holds everything."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from directory.models import Continuum
from toolbox import content, paths

CASES = paths.content()["cases"]


@pytest.mark.parametrize("case", CASES, ids=[case["name"][:40] for case in CASES])
def test_worked_cases(case: dict[str, Any]) -> None:
    answers, left = paths.follow(case["answers"])
    assert left is None
    assert answers == case["answers"]
    advice = paths.advise(answers)
    assert (advice.stage, advice.model or None) == (case["expected_stage"], case.get("expected_model"))


@given(st.randoms(use_true_random=False))
def test_every_way_through_ends_with_a_stage_a_reason_and_something_to_watch(chance: Any) -> None:
    answers: dict[str, str] = {}
    while (left := paths.follow(answers)[1]) is not None:
        answers[left.key] = chance.choice(left.answers)[0]
    advice = paths.advise(answers)
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
