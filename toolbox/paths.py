"""The guided path: plain questions, readable rules, and what they advise: the lightest form that fits.

The edition in force is in the database, where curators change it (``rules.py``); ``paths.yaml`` is the first one. How
rules combine is said at the top of that file, a rule's place in the list being its weight. A path is its answers, and
they are in the address: it can be taken up again, shared and printed without an account.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from directory.models import Continuum
from mutualisation.kernel.memo import Versioned
from toolbox.models import Edition, PathEdition

FILE = Path(__file__).parent / "paths.yaml"
STAGES = [str(stage.value) for stage in Continuum]
Condition = dict[str, str]


@dataclass(frozen=True)
class Question:
    """One question: its answers are (value, words); asked when all its conditions hold."""

    key: str
    question: str
    help: str
    answers: tuple[tuple[str, str], ...]
    conditions: tuple[Condition, ...]

    def words(self, value: str) -> str:
        return dict(self.answers).get(value, value)


@dataclass
class Advice:
    """Where to start on the continuum, why, what to watch, who to name, which model and which tools (slugs)."""

    stage: str = ""
    because: list[str] = field(default_factory=list)
    watch: list[str] = field(default_factory=list)
    roles: list[str] = field(default_factory=list)
    model: str = ""
    tools: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Guide:
    """The questions, rules and cases of one edition."""

    questions: tuple[Question, ...]
    rules: tuple[dict[str, Any], ...]
    cases: tuple[dict[str, Any], ...]

    @classmethod
    def of(cls, edition: PathEdition | Mapping[str, Any]) -> Guide:
        """From an edition, or from what ``from_file`` gives."""
        data = edition if isinstance(edition, Mapping) else vars(edition)
        asked = tuple(
            Question(q["key"], q["question"], q["help"], tuple((a["value"], a["label"]) for a in q["answers"]),
                     tuple(q["when"]))
            for q in data["questions"]
        )  # fmt: skip
        return cls(asked, tuple(data["rules"]), tuple(data["cases"]))

    def question(self, key: str) -> Question | None:
        return next((q for q in self.questions if q.key == key), None)

    def follow(self, asked: Mapping[str, str]) -> tuple[dict[str, str], Question | None]:
        """The answers that count, in order, and the first question left without one; None when all is answered.

        What answers no question of this path, or no choice of its question, is left aside.
        """
        answers: dict[str, str] = {}
        for question in self.questions:
            if not holds(question.conditions, answers):
                continue
            given = asked.get(question.key, "")
            if given not in dict(question.answers):
                return answers, question
            answers[question.key] = given
        return answers, None

    def understood(self, asked: Mapping[str, str]) -> dict[str, str]:
        """The answers that are a choice of a question, asked on this way or not: they are carried along."""
        known = ((question, asked.get(question.key, "")) for question in self.questions)
        return {question.key: given for question, given in known if given in dict(question.answers)}

    def advise(self, answers: Mapping[str, str]) -> Advice:
        """What the rules that hold say together, the first of the list deciding."""
        held = [rule for rule in self.rules if holds(rule["when"], answers)]
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

    def said(self, condition: Condition) -> str:
        """A condition in plain words."""
        question = self.question(condition["field"])
        asked = question.question if question else condition["field"]
        answer = question.words(condition["value"]) if question else condition["value"]
        words = _("« %(question)s » : %(answer)s")
        if condition["comparison"] != "equal":
            words = _("« %(question)s » : autre chose que %(answer)s")
        return words % {"question": asked, "answer": answer}


def holds(conditions: Any, answers: Mapping[str, str]) -> bool:
    """Whether every condition holds; none does on a question that was never asked."""
    return all(_holds(condition, answers) for condition in conditions)


def _holds(condition: Condition, answers: Mapping[str, str]) -> bool:
    given, value = answers.get(condition["field"], ""), condition["value"]
    return given == value if condition["comparison"] == "equal" else given not in ("", value)


# ---- the edition in force


@cache
def from_file() -> dict[str, Any]:
    """The first edition, as the file tells it."""
    data = yaml.safe_load(FILE.read_text("utf-8"))

    def conditions(when: Any) -> list[Condition]:
        return [] if when == "always" else [{k: str(v) for k, v in c.items()} for c in when]

    questions = [
        {
            "key": q["key"], "question": q["question"], "help": q.get("help", ""),
            "answers": [{"value": str(a["value"]), "label": a["label"]} for a in q["answers"]],
            "when": conditions(q["ask_when"]),
        }
        for q in data["questions"]
    ]  # fmt: skip
    rules = [
        {"key": r["key"], "name": r["name"], "when": conditions(r["when"]), "then": r["then"]}
        for r in sorted(data["rules"], key=lambda rule: -rule["weight"])
    ]  # fmt: skip
    return {"questions": questions, "rules": rules, "cases": data["cases"]}


def load() -> int:
    """Write the first edition when there is none; gives how many rows were written."""
    if PathEdition.objects.exists():
        return 0
    PathEdition.objects.create(number=1, published_at=timezone.now(), **from_file())
    return 1


@Versioned
def _current() -> Guide:
    edition = PathEdition.objects.filter(published_at__isnull=False).order_by("-number").first()
    return Guide.of(edition or from_file())


def in_force() -> Guide:
    """The published edition that is in force; the file's as long as there is none."""
    numbers = PathEdition.objects.filter(published_at__isnull=False).order_by("-number")
    return _current(str(numbers.values_list("pk", flat=True).first()))


