"""Model agreements: the list, one edition as one reads and prints it."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.db.models import prefetch_related_objects
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.text import capfirst
from django.views.decorators.http import require_safe

from directory.views.listing import conditional
from mutualisation.kernel.downloads import FORMS
from toolbox.composing import roles_of
from toolbox.models import Edition, ModelAgreement, Party
from toolbox.reading import clauses_of

TABLES = ("toolbox_modelagreement", "directory_organisation")


@login_not_required
@require_safe
@conditional(*TABLES)
def model_agreement_list(request: HttpRequest) -> HttpResponse:
    """The models in force."""
    rows = ModelAgreement.objects.in_force().select_related("owner")
    return render(request, "toolbox/agreement/list.html", {"agreements": list(rows)})


@login_not_required
@require_safe
@conditional(*TABLES, "toolbox_term")
def model_agreement(request: HttpRequest, slug: str, number: int | None = None) -> HttpResponse:
    """One model, in its edition in force or in an earlier one; drafts are nobody's yet."""
    models = ModelAgreement.objects.select_related("owner", "copied_from__model")
    model = get_object_or_404(models, slug=slug)
    editions = list(Edition.objects.filter(model=model, published_at__isnull=False).order_by("-number"))
    shown = next((e for e in editions if number in (None, e.number)), None)
    if shown is None:
        raise Http404
    prefetch_related_objects([shown], "clauses")
    clauses, roles = clauses_of(shown), roles_of(shown.clauses.all())
    return render(
        request,
        "toolbox/agreement/detail.html",
        {
            "agreement": model,
            "edition": shown,
            "editions": editions,
            "is_current": shown == editions[0],
            "clauses": clauses,
            "forms": list(FORMS),
            "parties": [capfirst(roles.get(party) or Party(party).label) for party in model.parties],
            "asked": [v for v in shown.variables if v.get("required")],
            "minutes": max(1, round(sum(len(c.html) for c in clauses) / 1400)),
        },
    )
