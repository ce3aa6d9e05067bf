"""Proposing a tool, changing it, sending it to the curators; a curator edits and publishes it."""

from __future__ import annotations

import uuid
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
from directory.views.written import editable_among, first_values, side_by_side
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
                form_for=lambda row: _sent(request, ProposedToolForm, row),
                blank=Tool(),
                by=request.user,
                once=request.POST.get("once", ""),
                submit="envoyer" in request.POST,
            )
        except OutdatedError as error:
            return _conflict(request, error.args[0], error.args[0].instance)
        except TooManyError:
            form = _sent(request, ProposedToolForm, Tool())
            form.add_error(None, _("Plusieurs de vos outils attendent déjà d’être lus. Laissez-nous les lire d’abord."))
        if form.errors:
            return render(request, TEMPLATE, _drawn(request, form, KEY), status=422)
        forget(user=request.user, key=KEY)
        return _said(request, form.instance)
    draft = recall(request, KEY)
    form = ProposedToolForm()
    first_values(request, form, draft)
    return render(request, TEMPLATE, _drawn(request, form, KEY, draft=draft))


def _sent(request: HttpRequest, form_class: type[ProposedToolForm], row: Tool) -> ProposedToolForm:
    return form_class(request.POST, request.FILES, instance=row, dropped=too_large(request))


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def tool_edit(request: HttpRequest, slug: str) -> HttpResponse:
    """Its author until it is published, curators always; a change made meanwhile is shown, never erased."""
    if not request.user.is_authenticated:
        if request.method == "POST":
            pk = Tool.objects.filter(slug=slug).values_list("pk", flat=True).first()
            return hold(request, f"outil:{pk or 0}")
        return redirect_to_login(request.get_full_path())
    tool = editable(request, slug)
    form_class = CuratedToolForm if edits_as_curator(request.user, tool) else ProposedToolForm
    key = f"outil:{tool.pk}"
    if request.method == "POST":
        try:
            form = change(
                tool,
                form_for=lambda row: _sent(request, form_class, row),
                by=request.user,
                submit="envoyer" in request.POST,
                as_it_is=AS_IT_IS in request.POST,
            )
        except OutdatedError as error:
            return _conflict(request, error.args[0], tool)
        except UntouchedError:
            form = _sent(request, form_class, Tool.objects.get(pk=tool.pk))
            form.add_error(None, _nothing_changed())
            context = _drawn(request, form, key, tool=tool, versions=form.data.get("versions", ""), untouched=True)
            return render(request, TEMPLATE, context, status=422)
        if form.errors:
            context = _drawn(request, form, key, tool=tool, versions=form.data.get("versions", ""))
            return render(request, TEMPLATE, context, status=422)
        forget(user=request.user, key=key)
        return _said(request, form.instance)
    draft = recall(request, key)
    form = form_class(instance=tool)
    versions = form.fingerprint()
    if draft and "reprendre" in request.GET:
        first_values(request, form, draft)
        versions = draft.data.get("versions", [versions])[-1]
    return render(request, TEMPLATE, _drawn(request, form, key, draft=draft, tool=tool, versions=versions))


def _conflict(request: HttpRequest, typed: Any, tool: Tool) -> HttpResponse:
    now = Tool.objects.get(pk=tool.pk)
    form_class = type(typed)
    form, differences = side_by_side(request, typed, lambda data: form_class(data, instance=now))
    context = _drawn(
        request, form, f"outil:{now.pk}", tool=now, conflict=True, differences=differences,
        versions=form_class(instance=now).fingerprint(),
    )  # fmt: skip
    return render(request, TEMPLATE, context, status=409)


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
