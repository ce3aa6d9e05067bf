"""Take one’s data, close one’s account, without asking anybody."""

from __future__ import annotations

from allauth.account.decorators import reauthentication_required
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts import privacy
from accounts.forms import CloseAccountForm
from accounts.views.account import READ_OR_SEND, person


@READ_OR_SEND
@never_cache
def my_data(request: HttpRequest) -> HttpResponse:
    """What is held of me, and the button that takes all of it."""
    user = person(request)
    if request.method == "POST":
        response = HttpResponse(privacy.export(by=user), content_type="application/zip")
        response["Content-Disposition"] = f'attachment; filename="mes-donnees-{timezone.localdate()}.zip"'
        return response
    counted = [{"title": part.title, "count": sum(1 for _row in part.rows(user))} for part in privacy.parts()]
    return render(request, "account/my_data.html", {"parts": counted})


@reauthentication_required(allow_get=False)
@READ_OR_SEND
@never_cache
def close_account(request: HttpRequest) -> HttpResponse:
    """Close my account, after saying who I am again and what will be lost."""
    user = person(request)
    form = CloseAccountForm(request.POST or None)
    refusal = privacy.refusal(user)
    if request.method == "POST" and not refusal and form.is_valid():
        try:
            privacy.close(by=user)
        except privacy.CannotClose as answer:
            refusal = str(answer)
        else:
            logout(request)
            return redirect("account_closed")
    context = {"form": form, "refusal": refusal, "consequences": privacy.consequences(user)}
    return render(request, "account/close.html", context)


@login_not_required
@require_safe
def closed(request: HttpRequest) -> HttpResponse:
    """The last page."""
    return render(request, "account/closed.html")
