"""Zero is singular in French: « 0 personne ».

Our sentences are written in French in the code, without a catalogue that would say so: Django then counts as English
does. A catalogue that translates a sentence keeps its own rule.
"""

from __future__ import annotations

from gettext import NullTranslations
from typing import Any

from django.utils.translation import trans_real


class FrenchSource(NullTranslations):
    """What is asked last, when no catalogue knows a sentence: it stays as it is written, counted as French counts."""

    def ngettext(self, msgid1: str, msgid2: str, n: Any) -> str:
        return msgid1 if abs(n) < 2 else msgid2

    def npgettext(self, context: str, msgid1: str, msgid2: str, n: Any) -> str:
        return self.ngettext(msgid1, msgid2, n)


def count_as_french_does(language: str) -> None:
    """For the language that sentences are written in; called once, when Django starts."""
    trans_real.translation(language).add_fallback(FrenchSource())
