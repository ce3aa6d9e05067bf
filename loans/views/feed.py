"""Calendars of a person: making, replacing and revoking their private addresses; the files that they give."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotModified
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.mail import absolute
from directory.memberships import memberships_of
from loans import feeds, notifications
from loans.models import CalendarFeed, Loan, Side
from loans.permissions import sides_of
from mutualisation.kernel.requests import posted_from

CALENDAR = "text/calendar; charset=utf-8"


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def feed_list(request: HttpRequest) -> HttpResponse:
    """My calendars. Sending one’s organisation (or none: all) makes an address, shown on that page and never again."""
    mine = memberships_of(request)
    context: dict[str, Any] = {"fresh": "", "fresh_for": None}
    if request.method == "POST":
        asked = request.POST.get("organisme", "")
        member = next((m for m in mine if str(m.organisation_id) == asked), None)
        if asked and member is None:
            raise Http404
        token = feeds.create(by=request.user, organisation=member.organisation if member else None)
        context["fresh"] = absolute(reverse("loan_feed", args=[token]))
        context["fresh_for"] = member.organisation if member else None
    known = {feed.organisation_id: feed for feed in feeds.live(request.user)}
    context["all"] = known.get(None)
    context["rows"] = [(m.organisation, known.get(m.organisation_id)) for m in mine]
    return render(request, "loans/feed/list.html", context)


@posted_from("loan_feeds")
def feed_revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """The address answers nothing from now on."""
    feed = get_object_or_404(CalendarFeed, pk=pk, user=request.user)
    feeds.revoke(feed, by=request.user)
    messages.success(request, _("L’adresse ne donne plus rien à qui la connaît."))
    return redirect("loan_feeds")


@login_not_required
@require_safe
def feed(request: HttpRequest, token: str) -> HttpResponse:
    """The calendar of who holds its address: no session, no cookie."""
    found = feeds.find(token)
    if found is None:
        raise Http404
    content = feeds.text(found)
    etag = feeds.etag(content)
    if etag in request.headers.get("If-None-Match", ""):
        response: HttpResponse = HttpResponseNotModified()
    else:
        response = HttpResponse(content, content_type=CALENDAR)
    response["ETag"] = etag
    response["Cache-Control"] = "private, max-age=300"
    response["X-Robots-Tag"] = "noindex"
    return response


@require_safe
def loan_calendar(request: HttpRequest, pk: int) -> HttpResponse:
    """The dates of one loan, for its two sides."""
    loan = get_object_or_404(Loan.objects.visible_to(request.user).for_list(), pk=pk)
    sides = sides_of(request.user, loan)
    if not sides:
        raise Http404
    side = Side.LENDER if Side.LENDER in sides else Side.BORROWER
    content = notifications.calendar_file(loan, side, method="PUBLISH")
    response = HttpResponse(content, content_type=CALENDAR)
    response["Content-Disposition"] = 'attachment; filename="rendez-vous.ics"'
    response["Cache-Control"] = "private, no-store"
    return response
