"""Two people at once: a form that knows what its page was drawn from."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS

from directory.forms.fields import settled


class VersionedForm(forms.ModelForm):
    """The page carries a short mark of each field; one that changed since is shown, never overwritten."""

    versions = forms.CharField(required=False, widget=forms.HiddenInput)

    def stood(self, name: str) -> Any:
        """What the database holds for a field."""
        return self.initial.get(name, self.fields[name].initial)

    def fingerprint(self) -> str:
        """A short mark of each field as the database holds it: goes with the page, comes back with the form."""
        return json.dumps({n: mark(self.stood(n)) for n in self.fields if n != "versions"}, separators=(",", ":"))

    def _known(self) -> dict[str, Any]:
        try:
            known = json.loads(self.data.get("versions") or "{}")
        except ValueError:
            known = {}
        return known if isinstance(known, dict) else {}

    def outdated(self) -> list[str]:
        """The fields that someone changed since this form was drawn."""
        known = self._known()
        return [n for n in self.fields if n in known and known[n] != mark(self.stood(n))]

    def untouched(self, name: str) -> bool:
        """Whether a field still says what it said when the page was drawn."""
        return name in getattr(self, "cleaned_data", {}) and mark(self.cleaned_data[name]) == self._known().get(name)

    def _post_clean(self) -> None:
        """The database's own rules, said once: what a field already says isn’t repeated on top."""
        before = bool(self.errors)
        super()._post_clean()  # type: ignore[misc]
        if before and NON_FIELD_ERRORS in self.errors:
            del self.errors[NON_FIELD_ERRORS]


def mark(value: Any) -> str:
    return hashlib.sha256(settled(value).encode()).hexdigest()[:8]
