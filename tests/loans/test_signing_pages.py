"""The pages where one signs: read, say again who one is, accept one sentence; or why not, and who can."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from directory.models import Membership
from loans import signing
from loans.models import Agreement, AgreementStatus, JournalEntry
from tests.factories import MembershipFactory
from tests.loans.signing import (
    THREE,
    fresh,
    frozen,
    mailed,
    mandated,
    sign,
    signatory,
    signed_in,
    tamper,
)

pytestmark = pytest.mark.django_db
LONG = "é" * 3000


@pytest.fixture
def agreement() -> Agreement:
    return frozen()


def page(agreement: Agreement, name: str = "agreement_sign") -> str:
    return reverse(name, args=[agreement.number])


def said(agreement: Agreement, **fields: Any) -> dict[str, Any]:
    return {"sha256": agreement.sha256, "partie": "preteur", "function": "direction", "accepts": "on", **fields}


def test_the_page_shows_the_text_its_hash_and_the_sentence(agreement: Agreement) -> None:
    html = signed_in(signatory(agreement)).get(page(agreement)).content.decode()
    for words in ("Une tente, rendue propre.", agreement.sha256, "version 1", "résolution du conseil du 3 mai 2026"):
        assert words in html
    assert "noindex" in html


def test_what_is_awaited_comes_first_and_the_sentence_last_beside_its_button(agreement: Agreement) -> None:
    html = signed_in(signatory(agreement)).get(page(agreement)).content.decode()
    main = html[html.index('id="contenu"') :]
    order = ['href="#signer"', 'href="#c1"', "Une tente, rendue propre.", 'name="function"', 'name="accepts"',
             "Signer l’entente</button>", 'href="#contenu"']  # fmt: skip
    assert [main.index(words) for words in order] == sorted(main.index(words) for words in order)
    between = main[main.index('name="accepts"') : main.index("Signer l’entente</button>")]
    assert "<input" not in between


def test_a_text_in_force_has_no_delay_to_sign_any_more(agreement: Agreement) -> None:
    lender = signed_in(signatory(agreement))
    assert "À signer avant" in lender.get(page(agreement)).content.decode()
    sign(sign(agreement), "emprunteur")
    html = lender.get(page(agreement)).content.decode()
    assert "À signer" not in html
    assert "Toutes les parties ont signé" in html


def test_what_was_cancelled_says_why(agreement: Agreement) -> None:
    Agreement.objects.filter(pk=agreement.pk).update(status="cancelled", ended_note="Remplacée par une autre.")
    html = signed_in(signatory(agreement)).get(page(agreement)).content.decode()
    assert "elle n’engage personne" in html
    assert "Remplacée par une autre." in html
    assert "une personne qui a le mandat de signer" not in html


def test_what_ended_asks_nobody_to_sign(agreement: Agreement) -> None:
    sign(agreement, "emprunteur")
    browser = signed_in(signatory(agreement))
    assert "À signer</span>" in browser.get(page(agreement)).content.decode()
    Agreement.objects.filter(pk=agreement.pk).update(sign_by=timezone.now())
    late = browser.get(page(agreement)).content.decode()
    assert "Le délai pour signer est passé" in late
    Agreement.objects.filter(pk=agreement.pk).update(status="expired")
    ended = browser.get(page(agreement)).content.decode()
    for html in (late, ended):
        assert "À signer</span>" not in html
        assert "N’a pas signé" in html
        assert 'href="#signer"' not in html
    assert f"Signatures qui manquaient\u00a0: {agreement.loan.lender.name}." in ended
    assert "Reprendre l’entente" in browser.get(agreement.get_absolute_url()).content.decode()


def test_one_who_just_said_who_she_is_signs(agreement: Agreement) -> None:
    browser = signed_in(signatory(agreement))
    answer = browser.post(page(agreement), said(agreement), follow=True)
    assert "C’est signé. Les autres parties sont prévenues." in answer.content.decode()
    assert agreement.signatures.get().party == "preteur"
    assert agreement.journal.get().data["proof"] == "reauthenticated"


def test_one_who_did_not_types_her_password_first_and_signs_on_the_way(agreement: Agreement) -> None:
    by = signatory(agreement)
    browser = signed_in(by, proven=False)
    asked = browser.post(page(agreement), said(agreement))
    assert asked.status_code == 302
    assert asked["Location"].startswith(reverse("account_reauthenticate"))
    assert not agreement.signatures.exists()
    wrong = browser.post(asked["Location"], {"password": "pas-le-bon"})
    assert "Ce n’est pas votre mot de passe." in wrong.content.decode()
    assert not agreement.signatures.exists()
    done = browser.post(asked["Location"], {"password": "mot-de-passe"}, follow=True)
    assert "C’est signé." in done.content.decode()
    assert agreement.signatures.get().by == by


def test_one_without_a_password_receives_a_code(agreement: Agreement) -> None:
    by = signatory(agreement)
    by.set_unusable_password()
    by.save()
    browser = signed_in(by, proven=False)
    told = browser.post(page(agreement), said(agreement))
    assert "Un code vient de partir" in told.content.decode()
    assert not agreement.signatures.exists()
    wrong = browser.post(page(agreement), said(agreement, code="000 000"))
    assert wrong.status_code == 422
    assert not agreement.signatures.exists()
    code = mailed(by.email, r"(\d{6})")
    assert browser.post(page(agreement), said(agreement, code=code)).status_code == 302
    assert agreement.journal.get().data["proof"] == "code"


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"accepts": ""}, "Cochez la phrase"),
        ({"function": ""}, "à quel titre"),
        ({"function": LONG}, "au plus 120"),
    ],
)
def test_what_is_missing_is_said_and_the_rest_kept(agreement: Agreement, fields: Any, sentence: str) -> None:
    answer = signed_in(signatory(agreement)).post(page(agreement), said(agreement, **fields))
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert not agreement.signatures.exists()


@pytest.mark.parametrize(
    "fields", [{"sha256": "0" * 64}, {"sha256": ""}, {"sha256": LONG}, {"partie": "personne"}, {"partie": "\x00"}]
)
def test_a_forged_form_signs_nothing(agreement: Agreement, fields: Any) -> None:
    answer = signed_in(signatory(agreement)).post(page(agreement), said(agreement, **fields))
    if fields.get("partie"):  # another party than hers: hers is proposed
        assert answer.status_code in (302, 409)
        assert not agreement.signatures.exclude(party="preteur").exists()
        return
    assert answer.status_code == 409
    assert "Relisez-le, puis signez." in answer.content.decode()
    assert not agreement.signatures.exists()


def test_what_took_its_place_is_shown_with_what_changed(agreement: Agreement) -> None:
    by = signatory(agreement)
    browser = signed_in(by)
    assert browser.get(page(agreement)).status_code == 200
    Agreement.objects.filter(pk=agreement.pk).update(status="cancelled")
    clauses = [{**agreement.clauses[0], "html": "<p>Deux tentes, propres.</p>"}]
    other = frozen(loan=agreement.loan, clauses=clauses, text="Deux tentes, propres.")
    answer = browser.post(page(agreement), said(agreement))
    html = answer.content.decode()
    assert answer.status_code == 409
    assert "Le texte a changé depuis que vous l’avez lu" in html
    assert page(other) in html
    assert "Ce que l’entente" in html
    assert re.search(r"<ins><span[^>]*>[^<]*</span>Deux tentes, propres\.", html)
    assert re.search(r"Durée <span[^>]*>clause retirée", html)


def test_a_mandate_withdrawn_meanwhile(agreement: Agreement) -> None:
    by = signatory(agreement)
    mandated(agreement.loan.lender, name="Camille Relève")
    browser = signed_in(by)
    assert "signer" in browser.get(page(agreement)).content.decode()
    Membership.objects.filter(user=by).update(is_signatory=False, resolution_on=None)
    answer = browser.post(page(agreement), said(agreement))
    assert answer.status_code == 409
    assert "Camille Relève" in answer.content.decode()
    assert not agreement.signatures.exists()


def test_where_nobody_has_a_mandate_it_says_how_to_give_one(agreement: Agreement) -> None:
    Membership.objects.filter(organisation=agreement.loan.lender).update(is_signatory=False, resolution_on=None)
    someone = MembershipFactory(organisation=agreement.loan.lender).user
    html = signed_in(someone).get(page(agreement)).content.decode()
    assert "Personne n’a le mandat de signer" in html
    assert reverse("organisation_team", args=[agreement.loan.lender.slug]) in html
    assert page(agreement, "agreement_paper") in html


def test_signing_twice_says_so(agreement: Agreement) -> None:
    browser = signed_in(signatory(agreement))
    browser.post(page(agreement), said(agreement))
    answer = browser.post(page(agreement), said(agreement))
    assert answer.status_code == 409
    assert "déjà signé" in answer.content.decode()
    assert agreement.signatures.count() == 1


def test_a_draft_is_not_signed(agreement: Agreement) -> None:
    Agreement.objects.filter(pk=agreement.pk).update(status="cancelled")
    draft = Agreement.objects.create(
        loan=agreement.loan, edition=agreement.edition, number="2026-8888", title="x", parties=agreement.parties
    )
    answer = signed_in(signatory(agreement)).get(page(draft), follow=True)
    assert "pas encore figé" in answer.content.decode()


def test_refusing_asks_why(agreement: Agreement) -> None:
    browser = signed_in(signatory(agreement))
    assert page(agreement, "agreement_refuse") in browser.get(agreement.get_absolute_url()).content.decode()
    assert browser.post(page(agreement, "agreement_refuse"), {"reason": " "}).status_code == 422
    assert fresh(agreement).status == AgreementStatus.TO_SIGN
    answer = browser.post(page(agreement, "agreement_refuse"), {"reason": "Le prix a changé"}, follow=True)
    html = answer.content.decode()
    assert "Le prix a changé" in html
    assert fresh(agreement).status == AgreementStatus.REFUSED
    assert "Reprendre l’entente" in html
    again = browser.post(page(agreement, "agreement_renew"), follow=True)
    assert "reprend les mêmes réponses" in again.content.decode()
    assert Agreement.objects.filter(loan=agreement.loan, status="draft").count() == 1


def test_the_journal_shows_what_was_touched(agreement: Agreement) -> None:
    sign(agreement)
    browser = signed_in(signatory(agreement))
    assert "quelqu’un a touché au journal" not in browser.get(page(agreement)).content.decode()
    tamper("UPDATE loans_journalentry SET who = 'Autre'")
    assert "quelqu’un a touché au journal" in browser.get(page(agreement)).content.decode()


@pytest.mark.parametrize("name", ["agreement_sign", "agreement_refuse", "agreement_link", "agreement_paper"])
def test_others_see_nothing(agreement: Agreement, name: str) -> None:
    stranger = MembershipFactory().user
    assert signed_in(stranger).get(page(agreement, name)).status_code == 404
    assert Client().get(page(agreement, name)).status_code == 302
    assert signing.mandates_of(AnonymousUser(), agreement) == {}


@pytest.mark.parametrize("lines", [1, 3])
def test_it_costs_the_same_however_long_the_journal(
    agreement: Agreement, lines: int, settings: Any, django_assert_num_queries: Any
) -> None:
    settings.USERSESSIONS_TRACK_ACTIVITY = False  # what every page writes, once in a while
    for _n in range(lines):
        JournalEntry.objects.write(agreement, "link_sent")
    browser = signed_in(signatory(agreement))
    browser.get(page(agreement))
    with django_assert_num_queries(9):
        browser.get(page(agreement))


# ---- mon espace


def test_what_is_to_sign_awaits_who_can(agreement: Agreement) -> None:
    three = frozen(THREE)
    someone = MembershipFactory(organisation=agreement.loan.lender).user
    title = f"Signer l’entente {agreement.number}"
    assert title in signed_in(signatory(agreement)).get(reverse("my_space")).content.decode()
    assert title not in signed_in(signatory(three)).get(reverse("my_space")).content.decode()
    assert title not in signed_in(someone).get(reverse("my_space")).content.decode()
    sign(agreement)
    assert title not in signed_in(signatory(agreement)).get(reverse("my_space")).content.decode()
