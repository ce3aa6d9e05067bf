"""The text of an agreement: an edition's clauses, what goes in their blanks, nothing ever evaluated.

Values are as JSON keeps them: text and long text; "2026-11-21"; "18:00"; a number; money as "40.00"; true or false; the
value of a choice; a list of texts. Markdown becomes clean HTML first; then each blank receives escaped words: what
someone typed is never markup, a template or a document's code.
"""

from __future__ import annotations

import datetime
import html
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from django.utils.formats import number_format
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mutualisation.kernel import markdown
from mutualisation.kernel.moments import clock, day_in_words
from toolbox.conditions import OPTIONAL, WITHOUT_VALUE, holds, is_filled
from toolbox.models import Clause, Edition
from toolbox.variables import CATALOGUE

BLANK = re.compile(r"\[\[([a-z0-9_.]+)\]\]")
# Markdown sees a blank as one letter of no alphabet between two marks: it is never a link, never emphasis.
_OPEN, _CLOSE = "\ue000", "\ue001"
_MARK = re.compile(f"{_OPEN}(\\d+){_CLOSE}")
_TAG = re.compile(r'</?[a-z][^">]*(?:"[^"]*"[^">]*)*>')
_PLACES = re.compile(
    rf"<p>\s*{_OPEN}(?P<alone>\d+){_CLOSE}\s*</p>|(?P<tag>{_TAG.pattern})|{_OPEN}(?P<mark>\d+){_CLOSE}"
)
_BLOCKS = re.compile(r"</?(?:p|ul|ol|li|blockquote)\b[^>]*>|<[bh]r\s*/?>")
# The largest plausible number, where the variable says none; of money, what a field holds.
LARGEST = {"number": 100_000, "money": 999_999_999}


@dataclass(frozen=True)
class Blank:
    """A variable that a clause may name. ``asked_of``: the party that knows it; empty for the portal's catalogue.

    ``usual``: the answer that the model proposes, to keep or to change. ``least``: of what is counted one by one, the
    least; None where any number may do. ``most``: the largest that is plausible.
    """

    name: str
    label: str
    type: str
    help: str = ""
    required: bool = True
    choices: tuple[tuple[str, str], ...] = ()
    asked_of: str = ""
    sample: Any = None
    usual: Any = None
    from_portal: bool = False
    check: str = ""
    least: int | None = None
    most: int | None = None
    after: str = ""

    @property
    def largest(self) -> int:
        """Of numbers and money: the largest that is plausible, said or usual."""
        return LARGEST[self.type] if self.most is None else self.most

    def miscounted(self, value: Any) -> str:
        """What is wrong with half a person or no day at all, in a sentence."""
        if self.least is None or value is None:
            return ""
        try:
            number = Decimal(str(value).replace("\u00a0", "").replace(" ", "").replace(",", "."))
        except ArithmeticError:
            return ""  # the field of a number says it
        if number >= self.least and number == number.to_integral_value():
            return ""
        said = _("Des personnes et des jours se comptent un à un : écrivez un nombre entier, au moins %(least)d.")
        return said % {"least": self.least}

    @property
    def is_demanded(self) -> bool:
        """Asked even before any clause names it."""
        return self.required and not self.from_portal


@dataclass(frozen=True)
class Written:
    """A clause that is in: its number in the text, its HTML with blanks filled, the note for whoever fills it."""

    number: int
    key: str
    title: str
    html: SafeString
    guidance: str = ""
    named: frozenset[str] = field(default_factory=frozenset)


def blanks_of(edition: Edition, clauses: Iterable[Clause] = ()) -> dict[str, Blank]:
    """Every variable that this edition's clauses may name: the portal's catalogue, then those that it declares.

    With its ``clauses``, the parties are called as they call them: « Nom légal de l’organisme hôte ».
    """
    own = [
        Blank(
            name=v["name"], label=v["label"], type=v["type"], help=v.get("help") or "",
            required=bool(v.get("required")),
            choices=tuple((c["value"], c["label"]) for c in v.get("choices") or ()), asked_of=v.get("asked_of") or "",
            sample=v.get("sample"), usual=v.get("usual"), check=v.get("check") or "",
            least=v.get("least"), most=v.get("most"), after=v.get("after") or "",
        )
        for v in edition.variables
    ]  # fmt: skip
    roles = roles_of(clauses)
    return {b.name: replace(b, label=in_role(b.label, roles)) for b in [*catalogue(), *own]}


