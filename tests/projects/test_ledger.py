"""The ledger: what the database counts, a real loan that counts by itself, the table that a funder opens."""

from __future__ import annotations

import datetime
import io
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook
from pypdf import PdfReader

from directory.models import Need
from mutualisation.kernel.moments import day_in_words
from projects import contributions
from projects.contributions import NotPossible
from projects.financing import financing
from projects.ledger import Sums, ledger
from projects.linking import link_loan, link_need, usual_rate
from projects.models import Funding, ProjectLoan, ProjectNeed
from tests.factories import NeedFactory, OrganisationFactory, ResourceFactory, lend, some_day
from tests.projects.building import build, happened, join, someone_of

pytestmark = pytest.mark.django_db
D = Decimal


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def rows(found: Any, title: str) -> dict[str, Sums]:
    return dict(next(group.sums for group in found.groups if group.title == title))


def told() -> Any:
    """A project with time, money and a room promised, some of which came."""
    project = build(budget=10_000)
    one = join(
        project, OrganisationFactory(name="La Marmite"), roles=["collaborateur"],
        brings=[
            {"nature": "temps", "label": "Formation", "hours": 60, "role": "collaborateur",
             "starts_on": datetime.date(2025, 3, 1)},
            {"nature": "argent", "label": "Don", "amount": 1000, "starts_on": datetime.date(2026, 1, 1)},
            {"nature": "locaux", "label": "Salle", "amount": 600, "hours": 30, "starts_on": datetime.date(2026, 1, 1)},
        ],
    )  # fmt: skip
    by = one.offered_by
    training, gift, room = (one.contributions.get(label=n) for n in ("Formation", "Don", "Salle"))
    contributions.deliver(training, on=datetime.date(2025, 4, 1), hours=20, by=by)
    contributions.deliver(training, on=datetime.date(2026, 4, 1), hours=10, by=by)
    contributions.deliver(gift, on=datetime.date(2026, 2, 1), amount=400, by=by)
    contributions.deliver(room, on=datetime.date(2026, 2, 1), hours=15, by=by)
    return project, one


def test_promised_and_come_in_hours_and_dollars() -> None:
    project, _one = told()
    found = ledger(project)
    # 60 h at 25 $, 1000 $, 600 $; then 30 h at 25 $, 400 $, half of the room
    assert found.total == Sums(D(60), D(30), D(3100), D(30), D(15), D(1450), D(1000), D(400))
    assert (found.total.promised_goods, found.total.goods) == (D(2100), D(1050))
    assert rows(found, "Par partenaire")["La Marmite"] == found.total
    assert rows(found, "Par rôle")["Collaborateur"] == found.total  # two of its lines name no role
    assert rows(found, "Par sorte d’apport")["Du temps"] == Sums(D(60), D(0), D(1500), D(30), D(0), D(750))
    years = rows(found, "Par période")
    assert (years["2025"].promised, years["2025"].dollars) == (D(1500), D(500))
    assert (years["2026"].promised, years["2026"].dollars) == (D(1600), D(950))
    assert {line.label: line.method for line in found.lines} == {
        "Formation": "25\u00a0$ l’heure", "Don": "montant en argent", "Salle": "valeur déclarée par le partenaire",
    }  # fmt: skip


def test_what_is_taken_back_keeps_what_came() -> None:
    project, one = told()
    contributions.take_back(one.contributions.get(label="Formation"), by=one.offered_by)
    found = ledger(project)
    assert (found.total.promised_hours, found.total.hours) == (D(30), D(30))


def test_what_is_only_offered_or_declined_does_not_count() -> None:
    project, one = told()
    before = ledger(project).total
    contributions.promise(one, {"nature": "argent", "label": "Encore", "amount": 99}, by=one.offered_by)
    assert ledger(project).total == before


def test_the_project_may_say_what_an_hour_is_worth() -> None:
    project = build(hourly_rate=D("40.50"))
    join(project, brings=[{"nature": "temps", "label": "Bras", "hours": 2}])
    assert ledger(project).total.promised == D(81)


