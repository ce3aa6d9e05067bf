"""Writing a project: the idea in two minutes, then the sheet; making it public; its stages."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.drafts import forget, hold, recall
from directory.forms.written import shown
from directory.lifecycle import move, moves
from directory.permissions import awaits_reading, can_edit
from directory.views.written import asked_for, editable_among, first_values, follows, rewriting, sign_in_first
from directory.writing import OutdatedError
from mutualisation.kernel.lifecycle import AlreadyMoved
from mutualisation.kernel.publication import Status
from mutualisation.kernel.requests import posted_from
from projects.forms.project import IdeaForm, ProjectForm
from projects.lifecycle import BY_NAME, Facts, checklist, move_stage, stage_moves
from projects.models import Contribution, Participation, Project
from projects.proposing import change, propose
from projects.views.beginnings import became, first_words, remember_where_from, whence

MOVES = ("publish", "submit", "archive")  # returning needs a note: the curators' pages do it
IDEA, SHEET = "projects/project/idea.html", "projects/project/form.html"


def editable(request: HttpRequest, slug: str) -> Project:
    """The project, for who may change it: 403 for who may only read it, 404 for who may not know of it."""
    return editable_among(request, Project.objects.select_related("organisation"), slug)


@login_not_required  # a form sent after the session expired is kept, then one signs in
@require_http_methods(["GET", "HEAD", "POST"])
def project_propose(request: HttpRequest) -> HttpResponse:
    """Propose an idea, in the name of the organisation one acts for."""
    if not request.user.is_authenticated:
        if request.method == "POST":
            return hold(request, f"projet:nouveau:{request.POST.get('organisation', '')[:20]}")
        return redirect_to_login(request.get_full_path())
    acting = asked_for(request)
    if acting is None:
        return render(request, "projects/project/nobody.html")
    organisation = acting.organisation
    key = f"projet:nouveau:{organisation.pk}"
    blank = Project(organisation=organisation)

    def drawn(form: IdeaForm, **extra: Any) -> dict[str, Any]:
        return {
            "form": form, "organisation": organisation, "draft_key": key, "draft": None, "conflict": False,
            "differences": [], "versions": form.fingerprint(), "once": request.POST.get("once") or str(uuid.uuid4()),
            "waits": organisation.status != Status.PUBLISHED, "read_first": awaits_reading(request.user, blank),
            "follows": follows(request.user, blank), "from_path": "depuis" in request.GET,
            "whence": whence(request), "became": became(request),
            "told": bool(form["description"].value() or form["continuum"].value() or form["description"].errors),
            **extra,
        }  # fmt: skip

    if request.method == "POST":
        try:
            form = propose(
                form_for=lambda row: IdeaForm(request.POST, instance=row),
                blank=blank,
                by=request.user,
                once=request.POST.get("once", ""),
                publish="publier" in request.POST,
            )
        except OutdatedError as error:  # sent again from an old page, after someone completed the sheet
            messages.warning(request, _("Ce projet existe déjà, et il a été complété depuis : le voici."))
            return redirect(error.args[0].instance)
        if form.errors:
            return render(request, IDEA, drawn(form), status=422)
        forget(user=request.user, key=key)
        remember_where_from(request, form.instance)
        return _said(request, form.instance)
    draft = recall(request, key)
    form = IdeaForm(instance=blank, initial=first_words(request, organisation))
    versions = IdeaForm(instance=blank).fingerprint()
    first_values(request, form, draft)
    return render(request, IDEA, drawn(form, draft=draft, versions=versions))


def _drawn(request: HttpRequest, form: ProjectForm, project: Project, **extra: Any) -> dict[str, Any]:
    return {
        "form": form,
        "sections": [
            (anchor, label, [form[n] for n in names], folded, any(form[n].errors for n in names))
            for anchor, label, names, folded in form.sections
        ],
        "rows": form.rows(more=request.POST.get("ligne", "")),
        "draft_key": f"projet:{project.pk}",
        "draft": None,
        "versions": form.fingerprint(),
        "once": "",
        "project": project,
        "conflict": False,
        "differences": [],
        **extra,
    }


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def project_edit(request: HttpRequest, slug: str) -> HttpResponse:
    """The sheet, by who leads; what another bearer changed meanwhile is shown, never erased."""
    if (away := sign_in_first(request, Project, slug, "projet")) is not None:
        return away
    try:
        project = editable(request, slug)
    except PermissionDenied:
        if request.method != "POST":
            raise
        return _kept(request, slug)
    publish = "publier" in request.POST
    return rewriting(
        request,
        project,
        template=SHEET,
        key=f"projet:{project.pk}",
        form_for=lambda data, row: ProjectForm(data, instance=row),
        save=lambda form_for: change(project, form_for=form_for, by=request.user, publish=publish),
        drawn=lambda form, row, **extra: _drawn(request, form, row, **extra),
        said=lambda row: _said(request, row, changed=not publish),
    )


def _kept(request: HttpRequest, slug: str) -> HttpResponse:
    """What she typed whose organisation leads no more, to copy: nothing is saved."""
    project = Project.objects.visible_to(request.user).get(slug=slug)
    form = ProjectForm(request.POST, instance=project)
    names = [name for name in form.changed_data if name != "versions"]
    typed = [(form[name].label, shown(form[name], form[name].value())) for name in names]
    context = {"project": project, "typed": typed}
    return render(request, "projects/project/kept.html", context, status=403)


def _said(request: HttpRequest, project: Project, *, changed: bool = False) -> HttpResponse:
    """After saving: what stands now, in words."""
    project.refresh_from_db()
    if project.status == Status.PUBLISHED:
        said = (
            _("Vos changements sont enregistrés.")
            if changed
            else _("C’est publié. D’autres peuvent maintenant s’y joindre.")
        )
    elif project.status == Status.SUBMITTED:
        said = _("C’est envoyé à la curation : un courriel vous dira quand votre projet paraît.")
    elif project.organisation.status != Status.PUBLISHED:
        said = _("Votre projet est gardé en brouillon : il se publiera quand votre organisme sera validé.")
    else:
        said = _("Votre brouillon est enregistré : personne d’autre que votre équipe ne le voit.")
    messages.success(request, said)
    return redirect(project)


@posted_from("project_detail", "slug")
def project_move(request: HttpRequest, slug: str) -> HttpResponse:
    """Publish, archive; or move from one stage to another."""
    project = editable(request, slug)
    name = request.POST.get("geste", "")
    if name not in MOVES and name not in BY_NAME:
        raise Http404
    try:
        if name in BY_NAME:
            move_stage(project, name, by=request.user)
        else:
            move(project, name, by=request.user)
    except AlreadyMoved:
        now = Project.objects.get(pk=project.pk)
        state = now.get_stage_display() if name in BY_NAME else now.get_status_display()
        said = _("Rien n’a changé : ce projet est déjà « %(state)s ».")
        messages.warning(request, said % {"state": state})
    else:
        said = {
            "publish": _("C’est publié. D’autres peuvent maintenant s’y joindre."),
            "submit": _("C’est envoyé à la curation : un courriel vous dira quand votre projet paraît."),
            "archive": _("Le projet est archivé : on ne le voit plus. Vous pouvez le publier de nouveau."),
            "terminer": _(
                "Le projet est terminé : ses besoins encore ouverts sont fermés, et ce qui attendait une "
                "réponse n’est plus accueilli. Vous pouvez le rouvrir."
            ),
        }.get(name, _("Étape du projet : « %(stage)s ».") % {"stage": project.get_stage_display()})
        messages.success(request, said)
    return redirect(project)


def owner_panel(request: HttpRequest, project: Project, facts: Facts) -> dict[str, Any] | None:
    """What those who lead see on its page; None for everyone else."""
    if not request.user.is_authenticated or not can_edit(request.user, project):
        return None
    waiting = Participation.objects.offered().filter(project=project).select_related("organisation")
    brought = Contribution.objects.filter(
        status=Contribution.Status.OFFERED, participation__in=Participation.objects.welcomed().filter(project=project)
    ).select_related("participation__organisation")
    checks = [] if project.is_ended else checklist(project, facts)
    read_first = awaits_reading(request.user, project)  # then one sends it to the curators; else one publishes it
    return {
        "moves": [
            t for t in moves(request.user, project) if t.name in ("archive", "submit" if read_first else "publish")
        ],
        "stages": stage_moves(request.user, project),
        "checks": checks,
        "left": sum(not done for _label, done in checks),
        "waiting": list(
            waiting.defer("organisation__search", "organisation__description").order_by("offered_at", "id")
        ),
        "brought": list(brought.only("label", "participation__organisation__name").order_by("offered_at", "id")),
        "read_first": read_first,
        "follows": follows(request.user, project),
        "waits": project.organisation.status != Status.PUBLISHED,
    }
