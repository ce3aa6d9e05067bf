"""Everything that is told of a loan has its words in the thread: a reader never meets a name of the code."""

from __future__ import annotations

import re
from pathlib import Path

from django.conf import settings

from loans.lifecycle import TRANSITIONS
from loans.views.thread import WORDS


def told() -> set[str]:
    """The verbs that the code writes in stories: moves, and what is told beside them."""
    places = [
        *Path(settings.BASE_DIR, "loans").glob("*.py"),
        *Path(settings.BASE_DIR, "mutualisation/management").glob("*.py"),
    ]
    text = "".join(place.read_text("utf-8") for place in places)
    beside = re.findall(r'\btell\(\s*[\w.]+,\s*"(\w+)"', text) + re.findall(r'\bverb="(\w+)"', text)
    return {t.name for t in TRANSITIONS} | set(beside) - {"read", "publish", "return", "archive"}


def test_every_event_has_its_words() -> None:
    found = told()
    assert {"ask", "bring_back_part", "open_incident"} <= found
    assert found - set(WORDS) - {"propose"} == set()
