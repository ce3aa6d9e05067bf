"""Asking to borrow: the form, the dates of a series looked at one by one, and other ways when it can't be had."""

from __future__ import annotations

import contextlib
import datetime
import uuid
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from accounts.drafts import DraftError, as_post, forget, hold, keep, recall
from directory import alternatives
from directory.forms.written import put_back
from directory.memberships import acting_for, memberships_of
from directory.models import Kind, Membership, Resource
from directory.opening import Opening, clock
from directory.refusing import Refusal
from directory.views.resource import renamed
from loans import amendments, offered, requests
from loans.forms.fields import DayField
from loans.forms.request import ONCE, RequestForm
from loans.models import Loan, LoanStatus
from loans.recurrence import Every, in_words
from mutualisation.kernel.moments import DAY, Period, day_in_words, wall
from mutualisation.kernel.publication import Status

FORM, DATES, NOBODY = "loans/loan/request.html", "loans/loan/dates.html", "loans/loan/nobody.html"
ASKABLE_OTHERWISE = {"taken", "too_many", "past", "too_soon", "closed_start", "closed_end", "closed_between"}
STAMP = "%Y-%m-%dT%H:%M"
NEVER_CARRIED = ("csrfmiddlewaretoken", "etape", "essayer", "date", "sauf")


