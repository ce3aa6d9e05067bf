"""The pages of agreements: what is lacking, the short form, a change and its difference, stale pages, the list."""

from __future__ import annotations

import html
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from directory.models import Resource
from loans import agreements, proposals, requests, rules
from loans.models import Agreement, AgreementRule, Loan, Side
from tests.factories import CuratorshipFactory, OrganisationFactory, ResourceFactory, UserFactory, lend
from tests.loans.lending import (
    accepted,
    begun,
    borrower_of,
    frozen,
    in_days,
    lender_of,
    member,
    models_in_force,
    sign_all,
    signed,
    told,
)
from toolbox.composing import blanks_of
from toolbox.models import ModelAgreement

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def toolbox() -> None:
    models_in_force()


@pytest.fixture
def loan() -> Loan:
    return accepted(ResourceFactory(kind="locaux", name="Salle du Canal", slug="salle-du-canal"))


def clients(loan: Loan) -> tuple[Client, Client]:
    found = Client(), Client()
    for client, person in zip(found, (lender_of(loan), borrower_of(loan)), strict=True):
        client.force_login(person)
    return found


def the_agreement(loan: Loan) -> Agreement:
    agreement = agreements.current(loan)
    assert agreement is not None
    return agreement


def complete(loan: Loan) -> Agreement:
    agreement = the_agreement(loan)
    for side in (Side.LENDER, Side.BORROWER):
        while agreements.lacks_of(agreement, side):
            told(agreement, side)
    return agreement


def page(response: Any) -> str:
    return html.unescape(response.content.decode())


def typed(agreement: Agreement, side: str) -> dict[str, Any]:
    """What someone types in the short form: the samples, as the form writes them."""
    found: dict[str, Any] = {"version": agreement.version}
    for blank in agreements.lacks_of(agreement, side):
        sample = blank.sample
        if isinstance(sample, bool):
            sample = "oui" if sample else "non"
        found[blank.name] = "\n".join(sample) if isinstance(sample, list) else sample
    return found


def test_from_the_loan_to_a_frozen_text(loan: Loan) -> None:
    lender, borrower = clients(loan)
    agreement = the_agreement(loan)
    seen = page(lender.get(loan.get_absolute_url()))
    assert "Compléter et accepter l’entente" in seen
    here = agreement.get_absolute_url()
    assert "Vous devez encore répondre" in page(lender.get(here))
    for client, side in ((lender, Side.LENDER), (borrower, Side.BORROWER)):
        for _turn in range(4):
            data = typed(agreement, side)
            if len(data) == 1:
                break
            answer = client.post(reverse("agreement_answer", args=[agreement.number]), data)
            assert answer.status_code == 302, page(answer)
            agreement.refresh_from_db()
    assert not agreements.lacks(agreement)
    for client in (lender, borrower):
        assert "J’accepte ce texte" in page(client.get(here))
        assert client.post(here, {"geste": "accepter", "version": agreement.version}).status_code == 302
    agreement.refresh_from_db()
    assert agreement.status == "to_sign"
    seen = page(borrower.get(here))
    assert agreement.sha256 in seen
    assert "Proposer un changement" not in seen


def test_some_answers_may_wait_and_what_is_wrong_is_said(loan: Loan) -> None:
    lender, _borrower = clients(loan)
    agreement = the_agreement(loan)
    there = reverse("agreement_answer", args=[agreement.number])
    wrong = lender.post(there, {"version": 1, "regles_maison": "Sans souliers", "paiement_jours": "x",
                                "preavis_fin_jours": "bientôt"})  # fmt: skip
    assert wrong.status_code == 422
    assert "Sans souliers" in page(wrong)
    done = lender.post(there, {"version": 1, "regles_maison": "Sans souliers", "preavis_fin_jours": ""})
    assert done["Location"] == agreement.get_absolute_url()
    agreement.refresh_from_db()
    assert agreement.values["regles_maison"] == "Sans souliers"
    assert "Sans souliers" in page(lender.get(agreement.get_absolute_url()))


