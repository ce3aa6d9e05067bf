"""The ties of a project: real loans that serve it, needs that say what it lacks."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from directory.forms.need import KIND_HELP, NeedForm
from directory.memberships import acting_for, memberships_of
from directory.models import Kind, Need
from directory.permissions import is_member, require
from directory.writing import OutdatedError
from mutualisation.kernel.publication import Status
from mutualisation.kernel.requests import posted_from
from projects import wording
from projects.contributions import NotPossible
from projects.forms.participation import LoanLinkForm
from projects.linking import ask_for, link_loan, link_need, unlink_loan, unlink_need, usual_rate
from projects.models import Participation, Project, ProjectLoan, ProjectNeed
from projects.permissions import can_lead, leading, loans_to_link
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
    form = LoanLinkForm(request.POST if request.method == "POST" else None, loans=choices)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        loan = possible[said["loan"]]
        rate, per = (said["rate"], said["per"]) if said["rate"] is not None else usual_rate(project, loan)
        try:
            link_loan(project=project, loan=loan, rate=rate, per=per, role=said["role"], method=said["method"],
                      by=request.user)  # fmt: skip
        except NotPossible as reply:
            form.add_error("loan", str(reply))
        else:
            messages.success(request, _("Ce prêt compte maintenant au bilan du projet, à mesure qu’il a lieu."))
            return redirect("project_ledger", slug=slug)
    links = list(
        ProjectLoan.objects.filter(project=project)
        .select_related("loan__resource", "loan__lender", "loan__borrower")
        .defer("loan__resource__search", "loan__lender__search", "loan__borrower__search")
        .order_by("linked_at", "id")
    )
    mine = {m.organisation_id for m in memberships_of(request)}
    leads = can_lead(request.user, project)
    context = {
        "project": project, "form": form, "possible": choices,
        "links": [(link, leads or bool(mine & {link.loan.lender_id, link.loan.borrower_id})) for link in links],
    }  # fmt: skip
    return render(request, "projects/loan/list.html", context, status=422 if form.errors else 200)


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
    context: dict[str, Any] = {
        "project": project, "form": form, "chosen": chosen, "links": list(links.order_by("id")),
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
