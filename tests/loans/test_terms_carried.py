"""What a listing asks for is in the text that is drawn up; parties are called as their model calls them."""

from __future__ import annotations

import io

import pypdf
import pytest
from django.core.cache import cache
from django.urls import reverse

from loans import agreements, papers, proposals
from loans.models import Agreement, Side
from mutualisation.kernel.pdf import pdf
from tests.factories import OrganisationFactory, ResourceFactory, lend
from tests.kernel.documents import pdf_pages, squeezed
from tests.loans.lending import accepted, borrower_of, in_days, member, models_in_force
from tests.loans.signed import draft_of, freeze, in_force
from tests.loans.test_agreement_pages import clients
from toolbox.models import Clause

pytestmark = pytest.mark.django_db
TERMS = "Ménage fait avant 22 h.\nAnnulation : deux jours d’avance."


@pytest.fixture(autouse=True)
def toolbox() -> None:
    cache.clear()
    models_in_force()


def drawn(**fields: object) -> Agreement:
    agreement = agreements.current(accepted(ResourceFactory(kind="locaux", **fields)))
    assert agreement is not None
    return agreement


def test_the_terms_of_the_listing_are_in_the_text() -> None:
    agreement = drawn(conditions=TERMS)
    assert agreement.values["pret.conditions"] == TERMS
    text = "".join(str(w.html) for w in agreements.written(agreement))
    assert "Ménage fait avant 22 h.<br>Annulation : deux jours d’avance." in text
    assert "conditions" not in {w.key for w in agreements.written(drawn(conditions=""))}


def test_what_is_negotiated_prevails_over_the_terms_which_are_read_where_one_changes_it() -> None:
    bodies = Clause.objects.filter(key="conditions").values_list("body", flat=True)
    assert len(bodies) == 4
    for body in bodies:
        assert "c’est l’autre clause, convenue dans la présente entente, qui l’emporte" in body
    agreement = drawn(conditions=TERMS)
    lender, _borrower = clients(agreement.loan)
    there = reverse("agreement_change", args=[agreement.number])
    assert "Ménage fait avant 22 h.<br>Annulation" in lender.get(there).content.decode()
    agreement.values.pop("pret.conditions")
    agreement.save()
    assert "Conditions déjà convenues" not in lender.get(there).content.decode()


def test_terms_are_those_that_were_read_when_asking_and_may_be_agreed_otherwise() -> None:
    resource = ResourceFactory(conditions=TERMS)
    loan = lend(resource, OrganisationFactory(), in_days(4))
    resource.conditions = "Tout autre chose."
    resource.save()
    assert loan.conditions == TERMS
    proposal = proposals.propose(
        loan, by=member(loan.lender), side=Side.LENDER, periods=[in_days(4)], quantity=1, conditions="Ménage compris."
    )
    proposals.agree(proposal, by=borrower_of(loan))
    loan.refresh_from_db()
    assert loan.conditions == "Ménage compris."


def test_parties_are_called_as_the_text_calls_them() -> None:
    draft = draft_of("pret-de-local")
    assert [place.party for place in papers.told(draft).places] == ["preteur", "emprunteur"]
    for agreement in (draft, in_force(freeze(draft_of("pret-de-local")))):
        assert [p.who for p in papers.told(agreement).places] == ["L’organisme hôte", "L’organisme occupant"]
    person = papers.told(freeze(draft_of("pret-de-personne-salariee")))
    assert [p.who for p in person.places] == ["L’organisme d’attache", "L’organisme d’accueil", "La personne"]


def test_the_first_page_names_the_model_and_nothing_of_the_journal_is_cut() -> None:
    agreement = in_force(freeze(draft_of("pret-de-local")))
    file = pdf(papers.paper(agreement))
    assert squeezed("d’après le modèle « Prêt ou location de local », édition 1") in squeezed(pdf_pages(file)[0])
    right = 0.0

    def widest(text: str, matrix: list[float], at: list[float], _font: object, size: float) -> None:
        nonlocal right
        if text.strip():
            x = matrix[4] + at[4] * matrix[0]
            right = max(right, x + 0.602 * size * at[0] * len(text.rstrip()) if _mono(_font) else x)

    for page in pypdf.PdfReader(io.BytesIO(file)).pages:
        page.extract_text(visitor_text=widest)
    assert 300 < right < 612 - 70  # within the margin of 2.5 cm


def _mono(font: object) -> bool:
    return isinstance(font, dict) and "Mono" in str(font.get("/BaseFont"))
