"""The collective projects of the demonstration: one at each stage, with what partners bring, dated from today.

All of it is made by the verbs; only dates that are past are moved afterwards.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from directory.models import Membership, Need, Organisation, Territory
from loans.models import Loan
from projects import contributions, linking
from projects.models import ASIDE, Effect, Funding, Milestone, Nature, Part, Participation, Project, ProjectNeed
from projects.news import follow, tell
from projects.permissions import loans_to_link

CANAL, MARMITE = "carrefour-du-canal", "la-marmite-solidaire"
RECTO, RESERVE, FETE = "le-recto", "la-reserve-des-trois-lacs", "fete-au-village-de-sainte-martine"
VOISINS, ORMSTOWN, RADIO = "les-bons-voisins-du-mont", "entraide-ormstown", "radio-des-trois-lacs"
NEEDED = (CANAL, MARMITE, RECTO, RESERVE, FETE, VOISINS, ORMSTOWN, RADIO)


@dataclass(frozen=True)
class Told:
    """A project of the demonstration: who carries it, and where it stands."""

    slug: str
    carried_by: str
    stage: str
    title: str
    standfirst: str
    description: str
    stood_at: str = ""
    fields: tuple[tuple[str, Any], ...] = ()


PROJECTS = (
    Told(
        "garde-manger-qui-roule", CANAL, "experimentation", "Un garde-manger qui roule",
        "Une fourgonnette apporte chaque semaine des aliments et des plats dans quatre villages sans épicerie.",
        "Plusieurs familles font plus de trente kilomètres pour une pinte de lait. La Marmite cuisine, la Réserve "
        "fournit les surplus, le Carrefour tient la route et le calendrier.\n\nL’essai dure un hiver, dans quatre "
        "villages, les jeudis.",
        fields=(
            ("continuum", "mutualisation"), ("place", "Beauharnois-Salaberry et Haut-Saint-Laurent"),
            ("determinants", ["alimentation", "ancrage", "mobilite"]), ("budget", 68_000),
            ("drawing", "d-fourgonnette"),
            ("inclusion", "Les familles choisissent les produits et les arrêts; le prix dépend du revenu."),
            ("conditions", "Une fourgonnette réfrigérée, une cuisine aux normes, deux personnes qui conduisent."),
            ("actors", "Organismes d’entraide, municipalités rurales, producteurs."),
        ),
    ),
    Told(
        "cuisine-partagee-du-canal", MARMITE, "coconstruction", "Une cuisine partagée au bord du canal",
        "Trois organismes équipent ensemble une cuisine aux normes et se répartissent les plages horaires.",
        "Chacun loue sa cuisine au prix fort quelques heures par mois. Ensemble, on en aurait une tout le temps.",
        fields=(("continuum", "mutualisation"), ("place", "Salaberry-de-Valleyfield"), ("drawing", "d-cuisine"),
                ("determinants", ["alimentation", "employabilite"]), ("budget", 40_000)),
    ),
    Told(
        "releve-de-comptabilite", RECTO, "deploiement", "La relève en comptabilité",
        "Un poste de comptable partagé, et une personne formée dans chaque organisme pour prendre la relève.",
        "Quand la comptable s’absente, plus rien n’avance. Le poste existe depuis un an; il s’ouvre à d’autres.",
        fields=(("continuum", "collaboration"), ("place", "Vaudreuil-Soulanges"), ("drawing", "d-comptable"),
                ("determinants", ["employabilite", "mobilisation"])),
    ),
    Told(
        "radio-des-aines", RADIO, "perennisation", "Des voix d’ici à la radio",
        "Une émission préparée par des personnes aînées, avec les organismes qui les visitent.",
        "Trois saisons plus tard, l’émission se finance elle-même et trois organismes en décident ensemble.",
        fields=(("continuum", "mutualisation"), ("place", "Vaudreuil-Soulanges"), ("drawing", "d-sono"),
                ("determinants", ["participation", "culture"])),
    ),
    Told(
        "fete-des-voisins-a-plusieurs", FETE, "idee", "Une seule fête des voisins pour cinq villages",
        "Mettre en commun tentes, sono et bénévoles plutôt que tout acheter cinq fois.",
        "L’idée vient d’un souper : chaque village achète la même tente.",
        fields=(("place", "Beauharnois-Salaberry"), ("drawing", "d-tente"), ("determinants", ["ancrage"])),
    ),
    Told(
        "navette-du-mont", VOISINS, "en_pause", "La navette du Mont",
        "Un transport bénévole coordonné entre trois villages, pour les rendez-vous de santé.",
        "En pause le temps de trouver une assurance qui couvre les bénévoles.",
        stood_at="coconstruction",
        fields=(("place", "Le Haut-Saint-Laurent"), ("drawing", "d-fourgonnette"),
                ("determinants", ["mobilite", "sante"])),
    ),
    Told(
        "outils-d-hiver", ORMSTOWN, "termine", "Les outils d’hiver",
        "Un hiver de pelles, de souffleuses et de bras partagés entre voisins.",
        "Terminé au printemps : chaque rue a maintenant son responsable, et les outils restent prêtés par le portail.",
        stood_at="deploiement",
        fields=(("continuum", "pret"), ("place", "Ormstown"), ("drawing", "d-entrepot"), ("determinants", ["ancrage"])),
    ),
)  # fmt: skip


def day(days: int) -> datetime.date:
    return timezone.localdate() + datetime.timedelta(days=days)


@transaction.atomic
def build_together() -> None:
    """Once: a database that has demonstration projects, or not its organisations, is left alone."""
    organisations = {o.slug: o for o in Organisation.objects.filter(slug__in=NEEDED).defer("search")}
    people: dict[str, User] = {}
    for membership in Membership.objects.filter(organisation__in=organisations.values()).select_related("user"):
        people.setdefault(membership.organisation.slug, membership.user)
    if set(people) != set(NEEDED) or Project.objects.filter(is_demo=True).exists():
        return
    made = {told.slug: _project(told, organisations[told.carried_by], people[told.carried_by]) for told in PROJECTS}

    def join(slug: str, who: str, *roles: str, part: str = Part.PARTNERS, **said: Any) -> Participation:
        project = made[slug]
        offered = contributions.offer(
            project=project, organisation=organisations[who], part=part, roles=roles, by=people[who], **said
        )
        if offered.status == Participation.Status.OFFERED and not said.get("message", "").startswith("…"):
            contributions.answer(offered, welcome=True, by=people[project.organisation.slug])
        return offered

    _rolling_pantry(made["garde-manger-qui-roule"], join, people)
    _others(join, people)
    for told in PROJECTS:
        if told.stage != "idee":
            _stage(made[told.slug], told)


def _project(told: Told, organisation: Organisation, by: User) -> Project:
    now = timezone.now()
    fields = {"title": told.title, "standfirst": told.standfirst, "description": told.description, **dict(told.fields)}
    project = Project.objects.create(
        slug=told.slug, organisation=organisation, proposed_by=by, is_demo=True, status="published",
        created_at=now - datetime.timedelta(days=120), published_at=now - datetime.timedelta(days=20),
        verified_at=now, **fields,
    )  # fmt: skip
    place = Territory.objects.filter(pk=organisation.territory.parent_id or organisation.territory_id)
    project.territories.set(place)
    Participation.objects.create(
        project=project, organisation=organisation, part=Part.CARRIES, roles=["promoteur_local"],
        status=Participation.Status.WELCOMED, offered_by=by, answered_by=by, answered_at=now,
    )  # fmt: skip
    return project


def _stage(project: Project, told: Told) -> None:
    """To where it stands, by the moves that the database allows."""
    road = ("idee", "coconstruction", "experimentation", "deploiement", "perennisation")
    goal = told.stood_at or told.stage
    for stage in road[1 : road.index(goal) + 1]:
        Project.objects.filter(pk=project.pk).update(stage=stage, stage_since=day(-60))
    if told.stage in ASIDE:
        Project.objects.filter(pk=project.pk).update(stage=told.stage, stood_at=goal, stage_since=day(-30))


def _rolling_pantry(project: Project, join: Any, people: dict[str, User]) -> None:
    """The one to look at: three partners, promises that came in part, a real loan, what is missing, a journal."""
    marmite = join(
        project.slug, MARMITE, "collaborateur", "evaluateur",
        brings=[
            {"nature": Nature.TIME, "label": "Cuisiniers du jeudi", "hours": 120, "role": "collaborateur",
             "starts_on": day(-70), "ends_on": day(90)},
            {"nature": Nature.EXPERTISE, "label": "Formation des équipes", "hours": 60, "role": "evaluateur",
             "starts_on": day(-70)},
            {"nature": Nature.MATERIAL, "label": "Nos grands chaudrons, quand il en faut", "hours": 120,
             "amount": 600, "role": "collaborateur", "starts_on": day(-160), "ends_on": day(90),
             "method": "ce que coûterait leur location"},
        ],
    )  # fmt: skip
    reserve = join(
        project.slug, RESERVE, "collaborateur", "connecteur",
        brings=[{"nature": Nature.MATERIAL, "label": "Surplus de fruits et légumes", "amount": 12_000,
                 "starts_on": day(-60), "ends_on": day(120), "method": "prix de gros moyen au kilo"}],
    )  # fmt: skip
    join(project.slug, RADIO, "relayeur", brings=[
        {"nature": Nature.NETWORK, "label": "Une chronique par semaine", "starts_on": day(-40)}])  # fmt: skip
    join(project.slug, RECTO, "connecteur", part=Part.SUPPORTS)
    join(project.slug, ORMSTOWN, "promoteur_local", message="… et nous connaissons bien deux des villages.",
         brings=[{"nature": Nature.TIME, "label": "Deux personnes qui conduisent", "hours": 80}])  # fmt: skip
    cooks, training = (marmite.contributions.get(nature=nature) for nature in (Nature.TIME, Nature.EXPERTISE))
    by = people[MARMITE]
    for weeks in range(8, 0, -1):
        contributions.deliver(cooks, on=day(-7 * weeks), hours=6, by=by, note="Une équipe de deux")
    contributions.deliver(training, on=day(-50), hours=12, by=by)
    surplus = reserve.contributions.get()
    for days, amount in ((-50, 1_800), (-20, 2_350)):
        contributions.deliver(surplus, on=day(days), amount=amount, by=people[RESERVE])
    _pots(project, marmite, by)
    for loan in loans_to_link(people[CANAL], project).filter(lender__slug__in=[CANAL, MARMITE])[:2]:
        _count(project, loan, people[CANAL])
    Milestone.objects.bulk_create([
        Milestone(project=project, title="Quatre villages disent oui", done_on=day(-90), position=0),
        Milestone(project=project, title="Premier jeudi sur la route", due_on=day(-55), done_on=day(-56), position=1),
        Milestone(project=project, title="Bilan de mi-parcours", due_on=day(20), position=2),
        Milestone(project=project, title="Décider de la suite", due_on=day(110), position=3),
    ])  # fmt: skip
    Funding.objects.bulk_create([
        Funding(project=project, funder="Fonds de démarrage (exemple)", amount=25_000, state="obtenu",
                starts_on=day(-100), ends_on=day(260), position=0),
        Funding(project=project, funder="Alliance pour la solidarité", amount=18_000, state="vise", position=1),
    ])  # fmt: skip
    Effect.objects.bulk_create([
        Effect(project=project, value="64", label="familles servies chaque jeudi", position=0),
        Effect(project=project, value="4", label="villages", position=1),
    ])  # fmt: skip
    need = Need.objects.filter(organisation=project.organisation, status="published", project_link__isnull=True).first()
    if need is not None:
        ProjectNeed.objects.create(project=project, need=need)
    follow(project=project, by=people[MARMITE])
    bearer = people[CANAL]
    for days, title, body in (
        (-56, "Sur la route!", "Premier arrêt à **Saint-Étienne** : vingt-deux familles, et plus une carotte à midi."),
        (-9, "Huit jeudis plus tard", "Ce que nous avons appris :\n\n- passer toujours à la même heure;\n"
                                      "- garder une place pour les plats de la Marmite."),
    ):  # fmt: skip
        news = tell(project=project, title=title, body=body, by=bearer)
        type(news).objects.filter(pk=news.pk).update(published_at=timezone.now() + datetime.timedelta(days=days))


def _pots(project: Project, marmite: Participation, by: User) -> None:
    """The pots that the Marmite promised: a loan that already took place keeps part of the promise."""
    lent = loans_to_link(by, project).filter(lender__slug=MARMITE, resource__kind="materiel", status="closed")
    loan = lent.order_by("-starts_at", "-id").first()
    if loan is not None:
        promise = marmite.contributions.get(nature=Nature.MATERIAL)
        linking.link_loan(project=project, loan=loan, keeps=promise, by=by, role="collaborateur")


def _count(project: Project, loan: Loan, by: User) -> None:
    rate = linking.usual_rate(project, loan)
    free = not rate and not loan.price
    linking.link_loan(project=project, loan=loan, rate=20 if free else rate, by=by, role="collaborateur",
                      method="tarif courant de location" if free else "")  # fmt: skip


def _others(join: Any, people: dict[str, User]) -> None:
    """What makes the other projects alive."""
    join("cuisine-partagee-du-canal", CANAL, "facilitateur", "collaborateur", brings=[
        {"nature": Nature.PREMISES, "label": "Local de rangement", "amount": 3_600, "starts_on": day(0),
         "ends_on": day(365), "method": "loyer du quartier"}])  # fmt: skip
    join("cuisine-partagee-du-canal", RECTO, part=Part.FUNDS, brings=[
        {"nature": Nature.MONEY, "label": "Mise de fonds", "amount": 2_000, "starts_on": day(30)}])  # fmt: skip
    counted = join("releve-de-comptabilite", CANAL, "collaborateur", brings=[
        {"nature": Nature.EXPERTISE, "label": "Une demi-journée par semaine", "hours": 96,
         "starts_on": day(-300)}])  # fmt: skip
    contributions.deliver(counted.contributions.get(), on=day(-30), hours=64, by=people[CANAL])
    join("releve-de-comptabilite", MARMITE, "relayeur")
    join("radio-des-aines", VOISINS, "connecteur", part=Part.CARRIES)
    join("radio-des-aines", CANAL, part=Part.SUPPORTS)
    join("fete-des-voisins-a-plusieurs", CANAL, part=Part.SUPPORTS)
    shovels = join("outils-d-hiver", MARMITE, "collaborateur", brings=[
        {"nature": Nature.TIME, "label": "Corvées de neige", "hours": 40, "starts_on": day(-300)}])  # fmt: skip
    contributions.deliver(shovels.contributions.get(), on=day(-250), hours=44, by=people[MARMITE],
                          note="Un hiver plus long que prévu")  # fmt: skip
