"""Proposing a story, changing it, sending it to the curators; a curator edits and publishes it."""

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
from directory.forms.practice import STAGE_HELP, CuratedPracticeForm, ProposedPracticeForm
from directory.forms.written import put_back
from directory.lifecycle import move, moves
from directory.models import Continuum, Practice
from directory.permissions import can_edit
from directory.telling import TooManyError, change, edits_as_curator, propose, publish, send
from directory.views.written import (
    both_versions,
    editable_among,
    first_values,
    rewriting,
    sign_in_first,
)
from directory.writing import OutdatedError
from mutualisation.kernel.lifecycle import AlreadyMoved
from mutualisation.kernel.publication import Status

MOVES = ("submit", "publish", "archive")  # returning needs a note: the curators' desk does it
TEMPLATE = "directory/practice/form.html"
KEY = "pratique:nouvelle"
FOLDED = ("recit", "refaire")  # what one may tell later; open as soon as something is written there


def editable(request: HttpRequest, slug: str) -> Practice:
    """The story, for who may change it: 403 for who may only read it, 404 for who may not know of it."""
    return editable_among(request, Practice.objects.all(), slug)


def _drawn(request: HttpRequest, form: Any, key: str, **extra: Any) -> dict[str, Any]:
    return {
        "form": form,
        "sections": [
            (
                anchor,
                label,
                [form[name] for name in names],
                anchor in FOLDED,
                any(form[name].value() or form[name].errors for name in names),
            )
            for anchor, label, names in form.sections
        ],
        "rows": form.rows(more=request.POST.get("ligne", "")),
        "names": form.names(),
        "stages": [(r, STAGE_HELP[Continuum(r.data["value"])]) for r in form["stage"]],
        "draft_key": key,
        "draft": None,
        "versions": form.fingerprint(),
        "once": request.POST.get("once") or str(uuid.uuid4()),
        "practice": None,
        "conflict": False,
        "differences": [],
        "curator": isinstance(form, CuratedPracticeForm),
        **extra,
    }


@login_not_required  # a form sent after the session expired is kept, then one signs in
@require_http_methods(["GET", "HEAD", "POST"])
def practice_propose(request: HttpRequest) -> HttpResponse:
    """Anyone signed in tells a story."""
    if not request.user.is_authenticated:
        return hold(request, KEY) if request.method == "POST" else redirect_to_login(request.get_full_path())
    if "ligne" in request.POST:
        form = ProposedPracticeForm()
        put_back(form, request.POST)
        return render(request, TEMPLATE, _drawn(request, form, KEY, versions=request.POST.get("versions", "")))
    if request.method == "POST":
        try:
            form = propose(
                form_for=lambda row: ProposedPracticeForm(request.POST, instance=row),
                blank=Practice(),
                by=request.user,
                once=request.POST.get("once", ""),
                submit="envoyer" in request.POST,
            )
        except OutdatedError as error:
            return _both(request, error.args[0], error.args[0].instance)
        except TooManyError:
            form = ProposedPracticeForm(request.POST)
            form.add_error(
                None, _("Plusieurs de vos histoires attendent déjà d’être lues. Laissez-nous les lire d’abord.")
            )
        if form.errors:
            return render(request, TEMPLATE, _drawn(request, form, KEY), status=422)
        forget(user=request.user, key=KEY)
        return _said(request, form.instance)
    draft = recall(request, KEY)
    form = ProposedPracticeForm()
    first_values(request, form, draft)
    return render(request, TEMPLATE, _drawn(request, form, KEY, draft=draft))


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def practice_edit(request: HttpRequest, slug: str) -> HttpResponse:
    """Its author until it is published, its curators always; a change made meanwhile is shown, never erased."""
    if (away := sign_in_first(request, Practice, slug, "pratique")) is not None:
        return away
    practice = editable(request, slug)
    form_class, key = _form_of(request, practice), f"pratique:{practice.pk}"
    submit = "envoyer" in request.POST
    return rewriting(
        request,
        practice,
        template=TEMPLATE,
        key=key,
        form_for=lambda data, row: form_class(data, instance=row),
        save=lambda form_for: change(practice, form_for=form_for, by=request.user, submit=submit),
        drawn=lambda form, row, **extra: _drawn(request, form, key, practice=row, **extra),
        said=lambda row: _said(request, row),
    )


def _both(request: HttpRequest, typed: Any, practice: Practice) -> HttpResponse:
    """A story sent again from an old page, after someone changed it."""
    return both_versions(
        request, typed, practice, template=TEMPLATE, form_for=lambda data, row: type(typed)(data, instance=row),
        drawn=lambda form, row, **extra: _drawn(request, form, f"pratique:{row.pk}", practice=row, **extra),
    )  # fmt: skip


def _form_of(request: HttpRequest, practice: Practice) -> type[ProposedPracticeForm]:
    return CuratedPracticeForm if edits_as_curator(request.user, practice) else ProposedPracticeForm


def _said(request: HttpRequest, practice: Practice) -> HttpResponse:
    """After saving: what stands now, in words."""
    practice.refresh_from_db()
    messages.success(
        request,
        {
            Status.SUBMITTED: _("Merci! L’équipe de curation va lire votre histoire; elle vous écrira."),
            Status.PUBLISHED: _("Vos changements sont enregistrés, et visibles."),
        }.get(Status(practice.status), _("Votre brouillon est enregistré : vous seul ou vous seule le voyez.")),
    )
    return redirect(practice)


@require_POST
def practice_move(request: HttpRequest, slug: str) -> HttpResponse:
    """Send to the curators, publish, archive."""
    practice = editable(request, slug)
    name = request.POST.get("geste", "")
    if name not in MOVES:
        raise Http404
    try:
        if name == "submit":
            send(practice, by=request.user)
        elif name == "publish":
            publish(practice, by=request.user)
        else:
            move(practice, name, by=request.user)
    except AlreadyMoved:
        state = Practice.objects.get(pk=practice.pk).get_status_display()
        messages.warning(request, _("Rien n’a changé : cette histoire est déjà « %(state)s ».") % {"state": state})
    else:
        said = {
            "submit": _("Merci! L’équipe de curation va lire votre histoire; elle vous écrira."),
            "publish": _("L’histoire est publiée."),
            "archive": _("L’histoire est archivée : on ne la voit plus."),
        }
        messages.success(request, said[name])
    return redirect(practice)


def owner_panel(request: HttpRequest, practice: Practice) -> dict[str, Any] | None:
    """What those who may change a story see on its page; None for everyone else."""
    if not request.user.is_authenticated or not can_edit(request.user, practice):
        return None
    possible = [t for t in moves(request.user, practice) if t.name in MOVES]
    curator = edits_as_curator(request.user, practice)
    if curator:  # who may publish has no use for sending it to herself
        possible = [t for t in possible if t.name != "submit"]
    return {"moves": possible, "curator": curator, "mine": practice.proposed_by_id == request.user.pk}
