"""The site as a whole: health, robots, sitemap, errors, conditional requests, headers, nothing from elsewhere."""

from __future__ import annotations

import gzip
import re
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree

import pytest
from django.conf import settings
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from django.urls import reverse

from directory.models import OpeningHours, PracticeFigure, PracticePartner, Resource
from mutualisation.pages.sitemaps import SITEMAPS
from tests.factories import OrganisationFactory, PracticeFactory, ResourceFactory, SectorFactory, UserFactory

LEGAL = ("/a-propos/", "/mentions-legales/", "/renseignements-personnels/", "/accessibilite/", "/credits/")
LISTS = ("/ressources/", "/organismes/", "/pratiques/")
SITEMAP = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9"}


@pytest.fixture
def entries(places: dict[str, Any]) -> dict[str, Any]:
    """One entry of each noun, published."""
    organisation = OrganisationFactory(slug="cdc", territory=places["beauharnois"])
    return {
        "organisation": organisation,
        "resource": ResourceFactory(slug="salle", organisation=organisation, kind="locaux"),
        "practice": PracticeFactory(slug="recit", territories=[places["beauharnois"]]),
    }


PAGES = ("/", "/recherche/?q=essai", *LISTS, "/ressources/?vue=carte", "/ressources/salle/", "/organismes/cdc/",
         "/pratiques/recit/", *LEGAL)  # fmt: skip


# ---- health


def test_health_is_good(client: Client, db: None) -> None:
    response = client.get("/sante/")
    assert response.status_code == 200
    assert response.json() == {"status": "ok", "database": True, "migrations": True, "version": settings.VERSION}
    assert "no-store" in response["Cache-Control"]


def test_health_tells_a_missing_migration(client: Client, db: None) -> None:
    recorder = MigrationRecorder(connection)
    applied = sorted(name for app, name in recorder.applied_migrations() if app == "directory")
    recorder.record_unapplied("directory", applied[-1])
    response = client.get("/sante/")
    assert response.status_code == 503
    assert response.json() | {"version": ""} == {
        "status": "error", "database": True, "migrations": False, "version": "",
    }  # fmt: skip


# ---- robots and sitemap


def test_robots_lead_to_the_sitemap(client: Client, db: None) -> None:
    response = client.get("/robots.txt")
    assert response["Content-Type"].startswith("text/plain")
    lines = response.content.decode().splitlines()
    assert lines[0] == "User-agent: *"
    assert "Disallow: /admin/" in lines
    assert "Disallow: /" not in lines
    assert "Sitemap: http://testserver/sitemap.xml" in lines


def test_sitemap_lists_what_answers(client: Client, entries: dict[str, Any]) -> None:
    index = ElementTree.fromstring(client.get("/sitemap.xml").content)  # noqa: S314 - our own XML
    sections = [e.text for e in index.findall("s:sitemap/s:loc", SITEMAP)]
    assert len(sections) == len(SITEMAPS) >= 7
    found = []
    for section in sections:
        tree = ElementTree.fromstring(client.get(section).content)  # noqa: S314
        found += [e.text or "" for e in tree.findall("s:url/s:loc", SITEMAP)]
    assert {e.get_absolute_url() for e in entries.values()} <= {urlsplit(a).path for a in found}
    assert len(found) == len(set(found)) > 10
    assert {client.get(address).status_code for address in found} == {200}
    assert client.get("/sitemap-secrets.xml").status_code == 404


# ---- the pages that always exist


@pytest.mark.parametrize("address", LEGAL)
def test_legal_pages(client: Client, settings: Any, db: None, address: str) -> None:
    page = client.get(address).content.decode()
    main = page.partition("<main")[2].partition("</main>")[0]
    assert main.count("<h1") == 1
    assert len(re.sub(r"<[^>]+>", " ", main).split()) > 60, "Cette page est vide."
    assert f'href="{address}"' in client.get("/").content.decode()


def test_the_privacy_officer_is_named_where_set(client: Client, settings: Any, db: None) -> None:
    settings.PORTAL_PRIVACY_OFFICER = "Direction générale, vie-privee@portail.example"
    assert "vie-privee@portail.example" in client.get("/renseignements-personnels/").content.decode()
    assert "vie-privee@portail.example" in client.get("/").content.decode()
    settings.PORTAL_PRIVACY_OFFICER = ""
    assert "vie-privee@portail.example" not in client.get("/renseignements-personnels/").content.decode()


def test_who_operates_hosts_and_answers_is_said_where_set(client: Client, settings: Any, db: None) -> None:
    said = {
        "PORTAL_OPERATOR": "Regroupement d’essai & cie",
        "PORTAL_HOST": "Hébergeur d’essai, Québec",
        "PORTAL_EMAIL": "equipe@portail.example",
    }
    missing = "n’a pas encore inscrit"
    pages = ("/", "/mentions-legales/", "/renseignements-personnels/")
    before = {address: client.get(address).content.decode() for address in pages}
    assert missing in before["/mentions-legales/"]
    for name, value in said.items():
        setattr(settings, name, value)
    after = {address: client.get(address).content.decode() for address in pages}
    for address in pages:
        assert "Regroupement d’essai &amp; cie" in after[address]
        assert 'href="mailto:equipe@portail.example"' in after[address]
        assert ("Hébergeur d’essai" in after[address]) is (address != "/")
        assert not any(value in before[address] for value in said.values())
    assert missing not in after["/mentions-legales/"]