@pytest.mark.parametrize("n", [1, 3])
def test_the_ledger_costs_the_same_whatever_it_holds(n: int, django_assert_num_queries: Any) -> None:
    project = build()
    for i in range(n):
        join(project, brings=[{"nature": "temps", "label": f"Bras {i}", "hours": 2}])
    with django_assert_num_queries(3):
        assert len(ledger(project).lines) == n


# ---- real loans


def lent(project: Any, until: str = "closed") -> Any:
    """A kitchen that a partner lends to the bearer, four hours, some days ago."""
    partner = join(project, OrganisationFactory(name="Le Recto"), roles=["collaborateur"])
    kitchen = ResourceFactory(
        organisation=partner.organisation,
        kind="locaux",
        name="Cuisine",
        cost_mode="prix",
        price=30,
        price_unit="l’heure",
    )
    loan = lend(kitchen, project.organisation, some_day())
    return partner, happened(loan, until=until)


def test_a_real_loan_counts_by_itself() -> None:
    project = build()
    partner, loan = lent(project)
    assert usual_rate(project, loan) == 0
    client = signed_in(partner.offered_by)
    address = reverse("project_loans", args=[project.slug])
    assert "Cuisine" in client.get(address).content.decode()
    answer = client.post(address, {"loan": loan.pk, "rate": "", "per": "heure", "role": "collaborateur", "method": ""})
    assert answer["Location"] == reverse("project_ledger", args=[project.slug])
    found = ledger(project)
    assert found.total == Sums(promised_use=D(4), use=D(4), promised_paid_use=D(4), paid_use=D(4))  # paid: no gift
    line = found.lines[0]
    assert (line.partner, line.label, line.is_loan) == ("Le Recto", "Cuisine", True)
    assert line.method == "prêt payé, ses heures seulement"
    assert line.remarks[0].startswith("prêt payé, 30\u00a0$ l’heure, 120\u00a0$ pour 4\u00a0h (le ")
    link = ProjectLoan.objects.get()
    # it serves one project at most, and its two sides may take it back
    assert client.get(address).context["possible"] == []
    with pytest.raises(IntegrityError), transaction.atomic():
        ProjectLoan.objects.create(project=build(slug="autre"), loan=loan)
    client.post(reverse("project_loan_remove", args=[project.slug, link.pk]))
    assert ledger(project).lines == []


def test_a_loan_to_come_is_promised_and_one_cancelled_counts_no_more() -> None:
    project = build()
    partner, loan = lent(project, until="accepted")
    link_loan(project=project, loan=loan, rate=10, per="pret", by=partner.offered_by)
    later = timezone.now() + datetime.timedelta(days=30)
    loan.dates.update(period=(later, later + datetime.timedelta(hours=2)))
    assert ledger(project).total == Sums(promised_use=D(2), promised=D(10), promised_paid_use=D(2))
    loan.dates.update(cancelled_at=timezone.now())
    assert ledger(project).lines == []


def test_only_a_side_of_the_loan_that_takes_part_links_it() -> None:
    project = build()
    _partner, loan = lent(project)
    stranger = someone_of(OrganisationFactory())
    address = reverse("project_loans", args=[project.slug])
    assert signed_in(stranger).get(address).status_code == 403
    other = join(project)
    text = signed_in(other.offered_by).get(address).content.decode()
    assert "Cuisine" not in text
    assert signed_in(other.offered_by).post(address, {"loan": loan.pk, "per": "heure"}).status_code == 422
    assert not ProjectLoan.objects.exists()


# ---- the table


def opened(client: Client, project: Any) -> Any:
    got = client.get(reverse("project_ledger_export", args=[project.slug, "xlsx"]))
    return load_workbook(io.BytesIO(b"".join(got.streaming_content)))  # type: ignore[attr-defined]


