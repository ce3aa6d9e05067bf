"""Lists as CSV and XLSX: what the reader sees on the page, nothing more, and nothing that a spreadsheet runs."""

from __future__ import annotations

import csv
import datetime
import io
import re
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from openpyxl import load_workbook

from accounts.privacy_map import PUBLIC, classes_of
from directory.exchange import spreadsheets
from directory.exchange.spreadsheets import COLUMNS
from directory.models import NetworkMember, Organisation, Resource
from directory.views import export
from mutualisation.kernel import facets
from mutualisation.kernel.spreadsheets import csv_text, is_formula
from tests.factories import (
    MembershipFactory,
    NeedFactory,
    OrganisationFactory,
    PracticeFactory,
    ResourceFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db
LISTS = {"/organismes/": Organisation, "/ressources/": Resource, "/besoins/": None, "/pratiques/": None}
EVIL = [
    "=1+1",
    "+33 1",
    "-2+3",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "  =1",
    "＝1+1",
    '=HYPERLINK("http://x","y")',
    "\ufeff=1",
]


def body(response: Any) -> bytes:
    assert response.status_code == 200
    return b"".join(response.streaming_content)


def as_csv(client: Client, address: str) -> list[dict[str, str]]:
    """The CSV of a list, read back as Excel would."""
    return csv_rows(body(client.get(address)))


def csv_rows(raw: bytes) -> list[dict[str, str]]:
    assert raw.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig"), newline=""), delimiter=";"))


def as_xlsx(client: Client, address: str) -> tuple[list[dict[str, Any]], Any]:
    """The workbook of a list, read back: its rows, and the book."""
    book = load_workbook(io.BytesIO(body(client.get(address))))
    header, *rows = book.worksheets[0].iter_rows(values_only=True)
    return [dict(zip(header, row, strict=True)) for row in rows], book


@pytest.mark.parametrize("text", EVIL)
def test_nothing_that_looks_like_a_formula_starts_a_cell(text: str) -> None:
    assert is_formula(text)
    assert csv_text(text).startswith("'")


@pytest.mark.parametrize(("value", "cell"), [
    ("Café — l’été, 3 $ ; « ici »", "Café — l’été, 3 $ ; « ici »"), (Decimal("25.50"), "25,50"), (-3, "-3"),
    (True, "oui"), (None, ""), (datetime.date(2026, 11, 21), "2026-11-21"), ("a\x00\x0bb", "ab"),
    (datetime.datetime(2026, 11, 22, 3, 0, tzinfo=datetime.UTC), "2026-11-21"), ("", ""), ("a = b", "a = b"),
])  # fmt: skip
def test_values_as_french_canada_writes_them(value: Any, cell: str) -> None:
    assert csv_text(value) == cell


@pytest.mark.parametrize("text", ["=1+1", "@SUM(A1)", "\t=cmd", '=HYPERLINK("http://x","y")'])
def test_a_name_typed_by_a_stranger_runs_nothing(client: Client, text: str) -> None:
    ResourceFactory(name=text, summary="+2", organisation__name="-1+1")
    row = as_csv(client, "/ressources/export.csv")[0]
    assert row["Ressource"] == f"'{text}"
    assert (row["Organisme"], row["En une ligne"]) == ("'-1+1", "'+2")
    rows, book = as_xlsx(client, "/ressources/export.xlsx")
    assert rows[0]["Ressource"] == text  # a text in its cell
    assert {c.data_type for sheet in book for line in sheet.iter_rows() for c in line} <= {"s", "inlineStr", "n", "d"}
    assert book.worksheets[0]["A2"].quotePrefix


def test_the_two_files_say_the_same_and_read_back(client: Client) -> None:
    ResourceFactory(
        name="Salle « Été » ; 2e étage\nsuite", kind="locaux", capacity_seated=40, cost_mode="prix", price="25.50",
        price_unit="l’heure", description="**Grande** salle & cuisine", equipment=["projecteur"],
        accessibility=["ascenseur"], verified_at=datetime.datetime(2026, 11, 2, 15, tzinfo=datetime.UTC),
    )  # fmt: skip
    row = as_csv(client, "/ressources/export.csv")[0]
    assert row["Ressource"] == "Salle « Été » ; 2e étage\nsuite"
    assert (row["Montant ($)"], row["Places assises"], row["Vérifié le"]) == ("25,50", "40", "2026-11-02")
    assert (row["Description"], row["Accessibilité"]) == ("Grande salle & cuisine", "Ascenseur")
    assert row["Page"].startswith("http://testserver/ressources/")
    cells, book = as_xlsx(client, "/ressources/export.xlsx")
    assert list(cells[0]) == list(row)
    assert (float(cells[0]["Montant ($)"]), cells[0]["Places assises"]) == (25.5, 40)
    assert cells[0]["Vérifié le"].date() == datetime.date(2026, 11, 2)
    assert [c[0].value for c in book.worksheets[1].iter_rows()][3] == "http://testserver/ressources/"


@pytest.mark.parametrize("address", LISTS)
@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_every_list_has_both_and_links_to_them(client: Client, address: str, form: str) -> None:
    one, other = ResourceFactory(), ResourceFactory()
    NeedFactory(organisation=one.organisation)
    NeedFactory(organisation=other.organisation)
    PracticeFactory()
    PracticeFactory()
    page = client.get(address).content.decode()
    link = re.search(rf'href="(export\.{form}[^"]*)"', page)
    assert link
    response = client.get(address + link[1])
    name = response["Content-Disposition"]
    assert re.fullmatch(rf'attachment; filename="[a-z-]+-\d{{4}}-\d\d-\d\d\.{form}"', name)
    assert "no-store" in response["Cache-Control"]
    raw = body(response)
    count = len(csv_rows(raw)) if form == "csv" else load_workbook(io.BytesIO(raw)).worksheets[0].max_row - 1
    assert count == 2


def test_an_empty_list_gives_its_headings_and_another_format_nothing(client: Client) -> None:
    assert as_csv(client, "/ressources/export.csv") == []
    assert as_xlsx(client, "/ressources/export.xlsx")[0] == []
    for form in ("pdf", "json", "CSV"):
        assert client.get(f"/ressources/export.{form}").status_code == 404
    assert client.post("/ressources/export.csv").status_code == 405


def test_filters_and_order_are_those_of_the_page(client: Client, places: dict[str, Any]) -> None:
    here = OrganisationFactory(territory=places["beauharnois"], name="Ici")
    far = OrganisationFactory(territory=places["longueuil"], name="Loin")
    for name in ("Zèbre", "Âne", "Mule"):
        ResourceFactory(organisation=here, name=name)
    ResourceFactory(organisation=here, kind="locaux", name="Salle")
    ResourceFactory(organisation=far, name="Ailleurs")
    query = "?sorte=materiel&territoire=mrc-beauharnois-salaberry&tri=nom"
    shown = re.findall(r"Zèbre|Âne|Mule|Salle|Ailleurs", client.get(f"/ressources/{query}").content.decode())
    assert list(dict.fromkeys(shown)) == ["Âne", "Mule", "Zèbre"]
    assert [r["Ressource"] for r in as_csv(client, f"/ressources/export.csv{query}")] == ["Âne", "Mule", "Zèbre"]
    assert [r["Ressource"] for r in as_csv(client, "/ressources/export.csv?q=salle")] == ["Salle"]
    assert len(as_csv(client, "/ressources/export.csv?page=7&sorte=licorne")) == 5


@pytest.fixture
def restricted() -> dict[str, Any]:
    """One resource a visibility, of one organisation; and readers."""
    owner = OrganisationFactory(name="Propriétaire")
    network, friend, member = (OrganisationFactory(is_network=n) for n in (True, False, False))
    NetworkMember.objects.create(network=network, organisation=member)
    made = {
        v: ResourceFactory(organisation=owner, name=f"pour-{v}", visibility=v)
        for v in ("everyone", "members", "networks", "organisations")
    }
    made["networks"].visible_networks.add(network)
    made["organisations"].visible_organisations.add(friend)
    ResourceFactory(organisation=owner, name="pour-brouillon", status="draft", published_at=None)
    ResourceFactory(organisation=owner, name="pour-vieille", freshness="hidden")
    ResourceFactory(organisation__status="submitted", organisation__published_at=None, name="pour-attente")
    return {
        "anonymous": None,
        "stranger": UserFactory(),
        "unvalidated": MembershipFactory(organisation__status="submitted", organisation__published_at=None).user,
        "elsewhere": MembershipFactory().user,
        "network": MembershipFactory(organisation=member).user,
        "friend": MembershipFactory(organisation=friend).user,
        "owner": MembershipFactory(organisation=owner, role="gestionnaire").user,
        "admin": UserFactory(admin=True),
    }


@pytest.mark.parametrize(("reader", "sees"), [
    ("anonymous", "everyone"), ("stranger", "everyone"), ("unvalidated", "everyone"), ("elsewhere", "everyone members"),
    ("network", "everyone members networks"), ("friend", "everyone members organisations"),
    ("owner", "everyone members networks organisations"), ("admin", "everyone members networks organisations"),
])  # fmt: skip
def test_each_reader_gets_what_she_may_see(client: Client, restricted: dict[str, Any], reader: str, sees: str) -> None:
    if restricted[reader]:
        client.force_login(restricted[reader])
    expected = {f"pour-{v}" for v in sees.split()}
    assert {r["Ressource"] for r in as_csv(client, "/ressources/export.csv")} == expected
    assert {r["Ressource"] for r in as_xlsx(client, "/ressources/export.xlsx")[0]} == expected


def test_private_fields_and_people_are_never_in_it(client: Client) -> None:
    owner = MembershipFactory(role="gestionnaire", user__name="Lucie Secrète", user__phone="450 555-9999")
    ResourceFactory(
        organisation=owner.organisation, pickup_instructions="Code 4321", created_by=owner.user,
        returned_note="note-privee",
    )  # fmt: skip
    NeedFactory(organisation=owner.organisation, created_by=owner.user)
    PracticeFactory(proposed_by=owner.user)
    client.force_login(owner.user)
    for address in LISTS:
        text = body(client.get(f"{address}export.csv")).decode()
        assert text.count("\r\n") >= 2
        for private in ("4321", "Secrète", owner.user.email, "555-9999", "note-privee"):
            assert private not in text


def test_every_column_shows_a_field_classified_public() -> None:
    for model, columns in COLUMNS.items():
        known = classes_of(model)
        assert {c.field for c in columns if known.get(c.field) != PUBLIC} == set(), model


def test_addresses_of_organisations_are_for_people_signed_in(client: Client) -> None:
    OrganisationFactory(email="info@organisme.example", phone="450 555-0101")
    assert "Courriel de l’organisme" not in as_csv(client, "/organismes/export.csv")[0]
    assert b"organisme.example" not in body(client.get("/organismes/export.csv"))
    client.force_login(UserFactory())
    assert as_csv(client, "/organismes/export.csv")[0]["Courriel de l’organisme"] == "info@organisme.example"


def test_a_very_long_list_is_cut_and_says_so(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spreadsheets, "AT_MOST", 3)
    monkeypatch.setattr(spreadsheets, "AT_A_TIME", 2)
    organisation = OrganisationFactory()
    for n in range(5):
        ResourceFactory(organisation=organisation, name=f"Chaise {n}")
    rows, book = as_xlsx(client, "/ressources/export.xlsx?tri=nom")
    assert [r["Ressource"] for r in rows] == ["Chaise 0", "Chaise 1", "Chaise 2"]
    assert "5 lignes" in [c[0].value for c in book.worksheets[1].iter_rows()][-1]


@pytest.mark.parametrize("address", LISTS)
def test_as_many_queries_for_three_as_for_one(client: Client, address: str, django_assert_num_queries: Any) -> None:
    def make() -> None:
        entry = ResourceFactory()
        NeedFactory(organisation=entry.organisation)
        PracticeFactory(territories=[entry.territory])

    make()
    body(client.get(f"{address}export.csv"))  # taxonomies are read once a process
    with django_assert_num_queries(QUERIES[address] + COUNTED):
        assert len(as_csv(client, f"{address}export.csv")) == 1
    make()
    make()
    with django_assert_num_queries(QUERIES[address] + COUNTED):
        assert len(as_csv(client, f"{address}export.csv")) == 3


QUERIES = {"/organismes/": 4, "/ressources/": 2, "/besoins/": 2, "/pratiques/": 4}
COUNTED = 12  # one more export of this visitor, in the cache that all processes share: the same whatever the list


def test_a_search_is_exported_whole_even_beyond_what_its_pages_rank(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(facets, "RANKED_AT_MOST", 2)
    for _ in range(5):
        ResourceFactory(name="Chaudron partagé")
    assert len(as_csv(client, "/ressources/export.csv?q=chaudron")) == 5


def test_who_asks_for_too_many_lists_is_told_to_wait(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    ResourceFactory()
    monkeypatch.setattr(export, "EXPORTS", "3/10m")
    asked = [read(client, f"{address}export.csv") for address in LISTS]
    assert [answer.status_code for answer in asked] == [200, 200, 200, 429]
    refused = asked[-1]
    assert "Attendez une dizaine de minutes" in refused.content.decode()
    assert refused["Retry-After"] == "600"
    assert client.get("/ressources/").status_code == 200  # pages are read as before
    assert client.get("/ressources/export.exe").status_code == 404
    # Each account has its own count, from whichever address.
    for _person in range(2):
        client.force_login(UserFactory())
        assert [read(client, "/besoins/export.xlsx").status_code for _time in range(4)] == [200, 200, 200, 429]


def read(client: Client, address: str) -> Any:
    """The answer, read to its end as a browser does."""
    answer = client.get(address)
    if answer.streaming:
        assert b"".join(answer.streaming_content)
    return answer
