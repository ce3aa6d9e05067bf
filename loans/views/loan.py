"""One loan: where it stands, the gestures it awaits, its dates, its thread."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.drafts import as_post, forget, hold, recall
from directory import alternatives, calendar, closing
from directory.memberships import memberships_of
from directory.models import Kind, Resource
from directory.permissions import require
from loans import amendments, awaited, gate, handover, holding, hours, offered, proposals, requests
from loans.forms.gesture import MessageForm, NoteForm, PersonForm, ReasonForm
from loans.lateness import holding_back
from loans.lifecycle import moves
from loans.models import Loan, LoanDate, LoanStatus, Proposal, Side
from loans.notifications.agreeing import until_amended
from loans.permissions import organisation_of, other, seats, sides_of
from loans.possible import Impossible
from loans.recurrence import series_in_words
from loans.standing import held_up, standing
from loans.views.changes import changes_of
from loans.views.thread import thread
from mutualisation.kernel.lifecycle import AlreadyMoved
from mutualisation.kernel.moments import Period
from mutualisation.kernel.moments import in_words as period_words

TEMPLATE = "loans/loan/detail.html"
KEYS_SHOWN = (LoanStatus.ACCEPTED, LoanStatus.HANDED_OVER)  # when the private instructions serve
MESSAGE = "message"
FEW = 6  # dates


@dataclass(frozen=True)
class Gesture:
    """One thing a page lets one do: the form it fills, what it does, what is said afterwards."""

    form: type[NoteForm]
    act: Callable[..., Any]
    said: Promise | str


def _answer(verb: Callable[..., Any], word: str) -> Callable[..., Any]:
    def act(loan: Loan, form: NoteForm, **about: Any) -> Any:
        return verb(loan, **about, **{word: form.cleaned_data["note"].strip()})

    return act


def _to_proposal(verb: Callable[..., Any], word: str = "") -> Callable[..., Any]:
    """A gesture on the proposal that awaits an answer; gone meanwhile, the page was stale."""

    def act(loan: Loan, form: NoteForm, **about: Any) -> Any:
        waiting = proposals.waiting_proposal(loan)
        if waiting is None:
            raise AlreadyMoved
        waiting.loan = loan
        return verb(waiting, **about, **({word: form.cleaned_data["note"].strip()} if word else {}))

    return act


def _accept(loan: Loan, form: NoteForm, **about: Any) -> Any:
    people = form.people if isinstance(form, PersonForm) else {}
    requests.accept(loan, note=form.cleaned_data["note"].strip(), **about, **people)
    return amendments.follow_acceptance(loan, by=about["by"])


def _record(loan: Loan, form: NoteForm, **about: Any) -> Any:
    assert isinstance(form, PersonForm)
    return requests.record_person(loan, **about, **form.people)


GESTURES: dict[str, Gesture] = {
    "accept": Gesture(NoteForm, _accept, gettext_lazy("C’est accepté et réservé. L’emprunteur est prévenu.")),
    "decline": Gesture(
        ReasonForm, _answer(requests.decline, "reason"), gettext_lazy("C’est refusé. L’emprunteur est prévenu.")
    ),
    "let_through": Gesture(
        NoteForm, lambda loan, form, **about: requests.let_through(loan, **about),
        gettext_lazy("Vous pouvez maintenant répondre à cette demande."),
    ),
    "withdraw": Gesture(
        NoteForm, _answer(requests.withdraw, "reason"), gettext_lazy("La demande est retirée. Le prêteur est prévenu.")
    ),
    "cancel": Gesture(
        ReasonForm, _answer(requests.cancel, "reason"),
        gettext_lazy("C’est annulé. Les dates sont libres, l’autre organisme est prévenu."),
    ),
    "agree": Gesture(
        NoteForm, _to_proposal(proposals.agree, "note"), gettext_lazy("Entendu : la proposition est acceptée.")
    ),
    "refuse": Gesture(
        NoteForm, _to_proposal(proposals.refuse, "reason"), gettext_lazy("La proposition est refusée.")
    ),
    "take_back": Gesture(NoteForm, _to_proposal(proposals.take_back), gettext_lazy("Votre proposition est retirée.")),
    "record_person": Gesture(PersonForm, _record, gettext_lazy("La personne est nommée, et son accord est inscrit.")),
}  # fmt: skip


@login_not_required  # a form sent after the session expired is kept, then one signs in
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def loan_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """The page of a loan, for its two organisations; a gesture is sent to it."""
    if not request.user.is_authenticated:
        if request.method == "POST":
            return hold(request, f"pret:{pk}")
        return redirect_to_login(request.get_full_path())
    loan = seen(request, pk)
    if request.method != "POST":
        return _shown(request, loan)
    name = request.POST.get("geste", "")
    if name == MESSAGE:
        return _written(request, loan)
    if name.startswith("date-"):
        return _date_cancelled(request, loan, name.removeprefix("date-"))
    if name not in GESTURES:
        raise Http404
    return _done(request, loan, name)


def seen(request: HttpRequest, pk: int) -> Loan:
    """The loan, for its two organisations; 404 for everyone else."""
    seats = memberships_of(request)
    rows = Loan.objects.visible_to(request.user).for_list().with_wait(*seats).with_target(*seats)
    rows = rows.select_related("resource__territory", "resource__category")
    loan = rows.filter(pk=pk).first()
    if loan is None:
        raise Http404
    return loan


def version_of(request: HttpRequest) -> int:
    """The version that the page showed; one that says none is stale."""
    said = request.POST.get("version", "")
    return int(said) if said.isascii() and said.isdigit() and len(said) < 9 else 0


def form_of(name: str, loan: Loan, *data: Any, **more: Any) -> NoteForm:
    """The form of a gesture; to say yes for a person is also to name her."""
    wanted = GESTURES[name].form
    if name == "accept" and loan.resource.kind == Kind.HUMAIN:
        wanted = PersonForm
    return wanted(*data, loan=loan, prefix=None, auto_id=f"{name}-%s", **more)


# ---- gestures


def _done(request: HttpRequest, loan: Loan, name: str) -> HttpResponse:
    form = form_of(name, loan, request.POST)
    known = version_of(request)
    if known != loan.version:
        return _shown(request, loan, form, name, problem=moved(loan), status=409)
    waiting = proposals.waiting_proposal(loan)
    require(name in _gestures(request, loan, sides_of(request.user, loan), waiting))
    if not form.is_valid():
        return _shown(request, loan, form, name, status=422)
    gesture = GESTURES[name]
    problem, other_ways = attempt(
        request, loan, lambda: gesture.act(loan, form, by=request.user, version=known), waiting
    )
    if problem:
        return _shown(request, seen(request, loan.pk), form, name, problem=problem, ways=other_ways, status=409)
    forget(user=request.user, key=f"pret:{loan.pk}")
    messages.success(request, done_words(loan, name))
    return redirect(loan)


def done_words(loan: Loan, name: str) -> str:
    """What is said once a gesture is made; a change that waits for its amendment says so."""
    if name == "agree" and holding.pending(loan):
        said = _("Entendu. Le changement prend effet quand toutes les parties ont signé l’avenant. %(until)s")
        return said % {"until": until_amended(loan)}
    return str(GESTURES[name].said)


def attempt(
    request: HttpRequest, loan: Loan, act: Callable[[], Any], proposed: Proposal | None = None
) -> tuple[str, alternatives.Alternatives | None]:
    """Do it, or say why it can't be done and what else could be; nothing changes then.

    ``proposed``: the terms that are agreed to, when they are not those of the loan.
    """
    try:
        act()
    except AlreadyMoved:
        return moved(Loan.objects.get(pk=loan.pk)), None
    except requests.Held:
        said = _("Cette demande est retenue : %(who)s doit d’abord rendre autre chose, ou %(them)s l’examiner.")
        return said % {"who": loan.borrower.name, "them": loan.lender.name}, None
    except requests.Begun:
        return _("Cette date a déjà commencé : elle ne s’annule plus. Si rien n’a eu lieu ce jour-là, convenez-en dans "
                 "la conversation."), None  # fmt: skip
    except Impossible as impossible:
        said = _("Rien n’a changé : l’entente signée ne va pas avec ce changement. %(why)s Proposez autre chose.")
        return said % {"why": impossible}, None
    except requests.Refused as refused:  # closed or put too far since the page was drawn
        return str(refused), None
    except calendar.Taken as taken:
        wanted = proposed or loan
        among = Resource.objects.filter(organisation=loan.lender_id, is_live=True)
        ways = alternatives.find(wanted.resource, taken.period, wanted.quantity, among=among)
        return gone_words(wanted.resource, taken.period), ways
    return "", None


def gone_words(resource: Resource, period: Period) -> str:
    """Why this can't be had any more: lent to someone else, or in repair."""
    when = {"when": period_words(period, year=False)}
    if repair := closing.repair_during(resource, period):
        said = _("Rien n’a changé : %(when)s, %(why)s. Proposez autre chose.")
        return said % {**when, "why": closing.repair_words(repair, resource)}
    if resource.quantity == 1:
        return _("Rien n’a changé : %(when)s, c’est déjà pris. Proposez autre chose.") % when
    return _("Rien n’a changé : %(when)s, il n’en reste plus assez de libre. Proposez autre chose.") % when


