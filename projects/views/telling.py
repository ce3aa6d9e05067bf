"""What a project tells: its news, with photos, and its documents."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotModified
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.drafts import forget, recall
from directory.forms.written import one_line
from directory.permissions import can_read
from directory.views.photo import SIZES
from directory.views.written import first_values
from mutualisation.kernel.documents import ACCEPT, DocumentError, attached, too_heavy
from mutualisation.kernel.requests import posted_from
from mutualisation.kernel.uploads import too_large
from projects.forms.participation import DocumentForm, NewsForm
from projects.models import Document, News, NewsPhoto, Project
from projects.news import (
    PHOTOS_AT_MOST,
    add_document,
    remove_document,
    rewrite_news,
    stamp,
    take_down,
    tell,
)
from projects.views.project_edit import editable

NEWS, DOCUMENTS = "projects/news/form.html", "projects/document/list.html"


def _oversized(request: HttpRequest) -> list[str]:
    said = _("« %s » dépasse 15 Mo. Choisissez un fichier plus léger.")
    return [said % name for name in too_large(request)]


@require_http_methods(["GET", "HEAD", "POST"])
def news_create(request: HttpRequest, slug: str) -> HttpResponse:
    """Tell something in the journal: followers are written to."""
    project = editable(request, slug)
    key = f"nouvelle:{project.pk}"
    form = NewsForm(request.POST if request.method == "POST" else None)
    draft = None
    if request.method == "POST":
        for sentence in _oversized(request):
            form.add_error(None, sentence)
        if form.is_valid() and (news := _told(request, form, project)):
            forget(user=request.user, key=key)
            messages.success(request, _("La nouvelle est publiée; celles et ceux qui suivent le projet la recevront."))
            if news.photos.exists():
                messages.info(request, _("Il reste à dire ce que montre chaque photo, pour qui ne la voit pas."))
                return redirect(reverse("news_edit", args=[slug, news.pk]) + "#photos-de-la-nouvelle")
            return redirect(project)
    else:
        draft = recall(request, key)
        first_values(request, form, draft)
    context = {
        "project": project, "form": form, "news": None, "draft": draft, "draft_key": key, "at_most": PHOTOS_AT_MOST,
        "pictures": [], "room": PHOTOS_AT_MOST,
    }  # fmt: skip
    return render(request, NEWS, context, status=422 if form.errors else 200)


def _told(request: HttpRequest, form: NewsForm, project: Project) -> News | None:
    """The news of a valid form, published; None, with a sentence in the form for each photo refused."""
    said, photos = form.cleaned_data, request.FILES.getlist("photos")
    try:
        return tell(project=project, title=one_line(said["title"]), body=said["body"], by=request.user, photos=photos)
    except ValidationError as refused:
        form.add_error(None, refused)
        return None


@require_http_methods(["GET", "HEAD", "POST"])
def news_edit(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Correct a news. One that someone corrected meanwhile is shown, never overwritten."""
    project = editable(request, slug)
    news = get_object_or_404(News, pk=pk, project=project)
    news.project = project
    data = request.POST if request.method == "POST" else None
    form = NewsForm(data, initial={"title": news.title, "body": news.body})
    pictures = list(news.photos.all())
    words = {str(p.uid): request.POST.get(f"alt-{p.uid}", p.alt) for p in pictures}
    status, changed = 200, False
    if request.method == "POST":
        if form.is_valid():
            said = form.cleaned_data
            refused = rewrite_news(
                news, title=one_line(said["title"]), body=said["body"], by=request.user, words=words,
                seen=request.POST.get("seen", ""), photos=request.FILES.getlist("photos"),
                without=request.POST.getlist("retirer"),
            )  # fmt: skip
            if refused is not None:
                for sentence in [*refused, *_oversized(request)]:
                    messages.warning(request, sentence)
                messages.success(request, _("La nouvelle est corrigée. Personne ne reçoit de nouveau courriel."))
                return redirect(project)
            status, changed = 409, True
            news.refresh_from_db()
        else:
            status = 422
    context = {
        "project": project, "form": form, "news": news, "seen": stamp(news), "changed": changed, "draft": None,
        "draft_key": f"nouvelle:{project.pk}:{news.pk}", "at_most": PHOTOS_AT_MOST,
        "pictures": [(p, words[str(p.uid)], str(p.uid) in request.POST.getlist("retirer")) for p in pictures],
        "room": PHOTOS_AT_MOST - len(pictures),
    }  # fmt: skip
    return render(request, NEWS, context, status=status)


@posted_from("project_detail", "slug")
def news_remove(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Take a news off."""
    project = editable(request, slug)
    take_down(get_object_or_404(News, pk=pk, project=project), by=request.user)
    messages.success(request, _("La nouvelle est retirée."))
    return redirect(project)


@login_not_required
@require_safe
def news_photo(request: HttpRequest, uid: uuid.UUID, size: str) -> HttpResponse:
    """One photo, for who may read its project."""
    found = NewsPhoto.objects.select_related("news__project__organisation").filter(uid=uid).first()
    if size not in SIZES or found is None or not can_read(request.user, found.news.project):
        raise Http404
    public = found.news.project.is_public
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


# ---- documents


@require_http_methods(["GET", "HEAD", "POST"])
def project_documents(request: HttpRequest, slug: str) -> HttpResponse:
    """Add and remove the documents of a project."""
    project = editable(request, slug)
    form = DocumentForm()
    if request.method == "POST":
        form = DocumentForm(request.POST, request.FILES)
        if oversized := too_large(request):
            form.errors.pop("file", None)
            form.add_error(None, too_heavy(oversized[0]))
        if form.is_valid():
            said = form.cleaned_data
            try:
                add_document(project=project, title=one_line(said["title"]), file=said["file"], by=request.user)
            except DocumentError as error:
                form.add_error("file", str(error))
            else:
                messages.success(request, _("Le document est ajouté."))
                return redirect("project_documents", slug=slug)
    context: dict[str, Any] = {
        "project": project,
        "form": form,
        "documents": list(project.documents.all()),
        "accept": ACCEPT,
    }
    return render(request, DOCUMENTS, context, status=422 if form.errors else 200)


@posted_from("project_detail", "slug")
def document_remove(request: HttpRequest, slug: str, uid: uuid.UUID) -> HttpResponse:
    """Take a document off."""
    project = editable(request, slug)
    remove_document(get_object_or_404(Document, uid=uid, project=project), by=request.user)
    messages.success(request, _("Le document est retiré."))
    return redirect("project_documents", slug=slug)


@login_not_required
@require_safe
def document(request: HttpRequest, slug: str, uid: uuid.UUID) -> HttpResponseBase:
    """A document, to keep, for who may read its project."""
    found = Document.objects.select_related("project__organisation").filter(uid=uid, project__slug=slug).first()
    if found is None or not can_read(request.user, found.project):
        raise Http404
    name = f"{slugify(found.title)[:60] or 'document'}.{found.kind}"
    try:
        return attached(found.file, name, public=found.project.is_public)
    except OSError as error:
        raise Http404 from error
