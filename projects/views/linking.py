"""The ties of a project: real loans that serve it, needs that say what it lacks."""

from __future__ import annotations

import uuid
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from directory.fitting import likely_category
from directory.forms.need import KIND_HELP, NeedForm
from directory.memberships import acting_for, memberships_of
from directory.models import Kind, Need
from directory.permissions import is_member, require
from directory.writing import OutdatedError
from loans.models import Loan
from mutualisation.kernel.lifecycle import AlreadyMoved
from mutualisation.kernel.moments import in_words, span
from mutualisation.kernel.pagination import asked_page, pager
from mutualisation.kernel.publication import Status
from mutualisation.kernel.requests import posted_from
from projects import wording
from projects.contributions import BeyondPromise, NotPossible
from projects.forms.participation import LoanKeepsForm, LoanLinkForm
from projects.forms.participation import in_words as promise_in_words
from projects.linking import (
    ask_for,
    brought_to,
    keep_promise,
    link_loan,
    link_need,
    may_keep,
    nearest,
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


LOANS_SHOWN = 20


@require_http_methods(["GET", "HEAD", "POST"])
def project_loans(request: HttpRequest, slug: str) -> HttpResponse:
    """The loans that serve the project, and those of one’s organisations that may; one of them, to be counted."""
    project = found(request, slug)
    require(takes_part(request, project))
    posted = request.method == "POST"
    asked = (request.POST.get("loan") if posted else request.GET.get("pret")) or ""
    possible = loans_to_link(request.user, project).for_list()  # type: ignore[attr-defined]
    loan = possible.filter(pk=int(asked)).first() if asked.isdecimal() and len(asked) < 19 else None
    if loan is None:
        if asked or posted:
            messages.warning(request, _("Ce prêt ne peut pas être lié, ou il l’est déjà : choisissez-en un autre."))
        return _loans(request, project, status=422 if posted else 200)
    promises = promises_open(project)
    form = LoanLinkForm(request.POST if posted else None, promises=[p for p in promises if may_keep(loan, p)])
    if posted and form.is_valid():
        said, keeps = form.cleaned_data, form.kept()
        rate, per = said["rate"], said["per"]
        if rate is None:
            rate, per = usual_rate(project, loan), ProjectLoan.Per.HOUR
        try:
            link_loan(project=project, loan=loan, rate=rate, per=per, role=said["role"], method=said["method"],
                      keeps=keeps, why=said.get("why", ""), by=request.user)  # fmt: skip
        except BeyondPromise as reply:
            form.ask_why(str(reply))
        except NotPossible as reply:
            form.add_error("keeps" if keeps else None, str(reply))
        else:
            messages.success(request, _counted(keeps))
            if keeps is None and (may := usual_promise(loan, promises)):
                asked = _(
                    "S’il tient la promesse « %(what)s », dites-le parmi les prêts du projet : il compterait deux fois."
                )
                messages.info(request, asked % {"what": may.label})
            return redirect("project_ledger", slug=slug)
    context = {"project": project, "form": form, "loan": loan, "when": _when(loan)}
    return render(request, "projects/loan/link.html", context, status=422 if form.errors else 200)


def _loans(
    request: HttpRequest, project: Project, *, status: int = 200, refused: LoanKeepsForm | None = None, of: int = 0
) -> HttpResponse:
    """The loans of the project, then those that may serve it, searched and in pages; ``refused`` is the form ``of``."""
    text = request.GET.get("q", "").strip()[:100]
    rows = nearest(loans_to_link(request.user, project), project, text)
    total = rows.count()
    number = min(asked_page(request.GET.get("page")) or 1, max(1, -(-total // LOANS_SHOWN)))
    shown = rows.for_list()[(number - 1) * LOANS_SHOWN : number * LOANS_SHOWN]  # type: ignore[attr-defined]
    words = {"q": text} if text else {}
    context = {
        "project": project,
        "links": _links(request, project, refused, of),
        "possible": [(loan, _when(loan)) for loan in shown],
        "q": text,
        "pager": pager(number, total, LOANS_SHOWN, lambda n: f"?{urlencode({**words, 'page': n})}#h-lier"),
    }
    return render(request, "projects/loan/list.html", context, status=status)


def _when(loan: Loan) -> str:
    """« le mardi 24 novembre 2026, de 9 h à 12 h »: from its first date to its last one."""
    whole = in_words(span(loan.starts_at, loan.ends_at))
    return _("%(when)s, à plusieurs dates") % {"when": whole} if loan.recurrence else whole


def _counted(keeps: Contribution | None) -> str:
    if keeps is None:
        return _("Ce prêt compte maintenant au bilan du projet, à mesure qu’il a lieu.")
    return _("Ce prêt compte maintenant comme venu, à mesure qu’il a lieu, sur la promesse « %(what)s ».") % {
        "what": keeps.label
    }


def _links(request: HttpRequest, project: Project, refused: LoanKeepsForm | None, of: int) -> list[dict[str, Any]]:
    """The loans that serve the project, each with what she may change of it."""
    links = list(
        ProjectLoan.objects.filter(project=project)
        .select_related(
            "loan__resource", "loan__lender", "loan__borrower", "contribution__participation__organisation"
        )
        .defer("loan__resource__search", "loan__lender__search", "loan__borrower__search",
               "contribution__participation__organisation__search")
        .annotate(hers=Exists(loans_between(request.user, project).filter(pk=OuterRef("loan"))))
        .order_by("linked_at", "id")
    )  # fmt: skip
    mine = {m.organisation_id for m in memberships_of(request)}
    leads = can_lead(request.user, project)
    promises = promises_open(project)
    told = []
    for link in links:
        kept = link.contribution
        form = refused if refused and link.pk == of else _keeps_form(link, promises)
        told.append({
            "link": link,
            "when": _when(link.loan),
            "keeps": promise_in_words(kept) if kept else "",
            "paid": wording.paid(link.loan.price, link.loan.price_unit) if link.loan.price else "",
            "has_own_value": not (kept and kept.rate) or bool(link.loan.price),
            "form": form if form.promises and link.hers else None,
            "may_remove": leads or bool(mine & {link.loan.lender_id, link.loan.borrower_id}),
        })  # fmt: skip
    return told


def _keeps_form(link: ProjectLoan, promises: list[Contribution], data: Any = None) -> LoanKeepsForm:
    """Which promise that loan keeps: the one of now, taken back perhaps since, or another that it may keep."""
    kept = link.contribution
    known = {p.pk: p for p in [*([kept] if kept else []), *promises] if may_keep(link.loan, p)}
    said = str(kept.pk) if kept else ""
    return LoanKeepsForm(
        data, initial={"keeps": said, "was": said}, promises=list(known.values()), auto_id=f"pret-{link.pk}-%s"
    )


@posted_from("project_loans", "slug")
def project_loan_keeps(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Say which promise a linked loan keeps, or that it adds to what is promised."""
    project = found(request, slug)
    require(takes_part(request, project))
    rows = ProjectLoan.objects.select_related("loan__resource", "project", "contribution__participation__organisation")
    link = get_object_or_404(rows, pk=pk, project=project)
    require(can_keep(request.user, link))
    form = _keeps_form(link, promises_open(project), request.POST)
    back = redirect(reverse("project_loans", args=[slug]) + f"#pret-{pk}")
    if not form.is_valid():
        messages.warning(request, _("Cette promesse n’est plus promise : rien n’a changé."))
        return back
    keeps, was = form.kept(), form.cleaned_data["was"]
    if was == form.cleaned_data["keeps"]:
        return back
    try:
        if was != str(link.contribution_id or ""):
            raise AlreadyMoved
        keep_promise(link, keeps=keeps, by=request.user, why=form.cleaned_data.get("why", ""))
    except AlreadyMoved:
        messages.warning(
            request, _("Rien n’a changé : quelqu’un vient de dire autre chose de ce prêt. Le voici comme il est.")
        )
    except BeyondPromise as reply:
        form.ask_why(str(reply))
        return _loans(request, project, status=422, refused=form, of=pk)
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
                said = form.cleaned_data
                if said["category"] is None and (likely := likely_category(said["kind"], said["name"])):
                    asked = _("Il n’a pas de catégorie. « %(name)s », peut-être? Dites-le par « Modifier ce besoin ».")
                    messages.info(request, asked % {"name": likely.name})
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
