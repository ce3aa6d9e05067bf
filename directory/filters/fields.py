"""Filters that keep what they understand and say what they don't: a bad value never empties a list in silence."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import django_filters
from django import forms
from django.db import models
from django.db.models import BooleanField, ExpressionWrapper, Q

from mutualisation.kernel.facets import Facet
from mutualisation.kernel.search import MAX_LENGTH

MAX_VALUES = 40


class ValuesField(forms.Field):
    """Several values, each once. Unknown ones are dropped and kept in ``unknown``, to be said."""

    widget = forms.SelectMultiple

    def __init__(self, *, known: Callable[[], Iterable[str]], **kwargs: Any) -> None:
        super().__init__(**{"required": False, **kwargs})
        self.known = known
        self.unknown: list[str] = []

    def clean(self, value: Any) -> list[str]:
        asked = [str(v)[:120].replace("\x00", "") for v in value or () if v][:MAX_VALUES]
        known = self.known() if asked else ()
        self.unknown = [v for v in dict.fromkeys(asked) if v not in known]
        return [v for v in dict.fromkeys(asked) if v in known]


class FacetFilter(django_filters.Filter):
    """A filter whose values are counted. It flags rows (``f_<name>``) rather than removing them: see ``facets.py``."""

    field_class = ValuesField

    def __init__(
        self,
        *,
        known: Callable[[], Iterable[str]],
        condition: Callable[[list[str]], Q | models.Exists],
        column: str = "",
        through: tuple[str, str, str, str] | None = None,
        array: bool = False,
        every: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(known=known, **kwargs)
        self.condition, self.column, self.through, self.array = condition, column, through, array
        self.every = every

    def filter(self, qs: Any, value: list[str]) -> Any:
        if not value:
            return qs
        flag = ExpressionWrapper(self.condition(value), output_field=BooleanField())
        return qs.annotate(**{f"f_{self.field_name}": flag})

    def facet(self, name: str, active: bool) -> Facet:
        return Facet(name, column=self.column, through=self.through, array=self.array, active=active, every=self.every)


class LenientChoiceField(forms.ChoiceField):
    """One choice among few; anything else is dropped and kept in ``unknown``."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"required": False, **kwargs})
        self.unknown: list[str] = []

    def clean(self, value: Any) -> str:
        value = str(value or "").replace("\x00", "")[:60]
        if value and not self.valid_value(value):
            self.unknown = [value]
            return ""
        return value


class LenientChoiceFilter(django_filters.Filter):
    """A choice that orders or shapes the list; it removes nothing by itself."""

    field_class = LenientChoiceField

    def filter(self, qs: Any, value: str) -> Any:
        return qs


class TextField(forms.CharField):
    """Free text: a NUL or a novel is cut, never refused. One character too many tells that it was cut."""

    def to_python(self, value: Any) -> str:
        return " ".join(str(value or "").replace("\x00", " ").split())[: MAX_LENGTH + 1]

    def run_validators(self, value: Any) -> None:
        """Nothing typed in a search box is wrong."""


class TextFilter(django_filters.Filter):
    field_class = TextField

    def filter(self, qs: Any, value: str) -> Any:
        return qs
