"""What someone was typing, kept: by the script every few seconds, by the session when it expired, until it is saved.

A page that wants it: ``recall`` to offer what was typed, ``data-draft="<key>"`` on its form (``components/draft.html``
shows the offer), ``forget`` once saved, and ``hold`` where someone whose session expired sends the form.
"""

from __future__ import annotations

import json
import re
from typing import Any

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils.translation import gettext as _

from accounts.models import Draft

MAX_BYTES = 64 * 1024
KEPT_AT_MOST = 30  # forms under way, for one person
KEY = re.compile(r"^(?!fait:)[a-z][a-z0-9:_-]{0,118}$")
SESSION_KEY = "held_draft"
NEVER = {"csrfmiddlewaretoken", "password", "once"}  # never kept


class DraftError(Exception):
    """What was sent can't be kept; the message says why."""


def keep(*, user: Any, key: str, data: dict[str, list[str]]) -> Draft | None:
    """Keep the fields of a form; nothing when they are all empty. Raises DraftError."""
    if not KEY.match(key):
        raise DraftError(_("Ce formulaire ne se garde pas."))
    fields = {
        str(name)[:120]: [str(v) for v in values]
        for name, values in data.items()
        if isinstance(values, list) and name not in NEVER
    }
    if len(json.dumps(fields).encode()) > MAX_BYTES:
        raise DraftError(_("C’est trop long pour être gardé automatiquement : enregistrez."))
    if not any(v.strip() for values in fields.values() for v in values):
        return None
    draft, _fresh = Draft.objects.update_or_create(user=user, key=key, defaults={"data": fields})
    extra = Draft.objects.filter(user=user).exclude(key__startswith="fait:").values_list("pk", flat=True)
    if too_many := list(extra[KEPT_AT_MOST:]):
        Draft.objects.filter(pk__in=too_many).delete()
    return draft


def forget(*, user: Any, key: str) -> None:
    """The form was saved, or its author wants to start again."""
    Draft.objects.filter(user=user, key=key).delete()


def hold(request: HttpRequest, key: str) -> HttpResponse:
    """Someone whose session expired sent a form: keep it in the new session, and ask her to sign in."""
    data = {name: values for name, values in request.POST.lists() if name not in NEVER}
    if KEY.match(key) and len(json.dumps(data).encode()) <= MAX_BYTES:
        request.session[SESSION_KEY] = {"key": key, "data": data}
        said = _("Votre session est terminée. Ce que vous avez tapé est gardé : connectez-vous pour continuer.")
        messages.warning(request, said)
    return redirect_to_login(request.get_full_path())


def recall(request: HttpRequest, key: str) -> Draft | None:
    """What this person was typing in this form, from any of her devices or from before her session expired."""
    if not request.user.is_authenticated:
        return None
    held = request.session.get(SESSION_KEY)
    if held and held.get("key") == key:
        del request.session[SESSION_KEY]
        try:
            keep(user=request.user, key=key, data=held["data"])
        except DraftError:
            pass
    return Draft.objects.filter(user=request.user, key=key).first()


def as_post(draft: Draft) -> QueryDict:
    """The draft as a form would have sent it."""
    data = QueryDict(mutable=True)
    for name, values in draft.data.items():
        data.setlist(name, values)
    return data
