"""Taking part: the page where an organisation offers, and the page of what it offered, for both sides."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.drafts import forget, hold, recall
from directory.forms.written import put_back
from directory.memberships import acting_for
from directory.models import Need, Organisation
from directory.permissions import can_read, is_member, require
from directory.views.written import first_values
from mutualisation.kernel.lifecycle import AlreadyMoved
from mutualisation.kernel.publication import Status
from projects.contributions import (
    THEIRS_TO_TAKE_BACK,
    BeyondPromise,
    NotPossible,
    answer,
    answer_promise,
    deliver,
    end,
    kept_by_loans,
    offer,
    promise,
    take_back,
    take_off,
)
from projects.forms.fields import ContributionRow
from projects.forms.participation import DeliveryForm, OfferForm, PromiseForm, ReasonForm
from projects.models import NATURE_OF_KIND, ROLE_HELP, Contribution, ContributionRole, Delivery, Participation, Project
from projects.permissions import can_end, can_follow_up, can_lead, can_take_back, can_take_off
from projects.views.project import agreement_address, found
from projects.views.promises import told_of
from projects.wording import quantity

OFFER, ONE = "projects/participation/offer.html", "projects/participation/detail.html"


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def participate(request: HttpRequest, slug: str) -> HttpResponse:
    """Offer to take part, in the name of the organisation one acts for."""
    if not request.user.is_authenticated:
        if request.method == "POST":
            return hold(request, f"participer:{slug}"[:118])
        return redirect_to_login(request.get_full_path())
    project = found(request, slug)
    acting = acting_for(request)
    if acting is None:
        return render(request, "projects/project/nobody.html")
    organisation = acting.organisation
    key = f"participer:{slug}"[:118]

    def drawn(form: OfferForm, **extra: Any) -> dict[str, Any]:
        known = {role.value: ROLE_HELP[role] for role in ContributionRole}
        return {
            "project": project, "organisation": organisation, "form": form, "draft_key": key, "draft": None,
            "lines": form.lines(more="ligne" in request.POST), "refusal": refusal, "need": need,
            "roles": [(box, known.get(box.data["value"], "")) for box in form["roles"]], **extra,
        }  # fmt: skip

    need = _need(request, project)
    refusal = _refusal(project, organisation)
    if "ligne" in request.POST:
        form = OfferForm()
        put_back(form, request.POST)
        return render(request, OFFER, drawn(form))
    if request.method == "POST":
        form = OfferForm(request.POST)
        if form.is_valid() and not refusal:
            said = form.cleaned_data
            try:
                made = offer(
                    project=project, organisation=organisation, part=said["part"], roles=said["roles"], by=request.user,
                    message=said["message"], brings=_answering(need, form.understood()),
                )  # fmt: skip
            except NotPossible as reply:
                form.add_error(None, str(reply))
            else:
                forget(user=request.user, key=key)
                if made.status == Participation.Status.WELCOMED:
                    messages.success(request, _("C’est inscrit : votre organisme paraît sur la page du projet."))
                    if made.contributions.filter(status=Contribution.Status.OFFERED).exists():
                        messages.info(
                            request, _("Ce que vous apportez est proposé : ceux qui portent le projet vous répondront.")
                        )
                elif not Participation.objects.carrying().filter(project=project).exists():
                    sent = _("C’est envoyé à %(who)s, qui tient la fiche en attendant un porteur : on vous répondra.")
                    messages.success(request, sent % {"who": project.organisation.name})
                else:
                    messages.success(request, _("C’est envoyé à ceux qui portent le projet : ils vous répondront."))
                return redirect("participation", slug=slug, pk=made.pk)
        return render(request, OFFER, drawn(form), status=409 if refusal else 422)
    if need and not refusal and (there := _standing(project, organisation)):  # a partner brings more where he is
        return redirect(reverse("participation", args=[slug, there.pk]) + f"?besoin={need.pk}#id_label")
    draft = recall(request, key)
    role = request.GET.get("role", "")
    known: dict[str, Any] = {"roles": [role]} if role in ContributionRole.values else {}
    if need:
        known["brings"] = [(*_line_for(need), *[""] * (len(ContributionRow.base_fields) - 2))]
    form = OfferForm(initial=known)
    first_values(request, form, draft)
    return render(request, OFFER, drawn(form, draft=draft))


def _need(request: HttpRequest, project: Project) -> Need | None:
    """The need of the project that one means to answer, when the address names one that this reader may see."""
    asked = request.GET.get("besoin", "")
    if not asked.isdecimal() or len(asked) > 18:
        return None
    rows = Need.objects.visible_to(request.user).filter(project_link__project=project)
    return rows.defer("search").filter(pk=int(asked)).first()


def _line_for(need: Need) -> tuple[str, str]:
    """What brings what a need asks: of its sort, by its name."""
    return NATURE_OF_KIND[need.kind], need.name[:160]


def _answering(need: Need | None, brings: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What one brings, the first of it said to answer that need."""
    return [{**said, "need": need if n == 0 else None} for n, said in enumerate(brings)]


