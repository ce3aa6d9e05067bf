"""What was answered in earlier agreements, offered again in the next: to read over and correct.

Only its own answers, never another organisation's: of itself from any agreement, of a resource from those of that
resource, of the usual delays from those of the same model.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from loans.models import Agreement, AgreementVersion, Loan, Side
from loans.permissions import PARTY_OF, organisation_of
from toolbox.composing import Blank, blanks_of, optional_keys
from toolbox.conditions import is_filled
from toolbox.models import Edition
from toolbox.variables import NONE

AGREEMENTS = 12  # as far back as one looks
_PARTY = re.compile(r"preteur|emprunteur")
# « preteur.neq », « emprunteur_liaison », « responsable_preteur » say something of a party, whichever side it is on.
_OF_ITSELF = re.compile(r"(?:preteur|emprunteur)[._]\w+|\w+_(?:preteur|emprunteur)")
_ITS_HABITS = ("rc_montant", "destruction_methode", "mesures", "equipement_protection", "formation_sst")
_DELAYS = re.compile(r"(?:delai_|bilan_|preavis_)\w+|\w+_jours")
_OF_RESOURCE = ("ressource.", "local.", "expertise.", "exigences.")
# What the portal writes anew for each text, even to say nothing.
_OF_THAT_TEXT = ("entente.", "periode.", "pret.conditions")
# Said of one person, of one occasion: what held then says nothing of now.
_NEVER = re.compile(
    r"personne[._s].*|reflexion_jours|accord_syndicat_date|consentement_texte|pret\..*|periode\..*|cout\..*"
)


@dataclass(frozen=True)
class Earlier:
    """An answer and the number of the agreement that has it."""

    value: Any
    number: str


@dataclass(frozen=True)
class _Told:
    """What one side, the organisation, answered in one agreement."""

    number: str
    model: int
    resource: int
    values: dict[str, Any]


def answers(agreement: Agreement, side: str, blanks: Iterable[Blank]) -> dict[str, Earlier]:
    """For each of these blanks, the last answer of the organisation of this side that still says something. One query.

    Nothing of the blanks that are about this loan alone.
    """
    wanted = [blank for blank in blanks if not _NEVER.fullmatch(blank.name)]
    told = list(_told(agreement, side)) if wanted else []
    found: dict[str, Earlier] = {}
    for blank in wanted:
        said = next((e for one in told if (e := _said(blank, one, agreement, side))), None)
        if said:
            found[blank.name] = said
    return found


def of_loan(loan: Loan, edition: Edition) -> tuple[dict[str, Any], list[str]]:
    """What was said in an earlier agreement of this loan that did not hold: nobody types it twice."""
    rows = loan.agreements.filter(amends__isnull=True, edition__model=edition.model_id).select_related("edition")
    ended = rows.order_by("-id").first()
    if ended is None:
        return {}, []
    ended.loan = loan
    return of_ended(ended, edition)


def of_ended(agreement: Agreement, edition: Edition) -> tuple[dict[str, Any], list[str]]:
    """What an agreement said that still holds in the next one of its loan: its answers, its optional clauses."""
    was = agreement.values.get("ressource.nom")
    another = was and was != agreement.loan.resource.name
    said = but_of_resource(agreement) if another else agreement.values
    names, keys = blanks_of(edition), optional_keys(edition)
    kept = {name: value for name, value in said.items() if name in names and not name.startswith(_OF_THAT_TEXT)}
    return kept, [key for key in agreement.chosen if key in keys]


def but_of_resource(agreement: Agreement) -> dict[str, Any]:
    """Its answers that still hold once another resource is lent."""
    gone = {name for name, blank in blanks_of(agreement.edition).items() if _is_of_resource(blank)}
    return {name: value for name, value in agreement.values.items() if name not in gone}


def _is_of_resource(blank: Blank) -> bool:
    if blank.from_portal:
        return blank.name.startswith(_OF_RESOURCE)
    habits = _OF_ITSELF.fullmatch(blank.name) or blank.name in _ITS_HABITS or _DELAYS.fullmatch(blank.name)
    return blank.asked_of == "preteur" and not habits


def authors(versions: Iterable[tuple[str, Mapping[str, Any]]]) -> dict[str, str]:
    """Which side last wrote each answer, from every writing (its side, its values), the oldest first."""
    wrote: dict[str, str] = {}
    before: Mapping[str, Any] = {}
    for side, values in versions:
        wrote |= {name: side for name, value in values.items() if value != before.get(name)}
        before = values
    return wrote


def contradicted(agreement: Agreement, side: str, number: str) -> str:
    """The sentence that says that its organisation gave another number of enterprise before; empty otherwise."""
    name = f"{PARTY_OF[side]}.neq"
    before = answers(agreement, side, [Blank(name, "", "text", from_portal=True)]).get(name)
    if not number or before is None or before.value in (number, NONE):
        return ""
    said = _("%(who)s a donné un autre NEQ dans l’entente %(agreement)s : %(before)s. Ici, c’est %(now)s. "
             "Vérifiez lequel est le bon.")  # fmt: skip
    if number == NONE:
        said = _("%(who)s a donné un NEQ dans l’entente %(agreement)s : %(before)s. Ici, vous dites qu’il n’y en a "
                 "pas. Vérifiez.")  # fmt: skip
    who = organisation_of(agreement.loan, side).name
    return said % {"who": who, "agreement": before.number, "before": before.value, "now": number}


def _said(blank: Blank, told: _Told, agreement: Agreement, side: str) -> Earlier | None:
    names = [blank.name]
    if _OF_ITSELF.fullmatch(blank.name):
        names += [_PARTY.sub(party, blank.name) for party in ("preteur", "emprunteur")]
    elif not _about(blank, told, agreement, side):
        return None
    value = next((told.values[name] for name in names if is_filled(told.values.get(name))), None)
    if value is None or isinstance(value, list) != (blank.type == "list"):
        return None
    return Earlier(value, told.number)


def _about(blank: Blank, told: _Told, agreement: Agreement, side: str) -> bool:
    """Whether what this agreement says of a blank holds for another one."""
    same_resource = told.resource == agreement.loan.resource_id
    if blank.from_portal:
        return same_resource and side == Side.LENDER and blank.name.startswith(_OF_RESOURCE)
    if blank.name in _ITS_HABITS:
        return True
    if told.model != agreement.edition.model_id:
        return False
    if blank.asked_of in ("preteur", "emprunteur"):
        return same_resource and blank.asked_of == "preteur"
    return bool(_DELAYS.fullmatch(blank.name))


def _told(agreement: Agreement, side: str) -> Iterator[_Told]:
    """Its answers in its other agreements, the newest first."""
    ours = agreement.loan.lender_id if side == Side.LENDER else agreement.loan.borrower_id
    mine = Q(loan__lender=ours) | Q(loan__borrower=ours)
    last = Agreement.objects.filter(mine, amends__isnull=True).exclude(pk=agreement.pk).order_by("-id")
    rows = AgreementVersion.objects.filter(agreement__in=last.values("pk")[:AGREEMENTS])
    loan = "agreement__loan__"
    versions: dict[int, list[dict[str, Any]]] = {}
    for row in rows.order_by("-agreement_id", "number").values(
        "agreement_id", "agreement__number", "agreement__edition__model_id", "side", "values",
        f"{loan}resource_id", f"{loan}lender_id", f"{loan}borrower_id",
    ):  # fmt: skip
        versions.setdefault(row["agreement_id"], []).append(row)
    for written in versions.values():
        row = written[-1]
        sides = [
            s for s, name in ((Side.LENDER, "lender_id"), (Side.BORROWER, "borrower_id")) if row[loan + name] == ours
        ]
        yield _Told(
            row["agreement__number"],
            row["agreement__edition__model_id"],
            row[f"{loan}resource_id"],
            _own(written, sides),
        )


def _own(written: list[dict[str, Any]], sides: list[Side]) -> dict[str, Any]:
    """Of the last version, what these sides wrote themselves."""
    wrote = authors((row["side"], row["values"]) for row in written)
    return {name: value for name, value in written[-1]["values"].items() if wrote[name] in sides}