def test_the_workbook_has_its_lines_apart_from_its_sums() -> None:
    project, one = told()
    undated = join(
        project, OrganisationFactory(name="Sans date"), brings=[{"nature": "argent", "label": "Don", "amount": 50}]
    )
    undated.contributions.update(offered_at=datetime.datetime(2026, 6, 1, tzinfo=datetime.UTC))
    book = opened(signed_in(one.offered_by), project)
    assert book.sheetnames == [
        "Lignes", "Par partenaire", "Par rôle", "Par sorte d’apport", "Par période", "Financement", "Méthode",
    ]  # fmt: skip
    sheet = book["Lignes"]
    header, *lines = sheet.iter_rows(values_only=True)
    assert header[:7] == ("Partenaire", "À quel titre", "Apport", "Sorte", "Rôle", "Du", "Au")
    *lines, total = lines
    assert {line[2] for line in lines} == {"Formation", "Don", "Salle"}
    assert len(lines) == 4  # the total is below them, out of the filter: they can be sorted
    counted = ledger(project).total
    assert [total[i] for i in (0, 7, 9, 11, 13)] == [
        "Total", counted.promised_hours, counted.promised, counted.hours, counted.dollars,
    ]  # fmt: skip
    assert (sheet.freeze_panes, sheet.auto_filter.ref) == ("B2", "A1:Q5")
    training = next(row for row in sheet.iter_rows(min_row=2) if row[2].value == "Formation")
    assert (training[5].value, training[5].number_format) == (datetime.datetime(2025, 3, 1), "yyyy-mm-dd")  # noqa: DTZ001
    assert (training[9].value, training[9].number_format) == (1500, '#,##0.00\\ "$"')
    assert next(line for line in lines if line[0] == "Sans date")[5:7] == (None, None)
    years = list(book["Par période"].iter_rows(values_only=True))
    assert [row[0] for row in years] == ["Année", 2025, 2026, "Total"]
    assert [float(v) for v in years[-1][1:]] == [60, 30, 3150, 1050, 30, 15, 1450, 400]
    assert book["Par période"].auto_filter.ref == "A1:I3"  # the total stays out of what is sorted
    said = " ".join(str(row[0]) for row in book["Méthode"].iter_rows(values_only=True))
    assert "Un prêt réel lié au projet compte de lui-même" in said


def test_the_table_opens_and_runs_nothing() -> None:
    project, one = told()
    contributions.promise(one, {"nature": "argent", "label": "=1+1", "amount": 5}, by=one.offered_by)
    contributions.answer_promise(one.contributions.get(label="=1+1"), welcome=True, by=someone_of(project.organisation))
    client = signed_in(one.offered_by)
    sheet = opened(client, project).worksheets[0]
    hostile = next(cell for row in sheet.iter_rows() for cell in row if cell.value == "=1+1")
    assert hostile.data_type == "s"
    page = client.get(reverse("project_ledger", args=[project.slug])).content.decode()
    assert "3\u00a0105\u00a0$" in page
    assert "Comment c’est estimé" in page
    csv = client.get(reverse("project_ledger_export", args=[project.slug, "csv"]))
    lines = b"".join(csv.streaming_content).decode().splitlines()  # type: ignore[attr-defined]
    assert any("'=1+1" in line for line in lines)
    assert len(lines) == 5  # the header and the four lines, no sum


def test_a_funder_reads_it_on_paper() -> None:
    project, one = told()
    got = signed_in(one.offered_by).get(reverse("project_ledger_export", args=[project.slug, "pdf"]))
    assert got["Content-Type"] == "application/pdf"
    said = " ".join(" ".join(page.extract_text().split()) for page in PdfReader(io.BytesIO(got.content)).pages)
    made_on = f"Bilan fait le {day_in_words(timezone.localdate(), 'j F Y')}"
    for words in ("La Marmite", "Formation", "montant en argent", "Comment c’est compté", "60 h", "30 h d’usage",
                  "dès le 1er mars 2025", "Total", "3 100 $", made_on):  # fmt: skip
        assert words in said.replace("\u00a0", " ")
    assert "2025-03-01" not in said


def on_paper(client: Client, project: Any) -> str:
    got = client.get(reverse("project_ledger_export", args=[project.slug, "pdf"]))
    said = " ".join(" ".join(page.extract_text().split()) for page in PdfReader(io.BytesIO(got.content)).pages)
    return said.replace("\u00a0", " ")


