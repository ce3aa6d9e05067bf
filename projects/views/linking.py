"""The ties of a project: real loans that serve it, needs that say what it lacks."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from directory.forms.need import KIND_HELP, NeedForm
from directory.memberships import acting_for, memberships_of
from directory.models import Kind, Need
from directory.permissions import is_member, require
from directory.writing import OutdatedError
from mutualisation.kernel.lifecycle import AlreadyMoved
from mutualisation.kernel.publication import Status
from mutualisation.kernel.requests import posted_from
from projects import wording
from projects.contributions import BeyondPromise, NotPossible
from projects.forms.participation import LoanKeepsForm, LoanLinkForm
from projects.linking import (
    ask_for,
    brought_to,
    keep_promise,
    link_loan,
    link_need,
    may_keep,
    promises_open,
    unlink_loan,
    unlink_need,
    usual_promise,
    usual_rate,
)
from projects.models import Contribution, Participation, Project, ProjectLoan, ProjectNeed
from projects.permissions import can_keep, can_lead, leading, loans_between, loans_to_link
from projects.views.project import found
from projects.views.project_edit import editable


def takes_part(request: HttpRequest, project: Project) -> bool:
    """Whether she leads the project, or acts for an organisation that is in it."""
    if not request.user.is_authenticated:
        return False
    mine = [m.organisation_id for m in memberships_of(request)]
    inside = Participation.objects.welcomed().filter(project=project, organisation__in=mine)
    return inside.exists() or can_lead(request.user, project)


@require_http_methods(["GET", "HEAD", "POST"])
def project_loans(request: HttpRequest, slug: str) -> HttpResponse:
    """Say that a loan of one’s organisation serves the project; the loans that do."""
    project = found(request, slug)
    require(takes_part(request, project))
    possible = {
        str(loan.pk): loan
        for loan in loans_to_link(request.user, project).for_list().order_by("-starts_at", "-id")[:50]  # type: ignore[attr-defined]
    }
    choices = [
        (
            pk,
            _("%(what)s : %(lender)s prête à %(borrower)s, %(when)s")
            % {
                "what": loan.resource.name, "lender": loan.lender.name, "borrower": loan.borrower.name,
                "when": wording.period(loan.starts_at.date(), loan.ends_at.date()),
            },
        )
        for pk, loan in possible.items()
    ]  # fmt: skip
    promises = promises_open(project)
    useful = [p for p in promises if any(may_keep(loan, p) for loan in possible.values())]
    form = LoanLinkForm(
        request.POST if request.method == "POST" else None,
        loans=choices,
        promises=[(str(p.pk), _in_words(p)) for p in useful],
    )
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        loan = possible[said["loan"]]
        rate, per = (said["rate"], said["per"]) if said["rate"] is not None else usual_rate(project, loan)
        keeps = next((p for p in useful if str(p.pk) == said.get("keeps")), None)
        try:
            link_loan(project=project, loan=loan, rate=rate, per=per, role=said["role"], method=said["method"],
                      keeps=keeps, by=request.user)  # fmt: skip
        except BeyondPromise as reply:
            form.add_error("method", str(reply))
        except NotPossible as reply:
            form.add_error("keeps" if keeps else "loan", str(reply))
        else:
            messages.success(request, _counted(keeps))
            if keeps is None and (may := usual_promise(loan, promises)):
                asked = _(
                    "S’il tient la promesse « %(what)s », dites-le parmi les prêts du projet : il compterait deux fois."
                )
                messages.info(request, asked % {"what": may.label})
            return redirect("project_ledger", slug=slug)
    context = {
        "project": project, "form": form, "possible": choices, "links": _links(request, project, promises),
    }  # fmt: skip
    return render(request, "projects/loan/list.html", context, status=422 if form.errors else 200)


def _in_words(promise: Contribution) -> str:
    said = {"who": promise.participation.organisation.name, "what": promise.label}
    how_much = wording.quantity(promise.hours, promise.value)
    name = _("%(who)s : %(what)s") % said
    return f"{name}, {how_much}" if how_much else name


def _counted(keeps: Contribution | None) -> str:
    if keeps is None:
        return _("Ce prêt compte maintenant au bilan du projet, à mesure qu’il a lieu.")
    return _("Ce prêt compte maintenant comme venu, à mesure qu’il a lieu, sur la promesse « %(what)s ».") % {
        "what": keeps.label
    }


def _links(request: HttpRequest, project: Project, promises: list[Contribution]) -> list[dict[str, Any]]:
    """The loans that serve the project, each with what she may change of it."""
    links = list(
        ProjectLoan.objects.filter(project=project)
        .select_related(
            "loan__resource", "loan__lender", "loan__borrower", "contribution__participation__organisation"
        )
        .defer("loan__resource__search", "loan__lender__search", "loan__borrower__search",
               "contribution__participation__organisation__search")
        .order_by("linked_at", "id")
    )  # fmt: skip
    mine = {m.organisation_id for m in memberships_of(request)}
    leads = can_lead(request.user, project)
    hers = set(loans_between(request.user, project).filter(project_link__project=project).values_list("pk", flat=True))
    told = []
    for link in links:
        kept = link.contribution
        known = {p.pk: p for p in [*([kept] if kept else []), *promises] if may_keep(link.loan, p)}
        told.append({
            "link": link,
            "keeps": _in_words(kept) if kept else "",
            "has_own_value": not (kept and kept.rate) or bool(link.loan.price),
            "form": LoanKeepsForm(
                initial={"keeps": str(kept.pk) if kept else "", "was": str(kept.pk) if kept else ""},
                promises=[(str(p.pk), _in_words(p)) for p in known.values()], auto_id=f"pret-{link.pk}-%s",
            ) if known and link.loan_id in hers else None,
            "may_remove": leads or bool(mine & {link.loan.lender_id, link.loan.borrower_id}),
        })  # fmt: skip
    return told


@posted_from("project_loans", "slug")
def project_loan_keeps(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Say which promise a linked loan keeps, or that it adds to what is promised."""
    project = found(request, slug)
    require(takes_part(request, project))
    link = get_object_or_404(ProjectLoan.objects.select_related("loan__resource", "project"), pk=pk, project=project)
    require(can_keep(request.user, link))
    named, was = request.POST.get("keeps", ""), request.POST.get("was", "")
    back = redirect(reverse("project_loans", args=[slug]) + f"#pret-{pk}")
    if named == was:
        return back
    keeps = next((p for p in promises_open(project) if str(p.pk) == named), None)
    try:
        if was != str(link.contribution_id or ""):
            raise AlreadyMoved
        if named and keeps is None:
            raise NotPossible(_("Cette promesse n’est plus promise : rien n’a changé."))
        keep_promise(link, keeps=keeps, by=request.user, remark=request.POST.get("method", ""))
    except AlreadyMoved:
        messages.warning(
            request, _("Rien n’a changé : quelqu’un vient de dire autre chose de ce prêt. Le voici comme il est.")
        )
    except NotPossible as reply:
        messages.warning(request, str(reply))
    else:
        messages.success(request, _counted(keeps) if keeps else _("Ce prêt s’ajoute maintenant à ce qui est promis."))
    return back


