"""Three years of loans gone by, all over the territory, so that its portrait has something to tell. All invented."""

from __future__ import annotations

import datetime
import random

from django.utils import timezone

from directory.models import Kind, Organisation, Resource
from loans import requests
from loans.models import Loan, LoanDate, LoanEvent, LoanHandling, LoanStatus, Side
from mutualisation.kernel.moments import Period, moment, span

YEARS = (90, 140, 210, 290)  # loans a year, up to this one
RECENT = 25  # days: what is nearer is told one by one elsewhere
SLEEPS = 3  # one resource out of so many was never asked for
SERIES = 8  # dates of a person who comes every week
PURPOSES = (
    "Souper communautaire", "Assemblée générale", "Fête de quartier", "Atelier de cuisine", "Collecte de denrées",
    "Camp de jour", "Formation des bénévoles", "Vente-débarras", "Soirée d’information", "Journée portes ouvertes",
    "Tournée des écoles", "Déménagement", "Marché de Noël", "Rencontre de la table", "Accueil des familles",
)  # fmt: skip
ENDED = ((LoanStatus.CLOSED, 84), (LoanStatus.DECLINED, 7), (LoanStatus.CANCELLED, 5), (LoanStatus.EXPIRED, 4))
S = LoanStatus


def three_years(*, leaving: tuple[str, ...] = ()) -> int:
    """Write them, the same ones each time; gives how many. ``leaving`` are organisations that have their own story."""
    chance = random.Random(2026)  # noqa: S311 - believable, not secret
    organisations = Organisation.objects.published().filter(is_demo=True).exclude(slug__in=leaving)
    everyone = list(organisations.order_by("slug").values_list("pk", flat=True))
    borrowers = [pk for n, pk in enumerate(everyone) if n % 6 != 1]  # the others only lend
    lenders = [pk for n, pk in enumerate(everyone) if n % 6 != 4]
    rows = Resource.objects.published().filter(organisation__in=lenders).order_by("slug").defer("search")
    lent = [resource for n, resource in enumerate(rows) if n % SLEEPS]
    if len(borrowers) < 3 or not lent:
        return 0
    taken: set[tuple[int, int]] = set()
    loans: list[Loan] = []
    periods: list[list[Period]] = []
    for day in _days(chance):
        resource = chance.choice(lent)
        slot = (resource.pk, day.toordinal() // 9)
        if slot in taken or (resource.kind == Kind.HUMAIN and day > _last() - datetime.timedelta(weeks=SERIES)):
            continue
        taken.add(slot)
        borrower = chance.choice([pk for pk in borrowers if pk != resource.organisation_id])
        periods.append(_dates(resource.kind, day, chance))
        loans.append(_loan(resource, borrower, periods[-1], chance))
    Loan.objects.bulk_create(loans, batch_size=500)
    LoanDate.objects.bulk_create(
        [LoanDate(loan=loan, period=p) for loan, some in zip(loans, periods, strict=True) for p in some], batch_size=500
    )
    LoanEvent.objects.bulk_create([event for loan in loans for event in _story(loan)], batch_size=500)
    return len(loans)


def _last() -> datetime.date:
    return timezone.localdate() - datetime.timedelta(days=RECENT)


def _days(chance: random.Random) -> list[datetime.date]:
    """The days when loans began, year by year."""
    found = []
    for back, many in enumerate(reversed(YEARS)):
        first = datetime.date(_last().year - back, 1, 5)
        room = (min(datetime.date(first.year, 12, 20), _last()) - first).days
        found += [first + datetime.timedelta(days=chance.randrange(room)) for _n in range(many) if room > 0]
    return found


def _dates(kind: str, day: datetime.date, chance: random.Random) -> list[Period]:
    """When: a few days for things, an evening for a hall, the same day every week for a person."""
    if kind == Kind.MATERIEL:
        last = day + datetime.timedelta(days=chance.choice((0, 1, 2, 2, 4)))
        return [span(moment(day, datetime.time(9)), moment(last, datetime.time(17)))]
    first, hours = (18, 3) if kind == Kind.LOCAUX else (9, 7) if kind == Kind.HUMAIN else (13, 3)
    weeks = SERIES if kind == Kind.HUMAIN else 1
    days = [day + datetime.timedelta(days=7 * week) for week in range(weeks)]
    return [span(moment(d, datetime.time(first)), moment(d, datetime.time(first + hours))) for d in days]


def _loan(resource: Resource, borrower: int, periods: list[Period], chance: random.Random) -> Loan:
    status = chance.choices([s for s, _share in ENDED], [share for _s, share in ENDED])[0]
    first, last = periods[0].lower, periods[-1].upper
    asked = first - datetime.timedelta(days=chance.randrange(4, 30))
    quantity = chance.randint(1, min(resource.quantity, 12))
    happened = status == S.CLOSED
    return Loan(
        resource=resource, lender_id=resource.organisation_id, borrower_id=borrower, status=status, quantity=quantity,
        returned_quantity=quantity if happened else 0, purpose=chance.choice(PURPOSES), starts_at=first, ends_at=last,
        requested_at=asked, answer_by=asked + requests.ANSWER_WITHIN, cost_mode=resource.cost_mode,
        price=resource.price, price_unit=resource.price_unit, deposit=resource.deposit,
        handling=LoanHandling.PICKUP if resource.kind == Kind.MATERIEL else LoanHandling.ON_SITE,
        accepted_at=asked + datetime.timedelta(hours=22) if status in (S.CLOSED, S.CANCELLED) else None,
        handed_over_at=first if happened else None,
        returned_at=last + datetime.timedelta(hours=chance.choice((0, 0, 0, 20))) if happened else None,
        consent_on=timezone.localtime(asked).date() if resource.kind == Kind.HUMAIN else None,
        version=5 if happened else 2,
    )  # fmt: skip


def _story(loan: Loan) -> list[LoanEvent]:
    """What its verbs would have told, at its own dates."""
    answered = loan.requested_at + datetime.timedelta(hours=22)
    told: list[tuple[str, str, datetime.datetime | None]] = [("ask", Side.BORROWER, loan.requested_at)]
    if loan.status == S.CLOSED:
        told += [("accept", Side.LENDER, answered), ("hand_over", Side.LENDER, loan.handed_over_at),
                 ("bring_back", Side.BORROWER, loan.returned_at), ("close", Side.LENDER, loan.returned_at)]  # fmt: skip
    elif loan.status == S.CANCELLED:
        told += [("accept", Side.LENDER, answered), ("cancel", Side.BORROWER, answered)]
    elif loan.status == S.DECLINED:
        told.append(("decline", Side.LENDER, answered))
    else:
        told.append(("expire", "", loan.answer_by))
    return [LoanEvent(loan=loan, verb=verb, side=side, at=at) for verb, side, at in told if at]
