"""Who may open what: every address × every role → status, and what is not published shows nowhere."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.core.cache import cache
from django.core.management import call_command
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from accounts.models import User
from directory.models import (
    PostalArea,
    PracticePartner,
    Synonym,
)
from mutualisation.kernel.memo import forget_all
from tests.factories import (
    CategoryFactory,
    OrganisationFactory,
    PracticeFactory,
    ResourceFactory,
    SectorFactory,
    TerritoryFactory,
    UserFactory,
)

ROLES = ("anonymous", "stranger", "curator", "administrator")
HIDDEN = ("draft", "submitted", "returned", "archived")

# Every address outside the admin: its arguments, then the status for each role.
PUBLIC: dict[str, tuple[dict[str, str], tuple[int, int, int, int]]] = {
    name: (arguments, (200, 200, 200, 200))
    for name, arguments in {
        "home": {},
        "search": {},
        "organisation_list": {},
        "organisation_feed": {},
        "organisation_places": {},
        "organisation_detail": {"slug": "cdc"},
        "resource_list": {},
        "resource_feed": {},
        "resource_places": {},
        "resource_detail": {"slug": "tente"},
        "practice_list": {},
        "practice_feed": {},
        "practice_places": {},
        "practice_detail": {"slug": "surplus"},
        "about": {},
        "legal": {},
        "privacy": {},
        "accessibility": {},
        "credits": {},
        "health": {},
        "robots": {},
        "sitemap": {},
        "sitemap_section": {"section": "ressources"},
    }.items()
}

# The admin's own pages; those of its models are computed below.
AUTOCOMPLETE = "?app_label=directory&model_name=resource&field_name=organisation"
ADMIN: dict[str, tuple[int, int, int, int]] = {
    "admin:index": (302, 302, 200, 200),
    "admin:login": (200, 200, 302, 302),
    "admin:logout": (302, 302, 405, 405),  # signing out is a POST
    "admin:password_change": (302, 302, 200, 200),
    "admin:password_change_done": (302, 302, 200, 200),
    "admin:autocomplete": (302, 302, 200, 200),
    "admin:jsi18n": (302, 302, 200, 200),
    "admin:view_on_site": (302, 302, 302, 302),
    "admin:app_list": (302, 302, 200, 200),
    "admin:auth_user_password_change": (302, 302, 403, 200),
}
# What a curator writes; the rest of the directory she reads; accounts and groups are the administrator's.
CURATED = {"organisation", "resource", "practice", "synonym"}
VERBS = ("changelist", "add", "history", "delete", "change", "choose")
# Completing fields: who points to the model; the others have nobody to complete, and refuse.
CHOOSERS = {
    "organisation": ("resource", "organisation"),
    "resource": ("resource", "part_of"),
    "practice": ("practicepartner", "practice"),
    "territory": ("organisation", "territory"),
    "category": ("resource", "category"),
    "sector": ("organisation", "sectors"),
}


@pytest.fixture
def cast(places: dict[str, Any]) -> dict[str, Client]:
    """A browser for each role."""
    call_command("curators", verbosity=0)
    people = {
        "stranger": UserFactory(),
        "curator": UserFactory(staff=True),
        "administrator": UserFactory(admin=True),
    }
    people["curator"].groups.add(Group.objects.get(name="Équipe CDC"))
    clients = {"anonymous": Client()}
    for role, person in people.items():
        clients[role] = Client()
        clients[role].force_login(person)
    return clients


@pytest.fixture
def world(places: dict[str, Any]) -> dict[str, Any]:
    """One published entry of each noun."""
    organisation = OrganisationFactory(slug="cdc", territory=places["beauharnois"])
    return {
        "organisation": organisation,
        "resource": ResourceFactory(slug="tente", organisation=organisation),
        "practice": PracticeFactory(slug="surplus"),
    }


def names(patterns: Any = None, prefix: str = "") -> Iterator[str]:
    """The name of every address of the portal."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        if isinstance(pattern, URLResolver):
            inside = f"{prefix}{pattern.namespace}:" if pattern.namespace else prefix
            yield from names(pattern.url_patterns, inside)
        elif isinstance(pattern, URLPattern) and pattern.name:
            yield prefix + pattern.name


def admin_models() -> list[Any]:
    return sorted(admin.site._registry, key=lambda m: m._meta.label_lower)


def admin_names() -> set[str]:
    """The addresses that the registered models have."""
    return {
        f"admin:{m._meta.app_label}_{m._meta.model_name}_{verb}"
        for m in admin_models()
        for verb in VERBS
        if verb != "choose" or m._meta.app_label == "directory"
    }


def test_every_address_has_its_row() -> None:
    found = set(names())
    assert found == set(PUBLIC) | set(ADMIN) | admin_names()
    assert len(found) > 30


def test_the_walk_sees_what_is_nested() -> None:
    assert {"home", "resource_detail", "admin:index", "admin:login"} <= set(names())


