"""What a party answered is hers to correct until the text freezes; two who write at once lose nothing."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Mail
from directory.models import Membership
from loans import agreements
from loans.models import Agreement, Side
from tests.factories import ResourceFactory
from tests.loans.lending import accepted, borrower_of, lender_of, models_in_force, told
from tests.loans.signing import mandated, sign
from tests.loans.test_agreement_pages import clients, complete, page, typed

pytestmark = pytest.mark.django_db
SHARED = "delai_annulation_heures"  # either side answers it


@pytest.fixture
def agreement() -> Agreement:
    models_in_force()
    loan = accepted(ResourceFactory(kind="locaux", name="Salle du Canal"))
    found = agreements.current(loan)
    assert found is not None
    return found


def answering(agreement: Agreement) -> str:
    return reverse("agreement_answer", args=[agreement.number])


def changing(agreement: Agreement) -> str:
    return reverse("agreement_change", args=[agreement.number])


def field(seen: str, name: str) -> str:
    """A field of a page, from its name to the end of its tag and what it holds."""
    start = seen.index(f'name="{name}"')
    return seen[seen.rindex("<", 0, start) : seen.index("</div>", start)]


def shown_again(client: Client, agreement: Agreement, **changes: Any) -> dict[str, Any]:
    """What the page of changes would send back, with these changes."""
    data: dict[str, Any] = {"version": agreement.version, "clauses": list(agreement.chosen)}
    for blank in agreements.changeable(agreement):
        value = agreement.values.get(blank.name)
        value = {True: "oui", False: "non"}[value] if isinstance(value, bool) else value
        data[blank.name] = "\n".join(value) if isinstance(value, list) else "" if value is None else value
    return data | changes


# ---- correcting


def test_who_answered_corrects_it_and_the_other_reads_again(agreement: Agreement) -> None:
    loan = agreement.loan
    lender, borrower = clients(loan)
    complete(loan)
    agreement.refresh_from_db()
    agreements.agree(agreement, by=lender_of(loan), side=Side.LENDER)
    assert "Corriger mes réponses" in page(borrower.get(agreement.get_absolute_url()))
    seen = page(borrower.get(answering(agreement)))
    assert "Corriger mes réponses" in seen
    assert agreement.values["emprunteur_liaison"] in field(seen, "emprunteur_liaison")
    assert 'name="preteur_liaison"' not in seen  # the other side’s
    assert 'name="periode.en_mots"' not in seen  # the portal’s
    Mail.objects.all().delete()
    done = borrower.post(answering(agreement), {"version": agreement.version, "emprunteur_liaison": "Sam Essai"})
    assert done["Location"] == agreement.get_absolute_url()
    agreement.refresh_from_db()
    assert (agreement.values["emprunteur_liaison"], agreement.lender_agreed) == ("Sam Essai", None)
    told_of = Mail.objects.get(to=lender_of(loan).email)
    assert "corrige une réponse" in told_of.subject
    assert "Sam Essai" in told_of.text
    assert not Mail.objects.filter(to=borrower_of(loan).email).exists()
    assert "Sam Essai" in page(lender.get(agreement.get_absolute_url()))


def test_who_acts_for_both_is_not_written_to_about_what_she_did(agreement: Agreement) -> None:
    loan, both = agreement.loan, lender_of(agreement.loan)
    Membership.objects.create(user=both, organisation=loan.borrower)
    complete(loan)
    agreement.refresh_from_db()
    Mail.objects.all().delete()
    change = {"regles_maison": "Rien."}
    agreements.change(agreement, by=both, side=Side.BORROWER, values=change)
    agreements.change(agreement, by=both, side=Side.LENDER, values={"regles_maison": "Peu."})
    told_of = Mail.objects.filter(event__startswith="agreement-").values_list("to", flat=True)
    assert both.email not in told_of


def test_an_answer_that_the_text_needs_is_not_emptied(agreement: Agreement) -> None:
    _lender, borrower = clients(agreement.loan)
    complete(agreement.loan)
    agreement.refresh_from_db()
    kept = agreement.values["emprunteur_liaison"]
    answer = borrower.post(answering(agreement), {"version": agreement.version, "emprunteur_liaison": " "})
    assert answer.status_code == 422
    assert "écrivez-en une autre" in page(answer)
    agreement.refresh_from_db()
    assert agreement.values["emprunteur_liaison"] == kept


def test_what_the_other_changed_is_hers_no_more(agreement: Agreement) -> None:
    loan = agreement.loan
    _lender, borrower = clients(loan)
    complete(loan)
    agreement.refresh_from_db()
    agreements.change(agreement, by=lender_of(loan), side=Side.LENDER, values={"emprunteur_liaison": "Alex Essai"})
    assert 'name="emprunteur_liaison"' not in page(borrower.get(answering(agreement)))


def test_frozen_nothing_is_corrected(agreement: Agreement) -> None:
    loan = agreement.loan
    _lender, borrower = clients(loan)
    complete(loan)
    agreement.refresh_from_db()
    version = agreement.version
    for by, side in ((lender_of(loan), Side.LENDER), (borrower_of(loan), Side.BORROWER)):
        agreements.agree(agreement, by=by, side=side)
    answer = borrower.post(answering(agreement), {"version": version, "emprunteur_liaison": "Sam Essai"})
    assert answer.status_code == 409
    seen = page(answer)
    assert "son texte ne s’écrit plus" in seen
    assert "Sam Essai" in seen  # what was typed is still there to take
    assert "Enregistrer mes" not in seen
    agreement.refresh_from_db()
    assert "Sam Essai" not in agreement.text


def test_the_list_and_my_space_say_first_what_changed(agreement: Agreement) -> None:
    loan = agreement.loan
    lender, borrower = clients(loan)
    them = loan.borrower.name
    places = [reverse("agreement_list"), reverse("my_space"), agreement.get_absolute_url()]
    assert all("L’entente est dressée. Il manque" in page(lender.get(place)) for place in places)
    told(agreement, Side.BORROWER)
    assert all(f"{them} a répondu. Il manque" in page(lender.get(place)) for place in places)
    complete(loan)
    agreement.refresh_from_db()
    agreements.change(agreement, by=borrower_of(loan), side=Side.BORROWER, values={"regles_maison": "Rien."})
    assert all(f"{them} propose un autre texte. Voyez ce qui diffère" in page(lender.get(place)) for place in places)
    assert all("propose un autre texte" not in page(borrower.get(place)) for place in places)
    agreements.agree(agreement, by=lender_of(loan), side=Side.LENDER)
    assert all("Les deux organismes acceptent le texte." in page(lender.get(place)) for place in (places[0], places[2]))
    sign(agreement, "emprunteur", by=mandated(loan.borrower))
    assert all(f"{them} a signé. À vous" in page(lender.get(place)) for place in (places[0], places[2]))


# ---- two at once


def test_two_who_answer_at_once_lose_nothing(agreement: Agreement) -> None:
    lender, borrower = clients(agreement.loan)
    mine = typed(agreement, Side.BORROWER) | {SHARED: "72", "emprunteur_liaison": "Sam Essai", "bilan_jours": ""}
    theirs = typed(agreement, Side.LENDER) | {SHARED: "24", "preavis_fin_jours": "9"}
    mine["preavis_fin_jours"] = ""
    assert lender.post(answering(agreement), theirs).status_code == 302
    refused = borrower.post(answering(agreement), mine)
    assert refused.status_code == 409
    seen = page(refused)
    assert 'value="Sam Essai"' in field(seen, "emprunteur_liaison")
    assert 'value="72"' in field(seen, SHARED)
    assert "Écrit par l’autre organisme" in seen
    assert "<ins>24</ins>" in seen
    assert 'name="preavis_fin_jours"' not in seen  # answered meanwhile: asked no more, never shown as empty
    agreement.refresh_from_db()
    assert agreement.values[SHARED] == 24
    again = {**mine, "version": agreement.version}
    del again["preavis_fin_jours"]
    assert f'name="version" value="{agreement.version}"' in seen
    assert borrower.post(answering(agreement), again).status_code == 302
    agreement.refresh_from_db()
    found = {name: agreement.values[name] for name in (SHARED, "preavis_fin_jours", "emprunteur_liaison")}
    assert found == {SHARED: 72, "preavis_fin_jours": 9, "emprunteur_liaison": "Sam Essai"}
    assert agreement.values["preteur_liaison"] == theirs["preteur_liaison"]


def test_two_who_answer_other_questions_at_once_are_both_heard(agreement: Agreement) -> None:
    """What only one of them knows joins the text; what neither page showed is asked of nobody again."""
    lender, borrower = clients(agreement.loan)
    mine, theirs = typed(agreement, Side.BORROWER), typed(agreement, Side.LENDER)
    for sent in (mine, theirs):
        sent[SHARED] = ""
    theirs["preavis_fin_jours"], mine["preavis_fin_jours"] = "9", ""
    assert lender.post(answering(agreement), theirs).status_code == 302
    Mail.objects.all().delete()
    done = borrower.post(answering(agreement), mine, follow=True)
    assert done.redirect_chain
    assert "D’autres réponses ont été données en même temps" in page(done)
    agreement.refresh_from_db()
    assert agreement.version == 3
    found = {name: agreement.values[name] for name in ("preavis_fin_jours", "preteur_liaison", "emprunteur_liaison")}
    assert found == {
        "preavis_fin_jours": 9, "preteur_liaison": theirs["preteur_liaison"],
        "emprunteur_liaison": mine["emprunteur_liaison"],
    }  # fmt: skip
    assert (agreement.lender_agreed, agreement.borrower_agreed) == (None, None)


def test_only_the_question_answered_otherwise_stops_and_is_named(agreement: Agreement) -> None:
    lender, borrower = clients(agreement.loan)
    mine = typed(agreement, Side.BORROWER) | {SHARED: "72"}
    lender.post(answering(agreement), typed(agreement, Side.LENDER) | {SHARED: "24"})
    seen = page(borrower.post(answering(agreement), mine))
    label = agreements.blanks(agreement)[SHARED].label
    assert f"quelqu’un d’autre a répondu autrement à «\u00a0{label}\u00a0»" in seen
    same = page(borrower.post(answering(agreement), mine | {SHARED: "24"}, follow=True))
    assert "D’autres réponses ont été données" in same  # the same answer is no clash


def test_an_answer_over_a_proposal_or_a_changed_loan_is_not_joined(agreement: Agreement) -> None:
    """The text became another one than what was read: it is shown before anything is written in it."""
    loan = agreement.loan
    _lender, borrower = clients(loan)
    sent = {"version": agreement.version, "emprunteur_liaison": "Sam Essai"}
    agreements.change(agreement, by=lender_of(loan), side=Side.LENDER, values={"regles_maison": "En pantoufles"})
    refused = borrower.post(answering(agreement), sent)
    assert refused.status_code == 409
    assert 'value="Sam Essai"' in field(page(refused), "emprunteur_liaison")
    sent["version"] = agreement.version
    loan.conditions = "Fermer les fenêtres."
    loan.save(update_fields=["conditions"])
    agreements.refresh(agreement, by=lender_of(loan), note="")
    assert borrower.post(answering(agreement), sent).status_code == 409
    agreement.refresh_from_db()
    assert "emprunteur_liaison" not in agreement.values


def test_an_answer_that_would_accept_the_text_is_of_the_text_that_was_read(agreement: Agreement) -> None:
    """Two of one organisation finish its own proposal at once: the second reads before it accepts."""
    loan = complete(agreement.loan).loan
    agreement.refresh_from_db()
    _lender, borrower = clients(loan)
    by = borrower_of(loan)
    agreements.change(agreement, by=by, side=Side.BORROWER, chosen=["bilan"])
    assert agreements.completes(agreement, Side.BORROWER)
    sent = typed(agreement, Side.BORROWER)
    agreements.answer(agreement, by=by, side=Side.BORROWER, values={"emprunteur_liaison": "Sam Essai"})
    assert borrower.post(answering(agreement), sent).status_code == 409


def test_an_invalid_answer_on_a_stale_page_stays_stale(agreement: Agreement) -> None:
    _lender, borrower = clients(agreement.loan)
    told(agreement, Side.LENDER)
    answer = borrower.post(answering(agreement), {"version": 1, "personnes_prevues": "beaucoup"})
    assert answer.status_code == 409
    seen = page(answer)
    assert 'value="beaucoup"' in field(seen, "personnes_prevues")
    assert "invalid-feedback" in field(seen, "personnes_prevues")


def test_a_change_over_another_keeps_both(agreement: Agreement) -> None:
    loan = agreement.loan
    _lender, borrower = clients(loan)
    complete(loan)
    agreement.refresh_from_db()
    sent = shown_again(borrower, agreement, cles="Chez le concierge", note="Plus simple")
    agreements.change(
        agreement, by=lender_of(loan), side=Side.LENDER, values={"regles_maison": "En pantoufles"}, chosen=["bilan"]
    )
    refused = borrower.post(changing(agreement), sent)
    assert refused.status_code == 409
    seen = page(refused)
    assert 'value="Chez le concierge"' in field(seen, "cles")
    assert "En pantoufles" in field(seen, "regles_maison")  # left alone: it takes the other’s
    assert "Plus simple" in seen
    checkbox = seen[seen.index('value="bilan"') :]
    assert "checked" in checkbox[: checkbox.index(">")]
    agreement.refresh_from_db()
    assert "cles" not in agreement.values or agreement.values["cles"] != "Chez le concierge"
    again = shown_again(borrower, agreement, cles="Chez le concierge")
    assert borrower.post(changing(agreement), again).status_code == 302
    agreement.refresh_from_db()
    assert agreement.values["cles"] == "Chez le concierge"
    assert agreement.values["regles_maison"] == "En pantoufles"
    assert agreement.chosen == ["bilan"]


# ---- parties are called as the text calls them


def labels(seen: str) -> list[str]:
    return [" ".join(found.split()) for found in re.findall(r"<label[^>]*>(.*?)(?:<span|</label>)", seen, re.DOTALL)]


def test_parties_have_the_names_of_the_text_on_every_page_of_its_writing(agreement: Agreement) -> None:
    loan = agreement.loan
    type(loan.lender).objects.filter(pk=loan.lender_id).update(neq="")
    agreement.values.pop("preteur.neq", None)
    Agreement.objects.filter(pk=agreement.pk).update(values=agreement.values)
    lender, _borrower = clients(loan)
    wrong = {"version": agreement.version, "preteur.neq": "12"}
    asked, refused = page(lender.get(answering(agreement))), page(lender.post(answering(agreement), wrong))
    assert "Le NEQ compte dix chiffres" in refused
    stale = page(lender.post(answering(agreement), {"version": 0, "preteur.neq": "1100000017"}))
    lender.post(answering(agreement), typed(agreement, Side.LENDER) | {"preteur.neq": "1100000017"})
    complete(loan)
    agreement.refresh_from_db()
    change = shown_again(lender, agreement, **{"preteur.neq": "33"})
    pages = [
        asked, refused, stale, page(lender.get(changing(agreement))), page(lender.post(changing(agreement), change)),
    ]  # fmt: skip
    for n, seen in enumerate(pages):
        assert "NEQ de l’organisme hôte" in labels(seen), n
        assert "prêteur" not in "".join(labels(seen)), n
        assert "le prêteur" not in seen.casefold(), n


def test_what_changed_is_told_with_the_names_of_the_text(agreement: Agreement) -> None:
    loan = agreement.loan
    agreement = complete(loan)
    since = agreement.version
    agreement = agreements.change(
        agreement, by=lender_of(loan), side=Side.LENDER, values={"preteur_liaison": "Alex Essai"}
    )
    known = agreements.blanks(agreement)
    assert known["preteur.neq"].label == "NEQ de l’organisme hôte"
    assert known["emprunteur.adresse"].label == "Adresse de l’organisme occupant"
    told_of = " ".join(agreements.changes_since(agreement, since))
    assert "prêteur" not in told_of
    for side in (Side.LENDER, Side.BORROWER):
        agreements.agree(agreement, by=lender_of(loan) if side == Side.LENDER else borrower_of(loan), side=side)
    seen = page(clients(loan)[1].get(loan.get_absolute_url()))
    assert f"n’est pas signée par l’organisme hôte, {loan.lender.name}" in seen
