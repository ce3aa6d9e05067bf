"""The personal link of the person lent: sent, opened, signed once; never in the place of someone else."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Mail
from loans import personal, privacy, requests
from loans.models import Agreement, AgreementStatus, JournalEntry, SigningLink
from loans.signing import CannotSign
from tests.factories import MembershipFactory
from tests.loans.signing import THREE, fresh, frozen, kinds, mailed, sign, signatory, signed_in

pytestmark = pytest.mark.django_db
ALIX = "alix@essai.example"


@pytest.fixture
def agreement() -> Agreement:
    return frozen(THREE)


def sent(agreement: Agreement, email: str = ALIX) -> str:
    """The address that she receives."""
    personal.send(agreement, by=signatory(agreement), name="Alix Exemple", email=email)
    return mailed(email, r"(/signature/[\w-]+/)")


def said(agreement: Agreement, **fields: Any) -> dict[str, Any]:
    return {"name": "Alix Exemple", "accepts": "on", "sha256": agreement.sha256, **fields}


def signed_by_link(agreement: Agreement, address: str) -> Any:
    hers = Client()
    assert "Un code vient de partir" in hers.post(address, said(agreement)).content.decode()
    return hers.post(address, said(agreement, code=mailed(ALIX, r"(\d{6})")))


def test_her_employer_is_led_to_the_link_once_the_organisations_signed(agreement: Agreement) -> None:
    there = reverse("agreement_link", args=[agreement.number])
    hers = signed_in(signatory(agreement))
    assert there not in hers.get("/mon-espace/").content.decode()
    sign(sign(agreement), "emprunteur")
    for page in ("/mon-espace/", agreement.loan.get_absolute_url()):
        assert f'href="{there}"' in hers.get(page).content.decode(), page
    theirs = signed_in(signatory(agreement, "emprunteur"))
    assert there not in theirs.get(agreement.loan.get_absolute_url()).content.decode()


def test_she_reads_receives_a_code_and_signs(agreement: Agreement) -> None:
    sign(sign(agreement), "emprunteur")
    address = sent(agreement)
    page = Client().get(address)
    assert "Une tente, rendue propre." in page.content.decode()
    assert page["X-Robots-Tag"] == "noindex, nofollow"
    assert "no-store" in page["Cache-Control"]
    assert page["Referrer-Policy"] == "same-origin"
    assert "C’est signé, merci." in signed_by_link(agreement, address).content.decode()
    agreement = fresh(agreement)
    assert agreement.status == AgreementStatus.IN_FORCE
    signature = agreement.signatures.get(party="personne")
    assert (signature.name, signature.by) == ("Alix Exemple", None)
    assert "en mon nom" in signature.statement
    assert kinds(agreement) == ["signed", "signed", "link_sent", "signed", "in_force"]
    assert JournalEntry.objects.broken(agreement) == []
    copies = Mail.objects.filter(to=ALIX, text__contains="Une tente, rendue propre.")
    assert [mail.event.split(":")[0] for mail in copies] == ["person-in-force"]  # she signed last: one copy, not two


def test_what_she_signed_is_hers_to_keep_while_others_have_to(agreement: Agreement) -> None:
    signed_by_link(agreement, sent(agreement))
    copy = Mail.objects.get(to=ALIX, text__contains="Une tente, rendue propre.")
    assert copy.event.startswith("person-signed")


def test_used_it_says_when_and_shows_nothing_more(agreement: Agreement) -> None:
    address = sent(agreement)
    signed_by_link(agreement, address)
    again = Client().get(address)
    assert again.status_code == 410
    assert "Ce lien a déjà servi" in again.content.decode()
    for secret in ("Une tente", "Alix", agreement.number, agreement.loan.lender.name):
        assert secret not in again.content.decode()
    assert Client().post(address, said(agreement, code="123456")).status_code == 410


def test_a_new_link_revokes_the_one_before(agreement: Agreement) -> None:
    first = sent(agreement)
    second = sent(agreement, "alix.nouvelle@essai.example")
    assert first != second
    old = Client().get(first)
    assert (old.status_code, "Ce lien ne sert plus" in old.content.decode()) == (410, True)
    assert Client().get(second).status_code == 200
    personal.revoke(agreement, by=signatory(agreement))
    assert Client().get(second).status_code == 410
    assert kinds(agreement) == ["link_sent", "link_sent", "link_revoked"]


def test_it_ends_with_the_delay_and_is_never_guessed(agreement: Agreement) -> None:
    address = sent(agreement)
    assert SigningLink.objects.get().token_hash not in address
    assert Client().get(reverse("signing_link", args=["x" * 43])).status_code == 404
    assert Client().get(reverse("signing_link", args=[SigningLink.objects.get().token_hash])).status_code == 404
    Agreement.objects.filter(pk=agreement.pk).update(sign_by=timezone.now())
    assert Client().get(address).status_code == 410


def test_forwarded_it_signs_nothing_without_her_code(agreement: Agreement) -> None:
    address = sent(agreement)
    hers, theirs = Client(), Client()
    hers.post(address, said(agreement))
    code = mailed(ALIX, r"(\d{6})")
    assert "Un code vient de partir" in theirs.post(address, said(agreement, code=code)).content.decode()
    for wrong in range(personal.TRIES):
        assert not agreement.signatures.exists()
        answer = theirs.post(address, said(agreement, code=f"00000{wrong}"))
        assert answer.status_code == 422
    assert "Trop d’essais" in answer.content.decode()
    for _n in range(personal.CODES_AN_HOUR):
        last = Client().post(address, said(agreement))
    assert last.status_code == 429
    assert not agreement.signatures.exists()


@pytest.mark.parametrize(
    "fields", [{"name": ""}, {"name": "é" * 300}, {"name": "Quelqu’un d’autre"}, {"name": "Exemple"}, {"accepts": ""}]
)
def test_what_is_missing_is_said_before_any_code(agreement: Agreement, fields: Any) -> None:
    address = sent(agreement)
    assert Client().post(address, said(agreement, **fields)).status_code == 422
    assert not Mail.objects.filter(event__startswith="signing-code").exists()


def test_another_text_is_not_signed(agreement: Agreement) -> None:
    address = sent(agreement)
    hers = Client()
    hers.post(address, said(agreement))
    answer = hers.post(address, said(agreement, code=mailed(ALIX, r"(\d{6})"), sha256="0" * 64))
    assert answer.status_code == 409
    assert not agreement.signatures.exists()


def test_she_may_refuse(agreement: Agreement) -> None:
    address = sent(agreement)
    assert Client().post(address, {"geste": "refuser", "reason": ""}).status_code == 422
    assert "vous ne signez pas" in Client().post(address, {"geste": "refuser", "reason": "Horaire"}).content.decode()
    agreement = fresh(agreement)
    assert (agreement.status, agreement.ended_note) == ("refused", "Horaire")
    assert agreement.journal.get(kind="refused").who == "Alix Exemple"
    assert not Mail.objects.filter(to=ALIX, event__startswith="person-refused").exists()
    assert Client().get(address).status_code == 410


def test_only_her_employer_sends_it_and_to_her(agreement: Agreement) -> None:
    for by in (signatory(agreement, "emprunteur"), MembershipFactory().user):
        with pytest.raises(PermissionDenied):
            personal.send(agreement, by=by, name="Alix", email=ALIX)
    by = signatory(agreement)
    with pytest.raises(CannotSign, match="votre adresse"):
        personal.send(agreement, by=by, name="Alix", email=by.email.upper())
    sign(agreement, "emprunteur")
    with pytest.raises(CannotSign, match="deux fois"):
        personal.send(agreement, by=by, name="Alix", email=signatory(agreement, "emprunteur").email)


def test_whoever_signed_by_the_link_signs_for_no_organisation(agreement: Agreement) -> None:
    other = signatory(agreement, "emprunteur")
    address = sent(agreement, other.email)
    hers = Client()
    hers.post(address, said(agreement))
    assert hers.post(address, said(agreement, code=mailed(other.email, r"(\d{6})"))).status_code == 200
    with pytest.raises(CannotSign, match="deux fois"):
        sign(agreement, "emprunteur", by=other)


def test_the_page_of_the_employer(agreement: Agreement) -> None:
    page = reverse("agreement_link", args=[agreement.number])
    lender = signed_in(signatory(agreement))
    assert 'value="Alix Exemple"' in lender.get(page).content.decode()
    assert lender.post(page, {"name": "Alix Exemple", "email": "alix"}).status_code == 422
    done = lender.post(page, {"name": "Alix Exemple", "email": ALIX}, follow=True)
    assert f"Le lien est parti à {ALIX}" in done.content.decode()
    assert lender.post(page, {"geste": "retirer"}, follow=True).status_code == 200
    assert personal.live_link(agreement) is None
    assert signed_in(signatory(agreement, "emprunteur")).get(page).status_code == 403


def test_the_agreement_leads_the_employer_to_the_link_once_it_has_signed(agreement: Agreement) -> None:
    link = reverse("agreement_link", args=[agreement.number])
    lender = signed_in(signatory(agreement))
    before = lender.get(agreement.get_absolute_url()).content.decode()
    assert "Lire et signer" in before
    assert link not in before
    sign(sign(agreement), "emprunteur")
    after = lender.get(agreement.get_absolute_url()).content.decode()
    assert link in after
    assert "Lire et signer" not in after
    theirs = signed_in(signatory(agreement, "emprunteur")).get(agreement.get_absolute_url()).content.decode()
    assert link not in theirs
    assert "Lire et signer" not in theirs


def test_addresses_are_not_kept_but_the_signature_is(agreement: Agreement) -> None:
    signed_by_link(agreement, sent(agreement))
    later = timezone.now() + datetime.timedelta(days=91)
    privacy.purge(later)
    assert SigningLink.objects.count() == 1  # still to sign
    sign(sign(agreement), "emprunteur")
    privacy.purge(later)
    assert not SigningLink.objects.exists()
    assert agreement.signatures.get(party="personne").name == "Alix Exemple"


def test_the_loan_called_off_is_told_to_her_too(agreement: Agreement) -> None:
    address = sent(agreement)
    requests.cancel(agreement.loan, by=signatory(agreement), reason="Grippe")
    mail, loan = Mail.objects.filter(to=ALIX).first(), agreement.loan
    assert mail is not None
    assert mail.subject == f"Annulée entre {loan.lender.name} et {loan.borrower.name}\u00a0: entente {agreement.number}"
    assert "il n’y a plus rien à signer" in mail.text
    assert fresh(agreement).status == AgreementStatus.CANCELLED
    assert 'name="code"' not in Client().get(address).content.decode()


def test_once_it_is_sent_the_employer_awaits_and_is_asked_nothing_more(agreement: Agreement) -> None:
    sign(sign(agreement), "emprunteur")
    hers = signed_in(signatory(agreement))
    before = hers.get(agreement.loan.get_absolute_url()).content.decode()
    assert "À faire signer" in before
    assert "Lire et signer" not in before  # she signed: it is the link that is hers to send
    sent(agreement)
    for page in (agreement.loan.get_absolute_url(), agreement.get_absolute_url()):
        after = hers.get(page).content.decode()
        assert "La personne prêtée a reçu son lien le" in after, page
        assert "À faire signer" not in after, page
        assert reverse("agreement_link", args=[agreement.number]) in after, page  # to send another one
    assert reverse("agreement_link", args=[agreement.number]) not in hers.get("/mon-espace/").content.decode()
    personal.revoke(agreement, by=signatory(agreement))
    assert "À faire signer" in hers.get(agreement.loan.get_absolute_url()).content.decode()


def test_she_is_told_that_she_has_more_time_to_think() -> None:
    for days, told in ((2, True), (0, False)):
        agreement = frozen(THREE, values={"reflexion_jours": days})
        sign(sign(agreement), "emprunteur")
        page = Client().get(sent(agreement)).content.decode()
        assert ("Le texte dit que vous avez eu 2 jours pour réfléchir" in page) == told


def test_another_code_may_be_asked_for_and_it_alone_signs(agreement: Agreement) -> None:
    address, hers = sent(agreement), Client()
    asked = hers.post(address, said(agreement)).content.decode()
    assert '<button class="btn btn-quiet" type="submit" name="geste" value="code">' in asked
    lost = mailed(ALIX, r"(\d{6})")
    assert "Un code vient de partir" in hers.post(address, said(agreement, geste="code", code="")).content.decode()
    code = mailed(ALIX, r"(\d{6})")
    if lost != code:
        assert hers.post(address, said(agreement, code=lost)).status_code == 422
    assert "C’est signé, merci." in hers.post(address, said(agreement, code=code)).content.decode()
