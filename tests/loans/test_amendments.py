"""A loan that changes after its agreement: the draft follows, what was to sign is replaced, what is signed amended."""

from __future__ import annotations

import html
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Mail
from directory.models import Membership
from loans import agreements, amendments, filling, gate, handover, papers, proposals, requests, signing
from loans.models import Agreement, Loan, LoanDate, Side
from loans.permissions import PARTY_OF
from tests.factories import OrganisationFactory, ResourceFactory, lend
from tests.loans.lending import (
    accepted,
    borrower_of,
    frozen,
    in_days,
    lender_of,
    member,
    models_in_force,
    sign_all,
    signed,
)
from tests.loans.test_agreements import acting, complete, drawn, hall

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def toolbox() -> None:
    models_in_force()


def reach(loan: Loan, *periods: Any, quantity: int = 1) -> Loan:
    """The lender proposes, the borrower accepts."""
    proposal = proposals.propose(loan, by=lender_of(loan), side=Side.LENDER, periods=periods, quantity=quantity)
    return proposals.agree(proposal, by=borrower_of(loan))


def test_a_draft_follows_the_loan() -> None:
    agreement = complete(drawn())
    agreements.agree(agreement, by=acting(agreement, Side.LENDER), side=Side.LENDER)
    reach(agreement.loan, in_days(5))
    agreement.refresh_from_db()
    assert agreement.lender_agreed is None
    assert agreement.values["periode.en_mots"] == filling.values(agreement.loan)["periode.en_mots"]
    assert agreement.versions.last().side == ""


def test_what_was_to_sign_is_replaced() -> None:
    loan = accepted(hall())
    old = frozen(loan)
    text = old.text
    reach(loan, in_days(5))
    old.refresh_from_db()
    new = agreements.current(loan)
    assert new is not None
    assert (old.status, old.text) == ("cancelled", text)
    assert new.number in old.ended_note
    assert new.status == "to_sign"
    assert new.text != text
    assert new.values["regles_maison"] == old.values["regles_maison"]


def test_what_is_signed_is_amended_then_the_gate_waits_for_it() -> None:
    loan = signed(accepted(hall()))
    root = agreements.current(loan)
    assert root is not None
    before = root.values["periode.en_mots"]
    reach(loan, in_days(5))
    amendment = root.amendments.get()
    assert (amendment.number, amendment.status) == (f"{root.number}-A1", "to_sign")
    for words in (before, amendment.values["periode.en_mots"]):
        assert " ".join(words.split()) in amendment.text
    assert "demeurent inchangées" in amendment.text
    assert handover.obstacles(loan)[0].startswith(f"L’avenant {amendment.number} n’est pas signé par")
    loan.refresh_from_db()
    reach(loan, in_days(7))
    amendment.refresh_from_db()
    assert amendment.status == "cancelled"
    second = root.amendments.get(status="to_sign")
    assert " ".join(before.split()) in second.text
    sign_all(second)
    assert handover.obstacles(loan) == []
    assert gate.root_of(gate.of_loan(loan)) == root


def test_a_date_called_off_is_a_change_too() -> None:
    loan = signed(accepted(hall(), in_days(2), in_days(4), in_days(6)))
    date = LoanDate.objects.filter(loan=loan).order_by("period").first()
    requests.cancel_date(date, by=borrower_of(loan), reason="Congé")
    assert handover.obstacles(loan)


def test_terms_back_to_what_was_signed_ask_nothing_more() -> None:
    first = in_days(2)
    loan = signed(accepted(hall(), first))
    reach(loan, in_days(5))
    reach(loan, first)
    assert handover.obstacles(loan) == []


def test_an_amendment_that_follows_what_is_done_is_drawn_up_again_once_refused() -> None:
    loan = signed(accepted(hall(), in_days(2), in_days(4), in_days(6)))
    root = agreements.current(loan)
    assert root is not None
    date = LoanDate.objects.filter(loan=loan).order_by("period").first()
    requests.cancel_date(date, by=borrower_of(loan), reason="Congé")
    root.amendments.update(status="refused")
    assert "n’a pas été signé" in handover.obstacles(loan)[0]
    again = amendments.draw_up_again(root, by=lender_of(loan))
    assert again is not None
    assert again.number == f"{root.number}-A2"


