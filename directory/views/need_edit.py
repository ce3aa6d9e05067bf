"""Asking in the name of an organisation: publish a need, change it, say what came of it."""

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
from directory.asking import BY_NAME, ask, change, say, state_moves
from directory.forms.need import KIND_HELP, NeedForm
from directory.lifecycle import move, moves
from directory.models import Kind, Need, Organisation
from directory.permissions import awaits_reading, can_edit
from directory.taxonomies import categories
from directory.views.written import (
    asked_for,
    both_versions,
    editable_among,
    first_values,
    follows,
    rewriting,
    sign_in_first,
)
from directory.writing import OutdatedError
from mutualisation.kernel.lifecycle import AlreadyMoved
from mutualisation.kernel.publication import Status

MOVES = ("publish", "submit", "archive")  # returning needs a note: the curators' pages do it
TEMPLATE = "directory/need/form.html"


def editable(request: HttpRequest, slug: str) -> Need:
    """The need, for who may change it: 403 for who may only read it, 404 for who may not know of it."""
    return editable_among(request, Need.objects.select_related("organisation", "category", "territory"), slug)


def _drawn(request: HttpRequest, form: NeedForm, organisation: Organisation, key: str, **extra: Any) -> dict[str, Any]:
    return {
        "form": form,
        "kinds": [(r, KIND_HELP[Kind(r.data["value"])]) for r in form["kind"]],
        "organisation": organisation,
        "draft_key": key,
        "draft": None,
        "versions": form.fingerprint(),
        "once": request.POST.get("once") or str(uuid.uuid4()),
        "need": None,
        "conflict": False,
        "differences": [],
        "waits": organisation.status != Status.PUBLISHED,
        "read_first": awaits_reading(request.user, extra.get("need") or form.instance),
        "follows": follows(request.user, extra.get("need") or form.instance),
        **extra,
    }


@login_not_required  # a form sent after the session expired is kept, then one signs in
@require_http_methods(["GET", "HEAD", "POST"])
def need_create(request: HttpRequest) -> HttpResponse:
    """Say what is lacking, in the name of the organisation one acts for."""
    if not request.user.is_authenticated:
        if request.method == "POST":
            return hold(request, f"besoin:nouveau:{request.POST.get('organisation', '')[:20]}")
        return redirect_to_login(request.get_full_path())
    acting = asked_for(request)
    if acting is None:
        return render(request, "directory/need/nobody.html")
    organisation = acting.organisation
    key = f"besoin:nouveau:{organisation.pk}"
    blank = Need(organisation=organisation)
    if request.method == "POST":
        try:
            form = ask(
                form_for=lambda row: NeedForm(request.POST, instance=row, organisation=organisation),
                blank=blank,
                by=request.user,
                once=request.POST.get("once", ""),
                publish="publier" in request.POST,
            )
        except OutdatedError as error:
            return both_versions(
                request, error.args[0], error.args[0].instance, template=TEMPLATE, form_for=_form,
                drawn=partial(_drawn_again, request),
            )  # fmt: skip
        if form.errors:
            return render(request, TEMPLATE, _drawn(request, form, organisation, key), status=422)
        forget(user=request.user, key=key)
        return _said(request, form.instance)
    draft = recall(request, key)
    form = NeedForm(instance=blank, organisation=organisation, initial=_known(request))
    first_values(request, form, draft)
    return render(request, TEMPLATE, _drawn(request, form, organisation, key, draft=draft))


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def need_edit(request: HttpRequest, slug: str) -> HttpResponse:
    """Change a need; a colleague's change made meanwhile is shown, never erased."""
    if (away := sign_in_first(request, Need, slug, "besoin")) is not None:
        return away
    need = editable(request, slug)
    publish = "publier" in request.POST
    return rewriting(
        request,
        need,
        template=TEMPLATE,
        key=f"besoin:{need.pk}",
        form_for=_form,
        save=lambda form_for: change(need, form_for=form_for, by=request.user, publish=publish),
        drawn=partial(_drawn_again, request),
        said=lambda row: _said(request, row, changed=not publish),
    )


def _form(data: Any, row: Need) -> NeedForm:
    return NeedForm(data, instance=row, organisation=row.organisation)


def _drawn_again(request: HttpRequest, form: NeedForm, need: Need, **extra: Any) -> dict[str, Any]:
    return _drawn(request, form, need.organisation, f"besoin:{need.pk}", need=need, **extra)


def _known(request: HttpRequest) -> dict[str, Any]:
    """What the address says already: a kind, a category of it, a name; so that a need joins those it comes from."""
    kind, name = request.GET.get("sorte", ""), " ".join(request.GET.get("quoi", "").split())
    node = categories().by_slug.get(request.GET.get("categorie", ""))
    said = {
        "kind": kind if kind in Kind.values else "",
        "category": node.id if node and node.kind == kind else None,
        "name": name if "\x00" not in name else "",
    }
    return {field: value for field, value in said.items() if value}


def _said(request: HttpRequest, need: Need, *, changed: bool = False) -> HttpResponse:
    """After saving: what stands now, in words."""
    need.refresh_from_db()
    if need.status == Status.PUBLISHED:
        said = (
            _("Vos changements sont enregistrés.")
            if changed
            else _("C’est publié. D’autres peuvent maintenant vous répondre.")
        )
    elif need.status == Status.SUBMITTED:
        said = _("C’est envoyé à la curation : un courriel vous dira quand votre besoin paraît.")
    elif need.organisation.status != Status.PUBLISHED:
        said = _("Votre besoin est gardé en brouillon : il se publiera quand votre organisme sera validé.")
    else:
        said = _("Votre brouillon est enregistré : personne d’autre que votre équipe ne le voit.")
    messages.success(request, said)
    return redirect(need)


@require_POST
def need_move(request: HttpRequest, slug: str) -> HttpResponse:
    """Publish, archive, or say that it is answered, closed, or looked for again."""
    need = editable(request, slug)
    name = request.POST.get("geste", "")
    if name not in MOVES and name not in BY_NAME:
        raise Http404
    try:
        if name in BY_NAME:
            say(need, name, by=request.user)
        else:
            move(need, name, by=request.user)
    except AlreadyMoved:
        now = Need.objects.get(pk=need.pk)
        state = now.get_state_display() if now.is_published and name in BY_NAME else now.get_status_display()
        messages.warning(request, _("Rien n’a changé : ce besoin est déjà « %(state)s ».") % {"state": state})
    else:
        messages.success(
            request,
            {
                "publish": _("C’est publié. D’autres peuvent maintenant vous répondre."),
                "submit": _("C’est envoyé à la curation : un courriel vous dira quand votre besoin paraît."),
                "archive": _("Le besoin est archivé : on ne le voit plus. Vous pouvez le publier de nouveau."),
                "combler": _("Tant mieux! Le besoin est marqué comme comblé."),
                "fermer": _("Le besoin est fermé : il quitte la liste."),
                "rouvrir": _("Le besoin est de nouveau ouvert."),
            }[name],
        )
    return redirect(need)


def owner_panel(request: HttpRequest, need: Need) -> dict[str, Any] | None:
    """What those who may change a need see on its page; None for everyone else."""
    if not request.user.is_authenticated or not can_edit(request.user, need):
        return None
    return {
        "moves": [t for t in moves(request.user, need) if t.name in MOVES],
        "states": state_moves(request.user, need),
        "read_first": awaits_reading(request.user, need),
        "follows": follows(request.user, need),
        "waits": need.organisation.status != Status.PUBLISHED,
    }
