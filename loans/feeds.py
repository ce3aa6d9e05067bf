"""Private calendars: a person’s loans, of all her organisations or of one, for who holds the address.

The address is shown once and kept as a digest. It ends when it is revoked, when she leaves the organisation or closes
her account. What is past stays for a year: calendars that forget are no use to those who count.
"""

from __future__ import annotations

import datetime
import hashlib
import secrets
from dataclasses import replace
from itertools import groupby
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounts.models import User
from directory.models import Organisation
from directory.permissions import require
from loans.models import CalendarFeed, LoanDate, LoanStatus, Side
from loans.notifications import event_of
from mutualisation.kernel import ical

KEPT = datetime.timedelta(days=366)
SHOWN = (
    LoanStatus.REQUESTED,
    LoanStatus.COUNTERED,
    LoanStatus.ACCEPTED,
    LoanStatus.HANDED_OVER,
    LoanStatus.RETURNED,
    LoanStatus.CLOSED,
)
SEEN_EVERY = datetime.timedelta(hours=1)


@transaction.atomic
def create(*, by: Any, organisation: Organisation | None = None) -> str:
    """Make the address of a calendar, in place of the one there was; gives its token, which nobody can read again."""
    require(organisation is None or by.memberships.filter(organisation=organisation).exists())
    User.objects.select_for_update(no_key=True).get(pk=by.pk)  # clicked twice: one after the other
    live(by).filter(organisation=organisation).update(revoked_at=timezone.now())
    token = secrets.token_urlsafe(24)
    CalendarFeed.objects.create(user=by, organisation=organisation, token_hash=_digest(token))
    return token


def revoke(feed: CalendarFeed, *, by: Any) -> None:
    """From now on the address answers nothing."""
    require(feed.user_id == by.pk)
    CalendarFeed.objects.filter(pk=feed.pk, revoked_at__isnull=True).update(revoked_at=timezone.now())


def live(user: Any) -> Any:
    """The addresses of a person that answer."""
    return CalendarFeed.objects.filter(user=user, revoked_at__isnull=True)


def find(token: str) -> CalendarFeed | None:
    """The calendar of an address, if it still answers."""
    found = CalendarFeed.objects.filter(token_hash=_digest(token), revoked_at__isnull=True, user__is_active=True)
    feed = found.select_related("user", "organisation").first()
    if feed is None or (feed.organisation_id and feed.organisation_id not in _organisations(feed)):
        return None
    seen = CalendarFeed.objects.filter(pk=feed.pk)
    now = timezone.now()
    seen.filter(Q(read_at__isnull=True) | Q(read_at__lt=now - SEEN_EVERY)).update(read_at=now)
    return feed


def text(feed: CalendarFeed, now: datetime.datetime | None = None) -> str:
    """The calendar itself, in the language of its owner."""
    with translation.override(feed.user.language or None):
        name = feed.organisation.name if feed.organisation else _("Mes prêts et mes emprunts")
        return ical.calendar(_events(feed, now or timezone.now()), name=name)


def etag(content: str) -> str:
    return f'"{hashlib.sha256(content.encode()).hexdigest()[:32]}"'


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _organisations(feed: CalendarFeed) -> set[int]:
    """Those that this calendar is about, of which its owner still is."""
    mine = set(feed.user.memberships.values_list("organisation_id", flat=True))
    return mine & {feed.organisation_id} if feed.organisation_id else mine


def _events(feed: CalendarFeed, now: datetime.datetime) -> list[ical.Event]:
    """Each loan once, as its e-mails tell it; who belongs to both sides sees it as the lender."""
    ours = _organisations(feed)
    rows = LoanDate.objects.filter(Q(loan__lender__in=ours) | Q(loan__borrower__in=ours))
    rows = rows.filter(loan__status__in=SHOWN, loan__ends_at__gt=now - KEPT)
    rows = rows.select_related("loan__resource__territory", "loan__lender", "loan__borrower").defer(
        "loan__resource__search", "loan__resource__description", "loan__lender__search", "loan__lender__description",
        "loan__borrower__search", "loan__borrower__description", "loan__resource__territory__outline",
    )  # fmt: skip
    found = []
    for _pk, dates in groupby(rows.order_by("loan__starts_at", "loan_id", "period", "id"), key=lambda d: d.loan_id):
        its = list(dates)
        loan = its[0].loan
        event = event_of(loan, its, Side.LENDER if loan.lender_id in ours else Side.BORROWER)
        between = _("Prêteur : %(a)s\nEmprunteur : %(b)s") % {"a": loan.lender.name, "b": loan.borrower.name}
        found.append(replace(event, description=f"{between}\n{event.description}".strip()))
    return found
