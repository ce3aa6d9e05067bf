"""A few lines of the same few questions, some left blank to be filled: one field, so that drafts and conflicts hold."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from django import forms
from django.db.models import Q, QuerySet
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from directory.forms.organisation import dress
from directory.forms.written import one_line
from directory.models import Organisation, PracticePartner
from mutualisation.kernel.search import normalise

Row = tuple[str, ...]
BLANK = 2  # lines offered to be filled, below those that are
READ_AT_MOST = 60
OFFERED = 500  # names that the browser completes; any other can be typed


class RowForm(forms.Form):
    """One line. ``silent`` are the questions that answer themselves: alone, they don't make a line."""

    silent: ClassVar[tuple[str, ...]] = ()
    use_required_attribute = False  # a blank line is left blank: the browser must not say that it is needed

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        dress(self)

    def text(self) -> Row:
        """What was understood, as the page writes it."""
        return tuple(str(self.cleaned_data[name]) for name in self.fields)


class RowsInput(forms.Widget):
    """Reads and writes the lines: ``name-0-question``, ``name-1-question``…"""

    use_fieldset = True
    columns: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return not any(f"{name}-{n}-{column}" in data for n in range(READ_AT_MOST) for column in self.columns)

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[Row] | None:
        """The lines where something is written; None when the page had none of them."""
        if self.value_omitted_from_data(data, files, name):
            return None
        rows = [
            tuple(one_line(str(data.get(f"{name}-{n}-{column}") or "")) for column in self.columns)
            for n in range(READ_AT_MOST)
        ]
        return [row for row in rows if any(v for v, c in zip(row, self.columns, strict=True) if c not in self.silent)]

    def put(self, data: Any, name: str, rows: Iterable[Row]) -> None:
        """Write these lines in the data of a form, instead of those that it holds."""
        for key in [k for k in data if k.startswith(f"{name}-")]:
            del data[key]
        for n, row in enumerate([*rows, ("",) * len(self.columns)]):
            for column, value in zip(self.columns, row, strict=True):
                data[f"{name}-{n}-{column}"] = value


class RowsField(forms.Field):
    """A list of lines, each checked by a small form. Its value is text, the same from the database and from a page."""

    widget = RowsInput

    def __init__(self, *, row: type[RowForm], most: int, **kwargs: Any) -> None:
        super().__init__(required=False, **kwargs)
        self.row, self.most = row, most
        self.given: dict[str, Any] = {}
        self.understood: list[dict[str, Any]] = []
        self.widget.columns, self.widget.silent = tuple(row.base_fields), row.silent

    def bound_data(self, data: Any, initial: Any) -> Any:
        return initial if data is None else data

    def has_changed(self, initial: Any, data: Any) -> bool:
        return data is not None and list(data) != list(initial or [])

    def clean(self, value: list[Row] | None) -> list[Row] | None:
        if value is None:
            return None
        wrong: list[str] = []
        if len(value) > self.most:
            wrong.append(gettext("Au plus %(n)d lignes.") % {"n": self.most})
        forms_ = [self.row(dict(zip(self.widget.columns, row, strict=True)), **self.given) for row in value]
        for n, form in enumerate(forms_, 1):
            for name, errors in form.errors.items():
                label = form.fields[name].label if name in form.fields else ""
                said = {"n": n, "label": label, "why": " ".join(map(str, errors))}
                wrong.append(gettext("Ligne %(n)d, %(label)s : %(why)s") % said)
        if wrong:
            raise forms.ValidationError(wrong)
        kept = {form.text(): form.cleaned_data for form in forms_}  # the same line twice is one
        self.understood = list(kept.values())
        return list(kept)

    def readable(self, value: Iterable[Row] | None) -> str:
        """The lines in words."""
        lines = []
        for row in value or ():
            form = self.row(initial=dict(zip(self.widget.columns, row, strict=True)), **self.given)
            answers = zip(form.fields.values(), row, strict=True)
            lines.append(", ".join(_said(field, value) for field, value in answers if value))
        return "\n".join(lines)

    def drawn(self, name: str, value: Iterable[Row] | None, *, more: bool = False) -> list[list[forms.BoundField]]:
        """The lines as inputs: those that are filled, then some that are blank."""
        filled = [dict(zip(self.widget.columns, row, strict=True)) for row in value or ()]
        room = min(BLANK * (2 if more else 1), max(0, self.most - len(filled)))
        return [
            list(self.row(initial=initial, prefix=f"{name}-{n}", **self.given))
            for n, initial in enumerate([*filled, *({} for _line in range(room))])
        ]


