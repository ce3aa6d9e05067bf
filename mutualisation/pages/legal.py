"""Who makes the portal, on what terms: legal notice, privacy, accessibility, credits, style guide, robots."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from accounts import privacy as people
from directory import privacy as entries


def _page(template: str):
    @login_not_required
    @require_safe
    def view(request: HttpRequest) -> HttpResponse:
        return render(request, f"pages/{template}.html")

    return view


about = _page("about")
legal = _page("legal")


@login_not_required
@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    """What is gathered, why, how long: the figures are those that the purges follow."""
    kept = {
        "mail": settings.MAIL_KEPT_DAYS,
        "drafts": people.DRAFTS_KEPT_DAYS,
        "unverified": people.UNVERIFIED_KEPT_DAYS,
        "invitations": entries.INVITATIONS_KEPT_DAYS,
        "reports": entries.REPORTS_KEPT_DAYS,
    }
    return render(request, "pages/privacy.html", {"kept": kept})


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
