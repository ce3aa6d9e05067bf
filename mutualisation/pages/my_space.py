"""Mon espace: what awaits me first, then my organisation."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from directory.memberships import acting_for, memberships_of


def my_space(request: HttpRequest) -> HttpResponse:
    """The page one lands on after signing in."""
    return render(
        request, "pages/my_space.html", {"acting": acting_for(request), "memberships": memberships_of(request)}
    )
