"""What is not published shows nowhere: no page changes by a letter when it is added."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import chain
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from directory.models import PracticePartner
from mutualisation.kernel.memo import forget_all
from tests.cast import ROLES
from tests.factories import (
    CategoryFactory,
    NeedFactory,
    OrganisationFactory,
    PracticeFactory,
    ResourceFactory,
    SectorFactory,
)

HIDDEN = ("draft", "submitted", "returned", "archived")


def visible_world(places: dict[str, Any]) -> dict[str, Any]:
    """Published entries with room around them for others to leak into."""
    sector, hall = SectorFactory(slug="culture", name="Culture"), CategoryFactory(kind="locaux")
    organisation = OrganisationFactory(
        slug="cdc", name="La Maison claire", territory=places["beauharnois"], sectors=[sector]
    )
    one = {"organisation": organisation, "kind": "locaux", "category": hall}
    practice = PracticeFactory(
        slug="surplus", title="Des surplus partagés", kinds=["locaux"], sectors=[sector],
        territories=[places["beauharnois"]],
    )  # fmt: skip
    PracticePartner.objects.create(practice=practice, organisation=organisation)
    return {
        "sector": sector,
        "organisation": organisation,
        "hall": ResourceFactory(slug="salle", name="Grande salle", **one),
        "rooms": {
            status: ResourceFactory(slug=f"atelier-{status}", name=f"Petit atelier {n}", **one)
            for n, status in enumerate(HIDDEN)
        },
        "practice": practice,
        "need": NeedFactory(slug="cherche", name="Cherche une tente", organisation=organisation, kind="locaux"),
    }


def hidden_world(places: dict[str, Any], seen: dict[str, Any], status: str) -> list[Any]:
    """Entries that nobody may see, tied by every link there is to those that everybody sees.

    ``owner``: they are published, but their organisation is not.
    """
    here, rare = places["salaberry-de-valleyfield"], "Ornithorynque"
    slug = f"ornithorynque-{status}"
    organisation = OrganisationFactory(
        slug=slug, name=f"Coopérative {rare} {status}", acronym="CORNI", mission=f"Pour chaque {rare.lower()}.",
        territory=here, sectors=[seen["sector"]], status="draft" if status == "owner" else status,
    )  # fmt: skip
    kin = {"kind": "locaux", "category": seen["hall"].category, "territory": here}
    own = "published" if status == "owner" else status
    holder = organisation if status == "owner" else seen["organisation"]
    ours = holder is seen["organisation"]  # a part is its whole's organisation's
    part = ResourceFactory(
        slug=f"{slug}-alcove", name=f"Alcôve {rare}", summary=f"Un {rare.lower()} y dort.",
        organisation=holder, part_of=seen["hall"] if ours else None, status=own, cost_mode="echange",
        accessibility=["ascenseur"], **kin,
    )  # fmt: skip
    whole = ResourceFactory(slug=f"{slug}-manoir", name=f"Manoir {rare}", organisation=holder, status=own, **kin)
    if ours:
        type(whole).objects.filter(pk=seen["rooms"][status].pk).update(part_of=whole)
    PracticePartner.objects.create(practice=seen["practice"], organisation=organisation, role="porteur")
    need = NeedFactory(
        slug=f"{slug}-cherche", name=f"Cherche un {rare.lower()}", reason=f"Pour un {rare.lower()}.",
        organisation=holder, status=own, **kin,
    )  # fmt: skip
    if status == "owner":
        return [organisation, part, whole, need]
    practice = PracticeFactory(
        slug=f"{slug}-recit", title=f"Le récit {rare}", standfirst=f"Un {rare.lower()}.", kinds=["locaux"],
        pooled="Un ornithorynque.", sectors=[seen["sector"]], territories=[here], status=status,
    )  # fmt: skip
    PracticePartner.objects.create(practice=practice, organisation=seen["organisation"])
    return [organisation, part, whole, need, practice]


ASKED = ("ornithorynque", "ornitorynque", "corni", "salle ornithorynque", "alcove", "récit")
SECTIONS = ("ressources", "organismes", "besoins", "pratiques")
LISTS = ("/organismes/", "/ressources/", "/besoins/", "/pratiques/")
FILTERS = ("?sorte=locaux", "?territoire=salaberry-de-valleyfield", "?secteur=culture", "?pres=J6S&km=5", "?vue=carte")


def public_addresses() -> list[str]:
    """Every way to look at the published entries."""
    found = ["/", "/sitemap.xml", "/recherche/"]
    found += [f"/sitemap-{section}.xml" for section in SECTIONS]
    found += ["/organismes/cdc/", "/ressources/salle/", "/pratiques/surplus/"]
    found += [f"/ressources/atelier-{status}/" for status in HIDDEN]
    found += ["/besoins/cherche/", "/organismes/cdc/agenda/", "/organismes/cdc/agenda/?vue=liste"]
    found += ["/ressources/salle/agenda/", "/ressources/atelier-draft/agenda/?semaine="]
    found += [f"{base}export.csv{query}" for base in LISTS for query in ("", "?q=ornithorynque")]
    queries = ("", *FILTERS, "?tri=nom", *(f"?q={word}" for word in ASKED))
    found += [f"{base}{query}" for base in LISTS for query in queries]
    found += [f"{base}{end}{query}" for base in LISTS for end in ("atom/", "carte.geojson") for query in queries[::5]]
    return found + [f"/recherche/?q={word}" for word in ASKED]


def photograph(client: Client, addresses: Iterable[str]) -> dict[str, str]:
    """What each address shows, dates and the forms’ tokens aside."""
    forget_all()
    cache.clear()
    shown = {}
    for address in addresses:
        response = client.get(address)
        assert response.status_code == 200, address
        body = b"".join(response.streaming_content) if response.streaming else response.content
        text = re.sub(r'(name="csrfmiddlewaretoken" value=)"\w+"', r"\1…", body.decode())
        shown[address] = re.sub(r"\d{4}-\d\d-\d\d(T[\d:.]+(Z|[+-]\d\d:\d\d))?", "…", text)
    return shown


@pytest.mark.parametrize("role", ["anonymous", "stranger", "outsider"])
def test_what_is_not_published_changes_no_page(role: str, places: dict[str, Any], cast: dict[str, Client]) -> None:
    seen = visible_world(places)
    before = photograph(cast[role], public_addresses())
    hidden = {status: hidden_world(places, seen, status) for status in (*HIDDEN, "owner")}
    after = photograph(cast[role], public_addresses())
    assert [a for a in before if before[a] != after[a]] == []
    # Their curator and administrators may know of them; nobody else does.
    for entry in chain(*hidden.values()):
        others = set(ROLES) - {"curator", "administrator"}
        assert {cast[r].get(entry.get_absolute_url()).status_code for r in others} == {404}


@pytest.mark.parametrize("status", [*HIDDEN, "owner"])
def test_there_was_something_to_leak(status: str, places: dict[str, Any], cast: dict[str, Client]) -> None:
    """Once published, the same pages tell."""
    seen = visible_world(places)
    told = told_once_published(status)
    before = photograph(cast["anonymous"], told)
    entries = hidden_world(places, seen, status)
    for entry in entries:
        type(entry).objects.filter(pk=entry.pk).update(status="published")
    after = photograph(cast["anonymous"], told)
    assert [address for address in sorted(told) if before[address] == after[address]] == []
    for entry in entries:
        assert cast["anonymous"].get(entry.get_absolute_url()).status_code == 200


def told_once_published(status: str) -> set[str]:
    """Where what ``hidden_world`` made shows, once it is published."""
    places_told = {"/", "/organismes/", "/ressources/", "/ressources/atom/", "/ressources/carte.geojson"}
    places_told |= {"/pratiques/surplus/", "/sitemap-ressources.xml", "/organismes/export.csv"}
    places_told |= {"/besoins/", "/besoins/atom/", "/besoins/carte.geojson", "/besoins/export.csv"}
    places_told |= {"/ressources/export.csv", "/ressources/salle/"}
    places_told |= {f"/ressources/atelier-{'draft' if status == 'owner' else status}/"}
    places_told |= {f"/recherche/?q={word}" for word in ASKED[:4]}
    if status != "owner":
        places_told |= {"/organismes/cdc/agenda/", "/organismes/cdc/agenda/?vue=liste"}
        places_told |= {"/pratiques/", "/pratiques/atom/", "/pratiques/carte.geojson", "/organismes/cdc/"}
        places_told |= {"/organismes/carte.geojson", "/sitemap-pratiques.xml", "/recherche/?q=récit"}
    return places_told