def test_the_word_asked_for_beyond_the_promise_is_read_wherever_the_ledger_is() -> None:
    project = build()
    one = join(project, brings=[{"nature": "temps", "label": "Bras", "hours": 16}])
    by, promise = one.offered_by, one.contributions.get()
    on = datetime.date(2026, 3, 1)
    contributions.deliver(promise, on=on, hours=90, note="Toute l’équipe est venue.", by=by)
    for _time in range(2):
        contributions.deliver(promise, on=on, hours=1, note="Encore un jeudi.", by=by)
    gone = contributions.deliver(promise, on=on, hours=1, note="Par erreur.", by=by)
    contributions.take_off(gone, by=by, reason="Compté deux fois.")
    client = signed_in(by)
    sheet = opened(client, project)["Lignes"]
    assert sheet["Q1"].value == "Remarques"
    csv = client.get(reverse("project_ledger_export", args=[project.slug, "csv"]))
    page = client.get(reverse("project_ledger", args=[project.slug])).content.decode()
    for said in (page, sheet["Q2"].value, b"".join(csv.streaming_content).decode(), on_paper(client, project)):  # type: ignore[attr-defined]
        assert "Toute l’équipe est venue. (le 1er mars 2026)" in said.replace("\u00a0", " ")
        assert "Encore un jeudi. (2 fois, jusqu’au 1er mars 2026)" in said.replace("\u00a0", " ")
        assert "Par erreur." not in said
    # what partners tell each other is not for everyone
    assert "Toute l’équipe" not in Client().get(project.get_absolute_url()).content.decode()


def test_what_was_not_counted_in_dollars_says_no_zero() -> None:
    project = build(hourly_rate=0)
    one = join(project, OrganisationFactory(name="Sans argent"), brings=[
        {"nature": "reseau", "label": "Chronique"}, {"nature": "temps", "label": "Bras", "hours": 3}])  # fmt: skip
    join(project, OrganisationFactory(name="Avec"), brings=[{"nature": "argent", "label": "Don", "amount": 50}])
    client = signed_in(one.offered_by)
    page = client.get(reverse("project_ledger", args=[project.slug])).content.decode()
    by_partner = page[page.index('<caption class="vh">Par partenaire') : page.index('<caption class="vh">Par rôle')]
    without = by_partner[by_partner.index("Sans argent") :]
    assert without.count("–</td>") == 2
    assert "0\u00a0$" not in without
    assert "50\u00a0$" in by_partner
    assert ">0\u00a0$" in by_partner  # promised in dollars, and none came
    said = on_paper(client, project)
    assert "Sans argent 3 h – –" in said
    rows_ = {row[0]: row for row in opened(client, project)["Par partenaire"].iter_rows(values_only=True)}
    assert (rows_["Sans argent"][3], rows_["Sans argent"][7], rows_["Avec"][7]) == (None, None, 0)


# ---- roles, dates, funders


def test_a_line_that_names_no_role_is_of_those_its_partner_offered() -> None:
    project = build()
    time = {"nature": "temps", "label": "Bras", "hours": 2}
    join(project, roles=["evaluateur", "connecteur"], brings=[time, {**time, "role": "evaluateur"}])
    join(project, roles=["connecteur"], brings=[time])
    join(project, brings=[time])
    found = {label: sums.promised_hours for label, sums in rows(ledger(project), "Par rôle").items()}
    assert found == {"Connecteur, Évaluateur": 2, "Évaluateur": 2, "Connecteur": 2, "Aucun rôle dit": 2}


def test_a_loan_takes_the_roles_of_its_lender() -> None:
    project = build()
    partner, loan = lent(project)
    link_loan(project=project, loan=loan, rate=10, by=partner.offered_by)
    assert set(rows(ledger(project), "Par rôle")) == {"Collaborateur"}


def test_what_has_no_date_says_none_and_counts_in_the_year_it_was_offered() -> None:
    project = build()
    one = join(project, brings=[{"nature": "argent", "label": "Don", "amount": 50}])
    one.contributions.update(offered_at=datetime.datetime(2024, 6, 1, tzinfo=datetime.UTC))
    found = ledger(project)
    assert (found.lines[0].begins, found.lines[0].period) == (None, "")
    assert set(rows(found, "Par période")) == {"2024"}
    page = signed_in(one.offered_by).get(one.get_absolute_url()).content.decode()
    assert "dès le" not in page
    assert "0\u00a0h" not in page


