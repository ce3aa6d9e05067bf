"""A paper as a file to download: its forms, how each is made and named, how browsers and proxies may keep it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.shortcuts import render
from django.utils.http import content_disposition_header
from django.utils.text import slugify

from mutualisation.kernel.office import DOCX_TYPE, ODT_TYPE, docx, odt
from mutualisation.kernel.paper import Paper, PaperError
from mutualisation.kernel.pdf import pdf

FORMS: dict[str, tuple[Callable[[Paper], bytes], str]] = {
    "pdf": (pdf, "application/pdf"),
    "docx": (docx, DOCX_TYPE),
    "odt": (odt, ODT_TYPE),
}


def made(paper: Paper, form: str) -> bytes:
    """The file of a paper in one of ``FORMS``."""
    make, _type = FORMS[form]
    return make(paper)


def handed(request: HttpRequest, content: bytes, form: str, *, name: str, public: bool = False) -> HttpResponse:
    """The file, to keep. ``public``: the same for everyone, asked again only when it changed."""
    etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    if public and etag in request.headers.get("If-None-Match", ""):
        response: HttpResponse = HttpResponseNotModified()
    else:
        response = HttpResponse(content, content_type=FORMS[form][1])
        filename = f"{slugify(name)[:100]}.{form}"
        response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=filename) or ""
    if public:
        response["ETag"] = etag
        response["Cache-Control"] = "public, max-age=3600"
    else:
        response["Cache-Control"] = "private, no-store"
    response["X-Robots-Tag"] = "noindex"
    return response


def unmade(request: HttpRequest, error: PaperError) -> HttpResponse:
    """The page that says that a document could not be made, and what to do."""
    response = render(request, "errors/document.html", {"sentence": str(error)}, status=503)
    response["Retry-After"] = "60"
    return response