def test_what_is_typed_is_never_code(loan: Loan) -> None:
    lender, _borrower = clients(loan)
    agreement = the_agreement(loan)
    nasty = "<script>alert(1)</script> [[preteur.nom]] #import"
    lender.post(reverse("agreement_answer", args=[agreement.number]), {"version": 1, "regles_maison": nasty})
    raw = lender.get(agreement.get_absolute_url()).content.decode()
    assert "<script>alert" not in raw
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in raw


def test_a_change_shows_its_difference_to_the_other(loan: Loan) -> None:
    lender, borrower = clients(loan)
    agreement = complete(loan)
    there = reverse("agreement_change", args=[agreement.number]) + "?clause=regles"
    clause = next(c for c in agreement.edition.clauses.all() if "[[regles_maison]]" in c.body)
    there = reverse("agreement_change", args=[agreement.number]) + f"?clause={clause.key}"
    fields = [b.name for b in blanks_of(agreement.edition).values() if f"[[{b.name}]]" in clause.body]
    asked = page(borrower.get(there))
    assert 'name="regles_maison"' in asked
    assert 'name="menage_par"' not in asked or "menage_par" in fields
    data = {n: agreement.values[n] for n in fields if n in agreement.values}
    data |= {"version": agreement.version, "regles_maison": "En pantoufles", "note": "Plancher neuf"}
    same = {**data, "regles_maison": agreement.values["regles_maison"]}
    assert borrower.post(there, same).status_code == 422
    assert borrower.post(there, {**data, "regles_maison": ""}).status_code == 422
    assert borrower.post(there, data).status_code == 302
    seen = page(lender.get(agreement.get_absolute_url()))
    assert "Plancher neuf" in seen
    assert "<ins>" in seen.replace("\n", "")
    assert "<del>" in seen.replace("\n", "")
    assert "ajouté\u00a0:" in seen
    stale = lender.post(agreement.get_absolute_url(), {"geste": "accepter", "version": data["version"]})
    assert stale.status_code == 409
    assert "En pantoufles" in page(stale)
    late = lender.post(there, {**data, "regles_maison": "Pieds nus"})
    assert late.status_code == 409
    assert "Pieds nus" in page(late)
    agreement.refresh_from_db()
    assert agreement.values["regles_maison"] == "En pantoufles"


def test_an_optional_clause_is_chosen(loan: Loan) -> None:
    lender, _borrower = clients(loan)
    agreement = complete(loan)
    there = reverse("agreement_change", args=[agreement.number])
    data: dict[str, Any] = {"version": agreement.version, "clauses": ["bilan"]}
    for blank in agreements.changeable(agreement):
        value = agreement.values.get(blank.name)
        data[blank.name] = {True: "oui", False: "non"}[value] if isinstance(value, bool) else value or ""
        if isinstance(value, list):
            data[blank.name] = "\n".join(value)
    done = lender.post(there, data)
    assert done.status_code == 302, page(done)
    assert done["Location"] == reverse("agreement_answer", args=[agreement.number])
    agreement.refresh_from_db()
    assert agreement.chosen == ["bilan"]


def test_the_list_holds_what_awaits_first(loan: Loan) -> None:
    lender, _borrower = clients(loan)
    agreement = the_agreement(loan)
    assert agreement.number in page(lender.get(reverse("agreement_list")))
    assert agreement.number in page(lender.get(reverse("my_space")))
    sign_all(frozen(loan))
    assert agreement.number not in page(lender.get(reverse("agreement_list")))
    assert agreement.number in page(lender.get(reverse("agreement_list") + "?etat=vigueur"))
    assert agreement.number not in page(lender.get(reverse("my_space")))


