"""What the portal knows of a loan, as the values of an agreement: read where the catalogue says (toolbox/variables.py).

What is not known is left out: it is asked of the party that knows it.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils.translation import gettext as _

from directory.models import Kind, Membership, Organisation, Resource
from directory.models.kinds import Accessibility
from directory.taxonomies import territories
from loans import recurrence
from loans.models import Loan, Proposal, Side
from mutualisation.kernel.moments import Period, day_in_words, span, wall
from mutualisation.kernel.moments import in_words as period_words
from mutualisation.kernel.publication import Status
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
        if agreed.resource_id != loan.resource_id:
            places = Resource.objects.select_related("category", "territory")
            loan.resource = places.defer("search", "territory__outline").get(pk=agreed.resource_id)
        loan.quantity, loan.conditions, periods = agreed.quantity, agreed.conditions, list(agreed.periods)
        loan.starts_at, loan.ends_at = periods[0].lower, max(p.upper for p in periods)
    found = {
        **_parties(loan),
        **_resource(loan.resource, loan.lender),
        **_when(loan, periods),
        **_loan(loan),
        **_around(loan.lender),
        "entente.numero": number,
    }
    return {name: value for name, value in found.items() if is_filled(value)}


def sides_that_know(blank: Blank) -> tuple[str, ...]:
    """Of which side a blank is asked; of both when they agree on it."""
    if blank.from_portal:
        return (Side.BORROWER,) if blank.name.startswith(_BORROWER_KNOWS) else (Side.LENDER,)
    known = {"preteur": (Side.LENDER,), "emprunteur": (Side.BORROWER,), "personne": (Side.LENDER,)}
    return known.get(blank.asked_of, (Side.LENDER, Side.BORROWER))


def _parties(loan: Loan) -> dict[str, Any]:
    found: dict[str, Any] = {}
    mandates = Membership.objects.filter(
        organisation__in=[loan.lender_id, loan.borrower_id], is_signatory=True, user__is_active=True
    ).select_related("user")
    signatories = list(mandates.order_by("resolution_on", "id"))
    for key, organisation in (("preteur", loan.lender), ("emprunteur", loan.borrower)):
        found |= {
            f"{key}.nom": organisation.name,
            f"{key}.neq": organisation.neq,
            f"{key}.adresse": _address(organisation),
            f"{key}.courriel": organisation.email,
            f"{key}.signataires": [_signatory(m) for m in signatories if m.organisation_id == organisation.pk],
        }
    return found


def _signatory(mandate: Membership) -> str:
    """« Camille Exemple, direction générale (résolution du 12 mars 2026) »."""
    who = ", ".join(filter(None, [str(mandate.user), mandate.user.function]))
    assert mandate.resolution_on  # the database demands it of a signatory
    return _("%(who)s (résolution du %(day)s)") % {"who": who, "day": day_in_words(mandate.resolution_on, "j F Y")}


def _address(organisation: Organisation) -> str:
    """Empty while the civic address is not known: a municipality alone is not where a notice is sent."""
    if not organisation.address:
        return ""
    place = " ".join(filter(None, [organisation.territory.name, organisation.postal_code]))
    return f"{organisation.address}, {place}"


def _money(amount: Decimal | None) -> str:
    return "" if amount is None else f"{amount:.2f}"


def _resource(resource: Resource, owner: Organisation) -> dict[str, Any]:
    where = resource.address
    if not where and owner.territory_id == resource.territory_id:
        where = owner.address
    known: dict[str, Any] = {
        "ressource.nom": resource.name,
        "ressource.categorie": resource.category.name,
        "ressource.description": resource.description or resource.summary,
        "ressource.marque": resource.brand_model,
        "ressource.accessoires": resource.accessories,
        "ressource.etat": resource.get_condition_display() if resource.condition else "",
        "ressource.valeur": _money(resource.replacement_value),
        "ressource.lieu": ", ".join(filter(None, [where, resource.territory.name])),
        "exigences.assurance": resource.insurance_required,
        "exigences.formation": resource.training_required,
        "exigences.permis": resource.license_required,
    }
    if resource.kind == Kind.LOCAUX:
        said = dict(Accessibility.choices)
        known |= {
            "local.capacite": resource.capacity_standing or resource.capacity_seated,
            "local.superficie": resource.area_m2,
            "local.equipement": list(resource.equipment),
            "local.accessibilite": [str(said.get(code, code)) for code in resource.accessibility],
        }
    elif resource.kind == Kind.EXPERTISE:
        known["expertise.forme"] = resource.get_format_display() if resource.format else ""
        known["expertise.heures"] = resource.hours_offered
    elif resource.kind == Kind.HUMAIN:
        known["personne.fonction"] = resource.name
        known["personne.taches"] = resource.tasks
        known["personne.horaire"] = resource.schedule
    return known


def _loan(loan: Loan) -> dict[str, Any]:
    known: dict[str, Any] = {
        "pret.usage": loan.purpose,
        "pret.quantite": loan.quantity,
        "pret.remise": loan.get_handling_display() if loan.handling else "",
        "pret.conditions": loan.conditions,
        "cout.mode": loan.cost_mode,
        "cout.montant": _money(loan.price),
        "cout.unite": loan.price_unit,
        "cout.depot": _money(loan.deposit),
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
    repeated = _repeated(periods, loan.recurrence) if len(periods) > 1 else ""
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
    return {
        "periode.en_mots": said,
        "periode.recurrence_en_mots": repeated,
        "periode.debut_date": first.date().isoformat(),
        "periode.debut_heure": first.strftime("%H:%M"),
        "periode.fin_date": last.date().isoformat(),
        "periode.fin_heure": last.strftime("%H:%M"),
    }


def _repeated(periods: list[Period], rule: dict[str, Any] | None) -> str:
    """« les mardis de 18 h à 21 h, jusqu’au 30 mars 2027, sauf le 2 mars »; empty when dates no longer follow it."""
    if not rule:
        return ""
    try:
        said = recurrence.read(rule)
        planned = recurrence.expand(periods[0], said)
    except (ValidationError, KeyError, ValueError):
        return ""
    starts = {p.lower for p in planned}
    if not starts.issuperset(p.lower for p in periods):
        return ""
    held = {p.lower for p in periods}
    ends = max(held)
    missed = [wall(p.lower) for p in planned if p.lower not in held and p.lower < ends]
    words = recurrence.in_words(periods[0], {**rule, "until": wall(ends).date().isoformat()})
    words = words[:1].lower() + words[1:]
    if missed:
        days = [day_in_words(day, "j F Y") for day in missed]
        except_for = _(" et ").join(filter(None, [", ".join(f"le {d}" for d in days[:-1]), f"le {days[-1]}"]))
        words = _("%(words)s, sauf %(days)s") % {"words": words, "days": except_for}
    return words


def _around(lender: Organisation) -> dict[str, Any]:
    """The territory, the network of its organisations that offers mediation, the judicial district."""
    above = territories().above(lender.territory_id)
    mrc = next((node for node in above if node.kind == "mrc"), None)
    around = territories().within([mrc.slug]) if mrc else [lender.territory_id]
    networks = Organisation.objects.filter(is_network=True, status=Status.PUBLISHED)
    near = networks.filter(
        Q(served_territories__in=[node.id for node in above]) | Q(territory__in=around)
    ).exclude(pk=lender.pk)  # fmt: skip
    names = list(near.order_by("pk").values_list("name", flat=True).distinct()[:1])
    return {
        "portail.nom": settings.PORTAL_NAME,
        "territoire.nom": f"MRC {_of(mrc.name)}" if mrc else lender.territory.name,
        "cdc.nom": names[0] if names else "",
        "district.judiciaire": next(
            (settings.JUDICIAL_DISTRICTS[n.slug] for n in above if n.slug in settings.JUDICIAL_DISTRICTS), ""
        ),
    }


def _of(name: str) -> str:
    """« de Beauharnois-Salaberry », « du Haut-Saint-Laurent », « des Jardins-de-Napierville », « d’Acton »."""
    for article, said in (("Les ", "des "), ("Le ", "du "), ("La ", "de La "), ("L’", "de L’")):
        if name.startswith(article):
            return said + name.removeprefix(article)
    return f"d’{name}" if name[:1].lower() in "aeéèêiîoôuy" else f"de {name}"
