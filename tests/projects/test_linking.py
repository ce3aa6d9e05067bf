"""A real loan that keeps a promise of a project: counted once, as what came of it; the database holds whose it is."""

from __future__ import annotations

import datetime
import io
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook
from pypdf import PdfReader

from mutualisation.kernel.lifecycle import AlreadyMoved
from projects import contributions
from projects.contributions import BeyondPromise, NotPossible
from projects.ledger import Sums, ledger
from projects.linking import keep_promise, link_loan, promises_open, usual_promise
from projects.models import Contribution, ProjectLoan
from tests.factories import OrganisationFactory, ResourceFactory, lend, some_day
from tests.projects.building import build, happened, join, someone_of

pytestmark = pytest.mark.django_db
D = Decimal
KITCHEN = {"nature": "locaux", "label": "Notre cuisine", "hours": 16}


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def promised(*more: Any, until: str = "closed", **said: Any) -> tuple[Any, Contribution, Any]:
    """A partner that promised its kitchen, and lent it four hours some days ago."""
    project = build()
    partner = join(project, OrganisationFactory(name="La Marmite"), brings=[{**KITCHEN, **said}, *more])
    return partner, partner.contributions.get(label="Notre cuisine"), lent(partner, project.organisation, until=until)


def lent(
    partner: Any, borrower: Any, name: str = "Cuisine de la Marmite", kind: str = "locaux", until: str = "closed",
    **cost: Any,
) -> Any:  # fmt: skip
    thing = ResourceFactory(organisation=partner.organisation, kind=kind, name=name, **cost)
    return happened(lend(thing, borrower, some_day()), until=until)


def tied(partner: Any, promise: Contribution | None, loan: Any, rate: int = 20) -> ProjectLoan:
    return link_loan(project=partner.project, loan=loan, rate=rate, keeps=promise, by=partner.offered_by)


def text_of(got: Any) -> str:
    return str(got.content.decode())


# ---- counted once


def test_a_loan_that_keeps_a_promise_adds_nothing_to_what_is_promised() -> None:
    partner, promise, loan = promised(amount=480)
    tied(partner, promise, loan)
    found = ledger(partner.project)
    # 16 h for 480 $: four of them came, at 30 $ as promised, whatever the loan says
    assert found.total == Sums(D(0), D(16), D(480), D(0), D(4), D(120))
    assert [(line.label, line.is_loan) for line in found.lines] == [("Notre cuisine", False)]
    assert dict(next(g.sums for g in found.groups if g.title == "Par partenaire")) == {"La Marmite": found.total}


def test_a_loan_tied_to_nothing_counts_as_before() -> None:
    partner, _promise, loan = promised(amount=480)
    tied(partner, None, loan)
    found = ledger(partner.project)
    assert found.total == Sums(D(0), D(20), D(560), D(0), D(4), D(80))
    assert len(found.lines) == 2


def test_a_promise_that_says_no_value_takes_that_of_the_loan() -> None:
    partner, promise, loan = promised()
    tied(partner, promise, loan)
    found = ledger(partner.project)
    assert found.total == Sums(D(0), D(16), D(0), D(0), D(4), D(80))
    assert "prêt réel, 20\u00a0$ par heure" in found.lines[0].remarks[0]
    assert found.lines[0].method == "valeur dite à mesure que cela vient"


def test_a_loan_to_come_that_keeps_a_promise_waits_for_its_day() -> None:
    partner, promise, loan = promised(amount=480, until="accepted")
    tied(partner, promise, loan)
    later = timezone.now() + datetime.timedelta(days=400)
    loan.dates.update(period=(later, later + datetime.timedelta(hours=2)))
    found = ledger(partner.project)
    assert found.total == Sums(D(0), D(16), D(480), D(0), D(0), D(0))
    years = dict(next(g.sums for g in found.groups if g.title == "Par période"))
    assert str(later.year) not in years
    (remark,) = found.lines[0].remarks
    assert remark.startswith("prêt à venir\u00a0: Cuisine de la Marmite (le ")
    assert str(later.year) in remark


