"""The ledger, further: money apart, the hour as it was, the project’s own years, a loan given back before its dates."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from projects.financing import financing
from projects.ledger import ledger
from projects.linking import link_loan
from projects.models import Funding
from tests.factories import OrganisationFactory
from tests.projects.building import build, join, someone_of
from tests.projects.test_ledger import lent, on_paper, opened, rows, signed_in, told

pytestmark = pytest.mark.django_db
D = Decimal


def test_money_is_told_apart_from_what_time_and_goods_are_worth() -> None:
    project, one = told()  # 1 000 $ promised of which 400 $ came; 2 100 $ of time and goods, of which 1 050 $
    Funding.objects.create(project=project, funder="Fonds", amount=2500, state="obtenu")
    counted = ledger(project)
    money = financing(project, list(project.fundings.all()), counted.lines, counted.total)
    assert (money.cash, money.goods, money.gathered) == (3500, 2100, 5600)
    assert (money.share, money.cash_share) == (56, 35)
    client = signed_in(one.offered_by)
    page = client.get(reverse("project_ledger", args=[project.slug])).content.decode().replace("\u00a0", " ")
    paper, public = on_paper(client, project), Client().get(project.get_absolute_url()).content.decode()
    for said in (page, paper, public.replace("\u00a0", " ")):
        assert "promis, dont 400 $ déjà reçus" in said
        assert "promise, dont 1 050 $ déjà venus" in said
        assert "3 500 $" in said
        assert "dont 1 000 $ en argent" in said
    sheet = {(row[0], row[1]): row for row in opened(client, project)["Financement"].iter_rows(values_only=True)}
    assert [float(v) for v in sheet["Partenaires", "argent"][5:]] == [1000, 400, 1000]
    assert [float(v) for v in sheet["Partenaires", "valeur du temps et des biens"][5:]] == [2100, 1050, 2100]
    assert sheet["Fonds", "argent"][5:] == (2500, None, 2500)
    said = " ".join(str(row[0]) for row in opened(client, project)["Méthode"].iter_rows(values_only=True))
    assert "3 500 $ en argent, promis ou obtenu; 2 100 $, valeur du temps et des biens" in said.replace("\u00a0", " ")


def test_an_hour_counts_as_it_was_when_it_was_offered_and_the_method_says_each() -> None:
    project = build(hourly_rate=25)
    one = join(project, brings=[{"nature": "temps", "label": "Bras", "hours": 2}])
    where, client = reverse("project_ledger", args=[project.slug]), signed_in(one.offered_by)
    assert "savoir-faire vaut 25 $, sauf" in client.get(where).content.decode().replace("\u00a0", " ")
    project.hourly_rate = 30
    project.save()
    said = "compte à sa valeur au moment de l’offre"
    page = client.get(where).content.decode().replace("\u00a0", " ")
    assert said in page
    assert "25 $ dans ce bilan; 30 $ pour ce qui s’offre aujourd’hui" in page
    join(project, brings=[{"nature": "temps", "label": "Têtes", "hours": 2, "method": "réunions"}])
    found = ledger(project)
    assert {line.label: line.method.replace("\u00a0", " ") for line in found.lines} == {
        "Bras": "25 $ l’heure", "Têtes": "réunions (30 $ l’heure)",
    }  # fmt: skip
    assert "25 $ ou 30 $ dans ce bilan" in on_paper(client, project)


def test_the_years_of_the_ledger_are_those_of_the_project() -> None:
    project, one = told()  # promised on 1 March 2025 and 1 January 2026; came in April 2025, February and April 2026
    project.year_starts = 4
    project.save()
    found = ledger(project)
    years = rows(found, "Par période")
    assert {year: (s.promised, s.dollars) for year, s in years.items()} == {
        "2024-2025": (1500, 0), "2025-2026": (1600, 1200), "2026-2027": (0, 250),
    }  # fmt: skip
    client = signed_in(one.offered_by)
    page = client.get(reverse("project_ledger", args=[project.slug])).content.decode()
    assert "Exercice (avril à mars)" in page
    assert "L’exercice commence le 1er avril." in page
    assert "Exercice (avril à mars)" in on_paper(client, project)
    assert [row[0] for row in opened(client, project)["Par période"].iter_rows(values_only=True)] == [
        "Exercice (avril à mars)", "2024-2025", "2025-2026", "2026-2027", "Total",
    ]  # fmt: skip


@pytest.mark.parametrize("first_month", [1, 4])
def test_each_date_of_a_linked_loan_is_promised_in_its_year_and_the_method_says_so(first_month: int) -> None:
    project = build(year_starts=first_month)
    partner, loan = lent(project)
    link_loan(project=project, loan=loan, by=partner.offered_by)
    for year in (2024, 2025):
        start = datetime.datetime(year, 6, 3, 14, tzinfo=datetime.UTC)
        loan.dates.create(period=(start, start + datetime.timedelta(hours=2 * (year - 2023))))
    years = rows(ledger(project), "Par période")
    assert [s.promised_use for s in years.values()] == [2, 4, 4]
    page = signed_in(partner.offered_by).get(reverse("project_ledger", args=[project.slug])).content.decode()
    assert "chaque date d’un prêt lié, dans" in page
    assert "Un prêt payé à son prêteur n’est pas un don" in page  # whoever borrows it, of the project or not
    assert "que le projet paie" not in page


@pytest.mark.parametrize("status", ["archived", "returned"])
def test_who_leads_still_reads_the_name_of_a_partner_that_left_and_nobody_else(status: str) -> None:
    project = build()
    money = {"nature": "argent", "label": "Don", "amount": 500}
    gone, stays = (join(project, OrganisationFactory(name=name), brings=[money]) for name in ("Le Parti", "Le Resté"))
    Funding.objects.create(project=project, funder="Le Parti", amount=500, state="obtenu")
    type(gone.organisation).objects.filter(pk=gone.organisation_id).update(status=status)
    masked, where = "Un organisme qui n’est plus au portail", reverse("project_ledger", args=[project.slug])
    for person, named in ((someone_of(project.organisation), True), (stays.offered_by, False)):
        client = signed_in(person)
        book = opened(client, project)
        sheets = {
            name: [row[0] for row in book[name].iter_rows(values_only=True)] for name in ("Lignes", "Par partenaire")
        }
        for read in (client.get(where).context["ledger"].lines[0].partner, *sheets.values()):
            assert (("Le Parti" in read), (masked in read)) == (named, not named)
        assert (masked in on_paper(client, project)) is not named
        public = client.get(project.get_absolute_url())
        assert [line.partner for line in public.context["lines"]] == [masked, "Le Resté"]
        assert public.context["money"].gathered == client.get(where).context["money"].gathered == 1000  # counted once
    assert [line.partner for line in ledger(project).lines] == [masked, "Le Resté"]


def early(loan: Any, *, hours: Any, used: Any) -> Any:
    """Lent for tomorrow, handed over two days ago and back so many hours later."""
    out = timezone.now() - datetime.timedelta(days=2)
    start = timezone.now() + datetime.timedelta(days=1)
    loan.dates.update(period=(start, start + datetime.timedelta(hours=hours)))
    loan.starts_at, loan.ends_at = start, start + datetime.timedelta(hours=hours)
    loan.handed_over_at, loan.returned_at = out, out + datetime.timedelta(hours=used)
    loan.save()
    return out


@pytest.mark.parametrize(
    ("used", "per", "counts"),
    [
        (3, "heure", (D(3), D(30))),
        (30, "heure", (D(8), D(80))),  # never more than what was lent
        (0, "heure", (D("0.02"), D("0.17"))),  # out and back in the same minute: it took place
        (3, "jour", (D(3), D(10))),
        (3, "pret", (D(3), D(10))),
    ],
)
def test_a_loan_given_back_before_its_dates_came(used: int, per: str, counts: Any) -> None:
    project = build()
    partner, loan = lent(project)
    out = early(loan, hours=8, used=used)
    link_loan(project=project, loan=loan, rate=10, per=per, by=partner.offered_by)
    found = ledger(project)
    assert (found.total.use, found.total.dollars) == counts
    assert found.total.promised_use == 8
    assert found.lines[0].begins == timezone.localtime(out).date()


def test_a_loan_that_is_out_before_its_dates_has_not_come_yet() -> None:
    project = build()
    partner, loan = lent(project, until="handed_over")
    early(loan, hours=8, used=3)
    type(loan).objects.filter(pk=loan.pk).update(returned_at=None)
    link_loan(project=project, loan=loan, rate=10, by=partner.offered_by)
    assert (ledger(project).total.promised_use, ledger(project).total.use) == (8, 0)