def _standing(project: Project, organisation: Organisation) -> Participation | None:
    """Where this organisation takes part already, or offered to: what was welcomed first."""
    states = [Participation.Status.WELCOMED, Participation.Status.OFFERED]
    rows = Participation.objects.filter(project=project, organisation=organisation, status__in=states)
    return rows.order_by("-status", "id").first()


def _refusal(project: Project, organisation: Organisation) -> str:
    """Why this organisation may not offer anything to this project; nothing when it may."""
    if project.is_ended:
        return _("Ce projet est terminé : on ne peut plus rien lui offrir.")
    if not project.is_public:
        return _("Ce projet n’est pas encore public : on pourra y participer ensuite.")
    if organisation.status == Status.ARCHIVED:
        return _(
            "Votre organisme n’est plus au portail : demandez à la curation de l’y remettre, et vous pourrez "
            "participer."
        )
    if organisation.status == Status.RETURNED:
        return _(
            "La curation a demandé un changement à la fiche de votre organisme : vous pourrez participer quand elle "
            "sera publiée de nouveau."
        )
    if organisation.status != Status.PUBLISHED:
        return _("Votre organisme attend d’être validé : vous pourrez participer ensuite.")
    return ""


def _participation(request: HttpRequest, slug: str, pk: int) -> Participation:
    """For its two sides: 404 for anyone else."""
    rows = Participation.objects.select_related("project__organisation", "organisation")
    one = rows.defer("project__search", "organisation__search").filter(pk=pk, project__slug=slug).first()
    if one is None or not request.user.is_authenticated or not can_follow_up(request.user, one):
        raise Http404
    return one


def _readable(request: HttpRequest, project: Project) -> bool:
    """Whether its page opens to this reader: a project sent back leaves who takes part without it for a while."""
    return project.is_public or can_read(request.user, project)


GESTURES = ("accueillir", "decliner", "terminer", "promettre")