def test_what_came_by_a_loan_stays_when_the_promise_is_taken_back() -> None:
    partner, promise, loan = promised(amount=480)
    tied(partner, promise, loan)
    contributions.take_back(promise, by=partner.offered_by, reason="Nous déménageons.")
    assert ledger(partner.project).total == Sums(D(0), D(4), D(120), D(0), D(4), D(120))


def test_the_page_of_the_promise_counts_the_loan_and_says_not_to_record_it_again() -> None:
    partner, promise, loan = promised(amount=480)
    tied(partner, promise, loan)
    client = signed_in(partner.offered_by)
    page = text_of(client.get(reverse("contribution", args=[partner.project.slug, promise.pk])))
    assert "Prêt\u00a0: Cuisine de la Marmite" in page
    assert "4\u00a0h, 120\u00a0$ sur 16\u00a0h" in page
    assert "ne l’inscrivez pas en plus" in page
    assert "venu en partie" in text_of(client.get(partner.get_absolute_url()))
    # 4 h by the loan and 12 by hand make the 16 that were promised: one more asks for a word
    contributions.deliver(promise, on=timezone.localdate(), hours=12, by=partner.offered_by)
    with pytest.raises(BeyondPromise, match="17\u00a0h seraient venus pour 16\u00a0h"):
        contributions.deliver(promise, on=timezone.localdate(), hours=1, by=partner.offered_by)


# ---- whose promise


def test_the_database_wants_a_promise_of_one_of_the_two_sides_in_the_same_project() -> None:
    partner, promise, loan = promised({"nature": "temps", "label": "Bras", "hours": 3},
                                      {"nature": "argent", "label": "Don", "amount": 3})  # fmt: skip
    link = tied(partner, None, loan)
    elsewhere = join(build(slug="autre"), partner.organisation, brings=[KITCHEN]).contributions.get()
    stranger = join(partner.project, brings=[KITCHEN]).contributions.get()
    by_people, money = (partner.contributions.get(label=label) for label in ("Bras", "Don"))
    waiting = contributions.promise(partner, {**KITCHEN, "label": "Pas encore"}, by=partner.offered_by)
    for wrong in (elsewhere, stranger, by_people, money, waiting):
        with pytest.raises(IntegrityError, match="Cette promesse"), transaction.atomic():
            ProjectLoan.objects.filter(pk=link.pk).update(contribution=wrong)
        with pytest.raises(NotPossible, match="ne peut pas tenir"):
            keep_promise(link, keeps=wrong, by=partner.offered_by)
    ProjectLoan.objects.filter(pk=link.pk).update(contribution=promise)
    with pytest.raises(IntegrityError, match="Cette promesse"), transaction.atomic():
        ProjectLoan.objects.filter(pk=link.pk).update(project=elsewhere.participation.project)
    promise.delete()
    link.refresh_from_db()
    assert link.contribution is None


def test_the_only_promise_of_that_sort_of_who_lends_is_asked_about_and_never_counted_unasked() -> None:
    partner, promise, loan = promised({"nature": "materiel", "label": "Chaudrons", "hours": 3})
    bearer = someone_of(partner.project.organisation)  # who borrows promised a kitchen too
    contributions.offer(
        project=partner.project, organisation=partner.project.organisation, part="partenaire", by=bearer,
        brings=[KITCHEN],
    )  # fmt: skip
    assert usual_promise(loan, promises_open(partner.project)) == promise
    client = signed_in(partner.offered_by)
    page = client.get(reverse("project_loans", args=[partner.project.slug]), {"pret": loan.pk})
    assert f'<option value="{promise.pk}">La Marmite\u00a0: Notre cuisine, 16\u00a0h</option>' in text_of(page)
    said = {"loan": loan.pk, "per": "heure"}
    page = client.post(reverse("project_loans", args=[partner.project.slug]), said, follow=True)
    assert "S’il tient la promesse «\u00a0Notre cuisine\u00a0»" in text_of(page)
    assert ProjectLoan.objects.get().contribution is None
    second = contributions.promise(partner, KITCHEN, by=partner.offered_by)
    contributions.answer_promise(second, welcome=True, by=bearer)
    assert usual_promise(loan, promises_open(partner.project)) is None