# ---- errors


def assert_in_style(response: Any, words: str, status: int) -> None:
    page = response.content.decode()
    assert response.status_code == status
    assert words in page
    assert "css/tokens.css" in page
    assert '<html lang="fr' in page
    assert "Traceback" not in page
    assert page.count("<h1") == 1


def test_400_in_style(client: Client, db: None) -> None:
    assert_in_style(client.get("/", headers={"host": "mal.example"}), "Cette demande est illisible", 400)
    assert "mal.example" not in client.get("/", headers={"host": "mal.example"}).content.decode()


def test_403_in_style(client: Client, db: None) -> None:
    client.force_login(UserFactory(staff=True))
    assert_in_style(client.get("/admin/accounts/user/"), "Cette page ne vous est pas ouverte", 403)


def test_a_stale_form_is_told_in_style(db: None) -> None:
    response = Client(enforce_csrf_checks=True).post("/admin/login/", {"username": "x"})
    assert_in_style(response, "Ce formulaire a expiré", 403)


@pytest.mark.parametrize("address", ["/nulle-part/", "/ressources/nulle-part/", "/%ff%fe/", "/a%00b/", "/<script>/"])
def test_404_in_style(client: Client, db: None, address: str) -> None:
    response = client.get(address)
    assert_in_style(response, "Cette page n’existe pas ou plus", 404)
    assert 'content="noindex"' in response.content.decode()


@pytest.mark.filterwarnings("ignore")
def test_500_in_style_without_the_database(client: Client, db: None) -> None:
    client.raise_request_exception = False
    with connection.cursor() as cursor:  # a real failure: the tables are gone, and the transaction with them
        cursor.execute("ALTER TABLE directory_resource RENAME TO directory_nowhere")
    response = client.get("/ressources/")
    assert_in_style(response, "Un problème de notre côté", 500)
    assert "directory_resource" not in response.content.decode()


# ---- conditional requests


MARKED = ("/", *LISTS, "/ressources/salle/", "/organismes/cdc/", "/pratiques/recit/", "/recherche/?q=essai",
          "/ressources/atom/", "/ressources/carte.geojson")  # fmt: skip


@pytest.mark.parametrize("address", MARKED)
def test_a_reader_who_has_the_page_gets_304(client: Client, entries: dict[str, Any], address: str) -> None:
    first = client.get(address)
    assert first.status_code == 200
    again = client.get(address, headers={"if-none-match": first["ETag"]})
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
    assert client.get(address, headers={"if-none-match": '"autre"'}).status_code == 200
    assert first["Cache-Control"] == "public, no-cache"
    assert "Cookie" in first["Vary"]
    Resource.objects.filter(slug="salle").update(summary="Un autre résumé.")
    type(entries["practice"]).objects.filter(slug="recit").update(standfirst="Un autre chapeau.")
    moved = client.get(address, headers={"if-none-match": first["ETag"]})
    assert moved.status_code == 200
    assert moved["ETag"] != first["ETag"]


def test_pages_differ_by_their_mark(client: Client, entries: dict[str, Any]) -> None:
    marks = {client.get(a)["ETag"] for a in ("/ressources/", "/ressources/?q=x", "/ressources/?page=2", "/organismes/")}
    assert len(marks) == 4


def test_what_someone_signed_in_sees_is_never_shared(client: Client, entries: dict[str, Any]) -> None:
    mark = client.get("/ressources/")["ETag"]
    client.force_login(UserFactory(admin=True))
    response = client.get("/ressources/", headers={"if-none-match": mark})
    assert response.status_code == 200
    assert "ETag" not in response
    assert "public" not in response.get("Cache-Control", "")
    assert "Cookie" in response["Vary"]
    assert "/moderation/" in response.content.decode()


@pytest.mark.parametrize("person", [None, UserFactory], ids=["visitor", "signed in"])
def test_communities_are_in_the_menu_of_every_page(client: Client, entries: dict[str, Any], person: Any) -> None:
    if person:
        client.force_login(person())
    for address in ("/", "/ressources/salle/", "/communautes/"):
        menu = client.get(address).content.decode().partition("<nav")[2].partition("</nav>")[0]
        assert 'href="/communautes/"' in menu
        assert ('href="/communautes/" aria-current="page"' in menu) is (address == "/communautes/")


def test_everybody_sees_where_to_search(client: Client, entries: dict[str, Any]) -> None:
    """In the menu of every width: ``nav-in`` is what only a phone shows."""
    for person in (None, UserFactory(), UserFactory(admin=True)):
        if person:
            client.force_login(person)
        page = client.get("/organismes/").content.decode()
        assert f'<li><a href="{reverse("search")}">Chercher</a></li>' in page


