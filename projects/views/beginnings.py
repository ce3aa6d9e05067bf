"""Where an idea of project comes from: the guided path, the idea box of a community, needs that several share."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from directory.models import Need, Organisation
from directory.permissions import can_read
from directory.taxonomies import portal_territories, territories
from projects import communities
from projects.lifecycle import RETOLD
from projects.linking import take_up
from projects.models import Idea, Project
from projects.permissions import can_lead, member_of
from toolbox import paths

AT_MOST = 30  # needs named by an address
STANDFIRST = 500
PLAIN_ANSWERS = ("quoi", "combien", "frequence", "contrepartie")


def first_words(request: HttpRequest, organisation: Organisation) -> dict[str, Any]:
    """What the form opens with, given where one comes from; what one typed or kept as a draft prevails."""
    found = {"territories": _mrcs([organisation.territory_id]), **_from_path(request)}
    if title := " ".join(request.GET.get("titre", "").split())[:140]:
        found["title"] = title
    if idea := _idea(request):
        words = " ".join(idea.text.split()) or idea.title
        found |= {"title": idea.title, "standfirst": _opening(words)}
        if found["standfirst"] != words:
            found["description"] = idea.text
    elif needs := _needs(request):
        who = len({need.organisation_id for need in needs})
        what = ", ".join(dict.fromkeys(need.name for need in needs))
        said = ngettext("%(n)d organisme en a besoin : %(what)s.", "%(n)d organismes en ont besoin : %(what)s.", who)
        lines = [f"- {need.name} ({need.organisation.name})" for need in needs]
        found["standfirst"] = _opening(said % {"n": who, "what": what})
        found["description"] = "\n".join([_("Plusieurs organismes en ont besoin :"), "", *lines])
        found["territories"] = _mrcs([organisation.territory_id, *(need.territory_id for need in needs)])
    return found


def _opening(text: str) -> str:
    """The first sentences that hold in the standfirst; a sentence too long is cut between two words."""
    if len(text) <= STANDFIRST:
        return text
    ends = [found.end() for found in re.finditer(r"[.!?…](?=\s)", text[: STANDFIRST + 1])]
    return text[: ends[-1]] if ends else text[: STANDFIRST - 1].rpartition(" ")[0] + "…"


def _mrcs(places: Iterable[int]) -> list[int]:
    """The MRCs of this portal where these places are."""
    ours = {node.id for node in portal_territories()}
    tree = territories()
    return sorted({node.id for place in places for node in tree.above(place) if node.id in ours})


def whence(request: HttpRequest) -> dict[str, str]:
    """What the form carries from one page to the next: the idea, the needs."""
    return {name: value[:400] for name in ("idee", "besoins") if (value := _said(request, name))}


def remember_where_from(request: HttpRequest, project: Project) -> None:
    """The idea became this project; the needs named, that several share, are those it means to answer."""
    if idea := _idea(request):
        communities.become(idea, project, by=request.user)
    if (needs := _needs(request)) and can_lead(request.user, project):
        take_up(project=project, needs=needs, by=request.user)


def _said(request: HttpRequest, name: str) -> str:
    return request.POST.get(name) or request.GET.get(name, "")


def _idea(request: HttpRequest) -> Idea | None:
    """The idea named, that no project took up yet, for a member of its community."""
    idea = _named(request)
    return idea if idea and idea.project is None else None


def _named(request: HttpRequest) -> Idea | None:
    asked = _said(request, "idee")
    if not asked.isdecimal() or len(asked) > 18:
        return None
    rows = Idea.objects.select_related("community", "project__organisation").filter(withdrawn_at__isnull=True)
    idea = rows.filter(pk=int(asked)).first()
    return idea if idea and member_of(request.user, idea.community) else None


def became(request: HttpRequest) -> dict[str, Any]:
    """Of the idea named, when it is a project already: the idea, and that project if this reader may see it."""
    idea = _named(request)
    if idea is None or idea.project is None:
        return {}
    return {"idea": idea, "project": idea.project if can_read(request.user, idea.project) else None}


def _needs(request: HttpRequest) -> list[Need]:
    """The needs named that this reader may see."""
    asked = [int(pk) for pk in _said(request, "besoins").split(",")[:AT_MOST] if pk.isdecimal() and len(pk) < 18]
    if not asked:
        return []
    rows = Need.objects.visible_to(request.user).open().filter(pk__in=asked)
    return list(rows.select_related("organisation").defer("search", "organisation__search"))


def _from_path(request: HttpRequest) -> dict[str, Any]:
    """What the guided path already knows: the form of sharing it advises, and the plain answers, told in words.

    A sheet is public: what people said of trust, mandates, risks or time stays between them.
    """
    if request.GET.get("depuis") != "parcours":
        return {}
    guide = paths.in_force()
    answers, _left = guide.follow({key: str(value) for key, value in request.GET.items() if value})
    if not answers:
        return {}
    advice = guide.advise(answers)
    asked = {q.key: q for q in guide.questions}
    plain = [key for key in answers if key in PLAIN_ANSWERS]
    told = [f"- {asked[key].question} {asked[key].words(answers[key])}" for key in plain]
    return {"continuum": advice.stage, "description": "\n".join([str(RETOLD), "", *told])}