@pytest.mark.parametrize(("chosen", "kept"), [("", False), ("{pk}", True)])
def test_linking_says_what_the_loan_keeps(chosen: str, kept: bool) -> None:
    partner, promise, loan = promised(amount=480)
    client = signed_in(partner.offered_by)
    said = {"loan": loan.pk, "per": "heure", "keeps": chosen.format(pk=promise.pk)}
    page = text_of(client.post(reverse("project_loans", args=[partner.project.slug]), said, follow=True))
    assert ("sur la promesse «\u00a0Notre cuisine\u00a0»" in page) is kept
    assert (ProjectLoan.objects.get().contribution == promise) is kept


def test_a_loan_that_makes_more_than_was_promised_wants_a_word() -> None:
    partner, promise, loan = promised(hours=3)
    client = signed_in(partner.offered_by)
    address = reverse("project_loans", args=[partner.project.slug])
    said = {"loan": loan.pk, "per": "heure", "keeps": promise.pk}
    answer = client.post(address, said)
    assert answer.status_code == 422
    assert "4\u00a0h seraient venus pour 3\u00a0h promis" in text_of(answer)
    assert not ProjectLoan.objects.exists()
    assert '<input type="text" name="why" maxlength="200" class="form-control"' in text_of(answer)
    # how its value is estimated does not say why, nor does a blank
    assert client.post(address, {**said, "method": "Tarif connu"}).status_code == 422
    assert client.post(address, {**said, "why": " "}).status_code == 422
    client.post(address, {**said, "method": "Tarif connu", "why": "Une soirée de plus"})
    assert (
        ledger(partner.project)
        .lines[0]
        .remarks[0]
        .startswith("Cuisine de la Marmite\u00a0: Tarif connu, Une soirée de plus")
    )
    # the same afterwards, from the list of loans
    link = ProjectLoan.objects.get()
    keep_promise(link, keeps=None, by=partner.offered_by)
    with pytest.raises(BeyondPromise):
        keep_promise(link, keeps=promise, by=partner.offered_by)
    assert (ProjectLoan.objects.get().contribution, ProjectLoan.objects.get().why) == (None, "")
    keeping = reverse("project_loan_keeps", args=[partner.project.slug, link.pk])
    answer = client.post(keeping, {"keeps": promise.pk, "was": ""})
    assert answer.status_code == 422
    text = text_of(answer)
    assert '<details class="more mt-2" open>' in text
    assert f'<option value="{promise.pk}" selected>' in text
    client.post(keeping, {"keeps": promise.pk, "was": "", "why": "Une autre soirée"})
    assert ProjectLoan.objects.get().why == "Une autre soirée"


@pytest.mark.parametrize(
    ("starts", "ends", "fits"),
    [(None, None, True), (-5, 5, True), (-3, -3, True), (-2, None, False), (None, -4, False), (None, -3, True)],
)
def test_a_loan_at_another_time_than_promised_is_asked_about(starts: int | None, ends: int | None, fits: bool) -> None:
    partner, promise, loan = promised()
    first = timezone.localdate(loan.starts_at)
    loan.dates.update(period=(loan.starts_at, loan.ends_at))
    today = first + datetime.timedelta(days=3)
    days = {"starts_on": starts, "ends_on": ends}
    for name, away in days.items():
        setattr(promise, name, None if away is None else today + datetime.timedelta(days=away))
    promise.save()
    if fits:
        tied(partner, promise, loan)
        return
    with pytest.raises(BeyondPromise, match=r"Ce prêt a lieu le .*; la promesse vaut"):
        tied(partner, promise, loan)
    client, address = signed_in(partner.offered_by), reverse("project_loans", args=[partner.project.slug])
    said = {"loan": loan.pk, "per": "heure", "keeps": promise.pk}
    answer = client.post(address, said)
    assert (answer.status_code, ProjectLoan.objects.count()) == (422, 0)
    assert "Le compter quand même" in text_of(answer)
    client.post(address, {**said, "why": "La fête a été avancée"})
    assert "La fête a été avancée" in ledger(partner.project).lines[0].remarks[0]


# ---- which loan


