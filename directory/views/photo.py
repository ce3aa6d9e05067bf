"""Photos: the page where they are added, described and ordered; and each one, for who may see its resource."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotModified
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from directory.lifecycle import edited
from directory.models import Resource, ResourcePhoto
from directory.models.photo import AT_MOST
from directory.photos import add, describe, remove, shift
from directory.views.resource_edit import editable, owner_panel
from mutualisation.kernel.uploads import too_large

SIZES = {"1600": "large", "480": "small"}


@require_http_methods(["GET", "HEAD", "POST"])
def resource_photos(request: HttpRequest, slug: str) -> HttpResponse:
    """Add, describe, order, delete."""
    resource = editable(request, slug)
    refused: list[str] = []
    if request.method == "POST":
        refused = _save(request, resource)
        if not refused:
            return redirect("resource_photos", slug=slug)
    photos = list(resource.photos.order_by("position", "id"))
    context: dict[str, Any] = {
        "resource": resource,
        "organisation": resource.organisation,
        "photos": photos,
        "room": AT_MOST - len(photos),
        "at_most": AT_MOST,
        "refused": refused,
        "owner": owner_panel(request, resource),
    }
    return render(request, "directory/resource/photos.html", context, status=422 if refused else 200)


def _save(request: HttpRequest, resource: Resource) -> list[str]:
    """One sending: words first, then what its button asked for; gives why some photos were refused."""
    words = {name.removeprefix("alt-"): str(value) for name, value in request.POST.items() if name.startswith("alt-")}
    changed = describe(resource, words, by=request.user)
    said = _("Les descriptions sont enregistrées.") if changed else ""
    asked = next((verb for verb in ("monter", "descendre", "supprimer") if request.POST.get(verb)), "")
    uid = request.POST.get(asked, "")
    if asked == "supprimer":
        said = _("La photo est supprimée.") if _uid(uid) and remove(resource, uid, by=request.user) else said
    elif asked:
        shift(resource, uid, -1 if asked == "monter" else 1, by=request.user)
    kept, refused = add(resource, request.FILES.getlist("photos"), by=request.user)
    refused += [
        _("« %s » dépasse 15 Mo. Choisissez une photo plus légère ou réduisez-la d’abord.") % name
        for name in too_large(request)
    ]
    if kept:
        said = ngettext(
            "%d photo ajoutée. Dites maintenant ce qu’elle montre.",
            "%d photos ajoutées. Dites maintenant ce qu’elles montrent.",
            len(kept),
        ) % len(kept)
    elif not (changed or asked or refused):
        refused.append(_("Choisissez d’abord une ou plusieurs photos."))
    if said:
        messages.success(request, said)
    edited(resource, by=request.user)
    return refused


def _uid(value: str) -> bool:
    try:
        uuid.UUID(value)
    except ValueError:
        return False
    return True


@login_not_required
@require_safe
def photo(request: HttpRequest, uid: uuid.UUID, size: str) -> HttpResponse:
    """One photo, for who may see its resource; kept long by browsers, by shared caches only if anyone may see it."""
    if size not in SIZES:
        raise Http404
    found = ResourcePhoto.objects.select_related("resource__organisation").filter(uid=uid).first()
    if found is None or not Resource.objects.visible_to(request.user).filter(pk=found.resource_id).exists():
        raise Http404
    public = found.resource.is_public
    etag = f'"{found.uid.hex}-{size}"'
    response: HttpResponse
    if etag in request.headers.get("If-None-Match", ""):
        response = HttpResponseNotModified()
    else:
        try:
            with getattr(found, SIZES[size]).open("rb") as file:
                response = HttpResponse(file.read(), content_type="image/webp")
        except OSError as error:
            raise Http404 from error
    response["ETag"] = etag
    response["Cache-Control"] = "public, max-age=604800" if public else "private, max-age=604800, must-revalidate"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'"
    if not public:
        response["X-Robots-Tag"] = "noindex"
    return response