def moved(loan: Loan) -> str:
    """What a stale page is told."""
    return _(
        "Rien n’a changé : ce prêt a bougé depuis que vous avez ouvert la page. Il est maintenant "
        "« %(state)s ». Relisez, puis recommencez si c’est encore utile; ce que vous aviez tapé est resté."
    ) % {"state": loan.get_status_display()}


def _written(request: HttpRequest, loan: Loan) -> HttpResponse:
    form = MessageForm(request.POST, loan=loan, auto_id="message-%s")
    if not form.is_valid():
        return _shown(request, loan, form, MESSAGE, status=422)
    requests.write(loan, by=request.user, text=form.cleaned_data["note"], once=request.POST.get("once", ""))
    forget(user=request.user, key=f"pret:{loan.pk}")
    messages.success(request, _("Votre message est parti."))
    return redirect(f"{loan.get_absolute_url()}#fil")


def _date_cancelled(request: HttpRequest, loan: Loan, pk: str) -> HttpResponse:
    standing_dates = loan.dates.filter(cancelled_at__isnull=True)
    date = standing_dates.filter(pk=int(pk)).first() if pk.isascii() and pk.isdigit() and len(pk) < 18 else None
    if date is None or version_of(request) != loan.version:
        return _shown(request, loan, problem=moved(loan), status=409)
    date.loan = loan
    note = request.POST.get("note", "").strip()[:2000]
    problem, _ways = attempt(
        request, loan, lambda: requests.cancel_date(date, by=request.user, reason=note, version=loan.version)
    )
    if problem:
        return _shown(request, seen(request, loan.pk), problem=problem, status=409)
    messages.success(request, _("La date est annulée; les autres tiennent. L’autre organisme est prévenu."))
    return redirect("loan_dates", pk=loan.pk) if request.POST.get("retour") == "dates" else redirect(loan)


