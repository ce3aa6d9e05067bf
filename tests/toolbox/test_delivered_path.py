"""An update of the portal brings another edition of the guided path: curators see it, and take it as a draft."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from mutualisation.kernel.lifecycle import AlreadyMoved
from toolbox import content, paths, rules
from toolbox.models import PathEdition

pytestmark = pytest.mark.django_db
LIST = "/moderation/parcours/"


@pytest.fixture
def older() -> PathEdition:
    """A portal whose first edition came with files that said less."""
    data = copy.deepcopy(paths.from_file())
    data["rules"] = data["rules"][1:]
    data["rules"][0]["then"]["because"] = "Ce que disait l’ancienne."
    first = PathEdition.objects.create(number=1, published_at="2026-01-05T12:00:00Z", **data)
    content.load(settings.FIXTURE_DIRS[0])
    return first


def seen(client: Client) -> str:
    return client.get(LIST).content.decode()


def test_one_that_is_in_force_or_was_is_not_announced(cast: dict[str, Client], people: dict[str, Any]) -> None:
    content.load(settings.FIXTURE_DIRS[0])
    assert rules.delivered() is None
    assert "livre une autre édition" not in seen(cast["curator"])
    edition = rules.prepare(by=people["curator"])
    gone = edition.rules[0]
    rules.withdraw(kind="rules", key=gone["key"], seen=rules.mark(gone), by=people["curator"])
    rules.publish(changes="Une de moins", seen=rules.mark([*_pieces()]), by=people["curator"])
    assert rules.delivered() is None  # what curators changed since is theirs


def _pieces() -> list[Any]:
    edition = rules.draft()
    assert edition is not None
    return [edition.questions, edition.rules]


def test_what_it_changes_is_shown_then_taken_in_one_click(older: PathEdition, cast: dict[str, Client]) -> None:
    curator, added = cast["curator"], paths.from_file()["rules"][0]["name"]
    page = seen(curator)
    assert "2 différences" in page
    block = page.partition('class="changes"')[2].partition("</section>")[0]
    assert added in block
    assert "l’ancienne." in block
    assert curator.post(LIST, {"geste": "prendre"}).status_code == 302
    draft = rules.draft()
    assert draft is not None
    assert (draft.number, draft.rules) == (2, paths.from_file()["rules"])
    assert paths.in_force().rules == tuple(older.rules)  # nothing changes before it is published
    assert "livre une autre édition" not in seen(curator)


def test_a_draft_that_is_there_is_never_lost(older: PathEdition, cast: dict[str, Client], people: Any) -> None:
    rules.prepare(by=people["curator"])
    assert "publiez ou abandonnez d’abord" in seen(cast["curator"])
    said = cast["curator"].post(LIST, {"geste": "prendre"}, follow=True).content.decode()
    assert "Un brouillon est déjà là" in said
    with pytest.raises(AlreadyMoved):
        rules.take(by=people["curator"])
    draft = rules.draft()
    assert draft is not None
    assert draft.rules == older.rules


def test_an_order_is_a_difference_too(older: PathEdition) -> None:
    data = paths.from_file()
    turned = {**data, "rules": data["rules"][::-1]}
    found = rules.differences(paths.Guide.of(data), paths.Guide.of(turned), {})
    assert [change.title for change in found] == ["L’ordre des questions et des règles"]
