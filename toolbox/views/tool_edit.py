"""Proposing a tool, changing it, sending it to the curators; a curator edits and publishes it."""

from __future__ import annotations

import uuid
from functools import partial
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.drafts import forget, hold, recall
from directory.changes import untouched_since_returned
from directory.lifecycle import move, moves
from directory.permissions import can_edit
from directory.telling import TooManyError, UntouchedError, change, edits_as_curator, propose, publish, send
from directory.views.written import both_versions, editable_among, first_values, rewriting, sign_in_first
from directory.writing import OutdatedError
from mutualisation.kernel.lifecycle import AlreadyMoved
from mutualisation.kernel.publication import Status
from mutualisation.kernel.uploads import too_large
from toolbox.forms.tool import CuratedToolForm, ProposedToolForm
from toolbox.models import Tool
from toolbox.models.tool import alike

MOVES = ("submit", "publish", "archive")  # returning needs a note: the curators' desk does it
TEMPLATE = "toolbox/tool/form.html"
KEY = "outil:nouveau"
AS_IT_IS = "telle_quelle"  # sent again to the curators without a change, on purpose


def _nothing_changed() -> str:
    return _("La curation demande un changement, et rien n’a changé depuis. Modifiez ce qu’elle demande, ou renvoyez "
             "l’outil tel quel si c’est bien votre intention.")  # fmt: skip


def editable(request: HttpRequest, slug: str) -> Tool:
    """The tool, for who may change it: 403 for who may only read it, 404 for who may not know of it."""
    return editable_among(request, Tool.objects.all(), slug)


def _drawn(request: HttpRequest, form: Any, key: str, **extra: Any) -> dict[str, Any]:
    return {
        "form": form,
        "sections": [
            (anchor, label, [form[name] for name in names if name in form.fields])
            for anchor, label, names in form.sections
        ],
        "draft_key": key,
        "draft": None,
        "versions": form.fingerprint(),
        "once": request.POST.get("once") or str(uuid.uuid4()),
        "tool": None,
        "conflict": False,
        "differences": [],
        "curator": isinstance(form, CuratedToolForm),
        "untouched": False,
        **extra,
    }


@login_not_required  # a form sent after the session expired is kept, then one signs in
@require_http_methods(["GET", "HEAD", "POST"])
def tool_propose(request: HttpRequest) -> HttpResponse:
    """Anyone signed in proposes a tool."""
    if not request.user.is_authenticated:
        return hold(request, KEY) if request.method == "POST" else redirect_to_login(request.get_full_path())
    if request.method == "POST":
        try:
            form = propose(
                form_for=lambda row: _form(request, ProposedToolForm, request.POST, row),
                blank=Tool(),
                by=request.user,
                once=request.POST.get("once", ""),
                submit="envoyer" in request.POST,
            )
        except OutdatedError as error:
            typed = error.args[0]
            return both_versions(
                request, typed, typed.instance, template=TEMPLATE,
                form_for=lambda data, row: type(typed)(data, instance=row),
                drawn=partial(_drawn_again, request),
            )  # fmt: skip
        except TooManyError:
            form = _form(request, ProposedToolForm, request.POST, Tool())
            form.add_error(None, _("Plusieurs de vos outils attendent déjà d’être lus. Laissez-nous les lire d’abord."))
        if form.errors:
            return render(request, TEMPLATE, _drawn(request, form, KEY), status=422)
        forget(user=request.user, key=KEY)
        return _said(request, form.instance)
    draft = recall(request, KEY)
    form = ProposedToolForm()
    first_values(request, form, draft)
    return render(request, TEMPLATE, _drawn(request, form, KEY, draft=draft))


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def tool_edit(request: HttpRequest, slug: str) -> HttpResponse:
    """Its author until it is published, curators always; a change made meanwhile is shown, never erased."""
    if (away := sign_in_first(request, Tool, slug, "outil")) is not None:
        return away
    tool = editable(request, slug)
    form_class = CuratedToolForm if edits_as_curator(request.user, tool) else ProposedToolForm
    submit, as_it_is = "envoyer" in request.POST, AS_IT_IS in request.POST
    try:
        return rewriting(
            request,
            tool,
            template=TEMPLATE,
            key=f"outil:{tool.pk}",
            form_for=lambda data, row: _form(request, form_class, data, row),
            save=lambda form_for: change(tool, form_for=form_for, by=request.user, submit=submit, as_it_is=as_it_is),
            drawn=partial(_drawn_again, request),
            said=lambda row: _said(request, row),
        )
    except UntouchedError:
        form = _form(request, form_class, request.POST, Tool.objects.get(pk=tool.pk))
        form.add_error(None, _nothing_changed())
        context = _drawn_again(request, form, tool, versions=form.data.get("versions", ""), untouched=True)
        return render(request, TEMPLATE, context, status=422)


def _form(request: HttpRequest, form_class: type[ProposedToolForm], data: Any, row: Tool) -> ProposedToolForm:
    """Its file goes with what was just sent, and with nothing else."""
    if data is request.POST:
        return form_class(data, request.FILES, instance=row, dropped=too_large(request))
    return form_class(data, instance=row)


def _drawn_again(request: HttpRequest, form: Any, tool: Tool, **extra: Any) -> dict[str, Any]:
    return _drawn(request, form, f"outil:{tool.pk}", tool=tool, **extra)


def _said(request: HttpRequest, tool: Tool) -> HttpResponse:
    """After saving: what stands now, in words."""
    tool.refresh_from_db()
    messages.success(
        request,
        {
            Status.SUBMITTED: _("Merci! L’équipe de curation va lire votre proposition; elle vous écrira."),
            Status.PUBLISHED: _("Vos changements sont enregistrés, et visibles."),
        }.get(Status(tool.status), _("Votre brouillon est enregistré : vous seul ou vous seule le voyez.")),
    )
    return redirect(tool)


@require_POST
def tool_move(request: HttpRequest, slug: str) -> HttpResponse:
    """Send to the curators, publish, archive."""
    tool = editable(request, slug)
    name = request.POST.get("geste", "")
    if name not in MOVES:
        raise Http404
    try:
        if name == "submit":
            send(tool, by=request.user, as_it_is=AS_IT_IS in request.POST)
        elif name == "publish":
            publish(tool, by=request.user)
        else:
            move(tool, name, by=request.user)
    except UntouchedError:
        messages.warning(request, _nothing_changed())
    except AlreadyMoved:
        state = Tool.objects.get(pk=tool.pk).get_status_display()
        messages.warning(request, _("Rien n’a changé : cette fiche est déjà « %(state)s ».") % {"state": state})
    else:
        said = {
            "submit": _("Merci! L’équipe de curation va lire votre proposition; elle vous écrira."),
            "publish": _("L’outil est publié."),
            "archive": _("L’outil est archivé : on ne le voit plus."),
        }
        messages.success(request, said[name])
    return redirect(tool)


def owner_panel(request: HttpRequest, tool: Tool) -> dict[str, Any] | None:
    """What those who may change a tool see on its page; None for everyone else."""
    if not request.user.is_authenticated or not can_edit(request.user, tool):
        return None
    possible = [t for t in moves(request.user, tool) if t.name in MOVES]
    curator = edits_as_curator(request.user, tool)
    if curator:  # who may publish has no use for sending it to herself
        possible = [t for t in possible if t.name != "submit"]
    return {
        "moves": possible,
        "curator": curator,
        "untouched": not curator and untouched_since_returned(tool),
        "alike": alike(tool) if curator and tool.status != Status.ARCHIVED else [],
    }
