"""What all lists share: text, territory, distance, order; and the facets as the page draws them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, ClassVar

import django_filters
from django.db.models import Exists, Q
from django.http import QueryDict
from django.utils.functional import cached_property
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from directory.filters.fields import FacetFilter, LenientChoiceFilter, TextFilter
from directory.models.territory import TerritoryKind
from directory.searching import mend, understand
from directory.taxonomies import Node, Place, find_place, portal_territories, territories, told_apart
from mutualisation.kernel.facets import Page, scan
from mutualisation.kernel.search import Query

PAGE_SIZE = 20
DISTANCES = ("5", "10", "20", "50", "100")


@dataclass
class Option:
    """One value of a facet, as drawn."""

    value: str
    label: str
    count: int
    checked: bool = False
    icon: str = ""
    level: int = 0


@dataclass
class FacetView:
    """A facet, as drawn."""

    name: str
    label: str
    options: list[Option]
    open: bool = True


@dataclass
class Chip:
    """An active filter and the query string of the same list without it."""

    label: str
    without: str


@dataclass
class Results:
    """A page of a list, before its rows are fetched."""

    page: Page
    query: Query
    how: str  # exact, mended, some, none
    replaced: dict[str, str] = field(default_factory=dict)


def simple_options(known: Iterable[tuple[str, Any]], counts: dict[str, int], chosen: list[str]) -> list[Option]:
    """The options of a short closed list, those at zero only when chosen."""
    return [
        Option(str(value), str(label), counts.get(str(value), 0), str(value) in chosen)
        for value, label in known
        if counts.get(str(value)) or str(value) in chosen
    ]


class EntryFilterSet(django_filters.FilterSet):
    """The filters of one list. Subclasses add their facets and say how each is drawn."""

    q = TextFilter(label=_("Mots"))
    pres = TextFilter(label=_("Près de"))
    km = LenientChoiceFilter(label=_("Distance"), choices=[(d, d) for d in DISTANCES])
    tri = LenientChoiceFilter(
        label=_("Trier par"),
        choices=[
            ("pertinence", _("Pertinence")),
            ("recent", _("Ajouts récents")),
            ("nom", _("Nom")),
            ("distance", _("Distance")),
        ],
    )
    tables: ClassVar[tuple[str, ...]] = ()

    # ---- what was asked

    @cached_property
    def cleaned(self) -> dict[str, Any]:
        self.form.is_valid()
        return self.form.cleaned_data

    @cached_property
    def asked(self) -> Query:
        return understand(self.cleaned.get("q") or "")

    @cached_property
    def place(self) -> Place | None:
        text = self.cleaned.get("pres") or ""
        return find_place(text) if text else None

    @property
    def order(self) -> str:
        """The order in force: what was chosen if it makes sense, else the most useful."""
        chosen = self.cleaned.get("tri") or ""
        if (chosen == "distance" and not self.place) or (chosen == "pertinence" and not self.asked):
            chosen = ""
        return chosen or ("pertinence" if self.asked else "distance" if self.place else "recent")

    def orders(self) -> list[tuple[str, str, bool]]:
        """The orders that make sense here: value, words, in force."""
        possible = {"pertinence": bool(self.asked), "distance": bool(self.place)}
        choices = self.filters["tri"].extra["choices"]
        return [(v, str(label), v == self.order) for v, label in choices if possible.get(v, True)]

    def misunderstood(self) -> list[str]:
        """Sentences about what the address asked and nobody understood."""
        said = []
        self.cleaned  # noqa: B018 - fields know their unknown values once cleaned
        for name, filter_ in self.filters.items():
            said += [
                gettext("Le filtre « %(filter)s » ne connaît pas « %(value)s » : il a été laissé de côté.")
                % {"filter": filter_.label, "value": value[:60]}
                for value in getattr(self.form.fields[name], "unknown", ())
            ]
        near = self.cleaned.get("pres")
        if near and not self.place:
            said.append(
                gettext(
                    "Nous ne trouvons pas « %s ». Essayez le nom d’une municipalité ou les trois premiers "
                    "caractères d’un code postal."
                )
                % near[:60]
            )
        elif self.cleaned.get("km") and not near:
            said.append(gettext("La distance demande un lieu : dites près d’où."))
        if self.asked.cut:
            said.append(gettext("Votre recherche était longue : seuls les premiers mots ont compté."))
        if self.cleaned.get("q") and not self.asked:
            said.append(gettext("Ces mots sont trop courants pour chercher : tout est affiché."))
        return said

    # ---- what answers

    @property
    def facet_filters(self) -> dict[str, FacetFilter]:
        return {name: f for name, f in self.filters.items() if isinstance(f, FacetFilter)}

    def results(self, *, page: int, version: str, size: int = PAGE_SIZE) -> Results:
        """The page of rows that answer; relaxed by itself when the words match nothing."""
        base = self.qs
        if self.place:
            base = base.with_distance(self.place.latitude, self.place.longitude)
            km = self.cleaned.get("km")
            if km:
                base = base.filter(distance__lte=int(km))
        facets = [f.facet(name, bool(self.cleaned.get(name))) for name, f in self.facet_filters.items()]

        def look(query: Query) -> Page:
            return scan(
                base.matching(query),
                facets,
                query=query,
                order=self.order,
                offset=(page - 1) * size,
                limit=size,
                cache_version="" if self.place else version,
            )

        found = look(self.asked)
        if found.matching or not self.asked:
            return Results(found, self.asked, "exact" if found.total else "none")
        mended = mend(self.asked)
        if mended and (again := look(mended[0])).matching:
            return Results(again, mended[0], "mended", mended[1])
        loose = (mended[0] if mended else self.asked).relaxed()
        if loose and (again := look(loose)).matching:
            return Results(again, loose, "some", mended[1] if mended else {})
        return Results(found, self.asked, "none")

    # ---- how it is drawn

    def facets(self, page: Page) -> list[FacetView]:
        """The facets that have something to offer, in the order of the filters."""
        views = []
        for name, filter_ in self.facet_filters.items():
            draw: Callable[[dict[str, int], list[str]], list[Option]] = getattr(self, f"options_{name}")
            chosen = self.cleaned.get(name) or []
            options = draw(page.counts.get(name, {}), chosen)
            if options:
                views.append(FacetView(name, str(filter_.label), options, open=self.is_open(name) or bool(chosen)))
        return views

    def is_open(self, name: str) -> bool:
        """Whether a facet shows its values at first."""
        return name in ("sorte", "territoire", "etape")

    def chips(self) -> list[Chip]:
        """Every active filter, each with the address of the list without it."""
        chips = []
        if self.cleaned.get("q"):
            chips.append(Chip(f"« {self.cleaned['q'][:40]} »", self.address(without=("q", None))))
        if self.place:
            km = self.cleaned.get("km")
            words = (
                gettext("À moins de %(km)s km de %(place)s") % {"km": km, "place": self.place.name}
                if km
                else gettext("Près de %s") % self.place.name
            )
            chips.append(Chip(words, self.address(without=("pres", None))))
        for name in self.facet_filters:
            chips += [
                Chip(self.label_of(name, value), self.address(without=(name, value)))
                for value in self.cleaned.get(name) or []
            ]
        return chips

    def label_of(self, name: str, value: str) -> str:
        """The words of one value of one facet."""
        options = getattr(self, f"options_{name}")({}, [value])
        return next((o.label for o in options if o.value == value), value)

    def address(self, *, without: tuple[str, str | None] | None = None, **changes: str) -> str:
        """The query string of this list, without a filter or with other values; "?" alone when nothing is left."""
        data = QueryDict(mutable=True)
        for name in self.filters:
            values = self.cleaned.get(name) or []
            for value in values if isinstance(values, list) else [values]:
                data.appendlist(name, value)
        if self.data and self.data.get("vue") == "carte":
            data["vue"] = "carte"
        if without:
            name, value = without
            kept = [v for v in data.getlist(name) if value is not None and v != value]
            data.setlist(name, kept)
            if name == "pres":
                data.setlist("km", [])
        for name, value in changes.items():
            data.setlist(name, [value] if value else [])
        encoded = data.urlencode()
        return f"?{encoded}" if encoded else "?"

    # ---- territory, the same on every list

    @staticmethod
    def territory_options(counts: dict[str, int], chosen: list[str]) -> list[Option]:
        """MRCs that hold something, ours first; inside a chosen one, its municipalities."""
        tree = territories()
        rolled = held(counts)
        ours = [n.slug for n in portal_territories()]
        opened: set[int] = set()  # what is chosen, and all that holds it
        for slug in chosen:
            node = tree.by_slug.get(slug)
            while node and node.id not in opened:
                opened.add(node.id)
                node = tree.by_id.get(node.parent_id or 0)
        holders = {
            node.id: node
            for node_id in (*rolled, *opened)
            if (node := tree.up_to(node_id, (TerritoryKind.MRC, TerritoryKind.REGION)))
            and (node.kind == TerritoryKind.MRC or node.slug in chosen)
        }
        options = []

        def draw(node: Node, level: int) -> None:
            n, name = rolled.get(node.id, 0), told_apart(node)
            options.append(Option(node.slug, name, n, node.slug in chosen, level=level))
            if node.id in opened and node.kind != TerritoryKind.REGION:
                for inner in tree.children.get(node.id, []):
                    if rolled.get(inner.id) or inner.id in opened:
                        draw(inner, 1)

        for node in sorted(holders.values(), key=lambda n: (n.slug not in ours, n.name)):
            draw(node, 0)
        return options


def held(counts: dict[str, int]) -> dict[int, int]:
    """How many entries each place holds, in itself and in all that is within it.

    Summed, unless an entry may be in several places: then the database counted it once a place (keys below zero).
    """
    numbers = {int(k): n for k, n in counts.items()}
    return {-k: n for k, n in numbers.items() if k < 0} or territories().roll_up(numbers)


def located_in(slugs: list[str]) -> Q:
    return Q(territory_id__in=territories().within(slugs))


def territory_filter(condition: Callable[[list[str]], Q | Exists] = located_in, **kwargs: Any) -> FacetFilter:
    """The facet of places: choosing an MRC or a region includes what it holds."""
    return FacetFilter(
        label=_("Territoire"),
        field_name="territoire",
        known=lambda: territories().by_slug,
        condition=condition,
        **kwargs,
    )
