"""The form that asks what goes in the blanks of a model agreement: one field a blank, gathered by theme.

Names of fields are names of variables. What comes out is as ``toolbox.composing`` reads it; what goes in may be that
(``values``) or what an address says (``typed_in``). It asks nothing of where blanks come from: a whole edition, or only
what one party still has to say.
"""

from __future__ import annotations

import datetime
from collections.abc import Container, Iterable, Mapping
from decimal import Decimal
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from directory.forms.fields import WrittenField
from directory.forms.organisation import dress
from mutualisation.kernel.moments import day_in_words
from toolbox.composing import Blank
from toolbox.conditions import is_filled
from toolbox.facts import PIECES, line_of, pieces_of
from toolbox.forms.blanks import LONGEST, LONGEST_TEXT, NO, YES, NeqField, field_of, meant, sharer, strangers
from toolbox.models import Clause
from toolbox.variables import CATALOGUE, NONE

__all__ = ["CHOSEN", "LONGEST", "FillingForm", "form_for", "typed_in"]
CHOSEN = "clauses-retenues"  # no variable has a hyphen

# The themes, in the order of an agreement: prefixes of the catalogue, then who is asked.
_THEMES: tuple[tuple[str, Any], ...] = (
    ("preteur.", gettext_lazy("Le prêteur")),
    ("emprunteur.", gettext_lazy("L’emprunteur")),
    ("ressource.", gettext_lazy("Ce qui est partagé")),
    ("local.", gettext_lazy("Le local")),
    ("expertise.", gettext_lazy("L’expertise")),
    ("personne.", gettext_lazy("La personne prêtée")),
    ("periode.", gettext_lazy("Quand")),
    ("pret.", gettext_lazy("Comment")),
    ("cout.", gettext_lazy("Contrepartie")),
    ("exigences.", gettext_lazy("Ce qui est exigé")),
    ("preteur", gettext_lazy("Ce que le prêteur sait")),
    ("emprunteur", gettext_lazy("Ce que l’emprunteur sait")),
    ("personne", gettext_lazy("Ce que la personne sait")),
    ("partenaire", gettext_lazy("Ce que chaque partenaire sait")),
    ("", gettext_lazy("Ce dont vous convenez")),
    (".", gettext_lazy("Le texte lui-même")),
)


MOST_OTHERS = 10
FIRST_OTHER = 3  # the two parties are the first two