def test_an_amendment_calls_the_parties_as_the_agreement_does() -> None:
    loan = signed(accepted(hall()))
    reach(loan, in_days(5))
    root = agreements.current(loan)
    assert root is not None
    amendment = root.amendments.get()
    for name, role in ((loan.lender.name, "l’organisme hôte"), (loan.borrower.name, "l’organisme occupant")):
        assert f"{name}, ci-après « {role} »" in " ".join(amendment.text.split())
    assert f" et {loan.borrower.name}, ci-après" in " ".join(amendment.text.split())
    assert "prêteur" not in amendment.text
    assert [place.who for place in papers.told(amendment).places] == ["L’organisme hôte", "L’organisme occupant"]


def test_an_amendment_is_never_said_to_be_the_agreement() -> None:
    loan = signed(accepted(hall()))
    reach(loan, in_days(5))
    amendment = Agreement.objects.get(amends__loan=loan)
    number, name = amendment.number, loan.lender.name
    said = signing.statement(amendment, "preteur").replace("\u00a0", " ")
    assert said == f"Je signe l’avenant {number} au nom de « {name} ». Je l’ai lu et je l’accepte."
    for side in Side.values:
        by = member(loan.lender if side == Side.LENDER else loan.borrower)
        Membership.objects.filter(user=by).update(is_signatory=True, resolution_on="2026-05-03")
        signing.sign(amendment, party=PARTY_OF[side], by=by, sha256=amendment.sha256, proof="code")
    told = [entry.what.replace("\u00a0", " ") for entry in amendment.journal.all()]
    assert told[0].startswith("Avenant préparé")
    assert told[-1] == "Avenant en vigueur : toutes les parties ont signé"
    subjects = set(Mail.objects.filter(event__contains=f":{amendment.pk}").values_list("subject", flat=True))
    assert any("En vigueur entre" in subject and subject.endswith(f": avenant {number}") for subject in subjects)
    assert not any("entente" in subject for subject in subjects)
    html_ = str(papers.paper(amendment).html)
    assert f"Avenant {number}, d’après" in html_


def named(loan: Loan, worker: str, *, by: Any) -> None:
    """Another person is named in spite of the text, as older loans could: no gesture of today does it."""
    Loan.objects.filter(pk=loan.pk).update(worker=worker, trial_ends_on=None)
    loan.refresh_from_db()
    amendments.follow(loan, by=by)


def test_another_person_lent_is_named_without_undoing_what_was_signed() -> None:
    person = ResourceFactory(kind="humain", tasks="Paie", schedule="les jeudis", time_share="un jour par semaine")
    loan = lend(person, OrganisationFactory(), in_days(3))
    by, today = member(loan.lender), timezone.localdate()
    requests.accept(loan, by=by, worker="Maxime Exemple", consent_on=today, supervisor="Alex Exemple",
                    trial_ends_on=today)  # fmt: skip
    root = frozen(loan)
    sign_all(root)
    named(loan, "Mei Exemple", by=by)
    amendment = root.amendments.get()
    assert [answer["after"] for answer in amendment.values["changes"]] == ["Mei Exemple"]
    assert amendment.values["personne.essai_fin"] == root.values["personne.essai_fin"]
    concluded, changed = amendment.text.split("Ce qui change", 1)
    assert "Maxime Exemple, ci-après" in concluded
    assert "Mei Exemple" not in concluded
    assert "rien" not in changed.split("Ce qui ne change pas")[0]
    assert [place.name for place in papers.told(amendment).places][2] == "Mei Exemple"  # it is she who signs it
    assert "acceptent" not in gate.standing(amendment, Side.BORROWER).expected  # nobody asked the borrower yet
    assert [line.what for line in amendment.journal.all() if line.kind == "frozen"] == [
        "Texte de l’avenant figé\u00a0: à signer"
    ]