# ---- the page


def _shown(
    request: HttpRequest, loan: Loan, form: NoteForm | None = None, name: str = "", *, problem: str = "",
    ways: alternatives.Alternatives | None = None, status: int = 200,
) -> HttpResponse:  # fmt: skip
    """The page; ``form`` is that of the gesture ``name``, as it was sent."""
    sides = sides_of(request.user, loan)
    side = Side.LENDER if Side.LENDER in sides or not sides else Side.BORROWER
    waiting = proposals.waiting_proposal(loan)
    answers = bool(waiting and sides - {waiting.side})
    draft = recall(request, f"pret:{loan.pk}")
    typed = as_post(draft) if draft and "reprendre" in request.GET else None
    dates = list(loan.dates.all())
    live = [date for date in dates if date.cancelled_at is None]
    may = _gestures(request, loan, sides, waiting)
    first = {"note": typed.get("note", "")} if typed else {}
    forms = {key: form_of(key, loan, initial=first if typed and typed.get("geste") == key else {}) for key in may}
    written = MessageForm(
        loan=loan, auto_id="message-%s", initial=first if typed and typed.get("geste") == MESSAGE else {}
    )
    if form is not None and name == MESSAGE:
        written = form  # type: ignore[assignment]
    elif form is not None and name in forms:
        forms[name] = form
    hidden = form is not None and name != MESSAGE and name not in forms
    obstacles = handover.obstacles(loan) if loan.status == LoanStatus.ACCEPTED else []
    stands, person_lacks = standing(loan, side, waiting), loan.resource.kind == Kind.HUMAIN and not loan.consent_on
    agreements = gate.of_loan(loan)
    own = {} if answers or loan.is_open else seats(memberships_of(request), loan)
    stopped = bool(obstacles) and not waiting and loan.starts_at <= timezone.now()
    context = {
        "loan": loan,
        "resource": loan.resource,
        "visible": Resource.objects.visible_to(request.user).filter(pk=loan.resource_id).exists(),
        "side": side,
        "sides": sides,
        "us": organisation_of(loan, side),
        "them": organisation_of(loan, other(side)),
        "standing": held_up(stands, loan) if stopped else stands,
        "first": awaited.first(loan, stands, own, agreements, obstacles),
        "agreements": agreements,
        "obstacles": obstacles,
        "stopped": stopped,
        "lacks_agreement": len(obstacles) > person_lacks,
        "waiting": waiting,
        "answers": answers,
        "changes": changes_of(waiting, loan, live) if waiting else [],
        "forms": forms,
        "may": may,
        "may_propose": proposals.can_propose(request.user, loan),
        "open_gesture": name or (typed.get("geste", "") if typed else ""),
        "left": (form.data.get("note", "") if form and hidden else ""),
        "written": written,
        "dates": dates,
        "listed": _listed(dates),
        "live": live,
        "may_cancel_dates": len(live) > 1 and bool(sides) and loan.status in CANCELLABLE,
        "words": "" if len(live) < 2 else series_in_words([date.period for date in live], loan.recurrence),
        **holding_back(loan, sides),
        **cautions(loan, waiting, live, sides),
        "notes_hours": (notes := hours.are_noted(loan) and any(map(hours.is_past, dates))),
        "worked": hours.worked(loan) if notes else "",
        "instructions": loan.resource.pickup_instructions if loan.status in KEYS_SHOWN and sides else "",
        "thread": thread(loan),
        "draft": draft if not typed and form is None else None,
        "draft_key": f"pret:{loan.pk}",
        "problem": problem,
        "ways": ways,
        "bound": form,
        "elsewhere": loan.status in _GONE and Side.BORROWER in sides,
        "comparable": _comparable(request, loan) if loan.status in _GONE and Side.BORROWER in sides else [],
        "once": str(uuid.uuid4()),
        "now": timezone.now(),
    }
    return render(request, TEMPLATE, context, status=status)


