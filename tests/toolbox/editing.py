"""How the tests of the editor read its pages."""

from __future__ import annotations

import re
from typing import Any

from django.test import Client
from django.urls import reverse

from toolbox.models import Edition

SLUG = "pret-de-local"


def at(name: str, *arguments: Any) -> str:
    return reverse(name, args=[SLUG, *arguments])


def page(response: Any) -> str:
    return response.content.decode().replace("\u00a0", " ").replace("&#x27;", "'")


def order(draft: Edition) -> list[str]:
    return list(draft.clauses.values_list("key", flat=True))


def hidden(response: Any, name: str) -> str:
    """The first hidden field of this name in a page."""
    found = re.search(rf'name="{name}" value="([^"]*)"', response.content.decode())
    assert found, name
    return found[1].replace("&quot;", '"')


def typed(client: Client, address: str, **changes: Any) -> dict[str, Any]:
    """What a browser would send back from this form, with these changes."""
    form = client.get(address).context["form"]
    data = {name: form[name].value() for name in form.fields if name != "versions"}
    data = {name: "" if value is None else value for name, value in data.items() if value is not False}
    for name, value in data.items():
        if isinstance(value, list):
            data[name] = "\n".join(value)
    return {**data, "versions": form.fingerprint(), **changes}
