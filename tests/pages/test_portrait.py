"""The territory's portrait: its figures against a naive count, what it hides, its filters, its data, its method."""

from __future__ import annotations

import csv
import datetime
import io
from itertools import product
from typing import Any

import pytest
from django.core.cache import caches
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from directory.models import Kind, Organisation, Resource
from directory.taxonomies import portal_territories, territories
from loans.models import Loan
from mutualisation.kernel.memo import forget_all
from mutualisation.pages.portrait import facts as facts_
from mutualisation.pages.portrait.cube import ALL, FEW
from tests.factories import CategoryFactory, NeedFactory, OrganisationFactory, PracticeFactory, ResourceFactory
from tests.pages.lent import ago, past_loan, territory_that_lends

pytestmark = pytest.mark.django_db
PAGE = "/portrait/"


def mrc_of(territory: Any) -> int:
    ours = {node.id for node in portal_territories()}
    return next((node.id for node in territories().above(territory.pk) if node.id in ours), facts_.ELSEWHERE)


def naive(loan: Loan) -> dict[str, Any]:
    """One loan as a person would count it."""
    spent = sum(
        ((d.period.upper - d.period.lower).total_seconds() / 3600 for d in loan.dates.all() if not d.cancelled_at), 0.0
    )
    worth = float((loan.resource.replacement_value or 0) * loan.quantity)
    return {
        "mrc": mrc_of(loan.resource.territory), "kind": loan.resource.kind,
        "sectors": {s.pk for s in loan.lender.sectors.all()} or {0},
        "asked": timezone.localtime(loan.requested_at).year,
        "lent": timezone.localtime(loan.handed_over_at).year if loan.handed_over_at else None,
        "hours": spent, "value": worth, "giver": loan.lender_id, "taker": loan.borrower_id,
    }  # fmt: skip


def test_each_figure_is_what_a_naive_count_finds(places: Any) -> None:
    territory_that_lends(places)
    loans = [naive(loan) for loan in Loan.objects.select_related("resource__territory", "lender")]
    found = facts_.read()
    sectors = {sector for loan in loans for sector in loan["sectors"]} | {ALL}
    mrcs = {loan["mrc"] for loan in loans} | {ALL}
    seen = hidden = 0
    for mrc, kind, sector, year in product(mrcs, [*Kind.values, ALL], sectors, [*found.years, ALL]):
        key = (mrc, kind, sector, year)
        here = [
            loan for loan in loans
            if mrc in (ALL, loan["mrc"]) and kind in (ALL, loan["kind"]) and sector in (ALL, *loan["sectors"])
        ]  # fmt: skip
        lent = [loan for loan in here if loan["lent"] and year in (ALL, loan["lent"])]
        for figures, some, amount in (
            (found.asked, [loan for loan in here if year in (ALL, loan["asked"])], None),
            (found.lent, lent, None),
            (found.hours, [loan for loan in lent if loan["hours"]], "hours"),
            (found.value, [loan for loan in lent if loan["value"]], "value"),
        ):
            shown = figures.get(key)
            if shown is None:
                assert not some, key
                continue
            few = min(len({x["giver"] for x in some}), len({x["taker"] for x in some})) < 3
            assert (shown.mark == FEW) == few, key
            if shown.mark:
                hidden += 1
            else:
                seen += 1
                assert shown.n == len(some), key
                assert shown.amount == pytest.approx(sum(x[amount] for x in some) if amount else 0), key
    assert seen > 30
    assert hidden > 30


def test_who_lends_and_borrows_and_what_sleeps(places: Any) -> None:
    territory_that_lends(places, loans=60)
    found = facts_.read()
    done = Loan.objects.filter(handed_over_at__isnull=False)
    gives, takes = set(done.values_list("lender", flat=True)), set(done.values_list("borrower", flat=True))
    everyone = set(Organisation.objects.values_list("pk", flat=True))
    said = {facts_.BOTH: gives & takes, facts_.GIVES: gives - takes, facts_.TAKES: takes - gives,
            facts_.NEITHER: everyone - gives - takes}  # fmt: skip
    for name, some in said.items():
        shown = found.roles.get((ALL, name))
        if shown and not shown.mark:
            assert shown.n == len(some), name
    assert found.roles[ALL, facts_.BOTH].n == len(gives & takes)
    old = Resource.objects.filter(visibility="everyone", published_at__lt=timezone.now() - datetime.timedelta(days=90))
    whole = found.idle[ALL, ALL, ALL]
    assert not whole.mark
    assert whole.n == old.exclude(loans__in=done).count()
    assert whole.amount == old.filter(loans__in=done).distinct().count()


def page(client: Client, query: str = "") -> str:
    response = client.get(PAGE + query)
    assert response.status_code == 200
    return response.content.decode().replace("\u00a0", " ")