@pytest.mark.parametrize("name", sorted(PUBLIC))
def test_public_pages(name: str, cast: dict[str, Client], world: dict[str, Any]) -> None:
    arguments, expected = PUBLIC[name]
    address = reverse(name, kwargs=arguments)
    assert tuple(cast[role].get(address).status_code for role in ROLES) == expected


@pytest.mark.parametrize("name", sorted(PUBLIC))
def test_public_pages_are_only_read(name: str, cast: dict[str, Client], world: dict[str, Any]) -> None:
    """No public page takes a POST, whoever sends it."""
    address = reverse(name, kwargs=PUBLIC[name][0])
    assert {cast[role].post(address).status_code for role in ROLES} == {405}
    assert cast["anonymous"].head(address).status_code == 200


@pytest.mark.parametrize("name", sorted(ADMIN))
def test_admin_pages(name: str, cast: dict[str, Client], world: dict[str, Any]) -> None:
    from django.contrib.contenttypes.models import ContentType

    kwargs: dict[str, Any] = {}
    if name == "admin:view_on_site":
        kind = ContentType.objects.get_for_model(type(world["resource"]))
        kwargs = {"content_type_id": kind.pk, "object_id": world["resource"].pk}
    elif name == "admin:app_list":
        kwargs = {"app_label": "directory"}
    elif name == "admin:auth_user_password_change":
        kwargs = {"id": UserFactory().pk}
    address = reverse(name, kwargs=kwargs) + (AUTOCOMPLETE if name == "admin:autocomplete" else "")
    answers = {role: cast[role].get(address) for role in ROLES}
    assert tuple(a.status_code for a in answers.values()) == ADMIN[name]
    if ADMIN[name][0] == 302:
        assert all(answers[role]["Location"].startswith("/admin/") for role in ("anonymous", "stranger"))


def test_unknown_admin_pages_tell_nothing(cast: dict[str, Client]) -> None:
    assert cast["anonymous"].get("/admin/nulle-part/").status_code == 302
    assert cast["stranger"].get("/admin/nulle-part/").status_code == 302
    assert cast["administrator"].get("/admin/nulle-part/").status_code == 404


def a_row(model: Any, world: dict[str, Any]) -> Any:
    """A row of any model of the admin."""
    makers: dict[str, Callable[[], Any]] = {
        "organisation": lambda: world["organisation"],
        "resource": lambda: world["resource"],
        "practice": lambda: world["practice"],
        "territory": TerritoryFactory,
        "postalarea": lambda: PostalArea.objects.get(code="J6S"),
        "sector": SectorFactory,
        "category": CategoryFactory,
        "synonym": lambda: Synonym.objects.create(terms=["char", "camion"]),
        "user": UserFactory,
        "group": lambda: Group.objects.create(name="Essai"),
    }
    return makers[model._meta.model_name]()


def expected_of(model: Any, verb: str) -> tuple[int, int, int, int]:
    """Strangers sign in; curators read the directory and write what they curate; administrators do all."""
    name, ours = model._meta.model_name, model._meta.app_label == "directory"
    if verb == "choose":
        return (302, 302, 200, 200) if name in CHOOSERS else (302, 302, 403, 403)
    reads = verb in ("changelist", "change", "history")
    return (302, 302, 200 if ours and (reads or name in CURATED) else 403, 200)


@pytest.mark.parametrize(
    ("model", "verb"),
    [pytest.param(m, verb, id=f"{m._meta.model_name}-{verb}") for m in admin_models() for verb in VERBS
     if f"admin:{m._meta.app_label}_{m._meta.model_name}_{verb}" in admin_names()],
)  # fmt: skip
def test_admin_of_models(model: Any, verb: str, cast: dict[str, Client], world: dict[str, Any]) -> None:
    args = [] if verb in ("changelist", "add", "choose") else [a_row(model, world).pk]
    address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{verb}", args=args)
    if verb == "choose":
        source, field = CHOOSERS.get(model._meta.model_name, ("resource", "name"))
        address += f"?app_label=directory&model_name={source}&field_name={field}"
    assert tuple(cast[role].get(address).status_code for role in ROLES) == expected_of(model, verb)


def test_a_retired_curator_is_a_stranger(cast: dict[str, Client]) -> None:
    User.objects.filter(is_staff=True, is_superuser=False).update(is_active=False)
    assert cast["curator"].get(reverse("admin:index")).status_code == 302


# ---- what is not published shows nowhere


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
        "room": ResourceFactory(slug="atelier", name="Petit atelier", **one),
        "practice": practice,
    }