CHANGES = {
    "une ressource s’en va": ("/ressources/", lambda e: Resource.objects.filter(slug="vieille").delete()),
    "un organisme passe au brouillon": (
        "/ressources/", lambda e: type(e["organisation"]).objects.filter(slug="cdc").update(status="draft"),
    ),
    "un chiffre s’ajoute": (
        "/pratiques/recit/", lambda e: PracticeFigure.objects.create(practice=e["practice"], value="3", label="a"),
    ),
    "un partenaire s’ajoute": (
        "/pratiques/recit/",
        lambda e: PracticePartner.objects.create(practice=e["practice"], organisation=e["organisation"]),
    ),
    "des heures s’ajoutent": (
        "/ressources/salle/",
        lambda e: OpeningHours.objects.create(resource=e["resource"], weekday=1, opens_at="09:00", closes_at="12:00"),
    ),
    "un territoire de récit change": ("/pratiques/", lambda e: e["practice"].territories.clear()),
    "un secteur s’ajoute": ("/organismes/", lambda e: e["organisation"].sectors.add(SectorFactory())),
    "un territoire est desservi": (
        "/organismes/cdc/", lambda e: e["organisation"].served_territories.add(e["organisation"].territory),
    ),
    "un secteur change de nom": ("/organismes/cdc/", lambda e: type(e["sector"]).objects.update(name="Neuf")),
    "une catégorie change de nom": (
        "/ressources/salle/", lambda e: type(e["resource"].category).objects.update(name="Neuve"),
    ),
    "une municipalité change de nom": (
        "/ressources/salle/",
        lambda e: type(e["resource"].territory).objects.filter(slug="beauharnois").update(name="X"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
def test_the_mark_moves_with_all_that_the_page_shows(client: Client, entries: dict[str, Any], change: str) -> None:
    entries["sector"] = SectorFactory()
    entries["organisation"].sectors.add(entries["sector"])
    ResourceFactory(slug="vieille", organisation=entries["organisation"])
    Resource.objects.filter(slug="salle").update(summary="Plus récente que la vieille.")
    address, happen = CHANGES[change]
    mark = client.get(address)["ETag"]
    happen(entries)
    assert client.get(address, headers={"if-none-match": mark}).status_code != 304


# ---- headers


@pytest.mark.parametrize("address", [*PAGES, "/admin/login/", "/nulle-part/", "/ressources/atom/", "/sante/"])
def test_every_answer_is_locked(client: Client, entries: dict[str, Any], address: str) -> None:
    response = client.get(address)
    policy = dict(part.strip().partition(" ")[::2] for part in response["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert policy["form-action"] == "'self'"
    assert not re.search(r"unsafe|https?:|\*", response["Content-Security-Policy"])
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["X-Frame-Options"] == "DENY"
    assert response["Referrer-Policy"] == "same-origin"


class Assets(HTMLParser):
    """What a browser fetches by itself, and what runs or is drawn inline."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.inline: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        if tag in ("script", "img", "iframe", "source", "video", "audio", "embed", "track", "input"):
            self.fetched += [attributes[n] or "" for n in ("src", "srcset", "poster") if n in attributes]
        if tag in ("use", "image") or (tag == "link" and attributes.get("rel") not in ("canonical", "alternate")):
            self.fetched += [attributes[n] or "" for n in ("href", "xlink:href") if n in attributes]
        if tag == "script" and "src" not in attributes and attributes.get("type") != "application/ld+json":
            self.inline.append(tag)
        self.inline += [f"{tag} {n}" for n in attributes if n == "style" or n.startswith("on")]
        self.inline += [tag] * (tag == "style")


@pytest.mark.parametrize("address", PAGES)
def test_nothing_comes_from_elsewhere(client: Client, entries: dict[str, Any], address: str) -> None:
    assets = Assets(client.get(address).content.decode())
    assert len(assets.fetched) > 5
    assert [a for a in assets.fetched if not a.startswith(("/static/", "#"))] == []  # « # » is of the page itself
    assert assets.inline == []


def test_stylesheets_and_scripts_fetch_nothing_elsewhere() -> None:
    seen = 0
    for path in [*settings.BASE_DIR.glob("static/**/*.css"), *settings.BASE_DIR.glob("static/**/*.js"),
                 *settings.BASE_DIR.glob("static/**/*.svg")]:  # fmt: skip
        text = path.read_text(encoding="utf-8").replace("http://www.w3.org/", "")
        assert not re.search(r"(url\(|@import|src=|href=|fetch\()\s*[\"']?(https?:)?//", text), path
        seen += 1
    assert seen > 5


def test_pages_are_compressed_and_light(client: Client, db: None) -> None:
    organisation = OrganisationFactory(name="Regroupement des organismes de soutien aux familles du Suroît")
    for i in range(20):
        ResourceFactory(name=f"Chaises pliantes en lot, numéro {i}", summary="Prêtées avec leur chariot. " * 5,
                        organisation=organisation)  # fmt: skip
    response = client.get("/ressources/", headers={"accept-encoding": "gzip"})
    assert response["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in response["Vary"]
    assert gzip.decompress(response.content) == client.get("/ressources/").content
    assert len(response.content) <= 14_000
