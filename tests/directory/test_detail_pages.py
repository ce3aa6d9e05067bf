"""Detail pages: each kind its own fields, stories whole, hostile text inert, descriptions that machines can read."""

from __future__ import annotations

import json
import re
from html import unescape
from html.parser import HTMLParser
from typing import Any

import pytest
from django.test import Client

from directory.models import Kind, OpeningHours, PracticeFigure, PracticeLink, PracticePartner, Resource
from tests.factories import CategoryFactory, OrganisationFactory, PracticeFactory, ResourceFactory, SectorFactory

HOSTILE = '"><script>alert(1)</script></script><img src=x onerror=alert(2)>'
HOSTILE_MARKDOWN = """
<script>alert(1)</script>

<img src=x onerror=alert(2)> <iframe src="https://mal.example/"></iframe> <b onclick="alert(3)">gras</b>

[piège](javascript:alert(4)) [piège](JaVaScRiPt:alert(4)) [données](data:text/html;base64,PHNjcmlwdD4=)
[vb](vbscript:msgbox) ![image](https://mal.example/pixel.png) <javascript:alert(5)>

[bon lien](https://bon.example/ "titre\\" onmouseover=alert(6) x=\\"")

# Un titre

**gras**, *penché*

- un point
"""

# Each kind: its own fields, and words that its page shows for them.
OWN: dict[str, tuple[dict[str, Any], list[str]]] = {
    Kind.MATERIEL: (
        {
            "brand_model": "Modèle Zéphyr 3000", "condition": "usage", "accessories": "Deux piquets et un maillet",
            "handling": "les_deux", "pickup_hours": "Le mardi dès 9 h", "quantity": 12,
        },
        ["Modèle Zéphyr 3000", "usagé", "Deux piquets et un maillet", "ou livraison", "Le mardi dès 9 h", ">12<"],
    ),
    Kind.LOCAUX: (
        {
            "capacity_seated": 87, "capacity_standing": 143, "area_m2": 211, "equipment": ["Piano droit"],
            "accessibility": ["boucle_auditive"], "access_note": "Par la porte bleue", "parking": "Vingt-deux places",
            "recurring_allowed": True, "buffer_minutes": 45,
        },
        ["87 personnes assises", "143 debout", "211 m²", "Piano droit", "Boucle auditive", "Par la porte bleue",
         "Vingt-deux places", "Réservations répétées possibles", "45 minutes gardées"],
    ),
    Kind.HUMAIN: (
        {
            "time_share": "Deux cinquièmes", "schedule": "Les jeudis", "supervision": "La direction adjointe",
            "tasks": "Tenir les livres", "trial_weeks": 6,
        },
        ["Deux cinquièmes", "Les jeudis", "La direction adjointe", "Tenir les livres", "6 semaines",
         "reste l’employeur"],
    ),
    Kind.EXPERTISE: (
        {
            "format": "atelier", "delivery": "a_distance", "hours_offered": 17, "languages": ["fr", "es"],
            "audience": "Les conseils d’administration",
        },
        ["atelier", "à distance", "17 h", "français, espagnol", "Les conseils d’administration"],
    ),
}  # fmt: skip
LABELS = {
    Kind.MATERIEL: ["Modèle", "Remise", "Ce qui vient avec"],
    Kind.LOCAUX: ["Capacité", "Surface", "Sur place"],
    Kind.HUMAIN: ["Part de temps", "Qui encadre", "Qui emploie"],
    Kind.EXPERTISE: ["Heures offertes", "Où cela se passe", "Langues"],
}


def content(client: Client, address: str) -> str:
    """The main part of a page."""
    response = client.get(address)
    assert response.status_code == 200
    return unescape(response.content.decode().partition("<main")[2].partition("</main>")[0])