def test_pages_cost_the_same_at_one_and_at_three(loan: Loan) -> None:
    lender, _borrower = clients(loan)
    agreement = complete(loan)
    addresses = [reverse("agreement_list"), agreement.get_absolute_url(), reverse("my_space"),
                 reverse("agreement_change", args=[agreement.number])]  # fmt: skip

    def queries() -> list[int]:
        found = []
        for address in addresses:
            lender.get(address)
            with CaptureQueriesContext(connection) as seen:
                assert lender.get(address).status_code == 200
            found.append(len(seen))
        return found

    before = queries()
    for days in (5, 6, 7):
        accepted(Resource.objects.get(pk=loan.resource_id), in_days(days))
    agreements.change(agreement, by=borrower_of(loan), side=Side.BORROWER, values={"regles_maison": "Rien."})
    assert queries() == before
    session = 7  # who reads, and when she last did
    assert before[0] - session <= 8
    assert before[1] - session <= 10


def test_either_side_draws_one_up_where_none_is_demanded() -> None:
    loan = accepted(ResourceFactory())
    _lender, borrower = clients(loan)
    assert "Dresser une entente" in page(borrower.get(loan.get_absolute_url()))
    there = reverse("agreement_draw_up", args=[loan.pk])
    done = borrower.post(there)
    assert done["Location"] == the_agreement(loan).get_absolute_url()
    again = borrower.post(there, follow=True)
    assert "a déjà une entente" in page(again)


def test_the_page_that_accepts_shows_the_agreement_at_once() -> None:
    loan = lend(ResourceFactory(kind="locaux"), OrganisationFactory(), in_days(2))
    person = member(loan.lender)
    lender, _borrower = clients(loan)
    shown = page(lender.post(loan.get_absolute_url(), {"geste": "accept", "version": loan.version}, follow=True))
    assert "Compléter et accepter l’entente" in shown
    assert [(line.kind, line.by) for line in the_agreement(loan).journal.all()] == [("drawn_up", person)]


def test_an_agreement_that_is_not_drawn_up_yet_is_announced() -> None:
    coming = "en train de la dresser"
    loan = accepted(ResourceFactory())
    lender, _borrower = clients(loan)
    assert coming not in page(lender.get(loan.get_absolute_url()))  # none is demanded
    loan = lend(ResourceFactory(kind="locaux"), OrganisationFactory(), in_days(2))
    requests.accept(loan, by=member(loan.lender))
    lender, _borrower = clients(loan)
    assert coming in page(lender.get(loan.get_absolute_url()))
    there = reverse("agreement_draw_up", args=[loan.pk])
    assert lender.post(there)["Location"] == the_agreement(loan).get_absolute_url()
    assert coming not in page(lender.get(loan.get_absolute_url()))


def test_a_loan_without_any_model_says_so() -> None:
    ModelAgreement.objects.update(withdrawn_at="2026-01-01T00:00:00Z")
    loan = accepted(ResourceFactory(kind="locaux"))
    lender, _borrower = clients(loan)
    assert "Aucune entente-type n’est en vigueur" in page(lender.get(loan.get_absolute_url()))
    assert "Aucune entente-type" in page(lender.post(reverse("agreement_draw_up", args=[loan.pk]), follow=True))


def test_the_hand_over_page_says_what_is_missing(loan: Loan) -> None:
    lender, _borrower = clients(loan)
    frozen(loan)
    there = reverse("loan_handover", args=[loan.pk])
    assert "n’est pas signée par l’organisme occupant, " in page(lender.get(there))
    refused = lender.post(there, {"etat": loan.version, "counted": 1, "state": "good"})
    assert refused.status_code == 422
    sign_all(the_agreement(loan))
    assert "n’est pas signée" not in page(lender.get(there))


def test_what_should_have_begun_leads_to_what_is_missing_then_begins(loan: Loan) -> None:
    loan = begun(loan)
    lender, borrower = clients(loan)
    there = reverse("loan_handover", args=[loan.pk])
    for client in (lender, borrower):
        said = page(client.get(loan.get_absolute_url()))
        assert "Inscrire la remise" not in said
        assert said.count("n’est pas complète") == 2  # what each of them may answer
        assert "Avant la remise" in said
        assert 'id="avant"' in said
        assert 'href="#entente"' in said
    assert f"{loan.get_absolute_url()}#avant" in page(lender.get(there))
    frozen(loan)
    sign_all(the_agreement(loan))
    said = page(lender.get(loan.get_absolute_url()))
    assert there in said
    assert "Avant la remise" not in said


