"""Photos: the page where they are added, described and ordered; and each one, for who may see its entry."""

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
from directory.models import PracticePhoto, ResourcePhoto
from directory.models.photo import AT_MOST
from directory.permissions import can_read
from directory.photos import Owner, add, describe, remove, shift
from directory.views.practice_edit import editable as editable_story
from directory.views.resource_edit import editable, owner_panel
from mutualisation.kernel.uploads import too_large

SIZES = {"1600": "large", "480": "small"}


@require_http_methods(["GET", "HEAD", "POST"])
def resource_photos(request: HttpRequest, slug: str) -> HttpResponse:
    """Add, describe, order, delete those of a resource."""
    resource = editable(request, slug)
    refused = _sent(request, resource)
    if refused == []:
        return redirect("resource_photos", slug=slug)
    context = _drawn(resource, refused) | {
        "resource": resource,
        "organisation": resource.organisation,
        "owner": owner_panel(request, resource),
    }
    return render(request, "directory/resource/photos.html", context, status=422 if refused else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def practice_photos(request: HttpRequest, slug: str) -> HttpResponse:
    """The same, of a story."""
    practice = editable_story(request, slug)
    refused = _sent(request, practice)
    if refused == []:
        return redirect("practice_photos", slug=slug)
    context = _drawn(practice, refused) | {"practice": practice}
    return render(request, "directory/practice/photos.html", context, status=422 if refused else 200)


def _drawn(entry: Owner, refused: list[str] | None) -> dict[str, Any]:
    photos = list(entry.photos.order_by("position", "id"))
    return {"photos": photos, "room": AT_MOST - len(photos), "at_most": AT_MOST, "refused": refused or []}


def _sent(request: HttpRequest, entry: Owner) -> list[str] | None:
    """Keep what was sent; why some of it was refused, or None when nothing was sent."""
    return _save(request, entry) if request.method == "POST" else None


def _save(request: HttpRequest, entry: Owner) -> list[str]:
    """One sending: words first, then what its button asked for; gives why some photos were refused."""
    words = {name.removeprefix("alt-"): str(value) for name, value in request.POST.items() if name.startswith("alt-")}
    changed = describe(entry, words, by=request.user)
    said = _("Les descriptions sont enregistrées.") if changed else ""
    asked = next((verb for verb in ("monter", "descendre", "supprimer") if request.POST.get(verb)), "")
    uid = request.POST.get(asked, "")
    if asked == "supprimer":
        said = _("La photo est supprimée.") if _uid(uid) and remove(entry, uid, by=request.user) else said
    elif asked:
        shift(entry, uid, -1 if asked == "monter" else 1, by=request.user)
    kept, refused = add(entry, request.FILES.getlist("photos"), by=request.user)
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
    edited(entry, by=request.user)
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
    """One photo, for who may see its entry; kept long by browsers, by shared caches only if anyone may see it."""
    if size not in SIZES:
        raise Http404
    found: ResourcePhoto | PracticePhoto | None = (
        ResourcePhoto.objects.select_related("resource__organisation").filter(uid=uid).first()
        or PracticePhoto.objects.select_related("practice").filter(uid=uid).first()
    )
    if found is None or not can_read(request.user, found.entry):
        raise Http404
    public = found.entry.is_public
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