# What a text says of a party where it names it: « …[[preteur.nom]]…, ci-après « l’organisme hôte ». »
_ROLE = re.compile(
    r"\[\[(\w+)\.nom\]\](?:(?!\.nom\]\]).)*?ci-après\s+\u00ab\s*([^\u00ab\u00bb\[\]]{2,60}?)\s*\u00bb", re.DOTALL
)
_OF = {
    "preteur": gettext_lazy("du prêteur"),
    "emprunteur": gettext_lazy("de l’emprunteur"),
    "personne": gettext_lazy("de la personne prêtée"),
}


def optional_keys(edition: Edition) -> list[str]:
    """The clauses that may be kept or not."""
    return [clause.key for clause in edition.clauses.all() if clause.when == OPTIONAL]


def roles_of(clauses: Iterable[Clause]) -> dict[str, str]:
    """What a text calls each of its parties: {"preteur": "l’organisme hôte"}; nothing of those it gives no name."""
    found: dict[str, str] = {}
    for clause in clauses:
        for party, role in _ROLE.findall(clause.body):
            found.setdefault(party, " ".join(role.split()))
    return found


def in_role(label: str, roles: Mapping[str, str]) -> str:
    """« NEQ du prêteur » as this text says it: « NEQ de l’organisme hôte »."""
    for party, usual in _OF.items():
        if party in roles:
            label = label.replace(str(usual), of(roles[party]))
    return label


def of(who: str) -> str:
    """« de l’organisme hôte », « du prêteur », « des participants »."""
    for article, said in (("le ", "du "), ("les ", "des ")):
        if who.startswith(article):
            return said + who.removeprefix(article)
    return f"de {who}"


def catalogue() -> list[Blank]:
    """What the portal knows by itself."""
    return [
        Blank(
            name=v.name, label=str(v.label), type=v.type, sample=_plain(v.sample), from_portal=True,
            choices=tuple((value, str(label)) for value, label in v.choices), check=v.check, least=v.least,
            most=v.most, after=v.after,
        )
        for v in CATALOGUE
    ]  # fmt: skip


def samples(blanks: Mapping[str, Blank]) -> dict[str, Any]:
    """A value for each: what previews are made with."""
    return {name: blank.sample for name, blank in blanks.items() if is_filled(blank.sample)}


def present(clauses: Iterable[Clause], values: Mapping[str, Any], chosen: Collection[str]) -> list[Clause]:
    """The clauses that are in, in order."""
    return [c for c in clauses if holds(c.when, c.key, values, chosen)]


def compose(
    clauses: Iterable[Clause], blanks: Mapping[str, Blank], values: Mapping[str, Any], chosen: Collection[str] = ()
) -> list[Written]:
    """The text: the clauses that are in, numbered, blanks filled; what isn't known yet shows its label."""
    return [
        Written(n, c.key, c.title, fill(c.body, blanks, values), c.guidance, frozenset(BLANK.findall(c.body)))
        for n, c in enumerate(present(clauses, values, chosen), 1)
    ]


def fill(body: str, blanks: Mapping[str, Blank], values: Mapping[str, Any]) -> SafeString:
    """One clause's body as HTML, its blanks filled."""
    rendered, names = _rendered(body)

    def words(name: str) -> SafeString:
        blank, value = blanks.get(name), values.get(name)
        if blank is None or not is_filled(value):
            return format_html('<span class="fill">{}</span>', blank.label if blank else name)
        return escape(in_words(blank, value))

    def alone(name: str) -> str:
        blank, value = blanks.get(name), values.get(name)
        if blank is None or blank.type not in ("long", "list") or not is_filled(value):
            return f"<p>{words(name)}</p>"
        if blank.type == "list":
            items = [i for i in value if is_filled(i)] if isinstance(value, list | tuple) else [value]
            return "<ul>" + "".join(f"<li>{escape(str(item))}</li>" for item in items) + "</ul>"
        parts = re.split(r"\n\s*\n", str(value).replace("\r\n", "\n").strip())
        return "".join("<p>" + "<br>".join(escape(line) for line in part.split("\n")) + "</p>" for part in parts)

    def put(found: re.Match[str]) -> str:
        if found["alone"]:
            return alone(names[int(found["alone"])])
        if tag := found["tag"]:  # in what a tag says of itself, no markup can be
            return _MARK.sub(lambda m: _TAG.sub("", words(names[int(m[1])])), tag)
        return words(names[int(found["mark"])])

    # in one pass: what a value says is never looked at again
    return mark_safe(_PLACES.sub(put, rendered))  # noqa: S308 - cleaned by render, values escaped


