"""What projects, communities and gatherings hold of a person, and what becomes of it when she closes her account."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import privacy
from accounts.models import User
from projects import gatherings
from projects.models import (
    Community,
    CommunityMember,
    Contribution,
    Delivery,
    Document,
    Follower,
    Gathering,
    Idea,
    IdeaSupport,
    LibraryItem,
    News,
    Participation,
    Pivot,
    Project,
    ProjectLoan,
    Registration,
)

Rows = Iterable[dict[str, Any]]

# Where a person may be named: taken off when she leaves, the fact stays.
NAMED: dict[type[Any], tuple[str, ...]] = {
    Participation: ("offered_by", "answered_by"),
    Contribution: ("offered_by",),
    Delivery: ("recorded_by", "removed_by"),
    ProjectLoan: ("linked_by",),
    News: ("by",),
    Document: ("added_by",),
    Project: ("proposed_by",),
}


def _hers(model: Any, user: User) -> Any:
    """Rows of a model where she is named."""
    return model.objects.filter(Q(*[Q(**{name: user}) for name in NAMED[model]], _connector=Q.OR)).order_by("pk")


def _participations(user: User) -> Rows:
    for p in _hers(Participation, user).select_related("project", "organisation"):
        yield {
            "projet": p.project.title, "organisme": p.organisation.name, "titre": p.part, "roles": p.roles,
            "mot": p.message, "etat": p.status, "offerte_par_vous": p.offered_by_id == user.pk,
            "offerte_le": p.offered_at, "repondue_le": p.answered_at,
        }  # fmt: skip


def _contributions(user: User) -> Rows:
    for c in _hers(Contribution, user):
        yield {
            "apport": c.label, "sorte": c.nature, "heures": c.hours, "valeur": c.amount, "etat": c.status,
            "offert_le": c.offered_at,
        }  # fmt: skip


def _deliveries(user: User) -> Rows:
    for d in _hers(Delivery, user):
        yield {
            "recu_le": d.on, "heures": d.hours, "valeur": d.amount, "remarque": d.note, "retire_le": d.removed_at,
            "inscrit_par_vous": d.recorded_by_id == user.pk, "pourquoi": d.removed_why,
        }  # fmt: skip


def _told(user: User) -> Rows:
    for n in _hers(News, user):
        yield {"titre": n.title, "texte": n.body, "date": n.published_at}


def _documents(user: User) -> Rows:
    for d in _hers(Document, user):
        yield {"document": d.title, "date": d.added_at}


def _followed(user: User) -> Rows:
    for f in Follower.objects.filter(user=user).select_related("project").order_by("pk"):
        yield {"projet": f.project.title, "depuis": f.since}


def _linked(user: User) -> Rows:
    for link in _hers(ProjectLoan, user).select_related("project"):
        yield {"projet": link.project.title, "pret": link.loan_id, "lie_le": link.linked_at}


def _let_go_of_projects(user: User) -> None:
    """She follows nothing any more; what she did stays without saying that it was her."""
    Follower.objects.filter(user=user).delete()
    for model, names in NAMED.items():
        for name in names:
            model.objects.filter(**{name: user}).update(**{name: None})


def _communities(user: User) -> Rows:
    """Where she belongs, what she answers for, what she put there."""

    def row(community: str, what: str, text: str, at: Any) -> dict[str, Any]:
        return {"communaute": community, "geste": what, "texte": text, "date": at}

    for m in CommunityMember.objects.filter(user=user).select_related("community", "organisation"):
        yield row(m.community.name, "animation" if m.is_facilitator else "membre", m.organisation.name, m.joined_at)
    for p in Pivot.objects.filter(user=user).select_related("community"):
        yield row(p.community.name, "pivot", p.function, p.since)
    for i in Idea.objects.filter(by=user).select_related("community"):
        yield row(i.community.name, "idee", f"{i.title}\n{i.text}", i.at)
    for s in IdeaSupport.objects.filter(by=user).select_related("idea__community"):
        yield row(s.idea.community.name, "appui", s.idea.title, s.at)
    for item in LibraryItem.objects.filter(added_by=user).select_related("community", "tool"):
        yield row(item.community.name, "outil", item.tool.title, item.added_at)
    for c in Community.objects.filter(created_by=user).only("name", "created_at"):
        yield row(c.name, "ouverture", "", c.created_at)
    for g in Gathering.objects.filter(created_by=user).select_related("community"):
        yield row(g.community.name, "rencontre", g.title, g.starts_at)


def _registrations(user: User) -> Rows:
    for r in Registration.objects.filter(user=user).select_related("gathering", "organisation"):
        yield {
            "rencontre": r.gathering.title, "organisme": r.organisation.name, "etat": r.status, "precisions": r.needs,
            "date": r.at, "presence": r.attended,
        }  # fmt: skip


def _warn(user: User) -> list[privacy.Consequence]:
    """Communities that nobody else facilitates: their host looks after them from then on."""
    others = CommunityMember.objects.standing().filter(community=OuterRef("pk"), is_facilitator=True).exclude(user=user)
    alone = Community.objects.published().filter(members__user=user, members__is_facilitator=True)
    sentence = _("Personne d’autre n’anime « %s » : nommez quelqu’un, ou l’organisme qui l’accueille s’en occupera.")
    return [
        privacy.Consequence(sentence % c.name, c.get_absolute_url()) for c in alone.exclude(Exists(others)).distinct()
    ]


def _let_go(user: User) -> None:
    """Her places go to who waits; what she wrote stays in her organisation's name."""
    _let_go_of_projects(user)
    for place in Registration.objects.live().filter(user=user).select_related("gathering"):
        gatherings.give_up(place.gathering, by=user)
    Registration.objects.filter(user=user).delete()
    CommunityMember.objects.filter(user=user).delete()
    Pivot.objects.filter(user=user).delete()
    for model, name in ((Idea, "by"), (IdeaSupport, "by"), (LibraryItem, "added_by"), (Community, "created_by"),
                        (Gathering, "created_by")):  # fmt: skip
        model._default_manager.filter(**{name: user}).update(**{name: None})


def declare() -> None:
    """Called once, when Django starts."""
    privacy.holds("communautes", gettext_lazy("Vos communautés, vos idées, ce dont vous répondez"), _communities)
    privacy.holds("rencontres", gettext_lazy("Vos inscriptions aux rencontres"), _registrations)
    privacy.before_closing("projects", warn=_warn, let_go=_let_go)
    privacy.holds(
        "participations", gettext_lazy("Les participations que vous avez offertes ou répondues"), _participations
    )
    privacy.holds("apports", gettext_lazy("Les apports que vous avez offerts"), _contributions)
    privacy.holds("apports_recus", gettext_lazy("Les apports reçus que vous avez inscrits"), _deliveries)
    privacy.holds("nouvelles", gettext_lazy("Les nouvelles que vous avez publiées"), _told)
    privacy.holds("documents_de_projets", gettext_lazy("Les documents que vous avez ajoutés"), _documents)
    privacy.holds("projets_suivis", gettext_lazy("Les projets que vous suivez"), _followed)
    privacy.holds("prets_de_projets", gettext_lazy("Les prêts que vous avez liés à un projet"), _linked)