def test_a_person_begins_and_is_not_handed_over() -> None:
    person = ResourceFactory(kind="humain", tasks="Paie", schedule="les jeudis", time_share="un jour par semaine")
    loan = accepted(person, consent_on=timezone.localdate(), worker="Alix Exemple")
    for moment in ("à venir", "commencé"):
        lender, _borrower = clients(loan)
        for address in (loan.get_absolute_url(), reverse("loan_handover", args=[loan.pk])):
            said = page(lender.get(address))
            assert "Avant le début" in said, moment
            assert "Avant la remise" not in said, moment
        loan = begun(loan)


@pytest.mark.parametrize("end", ["declined", "withdrawn", "expired"])
def test_what_was_never_accepted_asks_for_no_agreement(end: str) -> None:
    ModelAgreement.objects.update(withdrawn_at="2026-01-01T00:00:00Z")
    hall = ResourceFactory(kind="locaux")
    member(hall.organisation)
    loan = lend(hall, OrganisationFactory(), in_days(5))
    lender, borrower = clients(loan)
    assert 'id="entente"' in page(lender.get(loan.get_absolute_url()))  # asked, it says what will be wanted
    {
        "declined": lambda: requests.decline(loan, by=lender_of(loan), reason="Pris"),
        "withdrawn": lambda: requests.withdraw(loan, by=borrower_of(loan)),
        "expired": lambda: requests.expire(loan),
    }[end]()
    for client in (lender, borrower):
        assert 'id="entente"' not in page(client.get(loan.get_absolute_url()))


def test_the_resource_page_says_which_agreement_will_apply() -> None:
    hall = ResourceFactory(kind="locaux", slug="salle")
    assert "L’entente qui s’appliquera" in page(Client().get(hall.get_absolute_url()))
    assert "pret-de-local" in page(Client().get(hall.get_absolute_url()))


def test_an_owner_demands_one_and_never_lowers_the_law() -> None:
    tent, hall = ResourceFactory(slug="tente"), ResourceFactory(kind="locaux", slug="salle")
    for resource in (tent, hall):
        client = Client()
        client.force_login(member(resource.organisation))
        there = reverse("resource_rule", args=[resource.slug])
        assert client.get(there).status_code == 200
        assert client.post(there, {"demand": "above"}).status_code == 422
        assert client.post(there, {"demand": "never"}).status_code == (302 if resource is tent else 422)
        assert client.post(there, {"demand": "always"}).status_code == 302
    assert accepted(tent).agreements.count() == 1


def test_curators_rule_kinds() -> None:
    curator, anybody = CuratorshipFactory().user, UserFactory()
    client = Client()
    client.force_login(anybody)
    assert client.get(reverse("agreement_rules")).status_code == 403
    rules.rule_kind("expertise", by=curator, demand="always")
    assert AgreementRule.objects.get(kind="expertise").updated_by == curator
    assert accepted(ResourceFactory(kind="expertise")).agreements.count() == 1


def test_an_amendment_is_shown_where_it_is_awaited(loan: Loan) -> None:
    lender, _borrower = clients(loan)
    signed(loan)
    proposal = proposals.propose(loan, by=lender_of(loan), side=Side.LENDER, periods=[in_days(6)], quantity=1)
    proposals.agree(proposal, by=borrower_of(loan))
    amendment = the_agreement(loan).amendments.get()
    assert amendment.title in page(lender.get(loan.get_absolute_url()))
    assert amendment.title in page(lender.get(the_agreement(loan).get_absolute_url()))
    seen = page(lender.get(amendment.get_absolute_url()))
    assert "demeurent inchangées" in seen
    assert "que cet avenant modifie" in seen
    assert "n’est pas signé par" in page(lender.get(reverse("loan_handover", args=[loan.pk])))
