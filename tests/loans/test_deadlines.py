"""What the portal does by itself: two reminders, once each, to those who have not signed; then the end."""

from __future__ import annotations

import datetime

import pytest
from django.utils import timezone

from accounts.models import Mail
from loans import deadlines, gate, personal
from loans.models import Agreement, AgreementStatus, Side
from tests.loans.signing import THREE, fresh, frozen, kinds, sign, signatory

pytestmark = pytest.mark.django_db
DAY = datetime.timedelta(days=1)


def reminded(agreement: Agreement) -> int:
    return Mail.objects.filter(event__startswith="remind-", event__endswith=f":{agreement.pk}").count()


def test_reminders_seven_and_two_days_before_once_each() -> None:
    agreement = frozen(days=10)
    now = timezone.now()
    sign(agreement, "emprunteur")
    told = []
    for days in (0, 2, 3.1, 3.2, 5, 7, 8.1, 8.2, 9.9):
        deadlines.run(now + days * DAY)
        told.append(reminded(agreement))
    assert told == [0, 0, 1, 1, 1, 1, 2, 2, 2]
    subjects = Mail.objects.filter(event__startswith="remind-").order_by("pk").values_list("subject", flat=True)
    assert [subject.split("\u00a0")[0] for subject in subjects] == ["Rappel", "Dernier rappel"]
    assert not Mail.objects.filter(to=signatory(agreement, "emprunteur").email, event__startswith="remind-").exists()


def test_a_short_delay_is_reminded_once() -> None:
    agreement = frozen(days=1.5)
    now = timezone.now()
    for hours in (0, 1, 12):
        deadlines.run(now + hours * DAY / 24)
    assert reminded(agreement) == 2  # each side, once


def test_who_was_just_asked_is_left_in_peace() -> None:
    agreement = frozen(days=2, frozen_at=timezone.now())
    deadlines.run()
    assert reminded(agreement) == 0


def test_the_person_lent_receives_a_new_link_else_her_employer_is_asked() -> None:
    with_link, without = frozen(THREE, days=6), frozen(THREE, days=6)
    personal.send(with_link, by=signatory(with_link), name="Alix", email="alix@essai.example")
    deadlines.run()
    assert with_link.links.filter(revoked_at__isnull=False).count() == 1
    assert Mail.objects.filter(to="alix@essai.example", event__startswith="person-link").count() == 2
    assert Mail.objects.filter(event=f"link-wanted-7:{without.pk}").exists()
    assert not Mail.objects.filter(event=f"link-wanted-7:{with_link.pk}").exists()


def test_past_the_delay_it_expires_once_and_says_who_was_missing() -> None:
    agreement, other = frozen(days=5), frozen(days=30)
    sign(agreement, "emprunteur")
    later = timezone.now() + 6 * DAY
    Agreement.objects.filter(pk=agreement.pk).update(sign_by=timezone.now())  # over, and not ended by the portal yet
    stands = gate.standing(fresh(agreement), Side.LENDER)
    assert (stands.state, stands.mine) == ("Délai passé", False)
    assert deadlines.run(later) == {"expired": 1, "reminded": 0}
    assert deadlines.run(later) == {"expired": 0, "reminded": 0}
    assert fresh(agreement).status == AgreementStatus.EXPIRED
    assert fresh(other).status == AgreementStatus.TO_SIGN
    assert kinds(agreement) == ["signed", "expired"]
    told = Mail.objects.get(event=f"expired:{agreement.pk}", to=signatory(agreement).email)
    assert agreement.loan.lender.name in told.text
    said = gate.standing(fresh(agreement), Side.BORROWER).expected
    assert agreement.loan.lender.name in said
    assert agreement.loan.borrower.name not in said