def test_a_person_who_never_signed_is_not_lent() -> None:
    person = ResourceFactory(kind="humain", tasks="Paie", schedule="les jeudis", time_share="un jour par semaine")
    loan = lend(person, OrganisationFactory(), in_days(3))
    by, today = member(loan.lender), timezone.localdate()
    requests.accept(loan, by=by, worker="Maxime Exemple", consent_on=today, supervisor="Alex Exemple",
                    trial_ends_on=today)  # fmt: skip
    root = frozen(loan)
    sign_all(root)
    assert handover.obstacles(loan) == []
    reach(loan, in_days(5))  # its amendment waits; the next one says both changes
    named(loan, "Mei Exemple", by=by)
    waiting = root.amendments.get(status="to_sign")
    assert {answer["after"] for answer in waiting.values["changes"]} > {"Mei Exemple"}
    signing.refuse(waiting, by=member(loan.borrower), reason="Nous voulons Maxime.")
    loan.refresh_from_db()
    assert [reason.replace("\u00a0", " ") for reason in handover.obstacles(loan)] == [
        f"L’entente {root.number} nomme Maxime Exemple : Mei Exemple n’a rien signé. Dressez un avenant, que "
        "toutes les parties signent."
    ]
    again = amendments.draw_up_again(agreements.current(loan), by=by)  # type: ignore[arg-type]
    assert again is not None
    assert [answer["after"] for answer in again.values["changes"]] == ["Mei Exemple"]
    sign_all(again)
    root.loan.refresh_from_db()
    assert amendments.another_person(root) == ""


def test_a_loan_that_came_back_to_what_is_signed_asks_no_other_amendment() -> None:
    person = ResourceFactory(kind="humain", tasks="Paie", schedule="les jeudis", time_share="un jour par semaine")
    loan = lend(person, OrganisationFactory(), in_days(3))
    by, today = member(loan.lender), timezone.localdate()
    requests.accept(loan, by=by, worker="Maxime Exemple", consent_on=today, supervisor="Alex Exemple",
                    trial_ends_on=today)  # fmt: skip
    root = frozen(loan)
    sign_all(root)
    named(loan, "Mei Exemple", by=by)
    signing.refuse(root.amendments.get(), by=member(loan.borrower), reason="Nous voulons Maxime.")
    root.loan.refresh_from_db()
    assert amendments.awaits_amendment(root)
    named(loan, "Maxime Exemple", by=by)
    root.loan.refresh_from_db()
    assert not amendments.awaits_amendment(root)
    assert handover.obstacles(loan) == []
    assert amendments.draw_up_again(root, by=by) is None


def test_the_page_of_a_loan_says_all_that_its_amendment_changes() -> None:
    person = ResourceFactory(kind="humain", tasks="Paie", schedule="les jeudis", time_share="un jour par semaine")
    loan = lend(person, OrganisationFactory(), in_days(3))
    by, today = member(loan.lender), timezone.localdate()
    requests.accept(loan, by=by, worker="Maxime Exemple", consent_on=today, supervisor="Alex Exemple",
                    trial_ends_on=today)  # fmt: skip
    sign_all(frozen(loan))
    reach(loan, in_days(5))
    named(loan, "Mei Exemple", by=by)
    client = Client()
    client.force_login(by)
    box = client.get(loan.get_absolute_url()).content.decode().split("Ce changement est convenu")[1].split("</ul>")[0]
    said = html.unescape(box).replace("\u00a0", " ")
    assert "Nom de la personne : « Maxime Exemple » devient « Mei Exemple »" in said
    assert "Période : « " in said


def test_a_long_list_of_changes_is_cut_on_the_page_of_the_loan() -> None:
    many = [{"label": f"Terme {n}", "before": "a" * 300, "after": ""} for n in range(8)]
    lines = amendments.in_words(Agreement(values={"changes": many}))
    assert len(lines) == amendments.FEW + 1
    assert lines[-1] == "… et 2 autres changements"
    assert max(len(line) for line in lines) < 300