@require_http_methods(["GET", "HEAD", "POST"])
def participation(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """One participation: answered by who leads, followed by both; what it brings, and what came."""
    one = _participation(request, slug, pk)
    if request.method == "POST":
        name = request.POST.get("geste", "")
        if name not in GESTURES:
            raise Http404
        return _answer(request, one, name)
    return _drawn(request, one)


def _drawn(request: HttpRequest, one: Participation, *, status: int = 200, **forms: Any) -> HttpResponse:
    project = one.project
    contributions = list(one.contributions.with_what_came())
    kept = kept_by_loans(contributions)
    leads, partner = can_lead(request.user, project), is_member(request.user, one.organisation)
    states = Participation.Status
    need = _need(request, project)
    known = dict(zip(("nature", "label"), _line_for(need), strict=True)) if need else None
    return render(
        request,
        ONE,
        {
            "project": project,
            "participation": one,
            "contributions": [told_of(c, kept[c.pk]) for c in contributions],
            "leads": leads,
            "partner": partner,
            "to_answer": leads and one.status == states.OFFERED,
            "can_end": can_end(request.user, one),
            "readable": _readable(request, project),
            "can_promise": "promise_form" in forms  # refused: what was typed is shown again
            or (partner and one.status in (states.OFFERED, states.WELCOMED) and not project.is_ended),
            "decline_form": ReasonForm(prefix="refus"),
            "end_form": ReasonForm(prefix="fin", needed=not partner),
            "promise_form": PromiseForm(initial=known),
            "need": need,
            "agreement": agreement_address(project, project.organisation.name, [one.organisation.name])
            if one.status == states.WELCOMED
            else "",
            **forms,
        },
        status=status,
    )


def _answer(request: HttpRequest, one: Participation, name: str) -> HttpResponse:
    try:
        if name == "accueillir":
            require(can_lead(request.user, one.project))
            answer(one, welcome=True, by=request.user)
            said = _("%(who)s fait maintenant partie du projet.") % {"who": one.organisation.name}
        elif name == "decliner":
            require(can_lead(request.user, one.project))
            form = ReasonForm(request.POST, prefix="refus")
            if not form.is_valid():
                return _drawn(request, one, status=422, decline_form=form)
            answer(one, welcome=False, by=request.user, reason=form.cleaned_data["reason"])
            said = _("C’est décliné. %(who)s lira pourquoi.") % {"who": one.organisation.name}
        elif name == "terminer":
            awaited = one.status == Participation.Status.OFFERED
            partner = is_member(request.user, one.organisation)
            form = ReasonForm(request.POST, prefix="fin", needed=not partner)
            if awaited and not partner:
                raise NotPossible(THEIRS_TO_TAKE_BACK)
            if not form.is_valid() and can_end(request.user, one):
                return _drawn(request, one, status=422, end_form=form)
            end(one, by=request.user, reason=form.cleaned_data.get("reason", ""))
            said = (
                _("Votre offre est retirée : ceux qui mènent le projet l’apprennent par courriel.")
                if awaited
                else _("La participation est terminée. Ce qui était venu reste au bilan.")
            )
        else:
            require(is_member(request.user, one.organisation))
            more = PromiseForm(request.POST)
            if not more.is_valid():
                return _drawn(request, one, status=422, promise_form=more)
            (said_more,) = _answering(_need(request, one.project), [more.cleaned_data])
            try:
                made = promise(one, said_more, by=request.user)
            except NotPossible as reply:
                more.add_error(None, str(reply))
                return _drawn(request, one, status=409, promise_form=more)
            said = (
                _("C’est promis et inscrit au bilan.")
                if made.status == Contribution.Status.WELCOMED
                else _("C’est proposé : ceux qui portent le projet vous répondront.")
            )
    except AlreadyMoved:
        now = Participation.objects.get(pk=one.pk).get_status_display()
        said = _("Rien n’a changé : cette participation est déjà « %(state)s ».") % {"state": now}
        messages.warning(request, said + _unsent(request, "refus", "fin"))
    except NotPossible as reply:
        messages.warning(request, str(reply))
    else:
        messages.success(request, said)
    return redirect("participation", slug=one.project.slug, pk=one.pk)


def _unsent(request: HttpRequest, *prefixes: str) -> str:
    """The reason that was typed, for who may want to say it otherwise; nothing without one."""
    typed = next(filter(None, (request.POST.get(f"{prefix}-reason", "").strip() for prefix in prefixes)), "")
    return " " + _("Vous aviez écrit : « %(text)s ».") % {"text": typed[:1000]} if typed else ""


@require_http_methods(["GET", "HEAD", "POST"])
def contribution(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """One promise: answered by who leads, taken back, or recorded as it comes."""
    rows = Contribution.objects.select_related(
        "participation__project__organisation", "participation__organisation", "need"
    ).defer("need__search")
    one = rows.filter(pk=pk, participation__project__slug=slug).first()
    if one is None or not can_follow_up(request.user, one.participation):
        raise Http404
    leads = can_lead(request.user, one.participation.project)
    form, reason, end_form = DeliveryForm(promise=one), ReasonForm(prefix="refus"), ReasonForm(prefix="retrait")
    status = 200
    if request.method == "POST":
        name = request.POST.get("geste", "")
        try:
            if name in ("accepter", "refuser"):
                require(leads)
                reason = ReasonForm(request.POST, prefix="refus", needed=name == "refuser")
                if reason.is_valid():
                    answer_promise(
                        one, welcome=name == "accepter", by=request.user, reason=reason.cleaned_data["reason"]
                    )
                    messages.success(request, _("C’est répondu."))
                    return redirect(one.participation)
                status = 422
            elif name == "retirer":
                end_form = ReasonForm(request.POST, prefix="retrait")
                if one.status == Contribution.Status.OFFERED and not can_take_back(request.user, one):
                    messages.warning(request, str(THEIRS_TO_TAKE_BACK))
                    return redirect("contribution", slug=slug, pk=pk)
                if end_form.is_valid():
                    take_back(one, by=request.user, reason=end_form.cleaned_data["reason"])
                    messages.success(request, _("C’est retiré de ce qui est promis. Ce qui est venu reste au bilan."))
                    return redirect(one.participation)
                status = 422
            elif name == "recu":
                form = DeliveryForm(request.POST, promise=one)
                if form.is_valid():
                    said = form.cleaned_data
                    deliver(one, on=said["on"], hours=said.get("hours", 0), amount=said["amount"], note=said["note"],
                            by=request.user)  # fmt: skip
                    messages.success(request, _("C’est inscrit au bilan."))
                    return redirect(one.participation)
                status = 422
            else:
                raise Http404
        except AlreadyMoved:
            now = Contribution.objects.get(pk=one.pk).get_status_display()
            already = _("Rien n’a changé : cet apport est déjà « %(state)s ».") % {"state": now}
            messages.warning(request, already + _unsent(request, "refus", "retrait"))
            return redirect(one.participation)
        except BeyondPromise as reply:
            form.add_error("note", str(reply))
            status = 422
        except NotPossible as reply:
            if name != "recu":  # what it was has no form to be said in
                messages.warning(request, str(reply))
                return redirect("contribution", slug=slug, pk=pk)
            form.add_error(None, str(reply))
            status = 422
    told = told_of(one, kept_by_loans([one])[one.pk], by=request.user, leads=leads)
    context = {
        "project": one.participation.project, "participation": one.participation, "told": told, "leads": leads,
        "form": form, "reason_form": reason, "end_form": end_form, "may_take_back": can_take_back(request.user, one),
        "readable": _readable(request, one.participation.project),
    }  # fmt: skip
    return render(request, "projects/participation/contribution.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def delivery_remove(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Take a line recorded by mistake off the ledger: asked first, with why, and the other side is told."""
    rows = Delivery.objects.select_related(
        "contribution__participation__project__organisation", "contribution__participation__organisation"
    )
    one = rows.filter(pk=pk, contribution__participation__project__slug=slug).first()
    if one is None or not can_follow_up(request.user, one.contribution.participation):
        raise Http404
    require(can_take_off(request.user, one))
    form = ReasonForm(request.POST if request.method == "POST" else None)
    gone = one.removed_at is not None
    if request.method == "POST" and not gone and form.is_valid():
        try:
            take_off(one, by=request.user, reason=form.cleaned_data["reason"])
        except AlreadyMoved:
            gone = True
        else:
            messages.success(request, _("La ligne est retirée du bilan; l’autre organisme l’apprend par courriel."))
            return redirect("contribution", slug=slug, pk=one.contribution_id)
    if gone:
        messages.warning(request, _("Rien n’a changé : cette ligne est déjà retirée du bilan."))
        return redirect("contribution", slug=slug, pk=one.contribution_id)
    context = {
        "project": one.contribution.participation.project, "participation": one.contribution.participation,
        "contribution": one.contribution, "delivery": one, "form": form,
        "how_much": quantity(one.hours, one.amount) or _("venu"),
        "readable": _readable(request, one.contribution.participation.project),
    }  # fmt: skip
    return render(request, "projects/participation/take_off.html", context, status=422 if form.errors else 200)
