"""Zero is singular in French."""

from __future__ import annotations

import pytest
from django.template import Context, Template
from django.utils.translation import gettext, ngettext, npgettext, override


@pytest.mark.parametrize(("n", "said"), [(0, "singulier"), (1, "singulier"), (2, "pluriel")])
def test_our_sentences_are_counted_as_french_counts(n: int, said: str) -> None:
    assert ngettext("singulier", "pluriel", n) == said
    assert npgettext("contexte", "singulier", "pluriel", n) == said
    drawn = Template("{% blocktrans count n=n %}singulier{% plural %}pluriel{% endblocktrans %}").render(
        Context({"n": n})
    )
    assert drawn == said


def test_catalogues_keep_their_own_rule() -> None:
    assert ngettext("%(num)d hour", "%(num)d hours", 2) % {"num": 2} == "2 heures"
    assert gettext("Une phrase que personne ne traduit") == "Une phrase que personne ne traduit"
    with override("en"):
        assert ngettext("%d object", "%d objects", 0) == "%d objects"