def places(body: str) -> dict[str, set[str]]:
    """Where each blank of a body stands: « alone » in its paragraph, « within » a text, « hidden » where none shows."""
    rendered, names = _rendered(body)
    found: dict[str, set[str]] = {name: set() for name in names}
    seen = set()
    for match in _PLACES.finditer(rendered):
        for where, group in (("alone", "alone"), ("within", "mark")):
            if match[group]:
                seen.add(int(match[group]))
                found[names[int(match[group])]].add(where)
    for n, name in enumerate(names):
        if n not in seen:
            found[name].add("hidden")
    return found


def _rendered(body: str) -> tuple[str, list[str]]:
    """A body as HTML where each blank is a mark, and the name of each by its number."""
    names: list[str] = []

    def mark(found: re.Match[str]) -> str:
        names.append(found[1])
        return f"{_OPEN}{len(names) - 1}{_CLOSE}"

    return markdown.render(BLANK.sub(mark, body.replace(_OPEN, "").replace(_CLOSE, ""))), names


def in_words(blank: Blank, value: Any) -> str:
    """A value as a sentence says it; as it was typed when it isn't of its type."""
    try:
        return _in_words(blank, value)
    except (ValueError, ArithmeticError):
        return str(value)


def _in_words(blank: Blank, value: Any) -> str:
    match blank.type:
        case "date":
            return day_in_words(datetime.date.fromisoformat(str(value)), "j F Y")
        case "time":
            return clock(datetime.time.fromisoformat(str(value)))
        case "number":
            return number_format(Decimal(str(value)).normalize(), use_l10n=True, force_grouping=True)
        case "money":
            amount = Decimal(str(value))
            digits = 0 if amount == amount.to_integral_value() else 2
            return f"{number_format(amount, decimal_pos=digits, use_l10n=True, force_grouping=True)}\u00a0$"
        case "bool":
            return _("oui") if value else _("non")
        case "choice":
            return dict(blank.choices).get(str(value), str(value))
        case "list":
            return ", ".join(str(i) for i in value if is_filled(i)) if isinstance(value, list | tuple) else str(value)
    return str(value)


def lacking(
    clauses: Iterable[Clause], blanks: Mapping[str, Blank], values: Mapping[str, Any], chosen: Collection[str] = ()
) -> list[Blank]:
    """What must still be answered before the text may freeze, in the order it is met: no blank is printed empty."""
    wanted: dict[str, Blank] = {}
    for clause in clauses:
        asked = BLANK.findall(clause.body) if holds(clause.when, clause.key, values, chosen) else []
        if isinstance(clause.when, dict) and clause.when["comparison"] not in WITHOUT_VALUE:
            # whether the clause is in depends on it: what the model demands is asked before
            asked += [name for name in [clause.when["field"]] if name in blanks and blanks[name].is_demanded]
        for name in asked:
            if name in blanks and not is_filled(values.get(name)):
                wanted.setdefault(name, blanks[name])
    return list(wanted.values())


def text_of(title: str, written: Iterable[Written]) -> str:
    """The whole text without marks, a line a paragraph: what is hashed, what HTML, PDF and DOCX must say alike."""
    lines = [title]
    for clause in written:
        lines.append(f"{clause.number}. {clause.title}")
        lines += lines_of(clause.html)
    said = (" ".join(line.split()) for line in lines)
    return "\n".join(line for line in said if line)


def lines_of(filled: str) -> list[str]:
    """The paragraphs and items of what ``fill`` gave, without marks: spaces of any sort are one space."""
    blocks = _BLOCKS.sub("\n", " ".join(filled.split())).split("\n")
    said = (" ".join(html.unescape(_TAG.sub("", block)).split()) for block in blocks)
    return [line for line in said if line]


def _plain(sample: Any) -> Any:
    """A sample of the catalogue, as JSON keeps values."""
    if isinstance(sample, datetime.time):
        return sample.strftime("%H:%M")
    if isinstance(sample, datetime.date):
        return sample.isoformat()
    if isinstance(sample, Decimal):
        return str(sample)
    return list(sample) if isinstance(sample, tuple) else sample
