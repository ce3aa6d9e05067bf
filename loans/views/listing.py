"""The list of loans: what awaits an answer, what comes, what is out, what is late, what is past; and a day's sheet."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Count, Exists, OuterRef, Prefetch, Q
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from directory.memberships import acting_for, memberships_of
from directory.models import Membership, Resource
from loans import awaited
from loans.forms.fields import DayField
from loans.models import Checklist, Loan, LoanDate, LoanStatus, Moment, Proposal, Side, Wait
from loans.models.status import ENDED, HOLDS_TIME
from loans.standing import left_words, standing
from mutualisation.kernel.moments import wall, whole_days
from mutualisation.kernel.pagination import asked_page, pager

PAGE_SIZE = 20
ALL = "tous"
TABS = {
    "": gettext_lazy("Tous, sauf passés"),
    "attend": gettext_lazy("Attendent quelque chose de moi"),
    "repondre": gettext_lazy("À répondre"),
    "venir": gettext_lazy("À venir"),
    "cours": gettext_lazy("En cours"),
    "retard": gettext_lazy("En retard"),
    "passes": gettext_lazy("Passés"),
}
WAYS = {
    "": gettext_lazy("Prêtés et empruntés"),
    "pretes": gettext_lazy("Prêtés"),
    "empruntes": gettext_lazy("Empruntés"),
}


def _tabs(now: datetime.datetime) -> dict[str, Q]:
    """Which loans each tab holds."""
    return {
        "": ~Q(status__in=ENDED),
        "attend": ~Q(wait=""),
        "repondre": Q(wait=Wait.ANSWER),
        "venir": Q(status=LoanStatus.ACCEPTED),
        "cours": Q(status__in=[LoanStatus.HANDED_OVER, LoanStatus.RETURNED]),
        "retard": Q(status=LoanStatus.HANDED_OVER, ends_at__lt=now),
        "passes": Q(status__in=ENDED),
    }


@never_cache
@require_safe
def loan_list(request: HttpRequest) -> HttpResponse:
    """The loans of the organisation one acts for, or of all one's organisations."""
    mine = memberships_of(request)
    acting = acting_for(request)
    asked = request.GET
    chosen = _organisations(mine, acting, asked.get("pour", ""))
    ids = [m.organisation_id for m in chosen]
    tab = asked.get("etat", "") if asked.get("etat", "") in TABS else ""
    way = asked.get("sens", "") if asked.get("sens", "") in WAYS else ""
    rows = Loan.objects.visible_to(request.user).of(*ids)
    if way:
        rows = rows.filter(**{"lender__in" if way == "pretes" else "borrower__in": ids})
    resource = _resource(request, asked.get("ressource", ""))
    if resource:
        rows = rows.filter(resource=resource)
    rows = rows.with_wait(*chosen).with_target(*chosen)
    tabs = _tabs(timezone.now())
    counts = rows.order_by().aggregate(**{f"n_{key}": Count("pk", filter=found) for key, found in tabs.items()})
    total = counts[f"n_{tab}"]
    number = min(asked_page(asked.get("page")) or 1, max(1, -(-total // PAGE_SIZE)))
    order = ("-starts_at", "-id") if tab == "passes" else ("starts_at", "id")
    page = rows.filter(tabs[tab]).for_list().order_by(*order)[(number - 1) * PAGE_SIZE : number * PAGE_SIZE]
    context = {
        "acting": acting,
        "memberships": mine,
        "everyone": len(chosen) > 1,
        "several": len(mine) > 1,
        "tabs": [(_with(asked, etat=k), label, counts[f"n_{k}"], k == tab) for k, label in TABS.items()],
        "ways": [(_with(asked, sens=k), label, k == way) for k, label in WAYS.items()],
        "for_all": _with(asked, pour="" if len(chosen) > 1 else ALL),
        "tab": tab,
        "filtered": bool(tab or way or resource),
        "resource": resource,
        "without_resource": _with(asked, ressource=""),
        "rows": _shown(page, set(ids)),
        "total": total,
        "pager": pager(number, total, PAGE_SIZE, lambda n: _with(asked, page=str(n) if n > 1 else "")),
    }
    return render(request, "loans/loan/list.html", context)


def _organisations(mine: list[Membership], acting: Membership | None, asked: str) -> list[Membership]:
    if asked == ALL:
        return mine
    return [acting] if acting else []


def _resource(request: HttpRequest, slug: str) -> Resource | None:
    """The resource of the address, when there are loans of it that this person may see."""
    if not slug:
        return None
    seen = Loan.objects.visible_to(request.user).filter(resource=OuterRef("pk"))
    return Resource.objects.filter(Exists(seen), slug=slug[:120]).only("slug", "name").first()


def _with(asked: QueryDict, **changes: str) -> str:
    """The address of the same list, changed; another filter begins at its first page."""
    query = asked.copy()
    query.pop("page", None)
    for name, value in changes.items():
        query[name] = value
    kept = {name: str(value) for name, value in query.items() if value}
    again = QueryDict(mutable=True)
    again.update(kept)
    return f"?{again.urlencode()}"


@dataclass(frozen=True)
class Row:
    """One loan of a list, as one's side sees it."""

    loan: Loan
    side: str
    standing: Any
    more: int
    first: LoanDate | None
    left: str


def _shown(loans: Any, ids: set[int]) -> list[Row]:
    waiting = Proposal.objects.filter(status=Proposal.Status.WAITING)
    live = LoanDate.objects.filter(cancelled_at__isnull=True)
    found = []
    for loan in loans.prefetch_related(
        Prefetch("proposals", waiting, to_attr="waiting"), Prefetch("dates", live, to_attr="live")
    ):
        side = str(Side.LENDER if loan.lender_id in ids else Side.BORROWER)
        first = next((d for d in loan.live if d.period.upper > timezone.now()), loan.live[-1] if loan.live else None)
        proposal = loan.waiting[0] if loan.waiting else None
        more = max(0, len(loan.live) - 1)
        stands = awaited.told(loan, standing(loan, side, proposal))
        found.append(Row(loan, side, stands, more, first, left_words(loan)))
    return found


# ---- the sheet of a day


@dataclass(frozen=True)
class Line:
    """One thing that leaves or comes back that day."""

    loan: Loan
    at: datetime.time
    period: Any
    units: int
    checks: list[str]
    lent: bool


@never_cache
@require_safe
def loan_sheet(request: HttpRequest) -> HttpResponse:
    """What leaves and what comes back on a day, where, and what to check: to print and carry along."""
    mine = memberships_of(request)
    ids = [m.organisation_id for m in mine]
    day, problem = _day(request.GET.get("jour", ""))
    whole = whole_days(day, day)
    dates = LoanDate.objects.filter(
        cancelled_at__isnull=True, period__overlap=whole, loan__status__in=HOLDS_TIME,
        loan__in=Loan.objects.visible_to(request.user).of(*ids),
    )  # fmt: skip
    loans = Loan.objects.for_list().select_related("resource__territory", "resource__category")
    rows = list(dates.prefetch_related(Prefetch("loan", loans)).order_by("period", "id"))
    checks = _checks()
    leaving = [_line(d, Moment.HANDOVER, ids, checks) for d in rows if wall(d.period.lower).date() == day]
    coming = [_line(d, Moment.RETURN, ids, checks) for d in rows if _ends_on(d) == day]
    late = Loan.objects.overdue().of(*ids).for_list().order_by("ends_at", "id") if day == timezone.localdate() else []
    context = {
        "day": day,
        "problem": problem,
        "previous": f"?jour={day - datetime.timedelta(days=1)}",
        "following": f"?jour={day + datetime.timedelta(days=1)}",
        "groups": [
            (_("Ce qui part"), leaving, True),
            (_("Ce qui revient"), sorted(coming, key=lambda line: line.at), False),
        ],
        "late": list(late),
        "memberships": mine,
    }
    return render(request, "loans/loan/sheet.html", context)


def _day(asked: str) -> tuple[datetime.date, str]:
    if not asked:
        return timezone.localdate(), ""
    field = DayField()
    try:
        day = field.clean(asked)
    except ValidationError as error:
        return timezone.localdate(), " ".join(error.messages)
    return day, ""


def _ends_on(date: LoanDate) -> datetime.date:
    return (wall(date.period.upper) - datetime.timedelta(minutes=1)).date()


def _line(date: LoanDate, moment: Moment, ids: list[int], checks: dict[Any, list[str]]) -> Line:
    loan = date.loan
    resource = loan.resource
    category = resource.category
    nearest = (category.pk, category.parent_id, None)
    asked = next((checks[key] for place in nearest if (key := (moment, place, resource.kind)) in checks), [])
    at = wall(date.period.lower if moment == Moment.HANDOVER else date.period.upper).time()
    return Line(loan, at, date.period, loan.outstanding, asked, loan.lender_id in ids)


def _checks() -> dict[Any, list[str]]:
    return {(c.moment, c.category_id, c.kind): c.items for c in Checklist.objects.all()}
