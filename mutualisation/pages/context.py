"""What every page knows of the portal it belongs to."""

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from directory.memberships import acting_for, memberships_of
from directory.models import Membership
from loans.models import Loan


def _waiting(mine: list[Membership]) -> int:
    return Loan.objects.awaiting(*mine).count() if mine else 0


def portal(request: HttpRequest) -> dict[str, object]:
    """This portal and its region, who answers for privacy, the page's own address, for whom one acts, what waits."""
    signed_in = hasattr(request, "user") and request.user.is_authenticated
    try:
        canonical, root = request.build_absolute_uri(request.path), request.build_absolute_uri("/").rstrip("/")
    except DisallowedHost:  # the page that refuses a foreign host is drawn too
        canonical = root = ""
    mine = memberships_of(request) if signed_in else []
    return {
        "acting": acting_for(request) if signed_in else None,
        "memberships": mine,
        "loans_waiting": SimpleLazyObject(lambda: _waiting(mine)),  # a page that knows says it; one without a menu, not
        "portal_name": settings.PORTAL_NAME,
        "portal_region": settings.PORTAL_REGION,
        "portal_operator": settings.PORTAL_OPERATOR,
        "portal_host": settings.PORTAL_HOST,
        "portal_email": settings.PORTAL_EMAIL,
        "privacy_officer": settings.PORTAL_PRIVACY_OFFICER,
        "demo": settings.DEMO,
        "canonical": canonical,
        "site_root": root,
    }