def _said(field: forms.Field, value: str) -> str:
    """The answer to a question of a line; with what it answers, when that may be left blank."""
    words = str(_flat(getattr(field, "choices", ())).get(value, value))
    if field.required:
        return words
    label = str(field.label)
    return f"{label[:1].lower()}{label[1:]} : {words}"


def _flat(choices: Iterable[Any]) -> dict[Any, Any]:
    """The words of each choice, those of groups with the others."""
    found: dict[Any, Any] = {}
    for value, words in choices:
        found |= dict(words) if isinstance(words, list | tuple) else {value: words}
    return found


# ---- the lines of a story


def organisations_named(text: str, among: QuerySet[Organisation]) -> list[Organisation]:
    """Those that a text names exactly, whatever its accents; « Nom (lieu) » tells homonyms apart."""

    def called(name: str) -> Q:
        return Q(sort_key=" ".join(normalise(name).split())[:200])

    found = among.filter(called(text) | Q(acronym__iexact=text))
    name, _bracket, place = text.removesuffix(")").rpartition(" (")
    if not found.exists() and name and text.endswith(")"):
        found = among.filter(called(name), territory__name__iexact=place)
    return list(found.select_related("territory").defer("search", "territory__outline").order_by("sort_key", "id")[:4])


def label_of(organisation: Organisation, among: QuerySet[Organisation]) -> str:
    """Its name, with its place when another one bears the same."""
    same = among.filter(name=organisation.name).exclude(pk=organisation.pk)
    name = one_line(organisation.name)
    return f"{name} ({organisation.territory.name})" if same.exists() else name


def suggestions(among: QuerySet[Organisation]) -> list[str]:
    """What is offered while typing a name."""
    rows = list(among.order_by("sort_key", "id").values_list("name", "territory__name")[:OFFERED])
    names = [name for name, _place in rows]
    return [f"{name} ({place})" if names.count(name) > 1 else name for name, place in rows]


class PartnerRow(RowForm):
    """An organisation of the portal, and what it does there."""

    silent = ("role",)
    organisation = forms.CharField(
        label=_("Organisme"),
        max_length=200,
        widget=forms.TextInput(attrs={"list": "organismes-connus", "autocomplete": "off"}),
        error_messages={"required": _("écrivez son nom.")},
    )
    role = forms.ChoiceField(
        label=_("Rôle"), choices=PracticePartner.Role.choices, initial=PracticePartner.Role.PARTNER
    )

    def __init__(self, *args: Any, among: QuerySet[Organisation] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.among = Organisation.objects.none() if among is None else among

    def clean_organisation(self) -> Organisation:
        typed = self.cleaned_data["organisation"]
        found = organisations_named(typed, self.among)
        if len(found) == 1:
            return found[0]
        if found:
            names = gettext(" ou ").join(f"« {o.name} ({o.territory.name}) »" for o in found)
            raise forms.ValidationError(gettext("plusieurs portent ce nom : écrivez %(names)s.") % {"names": names})
        raise forms.ValidationError(
            gettext("« %(typed)s » n’est pas dans le portail : choisissez un nom proposé, ou nommez-le dans le récit.")
            % {"typed": typed[:60]}
        )

    def text(self) -> Row:
        return label_of(self.cleaned_data["organisation"], self.among), self.cleaned_data["role"]


class FigureRow(RowForm):
    """A number, and what it counts."""

    value = forms.CharField(label=_("Chiffre"), max_length=20, error_messages={"required": _("écrivez le chiffre.")})
    label = forms.CharField(
        label=_("Ce qu’il compte"), max_length=120, error_messages={"required": _("dites ce qu’il compte.")}
    )


class LinkRow(RowForm):
    """A page or a document, elsewhere on the Web."""

    title = forms.CharField(label=_("Titre"), max_length=160, error_messages={"required": _("donnez-lui un titre.")})
    url = forms.URLField(
        label=_("Adresse Web"),
        max_length=300,
        assume_scheme="https",
        widget=forms.TextInput(attrs={"inputmode": "url", "autocomplete": "off"}),
        error_messages={
            "required": _("écrivez son adresse."),
            "invalid": _("cette adresse n’est pas complète : exemple.org, par exemple."),
        },
    )
