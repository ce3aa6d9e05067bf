"""What the pages that write an entry share: putting back what was typed, showing what a colleague changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest

from accounts.drafts import as_post
from accounts.models import Draft
from directory.views.resource_edit import put, shown


def first_values(request: HttpRequest, form: Any, draft: Draft | None) -> None:
    """Put back what was typed, when asked to: as first values, errors come with the next sending."""
    if draft is None or "reprendre" not in request.GET:
        return
    typed = as_post(draft)
    for name, field in form.fields.items():
        if name != "versions" and not field.widget.value_omitted_from_data(typed, {}, name):
            form.initial[name] = field.widget.value_from_datadict(typed, {}, name)


def side_by_side(request: HttpRequest, typed: Any, form_for: Callable[[Any], Any]) -> tuple[Any, list[dict[str, Any]]]:
    """The form again, and what the other person changed beside what she typed.

    ``form_for`` makes the form of the entry as it stands, bound to the data given or not bound for None.
    What she left alone takes the new value.
    """
    standing = form_for(None)
    data = request.POST.copy()
    differences = []
    for name in typed.outdated():
        kept = not typed.untouched(name)
        mine, theirs = shown(typed[name], typed[name].value()), shown(standing[name], standing[name].value())
        if not kept:
            put(data, standing, name)
        if mine != theirs:
            differences.append({"label": standing.fields[name].label, "field": standing[name].id_for_label or name,
                                "theirs": theirs, "mine": mine, "kept": kept})  # fmt: skip
    return form_for(data), differences
