"""Who makes the portal, on what terms: legal notice, privacy, accessibility, credits, style guide, robots."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe


def _page(template: str):
    @login_not_required
    @require_safe
    def view(request: HttpRequest) -> HttpResponse:
        return render(request, f"pages/{template}.html", {"privacy_officer": settings.PRIVACY_OFFICER})

    return view


about = _page("about")
legal = _page("legal")
privacy = _page("privacy")
accessibility = _page("accessibility")
credits_page = _page("credits")


@login_not_required
@require_safe
@cache_control(max_age=86400, public=True)
def robots(request: HttpRequest) -> HttpResponse:
    """What robots may visit: everything public, not the endless combinations of filters."""
    lines = [
        "User-agent: *",
        "Disallow: /admin/",
        "Disallow: /recherche/",
        "Disallow: /*?*vue=",
        "Disallow: /*?*tri=",
        "Disallow: /*/export.",
        f"Sitemap: {request.build_absolute_uri(reverse('sitemap'))}",
    ]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")