def test_funders_add_to_what_partners_bring_once() -> None:
    project = build(budget=1000)
    join(project, OrganisationFactory(name="La Caisse"), brings=[{"nature": "argent", "label": "Don", "amount": 100}])
    for funder, amount, state in (
        ("Fonds", 300, "obtenu"), ("Alliance", 500, "vise"), ("la caisse", 100, "obtenu"), ("Autre", None, "obtenu"),
    ):  # fmt: skip
        Funding.objects.create(project=project, funder=funder, amount=amount, state=state)
    counted = ledger(project)
    money = financing(project, list(project.fundings.all()), counted.lines, counted.total)
    assert (money.cash_brought, money.granted, money.cash, money.goods) == (100, 300, 400, 0)
    assert (money.gathered, money.left, money.share) == (400, 600, 40)
    text = Client().get(project.get_absolute_url()).content.decode()
    assert "sur 1\u00a0000\u00a0$ à réunir" in text
    assert "déjà compté parmi les apports" in text


def test_the_ledger_is_for_those_who_take_part() -> None:
    project, _one = told()
    address = reverse("project_ledger", args=[project.slug])
    assert Client().get(address).status_code == 302
    assert signed_in(someone_of(OrganisationFactory())).get(address).status_code == 403


# ---- what is missing


def test_what_is_missing_is_posted_as_a_need() -> None:
    project = build()
    bearer = signed_in(someone_of(project.organisation))
    address = reverse("project_needs", args=[project.slug])
    assert bearer.get(address).status_code == 200
    said = {"kind": "materiel", "name": "Un camion", "territory": project.organisation.territory_id, "quantity": "1",
            "once": "5f0c2a52-7c0f-4d3b-8a13-6f2b7f4a9d01"}  # fmt: skip
    assert bearer.post(address, {**said, "name": ""}).status_code == 422
    for _time in range(2):
        bearer.post(address, said)
    need = Need.objects.get()
    assert (need.status, ProjectNeed.objects.get().need) == ("published", need)
    assert "Un camion" in Client().get(project.get_absolute_url()).content.decode()
    bearer.post(reverse("project_need_link", args=[project.slug, need.pk]), {"lier": "non"})
    assert not ProjectNeed.objects.exists()
    bearer.post(reverse("project_need_link", args=[project.slug, need.pk]))
    assert ProjectNeed.objects.exists()
    other = build(slug="autre", organisation=project.organisation)
    with pytest.raises(NotPossible, match="autre projet"):
        link_need(project=other, need=need, by=someone_of(project.organisation))


def test_a_need_of_someone_else_is_not_tied() -> None:
    project = build()
    need = NeedFactory()
    bearer = signed_in(someone_of(project.organisation))
    assert bearer.post(reverse("project_need_link", args=[project.slug, need.pk])).status_code == 403
    assert not ProjectNeed.objects.exists()


def test_what_was_promised_without_a_value_says_none_even_once_a_loan_brought_one() -> None:
    project = build()
    partner = join(project, OrganisationFactory(name="Le Recto"), brings=[{"nature": "locaux", "label": "Un local"}])
    room = ResourceFactory(organisation=partner.organisation, kind="locaux", name="Salle")
    loan = happened(lend(room, project.organisation, some_day()))
    promise = partner.contributions.get()
    link_loan(project=project, loan=loan, rate=20, keeps=promise, by=partner.offered_by)
    page = signed_in(partner.offered_by).get(reverse("project_ledger", args=[project.slug])).content.decode()
    kinds = page[page.index("Par sorte d’apport") : page.index("Par période")]
    assert 'data-label="Valeur promise">–</td>' in kinds
    assert "80\u00a0$" in kinds
    sheet = opened(signed_in(partner.offered_by), project)["Par sorte d’apport"]
    assert next(sheet.iter_rows(min_row=2, values_only=True))[3:5] == (None, None)
