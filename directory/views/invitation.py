"""The page of an invitation's link: what it does is said before it is done."""

from __future__ import annotations

from urllib.parse import urlencode

import pghistory
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from directory.invitations import accept_invitation, find, is_for, refusal
from directory.memberships import NotPossible, act_for
from directory.models import Invitation


def masked(email: str) -> str:
    """« m•••@marmite.example »: enough for its owner to know it, too little for someone else to use it."""
    name, _at, domain = email.partition("@")
    return f"{name[:1]}•••@{domain}"


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Mail scanners open links: only the button accepts."""
    found = find(token)
    if found is None:
        sentence = _(
            "Ce lien d’invitation n’existe pas : il est peut-être coupé. Copiez-le en entier depuis le courriel."
        )
        return render(request, "directory/invitation.html", {"refusal": sentence}, status=404)
    sentence = refusal(found)
    if request.method == "POST" and request.user.is_authenticated:
        try:
            with pghistory.context(url="/invitations/"):  # the history says from where, never the link itself
                membership = accept_invitation(invitation=found, by=request.user)
        except NotPossible as reason:
            sentence = str(reason)
        else:
            act_for(request, membership)
            messages.success(
                request,
                _("Bienvenue : vous agissez maintenant pour %(name)s.") % {"name": membership.organisation.name},
            )
            return redirect("my_space")
    back = urlencode({"next": request.path})
    return render(
        request,
        "directory/invitation.html",
        {
            "invitation": found,
            "refusal": sentence,
            "address": masked(found.email),
            "mine": is_for(found, request.user),
            "login": f"{reverse('account_login')}?{back}",
            "signup": f"{reverse('account_signup')}?{back}",
        },
        status=410 if sentence else 200,
    )


@require_POST
def invitation_accept(request: HttpRequest, pk: int) -> HttpResponse:
    """Accept, from « Mon espace », an invitation sent to one's own verified address."""
    found = get_object_or_404(Invitation.objects.select_related("organisation"), pk=pk)
    if not is_for(found, request.user):
        raise Http404
    try:
        membership = accept_invitation(invitation=found, by=request.user)
    except NotPossible as reason:
        messages.warning(request, str(reason))
    else:
        act_for(request, membership)
        messages.success(
            request, _("Bienvenue : vous agissez maintenant pour %(name)s.") % {"name": membership.organisation.name}
        )
    return redirect("my_space")