CANCELLABLE = (LoanStatus.REQUESTED, LoanStatus.ACCEPTED, LoanStatus.HANDED_OVER)
_GONE = (LoanStatus.DECLINED, LoanStatus.EXPIRED, LoanStatus.CANCELLED)


def _listed(dates: list[LoanDate]) -> list[LoanDate]:
    """Those that the page shows: all of a few; of many, the next ones, and the rest has its own page."""
    if len(dates) <= FEW:
        return dates
    coming = [date for date in dates if date.period.upper > timezone.now()]
    return (coming or dates[-FEW:])[:FEW]


def _gestures(request: HttpRequest, loan: Loan, sides: set[str], waiting: Proposal | None) -> list[str]:
    """The gestures that this person may make now, by the table of moves; a proposal is answered before the rest."""
    found = [t.name for t in moves(request.user, loan) if t.name in GESTURES]
    answers = bool(waiting and sides - {waiting.side})
    if waiting:
        found = [name for name in found if name not in ("accept", "decline", "agree", "refuse", "take_back")]
        found = (["agree", "refuse"] if answers else []) + (["take_back"] if waiting.side in sides else []) + found
    if loan.held_at and loan.is_open and Side.LENDER in sides:
        found = ["let_through", *(name for name in found if name not in ("accept", "agree"))]
    if loan.resource.kind == Kind.HUMAIN and Side.LENDER in sides and loan.status in KEYS_SHOWN:
        found += [] if requests.is_person_settled(loan) else ["record_person"]
    return found


def _comparable(request: HttpRequest, loan: Loan) -> list[Resource]:
    """What else was free at the moment that could not be had, as far as it is still to come."""
    first = loan.dates.first()
    if first is None or first.period.lower < timezone.now():
        return []
    others = Resource.objects.visible_to(request.user).listed().exclude(organisation=loan.borrower_id)
    return alternatives.comparable(loan.resource, first.period, loan.quantity, among=others)


def cautions(loan: Loan, waiting: Proposal | None, live: list[LoanDate], sides: set[str]) -> dict[str, Any]:
    """What to know before answering: the hours a proposal makes an exception to, what is asked of a person beyond what
    is offered, whether it starts to look like staff placement. Said while there is something to answer."""
    asked, periods = (waiting, waiting.periods) if waiting else (loan, [date.period for date in live])
    person = loan.resource.kind == Kind.HUMAIN and Side.LENDER in sides and loan.is_open
    return {
        "outside": proposals.outside_hours(waiting) if waiting else [],
        "remarks": offered.remarks(asked.resource, periods, loan=loan) if waiting or loan.is_open else [],
        "placement": requests.looks_like_placement(loan.lender) if person else 0,
    }
