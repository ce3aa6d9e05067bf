"""What the portal knows of an organisation or of a resource, as the values of an agreement; how a text names one more.

What is not known is left out: it is asked of the party that knows it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import reduce
from operator import or_
from typing import Any

from django.conf import settings
from django.db.models import Case, Q, When
from django.utils.translation import gettext as _

from directory.models import Kind, Membership, Organisation, Resource
from directory.models.kinds import Accessibility
from directory.taxonomies import territories
from mutualisation.kernel.moments import day_in_words
from mutualisation.kernel.publication import Status


def of_organisation(party: str, organisation: Organisation, signatories: Iterable[str] = ()) -> dict[str, Any]:
    """A party (« preteur », « emprunteur »), as the catalogue names what is said of it."""
    return {
        f"{party}.nom": organisation.name,
        f"{party}.neq": organisation.neq,
        f"{party}.adresse": address_of(organisation),
        f"{party}.courriel": organisation.email,
        f"{party}.signataires": list(signatories),
    }


def signatories_of(*organisations: int) -> dict[int, list[str]]:
    """Who may sign for each: « Camille Exemple, direction générale (résolution du 12 mars 2026) ». One query."""
    mandates = Membership.objects.filter(organisation__in=organisations, is_signatory=True, user__is_active=True)
    found: dict[int, list[str]] = {pk: [] for pk in organisations}
    for mandate in mandates.select_related("user").order_by("resolution_on", "id"):
        who = ", ".join(filter(None, [str(mandate.user), mandate.user.function]))
        assert mandate.resolution_on  # the database demands it of a signatory
        said = _("%(who)s (résolution du %(day)s)")
        day = day_in_words(mandate.resolution_on, "j F Y")
        found[mandate.organisation_id].append(said % {"who": who, "day": day})
    return found


def address_of(organisation: Organisation) -> str:
    """Empty while the civic address is not known: a municipality alone is not where a notice is sent."""
    if not organisation.address:
        return ""
    place = " ".join(filter(None, [organisation.territory.name, organisation.postal_code]))
    return f"{organisation.address}, {place}"


def money(amount: Decimal | None) -> str:
    return "" if amount is None else f"{amount:.2f}"


def of_resource(resource: Resource, owner: Organisation) -> dict[str, Any]:
    """The thing that is shared, of whichever kind."""
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
        "ressource.valeur": money(resource.replacement_value),
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


def asked_for(resource: Resource) -> dict[str, Any]:
    """What whoever borrows it is told it takes: the listing's terms, before any loan says its own."""
    return {
        "cout.mode": resource.cost_mode,
        "cout.montant": money(resource.price),
        "cout.unite": resource.price_unit,
        "cout.depot": money(resource.deposit),
        "pret.conditions": resource.conditions,
        "personne.part_de_temps": resource.time_share,
    }


def around(lender: Organisation, borrower: Organisation | None = None) -> dict[str, Any]:
    """The territory, the judicial district, the network that accompanies the parties and offers mediation. One query.

    The network is the lender's, the borrower's where there is none; never one of them: nobody mediates its own case.
    """
    above = territories().above(lender.territory_id)
    mrc = next((node for node in above if node.kind == "mrc"), None)
    parties = [lender, *([borrower] if borrower else [])]
    near = [_accompany(party.territory_id) for party in parties]
    networks = Organisation.objects.filter(reduce(or_, near), is_network=True, status=Status.PUBLISHED)
    networks = networks.exclude(pk__in=[party.pk for party in parties])
    closest = Case(*(When(where, then=n) for n, where in enumerate(near)))
    names = networks.order_by(closest, "pk").values_list("name", flat=True)[:1]
    return {
        "portail.nom": settings.PORTAL_NAME,
        "territoire.nom": f"MRC {_of(mrc.name)}" if mrc else lender.territory.name,
        "cdc.nom": next(iter(names), ""),
        "district.judiciaire": district_of(node.slug for node in above),
    }


def _accompany(territory: int) -> Q:
    """The organisations that serve a place, or that are in its MRC."""
    above = territories().above(territory)
    mrc = next((node for node in above if node.kind == "mrc"), None)
    within = territories().within([mrc.slug]) if mrc else [territory]
    return Q(served_territories__in=[node.id for node in above]) | Q(territory__in=within)


def district_of(slugs: Iterable[str]) -> str:
    """The judicial district of these places, the nearest first; empty when the settings don't say."""
    return next((settings.JUDICIAL_DISTRICTS[slug] for slug in slugs if slug in settings.JUDICIAL_DISTRICTS), "")


def _of(name: str) -> str:
    """« de Beauharnois-Salaberry », « du Haut-Saint-Laurent », « des Jardins-de-Napierville », « d’Acton »."""
    for article, said in (("Les ", "des "), ("Le ", "du "), ("La ", "de La "), ("L’", "de L’")):
        if name.startswith(article):
            return said + name.removeprefix(article)
    return f"d’{name}" if name[:1].lower() in "aeéèêiîoôuy" else f"de {name}"


# ---- one more organisation, on one line of a list

PIECES = ("nom", "neq", "adresse", "signe")
_LINE = re.compile(
    r"(?P<nom>.*?)(?: \(numéro d’entreprise du Québec\s: (?P<neq>[^)]*)\))?(?:, dont l’adresse est (?P<adresse>.*?))?"
    r"(?:; signe en son nom\s: (?P<signe>.*))?$"
)


def line_of(pieces: Mapping[str, str]) -> str:
    """« La Marmite (numéro d’entreprise du Québec : 1100000025), dont l’adresse est …; signe en son nom : … »."""
    shapes = (" (numéro d’entreprise du Québec\u00a0: {})", ", dont l’adresse est {}", "; signe en son nom\u00a0: {}")
    said = [shape.format(pieces[key]) for key, shape in zip(PIECES[1:], shapes, strict=True) if pieces.get(key)]
    return pieces.get("nom", "") + "".join(said)


def pieces_of(line: str) -> dict[str, str]:
    """What such a line says; one that was written otherwise is a name."""
    found = _LINE.fullmatch(line.strip())
    return {key: (found[key] or "").strip() for key in PIECES} if found else {"nom": line.strip()}