def test_loans_of_the_project_come_first_and_are_told_apart() -> None:
    partner, _promise, loan = promised()
    elsewhere = lent(partner, OrganisationFactory(name="Ailleurs"), "Salle ailleurs")
    old = lent(partner, partner.project.organisation, "Salle d’antan")
    long_ago = timezone.now() - datetime.timedelta(days=900)
    type(old).objects.filter(pk=old.pk).update(starts_at=long_ago, ends_at=long_ago + datetime.timedelta(hours=2))
    client, address = signed_in(partner.offered_by), reverse("project_loans", args=[partner.project.slug])
    page = client.get(address)
    assert [one.pk for one, _when in page.context["possible"]] == [loan.pk, old.pk, elsewhere.pk]
    text = text_of(page)
    begins = timezone.localtime(loan.starts_at)
    assert f"de {begins.hour}\u00a0h à " in text[text.index(f"?pret={loan.pk}") : text.index(f"?pret={old.pk}")]
    for words, found in (("antan", [old]), ("ailleurs", [elsewhere]), ("marmite antan", [old]), ("rien de tel", [])):
        shown = client.get(address, {"q": words}).context["possible"]
        assert [one.pk for one, _when in shown] == [one.pk for one in found], words
    assert "ne répond à «\u00a0rien de tel\u00a0»" in text_of(client.get(address, {"q": "rien de tel"}))
    assert client.get(address, {"pret": 0}).status_code == 200
    assert client.get(address, {"pret": elsewhere.pk}).context["loan"] == elsewhere


def test_loans_come_twenty_a_page() -> None:
    partner, _promise, _loan = promised()
    for i in range(21):
        lent(partner, partner.project.organisation, f"Salle {i}")
    client, address = signed_in(partner.offered_by), reverse("project_loans", args=[partner.project.slug])
    pages = [client.get(address, {"page": n, "q": "salle"}).context["possible"] for n in (1, 2, 9)]
    assert [len(page) for page in pages] == [20, 1, 1]
    assert "?q=salle&amp;page=2#h-lier" in text_of(client.get(address, {"q": "salle"}))


def test_a_paid_loan_brings_hours_and_no_gift_even_on_a_promise_that_has_a_value() -> None:
    partner, promise, _loan = promised(amount=480)
    costs = {"cost_mode": "prix", "price": 18, "price_unit": "l’heure"}
    paid = lent(partner, partner.project.organisation, "Cuisine louée", **costs)
    link_loan(project=partner.project, loan=paid, keeps=promise, by=partner.offered_by)
    found = ledger(partner.project)
    assert (found.total.use, found.total.dollars) == (4, 0)
    assert "Cuisine louée\u00a0: prêt payé, 18\u00a0$ l’heure, 72\u00a0$ pour 4\u00a0h" in found.lines[0].remarks[0]
    (kept,) = contributions.kept_by_loans([promise])[promise.pk]
    assert (kept.hours, kept.dollars) == (4, 0)
    assert "Prêt payé, 18\u00a0$ l’heure" in text_of(
        signed_in(partner.offered_by).get(reverse("project_loans", args=[partner.project.slug]))
    )


def test_a_promise_that_is_none_of_this_loan_is_refused_with_what_was_typed() -> None:
    partner, _promise, loan = promised({"nature": "temps", "label": "Bras", "hours": 3})
    lent(partner, partner.project.organisation, "Une personne", "humain")
    by_people = partner.contributions.get(label="Bras")
    client = signed_in(partner.offered_by)
    said = {"loan": loan.pk, "per": "heure", "keeps": by_people.pk, "method": "Tarif connu"}
    answer = client.post(reverse("project_loans", args=[partner.project.slug]), said)
    assert answer.status_code == 422
    assert "ne peut pas tenir cette promesse" in text_of(answer)
    assert 'value="Tarif connu"' in text_of(answer)
    assert not ProjectLoan.objects.exists()