def hidden_world(places: dict[str, Any], seen: dict[str, Any], status: str) -> list[Any]:
    """Entries that nobody may see, tied by every link there is to those that everybody sees."""
    here, rare = places["salaberry-de-valleyfield"], "Ornithorynque"
    organisation = OrganisationFactory(
        slug="ornithorynque", name=f"Coopérative {rare}", acronym="CORNI", mission=f"Pour chaque {rare.lower()}.",
        territory=here, sectors=[seen["sector"]], status="draft" if status == "owner" else status,
    )  # fmt: skip
    kin = {"kind": "locaux", "category": seen["hall"].category, "territory": here}
    own = "published" if status == "owner" else status
    holder = organisation if status == "owner" else seen["organisation"]
    part = ResourceFactory(
        slug="ornithorynque-alcove", name=f"Alcôve {rare}", summary=f"Un {rare.lower()} y dort.",
        organisation=holder, part_of=seen["hall"], status=own, cost_mode="echange",
        accessibility=["ascenseur"], **kin,
    )  # fmt: skip
    whole = ResourceFactory(slug="ornithorynque-manoir", name=f"Manoir {rare}", organisation=holder, status=own, **kin)
    type(whole).objects.filter(pk=seen["room"].pk).update(part_of=whole)
    PracticePartner.objects.create(practice=seen["practice"], organisation=organisation, role="porteur")
    if status == "owner":
        return [organisation, part, whole]
    practice = PracticeFactory(
        slug="ornithorynque-recit", title=f"Le récit {rare}", standfirst=f"Un {rare.lower()}.", kinds=["locaux"],
        pooled="Un ornithorynque.", sectors=[seen["sector"]], territories=[here], status=status,
    )  # fmt: skip
    PracticePartner.objects.create(practice=practice, organisation=seen["organisation"])
    return [organisation, part, whole, practice]


ASKED = ("ornithorynque", "ornitorynque", "corni", "salle ornithorynque", "alcove", "récit")
LISTS = ("/organismes/", "/ressources/", "/pratiques/")
FILTERS = ("?sorte=locaux", "?territoire=salaberry-de-valleyfield", "?secteur=culture", "?pres=J6S&km=5", "?vue=carte")


def public_addresses() -> list[str]:
    """Every way to look at the published entries."""
    found = ["/", "/sitemap.xml", "/recherche/"]
    found += [f"/sitemap-{section}.xml" for section in ("ressources", "organismes", "pratiques")]
    found += ["/organismes/cdc/", "/ressources/salle/", "/ressources/atelier/", "/pratiques/surplus/"]
    queries = ("", *FILTERS, "?tri=nom", *(f"?q={word}" for word in ASKED))
    found += [f"{base}{query}" for base in LISTS for query in queries]
    found += [f"{base}{end}{query}" for base in LISTS for end in ("atom/", "carte.geojson") for query in queries[::5]]
    return found + [f"/recherche/?q={word}" for word in ASKED]


def photograph(client: Client, addresses: Iterable[str]) -> dict[str, str]:
    """What each address shows, dates aside."""
    forget_all()
    cache.clear()
    shown = {}
    for address in addresses:
        response = client.get(address)
        assert response.status_code == 200, address
        text = response.content.decode()
        shown[address] = re.sub(r"\d{4}-\d\d-\d\d(T[\d:.]+(Z|[+-]\d\d:\d\d))?", "…", text)
    return shown


@pytest.mark.parametrize(
    ("role", "status"),
    [*(("anonymous", status) for status in (*HIDDEN, "owner")), ("stranger", "owner")],
)
def test_what_is_not_published_changes_no_page(
    status: str, role: str, places: dict[str, Any], cast: dict[str, Client]
) -> None:
    """``owner``: the resource is published, but its organisation is not."""
    seen = visible_world(places)
    before = photograph(cast[role], public_addresses())
    entries = hidden_world(places, seen, status)
    after = photograph(cast[role], public_addresses())
    assert [a for a in before if before[a] != after[a]] == []
    for entry in entries:
        assert {cast[r].get(entry.get_absolute_url()).status_code for r in ROLES} == {404}
    # And there was something to leak: once published, the same pages tell.
    for entry in entries:
        type(entry).objects.filter(pk=entry.pk).update(status="published")
    places_told = {"/", "/organismes/", "/ressources/", "/ressources/atom/", "/ressources/carte.geojson"}
    places_told |= {"/ressources/salle/", "/ressources/atelier/", "/pratiques/surplus/", "/sitemap-ressources.xml"}
    places_told |= {f"/recherche/?q={word}" for word in ASKED[:4]}
    if status != "owner":
        places_told |= {"/pratiques/", "/pratiques/atom/", "/pratiques/carte.geojson", "/organismes/cdc/"}
        places_told |= {"/organismes/carte.geojson", "/sitemap-pratiques.xml", "/recherche/?q=récit"}
    told = photograph(cast[role], places_told)
    assert [address for address in sorted(places_told) if told[address] == before[address]] == []
    for entry in entries:
        assert cast[role].get(entry.get_absolute_url()).status_code == 200
