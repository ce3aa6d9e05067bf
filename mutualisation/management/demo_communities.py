"""Communities and gatherings of the demonstration: full, half empty, past with minutes, cancelled, in preparation."""

from __future__ import annotations

import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from directory.models import Membership, Organisation, Role, Sector, Territory
from mutualisation.kernel.moments import moment
from mutualisation.kernel.publication import Status
from projects.models import (
    Community,
    CommunityMember,
    Gathering,
    Idea,
    IdeaSupport,
    LibraryItem,
    Pivot,
    Registration,
    RegistrationStatus,
)
from toolbox.models import Tool

# slug of the host, place, name, purpose, how it works, sector
COMMUNITIES = (
    ("la-marmite-solidaire", "mrc-beauharnois-salaberry", "Cuisines et surplus",
     "Celles et ceux qui transforment, conservent et distribuent des aliments s’y retrouvent pour s’équiper ensemble.",
     "On se voit toutes les six semaines, à tour de rôle chez les uns et les autres. **Une visite, un repas, une "
     "décision** : pas plus. Tout organisme du territoire qui touche à l’alimentation peut s’y joindre.",
     "securite-alimentaire"),
    ("carrefour-du-canal", "mrc-beauharnois-salaberry", "Gestion et administration partagées",
     "Les personnes qui tiennent les comptes, les dossiers et les demandes de subvention s’échangent leurs trucs.",
     "Un atelier par saison, en ligne ou sur place, et une boîte à idées entre les deux.", ""),
)  # fmt: skip
MEMBERS = ("carrefour-du-canal", "la-marmite-solidaire", "la-reserve-des-trois-lacs", "cab-des-trois-clochers",
           "le-recto", "maison-des-familles-du-suroit", "radio-des-trois-lacs")  # fmt: skip
MINUTES = """**Présences** : sept organismes.

- On achète ensemble une scelleuse sous vide; La Réserve des Trois-Lacs l’héberge.
- Le calendrier de la cuisine sera tenu sur le portail à partir de janvier.
- Prochaine visite : la chambre froide du Carrefour du Canal."""


@transaction.atomic
def bring_together() -> None:
    """Idempotent: nothing is done once a community exists."""
    if Community.objects.exists():
        return
    people = _people()
    if len(people) < 4:
        return
    for host_slug, place, name, purpose, description, sector in COMMUNITIES:
        host = Organisation.objects.filter(slug=host_slug).first()
        territory = Territory.objects.filter(slug=place).first()
        if host is None or territory is None:
            continue
        community = Community.objects.create(
            organisation=host, territory=territory, name=name, purpose=purpose, description=description, is_demo=True,
            slug=name.lower().replace(" ", "-").replace("é", "e"), status=Status.PUBLISHED,
            published_at=timezone.now(), verified_at=timezone.now(),
        )  # fmt: skip
        community.sectors.set(Sector.objects.filter(slug__startswith=sector or "-"))
        for user, organisation in people:
            CommunityMember.objects.create(
                community=community, user=user, organisation=organisation, is_facilitator=organisation == host
            )
        _gatherings(community, people)
        _around(community, people)


def _people() -> list[tuple[User, Organisation]]:
    """Someone of each organisation: her own account, or an invented person."""
    found = []
    for slug in MEMBERS:
        organisation = Organisation.objects.filter(slug=slug, status=Status.PUBLISHED).first()
        if organisation is None:
            continue
        user = User.objects.filter(memberships__organisation=organisation, is_active=True).order_by("pk").first()
        if user is None:
            user, _fresh = User.objects.get_or_create(
                email=f"accueil@{slug}.example", defaults={"name": f"Accueil, {organisation.name}"[:80]}
            )
            Membership.objects.get_or_create(user=user, organisation=organisation, defaults={"role": Role.MEMBER})
        found.append((user, organisation))
    return found


def _at(days: int, hour: int, lasting: int = 3) -> dict[str, Any]:
    day = timezone.localdate() + datetime.timedelta(days=days)
    start = moment(day, datetime.time(hour))
    return {"starts_at": start, "ends_at": start + datetime.timedelta(hours=lasting)}


def _gatherings(community: Community, people: list[Any]) -> None:
    place = community.organisation.territory
    kitchen = bool(community.sectors.count())
    workshop = "Atelier : fixer un prix coûtant" if kitchen else "Atelier : tenir un budget à plusieurs"
    visit = "Visite d’une chambre froide partagée" if kitchen else "Visite d’un secrétariat partagé"
    common = {"community": community, "territory": place, "place": "120, rue du Vieux-Moulin"}
    past = Gathering.objects.create(
        **common, kind="visite", title=visit, status="announced", **_at(-24, 13),
        minutes=MINUTES, minutes_at=timezone.now() - datetime.timedelta(days=20),
        summary="Comment trois organismes la tiennent ensemble depuis deux ans.",
    )  # fmt: skip
    full = Gathering.objects.create(
        **common, kind="atelier", title=workshop, status="announced", limit=4, **_at(12, 9),
        summary="Ce que coûte vraiment un prêt : usure, ménage, temps. On repart avec une grille remplie.",
        agenda="- Tour de table\n- Ce qui coûte, ce qui ne coûte pas\n- La grille, à deux\n- Repas partagé",
        access="Entrée sans marche, toilette adaptée, stationnement gratuit.",
    )  # fmt: skip
    Gathering.objects.create(
        community=community, kind="reunion", title="Réunion de mi-année", status="announced", place="en ligne",
        link="https://rencontre.example/mi-annee", **_at(45, 10, 2),
    )  # fmt: skip
    Gathering.objects.create(**common, kind="visite", title="Visite à préparer", status="draft", **_at(80, 13))
    Gathering.objects.create(
        **common, kind="reunion", title="Réunion de novembre", status="cancelled", note="Tempête annoncée.",
        **_at(-5, 13),
    )  # fmt: skip
    for gathering in (past, full):
        for n, (user, organisation) in enumerate(people):
            has_place = gathering.limit is None or n < gathering.limit
            came = True if gathering is past and n != 2 else None
            Registration.objects.create(
                gathering=gathering, user=user, organisation=organisation, attended=came,
                status=RegistrationStatus.REGISTERED if has_place else RegistrationStatus.WAITING,
            )  # fmt: skip


def _around(community: Community, people: list[Any]) -> None:
    """Whom to ask, what is at hand, what is dreamt of."""
    (first, one), (second, two) = people[0], people[1]
    mrc = Territory.objects.filter(slug="mrc-beauharnois-salaberry").first()
    Pivot.objects.create(
        community=community, user=first, organisation=one, territory=mrc, function="Qui prête quoi, et à qui s’adresser"
    )
    Pivot.objects.create(community=community, user=second, organisation=two, function="Normes d’une cuisine partagée")
    for tool in Tool.objects.published().order_by("pk")[:3]:
        LibraryItem.objects.create(community=community, tool=tool, added_by=first, why="On s’en sert à chaque fois.")
    idea = Idea.objects.create(
        community=community, organisation=two, by=second, title="Un camion réfrigéré à trois",
        text="Le mardi et le jeudi pour nous, le reste pour les voisins. Il manque un endroit où le brancher.",
    )  # fmt: skip
    for user, organisation in people[:4]:
        IdeaSupport.objects.create(idea=idea, organisation=organisation, by=user)
    Idea.objects.create(community=community, organisation=one, by=first, title="Former une relève en tenue de livres")