def test_it_is_changed_afterwards_by_who_may_link_and_never_from_a_stale_page() -> None:
    partner, promise, loan = promised(amount=480)
    link = tied(partner, None, loan)
    address = reverse("project_loan_keeps", args=[partner.project.slug, link.pk])
    client = signed_in(partner.offered_by)
    shown = text_of(client.get(reverse("project_loans", args=[partner.project.slug])))
    assert address in shown
    said = text_of(client.post(address, {"keeps": promise.pk, "was": ""}, follow=True))
    assert "Il tient une promesse" in said
    assert ledger(partner.project).total.promised_use == 16
    # someone else had opened the page before: it says that the loan adds, and is not heard
    stale = text_of(client.post(address, {"keeps": "", "was": "0"}, follow=True))
    assert "Rien n’a changé" in stale
    assert ProjectLoan.objects.get().contribution == promise
    with pytest.raises(AlreadyMoved):
        keep_promise(link.__class__(pk=link.pk, project=link.project, loan=loan), keeps=None, by=partner.offered_by)
    other = join(partner.project)
    assert address not in text_of(
        signed_in(other.offered_by).get(reverse("project_loans", args=[partner.project.slug]))
    )
    assert signed_in(other.offered_by).post(address, {"keeps": "", "was": str(promise.pk)}).status_code == 403
    with pytest.raises(PermissionDenied):
        keep_promise(ProjectLoan.objects.get(), keeps=None, by=other.offered_by)
    client.post(address, {"keeps": "", "was": str(promise.pk)})
    assert ledger(partner.project).total.promised_use == 20


@pytest.mark.parametrize("n", [1, 3])
def test_the_page_of_loans_costs_the_same_whatever_it_holds(n: int, django_assert_num_queries: Any) -> None:
    partner, promise, loan = promised(amount=480)
    tied(partner, promise, loan)
    for i in range(n - 1):
        other = join(partner.project, OrganisationFactory(name=f"Autre {i}"), brings=[KITCHEN])
        tied(other, other.contributions.get(), lent(other, partner.project.organisation, f"Cuisine {i}"))
        lent(partner, partner.project.organisation, f"Salle {i}")
    client = signed_in(partner.offered_by)
    address = reverse("project_loans", args=[partner.project.slug])
    client.get(address)  # the first visit of a session writes it
    with django_assert_num_queries(17):  # seven are of the session and of the menu
        assert len(client.get(address).context["links"]) == n


# ---- everywhere the ledger is read


def test_the_ledger_says_by_which_loan_a_promise_came() -> None:
    partner, promise, loan = promised(amount=480)
    tied(partner, promise, loan)
    client, slug = signed_in(partner.offered_by), partner.project.slug
    page = text_of(client.get(reverse("project_ledger", args=[slug])))
    assert "Cuisine de la Marmite\u00a0: prêt réel" in page
    total = page[page.index("<tfoot") : page.index("</tfoot>")]
    assert ["16 " in total, "4 " in total, total.count("d’usage")] == [True, True, 2]
    assert "<dd>120,00\u00a0$</dd>" in page or "<dd>120\u00a0$</dd>" in page
    assert "Un prêt qui tient une promesse n’ajoute rien à ce qui est promis" in page
    got = client.get(reverse("project_ledger_export", args=[slug, "xlsx"]))
    book = load_workbook(io.BytesIO(b"".join(got.streaming_content)))  # type: ignore[attr-defined]
    row, total_row = book["Lignes"].iter_rows(min_row=2, values_only=True)
    assert [row[i] for i in (2, 8, 9, 12, 13)] == ["Notre cuisine", 16, 480, 4, 120]
    assert [total_row[i] for i in (0, 8, 9, 12, 13)] == ["Total", 16, 480, 4, 120]
    assert "Cuisine de la Marmite\u00a0: prêt réel" in row[16]
    csv = client.get(reverse("project_ledger_export", args=[slug, "csv"]))
    assert "Cuisine de la Marmite" in b"".join(csv.streaming_content).decode()  # type: ignore[attr-defined]
    paper = client.get(reverse("project_ledger_export", args=[slug, "pdf"]))
    said = " ".join(" ".join(p.extract_text().split()) for p in PdfReader(io.BytesIO(paper.content)).pages)
    assert "Cuisine de la Marmite : prêt réel" in said.replace("\u00a0", " ")
