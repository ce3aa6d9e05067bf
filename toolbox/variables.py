"""The catalogue of variables: what the portal knows and writes by itself into an agreement.

A clause names one between double brackets, alone: ``[[preteur.nom]]``. What the portal happens not to know (a NEQ never
given, a brand) is asked of the party that knows it before the text freezes; a variable is thus never printed empty. A
model adds its own under names without a dot. ``list`` and ``long`` stand alone in their paragraph.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from directory.models import Kind
from directory.models.resource import CostMode

TYPES = ("text", "long", "date", "time", "number", "money", "choice", "bool", "list")
NONE = "aucun"  # said of a number of the register that an organisation does not have
# A number of the register of enterprises; organisations that sign too, one a line; shares that make a whole.
CHECKS = ("neq", "organisations", "shares")
# When a variable has a value by the time a text freezes, in the agreements of one kind.
KNOWN, SOMETIMES, UNKNOWN = "known", "sometimes", "unknown"
LENT = tuple(Kind.values)


@dataclass(frozen=True)
class Variable:
    """One thing the portal knows: its name in clauses, its label, its type, where it is read, a value for previews.

    ``check``: what an answer must be (see CHECKS); ``least``: of what is counted one by one, the least; ``most``: the
    largest plausible number; ``after``: the variable whose date comes first. ``kinds``: the kinds of sharing that have
    it, all of them when empty; ``always``: the portal knows it of each of these.
    """

    name: str
    label: str | Promise
    type: str
    where_from: str
    sample: Any
    choices: tuple[tuple[str, Any], ...] = ()
    check: str = ""
    least: int | None = None
    most: int | None = None
    after: str = ""
    kinds: tuple[str, ...] = ()
    always: bool = False

    def known_in(self, kind: str) -> str:
        """Whether the portal knows it in agreements of this kind; those of no loan ask for what it does not."""
        if self.kinds and kind not in self.kinds:
            return UNKNOWN if kind in LENT else SOMETIMES
        return KNOWN if self.always else SOMETIMES


CATALOGUE: tuple[Variable, ...] = (
    # who lends
    Variable("preteur.nom", _("Nom légal du prêteur"), "text", "loan.lender.name", "Carrefour du Canal", always=True),
    Variable("preteur.neq", _("NEQ du prêteur"), "text", "loan.lender.neq", "1100000017", check="neq"),
    Variable(
        "preteur.adresse", _("Adresse du prêteur"), "text", "loan.lender.address, territory, postal_code",
        "120, rue du Vieux-Moulin, Salaberry-de-Valleyfield J6T 2K4",
    ),
    Variable(
        "preteur.courriel", _("Courriel du prêteur"), "text", "loan.lender.email", "info@carrefour-du-canal.example",
    ),
    Variable(
        "preteur.signataires", _("Signataires autorisés du prêteur"), "list",
        "loan.lender.memberships signatories: name, function, resolution_on",
        ("Camille Exemple, direction générale (résolution du 12 mars 2026)",),
    ),
    # who borrows
    Variable(
        "emprunteur.nom", _("Nom légal de l’emprunteur"), "text", "loan.borrower.name", "La Marmite solidaire",
        always=True,
    ),
    Variable(
        "emprunteur.neq", _("NEQ de l’emprunteur"), "text", "loan.borrower.neq", "1100000025", check="neq",
    ),
    Variable(
        "emprunteur.adresse", _("Adresse de l’emprunteur"), "text", "loan.borrower.address, territory, postal_code",
        "8, rue des Érables, Châteauguay J6J 1A1",
    ),
    Variable(
        "emprunteur.courriel", _("Courriel de l’emprunteur"), "text", "loan.borrower.email",
        "bonjour@marmite-solidaire.example",
    ),
    Variable(
        "emprunteur.signataires", _("Signataires autorisés de l’emprunteur"), "list",
        "loan.borrower.memberships signatories: name, function, resolution_on",
        ("Dominique Exemple, présidence (résolution du 4 mai 2026)",),
    ),
    # what
    Variable(
        "ressource.nom", _("Nom de la ressource"), "text", "loan.resource.name", "Tente de 6 m sur 6 m",
        kinds=LENT, always=True,
    ),
    Variable(
        "ressource.categorie", _("Catégorie de la ressource"), "text", "loan.resource.category.name",
        "Tentes et chapiteaux", kinds=LENT, always=True,
    ),
    Variable(
        "ressource.description", _("Description de la ressource"), "long", "loan.resource.description, else summary",
        "Tente blanche à montage rapide, pour une quarantaine de personnes debout.", kinds=LENT, always=True,
    ),
    Variable(
        "ressource.marque", _("Marque et modèle"), "text", "loan.resource.brand_model", "Abri-Plus 66, série 2024",
        kinds=(Kind.MATERIEL,),
    ),
    Variable(
        "ressource.accessoires", _("Accessoires compris"), "long", "loan.resource.accessories",
        "Quatre murs, huit poids de 10 kg, deux sacs de transport.", kinds=(Kind.MATERIEL,),
    ),
    Variable(
        "ressource.etat", _("État déclaré"), "text", "loan.resource.get_condition_display", "très bon",
        kinds=(Kind.MATERIEL,),
    ),
    Variable(
        "ressource.valeur", _("Valeur de remplacement"), "money", "loan.resource.replacement_value", Decimal("1800.00"),
    ),
    Variable(
        "ressource.lieu", _("Lieu de la ressource"), "text",
        "loan.resource.territory and its organisation's address; for premises, where they are",
        "120, rue du Vieux-Moulin, Salaberry-de-Valleyfield", kinds=LENT, always=True,
    ),
    # premises
    Variable(
        "local.capacite", _("Capacité (personnes)"), "number", "loan.resource.capacity_standing, else seated", 80,
        least=1, most=50_000, kinds=(Kind.LOCAUX,),
    ),
    Variable(
        "local.superficie", _("Surface (m²)"), "number", "loan.resource.area_m2", 96, most=100_000,
        kinds=(Kind.LOCAUX,),
    ),
    Variable(
        "local.equipement", _("Équipement sur place"), "list", "loan.resource.equipment",
        ("40 chaises", "10 tables", "projecteur et écran"), kinds=(Kind.LOCAUX,),
    ),
    Variable(
        "local.accessibilite", _("Accessibilité déclarée"), "list", "loan.resource.accessibility, in words",
        ("Entrée sans marche", "Toilette adaptée"), kinds=(Kind.LOCAUX,),
    ),
    # expertise
    Variable(
        "expertise.forme", _("Forme de l’expertise"), "text", "loan.resource.get_format_display", "formation",
        kinds=(Kind.EXPERTISE,),
    ),
    Variable(
        "expertise.heures", _("Heures offertes"), "number", "loan.resource.hours_offered", 12, most=2_000,
        kinds=(Kind.EXPERTISE,),
    ),
    # a person lent: named between the two organisations only
    Variable(
        "personne.nom", _("Nom de la personne prêtée"), "text", "loan.worker", "Maxime Exemple", kinds=(Kind.HUMAIN,),
    ),
    Variable(
        "personne.fonction", _("Fonction prêtée"), "text", "loan.resource.name", "Agente ou agent de communication",
        kinds=(Kind.HUMAIN,), always=True,
    ),
    Variable(
        "personne.taches", _("Tâches confiées"), "long", "loan.resource.tasks",
        "Infolettre mensuelle, réseaux sociaux, affiches des activités.", kinds=(Kind.HUMAIN,),
    ),
    Variable(
        "personne.horaire", _("Horaire"), "text", "loan.resource.schedule", "les mardis et mercredis, 9 h à 17 h",
        kinds=(Kind.HUMAIN,),
    ),
    Variable(
        "personne.superviseur", _("Qui encadre sur place"), "text", "loan.supervisor", "Alex Exemple, coordination",
        kinds=(Kind.HUMAIN,),
    ),
    Variable(
        "personne.part_de_temps", _("Part de temps"), "text", "loan.time_share, else resource.time_share",
        "deux jours par semaine", kinds=(Kind.HUMAIN,),
    ),
    Variable(
        "personne.essai_fin", _("Fin de l’essai"), "date", "loan.trial_ends_on", datetime.date(2027, 2, 26),
        kinds=(Kind.HUMAIN,),
    ),
    Variable(
        "personne.consentement_date", _("Date du consentement de la personne"), "date", "loan.consent_on",
        datetime.date(2026, 11, 16), kinds=(Kind.HUMAIN,),
    ),
    # when
    Variable(
        "periode.en_mots", _("Période, en mots"), "text", "loan.dates, in words",
        "du vendredi 15 janvier 2027 à 9 h au dimanche 17 janvier 2027 à 17 h", kinds=LENT, always=True,
    ),
    Variable(
        "periode.debut_date", _("Date de début"), "date", "loan.starts_at", datetime.date(2027, 1, 15),
        kinds=LENT, always=True,
    ),
    Variable(
        "periode.debut_heure", _("Heure de début"), "time", "loan.starts_at", datetime.time(9), kinds=LENT, always=True,
    ),
    Variable(
        "periode.fin_date", _("Date de fin"), "date", "loan.ends_at", datetime.date(2027, 1, 17),
        after="periode.debut_date", kinds=LENT, always=True,
    ),
    Variable(
        "periode.fin_heure", _("Heure de fin"), "time", "loan.ends_at", datetime.time(17), kinds=LENT, always=True,
    ),
    Variable(
        "periode.recurrence_en_mots", _("Répétition, en mots"), "text", "loan.recurrence, in words; empty: one date",
        "tous les mardis de 18 h à 21 h, du 12 janvier au 30 mars 2027, sauf le 2 mars",
    ),
    # how
    Variable(
        "pret.usage", _("Pour quoi faire"), "text", "loan.purpose", "la fête d’hiver du quartier",
        kinds=LENT, always=True,
    ),
    Variable("pret.quantite", _("Quantité"), "number", "loan.quantity", 1, most=100_000, kinds=LENT, always=True),
    Variable("pret.remise", _("Façon de remettre"), "text", "loan.get_handling_display", "on vient chercher"),
    Variable(
        "pret.conditions", _("Conditions convenues"), "long", "loan.conditions; empty: none",
        "La tente se replie sèche. Deux personnes pour le montage.",
    ),
    # money
    Variable(
        "cout.mode", _("Contrepartie"), "choice", "loan.cost_mode", "gratuit", choices=tuple(CostMode.choices),
        kinds=LENT, always=True,
    ),
    Variable("cout.montant", _("Montant"), "money", "loan.price; empty when free or exchanged", Decimal("40.00")),
    Variable("cout.unite", _("Unité du montant"), "text", "loan.price_unit", "la journée"),
    Variable("cout.depot", _("Dépôt de garantie"), "money", "loan.deposit; empty: none", Decimal("100.00")),
    # what is demanded
    Variable(
        "exigences.assurance", _("Assurance demandée"), "bool", "loan.resource.insurance_required", True,
        kinds=LENT, always=True,
    ),
    Variable(
        "exigences.formation", _("Formation demandée"), "bool", "loan.resource.training_required", False,
        kinds=LENT, always=True,
    ),
    Variable(
        "exigences.permis", _("Permis demandé"), "text", "loan.resource.license_required; empty: none",
        "permis de conduire de classe 5",
    ),
    # around
    Variable("portail.nom", _("Nom du portail"), "text", "settings.PORTAL_NAME", "Mutualisation", always=True),
    Variable(
        "territoire.nom", _("Territoire"), "text", "loan.lender.territory, its MRC", "MRC de Beauharnois-Salaberry",
        always=True,
    ),
    Variable(
        "cdc.nom", _("CDC qui offre la médiation"), "text",
        "the network of the lender's territory, else of the borrower's; neither of them", "CDC du territoire",
    ),
    Variable(
        "district.judiciaire", _("District judiciaire"), "text", "the lender's territory, by a table; else asked",
        "Beauharnois",
    ),
    Variable("entente.numero", _("Numéro de l’entente"), "text", "agreement.number", "2026-0042", always=True),
    Variable(
        "entente.date", _("Date du texte"), "date", "the day the text freezes", datetime.date(2026, 11, 21),
        always=True,
    ),
)  # fmt: skip
