"""A place typed as people say it: « Valleyfield », « Saint-Rémi », « Saint-Anicet (Le Haut-Saint-Laurent) »."""

from __future__ import annotations

import difflib
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from directory.models import Territory
from directory.models.territory import TerritoryKind
from directory.taxonomies import Node, portal_territories, territories, told_apart
from mutualisation.kernel.search import words_of

LOCAL = (TerritoryKind.MUNICIPALITY, TerritoryKind.BOROUGH)


def label_of(node: Node) -> str:
    """A name that only one place has: its MRC is said when another one bears the same, its designation within one."""
    tree = territories()
    parent = tree.by_id.get(node.parent_id) if node.parent_id else None
    same = [n for n in tree.by_id.values() if n.name == node.name]
    if len(same) == 1 or parent is None:
        return node.name
    beside = [n for n in same if n.parent_id == node.parent_id]
    if len(beside) == len(same):
        return told_apart(node)
    if len(beside) > 1 and node.designation:
        return f"{node.name} ({node.designation.lower()}, {parent.name})"
    kind = f", {_('MRC')}" if node.kind == TerritoryKind.MRC else ""
    return f"{node.name} ({parent.name}{kind})"


def suggestions() -> list[str]:
    """What is offered while typing: the municipalities of this portal, by name."""
    tree = territories()
    ours = [n for mrc in portal_territories() for n in tree.children.get(mrc.id, []) if n.kind in LOCAL]
    return [label_of(n) for n in sorted(ours, key=lambda n: words_of(n.name))]


def _key(text: str) -> str:
    return " ".join(words_of(text))


def places_named(text: str) -> list[Node]:
    """The places that a text names exactly, one of this portal before the others of the same name."""
    tree = territories()
    wanted = _key(text)
    if not wanted:
        return []
    full = [n for n in tree.by_id.values() if "(" in text and _key(label_of(n)) == wanted]
    if full:
        return full
    same = [n for n in tree.by_id.values() if _key(n.name) == wanted or _key(f"MRC {n.name}") == wanted]
    ours = {n.id for n in portal_territories()}
    for keep in (
        lambda n: n.kind in LOCAL and n.parent_id in ours,
        lambda n: n.id in ours,
        lambda n: n.kind in LOCAL,
    ):
        if some := [n for n in same if keep(n)]:
            return some
    return same


def near(text: str) -> list[str]:
    """Names that look like a text, of this portal first."""
    tree = territories()
    wanted = _key(text)
    ours = {n.id for n in portal_territories()}
    local = [n for n in tree.by_id.values() if n.kind in LOCAL]
    inside = [n for n in local if n.parent_id in ours and wanted and f" {wanted}" in f" {_key(n.name)}"]
    if inside:
        return [label_of(n) for n in inside[:4]]
    names: dict[str, Node] = {}
    for n in sorted(local, key=lambda n: (n.parent_id in ours, n.population)):
        if n.parent_id in ours:  # « Valeyfeld » is a part of a long name
            names |= dict.fromkeys((w for w in words_of(n.name) if len(w) > 5), n)
        names[_key(n.name)] = n
    found = difflib.get_close_matches(wanted, list(names), n=3, cutoff=0.7)
    return list(dict.fromkeys(label_of(names[k]) for k in found))


class PlaceField(forms.CharField):
    """A text field whose value is a Territory. Works without JavaScript; the browser offers names in a datalist."""

    default_error_messages = {
        "required": gettext_lazy("Écrivez la municipalité où se trouve l’organisme."),
    }

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=140, **kwargs)
        self.widget.attrs |= {"list": "municipalites", "autocomplete": "off", "spellcheck": "false"}

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, Territory):
            value = value.pk
        node = territories().by_id.get(value) if isinstance(value, int) else None
        return label_of(node) if node else value

    def has_changed(self, initial: Any, data: Any) -> bool:
        return _key(str(self.prepare_value(initial) or "")) != _key(str(data or ""))

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text:
            return None
        found = places_named(text)
        if not found and len(close := near(text)) == 1 and _key(text) in _key(close[0]):
            found = places_named(close[0])
        if len(found) == 1:
            return Territory.objects.defer("outline").get(pk=found[0].id)
        if found:
            raise forms.ValidationError(
                _("Plusieurs municipalités portent ce nom : écrivez %(names)s."),
                params={"names": _(" ou ").join(f"« {label_of(n)} »" for n in found[:4])},
            )
        close = near(text)
        if close:
            raise forms.ValidationError(
                _("Nous ne connaissons pas « %(text)s ». Vouliez-vous dire %(names)s?"),
                params={"text": text[:60], "names": _(" ou ").join(f"« {n} »" for n in close)},
            )
        raise forms.ValidationError(
            _("Nous ne connaissons pas « %(text)s » : écrivez le nom d’une municipalité du Québec."),
            params={"text": text[:60]},
        )
