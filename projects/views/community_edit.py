"""Open a community, change it, make it public or archive it."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from accounts.drafts import forget, recall
from directory.lifecycle import move
from directory.memberships import acting_for, memberships_of
from directory.permissions import can_edit
from directory.views.written import first_values, follows, side_by_side
from directory.writing import OutdatedError
from mutualisation.kernel.lifecycle import AlreadyMoved
from mutualisation.kernel.publication import Status
from mutualisation.kernel.requests import posted_from
from projects import communities
from projects.forms.community import CommunityForm
from projects.models import Community
from projects.views.community import MOVES, fetch

TEMPLATE = "projects/community/form.html"
SAID = {
    "publish": gettext_lazy("La communauté est publiée : d’autres peuvent s’y joindre."),
    "submit": gettext_lazy("C’est envoyé à la curation : un courriel vous dira quand elle paraît."),
    "archive": gettext_lazy("La communauté est archivée : on ne la voit plus. Vous pouvez la publier de nouveau."),
}


def _drawn(request: HttpRequest, form: CommunityForm, key: str, **extra: Any) -> dict[str, Any]:
    return {
        "form": form, "draft_key": key, "draft": None, "versions": form.fingerprint(), "community": None,
        "once": request.POST.get("once") or str(uuid.uuid4()), "conflict": False, "differences": [], **extra,
    }  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
def community_create(request: HttpRequest) -> HttpResponse:
    """Open one, in the name of the organisation that one acts for."""
    asked = request.POST.get("organisation", "")
    acting = acting_for(request)
    if asked:
        acting = next((m for m in memberships_of(request) if str(m.organisation_id) == asked), None)
        if acting is None:
            raise PermissionDenied
    if acting is None:
        return render(request, "directory/need/nobody.html")
    organisation = acting.organisation
    key = f"communaute:nouvelle:{organisation.pk}"
    blank = Community(organisation=organisation)
    if request.method == "POST":
        form = communities.found(
            form_for=lambda row: CommunityForm(request.POST, instance=row, organisation=organisation),
            blank=blank, by=request.user, once=request.POST.get("once", ""),
        )  # fmt: skip
        if form.errors:
            context = _drawn(request, form, key, organisation=organisation)
            return render(request, TEMPLATE, context, status=422)
        forget(user=request.user, key=key)
        waits = organisation.status != Status.PUBLISHED
        messages.success(
            request,
            _("Elle est gardée en brouillon : elle se publiera quand votre organisme sera validé.")
            if waits
            else _("Elle est prête : relisez-la, puis publiez-la."),
        )
        return redirect(form.instance)
    form = CommunityForm(instance=blank, organisation=organisation)
    draft = recall(request, key)
    first_values(request, form, draft)
    return render(request, TEMPLATE, _drawn(request, form, key, organisation=organisation, draft=draft))


@require_http_methods(["GET", "HEAD", "POST"])
def community_edit(request: HttpRequest, slug: str) -> HttpResponse:
    """Change one; what a colleague changed meanwhile is shown, never erased."""
    community = fetch(request, slug)
    if not can_edit(request.user, community):
        raise PermissionDenied
    organisation = community.organisation
    key = f"communaute:{community.pk}"
    extra: dict[str, Any] = {"organisation": organisation, "community": community}
    extra["follows"] = follows(request.user, community)
    if request.method == "POST":
        try:
            form = communities.change(
                community,
                form_for=lambda row: CommunityForm(request.POST, instance=row, organisation=organisation),
                by=request.user,
            )
        except OutdatedError as error:
            standing = Community.objects.get(pk=community.pk)
            again, differences = side_by_side(
                request,
                error.args[0],
                lambda data: CommunityForm(data, instance=standing, organisation=organisation),
            )
            context = _drawn(request, again, key, **extra, conflict=True, differences=differences)
            return render(request, TEMPLATE, context, status=409)
        if form.errors:
            context = _drawn(request, form, key, **extra, versions=form.data.get("versions", ""))
            return render(request, TEMPLATE, context, status=422)
        forget(user=request.user, key=key)
        messages.success(request, _("Vos changements sont enregistrés."))
        return redirect(form.instance)
    form = CommunityForm(instance=community, organisation=organisation)
    draft = recall(request, key)
    first_values(request, form, draft)
    return render(request, TEMPLATE, _drawn(request, form, key, **extra, draft=draft))


@posted_from("community_detail", "slug")
def community_move(request: HttpRequest, slug: str) -> HttpResponse:
    """Publish it, send it to the curators, archive it."""
    community = fetch(request, slug)
    name = request.POST.get("geste", "")
    if name not in MOVES:
        raise Http404
    try:
        move(community, name, by=request.user)
    except AlreadyMoved:
        state = Community.objects.get(pk=community.pk).get_status_display()
        messages.warning(request, _("Rien n’a changé : cette communauté est déjà « %(state)s ».") % {"state": state})
    else:
        messages.success(request, SAID[name])
    return redirect(community)