@posted_from("project_loans", "slug")
def project_loan_remove(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """The loan goes on; it counts here no more."""
    project = found(request, slug)
    require(takes_part(request, project))
    unlink_loan(get_object_or_404(ProjectLoan.objects.select_related("loan"), pk=pk, project=project), by=request.user)
    messages.success(request, _("Ce prêt ne compte plus au bilan du projet. Le prêt lui-même continue."))
    return redirect("project_loans", slug=slug)


# ---- needs


@require_http_methods(["GET", "HEAD", "POST"])
def project_needs(request: HttpRequest, slug: str) -> HttpResponse:
    """Post what the project lacks, in the name of an organisation that leads; or tie what it posted already."""
    project = editable(request, slug)
    leads = {o.pk for o in leading(project).only("pk")}
    mine = [m for m in memberships_of(request) if m.organisation_id in leads]
    acting = acting_for(request)
    chosen = next(
        (m for m in mine if acting and m.organisation_id == acting.organisation_id), mine[0] if mine else None
    )
    asked = request.POST.get("organisation", "")
    if asked:
        chosen = next((m for m in mine if str(m.organisation_id) == asked), None)
        if chosen is None:
            raise PermissionDenied
    form, status = None, 200
    if chosen is not None:
        organisation = chosen.organisation
        blank = Need(organisation=organisation)
        form = NeedForm(instance=blank, organisation=organisation)
        if request.method == "POST":
            try:
                form = ask_for(
                    project=project,
                    form_for=lambda row: NeedForm(request.POST, instance=row, organisation=organisation),
                    blank=blank,
                    by=request.user,
                    once=request.POST.get("once", ""),
                )
            except OutdatedError as error:
                messages.warning(request, _("Ce besoin est déjà publié, et il a changé depuis : le voici."))
                return redirect(error.args[0].instance)
            if not form.errors:
                messages.success(request, _("C’est publié : ce besoin paraît parmi les besoins, et sur le projet."))
                return redirect("project_needs", slug=slug)
            status = 422
    elif request.method == "POST":
        raise PermissionDenied
    others = Need.objects.filter(
        organisation__in=[m.organisation_id for m in mine], status=Status.PUBLISHED, project_link__isnull=True
    ).open()
    links = ProjectNeed.objects.filter(project=project).select_related("need__organisation").defer("need__search")
    shown = list(links.order_by("id"))
    brought = brought_to([link.need for link in shown], request.user)
    hers = {m.organisation_id for m in mine}
    context: dict[str, Any] = {
        "project": project, "form": form, "chosen": chosen,
        "links": [(link, brought[link.need_id], link.need.organisation_id in hers) for link in shown],
        "others": list(others.defer("search").order_by("-published_at", "-id")[:20]),
        "kinds": [(r, KIND_HELP[Kind(r.data["value"])]) for r in form["kind"]] if form else [],
        "once": request.POST.get("once") or str(uuid.uuid4()),
    }  # fmt: skip
    return render(request, "projects/need/list.html", context, status=status)


@posted_from("project_detail", "slug")
def project_need_link(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Tie a need that one’s organisation posted; untie it, or another if one leads."""
    need = get_object_or_404(Need.objects.visible_to(request.user).defer("search"), pk=pk)
    if request.POST.get("lier") == "non":
        project = found(request, slug)
        link = get_object_or_404(ProjectNeed.objects.select_related("need__organisation"), project=project, need=need)
        unlink_need(link, by=request.user)
        messages.success(request, _("Ce besoin n’est plus lié au projet; il reste publié."))
        return redirect("project_needs", slug=slug) if can_lead(request.user, project) else redirect(project)
    project = editable(request, slug)
    require(is_member(request.user, need.organisation))
    try:
        link_need(project=project, need=need, by=request.user)
    except NotPossible as reply:
        messages.warning(request, str(reply))
    else:
        messages.success(request, _("Ce besoin paraît maintenant sur le projet."))
    return redirect("project_needs", slug=slug)
