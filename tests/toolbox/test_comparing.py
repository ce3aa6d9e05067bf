"""What changes between two editions: added, removed, moved, said otherwise; every word escaped."""

from __future__ import annotations

import itertools
import re
from typing import Any

import pytest

from toolbox.comparing import compare, words
from toolbox.models import Clause, Edition, ModelAgreement

pytestmark = pytest.mark.django_db


def edition(number: int, *clauses: Any, **fields: Any) -> Edition:
    model, _new = ModelAgreement.objects.get_or_create(
        slug="m", defaults={"title": "M", "kind": "materiel", "parties": ["preteur"], "summary": "S"}
    )
    made = Edition.objects.create(model=model, number=number, **fields)
    for n, (key, title, body, *more) in enumerate(clauses, 1):
        Clause.objects.create(edition=made, position=n, key=key, title=title, body=body, **(more[0] if more else {}))
    return made


def pair(old: list[Any], new: list[Any], **fields: Any) -> Any:
    first = edition(1, *old)
    Edition.objects.filter(pk=first.pk).update(published_at="2026-01-01T00:00Z")
    return compare(Edition.objects.get(pk=first.pk), edition(2, *new, **fields))


A, B, C, D = (("a", "A", "Texte a."), ("b", "B", "Texte b."), ("c", "C", "Texte c."), ("d", "D", "Texte d."))


def test_the_same_text_changes_nothing() -> None:
    found = pair([A, B], [A, B])
    assert (found.clauses, found.variables, found.same) == ([], [], 2)


def test_what_came_what_went_what_is_said_otherwise() -> None:
    changed = ("b", "B", "Texte <b> [[preteur.nom]] neuf.", {"when": "optional", "guidance": "Note."})
    found = pair([A, B, C], [A, changed, D])
    assert [(c.kind, re.sub("<[^>]+>", "", c.title)) for c in found.clauses] == [
        ("changed", "B"), ("added", "[ajouté] D"), ("removed", "[retiré] C"),
    ]  # fmt: skip
    body = found.clauses[0].body
    assert '<ins><span class="vh">[ajouté] </span>&lt;b&gt; [Nom légal du prêteur] neuf.</ins>' in body
    assert '<del><span class="vh">[retiré] </span>b.</del>' in body
    assert found.clauses[0].notes == [
        "Quand elle s’applique. Avant\u00a0: Toujours présente. Maintenant\u00a0: Facultative.",
        "La note pour qui remplit est récrite.",
    ]
    assert found.same == 1


@pytest.mark.parametrize("order", list(itertools.permutations([A, B, C, D])))
def test_only_what_left_its_place_moved(order: Any) -> None:
    found = pair([A, B, C, D], list(order))
    moved = {c.title for c in found.clauses}
    assert all(c.kind == "moved" for c in found.clauses)
    stayed = [c for c in order if c[1] not in moved]
    assert stayed == sorted(stayed)  # in the order they had
    longest = max(
        len(some) for n in range(5) for some in itertools.combinations(order, n) if list(some) == sorted(some)
    )
    assert len(stayed) == longest == found.same


def test_what_is_asked() -> None:
    variable = {"name": "x", "label": "X <i>", "type": "text"}
    old = edition(1, A, variables=[variable, {"name": "z", "label": "Z", "type": "text"}])
    Edition.objects.filter(pk=old.pk).update(published_at="2026-01-01T00:00Z")
    new = edition(2, A, variables=[variable | {"type": "date"}, {"name": "y", "label": "Y", "type": "text"}])
    found = [line.replace("\u00a0", " ") for line in compare(old, new).variables]
    assert found == ["« X <i> » se demande autrement.", "« Y » se demande maintenant.", "« Z » ne se demande plus."]


def test_the_answer_that_the_model_proposes_is_told_before_and_after() -> None:
    delay = {"name": "d", "label": "Délai", "type": "integer", "usual": 10}
    old = edition(1, A, variables=[delay, {"name": "n", "label": "N", "type": "integer"}])
    Edition.objects.filter(pk=old.pk).update(published_at="2026-01-01T00:00Z")
    new = edition(2, A, variables=[delay | {"usual": 15}, {"name": "n", "label": "N", "type": "integer", "usual": 3}])
    said = "Réponse proposée d’avance à «\u00a0%s\u00a0». Avant\u00a0: %s. Maintenant\u00a0: %s."
    assert compare(old, new).variables == [said % ("Délai", "10", "15"), said % ("N", "aucune", "3")]


def test_a_long_text_rewritten_costs_little() -> None:
    old, new = "a b " * 5000, "b a " * 5000 + "c"
    html = words(old, new)
    assert html.count("<del>") == html.count("<ins>") == 1
    assert words(old, old) == " ".join(old.split())


def test_lines_are_kept_and_no_mark_crosses_them() -> None:
    html = words("un\ndeux", "un\ntrois\nquatre")
    assert html == (
        'un<br> <del><span class="vh">[retiré] </span>deux</del> '
        '<ins><span class="vh">[ajouté] </span>trois</ins><br><ins><span class="vh">[ajouté] </span>quatre</ins>'
    )