class Tags(HTMLParser):
    """Every tag of a page with its attributes, as a browser reads them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))


def assert_inert(page: str) -> None:
    """No script of an entry, no handler, no dangerous address, nothing fetched elsewhere."""
    tags = Tags(page).seen
    assert len(tags) > 30
    for tag, attributes in tags:
        assert not [a for a in attributes if a.startswith("on")], (tag, attributes)
        assert tag not in ("iframe", "img", "object", "embed", "style"), tag
        if tag == "script":
            assert (attributes.get("src") or "").startswith("/static/") or attributes == {"type": "application/ld+json"}
        for name in ("href", "src", "action"):
            assert not re.match(r"\s*(javascript|data|vbscript):", attributes.get(name) or "", re.I), attributes


def jsonld(page: str) -> dict[str, Any]:
    """The description of the page for machines."""
    found = re.findall(r'<script type="application/ld\+json">(.*?)</script>', page, re.DOTALL)
    assert len(found) == 1
    return json.loads(found[0])


# ---- resources


@pytest.mark.parametrize("kind", Kind.values)
def test_each_kind_shows_its_own_fields_only(client: Client, db: None, kind: str) -> None:
    fields, words = OWN[kind]
    one = ResourceFactory(kind=kind, **fields)
    page = content(client, one.get_absolute_url())
    assert [w for w in words if w not in page] == []
    for other, labels in LABELS.items():
        shown = [label for label in labels if f">{label}<" in page]
        assert shown == (labels if other == kind else []), other


@pytest.mark.parametrize("kind", Kind.values)
def test_an_empty_field_leaves_no_label(client: Client, db: None, kind: str) -> None:
    page = content(client, ResourceFactory(kind=kind).get_absolute_url())
    labels = {label for labels in LABELS.values() for label in labels} - {"Qui emploie", "Sur place"}
    assert [label for label in labels if f">{label}<" in page] == []
    assert "None" not in page
    assert "De quoi il s’agit" not in page


def test_conditions_in_plain_words(client: Client, db: None) -> None:
    one = ResourceFactory(
        cost_mode="prix", price="1234.50", price_unit="la journée", deposit="50", replacement_value="900",
        insurance_required=True, training_required=True, license_required="Classe 5",
        conditions="Rendre propre.\nMerci.",
    )  # fmt: skip
    page = content(client, one.get_absolute_url()).replace("\u00a0", " ").replace("\u202f", " ")
    for words in ("1 234,50 $ la journée", "50 $", "900 $", "Une preuve d’assurance est demandée", "Classe 5",
                  "Une courte formation", "Rendre propre.<br>Merci."):  # fmt: skip
        assert words in page
    free = content(client, ResourceFactory().get_absolute_url())
    assert "Gratuit" in free
    assert "Classe 5" not in free


def test_opening_hours(client: Client, db: None) -> None:
    hall = ResourceFactory(kind="locaux")
    for weekday, opens, closes in ((2, "09:00", "12:30"), (2, "13:00", "17:00"), (6, "10:00", "11:00")):
        OpeningHours.objects.create(resource=hall, weekday=weekday, opens_at=opens, closes_at=closes)
    page = re.sub(r"\s", " ", content(client, hall.get_absolute_url()))
    assert "mardi</th><td>de 9 h à 12 h 30, de 13 h à 17 h</td>" in page
    assert "samedi</th><td>de 10 h à 11 h</td>" in page
    assert "lundi</th>" not in page


def test_a_hall_that_divides_names_its_parts_and_they_name_it(client: Client, db: None) -> None:
    hall = ResourceFactory(kind="locaux", name="Salle entière")
    kin = {"kind": "locaux", "part_of": hall, "organisation": hall.organisation}
    parts = [ResourceFactory(name=name, **kin) for name in ("Est", "Ouest")]
    page = content(client, hall.get_absolute_url())
    section = page.partition('aria-labelledby="h-parts"')[2].partition("</section>")[0]
    assert re.findall(r'<a href="([^"]+)">', section) == [p.get_absolute_url() for p in parts]
    assert "Se divise en" in section
    # a part is not its hall's comparable, and says what it belongs to
    assert not set(re.findall(r'<h3><a href="([^"]+)">', page.partition("h-comp")[2])) & {p.slug for p in parts}
    page = content(client, parts[0].get_absolute_url())
    assert "Fait partie de" in page
    assert "Salle entière" in page.partition('aria-labelledby="h-parts"')[2].partition("</section>")[0]


def test_comparable_ones_and_stories(client: Client, places: dict[str, Any]) -> None:
    category = CategoryFactory(kind="locaux", slug="salles")
    hall = ResourceFactory(kind="locaux", category=category, organisation__territory=places["beauharnois"])
    far = ResourceFactory(kind="locaux", category=category, organisation__territory=places["longueuil"])
    near = ResourceFactory(kind="locaux", category=category, organisation__territory=places["chateauguay"])
    other = ResourceFactory(kind="materiel", organisation__territory=places["beauharnois"])
    story, elsewhere = PracticeFactory(kinds=["locaux"]), PracticeFactory(kinds=["humain"])
    page = content(client, hall.get_absolute_url())
    comparable = page.partition('aria-labelledby="h-comp"')[2].partition("</section>")[0]
    assert re.findall(r'<h3><a href="([^"]+)">', comparable) == [near.get_absolute_url(), far.get_absolute_url()]
    assert other.get_absolute_url() not in page
    assert story.get_absolute_url() in page
    assert elsewhere.get_absolute_url() not in page


@pytest.mark.parametrize("factory", [ResourceFactory, OrganisationFactory])
def test_a_demonstration_says_so(client: Client, db: None, factory: Any) -> None:
    assert "démonstration" not in content(client, factory().get_absolute_url())
    assert "démonstration" in content(client, factory(is_demo=True).get_absolute_url())
    listed = "/ressources/" if factory is ResourceFactory else "/organismes/"
    assert content(client, listed).count("démonstration") == 1


# ---- organisations


def test_an_organisation_tells_who_it_is(client: Client, places: dict[str, Any]) -> None:
    one = OrganisationFactory(
        name="Maison des Aînés", acronym="MDA", neq="1234567890", website="https://mda.example/",
        email="info@mda.example", phone="450-555-0100", year_founded=1987, address="12, rue Principale",
        postal_code="J6S 1A1", description="**Depuis longtemps.**", source="Registre public",
        sectors=[SectorFactory(slug="aines", name="Aînés")], territory=places["beauharnois"],
    )  # fmt: skip
    one.served_territories.add(places["mrc-roussillon"])
    resource = ResourceFactory(organisation=one, name="Petite camionnette")
    practice = PracticeFactory(title="Notre histoire")
    PracticePartner.objects.create(practice=practice, organisation=one)
    page = content(client, one.get_absolute_url())
    for words in ("Maison des Aînés", "(MDA)", "1234567890", 'href="https://mda.example/"', "mailto:info@mda.example",
                  "450-555-0100", "1987", "12, rue Principale", "J6S 1A1", "<strong>Depuis longtemps.</strong>",
                  "Registre public", "Aînés", "Roussillon", "Petite camionnette", "Notre histoire"):  # fmt: skip
        assert words in page, words
    assert {resource.get_absolute_url(), practice.get_absolute_url()} <= set(re.findall(r'href="([^"]+)"', page))
    bare = content(client, OrganisationFactory().get_absolute_url())
    assert 'id="joindre"' not in bare
    assert "NEQ" not in bare
    assert "rien publié à partager" in bare


# ---- practices

SECTIONS = {
    "origin": "D’où c’est parti",
    "governance": "Comment les décisions se prennent",
    "results": "Ce que cela demande et donne",
    "success_factors": "Ce qui a aidé",
    "difficulties": "Ce qui reste difficile",
    "lessons": "À refaire chez vous",
}


def test_a_story_shows_every_section(client: Client, db: None) -> None:
    one = PracticeFactory(
        **{name: f"Texte de *{name}*." for name in SECTIONS}, quote="Seuls, non.", quote_source="La présidente",
        funders="Fonds Untel\nVille Untelle", period_text="Depuis 2019", place="Beauharnois", form_text="Une entente",
        source_title="Le rapport", source_url="https://rapport.example/", kinds=["locaux", "humain"],
        sectors=[SectorFactory(name="Culture")], stage="fusion",
    )  # fmt: skip
    PracticeFigure.objects.create(practice=one, value="42 t", label="de surplus")
    PracticeLink.objects.create(practice=one, title="Le guide", url="https://guide.example/")
    leader = OrganisationFactory(name="La Porteuse")
    PracticePartner.objects.create(practice=one, organisation=leader, role="porteur")
    page = content(client, one.get_absolute_url())
    for name, title in SECTIONS.items():
        assert f">{title}</h2>" in page
        assert f"<em>{name}</em>" in page
    for words in ("Seuls, non.", "La présidente", "Fonds Untel<br>Ville Untelle", "Depuis 2019", "Une entente", "42 t",
                  "de surplus", "Le guide", "Le rapport", "La Porteuse", "Locaux", "Humain", "Culture",
                  "Étape 4"):  # fmt: skip
        assert words in page, words
    assert page.index("D’où c’est parti") < page.index("Ce qui est mis en commun") < page.index("À refaire chez vous")


def test_a_short_story_hides_what_it_does_not_have(client: Client, db: None) -> None:
    page = content(client, PracticeFactory().get_absolute_url())
    assert "Ce qui est mis en commun" in page
    for title in (*SECTIONS.values(), "Pour aller plus loin", "Bailleurs de fonds", "Quand", "Source", "À lire aussi"):
        assert f">{title}<" not in page, title
    assert "<blockquote" not in page
    assert '<dl class="figures">' not in page


def test_related_stories(client: Client, db: None) -> None:
    sector = SectorFactory()
    one, kin = PracticeFactory(sectors=[sector]), PracticeFactory(sectors=[sector], stage="pret")
    step, other = PracticeFactory(), PracticeFactory(stage="fusion")
    also = content(client, one.get_absolute_url()).partition('id="h-aussi"')[2]
    found = re.findall(r'<h3><a href="([^"]+)">', also)
    assert found == [p.get_absolute_url() for p in (kin, step, other)]


# ---- hostile text


def hostile_entries() -> dict[str, Any]:
    """Entries where every text is an attack."""
    sector = SectorFactory(name=HOSTILE[:80])
    organisation = OrganisationFactory(
        name=HOSTILE, acronym="<b onclick=x>", mission=HOSTILE, description=HOSTILE_MARKDOWN, address=HOSTILE,
        source=HOSTILE, phone='"onclick="a()', sectors=[sector],
    )  # fmt: skip
    resource = ResourceFactory(
        name=HOSTILE, summary=HOSTILE, description=HOSTILE_MARKDOWN, organisation=organisation, kind="locaux",
        equipment=[HOSTILE], conditions=HOSTILE, access_note=HOSTILE, address=HOSTILE, drawing='"><script>x',
    )  # fmt: skip
    practice = PracticeFactory(
        title=HOSTILE, standfirst=HOSTILE, pooled=HOSTILE_MARKDOWN, lessons=HOSTILE_MARKDOWN, quote=HOSTILE,
        funders=HOSTILE, source_title=HOSTILE, place=HOSTILE, kinds=["locaux"], sectors=[sector],
    )  # fmt: skip
    PracticePartner.objects.create(practice=practice, organisation=organisation)
    return {"organisation": organisation, "resource": resource, "practice": practice}


def test_hostile_text_is_inert_everywhere(client: Client, db: None) -> None:
    entries = hostile_entries()
    lists = ["/", "/ressources/?q=script", "/organismes/?q=script", "/pratiques/?q=script", "/recherche/?q=alert"]
    for address in [*(e.get_absolute_url() for e in entries.values()), *lists]:
        page = client.get(address).content.decode()
        assert "alert" in page, address  # there was something to hurt
        assert_inert(page)


@pytest.mark.parametrize("noun", ["organisation", "resource", "practice"])
def test_markdown_is_rendered_clean(client: Client, db: None, noun: str) -> None:
    page = client.get(hostile_entries()[noun].get_absolute_url()).content.decode()
    assert "<strong>gras</strong>, <em>penché</em>" in page
    assert "<li>un point</li>" in page
    good = [a for t, a in Tags(page).seen if t == "a" and (a.get("href") or "").startswith("https://bon.example/")]
    assert good
    assert all("nofollow" in (a["rel"] or "") for a in good)
    assert "<h1>Un titre" not in page


def test_descriptions_for_machines_survive_hostile_names(client: Client, db: None) -> None:
    entries = hostile_entries()
    for noun, kind in (("organisation", "NGO"), ("resource", "Offer"), ("practice", "Article")):
        page = client.get(entries[noun].get_absolute_url()).content.decode()
        data = jsonld(page)
        assert data["@type"] == kind
        assert data.get("name", data.get("headline")) == HOSTILE
        assert page.count("</script>") == page.count("<script")


# ---- descriptions for machines


@pytest.mark.parametrize(
    ("kind", "item"),
    [("materiel", "Product"), ("locaux", "Place"), ("humain", "Service"), ("expertise", "Service")],
)
def test_jsonld_of_resources(client: Client, db: None, kind: str, item: str) -> None:
    one = ResourceFactory(kind=kind, cost_mode="prix", price="25", price_unit="l’heure", **OWN[kind][0])
    data = jsonld(client.get(one.get_absolute_url()).content.decode())
    assert data["@context"] == "https://schema.org"
    assert data["itemOffered"]["@type"] == item
    assert (data["price"], data["priceCurrency"]) == ("25.00", "CAD")
    assert data["url"] == f"http://testserver{one.get_absolute_url()}"
    assert data["offeredBy"]["name"] == one.organisation.name


def test_jsonld_of_organisations_and_practices(client: Client, db: None) -> None:
    city = OrganisationFactory(legal_form="municipal", neq="1234567890", acronym="VDX")
    data = jsonld(client.get(city.get_absolute_url()).content.decode())
    assert (data["@type"], data["alternateName"], data["identifier"]["value"]) == ("Organization", "VDX", "1234567890")
    story = PracticeFactory(origin="**Tout** a commencé.", sectors=[SectorFactory(name="Culture")])
    PracticePartner.objects.create(practice=story, organisation=city)
    data = jsonld(client.get(story.get_absolute_url()).content.decode())
    assert data["articleBody"].startswith("Tout a commencé.")
    assert data["contributor"][0]["name"] == city.name
    assert data["keywords"] == ["Culture"]


@pytest.mark.parametrize("factory", [ResourceFactory, OrganisationFactory, PracticeFactory])
def test_share_previews(client: Client, db: None, factory: Any) -> None:
    title = 'Chaises « Éclair » & "cie"'
    one = factory(**{"title" if factory is PracticeFactory else "name": title})
    page = client.get(one.get_absolute_url() + "?utm_source=x").content.decode()
    metas = [a for tag, a in Tags(page).seen if tag == "meta" and "content" in a]
    meta = {a.get("property") or a.get("name"): a["content"] for a in metas}
    assert meta["og:title"] == title
    assert meta["og:url"] == f"http://testserver{one.get_absolute_url()}"
    assert meta["og:type"] == ("article" if factory is PracticeFactory else "website")
    assert (meta["og:description"] or "").startswith("Un")
    assert (meta["og:image"] or "").startswith("http://testserver/static/")
    assert meta["og:locale"] == "fr_CA"
    assert meta["description"]
    assert f'<link rel="canonical" href="http://testserver{one.get_absolute_url()}">' in page


def test_comparable_ones_come_from_the_narrowest_circle_out(db: None) -> None:
    root = CategoryFactory(slug="racine")
    inner, beside = CategoryFactory(slug="dedans", parent=root), CategoryFactory(slug="a-cote", parent=root)
    far = CategoryFactory(slug="loin")
    mine = ResourceFactory(kind="materiel", category=inner, latitude=45.3, longitude=-74.0)

    def put(category: Any, north: float, **fields: Any) -> int:
        at = {"latitude": 45.3 + north, "longitude": -74.0}
        return ResourceFactory(kind="materiel", category=category, **at, **fields).pk

    def alike(most: int) -> list[int]:
        return Resource.objects.comparable_to(mine, most, family=[root.pk, inner.pk, beside.pk])

    other_kind = [put(far, 0.01), put(far, 0.02), put(far, 0.03)]
    assert alike(3) == other_kind
    family = put(beside, 0.5)
    same_far, same_near = put(inner, 0.4), put(inner, 0.2)
    put(inner, 0.1, part_of=mine, organisation=mine.organisation)
    assert alike(3) == [same_near, same_far, family]
    assert alike(5) == [same_near, same_far, family, *other_kind[:2]]
    assert alike(2) == [same_near, same_far]
    assert mine.pk not in alike(50)
