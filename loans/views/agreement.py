"""The agreements of the loans one sees: the list of mine, and one of them."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from loans import agreements
from loans.models import Agreement


@never_cache
@require_safe
def agreement_detail(request: HttpRequest, number: str) -> HttpResponse:
    """One agreement, for the two organisations of its loan."""
    rows = Agreement.objects.visible_to(request.user).select_related("edition__model")
    agreement = get_object_or_404(rows, number=number)
    return render(
        request, "loans/agreement/detail.html", {"agreement": agreement, "text": agreements.written(agreement)}
    )
