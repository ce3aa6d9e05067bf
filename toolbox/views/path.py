"""The guided path: one question a page, then what it advises. The address holds the answers."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from directory.models import Continuum, Kind, Organisation, Practice
from toolbox import paths
from toolbox.models import ModelAgreement, Tool


@login_not_required
@require_safe
@never_cache
def guided_path(request: HttpRequest) -> HttpResponse:
    """The next question, or the advice once every question is answered."""
    given = {key: str(value) for key, value in request.GET.items() if value}
    answers, question = paths.follow(given)
    asked = {q.key: q for q in paths.questions()}
    told = [
        (asked[key].question, asked[key].words(value), "?" + urlencode(_before(answers, key)))
        for key, value in answers.items()
    ]
    left_out = sorted(set(given) - set(answers) - {question.key if question else ""})
    context: dict[str, Any] = {"told": told, "answers": answers, "question": question, "number": len(answers) + 1}
    if question is not None:
        wrong = question.key in given
        context["notice"] = _("Choisissez une des réponses proposées.") if wrong else ""
        context["left_out"] = left_out
        return render(request, "toolbox/path/question.html", context, status=422 if wrong else 200)
    advice = paths.advise(answers)
    stories = Practice.objects.visible_to(request.user).listed().filter(stage=advice.stage)
    if answers.get("quoi") in Kind.values:
        stories = stories.filter(kinds__contains=[answers["quoi"]])
    tools = {tool.slug: tool for tool in Tool.objects.visible_to(request.user).filter(slug__in=advice.tools)}
    context |= {
        "advice": advice,
        "stage": Continuum(advice.stage) if advice.stage else None,
        "model": ModelAgreement.objects.in_force().filter(slug=advice.model).first(),
        "tools": [tools[slug] for slug in advice.tools if slug in tools],
        "stories": list(stories.for_list().order_by("-published_at", "-id")[:3]),
        "networks": list(
            Organisation.objects.visible_to(request.user).listed().filter(is_network=True).only("name", "slug")[:6]
        ),
    }
    return render(request, "toolbox/path/result.html", context)


def _before(answers: dict[str, str], key: str) -> list[tuple[str, str]]:
    """The answers that came before a question: the address where it is asked again."""
    keys = list(answers)
    return [(each, answers[each]) for each in keys[: keys.index(key)]]
