"""For whom one acts: the organisations of a person, and the one chosen now."""

from __future__ import annotations

from django.http import HttpRequest

from directory.models import Membership

SESSION_KEY = "acting_for"


def memberships_of(request: HttpRequest) -> list[Membership]:
    """The organisations of the person signed in, by name; read once a request."""
    if not request.user.is_authenticated:
        return []
    if not hasattr(request, "_memberships"):
        found = Membership.objects.filter(user=request.user).select_related("organisation")
        request._memberships = list(found.order_by("organisation__sort_key", "id"))  # type: ignore[attr-defined]
    return request._memberships  # type: ignore[attr-defined]


def acting_for(request: HttpRequest) -> Membership | None:
    """The organisation in whose name this person acts: the one chosen, else the only or first one."""
    mine = memberships_of(request)
    chosen = request.session.get(SESSION_KEY) if mine else None
    return next((m for m in mine if m.organisation_id == chosen), mine[0] if mine else None)


def act_for(request: HttpRequest, membership: Membership) -> None:
    """Act for that organisation from now on."""
    request.session[SESSION_KEY] = membership.organisation_id
