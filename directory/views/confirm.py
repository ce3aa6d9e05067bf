"""« Toujours exact » from an e-mail: a page with a button, for whoever holds the link, signed in or not."""

from __future__ import annotations

from typing import Any

import pghistory
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from directory.freshness import Asked, BadLink, OldLink, confirm, read_link
from directory.permissions import can_edit

TEMPLATE = "directory/confirm.html"
ALL = "toutes"


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def confirm_entries(request: HttpRequest, token: str) -> HttpResponse:
    """Opening it changes nothing: mail scanners open links. The button confirms; used twice, it says so."""
    try:
        asked = read_link(token)
    except BadLink:
        return render(request, TEMPLATE, {"problem": "bad"}, status=404)
    except OldLink:
        return render(request, TEMPLATE, {"problem": "old"}, status=410)
    if not asked:
        return render(request, TEMPLATE, {"problem": "gone"}, status=410)
    if request.method == "POST":
        return _confirmed(request, asked, token)
    waiting = [a for a in asked if a.waits]
    context = {
        "rows": [_row(request, a) for a in asked],
        "waiting": len(waiting),
        "settled": not waiting and all(a.is_online for a in asked),
        "forgotten": bool(waiting) and all(a.is_archived for a in waiting),
        "organisation": getattr(asked[0].entry, "organisation", asked[0].entry),
    }
    return render(request, TEMPLATE, context)


def _confirmed(request: HttpRequest, asked: list[Asked], token: str) -> HttpResponse:
    chosen = request.POST.get("fiche", "")
    with pghistory.context(url="/confirmer/"):  # the history says from where, never the link itself
        done = [a for a in asked if chosen in (a.key, ALL) and confirm(a.entry, seen=a.mark)]
    if done:
        messages.success(
            request,
            ngettext("C’est confirmé, merci!", "%(n)d fiches sont confirmées, merci!", len(done)) % {"n": len(done)},
        )
    else:
        messages.info(request, _("Rien n’a changé : c’était déjà fait, ou la fiche a changé depuis ce courriel."))
    first = asked[0].entry
    if request.POST.get("retour") == "fiche" and len(asked) == 1 and can_edit(request.user, first):
        return redirect(first)
    if request.POST.get("retour") == "fiche" and request.user.is_authenticated:
        return redirect("my_space")
    return redirect("confirm", token=token)


def _row(request: HttpRequest, asked: Asked) -> dict[str, Any]:
    """What the page shows of one entry: enough to judge, never what is private."""
    entry = asked.entry
    seen = type(entry)._default_manager.visible_to(request.user).filter(pk=entry.pk).exists()
    return {
        "asked": asked,
        "entry": entry,
        "line": getattr(entry, "summary", "") or getattr(entry, "mission", "") or getattr(entry, "reason", ""),
        "page": _address("detail", entry) if seen else "",
        "edit": _address("edit", entry) or reverse("my_space"),
    }


def _address(what: str, entry: Any) -> str:
    try:
        return reverse(f"{entry._meta.model_name}_{what}", args=[entry.slug])
    except NoReverseMatch:
        return ""
