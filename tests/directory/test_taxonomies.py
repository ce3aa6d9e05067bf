"""Trees of places and categories, places found by name or postal code, and the map drawn from them."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings
from django.core.exceptions import ValidationError

from directory import cartography
from directory.forms.places import PlaceField, label_of, places_named, suggestions
from directory.forms.resource import places_for
from directory.models import Category, Synonym, Territory
from directory.taxonomies import (
    Place,
    categories,
    find_place,
    portal_territories,
    sectors,
    synonyms,
    territories,
    told_apart,
)
from mutualisation.kernel.memo import forget_all
from tests.factories import CategoryFactory, OrganisationFactory, SectorFactory, TerritoryFactory

pytestmark = pytest.mark.django_db
SOUTH = "mrc-beauharnois-salaberry"
EAST = "mrc-roussillon"


def slugs(ids: Any) -> set[str]:
    return {territories().by_id[i].slug for i in ids}


# ---- trees


def test_within_holds_everything_below(places: dict[str, Territory]) -> None:
    tree = territories()
    assert slugs(tree.within([SOUTH])) == {SOUTH, "salaberry-de-valleyfield", "beauharnois"}
    assert slugs(tree.within(["region-monteregie"])) == set(places)
    assert slugs(tree.within(["beauharnois", SOUTH])) == slugs(tree.within([SOUTH]))  # each once
    assert len(tree.within(["beauharnois", SOUTH])) == 3
    assert tree.within(["atlantide"]) == []
    assert tree.within([]) == []


def test_up_to_climbs_to_the_kind_asked(places: dict[str, Territory]) -> None:
    tree = territories()
    town = places["beauharnois"].pk
    assert tree.up_to(town, ("mrc",)) == tree.by_slug[SOUTH]
    assert tree.up_to(town, ("mrc", "region")) == tree.by_slug[SOUTH]
    assert tree.up_to(town, ("municipalite",)) == tree.by_slug["beauharnois"]
    assert tree.up_to(places["region-monteregie"].pk, ("mrc",)) is None
    assert tree.up_to(0, ("mrc",)) is None


def test_roll_up_counts_descendants_once(places: dict[str, Territory]) -> None:
    counts = {places["beauharnois"].pk: 2, places["salaberry-de-valleyfield"].pk: 3, places[EAST].pk: 5, 0: 9}
    rolled = territories().roll_up(counts)
    assert {territories().by_id[i].slug: n for i, n in rolled.items()} == {
        "beauharnois": 2, "salaberry-de-valleyfield": 3, SOUTH: 5, EAST: 5, "region-monteregie": 10,
    }  # fmt: skip


def test_a_loop_made_by_mistake_hangs_nothing(places: dict[str, Territory]) -> None:
    Territory.objects.filter(slug="region-monteregie").update(parent=places[SOUTH])
    tree = territories()
    assert len(tree.within([SOUTH])) == len(places)
    assert tree.up_to(places["beauharnois"].pk, ("arrondissement",)) is None
    assert tree.roll_up({places["beauharnois"].pk: 1})[places[SOUTH].pk] == 1


def test_categories_and_sectors() -> None:
    mother = CategoryFactory(slug="cuisine", name="Cuisine", drawing="d-chaudrons")
    CategoryFactory(slug="froid", name="Froid", parent=mother)
    SectorFactory(slug="aines", name="Aînés")
    tree = categories()
    assert [n.slug for n in tree.children[mother.pk]] == ["froid"]
    assert tree.by_slug["cuisine"].drawing == "d-chaudrons"
    assert len(tree.within(["cuisine"])) == 2
    assert sectors().by_slug["aines"].name == "Aînés"


def test_synonyms_by_any_of_their_phrases_in_singular() -> None:
    Synonym.objects.create(terms=["RH", "Ressources humaines"])
    Synonym.objects.create(terms=["RH", "rhésus"])
    known = synonyms()
    assert set(known["ressource humaine"]) == {"rh", "ressources humaines"}
    assert set(known["rh"]) == {"rh", "ressources humaines", "rhesus"}  # two groups share a term


def test_the_portal_s_own_mrcs_in_the_order_of_the_settings(places: dict[str, Territory]) -> None:
    wanted = [s for s in settings.PORTAL_TERRITORIES if s in places]
    assert [n.slug for n in portal_territories()] == wanted == [SOUTH, EAST]


def test_what_is_remembered_is_forgotten_when_told(places: dict[str, Territory]) -> None:
    assert "froid" not in categories().by_slug
    CategoryFactory(slug="froid")
    assert Category.objects.filter(slug="froid").exists()
    assert "froid" not in categories().by_slug  # for a minute
    forget_all()
    assert "froid" in categories().by_slug


# ---- a place by what people type

VALLEYFIELD = "Salaberry-de-Valleyfield"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (VALLEYFIELD, VALLEYFIELD),
        ("salaberry de valleyfield", VALLEYFIELD),
        ("salaberry-de-valleyfield", VALLEYFIELD),  # also its slug
        ("Valleyfield", VALLEYFIELD),
        ("valley", VALLEYFIELD),
        ("  VALLEYFIELD  ", VALLEYFIELD),
        ("valley\x00field", None),  # a space, not a bridge
        ("\x00Valleyfield\x00", VALLEYFIELD),
        ("chateauguay", "Châteauguay"),
        ("Châteauguay", "Châteauguay"),
        ("ste-anne", "Sainte-Anne-du-Lac"),
        ("Sainte-Anne du lac", "Sainte-Anne-du-Lac"),
        ("J6S", "J6S"),
        ("j6s", "J6S"),
        ("J6S 4V2", "J6S"),
        ("j6s4v2", "J6S"),
        ("X9X", None),  # looks like a code, is none
        ("Atlantide", None),
        ("", None),
        ("   ", None),
        ("\x00", None),
        ("???", None),
        ("field", None),  # the beginning of a word, never its middle
        ("Roussillon", None),  # an MRC is no point
        ("a" * 10_000, None),
    ],
)
def test_find_place(places: dict[str, Territory], text: str, name: str | None) -> None:
    place = find_place(text)
    assert (place.name if place else None) == name


def test_a_place_says_where_it_is(places: dict[str, Territory]) -> None:
    assert find_place("valleyfield") == Place(VALLEYFIELD, 45.2565, -74.1317)
    assert find_place("J6S 1A1") == Place("J6S", 45.2548, -74.1311)


def test_among_namesakes_the_exact_then_ours_then_the_largest(places: dict[str, Territory]) -> None:
    far = places["mrc-longueuil"]
    for slug, name, parent, population in (
        ("valley-ailleurs", "Valley-Ailleurs", far, 900_000),
        ("valley-ici", "Valley-Ici", places[EAST], 10),
        ("le-valley", "Le-Valley", places[EAST], 999),
        ("grand-valley-ici", "Valley-Plus-Grand", places[EAST], 20),
    ):
        TerritoryFactory(slug=slug, name=name, parent=parent, population=population, code=slug[:12])
    assert getattr(find_place("valley"), "name", "") == "Valley-Plus-Grand"
    TerritoryFactory(slug="valley", name="Valley", parent=far, population=1)
    forget_all()
    assert getattr(find_place("valley"), "name", "") == "Valley"


def test_a_place_without_a_point_takes_that_of_what_holds_it(places: dict[str, Territory]) -> None:
    holder = places["mrc-roussillon"]
    TerritoryFactory(slug="nulle-part", name="Nulle-Part", latitude=None, longitude=None, parent=holder)
    TerritoryFactory(slug="nulle-part-des-bois", name="Nulle-Part-des-Bois", latitude=47.0, longitude=-70.0)
    TerritoryFactory(slug="perdue", name="Perdue", latitude=None, longitude=None)
    found = find_place("Nulle-Part")
    assert found is not None
    assert (found.name, found.latitude, found.longitude) == ("Nulle-Part", holder.latitude, holder.longitude)
    assert find_place("Perdue") is None


def test_a_postal_code_may_hold_a_hyphen(places: dict[str, Territory]) -> None:
    found = find_place("j6s-4v2")
    assert found is not None
    assert found.name == "J6S"


# ---- the map


def test_the_canvas_frames_our_mrcs(places: dict[str, Territory]) -> None:
    frame = cartography.canvas()
    assert [s.slug for s in frame.ours] == [SOUTH, EAST]
    assert frame.around == []  # Longueuil has no outline here
    for slug in (SOUTH, EAST):
        for polygon in places[slug].outline or []:
            for ring in polygon:
                for longitude, latitude in ring:
                    x, y = frame.at(latitude, longitude)
                    assert 0 <= x <= frame.width
                    assert 0 <= y <= frame.height
    for shape in frame.ours:
        assert shape.path.startswith("M")
        assert shape.path.endswith("z")
        assert 0 < shape.x < frame.width
        assert 0 < shape.y < frame.height
    west, east = frame.ours
    assert west.x < east.x
    assert frame.at(45.3, -74)[1] < frame.at(45.0, -74)[1]  # north is up


def test_neighbours_are_drawn_and_the_far_are_not(places: dict[str, Territory]) -> None:
    def square(west: float, south: float) -> list[Any]:
        east, north = west + 0.5, south + 0.5
        return [[[[west, south], [east, south], [east, north], [west, north], [west, south]]]]

    TerritoryFactory(kind="mrc", slug="mrc-voisine", name="Voisine", outline=square(-73.5, 45.0))
    TerritoryFactory(kind="mrc", slug="mrc-lointaine", name="Lointaine", outline=square(-66.0, 49.0))
    assert [s.slug for s in cartography.canvas().around] == ["mrc-voisine"]


def test_a_portal_without_outlines_still_has_a_canvas() -> None:
    frame = cartography.canvas()
    assert frame.width > 0
    assert frame.height > 0
    assert frame.ours == []
    assert cartography.shaded({}) == []


def test_long_names_take_two_lines(places: dict[str, Territory]) -> None:
    lines = {s.slug: s.lines for s in cartography.canvas().ours}
    assert lines == {SOUTH: ("Beauharnois-", "Salaberry"), EAST: ("Roussillon",)}


def test_pins_the_largest_first_inside_the_map(places: dict[str, Territory]) -> None:
    far = TerritoryFactory(slug="loin", name="Loin", latitude=49.0, longitude=-66.0)
    east = TerritoryFactory(slug="est", name="Est", latitude=45.2, longitude=-66.0)
    nowhere = TerritoryFactory(slug="nulle-part", latitude=None, longitude=None)
    big, small = places["salaberry-de-valleyfield"], places["beauharnois"]
    counts = {small.pk: 1, big.pk: 400, far.pk: 5, east.pk: 6, nowhere.pk: 7, 0: 9}
    pins = cartography.pins(counts)
    assert [(p.slug, p.count) for p in pins] == [("salaberry-de-valleyfield", 400), ("beauharnois", 1)]
    assert pins[1].radius < pins[0].radius <= 24
    frame = cartography.canvas()
    assert (pins[0].x, pins[0].y) == frame.at(45.2565, -74.1317)
    assert [p.slug for p in cartography.pins(counts, [EAST])] == []
    assert [p.slug for p in cartography.pins(counts, [SOUTH])] == ["salaberry-de-valleyfield", "beauharnois"]


def test_shades_compare_our_mrcs(places: dict[str, Territory]) -> None:
    shades = cartography.shaded({places["beauharnois"].pk: 2, places["chateauguay"].pk: 9, places["longueuil"].pk: 90})
    assert [(s.shape.slug, s.count, s.shade) for s in shades] == [(SOUTH, 2, 1), (EAST, 9, 3)]
    assert {s.shade for s in cartography.shaded({})} == {1}


# ---- homonyms


def test_two_places_of_one_mrc_with_one_name_are_told_apart(places: dict[str, Territory]) -> None:
    south, east = places[SOUTH], places[EAST]
    for kind in ("Canton", "Village"):
        TerritoryFactory(name="Hemmingford", slug=f"h-{kind.lower()}", designation=kind, parent=south)
    forget_all()
    names = ["Hemmingford (canton)", "Hemmingford (village)"]
    assert [name for name in suggestions() if "Hemmingford" in name] == names
    inside = dict(places_for(OrganisationFactory(territory=south), None))[south.name]
    assert [name for _pk, name in inside if "Hemmingford" in name] == names
    assert [node.slug for node in places_named("hemmingford (Village)")] == ["h-village"]
    with pytest.raises(ValidationError, match=r"\(canton\).*\(village\)"):
        PlaceField().clean("Hemmingford")
    assert PlaceField().clean("Hemmingford (canton)").slug == "h-canton"
    # a third one elsewhere: each is still one of a kind
    TerritoryFactory(name="Hemmingford", slug="h-ailleurs", designation="Ville", parent=east)
    forget_all()
    assert {label_of(n) for n in territories().by_id.values() if n.name == "Hemmingford"} == {
        f"Hemmingford (canton, {south.name})", f"Hemmingford (village, {south.name})", f"Hemmingford ({east.name})",
    }  # fmt: skip
    assert told_apart(territories().by_slug["beauharnois"]) == "Beauharnois"