def test_the_page_says_what_is_few_and_names_nobody(client: Client, places: Any) -> None:
    secret = OrganisationFactory(name="Organisme Discret", territory=places["beauharnois"])
    tent = ResourceFactory(organisation=secret, name="Chose très privée", visibility="organisations")
    others = [OrganisationFactory(name=f"Emprunteur {n}") for n in range(4)]
    for n, borrower in enumerate(others):
        past_loan(tent, borrower, ago(20 + n))
    text = page(client)
    assert "moins de 3 organismes" in text
    assert "Organisme Discret" not in text
    assert "Chose très privée" not in text
    data = b"".join(client.get(reverse("portrait_data")).streaming_content).decode()
    assert "moins de 3 organismes" in data
    assert "Discret" not in data
    lent = [row for row in csv.DictReader(io.StringIO(data.lstrip("\ufeff")), delimiter=";")
            if row["mesure"] == "Prêts remis"]  # fmt: skip
    assert {(row["valeur"], row["masqué"]) for row in lent} <= {("0", ""), ("", "moins de 3 organismes")}
    assert {row["unité"] for row in lent} == {"prêts"}
    assert {row["licence"] for row in lent} == {"CC BY 4.0"}
    assert {row["nature"] for row in lent} == {"mesuré"}


def test_the_threshold_is_a_setting(client: Client, places: Any, settings: Any) -> None:
    settings.PORTRAIT_LEAST = 1
    tent = ResourceFactory(organisation=OrganisationFactory(territory=places["beauharnois"]))
    past_loan(tent, OrganisationFactory(), ago(20), hours=5)
    text = page(client)
    assert "moins de" not in text
    assert "5 h" in text


def test_filters_are_in_the_address_and_what_makes_no_sense_is_said(client: Client, places: Any) -> None:
    territory_that_lends(places)
    text = page(client, f"?mrc=mrc-roussillon&sorte=materiel&annee={ago(10).year}")
    assert 'Roussillon<span class="vh">, retirer ce filtre' in text
    for name, wrong in (("mrc", "x"), ("sorte", "x"), ("secteur", "1"), ("annee", "1900"), ("annee", "2026'")):
        said = page(client, f"?{name}={wrong}")
        assert "ne correspond à rien" in said
        assert "retirer ce filtre" not in said
    assert "ne correspond" not in page(client, "?mrc=&sorte=&secteur=&annee=")


def test_what_a_figure_leaves_aside_is_said_in_words(client: Client, places: Any) -> None:
    territory_that_lends(places)
    year = ago(10).year
    assert "Sans tenir compte du filtre année." in page(client, f"?annee={year}")
    text = page(client, f"?sorte=materiel&annee={year}")
    assert "Sans tenir compte des filtres sorte et année." in text
    assert "Projets : sans tenir compte du filtre sorte." in text


def test_an_empty_portal_has_a_portrait_too(client: Client, db: None) -> None:
    text = page(client)
    assert "Portrait du territoire" in text
    assert "0 organisme au répertoire." in text
    assert "0 organisme prête et emprunte à la fois." in text
    assert client.get(reverse("portrait_data")).status_code == 200


def test_what_is_missing_and_how_far_it_goes(client: Client, places: Any) -> None:
    freezer = CategoryFactory(kind="materiel", slug="materiel-froid", name="Congélation")
    month = timezone.now() - datetime.timedelta(days=40)
    NeedFactory(category=freezer, published_at=month, organisation__territory=places["beauharnois"])
    NeedFactory(category=freezer, organisation__territory=places["beauharnois"])
    NeedFactory(category=freezer, published_at=month, state="answered")
    NeedFactory(category=None, organisation__territory=places["beauharnois"])
    NeedFactory(category=freezer, published_at=month, status="draft")
    PracticeFactory(stage="fusion")
    found = facts_.read()
    assert found.wanted[next(k for k in found.wanted if k[2] is ALL and k[4] == freezer.pk and k[0])] == (2, 1)
    text = page(client, "?mrc=mrc-beauharnois-salaberry")
    assert "Personne ne partage encore : congélation." in text
    assert "Pratiques du répertoire" in text


def test_the_method_is_one_click_away(client: Client, db: None) -> None:
    assert f'href="{reverse("portrait_method")}' in page(client)
    text = client.get(reverse("portrait_method")).content.decode()
    for heading in ("Prêts remis", "Heures prêtées", "Valeur déclarée", "Ce qui est masqué"):
        assert heading in text


@pytest.mark.parametrize("loans", [1, 60])
def test_as_many_queries_whatever_there_is(client: Client, places: Any, loans: int) -> None:
    territory_that_lends(places, loans=loans)
    forget_all()
    caches["memory"].clear()
    with CaptureQueriesContext(connection) as first:
        page(client)
    assert len(first) == 12
    with CaptureQueriesContext(connection) as again:
        page(client, "?sorte=locaux")
    assert len(again) == 4


def test_who_has_the_page_is_told_until_a_loan_moves(client: Client, places: Any) -> None:
    territory_that_lends(places, loans=5)
    mark = client.get(PAGE)["ETag"]
    assert client.get(PAGE, headers={"If-None-Match": mark}).status_code == 304
    past_loan(Resource.objects.first(), OrganisationFactory(), ago(30))
    assert client.get(PAGE, headers={"If-None-Match": mark}).status_code == 200
