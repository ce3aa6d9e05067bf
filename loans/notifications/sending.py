"""One e-mail of a loan: what changed and what is expected, first; its dates as a calendar file, attached."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.db.models import prefetch_related_objects
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.mail import absolute, write
from loans import links
from loans.models import Loan, LoanDate, LoanStatus, Side
from loans.permissions import organisation_of, other, people_of
from mutualisation.kernel import ical


def send(
    loan: Loan,
    event: str,
    side: str,
    *,
    subject: str,
    expected: str,
    action: str = "",
    note: str = "",
    answers: bool = False,
    invites: str = "",
    people: Any = None,
    page: str = "",
) -> None:
    """To the people of one side. ``answers`` adds links that accept or decline; ``invites`` is an iCalendar method.

    The subject says who and what; the button leads to the loan, or to another ``page`` of it.
    """
    prefetch_related_objects([loan], "dates")  # read once for all that is written
    dates = [date for date in loan.dates.all() if date.cancelled_at is None]
    for person in people if people is not None else people_of(loan, side):
        file = calendar_file(loan, side, method=invites, to=person.email) if invites else ""
        write(
            event=f"{event}:{loan.pk}:{loan.version}",
            to=person.email,
            template="loan",
            calendar=file,
            subject_line=subject,
            expected=expected,
            loan=loan,
            dates=dates[:6],
            note=note,
            side=side,
            them=organisation_of(loan, other(side)),
            action=action or _("Ouvrir le prêt"),
            action_url=absolute(page or reverse("loan_detail", args=[loan.pk])),
            accept_url=absolute(links.path(loan, person, "accept")) if answers else "",
            decline_url=absolute(links.path(loan, person, "decline")) if answers else "",
        )


def calendar_file(loan: Loan, side: str, *, method: str, to: str = "") -> str:
    """The dates of a loan as one side sees them: the same UID whether they invite, update or cancel."""
    event = event_of(loan, list(loan.dates.all()), side, cancelled=method == "CANCEL")
    organizer = settings.DEFAULT_FROM_EMAIL.rpartition("<")[2].rstrip(">")
    return ical.calendar([event], method=method, organizer=organizer, attendee=to)


def event_of(loan: Loan, dates: Sequence[LoanDate], side: str, *, cancelled: bool = False) -> ical.Event:
    """A loan in the calendar of one of its sides, from all its dates: those called off are left out of it."""
    many = f" ×\u00a0{loan.quantity}" if loan.quantity > 1 else ""
    them = organisation_of(loan, other(side)).name
    said = _("Prêté : %(what)s, à %(them)s") if side == Side.LENDER else _("Emprunté : %(what)s, de %(them)s")
    period, *others = sorted((d.period for d in dates if d.cancelled_at is None), key=lambda period: period.lower)
    return ical.Event(
        uid=f"{min(dates, key=lambda date: date.pk).act}@mutualisation",  # of the first one written, even called off
        period=period,
        others=tuple(others),
        summary=said % {"what": f"{loan.resource.name}{many}", "them": them},
        description=loan.purpose,
        location=", ".join(filter(None, [loan.resource.address, loan.resource.territory.name])),
        url=absolute(reverse("loan_detail", args=[loan.pk])),
        stamp=loan.updated_at,
        sequence=loan.version,
        cancelled=cancelled or loan.status == LoanStatus.CANCELLED,
        tentative=loan.is_open,
    )


def words(loan: Loan, side: str) -> dict[str, str]:
    """What a subject says: who did it, or with whom it is, and of what it is about."""
    return {"who": organisation_of(loan, side).name, "what": what(loan)}


def what(loan: Loan) -> str:
    return f"{loan.resource.name}{f' × {loan.quantity}' if loan.quantity > 1 else ''}"
