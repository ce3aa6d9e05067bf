"""An answer that what the portal knows makes impossible is refused in a sentence, and nobody agrees to it."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from directory.models import Resource
from loans import agreements, possible, proposals
from loans.models import Agreement, Loan, Side
from tests.factories import ResourceFactory
from tests.loans.lending import accepted, borrower_of, frozen, in_days, lender_of, models_in_force, signed
from tests.loans.test_agreement_pages import clients, complete, page, the_agreement
from tests.loans.test_amendments import reach

pytestmark = pytest.mark.django_db


@pytest.fixture
def hall() -> Loan:
    models_in_force()
    return accepted(ResourceFactory(kind="locaux", name="Salle du Canal", capacity_standing=110))


@pytest.fixture
def person() -> Loan:
    models_in_force()
    resource = ResourceFactory(kind="humain", tasks="Paie", schedule="les jeudis", time_share="un jour par semaine")
    return accepted(resource, in_days(10), consent_on=timezone.localdate(), worker="Alix Exemple")


def answered(client: Any, agreement: Agreement, word: str = "answer", **said: Any) -> Any:
    there = reverse(f"agreement_{word}", args=[agreement.number])
    return client.post(there, {"version": agreement.version, **said})


def test_no_more_people_than_the_room_holds(hall: Loan) -> None:
    _lender, borrower = clients(hall)
    agreement = the_agreement(hall)
    refused = answered(borrower, agreement, personnes_prevues="500", emprunteur_liaison="Sam Essai")
    assert refused.status_code == 422
    seen = page(refused).replace("\u00a0", " ")
    assert "Le local ne peut recevoir que 110 personnes, et la réponse en prévoit 500 : mettez au plus 110." in seen
    assert 'value="500"' in seen
    assert "Sam Essai" in seen
    agreement.refresh_from_db()
    assert "emprunteur_liaison" not in agreement.values
    assert answered(borrower, agreement, personnes_prevues="110").status_code == 302


def test_nor_by_a_change(hall: Loan) -> None:
    lender, _borrower = clients(hall)
    agreement = complete(hall)
    clause = next(c for c in agreement.edition.clauses.all() if "[[personnes_prevues]]" in c.body)
    there = reverse("agreement_change", args=[agreement.number]) + f"?clause={clause.key}"
    data = {"version": agreement.version, "personnes_prevues": "111", "exclusivite": agreement.values["exclusivite"]}
    refused = lender.post(there, data)
    assert refused.status_code == 422
    assert "mettez au plus 110" in page(refused)
    assert lender.post(there, {**data, "personnes_prevues": "109"}).status_code == 302


def test_what_was_kept_from_before_is_looked_at_before_anybody_agrees(hall: Loan) -> None:
    lender, _borrower = clients(hall)
    agreement = complete(hall)
    Agreement.objects.filter(pk=agreement.pk).update(values={**agreement.values, "personnes_prevues": 500})
    said = {"geste": "accepter", "version": agreement.version}
    refused = lender.post(agreement.get_absolute_url(), said)
    assert refused.status_code == 409
    assert "À corriger d’abord, «\u00a0Nombre de personnes prévu\u00a0»" in page(refused)
    agreement.refresh_from_db()
    assert agreement.status == "draft"
    assert not agreements.has_agreed(agreement, Side.LENDER)


def test_the_verbs_themselves_refuse_it(hall: Loan) -> None:
    agreement = complete(hall)
    for side, verb in ((Side.LENDER, agreements.change), (Side.BORROWER, agreements.answer)):
        by = lender_of(hall) if side == Side.LENDER else borrower_of(hall)
        with pytest.raises(possible.Impossible) as refused:
            verb(agreement, by=by, side=side, values={"personnes_prevues": 500})
        assert "mettez au plus 110" in refused.value.why["personnes_prevues"]
        agreement.refresh_from_db()
        assert agreement.values["personnes_prevues"] != 500


def test_a_loan_that_moved_to_a_smaller_room_asks_how_many_anew(hall: Loan) -> None:
    agreement = complete(hall)
    assert "personnes_prevues" in agreement.values
    Resource.objects.filter(pk=hall.resource_id).update(capacity_standing=2)
    agreements.refresh(agreement, by=lender_of(hall), note="Une autre salle.")
    assert "personnes_prevues" not in agreement.values
    assert [blank.name for blank in agreements.lacks(agreement)] == ["personnes_prevues"]


def test_a_text_to_sign_that_is_replaced_asks_anew_what_can_no_longer_be(hall: Loan) -> None:
    frozen(hall)
    Resource.objects.filter(pk=hall.resource_id).update(capacity_standing=2)
    reach(hall, in_days(20))
    again = the_agreement(hall)
    assert (again.status, again.lender_agreed) == ("draft", None)
    assert [blank.name for blank in agreements.lacks(again)] == ["personnes_prevues"]


def test_a_signed_text_refuses_a_room_too_small_for_it(hall: Loan) -> None:
    signed(hall)
    small = ResourceFactory(kind="locaux", organisation=hall.lender, capacity_standing=2)
    proposal = proposals.propose(
        hall, by=lender_of(hall), side=Side.LENDER, periods=[d.period for d in hall.dates.all()], quantity=1,
        resource=small,
    )  # fmt: skip
    _lender, borrower = clients(hall)
    refused = borrower.post(hall.get_absolute_url(), {"geste": "agree", "version": hall.version})
    assert refused.status_code == 409
    assert "ne peut recevoir que 2 personnes" in page(refused)
    proposal.refresh_from_db()
    assert proposal.status == "waiting"


def test_no_more_days_to_think_than_are_left_before_the_loan(person: Loan) -> None:
    lender, _borrower = clients(person)
    agreement = the_agreement(person)
    days = (timezone.localtime(person.starts_at).date() - timezone.localdate()).days
    refused = answered(lender, agreement, reflexion_jours=str(days + 1))
    assert refused.status_code == 422
    assert f"on ne peut pas en donner {days + 1} pour réfléchir. Mettez au plus {days}, ou" in page(refused)
    assert "reflexion_jours" not in the_agreement(person).values
    assert answered(lender, agreement, reflexion_jours=str(days)).status_code == 302


def test_where_the_portal_knows_nothing_it_refuses_nothing(hall: Loan) -> None:
    agreement = the_agreement(hall)
    drawn, blanks = agreement.drawn_on, agreements.blanks(agreement)
    assert possible.wrong(hall, {"personnes_prevues": 500}, drawn=drawn, blanks=blanks) == {}
    assert possible.wrong(hall, {"local.capacite": 5}, drawn=drawn, blanks=blanks) == {}
    hall.starts_at = agreement.created_at - datetime.timedelta(days=1)
    assert (
        "Mettez au plus 0"
        in possible.wrong(hall, {"reflexion_jours": 1}, drawn=drawn, blanks=blanks)["reflexion_jours"]
    )
    both = {"personnes_prevues": 9, "local.capacite": 5}
    assert list(possible.wrong(hall, both, ["local.capacite"], drawn=drawn, blanks=blanks)) == ["local.capacite"]


@pytest.mark.parametrize("said", ["110,5", "12,5", "0", 12.5, "-3"])
def test_people_are_counted_one_by_one(hall: Loan, said: Any) -> None:
    _lender, borrower = clients(hall)
    agreement = the_agreement(hall)
    refused = answered(borrower, agreement, personnes_prevues=str(said))
    assert refused.status_code == 422
    assert f'value="{said}"' in page(refused)
    with pytest.raises(possible.Impossible) as impossible:
        agreements.answer(agreement, by=borrower_of(hall), side=Side.BORROWER, values={"personnes_prevues": said})
    assert "écrivez un nombre entier, au moins 1." in impossible.value.why["personnes_prevues"]


def test_so_are_days_and_none_may_be_left_to_think(person: Loan) -> None:
    agreement = the_agreement(person)
    for name, value, least in (("reflexion_jours", 2.5, 0), ("bilan_jours", 0, 1)):
        with pytest.raises(possible.Impossible) as impossible:
            agreements.answer(agreement, by=lender_of(person), side=Side.LENDER, values={name: value})
        assert f"au moins {least}" in impossible.value.why[name]
    agreements.answer(agreement, by=lender_of(person), side=Side.LENDER, values={"reflexion_jours": 0})


def test_no_more_hours_a_week_than_the_dates_have_which_the_text_says(person: Loan) -> None:
    agreement = the_agreement(person)
    assert agreement.values["personne.horaire"] == agreement.values["periode.en_mots"]
    with pytest.raises(possible.Impossible) as impossible:
        agreements.answer(agreement, by=lender_of(person), side=Side.LENDER, values={"heures_semaine": 48})
    assert "au plus 3\u00a0h par semaine, et la réponse en dit 48" in impossible.value.why["heures_semaine"]
    agreements.answer(agreement, by=lender_of(person), side=Side.LENDER, values={"heures_semaine": 3})


def test_a_person_lent_for_weeks_keeps_the_schedule_of_the_listing() -> None:
    models_in_force()
    resource = ResourceFactory(kind="humain", tasks="Paie", schedule="les jeudis", time_share="un jour par semaine")
    loan = accepted(resource, in_days(10, hours=24 * 30), consent_on=timezone.localdate(), worker="Alix Exemple")
    agreement = the_agreement(loan)
    assert agreement.values["personne.horaire"] == "les jeudis"
    agreements.answer(agreement, by=lender_of(loan), side=Side.LENDER, values={"heures_semaine": 7.5})


@pytest.mark.parametrize("written", [complete, frozen])
def test_another_room_is_described_anew(hall: Loan, written: Any) -> None:
    before = written(hall)
    other = ResourceFactory(kind="locaux", organisation=hall.lender, name="Côté rue", capacity_standing=200)
    proposal = proposals.propose(
        hall, by=lender_of(hall), side=Side.LENDER, periods=[d.period for d in hall.dates.all()], quantity=1,
        resource=other,
    )  # fmt: skip
    proposals.agree(proposal, by=borrower_of(hall))
    now = the_agreement(hall)
    assert (now.status, now.values["ressource.nom"]) == ("draft", "Côté rue")
    asked = {blank.name for blank in agreements.lacks_of(now, Side.LENDER)}
    assert {"pieces", "aires_communes", "cles", "regles_maison"} <= asked
    for name in ("preteur_liaison", "personnes_prevues"):  # said of them, not of the room
        assert now.values[name] == before.values[name]