# ---- from an answer to the blanks of a model agreement

HOW_OFTEN = {
    "une_fois": _("une seule fois, aux dates convenues"),
    "parfois": _("deux ou trois fois par année, aux dates convenues"),
    "souvent": _("plusieurs fois par année, selon le calendrier convenu"),
    "continu": _("en continu, selon le calendrier convenu"),
}
RHYTHM = {
    "une_fois": _("une seule fois"),
    "parfois": _("deux ou trois fois par année"),
    "souvent": _("plusieurs fois par année"),
    "continu": _("en continu"),
}
# how often, in the words that each blank takes
SAYS_HOW_OFTEN: dict[str, tuple[dict[str, Any], Any]] = {
    "periode.en_mots": (HOW_OFTEN, "%s"),
    "calendrier": (RHYTHM, _("%s, selon les réservations inscrites au portail")),
    "frequence": (RHYTHM, "%s"),
}
# (question, answer) → what it fills
FILLS: dict[tuple[str, str], tuple[str, str]] = {
    **{("contrepartie", mode): ("cout.mode", mode) for mode in ("gratuit", "frais", "echange", "prix")},
    ("possession", "commun"): ("forme", "copropriete"),
    ("possession", "commande"): ("forme", "achat_groupe"),
    ("personnels", "oui"): ("nature", "personnels"),
    ("personnels", "non"): ("nature", "anonymes"),
    ("decision", "ensemble"): ("regle_decision", "consensus"),
    ("combien", "deux"): ("quorum", "2"),
    ("valeur", "grande"): ("exigences.assurance", "oui"),
    ("risque", "personnes"): ("exigences.assurance", "oui"),
}
# (question, answer) → an optional clause worth keeping
KEEPS: dict[tuple[str, str], str] = {
    ("confiance", "nouveaux"): "bilan",
    ("confiance", "un_peu"): "bilan",
    ("contrepartie", "frais"): "tarif",
    ("contrepartie", "prix"): "tarif",
}
PARTNERS = {"deux": 2, "quelques": 3, "plusieurs": 7}
# question → the blanks beside which its answer is worth reading again
REMINDS: dict[str, tuple[str, ...]] = {
    "possession": ("bien",),
    "valeur": ("ressource.valeur", "cout"),
    "accord_personne": ("personne.consentement_date",),
    "combien": ("parts", "roles", "quorum"),
    "frequence": (*SAYS_HOW_OFTEN, "personne.horaire", "echeancier"),
    "contrepartie": ("cout.montant", "tarif_interne", "contrepartie_echange", "cout_acces"),
    "decision": ("depense_limite", "regle_decision", "comite_composition"),
    "mandat": ("preteur.signataires", "emprunteur.signataires"),
    "risque": ("rc_montant", "risques"),
    "temps": ("preteur_liaison", "roles"),
    "bailleur": ("subvention_programme", "bailleurs"),
    "confiance": ("essai_fin", "personne.essai_fin"),
}


def filling(edition: Edition, answers: Mapping[str, str]) -> dict[str, str]:
    """What the answers already say of the blanks of a model agreement: values by name of variable, ``quoi`` besides.

    Only what this edition asks is given: those are the parameters of the page where it is filled.
    """
    named = {declared["name"] for declared in edition.variables}
    for body, when in edition.clauses.values_list("body", "when"):
        named |= set(re.findall(r"\[\[([a-z0-9_.]+)\]\]", body))
        named |= {when["field"]} if isinstance(when, dict) else set()
    known = {"quoi": answers.get("quoi", "")}
    for question, answer in answers.items():
        name, value = FILLS.get((question, answer), ("", ""))
        if name in named:
            known[name] = value
    often = answers.get("frequence", "")
    known |= {
        name: str(shape) % words[often]
        for name, (words, shape) in SAYS_HOW_OFTEN.items()
        if name in named and often in words
    }
    return {name: value for name, value in known.items() if value}


def keeping(answers: Mapping[str, str]) -> list[str]:
    """The optional clauses that the answers make worth keeping, by key: a model may not have them all."""
    return list(dict.fromkeys(KEEPS[said] for said in answers.items() if said in KEEPS))


def reminders(guide: Guide, answers: Mapping[str, str]) -> dict[str, list[str]]:
    """Beside which blank which answers are worth reading again, each after its question, by name of variable."""
    found: dict[str, list[str]] = {}
    for key, names in REMINDS.items():
        question = guide.question(key)
        if question and key in answers:
            for name in names:
                found.setdefault(name, []).append(f"«\u00a0{question.question}\u00a0» {question.words(answers[key])}")
    return found
