"""The short form of an agreement: what only its reader knows, with the time it takes; the rest proposed, to change."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from loans import agreements
from loans.models import Agreement, Loan, Side
from tests.factories import ResourceFactory
from tests.loans.lending import accepted, borrower_of, frozen, in_days, lender_of, models_in_force
from tests.loans.signing import signed_in
from tests.loans.test_agreement_pages import page, the_agreement

pytestmark = pytest.mark.django_db


@pytest.fixture
def hall() -> Loan:
    models_in_force()
    return accepted(ResourceFactory(kind="locaux", name="Salle du Canal", capacity_standing=110))


def opened(agreement: Agreement, user: Any) -> Any:
    return signed_in(user).get(reverse("agreement_answer", args=[agreement.number]))


def names(response: Any) -> list[str]:
    """What is asked above what is proposed."""
    return [field.name for _title, fields in response.context["groups"] for field in fields]


def test_few_questions_and_usual_answers_are_proposed(hall: Loan) -> None:
    seen = opened(the_agreement(hall), lender_of(hall))
    asked, text = seen.context["questions"], page(seen)
    assert asked + seen.context["proposals"] == len(agreements.lacks_of(the_agreement(hall), Side.LENDER))
    own = [name for name in names(seen) if "." not in name]  # a portal knows the rest of its organisations
    assert own == ["pieces", "aires_communes", "titre_hote", "cles", "consignes_securite", "regles_maison",
                   "preteur_liaison"]  # fmt: skip
    assert f"{asked} questions, environ 7 minutes." in text
    # one count, the same on its page and here
    missing = f"Il manque {asked + seen.context['proposals']} réponses"
    root = page(signed_in(lender_of(hall)).get(the_agreement(hall).get_absolute_url()))
    assert (missing in text, missing in root) == (True, True)
    above, _mark, folded = text.partition('id="propositions"')
    assert 'name="delai_mediation_jours" value="30"' in folded
    assert 'name="pieces"' in above
    assert "delai_mediation_jours" not in above


def test_a_proposal_is_kept_or_changed_with_the_answers(hall: Loan) -> None:
    agreement = the_agreement(hall)
    sent = {"version": agreement.version, "pieces": "la grande salle", "delai_reponse_jours": "3", "alcool": "permis"}
    there = reverse("agreement_answer", args=[agreement.number])
    assert signed_in(lender_of(hall)).post(there, sent).status_code == 302
    values = the_agreement(hall).values
    assert (values["delai_reponse_jours"], values["alcool"]) == (3, "permis")
    assert "delai_mediation_jours" not in values  # proposed, and never sent: nobody answered it


def test_what_two_organisations_answered_before_asks_nothing_anew(hall: Loan) -> None:
    frozen(hall)
    again = accepted(hall.resource, in_days(30), borrower=hall.borrower)
    agreement = the_agreement(again)
    seen = opened(agreement, lender_of(hall))
    assert names(seen) == ["cdc.nom", "district.judiciaire"]  # known once a CDC is there
    theirs = opened(agreement, borrower_of(hall))
    assert names(theirs) == ["personnes_prevues", "responsable_presence", "mineurs"]  # of this occasion alone


def test_a_wrong_proposal_is_shown(hall: Loan) -> None:
    agreement = the_agreement(hall)
    there = reverse("agreement_answer", args=[agreement.number])
    sent = {"version": agreement.version, "pieces": "", "delai_reponse_jours": "bientôt"}
    refused = signed_in(lender_of(hall)).post(there, sent)
    assert refused.status_code == 422
    assert 'id="propositions" open' in page(refused)


def test_a_proposal_left_as_it_was_yields_to_what_the_other_answered_meanwhile(hall: Loan) -> None:
    agreement = the_agreement(hall)
    there = reverse("agreement_answer", args=[agreement.number])
    shared = {"version": agreement.version, "delai_reponse_jours": "3", "delai_mediation_jours": "30"}
    lender, borrower = signed_in(lender_of(hall)), signed_in(borrower_of(hall))
    assert lender.post(there, {**shared, "delai_mediation_jours": "45"}).status_code == 302
    assert borrower.post(there, {**shared, "responsable_presence": "la coordination"}).status_code == 302
    values = the_agreement(hall).values
    assert (values["delai_mediation_jours"], values["responsable_presence"]) == (45, "la coordination")
    assert borrower.post(there, {**shared, "delai_mediation_jours": "20"}).status_code == 409  # both answered it
