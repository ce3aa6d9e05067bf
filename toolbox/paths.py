"""The guided path: plain questions, readable rules (``paths.yaml``), and what they advise: the lightest form that fits.

How rules combine is said at the top of the file. A path is its answers, and they are in the address: it can be taken up
again, shared and printed without an account.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from directory.models import Continuum

FILE = Path(__file__).parent / "paths.yaml"
STAGES = [str(stage.value) for stage in Continuum]


@dataclass(frozen=True)
class Question:
    """One question: its answers are (value, words); asked when all its conditions hold."""

    key: str
    question: str
    help: str
    answers: tuple[tuple[str, str], ...]
    conditions: tuple[dict[str, Any], ...]

    def words(self, value: str) -> str:
        return dict(self.answers)[value]


@dataclass
class Advice:
    """Where to start on the continuum, why, what to watch, who to name, which model and which tools (slugs)."""

    stage: str = ""
    because: list[str] = field(default_factory=list)
    watch: list[str] = field(default_factory=list)
    roles: list[str] = field(default_factory=list)
    model: str = ""
    tools: list[str] = field(default_factory=list)


@cache
def content() -> dict[str, Any]:
    return yaml.safe_load(FILE.read_text("utf-8"))


@cache
def questions() -> tuple[Question, ...]:
    return tuple(
        Question(
            q["key"], q["question"], q.get("help", ""), tuple((str(a["value"]), a["label"]) for a in q["answers"]),
            () if q["ask_when"] == "always" else tuple(q["ask_when"]),
        )
        for q in content()["questions"]
    )  # fmt: skip


def holds(conditions: Any, answers: Mapping[str, str]) -> bool:
    """Whether every condition holds; none does on a question that was never asked."""
    return conditions == "always" or all(_holds(condition, answers) for condition in conditions)


def _holds(condition: Mapping[str, Any], answers: Mapping[str, str]) -> bool:
    given, value = answers.get(condition["field"], ""), condition["value"]
    return given == value if condition["comparison"] == "equal" else given not in ("", value)


def follow(asked: Mapping[str, str]) -> tuple[dict[str, str], Question | None]:
    """The answers that count, in order, and the first question left without one; None when all is answered.

    What answers no question of this path, or no choice of its question, is left aside.
    """
    answers: dict[str, str] = {}
    for question in questions():
        if not holds(question.conditions, answers):
            continue
        given = asked.get(question.key, "")
        if given not in dict(question.answers):
            return answers, question
        answers[question.key] = given
    return answers, None


def advise(answers: Mapping[str, str]) -> Advice:
    """What the rules that hold say together, the heaviest first."""
    held = [rule for rule in content()["rules"] if holds(rule["when"], answers)]
    held.sort(key=lambda rule: -rule["weight"])
    found = Advice(stage=next((r["then"]["stage"] for r in held if r["then"].get("stage")), ""))
    found.model = next((r["then"]["model"] for r in held if r["then"].get("model")), "")
    limit = STAGES.index(found.stage) if found.stage else len(STAGES)
    for rule in held:
        then = rule["then"]
        stage = then.get("stage")
        if stage and STAGES.index(stage) > limit:
            continue
        if then.get("because") and stage in (None, "", found.stage):
            found.because.append(then["because"])
        for name in ("watch", "roles", "tools"):
            getattr(found, name).extend(then.get(name) or ())
    for name in ("because", "watch", "roles", "tools"):
        setattr(found, name, list(dict.fromkeys(getattr(found, name))))
    return found