@login_not_required  # a form sent after the session expired is kept, then one signs in
@require_http_methods(["GET", "HEAD", "POST"])
def loan_request(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask for a resource, in the name of an organisation one acts for."""
    visible = Resource.objects.visible_to(request.user)
    if not request.user.is_authenticated:
        known = Resource.objects.filter(slug=slug).values_list("pk", flat=True).first()
        if request.method == "POST":
            return hold(request, _key(known or 0))
        return redirect_to_login(request.get_full_path())
    resource = visible.select_related("organisation", "category", "territory").filter(slug=slug).first()
    if resource is None:
        return renamed(visible, slug)
    mine = [m for m in memberships_of(request) if m.organisation.status == Status.PUBLISHED]
    if problem := _problem(resource, mine):
        return _cannot(request, resource, problem)
    if request.method == "POST":
        return _sent(request, resource, mine)
    draft = recall(request, _key(resource.pk))
    typed = as_post(draft) if draft and "reprendre" in request.GET else None
    form = _blank(request, resource, mine, typed)
    return render(request, FORM, _drawn(request, form, draft=draft))


def _key(pk: int) -> str:
    return f"pret:nouveau:{pk}"


def _problem(resource: Resource, mine: list[Membership]) -> str:
    """Why this person can't ask for it at all, whatever she types."""
    if not resource.is_live:
        return "hidden"
    if not mine:
        return "nobody"
    if all(m.organisation_id == resource.organisation_id for m in mine):
        return "own"
    return "paused" if resource.is_paused else ""


def _cannot(request: HttpRequest, resource: Resource, problem: str) -> HttpResponse:
    """Says what to do first; what was typed is kept until then."""
    if request.method == "POST":
        with contextlib.suppress(DraftError):
            keep(user=request.user, key=_key(resource.pk), data=dict(request.POST.lists()))
    draft = recall(request, _key(resource.pk))
    waiting = [m.organisation for m in memberships_of(request) if m.organisation.status != Status.PUBLISHED]
    context = {"resource": resource, "problem": problem, "draft": draft, "waiting": waiting}
    return render(request, NOBODY, context, status=409 if request.method == "POST" else 200)


# ---- the form


def _blank(request: HttpRequest, resource: Resource, mine: list[Membership], typed: QueryDict | None) -> RequestForm:
    """The form with what is most likely; or with what was typed, when there is."""
    form = RequestForm(resource=resource, memberships=mine, initial=_likely(request, resource, mine))
    if typed is not None:
        put_back(form, typed)
    return form


def _likely(request: HttpRequest, resource: Resource, mine: list[Membership]) -> dict[str, Any]:
    """For whom one acts, the days of the address, and the hours when it is open then."""
    acting = acting_for(request)
    others = [m.organisation_id for m in mine if m.organisation_id != resource.organisation_id]
    chosen = acting.organisation_id if acting and acting.organisation_id in others else others[0]
    asked = request.GET
    found: dict[str, Any] = {"borrower": chosen, "starts_on": asked.get("du", ""), "ends_on": asked.get("au", "")}
    found |= _again(request, resource, others)
    if (units := asked.get("quantite", "")).isascii() and units.isdigit() and len(units) < 7:
        found["quantity"] = units
    if resource.kind == Kind.HUMAIN:
        found |= {"every": Every.WEEK, **offered.first_values(resource, day_said=bool(found["starts_on"]))}
    found |= {name: asked[key] for name, key in (("starts_at", "de"), ("ends_at", "a")) if asked.get(key)}
    try:
        first = DayField().clean(found["starts_on"]) if found["starts_on"] else None
        last = DayField().clean(found["ends_on"]) if found["ends_on"] else first
    except ValidationError:  # shown as it was typed
        first = last = None
    if first and last:
        found = _open_hours(resource, first, last) | found
    return found


def _again(request: HttpRequest, resource: Resource, borrowers: list[int]) -> dict[str, Any]:
    """What an earlier request (``comme``) said, to make it again; its dates too, if they are still to come."""
    asked = request.GET.get("comme", "")
    if not (asked.isascii() and asked.isdigit() and len(asked) < 19):
        return {}
    rows = Loan.objects.visible_to(request.user).filter(resource=resource, borrower__in=borrowers)
    loan = rows.filter(pk=asked).first()
    if loan is None:
        return {}
    found = {
        "borrower": loan.borrower_id,
        "quantity": loan.quantity,
        "purpose": loan.purpose,
        "handling": loan.handling,
    }
    dates = list(loan.dates.all()[:2])
    if len(dates) == 1 and loan.starts_at > timezone.now():
        start, end = wall(loan.starts_at), wall(loan.ends_at)
        found |= {"starts_on": f"{start:%Y-%m-%d}", "starts_at": f"{start:%H:%M}", "ends_on": f"{end:%Y-%m-%d}",
                  "ends_at": f"{end:%H:%M}"}  # fmt: skip
    return found


def _open_hours(resource: Resource, first: datetime.date, last: datetime.date) -> dict[str, Any]:
    opening = Opening.of([resource])
    starts, ends = opening.hours(resource, first), opening.hours(resource, last)
    if not starts or not ends or not opening.week.get(resource.pk):
        return {}
    return {"starts_at": starts[0][0], "ends_at": ends[-1][1]}


def _drawn(request: HttpRequest, form: RequestForm, **extra: Any) -> dict[str, Any]:
    resource = form.resource
    return {
        "form": form,
        "resource": resource,
        "organisation": resource.organisation,
        "several": len(form.fields["borrower"].choices) > 1,  # type: ignore[attr-defined]
        "draft": None,
        "draft_key": _key(resource.pk),
        "once": request.POST.get("once") or str(uuid.uuid4()),
        "problem": "",
        "alternatives": None,
        "chosen": "",
        "left_out": request.POST.getlist("sauf"),
        **extra,
    }


# ---- what was sent


def _sent(request: HttpRequest, resource: Resource, mine: list[Membership]) -> HttpResponse:
    if "essayer" in request.POST:
        return _other_way(request, resource, mine)
    if request.POST.get("etape") == "revenir":
        left_out = _left_out(RequestForm(request.POST, resource=resource, memberships=mine), request.POST)
        form = _blank(request, resource, mine, request.POST)
        return render(request, FORM, _drawn(request, form, left_out=left_out))
    form = RequestForm(request.POST, resource=resource, memberships=mine)
    if not form.is_valid():
        return _refused_form(request, form)
    if form.rule_asked != ONCE and request.POST.get("etape") != "envoyer":
        return _dates(request, form, None)
    periods = form.periods
    if form.rule_asked != ONCE:
        chosen = set(request.POST.getlist("date"))
        periods = [p for p in periods if _stamp(p) in chosen]
        if not periods:
            return _dates(request, form, chosen, problem=_("Gardez au moins une date."), status=422)
    borrower = next(m.organisation for m in mine if m.organisation_id == form.cleaned_data["borrower"])
    try:
        loan = requests.ask(
            resource, by=request.user, borrower=borrower, periods=periods, once=request.POST.get("once", ""),
            **form.asked(),
        )  # fmt: skip
    except requests.Refused as refused:
        if form.rule_asked != ONCE:
            said = _("Depuis que vous avez lu cette liste, des dates ne sont plus libres. Relisez, puis envoyez.")
            return _dates(request, form, {_stamp(p) for p in periods}, problem=said, status=409)
        for _period, some in refused.refusals:
            for refusal in some:
                form.refuse(refusal)
        form.refused = [r for _p, some in refused.refusals for r in some]
        return _refused_form(request, form)
    forget(user=request.user, key=_key(resource.pk))
    return _said(request, loan)


def _said(request: HttpRequest, loan: Loan) -> HttpResponse:
    if loan.status == LoanStatus.ACCEPTED:
        amendments.follow_acceptance(loan, by=None)
        messages.success(request, _("C’est accepté et réservé pour vous."))
    else:
        said = _("Votre demande est partie. %(who)s vous répondra par courriel.")
        if loan.held_at:
            said = _("Votre demande est partie. Elle est retenue : rendez d’abord ce qui est en retard, ou écrivez "
                     "à %(who)s.")  # fmt: skip
        messages.success(request, said % {"who": loan.lender.name})
    return redirect(loan)


def _refused_form(request: HttpRequest, form: RequestForm) -> HttpResponse:
    """The form again, with why; and other ways when the calendar is what refused."""
    extra: dict[str, Any] = {}
    if form.periods and {r.code for r in form.refused} & ASKABLE_OTHERWISE:
        extra["alternatives"] = _alternatives(request, form)
    return render(request, FORM, _drawn(request, form, **extra), status=422)


def _alternatives(request: HttpRequest, form: RequestForm) -> dict[str, Any]:
    period, quantity = form.periods[0], form.wanted
    found = alternatives.find(form.resource, period, quantity, among=_lendable(request, form))
    as_offered = found.periods  # beyond what is offered only for who asked beyond it
    if not offered.remarks(form.resource, [period]):
        as_offered = [p for p in found.periods if not offered.remarks(form.resource, [p])]
    if not (found.fewer or as_offered or found.resources):
        return {}
    return {
        "fewer": found.fewer,
        "periods": [(f"{_stamp(p)}/{wall(p.upper):{STAMP}}", p) for p in as_offered],
        "resources": found.resources,
    }


def _lendable(request: HttpRequest, form: RequestForm) -> Any:
    """What this borrower may ask for elsewhere."""
    others = Resource.objects.visible_to(request.user).listed()
    return others.exclude(organisation=form.cleaned_data.get("borrower"))


def _other_way(request: HttpRequest, resource: Resource, mine: list[Membership]) -> HttpResponse:
    """One click on an alternative: the same form, everything kept, with other dates, fewer units, or elsewhere."""
    data, asked = request.POST.copy(), request.POST["essayer"]
    start, _slash, end = asked.partition("/")
    said = _("Tout ce que vous aviez tapé vous a suivi : relisez, puis envoyez.")
    try:
        if asked.isascii() and asked.isdigit():
            data["quantity"] = asked
            said = _("La quantité est changée : relisez, puis envoyez.")
        elif end:
            for name, text in (("starts", start), ("ends", end)):
                when = datetime.datetime.strptime(text, STAMP)  # noqa: DTZ007 - wall-clock time
                data[f"{name}_on"], data[f"{name}_at"] = f"{when:%Y-%m-%d}", f"{when:%H:%M}"
            said = _("Les dates sont changées : relisez, puis envoyez.")
    except ValueError:
        raise Http404 from None
    return render(request, FORM, _drawn(request, _blank(request, resource, mine, data), chosen=said))


# ---- the dates of a series


def _stamp(period: Period) -> str:
    return f"{wall(period.lower):{STAMP}}"


def _day(period: Period) -> str:
    return f"{wall(period.lower):%Y-%m-%d}"


def _left_out(form: RequestForm, sent: QueryDict) -> list[str]:
    """The days of a series that were ticked off its list: they stay so while the request is changed."""
    if not form.is_valid():
        return sent.getlist("sauf")
    return [_day(period) for period in form.periods if _stamp(period) not in sent.getlist("date")]


def _dates(
    request: HttpRequest, form: RequestForm, chosen: set[str] | None, *, problem: str = "", status: int = 200
) -> HttpResponse:
    """The list of dates, each to keep or not; those that can't be had say why. Nothing is sent yet."""
    quantity, left_out = form.cleaned_data["quantity"], request.POST.getlist("sauf")
    refused = {_stamp(p): some for p, some in requests.check(form.resource, form.periods, quantity)}
    far = [p for p in form.periods if _is_far(refused.get(_stamp(p), []))]
    rows = [
        {
            "stamp": _stamp(period),
            "period": period,
            "why": _why(refused.get(_stamp(period), [])),
            "kept": _stamp(period) not in refused
            and (_day(period) not in left_out if chosen is None else _stamp(period) in chosen),
        }
        for period in form.periods
    ]
    free = sum(not row["why"] for row in rows)
    context = {
        "form": form,
        "resource": form.resource,
        "rows": rows,
        "carried": [(n, v) for n, some in request.POST.lists() if n not in NEVER_CARRIED for v in some],
        "words": in_words(form.periods[0], form.recurrence()),
        "said": ngettext("%(n)d date", "%(n)d dates", len(rows)) % {"n": len(rows)},
        "free": free,
        "busy": len(rows) - free,
        "ways": _ways(request, form, free) if any(r.code == "taken" for some in refused.values() for r in some) else {},
        "remarks": offered.remarks(form.resource, [row["period"] for row in rows if row["kept"]]),
        "too_far": _too_far(form.resource, far) if far else "",
        "problem": problem,
    }
    return render(request, DATES, context, status=status)


def _is_far(refusals: list[Refusal]) -> bool:
    return any(refusal.code == "too_far" for refusal in refusals)


def _why(refusals: list[Refusal]) -> str:
    """What the line of a date says; how far one may ask is said once, above them all."""
    if _is_far(refusals):
        return _("Pas encore.")
    return " ".join(dict.fromkeys(refusal.sentence for refusal in refusals))


def _too_far(resource: Resource, far: list[Period]) -> str:
    """Until which day dates can be asked for, how many come after, from which day on all of these can be."""
    horizon = datetime.timedelta(days=resource.horizon_days)
    limit, first, last = wall(timezone.now() + horizon), wall(far[0].lower), wall(far[-1].lower)
    until = limit.date() if first.time() <= limit.time() else limit.date() - DAY
    said = ngettext(
        "On demande %(days)d jours d’avance au plus, donc jusqu’au %(until)s : %(n)d date vient après. Demandez la "
        "suite à partir du %(again)s.",
        "On demande %(days)d jours d’avance au plus, donc jusqu’au %(until)s : %(n)d dates viennent après. Demandez la "
        "suite à partir du %(again)s.", len(far),
    )  # fmt: skip
    again = (last - horizon).date() + DAY
    words = {"until": day_in_words(until, "j F Y"), "again": day_in_words(again, "j F Y")}
    return said % {**words, "days": resource.horizon_days, "n": len(far)}


def _ways(request: HttpRequest, form: RequestForm, free: int) -> dict[str, Any]:
    """Other hours and other resources for a series that is taken in part."""
    found = alternatives.for_series(form.resource, form.periods, form.wanted, free, among=_lendable(request, form))
    if not (found.hours or found.resources):
        return {}
    hours = [(f"{_stamp(p)}/{wall(p.upper):{STAMP}}", clock(wall(p.lower).time()), clock(wall(p.upper).time()), n)
             for p, n in found.hours]  # fmt: skip
    return {"hours": hours, "resources": found.resources}
