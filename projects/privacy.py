"""What projects hold of a person, and what becomes of it when she closes her account."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext_lazy

from accounts import privacy
from accounts.models import User
from projects.models import (
    Contribution,
    Delivery,
    Document,
    Follower,
    News,
    Participation,
    Project,
    ProjectLoan,
)

Rows = Iterable[dict[str, Any]]

# Where a person may be named: taken off when she leaves, the fact stays.
NAMED: dict[type[Any], tuple[str, ...]] = {
    Participation: ("offered_by", "answered_by"),
    Contribution: ("offered_by",),
    Delivery: ("recorded_by",),
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
        yield {"recu_le": d.on, "heures": d.hours, "valeur": d.amount, "remarque": d.note}


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


def _let_go(user: User) -> None:
    """She follows nothing any more; what she did stays without saying that it was her."""
    Follower.objects.filter(user=user).delete()
    for model, names in NAMED.items():
        for name in names:
            model.objects.filter(**{name: user}).update(**{name: None})


def declare() -> None:
    """Called once, when Django starts."""
    privacy.holds(
        "participations", gettext_lazy("Les participations que vous avez offertes ou répondues"), _participations
    )
    privacy.holds("apports", gettext_lazy("Les apports que vous avez offerts"), _contributions)
    privacy.holds("apports_recus", gettext_lazy("Les apports reçus que vous avez inscrits"), _deliveries)
    privacy.holds("nouvelles", gettext_lazy("Les nouvelles que vous avez publiées"), _told)
    privacy.holds("documents_de_projets", gettext_lazy("Les documents que vous avez ajoutés"), _documents)
    privacy.holds("projets_suivis", gettext_lazy("Les projets que vous suivez"), _followed)
    privacy.holds("prets_de_projets", gettext_lazy("Les prêts que vous avez liés à un projet"), _linked)
    privacy.before_closing("projects", warn=lambda user: [], let_go=_let_go)
