"""What communities and gatherings hold of a person, and what becomes of it when she closes her account."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import privacy
from accounts.models import User
from projects import gatherings
from projects.models import (
    Community,
    CommunityMember,
    Gathering,
    Idea,
    IdeaSupport,
    LibraryItem,
    Pivot,
    Registration,
)

Rows = Iterable[dict[str, Any]]


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
    others = CommunityMember.objects.filter(community=OuterRef("pk"), is_facilitator=True).exclude(user=user)
    alone = Community.objects.published().filter(members__user=user, members__is_facilitator=True)
    sentence = _("Personne d’autre n’anime « %s » : nommez quelqu’un, ou l’organisme qui l’accueille s’en occupera.")
    return [
        privacy.Consequence(sentence % c.name, c.get_absolute_url()) for c in alone.exclude(Exists(others)).distinct()
    ]


def _let_go(user: User) -> None:
    """Her places go to who waits; what she wrote stays in her organisation's name."""
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
