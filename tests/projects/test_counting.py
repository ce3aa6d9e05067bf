"""What is said to have come, what is paid for, and what is too old to count without saying why."""

from __future__ import annotations

import datetime
import io
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook
from pypdf import PdfReader

from projects.contributions import BeyondPromise
from projects.ledger import ledger
from projects.linking import link_loan
from projects.models import Participation, ProjectLoan
from projects.wording import period
from tests.factories import OrganisationFactory, ResourceFactory, lend, some_day
from tests.projects.building import build, happened, someone_of
from tests.projects.test_linking import lent, promised, signed_in, text_of, tied

pytestmark = pytest.mark.django_db
PAID: Any = {"cost_mode": "prix", "price": 18, "price_unit": "l’heure"}


def page_of(partner: Any) -> str:
    return text_of(signed_in(partner.offered_by).get(reverse("participation", args=[partner.project.slug, partner.pk])))


@pytest.mark.parametrize(
    ("until", "status"), [("accepted", "promis"), ("handed_over", "venu"), ("closed", "venu")],
)  # fmt: skip
@pytest.mark.parametrize("hours", [0, 4])
def test_a_promise_has_come_once_its_loan_has(until: str, status: str, hours: int) -> None:
    partner, promise, loan = promised(until=until, hours=hours)
    assert "Inscrire ce qui est venu" in page_of(partner)
    tied(partner, promise, loan)
    page = page_of(partner)
    assert f">{status}</span>" in page
    assert "Inscrire ce qui est venu" not in page
    when = period(loan.starts_at.date(), loan.starts_at.date())
    assert (f"Un prêt lié, {when}, comptera de lui-même" in page) is (until == "accepted")


@pytest.mark.parametrize(("kind", "hours"), [("locaux", "d’usage"), ("humain", "de personnes")])
def test_hours_that_the_project_pays_are_told_apart_everywhere(kind: str, hours: str) -> None:
    partner, _promise, _loan = promised({"nature": "temps", "label": "Bras", "hours": 3})
    project = partner.project
    paid = lent(partner, project.organisation, "Comptable", kind, **PAID)
    link_loan(project=project, loan=paid, by=partner.offered_by)
    public = text_of(Client().get(project.get_absolute_url())).replace("\u00a0", " ")
    assert 'Comptable <span class="meta">(prêt payé)</span>' in public
    assert public.count("dont 4 h payées") == 2  # among what is promised, and what came
    client = signed_in(partner.offered_by)
    address = reverse("project_ledger", args=[project.slug])
    page = text_of(client.get(address)).replace("\u00a0", " ")
    tiles, tables = page.split("</dl>", 1)
    assert "dont 4 h payées" in tiles.split('<dl class="figures', 1)[1]
    assert "dont 4 h payées" in tables.split("<tfoot", 1)[1].split("</tfoot>", 1)[0]
    got = client.get(reverse("project_ledger_export", args=[project.slug, "xlsx"]))
    book = load_workbook(io.BytesIO(b"".join(got.streaming_content)))  # type: ignore[attr-defined]
    for name in ("Lignes", "Par partenaire"):
        header, *_rows, total = book[name].iter_rows(values_only=True)
        assert total[header.index(f"dont heures {hours} payées, venues")] == 4
    paper = client.get(reverse("project_ledger_export", args=[project.slug, "pdf"]))
    said = " ".join(" ".join(p.extract_text().split()) for p in PdfReader(io.BytesIO(paper.content)).pages)
    assert "dont 4 h payées" in said.replace("\u00a0", " ")


def test_a_promise_kept_by_a_paid_loan_says_its_paid_hours() -> None:
    partner, promise, _loan = promised(hours=16)
    paid = lent(partner, partner.project.organisation, "Cuisine louée", **PAID)
    tied(partner, promise, paid, rate=0)
    public = text_of(Client().get(partner.project.get_absolute_url())).replace("\u00a0", " ")
    assert 'Notre cuisine <span class="meta">(dont 4 h payées)</span>' in public


def test_a_loan_older_than_the_project_is_counted_with_a_reason_only() -> None:
    project = build(created_at=timezone.now(), published_at=None, status="draft")
    partner = OrganisationFactory(name="La Marmite")
    Participation.objects.create(
        project=project, organisation=partner, status="welcomed", answered_at=timezone.now()
    )  # fmt: skip
    loan = happened(lend(ResourceFactory(organisation=partner), project.organisation, some_day()))
    client = signed_in(someone_of(project.organisation))
    address, said = reverse("project_loans", args=[project.slug]), {"loan": loan.pk, "keeps": "", "per": "heure"}
    answer = client.post(address, said)
    assert answer.status_code == 422
    assert "Ce prêt commence le" in text_of(answer)
    assert client.post(address, {**said, "why": " "}).status_code == 422
    assert not ProjectLoan.objects.exists()
    client.post(address, {**said, "why": "Un essai d’avant"})
    link = ProjectLoan.objects.get()
    assert (link.contribution, link.why) == (None, "Un essai d’avant")
    (line,) = ledger(project).lines
    assert line.remarks[0].startswith("Un essai d’avant (le ")


def test_a_promise_from_before_makes_the_project_as_old() -> None:
    partner, _promise, loan = promised()
    now = timezone.now()
    type(partner.project).objects.update(created_at=now, published_at=now)
    partner.project.refresh_from_db()
    with pytest.raises(BeyondPromise, match="sert quand même"):
        tied(partner, None, loan)
    partner.contributions.update(starts_on=timezone.localdate() - datetime.timedelta(days=9))
    assert tied(partner, None, loan).why == ""


def test_a_loan_to_link_is_found_by_its_purpose_and_its_day() -> None:
    partner, _promise, loan = promised()
    lent(partner, partner.project.organisation, "Salle")
    day = datetime.datetime(2026, 3, 22, 15, tzinfo=datetime.UTC)
    type(loan).objects.filter(pk=loan.pk).update(
        purpose="Préparer les repas froids", starts_at=day, ends_at=day + datetime.timedelta(hours=3)
    )
    client, address = signed_in(partner.offered_by), reverse("project_loans", args=[partner.project.slug])
    for words in (
        "repas froids", "marmite repas", "22 mars", "le 22 mars 2026", "2026-03-22", "dimanche 22 mars",
        "repas 22 mars", "22 mars 2026 marmite", "repas le dimanche 22 mars froids",
    ):  # fmt: skip
        assert [one.pk for one, _when in client.get(address, {"q": words}).context["possible"]] == [loan.pk], words
    for words in ("22 mars 2025", "2026-03-23", "repas chauds", "repas 23 mars", "chauds 22 mars"):
        assert client.get(address, {"q": words}).context["possible"] == [], words
