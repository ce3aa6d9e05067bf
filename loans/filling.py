"""What the portal knows of a loan, as the values of an agreement: read where the catalogue says (toolbox/variables.py).

What is not known is left out: it is asked of the party that knows it.
"""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from directory.models import Kind, Resource
from loans import recurrence
from loans.models import Loan, Proposal, Side
from mutualisation.kernel.moments import Period, day_in_words, span, wall
from mutualisation.kernel.moments import in_words as period_words
from mutualisation.kernel.paper import printable
from toolbox import facts
from toolbox.composing import Blank
from toolbox.conditions import is_filled

# Of what the portal happens not to know, this is asked of the borrower; the rest, of the lender.
_BORROWER_KNOWS = ("emprunteur.", "personne.superviseur", "pret.usage")


def values(loan: Loan, number: str = "", *, agreed: Proposal | None = None) -> dict[str, Any]:
    """Everything the portal knows, as ``toolbox.composing`` keeps it. Four queries, whatever the loan.

    ``agreed``: as it would be once this change, agreed on but not signed, takes effect.
    """
    rows = Loan.objects.select_related("resource__category", "resource__territory", "lender__territory",
                                       "borrower__territory").defer(
        "resource__search", "lender__search", "borrower__search", "lender__description", "borrower__description",
        "resource__territory__outline", "lender__territory__outline", "borrower__territory__outline",
    )  # fmt: skip
    loan = rows.get(pk=loan.pk)
    periods = [d.period for d in loan.dates.filter(cancelled_at__isnull=True).order_by("period", "id")]
    if agreed:
        resource = loan.resource
        if agreed.resource_id != loan.resource_id:
            places = Resource.objects.select_related("category", "territory")
            resource = places.defer("search", "territory__outline").get(pk=agreed.resource_id)
        for name, value in (agreed.terms() | {"resource": resource}).items():
            setattr(loan, name, value)
        periods = list(agreed.periods)
    found = {
        **_parties(loan),
        **facts.of_resource(loan.resource, loan.lender),
        **_when(loan, periods),
        **_loan(loan),
        **facts.around(loan.lender, loan.borrower),
        "entente.numero": number,
    }
    return {name: _printable(value) for name, value in found.items() if is_filled(value)}


def _printable(value: Any) -> Any:
    """What the portal knows, said the same on every page and in every document."""
    if isinstance(value, list):
        return [_printable(one) for one in value]
    return printable(value) if isinstance(value, str) else value


def sides_that_know(blank: Blank) -> tuple[str, ...]:
    """Of which side a blank is asked; of both when they agree on it."""
    if blank.from_portal:
        return (Side.BORROWER,) if blank.name.startswith(_BORROWER_KNOWS) else (Side.LENDER,)
    known = {"preteur": (Side.LENDER,), "emprunteur": (Side.BORROWER,), "personne": (Side.LENDER,)}
    return known.get(blank.asked_of, (Side.LENDER, Side.BORROWER))


def _parties(loan: Loan) -> dict[str, Any]:
    people = facts.signatories_of(loan.lender_id, loan.borrower_id)
    lender = facts.of_organisation("preteur", loan.lender, people[loan.lender_id])
    return lender | facts.of_organisation("emprunteur", loan.borrower, people[loan.borrower_id])


def _loan(loan: Loan) -> dict[str, Any]:
    known: dict[str, Any] = {
        "pret.usage": loan.purpose,
        "pret.quantite": loan.quantity,
        "pret.remise": loan.get_handling_display() if loan.handling else "",
        "pret.conditions": loan.conditions,
        "cout.mode": loan.cost_mode,
        "cout.montant": facts.money(loan.price),
        "cout.unite": loan.price_unit,
        "cout.depot": facts.money(loan.deposit),
    }
    if loan.resource.kind == Kind.HUMAIN:
        known |= {
            "personne.nom": loan.worker,
            "personne.superviseur": loan.supervisor,
            "personne.part_de_temps": loan.time_share or loan.resource.time_share,
            "personne.essai_fin": loan.trial_ends_on.isoformat() if loan.trial_ends_on else "",
            "personne.consentement_date": loan.consent_on.isoformat() if loan.consent_on else "",
        }
    return known


def _when(loan: Loan, periods: list[Period]) -> dict[str, Any]:
    first, last = wall(loan.starts_at), wall(loan.ends_at)
    repeated = recurrence.series_in_words(periods, loan.recurrence, most=recurrence.AT_MOST) if len(periods) > 1 else ""
    if not periods:
        said = period_words(span(loan.starts_at, loan.ends_at))
    elif len(periods) == 1:
        said = period_words(periods[0])
    elif repeated:
        said = _("à %(n)d dates, du %(first)s au %(last)s") % {
            "n": len(periods), "first": day_in_words(first), "last": day_in_words(wall(periods[-1].lower)),
        }  # fmt: skip
    else:
        said = _("aux dates suivantes : %(dates)s") % {"dates": "; ".join(period_words(p) for p in periods)}
    repeated = repeated[:1].lower() + repeated[1:]
    # the week that the listing offers says nothing of a loan whose dates have their own hours
    own = loan.resource.kind == Kind.HUMAIN and periods and recurrence.within_days(periods)
    return {
        **({"personne.horaire": repeated or said} if own else {}),
        "periode.en_mots": said,
        "periode.recurrence_en_mots": repeated,
        "periode.debut_date": first.date().isoformat(),
        "periode.debut_heure": first.strftime("%H:%M"),
        "periode.fin_date": last.date().isoformat(),
        "periode.fin_heure": last.strftime("%H:%M"),
    }
