"""The copy of the person lent: once all have signed, her own link gives the signed PDF, and nothing else."""

from __future__ import annotations

import datetime

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Mail
from loans import papers, personal, privacy
from loans.models import Agreement, AgreementStatus, IssuedDocument, SigningLink
from tests.loans.signing import THREE, fresh, frozen, mailed, sign
from tests.loans.test_personal_link import ALIX, sent, signed_by_link

pytestmark = pytest.mark.django_db


@pytest.fixture
def agreement() -> Agreement:
    return frozen(THREE)


def the_mail() -> str:
    """Where the e-mail that says that all have signed leads."""
    mail = Mail.objects.get(to=ALIX, event__startswith="person-in-force")
    assert "exemplaire complet" in mail.text
    return mailed(ALIX, r"(/signature/[^\s]+/)")


def test_signing_last_she_downloads_it_at_once_and_it_is_authentic(agreement: Agreement) -> None:
    sign(sign(agreement), "emprunteur")
    address = sent(agreement)
    file = f"{address}document.pdf"
    early = Client().get(file)
    assert (early.status_code, early["Content-Type"]) == (409, "text/html; charset=utf-8")
    assert f'href="{file}"' in signed_by_link(agreement, address).content.decode()
    copy = Client().get(file)
    assert (copy.status_code, copy["Content-Type"]) == (200, "application/pdf")
    assert "no-store" in copy["Cache-Control"]
    assert copy["X-Robots-Tag"] == "noindex, nofollow"
    verdict = papers.verify(copy.content)
    assert (verdict.answer, verdict.signatures) == ("authentic", 3)
    assert Client().post(file).status_code == 405
    assert Client().post(address, {"geste": "refuser", "reason": "Non"}).status_code == 410
    assert fresh(agreement).status == AgreementStatus.IN_FORCE


def test_signing_first_the_e_mail_leads_her_to_it_once_all_have(agreement: Agreement) -> None:
    address = sent(agreement)
    done = signed_by_link(agreement, address).content.decode()
    assert "le même lien ouvrira" in done
    assert "document.pdf" not in done
    assert Client().get(f"{address}document.pdf").status_code == 409
    assert not IssuedDocument.objects.exists()
    sign(sign(agreement), "emprunteur")
    for there in (address, the_mail()):
        page = Client().get(there)
        assert page.status_code == 200
        assert f'href="{there}document.pdf"' in page.content.decode()
        assert 'name="code"' not in page.content.decode()
        assert papers.verify(Client().get(f"{there}document.pdf").content).answer == "authentic"


def test_the_link_of_the_e_mail_is_not_forged_and_never_signs(agreement: Agreement) -> None:
    sent(agreement)
    link = SigningLink.objects.get()
    token = link.copy_token
    assert Client().get(f"/signature/{token}/").status_code == 404  # still to sign: it reads nothing
    assert Client().get(f"/signature/{token}/document.pdf").status_code == 409
    sign(sign(agreement), "emprunteur")
    personal.sign(link, name="Alix Exemple", sha256=agreement.sha256)
    assert Client().get(f"/signature/{token}/document.pdf").status_code == 200
    for forged in (token[:-1], f"{link.pk}:x", str(link.pk), f"{link.pk + 1}:{token.split(':')[1]}"):
        assert Client().get(f"/signature/{forged}/document.pdf").status_code == 404, forged


def test_a_link_taken_back_gives_nothing(agreement: Agreement) -> None:
    first = sent(agreement, "erreur@essai.example")
    sign(sign(agreement), "emprunteur")
    signed_by_link(agreement, sent(agreement))
    assert Client().get(f"{first}document.pdf").status_code == 410
    assert Client().get(first).status_code == 410


def test_it_ends_when_her_address_is_no_longer_kept(agreement: Agreement) -> None:
    sign(sign(agreement), "emprunteur")
    address = sent(agreement)
    signed_by_link(agreement, address)
    privacy.purge(SigningLink.objects.get().kept_until - datetime.timedelta(hours=1))
    assert Client().get(f"{address}document.pdf").status_code == 200
    privacy.purge(timezone.now() + datetime.timedelta(days=91))
    assert Client().get(f"{address}document.pdf").status_code == 404


def test_refused_there_is_no_copy(agreement: Agreement) -> None:
    address = sent(agreement)
    personal.refuse(SigningLink.objects.get(), reason="Horaire")
    assert Client().get(f"{address}document.pdf").status_code == 410
