"""Form fields for columns that hold several values: one per line, or boxes to tick; and drawings by their name."""

from __future__ import annotations

import functools
import re
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

_NAMES = {
    "congelateur": _("congélateur"), "duo": _("deux personnes"), "ecole": _("école"), "ecriture": _("écriture"),
    "entrepot": _("entrepôt"), "equipe": _("équipe"), "recolte": _("récolte"), "sono": _("sonorisation"),
}  # fmt: skip


class Lines(forms.CharField):
    """A list typed one item a line; empty lines and repeated items are dropped."""

    widget = forms.Textarea(attrs={"rows": 5, "class": "vLargeTextField lines"})

    def __init__(self, *, longest: int = 80, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.longest = longest

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list | tuple) else value

    def to_python(self, value: Any) -> list[str]:
        lines = value if isinstance(value, list | tuple) else str(value or "").splitlines()
        return list(dict.fromkeys(clean for line in lines if (clean := " ".join(str(line).split()))))

    def validate(self, value: list[str]) -> None:
        if self.required and not value:
            raise ValidationError(self.error_messages["required"], code="required")
        for line in value:
            if len(line) > self.longest:
                raise ValidationError(
                    _("« %(start)s… » est trop long : %(longest)d caractères au plus par ligne."),
                    code="too_long",
                    params={"start": line[:30], "longest": self.longest},
                )

    def run_validators(self, value: list[str]) -> None:
        for line in value:
            super().run_validators(line)

    def has_changed(self, initial: Any, data: Any) -> bool:
        return not self.disabled and self.to_python(data) != list(initial or [])


class Boxes(forms.TypedMultipleChoiceField):
    """Several of a few known values, ticked."""

    widget = forms.CheckboxSelectMultiple


@functools.cache
def drawings() -> list[tuple[str, Any]]:
    """The symbols of ``drawings.svg``, with a name that people read."""
    text = (settings.BASE_DIR / "static" / "img" / "drawings.svg").read_text(encoding="utf-8")
    names = [s.removeprefix("d-") for s in re.findall(r'<symbol id="([^"]+)"', text)]
    return sorted(((f"d-{n}", _NAMES.get(n, n)) for n in names), key=lambda pair: pair[0])
