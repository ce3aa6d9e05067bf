"""`/courriels/`: what the portal would have sent, readable in the demonstration only."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from accounts.models import Mail

PER_PAGE = 50


def demo_only(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """404 outside of the demonstration: nobody reads the mail of others."""

    readable = require_safe(view)

    @login_not_required
    @csrf_exempt  # nothing here is ever written: what is sent gets the same 404, not a refusal that tells more
    @never_cache
    @wraps(view)
    def guarded(request: HttpRequest, **kwargs: Any) -> HttpResponse:
        if not settings.DEMO:
            raise Http404
        return readable(request, **kwargs)

    return guarded


@demo_only
def outbox(request: HttpRequest) -> HttpResponse:
    """Newest first; ``?a=`` keeps those to one address."""
    to = request.GET.get("a", "").strip().replace("\0", "")[:254]
    mails = Mail.objects.filter(to__icontains=to) if to else Mail.objects.all()
    page = Paginator(mails.defer("text", "html"), PER_PAGE).get_page(request.GET.get("p"))
    return render(request, "account/outbox.html", {"mails": page, "to": to})


@demo_only
def outbox_mail(request: HttpRequest, pk: int) -> HttpResponse:
    """The text twin, and the links of the HTML one."""
    mail = get_object_or_404(Mail, pk=pk)
    links = list(dict.fromkeys(re.findall(r'href="(https?://[^"]+)"', mail.html)))
    return render(request, "account/outbox_mail.html", {"mail": mail, "links": links})


@demo_only
def outbox_html(request: HttpRequest, pk: int) -> HttpResponse:
    """The HTML twin, where nothing of it can run or load."""
    response = HttpResponse(get_object_or_404(Mail, pk=pk).html)
    may = "allow-popups allow-top-navigation-by-user-activation"
    response["Content-Security-Policy"] = f"sandbox {may}; default-src 'none'"
    return response