class FillingForm(forms.Form):
    """What goes in some blanks. Made by ``form_for``.

    ``others``: as many blocks for the organisations that sign besides the two; None: a list, one a line.
    ``taken``: numbers of enterprise that other parties of the text gave elsewhere. ``roles``: what the text calls its
    parties: shares may name them so.
    """

    def __init__(
        self, *args: Any, blanks: list[Blank], optional: list[Clause], demanded: bool, others: int | None = None,
        taken: Iterable[str] = (), roles: Mapping[str, str] | None = None, **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(*args, **kwargs)
        self.taken, self.roles = set(taken), dict(roles or {})
        self.blanks = {blank.name: blank for blank in blanks}
        self.blocks: dict[str, list[dict[str, str]]] = {}  # the names of the fields of each block, by blank
        for blank in blanks:
            if others is not None and blank.check == "organisations":
                self.blocks[blank.name] = self._blocks(blank.name, min(others, MOST_OTHERS))
            else:
                self.fields[blank.name] = field_of(blank, demanded=demanded)
        if optional:
            self.fields[CHOSEN] = forms.MultipleChoiceField(
                label=_("Clauses facultatives à garder"), required=False, choices=[(c.key, c.title) for c in optional],
                widget=forms.CheckboxSelectMultiple,
                error_messages={"invalid_choice": _("Choisissez parmi les clauses offertes.")},
            )  # fmt: skip
        dress(self)

    def _blocks(self, name: str, others: int) -> list[dict[str, str]]:
        """One block of fields for each of these organisations, what is known of it already in them."""
        given = self.initial.get(name) or ()
        known = [pieces_of(line) for line in (given.splitlines() if isinstance(given, str) else given)][:MOST_OTHERS]
        made = []
        labels = {
            "nom": _("Nom légal de l’organisme n° %(n)d"), "neq": _("NEQ de l’organisme n° %(n)d"),
            "adresse": _("Adresse de l’organisme n° %(n)d"), "signe": _("Qui signe pour l’organisme n° %(n)d"),
        }  # fmt: skip
        for n in range(max(others, len(known))):
            names = {piece: f"{name}-{n + 1}-{piece}" for piece in PIECES}
            for piece, at in names.items():
                said: dict[str, Any] = {"label": labels[piece] % {"n": n + FIRST_OTHER}, "required": False}
                if piece == "neq":
                    self.fields[at] = NeqField(**said, help_text=_("Dix chiffres, ou «\u00a0aucun\u00a0»."))
                else:
                    self.fields[at] = WrittenField(**said, max_length=200)
                self.initial[at] = known[n].get(piece, "") if n < len(known) else ""
            made.append(names)
        return made

    def clean(self) -> dict[str, Any]:
        """What is wrong between answers: a day before the one it follows, an organisation without a name or twice."""
        said = super().clean() or self.cleaned_data
        for name, blank in self.blanks.items():
            day, before = said.get(name), said.get(blank.after) if blank.after else None
            if isinstance(day, datetime.date) and isinstance(before, datetime.date) and day < before:
                wrong = _("Cette date vient avant « %(other)s » (%(day)s) : vérifiez les deux.")
                other = {"other": self.blanks[blank.after].label, "day": day_in_words(before, "j F Y")}
                self.add_error(name, wrong % other)
        for names in (block for blocks in self.blocks.values() for block in blocks):
            if not said.get(names["nom"]) and any(said.get(at) for at in names.values()):
                self.add_error(names["nom"], _("Écrivez le nom de cet organisme, ou videz le reste."))
        self._same_twice(said)
        for name in self._checked("shares"):
            if self.blocks and said.get(name):
                self._shares_of_parties(name, said[name])
        return said

    def _checked(self, check: str) -> list[str]:
        """The blanks that are answered in this way."""
        return [name for name, blank in self.blanks.items() if blank.check == check]

    def _shares_of_parties(self, name: str, shares: list[str]) -> None:
        """A share for each party, called as the text calls it or by its name; one not named yet may be anyone."""
        said, others = self.cleaned_data, self.others()
        if others and len(shares) != len(others) + 2:
            wrong = _("Il y a %(who)d organismes et %(n)d parts : donnez une part à chacun, même de 0 %%.")
            self.add_error(name, wrong % {"who": len(others) + 2, "n": len(shares)})
            return
        parties = [(said.get(f"{party}.nom") or "", self.roles.get(party, "")) for party in ("preteur", "emprunteur")]
        parties += [(other, "") for other in others]
        unknown = strangers([sharer(line) for line in shares], parties)
        if not unknown:
            return
        told = _("« %(who)s » n’est le nom d’aucune partie, ou il y est deux fois. Les parties : %(names)s.")
        names = ", ".join(called or role for called, role in parties if called or role)
        sentences = [told % {"who": unknown[0][:60], "names": names}]
        if likely := meant(unknown[0], parties):
            sentences.append(_("Voulez-vous dire « %(likely)s »? Écrivez-le ainsi.") % {"likely": likely})
        self.add_error(name, " ".join(sentences))

    def _same_twice(self, said: dict[str, Any]) -> None:
        """One number of enterprise for two parties: they would be one."""
        fields = self._checked("neq")
        fields += [names["neq"] for blocks in self.blocks.values() for names in blocks]
        seen = {*self.taken}
        for name in fields:
            number = said.get(name) or NONE
            if number != NONE and number in seen:
                wrong = _("Une autre partie a déjà ce numéro : deux parties ne peuvent pas être la même entreprise. "
                          "Vérifiez-le.")  # fmt: skip
                self.add_error(name, wrong)
            seen.add(number)

    def _others(self, name: str) -> list[str]:
        """The organisations of the blocks of a blank, one a line."""
        said = [{piece: self.cleaned_data.get(at) or "" for piece, at in names.items()} for names in self.blocks[name]]
        return [line_of(pieces) for pieces in said if pieces["nom"]]

    def values(self) -> dict[str, Any]:
        """Once valid: each answer as agreements keep it, None where nothing was said."""
        return {
            name: (self._others(name) or None) if name in self.blocks else _kept(blank, self.cleaned_data.get(name))
            for name, blank in self.blanks.items()
        }

    def answers(self) -> dict[str, Any]:
        """Valid or not: the answers that hold, those alone."""
        self.is_valid()
        return {name: value for name, value in self.values().items() if is_filled(value)}

    def known(self) -> dict[str, Any]:
        """Not sent yet: the answers that it opens with, those that hold."""
        shown = {name: self[name].value() for name in self.fields if self[name].value() not in (None, "", [])}
        blanks, others = list(self.blanks.values()), max((len(rows) for rows in self.blocks.values()), default=0)
        again = FillingForm(
            shown, blanks=blanks, optional=[], demanded=False, others=others if self.blocks else None, roles=self.roles
        )
        return again.answers()

    def others(self) -> list[str]:
        """The names of the organisations that sign besides the two."""
        return [pieces_of(line)["nom"] for name in self.blocks for line in self._others(name)]

    def chosen(self) -> list[str]:
        """The keys of the optional clauses that are kept."""
        found: list[str] = self.cleaned_data.get(CHOSEN) or []
        return found

    def choice(self) -> forms.BoundField | None:
        """The field of optional clauses, when there are some."""
        return self[CHOSEN] if CHOSEN in self.fields else None

    def fields_of(self, name: str) -> list[forms.BoundField]:
        """The fields of one blank: several for organisations in blocks."""
        if name not in self.blocks:
            return [self[name]]
        return [self[at] for names in self.blocks[name] for at in names.values()]

    def groups(
        self, roles: Mapping[str, str] | None = None, *, only: Container[str] | None = None
    ) -> list[tuple[str, list[forms.BoundField]]]:
        """The fields by theme, in the order of an agreement; ``roles``: what the text calls its parties; ``only``
        those of these names."""
        found: dict[str, list[forms.BoundField]] = {}
        for blank in self.blanks.values():
            if only is not None and blank.name not in only:
                continue
            found.setdefault(_theme(blank), []).extend(self.fields_of(blank.name))
        return [(theme_title(key, roles or {}), found[key]) for key, _title in _THEMES if key in found]


def form_for(
    blanks: Iterable[Blank],
    data: Mapping[str, Any] | None = None,
    *,
    values: Mapping[str, Any] | None = None,
    optional: Iterable[Clause] = (),
    chosen: Iterable[str] = (),
    demanded: bool = False,
    others: int | None = None,
    beside: Mapping[str, Any] | None = None,
    roles: Mapping[str, str] | None = None,
) -> FillingForm:
    """A form over these blanks. ``values``: what is known already; ``demanded``: nothing may be left out.

    ``optional``: the clauses that may be kept or not, ``chosen`` the keys of those that are. ``others``: how many
    organisations besides the two parties are asked for, each in its block of fields. ``beside``: what the text says
    already, of which these answers are a part. ``roles``: what it calls its parties.
    """
    rows = list(blanks)
    taken = numbers_in(beside or {}, but={blank.name for blank in rows})
    known = {b.name: _shown(b, (values or {})[b.name]) for b in rows if is_filled((values or {}).get(b.name))}
    known[CHOSEN] = list(chosen)
    return FillingForm(
        data,
        initial=known,
        blanks=rows,
        optional=list(optional),
        demanded=demanded,
        others=others,
        taken=taken,
        roles=roles,
    )


def numbers_in(values: Mapping[str, Any], *, but: Container[str]) -> list[str]:
    """The numbers of enterprise that a text says of its parties, ``but`` those of these blanks."""
    names = [v.name for v in CATALOGUE if v.check == "neq" and v.name not in but]
    return [number for name in names if (number := values.get(name)) and number != NONE]


def typed_in(query: QueryDict, blanks: Iterable[Blank]) -> dict[str, Any]:
    """What an address says of these blanks, as if it had been typed; the form says later what it cannot read."""
    found: dict[str, Any] = {}
    for blank in blanks:
        if texts := [text.strip() for text in query.getlist(blank.name) if text.strip()]:
            found[blank.name] = "\n".join(texts)[:LONGEST_TEXT] if blank.type == "list" else texts[-1][:LONGEST_TEXT]
    return found


def _kept(blank: Blank, value: Any) -> Any:
    """An answer of the form, as JSON keeps it."""
    if not is_filled(value):
        return None
    if isinstance(value, datetime.time):
        return value.strftime("%H:%M")
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, Decimal):
        if blank.type == "money":
            return f"{value:.2f}"
        return int(value) if value == value.to_integral_value() else float(value)
    if blank.type == "bool":
        return value == YES
    return value.replace("\r\n", "\n") if isinstance(value, str) else value


def _shown(blank: Blank, value: Any) -> Any:
    """A kept answer (or what an address says), as the form shows it."""
    if isinstance(value, bool):
        return YES if value else NO
    if blank.type in ("number", "money"):
        return str(value).removesuffix(".00").replace(".", ",")
    return list(value) if isinstance(value, tuple) else value


def theme_title(key: str, roles: Mapping[str, str]) -> str:
    """A theme, its party called as the text does."""
    party = key.removesuffix(".")
    title = str(dict(_THEMES)[key])
    if party not in roles:
        return title
    return str(capfirst(roles[party])) if key.endswith(".") else _("Ce que sait %(who)s") % {"who": roles[party]}


def _theme(blank: Blank) -> str:
    if "." in blank.name:
        prefix = blank.name.split(".")[0] + "."
        return prefix if any(prefix == key for key, _title in _THEMES) else "."
    return blank.asked_of if any(blank.asked_of == key for key, _title in _THEMES) else ""
