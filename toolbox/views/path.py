"""The guided path: one question a page, then what it advises. The address holds the answers."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_not_required
from django.db.models import Case, Q, Value, When
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from directory.memberships import acting_for
from directory.models import Continuum, Kind, Organisation, Practice
from directory.models.territory import TerritoryKind
from directory.taxonomies import Node, portal_territories, territories
from toolbox import paths, rules
from toolbox.facts import district_of
from toolbox.forms.filling import CHOSEN
from toolbox.models import Edition, ModelAgreement, Tool

WHERE = "territoire"  # asked beside the advice: it changes who accompanies, not the rest
CHANGE = "changer"  # the question that is asked again, its answer still chosen
STORIES, NETWORKS = 3, 6
VEHICLE = r"\m(camions?|camionnettes?|fourgonnettes?|véhicules?|autobus|remorques?|automobiles?)\M"


@login_not_required
@require_safe
@never_cache
def guided_path(request: HttpRequest) -> HttpResponse:
    """The next question, or the advice once every question is answered; or one question again, to change its answer."""
    guide = paths.in_force()
    given = {key: str(value) for key, value in request.GET.items() if value}
    answers, question = guide.follow(given)
    carried = guide.understood(given)
    where = {WHERE: given[WHERE]} if WHERE in given else {}
    changed = guide.question(given.get(CHANGE, "")) if given.get(CHANGE) in answers else None
    told = [
        (asked.question, asked.words(answers[asked.key]), "?" + urlencode({**carried, **where, CHANGE: asked.key}))
        for asked in guide.questions
        if asked.key in answers and asked is not changed
    ]
    context: dict[str, Any] = {"told": told, "answers": answers}
    understood = {*carried, question.key if question else "", WHERE, CHANGE if changed else ""}
    context["left_out"] = sorted(set(given) - understood)
    if shown := changed or question:
        wrong = changed is None and shown.key in given
        context |= {
            "question": shown,
            "number": (list(answers).index(shown.key) if changed else len(answers)) + 1,
            "chosen": answers.get(shown.key, ""),
            "carried": {key: value for key, value in {**carried, **where}.items() if key != shown.key},
            "back": "?" + urlencode({**carried, **where}) if changed else "",
            "notice": _("Choisissez une des réponses proposées.") if wrong else "",
        }
        return render(request, "toolbox/path/question.html", context, status=422 if wrong else 200)
    advice = guide.advise(answers)
    model = ModelAgreement.objects.in_force().filter(slug=advice.model).first()
    edition = model.current if model else None
    place = _place(request, given.get(WHERE, ""))
    networks, elsewhere = _networks(request, place)
    context |= {
        "advice": advice,
        "stage": Continuum(advice.stage) if advice.stage else None,
        "model": model,
        "filling": _opening(edition, answers, place, networks, elsewhere) if edition else "",
        "tools": Tool.objects.visible_to(request.user).listed().led_to(advice.tools),
        "stories": _stories(request, advice.stage, answers),
        "place": place,
        "places": portal_territories(),
        "networks": networks,
        "elsewhere": elsewhere,
        "keeps_rules": request.user.is_authenticated and rules.can_keep(request.user),
    }
    return render(request, "toolbox/path/result.html", context)


def _opening(
    edition: Edition, answers: dict[str, str], place: Node | None, networks: list[Organisation], elsewhere: bool
) -> str:
    """What the page where the model is filled is told: answers that fill a blank, those to read again beside others."""
    known = paths.filling(edition, answers)
    if place is not None:
        known["district.judiciaire"] = district_of([place.slug])
        known["cdc.nom"] = networks[0].name if networks and not elsewhere else ""
        known["territoire"] = place.name
    rows = [(name, value) for name, value in known.items() if value]
    rows += [(CHOSEN, key) for key in paths.keeping(answers)]
    if many := paths.PARTNERS.get(answers.get("combien", "")):
        rows.append(("nombre-organismes", str(many)))
    return "?" + urlencode([*rows, ("depuis-parcours", urlencode(answers))])


def _stories(request: HttpRequest, stage: str, answers: dict[str, str]) -> list[Practice]:
    """Stories where the same kind is shared, the nearest steps first; of the same step for what has no kind.

    Of whoever shares a vehicle, those about vehicles, as long as there is one.
    """
    kind = answers.get("quoi", "")
    same = Q(kinds__contains=[kind]) if kind in Kind.values else Q(stage=stage)
    visible = Practice.objects.visible_to(request.user).listed().for_list().filter(same)
    here = paths.STAGES.index(stage) if stage in paths.STAGES else 0
    steps = [When(stage=step, then=abs(n - here)) for n, step in enumerate(paths.STAGES)]
    about = Q()
    for told in ("title", "standfirst", "pooled"):
        about |= Q(**{f"{told}__iregex": VEHICLE})
    main = Q(kinds__0=kind)  # what they share first
    rows = visible.annotate(
        alike=Case(When(about, then=0), default=1) if answers.get("vehicule") == "oui" else Value(0)
    ).order_by("alike", Case(*steps, default=len(steps)), Case(When(main, then=0), default=1), "-published_at", "-id")
    found = list(rows[:STORIES])
    return [story for story in found if story.alike == found[0].alike]


def _place(request: HttpRequest, slug: str) -> Node | None:
    """The MRC chosen; else that of the organisation one acts for."""
    ours = {node.slug: node for node in portal_territories()}
    if slug or not request.user.is_authenticated:
        return ours.get(slug)
    acting = acting_for(request)
    found = territories().up_to(acting.organisation.territory_id, (TerritoryKind.MRC,)) if acting else None
    return found if found and found.slug in ours else None


def _networks(request: HttpRequest, place: Node | None) -> tuple[list[Organisation], bool]:
    """The networks of a place, of everywhere without one; and whether they are from elsewhere for want of any there."""
    everywhere = Organisation.objects.visible_to(request.user).listed().filter(is_network=True).only("name", "slug")
    everywhere = everywhere.order_by("sort_key", "id")
    if place is None:
        return list(everywhere[:NETWORKS]), False
    inside = territories().within([place.slug])
    around = [node.id for node in territories().above(place.id)]
    there = Q(territory__in=inside) | Q(served_territories__in=[*inside, *around])
    found = list(everywhere.filter(there).distinct()[:NETWORKS])
    return (found, False) if found else (list(everywhere[:NETWORKS]), True)
