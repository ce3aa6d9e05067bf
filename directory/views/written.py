"""What the pages that write an entry share: what was typed put back, what a colleague changed, what publishing does.

``rewriting`` is the whole page of a change: each noun only says its form, its verb, what it draws and what it answers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from accounts.drafts import as_post, forget, hold, recall
from accounts.models import Draft
from directory.forms.written import put, put_back, shown
from directory.memberships import acting_for, memberships_of
from directory.models import Membership
from directory.models.curated import Entry
from directory.permissions import awaits_reading, can_curate, can_edit
from directory.writing import OutdatedError
from mutualisation.kernel.publication import Status


def editable_among(request: HttpRequest, rows: QuerySet[Any], slug: str) -> Any:
    """The entry, for who may change it: 403 for who may only read it, 404 for who may not know of it."""
    found = rows.filter(slug=slug).first()
    if found is None:
        raise Http404
    if not can_edit(request.user, found):
        if type(found).objects.visible_to(request.user).filter(pk=found.pk).exists():
            raise PermissionDenied
        raise Http404
    return found


def asked_for(request: HttpRequest) -> Membership | None:
    """For whom one writes: what the page said, if one still belongs there; else the organisation chosen now."""
    asked = request.POST.get("organisation", "")
    if not asked:
        return acting_for(request)
    found = next((m for m in memberships_of(request) if str(m.organisation_id) == asked), None)
    if found is None:
        raise PermissionDenied
    return found


def sign_in_first(request: HttpRequest, model: Any, slug: str, noun: str) -> HttpResponse | None:
    """Where to go before changing an entry when one is not signed in: what was sent is kept; None when one is."""
    if request.user.is_authenticated:
        return None
    if request.method == "POST":
        pk = model.objects.filter(slug=slug).values_list("pk", flat=True).first()
        return hold(request, f"{noun}:{pk or 0}")
    return redirect_to_login(request.get_full_path())


def rewriting(
    request: HttpRequest,
    entry: Any,
    *,
    template: str,
    key: str,
    form_for: Callable[[Any, Any], Any],
    save: Callable[[Callable[[Any], Any]], Any],
    drawn: Callable[..., dict[str, Any]],
    said: Callable[[Any], HttpResponse],
) -> HttpResponse:
    """The page that changes an entry: a line more, a draft taken up, a refusal, what a colleague changed meanwhile.

    ``form_for`` makes the form of some data (None: not sent) and of a row; ``save`` runs the verb with the form of a
    row; ``drawn`` gives what the template reads of a form and of a row; ``said`` answers once it is saved.
    """
    if "ligne" in request.POST:
        form = form_for(None, entry)
        put_back(form, request.POST)
        return render(request, template, drawn(form, entry, versions=request.POST.get("versions", "")))
    if request.method == "POST":
        try:
            form = save(lambda row: form_for(request.POST, row))
        except OutdatedError as error:
            return both_versions(request, error.args[0], entry, template=template, form_for=form_for, drawn=drawn)
        if form.errors:
            context = drawn(form, entry, versions=form.data.get("versions", ""))
            return render(request, template, context, status=422)
        forget(user=request.user, key=key)
        return said(form.instance)
    draft = recall(request, key)
    form = form_for(None, entry)
    versions = form.fingerprint()
    if draft and "reprendre" in request.GET:
        first_values(request, form, draft)
        versions = draft.data.get("versions", [versions])[-1]
    return render(request, template, drawn(form, entry, draft=draft, versions=versions))


def both_versions(
    request: HttpRequest, typed: Any, entry: Any, *, template: str, form_for: Callable[[Any, Any], Any],
    drawn: Callable[..., dict[str, Any]],
) -> HttpResponse:  # fmt: skip
    """The page again, what someone else changed beside what she typed; nothing is saved."""
    now = type(entry)._default_manager.get(pk=entry.pk)
    form, differences = side_by_side(request, typed, lambda data: form_for(data, now))
    context = drawn(form, now, conflict=True, differences=differences, versions=form_for(None, now).fingerprint())
    return render(request, template, context, status=409)


def first_values(request: HttpRequest, form: Any, draft: Draft | None) -> None:
    """Put back what was typed, when asked to: as first values, errors come with the next sending."""
    if draft is not None and "reprendre" in request.GET:
        put_back(form, as_post(draft))


def side_by_side(request: HttpRequest, typed: Any, form_for: Callable[[Any], Any]) -> tuple[Any, list[dict[str, Any]]]:
    """The form again, and what the other person changed beside what she typed.

    ``form_for`` makes the form of the entry as it stands, bound to the data given or not bound for None.
    What she left alone takes the new value.
    """
    standing = form_for(None)
    data = request.POST.copy()
    differences = []
    for name in typed.outdated():
        kept = not typed.untouched(name)
        mine, theirs = shown(typed[name], typed[name].value()), shown(standing[name], standing[name].value())
        if not kept:
            put(data, standing, name)
        if mine != theirs:
            differences.append({"label": standing.fields[name].label, "field": standing[name].id_for_label or name,
                                "theirs": theirs, "mine": mine, "kept": kept})  # fmt: skip
    return form_for(data), differences


def follows(user: Any, entry: Entry) -> str:
    """Who reads it before or after it is public, in a sentence; nothing for its curators, nor before that."""
    if entry.organisation.status != Status.PUBLISHED or can_curate(user, entry):
        return ""
    if entry.is_published:
        return _("Vos changements paraissent tout de suite; la CDC du territoire les relit ensuite.")
    if awaits_reading(user, entry):
        return _(
            "Sur ce territoire, la CDC lit les fiches avant de les publier : la vôtre paraîtra une fois lue, "
            "et un courriel vous le dira."
        )
    return _("Une fois publiée, la fiche paraît tout de suite; la CDC du territoire la relit ensuite.")
