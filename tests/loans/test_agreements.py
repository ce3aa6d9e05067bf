"""From an accepted loan to a frozen text: who may do what when, what is asked of whom, what a stale page gets."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Mail
from directory.models import Membership, Resource
from loans import agreements, amendments, ending, handover, proposals, requests, rules
from loans.agreements import Lacks, NoModel
from loans.models import Agreement, AgreementRule, Side
from mutualisation.kernel.lifecycle import AlreadyMoved
from tests.factories import OrganisationFactory, ResourceFactory, lend
from tests.loans.lending import (
    accepted,
    borrower_of,
    frozen,
    handed,
    in_days,
    lender_of,
    member,
    models_in_force,
    sign_all,
    signed,
    told,
    work,
)
from toolbox.composing import blanks_of
from toolbox.models import ModelAgreement

pytestmark = pytest.mark.django_db
BOTH = (Side.LENDER, Side.BORROWER)


@pytest.fixture(autouse=True)
def toolbox() -> None:
    models_in_force()


def hall(**fields: Any) -> Resource:
    return ResourceFactory(kind="locaux", **{"name": "Salle du Canal", **fields})


def drawn(resource: Resource | None = None, *periods: Any, **fields: Any) -> Agreement:
    loan = accepted(resource or hall(), *periods, **fields)
    agreement = agreements.current(loan)
    assert agreement is not None
    return agreement


def acting(agreement: Agreement, side: str) -> Any:
    return lender_of(agreement.loan) if side == Side.LENDER else borrower_of(agreement.loan)


def complete(agreement: Agreement) -> Agreement:
    for side in BOTH:
        while agreements.lacks_of(agreement, side):
            told(agreement, side)
    return agreement


# ---- when it is drawn up


def test_every_way_of_accepting_draws_it_up() -> None:
    said = accepted(hall())
    by_itself = lend(hall(accepts_by_itself=True), OrganisationFactory(), in_days(2))
    countered = lend(hall(), OrganisationFactory(), in_days(2))
    lender = member(countered.lender)
    proposal = proposals.propose(countered, by=lender, side=Side.LENDER, periods=[in_days(3)], quantity=1)
    proposals.agree(proposal, by=borrower_of(countered))
    work()
    for loan in (said, by_itself, countered):
        loan.refresh_from_db()
        agreement = loan.agreements.get()
        assert (loan.status, agreement.status, agreement.version) == ("accepted", "draft", 1)
        assert agreement.chosen == []
        assert [entry.kind for entry in agreement.journal.all()] == ["drawn_up"]


def test_an_acceptance_waits_for_no_agreement_and_the_worker_draws_one_up_once() -> None:
    loan = lend(hall(), OrganisationFactory(), in_days(2))
    lender = member(loan.lender)
    with CaptureQueriesContext(connection) as queries:
        requests.accept(loan, by=lender)
    asked = [q["sql"] for q in queries if not q["sql"].startswith(("SAVEPOINT", "RELEASE"))]
    assert len(asked) == 8, asked  # as many as what is lent without any
    assert not loan.agreements.exists()
    assert work() == 1
    drawn = loan.agreements.get()
    assert [(line.kind, line.by) for line in drawn.journal.all()] == [("drawn_up", lender)]
    assert Mail.objects.filter(event__startswith="agreement-drawn-up").count() == 2
    assert amendments.follow_acceptance(loan, by=lender) is None
    requests.cancel(loan, by=lender, reason="Dégât d’eau")
    assert amendments.follow_acceptance(loan, by=lender) is None
    assert loan.agreements.get() == drawn


def test_the_worker_leaves_what_someone_drew_up_before_it_and_what_was_called_off() -> None:
    mine, gone = (lend(hall(), OrganisationFactory(), in_days(2)) for _n in range(2))
    for loan in (mine, gone):
        requests.accept(loan, by=member(loan.lender))
    agreement = agreements.draw_up(mine, by=borrower_of(mine))
    ending.end(agreement, by=borrower_of(mine), reason="Autrement")
    requests.cancel(gone, by=lender_of(gone), reason="Dégât d’eau")
    assert work() == 2
    assert (list(mine.agreements.all()), gone.agreements.count()) == ([agreement], 0)


def test_only_where_a_rule_demands_it() -> None:
    small = ResourceFactory(replacement_value=Decimal(900), quantity=5)
    assert not accepted(small).agreements.exists()
    assert accepted(small, quantity=2).agreements.count() == 1
    assert not accepted(ResourceFactory()).agreements.exists()
    assert not accepted(ResourceFactory(kind="expertise")).agreements.exists()


@pytest.mark.parametrize(
    ("value", "quantity", "said"),
    [
        (Decimal(900), 1, "Aucune entente n’est exigée : ce qui est prêté vaut 900 $, pas plus de 1 000 $."),
        (Decimal(900), 2, "Ce qui est prêté vaut 1 800 $, plus de 1 000 $ : une entente est signée avant la remise."),
        (Decimal(1000), 1, "Aucune entente n’est exigée : ce qui est prêté vaut 1 000 $, pas plus de 1 000 $."),
        (None, 1, "Aucune entente n’est exigée : la fiche ne dit pas ce que vaut ce qui est prêté."),
    ],
)
def test_what_is_lent_is_said_beside_the_value_that_decides(value: Any, quantity: int, said: str) -> None:
    rule = rules.applying(ResourceFactory(replacement_value=value, quantity=5))
    assert rule.reason_for(quantity).replace("\u00a0", " ").startswith(said)


def test_either_side_may_want_one_where_none_is_demanded() -> None:
    loan = accepted(ResourceFactory())
    with pytest.raises(PermissionDenied):
        agreements.draw_up(loan, by=member(OrganisationFactory()))
    agreement = agreements.draw_up(loan, by=borrower_of(loan))
    assert agreement.edition.model.kind == "materiel"
    with pytest.raises(AlreadyMoved):
        agreements.draw_up(loan, by=lender_of(loan))
    assert handover.obstacles(loan) == []


def test_numbers_follow_one_another() -> None:
    one, two = drawn(), drawn()
    year, first = one.number.split("-")
    assert two.number == f"{year}-{int(first) + 1:04d}"


def test_a_withdrawn_model_gives_place_to_the_next_and_drafts_go_on() -> None:
    begun = drawn()
    model = begun.edition.model
    other = ModelAgreement.objects.create(
        slug="autre", title="Autre", kind="locaux", parties=["preteur", "emprunteur"], summary="x", position=99
    )
    edition = other.editions.create(number=1)
    edition.clauses.create(position=1, key="objet", title="Objet", body="Pour [[pret.usage]].")
    edition.published_at = timezone.now()
    edition.save()
    ModelAgreement.objects.filter(pk=model.pk).update(withdrawn_at=timezone.now())
    assert drawn().edition == edition
    ModelAgreement.objects.filter(pk=other.pk).update(withdrawn_at=timezone.now())
    loan = accepted(hall())
    assert not loan.agreements.exists()
    assert "aucune entente-type" in handover.obstacles(loan)[0]
    with pytest.raises(NoModel):
        agreements.draw_up(loan, by=lender_of(loan))
    assert frozen(begun.loan).status == "to_sign"


# ---- what is asked of whom


def test_each_is_asked_what_it_knows() -> None:
    agreement = drawn()
    blanks = blanks_of(agreement.edition)
    ours, theirs = ({b.name for b in agreements.lacks_of(agreement, side)} for side in BOTH)
    assert {"regles_maison", "preteur.neq"} <= ours - theirs
    assert {"personnes_prevues", "emprunteur.neq"} <= theirs - ours
    assert "menage_par" in ours & theirs
    assert ours | theirs == {b.name for b in agreements.lacks(agreement)}
    with pytest.raises(PermissionDenied):
        agreements.answer(agreement, by=acting(agreement, Side.BORROWER), side=Side.BORROWER,
                          values={"regles_maison": "x"})  # fmt: skip
    with pytest.raises(PermissionDenied):
        agreements.answer(agreement, by=acting(agreement, Side.BORROWER), side=Side.LENDER, values={})
    assert blanks["regles_maison"].asked_of == "preteur"


def test_what_a_network_made_for_itself_applies_where_a_rule_names_it_only() -> None:
    resource = hall()
    common = rules.applying(resource).model
    assert common is not None
    own = ModelAgreement.objects.get(slug="pret-de-materiel")
    ModelAgreement.objects.filter(pk=own.pk).update(kind="locaux", owner=OrganisationFactory())
    ModelAgreement.objects.filter(pk=common.pk).update(withdrawn_at=timezone.now(), withdrawn_reason="Loi nouvelle")
    assert rules.applying(resource).model is None
    AgreementRule.objects.create(kind="locaux", demand="always", model=own)
    assert rules.applying(resource).model == own


def test_a_price_makes_it_a_rental() -> None:
    free = drawn()
    rented = drawn(hall(cost_mode="prix", price=Decimal("25.00"), price_unit="la soirée"))
    keys = [{w.key for w in agreements.written(a)} for a in (free, rented)]
    assert "permission" in keys[0] - keys[1]
    assert "bail" in keys[1] - keys[0]


def test_who_joined_as_a_signatory_meanwhile_is_known_at_the_next_answer() -> None:
    agreement = drawn()
    assert "preteur.signataires" in {b.name for b in agreements.lacks_of(agreement, Side.LENDER)}
    person = acting(agreement, Side.LENDER)
    mandate = datetime.date(2026, 3, 12)
    Membership.objects.filter(user=person).update(is_signatory=True, resolution_on=mandate)
    told(agreement, Side.LENDER)
    assert agreement.values["preteur.signataires"] == [f"{person} (résolution du 12 mars 2026)"]


# ---- agreeing


def test_nobody_agrees_to_a_text_with_holes() -> None:
    agreement = drawn()
    with pytest.raises(Lacks):
        agreements.agree(agreement, by=acting(agreement, Side.LENDER), side=Side.LENDER)


def test_both_agree_to_the_same_version_and_it_freezes() -> None:
    agreement = complete(drawn())
    agreements.agree(agreement, by=acting(agreement, Side.LENDER), side=Side.LENDER, version=agreement.version)
    assert (agreement.status, agreement.frozen_at) == ("draft", None)
    agreements.agree(agreement, by=acting(agreement, Side.BORROWER), side=Side.BORROWER, version=agreement.version)
    agreement.refresh_from_db()
    assert agreement.status == "to_sign"
    assert agreement.text.splitlines()[0] == agreement.title
    assert "⟦" not in agreement.text
    assert 'class="fill"' not in "".join(c["html"] for c in agreement.clauses)
    assert agreement.values["entente.date"] == timezone.localdate().isoformat()
    assert len(agreement.sha256) == 64
    assert [e.kind for e in agreement.journal.all()][-3:] == ["agreed", "agreed", "frozen"]
    sent = Mail.objects.filter(subject__startswith="À signer").values_list("to", flat=True)
    assert set(sent) == {acting(agreement, side).email for side in BOTH}


def test_a_change_clears_the_yes_of_the_other_and_shows_the_difference() -> None:
    agreement = complete(drawn())
    lender, borrower = (acting(agreement, side) for side in BOTH)
    agreements.agree(agreement, by=lender, side=Side.LENDER)
    seen = agreement.version
    agreements.change(agreement, by=borrower, side=Side.BORROWER, values={"regles_maison": "Sans souliers."},
                      chosen=["bilan"], note="Le plancher est neuf.", version=seen)  # fmt: skip
    assert (agreement.lender_agreed, agreement.borrower_agreed) == (None, None)  # the review asks one thing more
    told(agreement, Side.BORROWER)
    agreements.change(agreement, by=borrower, side=Side.BORROWER, values={"regles_maison": "En pantoufles."})
    assert (agreement.lender_agreed, agreement.borrower_agreed) == (None, agreement.version)
    found = agreements.differences(agreement, agreements.seen_by(agreement, Side.LENDER))
    assert [c.state for c in found.clauses if c.state == "added"] == ["added"]
    assert "En pantoufles." in {a.after for a in found.answers}
    assert any("Le plancher est neuf." in m.text for m in Mail.objects.filter(to=lender.email))
    agreements.agree(agreement, by=lender, side=Side.LENDER)
    assert agreement.status == "to_sign"
    assert "En pantoufles." in agreement.text


def test_what_the_portal_knows_is_not_changed_in_the_text() -> None:
    agreement = complete(drawn())
    lender = acting(agreement, Side.LENDER)
    assert "periode.en_mots" not in {b.name for b in agreements.changeable(agreement)}
    for values in ({"periode.en_mots": "toujours"}, {"cout.mode": "prix"}, {"entente.date": "2020-01-01"}, {"nul": 1}):
        with pytest.raises(PermissionDenied):
            agreements.change(agreement, by=lender, side=Side.LENDER, values=values)
    with pytest.raises(PermissionDenied):
        agreements.change(agreement, by=lender, side=Side.LENDER, chosen=["bail"])
    with pytest.raises(ValidationError):
        agreements.change(agreement, by=lender, side=Side.LENDER)


def test_a_stale_page_is_refused() -> None:
    agreement = complete(drawn())
    lender, borrower = (acting(agreement, side) for side in BOTH)
    seen = agreement.version
    agreements.change(agreement, by=lender, side=Side.LENDER, values={"regles_maison": "Sans souliers."}, version=seen)
    for act in (
        lambda: agreements.agree(agreement, by=borrower, side=Side.BORROWER, version=seen),
        lambda: agreements.change(agreement, by=borrower, side=Side.BORROWER, chosen=["bilan"], version=seen),
        lambda: agreements.answer(agreement, by=borrower, side=Side.BORROWER, values={}, version=seen),
    ):
        with pytest.raises(AlreadyMoved):
            act()
    assert agreement.versions.count() == seen + 1


MOVES = {"answer": ("draft",), "change": ("draft",), "agree": ("draft",)}


@pytest.mark.parametrize("status", ["draft", "to_sign", "in_force", "refused", "expired", "cancelled", "ended"])
@pytest.mark.parametrize("name", MOVES)
@pytest.mark.parametrize("who", ["lender", "borrower", "stranger"])
def test_who_moves_what_when(status: str, name: str, who: str) -> None:
    agreement = complete(drawn())
    if status == "cancelled":
        Agreement.objects.filter(pk=agreement.pk).update(status="cancelled")
    elif status != "draft":
        agreement = frozen(agreement.loan)
        if status in ("in_force", "ended"):
            sign_all(agreement)
            Agreement.objects.filter(pk=agreement.pk).update(status=status)
        elif status != "to_sign":
            Agreement.objects.filter(pk=agreement.pk).update(status=status)
    agreement.refresh_from_db()
    side = Side.LENDER if who == "stranger" else Side(who)
    by = member(OrganisationFactory()) if who == "stranger" else acting(agreement, side)
    more = {"change": {"chosen": ["bilan"]}, "answer": {"values": {"menage_par": "hote"}}}.get(name, {})
    try:
        getattr(agreements, name)(agreement, by=by, side=side, **more)
        done = True
    except (AlreadyMoved, PermissionDenied):
        done = False
    assert done == (status in MOVES[name] and who != "stranger")


# ---- three parties


def test_a_person_lent_is_a_party() -> None:
    person = ResourceFactory(kind="humain", tasks="Paie", schedule="les jeudis", time_share="un jour par semaine")
    loan = lend(person, OrganisationFactory(), in_days(3))
    by = member(loan.lender)
    requests.accept(loan, by=by, worker="Maxime Exemple", consent_on=timezone.localdate(), supervisor="Alex Exemple",
                    trial_ends_on=timezone.localdate())  # fmt: skip
    agreement = frozen(loan)
    assert agreement.parties == ["preteur", "emprunteur", "personne"]
    assert "Maxime Exemple" in agreement.text
    assert any("la personne prêtée" in reason for reason in handover.obstacles(loan))
    with pytest.raises(PermissionDenied):  # whoever did not sign is not lent
        requests.record_person(loan, by=by, worker="Autre Exemple", consent_on=timezone.localdate())


# ---- the gate, and the end


def test_the_gate_says_what_is_missing_and_opens() -> None:
    loan = accepted(hall())
    assert [("n’est pas complète" in r) for r in handover.obstacles(loan)] == [True, True]
    agreement = complete(agreements.current(loan))  # type: ignore[arg-type]
    assert ["n’est pas acceptée" in r for r in handover.obstacles(loan)] == [True, True]
    agreement = frozen(loan)
    assert handover.obstacles(loan) == [
        f"L’entente {agreement.number} n’est pas signée par l’organisme hôte, {loan.lender.name}.",
        f"L’entente {agreement.number} n’est pas signée par l’organisme occupant, {loan.borrower.name}.",
    ]
    with pytest.raises(handover.Obstructed):
        handed(loan)
    sign_all(agreement)
    assert handover.obstacles(loan) == []
    handed(loan)


def test_a_refused_one_is_drawn_up_again_with_what_was_said() -> None:
    loan = accepted(hall())
    agreement = frozen(loan)
    Agreement.objects.filter(pk=agreement.pk).update(status="refused")
    assert "est refusée" in handover.obstacles(loan)[0]
    again = agreements.draw_up(loan, by=lender_of(loan))
    assert again.number != agreement.number
    assert again.values["regles_maison"] == agreement.values["regles_maison"]
    assert "entente.date" not in again.values


def test_a_loan_called_off_cancels_what_was_to_sign() -> None:
    loan = accepted(hall())
    agreement = frozen(loan)
    requests.cancel(loan, by=lender_of(loan), reason="La chaudière a sauté.")
    agreement.refresh_from_db()
    assert (agreement.status, agreement.ended_note) == ("cancelled", "La chaudière a sauté.")
    kept = signed(accepted(hall()))
    requests.cancel(kept, by=lender_of(kept), reason="Tant pis.")
    root = agreements.current(kept)
    assert root is not None
    assert (root.status, root.ended_note) == ("ended", "Tant pis.")
    assert root.signatures.count() == 2
    assert list(root.journal.values_list("kind", flat=True))[-1] == "ended"
    assert root.journal.last().data["reason"] == "Tant pis."
    told = Mail.objects.filter(event=f"ended:{root.pk}")
    assert set(told.values_list("to", flat=True)) == {lender_of(kept).email, borrower_of(kept).email}
    assert "ne vaut plus pour la suite" in told.first().text


def test_what_is_declined_never_had_one() -> None:
    loan = lend(hall(), OrganisationFactory(), in_days(2))
    requests.decline(loan, by=member(loan.lender), reason="Non")
    assert not loan.agreements.exists()
